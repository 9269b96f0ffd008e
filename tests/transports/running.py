"""Servers of each transport in a thread of their own, and clients for them."""

import asyncio
import contextlib
import inspect
import socket
import struct
import threading
import time

import gevent

from ohnecimd.transports import asyncio as on_asyncio
from ohnecimd.transports import gevent as on_gevent
from ohnecimd.transports import sockets as on_sockets

PATIENCE_S = 20.0


class Running:
    """A server at work in a thread, the same for all transports."""

    def __init__(self, factory, options):
        self.server = None
        self.fault = None
        self.options = options
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._guard, args=(factory,), daemon=True)
        self._thread.start()
        assert self._is_up.wait(PATIENCE_S)
        if self.fault is not None:
            self._thread.join(PATIENCE_S)
            raise self.fault

    def _guard(self, factory):
        try:
            self.work(factory)
        except BaseException as error:  # noqa: BLE001 - shown in the test's own thread
            self.fault = error
        finally:
            self._is_up.set()

    def up(self, server):
        self.server = server
        self._is_up.set()

    def work(self, factory):
        raise NotImplementedError

    @property
    def address(self):
        return self.server.address

    def call(self, function, *args):
        """Call something in the server's thread, and return what it returns."""
        done = threading.Event()
        results = []

        def act():
            results.append(function(*args))
            done.set()

        self.server.call_soon(act)
        assert done.wait(PATIENCE_S)
        return results[0]

    def wait_until(self, predicate):
        """Ask something in the server's thread until it is true."""
        until = time.monotonic() + PATIENCE_S
        while not self.call(lambda: bool(predicate())):
            assert time.monotonic() < until, "it does not come true"

    def stop(self, grace_s=5.0):
        self.server.call_soon(self.server.stop, grace_s)

    def join(self, timeout_s=PATIENCE_S):
        """Wait for the server to end; return how many seconds that took."""
        begin = time.monotonic()
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "the server does not end"
        if self.fault is not None:
            raise self.fault
        return time.monotonic() - begin

    def shrink_buffers(self, nbytes):
        """Give the sockets that will be accepted on TCP small buffers, which do not grow."""
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._listening().setsockopt(socket.SOL_SOCKET, option, nbytes)

    def _listening(self):
        return self.server._listener.socket


class OnSockets(Running):
    transport = on_sockets

    def work(self, factory):
        with on_sockets.serve(factory, **self.options) as server:
            self.up(server)
            server.serve_forever()

    @contextlib.contextmanager
    def connect(self, factory, **options):
        with on_sockets.connect(factory, **options) as client:
            yield client


class OnGevent(Running):
    transport = on_gevent

    def work(self, factory):
        try:
            with on_gevent.serve(factory, **self.options) as server:
                self.up(server)
                server.serve_forever()
        finally:
            gevent.get_hub().destroy(destroy_loop=True)

    @contextlib.contextmanager
    def connect(self, factory, **options):
        with on_gevent.connect(factory, **options) as client:
            yield client

    def _listening(self):
        return self.server._acceptor.socket


class Blocking:
    """A client of coroutines that looks like one that blocks."""

    def __init__(self, client, runner):
        self._client = client
        self._runner = runner
        self.connection = client.connection

    def __getattr__(self, name):
        member = getattr(self._client, name)
        if not callable(member):
            return member

        async def act(*args):
            result = member(*args)
            return await result if inspect.isawaitable(result) else result

        return lambda *args: self._runner.run(act(*args))

    def __iter__(self):
        events = aiter(self._client)

        async def step():
            return await anext(events)

        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield self._runner.run(step())


class OnAsyncio(Running):
    transport = on_asyncio

    def work(self, factory):
        async def main():
            async with await on_asyncio.serve(factory, **self.options) as server:
                self.up(server)
                await server.serve_forever()

        asyncio.run(main())

    @contextlib.contextmanager
    def connect(self, factory, **options):
        async def enter():
            return await on_asyncio.connect(factory, **options)

        with asyncio.Runner() as runner:
            client = runner.run(enter())
            blocking = Blocking(client, runner)
            try:
                yield blocking
            except BaseException as error:
                runner.run(client.__aexit__(type(error), error, None))
                raise
            else:
                blocking.close()


TRANSPORTS = {"sockets": OnSockets, "asyncio": OnAsyncio, "gevent": OnGevent}


class Peer:
    """A plain blocking socket, with a time limit on everything."""

    def __init__(self, address, *, buffers=None, timeout_s=PATIENCE_S):
        place = address.sockaddr
        family = socket.AF_UNIX if address.unix else socket.AF_INET
        if ":" in address.host:
            family = socket.AF_INET6
        self.socket = socket.socket(family)
        self.socket.settimeout(timeout_s)
        if buffers is not None:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.socket.setsockopt(socket.SOL_SOCKET, option, buffers)
        try:
            self.socket.connect(place)
        except BaseException:
            self.socket.close()
            raise

    def send(self, data):
        self.socket.sendall(data)

    def send_eof(self):
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, nbytes):
        """Read exactly so much, or up to the end if that comes before."""
        parts = []
        while nbytes > 0 and (piece := self.socket.recv(min(nbytes, 1 << 20))):
            parts.append(piece)
            nbytes -= len(piece)
        return b"".join(parts)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n") and (byte := self.socket.recv(1)):
            line += byte
        return line

    def read_rest(self):
        return self.read(1 << 40)

    def write_until_blocked(self, data, quiet_s=0.3):
        """Send until nothing has been taken for a while; return how much was."""
        view = memoryview(data)
        self.socket.settimeout(quiet_s)
        try:
            while view:
                view = view[self.socket.send(view[:16384]) :]
        except TimeoutError:
            pass
        self.socket.settimeout(PATIENCE_S)
        return len(data) - len(view)

    def reset(self):
        """Close so that the other side gets a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
