"""A clock that only moves when a test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.connection import Connection

__all__ = ["FakeClock"]

C = TypeVar("C", bound="Connection[Any]")

STOPS = 10_000  # a parser that sets a new alarm at each of them never lets the time pass


class FakeClock:
    """Time in seconds that stands still until it is moved; call it to read it.

    Give it to `ohnecimd.protocol` (or to a `Connection`) as its `clock`, or `attach` it to a
    connection that has not been used yet.

    >>> from ohnecimd import protocol, sleep, write
    >>> clock = FakeClock()
    >>> @protocol(clock=clock)
    ... def late():
    ...     yield from sleep(60)
    ...     yield from write(b"hello")
    >>> connection = late()
    >>> connection.read(), connection.deadline
    (b'', 60.0)
    >>> clock.advance(60, connection)
    >>> connection.read()
    b'hello'
    """

    __slots__ = ("now",)

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self.now:g} s>"

    def attach(self, connection: C) -> C:
        """Make `connection`, which has not been used yet, go by this clock; return it."""
        connection._output.clock = self  # noqa: SLF001 - the kit belongs to the engine
        return connection

    def advance(self, seconds: float, *connections: Connection[Any]) -> None:
        """Let time pass, and tick the connections at each of their deadlines in it.

        A parser starts with the first `send`, `read` or `events` of its connection; before that
        it has no deadline. Raises what the parsers raise.
        """
        for _ in self.stops(seconds, *connections):
            for connection in connections:
                connection.tick()

    def wake(self, *connections: Connection[Any]) -> bool:
        """Go on to the earliest deadline of the connections and tick them; False: there is none."""
        deadlines = [each.deadline for each in connections if each.deadline is not None]
        if not deadlines:
            return False
        self.advance(max(0.0, min(deadlines) - self.now), *connections)
        return True

    def stops(self, seconds: float, *connections: Connection[Any]) -> Iterator[float]:
        """Let time pass, and stop at each deadline of the connections and at the end of it.

        Whoever iterates has to tick the connections at each stop.
        """
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds:g} s")
        end = self.now + seconds
        for _ in range(STOPS):
            deadlines = [each.deadline for each in connections if each.deadline is not None]
            stop = min((max(each, self.now) for each in deadlines if each < end), default=end)
            self.now = stop
            yield stop
            if stop == end:
                return
        raise AssertionError(f"more than {STOPS} deadlines within {seconds:g} s")
