"""The desk of a simulated center: every request of an application gets its answer here.

What is wrong with a request is answered with the error code of section 15. Where the facts leave
it open:

- A parameter that does not belong to a request is overlooked, or refused (3) if the center is
  strict; in a set request it is always refused.
- Cancel modes 0 and 1 are answered positively if there was anything to cancel, else with 7. With
  mode 2, a message that is unknown gets 7, and one that is over, or was submitted without 058:1,
  gets 9. Addresses and stamps that do not belong to a mode are 603.
- A delivery request in modes 1 and 2 gets 7 when nothing waits.
- A message with several recipients is answered with one pair for each, also if all are errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, singledispatchmethod
from typing import TYPE_CHECKING, Any

from ohnecimd.protocols.cimd.codes import (
    CancelMode,
    DeliveryMode,
    ErrorCode,
    StatusCode,
    text_of_error,
)
from ohnecimd.protocols.cimd.messages import (
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
    Outcome,
    Set,
    SetResponse,
    SubmitMessage,
    SubmitResponse,
    response_of,
)
from ohnecimd.protocols.cimd.parameters import Parameter
from ohnecimd.protocols.cimd.refusals import refusal_of
from ohnecimd.protocols.cimd.simulator.accounts import AccountType
from ohnecimd.protocols.cimd.simulator.mail import Seat
from ohnecimd.protocols.cimd.simulator.outcomes import Ending, course, fate_of
from ohnecimd.protocols.cimd.simulator.store import StoredMessage
from ohnecimd.protocols.cimd.simulator.submits import (
    Times,
    check_recipient,
    check_submit,
    times_of,
)
from ohnecimd.protocols.cimd.times import encode_stamp

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from ohnecimd.errors import RemoteProtocolError
    from ohnecimd.protocols.cimd.center import Center
    from ohnecimd.protocols.cimd.roles import Refusal, Request, Response
    from ohnecimd.protocols.cimd.simulator.accounts import Accounts
    from ohnecimd.protocols.cimd.simulator.lives import Lives
    from ohnecimd.protocols.cimd.simulator.mail import Mailbox
    from ohnecimd.protocols.cimd.simulator.outcomes import Fate, Rule
    from ohnecimd.protocols.cimd.simulator.store import Store

__all__ = ["Desk", "Manner", "refusal"]

DESTINATION, TIME_STAMP, CENTER_TIME, ERROR_CODE, ERROR_TEXT = 21, 60, 501, 900, 901
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Manner:
    """How a center treats applications.

    Args:
        fate: of the messages that no rule is about.
        rules: by destination.
        validity_s: the validity period of messages that do not tell.
        max_recipients: of one message.
        originator_is_whole: an originating address (023) is the whole sender, and not appended
            to the address of the account.
        login_attempts: so many may fail before the connection is closed; None: any number.
        is_strict: refuse what could be overlooked.
    """

    fate: Fate
    rules: tuple[Rule, ...]
    validity_s: float
    max_recipients: int
    originator_is_whole: bool
    login_attempts: int | None
    is_strict: bool


def refusal(request: Request, error: int, **members: Any) -> Refusal:  # noqa: ANN401
    """Return the negative response to a request; the session adds the text."""
    kind: Any = refusal_of(type(request))
    refused: Refusal = kind(error=error, **members)
    return refused


class Desk:
    """Answers requests.

    Args:
        accounts: who may log in.
        mailboxes: what waits for them, by name.
        store: of submitted messages.
        lives: lets them live.
        now: the time at the center.
        manner: how applications are treated.
    """

    def __init__(
        self,
        accounts: Accounts,
        mailboxes: dict[str, Mailbox],
        store: Store,
        lives: Lives,
        now: Callable[[], dt.datetime],
        manner: Manner,
    ) -> None:
        self.manner = manner
        self._accounts = accounts
        self._mailboxes = mailboxes
        self._store = store
        self._lives = lives
        self._now = now
        self._seats: dict[Center, Seat] = {}
        self._failures: dict[Center, int] = {}
        # Each recipient has an answer of its own; names in letters are often strange.
        self._overlooked = {ErrorCode.DESTINATION_ADDRESS}
        if not manner.is_strict:
            self._overlooked.add(ErrorCode.ALPHANUMERIC_DATA)

    def leave(self, center: Center) -> None:
        """Forget a connection that has ended."""
        self._seats.pop(center, None)
        self._failures.pop(center, None)

    def answer(
        self, center: Center, request: Request, faults: Sequence[RemoteProtocolError] = ()
    ) -> Response | Refusal:
        """Return the answer to a request, and do what it asks for.

        Args:
            center: where it came in.
            request: what is asked.
            faults: what was wrong with its parameters.
        """
        error = self._error_in(request, faults)
        if error is not None:
            return refusal(request, error)
        if isinstance(request, Login):
            return self._login(center, request)
        seat = self._seats.get(center)
        assert seat is not None, "the session takes nothing else before the login"
        return self._serve(request, seat)

    @singledispatchmethod
    def _serve(self, request: Request, _: Seat) -> Response | Refusal:
        """Do what an application that is logged in asks for."""
        return response_of(type(request))()

    def _error_in(self, request: Request, faults: Sequence[RemoteProtocolError]) -> int | None:
        hints = [fault.hint for fault in faults if isinstance(fault.hint, int)]
        if isinstance(request, SubmitMessage):
            hints = [hint for hint in hints if hint not in self._overlooked]
        if hints:
            return hints[0]
        others = getattr(request, "others", ())
        if others and (self.manner.is_strict or isinstance(request, Set)):
            return ErrorCode.UNSUPPORTED_PARAMETER
        return None

    # Sessions

    def _login(self, center: Center, login: Login) -> Response | Refusal:
        error = self._check_login(login)
        if error is None:
            self._failures.pop(center, None)
            account = self._accounts.find(login.user)
            assert account is not None
            seat = self._seats[center] = Seat(center, account, login.subaddress)
            self._mailboxes[account.name].seats.append(seat)
            center.after(0, self._mailboxes[account.name].pump)
            return LoginResponse()
        failures = self._failures[center] = self._failures.get(center, 0) + 1
        if self.manner.login_attempts is not None and failures >= self.manner.login_attempts:
            center.after(0, center.stop)
        return refusal(login, error)

    def _check_login(self, login: Login) -> ErrorCode | None:
        account = self._accounts.find(login.user)
        if account is None or account.password != login.password:
            return ErrorCode.INVALID_LOGIN
        seats = [seat for seat in self._mailboxes[account.name].seats if seat.is_there]
        if account.max_sessions is not None and len(seats) >= account.max_sessions:
            return ErrorCode.TOO_MANY_USERS
        if login.subaddress is not None and login.subaddress in {it.subaddress for it in seats}:
            return ErrorCode.SUBADDRESS
        return account.check_window(login.window)

    @_serve.register(Set)
    def _set(self, request: Set, seat: Seat) -> Response | Refusal:
        if request.password is None:
            return refusal(request, ErrorCode.SYNTAX)
        if seat.account.password_changes is not None:
            return refusal(request, seat.account.password_changes)
        try:
            seat.account.change_password(request.password)
        except ValueError:
            return refusal(request, ErrorCode.PASSWORD_CHANGE)
        return SetResponse()

    @_serve.register(Get)
    def _get(self, request: Get, _: Seat) -> Response | Refusal:
        if request.item != CENTER_TIME:
            return refusal(request, ErrorCode.UNSUPPORTED_ITEM)
        return GetResponse(time=self._now().replace(microsecond=0))

    # Messages to phones

    @_serve.register(SubmitMessage)
    def _submit(self, request: SubmitMessage, seat: Seat) -> Response | Refusal:
        manner = self.manner
        error = check_submit(
            request, max_recipients=manner.max_recipients, is_strict=manner.is_strict
        )
        if error is not None:
            return refusal(request, error)
        times = times_of(request, self._now(), manner.validity_s)
        if not isinstance(times, Times):
            return refusal(request, times)
        outcomes = [self._submit_to(seat, each, request, times) for each in request.destinations]
        only = outcomes[0]
        if len(outcomes) > 1 or only.error is None:
            return _response_with(outcomes)
        if only.error == ErrorCode.DESTINATION_ADDRESS:
            return refusal(request, only.error)
        return refusal(request, only.error, destination=only.destination)

    def _submit_to(
        self, seat: Seat, destination: str, request: SubmitMessage, times: Times
    ) -> Outcome:
        account = seat.account
        fate = fate_of(destination, self.manner.rules, self.manner.fate)
        error = check_recipient(destination)
        if error is None and fate.ending is Ending.REFUSED:
            error = fate.cause
        if error is not None:
            return Outcome(destination=destination, error=error, text=text_of_error(error))
        message = StoredMessage(
            account=account.name,
            destination=destination,
            timestamp=self._store.stamp(destination, self._now()),
            message=request,
            sender=account.sender(request.originator, is_whole=self.manner.originator_is_whole),
            reports=account.reports if request.reports is None else request.reports,
        )
        self._store.add(message)
        steps = course(fate, begins_s=times.begins_s, expires_s=times.expires_s)
        self._lives.begin(message, steps, seat)
        return Outcome(destination=destination, timestamp=message.timestamp)

    @_serve.register(EnquireMessageStatus)
    def _enquire(self, request: EnquireMessageStatus, seat: Seat) -> Response | Refusal:
        message = self._store.find(seat.account.name, request.destination, request.timestamp)
        if message is None:
            return refusal(request, ErrorCode.NOT_FOUND)
        return EnquireResponse(
            destination=message.destination,
            timestamp=message.timestamp,
            status=message.status,
            status_error=message.status_error,
            discharge_time=message.discharge_time,
        )

    @_serve.register(CancelMessage)
    def _cancel(self, request: CancelMessage, seat: Seat) -> Response | Refusal:
        error = _check_cancel(request)
        if error is not None:
            return refusal(request, error)
        if request.mode is CancelMode.ONE:
            return self._cancel_one(seat, request)
        found = [
            each
            for each in self._store.of(seat.account.name, request.destination)
            if each.message.cancel_enabled
        ]
        for message in found:
            self._lives.change(message, StatusCode.CANCELLED, seat=seat)
        return CancelResponse() if found else refusal(request, ErrorCode.NOT_FOUND)

    def _cancel_one(self, seat: Seat, request: CancelMessage) -> Response | Refusal:
        message = self._store.find(seat.account.name, request.destination, request.timestamp)
        if message is None:
            return refusal(request, ErrorCode.NOT_FOUND)
        if message.is_over or not message.message.cancel_enabled:
            return refusal(request, ErrorCode.FAILED)
        self._lives.change(message, StatusCode.CANCELLED, seat=seat)
        return CancelResponse()

    # Messages from phones

    @_serve.register(DeliveryRequest)
    def _request_delivery(self, request: DeliveryRequest, seat: Seat) -> Response | Refusal:
        if seat.account.type is AccountType.SEND_ONLY:
            return refusal(request, ErrorCode.UNEXPECTED_OPERATION)
        mailbox = self._mailboxes[seat.account.name]
        mode = DeliveryMode.ONE if request.mode is None else request.mode
        if mode is DeliveryMode.COUNT:
            return DeliveryResponse(count=min(mailbox.waiting, MOST_COUNTED))
        if not mailbox.waiting:
            return refusal(request, ErrorCode.NOT_FOUND)
        asked_for = mailbox.waiting if mode is DeliveryMode.ALL else 1
        seat.center.after(0, partial(mailbox.give, seat, asked_for))
        return DeliveryResponse()


def _response_with(outcomes: Sequence[Outcome]) -> SubmitResponse:
    """Return the answer with a pair for each recipient, also for numbers that are none."""
    if all(outcome.error != ErrorCode.DESTINATION_ADDRESS for outcome in outcomes):
        return SubmitResponse(outcomes=tuple(outcomes))
    parameters = []
    for outcome in outcomes:
        parameters.append(Parameter(DESTINATION, str(outcome.destination).encode("latin-1")))
        if outcome.timestamp is not None:
            parameters.append(Parameter(TIME_STAMP, encode_stamp(outcome.timestamp)))
        else:
            parameters.append(Parameter(ERROR_CODE, b"%d" % int(outcome.error or 0)))
            parameters.append(Parameter(ERROR_TEXT, (outcome.text or "").encode("ascii")))
    return SubmitResponse(others=tuple(parameters))


def _check_cancel(request: CancelMessage) -> ErrorCode | None:
    """Say what is wrong with the parameters of a cancellation, taken together."""
    has_destination, has_stamp = request.destination is not None, request.timestamp is not None
    if request.mode is CancelMode.ALL:
        return ErrorCode.CANCEL_COMBINATION if has_destination or has_stamp else None
    if not has_destination:
        return ErrorCode.CANCEL_ADDRESS
    if request.mode is CancelMode.DESTINATION:
        return ErrorCode.CANCEL_COMBINATION if has_stamp else None
    return None if has_stamp else ErrorCode.CANCEL_TIMESTAMP
