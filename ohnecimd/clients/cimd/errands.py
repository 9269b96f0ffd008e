"""What a program asks of the SMSC, from being asked to being answered, whatever is lost between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ohnecimd.errors import NoResult
from ohnecimd.protocols.cimd.exchanges import ExchangeState, Lost
from ohnecimd.protocols.cimd.roles import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.protocols.cimd.roles import Request
    from ohnecimd.tables import Unknown

__all__ = ["Errand", "Settling", "lose_all"]

R = TypeVar("R", bound=Response)
T_co = TypeVar("T_co", covariant=True)


class Settling(Protocol[T_co]):
    """What can be waited for: an `Errand`, or a `Submission` of several."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of it."""
        raise NotImplementedError

    def result(self) -> T_co:
        """Return what came of it, or raise what went wrong."""
        raise NotImplementedError

    def on_settled(self, callback: Callable[[Any], object], /) -> None:
        """Have `callback` called once it is settled."""


class Errand(Generic[R]):
    """One request of a program. A client that reconnects makes a new exchange of it if need be.

    Attributes:
        request: what is asked.
        exchange: on the connection where it was asked last; None: it has not been asked yet.
        was_sent: whether it has left on a connection that was lost.
    """

    __slots__ = ("_callbacks", "_error", "_response", "exchange", "request", "was_sent")

    def __init__(self, request: Request | Unknown) -> None:
        self.request = request
        self.exchange: Exchange[R] | None = None
        self.was_sent = False
        self._response: R | None = None
        self._error: Exception | None = None
        self._callbacks: list[Callable[[Errand[R]], object]] = []

    @property
    def state(self) -> ExchangeState:
        """What has become of it so far."""
        exchange = self.exchange
        if self.is_settled:
            return ExchangeState.UNSENT if exchange is None else exchange.state
        if exchange is None or exchange.is_settled:
            return ExchangeState.QUEUED  # for the next connection
        return exchange.state

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of it."""
        return self._response is not None or self._error is not None

    def result(self) -> R:
        """Return the positive answer.

        Raises:
            Refused: the SMSC does not do it.
            Lost: there will be no answer.
            RemoteProtocolError: there is one, and it cannot be read.
            NoResult: there is none yet.
        """
        if self._response is not None:
            return self._response
        if self._error is not None:
            raise self._error
        raise NoResult(f"{type(self.request).__name__} is not answered yet")

    def on_settled(self, callback: Callable[[Errand[R]], object], /) -> None:
        """Have `callback` called with this once it is settled: at once if it is already.

        What it raises ends the connection.
        """
        if self.is_settled:
            callback(self)
        else:
            self._callbacks.append(callback)

    def settle(self, response: R | None, error: Exception | None) -> None:
        """Note what became of it, and tell those who wait; for the client."""
        self._response, self._error = response, error
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def __repr__(self) -> str:
        return f"<Errand: {type(self.request).__name__} {self.state}>"


def lose_all(
    errands: Iterable[Errand[Any]], reason: str, cause: Exception | None
) -> Exception | None:
    """Note that these have no answer; return what the first callback raises that does.

    All are told nevertheless.
    """
    raised: Exception | None = None
    for errand in errands:
        lost = Lost(errand.request, was_sent=errand.was_sent, reason=reason)
        lost.__cause__ = cause
        try:
            errand.settle(None, lost)
        except Exception as error:  # noqa: BLE001 - the caller says it
            raised = raised or error
    return raised
