"""The client: asks, and makes events of the replies."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, cast

from ohnecimd.connection import Connection
from ohnecimd.errors import FieldError, Malformed, UnexpectedMessage
from ohnecimd.primitives import at_eof, emit, get_input, read_exactly, wait
from ohnecimd.protocols.chunks.framing import LIMIT, Chunk, name_of, read_chunk
from ohnecimd.protocols.chunks.messages import (
    ChunkMessage,
    Compute,
    Delay,
    Echo,
    Noop,
    Shutdown,
    chunk_of,
    message_of,
)

if TYPE_CHECKING:
    from ohnecimd.protocols.chunks.arithmetic import Number
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["Client"]

ANY_CHUNK = Chunk(b"")  # what is wanted after a request of which nothing is known


class _Wanted(deque["ChunkMessage | Chunk | int"]):
    """What is to come: the reply to a message, a chunk, or so many bytes; in order."""

    is_anything = False  # what was asked may be wrong; so what comes may be more than was asked


class Client(Connection[None]):
    r"""The client's side: each verb queues a request; its reply is an event, in the same order.

    A reply is a message, `Noop`, `Echo` or `Answer`. One that does not go with the request is
    `Malformed` or `UnexpectedMessage`; so is one to nothing. If the server ends the connection
    instead, it means that it did not like the request; it never says why.

    Args:
        limit: of the contents of a reply, in bytes.
        options: of the connection, such as ``clock``.

    >>> client = Client()
    >>> client.compute("*", 6, 7)
    >>> client.read()
    b'CMPU\x1b\x00\x00\x00OPER\x01\x00\x00\x00*OPND\x01\x00\x00\x006OPND\x01\x00\x00\x007'
    >>> client.send(b"ANSR\x15\x00\x00\x00STS \x01\x00\x00\x001VALU\x04\x00\x00\x0042.0")
    >>> client.events()
    [Answer(is_success=True, value=42.0)]
    """

    __slots__ = ("_wanted",)

    def __init__(self, limit: int = LIMIT, **options: Any) -> None:  # noqa: ANN401
        self._wanted = _Wanted()
        super().__init__(_replies(self._wanted, limit), **options)

    def noop(self) -> None:
        """Ask for nothing but a reply: `Noop`."""
        self._ask(Noop())

    def echo(self, contents: bytes) -> None:
        """Ask for these bytes, at most 65535, back: the reply is `Echo`."""
        self._ask(Echo(contents))

    def delay(self, seconds: float) -> None:
        """Ask for a reply, `Noop`, after so many seconds."""
        self._ask(Delay(seconds))

    def compute(self, operator: str, *operands: Number) -> None:
        """Ask for a result: the reply is `Answer`.

        Args:
            operator: ``+`` or ``*``, of any number of operands, or ``-``, ``/``, ``%``, ``**``.
            operands: the server takes them as doubles.
        """
        self._ask(Compute(operator, operands))

    def shutdown(self) -> None:
        """Ask the server to end: it replies with `Noop` and closes."""
        self._ask(Shutdown())

    def request(self, id_: bytes, contents: bytes = b"") -> None:
        """Send any request, however wrong it may be; the reply is the `Chunk` that comes next.

        What comes besides is left unread from then on, as after `send_raw`.

        Raises:
            FieldError: the ID has not four bytes.
        """
        self._queue(Chunk(id_, contents).encode())
        self._wanted.append(ANY_CHUNK)
        self._wanted.is_anything = True

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are.

        What comes, and was not asked for with a verb, is left unread from then on: it may be the
        reply. Take it with `receive_raw`, before the server closes.
        """
        self._queue(data)
        self._wanted.is_anything = True

    def receive_raw(self, nbytes: int) -> None:
        """Wait for exactly so many bytes; they are one event.

        What comes besides is left unread from then on, as after `send_raw`.
        """
        self._queue(b"")
        self._wanted.append(nbytes)
        self._wanted.is_anything = True

    def _ask(self, message: ChunkMessage) -> None:
        chunk = chunk_of(message)
        if len(chunk.contents) > LIMIT:
            raise FieldError(
                f"{len(chunk.contents)} bytes of contents, expected at most {LIMIT}",
                path=[type(message).__name__],
            )
        self._queue(chunk.encode())
        self._wanted.append(message)


def _replies(wanted: _Wanted, limit: int) -> Steps[None]:
    stream = yield from get_input()
    while (yield from _is_awaiting(wanted, stream)):
        first = wanted[0]
        if isinstance(first, int):
            if first and (yield from at_eof()):
                return
            event: bytes | Chunk | ChunkMessage | None = yield from read_exactly(first)
        else:
            event = yield from read_chunk(limit)
            if event is None:
                return
            event = _matching(first, event)
        wanted.popleft()
        yield from emit(event)


def _is_awaiting(wanted: _Wanted, stream: InputStream) -> Steps[bool]:
    """Wait until something is wanted; False when the server has closed before."""
    while not wanted:
        if stream.has_ended:
            return False
        if stream.at_end() is False and not wanted.is_anything:
            raise UnexpectedMessage("a reply to nothing that was asked", position=stream.offset)
        yield from wait()
    return True


def _matching(request: ChunkMessage | Chunk, chunk: Chunk) -> ChunkMessage | Chunk:
    """Return what a reply says; raise if it does not go with the request."""
    if isinstance(request, Chunk):
        return chunk
    if chunk.id != request.reply:
        raise UnexpectedMessage(
            position=chunk.offset,
            expected=f"{name_of(request.reply)} in reply to {type(request).__name__}",
            found=chunk.id,
        )
    reply = cast("ChunkMessage", message_of(chunk, sender="server"))
    if isinstance(request, Echo) and reply != request:
        raise Malformed(
            position=chunk.contents_at,
            path=["Echo"],
            expected="the same bytes",
            found=chunk.contents,
        )
    return reply
