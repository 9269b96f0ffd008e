"""The clients of all libraries as if they blocked, so that one test speaks to any of them."""

import asyncio
import contextlib
import inspect

from ohnecimd.clients.cimd import asyncio as on_asyncio
from ohnecimd.clients.cimd import blocking as on_sockets
from ohnecimd.clients.cimd import gevent as on_gevent
from ohnecimd.errors import Closed

PATIENCE_S = 10.0


class Awaited:
    """A client of coroutines; its loop runs while one of its methods does."""

    def __init__(self, client, runner):
        self.itself = client
        self._runner = runner

    def __getattr__(self, name):
        member = getattr(self.itself, name)
        if not callable(member):
            return member

        def call(*args, **named):
            async def act():
                result = member(*args, **named)
                return await result if inspect.isawaitable(result) else result

            return self._runner.run(act())

        return call

    def deliveries(self, *args):
        incoming = self.itself.deliveries(*args)

        async def step():
            return await anext(incoming)

        with contextlib.suppress(StopAsyncIteration):
            while True:
                yield self._runner.run(step())

    def work(self, timeout_s):
        """Let the loop run for a while, as `work` of the clients that block does."""
        self._runner.run(asyncio.sleep(timeout_s))
        return self.itself.state != "over"

    def __repr__(self):
        return repr(self.itself)

    def __exit__(self, kind, error, traceback):
        self._runner.run(self.itself.__aexit__(kind, error, traceback))


def begin_all(client, messages):
    """Begin to submit messages, with nothing happening between."""
    itself = getattr(client, "itself", client)
    return [itself.begin_submit(each) for each in messages]


def lose(client, smsc):
    """Cut the connection, and wait until the client has noticed."""
    count = len(client.ledgers)
    smsc.disconnect()
    for _ in range(1000):
        if len(client.ledgers) > count:
            return
        with contextlib.suppress(Closed):
            client.work(0.01)
    raise AssertionError("the client does not notice")


class OnAsyncio:
    def __init__(self):
        self._runner = asyncio.Runner()

    def connect(self, *args, **options):
        async def enter():
            return await on_asyncio.connect(*args, **options)

        return Awaited(self._runner.run(enter()), self._runner)

    def close(self):
        self._runner.close()


class OnSockets:
    module = on_sockets

    def connect(self, *args, **options):
        return self.module.connect(*args, **options)

    def close(self):
        pass


class OnGevent(OnSockets):
    module = on_gevent


KINDS = {"sockets": OnSockets, "asyncio": OnAsyncio, "gevent": OnGevent}
