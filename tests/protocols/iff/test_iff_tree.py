"""Every file of the samples gives its tree and its problems, and trees of any depth are made."""

from __future__ import annotations

import gc

import pytest
from samples import EXPECTED, NAMES, chunk, feed, group, leaf, nested, read, riff

from ohnecimd.errors import TooLong, Truncated
from ohnecimd.protocols.iff.events import ChunkStart, Data, GroupStart
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import decode
from ohnecimd.protocols.iff.tree import TreeBuilder, read_tree, tree_of, whole
from ohnecimd.testing import cut_every

LISTED = [name for name in NAMES if isinstance(EXPECTED[name]["chunks"], list)]


def expected(name):
    record = EXPECTED[name]
    members = {key: record[key] for key in ("dialect", "chunks", "problems")}
    return members | ({"ds64": record["ds64"]} if "ds64" in record else {})


@pytest.mark.parametrize("name", LISTED)
def test_file_gives_its_tree_and_its_problems_in_their_order(name):
    assert read_tree(read(name)).members() == expected(name)


@pytest.mark.parametrize("name", LISTED)
def test_file_gives_its_tree_and_its_problems_byte_by_byte(name):
    connection = whole()
    for byte in cut_every(read(name), 1):
        connection.send(byte)
    connection.send_eof()
    assert connection.get_result().members() == expected(name)


def test_a_tree_and_its_nodes_say_what_they_are():
    found = read_tree(b"FORM\0\0\0\x0eTESTNAME\0\0\0\2ab" + b"?")
    assert repr(found) == "<iff tree of [<b'FORM' of type b'TEST' at byte 0, 14 bytes>], 1 problem>"
    assert repr(read_tree(b"")) == "<iff tree of [], 1 problem>"


def test_many_empty_chunks_are_all_listed():
    found = read_tree(read("bad-many-empty.riff"))
    (root,) = found.chunks
    assert (root.id, root.type, found.problems) == (b"RIFF", b"TEST", [])
    assert [node.offset for node in root.children] == list(range(12, 32012, 8))
    assert {(node.id, node.size) for node in root.children} == {(b"aaaa", 0)}


def test_tree_can_be_made_of_events():
    data = read("wav-list-info-odd.wav")
    events = feed(cut_every(data, 7))
    assert tree_of(events).members() == read_tree(data).members()
    kept = tree_of(events, keep_data=True).find(b"RIFF", b"data")
    assert kept.data == data[kept.data_offset : kept.data_offset + kept.size]


def test_data_is_kept_on_request_only():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"BBBB", b"defg"))
    for keep_data, kept in [
        (False, [None, None]),
        (True, [b"abc", b"defg"]),
        ([b"BBBB"], [None, b"defg"]),
        (lambda start: start.size == 3, [b"abc", None]),
    ]:
        found = read_tree(data, keep_data=keep_data)
        assert [node.data for node in found.chunks[0].children] == kept


def test_data_that_is_kept_has_a_limit():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"BBBB", b"defg"))
    assert read_tree(data, keep_data=True, keep_bytes=7).problems == []
    with pytest.raises(TooLong, match="at byte 32: more than 6 bytes of data were to be kept"):
        read_tree(data, keep_data=True, keep_bytes=6)


def test_data_of_a_chunk_with_chunks_inside_is_its_own_and_theirs():
    frame = leaf(b"ALPH", b"abc") + leaf(b"VP8 ", b"de")
    data = riff(b"RIFF", b"WEBP", leaf(b"ANMF", b"0123456789abcdef" + frame))
    found = read_tree(data, keep_data=True)
    (frame_node,) = found.chunks[0].children
    assert frame_node.data == b"0123456789abcdef" + frame
    assert [(each.id, each.data) for each in frame_node.inner] == [
        (b"ALPH", b"abc"),
        (b"VP8 ", b"de"),
    ]
    assert frame_node.children == []


def test_tree_is_walked_from_the_top_and_searched_by_path():
    found = read_tree(read("made-list-nest-5.riff"))
    assert [(depth, node.id) for node, depth in found.walk()][:6] == [
        (0, b"RIFF"), (1, b"LIST"), (2, b"LIST"), (3, b"LIST"), (4, b"LIST"), (5, b"leaf"),
    ]  # fmt: skip
    assert found.find(b"RIFF", b"LIST", b"tail").offset == 86
    assert found.find(b"RIFF", b"tail") is None
    assert repr(found.chunks[0]) == "<b'RIFF' of type b'TEST' at byte 0, 86 bytes>"


def test_checksum_of_data_that_was_not_told_is_left_out():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"BBBB"))
    events = feed([data], wanted=False)
    assert not any(isinstance(event, Data) for event in events)
    first, second = tree_of(events).members()["chunks"][0]["children"]
    assert "data_crc32" not in first
    assert second["data_crc32"] == "00000000"


def test_chunk_that_is_too_deep_is_a_leaf_without_data():
    data = nested(3)
    found = read_tree(data, max_depth=2)
    node = found.find(b"FORM", b"FORM", b"FORM")
    assert (node.is_group, node.data_crc32, node.end) == (False, None, len(data))
    assert found.problems == [Problem("too-deep", 24, "more than 2 groups")]


def test_ten_thousand_levels_are_no_more_than_ten_thousand_nodes():
    found = read_tree(nested(10_000), max_depth=10_000)
    assert found.problems == []
    assert max(depth for _, depth in found.walk()) == 9_999
    deep = found.members()
    levels = 0
    inside = deep["chunks"]
    while inside:
        levels += 1
        (deeper,) = inside
        inside = deeper["children"]
    assert levels == 10_000


def test_tree_of_a_quarter_million_levels_is_made_and_forgotten():
    found = read_tree(nested(250_000), max_depth=250_000)
    assert sum(1 for _ in found.walk()) == 250_000
    del found
    gc.collect()


def test_strict_tree_raises_the_first_problem():
    with pytest.raises(Truncated, match="truncated-data"):
        read_tree(read("bad-cut-data.wav"), strict=True)


def test_tree_of_a_walk_that_was_broken_off_ends_where_that_was():
    builder = TreeBuilder()
    connection = decode()
    connection.send(read("wav-pcm16-mono.wav")[:100])
    for event in connection.events():
        builder.append(event)
    found = builder.finished()
    fmt = found.find(b"RIFF", b"fmt ")
    assert (fmt.present, fmt.end) == (16, 36)
    root = found.chunks[0]
    assert root.end >= 36
    assert root.present == root.end - 8


def test_starts_know_where_their_data_begins():
    starts = [each for each in feed([nested(2)]) if isinstance(each, (ChunkStart, GroupStart))]
    assert [each.data_offset for each in starts] == [8, 20]
