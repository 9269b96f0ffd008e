"""What a message consists of: its fields, in the order of the bytes, and what follows from what.

`declarations` makes these of annotations. Everything else about a message is made of them: the
fast functions and the careful ones, the reference page, the test data.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.kinds import (
    FieldType,
    Repeated,
    Variable,
    decode_one,
    encode_one,
    size_of_type,
)
from ohnecimd.domains import Domain, Integers, shown
from ohnecimd.errors import Malformed, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ohnecimd.stream import ByteOrder

__all__ = ["Computed", "Declaration", "Field", "Listing", "Members", "found_instead", "members_of"]


@dataclass(frozen=True, eq=False, slots=True)
class Computed:
    """A field whose value follows from others.

    Args:
        kind: what it is: ``length``, ``count``, ``checksum``, ``constant``.
        names: of the fields that it follows from.
        compute: makes the value of those fields' bytes; of the items, for a count.
        plus: what a length or count has more than that.
    """

    kind: str
    names: tuple[str, ...]
    compute: Callable[[Any], Any]
    plus: int = 0

    @property
    def sizes_one(self) -> bool:
        """Whether it tells where one other field ends."""
        return self.kind in ("length", "count") and len(self.names) == 1

    def value(self, values: Mapping[str, Any], parts: Callable[[str], bytes]) -> Any:  # noqa: ANN401
        """Return what it is in a message.

        Args:
            values: of the fields, by name.
            parts: gives the bytes of a field.
        """
        if self.kind == "constant":
            return self.compute(None)
        if self.kind == "count":
            return self.compute(values[self.names[0]] or ()) + self.plus
        octets = b"".join(map(parts, self.names))
        return self.compute(octets) + self.plus if self.kind == "length" else self.compute(octets)


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """A field of a message.

    Args:
        name: of the attribute.
        kind: how it lies in bytes.
        domain: which values it can have.
        is_narrowed: the domain is smaller than that of `kind`.
        options: the enum whose members stand for known values, or None.
        meaning: what the declaration says about it in words.
        is_secret: its value is not to be shown.
        is_optional: it may be missing; then it is None.
        computed: it follows from others; then it is no part of the constructor.
        listing: of a tuple: how its items lie.
        nested: of a message in the message: its class.
        inner: of a message in the message: its declaration.
    """

    name: str
    kind: FieldType
    domain: Domain
    is_narrowed: bool = False
    options: type[enum.Enum] | None = None
    meaning: str = ""
    is_secret: bool = False
    is_optional: bool = False
    computed: Computed | None = None
    listing: Listing | None = None
    nested: Any = None
    inner: Declaration | None = None

    @property
    def size(self) -> int | None:
        """How many bytes every value takes; None if they differ."""
        if self.is_optional:
            return None
        if self.inner is not None:
            return self.inner.size
        if self.listing is not None:
            item, times = self.listing.item.size, self.listing.repeats.times
            return None if item is None or times is None else item * times
        return size_of_type(self.kind)

    @property
    def takes_all(self) -> bool:
        """Whether a value goes on to the end of the message, as far as its type says."""
        return isinstance(self.kind, Variable) and self.kind.takes_all

    @property
    def begins(self) -> bytes:
        """How the bytes of every value begin, if that tells them from others."""
        return self.kind.begins if isinstance(self.kind, Variable) else b""

    @property
    def has_secret(self) -> bool:
        """Whether there is something in it that is not to be shown."""
        return (
            self.is_secret
            or (self.inner is not None and self.inner.has_secret)
            or (self.listing is not None and self.listing.item.has_secret)
        )

    def holds(self, value: Any) -> bool:  # noqa: ANN401 - whatever a program may give
        """Tell whether a message can have this value."""
        if value is None and self.is_optional:
            return True
        try:
            return self.domain.holds(self.raw(value))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return False  # a value so strange that it cannot even be compared

    def raw(self, value: Any) -> Any:  # noqa: ANN401
        """Return what stands for a member of the enum; other values stand for themselves."""
        return value.value if self.options and isinstance(value, self.options) else value

    def require(self, value: Any, data: bytes, start: int, end: int) -> None:  # noqa: ANN401
        """Raise `Malformed` if a value that was decoded is none that the field can have."""
        if self.is_narrowed and not self.domain.holds(value):
            raise Malformed(
                f"expected {self.domain}{found_instead(value)}",
                position=start,
                expected=str(self.domain),
                found=data[start:end],
            )

    def member(self, value: Any) -> Any:  # noqa: ANN401 - of any enum
        """Return the member of the enum that a value stands for; the value if there is none."""
        return value if self.options is None else members_of(self.options)[value]


def found_instead(value: object) -> str:
    """Return the end of an error's text: what was found."""
    return f", found {shown(value, 32):.200}"


class Members(dict[Any, Any]):
    """The members of an enum by value; a value that has none stands for itself.

    Of flags, every combination of known ones is a member. Unknown ones are not left to `enum`: it
    would keep each combination that it has ever seen.
    """

    def __init__(self, options: type[enum.Enum]) -> None:
        super().__init__({each.value: each for each in options.__members__.values()})
        self._flags = options if issubclass(options, enum.Flag) else None
        self.known = 0
        if self._flags is not None:
            for value in self:
                self.known |= value

    def __missing__(self, value: Any) -> Any:  # noqa: ANN401
        if self._flags is not None and isinstance(value, int) and not value & ~self.known:
            try:
                return self._flags(value)
            except ValueError:  # a part of flags that have no names of their own
                return value
        return value


@functools.cache
def members_of(options: type[enum.Enum]) -> Members:
    """Return the members of an enum by value."""
    return Members(options)


@dataclass(frozen=True, eq=False, slots=True)
class Listing:
    """Items of a tuple, one after another."""

    item: Field
    repeats: Repeated

    @property
    def name(self) -> str:
        """What it is, for people."""
        name = self.item.kind.name
        if self.repeats.before is not None:
            return f"{name}..., after their number as {self.repeats.before.name}"
        return f"{name}..." if self.repeats.times is None else f"{self.repeats.times} {name}"

    @property
    def bounds(self) -> tuple[int, int | None]:
        """How many items there are, at least and at most."""
        before, times = self.repeats.before, self.repeats.times
        if before is not None and isinstance(before.domain, Integers):
            return 0, before.domain.high
        return (0, None) if times is None else (times, times)

    @property
    def is_open(self) -> bool:
        """Whether nothing says how many there are."""
        return self.repeats.before is None and self.repeats.times is None

    def decode(self, data: bytes, start: int, order: ByteOrder) -> tuple[tuple[Any, ...], int]:
        """Return the items, and where they end."""
        count = self.repeats.times
        if self.repeats.before is not None:
            count, start = decode_one(self.repeats.before, data, start, order)
        return self.decode_items(data, start, order, count)

    def decode_items(
        self,
        data: bytes,
        start: int,
        order: ByteOrder,
        count: int | None,
        take: Callable[[int, int], tuple[Any, int]] | None = None,
    ) -> tuple[tuple[Any, ...], int]:
        """Return so many items, or None: all that are there, and where they end.

        Args:
            data: where they lie.
            start: of the first.
            order: the byte order.
            count: of the items.
            take: decodes the item of a number at a place; None: as its type does.
        """
        item, begins = self.item, self.item.begins
        values: list[Any] = []
        while self._goes_on(data, start, begins) if count is None else len(values) < count:
            try:
                if take is None:
                    value, end = decode_one(item.kind, data, start, order)
                else:
                    value, end = take(len(values), start)
                if end == start:
                    raise Malformed(position=start, expected="an item of at least one byte")
                item.require(value, data, start, end)
            except ProtocolError as error:
                error.path = (f"[{len(values)}]", *error.path)
                raise
            values.append(item.member(value))
            start = end
        return tuple(values), start

    @staticmethod
    def _goes_on(data: bytes, start: int, begins: bytes) -> bool:
        return start < len(data) and (not begins or data.startswith(begins, start))

    def encode(self, values: tuple[Any, ...], order: ByteOrder) -> bytes:
        """Return the bytes of the items, and of their number."""
        octets = b"".join(encode_one(self.item.kind, self.item.raw(each), order) for each in values)
        return self.encode_count(len(values), order) + octets

    def encode_count(self, count: int, order: ByteOrder) -> bytes:
        """Return the bytes of the number of items, if it stands there."""
        before = self.repeats.before
        return b"" if before is None else encode_one(before, count, order)


@dataclass(frozen=True, eq=False)
class Declaration:
    """A message as it was declared."""

    message: type
    fields: tuple[Field, ...]
    order: ByteOrder

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    @functools.cached_property
    def _by_name(self) -> dict[str, Field]:
        return {each.name: each for each in self.fields}

    @functools.cached_property
    def size(self) -> int | None:
        """How many bytes every such message has; None if they differ."""
        sizes = [each.size for each in self.fields]
        return None if None in sizes else sum(each for each in sizes if each is not None)

    @functools.cached_property
    def sizing(self) -> dict[str, Field]:
        """The fields that say how long, or how many, one after them is: by the name of that."""
        sizers: dict[str, Field] = {}
        seen: set[str] = set()
        for each in self.fields:
            if each.computed is not None and each.computed.sizes_one:
                (name,) = each.computed.names
                if name not in seen and name != each.name:
                    sizers.setdefault(name, each)
            seen.add(each.name)
        return sizers

    @functools.cached_property
    def takes_all(self) -> bool:
        """Whether a message goes on to the end of its bytes, so that nothing can follow it."""
        last = self.fields[-1] if self.fields else None
        return any(each.is_optional and not each.begins for each in self.fields) or (
            last is not None and last.takes_all and last.name not in self.sizing
        )

    @functools.cached_property
    def has_secret(self) -> bool:
        """Whether there is something in it that is not to be shown."""
        return any(each.has_secret for each in self.fields)

    @functools.cached_property
    def given(self) -> tuple[Field, ...]:
        """The fields that the constructor takes."""
        return tuple(each for each in self.fields if each.computed is None)

    @functools.cached_property
    def computed(self) -> tuple[Field, ...]:
        """The fields that follow from others, each after those that it follows from."""
        waiting = [each for each in self.fields if each.computed is not None]
        known = {each.name for each in self.given}
        ordered: list[Field] = []
        while waiting:
            ready = [each for each in waiting if known.issuperset(self._needs(each))]
            if not ready:
                break  # they follow from each other: `declarations` says so
            known |= {each.name for each in ready}
            ordered += ready
            waiting = [each for each in waiting if each.name not in known]
        return tuple(ordered)

    def _needs(self, each: Field) -> list[str]:
        """Return the fields that have to be known before a computed one is."""
        names = each.computed.names if each.computed is not None else ()
        if each.computed is not None and each.computed.kind == "length":
            return [name for name in names if self[name].size is None]
        return list(names)

    @functools.cached_property
    def positional(self) -> tuple[str, ...]:
        """The fields that the constructor takes without their names."""
        names: tuple[str, ...] = self.message.__match_args__  # type: ignore[attr-defined]
        return names

    def make(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a message
        """Return the message of these values, by name."""
        positional = self.positional
        named = {each.name: values[each.name] for each in self.given if each.name not in positional}
        return self.message(*(values[name] for name in positional), **named)
