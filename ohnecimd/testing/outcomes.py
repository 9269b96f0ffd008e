"""What comes of a protocol when it is given certain bytes, as a value to compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.connection import Connection
from ohnecimd.errors import ProtocolError
from ohnecimd.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "NOTHING",
    "Application",
    "Factory",
    "Failure",
    "Outcome",
    "difference",
    "excerpt",
    "run",
]


Factory: TypeAlias = Callable[[], Connection[Any]]
"""Makes a new connection: what `ohnecimd.protocol` gives, or a class of connections."""

Application: TypeAlias = Callable[[Any, Any], object]
"""Called with the connection and an event: the part of the application in a conversation."""

OUTPUT_BYTES = 1 << 26
EVENTS = 1 << 22
SHOWN_CHARACTERS = 240


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Any = _Nothing()
"""Stands for the result of a parser that has not returned."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended a parser, as far as it can be compared."""

    kind: type[BaseException]
    text: str
    position: int | None = None
    path: tuple[str, ...] = ()
    hint: object = None
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe `error`."""
        if isinstance(error, ProtocolError):
            return cls(type(error), str(error), error.position, error.path, error.hint, error)
        return cls(type(error), str(error), exception=error)

    def __str__(self) -> str:
        hint = "" if self.hint is None else f" (hint: {self.hint!r})"
        return f"{self.kind.__name__}: {self.text}{hint}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a parser.

    Attributes:
        output: all bytes for the peer, those queued before an error included.
        events: all that was emitted.
        result: what the parser returned, or `NOTHING`.
        failure: the error that ended it, or None.
        unread: what a parser that returned has left of its input.
        deadline: when a waiting parser wants to be woken, in seconds since it began, or None.
    """

    output: bytes = b""
    events: tuple[Any, ...] = ()
    result: Any = NOTHING
    failure: Failure | None = None
    unread: bytes = b""
    deadline: float | None = None

    @property
    def state(self) -> str:
        """How it stands: ``returned``, ``failed`` or ``waiting``."""
        if self.failure is not None:
            return "failed"
        return "waiting" if self.result is NOTHING else "returned"

    def rows(self) -> Iterator[tuple[str, object]]:
        """Give the name and the value of everything there is to tell."""
        yield "state", self.state
        yield "output", self.output
        yield "events", list(self.events)
        yield "result", self.result
        yield "failure", NOTHING if self.failure is None else self.failure
        yield "unread", self.unread
        yield "deadline", NOTHING if self.deadline is None else self.deadline

    def __str__(self) -> str:
        """One line for each thing."""
        lines = []
        for name, value in self.rows():
            if name == "state":
                lines.append(f"{name:8} {value}")
            elif value is not NOTHING and (name == "result" or value not in (b"", [])):
                text = str(value) if isinstance(value, Failure) else excerpt(repr(value))
                lines.append(f"{name:8} {text}")
        return "\n".join(lines)


def run(
    factory: Factory,
    pieces: Iterable[bytes],
    *,
    eof: bool = True,
    late: bool = False,
    wakes: int = 0,
    application: Application | None = None,
) -> Outcome:
    r"""Feed a new connection these pieces and return what comes of it.

    The connection goes by a clock of its own that stands still, so that nothing times out. What
    the parser raises is part of the outcome; what the `application` raises is raised.

    Args:
        factory: makes the connection.
        pieces: bytes from the peer.
        eof: whether the peer's input ends after them.
        late: take output and events only after the last piece, not after each.
        wakes: how often, after all that, the clock goes on to the parser's deadline.
        application: called with the connection and each event, as soon as it is taken.

    >>> from ohnecimd import protocol, read_until, write
    >>> @protocol
    ... def greet():
    ...     yield from write(b"Hello " + (yield from read_until(b"\n")))
    >>> print(run(greet, [b"Wo", b"rld\nmore"]))
    state    returned
    output   b'Hello World'
    result   None
    unread   b'more'
    """
    connection = factory()
    clock = FakeClock()
    clock.attach(connection)
    taken = _Taken(connection, application)
    try:
        if not late:
            taken.take()
        for piece in pieces:
            connection.send(piece)
            if not late:
                taken.take()
        if eof:
            connection.send_eof()
        taken.take()
        for _ in range(wakes):
            if not clock.wake(connection):
                break
            taken.take()
    except Exception as error:
        if error is not connection.error:
            raise
        taken.take()
    has_result = connection.has_result
    return Outcome(
        output=bytes(taken.output),
        events=tuple(taken.events),
        result=connection.get_result() if has_result else NOTHING,
        failure=None if connection.error is None else Failure.of(connection.error),
        unread=connection.unread if has_result else b"",
        deadline=connection.deadline,
    )


class _Taken:
    """What has been taken from a connection."""

    def __init__(self, connection: Connection[Any], application: Application | None) -> None:
        self.connection = connection
        self.application = application
        self.output = bytearray()
        self.events: list[Any] = []

    def take(self) -> None:
        """Take output and events until there are no more."""
        connection = self.connection
        while True:
            output = connection.read()
            self.output += output
            events = connection.events()
            for event in events:
                self.events.append(event)
                if self.application is not None:
                    self.application(connection, event)
            if not output and not events:
                return
            if len(self.output) > OUTPUT_BYTES or len(self.events) > EVENTS:
                raise AssertionError(
                    f"the parser never stops: it wrote {len(self.output)} bytes and emitted "
                    f"{len(self.events)} events"
                )


def difference(
    first: Outcome, second: Outcome, names: tuple[str, str] = ("first", "second")
) -> str:
    """Say in which points two outcomes differ; empty if they do not.

    >>> print(difference(Outcome(output=b"You"), Outcome(output=b"Yes"), ("whole", "cut")))
    output differs at byte 1:
      whole  b'You'
      cut    b'Yes'
    """
    width = max(map(len, names)) + 1
    lines = []
    for (name, one), (_, other) in zip(first.rows(), second.rows(), strict=True):
        if one == other:
            continue
        place, texts = _compared(one, other)
        verb = "differ" if name == "events" else "differs"
        lines.append(f"{name} {verb}{place}:")
        lines += [f"  {who:{width}} {text}" for who, text in zip(names, texts, strict=True)]
    return "\n".join(lines)


def _compared(one: object, other: object) -> tuple[str, tuple[str, str]]:
    """Return where two values differ, and what to show of each."""
    if isinstance(one, Failure) and isinstance(other, Failure):
        texts = (str(one), str(other)) if str(one) != str(other) else (repr(one), repr(other))
        return "", texts
    place = ""
    start = 0
    if isinstance(one, (bytes, list)) and isinstance(other, (bytes, list)):
        start = next(
            (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
            min(len(one), len(other)),
        )
        place = f" at {'byte' if isinstance(one, bytes) else 'event'} {start}"
    texts = repr(one), repr(other)
    if texts[0] == texts[1]:
        place += " (they look the same: are they compared by identity?)"
    elif max(map(len, texts)) > SHOWN_CHARACTERS and isinstance(one, (bytes, list)):
        near = max(0, start - 8)
        ahead = f"[{near}:] " if near else ""
        texts = f"{ahead}{one[near:]!r}", f"{ahead}{other[near:]!r}"  # type: ignore[index]
    return place, (excerpt(texts[0]), excerpt(texts[1]))


def excerpt(text: str) -> str:
    """Return the beginning of `text`, if it is long."""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
