"""Which fields a message cannot have."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
import pytest

from ohnecimd.declaring.declarations import SECRET, constant, declaration_of
from ohnecimd.errors import Misuse
from ohnecimd.fields import u8
from ohnecimd.messages import Message


def declared(annotations, **members):
    message = type(Message)("Made", (Message,), {"__annotations__": annotations, **members})
    return declaration_of(message)


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (u8, 300, "Made.x cannot be 300 by default: expected 0..255"),
        (u8, "a", "Made.x cannot be 'a' by default: expected 0..255"),
        (u8, None, "Made.x cannot be None by default: expected 0..255"),
        (tuple[u8, ...], [], "Made.x cannot be [] by default: expected any items, each 0..255"),
        (Annotated[u8, SECRET], 300, "Made.x cannot be what it is by default: expected 0..255"),
    ],
)
def test_a_default_is_a_value_of_its_field(annotation, default, text):
    with pytest.raises(Misuse) as caught:
        declared({"x": annotation}, x=default)
    assert str(caught.value) == text


def test_a_default_that_is_made_each_time_is_not_made_by_a_declaration():
    made = []
    declared({"x": u8}, x=msgspec.field(default_factory=lambda: made.append(1)))
    assert not made


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("decode", "a method"),
        ("encode", "a method"),
        ("check", "a method"),
        ("to_json", "a method"),
        ("decode_from", "a method"),
        ("byteorder", "an attribute"),
    ],
)
def test_a_field_cannot_have_the_name_of_what_a_message_has(name, what):
    with pytest.raises(Misuse, match=rf"Made\.{name}: a message has {what} of that name"):
        type(Message)("Made", (Message,), {"__annotations__": {name: u8}})
    with pytest.raises(Misuse, match=rf"Made\.{name}: a message has {what} of that name"):
        type(Message)(
            "Made", (Message,), {"__annotations__": {name: ClassVar[Annotated[u8, constant(1)]]}}
        )


def test_no_method_of_a_message_is_forgotten():
    for name in dir(Message):
        if not name.startswith("_"):
            with pytest.raises(Misuse):
                type(Message)("Made", (Message,), {"__annotations__": {name: u8}})


@pytest.mark.parametrize("name", ["class", "from", "None"])
def test_a_field_has_the_name_of_an_attribute(name):
    with pytest.raises(Misuse, match="is no name of an attribute"):
        type(Message)("Made", (Message,), {"__annotations__": {name: u8}})
