"""What annotations say, and what they cannot say."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Optional

import pytest

from ohnecimd.declaring.declarations import (
    SECRET,
    checksum_of,
    constant,
    count_of,
    declaration_of,
    length_of,
)
from ohnecimd.domains import length, matching, one_of, where, within
from ohnecimd.errors import Misuse
from ohnecimd.fields import (
    Variable,
    big,
    c_string,
    counted,
    prefixed,
    raw,
    repeated,
    rest,
    text,
    type_in,
    u8,
    u16,
    u32,
)
from ohnecimd.messages import Message


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Point(Message):
    x: u8
    y: Annotated[u16, within(0, 9), "how far"]


class Line(Message):
    start: Point
    more: tuple[Point, ...]


def declared(annotations, **members):
    message = type(Message)("Made", (Message,), {"__annotations__": annotations, **members})
    return declaration_of(message)


def field(annotation):
    return declared({"it": annotation})["it"]


def tagged(tag):
    return Variable(
        "tagged",
        where("bytes", lambda value: isinstance(value, bytes)),
        lambda data, start, _: (data[start:], len(data)),
        lambda value, _: value,
        begins=tag,
    )


@pytest.mark.parametrize(
    "annotation",
    [u16, Annotated[int, u16], Annotated[Annotated[int, u16], "x"], Annotated[u16, "x"], "u16"],
)
def test_a_type_may_stand_alone_or_in_annotated(annotation):
    assert field(annotation).kind is type_in(u16)


@pytest.mark.parametrize(
    "annotation",
    [
        u16 | None,
        Optional[u16],  # noqa: UP045 - it is still written so
        Annotated[int | None, u16],
        "u16 | None",
        None | Annotated[int, u16],
    ],
)
def test_what_may_be_missing_is_optional(annotation):
    found = field(annotation)
    assert (found.kind, found.is_optional, found.size) == (type_in(u16), True, None)


def test_everything_in_annotated_is_found_in_any_order():
    found = field(Annotated[int, "of the", within(3), SECRET, u8, one_of(3, 4, 200), "station"])
    assert found.kind is type_in(u8)
    assert str(found.domain) == "3, 4 or 200"
    assert (found.meaning, found.is_secret, found.is_narrowed) == ("of the station", True, True)
    assert not field(Annotated[u8, "meaning"]).is_narrowed


def test_an_enum_stands_with_the_type_of_its_values():
    found = field(Annotated[Colour, u8, one_of(Colour.RED, 7)])
    assert (found.options, found.kind) == (Colour, type_in(u8))
    assert str(found.domain) == "1 or 7"
    assert [found.holds(value) for value in (Colour.RED, 1, 7, Colour.BLUE, 2)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert field(Annotated[Colour | int, u8]).options is Colour


def test_a_message_is_a_field_of_another():
    found = declaration_of(Line)["start"]
    assert (found.nested, found.inner, found.size) == (Point, declaration_of(Point), 3)
    assert found.kind.name == "Point"
    assert str(found.domain) == "Point"
    assert not found.kind.takes_all


@pytest.mark.parametrize(
    ("annotation", "name", "domain", "size"),
    [
        (tuple[u8, ...], "u8...", "any items, each 0..255", None),
        (Annotated[tuple[u8, ...], repeated(3)], "3 u8", "3 items, each 0..255", 3),
        (
            Annotated[tuple[Point, ...], counted(u8), length(1)],
            "Point..., after their number as u8",
            "1..255 items, each Point",
            None,
        ),
        (
            tuple[Annotated[tuple[u8, ...], repeated(2)], ...],
            "2 u8...",
            "any items, each 2 items, each 0..255",
            None,
        ),
    ],
)
def test_a_tuple_says_how_often(annotation, name, domain, size):
    found = field(annotation)
    assert (found.kind.name, str(found.domain), found.size) == (name, domain, size)


def test_a_type_for_the_whole_wins_over_what_a_tuple_or_message_says():
    kind = tagged(b"")
    for annotation in (Annotated[tuple[int, str], kind], Annotated[Point, kind]):
        found = field(annotation)
        assert (found.kind, found.listing, found.nested) == (kind, None, None)


def test_constant_bytes_need_no_type():
    found = field(ClassVar[Annotated[bytes, constant(b"RIFF")]])
    assert (found.kind.layout, found.computed.kind) == ("4s", "constant")


def test_class_variables_that_are_not_computed_are_no_fields():
    class Counted(Message):
        limit: ClassVar[int] = 5
        name: ClassVar[str]
        x: u8

    assert [each.name for each in declaration_of(Counted).fields] == ["x"]
    assert Counted.limit == 5
    assert not hasattr(Counted, "name")
    assert not hasattr(Counted(1), "name")


def test_fields_of_a_base_come_first_and_stay_there():
    class Base(Message):
        size: ClassVar[Annotated[u8, length_of("body")]]
        body: rest

    class Narrow(Base):
        body: Annotated[rest, length(1, 4)]

    class More(Narrow):
        byteorder = "little"
        crc: ClassVar[Annotated[u32, checksum_of("body")]]

    assert [each.name for each in declaration_of(More).fields] == ["size", "body", "crc"]
    assert str(declaration_of(More)["body"].domain) == "1..4 bytes"
    assert (declaration_of(Base).order, declaration_of(More).order) == ("big", "little")
    assert str(declaration_of(Base)["body"].domain) == "any bytes"


def test_a_declaration_is_read_once():
    assert declaration_of(Point) is declaration_of(Point)


def test_the_names_around_a_class_are_let_go_when_they_have_been_read():
    class Local(Message):
        x: Annotated[int, u8]

    assert Local.__scope__ is not None
    declaration_of(Local)
    assert Local.__scope__ is None

    class More(Local):
        y: u8

    assert declaration_of(More).size == 2


# What cannot be


class Greedy(Message):
    body: rest


class Sized(Message):
    size: ClassVar[Annotated[u8, length_of("body")]]
    body: rest


class Ending(Message):
    x: u8
    y: u8 | None = None


class Small(Message):
    byteorder = "little"
    x: u16


class Smaller(Small):
    y: u8


@pytest.mark.parametrize(
    ("annotations", "text"),
    [
        (
            {"x": int},
            "Made.x has no type of field: annotate it with one of ohnecimd.fields, such as u16",
        ),
        ({"x": "int"}, "Made.x has no type of field"),
        ({"x": tuple}, "Made.x has no type of field"),
        ({"x": tuple[int, ...]}, "Made.x[] has no type of field"),
        (
            {"x": tuple[u8, u8]},
            "Made.x: a tuple is annotated as tuple[u16, ...], with three dots",
        ),
        ({"x": "u17"}, "Made: name 'u17' is not defined where the message is declared"),
        ({"x": rest, "y": u8}, "Made.y cannot follow x, which takes all that is left"),
        ({"x": tuple[u8, ...], "y": u8}, "Made.y cannot follow x, which takes all that is left"),
        ({"x": Greedy, "y": u8}, "Made.y cannot follow x, which takes all that is left"),
        ({"x": Ending, "y": u8}, "Made.y cannot follow x, which takes all that is left"),
        ({"x": u8 | None, "y": u8}, "Made.y cannot follow x, which may be missing"),
        (
            {"x": rest, "size": ClassVar[Annotated[u8, length_of("x")]]},
            "Made.size cannot follow x, which takes all that is left",
        ),
        (
            {"x": u8 | None, "crc": ClassVar[Annotated[u32, checksum_of("x")]]},
            "Made.crc cannot follow x, which may be missing",
        ),
        ({"x": tuple[rest, ...]}, "Made.x: no item can follow one that takes all that is left"),
        ({"x": tuple[Ending, ...]}, "Made.x: no item can follow one that takes all that is left"),
        ({"x": tuple[u8 | None, ...]}, "Made.x: an item of a tuple can be neither missing nor"),
        ({"x": tuple[Annotated[bytes, raw(0)], ...]}, "Made.x: nobody can count items without"),
        ({"x": Point | Line}, "Made.x: nothing tells which of 2 messages it is; see Table"),
        (
            {"x": Small, "y": u8},
            "Made.x: Small is little-endian, but here it would be big-endian as all the rest; dec",
        ),
        ({"x": tuple[Smaller, ...]}, "Made.x[]: Smaller is little-endian"),
        (
            {"size": Annotated[u8, length_of("x")], "x": rest},
            "Made.size is computed, so it is no part of the constructor: use ClassVar",
        ),
        (
            {"size": ClassVar[Annotated[u8, length_of("y")]], "x": rest},
            "Made.size is computed from 'y': no such field",
        ),
        ({"x": ClassVar[Annotated[u8, length_of()]]}, "Made.x is computed from no field"),
        ({"x": ClassVar[Annotated[u8, checksum_of("x")]]}, "Made.x is computed from itself"),
        (
            {
                "a": ClassVar[Annotated[u32, checksum_of("b")]],
                "b": ClassVar[Annotated[u32, checksum_of("a")]],
            },
            "Made.a is computed from itself",
        ),
        (
            {"n": ClassVar[Annotated[u8, count_of("x")]], "x": c_string},
            "Made.n counts x, which is no tuple that needs a number",
        ),
        (
            {
                "n": ClassVar[Annotated[u8, count_of("x")]],
                "x": Annotated[tuple[u8, ...], counted(u8)],
            },
            "Made.n counts x, which is no tuple that needs a number",
        ),
        (
            {"x": rest, "size": ClassVar[Annotated[u8 | None, length_of("x")]]},
            "Made.size is computed, and so cannot be missing",
        ),
        ({"x": ClassVar[Annotated[u8, constant(300)]]}, "Made.x cannot be 300: expected 0..255"),
        ({"x": ClassVar[Annotated[int, constant(3)]]}, "Made.x has no type of field"),
        ({"x": Annotated[u8, one_of(1, 300)]}, "Made.x: 300 is none of 0..255"),
        ({"x": Annotated[u8, within(256)]}, "Made.x: nothing in 0..255 is within 256.."),
        (
            {
                "x": Annotated[bytes, tagged(b"T")] | None,
                "y": Annotated[bytes, tagged(b"T")],
            },
            "Made.y begins as x does: nothing tells them apart",
        ),
        ({"x": u8 | u16}, "Made.x has several types of field, u8 and u16: it can have one"),
        ({"x": Annotated[int, u8, big(u8)]}, "Made.x has several types of field, u8 and u8 big"),
        ({"x": u8 | Point}, "Made.x has several types of field, u8 and Point: it can have one"),
        ({"x": Point | tuple[u8, ...]}, "Made.x has several types of field, a tuple and Point"),
        (
            {"x": Annotated[tuple[int, ...], counted(u8), u16]},
            "Made.x: the type of the items goes inside the brackets: tuple[u16, ...]",
        ),
        (
            {"x": Annotated[tuple, u16]},
            "Made.x: the type of the items goes inside the brackets: tuple[u16, ...]",
        ),
        (
            {"x": Annotated[bytes, counted(u8)]},
            "Made.x is no tuple, so it has no items to count; for bytes use prefixed(u8)",
        ),
        (
            {"x": Annotated[rest, repeated(4)]},
            "Made.x is no tuple, so it has no items to count; for bytes use raw(4)",
        ),
        (
            {"x": Annotated[u8, length(1)]},
            "Made.x: length() narrows bytes, text and tuples; for 0..255 there is within()",
        ),
        (
            {"x": Annotated[rest, within(1)]},
            "Made.x: within() narrows numbers; for any bytes there is length()",
        ),
        ({"x": Annotated[c_string, matching(b"x")]}, "Made.x: b'x' matches bytes, not text"),
        (
            {"n": ClassVar[Annotated[c_string, length_of("x")]], "x": rest},
            "Made.n is a length, but C string holds no numbers",
        ),
        (
            {"x": u8, "n": ClassVar[Annotated[bytes, raw(4), checksum_of("x")]]},
            "Made.n is a checksum, but 4 bytes holds no numbers",
        ),
        ({"x": "u8 u8"}, "Made.x: 'u8 u8' is no annotation"),
    ],
)
def test_declarations_that_make_no_sense_are_refused(annotations, text):
    with pytest.raises(Misuse) as caught:
        declared(annotations)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("members", [{}, {"x": 5}])
def test_a_class_variable_with_a_type_of_field_is_computed(members):
    with pytest.raises(Misuse) as caught:
        declared({"x": ClassVar[u8]}, **members)
    assert str(caught.value) == (
        "Made.x has a type of field, but nothing that computes it: add length_of, count_of, "
        "checksum_of or constant, or use a plain annotation"
    )


@pytest.mark.parametrize(
    ("declare", "text"),
    [
        (lambda: length_of(["body"]), "length_of() takes names of fields, not ['body']"),
        (lambda: count_of(3), "count_of() takes names of fields, not 3"),
        (lambda: checksum_of("x", None), "checksum_of() takes names of fields, not None"),
        (
            lambda: checksum_of("x", by="crc32"),
            "checksum_of() takes a function that makes the checksum, not 'crc32'",
        ),
    ],
)
def test_what_a_field_is_computed_from_has_a_name(declare, text):
    with pytest.raises(Misuse) as caught:
        declare()
    assert str(caught.value) == text


def test_what_is_sized_may_be_greedy_anywhere():
    assert not declaration_of(Sized).takes_all
    declared({"many": tuple[Sized, ...]})
    declared({"first": Sized, "then": u8})
    declared({"n": ClassVar[Annotated[u8, count_of("x")]], "x": tuple[u8, ...], "y": u8})


def test_what_begins_in_its_own_way_may_be_missing_anywhere():
    found = declared(
        {
            "a": Annotated[bytes, tagged(b"A")] | None,
            "many": tuple[Annotated[bytes, tagged(b"M")], ...],
            "b": u8,
        }
    )
    assert not found.takes_all


def test_a_message_that_says_no_byte_order_takes_that_around_it():
    class Big(Message):
        byteorder = "little"
        x: Point
        y: Small
        z: tuple[Smaller, ...]

    assert declaration_of(Big).size is None
    assert Big.decode(bytes([1, 2, 0, 3, 0])) == Big(Point(1, 2), Small(3), ())


@pytest.mark.parametrize("name", ["a b", "", "x;import os", "1x", "x=0"])
def test_nothing_but_an_identifier_becomes_source(name):
    with pytest.raises(TypeError, match="must be identifiers"):
        type(Message)("Made", (Message,), {"__annotations__": {name: u8}})


@pytest.mark.parametrize("order", ["Little", "network", None])
def test_a_byte_order_is_one_of_two(order):
    with pytest.raises(Misuse, match="a byte order is 'big' or 'little', not"):
        declared({"x": u8}, byteorder=order)


def test_a_message_cannot_contain_itself():
    with pytest.raises(Misuse, match="Tree contains itself: nothing would bound its depth"):
        declaration_of(Tree)
    with pytest.raises(Misuse, match="Hen contains itself"):
        declaration_of(Hen)


class Tree(Message):
    children: Annotated[tuple[Tree, ...], counted(u8)]


class Hen(Message):
    egg: Egg


class Egg(Message):
    hen: Hen | None


def test_a_name_that_is_not_there_yet_is_named():
    class Early(Message):
        x: Late  # noqa: F821 - that is the point

    with pytest.raises(Misuse, match="Early: name 'Late' is not defined where the message is"):
        Early.decode(b"")


def test_secrets_are_found_wherever_they_are():
    class Login(Message):
        user: Annotated[bytes, prefixed(u8)]
        password: Annotated[str, text(), SECRET]

    class Session(Message):
        login: Login

    class Keys(Message):
        keys: tuple[Annotated[bytes, prefixed(u8), SECRET], ...]

    assert not declaration_of(Point).has_secret
    for message in (Login, Session, Keys):
        assert declaration_of(message).has_secret
    assert declaration_of(Keys)["keys"].is_secret
    assert not declaration_of(Session)["login"].is_secret
