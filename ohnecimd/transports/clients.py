"""The blocking client, for every library whose sockets can be waited for with a selector."""

from __future__ import annotations

import contextlib
import selectors
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.errors import Closed, Misuse
from ohnecimd.transports.driver import LONGEST_WAIT_S
from ohnecimd.transports.sides import EVENTS_KEPT, ClientDriver
from ohnecimd.transports.wire import Wire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

__all__ = ["Client"]

C_co = TypeVar("C_co", bound=Connection[Any], covariant=True)
T = TypeVar("T")


class Client(Generic[C_co]):
    """A connection to a server, driven by whoever waits for something.

    Nothing happens between calls: no bytes move, no deadline is kept, no handler is called.

    Args:
        endpoint: the connected socket; closed with the client.
        driver: what drives the connection.
        selector: waits for the socket.
        timeout_s: how long to wait for a peer that neither sends nor takes anything.
    """

    def __init__(
        self,
        endpoint: socket.socket,
        driver: ClientDriver[C_co],
        selector: selectors.BaseSelector,
        timeout_s: float | None,
    ) -> None:
        self._wire = Wire(endpoint, driver)
        self._driver = driver
        self._selector = selector
        self._registered = 0
        self._timeout_s = timeout_s
        self._worker: int | None = None  # the thread in which handlers may run now
        try:
            self._work_until(lambda: driver.has_handshake)
            if not driver.has_handshake:
                self._raise_failure()
        except BaseException:
            self._release()
            raise

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
        """Return the number of the socket, for those who wait for others too; -1 once closed."""
        return self._wire.endpoint.fileno()

    def push(self) -> None:
        """Send what is queued, as far as that can be done without waiting.

        From within a handler this does nothing: what is queued goes out when that returns. Nor does
        it once the client is closed.
        """
        if self._wire.endpoint.fileno() >= 0 and self._worker is None:
            with self._working():
                self._wire.push()

    def work(self, timeout_s: float | None = None) -> bool:
        """Go on until bytes have come or gone, or a time has come; False once all is over.

        Events that come are kept, up to 65536.

        Args:
            timeout_s: how long to wait for that at most; 0 only does what can be done now.

        Raises:
            Closed: the client is closed.
        """
        self._require_open()
        with self._keeping_events(EVENTS_KEPT):
            self.push()
            if not self._driver.is_over:
                self._turn(timeout_s)
        return not self._driver.is_over

    def wait_until(self, condition: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Work until something is the case; events that come meanwhile are kept, up to 65536.

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
            self._work_until(condition, timeout_s)
        if not condition():
            self._raise_failure()
            raise Closed("what was waited for will not come: the connection is over")

    def flush(self) -> None:
        """Send all that is queued; events that come meanwhile are kept, up to 65536.

        Raises what has ended the connection; events from before that can still be had.
        """
        driver = self._driver
        with self._keeping_events(EVENTS_KEPT):
            self._work_until(lambda: driver.is_drained)
        self._raise_failure()

    def next_event(self, timeout_s: float | None = None) -> Any:  # noqa: ANN401 - any event
        """Return the next event.

        Args:
            timeout_s: how long to wait for it, whatever else comes; 0 only looks.

        Raises:
            TimeoutError: there is none within that time.
            Closed: the connection is over.

        Raises also what the parser, or the transport, has failed with.
        """
        if not self._has_event(timeout_s):
            raise Closed("no more events: the connection is over")
        return self._driver.events.popleft()

    def __iter__(self) -> Iterator[Any]:
        """Give the events until the connection is over; raises what it has failed with."""
        while self._has_event(None):
            yield self._driver.events.popleft()

    def result(self: Client[Connection[T]]) -> T:
        """Wait until the parser has returned and its last output is sent; return its value.

        Events are kept, however many. Raises what the parser, or the transport, has failed with.

        Raises:
            NoResult: the connection is over, and the parser has not returned.
        """
        driver = self._driver
        with self._keeping_events(sys.maxsize):
            self._work_until(lambda: driver.has_talked and driver.is_drained)
        self._raise_failure()
        return driver.connection.get_result()

    def send_eof(self) -> None:
        """Send all that is queued, then tell the server that no more will come."""
        self._driver.end_output()
        self.flush()

    def close(self) -> None:
        """Send all that is queued, wait until the server has closed too, and close.

        A server that does nothing is waited for 2 seconds. Closing a client that is closed does
        nothing.
        """
        if self._wire.endpoint.fileno() < 0:
            return
        self._require_open()
        try:
            self._driver.hang_up()
            self.push()
            while not self._driver.is_over:
                self._turn(None)
        finally:
            self._release()

    def abort(self) -> None:
        """Close now, whatever is still to be sent; also if it is closed already."""
        if self._wire.endpoint.fileno() >= 0:
            self._require_open()
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._release()

    @contextlib.contextmanager
    def _keeping_events(self, capacity: int) -> Iterator[None]:
        self._driver.capacity = capacity
        try:
            yield
        finally:
            self._driver.capacity = 1

    def _has_event(self, timeout_s: float | None) -> bool:
        driver = self._driver
        if not driver.fetch():
            self._work_until(lambda: driver.fetch() or driver.has_talked, timeout_s)
        if driver.fetch():
            return True
        self._raise_failure()
        return False

    def _work_until(self, is_done: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Work until something is the case, or the connection is over."""
        self._require_open()
        patience = self._timeout_s if timeout_s is None else timeout_s
        until = None if patience is None else time.monotonic() + patience
        self.push()
        while not is_done() and not self._driver.is_over:
            left = None if until is None else max(0.0, until - time.monotonic())
            has_moved = self._turn(left)
            if has_moved and patience is not None and timeout_s is None:
                until = time.monotonic() + patience
            elif left == 0.0 and not is_done():
                raise TimeoutError(f"nothing came of it within {patience:g} s")

    def _turn(self, timeout_s: float | None) -> bool:
        """Wait for the socket or the time, and go on; tell whether bytes have moved."""
        wire, driver = self._wire, self._driver
        wanted = (selectors.EVENT_READ if wire.wants_reading else 0) | (
            selectors.EVENT_WRITE if wire.wants_writing else 0
        )
        if wanted != self._registered:
            if self._registered:
                self._selector.unregister(wire.endpoint)
            if wanted:
                self._selector.register(wire.endpoint, wanted)
            self._registered = wanted
        times = [each for each in (timeout_s, driver.wake_in()) if each is not None]
        self._selector.select(min(*times, LONGEST_WAIT_S) if times else None)
        with self._working():
            return wire.step()

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Mark that handlers and callbacks may run: what they want is done after them."""
        self._worker = threading.get_ident()
        try:
            yield
        finally:
            self._worker = None

    def _require_open(self) -> None:
        if self._wire.endpoint.fileno() < 0:
            raise Closed("the client is closed")
        if self._worker not in (None, threading.get_ident()):
            raise Misuse("this client is in use by another thread")
        if self._worker is not None:
            raise Misuse("a handler cannot wait for its own connection, nor close it")

    def _raise_failure(self) -> None:
        if self._driver.failure is not None:
            raise self._driver.failure

    def _release(self) -> None:
        """Close the socket, and give up what still runs."""
        self._driver.abandon()
        self._selector.close()
        self._wire.close()
