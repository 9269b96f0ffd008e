"""What the documentation says of messages is made of their declarations, and is all of them."""

import enum
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from typing import Annotated, ClassVar

import pytest

import ohnecimd.protocols
from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.fields import c_string, counted, little, prefixed, raw, rest, u8, u16, u32
from ohnecimd.messages import (
    SECRET,
    Message,
    checksum_of,
    constant,
    count_of,
    length_of,
    one_of,
    within,
)
from ohnecimd.tables import Table

SOURCE = Path(__file__).parent.parent / "docs" / "tables.py"


def loaded(path):
    spec = importlib.util.spec_from_file_location("docs_tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = loaded(SOURCE)


def tables_of_protocols():
    found = {}
    for info in pkgutil.walk_packages(ohnecimd.protocols.__path__, "ohnecimd.protocols."):
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, Table):
                found.setdefault(id(value), pytest.param(value, id=f"{info.name}.{name}"))
    return list(found.values())


class Colour(enum.Enum):
    RED = 1
    DARK_BLUE = 2


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 16


class Point(Message):
    x: u16
    y: Annotated[u16, within(0, 9), "at *most* one digit"]


MESSAGES = Table("messages", state="new")


@MESSAGES.message(b"H", sent_by=("server", "client"), when="new", then="greeted")
class Hello(Message):
    """Who I am.

    And where: a `Point`.
    """

    magic: ClassVar[Annotated[bytes, raw(2), constant(b"hi")]]
    place: Point
    name: c_string
    colour: Annotated[Colour, u8] = Colour.RED
    reserved: Annotated[bytes, raw(9)] = bytes(9)
    password: Annotated[bytes, prefixed(u8), SECRET] | None = None


@MESSAGES.message(b"*", when="greeted")
class Everything(Message):
    size: ClassVar[Annotated[u16, length_of("body", plus=2)]]
    count: ClassVar[Annotated[u8, count_of("points")]]
    rights: Annotated[Rights, u8, within(1, 17)]
    word: Annotated[str, prefixed(u8, encoding="ascii"), one_of("yes", "no")]
    points: tuple[Point, ...]
    body: rest
    crc: ClassVar[Annotated[u32, checksum_of("body")]]


@MESSAGES.message(b"B", sent_by="client")
class Bye(Message):
    """No more."""


class Order(Message):
    number: Annotated[int, little(u32)]
    items: Annotated[tuple[u8, ...], counted(u8)]


def rows_in(lines):
    """The rows of all list tables in the text, each as a tuple of its cells."""
    rows = []
    for line in map(str.strip, lines):
        if line.startswith("* -"):
            rows.append([line[3:].strip()])
        elif line.startswith("-"):
            rows[-1].append(line[1:].strip())
    return [tuple(row) for row in rows]


def described(message):
    return list(tables.lines_of_message(message))


def fields_of(message):
    """The rows of the table of fields by the name of the field."""
    head, *rows = rows_in(described(message))
    return {row[head.index("Field")]: dict(zip(head, row, strict=True)) for row in rows}


def names_of_fields(message, prefix=""):
    for each in declaration_of(message).fields:
        yield f"``{prefix}{each.name}``"
        item, dots = (each, ".") if each.listing is None else (each.listing.item, "[].")
        if item.nested is not None:
            yield from names_of_fields(item.nested, f"{prefix}{each.name}{dots}")


@pytest.mark.parametrize("table", [MESSAGES, *tables_of_protocols()])
def test_every_message_and_every_field_of_a_table_is_named(table):
    lines = list(tables.lines_of_table(table))
    starts = [place for place, line in enumerate(lines) if line.startswith(".. py:class:: ")]
    assert len(starts) == len(table) > 0
    for row, start, end in zip(table, starts, [*starts[1:], len(lines)], strict=True):
        assert lines[start].startswith(f".. py:class:: {row.name}(")
        fields = [cells for cells in rows_in(lines[start:end]) if cells[0] != "Offset"]
        names = [next(cell for cell in cells if cell.startswith("``")) for cells in fields]
        assert names == list(names_of_fields(row.message))
        link = f":py:class:`~{row.message.__module__}.{row.name}`"
        assert link in "".join(lines[: starts[0]])


def test_a_table_begins_with_an_overview():
    lines = list(tables.lines_of_table(MESSAGES))
    overview = rows_in(lines[: lines.index("A conversation begins in the state ``new``.")])
    link = f":py:class:`~{__name__}.Hello`"
    assert overview[0] == ("Code", "Message", "Sent by", "When", "Then")
    assert overview[1] == ("``b'H'``", link, "``client`` or ``server``", "``new``", "``greeted``")
    assert overview[3][2:] == ("``client``", "", "")


def test_columns_that_are_empty_are_left_out():
    table = Table("bare")
    table.message(1)(type("Bare", (Message,), {"__annotations__": {"x": u8}}))
    assert rows_in(tables.lines_of_table(table)) == [
        ("Code", "Message"),
        ("``1``", f":py:class:`~{__name__}.Bare`"),
        ("Offset", "Bytes", "Field", "Type", "Values"),
        ("0", "1", "``x``", "u8", "0..255"),
    ]


def test_a_message_is_a_class_with_its_docstring_and_what_the_table_says():
    lines = list(tables.lines_of_message(Hello, row=MESSAGES.row_of(Hello)))
    assert lines[:9] == [
        ".. py:class:: Hello(place, name, colour=Colour.RED, reserved=bytes(9), password=None)",
        f"   :module: {__name__}",
        "",
        "   Code ``b'H'``, sent by ``client`` or ``server``, when ``new``, then ``greeted``.",
        "",
        "   Who I am.",
        "",
        "   And where: a `Point`.",
        "",
    ]


@pytest.mark.parametrize(
    ("module", "place"),
    [
        ("", "package.inner.Offered"),
        ("package", "package.Offered"),
        ("package.inner", "package.inner.Offered"),
        ("package.other", "package.inner.Offered"),
        ("pack", "package.inner.Offered"),
    ],
)
def test_a_message_is_where_it_was_written_or_in_a_package_that_offers_it(module, place):
    offered = type("Offered", (Message,), {"__module__": "package.inner"})
    assert tables.place_of(offered, module) == place
    assert f"   :module: {place[:-8]}" in list(tables.lines_of_message(offered, module))


def test_a_message_of_two_tables_is_described_once():
    described = {f"{__name__}.Hello"}
    lines = list(tables.lines_of_table(MESSAGES, described=described))
    starts = [line for line in lines if line.startswith(".. py:class::")]
    assert [start.split("(")[0].split()[-1] for start in starts] == ["Everything", "Bye"]
    assert any(f"`~{__name__}.Hello`" in line for line in lines)


def test_a_message_without_fields_says_so():
    assert described(Bye)[-1] == "   It has no fields."


def test_size_and_byte_order_are_told_where_they_mean_something():
    assert "   4 bytes, big-endian." in described(Point)
    assert "   Varying size, big-endian." in described(Hello)
    assert "   Varying size." in described(Order)


def test_offsets_are_told_as_far_as_they_are_fixed():
    fields = fields_of(Hello)
    assert [(each["Offset"], each["Bytes"]) for each in fields.values()] == [
        ("0", "2"),
        ("2", "4"),
        ("2", "2"),
        ("4", "2"),
        ("6", "varies"),
        ("", "1"),
        ("", "9"),
        ("", "varies"),
    ]
    assert fields_of(Everything)["``points[].y``"]["Offset"] == ""


@pytest.mark.parametrize(
    ("message", "field", "kind", "values"),
    [
        (Hello, "magic", "2 bytes", "always ``b'hi'``"),
        (Hello, "place", "Point", ""),
        (Hello, "place.x", "u16", "0..65535"),
        (Hello, "name", "C string", r"``text in UTF-8 without '\x00'``"),
        (
            Hello,
            "colour",
            "u8, ``Colour``",
            r"``1`` RED, ``2`` DARK\_BLUE; others stay as they are",
        ),
        (
            Hello,
            "password",
            "bytes after a u8",
            "0..255 bytes; may be missing; secret: never shown",
        ),
        (Everything, "size", "u16", "computed: length of ``body``, plus 2"),
        (Everything, "count", "u8", "computed: number of items of ``points``"),
        (Everything, "rights", "u8, ``Rights``", "``0x1`` READ, ``0x10`` WRITE; only 1..17"),
        (Everything, "word", "text after a u8", "``'yes' or 'no'``"),
        (Everything, "points", "Point...", "any items, each Point"),
        (Everything, "points[].y", "u16", "0..9"),
        (Everything, "crc", "u32", "computed: checksum of ``body`` by ``crc32``"),
        (Order, "number", "u32 little-endian", "0..4294967295"),
        (Order, "items", "u8..., after their number as u8", "0..255 items, each 0..255"),
    ],
)
def test_a_field_tells_its_type_and_its_values(message, field, kind, values):
    row = fields_of(message)[f"``{field}``"]
    assert (row["Type"], row["Values"]) == (kind, values)


def test_a_meaning_is_text_and_no_markup():
    assert fields_of(Point)["``y``"]["Meaning"] == r"at \*most\* one digit"
