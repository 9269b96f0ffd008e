"""What clients do, however they wait: requests, their fate, and what comes from the SMSC.

Strategy. An agent makes one session after the other and does no I/O: its client connects them,
waits, and tells it when a connection is lost. What a client waits for are errands, the inbox, and
the end; they change only when a transport has made a session run.
"""

from __future__ import annotations

import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Unpack

from ohnecimd.clients.cimd.errands import Errand, lose_all
from ohnecimd.clients.cimd.incoming import Answering, Inbox
from ohnecimd.clients.cimd.reconnecting import Reconnect, is_passing
from ohnecimd.errors import Closed, Misuse
from ohnecimd.protocols.cimd.application import (
    CENTER_TIME,
    PEER_WINDOW,
    Application,
    Greeting,
    cancellation_of,
)
from ohnecimd.protocols.cimd.codes import CancelMode, DeliveryMode
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.events import Received, Stopped
from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState, Ledger, Lost
from ohnecimd.protocols.cimd.links import Options
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    Alive,
    AliveResponse,
    CancelResponse,
    DeliveryRequest,
    DeliveryResponse,
    EnquireMessageStatus,
    EnquireResponse,
    Get,
    GetResponse,
    Login,
    LoginResponse,
    LogoutResponse,
    Set,
    SetResponse,
    SubmitMessage,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.submissions import Submission, messages_of
from ohnecimd.tables import Unknown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ohnecimd.protocols.cimd.roles import Request
    from ohnecimd.protocols.cimd.text.joining import Joiner
    from ohnecimd.protocols.cimd.text.reading import Reader

__all__ = ["CLOSE_S", "Agent", "ClientOptions", "no_login"]

ALIVE_S = 40.0
CLOSE_S = 10.0
"""How long closing a client waits for answers."""
KEPT = 1000
LEDGERS = 8
"""So many connections that were lost are remembered."""
REFERENCES = 256


class ClientOptions(Options, total=False):
    """What can be said about a client, beside the options of its sessions.

    Attributes:
        subaddress: 0..9, to tell the sessions of one user apart.
        alive_s: send an alive when nothing else has been sent for so long; None: never. 40 s
            unless it is given.
        greeting: what to do about a line that the SMSC says first.
        peer_window: how many answered requests of the SMSC are remembered.
        first_reference: of long messages, 0..255; unless it is given, random.
        reconnect: what to do when the connection is lost; None: that is the end.
        answering: when deliveries and reports are answered.
        kept: with `Answering.AT_ONCE`, so many are answered before they are taken: 1000.
        joiner: joins the parts of long messages from phones; None: each is a delivery.
        reader: reads what messages from phones say, if there is no joiner.
        on_event: gets every event of the sessions, see `ohnecimd.protocols.cimd.events`; for logs.
            What it raises ends the client.
        on_lost: gets the ledger of each connection that is lost, and what was wrong. What it
            raises ends the client.
    """

    subaddress: int | None
    alive_s: float | None
    greeting: Greeting | str
    peer_window: int
    first_reference: int
    reconnect: Reconnect | None
    answering: Answering | str
    kept: int
    joiner: Joiner | None
    reader: Reader | None
    on_event: Callable[[Any], object] | None
    on_lost: Callable[[Ledger, Exception], object] | None


def nothing(*_: object) -> None:
    """Do nothing."""


class Agent:
    """The part of a client that does no I/O.

    Args:
        user: who logs in.
        password: shown nowhere.
        options: see `ClientOptions`.
    """

    def __init__(self, user: str, password: str, **options: Unpack[ClientOptions]) -> None:
        settings: dict[str, Any] = dict(options)
        _check(settings)
        subaddress = settings.pop("subaddress", None)
        self._policy: Reconnect | None = settings.pop("reconnect", None)
        if not (self._policy is None or isinstance(self._policy, Reconnect)):
            raise Misuse(f"reconnect is a Reconnect, or None, not {self._policy!r}")
        self._on_event = settings.pop("on_event", None) or nothing
        self._on_lost = settings.pop("on_lost", None) or nothing
        self._reference = settings.pop("first_reference", None)
        if self._reference is None:
            self._reference = random.randrange(REFERENCES)  # noqa: S311 - no secret
        kept = settings.pop("kept", KEPT)
        if kept < 1:
            raise Misuse(f"1 or more have to be kept, not {kept}")
        self.push: Callable[[], object] = nothing
        """Has what is queued sent; set by the client."""
        self.on_news: Callable[[], object] = nothing
        """Called when something has come for the inbox, or a session is over; so is this."""
        self.inbox = Inbox(
            Answering(settings.pop("answering", Answering.TAKEN)),
            kept,
            settings.pop("joiner", None),
            settings.pop("reader", None),
            settings.get("clock", time.monotonic),
            self._send,
        )
        settings.setdefault("alive_s", ALIVE_S)
        settings.setdefault("peer_window", PEER_WINDOW)
        self._settings = settings
        window = settings.get("window", 1)
        if not isinstance(window, int):
            raise Misuse(f"a window is a number of requests, not {window!r}")
        self._login = Login(
            user, password, subaddress=subaddress, window=window if window > 1 else None
        )
        self.session: Application | None = None
        """The session at hand: connected or being so; it may be over."""
        self.stopped: Stopped | None = None
        """How the session at hand has ended; then call `part`."""
        self.is_up = False
        """Whether the session at hand is logged in, as far as is known."""
        self.is_leaving = False
        self.is_over = False
        self.error: Exception | None = None
        """What has ended the client, unless it was closed."""
        self._raised_on_loss: Exception | None = None
        self.ledgers: deque[Ledger] = deque(maxlen=LEDGERS)
        self._backlog: deque[Errand[Any]] = deque()  # for the next session
        self._adrift: list[Errand[Any]] = []  # of the session that has just ended
        self._delays: Iterator[float] = iter(())

    @property
    def user(self) -> str:
        """Who is logged in."""
        return self._login.user

    @property
    def state(self) -> str:
        """How things stand, in a word or two."""
        if self.is_over:
            return "over"
        if self.session is None or self.stopped is not None:
            return "lost"
        return self.session.state

    @property
    def ledger(self) -> Ledger:
        """What became of all requests on the connection at hand."""
        if self.session is not None:
            return self.session.ledger
        return Ledger() if self.stopped is None else self.stopped.ledger

    # Sessions

    def make_session(self) -> Application:
        """Make the next session; it is to be connected then, and logged in."""
        self.stopped = None
        self.session = Application(answers=False, **self._settings)
        return self.session

    def log_in(self) -> Exchange[LoginResponse]:
        """Log in on the session at hand, when it is connected.

        Raises:
            Lost: it is over already.
        """
        assert self.session is not None, "a session is made first"
        if self.session.is_over:
            raise Lost(self._login, was_sent=False, reason="the SMSC has closed the connection")
        exchange: Exchange[LoginResponse] = self.session.ask(self._login)
        self.push()
        exchange.on_settled(self._note_login)
        return exchange

    def handle(self, session: Application, event: object) -> None:
        """Take an event of a session."""
        if session is self.session:
            if isinstance(event, Received):
                self.inbox.put(session, event)
                self.on_news()
            elif isinstance(event, Stopped):
                self.stopped = event
                self.on_news()
        self._on_event(event)

    def part(self, failure: Exception | None) -> float | None:
        """Note that the session at hand is over; tell in how many seconds to make another.

        Args:
            failure: what has ended it, if that is known.

        Returns:
            None if there will be none, or if this one was not logged in: see `fail`.
        """
        session, stopped, was_up = self.session, self.stopped, self.is_up
        if session is None:
            return None
        self.is_up, self.session = False, None
        self.inbox.drop()
        error = failure or Closed(self._why_parted(stopped))
        delay = None
        if was_up and not self.is_leaving:
            self._delays = iter(()) if self._policy is None else self._policy.delays()
            self._tell_loss(session.ledger, error)
            if self._raised_on_loss is None:
                delay, error = self._next_delay(error)
            else:
                error = self._raised_on_loss
        trouble = self._place(error, comes_back=delay is not None)
        if trouble is not None:
            error, delay = trouble, None
        if self.is_leaving or (was_up and delay is None):
            self.finish(None if self.is_leaving else error)
        return delay

    def fail(self, error: Exception) -> float | None:
        """Note that a session could not be made; tell in how many seconds to try again.

        Returns:
            None if that is of no use: the client is over.
        """
        delay, error = self._next_delay(error)
        if delay is None or self.is_leaving:
            self.finish(None if self.is_leaving else error)
            return None
        return delay

    def finish(self, error: Exception | None) -> None:
        """Note that no other session will come: nothing more will become of anything."""
        if self.is_over:
            return
        self.is_over, self.error = True, error
        lost = [*self._adrift, *self._backlog]
        self._adrift.clear()
        self._backlog.clear()
        trouble = lose_all(lost, self._why_over, error)
        self.error = self.error or trouble
        self.inbox.end()
        self.on_news()

    def raise_end(self) -> None:
        """Raise what has ended the client.

        Raises:
            Closed: it was closed, or the SMSC has gone.
        """
        if self.error is not None:
            raise self.error
        raise Closed("the client is closed")

    # Requests

    def ask(self, request: Request | Unknown) -> Errand[Any]:
        """Ask something: now, or when there is a connection again.

        Raises:
            Lost: there will be none.
            Closed: the client is closed, or being closed.
            FieldError: a value is none that its parameter can hold.
            Misuse: it is a login or a logout.
        """
        if not isinstance(request, Unknown) and MESSAGES.row_of(request).then is not None:
            raise Misuse("a client logs in by itself, and out with logout()")
        if self.is_leaving:
            raise Closed("the client is closed")
        if self.is_over:
            why = Lost(request, was_sent=False, reason=self._why_over)
            raise why from self.error
        errand: Errand[Any] = Errand(request)
        session = self.session
        if session is None or not self.is_up or session.is_over:
            packet_of(request, 0)  # raises, if it cannot be sent at all
            self._backlog.append(errand)
        else:
            self._hand_over(errand, session)
            self.push()
        return errand

    def submit_all(self, messages: Iterable[SubmitMessage]) -> list[Errand[SubmitResponse]]:
        """Ask for messages to be sent to phones."""
        return [self.ask(each) for each in messages]

    def submit_text(
        self,
        destinations: str | Sequence[str],
        content: str | bytes,
        **options: Any,  # noqa: ANN401 - those of SubmitMessage and of split
    ) -> Submission:
        """Ask for a text, or octets, to be sent to phones."""
        if isinstance(destinations, str):
            destinations = (destinations,)
        options.setdefault("reference", self._reference)
        messages = messages_of(destinations, content, **options)
        if len(messages) > 1:
            self._reference = (self._reference + 1) % REFERENCES
        parts: list[Any] = [self.ask(each) for each in messages]
        return Submission(parts)

    def enquire(self, destination: str, timestamp: dt.datetime) -> Errand[EnquireResponse]:
        """Ask what has become of a message."""
        return self.ask(EnquireMessageStatus(destination, timestamp))

    def cancel(
        self,
        destination: str | None,
        timestamp: dt.datetime | None,
        mode: CancelMode | None,
    ) -> Errand[CancelResponse]:
        """Ask for messages not to be delivered."""
        return self.ask(cancellation_of(destination, timestamp, mode))

    def delivery_request(self, mode: DeliveryMode | int) -> Errand[DeliveryResponse]:
        """Ask for the messages from phones that wait, or for their number."""
        return self.ask(DeliveryRequest(DeliveryMode(mode)))

    def get(self, item: int = CENTER_TIME) -> Errand[GetResponse]:
        """Ask for an item."""
        return self.ask(Get(item))

    def set(self, password: str) -> Errand[SetResponse]:
        """Ask for another password; the next login is with that."""
        errand: Errand[SetResponse] = self.ask(Set(password))
        errand.on_settled(self._note_password)
        return errand

    def alive(self) -> Errand[AliveResponse]:
        """Ask whether the SMSC is there."""
        return self.ask(Alive())

    def leave(self) -> Exchange[LogoutResponse] | None:
        """Log out when all that was asked is answered, and ask nothing more; None: nobody is in."""
        session = self.session
        if session is None or not self.is_up or session.is_over:
            return None
        self.is_leaving = True
        exchange = session.logout()
        self.push()
        return exchange

    # Inside

    def _send(self) -> None:
        self.push()

    @property
    def _why_over(self) -> str:
        return "the client is closed" if self.error is None else self._text_of(self.error)

    def _text_of(self, error: Exception) -> str:
        text = str(error) or type(error).__name__
        return f"the callback on_lost failed: {text}" if error is self._raised_on_loss else text

    def _hand_over(self, errand: Errand[Any], session: Application) -> None:
        exchange = errand.exchange = session.ask(errand.request)
        exchange.on_settled(lambda exchange: self._note_answer(errand, exchange))

    def _note_login(self, exchange: Exchange[LoginResponse]) -> None:
        session = self.session
        if exchange.state is not ExchangeState.ANSWERED or session is None:
            return
        self.is_up = True
        while self._backlog:
            self._hand_over(self._backlog.popleft(), session)

    def _note_answer(self, errand: Errand[Any], exchange: Exchange[Any]) -> None:
        if exchange.state in (ExchangeState.LOST, ExchangeState.UNSENT):
            errand.was_sent = errand.was_sent or exchange.state is ExchangeState.LOST
            self._adrift.append(errand)
        else:
            errand.settle(exchange.response, exchange.error)

    def _note_password(self, errand: Errand[SetResponse]) -> None:
        request = errand.request
        if errand.state is ExchangeState.ANSWERED and isinstance(request, Set) and request.password:
            login = self._login
            self._login = Login(
                login.user, request.password, subaddress=login.subaddress, window=login.window
            )

    def _next_delay(self, error: Exception) -> tuple[float | None, Exception]:
        """Return how long to wait after an error, and what is wrong if there is no next time."""
        try:
            return (next(self._delays, None) if is_passing(error) else None), error
        except Exception as raised:  # noqa: BLE001 - the policy's jitter is the program's
            return None, raised

    def _tell_loss(self, ledger: Ledger, error: Exception) -> None:
        """Tell the program; what it raises ends the client, whatever the policy says."""
        self.ledgers.append(ledger)
        try:
            self._on_lost(ledger, error)
        except Exception as raised:  # noqa: BLE001 - it is raised by whatever is called next
            self._raised_on_loss = raised

    def _why_parted(self, stopped: Stopped | None) -> str:
        if self.is_leaving or stopped is None:
            return "the client is closed"
        return f"the connection is lost: {stopped.reason}"

    def _place(self, error: Exception, *, comes_back: bool) -> Exception | None:
        """Keep what is to be asked again for the next session; the rest is lost.

        Returns:
            what a callback has raised.
        """
        adrift, self._adrift = self._adrift, []
        resends = self._policy is not None and self._policy.resends_unanswered
        again = [each for each in adrift if comes_back and (resends or not each.was_sent)]
        self._backlog.extendleft(reversed(again))
        kept = set(map(id, again))
        lost = [each for each in adrift if id(each) not in kept]
        return lose_all(lost, self._text_of(error), error)


def _check(options: dict[str, Any]) -> None:
    """Raise TypeError for an option that there is not, as a call of a function does."""
    for name in options:
        if name not in ClientOptions.__optional_keys__:
            raise TypeError(f"connect() got an unexpected keyword argument {name!r}")


def no_login(timeout_s: float | None) -> TimeoutError:
    """Return what is wrong where the SMSC does not answer the login in time."""
    return TimeoutError(f"no answer to the login within {timeout_s:g} s")
