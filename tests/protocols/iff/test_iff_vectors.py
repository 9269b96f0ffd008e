"""Small files with one twist each: problems in their order, and what the tree makes of it."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from samples import chunk, fed_strictly, feed, group, leaf, nested, problems_of, read, riff

from ohnecimd.connection import protocol
from ohnecimd.protocols.iff.events import ChunkStart, Data
from ohnecimd.protocols.iff.reader import walk
from ohnecimd.protocols.iff.tree import read_tree, whole
from ohnecimd.testing import cut_every

UNKNOWN = 0xFFFFFFFF
RF64 = b"RF64\xff\xff\xff\xffWAVE"


def form(*members, size=None):
    return group(b"FORM", b"TEST", *members, size=size)


def wave(*members, size=None):
    return riff(b"RIFF", b"WAVE", *members, size=size)


def ds64(riff_size, *table, size=None, entries=None):
    count = len(table) if entries is None else entries
    rows = b"".join(struct.pack("<4sQ", *row) for row in table)
    return leaf(b"ds64", struct.pack("<QQQI", riff_size, 4, 0, count) + rows, size=size)


DATA = leaf(b"data", b"abcd", size=UNKNOWN)
AVI = riff(b"RIFF", b"AVI ", leaf(b"aaaa", b"xy"))  # 22 bytes

VECTORS = {
    # several problems at one byte: as they are come upon in a header, from the inside out
    "pad-is-another's-and-not-0": (
        b"RIFF\x1a\0\0\0TESTLIST\x0d\0\0\0INFOINAM\1\0\0\0ax",
        [("pad-outside-parent", 33, ""), ("nonzero-pad", 33, "78")],
    ),
    "chunk-in-list-that-is-too-long": (
        group(b"LIST", b"TEST", chunk(b"AAAA", b"ab", size=9)),
        [("leaf-in-cat-or-list", 12, ""), ("child-beyond-parent", 12, "needs 9 bytes, 2 there")],
    ),
    "size-that-is-negative-and-too-long": (
        form(chunk(b"AAAA", b"ab", size=0xFFFFFFFE)),
        [
            ("child-beyond-parent", 12, "needs 4294967294 bytes, 2 there"),
            ("size-negative", 12, "-2"),
        ],
    ),
    "prop-after-a-form-without-a-type": (
        group(b"LIST", b"TEST", form(), chunk(b"PROP", b"")),
        [("prop-not-first", 24, ""), ("no-type", 24, "container of 0 bytes")],
    ),
    # only data, movi and the whole have sizes that nobody knew
    "chunk-with-the-id-of-the-whole": (
        wave(leaf(b"RIFF", b"ab", size=UNKNOWN)),
        [("child-beyond-parent", 12, "needs 4294967295 bytes, 2 there")],
    ),
    "chunk-with-the-id-of-a-list-type": (
        wave(leaf(b"movi", b"ab", size=UNKNOWN)),
        [("child-beyond-parent", 12, "needs 4294967295 bytes, 2 there")],
    ),
    "list-with-the-type-of-a-chunk": (
        wave(leaf(b"LIST", b"data", size=UNKNOWN)),
        [("child-beyond-parent", 12, "needs 4294967295 bytes, 4 there")],
    ),
    # ds64
    "ds64-reaches-past-what-it-says-of-the-whole": (
        RF64 + ds64(60, size=0x7FFFFFFF) + DATA + bytes(8),
        [("child-beyond-parent", 12, "needs 2147483647 bytes, 48 there")],
    ),
    "ds64-says-that-the-whole-ends-within-it": (
        RF64 + ds64(30) + DATA,
        [
            ("child-beyond-parent", 12, "needs 28 bytes, 18 there"),
            ("trailing-garbage", 38, "22 bytes"),
        ],
    ),
    "ds64-says-that-the-whole-is-empty": (
        RF64 + ds64(0) + DATA,
        [
            ("child-beyond-parent", 12, "needs 28 bytes, 0 there"),
            ("trailing-garbage", 20, "40 bytes"),
        ],
    ),
    "ds64-is-cut-by-the-whole": (
        b"RF64\x16\0\0\0WAVE" + ds64(60) + DATA,
        [
            ("child-beyond-parent", 12, "needs 28 bytes, 10 there"),
            ("trailing-garbage", 30, "30 bytes"),
        ],
    ),
    "input-ends-in-the-table-of-ds64": (
        (RF64 + ds64(100, (b"big1", 6), (b"big2", 6)))[:64],
        [
            ("truncated-data", 0, "needs 100 bytes, 56 there"),
            ("truncated-data", 12, "needs 52 bytes, 44 there"),
        ],
    ),
    "input-ends-in-the-header-of-another-chunk": (
        RF64 + b"fmt \x10",
        [
            ("ds64-missing", 12, "666d7420"),
            ("truncated-header", 12, "5 bytes where a header of 8 should be"),
        ],
    ),
    "something-illegal-in-the-place-of-ds64": (
        RF64 + leaf(b"\xffABC", b"ab"),
        [("ds64-missing", 12, "ff414243"), ("bad-id", 12, "ff414243")],
    ),
    # the top
    "avi-and-another-riff": (AVI + wave(), [("trailing-garbage", 22, "12 bytes")]),
    "avi-and-itself": (AVI + AVI, [("trailing-garbage", 22, "22 bytes")]),
    "avi-and-avix": (AVI + riff(b"RIFF", b"AVIX"), []),
    "avi-and-avix-cut-in-its-type": (
        AVI + b"RIFF\4\0\0\0AV",
        [("truncated-data", 22, "needs 4 bytes, 2 there"), ("truncated-type", 30, "")],
    ),
    "avi-and-avix-cut-in-its-header": (
        AVI + b"RIFF\4",
        [("truncated-header", 22, "5 bytes where a header of 8 should be")],
    ),
    "wave-and-avix": (
        wave() + riff(b"RIFF", b"AVIX"),
        [("trailing-garbage", 12, "12 bytes")],
    ),
    "form-in-riff": (
        wave(chunk(b"FORM", b"TEST", order="<")),
        [],
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_problems_are_these_and_in_this_order(name):
    data, expected = VECTORS[name]
    for size in (1, 7, len(data)):
        connection = whole()
        for piece in cut_every(data, size):
            connection.send(piece)
        connection.send_eof()
        problems = connection.get_result().problems
        assert [(each.kind, each.offset, each.note) for each in problems] == expected


@pytest.mark.parametrize("name", VECTORS)
def test_strict_reading_stops_at_one_of_them(name):
    data, expected = VECTORS[name]
    error, _, _ = fed_strictly(data)
    assert (error.hint if error else None) in ({kind for kind, *_ in expected} or {None})


def test_ds64_that_is_cut_tells_what_there_is_of_it():
    found = read_tree(VECTORS["input-ends-in-the-table-of-ds64"][0])
    assert found.chunks[0].size_from_ds64 == 100
    assert found.sizes.table == ((b"big1", 6),)


def test_ds64_reaches_no_farther_than_the_whole_that_it_measures():
    for name, present in [
        ("ds64-reaches-past-what-it-says-of-the-whole", 48),
        ("ds64-says-that-the-whole-ends-within-it", 18),
        ("ds64-says-that-the-whole-is-empty", 0),
    ]:
        (root,) = read_tree(VECTORS[name][0]).chunks
        (node,) = root.children
        assert (node.present, node.end, root.end) == (present, 20 + present, 20 + present)


@pytest.mark.parametrize(
    ("data", "dialect"),
    [
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\3\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVE", "riff"),
        (b"RIFF\0\0\0\0WEB", "riff"),
    ],
)
def test_dialect_is_guessed_by_a_type_that_the_whole_is_too_small_for(data, dialect):
    found = read_tree(data)
    assert (found.dialect, found.problems[0].kind) == (dialect, "no-type")
    assert read_tree(data, "riff").dialect == "riff"


def test_a_frame_in_a_frame_holds_no_chunks():
    data = b"".join(
        b"ANMF" + struct.pack("<I", 16 + 24 * inside) + bytes(16)
        for inside in reversed(range(5000))
    )
    found = read_tree(riff(b"RIFF", b"WEBP", data))
    assert found.problems == []
    ((outer,),) = (root.children for root in found.chunks)
    (inner,) = outer.inner
    assert (inner.id, inner.inner, inner.end) == (b"ANMF", None, outer.end)


# What is wanted


def test_chunks_in_a_frame_are_asked_for_too():
    picture = leaf(b"ALPH", b"abc") + leaf(b"VP8 ", b"de")
    data = riff(b"RIFF", b"WEBP", leaf(b"ANMF", bytes(16) + picture))
    asked = []

    def wanted(answer, start):
        asked.append(start.id)
        return answer(start)

    told = [
        event.data
        for event in feed([data], wanted=partial(wanted, lambda start: start.id == b"VP8 "))
        if isinstance(event, Data)
    ]
    assert (asked, told) == ([b"ANMF", b"ALPH", b"VP8 "], [b"de"])
    told = [
        event.data
        for event in feed([data], wanted=partial(wanted, lambda start: start.id == b"ANMF"))
        if isinstance(event, Data)
    ]
    assert b"".join(told) == bytes(16) + picture


@protocol
def heads_only(length):
    yield from walk(wanted=[b"ALL "], heads=lambda _: length)


@pytest.mark.parametrize("size", [1, 9, 100_000])
@pytest.mark.parametrize("length", [0, 1, 3, 9000])
def test_heads_of_what_is_not_wanted_are_told(size, length):
    datas = [b"abcd", b"", b"abc", b"x" * 10_000, b"abcd", b"y" * 20_000]
    ids = [b"SOME", b"SOME", b"ALL ", b"SOME", b"ALL ", b"SOME"]
    members = [chunk(each, data) for each, data in zip(ids, datas, strict=True)]
    connection, told = heads_only(length), {}
    for piece in cut_every(form(*members), size):
        connection.send(piece)
        for event in connection.events():
            if isinstance(event, ChunkStart):
                place = told[event.offset] = []
            elif isinstance(event, Data):
                place.append(event.data)
    assert [b"".join(parts) for parts in told.values()] == [
        data if each == b"ALL " else data[:length] for each, data in zip(ids, datas, strict=True)
    ]


# Any file, damaged anywhere


@pytest.mark.parametrize(
    "name", ["made-ds64-table.rf64", "bad-anmf-inner.webp", "made-rec-lists.avi"]
)
def test_a_byte_that_is_wrong_anywhere_makes_no_difference_to_how_the_file_is_cut(name):
    good = read(name)
    for place in range(0, min(len(good), 120), 3):
        for byte in (0, 0x20, 0xFF):
            data = good[:place] + bytes([byte]) + good[place + 1 :]
            events = feed([data])
            assert feed(cut_every(data, 1)) == events
            error, _, _ = fed_strictly(data)
            assert (error is None) == (problems_of(data) == [])


def test_groups_at_the_limit_of_depth_are_listed_and_deeper_ones_are_not():
    found = read_tree(nested(102))
    assert [(each.kind, each.offset) for each in found.problems] == [("too-deep", 1200)]
    assert len(list(found.walk())) == 101
