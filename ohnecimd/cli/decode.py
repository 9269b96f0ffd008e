"""``ohnecimd decode``: what a file or a pipe holds, as text or JSON."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ohnecimd.cli.commands import Command
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.failures import BadUse, Failed, reason
from ohnecimd.cli.progress import progress_through
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.sides import Shown, show_error
from ohnecimd.cli.standard import Input, Output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

__all__ = ["COMMAND"]

STANDARD_INPUT = "-"


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default=STANDARD_INPUT,
        help=f"what to read; {STANDARD_INPUT} or none: standard input",
    )


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def _run(options: Namespace) -> int:
    output = Output()
    decoder = options.side
    connection = decoder.make(options)()
    write_out = _as_json if options.json else _as_text
    faults = 0
    with _opened(options.file) as source, progress_through(source.descriptor) as advance:
        for events in events_of(connection, source, advance):
            shown = [
                show_error(event) if isinstance(event, Exception) else decoder.show(event)
                for event in events
            ]
            faults += sum("error" in each.members for each in shown)
            output.write("".join(map(write_out, shown)))
    if faults:
        raise Failed(f"malformed input in {faults} place{'' if faults == 1 else 's'}")
    return 0


@contextmanager
def _opened(name: str) -> Iterator[Input]:
    if name == STANDARD_INPUT:
        if sys.stdin is None:
            raise BadUse("standard input is closed")
        yield Input(sys.stdin.buffer, "standard input")
        return
    try:
        file = open(name, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed below
    except OSError as error:
        raise BadUse(f"cannot read {name!r}: {reason(error)}") from error
    except ValueError as error:  # a zero byte
        raise BadUse(f"cannot read {name!r}: {error}") from error
    with file:
        yield Input(file, repr(name))


def _as_json(shown: Shown) -> str:
    return to_json(shown.members) + "\n"


def _as_text(shown: Shown) -> str:
    mark = "!" if "error" in shown.members else " "
    return f"{shown.members.get('offset', '')} {mark}{shown.text}\n"


COMMAND = Command(
    summary="print what a file or standard input holds",
    run=_run,
    add_arguments=_add_arguments,
    add_options=_add_options,
    defaults={"json": False},
    side=lambda protocol: protocol.decoder,
)
