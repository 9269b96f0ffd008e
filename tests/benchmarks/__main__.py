"""The command: ``python -m tests.benchmarks``, from the top of the repository."""

# ruff: noqa: T201 - a command

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .chunks import CHUNKS
from .group import Effort
from .growth import GROWTH
from .memory import MEMORY
from .messages import MESSAGES
from .packets import PACKETS
from .race import Race
from .report import Report
from .streams import STREAMS
from .submits import SUBMITS
from .text import TEXT

if TYPE_CHECKING:
    from .group import Group

GROUPS: tuple[Group[Any], ...] = (STREAMS, GROWTH, MESSAGES, CHUNKS, PACKETS, TEXT, SUBMITS, MEMORY)
QUICK_DIVISOR = 32


def main(arguments: list[str] | None = None) -> int:
    """Measure, show, and return the exit status."""
    options = _options(arguments)
    effort = Effort(1, QUICK_DIVISOR) if options.quick else Effort(options.rounds)
    report = Report(effort.rounds)
    for group, rows in _wanted(options.groups, options.only):
        results = {}
        for row in rows:
            _tell(f"{group.name}: {row}")
            results[row] = group.measure(row, effort)
        report.groups.append((group, results))
    _tell("")
    print(report.table())
    try:
        if options.json:
            options.json.write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
        if options.svg:
            report.plot(options.svg)
    except OSError as error:
        print(f"cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    if options.check:
        print()
        print("\n".join(map(str, report.reaches)))
        return 0 if all(reach.is_reached for reach in report.reaches) else 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    names = [group.name for group in GROUPS]
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure this library's parsers beside others, in one run.",
    )
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"what to measure: {', '.join(names)} (all)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round of little work: no times to quote"
    )
    parser.add_argument("--rounds", type=int, default=40, help="turns of each candidate (40)")
    parser.add_argument(
        "--only", action="append", metavar="TEXT", help="rows whose name holds it; may be repeated"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a plot (needs matplotlib)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="say what has to be reached; exit 1 if something is not",
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds has to be 1 or more, not {options.rounds}")
    for name in options.groups:
        if name not in names:
            parser.error(f"no group {name!r}; there are: {', '.join(names)}")
    rows = [row for _, rows in _wanted(options.groups, None) for row in rows]
    for text in options.only or ():
        if not any(text in row for row in rows):
            parser.error(f"no row holds {text!r}; there are: {'; '.join(rows)}")
    wanted = _wanted(options.groups, options.only)
    if options.svg and not any(isinstance(group, Race) for group, _ in wanted):
        parser.error("--svg shows races, and none is left: growth and memory are not plotted")
    if options.svg and importlib.util.find_spec("matplotlib") is None:
        parser.error("--svg needs matplotlib: pip install 'ohnecimd[benchmark]'")
    return options


def _wanted(groups: list[str], only: list[str] | None) -> list[tuple[Group[Any], list[str]]]:
    """Return the groups that were asked for, all if none, and the rows of each."""
    wanted = [
        (
            group,
            [row for row in group.row_names if not only or any(text in row for text in only)],
        )
        for group in GROUPS
        if not groups or group.name in groups
    ]
    return [(group, rows) for group, rows in wanted if rows]


def _tell(what: str) -> None:
    """Show what is going on, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
