"""``ohnecimd decode``: what a file or a pipe holds, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.cli.commands import Command
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.failures import Failed
from ohnecimd.cli.progress import progress_through
from ohnecimd.cli.reading import add_file, events_of, opened
from ohnecimd.cli.sides import Shown, show_error
from ohnecimd.cli.standard import Output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["COMMAND"]


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def _run(options: Namespace) -> int:
    output = Output()
    decoder = options.side
    connection = decoder.make(options)()
    write_out = _as_json if options.json else _as_text
    faults = 0
    with opened(options.file) as source, progress_through(source.descriptor) as advance:
        for events in events_of(connection, source, advance):
            shown = [
                show_error(event) if isinstance(event, Exception) else decoder.show(event)
                for event in events
            ]
            faults += sum(each.faults or "error" in each.members for each in shown)
            output.write("".join(map(write_out, shown)))
    if faults:
        raise Failed(f"malformed input in {faults} place{'' if faults == 1 else 's'}")
    return 0


def _as_json(shown: Shown) -> str:
    return to_json(shown.members) + "\n"


def _as_text(shown: Shown) -> str:
    is_error = "error" in shown.members
    if "offset" not in shown.members:
        return f"{'!' if is_error else ''}{shown.text}\n"
    return f"{shown.members['offset']} {'!' if is_error else ' '}{shown.text}\n"


COMMAND = Command(
    summary="print what a file or standard input holds",
    run=_run,
    add_arguments=add_file,
    add_options=_add_options,
    defaults={"json": False},
    side=lambda protocol: protocol.decoder,
)
