"""The search for separators, against a search that tries every place."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import Misuse
from ohnecimd.separators import name, overflow, overlap_of, search, separators_of

SEPARATORS = st.lists(
    st.text("abc", min_size=1, max_size=4).map(str.encode), min_size=1, max_size=4
).map(tuple)
TEXT = st.text("abc", max_size=24).map(str.encode)


def search_everywhere(data, separators, start, end):
    """Find the separator that ends first, and of those that end there the longest, the slow way."""
    places = [
        (stop, stop - len(each))
        for each in separators
        for stop in range(start + len(each), end + 1)
        if data[stop - len(each) : stop] == each
    ]
    if not places:
        return None
    stop, begin = min(places)
    return begin, stop


@pytest.mark.parametrize(
    ("data", "separators", "place"),
    [
        (b"abc", (b"x",), None),
        (b"", (b"x",), None),
        (b"x", (b"x",), (0, 1)),
        (b"a\r\nb", (b"\r\n",), (1, 3)),
        (b"a\r\nb", (b"\n", b"\r\n"), (1, 3)),
        (b"a\nb\r\n", (b"\r\n", b"\n"), (1, 2)),
        (b"aaab", (b"aab",), (1, 4)),
        (b"aaa", (b"aa",), (0, 2)),
        (b"\r\n\r\r\n\r\n", (b"\r\n\r\n",), (3, 7)),
        (b"xabcd", (b"abcd", b"bc"), (2, 4)),
        (b"xabcd", (b"abc", b"abcd"), (1, 4)),
        (b"x.+*y", (b"+*", b".."), (2, 4)),
    ],
)
def test_search_finds_the_separator_that_ends_first(data, separators, place):
    assert search(data, separators, 0, len(data)) == place


@given(TEXT, SEPARATORS, st.data())
def test_search_agrees_with_trying_every_place(data, separators, more):
    start = more.draw(st.integers(0, len(data)))
    end = more.draw(st.integers(start, len(data)))
    expected = search_everywhere(data, separators, start, end)
    assert search(data, separators, start, end) == expected
    assert search(bytearray(data), separators, start, end) == expected


@given(TEXT, SEPARATORS)
def test_search_may_resume_where_no_separator_can_have_begun(data, separators):
    """The engine resumes a search so many bytes before the end of what it has seen."""
    whole = search(data, separators, 0, len(data))
    for cut in range(len(data) + 1):
        if search(data, separators, 0, cut) is None:
            resumed = max(0, cut - overlap_of(separators))
            assert search(data, separators, resumed, len(data)) == whole


def overflow_by_trying(seen, separators, latest):
    """Extend the data in every way that could still make a separator begin in time."""
    for count in range(len(seen) + 1):
        can_begin = any(
            begin >= count or each.startswith(seen[begin:count])
            for each, last in zip(separators, latest, strict=True)
            for begin in range(max(0, count - len(each) + 1), last + 1)
        )
        if not can_begin:
            return count - 1
    return None


@given(TEXT, SEPARATORS, st.integers(0, 6))
def test_overflow_is_the_first_byte_that_settles_it(seen, separators, limit):
    place = search(seen, separators, 0, len(seen))
    if place is None:
        latest = [limit] * len(separators)
        assert overflow(seen, separators, latest) == overflow_by_trying(seen, separators, latest)


@pytest.mark.parametrize(
    ("seen", "separators", "latest", "place"),
    [
        (b"0123456789", (b"\r\n",), [10], None),
        (b"0123456789\r", (b"\r\n",), [10], None),
        (b"0123456789\rx", (b"\r\n",), [10], 11),
        (b"0123456789x", (b"\r\n",), [10], 10),
        (b"0123456789\r\r\n", (b"\r\n",), [10], 11),
        (b"0123456789\r", (b"\r\n", b"\n"), [10, 10], None),
        (b"x", (b"\n",), [0], 0),
        (b"", (b"\n",), [0], None),
    ],
)
def test_overflow_waits_for_a_separator_that_has_begun(seen, separators, latest, place):
    assert overflow(seen, separators, latest) == place


@given(TEXT, SEPARATORS, st.integers(0, 6))
def test_overflow_does_not_depend_on_how_much_follows(seen, separators, limit):
    latest = [limit] * len(separators)
    places = [overflow(seen[:count], separators, latest) for count in range(len(seen) + 1)]
    settled = list(itertools.dropwhile(lambda place: place is None, places))
    assert len(set(settled)) <= 1


@pytest.mark.parametrize(
    "bad", [b"", (), (b"",), (b"a", b""), "a", ("a",), 10, None, [b"a"], (b"a", 10)]
)
def test_what_is_no_separator_is_refused(bad):
    with pytest.raises(Misuse, match="a separator is bytes, or a tuple of bytes, and never empty"):
        separators_of(bad)


def test_separators_are_a_tuple():
    assert separators_of(b"ab") == (b"ab",)
    assert separators_of((b"a", b"b")) == (b"a", b"b")


def test_separators_have_a_name_for_people():
    assert name((b"\r\n", b"\n")) == r"b'\r\n' or b'\n'"


def test_overlap_is_what_the_longest_separator_may_have_begun():
    assert overlap_of((b"a",)) == 0
    assert overlap_of((b"a", b"abc")) == 2
