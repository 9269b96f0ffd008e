"""Requests of ours: their numbers, the window, who waits for an answer, and what is sent again.

Takes no packets and gives none: it says which exchanges are to be sent, and the session sends them.
Sections 3, 4 and 5 of the facts.

Strategy. All answers have the same time to come, so that those who wait stand in the order of their
deadlines if each stands where it was sent last; nothing ever looks at all of them, but a nack.

After a nack everything from the missing packet on is sent again, in order. A strict receiver nacks
each of the packets after the missing one, too, always with the same number; so as many such echoes
are awaited, and ignored. A lenient one answers them instead: each answer means one echo less.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState
from ohnecimd.protocols.cimd.numbers import after

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Sending"]


class Sending:
    """The requests of one side of a session, from being asked to being answered.

    Args:
        first: the number of the first of them.
        window: how many may wait for their answers.
        timeout_s: how long an answer may take.
        repeats: how often a request is sent again, whatever the reason.
    """

    __slots__ = (
        "_echoes",
        "_missing",
        "has_given_up",
        "is_open",
        "next",
        "queue",
        "repeats",
        "timeout_s",
        "waiting",
        "window",
    )

    def __init__(self, first: int, *, window: int, timeout_s: float, repeats: int) -> None:
        self.next = first  # the number of the next request
        self.window = window
        self.timeout_s = timeout_s
        self.repeats = repeats
        self.is_open = True  # requests may leave
        self.has_given_up = False  # one was sent too often
        self.queue: deque[Exchange[Any]] = deque()
        self.waiting: OrderedDict[int, Exchange[Any]] = OrderedDict()
        self._missing: Exchange[Any] | None = None  # what the peer has nacked last ...
        self._echoes = 0  # ... and how many more nacks for it are none

    @property
    def deadline(self) -> float | None:
        """When something is to be sent again; None while nothing waits."""
        waiting = self.waiting
        return waiting[next(iter(waiting))].deadline if waiting else None

    def take(self, now: float) -> Exchange[Any] | None:
        """Return the next request that may leave, with its number; None while none may."""
        queue, waiting, number = self.queue, self.waiting, self.next
        if not queue or not self.is_open or len(waiting) >= self.window or number in waiting:
            return None
        exchange = queue[0]
        if exchange.is_last and waiting:
            return None
        queue.popleft()
        self.next = after(number)
        exchange.number = number
        exchange.state = ExchangeState.SENT
        exchange.sendings = 1
        exchange.deadline = now + self.timeout_s
        waiting[number] = exchange
        return exchange

    def settle(self, number: int) -> None:
        """Note that the request of this number is answered."""
        exchange = self.waiting.pop(number)
        missing = self._missing
        if missing is not None:
            if exchange is missing:
                self._missing = None
            elif exchange.index > missing.index and self._echoes:
                self._echoes -= 1

    def nacked(self, number: int, now: float) -> list[Exchange[Any]]:
        """Return what is to be sent again after a nack, in order: the missing request first.

        A number that nobody waits with means the oldest, since some peers nack with other numbers;
        that of the next request means that nothing of ours is missing.
        """
        waiting = self.waiting
        missing = waiting.get(number)
        if missing is None:
            if number == self.next or not waiting:
                return []
            missing = min(waiting.values(), key=_index_of)
        if missing is self._missing and self._echoes:
            self._echoes -= 1
            return []
        if not self._may_repeat(missing):
            return []
        first = missing.index
        again = sorted((each for each in waiting.values() if each.index >= first), key=_index_of)
        self._missing, self._echoes = missing, len(again) - 1
        for exchange in again:
            self._repeat(exchange, now)
        return again

    def expired(self, now: float) -> Iterator[Exchange[Any]]:
        """Give the requests whose answers have not come in time: they are to be sent again."""
        waiting = self.waiting
        while waiting:
            exchange = waiting[next(iter(waiting))]
            if exchange.deadline > now or not self._may_repeat(exchange):
                return
            self._repeat(exchange, now)
            yield exchange

    def _may_repeat(self, exchange: Exchange[Any]) -> bool:
        exchange.tries += 1
        if exchange.tries > self.repeats:
            self.has_given_up = True
        return not self.has_given_up

    def _repeat(self, exchange: Exchange[Any], now: float) -> None:
        exchange.sendings += 1
        exchange.deadline = now + self.timeout_s
        assert exchange.number is not None
        self.waiting.move_to_end(exchange.number)


def _index_of(exchange: Exchange[Any]) -> int:
    return exchange.index
