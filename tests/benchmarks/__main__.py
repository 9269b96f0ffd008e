"""The command: ``python -m tests.benchmarks``, from the top of the repository."""

# ruff: noqa: T201 - a command

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from .candidates import CANDIDATES
from .growth import GROWTHS, grow
from .report import Report
from .rows import ROWS, measure

QUICK_DIVISOR = 32
GROWTH_ROUNDS = 3


def main(arguments: list[str] | None = None) -> int:
    """Measure, show, and return the exit status."""
    options = _options(arguments)
    rounds = 1 if options.quick else options.rounds
    divisor = QUICK_DIVISOR if options.quick else 1
    missing = {each.name: each.module for each in CANDIDATES if not each.is_installed}
    report = Report(rounds, missing)
    for row in ROWS:
        if _is_wanted(row.name, options.only):
            _tell(row.name)
            report.rows[row.name] = measure(row, rounds=rounds, divisor=divisor)
    kind = ""
    for growth in GROWTHS:
        kind = kind if growth.name.startswith("...") else growth.name
        name = f"{kind} {growth.name[4:]}" if growth.name.startswith("...") else kind
        if _is_wanted(name, options.only):
            _tell(name)
            report.growth[name] = grow(growth, rounds=min(rounds, GROWTH_ROUNDS), divisor=divisor)
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
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure this library's parsers beside others, in one run.",
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
    names = [row.name for row in ROWS] + [growth.name for growth in GROWTHS]
    for text in options.only or ():
        if not any(text in name for name in names):
            parser.error(f"no row holds {text!r}; there are: {'; '.join(names)}")
    if options.svg and not any(_is_wanted(row.name, options.only) for row in ROWS):
        parser.error("--svg shows rows, and --only leaves none: growth is not plotted")
    if options.svg and importlib.util.find_spec("matplotlib") is None:
        parser.error("--svg needs matplotlib: pip install 'ohnecimd[benchmark]'")
    return options


def _is_wanted(name: str, only: list[str] | None) -> bool:
    return not only or any(text in name for text in only)


def _tell(what: str) -> None:
    """Show what is going on, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
