"""What holds for every type of field, whoever wrote it."""

from __future__ import annotations

import struct
from typing import Annotated

import pytest

from ohnecimd.declaring.kinds import (
    Fixed,
    Variable,
    decode_one,
    encode_one,
    is_natural,
    require_order,
    size_of_type,
    struct_of,
    type_in,
)
from ohnecimd.domains import Integers, Octets, Reals, where
from ohnecimd.errors import Malformed, Misuse, Truncated
from ohnecimd.fields import rest, u16, u24

ANY = where("anything", lambda _: True)


def failing(error):
    def fail(*_):
        raise error

    return fail


def variable(decode, encode=lambda value, _: value):
    return Variable("thing", ANY, decode, encode)


@pytest.mark.parametrize("layout", ["", "HH", "x", "2H", ">H", "n", "P", "-1s", "4p", "@I", "w"])
def test_a_layout_is_one_item(layout):
    with pytest.raises(Misuse) as caught:
        Fixed("thing", layout, ANY)
    assert str(caught.value) == f"thing: {layout!r} is not the layout of one item"


@pytest.mark.parametrize("layout", ["B", "q", "d", "e", "s", "0s", "12s", "?", "c"])
def test_every_layout_of_one_item_is_taken(layout):
    assert size_of_type(Fixed("thing", layout, ANY)) == struct.calcsize(f">{layout}")


def test_a_type_is_found_in_an_annotation():
    assert type_in(u16) is type_in(Annotated[u16, "meaning"]) is type_in(type_in(u16))
    assert type_in(u16).name == "u16"
    for strange in (int, None, "u16", Annotated[int, "meaning"]):
        with pytest.raises(Misuse, match="is no type of field"):
            type_in(strange)


def test_a_byte_order_is_one_of_two():
    require_order("big")
    require_order("little")
    for strange in ("Big", "network", "", None):
        with pytest.raises(Misuse, match="a byte order is 'big' or 'little', not"):
            require_order(strange)


def test_natural_is_what_struct_checks_itself():
    assert is_natural(type_in(u16))
    assert not is_natural(type_in(u24))
    assert not is_natural(Fixed("percent", "B", Integers(0, 100)))
    assert is_natural(Fixed("half", "e", Reals(16)))
    assert not is_natural(Fixed("half", "e", Reals()))


def test_struct_of_is_made_once():
    assert struct_of("H", "big") is struct_of("H", "big")
    assert [struct_of("H", order).format for order in ("big", "little")] == [">H", "<H"]


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), IndexError("x"), KeyError("x"), ZeroDivisionError("x"), struct.error("x")],
    ids=repr,
)
@pytest.mark.parametrize("is_fixed", [True, False])
def test_what_a_decoder_stumbles_over_is_malformed(error, is_fixed):
    decode = failing(error)
    kind = Fixed("thing", "H", ANY, decode, None) if is_fixed else variable(decode)
    with pytest.raises(Malformed) as caught:
        decode_one(kind, b"abcd", 1, "big")
    assert str(caught.value).startswith("at byte 1: expected anything, found b'bc")
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [TypeError("x"), AttributeError("x"), AssertionError("x")])
def test_what_is_a_fault_of_the_decoder_stays_one(error):
    with pytest.raises(type(error), match="x"):
        decode_one(variable(failing(error)), b"abcd", 1, "big")


def test_errors_of_a_fixed_type_count_from_the_beginning_of_its_item():
    kind = Fixed("thing", "4s", ANY, failing(Malformed("wrong", position=2)))
    with pytest.raises(Malformed) as caught:
        decode_one(kind, bytes(9), 3, "big")
    assert caught.value.position == 5


@pytest.mark.parametrize("is_fixed", [True, False])
def test_an_error_without_a_position_is_at_the_beginning_of_the_value(is_fixed):
    decode = failing(Malformed("wrong"))
    kind = Fixed("thing", "H", ANY, decode) if is_fixed else variable(decode)
    with pytest.raises(Malformed) as caught:
        decode_one(kind, bytes(9), 3, "big")
    assert caught.value.position == 3


def test_a_value_cannot_end_behind_the_bytes():
    with pytest.raises(Truncated) as caught:
        decode_one(variable(lambda _, start, __: (0, start + 10)), b"abcd", 1, "big")
    assert str(caught.value) == (
        "at byte 4: expected 10 bytes, found the end of input after 3 bytes"
    )


def test_a_value_cannot_end_before_it_begins():
    with pytest.raises(Misuse, match="a value cannot end at 1, before it begins at 2"):
        decode_one(variable(lambda *_: (0, 1)), b"abcd", 2, "big")


def test_an_encoder_makes_bytes():
    with pytest.raises(Misuse, match="thing: a value has to become bytes, not str"):
        encode_one(variable(failing(ValueError())), "abc", "big")
    assert encode_one(variable(failing(ValueError())), b"abc", "big") == b"abc"


@pytest.mark.parametrize(("order", "octets"), [("big", b"\1\2"), ("little", b"\2\1")])
def test_one_value_alone_goes_both_ways(order, octets):
    kind = type_in(u16)
    assert encode_one(kind, 258, order) == octets
    assert decode_one(kind, b"x" + octets + b"y", 1, order) == (258, 3)


def test_what_is_missing_is_counted():
    with pytest.raises(Truncated) as caught:
        decode_one(type_in(u24), b"abcd", 2, "big")
    assert str(caught.value) == "at byte 4: expected 3 bytes, found the end of input after 2 bytes"
    assert caught.value.partial == b"cd"


def test_only_a_fixed_type_has_a_size():
    assert size_of_type(type_in(u24)) == 3
    assert size_of_type(type_in(rest)) is None


def test_types_are_themselves_and_nothing_else():
    assert Fixed("a", "B", Octets()) != Fixed("a", "B", Octets())
