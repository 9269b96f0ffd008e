"""What a reader costs: no size is trusted, memory does not grow, and depth is no recursion."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from samples import (
    chunk,
    data_of,
    feed,
    leaf,
    nested,
    problems_of,
)

from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    Data,
    GroupEnd,
    GroupStart,
    Sizes64,
)
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import MAX_DEPTH, decode
from ohnecimd.testing import (
    cut_every,
)


def peak_of(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ENTRIES = 0xFFFFFFFF


@pytest.mark.parametrize(
    "data",
    [
        b"FORM\x7f\xff\xff\xf0TESTBODY\x7f\xff\xff\0abc",
        b"RIFF\xf0\xff\xff\xffWAVEdata\0\xff\xff\xffabc",
        b"RF64\xff\xff\xff\xffWAVE"
        + leaf(b"ds64", struct.pack("<QQQI", 1 << 63, 1 << 62, 0, ENTRIES), size=0xFFFFFFF0),
        b"\x89PNG\r\n\x1a\n\x7f\xff\xff\xffIDATabc",
    ],
)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_size_that_is_claimed_is_not_allocated(data, wanted):
    assert peak_of(lambda: feed([data], wanted=wanted)) < 200_000


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("piece", [1 << 10, 1 << 16, 1 << 20])
def test_memory_does_not_grow_with_the_data(wanted, piece):
    size = 1 << 25
    zeros = bytes(piece)
    begin = b"FORM" + struct.pack(">I", size + 12) + b"TESTBODY" + struct.pack(">I", size)

    def walk():
        connection = decode(wanted=wanted)
        connection.send(begin)
        for _ in range(size // piece):
            connection.send(zeros)
            last = connection.events()
        connection.send_eof()
        assert isinstance(last[-1], GroupEnd)
        assert connection.events() == []

    assert peak_of(walk) < 4 * max(piece, 1 << 16) + 200_000


def test_reader_stops_taking_input_when_nobody_takes_its_events():
    connection = decode()
    size = 1 << 28
    connection.send(b"FORM" + struct.pack(">I", size + 12) + b"TESTBODY" + struct.pack(">I", size))
    sent = 0
    while connection.want_input:
        connection.send(bytes(1 << 16))
        sent += 1 << 16
    assert sent < 2 << 20
    told = 0
    for _ in range(100):
        told += len(data_of(connection.events()))
    assert told == sent - 20  # pieces end at multiples of their size, the headers included
    assert connection.want_input


def test_unwanted_data_can_be_skipped_unseen():
    connection = decode(wanted=[b"COMM"])
    connection.send(b"FORM\x7f\0\0\0AIFFSSND\x60\0\0\1ab")
    assert connection.skippable == 0x60000001 - 2
    connection.skip(connection.skippable)
    connection.send(b"\0" + chunk(b"COMM", b"abcd"))
    events = connection.events()
    assert events[-4:] == [
        ChunkEnd(b"SSND", 12, 0x60000001 + 21, 1, 0x60000001),
        ChunkStart(b"COMM", 0x60000001 + 21, 4, 4, b"AIFF"),
        Data(0x60000001 + 29, b"abcd"),
        ChunkEnd(b"COMM", 0x60000001 + 21, 0x60000001 + 33, 0, 4),
    ]


def test_sixteen_bits_of_gigabytes_are_walked_over():
    """A chunk of 2**40 bytes in RF64, which only ds64 can say."""
    size = 1 << 40
    connection = decode(wanted=False)
    sizes = struct.pack("<QQQI", size + 48, size, 0, 0)
    connection.send(b"RF64\xff\xff\xff\xffWAVE" + leaf(b"ds64", sizes))
    connection.send(leaf(b"data", size=0xFFFFFFFF))
    connection.skip(size)
    connection.send_eof()
    events = connection.events()
    assert Sizes64(12, size + 48, size, 0, ()) in events
    assert events[-2:] == [
        ChunkEnd(b"data", 48, 56 + size, 0, size),
        GroupEnd(b"RF64", 0, 56 + size, 0, size + 48),
    ]


# Depth


def test_ten_thousand_levels_are_walked_if_the_limit_allows():
    data = nested(10_000)
    for pieces in ([data], cut_every(data, 1000)):
        events = feed(pieces, max_depth=10_000, strict=True)
        assert [type(event) for event in events] == (
            [Begin] + [GroupStart] * 10_000 + [GroupEnd] * 10_000
        )


def test_ten_thousand_levels_are_stepped_over_at_the_limit():
    data = nested(10_000)
    events = feed([data])
    assert [event for event in events if isinstance(event, Problem)] == [
        Problem("too-deep", 12 * MAX_DEPTH, f"more than {MAX_DEPTH} groups")
    ]
    ends = [event.end for event in events if isinstance(event, GroupEnd)]
    assert ends == [120_000] * MAX_DEPTH
    assert problems_of(data, max_depth=9_999) == [("too-deep", 12 * 9_999)]


def test_ten_thousand_levels_that_lie_are_all_cut():
    data = b"RIFF\xff\xff\xff\x7fTEST" + b"LIST\xff\xff\xff\x7fTEST" * 10_000
    problems = problems_of(data, max_depth=20_000)
    assert problems == [
        *(("child-beyond-parent", 12 * level) for level in range(1, 10_001)),
        ("truncated-data", 0),
    ]
