"""Requests of the peer: the number expected next, what is there already, and stored responses.

Takes and gives packets, and knows no messages. Section 5 of the facts; its rule is the strict one:

- the number expected (E): it is new, and E advances;
- that of a request that is still being served: it is ignored;
- that of one of the last requests, as many as the window, and the same content: it was sent again,
  and gets the same response again, without being served again;
- any other: a nack with E.

The same number with other content is no retransmission. If it got the stored response, a request
would count as done that nobody has seen; so it is nacked.

The lenient rule takes any number of the right parity as new that is no retransmission. E is then
what follows the last number, but while a number is missing within the window, that: it was nacked,
and will come, or not.
"""

from __future__ import annotations

import enum
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeAlias

from ohnecimd.protocols.cimd.numbers import COUNT, after, is_among, steps_to

if TYPE_CHECKING:
    from ohnecimd.protocols.cimd.packets import Packet

__all__ = ["Content", "Receiving", "Verdict"]

Content: TypeAlias = tuple[int, bytes]
"""What makes two requests of one number the same: operation and parameters."""


class Verdict(enum.Enum):
    """What a request of the peer is."""

    NEW = "serve it, and answer"
    REPEATED = "send the stored response"
    PENDING = "ignore it: it is being served"
    UNEXPECTED = "nack it"


class Receiving:
    """The requests of the other side of a session, from coming in to being answered.

    Args:
        first: a number of the peer's sequence: the first if the peer has to begin with it.
        window: how many answered requests are remembered.
        is_strict: go by the strict rule.
        is_first_known: the peer has to begin with `first`; else with any of the sequence.
    """

    __slots__ = (
        "_ahead",
        "_answered",
        "_expected",
        "_first",
        "_is_first_known",
        "_is_strict",
        "pending",
        "window",
    )

    def __init__(
        self, first: int, *, window: int, is_strict: bool, is_first_known: bool = False
    ) -> None:
        self.window = window
        self._first = first
        self._is_strict = is_strict
        self._is_first_known = is_first_known
        self.pending: dict[int, Content] = {}
        self._answered: OrderedDict[int, tuple[Content, Packet]] = OrderedDict()
        self._expected: int | None = None
        self._ahead: set[int] = set()  # numbers taken after one that is missing
        self.restart()

    def restart(self) -> None:
        """Begin anew, as with a login."""
        self.pending.clear()
        self._answered.clear()
        self._ahead.clear()
        self._expected = self._first if self._is_first_known else None

    @property
    def expected(self) -> int:
        """The number expected next, for a nack."""
        return self._first if self._expected is None else self._expected

    def judge(self, number: int, content: Content) -> Verdict:
        """Say what a request is; one that is new waits for its answer from now on."""
        if not is_among(number, self._first):
            return Verdict.UNEXPECTED
        pending = self.pending.get(number)
        if pending is not None:
            same = pending == content or self._is_strict
            return Verdict.PENDING if same else Verdict.UNEXPECTED
        if number != self._expected and self._expected is not None:
            known = self._answered.get(number)
            if known is not None and known[0] == content:
                return Verdict.REPEATED
            if self._is_strict:
                return Verdict.UNEXPECTED
        self.pending[number] = content
        self._advance(number)
        return Verdict.NEW

    def response(self, number: int) -> Packet:
        """Return the stored response to a request that came again."""
        return self._answered[number][1]

    def answer(self, number: int, response: Packet) -> None:
        """Note that a request is answered, and remember the response."""
        answered = self._answered
        answered[number] = self.pending.pop(number), response
        answered.move_to_end(number)
        while len(answered) > self.window:
            answered.popitem(last=False)

    def forget(self, number: int) -> None:
        """Forget that a request has come: it is expected again."""
        self.pending.pop(number, None)
        self._ahead.discard(number)
        self._expected = number

    def drop(self, number: int) -> None:
        """Note that a request gets no answer."""
        self.pending.pop(number, None)

    def pass_over(self, number: int) -> None:
        """Note that the peer has spent a number on something that is no request."""
        if number == self._expected:
            self._advance(number)

    def _advance(self, number: int) -> None:
        expected = self._expected
        if expected is None:
            self._expected = after(number)
            return
        ahead = self._ahead
        if number != expected and 0 < steps_to(expected, number) < min(self.window, COUNT // 2):
            ahead.add(number)
            return
        if number != expected:
            ahead.clear()
        expected = after(number)
        while expected in ahead:
            ahead.discard(expected)
            expected = after(expected)
        self._expected = expected
