from __future__ import annotations

from itertools import combinations

import pytest

from ohnecimd.testing import cut_at, cut_every, cuts, name_of_cut


@pytest.mark.parametrize("size", [0, 1, 2, 3, 10, 22, 23, 100, 5000])
def test_every_cut_joins_to_the_data_and_none_comes_twice(size):
    data = bytes(number % 256 for number in range(size))
    ways = list(cuts(data))
    assert all(b"".join(pieces) == data for pieces in ways)
    shapes = [tuple(map(len, pieces)) for pieces in ways]
    assert len(set(shapes)) == len(shapes)


def test_short_data_is_cut_in_two_and_in_three_everywhere():
    data = bytes(range(20))
    ways = list(cuts(data))
    places = range(1, 20)
    assert all(cut_at(data, [place]) in ways for place in places)
    assert all(cut_at(data, pair) in ways for pair in combinations(places, 2))


def test_whole_and_byte_by_byte_come_first():
    ways = cuts(b"abc", limit=3)
    assert list(ways) == [[b"abc"], [b"a", b"b", b"c"], [b"", b"a", b"", b"b", b"", b"c", b""]]


def test_empty_data_come_as_an_empty_piece_and_as_no_piece():
    assert list(cuts(b"")) == [[b""], []]


@pytest.mark.parametrize(
    ("size", "most"), [(100, 256), (10_000, 256), (100_000, 83), (1 << 20, 32)]
)
def test_long_data_do_not_explode(size, most):
    assert 30 <= len(list(cuts(bytes(size)))) <= most


def test_limit_bounds_the_number_of_cuts():
    assert len(list(cuts(bytes(100), limit=40))) == 40


def test_long_data_are_cut_at_edges_line_ends_and_where_asked():
    data = b"x" * 999 + b"\r\n" + b"y" * 2000
    places = {len(pieces[0]) for pieces in cuts(data, at=[777]) if len(pieces) == 2}
    assert {1, 2, 3, 776, 777, 778, 1000, 1001, 1024, len(data) - 1} <= places


def test_cuts_are_the_same_each_time():
    assert list(cuts(bytes(3000))) == list(cuts(bytes(3000)))


def test_pieces_of_no_bytes_are_refused():
    with pytest.raises(ValueError, match="a piece has at least 1 byte, not 0"):
        cut_every(b"abc", 0)


@pytest.mark.parametrize(
    ("pieces", "name"),
    [
        ([], "whole"),
        ([b"abc"], "whole"),
        ([b"a", b"b", b"c"], "byte by byte"),
        ([b"", b"a", b"", b"b", b""], "byte by byte, empty pieces between"),
        ([b"ab", b"cd", b"e"], "in pieces of 2 bytes"),
        ([b"ab", b"cd", b"efg"], "cut after 2 and 4 bytes"),
        ([b"a", b"bcd"], "cut after 1 byte"),
        ([b"ab", b"", b"c"], "cut after 2 and 2 bytes"),
        ([b"", b""], "cut after 0 bytes"),
        (
            cut_at(bytes(40), range(1, 40, 4)),
            "cut after 1, 5, 9, 13, 17, 21, 25, 29 ... bytes (11 pieces)",
        ),
    ],
)
def test_a_cut_has_a_name(pieces, name):
    assert name_of_cut(pieces) == name
