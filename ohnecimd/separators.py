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
    separators = (sep,) if isinstance(sep, bytes) else sep
    if (
        not isinstance(separators, tuple)
        or not separators
        or not all(isinstance(each, bytes) and each for each in separators)
    ):
        raise Misuse(f"a separator is bytes, or a tuple of bytes, and never empty: not {sep!r}")
    return separators


def name(separators: tuple[bytes, ...]) -> str:
    """Return `separators` for people."""
    return " or ".join(repr(each) for each in separators)


def overlap_of(separators: tuple[bytes, ...]) -> int:
    """Return how many bytes at the end of the data may be the beginning of a separator."""
    return max(len(each) for each in separators) - 1


def search(
    data: bytes | bytearray, separators: tuple[bytes, ...], start: int, end: int
) -> tuple[int, int] | None:
    r"""Return where the separator that ends first begins and ends; of those, the longest counts.

    >>> search(b"GET /\r\n", (b"\n", b"\r\n"), 0, 7)
    (5, 7)
    """
    if len(separators) == 1:
        begin = data.find(separators[0], start, end)
        return None if begin < 0 else (begin, begin + len(separators[0]))
    match = _pattern(separators).search(data, start, end)
    if match is None:
        return None
    # The leftmost need not end first: look at what begins inside it.
    begin, stop = match.span()
    places = ((data.find(each, begin, stop), len(each)) for each in separators)
    stop, negative = min((place + size, -size) for place, size in places if place >= 0)
    return stop + negative, stop


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


@functools.lru_cache(maxsize=256)
def _pattern(separators: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(each) for each in separators))
