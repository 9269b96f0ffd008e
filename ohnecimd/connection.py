"""Drives one parser: bytes go in; bytes, events and deadlines come out.

Strategy. A `Connection` is the loop that answers a parser's requests. It resumes the parser only
where that has a use: primitives that wait for input note how much they need
(`InputStream.feed`), so that a million small pieces of one large thing cost a million appends
and one resumption. It starts the parser when it is made, up to its first request, and answers
that when something is done with the connection for the first time, as ohneio does.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar, cast, overload

from ohnecimd.errors import (
    Closed,
    Malformed,
    Misuse,
    NoResult,
    NotAllowedNow,
    ProtocolError,
    Truncated,
)
from ohnecimd.output import OutputBuffer
from ohnecimd.steps import (
    GET_INPUT,
    GET_OUTPUT,
    WAIT,
    InterruptedParser,
    Runs,
    fault_of,
    generator_of,
    kind_of,
    trace_of,
)
from ohnecimd.stream import HIGH_WATER_BYTES, InputStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer as BytesLike

__all__ = ["Connection", "parse", "protocol"]

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# A parser that makes so many requests without consuming, writing or emitting anything is lost in
# a loop; one that writes so much, or emits so often, without consuming may go on at the next call.
REQUESTS_WITHOUT_PROGRESS = 100_000
LAPS = bytes(REQUESTS_WITHOUT_PROGRESS)  # to count so far: faster to iterate than a range
OUTPUT_WITHOUT_INPUT_BYTES = 1 << 20
EVENTS_WITHOUT_INPUT = 1 << 16
LARGE_BYTES = 65536
WINDOW_BYTES = (
    4096  # pieces that are put aside are joined, lest small ones cost more than they hold
)

_NOTHING: Any = object()


class Connection(Generic[T_co]):
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

    __slots__ = (
        "__weakref__",
        "_awaited",
        "_generator",
        "_input",
        "_missing",
        "_output",
        "_patience",
        "_pending",
        "_request",
        "_result",
        "_resume",
        "_windows",
        "error",
    )

    error: BaseException | None
    """The exception that ended the parser, or None."""

    def __init__(self, steps: Runs[T_co], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._input = InputStream()
        self._output = OutputBuffer(clock)
        self._generator = generator_of(steps)
        self._resume: Callable[[Any], Any] | None = self._generator.send  # None while it runs
        self._result: Any = _NOTHING
        # Pieces that the parser has no use for yet, since it has looked for one thing in vain
        self._pending: list[bytes] = []
        self._windows = 0  # so many of them are joined already
        self._missing = 0  # bytes that could be of use, when the window began; 0: any might be
        self._patience = 0  # bytes that may still be put aside in this window
        self._awaited: int | None = None  # a byte that makes a piece useful
        self.error = None
        try:
            self._request = next(self._generator)
        except StopIteration as stop:
            self._resume = None
            self._result = stop.value

    # In

    def send(self, data: BytesLike) -> None:
        """Take bytes from the peer and run the parser as far as it goes.

        Raises what the parser raises.

        Raises:
            Closed: the parser has failed, or the input has ended.
        """
        if type(data) is not bytes:
            data = bytes(memoryview(data))
        awaited = self._awaited
        patience = self._patience - len(data)
        if patience > 0 and (awaited is None or awaited not in data):
            self._patience = patience
            self._pending.append(data)
            return
        stream = self._input
        if self._resume is None or stream.has_ended:
            self._check_open("send()")
        if self._missing:
            if awaited is None or awaited not in data:
                self._count(data)
                return
            if self._pending:
                self._pending.append(data)
                data = b"".join(self._pending)
                self._pending.clear()
                self._windows = 0
        stream.feed(data)
        self._run()

    def send_eof(self) -> None:
        """Note that the peer will send no more, and run the parser on.

        Raises what the parser raises, such as `Truncated`. Once said, saying it again is nothing.
        """
        if not self._input.has_ended:
            self._check_not_running("send_eof()")
            self._input.end()
            self._flush()
            self._run()

    def tick(self) -> None:
        """Wake the parser if its `deadline` has passed; raises what the parser raises."""
        output = self._output
        if self.closing or not output.alarms:
            return
        now = output.clock()
        due = [alarm for alarm in output.alarms if alarm.deadline <= now]
        for alarm in due:
            alarm.is_due = True
        outermost = next((alarm for alarm in due if alarm.interrupts), None)
        if due:
            self._flush()
            self._run(None if outermost is None else InterruptedParser(outermost))

    def close(self) -> None:
        """Give the parser up, as when the peer is lost: its ``finally`` clauses run."""
        if not self.closing:
            self._check_not_running("close()")
            self._resume = None
            self._patience = self._missing = 0
            self.error = Closed("the connection was closed")
            self._generator.close()

    # Out

    def read(self, nbytes: int = 0) -> bytes:
        """Return bytes for the peer, at most `nbytes` (0: all there are).

        Runs the parser on where it waited for its output to be taken, and raises what it raises;
        what had been read until then is returned by the next call. A parser that writes without
        end gets as far as 1 MiB in one call.
        """
        output = self._output
        data = output.read(nbytes)
        if not self._is_resumable:
            return data
        parts, left, budget = [data], nbytes - len(data), OUTPUT_WITHOUT_INPUT_BYTES
        offset = self._input.offset
        try:
            while self._is_resumable and budget > 0:
                self._run()
                if nbytes and not left:
                    break
                data = output.read(left if nbytes else 0)
                if not data:
                    break
                parts.append(data)
                left -= len(data)
                budget -= len(data)
                if self._input.offset != offset:
                    offset, budget = self._input.offset, OUTPUT_WITHOUT_INPUT_BYTES
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
        events, output.events = output.events, []
        budget, offset = EVENTS_WITHOUT_INPUT, self._input.offset
        try:
            while self._is_resumable and budget > 0:
                self._run()
                if not output.events:
                    break
                budget -= len(output.events)
                events += output.events
                output.events = []
                if self._input.offset != offset:
                    offset, budget = self._input.offset, EVENTS_WITHOUT_INPUT
        except BaseException:
            output.events = events + output.events
            raise
        return events

    @property
    def has_result(self) -> bool:
        """Whether the parser has returned."""
        return self._result is not _NOTHING

    def get_result(self) -> T_co:
        """Return what the parser has returned.

        Raises:
            NoResult: it has not returned, or has failed (then from its error).
        """
        if self._result is _NOTHING and self._is_resumable:
            self._run()
        if self._result is _NOTHING:
            state = "has not returned yet" if self.error is None else "did not return: it failed"
            raise NoResult(f"the parser {state}") from self.error
        return cast("T_co", self._result)

    # State

    @property
    def closing(self) -> bool:
        """Whether the parser has ended: deliver what `read` still gives, then close."""
        return self._result is not _NOTHING or self.error is not None

    @property
    def deadline(self) -> float | None:
        """When the parser wants `tick` to be called, on the connection's clock; or None."""
        if self.closing or not self._output.alarms:
            return None
        return min(alarm.deadline for alarm in self._output.alarms)

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
        output = self._output
        if self.closing or self._input.has_ended or output.is_full or output.is_crowded:
            return False
        return not (output.holds_parser and len(self._input) >= HIGH_WATER_BYTES)

    @property
    def offset(self) -> int:
        """Bytes consumed since the connection began."""
        return self._input.offset

    @property
    def unread(self) -> bytes:
        """Bytes that came in and are not consumed: once the parser has ended, what it left."""
        self._flush()
        return self._input.peek()

    @property
    def trace(self) -> tuple[str, ...]:
        """Where the parser stands: its running generators and labels, from the outside in."""
        return () if self.closing else tuple(trace_of(self._generator))

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

    # The engine

    @property
    def _is_resumable(self) -> bool:
        """Whether the parser waits for something else than more input."""
        return not self._missing and not self.closing

    def _run(self, interruption: BaseException | None = None) -> None:
        """Resume the parser, and answer its requests until it waits or ends."""
        resume = self._resume
        if resume is None:
            self._check_not_running("running the parser")
            return
        stream, output = self._input, self._output
        self._patience = self._missing = stream.looks = 0
        self._resume = None
        before: tuple[int, int, int] | None = None
        try:
            request = self._request
            if interruption is not None:
                request = self._generator.throw(interruption)
            elif request is WAIT:
                request = resume(None)
            while True:
                for _ in LAPS:
                    if request is GET_INPUT:
                        request = resume(stream)
                    elif request is WAIT:
                        if (
                            stream.looks == 1
                            and stream.looked_at == stream.position
                            and not output.holds_parser
                        ):
                            self._missing = patience = stream.patience
                            self._patience = min(WINDOW_BYTES, patience)
                            self._awaited = stream.awaited
                        self._request = request
                        self._resume = resume
                        return
                    elif request is GET_OUTPUT:
                        request = resume(output)
                    else:
                        self._refuse(fault_of(request))
                now = stream.offset, len(output), len(output.events)
                if now == before:
                    self._refuse(
                        f"the parser made {REQUESTS_WITHOUT_PROGRESS} requests without consuming, "
                        "writing or waiting: does a loop lack its `yield from wait()`?"
                    )
                before = now
        except StopIteration as stop:
            self._result = stop.value
        except BaseException as error:
            if isinstance(error, ProtocolError) and error.position is None:
                error.position = stream.offset
            self.error = error
            raise

    def _count(self, data: bytes) -> None:
        """Put a piece aside, or use it with those that are there if it brings them to the mark."""
        stream, pending = self._input, self._pending
        missing = self._missing - min(self._missing, WINDOW_BYTES) + self._patience
        pending.append(data)
        if missing > len(data):
            if len(pending) - self._windows > 1:
                pending[self._windows :] = [b"".join(pending[self._windows :])]
            self._windows += 1
            self._missing = missing - len(data)
            self._patience = min(self._missing, WINDOW_BYTES)
            return
        rest = b""
        if missing < len(data) and stream.patience >= LARGE_BYTES:
            # What is large and of known size gets a block of its own, to be taken without a copy.
            pending[-1], rest = data[:missing], data[missing:]
        self._flush()
        try:
            self._run()
        finally:
            if rest:
                stream.feed(rest)
        if rest:
            self._run()

    def _flush(self) -> None:
        """Let the stream have the pieces that were put aside."""
        if self._pending:
            self._input.feed_pieces(self._pending)
            self._pending.clear()
            self._windows = 0

    def _refuse(self, fault: str) -> NoReturn:
        """Raise `Misuse` where the parser stands, so that the traceback shows the place."""
        misuse = Misuse(fault)
        self._generator.throw(misuse)
        raise misuse  # the parser has caught it and gone on

    def _check_open(self, call: str) -> InputStream:
        self._check_not_running(call)
        if self.error is not None:
            raise Closed(f"{call} after the parser has failed: {self.error}") from self.error
        if self._input.has_ended:
            raise Closed(f"{call} after send_eof()")
        return self._input

    def _check_not_running(self, call: str) -> None:
        if self._resume is None and not self.closing:
            raise Misuse(f"{call} while the parser runs: from itself, or from another thread")


@overload
def protocol(
    parser: Callable[P, Runs[T]], /, *, clock: Callable[[], float] = ...
) -> Callable[P, Connection[T]]: ...
@overload
def protocol(
    *, clock: Callable[[], float]
) -> Callable[[Callable[P, Runs[T]]], Callable[P, Connection[T]]]: ...
def protocol(
    parser: Callable[..., Runs[Any]] | None = None,
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
    if parser is None:
        return functools.partial(protocol, clock=clock)
    if not callable(parser):
        raise Misuse(f"protocol() takes a parser to call, not {kind_of(parser)}")

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

    >>> from functools import partial
    >>> from ohnecimd import read
    >>> parse(partial(read, 3), b"abcd")
    Traceback (most recent call last):
    ohnecimd.errors.Malformed: at byte 3: expected the end of input, found b'd'
    """
    connection = Connection(parser())
    connection.send(data)
    connection.send_eof()
    while not connection.has_result:
        if not connection.read() and not connection.events() and not connection.has_result:
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
