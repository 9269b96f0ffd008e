"""The reader of streams: the same events in every cut, and every problem named."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import (
    EXPECTED,
    MALFORMED,
    NAMES,
    WELL_FORMED,
    chunk,
    data_of,
    fed_strictly,
    feed,
    group,
    nested,
    problems_of,
    read,
    riff,
)

from ohnecimd.errors import (
    ChecksumMismatch,
    Closed,
    Malformed,
    Misuse,
    RemoteProtocolError,
    TooLong,
    Truncated,
)
from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    Data,
    GroupEnd,
    GroupStart,
)
from ohnecimd.protocols.iff.problems import PROBLEMS, Problem
from ohnecimd.protocols.iff.reader import MAX_DEPTH, decode
from ohnecimd.testing import (
    check_garbage,
    check_linear,
    cut_at,
    cut_every,
    garbage,
    protocol_conforms,
)
from ohnecimd.testing.strategies import cuts_of

EVERY_PLACE_BYTES = 600  # files up to this size are cut at every place, others at some
SOME_PLACES = 60


def places_in(data, seed):
    if len(data) <= EVERY_PLACE_BYTES:
        return range(len(data) + 1)
    return sorted(random.Random(seed).sample(range(len(data) + 1), SOME_PLACES))


# Cuts


@pytest.mark.parametrize("name", NAMES)
def test_events_of_a_file_do_not_depend_on_how_it_was_cut(name):
    data = read(name)
    whole = feed([data])
    assert feed(cut_every(data, 1)) == whole
    for place in places_in(data, name):
        assert feed(cut_at(data, [place])) == whole, f"cut at {place}"
    chance = random.Random(name)
    for _ in range(5):
        pieces = cut_at(data, sorted(chance.choices(range(len(data) + 1), k=9)))
        assert feed(pieces) == whole


@pytest.mark.parametrize("name", ["wav-list-info-odd.wav", "made-private.png", "bad-cut.avi"])
def test_events_that_nobody_takes_until_the_end_are_the_same(name):
    data = read(name) if name != "bad-cut.avi" else read(name) * 3
    connection = decode(piece_bytes=16)
    for piece in cut_every(data, 11):
        connection.send(piece)
    connection.send_eof()
    events = []
    while more := connection.events():
        events += more
    assert events == feed([data], piece_bytes=16)


def test_large_data_is_cut_at_the_same_places_however_the_input_was():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", bytes(range(250))), chunk(b"BBBB", b"c" * 100))
    whole = feed([data], piece_bytes=100)
    pieces = [event for event in whole if isinstance(event, Data)]
    assert [(each.offset, len(each.data)) for each in pieces] == [
        (20, 80), (100, 100), (200, 70), (278, 100),
    ]  # fmt: skip
    for size in (1, 7, 99, 100, 101, 300):
        assert feed(cut_every(data, size), piece_bytes=100) == whole
    assert data_of(whole) == bytes(range(250)) + b"c" * 100


def test_a_chunk_is_told_as_soon_as_its_header_is_there_and_ends_with_its_last_byte():
    connection = decode()
    connection.send(b"FORM\0\0\0\x10TEST" + b"AAAA\0\0\0\3")
    assert connection.events() == [
        Begin("iff"),
        GroupStart(b"FORM", b"TEST", 0, 16, 16),
        ChunkStart(b"AAAA", 12, 3, 3, b"TEST"),
    ]
    connection.send(b"abc")
    assert connection.events() == [Data(20, b"abc")]
    connection.send(b"\0")
    assert connection.events() == [
        ChunkEnd(b"AAAA", 12, 24, 1, 3),
        GroupEnd(b"FORM", 0, 24, 0, 16),
    ]
    assert not connection.has_result
    connection.send_eof()
    assert connection.has_result


# Strict


@pytest.mark.parametrize("name", MALFORMED)
def test_strict_reader_reports_the_first_problem_as_soon_as_it_can_be_known(name):
    expected = EXPECTED[name]["expect"][0]
    data = read(name)
    error, detected_at, events = fed_strictly(data)
    assert isinstance(events[-1], Problem)
    if expected["kind"] == "too-deep" and len(EXPECTED[name]["expect"]) > 1:
        expected = EXPECTED[name]["expect"][1]  # it comes earlier
    if expected["offset"] is None:
        expected |= {"offset": 12 * MAX_DEPTH, "detect_at": 12 * MAX_DEPTH + 8}
    assert (error.hint, detected_at) == (expected["kind"], expected["detect_at"])
    assert (events[-1].kind, events[-1].offset) == (expected["kind"], expected["offset"])
    assert error.position == (len(data) if detected_at == "eof" else expected["offset"])
    assert error.hint in str(error)


@pytest.mark.parametrize("name", NAMES)
def test_strict_reader_tells_what_a_tolerant_one_does_up_to_the_first_problem(name):
    data = read(name)
    tolerant = feed([data])
    connection = decode(strict=True)
    events = []
    for step in (partial(connection.send, data), connection.events, connection.send_eof) + (
        (connection.events,) * 20
    ):
        with suppress(RemoteProtocolError, Closed):
            events += step() or []
    problems = [each for each in tolerant if isinstance(each, Problem)]
    if connection.error is None:
        assert problems == []
        assert events == tolerant
        return
    problem = events.pop()
    assert (connection.error.hint, type(connection.error)) == (problem.kind, type(problem.error()))
    if name in {"bad-prop-twice.iff", "bad-type-reserved.iff"}:  # which spoils nothing
        assert problems == []
    else:
        assert problem.kind in {each.kind for each in problems}
    assert events == [each for each in tolerant if not isinstance(each, Problem)][: len(events)]


def test_errors_read_well():
    data = read("bad-cut-data.wav")
    with pytest.raises(Truncated) as truncated:
        feed([data], strict=True)
    assert str(truncated.value) == (
        "at byte 150: truncated-data: a size runs past the end of the input "
        "(needs 174 bytes, 142 there), at byte 0"
    )
    with pytest.raises(ChecksumMismatch) as mismatch:
        feed([read("bad-crc.png")], strict=True)
    assert str(mismatch.value) == (
        "at byte 29: crc-mismatch: the checksum of a chunk does not agree with its ID and data"
    )
    with pytest.raises(TooLong, match=r"at byte 24: too-deep: .* limit"):
        feed([nested(3)], strict=True, max_depth=2)
    with pytest.raises(Malformed, match=r"at byte 12: bad-id: .* \(00000000\)"):
        feed([read("bad-id-nul.riff")], strict=True)


def test_every_problem_has_a_row_of_its_own_and_a_place_in_a_list():
    assert len(PROBLEMS) == 33
    for name, row in PROBLEMS.items():
        assert row.name == name
        assert issubclass(row.error, RemoteProtocolError)
        assert Problem(name, 5).rank[0] == 5
    names = sorted(PROBLEMS, key=lambda name: Problem(name, 0).rank)
    assert names == list(PROBLEMS)


# The end of the input


def truncations_of(nodes, size):
    """Give what is wrong if a file of these nodes ends after so many bytes."""
    for node in nodes:
        if node["offset"] >= size:
            return
        if node["offset"] + 8 > size:
            yield "truncated-header", node["offset"]
            return
        length = node.get("size_from_ds64", node["size"])
        end = node["data_offset"] + length
        if node["id"] in ("RF64", "BW64") and size < node["children"][0]["data_offset"] + 28:
            end = 0  # nobody knows yet
            if size == node["data_offset"] + 4:
                yield "ds64-missing", size
        if end > size:
            yield "truncated-data", node["offset"]
        if "children" in node and size < node["data_offset"] + 4:
            yield "truncated-type", node["data_offset"]
        yield from truncations_of(node.get("children", node.get("inner", [])), size)
        if node["pad"] and size == end:
            yield "missing-pad-at-end", size


def truncations_of_sequence(nodes, size):
    """Give the same for PNG and its kin."""
    if size < 8:
        return [("truncated-signature", 0)]
    for node in nodes:
        start = node["offset"]
        if size == start:
            return [("no-end-chunk", size)]
        if size < start + 8:
            return [("truncated-header", start)]
        if size < start + 8 + node["size"]:
            return [("truncated-data", start)]
        if size < node["end"]:
            return [("truncated-crc", start)]
    return []


@pytest.mark.parametrize("name", [n for n in WELL_FORMED if not n.startswith("bad-")])
def test_file_that_ends_too_early_says_where(name):
    data, record = read(name), EXPECTED[name]
    nodes = record["chunks"]
    for size in places_in(data, name):
        if size == len(data):
            expected = []
        elif size == 0:
            expected = [("empty", 0)]
        elif record["dialect"] in ("png", "mng", "jng"):
            expected = truncations_of_sequence(nodes, size)
        else:
            expected = sorted(truncations_of(nodes, size))
        assert sorted(problems_of(data[:size])) == expected, f"cut at {size}"
        if not expected:
            continue
        with pytest.raises(Truncated) as caught:
            feed([data[:size]], strict=True)
        assert caught.value.position == size
        assert caught.value.hint in {kind for kind, _ in expected}


# Garbage


EXAMPLES = [
    "made-list-nest-5.riff", "made-cat-mixed.iff", "made-ds64-table.rf64", "made-private.png",
    "webp-anim-webpmux.webp", "made-rec-lists.avi", "made-ds64-data-odd.rf64",
]  # fmt: skip


def strict_decoder():
    return decode(strict=True)


def groups_of(size):
    member = group(b"CAT ", b"TEST", group(b"FORM", b"TEST"))
    return group(b"FORM", b"TEST", *[member] * (size // 24))


def chunks_of(size):
    return group(b"FORM", b"TEST", *[chunk(b"AAAA", b"abc")] * (size // 12))


@pytest.mark.parametrize("make_input", [groups_of, chunks_of])
def test_reader_owes_its_users_nothing(make_input):
    small = [read(name) for name in EXAMPLES]
    for factory in (decode, strict_decoder):
        protocol_conforms(factory, examples=small, make_input=make_input)


@pytest.mark.parametrize(
    "make_input",
    [
        lambda size: chunk(b"FORM", b"TEST" + chunk(b"BODY", bytes(size))),
        lambda size: nested(size // 12),
        lambda size: read("made-private.png") + bytes(size),
        lambda size: riff(b"RIFF", b"TEST", b"\0" * size),
    ],
    ids=["one chunk", "depth", "trailing garbage", "bad ID"],
)
def test_cost_is_linear(make_input):
    check_linear(decode, make_input)


@pytest.mark.parametrize("name", ["made-cat-mixed.iff", "made-ds64-table.rf64", "made-private.png"])
def test_spoilt_files_are_refused_with_protocol_errors_only(name):
    check_garbage(strict_decoder, garbage([read(name)]))


IDS = [
    b"FORM", b"LIST", b"CAT ", b"PROP", b"RIFF", b"RF64", b"ds64", b"data", b"ANMF", b"    ",
    b"FOR1", b"AAAA", b" AAA", b"\0\0\0\0", b"\x89PNG", b"WEBP", b"AVI ", b"AVIX", b"movi", b"TEST",
]  # fmt: skip
SIZES = [*range(20), 28, 40, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]


def like_files():
    size = st.sampled_from(SIZES).flatmap(
        lambda each: st.sampled_from([struct.pack("<I", each), struct.pack(">I", each)])
    )
    part = st.one_of(st.sampled_from(IDS), size, st.binary(max_size=5))
    head = st.sampled_from([b"FORM", b"RIFF", b"RIFX", b"RF64", read("made-private.png")[:33], b""])
    return st.tuples(head, st.lists(part, max_size=30)).map(
        lambda parts: parts[0] + b"".join(parts[1])
    )


def check_nesting(events, size):
    """Starts and ends are nested, nothing passes the end of what is around it, data is in place."""
    around, place = [(0, 1 << 90)], 0
    for event in events:
        if isinstance(event, (ChunkStart, GroupStart)):
            assert place <= event.offset <= size
            place = event.offset
            end = around[-1][1]
            if event.length is not None:
                assert event.data_offset + event.length <= end
                end = event.data_offset + event.length
            around.append((event.offset, end))
        elif isinstance(event, Data):
            start, end = around[-1]
            assert max(place, start + 8) <= event.offset < event.offset + len(event.data)
            assert event.offset + len(event.data) <= min(end, size)
            place = event.offset + len(event.data)
        elif isinstance(event, (ChunkEnd, GroupEnd)):
            start, end = around.pop()
            assert event.offset == start
            assert start + 8 + event.present <= min(end, size)
            assert place <= event.end <= min(around[-1][1], size)
            place = event.end
    assert len(around) == 1


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_nothing_pulls_a_tolerant_reader_out_of_a_group_nor_makes_it_fail(data):
    made = data.draw(like_files())
    events = feed([made])
    check_nesting(events, len(made))
    assert feed(data.draw(cuts_of(made))) == events
    assert feed(cut_every(made, 1)) == events
    has_problem = any(isinstance(event, Problem) for event in events)
    error, _, strict_events = fed_strictly(made)
    assert (error is not None) == has_problem
    with_data = [event for event in events if not isinstance(event, (Data, Problem))]
    without = [event for event in feed([made], wanted=False) if not isinstance(event, Problem)]
    assert [type(event) for event in without] == [type(event) for event in with_data]
    if error is not None:
        assert isinstance(strict_events[-1], Problem)


# What is wanted


def test_data_is_told_of_wanted_chunks_only():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"BBBB", b"defg"))
    for wanted, told in [
        (True, b"abcdefg"),
        (False, b""),
        ({b"BBBB"}, b"defg"),
        (lambda start: start.offset == 12, b"abc"),
    ]:
        for pieces in ([data], cut_every(data, 1)):
            assert data_of(feed(pieces, wanted=wanted)) == told


def test_what_is_wanted_is_asked_once_for_each_chunk():
    asked = []
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"AAAA", b"defg"))
    for size in (1, 5, 100):
        feed(cut_every(data, size), wanted=lambda start: asked.append(start.offset))
    assert asked == [12, 24] * 3


def test_checksum_of_skipped_data_is_not_looked_at():
    events = feed([read("bad-crc.png")], wanted=[b"tEXt"])
    assert [event.is_crc_right for event in events if isinstance(event, ChunkEnd)] == [
        None, True, None, None, None, None, None,
    ]  # fmt: skip
    assert not any(isinstance(event, Problem) for event in events)


@pytest.mark.parametrize(
    "options",
    [{"max_depth": 0}, {"piece_bytes": 0}, {"wanted": ["COMM"]}, {"wanted": b"COMM"}],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(Misuse):
        decode(**options).read()


@pytest.mark.parametrize(
    "options", [{"wanted": "data"}, {"max_depth": 0}, {"piece_bytes": 0}, {"dialect": "wave"}]
)
def test_wrong_options_are_refused_before_anything_is_read(options):
    with pytest.raises((Misuse, ValueError)):
        decode(**options)
