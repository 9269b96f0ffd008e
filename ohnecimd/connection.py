"""Parsers as connections: bytes go in; bytes, events and deadlines come out."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar, cast, overload

from ohnecimd.engine import NOTHING, Budget, Engine
from ohnecimd.errors import Closed, Malformed, Misuse, NoResult, NotAllowedNow, Truncated
from ohnecimd.output import as_bytes
from ohnecimd.steps import InterruptedParser, Runs, check_parser, trace_of
from ohnecimd.stream import HIGH_WATER_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer as BytesLike

__all__ = ["Connection", "parse", "protocol"]

OUTPUT_WITHOUT_INPUT_BYTES = 1 << 20  # how far a parser gets that writes without end ...
EVENTS_WITHOUT_INPUT = 1 << 16  # ... or emits, in one call
ENDLESS_BYTES = 1 << 26  # so much without input is too much for `parse` ...
EVENT_BYTES = 64  # ... and an event counts as so much

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Connection(Engine, Generic[T_co]):
    r"""One parser, and the bytes, events and times that pass between it and the world.

    Does no I/O: whoever has a socket sends what comes in and delivers what can be read.
    Subclasses add the application's verbs.

    Args:
        steps: the running parser.
        clock: tells the time in seconds, for `deadline` and `tick`.

    >>> from ohnecimd import protocol, read_upto, write
    >>> @protocol
    ... def echo():
    ...     while True:
    ...         line = yield from read_upto(b"\n")
    ...         yield from write(line)
    >>> connection = echo()
    >>> connection.send(b"Hello Wor")
    >>> connection.read()
    b''
    >>> connection.send(b"ld\nand more")
    >>> connection.read()
    b'Hello World\n'
    """

    __slots__ = ()

    def __init__(self, steps: Runs[T_co], *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(steps, clock)

    # In

    def send(self, data: BytesLike) -> None:
        """Take bytes from the peer and run the parser as far as it goes.

        Raises what the parser raises.

        Raises:
            Closed: the parser has failed, or the input has ended.
        """
        if type(data) is not bytes:
            data = as_bytes(data)
        awaited = self._awaited
        if awaited is None or awaited not in data:
            patience = self._patience - (len(data) or 1)  # an empty piece takes its place too
            if patience > 0:
                self._patience = patience
                self._pending.append(data)
                return
            if self._patience:
                self._put_aside(data)
                return
        stream = self._input
        if not self._patience and (self._resume is None or stream.has_ended):
            self._check_open("send()")
        pending = self._pending
        if pending:
            pending.append(data)
            data = b"".join(pending)
            pending.clear()
            self._windows = 0
        stream.feed(data)
        self._run()

    def skip(self, nbytes: int) -> None:
        """Take the next `nbytes` as sent, unseen, and run the parser as far as it goes.

        For a source that can seek over what the parser only drops. Everything is as if the bytes
        had been sent, and costs nothing, however many they are.

        Raises what the parser raises.

        Raises:
            Misuse: they are more than `skippable`.
            Closed: the parser has failed, or the input has ended.
        """
        self._check_open("skip()")
        if not 0 <= nbytes <= self.skippable:
            raise Misuse(
                f"cannot skip {nbytes} bytes: of the next, the parser drops {self.skippable}"
            )
        if nbytes:
            self._input.pass_over(nbytes)
            self._run()

    def send_eof(self) -> None:
        """Note that the peer will send no more, and run the parser on.

        Raises what the parser raises, such as `Truncated`. Once said, saying it again is nothing.
        """
        if not self._input.has_ended:
            self._check_idle()
            self._input.end()
            self._flush()
            self._run()

    def tick(self) -> None:
        """Wake the parser if its `deadline` has passed; raises what the parser raises."""
        output = self._output
        if self.closing or not output.alarms:
            return
        now = output.clock()
        due = [alarm for alarm in output.alarms if not alarm.is_due and alarm.deadline <= now]
        if not due:
            return
        self._check_idle()
        outermost = next((alarm for alarm in due if alarm.interrupts), None)
        for alarm in due if outermost is None else (outermost,):
            alarm.is_due = True
        self._flush()
        self._run(None if outermost is None else InterruptedParser(outermost))

    def close(self) -> None:
        """Give the parser up, as when the peer is lost: its ``finally`` clauses run."""
        if not self.closing:
            self._check_idle()
            self._resume = None
            self._patience = 0
            self.error = Closed("close() was called")
            self._generator.close()

    # Out

    def read(self, nbytes: int = 0) -> bytes:
        """Return bytes for the peer, at most `nbytes` (0: all there are).

        Runs the parser on where it waited for its output to be taken, and raises what it raises;
        what had been read until then is returned by the next call. A parser that writes without
        end gets as far as 1 MiB in one call.
        """
        output = self._output
        if not self._is_resumable:
            return output.read(nbytes)
        data = output.read(nbytes)
        parts, left = [data], nbytes - len(data)
        budget = Budget(self._input, OUTPUT_WITHOUT_INPUT_BYTES)
        try:
            while self._is_resumable and budget.is_left:
                self._run()
                if nbytes and not left:
                    break
                data = output.read(left if nbytes else 0)
                if not data:
                    break
                parts.append(data)
                left -= len(data)
                budget.spend(len(data))
        except BaseException:
            output.unread(b"".join(parts))
            raise
        return b"".join(parts)

    def events(self) -> list[Any]:
        """Return what the parser has emitted since the last call.

        Runs the parser on where it waited for its events to be taken, and raises what it raises;
        the events until then are returned by the next call. A parser that emits without end gets
        as far as 65536 events in one call.
        """
        output = self._output
        self._check_idle()
        events, output.events = output.events, []
        budget = Budget(self._input, EVENTS_WITHOUT_INPUT)
        try:
            while self._is_resumable and budget.is_left:
                self._run()
                if not output.events:
                    break
                budget.spend(len(output.events))
                events += output.events
                output.events = []
        except BaseException:
            output.events = events + output.events
            raise
        return events

    @property
    def has_result(self) -> bool:
        """Whether the parser has returned."""
        return self._result is not NOTHING

    def get_result(self) -> T_co:
        """Return what the parser has returned.

        Raises:
            NoResult: it has not returned, or has failed (then from its error).
        """
        if self._result is NOTHING and self._is_resumable:
            self._run()
        if self._result is NOTHING:
            state = "has not returned yet" if self.error is None else f"has failed: {self.error}"
            raise NoResult(f"the parser {state}") from self.error
        return cast("T_co", self._result)

    # State

    @property
    def deadline(self) -> float | None:
        """When the parser wants `tick` to be called, on the connection's clock; or None."""
        if self.closing:
            return None
        alarms = self._output.alarms
        return min((alarm.deadline for alarm in alarms if not alarm.is_due), default=None)

    @property
    def clock(self) -> Callable[[], float]:
        """What tells the time for `deadline`, in seconds."""
        return self._output.clock

    @property
    def want_input(self) -> bool:
        """Whether to read from the peer.

        False while output or events that nobody takes have piled up, while input has piled up
        that the parser does not wait for, and once nothing more is taken.
        """
        stream, output = self._input, self._output
        if self.closing or stream.has_ended or output.is_full or output.is_crowded:
            return False
        if stream.backlog < HIGH_WATER_BYTES:
            return True
        # It has looked at the input since it was resumed, or it waits for something else.
        return stream.looked_at >= 0 or not (output or output.events or output.alarms)

    @property
    def skippable(self) -> int:
        """How many of the next bytes the parser will drop unseen, whatever they are.

        So many may be told to `skip` instead of being sent. Not 0 only while the parser waits in
        the primitive ``skip`` and nothing around it may want the bytes back.

        >>> from ohnecimd import protocol, read, skip
        >>> @protocol
        ... def word_at_a_billion():
        ...     yield from skip(1_000_000_000)
        ...     return (yield from read(4))
        >>> connection = word_at_a_billion()
        >>> connection.send(b"a beginning")
        >>> connection.skippable
        999999989
        >>> connection.skip(999999989)
        >>> connection.send(b"here")
        >>> connection.get_result(), connection.offset
        (b'here', 1000000004)
        """
        return self._input.skippable

    @property
    def offset(self) -> int:
        """Bytes consumed since the connection began."""
        return self._input.offset

    @property
    def unread(self) -> bytes:
        """Bytes that came in and are not consumed: once the parser has ended, what it left."""
        self._flush()
        return self._input.unread()

    @property
    def trace(self) -> tuple[str, ...]:
        """Where the parser stands: its running generators and labels, from the outside in."""
        return () if self.closing else tuple(trace_of(self._generator))

    def __iter__(self) -> NoReturn:
        """Refuse to be composed, with a clear error."""
        raise Misuse(
            "a connection is no parser: compose the parser itself, and put @protocol on the whole"
        )

    def __repr__(self) -> str:
        if self.error is not None:
            state = f"failed: {self.error!r}"
        else:
            state = "done" if self.has_result else "in " + " > ".join(self.trace)
        return f"<{type(self).__name__} at byte {self.offset}, {state}>"

    # For subclasses

    def _queue(self, data: bytes) -> None:
        """Queue bytes for the peer; for the verbs of subclasses.

        Raises:
            NotAllowedNow: the connection is over.
        """
        if self.closing:
            raise NotAllowedNow("the connection is over") from self.error
        self._output.write(data)


@overload
def protocol(
    parser: Callable[P, Runs[T]], /, *, clock: Callable[[], float] = ...
) -> Callable[P, Connection[T]]: ...
@overload
def protocol(
    *, clock: Callable[[], float]
) -> Callable[[Callable[P, Runs[T]]], Callable[P, Connection[T]]]: ...
def protocol(
    parser: Callable[..., Runs[Any]] = NOTHING,
    /,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Callable[..., Any]:
    """Turn a parser into a factory of connections, with the parser's own signature.

    Args:
        parser: a generator function, a ``functools.partial`` of one, a combined parser.
        clock: tells its connections the time, in seconds.

    >>> from ohnecimd import read
    >>> @protocol
    ... def greeting(size):
    ...     return (yield from read(size)).decode()
    >>> connection = greeting(5)
    >>> connection.send(b"Hello")
    >>> connection.get_result()
    'Hello'
    """
    if parser is NOTHING:
        return functools.partial(protocol, clock=clock)
    check_parser(parser, "protocol")

    @functools.wraps(parser)
    def connect(*args: Any, **kwargs: Any) -> Connection[Any]:  # noqa: ANN401 - typed above
        return Connection(parser(*args, **kwargs), clock=clock)

    return connect


def parse(parser: Callable[[], Runs[T]], data: BytesLike) -> T:
    r"""Run one parser over complete data and return its result; what it writes is dropped.

    Raises what the parser raises.

    Raises:
        Malformed: bytes are left over.
        Truncated: the parser waits for more.
        Misuse: it waits for time to pass, or writes or emits without end.

    >>> from functools import partial
    >>> from ohnecimd import read
    >>> parse(partial(read, 3), b"abcd")
    Traceback (most recent call last):
    ohnecimd.errors.Malformed: at byte 3: expected the end of input, found b'd'
    """
    check_parser(parser, "parse")
    connection = Connection(parser())
    connection.send(data)
    connection.send_eof()
    budget = Budget(connection._input, ENDLESS_BYTES)  # noqa: SLF001 - a connection of our own
    while not connection.has_result:
        output = connection.read()
        events = [] if output else connection.events()
        budget.spend(len(output) + EVENT_BYTES * len(events))
        if not budget.is_left:
            raise Misuse("the parser writes or emits without end")
        if not output and not events and not connection.has_result:
            if connection.deadline is not None:
                raise Misuse("parse() cannot wait for time to pass: use a connection")
            raise Truncated(
                position=connection.offset + len(connection.unread),
                expected="more input",
                partial=connection.unread,
            )
    if connection.unread:
        raise Malformed(
            position=connection.offset, expected="the end of input", found=connection.unread
        )
    return connection.get_result()
