"""Shows what was measured: tables, JSON, a plot."""

# ruff: noqa: PLC0415 - only the plot needs matplotlib

from __future__ import annotations

import importlib.metadata
import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .race import Race

if TYPE_CHECKING:
    from pathlib import Path

    from .group import Group, Reach

__all__ = ["Report"]

DISTRIBUTIONS = (
    "ohnecimd",
    "construct",
    "msgspec",
    "ohneio",
    "sansproto",
    "standard-chunk",
    "Twisted",
    "websockets",
)


@dataclass
class Report:
    """What one run has measured: each group, and what came of its rows."""

    rounds: int
    groups: list[tuple[Group[Any], dict[str, Any]]] = field(default_factory=list)

    @property
    def reaches(self) -> list[Reach]:
        """What has to be reached in what was measured, and whether it is."""
        return [reach for group, results in self.groups for reach in group.reaches(results)]

    @property
    def missing(self) -> dict[str, str]:
        """Candidates that did not take part, and the module that each wants."""
        return {name: module for group, _ in self.groups for name, module in group.missing.items()}

    def table(self) -> str:
        """Return everything as text."""
        parts = [f"{_interpreter()}; best of {self.rounds}"]
        parts += [_columns(group.cells(results)) for group, results in self.groups]
        if self.missing:
            wanted = ", ".join(
                f"{name} (no module {module})" for name, module in self.missing.items()
            )
            parts.append(f"left out: {wanted}")
        return "\n\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return everything for programs; times in nanoseconds."""
        return {
            "interpreter": _interpreter(),
            "versions": _versions(),
            "rounds": self.rounds,
            "missing": self.missing,
            "groups": {group.name: group.as_json(results) for group, results in self.groups},
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
        """Write the races as an SVG: bars on logarithmic scales, one group a row."""
        import matplotlib as mpl
        from matplotlib.figure import Figure

        mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ohnecimd", "font.size": 8})
        races = [(race, results) for race, results in self.groups if isinstance(race, Race)]
        heights = [0.6 + 1.35 * len(results) for _, results in races]
        figure = Figure(figsize=(7.5, sum(heights)), layout="constrained")
        drawn = figure.subplots(len(races), squeeze=False, height_ratios=heights)
        for (race, results), (axes,) in zip(races, drawn, strict=True):
            _draw(axes, race, results)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw(axes: Any, race: Race[Any], results: dict[str, dict[str, float]]) -> None:
    names = race.names_in(results)
    height = 0.85 / len(names)
    for index, name in enumerate(names):
        bars = [
            (place + index * height, seconds[name] * 1e9)
            for place, seconds in enumerate(results.values())
            if name in seconds
        ]
        drawn = axes.barh(
            [place for place, _ in bars],
            [time for _, time in bars],
            height,
            label=name,
            color=f"C{index}" if name in race.ours else str(0.3 + 0.6 * index / len(names)),
        )
        axes.bar_label(drawn, [f"{time:,.0f}" for _, time in bars], padding=2, fontsize=6)
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.set_xlabel(f"nanoseconds a {race.item}, less is better ({_interpreter()})")
    middle = height * (len(names) - 1) / 2
    axes.set_yticks([place + middle for place in range(len(results))])
    axes.set_yticklabels([row.replace(", ", ",\n") for row in results])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=5, frameon=False)


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
