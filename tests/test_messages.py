"""Messages as their users see them: values with bytes, JSON and a text for people."""

from __future__ import annotations

import array
import copy
import enum
import json
import pickle
import sys
import zlib
from functools import partial
from typing import Annotated, ClassVar

import msgspec
import ohneio
import pytest

from ohnecimd import parse, protocol, put, times
from ohnecimd.declaring.layouts import Field
from ohnecimd.domains import where
from ohnecimd.errors import FieldError, Malformed, Misuse, RemoteProtocolError, Truncated
from ohnecimd.fields import (
    Variable,
    c_string,
    f32,
    f64,
    prefixed,
    raw,
    rest,
    u8,
    u16,
    u32,
)
from ohnecimd.messages import (
    SECRET,
    Message,
    checksum_of,
    constant,
    count_of,
    explain,
    length_of,
    one_of,
    read_message,
    size_of,
    within,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Point(Message):
    """Where something is."""

    x: u16
    y: Annotated[u16, within(0, 999)] = 0


class Deep(Point):
    """How deep it is there."""

    z: u8 = 0


class Ship(Message):
    """A point with a name."""

    byteorder = "little"

    magic: ClassVar[Annotated[bytes, constant(b"SP")]]
    size: ClassVar[Annotated[u8, length_of("name", plus=1)]]
    name: c_string
    place: Point
    colour: Annotated[Colour, u8] = Colour.RED
    rights: Annotated[Rights, u8] = Rights.READ
    code: Annotated[bytes, raw(2), SECRET] = b"\0\0"
    number: ClassVar[Annotated[u8, count_of("crew")]]
    crew: tuple[Annotated[bytes, prefixed(u8)], ...] = ()
    crc: ClassVar[Annotated[u32, checksum_of("name", "crew")]]


SHIP = Ship("Vasa", Point(1, 2), Colour.BLUE, Rights.READ | Rights.WRITE, b"42", (b"ann", b"\xff"))
BYTES = b"SP\6Vasa\0\1\0\2\0\2\00342\2\3ann\1\xff"
BYTES += zlib.crc32(b"Vasa\0\3ann\1\xff").to_bytes(4, "little")


def test_a_message_goes_both_ways():
    assert SHIP.encode() == BYTES
    assert Ship.decode(BYTES) == SHIP


def test_the_other_byte_order_is_for_the_whole_message():
    swapped = SHIP.encode(order="big")
    assert swapped != SHIP.encode()
    assert swapped[8:12] == b"\0\1\0\2"
    assert Ship.decode(swapped, order="big") == SHIP
    assert Ship.decode(SHIP.encode(order="little"), order="little") == SHIP
    for strange in ("middle", "Big", ""):
        with pytest.raises(Misuse, match="a byte order is 'big' or 'little', not"):
            SHIP.encode(order=strange)
        with pytest.raises(Misuse, match="a byte order is 'big' or 'little', not"):
            Ship.decode(b"", order=strange)


@pytest.mark.parametrize(
    "make", [bytes, bytearray, memoryview, lambda data: array.array("B", data)]
)
@pytest.mark.parametrize("message", [Point(1, 2), SHIP])
def test_any_bytes_like_object_is_decoded(message, make):
    decoded = type(message).decode(make(message.encode()))
    assert decoded == message
    assert hash(decoded) == hash(message)
    assert type(message).decode_from(make(b"x" + message.encode()), 1)[0] == message


@pytest.mark.parametrize("data", ["text", None, 5, [1]])
def test_what_is_no_bytes_is_a_type_error(data):
    for message in (Point, Ship):
        with pytest.raises(TypeError, match="a bytes-like object is required"):
            message.decode(data)


def test_a_view_of_other_items_than_bytes_is_its_bytes():
    view = memoryview(array.array("H", [1, 2]))
    order = sys.byteorder
    assert Point.decode(view, order=order) == Point(1, 2)


def test_a_message_within_others_is_decoded_from_its_place():
    assert Point.decode_from(b"xx\0\1\0\2yy", 2) == (Point(1, 2), 6)
    assert Point.decode_from(b"\1\0\2\0", 0, "little") == (Point(1, 2), 4)
    with pytest.raises(Truncated) as caught:
        Point.decode_from(b"xx\0\1\0", 2)
    assert str(caught.value) == (
        "at byte 5 in y: expected 2 bytes, found the end of input after 1 byte"
    )


def test_a_field_of_a_computed_value_is_read_as_an_attribute():
    assert (SHIP.magic, SHIP.size, SHIP.number) == (b"SP", 6, 2)
    assert SHIP.crc == int.from_bytes(SHIP.encode()[-4:], "little")
    assert isinstance(Ship.size, Field)
    with pytest.raises(FieldError, match="in place > y: expected"):
        _ = Ship("", Point(1, 1000)).size


def test_what_is_computed_cannot_be_given():
    with pytest.raises(TypeError, match="Unexpected keyword argument 'size'"):
        Ship("Vasa", Point(1, 2), size=5)


# A value


def test_messages_are_values():
    assert Point(1, 2) == Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != Deep(1, 2)
    assert len({Point(1, 2), Point(1, 2), SHIP, copy.copy(SHIP)}) == 2
    with pytest.raises(AttributeError, match="immutable type: 'Point'"):
        Point(1, 2).x = 3


@pytest.mark.parametrize("message", [Point(1, 2), Deep(1, 2, 3), SHIP])
def test_messages_are_copied_and_pickled(message):
    message.encode()
    type(message).decode(message.encode())
    for copied in (
        copy.copy(message),
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
        msgspec.structs.replace(message),
    ):
        assert (copied, type(copied), copied.encode()) == (message, type(message), message.encode())


def test_a_changed_copy_is_another_value():
    changed = msgspec.structs.replace(SHIP, name="Wasa")
    assert (changed.name, changed.size, changed.place) == ("Wasa", 6, SHIP.place)
    if sys.version_info >= (3, 13):
        assert copy.replace(SHIP, name="Wasa") == changed


def test_classes_are_pickled_whatever_was_compiled():
    assert pickle.loads(pickle.dumps(Point)) is Point


def test_messages_are_matched():
    match Deep(1, 2, 3):
        case Deep(x, y, z):
            assert (x, y, z) == (1, 2, 3)


def test_keywords_may_be_required():
    class Header(Message, kw_only=True):
        version: u8 = 1
        name: Annotated[bytes, prefixed(u8)]

    class Long(Header):
        more: u8

    assert Header.decode(b"\2\1a") == Header(version=2, name=b"a")
    assert Header(name=b"a").encode() == b"\1\1a"
    assert Long.decode(b"\2\1a\7") == Long(7, version=2, name=b"a")
    assert Long(7, name=b"").encode() == b"\1\0\7"
    assert [each.path for each in explain(Long, b"\2\1a\7")[0]] == [
        ("version",),
        ("name",),
        ("more",),
    ]


# Text for people


def test_repr_shows_the_fields_and_no_secret():
    assert repr(SHIP) == (
        "Ship(name='Vasa', place=Point(x=1, y=2), colour=Colour.BLUE, rights=Rights.READ|WRITE, "
        r"code=***, crew=(b'ann', b'\xff'))"
    )
    assert str(SHIP) == f"{SHIP}" == repr(SHIP)
    assert "42" not in str(SHIP.__rich_repr__())
    assert SHIP.__rich_repr__()[0] == ("name", "Vasa")


def test_repr_is_short():
    class Long(Message):
        body: rest

    class Many(Message):
        items: tuple[u8, ...]

    assert repr(Long(bytes(10**6)))[-30:] == r"\x00\x00\x00'... 1000000 bytes)"[-30:]
    assert len(repr(Long(bytes(10**6)))) < 400
    assert repr(Many(tuple(range(100)))).endswith("14, 15, ... 100 items))")


def test_a_value_without_a_name_is_shown_as_it_is():
    assert repr(msgspec.structs.replace(SHIP, colour=7, rights=0x80)).count("=7, rights=128") == 1


def test_json_has_names_and_text():
    shown = json.loads(json.dumps(SHIP.to_json()))
    assert shown == {
        "size": 6,
        "name": "Vasa",
        "place": {"x": 1, "y": 2},
        "colour": "BLUE",
        "rights": ["READ", "WRITE"],
        "code": "***",
        "number": 2,
        "crew": ["ann", "ÿ"],
        "crc": SHIP.crc,
    }


def test_json_keeps_what_has_no_name():
    changed = msgspec.structs.replace(SHIP, colour=7, rights=0x81).to_json()
    assert (changed["colour"], changed["rights"]) == (7, ["READ", 128])
    assert msgspec.structs.replace(SHIP, rights=0).to_json()["rights"] == []


class Strange(Message):
    number: f64
    imaginary: Annotated[
        complex,
        Variable("j", where("any", lambda _: True), lambda *_: (1j, 0), lambda *_: b""),
    ]
    pair: Annotated[
        tuple[int, int],
        Variable("p", where("any", lambda _: True), lambda *_: ((), 0), lambda *_: b""),
    ]
    point: Point | None = None


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.5, 0.5), (float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan")],
)
def test_what_json_does_not_know_is_text(number, text):
    message = Strange(number, 1j, (1, b"\xff", Colour.RED, Point(1, 2)))
    assert json.loads(json.dumps(message.to_json(), allow_nan=False)) == {
        "number": text,
        "imaginary": "1j",
        "pair": [1, "ÿ", "RED", {"x": 1, "y": 2}],
        "point": None,
    }


def test_a_size_is_that_of_all_messages_of_a_class():
    assert [size_of(each) for each in (Point, Deep, Ship)] == [4, 5, None]


# From a stream


def test_messages_are_read_from_a_stream():
    assert parse(times(partial(read_message, Point), 2), b"\0\1\0\2\0\3\0\4") == [
        Point(1, 2),
        Point(3, 4),
    ]
    assert parse(partial(read_message, Ship, len(SHIP.encode())), SHIP.encode()) == SHIP


def test_an_error_in_a_stream_is_at_its_place_there():
    with pytest.raises(Malformed) as caught:
        parse(times(partial(read_message, Point), 2), b"\0\1\0\2\0\3\xff\xff")
    assert str(caught.value) == "at byte 6 in Point > y: expected 0..999, found 65535"


def test_a_message_of_any_size_has_to_be_told_its_size():
    with pytest.raises(Misuse, match="Ship has no fixed size: say how many bytes it has"):
        parse(partial(read_message, Ship), b"")


def test_a_stream_that_ends_within_a_message_is_truncated():
    with pytest.raises(Truncated) as caught:
        parse(partial(read_message, Point), b"\0\1\0")
    assert caught.value.position == 3


def test_messages_are_read_under_the_other_engine():
    def conversation():
        point = yield from read_message(Point)
        yield from put(point.encode(order="little"))
        yield from read_message(Point)

    connection = ohneio.protocol(conversation)()
    connection.send(b"\0\1\0\2")
    assert connection.read() == b"\1\0\2\0"
    with pytest.raises(RemoteProtocolError) as caught:
        connection.send(b"\0\1\xff\xff")
    assert str(caught.value) == "in Point > y: expected 0..999, found 65535"


def test_messages_are_read_however_they_are_cut():
    connection = protocol(partial(read_message, Point))()
    for each in b"\0\1\0":
        connection.send(bytes([each]))
        assert not connection.has_result
    connection.send(b"\2")
    assert connection.get_result() == Point(1, 2)


# What a program is told about its own values


class Pair(Message):
    a: u8
    b: u8


class Kinds(Message):
    number: u8 = 0
    colour: Annotated[Colour, u8] = Colour.RED
    some: Annotated[Colour, u8, one_of(Colour.RED, 7)] = Colour.RED
    inner: Pair = Pair(1, 2)
    real: f32 = 0
    share: Annotated[f64, within(0, 1)] = 0
    many: tuple[u8, ...] = ()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"number": 1.0}, "number: expected an integer 0..255, found 1.0"),
        ({"number": 256}, "number: expected 0..255, found 256"),
        ({"colour": "RED"}, "colour: expected Colour or an integer 0..255, found 'RED'"),
        ({"colour": 256}, "colour: expected Colour or 0..255, found 256"),
        ({"some": Colour.BLUE}, "some: expected Colour.RED or 7, found Colour.BLUE"),
        ({"inner": {"a": 1}}, "inner: expected Pair, found {'a': 1}"),
        ({"real": 1e300}, "real: expected a number, found 1e+300: too large for f32 (32 bits)"),
        ({"real": -(10**400)}, "real: expected a number, found an integer of 1329 bits: too large"),
        ({"real": "x"}, "real: expected a number, found 'x'"),
        ({"share": 2}, "share: expected 0..1, found 2"),
        ({"many": [1, 2]}, "many: expected a tuple of items, each 0..255, found [1, 2]"),
        ({"many": (1, "2")}, "many > [1]: expected an integer 0..255, found '2'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_which_kind_is_right(values, text):
    with pytest.raises(FieldError) as caught:
        Kinds(**values).encode()
    assert str(caught.value).startswith(f"in Kinds > {text}")


@pytest.mark.parametrize(
    "use", [size_of, partial(explain, data=b""), lambda it: parse(partial(read_message, it), b"")]
)
@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (Pair(1, 2), "this takes a class of messages, such as Pair, not one message"),
        (int, "this takes a class of messages, not <class 'int'>"),
        ("Pair", "this takes a class of messages, not 'Pair'"),
    ],
)
def test_what_takes_a_class_takes_no_message(use, thing, text):
    with pytest.raises(Misuse) as caught:
        use(thing)
    assert str(caught.value) == text


# Fields that are checked together


class Range(Message):
    low: u8
    high: u8

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"low is {self.low}, more than high" if self.low < 9 else "")


class Ranges(Message):
    size: ClassVar[Annotated[u8, length_of("first")]]
    first: Range
    more: tuple[Range, ...]


def test_fields_that_do_not_agree_are_malformed_where_the_message_begins():
    with pytest.raises(Malformed) as caught:
        Range.decode(b"\2\1", position=10)
    assert str(caught.value) == "at byte 10 in Range: low is 2, more than high"
    assert caught.value.found == b"\2\1"
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(Malformed, match="at byte 0 in Range: expected fields that agree"):
        Range.decode(b"\x09\1")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\2\2\1", "at byte 1 in Ranges > first: low is 2, more than high"),
        (b"\2\1\2\1\1\4\3", "at byte 5 in Ranges > more > [1]: low is 4, more than high"),
    ],
)
def test_a_message_in_a_message_checks_its_fields_too(data, text):
    with pytest.raises(Malformed) as caught:
        Ranges.decode(data)
    assert str(caught.value) == text
    assert str(explain(Ranges, data)[1]) == text


def test_whoever_makes_a_message_gets_the_error_as_it_is():
    with pytest.raises(ValueError, match=r"^low is 2, more than high$"):
        Range(2, 1)


def test_fields_in_the_middle_may_have_defaults_where_all_have_names():
    class Reply(Message, kw_only=True):
        status: u8 = 1
        code: u16

    assert Reply(code=2).encode() == b"\1\0\2"
    assert Reply.decode(b"\1\0\2") == Reply(code=2)

    class Wrong(Message, kw_only=True):
        status: u8 = 300
        code: u16

    with pytest.raises(Misuse, match=r"Wrong\.status cannot be 300 by default"):
        Wrong(code=2).encode()
