"""The server: does what it is asked, in order, and ends the connection of whom it cannot follow."""

from __future__ import annotations

import enum
from functools import partial
from typing import TYPE_CHECKING, Any

from ohnecimd.connection import Connection
from ohnecimd.errors import (
    Malformed,
    RemoteProtocolError,
    TimeoutExpired,
    TooLong,
    Truncated,
    UnknownMessage,
)
from ohnecimd.primitives import at_eof, emit, get_input, own_output, put, sleep, wait
from ohnecimd.protocols.chunks.arithmetic import compute
from ohnecimd.protocols.chunks.framing import LIMIT, Chunk, take_chunk
from ohnecimd.protocols.chunks.messages import (
    Answer,
    ChunkMessage,
    Compute,
    Delay,
    Echo,
    Noop,
    Shutdown,
    chunk_of,
    message_of,
)
from ohnecimd.steps import GET_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.output import OutputBuffer
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["IDLE_S", "CloseReason", "IdleTimeout", "Server"]

IDLE_S = 60.0
DAY_S = 86400.0  # how long is slept at once: transports cannot wait much longer
NEVER_S = 1e9  # a reply after 31 years is as good as none


class CloseReason(enum.StrEnum):
    """Why a server ends a connection: the result of its parser, or the `hint` of its error."""

    CLIENT_EOF = "client-eof"
    TOO_LARGE = "request-too-large"
    UNKNOWN_ID = "unknown-id"
    VALIDATION = "validation"
    IDLE = "idle-timeout"
    SHUTTING_DOWN = "shutting-down"
    REJECTED = "rejected-shutting-down"


REASONS: dict[type[RemoteProtocolError], CloseReason] = {
    Truncated: CloseReason.CLIENT_EOF,
    TooLong: CloseReason.TOO_LARGE,
    UnknownMessage: CloseReason.UNKNOWN_ID,
    Malformed: CloseReason.VALIDATION,
}


class IdleTimeout(TimeoutExpired):
    """No byte has come or gone for too long."""

    hint = CloseReason.IDLE

    def __str__(self) -> str:
        return f"no byte came or went within {self.seconds:g} s"


class Server:
    r"""What the connections of one server share. Call it for a connection to one more client.

    Each ends with a `CloseReason`: as its result, or, where the client has broken the rules or
    said nothing for too long, as the `hint` of its error. Replies from before can still be read.

    After SHUT `is_shutting_down` is set. Clients that are being served still get their reply; the
    others are told nothing, and their connections end with the next byte that they send; new
    connections end at once. Whoever runs the server ends it when the last client has gone.

    Args:
        limit: of the contents of a request, in bytes.
        idle_s: for so long there may be no byte that comes or goes; None: for ever. The time in
            which a request is served does not count.
        emits: hand the requests to the application too, as `Chunk` events that it has to take.
        options: of the connections, such as ``clock``.

    >>> server = Server()
    >>> connection = server()
    >>> connection.send(b"SHUT\x00\x00\x00\x00")
    >>> connection.read(), connection.get_result(), server.is_shutting_down
    (b'NOOP\x00\x00\x00\x00', <CloseReason.SHUTTING_DOWN: 'shutting-down'>, True)
    >>> server().get_result()
    <CloseReason.REJECTED: 'rejected-shutting-down'>
    """

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        idle_s: float | None = IDLE_S,
        emits: bool = False,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.is_shutting_down = False
        self._limit = limit
        self._idle_s = idle_s
        self._emits = emits
        self._options = options

    def __call__(self) -> Connection[CloseReason]:
        """Make the connection to one more client."""
        return Connection(self._conversation(), **self._options)

    def _conversation(self) -> Steps[CloseReason]:
        if self.is_shutting_down:
            return CloseReason.REJECTED
        stream = yield from get_input()
        output = own_output((yield GET_OUTPUT), "an LDO server")
        silence = _Silence(stream, output, self._idle_s)
        pause = partial(self._await, silence)
        try:
            while not self.is_shutting_down:
                request = yield from take_chunk(stream, self._limit, pause)
                if request is None:
                    return CloseReason.CLIENT_EOF
                if self._emits:
                    yield from emit(request)
                reply = yield from self._serve(_known(request), stream)
                if reply is None:
                    return CloseReason.CLIENT_EOF
                if output.is_full:
                    yield from silence.wait_while(lambda: output.is_full)
                yield from put(chunk_of(reply).encode())
        except _Dismissed:
            pass
        except RemoteProtocolError as error:
            error.hint = REASONS[type(error)]
            raise
        return CloseReason.SHUTTING_DOWN

    def _await(self, silence: _Silence) -> Steps[None]:
        """Wait for more of a request, or the end of the input."""
        stream = silence.stream
        received = stream.received
        yield from silence.wait_while(lambda: stream.received == received and not stream.has_ended)
        if self.is_shutting_down and stream.received > received:
            raise _Dismissed

    def _serve(self, request: ChunkMessage, stream: InputStream) -> Steps[ChunkMessage | None]:
        """Do what is asked; return the reply, None if the client has left and none can come."""
        if isinstance(request, Echo):
            return request
        if isinstance(request, Compute):
            value = compute(request.operator, request.operands)
            return Answer(value is not None, value)
        if isinstance(request, Delay):
            has_passed = yield from _delay(request.seconds, stream)
            return Noop() if has_passed else None
        if isinstance(request, Shutdown):
            self.is_shutting_down = True
        return Noop()


def _known(chunk: Chunk) -> ChunkMessage:
    request = message_of(chunk, sender="client")
    if isinstance(request, ChunkMessage):
        return request
    raise UnknownMessage(position=chunk.offset, expected="the ID of a request", found=chunk.id)


class _Dismissed(Exception):
    """A client has sent something while the server shuts down."""


class _Silence:
    """How long neither a byte comes nor one goes.

    Args:
        stream: where they come from.
        output: where they go from.
        limit_s: of the silence; None: there is no limit.
    """

    def __init__(self, stream: InputStream, output: OutputBuffer, limit_s: float | None) -> None:
        self.stream = stream
        self._output = output
        self._limit_s = limit_s

    def wait_while(self, is_so: Callable[[], bool]) -> Steps[None]:
        """Wait while something is so, and each byte that moves has the clock begin anew.

        Raises:
            IdleTimeout: the silence has lasted too long.
        """
        stream, output, limit_s = self.stream, self._output, self._limit_s
        alarm = None if limit_s is None else output.set_alarm(limit_s, interrupts=False)
        moved = stream.received, len(output)
        try:
            while is_so():
                stream.at_end()  # whatever comes next is to resume it, not only what is missing
                yield from wait()
                before, moved = moved, (stream.received, len(output))
                if alarm is None or limit_s is None:
                    continue
                if moved != before:
                    alarm.is_due = False
                    alarm.deadline = output.clock() + limit_s
                elif alarm.is_due:
                    raise IdleTimeout(limit_s)
        finally:
            if alarm is not None:
                output.alarms.remove(alarm)


def _delay(seconds: float, stream: InputStream) -> Steps[bool]:
    """Wait; False if that would be for ever, and the client has left meanwhile."""
    if seconds < NEVER_S:
        while seconds > 0:
            yield from sleep(min(seconds, DAY_S))
            seconds -= DAY_S
        return True
    while not (yield from at_eof()):
        stream.drop(len(stream))  # it will have no answer, and the end comes behind it
    return False
