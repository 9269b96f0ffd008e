"""What every byte of a file is: of all samples, of files that are wrong, or of any depth."""

from __future__ import annotations

import itertools
import struct
import tracemalloc

import pytest
from samples import EXPECTED, NAMES, chunk, group, leaf, nested, read, riff

from ohnecimd.errors import ProtocolError
from ohnecimd.protocols.iff.contents.collecting import LIMIT_BYTES, contents_of
from ohnecimd.protocols.iff.explaining import explain
from ohnecimd.protocols.iff.problems import PROBLEMS
from ohnecimd.protocols.iff.tree import read_tree

DEEP = 3000  # as the deepest sample
HEADER_BYTES = 8
# Problems that make bytes nothing of the file, and how far from their place these begin
GARBAGE = {
    "trailing-garbage": 0,
    "stray-bytes-in-parent": 0,
    "truncated-header": 0,
    "bad-magic": 0,
    "bad-id": 0,
    "no-type": HEADER_BYTES,
}
# ... and where they do if that does not follow from the problem alone
GARBAGE_AT = {
    "bad-sig-7bit.png": 0,
    "bad-sig-crlf.png": 0,
    "bad-cut-sig.png": 0,
    "bad-id-digit.png": 33,
    "bad-cut-crc.png": 29,
}


def spans_and_errors(data, *args, **options):
    parts = list(explain(data, *args, **options))
    errors = [each for each in parts if isinstance(each, ProtocolError)]
    return [each for each in parts if not isinstance(each, ProtocolError)], errors


def spans_of(data, *args, **options):
    """The spans of a file about which nothing is wrong."""
    spans, errors = spans_and_errors(data, *args, **options)
    assert errors == []
    return spans


def lines_of(data, *args, **options):
    """Spans and errors on a line each."""
    return [
        f"{each.position} ! {each}"
        if isinstance(each, ProtocolError)
        else f"{each.start} {' > '.join(each.path)} = {each.value!r}"
        for each in explain(data, *args, **options)
    ]


def garbage_starts(name):
    """Where bytes may begin that are nothing of the file."""
    if name in GARBAGE_AT:
        return {GARBAGE_AT[name]}
    return {
        each.offset + GARBAGE[each.kind]
        for each in read_tree(read(name), max_depth=DEEP).problems
        if each.kind in GARBAGE
    }


# All samples


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_in_one_span_but_for_garbage(name):
    data = read(name)
    spans, _ = spans_and_errors(data, max_depth=DEEP)
    at = 0
    gaps = set()
    for span in spans:
        assert at <= span.start < span.end <= len(data)
        if at < span.start:
            gaps.add(at)
        at = span.end
    if at < len(data):
        gaps.add(at)
    assert gaps <= garbage_starts(name)


def test_garbage_has_no_span():
    assert max(span.end for span in spans_and_errors(read("bad-trailing-16.wav"))[0]) == 182
    assert spans_and_errors(read("bad-magic-lower.wav"))[0] == []


@pytest.mark.parametrize("name", NAMES)
def test_spans_and_errors_stand_in_the_order_of_their_places(name):
    places = [
        each.position if isinstance(each, ProtocolError) else each.start
        for each in explain(read(name), max_depth=DEEP)
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_every_problem_of_a_file_is_an_error_at_its_place(name):
    data = read(name)
    _, errors = spans_and_errors(data, max_depth=DEEP)
    problems = [(each.kind, each.offset) for each in read_tree(data, max_depth=DEEP).problems]
    assert [(each.hint, each.position) for each in errors if each.hint in PROBLEMS] == problems
    known = EXPECTED[name].get("problems") or []
    assert {(each["kind"], each["offset"]) for each in known} <= set(problems)


@pytest.mark.parametrize("name", NAMES)
def test_every_chunk_has_its_header_and_its_data(name):
    data = read(name)
    starts = {span.start: span for span in spans_and_errors(data, max_depth=DEEP)[0]}
    for node, _ in read_tree(data, max_depth=DEEP).walk():
        first, second = starts[node.offset], starts[node.offset + 4]
        found = {span.path[-1]: span.value for span in (first, second)}
        assert found == {"id": node.id, "size": node.size}
        assert first.path[:-1] == second.path[:-1]
        if node.present and not (node.is_group and node.type is None):
            inside = starts[node.data_offset]
            assert inside.path[: len(first.path) - 1] == first.path[:-1]
        if node.pad:
            assert starts[node.end - 1].path[-1] == "pad"
        if node.crc is not None:
            crc = starts[node.end - 4]
            assert (crc.path[-1], crc.value) == ("crc", node.crc)
            assert crc.meaning == ("right" if node.is_crc_right else "wrong")


@pytest.mark.parametrize("name", NAMES)
def test_fields_of_typed_contents_have_their_names_and_values(name):
    data = read(name)
    spans, errors = spans_and_errors(data)
    for found in contents_of(data):
        start = found.start
        depth = next(len(span.path) - 1 for span in spans if span.start == start.offset)
        stop = start.data_offset + start.size
        inside = {
            span.path[depth]: span
            for span in spans
            if start.data_offset <= span.start < stop and len(span.path) == depth + 1
        }
        if found.content is None:
            assert str(found.error) in map(str, errors)
            continue
        for field in found.content.__struct_fields__:
            value = getattr(found.content, field)
            if isinstance(value, (int, float)) or (isinstance(value, (str, bytes)) and value):
                assert inside[field].value == value


# By hand


def test_typed_contents_are_explained_to_the_pad():
    data = group(b"FORM", b"8SVX", chunk(b"CHAN", b"\0\0\0\6"), chunk(b"BODY", b"abc"))
    assert lines_of(data) == [
        "0 FORM > id = b'FORM'",
        "4 FORM > size = 28",
        "8 FORM > type = b'8SVX'",
        "12 FORM > CHAN > id = b'CHAN'",
        "16 FORM > CHAN > size = 4",
        "20 FORM > CHAN > channels = <Channels.STEREO: 6>",
        "24 FORM > BODY > id = b'BODY'",
        "28 FORM > BODY > size = 3",
        "32 FORM > BODY > data = b'abc'",
        "35 FORM > BODY > pad = None",
    ]


def test_the_id_of_a_known_chunk_means_its_message_unless_that_depends():
    data = read("wav-bext.wav")
    meanings = {span.path[-2]: span.meaning for span in spans_of(data) if span.path[-1] == "id"}
    assert meanings == {
        "RIFF": "", "fmt": "", "bext": "BroadcastExtension", "LIST": "", "ISFT": "InfoText",
        "data": "",
    }  # fmt: skip


def test_sizes_that_are_not_the_size_say_so():
    ds64 = struct.pack("<QQQI", 52, 4, 0, 0)
    rf64 = riff(
        b"RF64", b"WAVE", leaf(b"ds64", ds64), leaf(b"data", b"abcd", size=0xFFFFFFFF),
        size=0xFFFFFFFF,
    )  # fmt: skip
    sizes = [span.meaning for span in spans_of(rf64) if span.path[-1] == "size"]
    assert sizes == ["ds64 tells it", "", "4, as ds64 says"]
    piped = spans_and_errors(read("wav-piped-ffmpeg.wav"))[0]
    sizes = {span.path[-2]: span.meaning for span in piped if span.path[-1] == "size"}
    assert (sizes["RIFF"], sizes["data"], sizes["fmt"]) == ("unknown", "unknown", "")


def test_chunks_in_a_chunk_stand_between_what_is_before_and_behind_them():
    head = bytes(range(16))
    frame = leaf(b"ANMF", head + leaf(b"AAAA", b"x") + leaf(b"BBBB", b"yz") + b"rest")
    data = riff(b"RIFF", b"WEBP", frame)
    spans, (error,) = spans_and_errors(data)
    inside = [
        (span.start, span.path[2:])
        for span in spans
        if span.path[:2] == ("RIFF", "ANMF") and span.start >= 36
    ]
    assert inside == [
        (36, ("AAAA", "id")),
        (40, ("AAAA", "size")),
        (44, ("AAAA", "data")),
        (45, ("AAAA", "pad")),
        (46, ("BBBB", "id")),
        (50, ("BBBB", "size")),
        (54, ("BBBB", "data")),
    ]
    fields = [span.path[2] for span in spans if 20 <= span.start < 36]
    assert fields == ["x", "y", "width", "height", "duration", "flags"]
    assert (error.hint, error.position) == ("stray-bytes-in-parent", 56)


def test_contents_that_end_too_early_are_explained_as_far_as_they_go():
    data = group(b"FORM", b"ILBM", chunk(b"BMHD", b"\0\1\0\2\0\3\0"), chunk(b"BODY", b"xy"))
    lines = lines_of(data)
    begin = lines.index("20 FORM > BMHD > width = 1")
    assert lines[begin : begin + 6] == [
        "20 FORM > BMHD > width = 1",
        "22 FORM > BMHD > height = 2",
        "24 FORM > BMHD > x = 3",
        "26 FORM > BMHD > data = b'\\x00'",
        (
            "27 ! at byte 27 in BitmapHeader > y: expected 2 bytes, "
            "found the end of input after 1 byte"
        ),
        "27 FORM > BMHD > pad = None",
    ]


def test_contents_that_are_too_large_to_be_decoded_are_no_error():
    size = LIMIT_BYTES + 2
    data = group(b"FORM", b"AIFF", chunk(b"NAME", b"n" * size))
    (*_, last) = spans_of(data)
    assert (last.start, last.end, last.path) == (20, 20 + size, ("FORM", "NAME", "data"))


def test_ids_that_no_terminal_should_see_are_quoted():
    data = group(b"FORM", b"TEST", chunk(b"A \x1b[", b""))
    names = {each.path[1] for each in spans_and_errors(data)[0] if len(each.path) == 3}
    assert all(name.isprintable() for name in names)
    data = riff(b"RIFF", b"TEST", leaf(b"ab  ", b"xy"), leaf(b"a\xe9\x7f<", b""))
    for span in spans_and_errors(data)[0]:
        assert all(name.isprintable() for name in span.path)


def test_the_dialect_can_be_told():
    data = read("webp-lossy.webp")
    assert lines_of(data, "riff")[0] == "0 RIFF > id = b'RIFF'"
    (error,) = explain(data, "iff")
    assert error.hint == "bad-magic"
    with pytest.raises(ValueError, match="no dialect 'tiff'"):
        next(explain(data, "tiff"))


def test_any_bytes_like_object_will_do():
    data = read("wav-bext.wav")
    assert list(explain(bytearray(data))) == list(explain(memoryview(data))) == spans_of(data)


# Depth and size


def test_ten_thousand_levels_are_explained_in_paths_of_a_few_names():
    spans = spans_of(nested(10_000), max_depth=10_000)
    assert len(spans) == 30_000
    assert spans[-1].path == ("FORM",) * 3 + ("(9992 more)",) + ("FORM",) * 5 + ("type",)
    assert max(len(span.path) for span in spans) == 10


def test_paths_are_whole_where_nothing_would_be_saved():
    paths = [span.path for span in spans_of(nested(10)) if span.path[-1] == "id"]
    assert paths[8] == ("FORM",) * 9 + ("id",)
    assert paths[9] == (*("FORM",) * 3, "(2 more)", *("FORM",) * 5, "id")


def test_many_chunks_far_down_cost_no_more_than_elsewhere():
    levels, count = 5_000, 2_000
    body = chunk(b"BODY", b"") * count
    for _ in range(levels):
        body = b"FORM" + struct.pack(">I", len(body) + 4) + b"DEEP" + body
        if len(body) > 1 << 20:
            break
    spans = list(explain(body, max_depth=levels))
    assert sum(len(name) for span in spans for name in span.path) < 60 * len(spans)


def test_what_is_nested_too_deeply_is_not_looked_into():
    spans, (error,) = spans_and_errors(nested(12), max_depth=10)
    assert (error.hint, error.position) == ("too-deep", 120)
    assert spans[-1].path[-1] == "data"
    assert (spans[-1].start, spans[-1].end) == (128, 144)


def test_spans_are_made_on_the_way():
    data = group(b"FORM", b"TEST", chunk(b"NONE") * 60_000)
    list(itertools.islice(explain(data), 10))
    tracemalloc.start()
    try:
        count = sum(1 for _ in explain(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 120_003
    assert peak < 6_000_000
