"""The writer: what it gives is right, and what would not be right it refuses."""

from __future__ import annotations

import io
import json
import struct
import wave
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sinks import RIFF, Sink, begun

from ohnecimd.errors import FieldError, NotAllowedNow
from ohnecimd.protocols.iff.dialects import DIALECTS
from ohnecimd.protocols.iff.encoding import COPIED_BYTES, encode, encode_pieces
from ohnecimd.protocols.iff.growth import Growth
from ohnecimd.protocols.iff.tree import read_tree
from ohnecimd.protocols.iff.writer import Writer

DATA = Path(__file__).parents[2] / "data" / "chunks"
EXPECTED = json.loads((DATA / "expected.json").read_text())
WELL_FORMED = [
    name
    for name, record in EXPECTED.items()
    if record["class"] == "well-formed"
    and record["dialect"] in DIALECTS
    and isinstance(record["chunks"], list)
]
FMT = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)


def nested(nodes, data):
    """Make tuples of the tree of a file in `expected.json`."""
    found = []
    for node in nodes:
        chunk_id = node["id"].encode("latin-1")
        if "children" in node:
            chunks = nested(node["children"], data)
            found.append((chunk_id, node["type"].encode("latin-1"), chunks))
        else:
            size = node.get("size_from_ds64", node["size"])
            found.append((chunk_id, data[node["data_offset"] :][:size]))
    return found


def tuples_of(nodes):
    """Make tuples of what a reader has found."""
    return [
        (node.id, node.type, tuples_of(node.children)) if node.is_group else (node.id, node.data)
        for node in nodes
    ]


def write_open(sink, chunks):
    """Write chunks, the size of none of them known before."""
    writer = sink.writer
    for chunk_id, *rest in chunks:
        if len(rest) == 2:
            sink(writer.begin(chunk_id, rest[0]))
            write_open(sink, rest[1])
        else:
            sink(writer.begin(chunk_id))
            for place in range(0, len(rest[0]), 7):
                sink(writer.data(rest[0][place : place + 7]))
        sink(writer.end())


# The same bytes as others


@pytest.mark.parametrize("name", WELL_FORMED)
def test_a_file_of_others_is_written_byte_for_byte(name):
    record = EXPECTED[name]
    data = (DATA / "files" / name).read_bytes()
    chunks = nested(record["chunks"], data)
    assert encode(record["dialect"], *chunks) == data
    assert b"".join(encode_pieces(DIALECTS[record["dialect"]], *chunks)) == data


@pytest.mark.parametrize("name", WELL_FORMED)
def test_the_tree_of_a_file_is_written_byte_for_byte(name):
    data = (DATA / "files" / name).read_bytes()
    tree = read_tree(data, keep_data=True)
    assert encode(tree.dialect, *tree.chunks) == data


@pytest.mark.parametrize("name", ["wav-piped-ffmpeg.wav", "avi-piped.avi"])
def test_unknown_sizes_in_a_tree_stay_unknown(name):
    data = (DATA / "files" / name).read_bytes()
    tree = read_tree(data, keep_data=True)
    assert encode(tree.dialect, *tree.chunks) == data


@pytest.mark.parametrize("name", [each for each in WELL_FORMED if "rf64" not in each])
def test_sizes_that_are_patched_give_the_same_bytes(name):
    record = EXPECTED[name]
    data = (DATA / "files" / name).read_bytes()
    sink = Sink(Writer(record["dialect"], can_seek=True))
    write_open(sink, nested(record["chunks"], data))
    assert sink.finish() == data


@pytest.mark.parametrize(
    "name",
    ["wav-stdlib.wav", "aiff-pcm8-odd.aiff", "aifc-sox-odd.aifc", "bad-riff-is-file-size.wav"],
)
def test_a_tree_with_wrong_padding_or_size_is_written_right(name):
    tree = read_tree((DATA / "files" / name).read_bytes(), keep_data=True)
    assert tree.problems
    mended = read_tree(encode(tree.dialect, *tree.chunks), keep_data=True, strict=True)
    assert not mended.problems
    assert tuples_of(mended.chunks) == tuples_of(tree.chunks)


# Whatever the tree is

LETTERS = st.integers(0x21, 0x7E).map(lambda code: bytes([code]))
IDS = st.tuples(LETTERS, LETTERS, LETTERS | st.just(b" "), st.just(b" ")).map(b"".join)
RIFF_IDS = IDS.filter(lambda each: each not in DIALECTS["riff"].top | DIALECTS["riff"].groups)
TYPES = st.text("ABZ09", min_size=1, max_size=3).map(lambda text: text.ljust(4).encode())
SOUND = st.binary(max_size=9)


def leaves(ids):
    return st.tuples(ids, SOUND)


RIFF_TREES = st.tuples(
    st.just(b"RIFF"),
    IDS,
    st.lists(
        st.recursive(
            leaves(RIFF_IDS),
            lambda inside: st.tuples(st.just(b"LIST"), IDS, st.lists(inside, max_size=4)),
            max_leaves=12,
        ),
        max_size=4,
    ),
)


def iff_groups(inside):
    """Give the grammar of EA IFF 85, where `inside` gives lists of groups."""
    leaf = leaves(IDS.filter(lambda each: DIALECTS["iff"].fault_of_id(each) is None))
    leaf = leaf.filter(lambda each: each[0] not in DIALECTS["iff"].groups)
    props = st.lists(
        st.tuples(st.just(b"PROP"), TYPES, st.lists(leaf, max_size=3)),
        max_size=3,
        unique_by=lambda each: each[1],
    )
    hints = TYPES | st.just(b"    ")
    lists = st.builds(list.__add__, props, inside)
    mixed = st.builds(list.__add__, st.lists(leaf, max_size=3), inside).flatmap(st.permutations)
    return st.one_of(
        st.tuples(st.just(b"FORM"), TYPES, mixed),
        st.tuples(st.just(b"CAT "), hints, inside),
        st.tuples(st.just(b"LIST"), hints, lists),
    )


IFF_TREES = st.recursive(
    iff_groups(st.just([])), lambda each: iff_groups(st.lists(each, max_size=3)), max_leaves=8
)
PNG_IDS = st.text("abcXYZ", min_size=4, max_size=4).map(str.encode)


def check_round_trip(dialect, chunks):
    data = encode(dialect, *chunks)
    tree = read_tree(data, strict=True, keep_data=True)
    assert (tree.dialect, tree.problems) == (dialect, [])
    assert tuples_of(tree.chunks) == chunks
    assert encode(dialect, *tree.chunks) == data
    sink = Sink(Writer(dialect, can_seek=True))
    write_open(sink, chunks)
    assert sink.finish() == data


@given(RIFF_TREES.filter(lambda each: each[1] not in (b"WEBP", b"AVI ")))
def test_any_tree_of_riff_comes_back(tree):
    check_round_trip("riff", [tree])


@given(RIFF_TREES)
def test_any_tree_of_rifx_comes_back(tree):
    check_round_trip("rifx", [(b"RIFX", *tree[1:])])


@given(IFF_TREES)
def test_any_tree_of_iff_comes_back(tree):
    check_round_trip("iff", [tree])


@given(st.lists(leaves(PNG_IDS), min_size=1, max_size=6))
def test_any_chunks_of_png_come_back(chunks):
    check_round_trip("png", [*chunks, (b"IEND", b"")])


@pytest.mark.parametrize("dialect", ["iff", "riff"])
def test_depth_costs_no_recursion(dialect):
    inner, outer = {"iff": (b"FORM", b"FORM"), "riff": (b"LIST", b"RIFF")}[dialect]
    chunks = []
    for _ in range(9_999):
        chunks = [(inner, b"DEEP", chunks)]
    data = encode(dialect, (outer, b"DEEP", chunks))
    assert len(data) == 120_000
    order = DIALECTS[dialect].byteorder
    assert all(
        int.from_bytes(data[12 * k + 4 : 12 * k + 8], order) == 120_000 - 12 * k - 8
        for k in range(10_000)
    )


def test_large_data_is_not_copied():
    large = bytearray(COPIED_BYTES + 1)
    pieces = encode_pieces("riff", (*RIFF, [(b"data", large), (b"more", b"x")]))
    assert any(piece is large for piece in pieces)


def test_data_may_be_anything_like_bytes():
    four = memoryview(struct.pack("4H", 1, 2, 3, 4)).cast("H")
    assert encode("riff", (*RIFF, [(b"data", four)])).endswith(b"data\x08\0\0\0" + four.tobytes())
    writer, sink = begun("riff", RIFF)
    sink(writer.begin(b"data", size=8))
    assert writer.data(four) is four
    assert writer.offset == 12 + 8 + 8


@pytest.mark.parametrize("wrong", [b"FORM", (b"FORM",), None, (1, 2, 3, 4)])
def test_what_is_no_chunk_is_named(wrong):
    with pytest.raises(FieldError, match=r"^a chunk is \(ID, data\) or \(ID, type, chunks\), not "):
        encode("iff", wrong)


def test_data_that_is_no_bytes_is_refused_with_its_chunk():
    with pytest.raises(FieldError, match=r"in b'data': its data is bytes, not str"):
        encode("riff", (b"RIFF", b"WAVE", [(b"data", "text")]))


def test_a_node_without_its_data_is_refused():
    tree = read_tree((DATA / "files" / "wav-pcm8-odd.wav").read_bytes())
    with pytest.raises(FieldError, match="in b'fmt ': its data was not kept"):
        encode("riff", *tree.chunks)


# What others read


@pytest.mark.parametrize("count", [0, 1, 2, 67])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_wave_module_reads_the_samples(count, width):
    samples = bytes(range(count)) * width
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 8000 * width, width, 8 * width)
    data = encode("riff", (b"RIFF", b"WAVE", [(b"fmt ", fmt), (b"data", samples)]))
    with wave.open(io.BytesIO(data)) as file:
        assert file.getparams()[:4] == (1, width, 8000, count)
        assert file.readframes(count) == samples


def test_the_wave_module_reads_what_was_written_in_pieces_behind_reserved_space():
    writer, sink = begun("riff", (b"RIFF", b"WAVE"), growth=Growth())
    sink(writer.chunk(b"fmt ", FMT))
    sink(writer.begin(b"data"))
    for _ in range(3):
        sink(writer.data(b"\x80\x90\xa0"))
    sink(writer.end())
    sink(writer.end())
    with wave.open(io.BytesIO(sink.finish())) as file:
        assert file.readframes(99) == b"\x80\x90\xa0" * 3


def test_checksums_are_those_of_zlib():
    writer, sink = begun("png", can_seek=False)
    sink(writer.begin(b"IHDR", size=5))
    sink(writer.data(b"ab"))
    sink(writer.data(memoryview(b"cde")))
    sink(writer.end())
    crc = struct.pack(">I", crc32(b"IHDRabcde"))
    assert sink.finish() == (
        b"\x89PNG\r\n\x1a\n\0\0\0\5IHDRabcde" + crc + b"\0\0\0\0IEND\xae\x42\x60\x82"
    )


@pytest.mark.parametrize(("dialect", "end"), [("png", b"IEND"), ("mng", b"MEND"), ("jng", b"IEND")])
def test_the_last_chunk_is_added_once(dialect, end):
    by_finish = encode(dialect, (b"AAAA", b"1"))
    assert by_finish.startswith(DIALECTS[dialect].signature)
    assert by_finish[-8:-4] == end
    assert encode(dialect, (b"AAAA", b"1"), (end, b"")) == by_finish
    writer, _ = begun(dialect)
    writer.chunk(b"AAAA")
    writer.chunk(end)
    with pytest.raises(NotAllowedNow, match=f"in AAAA: {end.decode()} has been written"):
        writer.chunk(b"AAAA")
    assert writer.finish() == b""


def test_an_end_in_the_middle_of_mng_is_a_chunk_like_others():
    data = encode("mng", (b"MHDR", b""), (b"IEND", b""), (b"MEND", b""))
    assert data.count(b"IEND") == data.count(b"MEND") == 1


def test_a_frame_of_webp_holds_chunks_behind_its_head():
    writer, sink = begun("webp", (b"RIFF", b"WEBP"))
    sink(writer.begin(b"ANMF"))
    with pytest.raises(NotAllowedNow, match="in RIFF WEBP > ANMF > VP8: 16 bytes of data come fi"):
        writer.chunk(b"VP8 ", b"123")
    sink(writer.data(bytes(16)))
    sink(writer.chunk(b"VP8 ", b"123"))
    sink(writer.chunk(b"VP8 ", b"4"))
    with pytest.raises(NotAllowedNow, match="data belongs in a chunk"):
        writer.data(b"more")
    sink(writer.end())
    sink(writer.end())
    data = sink.finish()
    inside = b"VP8 \3\0\0\0" + b"123\0" + b"VP8 \1\0\0\0" + b"4\0"
    assert data == encode("webp", (b"RIFF", b"WEBP", [(b"ANMF", bytes(16) + inside)]))
    (frame,) = read_tree(data, strict=True).chunks[0].children
    assert [each.size for each in frame.inner] == [3, 1]


def test_an_avi_may_go_on_in_further_groups():
    chunks = [(b"RIFF", each, [(b"JUNK", b"")]) for each in (b"AVI ", b"AVIX", b"AVIX")]
    data = encode("avi", *chunks)
    tree = read_tree(data, strict=True, keep_data=True)
    assert tuples_of(tree.chunks) == chunks
    with pytest.raises(NotAllowedNow, match="in RIFF AVI: the top group has ended"):
        encode("avi", chunks[0], chunks[0])


@pytest.mark.parametrize(("kind", "name"), [(b"WEBP", "webp"), (b"AVI ", "avi"), (b"WAVE", "riff")])
def test_the_dialect_is_that_of_the_type(kind, name):
    writer, _ = begun("riff", (b"RIFF", kind))
    assert writer.dialect is DIALECTS[name]


def test_an_unknown_dialect_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="no dialect 'wav'; there are iff, riff"):
        Writer("wav")
