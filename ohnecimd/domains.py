"""Which values a field can hold: what checks, reference pages and test data are made of.

>>> octet = Integers(0, 255)
>>> octet.holds(256), str(octet)
(False, '0..255')
>>> print(octet & within(1, 6))
1..6
"""

from __future__ import annotations

import enum
import math
import operator
import re
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ohnecimd.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Characters",
    "Choice",
    "Converted",
    "Domain",
    "Integers",
    "Items",
    "Octets",
    "Reals",
    "Where",
    "Within",
    "length",
    "matching",
    "one_of",
    "plural",
    "shown",
    "where",
    "within",
]


class Domain:
    """A set of values."""

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - whatever a program may give
        """Tell whether the value is one of them."""
        raise NotImplementedError

    def __and__(self, other: Domain | Within) -> Domain:
        """Return the values that are in both."""
        if isinstance(other, Within):
            self._require_measure(other)
            return self._between(other.low, other.high)
        if isinstance(other, Choice):
            return self._chosen(other)
        if isinstance(other, Where):
            self._require_matchable(other.pattern)
            return replace(other, domain=self if other.domain is None else self & other.domain)
        return Where(str(other), other.holds, self)

    @property
    def plain(self) -> Domain:
        """What is left without conditions and conversions."""
        return self

    def _between(self, low: float | None, high: float | None) -> Domain:
        raise Misuse(f"{self} cannot be narrowed to {Within(low, high)}")

    def _require_measure(self, bounds: Within) -> None:
        plain = self.plain
        examples = plain.values if isinstance(plain, Choice) else ()
        has_size = isinstance(plain, _Sized) or any(map(_is_sized, examples))
        is_number = isinstance(plain, (Integers, Reals)) or not all(map(_is_sized, examples))
        if bounds.of_sizes is True and is_number:
            raise Misuse(f"length() narrows bytes, text and tuples; for {self} there is within()")
        if bounds.of_sizes is False and has_size:
            raise Misuse(f"within() narrows numbers; for {self} there is length()")

    def _require_matchable(self, pattern: str | bytes | None) -> None:
        plain = self.plain
        if pattern is None or not isinstance(plain, (Integers, Reals, _Sized)):
            return
        if not isinstance(plain, (Octets, Characters)):
            raise Misuse(f"matching() is for bytes and text, not for {self}")
        if isinstance(plain, Characters) != isinstance(pattern, str):
            kind, other = ("bytes", "text") if isinstance(pattern, bytes) else ("text", "bytes")
            raise Misuse(f"{pattern!r} matches {kind}, not {other}")

    def _chosen(self, choice: Choice) -> Domain:
        for value in choice.values:
            if not self.holds(value):
                raise Misuse(f"{shown(value)} is none of {self}")
        return choice


@dataclass(frozen=True)
class Within:
    """From `low` to `high`, both included; None: no bound.

    Args:
        low: the least.
        high: the most.
        of_sizes: whether it narrows lengths, not numbers; None: whichever there are.
    """

    low: float | None
    high: float | None
    of_sizes: bool | None = None

    def __str__(self) -> str:
        return _span(self.low, self.high)


def within(low: float | None = None, high: float | None = None) -> Within:
    """Narrow the values of a number to a range, both ends included."""
    return Within(low, high, of_sizes=False)


def length(least: int = 0, most: int | None = None) -> Within:
    """Narrow how many bytes or items there are, in `Annotated`; of text, its bytes count."""
    return Within(least, most, of_sizes=True)


@dataclass(frozen=True)
class Integers(Domain):
    """Whole numbers from `low` to `high`."""

    low: int
    high: int

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        try:
            return self.low <= operator.index(value) <= self.high
        except TypeError:
            return False

    def _between(self, low: float | None, high: float | None) -> Domain:
        least = self.low if low is None else max(self.low, math.ceil(low))
        most = self.high if high is None else min(self.high, math.floor(high))
        if least > most:
            raise Misuse(f"nothing in {self} is within {_span(low, high)}")
        return Integers(least, most)

    def __str__(self) -> str:
        return _span(self.low, self.high)


_LAYOUTS = {16: struct.Struct("<e"), 32: struct.Struct("<f"), 64: struct.Struct("<d")}


@dataclass(frozen=True)
class Reals(Domain):
    """Floating-point numbers of so many bits; of a range if `low` or `high` is given."""

    bits: int = 64
    low: float | None = None
    high: float | None = None

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them; rounding does not count."""
        try:
            _LAYOUTS[self.bits].pack(value)
        except (struct.error, ArithmeticError, TypeError, ValueError):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def _between(self, low: float | None, high: float | None) -> Domain:
        lows = [each for each in (self.low, low) if each is not None]
        highs = [each for each in (self.high, high) if each is not None]
        narrow = Reals(self.bits, max(lows, default=None), min(highs, default=None))
        if narrow.low is not None and narrow.high is not None and narrow.low > narrow.high:
            raise Misuse(f"nothing in {self} is within {_span(low, high)}")
        return narrow

    def __str__(self) -> str:
        if self.low is None and self.high is None:
            return "a number"
        return _span(self.low, self.high)


@dataclass(frozen=True)
class _Sized(Domain):
    least: int = 0
    most: int | None = None

    def fits(self, size: int) -> bool:
        """Tell whether a value may have this size."""
        return self.least <= size and (self.most is None or size <= self.most)

    def _between(self, low: float | None, high: float | None) -> Domain:
        least = self.least if low is None else max(self.least, math.ceil(low))
        bounds = [each for each in (self.most, high) if each is not None]
        most = math.floor(min(bounds)) if bounds else None
        if most is not None and least > most:
            raise Misuse(f"nothing of {self} is within {_span(low, high)}")
        return replace(self, least=least, most=most)

    def _count(self, unit: str) -> str:
        if self.most is None:
            return f"at least {plural(self.least, unit)}" if self.least else f"any {unit}s"
        if self.least == self.most:
            return plural(self.least, unit)
        return f"{self.least}..{self.most} {unit}s"


@dataclass(frozen=True)
class Octets(_Sized):
    """Bytes, without some of them."""

    without: bytes = b""

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        return (
            isinstance(value, bytes)
            and self.fits(len(value))
            and not any(each in value for each in self.without)
        )

    def __str__(self) -> str:
        but = f" without {self.without!r}" if self.without else ""
        return self._count("byte") + but


@dataclass(frozen=True)
class Characters(_Sized):
    """Text that an encoding can hold; the sizes are in bytes."""

    encoding: str = "utf-8"
    without: str = ""

    def __post_init__(self) -> None:
        try:
            "".encode(self.encoding)
        except LookupError:
            raise Misuse(f"{self.encoding!r} is no encoding of text") from None

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        if not isinstance(value, str) or any(each in value for each in self.without):
            return False
        try:
            return self.fits(len(value.encode(self.encoding)))
        except UnicodeError:
            return False

    def __str__(self) -> str:
        size = "" if (self.least, self.most) == (0, None) else f", {self._count('byte')}"
        but = f" without {self.without!r}" if self.without else ""
        return f"text in {self.encoding.upper()}{but}{size}"


@dataclass(frozen=True)
class Items(_Sized):
    """Tuples of so many items."""

    item: Domain = field(default_factory=Domain)

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        return (
            isinstance(value, tuple) and self.fits(len(value)) and all(map(self.item.holds, value))
        )

    def __str__(self) -> str:
        return f"{self._count('item')}, each {self.item}"


@dataclass(frozen=True)
class Choice(Domain):
    """One of a few values."""

    values: tuple[Any, ...]

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        return value in self.values

    def _between(self, low: float | None, high: float | None) -> Domain:
        bounds = Within(low, high)
        left = tuple(each for each in self.values if _is_between(each, bounds))
        if not left:
            raise Misuse(f"nothing of {self} is within {bounds}")
        return Choice(left)

    def __str__(self) -> str:
        *others, last = map(shown, self.values)
        return f"{', '.join(others)} or {last}" if others else last


def one_of(*values: object) -> Choice:
    """Narrow a field to a few values, in `Annotated`."""
    if not values:
        raise Misuse("one_of() takes at least one value")
    return Choice(values)


@dataclass(frozen=True)
class Where(Domain):
    """The values of another domain that fulfil a condition.

    Args:
        text: the condition in words.
        condition: tells whether a value fulfils it; one that it cannot judge does not.
        domain: the other domain; None: whatever fulfils the condition.
        pattern: the regular expression that the condition is, if it is one.
    """

    text: str
    condition: Callable[[Any], bool]
    domain: Domain | None = None
    pattern: str | bytes | None = None

    @property
    def plain(self) -> Domain:
        """What is left without the condition."""
        return self if self.domain is None else self.domain.plain

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        if self.domain is not None and not self.domain.holds(value):
            return False
        try:
            return bool(self.condition(value))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return False

    def _between(self, low: float | None, high: float | None) -> Domain:
        if self.domain is None:
            return super()._between(low, high)
        return replace(self, domain=self.domain & Within(low, high))

    def __str__(self) -> str:
        return self.text if self.domain is None else f"{self.domain}, {self.text}"


def where(text: str, condition: Callable[[Any], bool]) -> Where:
    """Narrow a field to the values that fulfil a condition, in `Annotated`.

    Args:
        text: the condition in words: ``even``.
        condition: tells whether a value fulfils it.
    """
    return Where(text, condition)


def matching(pattern: str | bytes, text: str = "") -> Where:
    """Narrow text, or bytes, to what a regular expression matches as a whole, in `Annotated`.

    Args:
        pattern: the expression; bytes for a field of bytes.
        text: the same in words.
    """
    matches = re.compile(pattern).fullmatch
    return Where(text or f"matching {pattern!r}", lambda it: matches(it) is not None, None, pattern)


@dataclass(frozen=True)
class Converted(Domain):
    """The values of a domain that a function makes of those of another.

    Args:
        domain: which values there are.
        source: of what they are made.
        make: makes one.
    """

    domain: Domain
    source: Domain
    make: Callable[[Any], Any]

    @property
    def plain(self) -> Domain:
        """What is left without the conversion."""
        return self.domain.plain

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        return self.domain.holds(value)

    def _between(self, low: float | None, high: float | None) -> Domain:
        return replace(self, domain=self.domain & Within(low, high))

    def __str__(self) -> str:
        return str(self.domain)


def shown(value: object, most: int = 64) -> str:
    r"""Return a value as ``repr`` shows it, cut where it is long.

    Args:
        value: to be shown.
        most: bytes or characters of it; of a tuple a quarter as many items.

    >>> shown(bytes(1000), 4), shown((1, b"a"))
    ("b'\\x00\\x00\\x00\\x00'... 1000 bytes", "(1, b'a')")
    """
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}" if value.name else repr(value)
    if isinstance(value, (bytes, str)) and len(value) > most:
        unit = "bytes" if isinstance(value, bytes) else "characters"
        return f"{value[:most]!r}... {len(value)} {unit}"
    if type(value) is tuple:
        items = ", ".join(shown(each, most) for each in value[: most // 4])
        if len(value) > most // 4:
            return f"({items}, ... {len(value)} items)"
        return f"({items}{',' * (len(value) == 1)})"
    if isinstance(value, int) and value.bit_length() > 8 * most:
        return f"an integer of {value.bit_length()} bits"  # in decimal it could take for ever
    return repr(value)


def _is_sized(value: object) -> bool:
    return isinstance(value, (bytes, str, tuple))


def _is_between(value: Any, bounds: Within) -> bool:  # noqa: ANN401 - a number, or what has a length
    size = len(value) if _is_sized(value) else value
    low, high = bounds.low, bounds.high
    return (low is None or size >= low) and (high is None or size <= high)


def _span(low: float | None, high: float | None) -> str:
    if low == high and low is not None:
        return f"{low}"
    return f"{'' if low is None else low}..{'' if high is None else high}"


def plural(count: int, unit: str) -> str:
    """Return how many there are, in words."""
    return f"{count} {unit}{'' if count == 1 else 's'}"
