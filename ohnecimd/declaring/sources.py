"""The source of functions for one message class: straight-line code, as one would write it by hand.

What is written is only ever names that were checked, numbers, and names of things that are handed
to the code; so nothing in a declaration can become code of its own.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.items import Unfit
from ohnecimd.declaring.kinds import Fixed, struct_of
from ohnecimd.domains import Integers, Items, Octets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.declaring.layouts import Declaration, Field
    from ohnecimd.domains import Domain
    from ohnecimd.stream import ByteOrder

__all__ = ["Place", "Source"]


class Source:
    """Writes a function, and collects what it names.

    Args:
        declaration: of the message.
        order: the byte order.
    """

    def __init__(self, declaration: Declaration, order: ByteOrder) -> None:
        self.declaration = declaration
        self.order: ByteOrder = order
        self.names: dict[str, Any] = {
            "Exception": Exception,
            "ORDER": order,
            "Unfit": Unfit,
            "bytes": bytes,
            "int": int,
            "len": len,
            "tuple": tuple,
            "type": type,
        }
        self._lines: list[str] = []
        self._depth = 0

    @property
    def text(self) -> str:
        """What was written."""
        return "\n".join(self._lines)

    def line(self, text: str) -> None:
        """Write a line."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write a line, and what comes then inside of it."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def attempt(self, otherwise: str) -> Iterator[None]:
        """Write what is tried first, in the byte order of this function."""
        with self.block("if order is None or order == ORDER:"):
            with self.block("try:"):
                yield
            with self.block("except Exception:"):
                self.line("pass")
        self.line(f"return {otherwise}")

    def name(self, prefix: str, thing: object) -> str:
        """Return a name by which the code knows a thing."""
        name = f"{prefix}_{len(self.names)}"
        self.names[name] = thing
        return name

    def require(self, condition: str) -> None:
        """Write that something has to be so."""
        self.line(f"if not ({condition}): raise Unfit")

    # Fields

    def runs(self) -> Iterator[list[Field]]:
        """Give neighbours that one struct can hold together; others alone."""
        alone = itertools.count()

        def key(each: Field) -> object:
            kind = each.kind
            if isinstance(kind, Fixed) and self.is_plain(each):
                return kind.order or self.order
            return next(alone)

        for _, run in itertools.groupby(self.declaration.fields, key):
            yield list(run)

    def is_plain(self, each: Field) -> bool:
        """Whether it is always there, in the same size."""
        return (
            isinstance(each.kind, Fixed)
            and not each.is_optional
            and each.name not in self.declaration.sizing
        )

    def structure(self, run: list[Field]) -> Any:  # noqa: ANN401 - a struct.Struct
        """Return the struct of neighbours."""
        kinds = [each.kind for each in run if isinstance(each.kind, Fixed)]
        return struct_of("".join(kind.layout for kind in kinds), kinds[0].order or self.order)

    def order_of(self, kind: Fixed) -> str:
        """Return what the code calls the byte order of a type."""
        return "ORDER" if kind.order is None else repr(kind.order)

    def test(self, domain: Domain, value: str, *, is_integer: bool = False) -> str:
        """Return an expression that tells whether a value is in a domain.

        Args:
            domain: of the values.
            value: its name.
            is_integer: nothing else can come, or `struct` will see to it.
        """
        if isinstance(domain, Integers):
            between = f"{domain.low} <= {value} <= {domain.high}"
            return between if is_integer else f"type({value}) is int and {between}"
        if isinstance(domain, Octets) and not domain.without:
            return f"type({value}) is bytes" + _size_test(value, domain.least, domain.most)
        if isinstance(domain, Items):
            return f"type({value}) is tuple" + _size_test(value, domain.least, domain.most)
        return f"{self.name('holds', domain.holds)}({value})"


def _size_test(value: str, least: int, most: int | None) -> str:
    if most is None:
        return f" and len({value}) >= {least}" if least else ""
    if least == most:
        return f" and len({value}) == {least}"
    return f" and {least} <= len({value}) <= {most}"


class Place:
    """A place in the bytes, as an expression: a variable and how far after it."""

    __slots__ = ("_after", "_variable")

    def __init__(self, variable: str, after: int = 0) -> None:
        self._variable = variable
        self._after = after

    def __add__(self, nbytes: int) -> Place:
        return Place(self._variable, self._after + nbytes)

    def __str__(self) -> str:
        if not self._variable:
            return str(self._after)
        return f"{self._variable} + {self._after}" if self._after else self._variable
