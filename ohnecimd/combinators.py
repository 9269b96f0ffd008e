r"""Parsers made of parsers.

Combinators take parsers that need no more arguments: a generator function, a
``functools.partial`` of one, or what another combinator gives. What they give can be run with
``yield from``, as often as one likes, and handed to the next combinator. A generator that runs
already can do neither, and is refused.

>>> from functools import partial
>>> from ohnecimd import parse, read_until, read_uint
>>> number = choice(expect(b"zero"), partial(read_uint, 1))
>>> parse(sep_by(number, expect(b",")), b"\x07,zero,\x01")
[7, b'zero', 1]

Strategy of going back: a mark in the input keeps the bytes since it was set, for as long as the
`choice`, `optional`, `many` or `lookahead` that set it may return to them. Bytes that were
written and events that were emitted since are not taken back: `commit` before you write.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from ohnecimd.errors import Malformed, Misuse, ProtocolError, TimeoutExpired, Truncated
from ohnecimd.primitives import own_input, own_output, patiently
from ohnecimd.steps import (
    GET_INPUT,
    GET_OUTPUT,
    LABELLING,
    InterruptedParser,
    Parser,
    Steps,
    check_parser,
    kind_of,
)
from ohnecimd.stream import InputStream

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Composed",
    "bounded",
    "choice",
    "commit",
    "composable",
    "expect",
    "label",
    "limited",
    "lookahead",
    "many",
    "optional",
    "sep_by",
    "timeout",
    "times",
]

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")


class Composed(Generic[T]):
    """A parser with its arguments: call it, or ``yield from`` it, as often as you like."""

    __slots__ = ("_start",)

    def __init__(self, start: Callable[[], Steps[T]]) -> None:
        self._start = start

    def __call__(self) -> Steps[T]:
        """Start it."""
        return self._start()

    __iter__ = __call__


def composable(parser: Callable[P, Steps[T]]) -> Callable[P, Composed[T]]:
    """Let calls of a generator function give `Composed` parsers, which combinators take.

    >>> from ohnecimd import parse, read
    >>> @composable
    ... def digits(count):
    ...     return int((yield from read(count)))
    >>> parse(many(digits(2)), b"123456")
    [12, 34, 56]
    """
    name = parser.__name__.lstrip("_")
    takes: dict[str, bool] = {}
    rest = False  # whether more arguments than these are parsers
    for each in inspect.signature(parser).parameters.values():
        takes[each.name] = is_parser = str(each.annotation).startswith("Parser[")
        rest = rest or (is_parser and each.kind is each.VAR_POSITIONAL)

    @functools.wraps(parser)
    def compose(*args: P.args, **kwargs: P.kwargs) -> Composed[T]:
        given = [*zip(args, (*takes.values(), *[rest] * len(args)), strict=False)]
        given += [(value, takes.get(key, False)) for key, value in kwargs.items()]
        for argument, is_parser in given:
            if is_parser or isinstance(argument, Generator):
                check_parser(argument, name)
        return Composed(functools.partial(parser, *args, **kwargs))

    return compose


def commit() -> Steps[None]:
    """Decide for this alternative: the `choice` (or `optional`, `many`) around does not go back.

    What is wrong from here on is wrong for good, and its bytes need not be kept.
    """
    own_input((yield GET_INPUT), "backtracking").commit()


@composable
def expect(literal: bytes) -> Steps[bytes]:
    r"""Consume exactly these bytes.

    Raises:
        Malformed: at the first byte that differs; nothing is consumed.

    >>> from ohnecimd import parse
    >>> parse(expect(b"RIFF"), b"RIFX")
    Traceback (most recent call last):
    ohnecimd.errors.Malformed: at byte 3: expected b'F' of b'RIFF', found b'X'
    """
    if not isinstance(literal, bytes):
        raise Misuse(f"expect() takes bytes, not {kind_of(literal)}")
    same = 0

    def match(stream: InputStream) -> bytes | None:
        nonlocal same
        same = stream.compare(literal, same)
        if same == len(literal):
            return stream.take(same)
        if same < len(stream):
            rest = f"{literal[same:]!r} of " if same else ""
            raise Malformed(
                position=stream.offset + same,
                expected=f"{rest}{literal!r}",
                found=stream.peek(same + 1)[same:],
            )
        stream.demand((literal,))
        return None

    return (yield from patiently((yield GET_INPUT), match))


A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


@overload
def choice(first: Parser[A], /) -> Composed[A]: ...
@overload
def choice(first: Parser[A], second: Parser[B], /) -> Composed[A | B]: ...
@overload
def choice(first: Parser[A], second: Parser[B], third: Parser[C], /) -> Composed[A | B | C]: ...
@overload
def choice(
    first: Parser[A], second: Parser[B], third: Parser[C], fourth: Parser[D], /
) -> Composed[A | B | C | D]: ...
@overload
def choice(*parsers: Parser[T]) -> Composed[T]: ...
def choice(*parsers: Parser[Any]) -> Composed[Any]:
    """Run the first of the parsers that fits.

    One that raises `Malformed`, or that the end of the input cuts short, does not fit: its bytes
    are there again for the next, unless it had reached a `commit`. If none fits, the error names
    what each expected at the furthest place that any of them reached.
    """
    if not parsers:
        raise Misuse("choice() takes at least one parser")
    return _choice(*parsers)


@composable
def _choice(*parsers: Parser[Any]) -> Steps[Any]:
    stream = own_input((yield GET_INPUT), "backtracking")
    failures: list[Malformed | Truncated] = []
    mark = stream.mark()
    try:
        for parser in parsers:
            try:
                return (yield from parser())
            except (Malformed, Truncated) as error:
                if mark.is_committed:
                    raise
                _locate(error, stream.offset)
                failures.append(error)
                stream.rewind(mark)
    finally:
        stream.release(mark)
    raise _furthest(failures)


def _locate(error: ProtocolError, offset: int | None) -> None:
    """Fill in the place where an error was raised, if it has none."""
    if error.position is None:
        error.position = offset


def _furthest(failures: list[Malformed | Truncated]) -> Malformed | Truncated:
    """Make one error of those that came furthest."""
    place = max(error.position or 0 for error in failures)
    furthest = [error for error in failures if error.position == place]
    # Where the end of the input stopped one of them, more input could have helped.
    first = next((error for error in furthest if isinstance(error, Truncated)), furthest[0])
    if len(furthest) == 1:
        return first
    path = [
        names[0]
        for names in zip(*(each.path for each in furthest), strict=False)
        if len(set(names)) == 1
    ]
    wishes = [
        " > ".join([*each.path[len(path) :], each.expected or each.message]) for each in furthest
    ]
    expected = " or ".join(dict.fromkeys(wish for wish in wishes if wish))
    if isinstance(first, Truncated):
        return Truncated(
            position=place, path=path, expected=expected, partial=first.partial, hint=first.hint
        )
    return Malformed(
        position=place, path=path, expected=expected, found=first.found, hint=first.hint
    )


def _attempt(parser: Parser[T], stream: InputStream, otherwise: U) -> Steps[T | U]:
    """Run `parser`; if it does not fit, go back and return `otherwise`.

    A thing that has begun and that the end of the input cuts short is `Truncated`, not absent.
    """
    mark = stream.mark()
    try:
        return (yield from parser())
    except Malformed:
        if mark.is_committed:
            raise
        stream.rewind(mark)
    except Truncated as error:
        if mark.is_committed or error.position != mark.offset:
            raise
        stream.rewind(mark)
        stream.at_end()  # raises if it is not the end that the bounds around promise
    finally:
        stream.release(mark)
    return otherwise


@overload
def optional(parser: Parser[T]) -> Composed[T | None]: ...
@overload
def optional(parser: Parser[T], default: U) -> Composed[T | U]: ...
def optional(parser: Parser[Any], default: object = None) -> Composed[Any]:
    """Run `parser` if it fits; `default` stands for it if it does not, or if the input is over."""
    return _optional(parser, default)


@composable
def _optional(parser: Parser[T], default: U) -> Steps[T | U]:
    stream = own_input((yield GET_INPUT), "backtracking")
    return (yield from _attempt(parser, stream, default))


_ABSENT: Any = object()


@composable
def many(parser: Parser[T], at_least: int = 0, at_most: int | None = None) -> Steps[list[T]]:
    """Run `parser` again and again, until it does not fit or the input is over; list the results.

    Args:
        parser: it has to consume something each time.
        at_least: so often it has to fit.
        at_most: stop, and do not look further, after so many.
    """
    if at_least < 0 or (at_most is not None and at_most < at_least):
        raise Misuse(f"many() cannot fit at least {at_least} and at most {at_most} times")
    stream = own_input((yield GET_INPUT), "backtracking")
    results: list[T] = []
    while at_most is None or len(results) < at_most:
        before = stream.offset
        if len(results) < at_least:
            result = yield from parser()
        else:
            result = yield from _attempt(parser, stream, _ABSENT)
            if result is _ABSENT:
                break
        if stream.offset == before and at_most is None:
            raise Misuse("many() of a parser that consumes nothing would never end")
        results.append(result)
    return results


@composable
def times(parser: Parser[T], n: int) -> Steps[list[T]]:
    """Run `parser` exactly `n` times; list the results."""
    if n < 0:
        raise Misuse(f"times() cannot fit {n} times")
    results: list[T] = []
    for _ in range(n):
        results.append((yield from parser()))  # noqa: PERF401 - a comprehension cannot yield
    return results


@composable
def sep_by(parser: Parser[T], separator: Parser[object]) -> Steps[list[T]]:
    """Run `parser` any number of times, with `separator` between; list the results of `parser`.

    After a separator, `parser` has to fit.
    """
    stream = own_input((yield GET_INPUT), "backtracking")
    results: list[T] = []
    result = yield from _attempt(parser, stream, _ABSENT)
    while result is not _ABSENT:
        results.append(result)
        before = stream.offset
        if (yield from _attempt(separator, stream, _ABSENT)) is _ABSENT:
            break
        result = yield from parser()
        if stream.offset == before:
            raise Misuse("sep_by() of parsers that consume nothing would never end")
    return results


@composable
def bounded(parser: Parser[T], nbytes: int) -> Steps[T]:
    """Run `parser` on the next `nbytes` as its whole input, their end included.

    Raises:
        Malformed: it leaves some of them over.
        Truncated: it wants more than them, or the input ends before them.
    """
    stream = own_input((yield GET_INPUT), "bounded()")
    bound = stream.bound(nbytes, is_end=True)
    try:
        result = yield from parser()
    finally:
        stream.unbound(bound)
    left = bound.offset - stream.offset
    if left:
        raise Malformed(
            f"read {nbytes - left} of {nbytes} bytes, expected to read all",
            position=stream.offset,
            expected=f"the end of {nbytes} bytes",
        )
    return result


@composable
def limited(parser: Parser[T], nbytes: int) -> Steps[T]:
    """Run `parser`, and let it consume at most `nbytes`.

    Raises:
        TooLong: it has them all and wants more, whether more would have come or not.
    """
    stream = own_input((yield GET_INPUT), "limited()")
    bound = stream.bound(nbytes, is_end=False)
    try:
        return (yield from parser())
    finally:
        stream.unbound(bound)


@composable
def lookahead(parser: Parser[T]) -> Steps[T]:
    """Run `parser`, and have its bytes there again after it, whether it fits or not."""
    stream = own_input((yield GET_INPUT), "backtracking")
    mark = stream.mark(is_choice=False)
    try:
        return (yield from parser())
    except ProtocolError as error:
        _locate(error, stream.offset)
        raise
    finally:
        stream.rewind(mark)
        stream.release(mark)


@composable
def label(parser: Parser[T], name: str) -> Steps[T]:
    """Run `parser` under a name, which stands in the path of its errors and in traces.

    An error that `parser` raises without a position gets the one where `parser` began.
    """
    stream = yield GET_INPUT
    offset = stream.offset if isinstance(stream, InputStream) else None
    try:
        return (yield from parser())
    except ProtocolError as error:
        _locate(error, offset)
        error.path = (name, *error.path)
        raise
    except TimeoutExpired as error:
        error.path = (name, *error.path)
        raise


LABELLING[label.__wrapped__.__code__] = "name"  # type: ignore[attr-defined] # set by wraps


@composable
def timeout(seconds: float, parser: Parser[T]) -> Steps[T]:
    """Run `parser`, but no longer than `seconds` on the connection's clock.

    Raises:
        TimeoutExpired: the time has passed; what `parser` had consumed stays consumed.
    """
    output = own_output((yield GET_OUTPUT), "timeout()")
    alarm = output.set_alarm(seconds, interrupts=True)
    try:
        return (yield from parser())
    except InterruptedParser as interruption:
        if interruption.alarm is not alarm:
            raise
        raise TimeoutExpired(seconds) from None
    finally:
        output.alarms.remove(alarm)
