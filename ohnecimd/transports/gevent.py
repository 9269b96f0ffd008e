r"""gevent: a `gevent.server.StreamServer`, one greenlet for each connection.

A handler may block as greenlets do: the others go on. Nothing has to be monkey-patched.

>>> from ohnecimd import protocol, put, read_upto
>>> @protocol
... def shout():
...     yield from put((yield from read_upto(b"\n")).upper())
>>> @protocol
... def ask(question):
...     yield from put(question + b"\n")
...     return (yield from read_upto(b"\n"))
>>> with serve(shout) as server:
...     server.start()
...     with connect(lambda: ask(b"hello"), server.address.host, server.address.port) as client:
...         client.result()
b'HELLO\n'

Strategy. Each greenlet sleeps on one event, which is set by the watchers of its socket, and by
whoever has queued something; so only the connection's own greenlet ever runs its parser.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import gevent
import gevent.event
import gevent.pool
import gevent.selectors
import gevent.server
import gevent.socket

from ohnecimd.connection import Connection
from ohnecimd.transports.clients import Client
from ohnecimd.transports.driver import GRACE_S
from ohnecimd.transports.listening import (
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
    import socket
    from collections.abc import Callable
    from ssl import SSLContext
    from typing import Self

__all__ = ["Address", "Client", "Server", "connect", "serve"]

C = TypeVar("C", bound=Connection[Any])

READ, WRITE = 1, 2  # events of a watcher
BLINK_S = 1e-6  # not 0: that would let other greenlets go on, but no I/O
BREATH_S = 0.1  # for those whose time is over to notice it


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
    """Listen, and return a server: ``start()`` it, or ``serve_forever()``.

    The arguments are those of all transports: see `ohnecimd.transports`. Here a handler runs in
    the greenlet of its connection, and may block.

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
    endpoint = dial(host, port, unix, timeout_s, gevent.socket)
    return Client(endpoint, driver, gevent.selectors.DefaultSelector(), timeout_s)


class Link(Wire[ServerDriver[C]]):
    """A client's connection, and the event that its greenlet sleeps on."""

    __slots__ = ("_reading", "_writing", "has_news")

    def __init__(self, endpoint: socket.socket, driver: ServerDriver[C]) -> None:
        super().__init__(endpoint, driver)
        loop = gevent.get_hub().loop
        self._reading = loop.io(endpoint.fileno(), READ)
        self._writing = loop.io(endpoint.fileno(), WRITE)
        self.has_news = gevent.event.Event()

    def run(self) -> None:
        """Work until the connection is over."""
        while not self.driver.is_over:
            self.has_news.clear()
            self.step()
            if not self.driver.is_over:
                self._sleep()

    def flush(self) -> None:
        """Send what is queued: now if a handler holds the connection, else when it wakes."""
        if self.driver.is_held:
            self.push()
        else:
            self.has_news.set()

    def close(self) -> None:
        """Close the socket."""
        for watcher in (self._reading, self._writing):
            watcher.stop()
            watcher.close()
        super().close()

    def _sleep(self) -> None:
        """Let others go on until something happens, or the time has come."""
        wake_in = self.driver.wake_in()
        if wake_in is not None:
            wake_in = max(wake_in, BLINK_S)
        wanted = [(self._reading, self.wants_reading), (self._writing, self.wants_writing)]
        for watcher, is_wanted in wanted:
            if is_wanted:
                watcher.start(self.has_news.set)
        self.has_news.wait(wake_in)
        for watcher, _ in wanted:
            watcher.stop()


class Acceptor(gevent.server.StreamServer):  # type: ignore[misc] # gevent has no types
    """A `StreamServer` that takes a rest when the system gives it no more sockets."""

    def do_read(self) -> Any:  # noqa: ANN401 - a socket and an address, or None
        """Accept one client, if there is one."""
        try:
            return super().do_read()
        except ConnectionError:
            return None  # this client has gone again
        except OSError:
            self.stop_accepting()
            gevent.spawn_later(UNABLE_S, self._resume)
            return None

    def _resume(self) -> None:
        if self.started:
            self.start_accepting()


class Server(Generic[C]):
    """Serves in the hub of the thread that it was made in: `start` it, or `serve_forever`."""

    def __init__(
        self, service: Service[C], listener: Listener, max_connections: int | None
    ) -> None:
        self._service = service
        self._listener = listener
        self._loop = gevent.get_hub().loop
        self._links: dict[int, Link[C]] = {}  # by the identity of the connection
        self._greenlets = gevent.pool.Pool(max_connections)
        self._over = gevent.event.Event()
        endpoint = gevent.socket.socket(
            listener.socket.family, listener.socket.type, fileno=listener.socket.detach()
        )
        self._acceptor = Acceptor(endpoint, self._serve, spawn=self._greenlets)

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._listener.address

    def start(self) -> None:
        """Begin to accept clients."""
        if not self._acceptor.started:
            self._acceptor.start()

    def serve_forever(self) -> None:
        """Start, and wait until the server has stopped; stop it if that is interrupted."""
        self.start()
        try:
            self._over.wait()
        finally:
            self.stop()

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Accept no more, let what is under way finish for `grace_s` seconds, and wait for it."""
        self._acceptor.close()
        self._listener.remove_file()
        until = time.monotonic() + grace_s
        for link in [*self._links.values()]:
            link.driver.stop(until)
            link.flush()
        self._greenlets.join(max(0.0, until - time.monotonic()) + BREATH_S)
        self._greenlets.kill()
        self._over.set()

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401
        """Have a function called by a greenlet of its own; may be called from any thread.

        Does nothing once the server has stopped.
        """
        if not self._over.is_set():
            self._loop.run_callback_threadsafe(gevent.spawn, guarded, function, *args)

    def flush(self, *connections: C) -> None:
        """Send what verbs have queued on these, outside of their own handlers.

        To be called in the hub's thread.
        """
        for connection in connections:
            link = self._links.get(id(connection))
            if link is not None:
                link.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Inside

    def _serve(self, endpoint: socket.socket, _: object) -> None:
        driver = self._service.start()
        if driver is None:
            endpoint.close()
            return
        prepare(endpoint)
        link = Link(endpoint, driver)
        self._links[id(driver.connection)] = link
        try:
            driver.open()
            link.run()
        finally:
            guarded(driver.connection.close)
            link.close()
            del self._links[id(driver.connection)]
            driver.close()
