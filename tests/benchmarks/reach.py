"""What has to be reached: ratios within one run, never seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .candidates import OHNEIO, TAKE, UPTO, WEBSOCKETS
from .rows import MIB, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .rows import Row

__all__ = ["Reach", "reaches"]

LINEAR = 20  # times as long for ten times the work; what is quadratic takes a hundred times


@dataclass(frozen=True)
class Reach:
    """One thing to be reached; `ratio` is None where what it compares was not measured."""

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


def reaches(
    results: Mapping[str, Mapping[str, float]],
    growth: Mapping[str, float],
    rows: Iterable[Row] = ROWS,
) -> list[Reach]:
    """Return everything that is to be reached.

    Args:
        results: for each row that was measured, the seconds of each candidate.
        growth: for each growth that was measured, how many times longer ten times the work took.
        rows: those to be judged.
    """

    def ratio(row: Row, one: str, other: str) -> float | None:
        seconds = results.get(row.name, {})
        return seconds[one] / seconds[other] if one in seconds and other in seconds else None

    found = []
    for row in rows:
        if row.message_bytes == 64 and not row.is_framed:
            to_ohneio, to_rival, hot = (
                ratio(row, OHNEIO, UPTO),
                ratio(row, UPTO, WEBSOCKETS),
                ratio(row, TAKE, WEBSOCKETS),
            )
            found += [
                Reach(f"{row.name}: ohneio / read_upto", to_ohneio, 6, is_floor=True),
                Reach(f"{row.name}: read_upto / websockets", to_rival, 1.7),
                Reach(f"{row.name}: get_input / websockets", hot, 1),
            ]
        elif row.message_bytes == MIB:
            found.append(Reach(f"{row.name}: read / websockets", ratio(row, UPTO, WEBSOCKETS), 1.3))
    found += [Reach(f"{name}: 10 times as much", times, LINEAR) for name, times in growth.items()]
    return found
