"""How the cost of this library's parsers grows: how much longer ten times the work takes."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ohnecimd import bounded, choice, expect, get_input, many, protocol, read_upto, times, wait

from .group import Group, Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .group import Effort

__all__ = ["GROWTH", "Growth", "grow"]

FACTOR = 10
LINEAR = 20  # times as long for ten times the work; what is quadratic takes a hundred times
ROUNDS = 3


@dataclass(frozen=True)
class Growth:
    """Some work of size n; `parser` makes the parser, which ends when it has read all of it."""

    name: str
    parser: Callable[[int], Callable[[], Any]]
    is_cut: bool  # n bytes of one line, sent one by one; otherwise n short lines in one send
    largest: int = 1_000_000

    def seconds(self, size: int) -> float:
        """Return how long the work takes."""
        pieces = [b"x"] * (size - 1) + [b"\n"] if self.is_cut else [b"a line\n" * size]
        connection = protocol(self.parser(size))()
        gc.collect()
        gc.disable()
        try:
            start = perf_counter()
            for piece in pieces:
                connection.send(piece)
            elapsed = perf_counter() - start
        finally:
            gc.enable()
        assert connection.has_result, f"{self.name}: not all was read"
        assert not connection.unread, f"{self.name}: something is left"
        return elapsed


def grow(growth: Growth, *, rounds: int = ROUNDS, divisor: int = 1) -> Grown:
    """Return the larger size, its seconds, and how many times that is of a tenth of the size."""
    size = growth.largest // divisor
    small, large = [], []
    for _ in range(rounds):
        small += [growth.seconds(size // FACTOR) for _ in range(5)]
        large.append(growth.seconds(size))
    return size, min(large), min(large) / min(small)


def _line(size: int) -> Callable[[], Any]:
    return partial(read_upto, b"\n", size)


def _lines(size: int) -> Callable[[], Any]:
    return times(partial(read_upto, b"\n"), size)


def _taken(size: int) -> Callable[[], Any]:
    def take_lines() -> Iterator[Any]:
        stream = yield from get_input()
        left = size
        while left:
            if stream.take_upto(b"\n") is None:
                yield from wait()
            else:
                left -= 1

    return take_lines


def _bounded_line(size: int) -> Callable[[], Any]:
    return bounded(_line(size), size)


def _bounded_lines(size: int) -> Callable[[], Any]:
    return bounded(_lines(size), len(b"a line\n") * size)


def _second_choice(parser: Callable[[], Any]) -> Callable[[], Any]:
    return choice(expect(b"never"), parser)


ROWS = (
    Growth("one line, byte by byte", _line, is_cut=True),
    Growth("one line, byte by byte, through bounded", _bounded_line, is_cut=True),
    Growth(
        "one line, byte by byte, through choice",
        lambda size: _second_choice(_line(size)),
        is_cut=True,
    ),
    Growth(
        "one line, byte by byte, through many",
        lambda size: many(_line(size), at_most=1),
        is_cut=True,
    ),
    Growth("lines in one send", _lines, is_cut=False),
    Growth("lines in one send, with get_input", _taken, is_cut=False),
    Growth("lines in one send, through bounded", _bounded_lines, is_cut=False, largest=100_000),
    Growth(
        "lines in one send, through choice",
        lambda size: times(_second_choice(partial(read_upto, b"\n")), size),
        is_cut=False,
        largest=100_000,
    ),
    Growth(
        "lines in one send, through many",
        lambda size: many(partial(read_upto, b"\n"), at_most=size),
        is_cut=False,
        largest=100_000,
    ),
)

Grown = tuple[int, float, float]  # the size, its seconds, and how many times those of a tenth


class _Growths(Group[Grown]):
    name = "growth"

    @property
    def row_names(self) -> list[str]:
        return [growth.name for growth in ROWS]

    def measure(self, row_name: str, effort: Effort) -> Grown:
        growth = next(growth for growth in ROWS if growth.name == row_name)
        return grow(growth, rounds=min(effort.rounds, ROUNDS), divisor=effort.divisor)

    def cells(self, results: Mapping[str, Grown]) -> list[list[str]]:
        cells = [["growth", "size", "ns each", "10 times as much takes"]]
        for name, (size, seconds, factor) in results.items():
            each = seconds / size * 1e9
            cells.append([name, f"{size:,}", f"{each:,.0f}", f"{factor:.1f} times"])
        return cells

    def as_json(self, results: Mapping[str, Grown]) -> list[dict[str, Any]]:
        return [
            {"row": name, "size": size, "nanoseconds": seconds / size * 1e9, "times": factor}
            for name, (size, seconds, factor) in results.items()
        ]

    def reaches(self, results: Mapping[str, Grown]) -> list[Reach]:
        return [
            Reach(f"{name}: 10 times as much", factor, LINEAR)
            for name, (_, _, factor) in results.items()
        ]


GROWTH = _Growths()
