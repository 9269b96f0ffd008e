"""Ways to cut a byte string into pieces, as a network might."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["CUTS", "cut_at", "cut_every", "cuts", "name_of_cut"]

CUTS = 256
BYTES_IN_ALL = 1 << 23  # long data is cut less often, lest a check takes minutes
CUTS_AT_LEAST = 32
PIECE_SIZES = (2, 3, 5, 7, 16, 64, 100, 512, 1000, 4096, 16384, 65536)
EDGE_BYTES = 16
FEW_PIECES = 3
PLACES_NAMED = 8


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut `data` at these places; a place given twice makes an empty piece.

    >>> cut_at(b"abcdef", [2, 2, 5])
    [b'ab', b'', b'cde', b'f']
    """
    edges = [0, *sorted(places), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


def cut_every(data: bytes, nbytes: int) -> list[bytes]:
    """Cut `data` into pieces of `nbytes`; the last may be shorter.

    >>> cut_every(b"abcdefg", 3)
    [b'abc', b'def', b'g']
    """
    if nbytes < 1:
        raise ValueError(f"a piece has at least 1 byte, not {nbytes}")
    return [data[start : start + nbytes] for start in range(0, len(data), nbytes)]


def cuts(data: bytes, *, at: Iterable[int] = (), limit: int = CUTS) -> Iterator[list[bytes]]:
    r"""Cut `data` in every way worth trying; each time, give the list of pieces.

    First whole, byte by byte, and byte by byte with empty pieces between; then in pieces of equal
    size, in two, and in three. Data of 20 bytes are cut in two and in three everywhere; of longer
    data, so many places are chosen as `limit` allows, always the same: those of `at`, line ends,
    both edges, powers of two, and others evenly spread.

    Args:
        data: what to cut.
        at: places worth cutting at, such as the edges of fields.
        limit: how many cuts at most; data over 32 KiB get fewer of them, so that all together
            hold 8 MiB, but at least 32.

    >>> for pieces in cuts(b"abc"):
    ...     print(name_of_cut(pieces), pieces)
    whole [b'abc']
    byte by byte [b'a', b'b', b'c']
    byte by byte, empty pieces between [b'', b'a', b'', b'b', b'', b'c', b'']
    cut after 2 bytes [b'ab', b'c']
    cut after 1 byte [b'a', b'bc']
    """
    data = bytes(data)
    limit = min(limit, max(CUTS_AT_LEAST, BYTES_IN_ALL // max(1, len(data))))
    seen: set[tuple[int, ...]] = set()
    count = 0
    for pieces in _cuts(data, sorted(set(at)), limit):
        # Only cuts into few pieces can come up twice.
        shape = tuple(map(len, pieces)) if len(pieces) <= FEW_PIECES else (-count,)
        if count < limit and shape not in seen:
            seen.add(shape)
            count += 1
            yield pieces


def _cuts(data: bytes, at: list[int], limit: int) -> Iterator[list[bytes]]:
    size = len(data)
    yield [data]
    single = cut_every(data, 1)
    yield single
    yield [b"", *(piece for byte in single for piece in (byte, b""))]
    sizes = [each for each in PIECE_SIZES if each < size]
    yield from (cut_every(data, each) for each in sizes)
    left = max(0, limit - 3 - len(sizes))
    everywhere = range(1, size)
    if len(everywhere) + _pairs(len(everywhere)) <= left:
        yield from (cut_at(data, [place]) for place in everywhere)
        yield from (cut_at(data, places) for places in combinations(everywhere, 2))
        return
    places = _places(data, at, max(1, left * 2 // 3))
    yield from (cut_at(data, [place]) for place in sorted(places))
    left -= len(places)
    # A short piece in the middle finds what waits for the byte before last.
    narrow = [(place, place + 1) for place in places if place + 1 < size]
    yield from (cut_at(data, pair) for pair in narrow[: left // 2])
    count = 2
    while _pairs(count + 1) <= left - left // 2:
        count += 1
    yield from (cut_at(data, pair) for pair in combinations(_spread(everywhere, count), 2))


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _places(data: bytes, at: Sequence[int], limit: int) -> list[int]:
    """Return at most `limit` places within `data`, the most promising first."""
    size = len(data)
    wanted = [near for place in at for near in (place, place - 1, place + 1)]
    line_ends = [place for place, byte in enumerate(data[: 1 << 16], 1) if byte in b"\r\n"]
    wanted += _spread(line_ends, EDGE_BYTES)
    for distance in range(1, EDGE_BYTES + 1):
        wanted += [distance, size - distance]
    wanted += [
        near
        for power in range(5, size.bit_length())
        for near in (1 << power, (1 << power) - 1, (1 << power) + 1)
    ]
    wanted += _spread(range(1, size), limit)
    inside = dict.fromkeys(place for place in wanted if 0 < place < size)
    return list(inside)[:limit]


def _spread(places: Sequence[int], count: int) -> list[int]:
    """Return `count` of the places, evenly spread."""
    if len(places) <= count:
        return list(places)
    return [places[index * len(places) // count] for index in range(count)]


def name_of_cut(pieces: Sequence[bytes]) -> str:
    """Say how something is cut.

    >>> name_of_cut([b"ab", b"c", b"def"])
    'cut after 2 and 3 bytes'
    """
    sizes = [len(piece) for piece in pieces]
    if len(sizes) <= 1:
        return "whole"
    solid = [size for size in sizes if size]
    gaps = ", empty pieces between" if len(solid) < len(sizes) else ""
    if solid and max(solid) == 1 and (not gaps or len(sizes) > len(solid) + 1):
        return f"byte by byte{gaps}"
    is_even = {*solid[:-1]} == {max(solid, default=0)}  # but for the last, which may be shorter
    if is_even and not gaps and len(solid) >= FEW_PIECES:
        return f"in pieces of {solid[0]} bytes"
    places: list[str] = []
    place = 0
    for size in sizes[:-1]:
        place += size
        places.append(str(place))
    if len(places) > PLACES_NAMED:
        return f"cut after {', '.join(places[:PLACES_NAMED])} ... bytes ({len(sizes)} pieces)"
    last = places.pop()
    listed = f"{', '.join(places)} and {last}" if places else last
    return f"cut after {listed} byte{'' if listed == '1' else 's'}"
