"""The client that blocks, on gevent: while it waits, other greenlets go on.

It is the same class as in `ohnecimd.clients.cimd.blocking`, and is to be used by one greenlet at a
time.

>>> from ohnecimd.testing.smsc import SmsCenter
>>> with SmsCenter() as smsc:
...     with connect(smsc.host, smsc.port, user="kannel", password="secret") as client:
...         client.submit_text("+358401234567", "Hello").destination
'+358401234567'
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Unpack

import gevent

from ohnecimd.clients.cimd.agents import Agent, ClientOptions
from ohnecimd.clients.cimd.blocking import Client
from ohnecimd.transports import gevent as transport

if TYPE_CHECKING:
    from ssl import SSLContext

    from ohnecimd.transports.listening import UnixPath

__all__ = ["Client", "connect"]


def connect(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    user: str,
    password: str,
    unix: UnixPath | None = None,
    ssl: SSLContext | None = None,
    server_hostname: str | None = None,
    timeout_s: float | None = None,
    **options: Unpack[ClientOptions],
) -> Client:
    """Connect to an SMSC and log in: as `ohnecimd.clients.cimd.blocking.connect`."""
    dial = partial(
        transport.connect,
        host=host,
        port=port,
        unix=unix,
        ssl=ssl,
        server_hostname=server_hostname,
    )
    return Client(Agent(user, password, **options), dial, gevent.sleep, timeout_s)
