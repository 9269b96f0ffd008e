"""A session of CIMD2, as far as it is the same for both sides.

Sections 3 to 6 of the facts. A session never fails because of its peer: what is wrong is refused as
the protocol has it, and is an event. Its parser returns why the session is over.

What is refused by the session itself:

==============================================  ==================================================
a wrong checksum, none where one is demanded,   nack, with the number expected
no header, too long, no ETX, the wrong number
parameters that are none                        the response of the operation with error 2; 98 if
                                                nobody knows the operation
an operation that nobody knows                  98 with error 1 (an application may not send that,
                                                and answers with the response code)
an operation of the other side, or not now      the response of the operation with error 1
a mandatory parameter missing or unreadable     the response with the error of the parameter
==============================================  ==================================================

Nobody answers an answer: what is wrong with one is an event, and the request is sent again when its
time is over. A nack is never nacked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from ohnecimd.errors import Misuse, NotAllowedNow
from ohnecimd.protocols.cimd.codes import ErrorCode, text_of_error
from ohnecimd.protocols.cimd.decoding import read
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.events import (
    Answered,
    Denied,
    Nacked,
    Received,
    Rejected,
    Stray,
    Traffic,
)
from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState, Refused
from ohnecimd.protocols.cimd.links import Link
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    TO_RESPONSE,
    Alive,
    AliveResponse,
    GeneralErrorResponse,
    Nack,
    response_of,
)
from ohnecimd.protocols.cimd.numbers import is_among
from ohnecimd.protocols.cimd.packets import (
    ETX,
    MALFORMED,
    TAB,
    TRUNCATED,
    Checksums,
    Packet,
    Problem,
    checksum_of,
    fault_of,
)
from ohnecimd.protocols.cimd.receiving import Receiving, Verdict
from ohnecimd.protocols.cimd.refusals import REFUSALS, refusal_of
from ohnecimd.protocols.cimd.roles import CONNECTED, Refusal, Request, Response
from ohnecimd.tables import Unknown

if TYPE_CHECKING:
    from ohnecimd.messages import Message
    from ohnecimd.protocols.cimd.framing import Noise
    from ohnecimd.protocols.cimd.receiving import Content
    from ohnecimd.tables import Row

__all__ = ["Session"]

R = TypeVar("R", bound=Response)

NACK = MESSAGES.row_of(Nack).code
GENERAL_ERROR = MESSAGES.row_of(GeneralErrorResponse).code


class Session(Link):
    """One side of a session: `Application` or `Center`.

    Verbs may be used at any time, also from within callbacks: they queue bytes, which `read` gives.
    """

    __slots__ = ("_checksums", "_nacked", "_overlooks_faults", "_receiving", "_served", "_state")

    _side: ClassVar[str]
    _peer: ClassVar[str]
    _has_general_errors: ClassVar[bool] = False  # it may send 98

    def __init__(
        self,
        first: int,
        peer_first: int,
        *,
        peer_window: int = 1,
        is_peer_first_known: bool = False,
        is_strict: bool = False,
        checksums: Checksums = Checksums.ACCEPT,
        overlooks_faults: bool = True,
        **options: Any,  # noqa: ANN401 - the subclasses type them
    ) -> None:
        self._state = CONNECTED
        self._checksums = Checksums(checksums)
        self._overlooks_faults = overlooks_faults
        self._receiving = Receiving(
            peer_first,
            window=peer_window,
            is_strict=is_strict,
            is_first_known=is_peer_first_known,
        )
        self._nacked: int | None = None  # for the sake of problems, with no packet since
        self._served: dict[int, Received] = {}  # requests of the peer without an answer
        super().__init__(first, **options)

    # Verbs

    @property
    def state(self) -> str:
        """In which state the session is: one of those of section 6, such as ``logged in``."""
        return self._state

    def ask(self, request: Request | Unknown) -> Exchange[Any]:
        """Ask something of the peer; it leaves at once, or when there is room in the window.

        Args:
            request: one of those in `MESSAGES`; or an `Unknown`, whose payload is parameters as on
                the wire, and whose answer may be anything.

        Raises:
            NotAllowedNow: the session is over, or not in a state for that.
            FieldError: a value is none that its parameter can hold.
        """
        self._require_open()
        self._check_asking(request)
        exchange = self._enqueue(request)
        self._on_asking(exchange)
        self._advance()
        return exchange

    def alive(self) -> Exchange[AliveResponse]:
        """Ask whether the peer is there.

        Raises:
            NotAllowedNow: nobody is logged in.
        """
        return self.ask(Alive())

    def answer(self, received: Received, response: Response | Refusal | None = None) -> None:
        """Answer a request of the peer.

        Args:
            received: the request.
            response: the answer, positive or negative; None: a positive one without parameters.

        Raises:
            NotAllowedNow: it is answered already, or the session is over.
            FieldError: a value is none that its parameter can hold.
            Misuse: the answer does not go with the request.
        """
        self._check_unanswered(received)
        if response is None:
            response = response_of(type(received.message))()
        packet = packet_of(self._worded(response), received.number, checksum=self._seals)
        operation = packet.operation
        if operation not in {received.packet.operation + TO_RESPONSE, GENERAL_ERROR}:
            raise Misuse(f"{_name(response)} is no answer to {_name(received.message)}")
        del self._served[received.number]
        self._receiving.answer(received.number, packet)
        self._write(packet)
        self._on_answering(received, response)

    def refuse(self, received: Received, error: ErrorCode | int, text: str | None = None) -> None:
        """Answer a request of the peer negatively; raises as `answer` does."""
        refusal: Any = refusal_of(type(received.message))
        self.answer(received, refusal(error=error, text=text))

    def forget(self, received: Received) -> None:
        """Do as if a request of the peer had never come: it may come again.

        Raises:
            NotAllowedNow: it is answered already, or the session is over.
        """
        self._check_unanswered(received)
        del self._served[received.number]
        self._receiving.forget(received.number)

    def nack(self, number: int | None = None) -> None:
        """Nack a packet of the peer: the one of this number; None: the one expected next.

        Raises:
            NotAllowedNow: the session is over.
        """
        self._require_open()
        number = self._receiving.expected if number is None else number
        packet = Packet(NACK, number)
        self._write(packet.sealed() if self._seals else packet)

    # For subclasses to say

    def _check_asking(self, request: Request | Unknown) -> None:
        """Raise `NotAllowedNow` if this may not be asked now."""
        row = row_of(request)
        if self._side not in row.sent_by or self._state not in row.when:
            raise NotAllowedNow(_not_now(row, self._side, self._state))

    def _may_come(self, row: Row[int]) -> bool:
        """Tell whether the peer may send this now."""
        return self._state in row.when

    def _on_asking(self, exchange: Exchange[Any]) -> None:
        """Note that something is asked, before it leaves."""

    def _is_fresh_start(self, packet: Packet) -> bool:  # noqa: ARG002
        """Tell whether the numbers of the peer begin anew with this request."""
        return False

    def _handle(self, received: Received) -> None:
        """Do what the peer asks, or tell the application."""
        raise NotImplementedError

    def _worded(self, response: Response | Refusal) -> Response | Refusal:
        return response

    def _on_state(self, before: str) -> None:
        """Do what comes with a new state."""

    # What the peer says

    @property
    def _doing(self) -> str:
        return self._state

    def _take(self, item: Packet | Noise | Problem) -> None:
        events = self._output.events
        if not isinstance(item, Packet):
            events.append(item)
            if isinstance(item, Problem):
                self._take_problem(item)
            return
        self._nacked = None
        if self._emits_traffic:
            events.append(Traffic(is_ours=False, packet=item))
        operation = item.operation
        fault = fault_of(item, self._checksums)
        if fault is not None:
            events.append(Rejected(item, None, fault))
            if operation != NACK:
                self.nack()
        elif operation < TO_RESPONSE:
            self._take_request(item)
        elif operation == NACK:
            self._take_nack(item)
        else:
            self._take_response(item)

    def _take_problem(self, problem: Problem) -> None:
        """Refuse what begins as a packet, and is none."""
        operation, number = problem.operation, problem.number
        if problem.kind == TRUNCATED:
            return
        if operation is None or number is None or not self._is_intact(problem):
            expected = self._receiving.expected
            if operation != NACK and expected != self._nacked:  # once for all that it was cut into
                self._nacked = expected
                self.nack()
        elif operation < TO_RESPONSE:
            verdict = self._judge(number, (operation, problem.data))
            if verdict is Verdict.NEW:
                self._reject(operation, number, ErrorCode.SYNTAX)

    def _is_intact(self, problem: Problem) -> bool:
        """Tell whether a malformed packet came as it was sent, so that its header holds."""
        data = problem.data
        body_end = data.rfind(TAB) + 1
        if problem.kind != MALFORMED or not data.endswith(ETX) or data.count(ETX) > 1:
            return False
        checksum = data[body_end:-1]
        if not checksum:
            return self._checksums is not Checksums.DEMAND
        return self._checksums is Checksums.IGNORE or checksum.upper() == b"%02X" % checksum_of(
            data[:body_end]
        )

    # Requests of the peer

    def _take_request(self, packet: Packet) -> None:
        if self._is_fresh_start(packet):
            self._receiving.restart()
        if self._judge(packet.number, (packet.operation, packet.body), packet) is not Verdict.NEW:
            return
        row = MESSAGES.find(packet.operation, self._peer)
        if row is None:
            self._refuse_packet(packet, ErrorCode.UNEXPECTED_OPERATION, "unknown operation")
        elif not self._may_come(row):
            why = _not_now(row, self._peer, self._state)
            self._refuse_packet(packet, ErrorCode.UNEXPECTED_OPERATION, why)
        else:
            self._serve(packet, row)

    def _judge(self, number: int, content: Content, packet: Packet | None = None) -> Verdict:
        """Say what a request is, and do what is to be done with one that is not new."""
        verdict = self._receiving.judge(number, content)
        if verdict is Verdict.REPEATED:
            self._write(self._receiving.response(number))
        elif verdict is Verdict.UNEXPECTED:
            if packet is not None:
                why = f"unexpected number: {number:03}, expected {self._receiving.expected:03}"
                self._output.events.append(Rejected(packet, None, why))
            self.nack()
        return verdict

    def _serve(self, packet: Packet, row: Row[int]) -> None:
        """Have a request handled, if it can be read."""
        message, faults = (reading := read(packet, self._peer)).message, reading.faults
        if message is None or (faults and not self._overlooks_faults):
            error = ErrorCode(cast("int", faults[0].hint or ErrorCode.SYNTAX))
            self._refuse_packet(packet, error, str(faults[0]))
            return
        number = packet.number
        received = Received(number, cast("Request", message), packet, faults)
        self._served[number] = received
        self._enter(row.then)
        self._handle(received)

    def _refuse_packet(self, packet: Packet, error: ErrorCode, why: str) -> None:
        self._output.events.append(Rejected(packet, error, why))
        self._reject(packet.operation, packet.number, error)

    def _reject(self, operation: int, number: int, error: ErrorCode) -> None:
        """Answer a request that is handed to nobody."""
        code = operation + TO_RESPONSE
        if self._has_general_errors and MESSAGES.find(operation) is None:
            code = GENERAL_ERROR
        body = b"900:%d\t901:%b\t" % (error, text_of_error(error).encode())
        packet = Packet(code, number, body)
        if self._seals:
            packet = packet.sealed()
        if code >= GENERAL_ERROR and not self._has_general_errors:  # 48 and 49 have no response
            self._receiving.drop(number)
            return
        self._receiving.answer(number, packet)
        self._write(packet)

    def _check_unanswered(self, received: Received) -> None:
        self._require_open()
        if self._served.get(received.number) is not received:
            raise NotAllowedNow(f"{_name(received.message)} is answered already")

    # Answers of the peer

    def _take_response(self, packet: Packet) -> None:
        exchange = self._sending.waiting.get(packet.number)
        if packet.operation == GENERAL_ERROR:
            if exchange is None:
                self._receiving.pass_over(packet.number)
                if not is_among(packet.number, self._sending.next):
                    exchange = self._only_one()
        elif exchange is not None and packet.operation != exchange.packet.operation + TO_RESPONSE:
            why = f"operation {packet.operation:02} does not answer {_name(exchange.request)}"
            self._output.events.append(Stray(packet, why))
            return
        if exchange is None:
            self._output.events.append(Stray(packet, f"nothing waits for {packet.number:03}"))
            return
        reading = read(packet, self._peer)
        message, exchange.faults = reading.message, reading.faults
        self._note_answer(exchange)
        if message is None:
            self._fail(exchange, reading.faults[0])
        elif isinstance(message, Refusal):
            self._fail(exchange, Refused(exchange.request, message))
        else:
            self._succeed(exchange, message)
        if self._sending.queue:
            self._pump()

    def _only_one(self) -> Exchange[Any] | None:
        """Return what a general error is about that does not say so, if only one thing waits."""
        waiting = self._sending.waiting
        return next(iter(waiting.values())) if len(waiting) == 1 else None

    def _succeed(self, exchange: Exchange[Any], response: Message) -> None:
        self._output.events.append(Answered(exchange))
        if not isinstance(response, Unknown):
            self._enter(MESSAGES.row_of(response).then)
        exchange.settle(ExchangeState.ANSWERED, response=response)

    def _fail(self, exchange: Exchange[Any], error: Exception) -> None:
        self._output.events.append(Denied(exchange))
        row = REFUSALS.find(exchange.packet.operation + TO_RESPONSE, self._peer)
        self._enter(None if row is None else row.then)
        exchange.settle(ExchangeState.REFUSED, error=error)

    def _take_nack(self, packet: Packet) -> None:
        again = self._sending.nacked(packet.number, self._output.clock())
        self._output.events.append(Nacked(packet.number, again[0] if again else None))
        self._send_again(again)

    def _enter(self, state: str | None) -> None:
        """Come to a state; None, as in the tables: stay."""
        if state is not None and state != self._state:
            before, self._state = self._state, state
            self._on_state(before)

    def _on_leaving(self, exchange: Exchange[Any]) -> None:
        self._enter(row_of(exchange.request).then)

    def _on_answering(self, received: Received, response: Response | Refusal) -> None:
        """Note that a request of the peer is answered."""
        table = MESSAGES if isinstance(response, Response) else REFUSALS
        row = table.find(received.packet.operation + TO_RESPONSE, self._side)
        self._enter(None if row is None else row.then)


def _name(message: Message) -> str:
    return type(message).__name__


def row_of(request: Request | Unknown) -> Row[int]:
    """Return the row of a request; what nobody knows may be asked as an alive may."""
    if not isinstance(request, (Request, Unknown)) or (
        isinstance(request, Unknown) and not 0 <= request.code < TO_RESPONSE
    ):
        raise Misuse(f"{_name(request)} is no request")
    return MESSAGES.row_of(Alive if isinstance(request, Unknown) else request)


def _not_now(row: Row[int], sender: str, state: str) -> str:
    """Say why a message may not be sent."""
    if sender not in row.sent_by:
        return f"{row.name} may not be sent by the {sender}"
    return f"{row.name} may not be sent in the state {state!r}"
