"""What is measured, shown and judged together: a group, which the command line calls by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Effort", "Group", "Reach", "ratio_of"]

R = TypeVar("R")


@dataclass(frozen=True)
class Effort:
    """How much to measure: so many rounds of work; `divisor` cuts the work of each."""

    rounds: int = 40
    divisor: int = 1


@dataclass(frozen=True)
class Reach:
    """One thing to be reached: a ratio within one run, never seconds.

    `ratio` is None where what it compares was not measured.
    """

    what: str
    ratio: float | None
    bound: float
    is_floor: bool = False  # the ratio is to be at least `bound`, not at most

    @property
    def is_reached(self) -> bool:
        """Whether it was measured, and is as it has to be."""
        if self.ratio is None:
            return False
        return self.ratio >= self.bound if self.is_floor else self.ratio <= self.bound

    def __str__(self) -> str:
        if self.ratio is None:
            return f"not measured  {self.what}"
        sign = ">=" if self.is_floor else "<="
        state = "reached     " if self.is_reached else "NOT reached "
        return f"{state}  {self.what}: {self.ratio:.2f} (has to be {sign} {self.bound:g})"


def ratio_of(values: Mapping[str, float], one: str, other: str) -> float | None:
    """Return how many times the value of `other` that of `one` is; None if one is not there."""
    return values[one] / values[other] if one in values and other in values else None


class Group(ABC, Generic[R]):
    """Rows of one kind; `R` is what comes of one."""

    name: str

    @property
    @abstractmethod
    def row_names(self) -> list[str]:
        """The rows, in order."""

    @property
    def missing(self) -> dict[str, str]:
        """Candidates that cannot take part, and the module that each wants."""
        return {}

    @abstractmethod
    def measure(self, row_name: str, effort: Effort) -> R:
        """Measure a row."""

    @abstractmethod
    def cells(self, results: Mapping[str, R]) -> list[list[str]]:
        """Return the table of the rows that were measured, its head first."""

    @abstractmethod
    def as_json(self, results: Mapping[str, R]) -> list[dict[str, Any]]:
        """Return the same for programs."""

    @abstractmethod
    def reaches(self, results: Mapping[str, R]) -> list[Reach]:
        """Return what has to be reached in the rows that were measured."""
