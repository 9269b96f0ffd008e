"""Items of tuples, many at once: the loops that functions of message classes call.

As the functions of `compiling`, these know the good case only, and raise anything in any other.
Nothing is made for a number of items before their bytes are there.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.declaring.kinds import Fixed, decode_one, encode_one, is_natural, struct_of
from ohnecimd.declaring.layouts import members_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.declaring.layouts import Field, Listing
    from ohnecimd.stream import ByteOrder

__all__ = ["Unfit", "giver_of", "many_of", "taker_of"]

Take: TypeAlias = "Callable[[bytes, int], tuple[Any, int]]"
Many: TypeAlias = "Callable[[bytes, int, int | None], tuple[tuple[Any, ...], int]]"
Give: TypeAlias = "Callable[[Any], bytes]"


class Unfit(Exception):
    """Something is wrong; `dissecting` will say what."""


def taker_of(listing: Listing, order: ByteOrder, nested: Callable[[type], Take]) -> Take:
    """Return what decodes a tuple: of the bytes, and the place where it begins.

    Args:
        listing: how the items lie.
        order: the byte order.
        nested: gives what decodes messages of a class.
    """
    many = many_of(listing.item, order, nested)
    before, times = listing.repeats.before, listing.repeats.times
    if before is None:
        return lambda data, start: many(data, start, times)

    def take(data: bytes, start: int) -> tuple[tuple[Any, ...], int]:
        count, start = decode_one(before, data, start, order)
        return many(data, start, count)

    return take


def many_of(item: Field, order: ByteOrder, nested: Callable[[type], Take]) -> Many:
    """Return what decodes so many items; None: all that are there."""
    if isinstance(item.kind, Fixed):
        return _fixed(item, item.kind, order)
    begins, is_narrowed, holds = item.begins, item.is_narrowed, item.domain.holds
    take = _taker_of_one(item, order, nested)
    member = item.member

    def many(data: bytes, start: int, count: int | None) -> tuple[tuple[Any, ...], int]:
        values: list[Any] = []
        size = len(data)
        while (
            start < size and (not begins or data.startswith(begins, start))
            if count is None
            else len(values) < count
        ):
            value, end = take(data, start)
            if not start < end <= size or (is_narrowed and not holds(value)):
                raise Unfit
            values.append(value)
            start = end
        if count is not None and count < 0:
            raise Unfit
        return tuple(values if item.options is None else map(member, values)), start

    return many


def _taker_of_one(item: Field, order: ByteOrder, nested: Callable[[type], Take]) -> Take:
    if item.listing is not None:
        return taker_of(item.listing, order, nested)
    if item.nested is not None:
        return nested(item.nested)
    decode: Any = item.kind.decode
    return lambda data, start: decode(data, start, order)


def _fixed(item: Field, kind: Fixed, order: ByteOrder) -> Many:
    order = kind.order or order
    structure = struct_of(kind.layout, order)
    mark, size = ">" if order == "big" else "<", structure.size
    is_letter = len(kind.layout) == 1
    holds = item.domain.holds if item.is_narrowed else None
    member = None if item.options is None else members_of(item.options).__getitem__
    decode = kind.decode

    def many(data: bytes, start: int, count: int | None) -> tuple[tuple[Any, ...], int]:
        if count is None:
            count, left = divmod(len(data) - start, size)
            if left:
                raise Unfit
        end = start + count * size
        if not start <= end <= len(data):
            raise Unfit
        if is_letter:
            values = struct.unpack_from(f"{mark}{count}{kind.layout}", data, start)
        else:
            values = tuple([value for (value,) in structure.iter_unpack(data[start:end])])
        if decode is not None:
            values = tuple([decode(value, order) for value in values])
        if holds is not None and not all(map(holds, values)):
            raise Unfit
        return values if member is None else tuple(map(member, values)), end

    return many


def giver_of(listing: Listing, order: ByteOrder, nested: Callable[[type], Give]) -> Give:
    """Return what encodes a tuple.

    Args:
        listing: how the items lie.
        order: the byte order.
        nested: gives what encodes messages of a class.
    """
    least, most = listing.bounds
    give = _giver_of_many(listing.item, order, nested)
    encode_count = listing.encode_count if listing.repeats.before is not None else None

    def give_all(values: Any) -> bytes:  # noqa: ANN401 - whatever a program may give
        if (
            type(values) is not tuple
            or len(values) < least
            or (most is not None and len(values) > most)
        ):
            raise Unfit
        octets = give(values)
        return octets if encode_count is None else encode_count(len(values), order) + octets

    return give_all


def _giver_of_many(item: Field, order: ByteOrder, nested: Callable[[type], Give]) -> Give:
    kind = item.kind
    if isinstance(kind, Fixed) and is_natural(kind) and not item.is_narrowed:
        mark = ">" if (kind.order or order) == "big" else "<"
        raw = item.raw if item.options is not None else None

        def pack(values: tuple[Any, ...]) -> bytes:
            items = values if raw is None else map(raw, values)
            return struct.pack(f"{mark}{len(values)}{kind.layout}", *items)

        return pack
    give = _giver_of_one(item, order, nested)

    def join(values: tuple[Any, ...]) -> bytes:
        octets = [give(value) for value in values]
        if not all(octets):
            raise Unfit
        return b"".join(octets)

    return join


def _giver_of_one(item: Field, order: ByteOrder, nested: Callable[[type], Give]) -> Give:
    kind, raw = item.kind, item.raw
    if item.listing is not None:
        give = giver_of(item.listing, order, nested)
    elif item.nested is not None:
        give = nested(item.nested)
    else:
        give = lambda value: encode_one(kind, raw(value), order)  # noqa: E731 - one of three
    holds = item.holds

    def give_one(value: Any) -> bytes:  # noqa: ANN401
        if not holds(value):
            raise Unfit
        return give(value)

    return give_one
