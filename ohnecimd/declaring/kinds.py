"""What a type of field is: a pair of functions, decode and encode, and which values there are.

The types themselves stand in `ohnecimd.fields`; what all of them have in common stands here.
"""

from __future__ import annotations

import functools
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args, get_origin

from ohnecimd.domains import Integers, Octets, Reals, plural, shown
from ohnecimd.errors import Malformed, Misuse, RemoteProtocolError, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.domains import Domain
    from ohnecimd.stream import ByteOrder

__all__ = [
    "REST",
    "FieldType",
    "Fixed",
    "Repeated",
    "Variable",
    "decode_one",
    "encode_one",
    "exactly",
    "is_natural",
    "natural_domain",
    "require_integer",
    "require_order",
    "size_of_type",
    "struct_of",
    "take_bytes",
    "type_in",
]

_SIGNED = (("b", 1), ("h", 2), ("i", 4), ("l", 4), ("q", 8))
_LAYOUT = re.compile(r"[cbB?hHiIlLqQefds]|\d+s")

UNREADABLE = (ArithmeticError, LookupError, ValueError, struct.error)
"""What the functions of a type may raise for bytes that are no value; it becomes `Malformed`."""

UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What they may raise for values that are none of theirs; it becomes `FieldError`."""


@dataclass(frozen=True, eq=False, slots=True)
class Fixed:
    """A type that is one item of a `struct`.

    Args:
        name: for people, such as ``u16``.
        layout: of the item, such as ``H`` or ``4s``; the byte order is added.
        domain: which values there are.
        decode: makes a value of the item and the byte order; None: the item is the value. For an
            item that is no value it raises `Malformed`, or ValueError.
        encode: makes an item of a value and the byte order.
        order: the byte order, where it is not that of the message.
    """

    name: str
    layout: str
    domain: Domain
    decode: Callable[[Any, ByteOrder], Any] | None = None
    encode: Callable[[Any, ByteOrder], Any] | None = None
    order: ByteOrder | None = None

    def __post_init__(self) -> None:
        if not _LAYOUT.fullmatch(self.layout):
            raise Misuse(f"{self.name}: {self.layout!r} is not the layout of one item")


@dataclass(frozen=True, eq=False, slots=True)
class Variable:
    """A type whose values have different sizes.

    Args:
        name: for people, such as ``C string``.
        domain: which values there are.
        decode: of the message's bytes, the place where the value begins, and the byte order, makes
            the value and the place where it ends; raises `Malformed` or `Truncated`, with a
            position in these bytes, or ValueError.
        encode: makes bytes of a value and the byte order.
        takes_all: a value goes on to the end of the message, so that nothing can follow it.
        begins: how the bytes of every value begin. It tells an optional field, or one more item of
            a tuple, from what follows; so these may stand anywhere.
    """

    name: str
    domain: Domain
    decode: Callable[[bytes, int, ByteOrder], tuple[Any, int]]
    encode: Callable[[Any, ByteOrder], bytes]
    takes_all: bool = False
    begins: bytes = b""


FieldType: TypeAlias = Fixed | Variable


@dataclass(frozen=True, eq=False, slots=True)
class Repeated:
    """How often the items of a tuple stand there: `before` is their number, `times` a fixed one."""

    before: Fixed | None = None
    times: int | None = None


def type_in(annotation: object) -> FieldType:
    """Return the type of field that an annotation names, such as ``u16``."""
    if isinstance(annotation, (Fixed, Variable)):
        return annotation
    if get_origin(annotation) is Annotated:
        for each in reversed(get_args(annotation)):
            if isinstance(each, (Fixed, Variable)):
                return each
    raise Misuse(f"{annotation!r} is no type of field")


@functools.cache
def struct_of(layout: str, order: ByteOrder) -> struct.Struct:
    """Return the `struct.Struct` of items in a byte order."""
    return struct.Struct((">" if order == "big" else "<") + layout)


_NATURAL: dict[str, Domain] = {
    **{letter: Integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) for letter, size in _SIGNED},
    **{letter.upper(): Integers(0, (1 << 8 * size) - 1) for letter, size in _SIGNED},
    "e": Reals(16),
    "f": Reals(32),
    "d": Reals(64),
}


def is_natural(kind: Fixed) -> bool:
    """Tell whether `struct` itself takes no other values than those of the type's domain."""
    return kind.encode is None and natural_domain(kind.layout) == kind.domain


def natural_domain(layout: str) -> Domain | None:
    """Return the items that a layout of `struct` takes, if they are numbers."""
    return _NATURAL.get(layout)


def require_order(order: str) -> None:
    """Raise `Misuse` for what is no byte order."""
    if order not in ("big", "little"):
        raise Misuse(f"a byte order is 'big' or 'little', not {order!r}")


def require_integer(number: object, what: str) -> None:
    """Raise `Misuse` for what cannot be a number of something."""
    if not isinstance(number, int):
        raise Misuse(f"the number of {what} is an integer, not {shown(number)}")


def size_of_type(kind: FieldType) -> int | None:
    """Return how many bytes a value takes, or None if that differs."""
    return struct_of(kind.layout, "big").size if isinstance(kind, Fixed) else None


def decode_one(kind: FieldType, data: bytes, start: int, order: ByteOrder) -> tuple[Any, int]:
    """Return the value that begins at a place, and the place where it ends."""
    try:
        if isinstance(kind, Variable):
            value, end = kind.decode(data, start, order)
        else:
            order = kind.order or order
            structure = struct_of(kind.layout, order)
            end = start + structure.size
            (value,) = structure.unpack(take_bytes(data, start, structure.size))
            if kind.decode is not None:
                value = _decode_item(kind, value, start, order)
    except UNREADABLE as error:
        raise Malformed(
            position=start, expected=str(kind.domain), found=data[start : start + 32]
        ) from error
    except RemoteProtocolError as error:
        if error.position is None:
            error.position = start
        raise
    if end > len(data):
        take_bytes(data, start, end - start)
    if end < start:
        raise Misuse(f"{kind.name}: a value cannot end at {end}, before it begins at {start}")
    return value, end


def _decode_item(kind: Fixed, item: Any, start: int, order: ByteOrder) -> Any:  # noqa: ANN401
    try:
        return kind.decode(item, order) if kind.decode is not None else item
    except RemoteProtocolError as error:
        error.position = start + (error.position or 0)
        raise


def encode_one(kind: FieldType, value: Any, order: ByteOrder) -> bytes:  # noqa: ANN401
    """Return the bytes of a value that is in the domain of the type."""
    if isinstance(kind, Variable):
        octets = kind.encode(value, order)
        if not isinstance(octets, bytes):
            raise Misuse(f"{kind.name}: a value has to become bytes, not {type(octets).__name__}")
        return octets
    order = kind.order or order
    item = value if kind.encode is None else kind.encode(value, order)
    return struct_of(kind.layout, order).pack(item)


def take_bytes(data: bytes, start: int, nbytes: int) -> bytes:
    """Return so many bytes from a place on; raise `Truncated` if there are fewer."""
    piece = data[start : start + nbytes]
    if len(piece) < nbytes:
        raise Truncated(position=len(data), expected=plural(nbytes, "byte"), partial=piece)
    return piece


def exactly(nbytes: int) -> Fixed:
    """Return the type of exactly so many bytes."""
    return Fixed(plural(nbytes, "byte"), f"{nbytes}s", Octets(nbytes, nbytes))


def _decode_rest(data: bytes, start: int, _order: ByteOrder) -> tuple[bytes, int]:
    return data[start:], len(data)


def _encode_bytes(value: bytes, _order: ByteOrder) -> bytes:
    return value


REST = Variable("the rest", Octets(), _decode_rest, _encode_bytes, takes_all=True)
"""All that is left, as bytes; the fast way knows a shorter one for it."""
