"""What asyncio needs on both sides: a driver as its protocol, and a client of coroutines.

Strategy. The loop's transport gets one piece at a time, and its own buffer holds nothing beyond
that: the next piece follows when it is empty. TLS is done here and not by the loop, whose TLS
knows no half-close.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.errors import Closed
from ohnecimd.transports.driver import PIECE_BYTES, ROUNDS, Driver
from ohnecimd.transports.sides import EVENTS_KEPT, ClientDriver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType
    from typing import Self

__all__ = ["Client", "Link"]

C_co = TypeVar("C_co", bound=Connection[Any], covariant=True)
D = TypeVar("D", bound=Driver[Any])
T = TypeVar("T")


class Link(asyncio.Protocol, Generic[D]):
    """A driver as a `asyncio.Protocol`: its transport is read and written as the driver says."""

    def __init__(self, driver: D) -> None:
        self.driver = driver
        self.moved = 0
        """Counts what has come and gone."""
        self.is_gone = False
        """Whether the socket is closed."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._in_flight = 0  # so much of `outgoing` lies in the transport's buffer
        self._reads = True
        self._is_pushed = False
        self._timer: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Wait until something has happened."""
        self._news.clear()
        await self._news.wait()

    def abort(self) -> None:
        """Close the socket now."""
        if self._transport is not None:
            self._transport.abort()

    def fileno(self) -> int:
        """Return the number of the socket; -1 once closed."""
        endpoint = None if self._transport is None else self._transport.get_extra_info("socket")
        return -1 if endpoint is None else endpoint.fileno()

    def push(self) -> None:
        """Have `step` called, in the next turn of the loop."""
        if not self._is_pushed:
            self._is_pushed = True
            self._loop.call_soon(self._take_push)

    def _take_push(self) -> None:
        self._is_pushed = False
        self.step()

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=0)
        self._transport = transport
        self.step()

    def data_received(self, data: bytes) -> None:
        """Feed the connection."""
        self.moved += 1
        self.driver.receive(data)
        self.step()

    def eof_received(self) -> bool:
        """End the input; the output stays open."""
        self.moved += 1
        self.driver.receive(b"")
        self.step()
        return True

    def resume_writing(self) -> None:
        """Go on sending: the buffer is empty."""
        if self._in_flight:
            self._note_sent(self._in_flight)
            self._in_flight = 0
        self.step()

    def connection_lost(self, exc: Exception | None) -> None:
        """Come to an end."""
        self.is_gone = True
        self._transport = None
        self._in_flight = 0
        if not self.driver.is_over:
            self.driver.lose(exc)
        self.step()

    # What is to be done

    def step(self) -> None:
        """Run the parser, send what can be sent, and tell the loop what to wait for."""
        driver = self.driver
        for _ in range(ROUNDS):
            driver.pump()
            if self._in_flight or not driver.outgoing or self._transport is None:
                break
            self._send(self._transport)
        else:
            self._loop.call_soon(self.step)  # after the others
        if self._transport is not None:
            self._control(self._transport)
        self._set_timer()
        self._news.set()

    def _send(self, transport: asyncio.Transport) -> None:
        piece = self.driver.outgoing[:PIECE_BYTES]
        size = len(piece)
        transport.write(piece)
        if transport.get_write_buffer_size() or transport.is_closing():
            self._in_flight = size
        else:
            self._note_sent(size)

    def _note_sent(self, nbytes: int) -> None:
        self.moved += 1
        self.driver.sent(nbytes)

    def _control(self, transport: asyncio.Transport) -> None:
        driver = self.driver
        if driver.is_over:
            transport.abort()
            return
        if driver.wants_shutdown:
            transport.write_eof()
            driver.has_shut_down = True
        if driver.wants_input != self._reads and not transport.is_closing():
            self._reads = not self._reads
            (transport.resume_reading if self._reads else transport.pause_reading)()

    def _set_timer(self) -> None:
        wake_in = None if self.driver.is_over else self.driver.wake_in()
        due = None if wake_in is None else self._loop.time() + wake_in
        if self._timer is not None and (due is None or due < self._timer.when()):
            self._timer.cancel()
            self._timer = None
        if due is not None and self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.step()


class Client(Generic[C_co]):
    """A connection to a server. It works in the background; events wait until they are fetched."""

    def __init__(self, link: Link[ClientDriver[C_co]], timeout_s: float | None) -> None:
        self._link = link
        self._driver = link.driver
        self._timeout_s = timeout_s
        self._keepers = 0
        self._is_closed = False

    @property
    def connection(self) -> C_co:
        """The connection: call its verbs, then `flush`."""
        return self._driver.connection

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended, and all that it had to say has been sent or lost."""
        return self._driver.is_over

    @property
    def failure(self) -> Exception | None:
        """What has ended the connection: the error of its parser, a handler, or the transport."""
        return self._driver.failure

    def fileno(self) -> int:
        """Return the number of the socket; -1 once closed."""
        return self._link.fileno()

    def push(self) -> None:
        """Have what is queued sent in the background; to be called in the loop's thread."""
        self._link.push()

    async def work(self, timeout_s: float | None = None) -> bool:
        """Wait until bytes have come or gone, or a time has come; False once all is over.

        Events that come are kept, up to 65536.

        Args:
            timeout_s: how long to wait for that at most.

        Raises:
            Closed: the client is closed.
        """
        self._require_open()
        link = self._link
        with self._keeping_events(EVENTS_KEPT):
            link.step()
            if not self._driver.is_over:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await link.news()
        return not self._driver.is_over

    async def wait_until(
        self, condition: Callable[[], bool], timeout_s: float | None = None
    ) -> None:
        """Wait until something is the case; events that come meanwhile are kept, up to 65536.

        Args:
            condition: what is to be the case, because of what events and callbacks have said.
            timeout_s: how long to wait for it, whatever else comes; ``math.inf``: for ever; 0 only
                looks.

        Raises:
            TimeoutError: it was not the case within that time.
            Closed: the connection is over, and it is not the case.

        Raises also what the parser, or the transport, has failed with, if it is not the case.
        """
        with self._keeping_events(EVENTS_KEPT):
            await self._work_until(condition, timeout_s)
        if not condition():
            self._raise_failure()
            raise Closed("what was waited for will not come: the connection is over")

    async def flush(self) -> None:
        """Send all that is queued; events that come meanwhile are kept, up to 65536.

        Raises what has ended the connection; events from before that can still be had.
        """
        driver = self._driver
        with self._keeping_events(EVENTS_KEPT):
            await self._work_until(lambda: driver.is_drained)
        self._raise_failure()

    async def next_event(self, timeout_s: float | None = None) -> Any:  # noqa: ANN401
        """Return the next event.

        Args:
            timeout_s: how long to wait for it, whatever else comes; 0 only looks.

        Raises:
            TimeoutError: there is none within that time.
            Closed: the connection is over.

        Raises also what the parser, or the transport, has failed with.
        """
        if not await self._has_event(timeout_s):
            raise Closed("no more events: the connection is over")
        return self._driver.events.popleft()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Give the events until the connection is over; raises what it has failed with."""
        while await self._has_event(None):
            yield self._driver.events.popleft()

    async def result(self: Client[Connection[T]]) -> T:
        """Wait until the parser has returned and its last output is sent; return its value.

        Events are kept, however many. Raises what the parser, or the transport, has failed with.

        Raises:
            NoResult: the connection is over, and the parser has not returned.
        """
        driver = self._driver
        with self._keeping_events(sys.maxsize):
            await self._work_until(lambda: driver.has_talked and driver.is_drained)
        self._raise_failure()
        return driver.connection.get_result()

    async def send_eof(self) -> None:
        """Send all that is queued, then tell the server that no more will come."""
        self._driver.end_output()
        await self.flush()

    async def close(self) -> None:
        """Send all that is queued, wait until the server has closed too, and close.

        A server that does nothing is waited for 2 seconds. Closing a client that is closed does
        nothing.
        """
        self._is_closed = True
        self._driver.hang_up()
        await self._leave()

    def abort(self) -> None:
        """Close in the next turn of the loop, whatever is still to be sent."""
        self._is_closed = True
        self._link.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._link.abort()
        await self.close()

    # Inside

    async def begin(self) -> None:
        """Wait for the handshake; raise what is wrong with it."""
        try:
            await self._work_until(lambda: self._driver.has_handshake)
            if not self._driver.has_handshake:
                self._raise_failure()
        except BaseException:
            self._link.abort()
            await self._leave()
            raise

    async def _leave(self) -> None:
        try:
            self._link.step()
            while not self._link.is_gone:
                await self._link.news()
        finally:
            self._link.abort()

    @contextlib.contextmanager
    def _keeping_events(self, capacity: int) -> Iterator[None]:
        self._keepers += 1
        self._driver.capacity = max(self._driver.capacity, capacity)
        try:
            yield
        finally:
            self._keepers -= 1
            if not self._keepers:
                self._driver.capacity = 1

    async def _has_event(self, timeout_s: float | None) -> bool:
        driver = self._driver
        if not driver.fetch():
            await self._work_until(lambda: driver.fetch() or driver.has_talked, timeout_s)
        if driver.fetch():
            return True
        self._raise_failure()
        return False

    async def _work_until(
        self, is_done: Callable[[], bool], timeout_s: float | None = None
    ) -> None:
        """Wait until something is the case, or the connection is over."""
        self._require_open()
        link, patience = self._link, self._timeout_s if timeout_s is None else timeout_s
        until = None if patience is None else time.monotonic() + patience
        link.step()
        while not is_done() and not self._driver.is_over:
            moved = link.moved
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if until is None else until - time.monotonic()):
                    await link.news()
            if patience is not None and timeout_s is None and link.moved != moved:
                until = time.monotonic() + patience
            elif until is not None and time.monotonic() >= until and not is_done():
                raise TimeoutError(f"nothing came of it within {patience:g} s")

    def _require_open(self) -> None:
        if self._is_closed:
            raise Closed("the client is closed")

    def _raise_failure(self) -> None:
        if self._driver.failure is not None:
            raise self._driver.failure
