import struct

import pytest
from capture_files import (
    CLIENT,
    CLIENT6,
    CPORT,
    ETHERNET,
    SERVER,
    SERVER6,
    SPORT,
    ethernet,
    ip4,
    ip6,
    tcp,
)

from ohnecimd.capture import Packet, Problem
from ohnecimd.capture.frames import LINKS, Segment, is_known_link, segment_in

SEGMENT = tcp(CPORT, SPORT, 7, 9, 0x18, b"Hello")
V4 = ip4(SEGMENT)
V6 = ip6(SEGMENT)
IPV6 = 0x86DD


def packet_of(data, link=ETHERNET, size=None):
    return Packet(3, 0, link, data, len(data) if size is None else size, 100)


def found_in(data, link=ETHERNET, size=None):
    return segment_in(packet_of(data, link, size))


def segment(addresses=(CLIENT, SERVER), data=b"Hello", size=None):
    source, destination = addresses
    size = len(data) if size is None else size
    return Segment(source, CPORT, destination, SPORT, 7, 9, 0x5018, data, size)


def snap(payload, network=0x0800):
    body = b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", network) + payload
    return bytes(12) + struct.pack(">H", len(body)) + body


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (ETHERNET, ethernet(V4)),
        (ETHERNET, ethernet(V4, tags=[(0x8100, 5)])),
        (ETHERNET, ethernet(V4, tags=[(0x88A8, 5), (0x8100, 6)])),
        (ETHERNET, snap(V4)),
        (ETHERNET, ethernet(b"\x11\0\0\1\0\x2f\0\x21" + V4, network=0x8864)),
        (ETHERNET, ethernet(V4) + b"padding"),
        (0, struct.pack("<I", 2) + V4),
        (0, struct.pack(">I", 2) + V4),
        (108, struct.pack(">I", 2) + V4),
        (12, V4),
        (14, V4),
        (101, V4),
        (228, V4),
        (113, struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x0800) + V4),
        (276, struct.pack(">HHIHBB8s", 0x0800, 0, 2, 1, 0, 6, bytes(8)) + V4),
        (101, ip4(SEGMENT, options=bytes(8))),
        (101, ip4(tcp(CPORT, SPORT, 7, 9, 0x18, b"Hello"), fragment=0x4000)),
    ],
)
def test_tcp_over_ipv4_is_found_on_every_link(link, data):
    assert found_in(data, link) == segment()


EXTENSIONS = {
    "hop by hop": (0, b"\6\0" + bytes(6)),
    "routing": (43, b"\6\2" + bytes(22)),
    "authentication": (51, b"\6\4" + bytes(22)),
    "an atomic fragment": (44, b"\6\0\0\0" + bytes(4)),
    "two": (60, b"\0\0" + bytes(6) + b"\6\0" + bytes(6)),
}


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (ETHERNET, ethernet(V6, network=IPV6)),
        (101, V6),
        (229, V6),
        *((0, struct.pack("<I", family) + V6) for family in (10, 24, 28, 30)),
        (113, struct.pack(">HHH8sH", 0, 1, 6, bytes(8), IPV6) + V6),
        *((101, ip6(rest + SEGMENT, proto=proto)) for proto, rest in EXTENSIONS.values()),
    ],
)
def test_tcp_over_ipv6_is_found_behind_extension_headers(link, data):
    assert found_in(data, link) == segment((CLIENT6, SERVER6))


@pytest.mark.parametrize(
    "data", [ethernet(ip4(SEGMENT, size=0)), ethernet(ip6(SEGMENT, size=0), IPV6)]
)
def test_a_size_that_is_left_to_the_network_card_is_that_of_the_packet(data):
    assert found_in(data).data == b"Hello"


def test_options_of_tcp_are_no_data():
    data = ip4(tcp(CPORT, SPORT, 7, 9, 0x18, b"Hello", options=b"\1" * 12))
    assert found_in(data, 101).data == b"Hello"


def test_what_was_cut_off_is_counted():
    assert found_in(V4[:-2], 101, len(V4)) == segment(data=b"Hel", size=5)


@pytest.mark.parametrize(
    ("link", "data"),
    [
        (ETHERNET, ethernet(b"\0\1", network=0x0806)),
        (ETHERNET, ethernet(ip4(b"", proto=17))),
        (ETHERNET, ethernet(ip6(b"", proto=17), network=IPV6)),
        (ETHERNET, ethernet(ip6(b"\x11\0\0\1" + bytes(4), proto=44), network=IPV6)),
        (ETHERNET, bytes(12) + b"\0\4abcd"),
        (ETHERNET, ethernet(b"\x11\0\0\1\0\x2f\xc0\x21", network=0x8864)),
        (0, struct.pack("<I", 7) + V4),
        (101, b"\x10" + V4[1:]),
        (101, b""),
        (105, V4),
    ],
)
def test_what_is_no_tcp_is_passed_over(link, data):
    assert found_in(data, link) is None


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (
            ip4(SEGMENT, fragment=0x2000),
            "fragment",
            "packet 3 is a fragment of IP with TCP in it",
        ),
        (ip4(SEGMENT, fragment=0x0003), "fragment", "packet 3 is a fragment of IP with TCP in it"),
        (
            ip6(b"\6\0\0\1" + bytes(4) + SEGMENT, proto=44),
            "fragment",
            "packet 3 is a fragment of IP with TCP in it",
        ),
        (
            b"\x44" + V4[1:],
            "malformed-packet",
            (
                "at byte 100 in packet 3 > Ipv4 > version: "
                "expected version 4, and a header of 20..45 bytes, found 68"
            ),
        ),
        (
            ip4(SEGMENT[:12] + b"\x40" + SEGMENT[13:]),
            "malformed-packet",
            "at byte 132 in packet 3 > Tcp > flags: expected a header of 20..25 bytes, found 16",
        ),
        (
            ip4(SEGMENT[:12] + b"\x70" + SEGMENT[13:]),
            "malformed-packet",
            "at byte 132 in packet 3 > Tcp > flags: expected a header of 20..25 bytes, found 28",
        ),
        (
            V4[:30],
            "malformed-packet",
            (
                "at byte 130 in packet 3 > Tcp > acknowledgement: "
                "expected 4 bytes, found the end of input after 2 bytes"
            ),
        ),
    ],
)
def test_tcp_that_cannot_be_read_is_a_problem_with_its_place(data, kind, text):
    assert found_in(data, 101) == Problem(kind, 100, text)


def test_ipv6_of_another_version_is_a_problem():
    found = found_in(ethernet(b"\x40" + V6[1:], network=IPV6))
    assert found.message == (
        "at byte 114 in packet 3 > Ipv6 > version: expected version 6, found 4"
    )


def test_headers_that_were_cut_are_a_problem_of_the_capture():
    assert found_in(V4[:30], 101, len(V4)).kind == "cut-packet"
    assert found_in(b"abc", ETHERNET, 60).kind == "cut-packet"


def test_all_link_types_of_the_table_are_known():
    assert all(is_known_link(row.code) for row in LINKS)
    assert is_known_link(101)
    assert not is_known_link(105)


def test_any_bytes_give_a_segment_a_problem_or_nothing():
    frames = [ethernet(V4), ethernet(ip6(EXTENSIONS["two"][1] + SEGMENT, proto=60), network=IPV6)]
    for frame in frames:
        for at in range(len(frame)):
            for value in (0, 1, 0x40, 0x7F, 0xFF):
                data = frame[:at] + bytes([value]) + frame[at + 1 :]
                assert isinstance(found_in(data), Segment | Problem | None)
            assert isinstance(found_in(frame[:at]), Segment | Problem | None)


def test_headers_are_those_that_dpkt_finds():
    dpkt = pytest.importorskip("dpkt", reason="dpkt is not installed")
    frames = [
        ethernet(V4, tags=[(0x8100, 5)]),
        ethernet(ip4(SEGMENT, options=b"\1" * 4)),
        ethernet(V6, network=IPV6),
        ethernet(ip6(EXTENSIONS["routing"][1] + SEGMENT, proto=43), network=IPV6),
    ]
    for frame in frames:
        internet = dpkt.ethernet.Ethernet(frame).data
        theirs = internet.data
        ours = found_in(frame)
        assert (ours.source, ours.destination) == (internet.src, internet.dst)
        assert (ours.source_port, ours.destination_port) == (theirs.sport, theirs.dport)
        assert (ours.sequence, ours.acknowledgement) == (theirs.seq, theirs.ack)
        assert (ours.flags & 0xFF, ours.data) == (theirs.flags, theirs.data)
