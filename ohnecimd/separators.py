"""Finds separators in bytes: which ends first, and when none can be near enough any more.

All places are indices into the data that is searched.
"""

from __future__ import annotations

import functools
import re
from typing import TypeAlias

from ohnecimd.errors import Misuse

__all__ = ["Separator", "name", "overflow", "overlap_of", "search", "separators_of"]

Separator: TypeAlias = bytes | tuple[bytes, ...]


def separators_of(sep: Separator) -> tuple[bytes, ...]:
    """Return `sep` as a tuple; raise `Misuse` if it is no separator."""
    try:
        return _checked(sep)
    except TypeError:  # it, or something in it, cannot be hashed
        raise _misuse(sep) from None


@functools.lru_cache(maxsize=256)
def _checked(sep: Separator) -> tuple[bytes, ...]:
    separators = (sep,) if isinstance(sep, bytes) else sep
    if (
        not isinstance(separators, tuple)
        or not separators
        or not all(isinstance(each, bytes) and each for each in separators)
    ):
        raise _misuse(sep)
    return separators


def _misuse(sep: object) -> Misuse:
    return Misuse(f"a separator is bytes, or a tuple of bytes, and never empty: not {sep!r}")


def name(separators: tuple[bytes, ...]) -> str:
    """Return `separators` for people."""
    return " or ".join(repr(each) for each in separators)


def overlap_of(separators: tuple[bytes, ...]) -> int:
    """Return how many bytes at the end of the data may be the beginning of a separator."""
    return max(len(each) for each in separators) - 1


def search(
    data: bytes | bytearray, separators: tuple[bytes, ...], start: int, end: int, resume: int = 0
) -> tuple[int, int] | None:
    r"""Return where the separator that ends first begins and ends; of those, the longest counts.

    Args:
        data: what is searched,
        separators: for one of these,
        start: from here
        end: to here.
        resume: none of them begins before this place, so that a search can go on from here.

    >>> search(b"GET /\r\n", (b"\n", b"\r\n"), 0, 7)
    (5, 7)
    """
    last, others, pattern = _plan(separators)
    if last:
        begin = data.find(last, max(resume, start), end)
        if begin < 0:
            return None
        stop = begin + len(last)
        for each in others:
            first = stop - len(each)
            if first >= start and data.startswith(each, first):
                return first, stop
        return begin, stop
    match = pattern.search(data, max(resume, start), end)
    if match is None:
        return None
    # The leftmost need not end first: look at what begins inside it.
    begin, stop = match.span()
    places = ((data.find(each, begin, stop), len(each)) for each in separators)
    stop, negative = min((place + size, -size) for place, size in places if place >= 0)
    return stop + negative, stop


@functools.lru_cache(maxsize=256)
def _plan(separators: tuple[bytes, ...]) -> tuple[bytes, list[bytes], re.Pattern[bytes]]:
    """Say how to search: for one that all others end with, if there is one, else with a pattern.

    Returns that one or nothing, the others, the longest first, and the pattern.
    """
    others = sorted(separators, key=len, reverse=True)
    last = others.pop()
    if not all(each.endswith(last) for each in others):
        last = b""
    return last, others, re.compile(b"|".join(re.escape(each) for each in separators))


def overflow(
    seen: bytes | bytearray, separators: tuple[bytes, ...], latest: list[int]
) -> int | None:
    r"""Return the index of the byte after which no separator can begin early enough any more.

    None while one still can. It depends on the bytes alone, not on when they came.

    Args:
        seen: the data, from where the search began.
        separators: none of them ends in time in `seen`.
        latest: for each separator, the last place where it may begin.

    >>> overflow(b"0123456789\rx", (b"\r\n",), [10])
    11
    """
    for count in range(max(latest) + 1, len(seen) + 1):
        if not any(
            each.startswith(seen[begin:count])
            for each, last in zip(separators, latest, strict=True)
            for begin in range(max(0, count - len(each)), last + 1)
        ):
            return count - 1
    return None
