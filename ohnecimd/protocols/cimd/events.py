"""What a session tells its application, beside `Noise` and `Problem` of the packets."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from ohnecimd.errors import RemoteProtocolError  # noqa: TC001 - msgspec looks at it, and so below
from ohnecimd.protocols.cimd.codes import ErrorCode  # noqa: TC001
from ohnecimd.protocols.cimd.exchanges import Exchange, Ledger  # noqa: TC001
from ohnecimd.protocols.cimd.packets import Packet  # noqa: TC001
from ohnecimd.protocols.cimd.roles import Request  # noqa: TC001

__all__ = [
    "Answered",
    "CloseReason",
    "Denied",
    "Nacked",
    "Received",
    "Rejected",
    "Stopped",
    "Stray",
    "Traffic",
]


class CloseReason(enum.StrEnum):
    """Why a session is over: the result of its parser."""

    END_OF_INPUT = "end of input"
    """The peer has closed."""
    LOGGED_OUT = "logged out"
    NO_RESPONSE = "no response"
    """A request was sent as often as is allowed, and not answered."""
    IDLE = "idle"
    """The application was silent for too long."""
    STOPPED = "stopped"
    """`Session.stop` was called."""
    CLOSED = "closed"
    """`close` was called, or a callback has failed."""


class Received(msgspec.Struct, frozen=True):
    """A request of the peer.

    Attributes:
        number: of its packet.
        message: what is asked.
        packet: as it came.
        faults: what is wrong with the values of parameters, and was overlooked.
    """

    number: int
    message: Request
    packet: Packet
    faults: tuple[RemoteProtocolError, ...] = ()


class Answered(msgspec.Struct, frozen=True):
    """A request of ours was answered positively."""

    exchange: Exchange[Any]


class Denied(msgspec.Struct, frozen=True):
    """A request of ours came to nothing; its `error` says why.

    It was refused, or its answer cannot be read, or it waited for a login that was refused.
    """

    exchange: Exchange[Any]


class Nacked(msgspec.Struct, frozen=True):
    """The peer misses a packet.

    Attributes:
        number: that the peer wants.
        exchange: that is sent again, with all after it; None: nothing is, since nothing waits, or
            since this is the echo of packets that came after the missing one.
    """

    number: int
    exchange: Exchange[Any] | None


class Rejected(msgspec.Struct, frozen=True):
    """A packet of the peer that the session has refused by itself.

    Attributes:
        packet: as it came.
        error: that it was answered with; None: it was nacked, or not answered at all.
        message: why.
    """

    packet: Packet
    error: ErrorCode | None
    message: str


class Stray(msgspec.Struct, frozen=True):
    """An answer that goes with no request.

    Attributes:
        packet: as it came.
        message: why it does not.
    """

    packet: Packet
    message: str


class Traffic(msgspec.Struct, frozen=True):
    """A packet that comes or goes, before anything is made of it."""

    is_ours: bool
    packet: Packet


class Stopped(msgspec.Struct, frozen=True):
    """The session is over; the last event.

    Attributes:
        ledger: what became of all requests of ours.
        reason: why it is over.
    """

    ledger: Ledger
    reason: CloseReason
