"""Two connections joined in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.testing.clock import FakeClock
from ohnecimd.testing.cutting import cut_every
from ohnecimd.testing.transcripts import Entry, Side, Transcript

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pair", "join"]

T = TypeVar("T")
C = TypeVar("C", bound=Connection[Any])
S = TypeVar("S", bound=Connection[Any])

ROUNDS = 10_000


class Pair(Generic[C, S]):
    r"""A client and a server that hear each other, and what they have said and emitted.

    When the parser of one has ended and all it said is delivered, the input of the other ends.

    Args:
        client, server: have not been used yet; both go by one fake clock from now on.
        piece: cut what they say into pieces of so many bytes; 0: as it comes.
        clock: the fake clock; by default the one that either has, or a new one.

    >>> from ohnecimd import emit, protocol, read_upto, write
    >>> @protocol
    ... def shout():
    ...     yield from write((yield from read_upto(b"\n")).upper())
    >>> @protocol
    ... def ask(question):
    ...     yield from write(question)
    ...     yield from emit((yield from read_upto(b"\n")))
    >>> pair = Pair(ask(b"who?\n"), shout(), piece=1)
    >>> pair.run()
    >>> pair.client_events
    [b'WHO?\n']
    >>> print(pair.transcript, end="")
    C: who?\n
    S: WHO?\n
    S: <end>
    C: <end>
    """

    def __init__(
        self, client: C, server: S, *, piece: int = 0, clock: FakeClock | None = None
    ) -> None:
        self.client = client
        self.server = server
        self.client_events: list[Any] = []
        self.server_events: list[Any] = []
        self.transcript = Transcript()
        if clock is None:
            own = [each.clock for each in (client, server) if isinstance(each.clock, FakeClock)]
            clock = own[0] if own else FakeClock()
        self.clock = clock
        self._piece = piece
        self._errors: list[BaseException] = []
        self._sides: dict[Side, tuple[Connection[Any], Connection[Any], list[Any]]] = {
            "C": (client, server, self.client_events),
            "S": (server, client, self.server_events),
        }
        self._ended: set[Side] = set()
        clock.attach(client)
        clock.attach(server)

    def run(self) -> None:
        """Deliver what they say, until neither says any more.

        Raises:
            AssertionError: they go on and on.
            Exception: what a parser failed with, once, after everything has been delivered.
        """
        self._deliver()
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            raise error

    def advance(self, seconds: float) -> None:
        """Let time pass, with all that happens in it; raises as `run` does."""
        self._deliver()
        start = self.clock.now
        for _ in self.clock.stops(seconds, self.client, self.server):
            for connection in (self.client, self.server):
                self._guarded(connection, connection.tick)
            said = len(self.transcript)
            self._deliver()
            if len(self.transcript) > said:
                passed = Entry("time", seconds=self.clock.now - start)
                self.transcript.entries.insert(said, passed)
                start = self.clock.now
        if self.clock.now > start:
            self.transcript.entries.append(Entry("time", seconds=self.clock.now - start))
        self.run()

    def end(self, side: Side) -> None:
        """Let the input of the other side end, as when `side` shuts its half of the connection."""
        self._deliver()
        self._end(side)
        self.run()

    def _deliver(self) -> None:
        for _ in range(ROUNDS):
            moved = [self._move("C"), self._move("S")]
            if not any(moved):
                return
        raise AssertionError(
            f"client and server still talk after {ROUNDS} rounds, the last of them being\n"
            + "".join(f"{entry}\n" for entry in self.transcript.entries[-4:])
        )

    def _move(self, side: Side) -> bool:
        """Deliver what one side says; tell whether anything happened."""
        sender, receiver, events = self._sides[side]
        # What was queued before an error is there for the next call.
        data = self._guarded(sender, sender.read) or sender.read()
        emitted = self._guarded(sender, sender.events) or sender.events()
        events += emitted
        if data:
            self.transcript.add_bytes(side, data)
            for piece in cut_every(data, self._piece or len(data)):
                if receiver.error is None and side not in self._ended:
                    self._guarded(receiver, receiver.send, piece)
        has_ended = sender.closing and not data and not emitted and side not in self._ended
        if has_ended:
            self._end(side)
        return bool(data or emitted or has_ended)

    def _end(self, side: Side) -> None:
        if side not in self._ended:
            self._ended.add(side)
            self.transcript.entries.append(Entry("end", side))
            receiver = self._sides[side][1]
            if receiver.error is None:
                self._guarded(receiver, receiver.send_eof)

    def _guarded(
        self, connection: Connection[Any], call: Callable[..., T], *args: bytes
    ) -> T | None:
        """Keep the error of a parser for later."""
        try:
            return call(*args)
        except Exception as error:
            if error is not connection.error:
                raise
            self._errors.append(error)
            return None


def join(client: C, server: S, *, piece: int = 0, clock: FakeClock | None = None) -> Pair[C, S]:
    """Join two connections, run them until neither says any more, and return the pair."""
    pair = Pair(client, server, piece=piece, clock=clock)
    pair.run()
    return pair
