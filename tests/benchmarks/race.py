"""Candidates that do the same work in turns: what an item costs each of them."""

from __future__ import annotations

import gc
import importlib.util
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .group import Group, Reach, ratio_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .group import Effort

__all__ = ["Candidate", "Race", "Row", "Turn", "WrongResult", "measure"]

Seconds = dict[str, float]  # an item, for each candidate


class WrongResult(AssertionError):
    """A candidate did not give what is expected: its time would mean nothing."""


@dataclass(frozen=True)
class Candidate:
    """A column of the table; `module` is what has to be installed for it."""

    name: str
    module: str = "ohnecimd"

    @property
    def is_installed(self) -> bool:
        """Whether it can run here."""
        return importlib.util.find_spec(self.module) is not None


C = TypeVar("C", bound=Candidate)


@dataclass(frozen=True)
class Turn:
    """A candidate that is ready for the work of a row.

    `run` does the work and returns its seconds. `warm_up` comes before each, lest it pays for the
    state in which others have left the caches.
    """

    items: int
    run: Callable[[], float]
    warm_up: Callable[[], object] = lambda: None


class Row(ABC, Generic[C]):
    """One kind of work."""

    name: str

    @abstractmethod
    def turn(self, candidate: C, divisor: int) -> Turn | None:
        """Return a turn of so much less of the work; None if the candidate does not do it.

        Raises:
            WrongResult: the candidate does something else.
        """


def measure(row: Row[C], candidates: Iterable[C], *, rounds: int, divisor: int = 1) -> Seconds:
    """Return the seconds an item that each candidate takes at best.

    They take turns, so that whatever else the machine does hits all of them alike.

    Args:
        row: the work.
        candidates: those that are installed and can do it take part.
        rounds: turns of each.
        divisor: cuts the number of items.
    """
    turns = [
        (candidate.name, turn)
        for candidate in candidates
        if candidate.is_installed and (turn := row.turn(candidate, divisor)) is not None
    ]
    best: Seconds = {}
    gc.collect()
    gc.disable()  # and no collecting between turns: it would leave the next one with cold caches
    try:
        for _ in range(rounds):
            for name, turn in turns:
                turn.warm_up()
                elapsed = turn.run() / turn.items
                best[name] = min(elapsed, best.get(name, elapsed))
    finally:
        gc.enable()
    return best


@dataclass(frozen=True)
class Race(Group[Seconds], Generic[C]):
    """A table of times: rows of work, candidates as columns.

    `ours`: the candidates of this library; ratios are to the first of them. `judge` tells what
    has to be reached in the rows it is given. `rounds_at_most`: more turns than this are of no use.
    """

    name: str
    item: str
    ours: tuple[str, ...]
    candidates: tuple[C, ...]
    rows: tuple[Row[C], ...]
    judge: Callable[[Mapping[str, Seconds]], Iterable[Reach]]
    rounds_at_most: int = 1000

    @property
    def row_names(self) -> list[str]:
        return [row.name for row in self.rows]

    @property
    def missing(self) -> dict[str, str]:
        return {each.name: each.module for each in self.candidates if not each.is_installed}

    def measure(self, row_name: str, effort: Effort) -> Seconds:
        row = next(row for row in self.rows if row.name == row_name)
        rounds = min(effort.rounds, self.rounds_at_most)
        return measure(row, self.candidates, rounds=rounds, divisor=effort.divisor)

    def cells(self, results: Mapping[str, Seconds]) -> list[list[str]]:
        names = self.names_in(results)
        base = self.ours[0]
        cells = [[f"ns a {self.item}, and in ratio to {base}", *names]]
        for row, seconds in results.items():
            times = [f"{seconds[name] * 1e9:,.0f}" if name in seconds else "-" for name in names]
            ratios = [ratio_of(seconds, name, base) for name in names]
            cells += [[row, *times]]
            cells += [["", *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)]]
        return cells

    def as_json(self, results: Mapping[str, Seconds]) -> list[dict[str, Any]]:
        return [
            {
                "row": row,
                "nanoseconds": {name: value * 1e9 for name, value in seconds.items()},
                "ratio": {name: ratio_of(seconds, name, self.ours[0]) for name in seconds},
            }
            for row, seconds in results.items()
        ]

    def reaches(self, results: Mapping[str, Seconds]) -> list[Reach]:
        return list(self.judge(results))

    def names_in(self, results: Mapping[str, Seconds]) -> list[str]:
        """Return the candidates that took part, in their order."""
        taken_part = {name for seconds in results.values() for name in seconds}
        return [each.name for each in self.candidates if each.name in taken_part]
