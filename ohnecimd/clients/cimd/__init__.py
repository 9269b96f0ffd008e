"""Clients of CIMD2: they log in, submit, receive, and come back when the connection is lost.

===================================  ============================================
`ohnecimd.clients.cimd.asyncio`      coroutines
`ohnecimd.clients.cimd.blocking`     plain sockets, one thread
`ohnecimd.clients.cimd.gevent`       the same, on gevent's
===================================  ============================================

Each has ``connect(...)``, which gives a ``Client``. What they share is here.
"""

from ohnecimd.clients.cimd.agents import ClientOptions
from ohnecimd.clients.cimd.errands import Errand
from ohnecimd.clients.cimd.incoming import Answering, Delivery, Incoming, Report
from ohnecimd.clients.cimd.reconnecting import Reconnect, spread
from ohnecimd.protocols.cimd.exchanges import Ledger, Lost, Refused
from ohnecimd.protocols.cimd.submissions import Submission, Submitted

__all__ = [
    "Answering",
    "ClientOptions",
    "Delivery",
    "Errand",
    "Incoming",
    "Ledger",
    "Lost",
    "Reconnect",
    "Refused",
    "Report",
    "Submission",
    "Submitted",
    "spread",
]
