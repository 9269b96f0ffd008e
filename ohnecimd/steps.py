"""Running parsers: their types, the three requests they make, and what they do wrong.

The requests are those of ohneio, taken from its primitives, so that parsers of both libraries run
in both engines.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from types import CodeType, GeneratorType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import ohneio

from ohnecimd.errors import Misuse

if TYPE_CHECKING:
    from ohnecimd.output import Alarm

__all__ = ["GET_INPUT", "GET_OUTPUT", "WAIT", "Parser", "Runs", "Steps"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Steps: TypeAlias = Generator[Any, Any, T]
"""A running parser: what a generator function returns, with `T` as its result."""


class Runs(Protocol[T_co]):
    """Something to ``yield from``: `Steps`, or a composed parser."""

    def __iter__(self) -> Steps[T_co]: ...


Parser: TypeAlias = Callable[[], Runs[T]]
"""A parser that needs no more arguments: what combinators take."""

GET_INPUT: Any = next(ohneio.peek())
GET_OUTPUT: Any = next(ohneio.write(b""))
WAIT: Any = next(ohneio.wait())


class InterruptedParser(BaseException):
    """Thrown into a parser whose time is over; no ``except Exception`` stops it."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__("the parser's time is over")
        self.alarm = alarm


LABELLING: dict[CodeType, str] = {}
"""Code of generators that name a place in a parser, and the variable that holds the name."""


def trace_of(steps: object) -> Iterator[str]:
    """Name what runs in `steps`, from the outside in: generators, and labels in their place."""
    last = ""
    while isinstance(steps, GeneratorType) and steps.gi_frame is not None:
        variable = LABELLING.get(steps.gi_code)
        name = steps.gi_code.co_name if variable is None else steps.gi_frame.f_locals[variable]
        if name != last and not name.startswith("_"):
            yield name
            last = name
        steps = steps.gi_yieldfrom


def generator_of(steps: object) -> Generator[Any, Any, Any]:
    """Return the generator that runs `steps`; raise `Misuse` if nothing can run them."""
    if isinstance(steps, Iterable) and not isinstance(steps, (str, bytes, bytearray)):
        running = iter(steps)
        return running if isinstance(running, Generator) else _delegate(running)
    raise Misuse(
        f"a parser returns something to `yield from`, such as a generator, not {kind_of(steps)}"
    )


def _delegate(steps: Iterator[Any]) -> Steps[Any]:
    return (yield from steps)


def fault_of(request: object) -> str:
    """Say what is wrong with something that a parser yielded, and that is no request."""
    if request is None:
        return "a bare `yield` in a parser: it takes `yield from`, and a primitive"
    if callable(request) or isinstance(request, Iterable):
        return f"`yield` of {kind_of(request)} in a parser: should that be `yield from`?"
    return f"unknown request in a parser: {kind_of(request)}"


def kind_of(value: object) -> str:
    """Describe a value for an error message, shortly."""
    return "None" if value is None else f"{type(value).__name__} {value!r:.60}"


def check_parser(value: object, taker: str) -> None:
    """Raise `Misuse` if `value` is no parser that `taker` could call."""
    if isinstance(value, Generator):
        name = getattr(value, "__name__", "parser")
        raise Misuse(
            f"{taker}() takes parsers, not running ones: "
            f"write partial({name}, ...) or {name}, not {name}(...)"
        )
    if not callable(value):
        raise Misuse(f"{taker}() takes a parser to call, not {kind_of(value)}")
