"""What CMPU computes: the operators, with numbers that are doubles or pairs of them."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["OPERATORS", "Number", "Operator", "compute", "read_number"]

Number: TypeAlias = int | float | complex


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator.

    Args:
        function: of two operands.
        start: what no operands give; None: there are always two.
    """

    function: Callable[[Any, Any], Number]
    start: int | None = None

    def takes(self, operands: int) -> bool:
        """Tell whether it can have so many operands."""
        return self.start is not None or operands == 2

    def apply(self, operands: Sequence[Number]) -> Number:
        """Return the result; raises ArithmeticError or TypeError if there is none."""
        if self.start is None:
            return self.function(*operands)
        start: Number = self.start
        return functools.reduce(self.function, operands, start)


OPERATORS = {
    "+": Operator(operator.add, 0),
    "-": Operator(operator.sub),
    "*": Operator(operator.mul, 1),
    "/": Operator(operator.truediv),
    "%": Operator(operator.mod),
    "**": Operator(operator.pow),
}


def read_number(text: str) -> Number:
    """Return the number that a text is; ValueError if it is none.

    Takes what `complex` takes: white space around, brackets, underscores between digits, ``inf``,
    ``nan``, digits of any script. A number without an imaginary part is a float.

    >>> read_number(" 1_000 "), read_number("(3-1j)")
    (1000.0, (3-1j))
    """
    return _simple(complex(text))


def compute(name: str, operands: Sequence[Number]) -> Number | None:
    """Return the result of an operator; None if there is none, or it is too large for a double.

    >>> compute("+", [3.0, 4.0]), compute("%", [-7.0, 3.0]), compute("/", [1.0, 0.0])
    (7.0, 2.0, None)
    """
    try:
        return _simple(OPERATORS[name].apply(operands))
    except (ArithmeticError, TypeError):  # complex numbers have no remainder: a TypeError
        return None


def _simple(number: Number) -> Number:
    return number.real if isinstance(number, complex) and not number.imag else number
