import io
import struct

import pytest
from capture_files import RAW, START_S, Talk, pcap

from ohnecimd.capture import LIMIT, Packet, packets
from ohnecimd.errors import Malformed, TooLong, Truncated
from ohnecimd.testing import check_cuts, protocol_conforms, run

FRAMES = [(0.25, b"first"), (1.5, b""), (2.000001, b"x" * 300)]


def packets_in(data, **options):
    connection = packets(**options)
    connection.send(data)
    connection.send_eof()
    return connection.events()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [False, True])
def test_packets_come_with_time_and_place_in_every_byte_order_and_resolution(order, nano):
    found = packets_in(pcap(FRAMES, order=order, nano=nano))
    assert found == [
        Packet(1, START_S * 10**9 + 250_000_000, 1, b"first", 5, 40),
        Packet(2, START_S * 10**9 + 1_500_000_000, 1, b"", 0, 61),
        Packet(3, START_S * 10**9 + 2_000_000_000, 1, b"x" * 300, 300, 77),
    ]


def test_nanoseconds_are_exact():
    head = pcap([], nano=True)
    (found,) = packets_in(head + struct.pack("<IIII", 4_000_000_000, 999_999_999, 0, 0))
    assert found.time_ns == 4_000_000_000_999_999_999


def test_what_was_cut_is_known():
    first, second, third = packets_in(pcap(FRAMES, snaplen=5))
    assert (first.is_cut, second.is_cut, third.is_cut) == (False, False, True)
    assert (third.data, third.size) == (b"xxxxx", 300)


def test_the_upper_half_of_the_link_type_is_something_else():
    (found,) = packets_in(pcap([(0, b"a")], link=0x34000000 | RAW))
    assert found.link_type == RAW


def test_a_capture_without_packets_is_one():
    assert packets_in(pcap([])) == []


def test_it_conforms():
    protocol_conforms(
        packets,
        examples=[pcap(FRAMES), pcap(FRAMES, order=">", nano=True)],
        make_input=lambda size: pcap([(0, b"x" * 84)] * (size // 100)),
    )


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (
            b"not a capture",
            Malformed,
            "at byte 0 in capture: expected the magic number of pcap or pcapng, found b'not '",
        ),
        (
            pcap([])[:4] + b"\3" + pcap([])[5:],
            Malformed,
            "at byte 4 in capture > FileHeader > major: expected 2, found 3",
        ),
        (
            pcap([(0, b"")]) + struct.pack("<IIII", 0, 0, LIMIT + 1, LIMIT + 1),
            TooLong,
            (
                "at byte 48 in capture > packet 2 > PacketHeader > captured: "
                "expected at most 262144 bytes, found 262145"
            ),
        ),
        (
            pcap(FRAMES)[:-1],
            Truncated,
            (
                "at byte 376 in capture > packet 3: expected 300 bytes, "
                "found the end of input after 299 bytes"
            ),
        ),
        (
            pcap([])[:20],
            Truncated,
            "at byte 20 in capture: expected 24 bytes, found the end of input after 20 bytes",
        ),
        (
            b"",
            Truncated,
            "at byte 0 in capture: expected 4 bytes, found the end of input after 0 bytes",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(data, error, text):
    with pytest.raises(error) as raised:
        packets_in(data)
    assert str(raised.value) == text
    check_cuts(packets, data)


def test_the_limit_can_be_chosen():
    assert len(packets_in(pcap(FRAMES), limit=300)) == 3
    outcome = run(lambda: packets(limit=299), [pcap(FRAMES)])
    assert outcome.failure.kind is TooLong
    assert len(outcome.events) == 2


def test_packets_are_those_that_dpkt_finds():
    dpkt = pytest.importorskip("dpkt", reason="dpkt is not installed")
    talk = Talk().handshake().c2s(b"x" * 1000).s2c(b"y").goodbye()
    for order in "<>":
        data = talk.pcap(order=order, snaplen=100)
        expected = [each for _, each in dpkt.pcap.Reader(io.BytesIO(data))]
        assert [each.data for each in packets_in(data)] == expected
