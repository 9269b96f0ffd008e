"""Where each field lies, and what is wrong with which byte: names and places."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

import msgspec
import pytest

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.dissecting import Span, dissect, encode_carefully, parts_of
from ohnecimd.errors import (
    ChecksumMismatch,
    FieldError,
    LocalProtocolError,
    Malformed,
    RemoteProtocolError,
    Truncated,
)
from ohnecimd.fields import (
    Variable,
    boolean,
    c_string,
    counted,
    decimal,
    prefixed,
    raw,
    repeated,
    rest,
    type_in,
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
    length,
    length_of,
    one_of,
    within,
)


class Colour(enum.IntEnum):
    RED = 1


class Point(Message):
    x: Annotated[u8, within(0, 9)]
    y: u8


class Box(Message):
    size: ClassVar[Annotated[u16, length_of("inside")]]
    inside: Point
    name: c_string


class Shelf(Message):
    magic: ClassVar[Annotated[bytes, constant(b"SH")]]
    boxes: Annotated[tuple[Box, ...], counted(u8)]
    points: Annotated[tuple[Point, ...], repeated(1)]


def error_of(message, data, **options):
    with pytest.raises(RemoteProtocolError) as caught:
        message.decode(data, **options)
    return caught.value


SHELF = b"SH\2" + b"\0\2\1\2a\0" + b"\0\2\3\4\xc3\xa9\0" + b"\5\6"


def test_the_shelf_is_what_it_seems():
    shelf = Shelf((Box(Point(1, 2), "a"), Box(Point(3, 4), "é")), (Point(5, 6),))
    assert Shelf.decode(SHELF) == shelf
    assert shelf.encode() == SHELF
    assert encode_carefully(declaration_of(Shelf), shelf, "big") == SHELF
    assert dissect(declaration_of(Shelf), b"xyz" + SHELF + b"more", 3, "big") == (shelf, 21)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({0: b"X"}, r"at byte 0 in Shelf > magic: expected b'SH', found b'XH'"),
        (
            {4: b"\3"},
            (
                "at byte 7 in Shelf > boxes > [0] > inside: expected the end of inside, "
                "found 1 byte more that size counts"
            ),
        ),
        (
            {4: b"\1"},
            "at byte 6 in Shelf > boxes > [0] > inside > y: expected 1 byte, found the end",
        ),
        ({5: b"\n"}, "at byte 5 in Shelf > boxes > [0] > inside > x: expected 0..9, found 10"),
        ({11: b"\n"}, "at byte 11 in Shelf > boxes > [1] > inside > x: expected 0..9, found 10"),
        (
            {13: b"\xff"},
            r"at byte 13 in Shelf > boxes > [1] > name: expected text in UTF-8, found b'\xff\xa9'",
        ),
        ({16: b"\x0a"}, "at byte 16 in Shelf > points > [0] > x: expected 0..9, found 10"),
        (
            {2: b"\3"},
            "at byte 18 in Shelf > boxes > [2] > inside: expected 1286 bytes, found the en",
        ),
    ],
)
def test_an_error_names_message_field_and_byte(changes, text):
    data = bytearray(SHELF)
    for place, octets in changes.items():
        data[place : place + 1] = octets
    assert str(error_of(Shelf, bytes(data))).startswith(text)
    moved = error_of(Shelf, bytes(data), position=1000)
    assert moved.position == 1000 + error_of(Shelf, bytes(data)).position


@pytest.mark.parametrize("stop", range(len(SHELF)))
def test_every_cut_is_truncated_at_its_end(stop):
    error = error_of(Shelf, SHELF[:stop], position=7)
    assert isinstance(error, Truncated)
    assert error.position == 7 + stop
    assert error.path[0] == "Shelf"


class Frame(Message):
    total: ClassVar[Annotated[u8, length_of("body", plus=2)]]
    body: Annotated[bytes, raw(2)]
    size: ClassVar[Annotated[u8, length_of("body")]]
    number: ClassVar[Annotated[u8, count_of("items", plus=1)]]
    items: tuple[u8, ...]
    crc: ClassVar[Annotated[u32, checksum_of("body")]]


FRAME = Frame(b"ab", (1, 2)).encode()


def test_a_frame_is_what_it_seems():
    assert FRAME == b"\4ab\2\3\1\2" + b"\x9e\x83\x48\x6d"


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (
            b"\1" + FRAME[1:],
            Malformed,
            "at byte 0 in Frame > body: expected a length of at least 2 in total, found 1",
        ),
        (
            b"\3" + FRAME[1:],
            Malformed,
            "at byte 2 in Frame > body: expected 2 bytes, found the end of input after 1 byte",
        ),
        (
            b"\5" + FRAME[1:],
            Malformed,
            (
                "at byte 3 in Frame > body: expected the end of body, "
                "found 1 byte more that total counts"
            ),
        ),
        (
            FRAME[:3] + b"\7" + FRAME[4:],
            Malformed,
            "at byte 3 in Frame > size: expected a length of 2, found 7",
        ),
        (
            FRAME[:4] + b"\0" + FRAME[5:],
            Malformed,
            "at byte 4 in Frame > items: expected a count of at least 1 in number, found 0",
        ),
        (
            FRAME[:-1] + b"\0",
            ChecksumMismatch,
            "at byte 7 in Frame > crc: expected a checksum of 2659403885, found 2659403776",
        ),
        (
            FRAME + b"xy",
            Malformed,
            "at byte 11 in Frame: expected the end of the message, found 2 bytes more",
        ),
        (b"", Truncated, "at byte 0 in Frame > total: expected 1 byte, found the end of input"),
    ],
)
def test_what_is_computed_has_to_agree(data, kind, text):
    error = error_of(Frame, data)
    assert str(error).startswith(text)
    assert isinstance(error, kind if kind is not Malformed else RemoteProtocolError)


def test_an_error_quotes_the_bytes():
    error = error_of(Frame, FRAME + b"xy")
    assert (error.expected, error.found) == ("the end of the message", b"xy")
    error = error_of(Point, b"\x0ax")
    assert (error.expected, error.found) == ("0..9", b"\n")


class Named(Message):
    point: Point
    level: Annotated[Colour, u8, one_of(1, 2)]
    text: Annotated[str, prefixed(u8, encoding="ascii"), length(1)]
    items: Annotated[tuple[Annotated[u8, within(0, 9)], ...], repeated(2)]
    more: tuple[Point, ...] = ()


NAMED = Named(Point(1, 2), Colour.RED, "a", (3, 4))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"point": 5}, "in Named > point: expected Point, found 5"),
        ({"point": Box(Point(1, 2), "a")}, "in Named > point: expected Point, found Box("),
        ({"point": Point(10, 2)}, "in Named > point > x: expected 0..9, found 10"),
        ({"point": Point(1, "a")}, "in Named > point > y: expected an integer 0..255, found 'a'"),
        ({"level": 3}, "in Named > level: expected Colour.RED or 2, found 3"),
        ({"text": ""}, "in Named > text: expected text in ASCII, 1..255 bytes, found ''"),
        ({"text": "é"}, "in Named > text: expected text in ASCII, 1..255 bytes, found 'é'"),
        (
            {"text": "a" * 256},
            f"in Named > text: expected text in ASCII, 1..255 bytes, found '{'a' * 32}'... 256 cha",
        ),
        ({"items": (3,)}, "in Named > items: expected 2 items, found 1"),
        ({"items": (3, 4, 5)}, "in Named > items: expected 2 items, found 3"),
        (
            {"items": [3, 4]},
            "in Named > items: expected a tuple of 2 items, each 0..9, found [3, 4]",
        ),
        ({"items": (3, 10)}, "in Named > items > [1]: expected 0..9, found 10"),
        ({"more": (Point(1, 2), Point(1, 256))}, "in Named > more > [1] > y: expected 0..255, fou"),
        ({"more": (Point(1, 2), None)}, "in Named > more > [1]: expected Point, found None"),
    ],
)
def test_a_value_that_cannot_be_encoded_is_our_fault(changes, text):
    message = msgspec.structs.replace(NAMED, **changes)
    for encode in (message.encode, message.check, lambda: message.encode(order="little")):
        with pytest.raises(FieldError) as caught:
            encode()
        assert str(caught.value).startswith(text)
        assert isinstance(caught.value, LocalProtocolError)


def test_too_many_items_for_their_number_are_counted():
    with pytest.raises(FieldError) as caught:
        Shelf((Box(Point(1, 2), "a"),) * 256, (Point(1, 2),)).encode()
    assert str(caught.value) == "in Shelf > boxes: expected at most 255 items, found 256"


def test_a_length_that_does_not_fit_names_its_field():
    class Short(Message):
        size: ClassVar[Annotated[u8, length_of("body")]]
        body: rest

    with pytest.raises(FieldError) as caught:
        Short(bytes(256)).encode()
    assert str(caught.value) == "in Short > size: expected 0..255, found 256"


def test_a_subclass_of_a_message_inside_would_bring_its_own_bytes():
    class Deep(Point):
        z: u8

    with pytest.raises(FieldError, match="in Named > point: expected Point, found Deep"):
        msgspec.structs.replace(NAMED, point=Deep(1, 2, 3)).encode()


# What may be missing


class Open(Message):
    a: u8
    b: u8 | None = None
    c: Annotated[u16 | None, within(0, 9)] = None


@pytest.mark.parametrize(
    ("message", "data"), [(Open(1), b"\1"), (Open(1, 2), b"\1\2"), (Open(1, 2, 3), b"\1\2\0\3")]
)
def test_what_is_missing_at_the_end_is_none(message, data):
    assert message.encode() == data
    assert Open.decode(data) == message


def test_nothing_can_stand_behind_what_is_missing():
    with pytest.raises(FieldError) as caught:
        Open(1, None, 3).encode()
    assert str(caught.value) == "in Open > c: b, which stands before it, is missing"
    assert str(error_of(Open, b"\1\2\0")) == (
        "at byte 3 in Open > c: expected 2 bytes, found the end of input after 1 byte"
    )


def tagged(tag):
    """A type that begins with a tag, for one digit."""

    def decode(data, start, _order):
        return int(data[start + 1 : start + 2]), start + 2

    return Variable(
        f"tagged {tag!r}",
        type_in(Annotated[int, decimal(1)]).domain,
        decode,
        lambda value, _: tag + b"%d" % value,
        begins=tag,
    )


class Options(Message):
    first: Annotated[int, tagged(b"F")] | None
    many: tuple[Annotated[int, tagged(b"M")], ...]
    second: Annotated[int, tagged(b"S")] | None
    last: rest


@pytest.mark.parametrize(
    ("message", "data"),
    [
        (Options(None, (), None, b""), b""),
        (Options(1, (), None, b"x"), b"F1x"),
        (Options(None, (1, 2), None, b"F1"), b"M1M2F1"),
        (Options(None, (), 3, b"M1"), b"S3M1"),
        (Options(0, (9,), 3, b""), b"F0M9S3"),
    ],
)
def test_what_begins_in_its_own_way_may_be_missing_anywhere(message, data):
    assert message.encode() == data
    assert Options.decode(data) == message
    assert dissect(declaration_of(Options), data, 0, "big") == (message, len(data))


def test_what_begins_so_has_to_go_on_so():
    assert str(error_of(Options, b"M1Mx")) == (
        "at byte 2 in Options > many > [1]: expected 0..9, found b'Mx'"
    )
    assert str(error_of(Options, b"F")) == "at byte 0 in Options > first: expected 0..9, found b'F'"


# Spans


def spans_of(message, data, **options):
    spans, error = explain(message, data, **options)
    return [(each.start, each.end, "/".join(each.path), each.value) for each in spans], error


def test_every_field_has_its_place():
    spans, error = spans_of(Shelf, SHELF, position=100)
    assert error is None
    assert spans == [
        (100, 102, "magic", b"SH"),
        (102, 103, "boxes/number", 2),
        (103, 105, "boxes[0]/size", 2),
        (105, 106, "boxes[0]/inside/x", 1),
        (106, 107, "boxes[0]/inside/y", 2),
        (107, 109, "boxes[0]/name", "a"),
        (109, 111, "boxes[1]/size", 2),
        (111, 112, "boxes[1]/inside/x", 3),
        (112, 113, "boxes[1]/inside/y", 4),
        (113, 116, "boxes[1]/name", "é"),
        (116, 117, "points[0]/x", 5),
        (117, 118, "points[0]/y", 6),
    ]


def test_what_stands_before_an_error_has_its_place_too():
    spans, error = spans_of(Shelf, SHELF[:12], position=100)
    assert [path for _, _, path, _ in spans[-3:]] == [
        "boxes[0]/inside/y",
        "boxes[0]/name",
        "boxes[1]/size",
    ]
    assert str(error) == (
        "at byte 112 in Shelf > boxes > [1] > inside: expected 2 bytes, found the end of input "
        "after 1 byte"
    )


def test_a_value_out_of_range_has_its_place():
    spans, error = spans_of(Point, b"\x0a\1")
    assert spans == [(0, 1, "x", 10)]
    assert str(error) == "at byte 0 in Point > x: expected 0..9, found 10"


def test_spans_show_members_and_meanings_and_no_secrets():
    class Keys(Message):
        colour: Annotated[Colour, u8, "of the key"]
        key: Annotated[bytes, raw(3), SECRET, "to be kept"]
        keys: Annotated[tuple[Annotated[bytes, raw(2), SECRET], ...], repeated(2)]
        nothing: Annotated[bytes, raw(0)]
        is_old: Annotated[bool, boolean(u8)]

    spans, error = explain(Keys, bytearray(b"\1key" + b"aabb" + b"\1"))
    assert error is None
    assert spans == [
        Span(0, 1, ("colour",), Colour.RED, "of the key"),
        Span(1, 4, ("key",), "***", "to be kept"),
        Span(4, 8, ("keys",), "***"),
        Span(8, 9, ("is_old",), value=True),
    ]
    assert spans[0].value is Colour.RED


def test_what_is_left_over_belongs_to_no_field():
    assert spans_of(Point, b"\1\2left") == ([(0, 1, "x", 1), (1, 2, "y", 2)], None)


def test_spans_follow_the_byte_order():
    class Number(Message):
        x: u16

    assert spans_of(Number, b"\1\0", order="little")[0] == [(0, 2, "x", 1)]
    assert spans_of(Number, b"\1\0")[0] == [(0, 2, "x", 256)]


def test_spans_of_sized_items_are_told():
    spans, error = spans_of(Frame, FRAME)
    assert error is None
    assert [(start, end, path) for start, end, path, _ in spans] == [
        (0, 1, "total"),
        (1, 3, "body"),
        (3, 4, "size"),
        (4, 5, "number"),
        (5, 6, "items[0]"),
        (6, 7, "items[1]"),
        (7, 11, "crc"),
    ]


def test_parts_are_values_and_bytes_by_field():
    values, parts = parts_of(declaration_of(Frame), Frame(b"ab", (1, 2)), "big")
    assert values == {
        "total": 4,
        "body": b"ab",
        "size": 2,
        "number": 3,
        "items": (1, 2),
        "crc": 0x9E83486D,
    }
    assert b"".join(parts.values()) == FRAME
    assert list(parts) == ["total", "body", "size", "number", "items", "crc"]


class Counted(bytes):
    """Bytes that count how many of them are copied."""

    copied = 0

    def __getitem__(self, place):
        piece = super().__getitem__(place)
        Counted.copied += len(piece) if isinstance(piece, bytes) else 0
        return piece


class Entry(Message):
    size: ClassVar[Annotated[u8, length_of("body")]]
    body: rest


class Log(Message):
    entries: tuple[Entry, ...]


@pytest.mark.parametrize("is_explained", [False, True])
def test_a_piece_costs_its_own_bytes_and_not_those_before_it(is_explained):
    data, spans = Counted(b"\1a" * 5000), [] if is_explained else None
    Counted.copied = 0
    dissect(declaration_of(Log), data, 0, "big", spans)
    assert Counted.copied < 3 * len(data)
    if is_explained:
        assert len(spans) == 10_000
        assert spans[-1] == Span(9999, 10_000, ("entries[4999]", "body"), b"a")
