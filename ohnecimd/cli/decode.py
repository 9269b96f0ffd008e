"""``ohnecimd decode``: what a file, a pipe or a capture holds, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ohnecimd.cli import captures
from ohnecimd.cli.captures import Overheard
from ohnecimd.cli.commands import Command
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.failures import Failed
from ohnecimd.cli.progress import progress_through
from ohnecimd.cli.reading import add_file, events_of, opened
from ohnecimd.cli.sides import Shown, show_error
from ohnecimd.cli.standard import Output

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from ohnecimd.connection import Connection

__all__ = ["COMMAND"]


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    captures.add_options(parser)


def _run(options: Namespace) -> int:
    output = Output()
    write_out = _as_json if options.json else _as_text
    faults = 0
    with opened(options.file) as source, progress_through(source.descriptor) as advance:
        begun, is_capture = captures.begin(options, source)
        connection, show = _overheard(options) if is_capture else _plain(options)
        for events in events_of(connection, source, advance, begun):
            shown = [each for each in map(show, events) if each is not None]
            faults += sum(each.faults or "error" in each.members for each in shown)
            if shown:
                output.write("".join(map(write_out, shown)))
    if faults:
        raise Failed(f"malformed input in {faults} place{'' if faults == 1 else 's'}")
    return 0


def _plain(options: Namespace) -> tuple[Connection[Any], Callable[[Any], Shown]]:
    """Return what decodes the input itself, and how to show what comes of it."""
    decoder = options.side

    def show(event: object) -> Shown:
        shown: Shown = show_error(event) if isinstance(event, Exception) else decoder.show(event)
        return shown

    return decoder.make(options)(), show


def _overheard(options: Namespace) -> tuple[Connection[Any], Callable[[Any], Shown | None]]:
    """Return what decodes the streams of a capture, and how to show what comes of it."""
    overheard = Overheard(options)
    return overheard.connection, overheard.show


def _as_json(shown: Shown) -> str:
    return to_json(shown.members) + "\n"


def _as_text(shown: Shown) -> str:
    members = shown.members
    mark = "!" if "error" in members else ""
    place = ""
    if "stream" in members:
        place = f"{members['stream']} {members['direction']} "
    if "offset" not in members:
        return f"{place}{mark}{shown.text}\n"
    return f"{place}{members['offset']} {mark or ' '}{shown.text}\n"


COMMAND = Command(
    summary="print what a file, standard input or a capture holds",
    run=_run,
    add_arguments=add_file,
    add_options=_add_options,
    defaults={"json": False, **captures.DEFAULTS},
    side=lambda protocol: protocol.decoder,
)
