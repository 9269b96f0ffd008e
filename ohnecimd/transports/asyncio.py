r"""asyncio: a `asyncio.Protocol` with flow control, and a client of coroutines.

>>> import asyncio
>>> from ohnecimd import protocol, put, read_upto
>>> @protocol
... def shout():
...     yield from put((yield from read_upto(b"\n")).upper())
>>> @protocol
... def ask(question):
...     yield from put(question + b"\n")
...     return (yield from read_upto(b"\n"))
>>> async def main():
...     async with await serve(shout) as server:
...         host, port = server.address.host, server.address.port
...         async with await connect(lambda: ask(b"hello"), host, port) as client:
...             print(await client.result())
>>> asyncio.run(main())
b'HELLO\n'

Strategy. Clients are accepted here, since the loop's own server cannot pause; then each becomes
an `asyncio.Protocol`. The loop has to be one that watches sockets (`asyncio.SelectorEventLoop`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.transports.driver import GRACE_S
from ohnecimd.transports.links import Client, Link
from ohnecimd.transports.listening import (
    ACCEPTED_AT_ONCE,
    BACKLOG,
    UNABLE_S,
    Address,
    Listener,
    UnixPath,
    prepare,
)
from ohnecimd.transports.sides import Hooks, ServerDriver, Service, guarded, visit

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Generator
    from ssl import SSLContext
    from typing import Self

__all__ = ["Address", "Client", "Server", "connect", "serve"]

C = TypeVar("C", bound=Connection[Any])


async def serve(
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
    """Listen, serve from now on, and return the server.

    The arguments are those of all transports: see `ohnecimd.transports`. Here `on_event` may be
    ``async``: the next event, and reading from that client, wait until it is done.

    Raises:
        OSError: the address is in use, not allowed, or none of this machine.
    """
    service = Service(factory, Hooks(on_event, on_error, on_open, on_close), ssl)
    return Server(service, Listener(host, port, unix, backlog), max_connections)


async def connect(
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
    loop = asyncio.get_running_loop()
    link = Link(visit(factory, host, port, unix, ssl, server_hostname, on_event))
    async with asyncio.timeout(timeout_s):
        if unix is None:
            await loop.create_connection(lambda: link, host, port)
        else:
            await loop.create_unix_connection(lambda: link, os.fspath(unix))
    client = Client(link, timeout_s)
    await client.begin()
    return client


class ServerLink(Link[ServerDriver[C]]):
    """A client's connection: awaits what ``async`` handlers return."""

    def __init__(self, driver: ServerDriver[C], part: Callable[[ServerLink[C]], object]) -> None:
        super().__init__(driver)
        driver.hold = self._hold
        self._part = part
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.driver.open()
        super().connection_made(transport)

    def step(self) -> None:
        """Go on; once all is over, say so."""
        super().step()
        if self.driver.is_over and self.is_gone:
            if self._task is not None:
                self._task.cancel()
            self._part(self)

    def _hold(self, handling: Awaitable[object]) -> None:
        self._task = self._loop.create_task(self._await(handling))

    async def _await(self, handling: Awaitable[object]) -> None:
        error: Exception | None = None
        try:
            await handling
        except Exception as raised:  # noqa: BLE001 - whatever it is, it is reported
            error = raised
        finally:
            self._task = None
            self.driver.release(error)
            self.step()


class Ending:
    """What `Server.stop` returns: await it, or leave it."""

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    def __await__(self) -> Generator[Any, Any, None]:
        yield from self._event.wait().__await__()


class Server(Generic[C]):
    """Serves in the loop that it was made in, until it is stopped."""

    def __init__(
        self, service: Service[C], listener: Listener, max_connections: int | None
    ) -> None:
        self._service = service
        self._listener = listener
        self._max_connections = max_connections
        self._loop = asyncio.get_running_loop()
        self._links: dict[int, ServerLink[C]] = {}  # by the identity of the connection
        self._welcomes: set[asyncio.Task[Any]] = set()
        self._over = asyncio.Event()
        self._is_accepting = self._is_stopping = False
        self._accept_again()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._listener.address

    async def serve_forever(self) -> None:
        """Wait until the server has stopped; stop it if that is cancelled."""
        try:
            await self._over.wait()
        finally:
            await self.stop()

    def stop(self, grace_s: float = GRACE_S) -> Awaitable[None]:
        """Accept no more, and let what is under way finish for `grace_s` seconds.

        Begins at once, so that a signal handler can call it; await what it returns to wait for
        the end.
        """
        self._is_stopping = True
        self._accept_no_more()
        self._listener.close()
        until = time.monotonic() + grace_s
        for link in [*self._links.values()]:
            link.driver.stop(until)
            link.step()
        self._end_if_empty()
        return Ending(self._over)

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401
        """Have a function called in the loop's thread; may be called from any thread.

        Does nothing once the loop is closed.
        """
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(guarded, function, *args)

    def flush(self, *connections: C) -> None:
        """Send what verbs have queued on these, outside of their own handlers.

        To be called in the loop's thread.
        """
        for connection in connections:
            link = self._links.get(id(connection))
            if link is not None:
                self._loop.call_soon(link.step)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # Inside

    @property
    def _is_full(self) -> bool:
        return self._max_connections is not None and len(self._links) >= self._max_connections

    def _accept_again(self) -> None:
        if not (self._is_accepting or self._is_stopping or self._is_full):
            self._is_accepting = True
            self._loop.add_reader(self._listener.socket, self._accept)

    def _accept_no_more(self) -> None:
        if self._is_accepting:
            self._is_accepting = False
            self._loop.remove_reader(self._listener.socket)

    def _accept(self) -> None:
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
                self._loop.call_later(UNABLE_S, self._accept_again)
                return
            self._welcome(endpoint)

    def _welcome(self, endpoint: socket.socket) -> None:
        driver = self._service.start()
        if driver is None:
            endpoint.close()
            return
        prepare(endpoint)
        link = ServerLink(driver, self._part)
        self._links[id(driver.connection)] = link
        task = self._loop.create_task(self._loop.connect_accepted_socket(lambda: link, endpoint))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    def _part(self, link: ServerLink[C]) -> None:
        if self._links.pop(id(link.driver.connection), None) is not None:
            link.driver.close()
            self._accept_again()
            self._end_if_empty()

    def _end_if_empty(self) -> None:
        if self._is_stopping and not self._links:
            self._over.set()
