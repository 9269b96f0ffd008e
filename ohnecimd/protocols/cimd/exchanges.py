"""Requests of ours, and what becomes of them: nothing disappears.

An `Exchange` is one request with its answer. A `Ledger` says of all that have been asked which were
answered, which were sent and not answered, and which never left.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from ohnecimd.errors import NoResult, OhnecimdError
from ohnecimd.protocols.cimd.codes import ErrorCode, text_of_error
from ohnecimd.protocols.cimd.roles import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.errors import RemoteProtocolError
    from ohnecimd.protocols.cimd.packets import Packet
    from ohnecimd.protocols.cimd.roles import Refusal, Request
    from ohnecimd.tables import Unknown

__all__ = ["Exchange", "ExchangeState", "Ledger", "Lost", "Refused", "settle_all"]

R = TypeVar("R", bound=Response)


class ExchangeState(enum.StrEnum):
    """What has become of a request."""

    QUEUED = "queued"  # waits for room in the window, or for the login
    SENT = "sent"  # is on its way, or waits for its answer
    ANSWERED = "answered"  # positively
    REFUSED = "refused"  # answered, but not positively
    LOST = "lost"  # sent, and never answered
    UNSENT = "unsent"  # never left


OPEN = (ExchangeState.QUEUED, ExchangeState.SENT)


class Refused(OhnecimdError):
    """The peer does not do what it was asked.

    Attributes:
        request: what was asked.
        refusal: the answer: the negative response, or a general error.
        code: its error code; a number if it is unknown; None for a general error without one.
        text: what the peer says about it, which may be nothing.
        is_temporary: whether the same request may succeed later.
    """

    def __init__(self, request: Request | Unknown, refusal: Refusal) -> None:
        self.request = request
        self.refusal = refusal
        self.code: ErrorCode | int | None = _known(refusal.error)
        self.text: str | None = refusal.text
        self.is_temporary = isinstance(self.code, ErrorCode) and self.code.is_temporary
        said = f"{_name_of(request)} was refused with"
        if self.code is None:
            said += " a general error" + (f": {self.text}" if self.text else "")
        else:
            said += f" error {int(self.code)}: {self.text or text_of_error(self.code)}"
        super().__init__(said)


class Lost(OhnecimdError):
    """A request has no answer, and will have none.

    Attributes:
        request: what was asked.
        was_sent: whether it has left: then the peer may have done what it was asked, and nobody
            knows. If not, it has not been done.
        reason: why there is no answer, in words.
    """

    def __init__(self, request: Request | Unknown, *, was_sent: bool, reason: str) -> None:
        self.request = request
        self.was_sent = was_sent
        self.reason = reason
        fate = "was sent and not answered" if was_sent else "never left"
        super().__init__(f"{_name_of(request)} {fate}: {reason}")


class Exchange(Generic[R]):
    """One request of ours, and what became of it.

    Attributes:
        request: what is asked.
        state: what has become of it so far.
        number: of its packet; None as long as it has none, and if it never left.
        response: the positive answer, if that has come.
        error: `Refused`, `Lost`, or what is wrong with an answer that cannot be read.
        faults: what was overlooked in the answer.
        sendings: how often it was sent.
    """

    __slots__ = (
        "_callbacks",
        "copies",
        "deadline",
        "error",
        "faults",
        "index",
        "is_last",
        "number",
        "packet",
        "place",
        "request",
        "response",
        "sendings",
        "state",
        "tries",
    )

    def __init__(self, request: Request | Unknown, packet: Packet, index: int) -> None:
        self.request = request
        self.state = ExchangeState.QUEUED
        self.number: int | None = None
        self.response: R | None = None
        self.error: Exception | None = None
        self.faults: tuple[RemoteProtocolError, ...] = ()
        self.sendings = 0
        self._callbacks: list[Callable[[Exchange[R]], object]] | None = None
        # For the session
        self.packet = packet  # as it is sent
        self.index = index  # in the order of asking
        self.copies: list[tuple[int, int]] = []  # where it stands there once more
        self.place: tuple[int, int] = (
            0,
            0,
        )  # where it first stood in all that was sent: begin and end
        self.deadline = math.inf  # for the answer
        self.tries = 0  # how often it was asked for again, or there was no answer in time
        self.is_last = False  # it leaves when nothing else waits for an answer

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state not in OPEN

    def result(self) -> R:
        """Return the positive answer.

        Raises:
            Refused: the peer does not do it.
            Lost: there will be no answer.
            RemoteProtocolError: there is one, and it cannot be read.
            NoResult: there is none yet.
        """
        if self.response is not None:
            return self.response
        if self.error is not None:
            raise self.error
        raise NoResult(f"{_name_of(self.request)} is not answered yet")

    def on_settled(self, callback: Callable[[Exchange[R]], object]) -> None:
        """Have `callback` called with the exchange once it is settled: at once if it is already.

        What it raises comes out of the call that settled the exchange, and ends the session.
        """
        if self.is_settled:
            callback(self)
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def settle(
        self,
        state: ExchangeState,
        *,
        response: Any = None,  # noqa: ANN401 - the session has seen that it goes with the request
        error: Exception | None = None,
    ) -> None:
        """Note what became of it, and tell those who wait; for the session."""
        self.state = state
        self.response = response
        self.error = error
        callbacks = self._callbacks
        if callbacks is not None:
            self._callbacks = None
            _call_all(callbacks, self)

    def __repr__(self) -> str:
        number = "" if self.number is None else f" {self.number:03}"
        return f"<Exchange: {_name_of(self.request)}{number} {self.state}>"


class Ledger(msgspec.Struct, frozen=True):
    """All that was asked, in the order of asking, and what became of it.

    Attributes:
        answered: those that were answered, positively or not: the last of them, as many as the
            session remembers.
        unanswered: those that have left, and have no answer: nobody knows whether they were done.
        unsent: those that never left: they were not done.
        answered_count: how many were answered in all.
    """

    answered: tuple[Exchange[Any], ...] = ()
    unanswered: tuple[Exchange[Any], ...] = ()
    unsent: tuple[Exchange[Any], ...] = ()
    answered_count: int = 0


def settle_all(exchanges: Iterable[Exchange[Any]], reason: str) -> None:
    """Settle what will have no answer, each with the state that it already has, LOST or UNSENT.

    Everybody is told; what a callback raises comes after that.
    """
    raised: Exception | None = None
    for exchange in exchanges:
        was_sent = exchange.state is ExchangeState.LOST
        try:
            error = Lost(exchange.request, was_sent=was_sent, reason=reason)
            exchange.settle(exchange.state, error=error)
        except Exception as error:  # noqa: BLE001 - it is raised below
            raised = raised or error
    if raised is not None:
        raise raised


def _call_all(callbacks: list[Callable[[Any], object]], exchange: Exchange[Any]) -> None:
    raised: Exception | None = None
    for callback in callbacks:
        try:
            callback(exchange)
        except Exception as error:  # noqa: BLE001 - it is raised below
            raised = raised or error
    if raised is not None:
        raise raised


def _known(code: int | None) -> ErrorCode | int | None:
    """Return the member of `ErrorCode`, if there is one."""
    try:
        return None if code is None else ErrorCode(code)
    except ValueError:
        return code


def _name_of(request: Request | Unknown) -> str:
    return type(request).__name__
