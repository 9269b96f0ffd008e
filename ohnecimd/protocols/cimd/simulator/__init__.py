"""A simulated SMS Center, in memory: for tests of applications, and to try them by hand.

`Simulator` is a factory of connections, as transports want one; it does no I/O. The command
``ohnecimd serve cimd`` runs it, and so does the pytest fixture ``smsc``.
"""

from ohnecimd.protocols.cimd.simulator.accounts import Account, Accounts, AccountType
from ohnecimd.protocols.cimd.simulator.faults import Fault, FaultKind, Faults, Misbehaved
from ohnecimd.protocols.cimd.simulator.mail import Delivery, DeliveryState
from ohnecimd.protocols.cimd.simulator.outcomes import Ending, Fate, Rule
from ohnecimd.protocols.cimd.simulator.serving import Simulator
from ohnecimd.protocols.cimd.simulator.store import StoredMessage

__all__ = [
    "Account",
    "AccountType",
    "Accounts",
    "Delivery",
    "DeliveryState",
    "Ending",
    "Fate",
    "Fault",
    "FaultKind",
    "Faults",
    "Misbehaved",
    "Rule",
    "Simulator",
    "StoredMessage",
]
