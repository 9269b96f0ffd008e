"""``ohnecimd explain``: a hex dump with the name of every field beside its bytes."""

from __future__ import annotations

import os
import stat
from itertools import islice
from typing import TYPE_CHECKING

from ohnecimd.capture import is_capture
from ohnecimd.cli.commands import Command, positive
from ohnecimd.cli.dump import html_of, text_of
from ohnecimd.cli.failures import BadUse, Failed, reason
from ohnecimd.cli.progress import progress_through
from ohnecimd.cli.reading import add_file, opened
from ohnecimd.cli.standard import Output
from ohnecimd.domains import plural
from ohnecimd.errors import ProtocolError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator

    from ohnecimd.cli.standard import Input
    from ohnecimd.messages import Span

__all__ = ["COMMAND"]

MOST_BYTES = 1 << 26
MOST_ROWS = 8
LINES_AT_ONCE = 512
STEP_BYTES = 1 << 16  # of progress
STANDARD_OUTPUT = "-"


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        metavar="OUT",
        help=f"write a page of HTML to this file instead; {STANDARD_OUTPUT}: standard output",
    )
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument(
        "--rows",
        metavar="N",
        type=positive("number of rows"),
        help=f"lines for one field; the rest of its bytes is counted (default: {MOST_ROWS})",
    )
    rows.add_argument(
        "--all", dest="rows", action="store_const", const=None, help="all lines of all fields"
    )


def _run(options: Namespace) -> int:
    with opened(options.file) as source, progress_through(source.descriptor) as advance:
        data = _whole(source)
        if is_capture(data):
            raise BadUse(
                f"{source.name} is a capture: explain takes what one side has said, as bytes"
            )
        found = _Counted(options.side.explain(options, data), advance)
        if options.html is None:
            _print(text_of(data, found, options.rows))
        else:
            title = f"{options.protocol}: {source.name}"
            _write(options.html, html_of(title, data, found, options.rows), source)
    if found.faults:
        raise Failed(f"malformed input in {plural(found.faults, 'place')}")
    return 0


def _whole(source: Input) -> bytes:
    pieces = []
    size = 0
    while piece := source.read():
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise Failed(
                f"{source.name} has more than the {MOST_BYTES >> 20} MiB that explain takes"
            )
    return b"".join(pieces)


class _Counted:
    """What is found in bytes, as it comes; counts what is wrong.

    Args:
        found: spans and errors.
        advance: is told how many bytes more have been explained.
    """

    def __init__(
        self, found: Iterable[Span | ProtocolError], advance: Callable[[int], object]
    ) -> None:
        self._found = found
        self._advance = advance
        self.faults = 0

    def __iter__(self) -> Iterator[Span | ProtocolError]:
        at = 0
        for each in self._found:
            if isinstance(each, ProtocolError):
                self.faults += 1
            elif each.end >= at + STEP_BYTES:
                self._advance(each.end - at)
                at = each.end
            yield each


def _print(lines: Iterator[str]) -> None:
    output = Output()
    while batch := list(islice(lines, LINES_AT_ONCE)):
        output.write("".join(f"{line}\n" for line in batch))


def _write(name: str, lines: Iterator[str], source: Input) -> None:
    if name == STANDARD_OUTPUT:
        _print(lines)
        return
    if _is_same_file(name, source.descriptor):
        raise BadUse(f"cannot write {name!r}: it is what is read")
    try:
        file = open(name, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as given; closed below
    except OSError as error:
        raise BadUse(f"cannot write {name!r}: {reason(error)}") from error
    except ValueError as error:  # a zero byte
        raise BadUse(f"cannot write {name!r}: {error}") from error
    try:
        with file:
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise Failed(f"cannot write {name!r}: {reason(error)}") from error


def _is_same_file(name: str, descriptor: int | None) -> bool:
    """Tell whether a name is that of the file that is open, which would be lost."""
    try:
        there = os.stat(name)  # noqa: PTH116 - a name as it was given
        return (
            descriptor is not None
            and stat.S_ISREG(there.st_mode)
            and os.path.samestat(there, os.fstat(descriptor))
        )
    except (OSError, ValueError):
        return False


COMMAND = Command(
    summary="dump bytes with the name of every field beside them",
    run=_run,
    add_arguments=add_file,
    add_options=_add_options,
    defaults={"html": None, "rows": MOST_ROWS},
    side=lambda protocol: protocol.explainer,
)
