"""What waits for an account, and on which of its connections it goes out.

A message from a phone, or a status report, stays with its account until the application has
answered it. What was sent and not answered when a connection ended is given again, in its place;
what was answered negatively is not given again, and keeps the error.

Of several connections, that one gets the next which owes the fewest answers; of two, the one that
has logged in first. A status report goes to the connection on which its message was submitted, as
long as that is there.
"""

from __future__ import annotations

import enum
import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.protocols.cimd.exchanges import ExchangeState
from ohnecimd.protocols.cimd.messages import DeliverMessage, DeliverStatusReport
from ohnecimd.protocols.cimd.roles import LOGGED_IN
from ohnecimd.protocols.cimd.simulator.accounts import AccountType

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.protocols.cimd.center import Center
    from ohnecimd.protocols.cimd.codes import ErrorCode
    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.protocols.cimd.simulator.accounts import Account

__all__ = ["Delivery", "DeliveryState", "Mailbox", "Seat"]

REFUSED_KEPT = 1000

Post: TypeAlias = "DeliverMessage | DeliverStatusReport"


class DeliveryState(enum.StrEnum):
    """How far something for an application has come."""

    WAITING = "waiting"
    """For the application to log in, to ask for it, or to answer others before it."""
    SENT = "sent"
    """It is on its way, or not answered yet."""
    DELIVERED = "delivered"
    """The application has taken it."""
    REFUSED = "refused"
    """The application has answered with an error."""


@dataclass(slots=True, eq=False)
class Delivery:
    """Something for an application: a message from a phone, or a status report.

    Args:
        account: name of whom it is for.
        message: what is sent.
    """

    account: str
    message: Post
    state: DeliveryState = DeliveryState.WAITING
    error: ErrorCode | int | None = None
    """With which the application has refused it."""
    sendings: int = 0
    """How often it was given to a connection."""
    seat: Seat | None = field(default=None, repr=False)
    """The connection that it is meant for, as long as that is there."""

    @property
    def is_report(self) -> bool:
        """Whether it is a status report."""
        return isinstance(self.message, DeliverStatusReport)


@dataclass(slots=True, eq=False)
class Seat:
    """A connection that is logged in.

    Args:
        center: our side of it.
        account: whose it is.
        subaddress: with which it has logged in.
    """

    center: Center
    account: Account
    subaddress: int | None = None
    owes: int = 0
    """How many deliveries it has not answered."""
    asked_for: int = 0
    """How many messages more it has asked for."""
    is_lost: bool = False
    """Whether something that went out on it has come back."""

    @property
    def is_there(self) -> bool:
        """Whether it is still logged in."""
        return not (self.is_lost or self.center.is_over) and self.center.state == LOGGED_IN


class Mailbox:
    """What waits for one account.

    Args:
        account: whose it is.
        window: so many deliveries go out on one connection before it has answered one.
        wake: is called with each connection that has something to send.
    """

    def __init__(self, account: Account, window: int, wake: Callable[[Center], object]) -> None:
        self.account = account
        self.seats: list[Seat] = []
        self.refused: deque[Delivery] = deque(maxlen=REFUSED_KEPT)
        """What the application has refused lately."""
        self._window = window
        self._wake = wake
        self._count = itertools.count()
        self._reports: list[tuple[int, Delivery]] = []  # both in the order of their numbers
        self._messages: list[tuple[int, Delivery]] = []

    @property
    def waiting(self) -> int:
        """How many messages from phones wait."""
        return len(self._messages)

    def add(self, delivery: Delivery) -> None:
        """Have something wait, and go out as soon as that can be."""
        self._put(next(self._count), delivery)
        self.pump()

    def give(self, seat: Seat, count: int) -> None:
        """Give a connection so many messages that it has asked for."""
        seat.asked_for = min(seat.asked_for + count, self.waiting)
        self.pump()

    def pump(self) -> None:
        """Give what waits to connections, as far as they take it."""
        self.seats = [seat for seat in self.seats if seat.is_there]
        while self._reports and (seat := self._seat_for(self._reports[0][1])):
            self._send(seat, *heapq.heappop(self._reports))
        is_asked = self.account.type is not AccountType.RECEIVING
        while self._messages and (seat := self._free(is_asked=is_asked)):
            seat.asked_for -= is_asked
            self._send(seat, *heapq.heappop(self._messages))

    def _put(self, number: int, delivery: Delivery) -> None:
        queue = self._reports if delivery.is_report else self._messages
        heapq.heappush(queue, (number, delivery))

    def _seat_for(self, report: Delivery) -> Seat | None:
        own = report.seat
        if own is not None and own.is_there and own.owes < self._window:
            return own
        return self._free()

    def _free(self, *, is_asked: bool = False) -> Seat | None:
        free = [
            seat
            for seat in self.seats
            if seat.owes < self._window and (seat.asked_for or not is_asked)
        ]
        return min(free, key=lambda seat: seat.owes, default=None)

    def _send(self, seat: Seat, number: int, delivery: Delivery) -> None:
        message = delivery.message
        exchange: Exchange[Any]
        if isinstance(message, DeliverMessage):
            exchange = seat.center.deliver(message)
        else:
            exchange = seat.center.report(message)
        seat.owes += 1
        delivery.state = DeliveryState.SENT
        delivery.sendings += 1
        self._wake(seat.center)
        exchange.on_settled(partial(self._settle, seat, number, delivery))

    def _settle(self, seat: Seat, number: int, delivery: Delivery, exchange: Exchange[Any]) -> None:
        seat.owes -= 1
        if exchange.state is ExchangeState.ANSWERED:
            delivery.state = DeliveryState.DELIVERED
        elif exchange.state is ExchangeState.REFUSED:
            delivery.state = DeliveryState.REFUSED
            delivery.error = getattr(exchange.error, "code", None)
            self.refused.append(delivery)
        else:
            seat.is_lost = True
            delivery.state = DeliveryState.WAITING
            self._put(number, delivery)
        self.pump()
