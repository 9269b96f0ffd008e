r"""Plain sockets: one thread, a selector, many connections.

>>> import threading
>>> from ohnecimd import protocol, put, read_upto
>>> @protocol
... def shout():
...     yield from put((yield from read_upto(b"\n")).upper())
>>> @protocol
... def ask(question):
...     yield from put(question + b"\n")
...     return (yield from read_upto(b"\n"))
>>> with serve(shout) as server:
...     thread = threading.Thread(target=server.serve_forever)
...     thread.start()
...     with connect(lambda: ask(b"hello"), server.address.host, server.address.port) as client:
...         print(client.result())
...     server.stop()
...     thread.join()
b'HELLO\n'

Strategy. The selector knows a socket only while there is something to wait for. Times lie in a
heap; of each connection at most one entry counts, and it is looked at again when that comes.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.transports.clients import Client
from ohnecimd.transports.driver import GRACE_S
from ohnecimd.transports.listening import (
    ACCEPTED_AT_ONCE,
    BACKLOG,
    UNABLE_S,
    Address,
    Listener,
    UnixPath,
    dial,
    prepare,
)
from ohnecimd.transports.sides import Hooks, ServerDriver, Service, guarded, visit
from ohnecimd.transports.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext
    from typing import Self

__all__ = ["Address", "Client", "Server", "connect", "serve"]

C = TypeVar("C", bound=Connection[Any])


def serve(
    factory: Callable[[], C],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    unix: UnixPath | None = None,
    ssl: SSLContext | None = None,
    on_event: Callable[[C, Any], object] | None = None,
    on_error: Callable[[C, Exception], object] | None = None,
    on_open: Callable[[C], object] | None = None,
    on_close: Callable[[C], object] | None = None,
    max_connections: int | None = None,
    backlog: int = BACKLOG,
) -> Server[C]:
    """Listen, and return a server: call its ``serve_forever()``.

    The arguments are those of all transports: see `ohnecimd.transports`. Here all handlers run in
    the thread of ``serve_forever()``.

    Raises:
        OSError: the address is in use, not allowed, or none of this machine.
    """
    service = Service(factory, Hooks(on_event, on_error, on_open, on_close), ssl)
    return Server(service, Listener(host, port, unix, backlog), max_connections)


def connect(
    factory: Callable[[], C],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    unix: UnixPath | None = None,
    ssl: SSLContext | None = None,
    server_hostname: str | None = None,
    timeout_s: float | None = None,
    on_event: Callable[[C, Any], object] | None = None,
) -> Client[C]:
    """Connect to a server.

    The arguments are those of all transports: see `ohnecimd.transports`.

    Raises:
        Misuse: neither a port nor a path is given.
        OSError: nobody listens there, or the certificate is not trusted.
        TimeoutError: nobody answers.
    """
    driver = visit(factory, host, port, unix, ssl, server_hostname, on_event)
    return Client(dial(host, port, unix, timeout_s), driver, selectors.DefaultSelector(), timeout_s)


class Link(Wire[ServerDriver[C]]):
    """A client's connection, with what the selector and the heap know about it."""

    __slots__ = ("due", "mask")

    def __init__(self, endpoint: socket.socket, driver: ServerDriver[C]) -> None:
        super().__init__(endpoint, driver)
        self.mask = 0
        self.due: float | None = None


class Server(Generic[C]):
    """Serves in the thread that calls `serve_forever`; its handlers are called there."""

    def __init__(
        self, service: Service[C], listener: Listener, max_connections: int | None
    ) -> None:
        self._service = service
        self._listener = listener
        self._max_connections = max_connections
        self._links: dict[int, Link[C]] = {}  # by the identity of the connection
        self._dirty: deque[Link[C]] = deque()
        self._calls: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._times: list[tuple[float, int, Link[C] | None]] = []  # without a link: to accept
        self._count = itertools.count()
        self._is_accepting = self._is_running = self._is_stopping = False
        self._selector = selectors.DefaultSelector()
        self._ear, self._bell = socket.socketpair()
        for each in (self._ear, self._bell):
            each.setblocking(False)  # noqa: FBT003 - so it is called
        self._selector.register(self._ear, selectors.EVENT_READ, self._hear)

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._listener.address

    def serve_forever(self) -> None:
        """Serve until `stop` is called and all connections have ended."""
        self._is_running = True
        try:
            self._accept_again()
            while self._links or not self._is_stopping:
                self._turn()
        finally:
            self._is_running = False
            self._release()

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Have `serve_forever` end: accept no more, let what is under way finish for `grace_s`.

        Returns at once; may be called from a signal handler, and from any thread.
        """
        self.call_soon(self._stop, grace_s)

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401
        """Have a function called in the thread of `serve_forever`; may be called from any thread.

        Does nothing once the server has stopped.
        """
        self._calls.append((function, args))
        with contextlib.suppress(OSError):  # it has been rung before, or the server has ended
            self._bell.send(b"!")

    def flush(self, *connections: C) -> None:
        """Send what verbs have queued on these, outside of their own handlers.

        To be called in the thread of `serve_forever`: from a handler, or through `call_soon`.
        """
        for connection in connections:
            link = self._links.get(id(connection))
            if link is not None:
                self._dirty.append(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(0)
        if not self._is_running:
            self._release()

    # Inside

    def _turn(self) -> None:
        for key, mask in self._selector.select(self._wait_s()):
            key.data(mask)
        now = time.monotonic()
        while self._times and self._times[0][0] <= now:
            due, _, link = heapq.heappop(self._times)
            if link is None:
                self._accept_again()
            elif link.due == due:
                link.due = None
                self._dirty.append(link)
        for _ in range(len(self._calls)):
            function, args = self._calls.popleft()
            guarded(function, *args)
        for _ in range(len(self._dirty)):
            link = self._dirty.popleft()
            if not link.driver.is_over:
                link.push()
                self._settle(link)

    def _wait_s(self) -> float | None:
        if self._dirty or self._calls:
            return 0.0
        return max(0.0, self._times[0][0] - time.monotonic()) if self._times else None

    def _hear(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)

    # Clients come

    @property
    def _is_full(self) -> bool:
        return self._max_connections is not None and len(self._links) >= self._max_connections

    def _accept_again(self) -> None:
        if not (self._is_accepting or self._is_stopping or self._is_full):
            self._is_accepting = True
            self._selector.register(self._listener.socket, selectors.EVENT_READ, self._accept)

    def _accept_no_more(self) -> None:
        if self._is_accepting:
            self._is_accepting = False
            self._selector.unregister(self._listener.socket)

    def _accept(self, _: int) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            if self._is_full:
                self._accept_no_more()
                return
            try:
                endpoint, _ = self._listener.socket.accept()
            except (BlockingIOError, ConnectionError):
                return  # nobody is there, or has gone again
            except OSError:
                self._accept_no_more()
                self._remember(time.monotonic() + UNABLE_S, None)
                return
            self._welcome(endpoint)

    def _welcome(self, endpoint: socket.socket) -> None:
        driver = self._service.start()
        if driver is None:
            endpoint.close()
            return
        prepare(endpoint)
        link = Link(endpoint, driver)
        self._links[id(driver.connection)] = link
        driver.open()
        link.push()
        self._settle(link)

    # Clients are served

    def _settle(self, link: Link[C]) -> None:
        """Have the selector and the heap know what this link waits for."""
        if link.driver.is_over:
            self._part(link)
            return
        mask = (selectors.EVENT_READ if link.wants_reading else 0) | (
            selectors.EVENT_WRITE if link.wants_writing else 0
        )
        if mask != link.mask:
            self._watch(link, mask)
        wake_in = link.driver.wake_in()
        if wake_in is not None:
            due = time.monotonic() + wake_in
            if link.due is None or due < link.due:
                link.due = due
                self._remember(due, link)

    def _watch(self, link: Link[C], mask: int) -> None:
        def work(ready: int) -> None:
            if ready & selectors.EVENT_READ:
                link.step()
            else:
                link.push()
            self._settle(link)

        if not link.mask:
            self._selector.register(link.endpoint, mask, work)
        elif not mask:
            self._selector.unregister(link.endpoint)
        else:
            self._selector.modify(link.endpoint, mask, work)
        link.mask = mask

    def _remember(self, due: float, link: Link[C] | None) -> None:
        heapq.heappush(self._times, (due, next(self._count), link))

    # Clients go

    def _part(self, link: Link[C]) -> None:
        if link.mask:
            self._selector.unregister(link.endpoint)
        link.close()
        del self._links[id(link.driver.connection)]
        link.driver.close()
        self._accept_again()

    def _stop(self, grace_s: float) -> None:
        self._is_stopping = True
        self._accept_no_more()
        self._listener.close()
        until = time.monotonic() + grace_s
        for link in self._links.values():
            link.driver.stop(until)
            self._dirty.append(link)

    def _release(self) -> None:
        """Close everything that is still open."""
        self._is_stopping = True
        self._accept_no_more()
        self._listener.close()
        for link in [*self._links.values()]:
            guarded(link.driver.connection.close)
            self._part(link)
        for each in (self._selector, self._ear, self._bell):
            each.close()
