"""Input: where it comes from, and how it runs through a connection."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.failures import BadUse, reason
from ohnecimd.cli.standard import Input
from ohnecimd.errors import OhnecimdError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterator

    from ohnecimd.connection import Connection

__all__ = ["add_file", "events_of", "opened"]

STANDARD_INPUT = "-"


def add_file(parser: ArgumentParser) -> None:
    """Add the argument that names what is to be read."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default=STANDARD_INPUT,
        help=f"what to read; {STANDARD_INPUT} or none: standard input",
    )


@contextmanager
def opened(name: str) -> Iterator[Input]:
    """Open what an argument names.

    Raises:
        BadUse: it cannot be read.
    """
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


def events_of(
    connection: Connection[Any],
    source: Input,
    advance: Callable[[int], object] = lambda _: None,
    begun: bytes | None = None,
) -> Iterator[list[Any]]:
    """Read a source to its end and give what its bytes are, as they come.

    An error after which the connection cannot go on is the last event. What the connection does
    not want to see is not even read, where the source can seek.

    Args:
        connection: emits the events.
        source: what to read.
        advance: is told how many bytes more have been read.
        begun: what has been read of it already; empty: that was the end of it.
    """
    while not connection.closing:
        passed, piece = 0, b""
        act: Callable[[], None]
        if begun is None and (passed := source.skip(connection.skippable)):
            advance(passed)
            act = partial(connection.skip, passed)
        elif piece := source.read() if begun is None else begun:
            advance(len(piece))
            act = partial(connection.send, piece)
        else:
            act = connection.send_eof
        begun = None
        yield from _events_after(connection, act)
        if not (passed or piece):
            return


def _events_after(connection: Connection[Any], act: Callable[[], None]) -> Iterator[list[Any]]:
    """Do something to a connection, and give what comes of it."""
    failure: OhnecimdError | None = None
    step: Callable[[], list[Any] | None] | None = act
    while step is not None:
        try:
            events = step() or connection.events()
        except OhnecimdError as error:
            failure = error
            events = connection.events()
        if events:
            yield events
        step = connection.events if events else None
    if failure is not None:
        yield [failure]
