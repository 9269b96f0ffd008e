"""Shows what was measured: a table, JSON, a plot."""

# ruff: noqa: PLC0415 - only the plot needs matplotlib

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .candidates import CANDIDATES, UPTO
from .reach import reaches
from .rows import ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from .reach import Reach

__all__ = ["Report"]

OURS = 2  # so many of the candidates are this library's
DISTRIBUTIONS = ("ohnecimd", "ohneio", "sansproto", "websockets", "Twisted")


@dataclass
class Report:
    """What one run has measured, all times in seconds.

    `rows`: for each row, the time a message of each candidate. `growth`: for each growth its size,
    the time that took, and how many times a tenth of the size took.
    """

    rounds: int
    missing: dict[str, str]  # candidates that did not take part, and the module they want
    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    growth: dict[str, tuple[int, float, float]] = field(default_factory=dict)

    @property
    def reaches(self) -> list[Reach]:
        """What has to be reached in what was measured, and whether it is."""
        growth = {name: times for name, (_, _, times) in self.growth.items()}
        return reaches(self.rows, growth, [row for row in ROWS if row.name in self.rows])

    def table(self) -> str:
        """Return everything as text."""
        parts = [f"{_interpreter()}; best of {self.rounds}; nanoseconds a message, and in ratio"]
        parts[0] += f" to {UPTO}"
        if self.rows:
            parts.append(_columns(self._cells()))
        if self.growth:
            parts.append(_columns(self._growth_cells()))
        if self.missing:
            wanted = ", ".join(
                f"{name} (no module {module})" for name, module in self.missing.items()
            )
            parts.append(f"left out: {wanted}")
        return "\n\n".join(parts)

    def _cells(self) -> list[list[str]]:
        names = [each.name for each in CANDIDATES if each.name not in self.missing]
        cells = [["", *names]]
        for row, seconds in self.rows.items():
            times = [f"{seconds[name] * 1e9:,.0f}" if name in seconds else "-" for name in names]
            ratios = [
                f"{seconds[name] / seconds[UPTO]:.2f}" if name in seconds else "" for name in names
            ]
            cells += [[row, *times], ["", *ratios]]
        return cells

    def _growth_cells(self) -> list[list[str]]:
        cells = [["growth", "size", "nanoseconds each", "10 times as much takes"]]
        for name, (size, seconds, times) in self.growth.items():
            cells.append([name, f"{size:,}", f"{seconds / size * 1e9:,.0f}", f"{times:.1f} times"])
        return cells

    def as_json(self) -> dict[str, Any]:
        """Return everything for programs; times in nanoseconds."""
        return {
            "interpreter": _interpreter(),
            "versions": _versions(),
            "rounds": self.rounds,
            "missing": self.missing,
            "rows": [
                {
                    "row": row,
                    "nanoseconds": {name: value * 1e9 for name, value in seconds.items()},
                    "ratio": {name: value / seconds[UPTO] for name, value in seconds.items()},
                }
                for row, seconds in self.rows.items()
            ],
            "growth": [
                {"what": name, "size": size, "nanoseconds": seconds / size * 1e9, "times": times}
                for name, (size, seconds, times) in self.growth.items()
            ],
            "reaches": [
                {
                    "what": reach.what,
                    "ratio": reach.ratio,
                    "bound": reach.bound,
                    "reached": reach.is_reached,
                }
                for reach in self.reaches
            ],
        }

    def plot(self, path: Path) -> None:
        """Write the rows as an SVG: bars on a logarithmic scale, one group a row."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ohnecimd", "font.size": 8})
        names = [
            each.name for each in CANDIDATES if any(each.name in s for s in self.rows.values())
        ]
        height = 0.85 / len(names)
        figure = Figure(figsize=(7.5, 0.4 + 1.35 * len(self.rows)), layout="constrained")
        axes = figure.subplots()
        for index, name in enumerate(names):
            bars = [
                (place + index * height, seconds[name] * 1e9)
                for place, seconds in enumerate(self.rows.values())
                if name in seconds
            ]
            drawn = axes.barh(
                [place for place, _ in bars],
                [time for _, time in bars],
                height,
                label=name,
                color=f"C{index}" if index < OURS else str(0.3 + 0.6 * index / len(names)),
            )
            axes.bar_label(drawn, [f"{time:,.0f}" for _, time in bars], padding=2, fontsize=6)
        axes.set_xscale("log")
        axes.margins(x=0.12)
        axes.set_xlabel(f"nanoseconds a message, less is better ({_interpreter()})")
        middle = height * (len(names) - 1) / 2
        axes.set_yticks([place + middle for place in range(len(self.rows))])
        axes.set_yticklabels([row.replace(", ", ",\n") for row in self.rows])
        axes.invert_yaxis()
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=5, frameon=False)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _columns(cells: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _interpreter() -> str:
    return f"{platform.python_implementation()} {'.'.join(map(str, sys.version_info[:3]))}"


def _versions() -> dict[str, str]:
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
