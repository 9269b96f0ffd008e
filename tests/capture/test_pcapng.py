import io
import struct

import pytest
from capture_files import (
    ETHERNET,
    RAW,
    START_S,
    block,
    enhanced,
    interface,
    obsolete,
    option,
    pcapng,
    section,
    simple,
)

from ohnecimd.capture import Packet, packets
from ohnecimd.errors import Malformed, TooLong, Truncated
from ohnecimd.testing import check_cuts, protocol_conforms

FRAMES = [(0.25, b"first"), (1.5, b""), (2.0, b"x" * 301)]
BEGUN = section() + interface()


def packets_in(data, **options):
    connection = packets(**options)
    connection.send(data)
    connection.send_eof()
    return connection.events()


@pytest.mark.parametrize("order", "<>")
def test_packets_come_with_time_and_place_in_both_byte_orders(order):
    assert packets_in(pcapng(FRAMES, order=order)) == [
        Packet(1, START_S * 10**9 + 250_000_000, 1, b"first", 5, 76),
        Packet(2, START_S * 10**9 + 1_500_000_000, 1, b"", 0, 116),
        Packet(3, START_S * 10**9 + 2_000_000_000, 1, b"x" * 301, 301, 148),
    ]


def test_sections_have_byte_orders_and_interfaces_of_their_own():
    data = BEGUN + enhanced(b"a") + section(">") + interface(RAW, order=">")
    data += interface(7, order=">") + enhanced(b"b", number=1, order=">")
    data += enhanced(b"c", order=">")
    found = packets_in(data)
    assert [(each.data, each.link_type, each.interface, each.number) for each in found] == [
        (b"a", ETHERNET, 0, 1),
        (b"b", 7, 1, 2),
        (b"c", RAW, 0, 3),
    ]
    check_cuts(packets, data)


@pytest.mark.parametrize(
    ("options", "ticks", "time_ns"),
    [
        (b"", 5, 5000),
        (option(9, b"\6"), 5, 5000),
        (option(9, b"\x09"), 5, 5),
        (option(9, b"\0"), 5, 5_000_000_000),
        (option(9, b"\x0c"), 5999, 5),
        (option(9, b"\x81"), 5, 2_500_000_000),
        (option(9, b"\xff"), 2**64 - 1, 0),
        (option(9, b"\x7f"), 2**64 - 1, 0),
        (option(2, b"eth0") + option(14, struct.pack("<q", -2)), 7_000_000, 5_000_000_000),
        (option(0, b"") + option(9, b"\0"), 5, 5000),
    ],
)
def test_times_are_counted_as_the_options_of_the_interface_say(options, ticks, time_ns):
    (found,) = packets_in(section() + interface(options=options) + enhanced(b"", ticks))
    assert found.time_ns == time_ns


def test_a_time_offset_has_the_byte_order_of_the_section():
    options = option(14, struct.pack(">q", 3), ">")
    data = section(">") + interface(order=">", options=options) + enhanced(b"", order=">")
    assert packets_in(data)[0].time_ns == 3_000_000_000


def test_older_kinds_of_packets_are_known():
    data = section() + interface() + obsolete(b"abcde", 7) + simple(b"abc")
    assert packets_in(data) == [
        Packet(1, 7000, 1, b"abcde", 5, 76),
        Packet(2, None, 1, b"abc", 3, 100),
    ]


def test_a_simple_packet_is_cut_as_its_interface_says():
    data = section() + interface(snaplen=6) + simple(b"abcdef", size=1000)
    (found,) = packets_in(data)
    assert (found.data, found.size, found.is_cut) == (b"abcdef", 1000, True)


def test_unknown_blocks_and_options_are_skipped_whatever_their_size():
    data = section(options=option(4, b"tester")) + block(4, b"names") + interface()
    data += block(0x0BAD, bytes(1 << 20)) + enhanced(b"a", options=option(1, b"comment") * 9)
    assert [each.data for each in packets_in(data)] == [b"a"]


def test_unknown_blocks_need_not_even_be_read():
    connection = packets()
    size = 1 << 30
    connection.send(BEGUN + struct.pack("<II", 99, size))
    assert connection.skippable == size - 12
    connection.skip(size - 12)
    connection.send(struct.pack("<I", size) + enhanced(b"a"))
    assert [each.data for each in connection.events()] == [b"a"]


def test_it_conforms():
    protocol_conforms(
        packets,
        examples=[
            pcapng(FRAMES),
            BEGUN + block(5, b"statistics") + section(">") + interface(order=">") * 2
            + enhanced(b"12345", number=1, order=">"),
            section() + interface(options=option(9, b"\x09")) + simple(b"a") + obsolete(b"b"),
        ],
        make_input=lambda size: BEGUN + enhanced(b"x" * 68) * (size // 100),
    )  # fmt: skip


def changed(data, at, new):
    return data[:at] + new + data[at + len(new) :]


HEAD = len(BEGUN)


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (
            changed(BEGUN, 8, b"ABCD"),
            Malformed,
            (
                "at byte 8 in capture > block 1 > SectionHeader > order: "
                "expected 0x1a2b3c4d in either byte order, found b'ABCD'"
            ),
        ),
        (
            changed(BEGUN, 12, b"\2"),
            Malformed,
            "at byte 12 in capture > block 1 > SectionHeader > major: expected 1, found 2",
        ),
        (
            changed(BEGUN, 4, b"\x0c"),
            Malformed,
            (
                "at byte 4 in capture > block 1 > block size: "
                "expected a multiple of 4, at least 16, found 12"
            ),
        ),
        (
            BEGUN + changed(block(9, b""), 4, b"\x0e"),
            Malformed,
            (
                f"at byte {HEAD + 4} in capture > block 3 > block size: "
                "expected a multiple of 4, at least 12, found 14"
            ),
        ),
        (
            BEGUN + changed(block(9, b"abcd"), 12, b"\x14"),
            Malformed,
            (
                f"at byte {HEAD + 12} in capture > block 3 > block size: "
                "expected 16, as at the beginning of the block, found 20"
            ),
        ),
        (
            BEGUN + enhanced(b"a", number=1),
            Malformed,
            (
                f"at byte {HEAD + 8} in capture > block 3 > EnhancedPacket > interface: "
                "expected one of the 1 interfaces of the section, found 1"
            ),
        ),
        (
            section() + simple(b"a"),
            Malformed,
            (
                "at byte 36 in capture > block 2 > SimplePacket > interface: "
                "expected one of the 0 interfaces of the section, found 0"
            ),
        ),
        (
            BEGUN + changed(enhanced(b"abcde"), 20, b"\x09"),
            Malformed,
            (
                f"at byte {HEAD + 20} in capture > block 3 > EnhancedPacket > captured: "
                "expected at most the 8 bytes that are left in the block, found 9"
            ),
        ),
        (
            BEGUN + block(6, bytes(16)),
            Malformed,
            (
                f"at byte {HEAD + 24} in capture > block 3 > EnhancedPacket > size: "
                "expected 4 bytes before the end of the block, found nothing"
            ),
        ),
        (
            section() + interface(options=option(9, b"ab")),
            Malformed,
            (
                "at byte 48 in capture > block 2 > InterfaceDescription > option 9: "
                "expected 1 byte, found 2"
            ),
        ),
        (
            section() + interface(options=struct.pack("<HH", 2, 5) + b"ab"),
            Malformed,
            (
                "at byte 46 in capture > block 2 > InterfaceDescription > option 2: "
                "expected at most the 4 bytes that are left in the block, found 5"
            ),
        ),
        (
            section() + interface() + struct.pack("<II", 6, 1 << 20),
            TooLong,
            (
                f"at byte {HEAD + 4} in capture > block 3 > EnhancedPacket > block size: "
                "expected at most 327680 bytes, found 1048576"
            ),
        ),
        (
            BEGUN + enhanced(b"x" * (1 << 18)) + enhanced(b"x" * ((1 << 18) + 1)),
            TooLong,
            (
                "at byte 262244 in capture > block 4 > EnhancedPacket > captured: "
                "expected at most 262144 bytes, found 262145"
            ),
        ),
        (
            BEGUN + block(9, b"abcdefgh")[:-6],
            Truncated,
            (
                f"at byte {HEAD + 14} in capture > block 3: "
                "expected 8 bytes, found the end of input after 6"
            ),
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(data, error, text):
    with pytest.raises(error) as raised:
        packets_in(data)
    assert str(raised.value) == text
    if len(data) < 1000:
        check_cuts(packets, data)


def test_so_many_interfaces_are_too_many():
    data = section() + interface() * 65536
    assert packets_in(data) == []
    with pytest.raises(TooLong, match="more than 65536 interfaces in a section"):
        packets_in(data + interface())


@pytest.mark.parametrize("order", "<>")
def test_packets_are_those_that_dpkt_finds(order):
    dpkt = pytest.importorskip("dpkt", reason="dpkt is not installed")
    data = pcapng(FRAMES, order=order)
    expected = [each for _, each in dpkt.pcapng.Reader(io.BytesIO(data))]
    assert [each.data for each in packets_in(data)] == expected
