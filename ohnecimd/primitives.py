"""What every parser is made of: one request each, in straight-line code.

A parser is a callable that returns something to ``yield from``. At the bottom of it stand these
primitives, and they know three requests, which are ohneio's own: lend me the input, lend me the
output, wait. Whoever drives the parser answers them, so nothing here is global, and a parser runs
under `ohnecimd.protocol` and, as far as that engine can go, under ``ohneio.protocol``.

>>> from ohnecimd import parse
>>> def pair():
...     key = yield from read_until(b"=")
...     value = yield from read_until(b";")
...     return key, value
>>> parse(pair, b"colour=green;")
(b'colour', b'green')
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from ohnecimd.errors import Misuse, ProtocolError
from ohnecimd.output import OutputBuffer, byte_count
from ohnecimd.steps import GET_INPUT, GET_OUTPUT, WAIT, Runs, Steps
from ohnecimd.stream import LIMIT, InputStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.stream import ByteOrder, Separator

__all__ = [
    "at_eof",
    "emit",
    "get_input",
    "peek",
    "put",
    "read",
    "read_exactly",
    "read_rest",
    "read_struct",
    "read_uint",
    "read_until",
    "read_upto",
    "skip",
    "skip_upto",
    "sleep",
    "wait",
    "wait_for",
    "write",
]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class BorrowedInput(InputStream):
    """The input of another engine: a buffer that can only peek and read, looked at anew each time.

    It lives as long as one primitive, so that only the search for a separator is remembered.
    """

    __slots__ = ("_buffer",)

    def __init__(self, buffer: Any) -> None:  # noqa: ANN401 - ohneio has no types
        super().__init__()
        self._buffer = buffer
        self.look()

    def look(self) -> None:
        """See what is there now."""
        self._data = self._buffer.peek()
        self._end = len(self._data)

    def settle(self) -> None:
        """Consume in the other buffer what has been consumed here."""
        if self.position:
            self._buffer.read(self.position)
            self._data = self._data[self.position :]
            self._searched -= self.position
            self.position = 0
            self._end = len(self._data)


def own_input(lent: object, wanted: str) -> InputStream:
    """Return the input if this library's engine has lent it; raise `Misuse` otherwise."""
    if not isinstance(lent, InputStream):
        raise Misuse(f"{wanted} needs the engine of ohnecimd.protocol, not {_engine_of(lent)}")
    return lent


def own_output(lent: object, wanted: str) -> OutputBuffer:
    """Return the output if this library's engine has lent it; raise `Misuse` otherwise."""
    if not isinstance(lent, OutputBuffer):
        raise Misuse(f"{wanted} needs the engine of ohnecimd.protocol, not {_engine_of(lent)}")
    return lent


def _engine_of(lent: object) -> str:
    return f"{type(lent).__module__}.protocol"


def patiently(
    lent: object, attempt: Callable[[InputStream, *Ts], T | None], *args: *Ts
) -> Steps[T]:
    """Repeat `attempt` on what has been lent, until it gives something.

    A hot primitive hands over a method and its arguments: the cells of a lambda that holds them
    would cost it a tenth of each call.
    """
    if isinstance(lent, InputStream):
        while (value := attempt(lent, *args)) is None:
            yield WAIT
        return value
    borrowed = BorrowedInput(lent)
    try:
        while (value := attempt(borrowed, *args)) is None:
            borrowed.settle()
            yield WAIT
            yield GET_INPUT  # ohneio resumes a parser that waits twice in a row
            borrowed.look()
    except ProtocolError as error:
        error.position = None  # the other engine does not count
        raise
    borrowed.settle()
    return value


def peek(nbytes: int = 0) -> Steps[bytes]:
    """Return what is there, at most `nbytes` (0: all); never waits, consumes nothing.

    Costs what it returns: a loop of ``peek()`` and ``wait()`` over a long thing is quadratic,
    `wait_for` and `get_input` are not.
    """
    stream = yield GET_INPUT
    data: bytes = stream.peek(nbytes)
    return data


def wait() -> Runs[None]:
    """Wait until something happens: more input, its end, output or events taken, time passed."""
    # Does what a generator would do, at half the price.
    return iter(_WAITING)  # type: ignore[no-any-return] # nothing types it better


_WAITING: Any = (WAIT,)


def read(nbytes: int = 0) -> Steps[bytes]:
    """Consume exactly `nbytes`, waiting for them; 0: what is there, without waiting.

    Where `nbytes` may turn out to be 0, `read_exactly` is meant.

    Raises:
        Truncated: the input ends before that.
    """
    stream = yield GET_INPUT
    if not nbytes:
        data: bytes | None = stream.read()
        return data or b""
    try:
        while (data := stream.take(nbytes)) is None:
            yield WAIT
    except AttributeError:  # asking first would cost a tenth of it all
        if isinstance(stream, InputStream):
            raise
        data = yield from patiently(stream, InputStream.take, nbytes)
    return data


def read_exactly(nbytes: int) -> Steps[bytes]:
    """Consume exactly `nbytes`, waiting for them; 0 is nothing. For sizes that the peer sends.

    Raises:
        Truncated: the input ends before that.
    """
    if nbytes:
        return (yield from read(nbytes))
    yield GET_INPUT  # without a request, ohneio's engine would not even start
    return b""


def read_upto(sep: Separator, limit: int = LIMIT) -> Steps[bytes]:
    r"""Consume up to and with the separator.

    Args:
        sep: bytes, or a tuple of them: the one that ends first counts.
        limit: of the bytes returned, the separator among them.

    Raises:
        TooLong: no separator can be near enough any more; nothing is consumed.
        Truncated: the input ends before the separator.

    >>> from functools import partial
    >>> from ohnecimd import parse
    >>> parse(partial(read_upto, (b"\r\n", b"\n")), b"GET /\r\n")
    b'GET /\r\n'
    """
    stream = yield GET_INPUT
    data: bytes | None
    try:
        while (data := stream.take_upto(sep, limit)) is None:
            yield WAIT
    except AttributeError:  # asking first would cost a tenth of it all
        if isinstance(stream, InputStream):
            raise
        data = yield from patiently(stream, InputStream.take_upto, sep, limit)
    return data


def read_until(sep: Separator, limit: int = LIMIT) -> Steps[bytes]:
    """Consume up to and with the separator, and return what stands before it.

    As `read_upto`, but `limit` counts the bytes before the separator.
    """
    stream = yield GET_INPUT
    data: bytes | None
    try:
        while (data := stream.take_until(sep, limit)) is None:
            yield WAIT
    except AttributeError:  # asking first would cost a tenth of it all
        if isinstance(stream, InputStream):
            raise
        data = yield from patiently(stream, InputStream.take_until, sep, limit)
    return data


def wait_for(sep: Separator, limit: int = LIMIT) -> Steps[int]:
    """Wait for the separator and return how many bytes stand before it; consumes nothing.

    Raises `TooLong` and `Truncated` as `read_until` does.
    """
    stream = yield GET_INPUT
    return (yield from patiently(stream, lambda each: each.find(sep, limit)))


def read_struct(layout: str | Struct) -> Steps[tuple[Any, ...]]:
    """Consume one `struct.Struct`, or the struct of that format, and return its values.

    >>> from functools import partial
    >>> from ohnecimd import parse
    >>> parse(partial(read_struct, ">HB"), bytes([1, 2, 3]))
    (258, 3)
    """
    structure = layout if isinstance(layout, Struct) else Struct(layout)
    stream = yield GET_INPUT
    if isinstance(stream, InputStream):
        while (values := stream.take_struct(structure)) is None:
            yield WAIT
        return values
    return (yield from patiently(stream, InputStream.take_struct, structure))


def read_uint(nbytes: int, byteorder: ByteOrder = "big") -> Steps[int]:
    """Consume an unsigned integer of `nbytes`."""
    if nbytes < 1:
        raise Misuse(f"an integer has at least 1 byte, not {nbytes}")
    stream = yield GET_INPUT
    try:
        while (data := stream.take(nbytes)) is None:
            yield WAIT
    except AttributeError:  # as in `read`, which a second generator would make dearer
        if isinstance(stream, InputStream):
            raise
        data = yield from patiently(stream, InputStream.take, nbytes)
    return int.from_bytes(data, byteorder)


def read_rest(limit: int = LIMIT) -> Steps[bytes]:
    """Consume everything until the end of the input, and return it.

    Raises:
        TooLong: more than `limit` bytes came before the end; nothing is consumed.
    """
    stream = own_input((yield GET_INPUT), "the end of input")
    return (yield from patiently(stream, lambda each: each.take_rest(limit)))


def skip(nbytes: int) -> Steps[None]:
    """Consume `nbytes` and forget them as they come; needs no memory for them.

    A source that can seek need not even read them: see `Connection.skippable`.

    Raises:
        Truncated: the input ends before that.
    """
    left = byte_count(nbytes)
    stream = yield GET_INPUT
    if isinstance(stream, InputStream):
        stop = stream.offset + nbytes
        try:
            while not stream.drop_to(stop, nbytes):
                yield WAIT
        finally:
            stream.skips_to = 0
        return

    def drop(borrowed: InputStream) -> bool | None:
        nonlocal left
        left -= borrowed.drop(left)
        return not left or None

    yield from patiently(stream, drop)


def skip_upto(sep: Separator) -> Steps[None]:
    """Consume up to and with the separator and forget it as it comes; there is no limit.

    What to do with the rest of a line that was `TooLong`.
    """
    yield from patiently((yield GET_INPUT), lambda stream: stream.drop_upto(sep) or None)


def at_eof() -> Steps[bool]:
    """Wait until a byte or the end of the input is there; tell whether it is the end."""
    stream = own_input((yield GET_INPUT), "the end of input")
    return (yield from patiently(stream, lambda each: each.at_end()))


def get_input() -> Steps[InputStream]:
    r"""Return the `InputStream` itself, for hot loops.

    It stays the same as long as the connection; ask once.

    >>> from ohnecimd import protocol
    >>> @protocol
    ... def count_lines():
    ...     stream = yield from get_input()
    ...     count = 0
    ...     while not stream.at_end():
    ...         if stream.take_upto(b"\n") is None:
    ...             yield from wait()
    ...         else:
    ...             count += 1
    ...     return count
    """
    return own_input((yield GET_INPUT), "get_input()")


def write(data: BytesLike) -> Steps[None]:
    """Queue bytes for the peer and wait until all that is queued has been taken (as in ohneio)."""
    output = yield GET_OUTPUT
    output.write(data)
    while len(output):
        yield WAIT
        output = yield GET_OUTPUT  # as ohneio resumes a parser that waits twice in a row


def put(data: BytesLike) -> Steps[None]:
    """Queue bytes for the peer; waits, before that, only while 64 KiB or more are queued."""
    output = yield GET_OUTPUT
    if isinstance(output, OutputBuffer):
        while output.is_full:
            yield WAIT
    output.write(data)


def emit(event: object) -> Steps[None]:
    """Hand an event to the application; waits, before that, only while 1024 or more are queued."""
    output = own_output((yield GET_OUTPUT), "emit()")
    while output.is_crowded:
        yield WAIT
    output.events.append(event)


def sleep(seconds: float) -> Steps[None]:
    """Wait until `seconds` have passed on the connection's clock."""
    output = own_output((yield GET_OUTPUT), "sleep()")
    alarm = output.set_alarm(seconds, interrupts=False)
    try:
        while not alarm.is_due:
            yield WAIT
    finally:
        output.alarms.remove(alarm)
