"""Fields, items, enums, and what follows from what."""

from __future__ import annotations

import enum
import gc
import tracemalloc
import zlib
from typing import Annotated, ClassVar

import pytest

from ohnecimd.declaring.declarations import (
    checksum_of,
    constant,
    count_of,
    declaration_of,
    length_of,
)
from ohnecimd.declaring.layouts import Members, members_of
from ohnecimd.errors import FieldError, Malformed, Truncated
from ohnecimd.fields import c_bytes, counted, raw, repeated, rest, u8, u16, u32
from ohnecimd.messages import Message, one_of


class Colour(enum.Enum):
    RED = 1
    ROT = 1  # noqa: PIE796 - another name of the same
    BLUE = 2


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2
    ALL = 3
    RUN = 64


class Mood(enum.Flag):
    GLAD = 1
    SAD = 4


class Pairs(enum.Flag):
    LOW = 3
    HIGH = 12


def test_members_stand_for_their_values():
    members = members_of(Colour)
    assert members is members_of(Colour)
    assert (members[1], members[2], members[3]) == (Colour.RED, Colour.BLUE, 3)


@pytest.mark.parametrize("flags", [Rights, Mood])
def test_combinations_of_known_flags_are_members(flags):
    members = Members(flags)
    known = sum(each.value for each in flags)
    for value in range(128):
        found = members[value]
        if value & ~known:
            assert (found, type(found)) == (value, int)
        else:
            assert (found, found.value) == (flags(value), value)
    assert members[-1] == -1


def test_a_part_of_flags_without_a_name_stays_a_number():
    members = Members(Pairs)
    assert (members[3], members[15]) == (Pairs.LOW, Pairs.LOW | Pairs.HIGH)
    for value in range(16):
        assert value in (members[value], getattr(members[value], "value", None))


@pytest.mark.parametrize("options", [Colour, Rights, Mood])
def test_unknown_values_leave_nothing_behind(options):
    members = Members(options)
    before = len(options._value2member_map_), len(members)
    gc.collect()
    tracemalloc.start()
    try:
        for value in range(128, 20_000):
            assert members[value << 7] == value << 7
        assert tracemalloc.get_traced_memory()[0] < 10_000
    finally:
        tracemalloc.stop()
    assert (len(options._value2member_map_), len(members)) == before


class Frame(Message):
    magic: ClassVar[Annotated[bytes, constant(b"F")]]
    total: ClassVar[Annotated[u16, length_of("total", "kind", "body", "crc", plus=1)]]
    size: ClassVar[Annotated[u8, length_of("body")]]
    kind: u8
    body: rest
    number: ClassVar[Annotated[u8, count_of("items")]]
    items: tuple[u16, ...]
    crc: ClassVar[Annotated[u32, checksum_of("magic", "total", "body")]]


def test_fields_that_follow_from_others_come_after_them():
    declaration = declaration_of(Frame)
    names = [each.name for each in declaration.computed]
    assert sorted(names) == ["crc", "magic", "number", "size", "total"]
    assert names.index("crc") > names.index("magic")
    assert [each.name for each in declaration.given] == ["kind", "body", "items"]


class Vicious(Message):
    body: c_bytes
    size: ClassVar[Annotated[u8, length_of("body")]]
    double: ClassVar[Annotated[u8, length_of("body")]]


def test_only_what_stands_before_sizes_a_field():
    assert declaration_of(Vicious).sizing == {}
    assert {name: each.name for name, each in declaration_of(Frame).sizing.items()} == {
        "body": "size",
        "items": "number",
    }


def test_a_computed_value_is_made_of_values_or_bytes():
    declaration = declaration_of(Frame)
    values = {"items": (1, 2), "body": b"abc"}
    parts = {"magic": b"F", "total": b"\0\1", "kind": b"k", "body": b"abc", "crc": bytes(4)}

    def value(name):
        return declaration[name].computed.value(values, parts.__getitem__)

    assert [value(name) for name in ("magic", "total", "size", "number")] == [b"F", 11, 3, 2]
    assert value("crc") == zlib.crc32(b"F\0\1abc")
    assert declaration["number"].computed.value({"items": None}, parts.__getitem__) == 0


class Pixel(Message):
    colour: Annotated[tuple[u8, ...], repeated(3)]
    alpha: u8


class Row(Message):
    pixels: Annotated[tuple[Pixel, ...], repeated(2)]


class Rows(Message):
    rows: tuple[Row, ...]


def test_a_size_is_told_if_it_is_fixed():
    sizes = [declaration_of(each).size for each in (Pixel, Row, Rows, Frame)]
    assert sizes == [4, 8, None, None]


class Lists(Message):
    short: Annotated[tuple[u16, ...], counted(u8)]


class Long(Message):
    long: Annotated[tuple[u8, ...], counted(u32)]


class Fixed(Message):
    many: Annotated[tuple[Annotated[bytes, raw(2)], ...], repeated(2**32)]


def test_items_are_decoded_and_encoded_one_after_another():
    listing = declaration_of(Lists)["short"].listing
    assert listing.decode(b"x\2\0\1\0\2y", 1, "big") == ((1, 2), 6)
    assert listing.encode((1, 2), "little") == b"\2\1\0\2\0"
    assert listing.decode_items(b"\0\1\0\2", 0, "big", None) == ((1, 2), 4)


@pytest.mark.parametrize(
    ("message", "data"), [(Long, b"\xff\xff\xff\xff" + bytes(9)), (Fixed, bytes(9))]
)
def test_a_claimed_number_of_items_allocates_nothing(message, data):
    tracemalloc.start()
    try:
        with pytest.raises(Truncated) as caught:
            message.decode(data)
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
    assert caught.value.position == len(data)


def test_an_item_has_bytes():
    listing = declaration_of(Lists)["short"].listing
    with pytest.raises(Malformed) as caught:
        listing.decode_items(b"ab", 0, "big", 2**32, lambda _, start: (None, start))
    assert str(caught.value) == "at byte 0 in [0]: expected an item of at least one byte"


class Unwilling:
    """Something that cannot even be compared."""

    def __eq__(self, other):
        raise ValueError("no")

    __hash__ = None


def test_a_value_that_cannot_be_compared_is_none_of_them():
    class Chosen(Message):
        it: Annotated[u8, one_of(1, 2)]

    assert not declaration_of(Chosen)["it"].holds(Unwilling())
    with pytest.raises(FieldError, match="in Chosen > it: expected 1 or 2, found <"):
        Chosen(Unwilling()).encode()
