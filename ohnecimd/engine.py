"""The loop that answers a parser's requests.

Strategy. The parser is resumed only where that has a use. Looking for something in vain, it leaves
word in the stream of what it would take (`InputStream.patience` and `awaited`). While it waits for
that and nothing else, pieces that cannot complete it are put aside, so that a million small pieces
of one large thing cost a million appends and a few resumptions. `Connection.send` holds the short
way for such a piece, `Engine` the rest.

The parser is started when the connection is made, up to its first request; that is answered when
something is done with the connection for the first time, as ohneio does.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn

from ohnecimd.block import NOWHERE
from ohnecimd.errors import Closed, Misuse, ProtocolError
from ohnecimd.output import OutputBuffer
from ohnecimd.steps import GET_INPUT, GET_OUTPUT, WAIT, fault_of, generator_of
from ohnecimd.stream import InputStream

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Budget", "Engine"]

# A parser that does so much without consuming, writing or waiting is lost in a loop. The stream
# counts how often it looks at the input, this how often it asks for the output.
REQUESTS_WITHOUT_PROGRESS = 100_000
LARGE_BYTES = 65536
WINDOW_BYTES = 4096  # so much is put aside before small pieces, costly to keep, are joined

NOTHING: Any = object()  # the result that is not there yet


class Engine:
    """A running parser with the buffers that it is lent."""

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

    def __init__(self, steps: object, clock: Callable[[], float]) -> None:
        self._input = InputStream()
        self._output = OutputBuffer(clock)
        self._generator = generator_of(steps)
        self._resume: Callable[[Any], Any] | None = self._generator.send  # None while it runs
        self._result: Any = NOTHING
        # Pieces that the parser has no use for yet
        self._pending: list[bytes] = []
        self._windows = 0  # so many of them are joined already
        self._missing = 0  # bytes that could be of use, when the window began
        self._patience = 0  # bytes that may still be put aside in this window; 0: none
        self._awaited: int | None = None  # a byte that makes a piece useful
        self.error = None
        try:
            self._request = next(self._generator)
        except StopIteration as stop:
            self._resume = None
            self._result = stop.value
        except ProtocolError as error:
            if error.position is None:
                error.position = 0
            raise

    @property
    def closing(self) -> bool:
        """Whether the parser has ended: deliver what `read` still gives, then close."""
        return self._result is not NOTHING or self.error is not None

    @property
    def _is_resumable(self) -> bool:
        """Whether the parser waits for something else than more input."""
        if self.closing:
            return False
        self._check_idle()
        return not self._patience

    def _run(self, interruption: BaseException | None = None) -> None:
        """Resume the parser, and answer its requests until it waits or ends."""
        resume = self._resume
        if resume is None:
            return
        stream = self._input
        self._patience = 0
        self._resume = None
        stream.looked_at = NOWHERE
        stream.returns = 0
        before: tuple[int, int, int] | None = None
        requests = 0
        try:
            if interruption is not None:
                request = self._generator.throw(interruption)
            elif self._request is WAIT:
                request = resume(None)
            else:
                request, self._request = self._request, WAIT  # where it is whenever this returns
            while True:
                while request is GET_INPUT:
                    request = resume(stream)
                if request is WAIT:
                    if stream.looked_at == stream.position and stream.looks == 1:
                        self._missing = patience = stream.patience
                        # min() would cost more than all the rest of this
                        self._patience = patience if patience < WINDOW_BYTES else WINDOW_BYTES  # noqa: FURB136
                        self._awaited = stream.awaited
                    self._resume = resume
                    return
                if request is not GET_OUTPUT:
                    self._refuse(fault_of(request))
                if stream.looks == 1:
                    stream.looked_at = NOWHERE
                output = self._output
                requests += 1
                if requests % REQUESTS_WITHOUT_PROGRESS == 0:
                    now = stream.offset, len(output), len(output.events)
                    if now == before:
                        self._refuse(
                            f"the parser asked for its output {requests} times without consuming, "
                            "writing or waiting: does a loop lack its `yield from wait()`?"
                        )
                    before = now
                request = resume(output)
        except StopIteration as stop:
            self._result = stop.value
        except BaseException as error:
            if isinstance(error, ProtocolError) and error.position is None:
                error.position = stream.offset
            self.error = error
            raise

    def _put_aside(self, data: bytes) -> None:
        """Put a piece aside that fills the window; run the parser if nothing is missing then."""
        if not data:
            return
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
        with contextlib.suppress(RuntimeError):  # it may catch everything
            self._generator.close()
        raise misuse

    def _check_open(self, call: str) -> None:
        self._check_idle()
        if self.error is not None:
            what = str(self.error)
            if not isinstance(self.error, Closed):
                what = f"the parser has failed: {what}"
            raise Closed(f"{call} after {what}") from self.error
        if self._input.has_ended:
            raise Closed(f"{call} after send_eof()")

    def _check_idle(self) -> None:
        if self._resume is None and not self.closing:
            raise Misuse(
                "a connection was used while its parser runs: by the parser itself, "
                "or from another thread or greenlet"
            )


class Budget:
    """How much a parser may put out in one call without getting any further in the input."""

    __slots__ = ("_amount", "_left", "_reach", "_stream")

    def __init__(self, stream: InputStream, amount: int) -> None:
        self._stream = stream
        self._amount = self._left = amount
        self._reach = stream.reach

    @property
    def is_left(self) -> bool:
        """Whether the parser may go on."""
        return self._left > 0

    def spend(self, amount: int) -> None:
        """Count what was put out; getting further restores the budget."""
        self._left -= amount
        if self._stream.reach > self._reach:
            self._reach = self._stream.reach
            self._left = self._amount
