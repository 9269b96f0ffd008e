"""Many items at once: as fast as `struct` lets them be, and never more than there are."""

from __future__ import annotations

import enum
import tracemalloc
from typing import Annotated

import pytest

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.items import Unfit, giver_of, many_of, taker_of
from ohnecimd.fields import (
    counted,
    decimal,
    f32,
    little,
    prefixed,
    raw,
    repeated,
    u8,
    u16,
    u24,
    u32,
)
from ohnecimd.messages import Message, where, within


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Point(Message):
    x: u8
    y: u8


def listing(annotation):
    message = type(Message)("Made", (Message,), {"__annotations__": {"it": annotation}})
    return declaration_of(message)["it"].listing


def take_point(data, start):
    if start + 2 > len(data):
        raise IndexError
    return Point(data[start], data[start + 1]), start + 2


ALIKE = [
    (tuple[u8, ...], (1, 2, 255), b"\1\2\xff"),
    (tuple[u16, ...], (), b""),
    (tuple[u16, ...], (1, 65535), b"\0\1\xff\xff"),
    (tuple[Annotated[int, little(u16)], ...], (1, 2), b"\1\0\2\0"),
    (tuple[u24, ...], (1, 2), b"\0\0\1\0\0\2"),
    (tuple[f32, ...], (0.5,), b"\x3f\0\0\0"),
    (tuple[Annotated[bytes, raw(2)], ...], (b"ab", b"cd"), b"abcd"),
    (tuple[Annotated[int, decimal(2)], ...], (1, 99), b"0199"),
    (tuple[Annotated[u8, within(1, 6)], ...], (1, 6), b"\1\6"),
    (tuple[Annotated[Colour, u8], ...], (Colour.RED, 7), b"\1\7"),
    (tuple[Annotated[Level, u16], ...], (Level.LOW, 7), b"\0\1\0\7"),
    (tuple[Annotated[bytes, prefixed(u8)], ...], (b"", b"ab"), b"\0\2ab"),
    (tuple[Annotated[bytes, prefixed(u8), where("odd", len)], ...], (b"a",), b"\1a"),
    (tuple[Point, ...], (Point(1, 2), Point(3, 4)), b"\1\2\3\4"),
    (Annotated[tuple[u8, ...], counted(u16)], (1, 2), b"\0\2\1\2"),
    (Annotated[tuple[u8, ...], repeated(2)], (1, 2), b"\1\2"),
    (
        tuple[Annotated[tuple[Annotated[Colour, u8], ...], counted(u8)], ...],
        ((), (Colour.RED, 5)),
        b"\0\2\1\5",
    ),
]


@pytest.mark.parametrize(("annotation", "values", "octets"), ALIKE)
def test_items_are_taken_and_given_as_one_by_one(annotation, values, octets):
    items = listing(annotation)
    take = taker_of(items, "big", lambda _: take_point)
    give = giver_of(items, "big", lambda _: lambda point: bytes([point.x, point.y]))
    assert (
        take(b"x" + octets, 1) == items.decode(b"x" + octets, 1, "big") == (values, 1 + len(octets))
    )
    assert give(values) == items.encode(values, "big") == octets
    assert [type(each) for each in take(octets, 0)[0]] == [type(each) for each in values]


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (tuple[u16, ...], b"\0\1\0"),
        (tuple[Annotated[bytes, raw(2)], ...], b"abc"),
        (tuple[Annotated[u8, within(1, 6)], ...], b"\1\7"),
        (tuple[Annotated[bytes, prefixed(u8), where("odd", len)], ...], b"\0"),
        (tuple[Point, ...], b"\1\2\3"),
        (Annotated[tuple[u8, ...], counted(u16)], b"\0\3\1\2"),
        (Annotated[tuple[u8, ...], counted(u16)], b"\0"),
        (Annotated[tuple[Point, ...], repeated(2)], b"\1\2\3"),
        (tuple[Annotated[int, decimal(2)], ...], b"01x2"),
    ],
)
def test_what_does_not_fit_is_not_taken(annotation, data):
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, the careful way will say it
        taker_of(listing(annotation), "big", lambda _: take_point)(data, 0)


@pytest.mark.parametrize("item", [u16, Annotated[bytes, raw(2)], Annotated[bytes, prefixed(u8)]])
@pytest.mark.parametrize("count", [-1, 2**32 - 1, 2**64])
def test_a_number_of_items_is_believed_when_they_are_there(item, count):
    many = many_of(listing(tuple[item, ...]).item, "big", lambda _: take_point)
    tracemalloc.start()
    try:
        with pytest.raises(Exception):  # noqa: B017 - as above
            many(b"\1a" * 100, 0, count)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("annotation", "values"),
    [
        (tuple[u8, ...], [1, 2]),
        (tuple[u8, ...], None),
        (tuple[u8, ...], (256,)),
        (tuple[u8, ...], ("a",)),
        (tuple[Annotated[u8, within(1, 6)], ...], (7,)),
        (tuple[Annotated[bytes, raw(2)], ...], (b"abc",)),
        (Annotated[tuple[u8, ...], repeated(2)], (1,)),
        (Annotated[tuple[u8, ...], counted(u8)], (1,) * 256),
        (tuple[Point, ...], ((1, 2),)),
        (tuple[Annotated[tuple[u8, ...], repeated(2)], ...], ((1,),)),
    ],
)
def test_what_does_not_fit_is_not_given(annotation, values):
    give = giver_of(listing(annotation), "big", lambda _: lambda point: bytes([point.x, point.y]))
    with pytest.raises(Exception):  # noqa: B017 - as above
        give(values)


def test_an_item_without_bytes_is_not_given():
    items = listing(Annotated[tuple[Point, ...], counted(u32)])
    with pytest.raises(Unfit):
        giver_of(items, "big", lambda _: lambda _: b"")((Point(1, 2),))
