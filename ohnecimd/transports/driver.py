"""One connection at work, without its socket: what every transport does, and none does alone.

Strategy. A `Driver` goes through four phases, and answers in each of them what to send next,
whether to read, when to come back, and whether to close:

- TALKING: the parser runs, handlers are called.
- DELIVERING: the parser has ended; what it had queued goes out, what comes in is dropped.
- LINGERING: all is sent and said to be the end. A socket that is closed while the peer still
  sends makes the peer's system forget the answer that has just come; so what comes is read and
  dropped until the peer is done too, but not for ever.
- OVER: close the socket.

Transports call `receive`, `lose` and `sent` for what has happened, `pump` after any of them and
when `wake_in` is over, and then look at the answers.
"""

from __future__ import annotations

import enum
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.transports.tls import Tls

__all__ = ["GRACE_S", "LINGER_S", "LONGEST_WAIT_S", "PIECE_BYTES", "ROUNDS", "Driver", "Phase"]

C = TypeVar("C", bound=Connection[Any])
T = TypeVar("T")

PIECE_BYTES = 65536  # what is read, and what is taken from a parser, at once
ROUNDS = 16  # so many pieces are sent to one peer before others get their turn
EVENTS_AT_ONCE = 1024  # and so many events, or a few more, are handed out
STALL_S = 30.0  # how long the last output waits for a peer that takes nothing of it
LINGER_S = 2.0
LINGER_BYTES = 16 << 20
GRACE_S = 5.0
LONGEST_WAIT_S = 86400.0  # clocks of the system do not take any number


class Phase(enum.Enum):
    """How far a connection has come."""

    TALKING = enum.auto()
    DELIVERING = enum.auto()
    LINGERING = enum.auto()
    OVER = enum.auto()


class Driver(Generic[C]):
    """What stands between one connection and its socket, for either side.

    Args:
        connection: what is driven.
        tls: the session around it, if there is one.
    """

    __slots__ = (
        "_ends_output",
        "_give_up_at",
        "_has_told_end",
        "_is_busy",
        "_is_lost",
        "_is_transport_failure",
        "_spare_bytes",
        "_spare_rounds",
        "_stall_s",
        "_stop_at",
        "_tls",
        "connection",
        "events",
        "failure",
        "has_shut_down",
        "is_drained",
        "is_held",
        "outgoing",
        "peer_has_ended",
        "phase",
    )

    piece_bytes = 0

    def __init__(self, connection: C, tls: Tls | None = None) -> None:
        self.connection = connection
        self.events: deque[Any] = deque()
        """What the parser has emitted and nobody has got yet."""
        self.outgoing = memoryview(b"")
        """What to send next; tell with `sent` how much of it has gone."""
        self.phase = Phase.TALKING
        self.is_held = False
        """Whether a handler runs: the connection waits for it, only its output goes out."""
        self.failure: Exception | None = None
        """What has ended the talk: the error of the parser, of a handler, of the transport."""
        self.is_drained = False
        """Whether nothing was left to send when that was looked at last."""
        self.peer_has_ended = False
        self.has_shut_down = False
        """Whether the transport has shut down the sending side of the socket."""
        self._tls = tls
        self._ends_output = False
        self._has_told_end = False
        self._is_lost = False
        self._is_transport_failure = False
        self._is_busy = False
        self._spare_bytes = LINGER_BYTES
        self._spare_rounds = ROUNDS  # to work through what came before the peer was lost
        self._stall_s = STALL_S
        self._give_up_at: float | None = None
        self._stop_at: float | None = None

    # What has happened

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer; none mean that it will send no more."""
        tls = self._tls
        if not data:
            self.peer_has_ended = True
        if tls is None:
            self._feed(data, is_end=not data)
        elif self.phase is Phase.TALKING or not tls.is_ready:
            plain = tls.receive(data)
            self._feed(plain, is_end=tls.peer_has_ended)
            if tls.error is not None:
                self._fail(tls.error, is_transport=True)
        else:
            self._spare_bytes -= len(data)

    def lose(self, error: Exception | None) -> None:
        """Note that the transport has failed: nothing more can be sent or received.

        What has been received is still worked through.
        """
        self.outgoing = memoryview(b"")
        self._is_lost = self.peer_has_ended = self.is_drained = True
        if self.phase is not Phase.TALKING:
            self.phase = Phase.OVER
        elif error is not None and self.failure is None:
            self.failure = error
            self._is_transport_failure = True

    def sent(self, nbytes: int) -> None:
        """Note that so much of `outgoing` has been taken."""
        self.outgoing = self.outgoing[nbytes:]
        if self.phase is Phase.DELIVERING:
            self._give_up_at = time.monotonic() + self._stall_s

    def end_output(self) -> None:
        """Have the sending side shut down when all that is queued has been sent."""
        self._ends_output = True

    def stop(self, at: float) -> None:
        """Come to an end: now if nothing is under way, else at this time (`time.monotonic`)."""
        self._stop_at = at if self._stop_at is None else min(at, self._stop_at)

    def pump(self) -> None:
        """Go on as far as that is possible without the peer."""
        self._is_busy = False
        if self.phase is Phase.TALKING:
            self._talk()
        if self.phase is Phase.DELIVERING:
            self._fill()
            if self._is_delivered:
                self.phase = Phase.OVER if self.peer_has_ended else Phase.LINGERING
                self._give_up_at = time.monotonic() + LINGER_S
        if self.phase is Phase.LINGERING and (self.peer_has_ended or self._spare_bytes <= 0):
            self.phase = Phase.OVER
        self._look_at_the_time()

    # What to do

    @property
    def wants_input(self) -> bool:
        """Whether to read from the peer."""
        if self.peer_has_ended or self.phase is Phase.OVER:
            return False
        if self._tls is not None and not self._tls.is_ready:
            return True
        if self.phase is Phase.TALKING:
            return not (self.is_held or self._is_busy) and self.connection.want_input
        return True

    @property
    def wants_shutdown(self) -> bool:
        """Whether to shut down the sending side of the socket now; then set `has_shut_down`."""
        return (
            self._ends_output
            and not self.has_shut_down
            and self.phase is not Phase.OVER
            and self._is_delivered
        )

    @property
    def is_over(self) -> bool:
        """Whether to close the socket."""
        return self.phase is Phase.OVER

    @property
    def has_talked(self) -> bool:
        """Whether the parser has ended, or was given up."""
        return self.phase is not Phase.TALKING

    @property
    def has_handshake(self) -> bool:
        """Whether bytes can be sent: at once, or once TLS is ready."""
        return self._tls is None or self._tls.is_ready

    def wake_in(self) -> float | None:
        """Return in how many seconds to `pump` again, even if nothing happens."""
        if self._is_busy:
            return 0.0
        now = time.monotonic()
        times = [at - now for at in (self._give_up_at, self._stop_at) if at is not None]
        if self.phase is Phase.TALKING and not self.is_held:
            deadline = self.connection.deadline
            if deadline is not None:
                times.append(deadline - self.connection.clock())
        return max(0.0, min(*times, LONGEST_WAIT_S)) if times else None

    # Inside

    def _talk(self) -> None:
        connection = self.connection
        if not self.is_held and connection.deadline is not None:
            self._run(connection.tick)
        count = 0
        self._fill()
        while not self._is_busy and (handed := self._hand_out() or self._tell_end()):
            count += handed
            self._is_busy = count >= EVENTS_AT_ONCE
            self._fill()
        if self._is_lost and self._is_busy:
            self._spare_rounds -= 1
            self._is_busy = self._spare_rounds > 0
        if self.is_held or self._is_busy or self.has_talked:  # a handler may have let it end
            return
        if connection.closing or self._is_lost or self._is_idle():
            self._end_talk()

    def _tell_end(self) -> int:
        """Tell the parser that the input has ended, once handlers have had what came before it.

        It may return then, and nothing could be said in answer to that any more.
        """
        if not self.peer_has_ended or self._has_told_end or self._is_lost or self.is_held:
            return 0
        self._has_told_end = True
        self._run(self.connection.send_eof)
        return 1

    def _hand_out(self) -> int:
        """Pass on what events there are; tell how many. There may be more then."""
        raise NotImplementedError

    def _is_idle(self) -> bool:
        """Tell whether nothing is left to wait for."""
        if self.outgoing:
            return False
        deadline = self.connection.deadline
        if self.peer_has_ended and deadline is None:
            return True
        if self._stop_at is None:
            return False
        left = self._stop_at - time.monotonic()
        return deadline is None or deadline - self.connection.clock() > left

    def _end_talk(self) -> None:
        self._run(self.connection.close)
        self.is_held = False
        self._ends_output = True
        # Nobody waits as long for a handshake as for an answer on its way.
        is_hopeless = self._is_lost or (self._stop_at is not None and not self.has_handshake)
        self.phase = Phase.OVER if is_hopeless else Phase.DELIVERING
        self._give_up_at = time.monotonic() + (self._stall_s if self.has_handshake else LINGER_S)
        if self.failure is not None:
            self._report(self.failure)

    def _report(self, error: Exception) -> None:
        """Tell the application what has ended the talk."""

    def _look_at_the_time(self) -> None:
        now = time.monotonic()
        is_time = self._stop_at is not None and now >= self._stop_at
        if self._give_up_at is not None and now >= self._give_up_at:
            is_time = True
        if is_time and self.phase is not Phase.OVER:
            self._is_lost = True
            if self.phase is Phase.TALKING:
                self._end_talk()
            self.outgoing = memoryview(b"")
            self.phase = Phase.OVER

    def _feed(self, data: bytes, *, is_end: bool) -> None:
        if self.phase is not Phase.TALKING:
            self._spare_bytes -= len(data)
        elif data and not self.connection.closing:
            self._run(self.connection.send, data)
        if is_end:
            self.peer_has_ended = True

    def _run(self, action: Callable[..., T], *args: Any) -> T | None:  # noqa: ANN401 - any
        """Let the parser run; what it raises ends the talk."""
        try:
            return action(*args)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            if self.failure is None:
                self.failure = error
            return None

    def _fail(self, error: Exception, *, is_transport: bool = False) -> None:
        """Give the parser up because of something that it has not raised itself."""
        if self.failure is None:
            self.failure = error
            self._is_transport_failure = is_transport
        self._run(self.connection.close)

    def _take(self) -> bytes:
        """Return what the connection has for the peer, a piece at a time."""
        return self._run(self.connection.read, self.piece_bytes) or b""

    def _take_events(self) -> list[Any]:
        events = self._run(self.connection.events)
        # A parser that fails keeps what it had emitted for the next call.
        return (self._run(self.connection.events) or []) if events is None else events

    def _fill(self) -> None:
        """Have something in `outgoing`, if there is anything to send."""
        if not self.outgoing:
            self.outgoing = memoryview(self._next_piece())
            self.is_drained = not self.outgoing

    def _next_piece(self) -> bytes:
        if self._is_lost or self.has_shut_down:
            for _ in range(ROUNDS):
                if not self._take():  # dropped, lest the parser waits for it to go
                    break
            return b""
        return self._take() if self._tls is None else self._encrypt(self._tls)

    def _encrypt(self, tls: Tls) -> bytes:
        if tls.is_ready and tls.error is None:
            data = self._take()
            if data and not tls.has_ended:
                tls.send(data)
            elif not data and self._ends_output and not tls.has_ended:
                tls.end()
        if tls.error is not None:
            self._fail(tls.error, is_transport=True)
        return tls.ciphertext()

    @property
    def _is_delivered(self) -> bool:
        """Whether all has been sent, the end of it included."""
        tls = self._tls
        return self.is_drained and (tls is None or tls.has_ended or tls.error is not None)
