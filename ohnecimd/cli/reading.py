"""Input, run through a connection."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ohnecimd.errors import OhnecimdError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ohnecimd.cli.standard import Input
    from ohnecimd.connection import Connection

__all__ = ["events_of"]


def events_of(
    connection: Connection[Any],
    source: Input,
    advance: Callable[[int], object] = lambda _: None,
) -> Iterator[list[Any]]:
    """Read a source to its end and give what its bytes are, as they come.

    An error after which the connection cannot go on is the last event.

    Args:
        connection: emits the events.
        source: what to read.
        advance: is told how many bytes more have been read.
    """
    while not connection.closing:
        piece = source.read()
        advance(len(piece))
        failure: OhnecimdError | None = None
        step: Callable[[], list[Any] | None] | None
        step = partial(connection.send, piece) if piece else connection.send_eof
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
        if not piece:
            return
