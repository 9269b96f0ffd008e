"""Connections that overhear what others have said: each direction of each stream has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.capture.events import Data, Direction, Ended, Finding, Gap
from ohnecimd.capture.packets import LIMIT
from ohnecimd.capture.streams import HELD_BYTES, MOST_STREAMS, Reassembly, read_streams
from ohnecimd.connection import protocol
from ohnecimd.errors import OhnecimdError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from typing import TypeAlias

    from ohnecimd.connection import Connection
    from ohnecimd.steps import Steps

__all__ = ["Follower", "Heard", "follow"]

Factory: TypeAlias = "Callable[[], Connection[Any]]"


class Heard(msgspec.Struct, frozen=True):
    """What one of the connections has emitted, or the error that ended it.

    Attributes:
        stream: number of the TCP connection.
        direction: of the two.
        event: what was emitted; or an `OhnecimdError`, after which nothing comes of this direction
            before a gap.
        begin: offset, in the direction, of the first byte that the connection was given: its own
            offsets count from there. 0 unless bytes before it are missing.
        time_ns: when it was complete, in nanoseconds since 1970; None if the capture does not say.
    """

    stream: int
    direction: Direction
    event: Any
    begin: int
    time_ns: int | None


class _Listener:
    """A connection, and where it has begun."""

    __slots__ = ("begin", "connection")

    def __init__(self, connection: Connection[Any], begin: int) -> None:
        self.connection = connection
        self.begin = begin


class Follower:
    """Gives the bytes of each direction of each stream to a connection of its own.

    A connection is made when the first byte comes. What it has to say is thrown away, and time
    stands still for it. When bytes are missing it is told that its input has ended, and another
    one begins after the gap.

    Args:
        c2s: makes connections that take what clients send.
        s2c: makes those that take what servers send; None: the same.
    """

    def __init__(self, c2s: Factory, s2c: Factory | None = None) -> None:
        self._factories = {Direction.C2S: c2s, Direction.S2C: s2c or c2s}
        self._listeners: dict[tuple[int, Direction], _Listener] = {}

    def take(self, event: Finding) -> Iterator[Finding | Heard]:
        """Take an event of a `Reassembly`; give what is heard, and all events but `Data`."""
        if isinstance(event, Data):
            key = event.stream, event.direction
            listener = self._listeners.get(key)
            if listener is None:
                connection = self._factories[event.direction]()
                listener = self._listeners[key] = _Listener(connection, event.offset)
            if not listener.connection.closing:
                yield from self._hear(listener, event)
            return
        if isinstance(event, (Gap, Ended)):
            listener = self._listeners.pop((event.stream, event.direction), None)
            if listener is not None and not listener.connection.closing:
                yield from self._hear(listener, event)
        yield event

    @staticmethod
    def _hear(listener: _Listener, event: Data | Gap | Ended) -> Iterator[Heard]:
        for each in _events_after(listener.connection, event):
            yield Heard(event.stream, event.direction, each, listener.begin, event.time_ns)


def _events_after(connection: Connection[Any], event: Data | Gap | Ended) -> Iterator[Any]:
    """Give a connection bytes, or the end of them, and take all that it emits."""
    failure: OhnecimdError | None = None
    try:
        if isinstance(event, Data):
            connection.send(event.data)
        else:
            connection.send_eof()
    except OhnecimdError as error:
        failure = error
    is_over = False
    while not is_over:
        events: list[Any] = []
        try:
            events = connection.events()
            is_over = not connection.read() and not events
        except OhnecimdError as error:
            failure = error
        yield from events
    if failure is not None:
        yield failure


@protocol
def follow(
    c2s: Factory,
    s2c: Factory | None = None,
    *,
    ports: Container[int] | None = None,
    limit: int = LIMIT,
    held_bytes: int = HELD_BYTES,
    most_streams: int = MOST_STREAMS,
) -> Steps[None]:
    """Emit what connections make of the streams in a capture, pcap or pcapng, as `Heard`.

    The events of `Reassembly` that are not `Data` are emitted, too. If the capture itself is
    malformed, all that was found before comes before the error.

    Args:
        c2s: makes connections that take what clients send.
        s2c: makes those that take what servers send; None: the same.
        ports: of servers, as of `Reassembly`, and so are `held_bytes` and `most_streams`.
        limit: of the bytes captured of a packet.
        held_bytes: that wait, in one direction, for bytes before them.
        most_streams: that are remembered.

    Raises:
        Malformed, TooLong, Truncated: as `packets`.
    """
    reassembly = Reassembly(ports=ports, held_bytes=held_bytes, most_streams=most_streams)
    yield from read_streams(reassembly, limit, Follower(c2s, s2c).take)
