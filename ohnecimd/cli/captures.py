"""Captures, for ``decode``: what a protocol's decoder makes of the TCP connections in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ohnecimd.capture import Ended, Gap, Heard, Opened, Problem, follow, is_capture
from ohnecimd.cli.commands import argument
from ohnecimd.cli.failures import BadUse
from ohnecimd.cli.sides import Shown, show_error

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from ohnecimd.cli.standard import Input
    from ohnecimd.connection import Connection

__all__ = ["DEFAULTS", "Overheard", "add_options", "begin"]

HIGHEST_PORT = 65535
DEFAULTS = {"raw": False, "port": None}


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= HIGHEST_PORT:
        return int(text)
    raise ValueError(f"bad port {text!r}: it is a number from 1 to {HIGHEST_PORT}")


def add_options(parser: ArgumentParser) -> None:
    """Add the options about captures."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--port",
        metavar="N",
        type=argument(_port),
        help="of a capture, only the connections to this port",
    )
    group.add_argument(
        "--raw",
        action="store_true",
        help="take the bytes as they are, even if they begin as a capture does",
    )


def begin(options: Namespace, source: Input) -> tuple[bytes | None, bool]:
    """Return how the input begins, None if nothing was read, and whether it is a capture.

    No more is waited for than it takes to tell.

    Raises:
        BadUse: it is none, and an option is about captures.
    """
    if options.raw:
        return None, False
    begun = source.read()
    found = is_capture(begun) if begun else False
    while found is None and (piece := source.read()):
        begun += piece
        found = is_capture(begun)
    if not found and options.port is not None:
        raise BadUse(f"--port is for captures, and {source.name} is none")
    return begun, bool(found)


class Overheard:
    """What a decoder makes of a capture.

    Args:
        options: that were given, with the decoder as `side`.
    """

    def __init__(self, options: Namespace) -> None:
        decoder = options.side
        ports = None if options.port is None else {options.port}
        self._show: Callable[[Any], Shown] = decoder.show
        self.connection: Connection[None] = follow(decoder.make(options), ports=ports)

    def show(self, event: object) -> Shown | None:
        """Return an event as it is printed; None if it is not."""
        if isinstance(event, Heard):
            return self._placed(event)
        if isinstance(event, Gap):
            members: dict[str, object] = {
                "stream": event.stream,
                "direction": str(event.direction),
                "error": "gap",
                "offset": event.offset,
                "message": str(event),
            }
            return Shown("error", f"gap: {event}", members)
        if isinstance(event, Problem):
            members = {"error": event.kind, "offset": event.offset, "message": event.message}
            return Shown("error", f"{event.kind}: {event.message}", members)
        if isinstance(event, (Opened, Ended)):
            return None
        assert isinstance(event, Exception)
        return show_error(event)

    def _placed(self, heard: Heard) -> Shown:
        """Return what a decoder has said, with the place that it has in the capture."""
        event, begin = heard.event, heard.begin
        shown = show_error(event) if isinstance(event, Exception) else self._show(event)
        members = {"stream": heard.stream, "direction": str(heard.direction), **shown.members}
        text = shown.text
        if begin:
            if isinstance(offset := members.get("offset"), int):
                members["offset"] = offset + begin
            if "message" in members:
                counted = f" (bytes counted from {begin}, after a gap)"
                members["message"] = f"{members['message']}{counted}"
                text += counted
        return Shown(shown.name, text, members, shown.faults)
