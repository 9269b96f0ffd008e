"""A simulated SMS Center: the accounts, messages and faults that its connections share."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ohnecimd.errors import Misuse
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import StatusCode
from ohnecimd.protocols.cimd.encoding import encode
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    Alive,
    AliveResponse,
    DeliverMessage,
    GeneralErrorResponse,
)
from ohnecimd.protocols.cimd.packets import ETX, TAB, Packet, checksum_of
from ohnecimd.protocols.cimd.simulator.accounts import Account, Accounts, AccountType
from ohnecimd.protocols.cimd.simulator.desk import Desk, Manner, refusal
from ohnecimd.protocols.cimd.simulator.faults import Fault, FaultKind, Faults, Misbehaved
from ohnecimd.protocols.cimd.simulator.lives import Lives
from ohnecimd.protocols.cimd.simulator.mail import Delivery, Mailbox
from ohnecimd.protocols.cimd.simulator.outcomes import Fate, Rule
from ohnecimd.protocols.cimd.simulator.phones import messages_of
from ohnecimd.protocols.cimd.simulator.store import KEPT, Store, StoredMessage
from ohnecimd.protocols.cimd.timers import Timers

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

    from ohnecimd.protocols.cimd.events import Received
    from ohnecimd.protocols.cimd.roles import Refusal, Response
    from ohnecimd.protocols.cimd.timers import Timer

__all__ = ["DELIVERY_WINDOW", "MAX_RECIPIENTS", "VALIDITY_S", "Simulator"]

VALIDITY_S = 86400.0
MAX_RECIPIENTS = 20
DELIVERY_WINDOW = 10


class Simulator:
    r"""An SMS Center in memory. Call it for a connection to one more application.

    It answers everything that an application may ask, lets the messages that are submitted live
    through what `fate` and `rules` say, and reports that as was asked for. Messages from phones are
    given with `inject`. It does no I/O: a transport runs its connections, all in one thread,
    and `wake` is to be what has it look at a connection again.

    Args:
        accounts: who may log in: by default ``kannel`` with the password ``secret``.
        now: tells the local time, without zone: for time stamps.
        clock: tells the time in seconds: for delays.
        fate: what becomes of messages.
        rules: what becomes of those to certain numbers; the longest prefix counts.
        faults: what goes wrong; also as `Fault.parse` takes them.
        random: gives numbers from 0 to 1, for faults with a probability.
        validity_s: the validity period of messages that do not tell.
        max_recipients: of one message.
        originator_is_whole: an originating address (023) is the whole sender, and not appended to
            the address of the account.
        login_attempts: so many may fail before the connection is closed; None: any number.
        delivery_window: so many messages and reports go out before one of them is answered.
        is_strict: refuse what could be overlooked, also in the numbers of packets.
        kept: so many submitted messages are remembered.
        options: of the connections: see `Center`.

    Raises:
        ValueError: two accounts have one name or address, or two rules one prefix; a text is no
            account, fate, rule or fault.
        Misuse: something else is given for one.

    >>> from datetime import datetime
    >>> simulator = Simulator(now=lambda: datetime(2026, 11, 20, 13, 15), clock=lambda: 0.0)
    >>> center = simulator()
    >>> center.send(b"\x0201:001\t010:kannel\t011:secret\t\x03")
    >>> center.read()
    b'\x0251:001\t3C\x03'
    >>> center.send(b"\x0203:003\t021:+358401234567\t033:Hello\t\x03")
    >>> center.read()
    b'\x0253:003\t021:+358401234567\t060:261120131500\tE0\x03'
    >>> simulator.submitted[0].text
    'Hello'
    """

    def __init__(
        self,
        accounts: Iterable[Account | str] = (),
        *,
        now: Callable[[], dt.datetime],
        clock: Callable[[], float],
        fate: Fate | str = Fate(),  # noqa: B008 - immutable
        rules: Iterable[Rule | str] = (),
        faults: Iterable[Fault | str] = (),
        random: Callable[[], float] | None = None,
        validity_s: float = VALIDITY_S,
        max_recipients: int = MAX_RECIPIENTS,
        originator_is_whole: bool = False,
        login_attempts: int | None = None,
        delivery_window: int = DELIVERY_WINDOW,
        is_strict: bool = False,
        kept: int = KEPT,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.wake: Callable[[Center], object] = lambda _: None
        """Called with each connection that has something to send, or wants to be woken earlier."""
        given = tuple([_as(Account, each) for each in accounts])
        self.accounts = Accounts(given or (Account("kannel", "secret"),))
        """Who may log in."""
        self.faults = Faults(faults, random)
        """What goes wrong; may be added to and cleared at any time."""
        self._wall_clock = now
        self._clock = clock
        self._timers = Timers()
        self._store = Store(kept)
        self._mailboxes = {
            each.name: Mailbox(each, delivery_window, self._wake) for each in self.accounts
        }
        self._lives = Lives(self._timers, clock, self._now, self._post)
        manner = Manner(
            fate=_as(Fate, fate),
            rules=_different([_as(Rule, each) for each in rules]),
            validity_s=validity_s,
            max_recipients=max_recipients,
            originator_is_whole=originator_is_whole,
            login_attempts=login_attempts,
            is_strict=is_strict,
        )
        self._desk = Desk(
            self.accounts, self._mailboxes, self._store, self._lives, self._now, manner
        )
        self._options = {
            "clock": clock,
            "is_strict": is_strict,
            "window": delivery_window,
            "overlooks_faults": True,
        } | options
        self._references = 0
        self._alarms: dict[Center, Timer | None] = {}  # when each connection looks at the timers
        self._planned = math.inf

    def __call__(self) -> Center:
        """Make the connection to one more application."""
        for center in [each for each in self._alarms if each.is_over]:
            del self._alarms[center]
            self._desk.leave(center)
        center = SimulatedCenter(self._handle, self.faults, self._options)
        self._alarms[center] = None
        self._arm(center)
        return center

    # What is there

    @property
    def submitted(self) -> list[StoredMessage]:
        """The messages that were submitted, one for each destination, in order."""
        return list(self._store)

    @property
    def logged_in(self) -> list[str]:
        """The names of the accounts that are logged in, one for each connection."""
        boxes = self._mailboxes.values()
        return [box.account.name for box in boxes for seat in box.seats if seat.is_there]

    def waiting(self, account: str) -> int:
        """Return how many messages from phones wait for an account; KeyError if there is none."""
        return self._mailboxes[account].waiting

    def refused(self, account: str) -> list[Delivery]:
        """Return what an account has refused lately; KeyError if there is none."""
        return list(self._mailboxes[account].refused)

    # What the world does

    def inject(
        self,
        to: str,
        sender: str | None,
        content: str | bytes = "",
        *,
        account: str | None = None,
        coding: str | None = None,
        header: bytes = b"",
        data_coding: int | None = None,
        timestamp: dt.datetime | None = None,
    ) -> tuple[Delivery, ...]:
        """Send a message from a phone; a long one in several parts.

        Args:
            to: the number that it is sent to; it begins with the address of an account. What begins
                with none goes to the first account.
            sender: the number of the phone; None: it is not told.
            content: text, or octets.
            account: name of whom it is for, whatever the number; None: see `to`.
            coding: of the text: ``default``, ``ucs2``, ``8bit``, ``packed``; None: the cheapest.
            header: octets of a user data header.
            data_coding: the data coding scheme; None: that of the coding.
            timestamp: when it was sent; None: now.

        Raises:
            FieldError: it cannot be sent so.
            ValueError: there is no such account, or it takes no messages.
        """
        name = self._receiver(to) if account is None else account
        self._check_receiver(name)
        self._references += 1
        messages = messages_of(
            to,
            sender,
            content,
            coding=coding,
            header=header,
            data_coding=data_coding,
            timestamp=timestamp or self._now().replace(microsecond=0),
            reference=self._references,
        )
        for message in messages:
            encode(message, 0)  # fails for what cannot be sent, before any part is
        return tuple([self.deliver(name, message) for message in messages])

    def deliver(self, account: str, message: DeliverMessage) -> Delivery:
        """Send a message that is ready to an account.

        Raises:
            FieldError: it cannot be sent.
            ValueError: there is no such account, or it takes no messages.
        """
        self._check_receiver(account)
        encode(message, 0)
        delivery = Delivery(account, message)
        self._mailboxes[account].add(delivery)
        return delivery

    def delete(self, message: StoredMessage) -> None:
        """Delete a submitted message, as the operator does; ValueError if it is over."""
        if message.is_over:
            raise ValueError(f"the message is over: {message.status.text.lower()}")
        self._lives.change(message, StatusCode.DELETED)

    def disconnect(self) -> None:
        """Close all connections; what they have not answered is given again after a login."""
        for center in [*self._alarms]:
            center.stop()
            self.wake(center)

    def poke(self) -> None:
        """Do what is due; connections do that by themselves."""
        self._timers.run(self._clock())
        self._plan()

    def _check_receiver(self, account: str) -> None:
        box = self._mailboxes.get(account)
        if box is None:
            raise ValueError(f"there is no account {account!r}")
        if box.account.type is AccountType.SEND_ONLY:
            raise ValueError(f"the account {account!r} is send-only: it takes no messages")

    def _receiver(self, number: str) -> str:
        owner = self.accounts.owner(number.removeprefix("+"))
        return next(iter(self.accounts)).name if owner is None else owner.name

    def _post(self, delivery: Delivery) -> None:
        self._mailboxes[delivery.account].add(delivery)

    # Requests

    def _handle(self, center: SimulatedCenter, received: Received) -> Response | Refusal | None:
        operation = MESSAGES.row_of(received.message).code
        fault = self.faults.of_request(operation)
        try:
            if fault is None:
                return self._answer(center, received)
            return self._misbehave(center, received, fault)
        finally:
            self._plan()

    def _answer(self, center: Center, received: Received) -> Response | Refusal:
        if isinstance(received.message, Alive):
            return AliveResponse()
        return self._desk.answer(center, received.message, received.faults)

    def _misbehave(
        self, center: SimulatedCenter, received: Received, fault: Fault
    ) -> Response | Refusal | None:
        center.emit(Misbehaved(fault.kind, received.packet))
        if fault.kind is FaultKind.REFUSE:
            return refusal(received.message, fault.code)
        if fault.kind is FaultKind.GENERAL_ERROR:
            return GeneralErrorResponse(fault.code)
        if fault.kind is FaultKind.DELAY:
            center.after(fault.seconds, partial(self._answer_late, center, received))
            return None
        center.forget(received)
        if fault.kind is FaultKind.NACK:
            center.nack(int(fault.value or received.number))
        elif fault.kind is FaultKind.CLOSE:
            center.stop()
        return None

    def _answer_late(self, center: Center, received: Received) -> None:
        """Do what was asked now, so that no report of a message comes before its time stamp."""
        center.answer(received, self._answer(center, received))
        self._plan()

    # Time

    def _now(self) -> dt.datetime:
        """Return the time at the center, as it can be sent."""
        return self._wall_clock().replace(fold=0, tzinfo=None)

    def _wake(self, center: Center) -> None:
        self.wake(center)  # as it is by then

    def _plan(self) -> None:
        """Have all connections look at the timers when the next is due."""
        due = self._timers.deadline
        if due is not None and due != self._planned:
            self._planned = due
            for center in [*self._alarms]:
                self._arm(center)

    def _arm(self, center: Center) -> None:
        due = self._timers.deadline
        if due is None or center.is_over:
            return
        alarm = self._alarms[center]
        if alarm is not None:
            if alarm.deadline <= due:
                return
            alarm.cancel()
        self._alarms[center] = center.after(
            max(0.0, due - self._clock()), partial(self._ring, center)
        )
        self.wake(center)

    def _ring(self, center: Center) -> None:
        self._alarms[center] = None
        self._timers.run(self._clock())
        self._arm(center)
        self._plan()


W = TypeVar("W", Account, Fate, Rule)


def _as(kind: type[W], thing: W | str) -> W:
    """Return what may be written as on the command line."""
    if isinstance(thing, str):
        return kind.parse(thing)
    if not isinstance(thing, kind):
        raise Misuse(f"{thing!r} is no {kind.__name__}, and no text for one")
    return thing


def _different(rules: list[Rule]) -> tuple[Rule, ...]:
    prefixes: set[str] = set()
    for rule in rules:
        if rule.prefix in prefixes:
            raise ValueError(f"two rules have the prefix {rule.prefix!r}")
        prefixes.add(rule.prefix)
    return tuple(rules)


class SimulatedCenter(Center):
    """A connection that does to its packets what the faults say."""

    __slots__ = ("_bytes_to_cut", "_faults")

    def __init__(
        self,
        handler: Callable[[Any, Received], Response | Refusal | None],
        faults: Faults,
        options: dict[str, Any],
    ) -> None:
        self._faults = faults
        self._bytes_to_cut = 0
        super().__init__(handler=handler, distort=self._spoil, **options)

    def read(self, nbytes: int = 0) -> bytes:
        """Return bytes for the peer; one at a time while packets are to be cut."""
        if not self._bytes_to_cut:
            return super().read(nbytes)
        data = super().read(1)
        self._bytes_to_cut -= len(data)
        return data

    def _handle(self, received: Received) -> None:
        if not isinstance(received.message, Alive) or self._handler is None:
            super()._handle(received)
            return
        response = self._handler(self, received)  # there may be a fault for it
        if response is not None:
            self.answer(received, response)

    def emit(self, event: Misbehaved) -> None:
        """Tell the program something."""
        self._output.events.append(event)

    def _spoil(self, packet: Packet) -> bytes | None:
        """Return what goes out in place of a packet; None: the packet."""
        faults = self._faults.of_output(packet.operation)
        if not faults:
            return None
        data = packet.encode()
        for fault in faults:
            self.emit(Misbehaved(fault.kind, packet))
            data = distorted(data, fault)
        if any(fault.kind is FaultKind.CUT for fault in faults):
            self._bytes_to_cut = len(self._output) + len(data)
        return data


def distorted(packet: bytes, fault: Fault) -> bytes:
    r"""Return what goes out in place of a packet.

    >>> distorted(b"\x0290:001\t3F\x03", Fault.parse("checksum"))
    b'\x0290:001\t40\x03'
    """
    if fault.kind is FaultKind.DROP or not packet:
        return b""
    if fault.kind is FaultKind.NOISE:
        return fault.value.encode() + packet
    if fault.kind is FaultKind.CHECKSUM:
        head = packet[: packet.rfind(TAB) + 1]
        return head + b"%02X" % ((checksum_of(head) + 1) & 0xFF) + ETX
    return packet
