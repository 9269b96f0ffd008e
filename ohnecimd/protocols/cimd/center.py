r"""The SMS Center's side: is logged in to, takes messages, and delivers those from phones.

>>> from ohnecimd.protocols.cimd.messages import Login, LoginResponse
>>> from ohnecimd.protocols.cimd.refusals import LoginRefusal
>>> def welcome(center, received):
...     if isinstance(received.message, Login) and received.message.password == "s3cret":
...         return LoginResponse()
...     return LoginRefusal(ErrorCode.INVALID_LOGIN)
>>> center = Center(welcome, seals=False)
>>> center.send(b"\x0201:001\t010:news\t011:secret\t\x03")
>>> center.read()
b'\x0251:001\t900:100\t901:Invalid login\t\x03'
>>> center.send(b"\x0201:001\t010:news\t011:s3cret\t\x03")
>>> center.state
'logged in'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, Unpack, cast

from msgspec.structs import replace

from ohnecimd.errors import Misuse
from ohnecimd.protocols.cimd.codes import ErrorCode, text_of_error
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.events import CloseReason, Received
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    Alive,
    DeliverMessage,
    DeliverResponse,
    DeliverStatusReport,
    GeneralErrorResponse,
    Login,
    Logout,
    ReportResponse,
)
from ohnecimd.protocols.cimd.numbers import EVEN, LOGIN, is_among
from ohnecimd.protocols.cimd.roles import (
    APPLICATION,
    CENTER,
    CONNECTED,
    LOGGED_IN,
    LOGGED_OUT,
    LOGGING_IN,
    Refusal,
    Response,
)
from ohnecimd.protocols.cimd.sessions import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.protocols.cimd.links import Options
    from ohnecimd.protocols.cimd.packets import Packet

__all__ = ["Center", "Handler"]

LOGIN_CODE = MESSAGES.row_of(Login).code

Handler: TypeAlias = "Callable[[Center, Received], Response | Refusal | None]"
"""What answers requests: gives the answer, or None if it will come later, by `Center.answer`."""


class Center(Session):
    """The SMS Center's side of a session with one application.

    Requests that may not be made now, or cannot be read, are refused by the session; the others go
    to the handler. Alive is answered without asking anybody.

    Args:
        handler: answers requests, login and logout among them; without one each is a `Received`
            event, and the program answers it with `answer` or `refuse`.
        greeting: bytes that are said first.
        first_number: of the first request after a login: 0, or as in some centers 2.
        idle_s: end the session when the application says nothing for so long; None: never.
        closes: end it after the logout; else the application closes.
        overlooks_faults: have requests handled that have a value out of its range; else they are
            refused. Parameters that are not theirs are never refused: they are `others`.
        options: see `Options`.
    """

    __slots__ = ("_asked_window", "_closes", "_greeting", "_handler")

    _side = CENTER
    _peer = APPLICATION
    _has_general_errors = True

    def __init__(
        self,
        handler: Handler | None = None,
        *,
        greeting: bytes | None = None,
        first_number: int = EVEN,
        idle_s: float | None = None,
        closes: bool = False,
        overlooks_faults: bool = False,
        **options: Unpack[Options],
    ) -> None:
        if not is_among(first_number, EVEN):
            raise Misuse(f"a center begins with an even number of 0..254, not {first_number}")
        self._handler = handler
        self._greeting = greeting
        self._closes = closes
        self._asked_window = 1
        super().__init__(
            first_number,
            LOGIN,
            is_peer_first_known=True,
            overlooks_faults=overlooks_faults,
            silence_s=idle_s,
            **options,
        )
        self._sending.is_open = False

    # Verbs

    def deliver(self, message: DeliverMessage) -> Exchange[DeliverResponse]:
        """Deliver a message from a phone."""
        return self.ask(message)

    def report(self, message: DeliverStatusReport) -> Exchange[ReportResponse]:
        """Report what has become of a message."""
        return self.ask(message)

    def general_error(
        self,
        number: int,
        error: ErrorCode | int = ErrorCode.UNEXPECTED_OPERATION,
        text: str | None = None,
    ) -> None:
        """Send a general error with any number; a request of that number is not answered by it.

        Raises:
            NotAllowedNow: the session is over.
        """
        text = text_of_error(error) if text is None else text
        self._require_open()
        self._write(
            packet_of(
                GeneralErrorResponse(cast("ErrorCode", error), text), number, checksum=self._seals
            )
        )

    def forget(self, received: Received) -> None:
        """Do as if a request had never come: it may come again.

        Raises:
            NotAllowedNow: it is answered already, or the session is over.
        """
        super().forget(received)
        if isinstance(received.message, Login):
            self._enter(CONNECTED)
        if isinstance(received.message, Logout):
            self._enter(LOGGED_IN)

    # Inside

    def _begin(self) -> None:
        if self._greeting:
            self._say(self._greeting)

    def _is_fresh_start(self, packet: Packet) -> bool:
        return (
            packet.operation == LOGIN_CODE and packet.number == LOGIN and self._state == CONNECTED
        )

    def _handle(self, received: Received) -> None:
        message = received.message
        if isinstance(message, Alive):
            self.answer(received)
            return
        if isinstance(message, Login):
            self._asked_window = message.window or 1
        if self._handler is None:
            self._output.events.append(received)
            return
        response = self._handler(self, received)
        if response is not None:
            self.answer(received, response)

    def _worded(self, response: Response | Refusal) -> Response | Refusal:
        if not isinstance(response, Refusal) or response.text is not None:
            return response
        error = response.error
        return response if error is None else replace(response, text=text_of_error(error))

    def _on_state(self, before: str) -> None:
        if self._state == LOGGED_IN:
            if before == LOGGING_IN:
                self._receiving.window = self._asked_window
            self._sending.is_open = True
        else:
            self._sending.is_open = False
            if self._state == CONNECTED:
                self._receiving.restart()
            elif self._state == LOGGED_OUT and self._closes:
                self._reason = self._reason or CloseReason.LOGGED_OUT

    def _on_silence(self) -> None:
        self._reason = self._reason or CloseReason.IDLE

    @property
    def _end_reason(self) -> CloseReason:
        is_done = self._state == LOGGED_OUT
        return CloseReason.LOGGED_OUT if is_done else CloseReason.END_OF_INPUT
