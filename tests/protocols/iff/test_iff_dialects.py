"""What each dialect lays down, how it is told by the first bytes, and what breaks its rules."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from samples import (
    EXPECTED,
    NAMES,
    chunk,
    data_of,
    fed_strictly,
    feed,
    group,
    leaf,
    nested,
    problems_of,
    read,
    riff,
)

from ohnecimd.protocols.iff.dialects import DIALECTS, detect, dialect_of, settles
from ohnecimd.protocols.iff.events import Begin, ChunkStart, GroupEnd, GroupStart, Sizes64
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import decode
from ohnecimd.protocols.iff.tree import read_tree
from ohnecimd.testing import check_cuts

PNG = b"\x89PNG\r\n\x1a\n"
SIZES = struct.Struct("<QQQI")


@pytest.mark.parametrize("name", NAMES)
def test_dialect_is_told_by_the_first_bytes(name):
    (begin,) = [event for event in feed([read(name)]) if isinstance(event, Begin)]
    assert begin.dialect == EXPECTED[name]["dialect"]


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"", "iff"),
        (b"F", "iff"),
        (b"CAT", "iff"),
        (b"what", "iff"),
        (b"R", "riff"),
        (b"RIF", "riff"),
        (b"riff", "riff"),
        (b"RIFX", "rifx"),
        (b"rifx", "rifx"),
        (b"RF", "rf64"),
        (b"BW64", "rf64"),
        (b"bw64", "rf64"),
        (b"\x89", "png"),
        (b"\x89xyz", "png"),
        (b"\tPNG", "png"),
        (b"\t", "png"),
        (b"?PNG", "png"),
        (b"\x8a", "mng"),
        (b"\nMNG", "mng"),
        (b"\x8bJ", "jng"),
        (b"\x0bJNG", "jng"),
        (b"\nfoo", "iff"),
    ],
)
def test_damaged_and_short_beginnings_are_guessed(head, name):
    assert detect(head).name == name


def test_first_byte_is_enough_for_a_signature_and_no_fewer_than_four_for_others():
    assert [settles(head) for head in (b"", b"F", b"RIF", b"\n")] == [False] * 4
    assert [settles(head) for head in (b"FORM", b"what", b"\x89", b"\t", b"\x8bJ")] == [True] * 5


def test_dialects_are_known_by_name():
    assert list(DIALECTS) == ["iff", "riff", "rifx", "rf64", "webp", "avi", "png", "mng", "jng"]
    assert dialect_of("png") is DIALECTS["png"]
    assert dialect_of(DIALECTS["png"]) is DIALECTS["png"]
    with pytest.raises(ValueError, match="no dialect 'tiff'; there are iff, riff, "):
        dialect_of("tiff")


def test_a_dialect_that_is_given_is_not_guessed():
    webp = riff(b"RIFF", b"WEBP", leaf(b"ANMF", bytes(16)))
    assert problems_of(webp, "riff") == []
    (frame,) = read_tree(webp, "riff").chunks[0].children
    assert frame.inner is None
    assert problems_of(webp, "avi") == [("bad-type", 8)]
    assert problems_of(webp, "iff") == [("bad-magic", 0)]
    assert problems_of(webp, "png") == [("bad-signature", 0)]
    assert problems_of(PNG, "mng") == [("bad-signature", 0)]
    assert problems_of(PNG[:1], DIALECTS["mng"]) == [("bad-signature", 0)]
    assert feed([b"what"], "rifx")[0] == Begin("rifx")


# IDs and types


@pytest.mark.parametrize(
    ("name", "chunk_id", "fault"),
    [
        ("iff", b"x~!@", None),
        ("iff", b"(c) ", None),
        ("iff", b"    ", None),
        ("iff", b"A   ", None),
        ("iff", b" AAA", "id-leading-space"),
        ("iff", b"A A ", "id-leading-space"),
        ("iff", b"A\x7fAA", "bad-id"),
        ("iff", b"AA\n ", "bad-id"),
        ("iff", b"FOR1", "reserved-id"),
        ("iff", b"CAT9", "reserved-id"),
        ("iff", b"FOR0", None),
        ("iff", b"FORM", None),
        ("riff", b"FORM", None),
        ("riff", b"id3 ", None),
        ("riff", b"\0\0\0\0", "bad-id"),
        ("png", b"IDAT", None),
        ("png", b"prVt", None),
        ("png", b"ID4T", "bad-id"),
        ("png", b"IDA ", "bad-id"),
    ],
)
def test_ids_are_legal_or_not(name, chunk_id, fault):
    assert DIALECTS[name].fault_of_id(chunk_id) == fault


@pytest.mark.parametrize(
    ("name", "group_id", "group_type", "is_good"),
    [
        ("iff", b"FORM", b"8SVX", True),
        ("iff", b"FORM", b"A   ", True),
        ("iff", b"FORM", b"test", False),
        ("iff", b"FORM", b" TES", False),
        ("iff", b"FORM", b"    ", False),
        ("iff", b"PROP", b"FORM", False),
        ("iff", b"CAT ", b"    ", True),
        ("iff", b"LIST", b"FORM", True),
        ("iff", b"LIST", b"te\nt", False),
        ("riff", b"LIST", b"rec ", True),
        ("riff", b"LIST", b"\0\0\0\0", False),
    ],
)
def test_types_are_legal_or_not(name, group_id, group_type, is_good):
    expected = None if is_good else "bad-type"
    assert DIALECTS[name].fault_of_type(group_id, group_type) == expected


def test_filler_may_stand_wherever_a_chunk_may():
    filler = chunk(b"    ", b"abc")
    form = group(b"FORM", b"TEST", filler)
    assert problems_of(group(b"CAT ", b"TEST", filler, form)) == []
    assert problems_of(group(b"LIST", b"TEST", filler, form)) == []


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (group(b"FORM", b"TEST", chunk(b"FOR1", b"TEST")), [("reserved-id", 12)]),
        (group(b"CAT ", b"TEST", chunk(b"LIS2", b"TEST")), [("reserved-id", 12)]),
        (group(b"CAT ", b"TEST", group(b"PROP", b"TEST")), [("prop-outside-list", 12)]),
        (
            group(b"LIST", b"TEST", group(b"PROP", b"TEST", group(b"FORM", b"TEST"))),
            [("form-in-prop", 24)],
        ),
        (
            group(b"LIST", b"TEST", group(b"PROP", b"TEST", group(b"PROP", b"TEST"))),
            [("prop-outside-list", 24)],
        ),
        (group(b"PROP", b"TEST"), [("bad-magic", 0)]),
        (group(b"FORM", b"TEST") * 2, [("trailing-garbage", 12)]),
    ],
)
def test_groups_have_their_grammar(data, problems):
    assert problems_of(data) == problems


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            group(
                b"LIST", b"TEST", *(group(b"PROP", each) for each in (b"A1  ", b"A2  ", b"A1  "))
            ),
            ("prop-twice", 36),
        ),
        (group(b"FORM", b"LIS1"), ("bad-type", 8)),
    ],
)
def test_only_strict_readers_mind_what_spoils_nothing(data, problem):
    assert problems_of(data) == []
    error, _, events = fed_strictly(data)
    assert (error.hint, events[-1].offset) == problem


def test_a_bad_id_ends_what_is_read_of_the_group_around_it_only():
    bad = group(b"FORM", b"TEST", chunk(b"A\0AA", b"abcd"), chunk(b"BBBB", b"ef"))
    data = group(b"CAT ", b"TEST", bad, group(b"FORM", b"TEST", chunk(b"CCCC", b"gh")))
    events = feed([data])
    assert data_of(events) == b"gh"
    assert [event.id for event in events if isinstance(event, ChunkStart)] == [b"CCCC"]
    assert problems_of(data) == [("bad-id", 24)]


# AVI


def test_avi_goes_on_with_avix():
    first = riff(b"RIFF", b"AVI ", leaf(b"aaaa"))
    more = riff(b"RIFF", b"AVIX", leaf(b"bbbb", b"c"))
    found = read_tree(first + more * 2)
    assert [(node.type, node.offset) for node in found.chunks] == [
        (b"AVI ", 0), (b"AVIX", 20), (b"AVIX", 42),
    ]  # fmt: skip
    assert found.problems == []
    assert problems_of(first + riff(b"RIFF", b"WAVE")) == [("trailing-garbage", 20)]
    assert problems_of(first + b"RIF") == [("trailing-garbage", 20)]
    assert problems_of(first + b"JUNK\0\0\0\0") == [("trailing-garbage", 20)]
    wave = riff(b"RIFF", b"WAVE")
    assert problems_of(wave + more) == [("trailing-garbage", 12)]


@pytest.mark.parametrize("order", [1, 3, 100])
def test_only_movi_and_data_may_be_of_unknown_size(order):
    def pieces(data):
        return [data[place : place + order] for place in range(0, len(data), order)]

    def found_in(list_type):
        unknown = b"LIST\xff\xff\xff\xff" + list_type + leaf(b"00dc", b"ab")
        events = feed(pieces(b"RIFF\xff\xff\xff\xffAVI " + unknown))
        (inner,) = [each for each in events if isinstance(each, GroupStart) and each.offset]
        return inner.is_size_unknown, [each.kind for each in events if isinstance(each, Problem)]

    assert found_in(b"movi") == (True, [])
    assert found_in(b"INFO") == (False, ["truncated-data"])


def test_unknown_sizes_in_a_group_of_known_size_end_with_it():
    for order, first in (("<", b"RIFF"), (">", b"RIFX")):
        data = chunk(b"data", b"abcd", 0xFFFFFFFF, order)
        whole = group(first, b"WAVE", data, order=order)
        events = feed([whole])
        assert not any(isinstance(event, Problem) for event in events)
        (start,) = [event for event in events if isinstance(event, ChunkStart)]
        assert (start.length, start.is_size_unknown) == (4, True)
    movi = b"LIST\xff\xff\xff\xffmovi" + leaf(b"00dc", b"ab")
    assert problems_of(riff(b"RIFF", b"AVI ", movi)) == []
    assert problems_of(riff(b"RIFF", b"AVI ", movi.replace(b"movi", b"INFO"))) == [
        ("child-beyond-parent", 12)
    ]


def test_what_lies_behind_data_of_unknown_size_is_its_own():
    events = feed([b"RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xffabc" + leaf(b"LIST", b"INFO")])
    assert data_of(events) == b"abc" + leaf(b"LIST", b"INFO")


# RF64


def rf64(*members, riff_size, size=0xFFFFFFFF, data_size=0, table=b"", entries=None):
    count = len(table) // 12 if entries is None else entries
    ds64 = leaf(b"ds64", SIZES.pack(riff_size, data_size, 0, count) + table)
    return b"RF64" + struct.pack("<I", size) + b"WAVE" + ds64 + b"".join(members)


def test_sizes_of_ds64_count_where_a_field_says_so_and_nowhere_else():
    data = leaf(b"data", b"abcd", size=0xFFFFFFFF)
    assert problems_of(rf64(data, riff_size=52, data_size=4)) == []
    plain = rf64(leaf(b"data", b"abcd"), riff_size=99, data_size=99, size=52)
    assert problems_of(plain) == []
    (node,) = read_tree(plain).chunks
    assert (node.size_from_ds64, node.is_size_unknown, node.end) == (None, False, 60)
    # a chunk that the table does not name is as large as it says
    other = rf64(leaf(b"othr", b"abcd", size=0xFFFFFFFF), riff_size=52)
    assert problems_of(other) == [("child-beyond-parent", 48)]


def test_first_entry_for_an_id_counts():
    table = struct.pack("<4sQ4sQ", b"big1", 4, b"big1", 99)
    data = rf64(leaf(b"big1", b"abcd", size=0xFFFFFFFF), riff_size=76, table=table)
    assert problems_of(data) == []
    assert Sizes64(12, 76, 0, 0, ((b"big1", 4), (b"big1", 99))) in feed([data])


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (b"RF64\xff\xff\xff\xffWAVE" + leaf(b"ds64", bytes(27)), [("ds64-short", 12)]),
        (
            rf64(riff_size=40, entries=3, table=bytes(24)),
            [
                ("ds64-table-beyond-chunk", 44),
                ("child-beyond-parent", 12),
                ("trailing-garbage", 48),
            ],
        ),
        (rf64(riff_size=64, entries=1, table=bytes(24)), []),
        (rf64(riff_size=38), [("child-beyond-parent", 12), ("trailing-garbage", 46)]),
        (rf64(riff_size=10), [("child-beyond-parent", 12), ("trailing-garbage", 20)]),
        (rf64(riff_size=0) + b"abcd", [("child-beyond-parent", 12), ("trailing-garbage", 20)]),
        (rf64(riff_size=1 << 60), [("truncated-data", 0)]),
        (b"RF64\xff\xff\xff\xffWAVE", [("ds64-missing", 12)]),
        (b"BW64\x04\0\0\0WAVE", []),
    ],
)
def test_ds64_that_is_wrong_is_reported(data, problems):
    assert problems_of(data) == problems


def test_table_of_ds64_is_not_kept_without_limit():
    table = struct.pack("<4sQ", b"big1", 4) * 65_537
    data = rf64(riff_size=len(table) + 40, table=table)
    for pieces in ([data], [data[:60], data[60:]]):
        events = feed(pieces)
        (sizes,) = [event for event in events if isinstance(event, Sizes64)]
        assert len(sizes.table) == 65_536
        assert [event for event in events if isinstance(event, Problem)] == [
            Problem("ds64-table-too-long", 44, "65537 entries")
        ]
        assert data_of(events) == data[20:]


# WebP


def frame(*members, size=None):
    return leaf(b"ANMF", b"0123456789abcdef" + b"".join(members), size=size)


@pytest.mark.parametrize(
    ("member", "problems", "inner"),
    [
        (frame(), [], []),
        (leaf(b"ANMF", b"short"), [], []),
        (frame(leaf(b"ALPH", b"abc"), leaf(b"VP8 ", b"de")), [], [b"ALPH", b"VP8 "]),
        (frame(leaf(b"LIST", b"abc")), [], [b"LIST"]),
        (frame(b"VP8 \1\0"), [("stray-bytes-in-parent", 36)], []),
        (frame(leaf(b"V\0P8", b"abcd"), b"xyz"), [("bad-id", 36)], []),
        (frame(b"VP8 \1\0\0\0a"), [("pad-outside-parent", 45)], [b"VP8 "]),
        (frame(b"VP8 \1\0\0\0a\1"), [("nonzero-pad", 45)], [b"VP8 "]),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_chunks_in_a_frame_are_listed_and_its_data_is_complete(member, problems, inner, size):
    data = riff(b"RIFF", b"WEBP", member, leaf(b"last", b"zz"))
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    events = feed(pieces)
    assert [(each.kind, each.offset) for each in events if isinstance(each, Problem)] == problems
    found = read_tree(data, keep_data=True)
    node, last = found.chunks[0].children
    assert [each.id for each in node.inner] == inner
    assert node.data == data[20 : 20 + node.size]
    assert (last.id, last.data) == (b"last", b"zz")


# Pads


def test_a_pad_byte_that_nobody_counts_is_reported_once():
    inner = b"LIST\x0d\0\0\0INFOINAM\1\0\0\0a"
    outer = b"RIFF" + struct.pack("<I", 4 + len(inner)) + b"TEST" + inner
    assert problems_of(outer) == [("missing-pad-at-end", 33)]
    assert problems_of(outer + b"\0") == [("pad-outside-parent", 33)]
    assert problems_of(outer + b"x") == [("pad-outside-parent", 33), ("nonzero-pad", 33)]


def test_a_pad_byte_that_is_not_0_is_reported_wherever_it_is():
    good = chunk(b"AAAA", b"abc")
    data = group(b"FORM", b"TEST", good, good[:-1] + b"\xff", good)
    check_cuts(decode, data)
    check_cuts(partial(decode, strict=True), data)
    assert [event for event in feed([data]) if isinstance(event, Problem)] == [
        Problem("nonzero-pad", 35, "ff")
    ]


def test_stray_bytes_that_are_not_there_are_a_truncation():
    data = b"RIFF\x0b\0\0\0TESTabc"
    assert problems_of(data) == [
        ("truncated-data", 0), ("truncated-header", 12),
    ]  # fmt: skip
    assert problems_of(data + b"defg\0") == [("stray-bytes-in-parent", 12)]


def test_a_group_cut_below_its_type_has_none():
    data = group(b"FORM", b"TEST", b"FORM\0\0\0\x10ab")
    assert problems_of(data) == [("child-beyond-parent", 12), ("no-type", 12)]
    events = feed([data])
    (inner,) = [event for event in events if isinstance(event, GroupStart) and event.offset]
    assert inner.type is None
    assert [event.end for event in events if isinstance(event, GroupEnd)] == [22, 22]


def test_depth_is_counted_in_groups():
    assert problems_of(nested(20), max_depth=20) == []
    assert problems_of(nested(20), max_depth=19) == [("too-deep", 228)]
    assert problems_of(group(b"FORM", b"TEST", chunk(b"AAAA")), max_depth=1) == []


# PNG


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (PNG, [("no-end-chunk", 8)]),
        (PNG + b"\x80\0\0\0IDAT", [("size-over-limit", 8)]),
        (PNG[:3], [("truncated-signature", 0)]),
        (PNG[:4] + b"\n", [("bad-signature", 4)]),
        (PNG + b"\0\0\0\5IDATabc", [("truncated-data", 8)]),
        (b"\x89PNG\r\r\n\x1a\n", [("bad-signature", 5)]),
    ],
)
def test_sequences_have_their_problems_too(data, problems):
    assert problems_of(data) == problems


def test_mng_ends_with_its_own_last_chunk():
    data = read("mng-imagemagick.mng")
    assert data.count(b"IEND") >= 1
    assert problems_of(data) == []
    assert problems_of(data[:-12]) == [("no-end-chunk", len(data) - 12)]
