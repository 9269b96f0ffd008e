r"""The application's side: logs in, submits, and is told what comes from phones.

>>> from ohnecimd.protocols.cimd.messages import SubmitMessage
>>> application = Application(seals=False)
>>> login = application.login("news", "s3cret")
>>> application.read()
b'\x0201:001\t010:news\t011:s3cret\t\x03'
>>> submit = application.submit(SubmitMessage(("+358401234567",), user_data=b"Hi"))
>>> application.send(b"\x0251:001\t\x03")
>>> application.state, application.read()
('logged in', b'\x0203:003\t021:+358401234567\t033:Hi\t\x03')
>>> application.send(b"\x0253:003\t021:+358401234567\t060:261120131502\t\x03")
>>> submit.result().timestamp
datetime.datetime(2026, 11, 20, 13, 15, 2)
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Unpack

from ohnecimd.errors import NotAllowedNow
from ohnecimd.protocols.cimd.codes import CancelMode, DeliveryMode
from ohnecimd.protocols.cimd.events import CloseReason, Denied, Received
from ohnecimd.protocols.cimd.links import check_window
from ohnecimd.protocols.cimd.messages import (
    Alive,
    AliveResponse,
    CancelMessage,
    CancelResponse,
    DeliveryRequest,
    DeliveryResponse,
    EnquireMessageStatus,
    EnquireResponse,
    Get,
    GetResponse,
    Login,
    LoginResponse,
    Logout,
    LogoutResponse,
    Set,
    SetResponse,
    SubmitMessage,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.numbers import EVEN, LOGIN, ODD
from ohnecimd.protocols.cimd.roles import (
    APPLICATION,
    CENTER,
    CONNECTED,
    LOGGED_IN,
    LOGGED_OUT,
    LOGGING_IN,
    LOGGING_OUT,
)
from ohnecimd.protocols.cimd.sessions import Session, row_of
from ohnecimd.protocols.cimd.submissions import Submission, messages_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.protocols.cimd.links import Options
    from ohnecimd.protocols.cimd.roles import Request
    from ohnecimd.protocols.cimd.timers import Timer
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream
    from ohnecimd.tables import Row, Unknown

__all__ = ["CENTER_TIME", "PEER_WINDOW", "Application", "Greeting", "cancellation_of"]

CENTER_TIME = 501
"""The number of the one item that is defined for `Application.get`."""

PEER_WINDOW = 64
"""Half of all numbers: more, and what is old could not be told from what is new."""

REFERENCES = 256
ANY_SUBMIT = SubmitMessage(())


class Greeting(enum.StrEnum):
    """What an application does about a line that an SMS Center says first."""

    SKIP = "skip"  # log in without waiting for it, and overlook it when it comes
    AWAIT = "await"  # log in when something has come, or nothing in the time of a response


def cancellation_of(
    destination: str | None = None,
    timestamp: dt.datetime | None = None,
    mode: CancelMode | None = None,
) -> CancelMessage:
    """Return the request of `Application.cancel`.

    >>> cancellation_of("+358401234567").mode, cancellation_of().mode
    (<CancelMode.DESTINATION: 0>, <CancelMode.ALL: 1>)
    """
    if mode is None:
        mode = CancelMode.ONE if timestamp is not None else CancelMode.DESTINATION
        mode = CancelMode.ALL if destination is None else mode
    return CancelMessage(mode, destination=destination, timestamp=timestamp)


class Application(Session):
    """The application's side of a session.

    Its verbs return an `Exchange` each; what is asked while the login is on its way waits for that.
    Events are those of `ohnecimd.protocols.cimd.events`: what comes from phones is `Received`. When
    the SMSC has answered the logout, the session is over: close the connection then.

    Args:
        alive_s: send an alive when nothing else has been sent for so long; None: never.
        greeting: what to do about a line that the SMSC says first.
        answers: answer deliveries and reports positively, at once; else the program answers each
            `Received` with `answer` or `refuse`.
        peer_window: how many answered requests of the SMSC are remembered, in case they come again.
        first_reference: of the long messages of `submit_text`, 0..255; best not the same for each
            session, lest phones mix up the parts.
        options: see `Options`.
    """

    __slots__ = (
        "_answers",
        "_greeting",
        "_greeting_timer",
        "_is_leaving",
        "_last_alive",
        "_reference",
        "_wanted_window",
        "_window",
    )

    _side = APPLICATION
    _peer = CENTER
    _is_silenced_by_us = True

    def __init__(
        self,
        *,
        alive_s: float | None = None,
        greeting: Greeting | str = Greeting.SKIP,
        answers: bool = True,
        peer_window: int = PEER_WINDOW,
        first_reference: int = 0,
        **options: Unpack[Options],
    ) -> None:
        self._reference = first_reference % REFERENCES
        self._answers = answers
        self._greeting = Greeting(greeting)
        self._greeting_timer: Timer | None = None  # until which one is awaited
        self._is_leaving = False
        self._last_alive: Exchange[AliveResponse] | None = None  # that silence has asked for
        self._window = options.get("window", 1)  # that is asked for
        check_window(self._window)
        check_window(peer_window)
        super().__init__(ODD, EVEN, peer_window=peer_window, silence_s=alive_s, **options)
        self._sending.window = 1  # until more is granted
        self._sending.is_open = self._greeting is Greeting.SKIP

    # Verbs

    def login(
        self,
        user: str,
        password: str,
        *,
        window: int | None = None,
        subaddress: int | None = None,
    ) -> Exchange[LoginResponse]:
        """Log in; when it is refused, the connection stays open for another try.

        Args:
            user: at most 32 characters.
            password: likewise.
            window: how many requests may wait for answers, 1..128; None: as the session was made
                with, and 1 is not even mentioned.
            subaddress: 0..9, to tell the sessions of one user apart.

        Raises:
            NotAllowedNow: somebody is logged in, or logs in, or the session is over.
            FieldError: a value is none that its parameter can hold.
        """
        if window is None and self._window > 1:
            window = self._window
        return self.ask(Login(user, password, subaddress=subaddress, window=window))

    def logout(self) -> Exchange[LogoutResponse]:
        """Log out, when everything that was asked before is answered; nothing may be asked then."""
        return self.ask(Logout())

    def submit(self, message: SubmitMessage) -> Exchange[SubmitResponse]:
        """Send a message to phones."""
        return self.ask(message)

    def submit_text(
        self,
        destinations: str | Sequence[str],
        content: str | bytes,
        **options: Any,  # noqa: ANN401 - those of SubmitMessage and of split
    ) -> Submission:
        """Send a text, or octets, to phones, in as many messages as it takes.

        Args:
            destinations: the recipient, or several.
            content: text, or octets.
            options: parameters of `SubmitMessage`, such as ``originator`` and ``reports``, and
                what `ohnecimd.protocols.cimd.text.split` takes, such as ``coding``. References of
                long messages are counted by the session, if none is given.

        Raises:
            NotAllowedNow: as `ask`.
            FieldError: a value is none that its parameter can hold, or the text does not fit.
        """
        self._check_asking(ANY_SUBMIT)
        if isinstance(destinations, str):
            destinations = (destinations,)
        options.setdefault("reference", self._reference)
        messages = messages_of(destinations, content, **options)
        if len(messages) > 1:
            self._reference = (self._reference + 1) % REFERENCES
        return Submission([self.ask(message) for message in messages])

    def enquire(self, destination: str, timestamp: dt.datetime) -> Exchange[EnquireResponse]:
        """Ask what has become of a message."""
        return self.ask(EnquireMessageStatus(destination, timestamp))

    def cancel(
        self,
        destination: str | None = None,
        timestamp: dt.datetime | None = None,
        *,
        mode: CancelMode | None = None,
    ) -> Exchange[CancelResponse]:
        """Have messages not delivered: one, all to a destination, or all of this application.

        Args:
            destination: whose messages; None: everybody's.
            timestamp: of the one message that is meant; None: all.
            mode: if it is not the one that follows from these.
        """
        return self.ask(cancellation_of(destination, timestamp, mode))

    def delivery_request(
        self, mode: DeliveryMode | int = DeliveryMode.ONE
    ) -> Exchange[DeliveryResponse]:
        """Ask for the messages from phones that wait, or for their number."""
        return self.ask(DeliveryRequest(DeliveryMode(mode)))

    def get(self, item: int = CENTER_TIME) -> Exchange[GetResponse]:
        """Ask for an item: the time of the SMSC, since no other is defined."""
        return self.ask(Get(item))

    def set(self, password: str) -> Exchange[SetResponse]:
        """Change the password."""
        return self.ask(Set(password))

    # Inside

    def _check_asking(self, request: Request | Unknown) -> None:
        if self._is_leaving:
            raise NotAllowedNow("nothing may be asked after the logout")
        if self._state == LOGGING_IN and LOGGED_IN in row_of(request).when:
            return  # it waits
        super()._check_asking(request)

    def _may_come(self, row: Row[int]) -> bool:
        crosses = self._state == LOGGING_OUT and LOGGED_IN in row.when  # our logout on its way
        return crosses or super()._may_come(row)

    def _on_asking(self, exchange: Exchange[Any]) -> None:
        request = exchange.request
        if isinstance(request, Login):
            self._wanted_window = request.window or 1
            self._sending.window = 1
            self._sending.next = LOGIN
            self._receiving.restart()
            self._enter(LOGGING_IN)
            if not self._sending.is_open:
                self._greeting_timer = self.after(self._sending.timeout_s, self._end_greeting)
        if isinstance(request, Logout):
            self._is_leaving = exchange.is_last = True

    def _await_greeting(self, stream: InputStream) -> Steps[None]:
        if self._greeting is Greeting.AWAIT:
            yield from self._await_byte(stream)
            self._end_greeting()

    def _end_greeting(self) -> None:
        """Log in, whether there was a greeting or not."""
        self._sending.is_open = True
        if self._greeting_timer is not None:
            self._greeting_timer.cancel()
        self._pump()

    def _handle(self, received: Received) -> None:
        if isinstance(received.message, Alive):
            self.answer(received)
            return
        if self._answers:
            self.answer(received)
        self._output.events.append(received)

    def _on_state(self, before: str) -> None:
        if self._state == LOGGED_IN and before == LOGGING_IN:
            self._sending.window = self._wanted_window
        elif self._state == LOGGED_IN:
            self._is_leaving = False
        elif self._state == CONNECTED:
            self._is_leaving = False
            failed = self._fail_queued("the login was refused")
            self._output.events.extend(Denied(each) for each in failed)
        elif self._state == LOGGED_OUT:
            self._reason = self._reason or CloseReason.LOGGED_OUT

    def _on_silence(self) -> None:
        if self._state != LOGGED_IN or self._is_leaving:
            return
        if self._last_alive is None or self._last_alive.is_settled:
            self._last_alive = self.alive()
