"""The half of a session that speaks: requests go out, are sent again, and come to an end.

Strategy. One alarm wakes the parser, at the earliest of all times that matter; verbs set it anew,
the parser does before it waits. A request has left when the last byte of its packet was taken with
`read`: where it stands in all that was written is known, and so is how much is not taken yet. What
has not left when the session ends is taken back out of the output, so that it never will.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from ohnecimd.connection import Connection
from ohnecimd.errors import Misuse, NotAllowedNow
from ohnecimd.primitives import get_input, wait
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.events import CloseReason, Stopped, Traffic
from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState, Ledger, settle_all
from ohnecimd.protocols.cimd.framing import Reader
from ohnecimd.protocols.cimd.numbers import COUNT
from ohnecimd.protocols.cimd.packets import LIMIT, STX, Checksums, Packet, match_packet
from ohnecimd.protocols.cimd.sending import Sending
from ohnecimd.protocols.cimd.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.output import Alarm, OutputBuffer
    from ohnecimd.protocols.cimd.framing import Noise
    from ohnecimd.protocols.cimd.packets import Problem
    from ohnecimd.protocols.cimd.roles import Request
    from ohnecimd.protocols.cimd.timers import Timer
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream
    from ohnecimd.tables import Unknown

__all__ = ["LEDGER_SIZE", "REPEATS", "RESPONSE_TIMEOUT_S", "Link", "Options"]

RESPONSE_TIMEOUT_S = 60.0
REPEATS = 3
LEDGER_SIZE = 1024

# Requests leave while less than this waits to be taken. Answers are small and their number is
# limited by the peer's window; so two peers that do not read before they have written never get
# both stuck.
ROOM_BYTES = 32768


class Options(TypedDict, total=False):
    """What can be said about a session, whichever side it is.

    Attributes:
        checksums: what is done about checksums of the peer.
        seals: send checksums.
        limit: of a packet of the peer, in bytes.
        is_strict: take only the number that is expected next from the peer, see
            `ohnecimd.protocols.cimd.receiving`.
        window: how many requests of ours may wait for answers, 1..128. An application has to ask
            for more than 1, and does so when it logs in.
        response_timeout_s: how long an answer may take.
        repeats: how often a request is sent again before the session ends.
        emits_traffic: every packet that comes or goes is an event, `Traffic`.
        ledger_size: how many answered requests the ledger still names.
        distort: for tests of peers: returns the bytes that go out in place of a packet; None: as
            it is.
        clock: tells the time in seconds.
    """

    checksums: Checksums
    seals: bool
    limit: int
    is_strict: bool
    window: int
    response_timeout_s: float
    repeats: int
    emits_traffic: bool
    ledger_size: int
    distort: Callable[[Packet], bytes | None] | None
    clock: Callable[[], float]


class Link(Connection[CloseReason]):
    """Sends requests and waits for their answers; a subclass hears what the peer says."""

    __slots__ = (
        "_alarm",
        "_answered",
        "_answered_count",
        "_count",
        "_distort",
        "_emits_traffic",
        "_failed",
        "_is_over",
        "_limit",
        "_reason",
        "_seals",
        "_sending",
        "_silence_s",
        "_silent_since",
        "_timers",
        "_written",
    )

    _is_silenced_by_us: ClassVar[bool] = False  # what we say ends the silence; else what we hear

    def __init__(
        self,
        first: int,
        *,
        silence_s: float | None = None,
        limit: int = LIMIT,
        seals: bool = True,
        window: int = 1,
        response_timeout_s: float = RESPONSE_TIMEOUT_S,
        repeats: int = REPEATS,
        emits_traffic: bool = False,
        ledger_size: int = LEDGER_SIZE,
        distort: Callable[[Packet], bytes | None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        check_window(window)
        if not response_timeout_s > 0 or not (silence_s is None or silence_s > 0):
            raise Misuse("a time limit has to be more than 0 s")
        self._limit = limit
        self._seals = seals
        self._emits_traffic = emits_traffic
        self._distort = distort
        self._silence_s = silence_s
        self._silent_since = 0.0
        self._sending = Sending(first, window=window, timeout_s=response_timeout_s, repeats=repeats)
        self._timers = Timers()
        self._alarm: Alarm | None = None
        self._answered: deque[Exchange[Any]] = deque(maxlen=ledger_size)
        self._answered_count = 0
        self._failed: list[Exchange[Any]] = []  # those that never left, with a login
        self._count = 0  # of what was asked
        self._written = 0  # bytes
        self._reason: CloseReason | None = None
        self._is_over = False
        if clock is None:
            super().__init__(self._converse())
        else:
            super().__init__(self._converse(), clock=clock)

    # For the application

    @property
    def is_over(self) -> bool:
        """Whether nothing can be asked or answered any more."""
        return self._is_over or self._reason is not None

    @property
    def ledger(self) -> Ledger:
        """What became of all requests of ours so far."""
        waiting = self._sending.waiting.values()
        left = [each for each in waiting if self._has_left(each)]
        here = [each for each in waiting if not self._has_left(each)]
        lost = [each for each in self._failed if each.state is ExchangeState.LOST]
        never = [each for each in self._failed if each.state is not ExchangeState.LOST]
        return Ledger(
            _in_order(self._answered),
            _in_order([*left, *lost]),
            _in_order([*here, *never, *self._sending.queue]),
            self._answered_count,
        )

    def stop(self, reason: CloseReason = CloseReason.STOPPED) -> None:
        """End the session in order: what is said can still be read, but for requests.

        From within a callback it ends when that has returned.
        """
        if self._reason is None:
            self._reason = reason
            self.poke()

    def poke(self) -> None:
        """Look at the time and at what may leave, as at the next `send`, `read` or `tick`."""
        if not self.closing and self._resume is not None:
            self._flush()
            self._run()

    def after(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Have `callback` called in so many seconds, if the session is not over then.

        It may use the verbs of the session. What it raises ends the session.

        Raises:
            NotAllowedNow: the session is over.
        """
        self._require_open()
        timer = self._timers.add(self._output.clock() + seconds, callback)
        self._set_alarm()
        return timer

    def send_packet(self, packet: Packet) -> None:
        """Send a packet as it is, whatever it is; nobody waits for an answer.

        Raises:
            NotAllowedNow: the session is over.
        """
        self._require_open()
        self._write(packet)

    def __repr__(self) -> str:
        state = "over" if self.is_over else self._doing
        return f"<{type(self).__name__} at byte {self.offset}, {state}>"

    # The parser

    def _converse(self) -> Steps[CloseReason]:
        try:
            stream = yield from get_input()
            self._silent_since = self._output.clock()
            self._begin()
            yield from self._await_greeting(stream)
            yield from self._listen(stream)
        finally:
            self._finish()
        return self._reason or CloseReason.CLOSED

    def _listen(self, stream: InputStream) -> Steps[None]:
        """Take what the peer says, and look at the time, until the session is over."""
        output, sending = self._output, self._sending
        reader = Reader(stream, self._limit)
        while self._reason is None:
            item = reader.take()
            if item is not None:
                if self._silence_s is not None and not self._is_silenced_by_us:
                    self._silent_since = output.clock()
                self._take(item)
                if output.is_full or output.is_crowded:
                    yield from self._await_room(output)
            elif reader.is_over:
                self._reason = self._end_reason
            elif self._alarm is not None and self._alarm.is_due:
                self._look_at_time()
            else:
                if sending.queue:
                    self._pump()
                    if len(output) >= ROOM_BYTES:
                        stream.at_end()  # to be resumed when output is taken, too
                self._set_alarm()
                yield from wait()

    def _await_byte(self, stream: InputStream) -> Steps[None]:
        """Wait until a byte or the end is there."""
        while self._reason is None and stream.at_end() is None:
            if self._alarm is not None and self._alarm.is_due:
                self._look_at_time()
            self._set_alarm()
            yield from wait()

    def _await_room(self, output: OutputBuffer) -> Steps[None]:
        """Wait until output and events have been taken; a peer that takes none is given up."""
        while self._reason is None and (output.is_full or output.is_crowded):
            if not output.is_crowded and self._alarm is not None and self._alarm.is_due:
                self._look_at_time()
                continue
            if self._alarm is None or not self._alarm.is_due:
                self._set_alarm()
            yield from wait()

    # For subclasses to say

    @property
    def _doing(self) -> str:
        raise NotImplementedError

    @property
    def _end_reason(self) -> CloseReason:
        """Why it is over at the end of the input."""
        return CloseReason.END_OF_INPUT

    def _begin(self) -> None:
        """Do what is to be done when the connection is there."""

    def _await_greeting(self, stream: InputStream) -> Steps[None]:  # noqa: ARG002
        """Wait until it can begin."""
        yield from ()

    def _take(self, item: Packet | Noise | Problem) -> None:
        raise NotImplementedError

    def _on_silence(self) -> None:
        """Do what is to be done when there was silence for too long."""

    def _on_leaving(self, exchange: Exchange[Any]) -> None:
        """Note that a request leaves for the first time."""

    # Requests

    def _enqueue(self, request: Request | Unknown) -> Exchange[Any]:
        """Note that something is asked of the peer."""
        packet = packet_of(request, 0, checksum=False)
        self._count += 1
        exchange: Exchange[Any] = Exchange(request, packet, self._count)
        self._sending.queue.append(exchange)
        return exchange

    def _advance(self) -> None:
        """Let leave what may leave, after a verb."""
        self._pump()
        self._set_alarm()
        if self._sending.queue and self._patience and len(self._output) >= ROOM_BYTES:
            self.poke()  # for the parser to be resumed when output is taken

    def _pump(self) -> None:
        """Let leave what may leave."""
        sending, output = self._sending, self._output
        while len(output) < ROOM_BYTES:
            exchange = sending.take(output.clock())
            if exchange is None:
                return
            packet = exchange.packet
            assert exchange.number is not None
            packet = Packet(packet.operation, exchange.number, packet.body)
            exchange.packet = packet = packet.sealed() if self._seals else packet
            begin = self._written
            self._write(packet)
            exchange.place = begin, self._written
            self._on_leaving(exchange)

    def _send_again(self, exchanges: Iterable[Exchange[Any]]) -> None:
        """Send requests again, but none after a logout."""
        for exchange in exchanges:
            if not self._sending.is_open:
                continue
            begin = self._written
            self._write(exchange.packet)
            if not self._has_left(exchange):
                exchange.copies.append((begin, self._written))
        if self._sending.has_given_up:
            self._reason = self._reason or CloseReason.NO_RESPONSE

    def _note_answer(self, exchange: Exchange[Any]) -> None:
        """Note that an exchange is answered, before anybody is told."""
        assert exchange.number is not None
        self._sending.settle(exchange.number)
        self._answered.append(exchange)
        self._answered_count += 1

    def _fail_queued(self, reason: str) -> list[Exchange[Any]]:
        """Settle what waits to leave, since it never will; return it."""
        queued = list(self._sending.queue)
        self._sending.queue.clear()
        for exchange in queued:
            exchange.state = ExchangeState.UNSENT
        self._failed += queued
        settle_all(queued, reason)
        return queued

    # Output

    @property
    def _taken(self) -> int:
        """How many bytes have been taken with `read`."""
        return self._written - len(self._output)

    def _has_left(self, exchange: Exchange[Any]) -> bool:
        return exchange.place[1] <= self._taken

    def _write(self, packet: Packet) -> None:
        output = self._output
        data = packet.encode()
        begin = self._written
        if self._distort is not None:
            distorted = self._distort(packet)
            data = data if distorted is None else distorted
        output.write(data)
        self._written += len(data)
        if self._silence_s is not None and self._is_silenced_by_us:
            self._silent_since = output.clock()
        if self._emits_traffic:
            place = max(0, data.find(STX))
            sent = match_packet(data[place:-1], begin + place)
            if sent is not None:  # else it was distorted, or dropped
                output.events.append(Traffic(is_ours=True, packet=sent))

    def _say(self, data: bytes) -> None:
        """Write what is no packet."""
        self._output.write(data)
        self._written += len(data)

    # Time

    def _set_alarm(self) -> None:
        """Be woken at the earliest time that matters."""
        deadline = self._sending.deadline
        timer = self._timers.deadline
        if timer is not None and (deadline is None or timer < deadline):
            deadline = timer
        if self._silence_s is not None:
            silent = self._silent_since + self._silence_s
            if deadline is None or silent < deadline:
                deadline = silent
        alarm = self._alarm
        if deadline is None:
            if alarm is not None:
                self._output.alarms.remove(alarm)
                self._alarm = None
        else:
            if alarm is None:
                alarm = self._alarm = self._output.set_alarm(0, interrupts=False)
            alarm.deadline = deadline
            alarm.is_due = False

    def _look_at_time(self) -> None:
        """Do what is due."""
        now = self._output.clock()
        # What has not even left is there already.
        self._send_again(each for each in self._sending.expired(now) if self._has_left(each))
        self._timers.run(now)
        if self._silence_s is not None and now - self._silent_since >= self._silence_s:
            self._silent_since = now
            self._on_silence()
        self._set_alarm()

    # The end

    def _require_open(self) -> None:
        if self.is_over or self.closing:
            raise NotAllowedNow("the session is over") from self.error

    def _finish(self) -> None:
        """Settle what is open, tell everybody, and say so as the last event."""
        self._is_over = True
        reason = self._reason = self._reason or CloseReason.CLOSED
        self._timers.clear()
        if self._alarm is not None:
            self._output.alarms.remove(self._alarm)
            self._alarm = None
        ledger, sending = self.ledger, self._sending
        here = [each for each in ledger.unsent if each.state is ExchangeState.SENT]
        self._take_back([place for each in here for place in (each.place, *each.copies)])
        for exchange in ledger.unanswered:
            exchange.state = ExchangeState.LOST
        for exchange in ledger.unsent:
            exchange.state = ExchangeState.UNSENT
            exchange.number = None
        ended = [*sending.waiting.values(), *sending.queue]
        self._failed += ended
        sending.waiting.clear()
        sending.queue.clear()
        try:
            settle_all(_in_order(ended), f"the session is over ({reason})")
        finally:
            self._output.events.append(Stopped(self.ledger, reason))

    def _take_back(self, places: list[tuple[int, int]]) -> None:
        """Take requests that have not left out of the output."""
        if not places:
            return
        start = self._taken
        data = self._output.read()
        for begin, end in sorted(places, reverse=True):
            data = data[: max(0, begin - start)] + data[end - start :]
        self._output.write(data)


def check_window(window: int) -> None:
    """Raise `Misuse` for a window that is none."""
    if not 1 <= window <= COUNT:
        raise Misuse(f"a window has 1..{COUNT} requests, not {window}")


def _in_order(exchanges: Iterable[Exchange[Any]]) -> tuple[Exchange[Any], ...]:
    return tuple(sorted(exchanges, key=lambda each: each.index))
