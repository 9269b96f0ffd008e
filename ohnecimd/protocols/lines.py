r"""Lines of bytes with a delimiter at the end, and two protocols made of them: echo and chat.

::

    echo   C: Hello LF             S: Hello LF
    chat   C: Hello CR LF          S: You sent: Hello CR LF
           C: . CR LF              S: closes

Echo is the protocol of ohneio's documentation; chat that of an asyncio tutorial, whose server
ended at a line that is ``.``. Where protocols that are made of lines differ, the choice is the
caller's: which delimiters (`STRICT`, `FRIENDLY`, any), how long a line may be, and whether what
stands at the end of the input without a delimiter is a line (`read_line`).

>>> connection = chat()
>>> connection.send(b"Hello\r\n.\r\nand nothing after it\r\n")
>>> connection.read(), connection.closing
(b'You sent: Hello\r\n', True)
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd.combinators import expect
from ohnecimd.connection import Connection, protocol
from ohnecimd.errors import (
    QUOTED_BYTES,
    FieldError,
    Malformed,
    TooLong,
    Truncated,
    UnexpectedMessage,
)
from ohnecimd.primitives import (
    at_eof,
    emit,
    get_input,
    put,
    read_rest,
    read_until,
    read_upto,
    skip,
    skip_upto,
    wait_for,
)
from ohnecimd.stream import LIMIT

if TYPE_CHECKING:
    from ohnecimd.separators import Separator
    from ohnecimd.steps import Steps

__all__ = [
    "FRIENDLY",
    "STRICT",
    "ChatClient",
    "EchoClient",
    "Line",
    "chat",
    "decode",
    "echo",
    "read_line",
]

LF = b"\n"
STRICT = b"\r\n"
"""CR LF only; a CR or LF alone is data."""
FRIENDLY = (b"\r\n", b"\n")
"""LF, and one CR before it goes with it. Not for protocols where that makes a difference."""

ANSWER = b"You sent: "
END_OF_CHAT = b"."


@dataclass(frozen=True, slots=True)
class Line:
    """A line that came in: its bytes without the delimiter, and where it begins."""

    text: bytes
    offset: int


def read_line(
    delimiter: Separator = STRICT,
    *,
    limit: int = LIMIT,
    keep_end: bool = False,
    take_unfinished: bool = False,
) -> Steps[bytes | None]:
    r"""Read one line; None at the end of the input.

    Args:
        delimiter: `STRICT`, `FRIENDLY`, or other bytes, or a tuple of them.
        limit: of the bytes before the delimiter.
        keep_end: return the delimiter too.
        take_unfinished: what the end of the input cuts off is a line, not an error.

    Raises:
        TooLong: the line is longer; nothing of it is consumed. `skip_upto` drops it.
        Truncated: the input ends within the line; `partial` holds it.

    >>> from functools import partial
    >>> from ohnecimd import many, parse, times
    >>> parse(times(partial(read_line, FRIENDLY), 4), b"one\ntwo\r\n\n")
    [b'one', b'two', b'', None]
    """
    try:
        if not keep_end:
            return (yield from read_until(delimiter, limit))
        if isinstance(delimiter, bytes):
            return (yield from read_upto(delimiter, limit + len(delimiter)))
        size = yield from wait_for(delimiter, limit)
        return (yield from read_upto(delimiter, size + max(map(len, delimiter))))
    except Truncated as error:
        if not error.partial:
            return None
        if not take_unfinished:
            raise
        return (yield from read_rest(limit))


@protocol
def echo(limit: int = LIMIT, *, emits: bool = False) -> Steps[None]:
    r"""Send every line back; a line ends with LF.

    Args:
        limit: of the bytes before the LF.
        emits: hand the lines to the application too, as `Line` events that it has to take.

    >>> connection = echo()
    >>> connection.send(b"Hello\n\nWor")
    >>> connection.read()
    b'Hello\n\n'
    """
    stream = yield from get_input()
    offset = 0
    while (line := (yield from read_line(LF, limit=limit))) is not None:
        if emits:
            yield from emit(Line(line, offset))
        yield from put(line + LF)
        offset = stream.offset


@protocol
def chat(delimiter: Separator = STRICT, *, limit: int = LIMIT, emits: bool = False) -> Steps[None]:
    """Answer every line with ``You sent:`` and the line, until one is ``.`` alone.

    Args:
        delimiter: of the lines that come in; the answers end with CR LF.
        limit: of the bytes before the delimiter.
        emits: hand the lines to the application too, as `Line` events that it has to take.
    """
    stream = yield from get_input()
    offset = 0
    while (line := (yield from read_line(delimiter, limit=limit))) not in (None, END_OF_CHAT):
        if emits:
            yield from emit(Line(line, offset))
        yield from put(ANSWER + line + STRICT)
        offset = stream.offset


@protocol
def decode(delimiter: Separator = FRIENDLY, *, limit: int = LIMIT) -> Steps[None]:
    r"""Emit every line as a `Line`, and what is no line as the error that says so.

    After a line that is too long it goes on with the next.

    >>> connection = decode(limit=5)
    >>> connection.send(b"one\nmuch too long\nthree\n")
    >>> for event in connection.events(): print(event)
    Line(text=b'one', offset=0)
    at byte 9: expected b'\r\n' or b'\n' within 5 bytes, found b'much t'
    Line(text=b'three', offset=18)
    """
    stream = yield from get_input()
    while True:
        offset = stream.offset
        try:
            line = yield from read_line(delimiter, limit=limit)
            if line is None:
                return
            yield from emit(Line(line, offset))
        except TooLong as error:
            yield from emit(error)
            try:
                yield from skip_upto(delimiter)
            except Truncated as end:
                yield from skip(len(end.partial))
                return
        except Truncated as error:
            yield from emit(error)
            yield from skip(len(error.partial))
            return


class _LineClient(Connection[None]):
    """Says lines, and emits the answers as `Line` events; they have to be what was said."""

    __slots__ = ("_end", "_said")

    def __init__(self, prefix: bytes, end: bytes, limit: int, **options: Any) -> None:  # noqa: ANN401
        self._end = end
        self._said: deque[bytes] = deque()
        super().__init__(_answers(self._said, prefix, end, limit), **options)

    def say(self, line: bytes) -> None:
        """Queue a line for the server; it may not hold a delimiter.

        Raises:
            FieldError: it does; nothing is queued.
            NotAllowedNow: the connection is over.
        """
        if not isinstance(line, bytes):
            raise FieldError(f"a line is bytes, not {type(line).__name__}")
        if self._end in line:
            raise FieldError(f"a line holds no {self._end!r}", found=line)
        self._queue(line + self._end)
        self._said.append(line)


def _answers(said: deque[bytes], prefix: bytes, end: bytes, limit: int) -> Steps[None]:
    stream = yield from get_input()
    while not (yield from at_eof()):
        offset = stream.offset
        if not said:
            raise UnexpectedMessage("an answer to nothing that was said", position=offset)
        yield from expect(prefix)
        text = yield from read_until(end, limit)
        if text != said[0]:
            expected = f"{said[0][:QUOTED_BYTES]!r} back"
            raise Malformed(position=offset, expected=expected, found=text)
        said.popleft()
        yield from emit(Line(text, offset))


class EchoClient(_LineClient):
    r"""The client's side of `echo`: says lines, and emits what comes back as `Line` events.

    What comes back and was not said is `Malformed`, or `UnexpectedMessage` if nothing was.

    >>> client = EchoClient()
    >>> client.say(b"Hello")
    >>> client.read()
    b'Hello\n'
    >>> client.send(b"Hello\n")
    >>> client.events()
    [Line(text=b'Hello', offset=0)]
    """

    __slots__ = ()

    def __init__(self, limit: int = LIMIT, **options: Any) -> None:  # noqa: ANN401
        super().__init__(b"", LF, limit, **options)


class ChatClient(_LineClient):
    """The client's side of `chat`: says lines, and emits the answers as `Line` events.

    An event's text is the line without what the server puts before it. An answer that is not what
    was said is `Malformed`, one to nothing `UnexpectedMessage`.
    """

    __slots__ = ()

    def __init__(self, limit: int = LIMIT, **options: Any) -> None:  # noqa: ANN401
        super().__init__(ANSWER, STRICT, limit, **options)

    def say(self, line: bytes) -> None:
        """Queue a line for the server; it may not hold CR LF, nor be ``.``: that is `bye`.

        Raises:
            FieldError: it does, or is; nothing is queued.
            NotAllowedNow: the connection is over.
        """
        if line == END_OF_CHAT:
            raise FieldError("a line of '.' ends the conversation: say it with bye()", found=line)
        super().say(line)

    def bye(self) -> None:
        """End the conversation: the server closes when it has answered what was said before."""
        self._queue(END_OF_CHAT + self._end)
