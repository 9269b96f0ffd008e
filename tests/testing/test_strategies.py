import datetime as dt
import enum
import ipaddress
import math
import subprocess
import sys
from typing import Annotated, ClassVar

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.domains import Integers, Reals
from ohnecimd.errors import Misuse
from ohnecimd.fields import (
    Fixed,
    Variable,
    boolean,
    c_bytes,
    c_string,
    converted,
    counted,
    decimal,
    f32,
    f80,
    padded,
    prefixed,
    raw,
    repeated,
    rest,
    text,
    u8,
)
from ohnecimd.messages import (
    Message,
    count_of,
    length,
    length_of,
    matching,
    one_of,
    where,
    within,
)
from ohnecimd.tables import Table
from ohnecimd.testing import strategies

QUICK = settings(max_examples=100, deadline=None, database=None)
THOROUGH = settings(max_examples=2000, deadline=None, database=None)


@given(strategies.cuts_of(b"Hello\r\n", max_cuts=3))
def test_cuts_join_to_the_data(pieces):
    assert b"".join(pieces) == b"Hello\r\n"
    assert 1 <= len(pieces) <= 4


@given(strategies.cut(st.binary(max_size=20)))
def test_cut_gives_the_data_with_the_pieces(both):
    data, pieces = both
    assert b"".join(pieces) == data


@given(strategies.pieces(max_bytes=10, alphabet=b"a\n"))
def test_pieces_keep_to_the_alphabet_and_the_size(pieces):
    data = b"".join(pieces)
    assert len(data) <= 10
    assert set(data) <= set(b"a\n")


@given(strategies.pieces(max_bytes=5))
def test_pieces_of_any_bytes_keep_to_the_size(pieces):
    assert len(b"".join(pieces)) <= 5


def test_the_test_kit_imports_neither_hypothesis_nor_pytest():
    code = (
        "import sys, ohnecimd.testing\n"
        "print(sorted({'hypothesis', 'pytest', '_pytest'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Messages


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Mode(enum.IntFlag):
    ON = 1
    FAST = 8


class Point(Message):
    x: u8
    y: u8


def message_of(annotation):
    return type(Message)("Made", (Message,), {"__annotations__": {"it": annotation}})


def _read_date(item):
    return dt.date(1970, 1, 1) + dt.timedelta(item)


EVEN = where("even", lambda value: value % 2 == 0)
ANYTHING = where("anything", lambda _: True)
DATE = Fixed(
    "date",
    "H",
    where("a date", lambda value: isinstance(value, dt.date)),
    lambda item, _: _read_date(item),
    lambda value, _: (value - dt.date(1970, 1, 1)).days,
)
TENTHS = Fixed(
    "tenths", "H", Reals(), lambda item, _: item / 10, lambda value, _: round(value * 10)
)
ADDRESS = Variable(
    "address",
    where("an IPv4 address", lambda value: isinstance(value, ipaddress.IPv4Address)),
    lambda data, start, _: (ipaddress.IPv4Address(data[start : start + 4]), start + 4),
    lambda value, _: value.packed,
)
UNARY = Variable(
    "unary",
    Integers(0, 9),
    lambda data, start, _: (data.index(b"\0", start) - start, data.index(b"\0", start) + 1),
    lambda value, _: b"a" * value + b"\0",
)


ALL_VALUES = [
    ("u8", u8, [lambda it: it == 0, lambda it: it == 255]),
    ("range", Annotated[u8, within(3, 4)], [lambda it: it == 3, lambda it: it == 4]),
    ("where", Annotated[u8, EVEN], [lambda it: it == 0, lambda it: it > 200]),
    ("choice", Annotated[u8, one_of(1, 200)], [lambda it: it == 1, lambda it: it == 200]),
    ("digits", Annotated[int, decimal(2)], [lambda it: it > 90, lambda it: it < 10]),
    ("signed", Annotated[int, decimal(signed=True)], [lambda it: it < 0, lambda it: it > 9]),
    ("f32", f32, [lambda it: it == 0, math.isinf, lambda it: it % 1 > 0]),
    ("fraction", Annotated[f32, within(0, 1)], [lambda it: it == 0, lambda it: 0 < it < 1]),
    ("f80", f80, [lambda it: it > 1e300, math.isinf]),
    ("raw", Annotated[bytes, raw(2)], [lambda it: it == b"\0\0", lambda it: it[1]]),
    ("padded", Annotated[bytes, padded(2)], [lambda it, n=n: len(it) == n for n in range(3)]),
    ("bytes", Annotated[bytes, prefixed(u8), length(1, 2)], [lambda it: len(it) == 2]),
    ("C bytes", c_bytes, [lambda it: not it, lambda it: len(it) > 5]),
    ("C string", c_string, [lambda it: not it, lambda it: it and not it.isascii()]),
    ("ascii", Annotated[str, text("ascii"), length(2, 2)], [lambda it: len(it) == 2]),
    ("utf-16", Annotated[str, text("utf-16-le"), length(4, 4)], [lambda it: len(it) == 2]),
    ("pattern", Annotated[str, text(), matching("[ab]+;")], [lambda it: len(it) > 3]),
    ("pattern of bytes", Annotated[rest, matching(rb"a*")], [lambda it: len(it) > 3]),
    (
        "enum",
        Annotated[Colour, u8],
        [lambda it: it is Colour.RED, lambda it: it is Colour.BLUE, lambda it: it == 3],
    ),
    (
        "some of an enum",
        Annotated[Colour, u8, one_of(Colour.RED, 7)],
        [lambda it: it is Colour.RED, lambda it: it == 7],
    ),
    (
        "flags",
        Annotated[Mode, u8],
        [lambda it: it is Mode.ON, lambda it: it == 9, lambda it: it & 128],
    ),
    ("boolean", Annotated[bool, boolean(u8)], [lambda it: it is True, lambda it: it is False]),
    ("optional", rest | None, [lambda it: it is None, lambda it: it]),
    ("tuple", tuple[u8, ...], [lambda it: not it, lambda it: len(it) > 2]),
    ("so many", Annotated[tuple[u8, ...], repeated(2)], [lambda it: len(it) == 2]),
    (
        "counted",
        Annotated[tuple[u8, ...], counted(u8), length(1, 2)],
        [lambda it: len(it) == 1, lambda it: len(it) == 2],
    ),
    (
        "odd tuple",
        Annotated[tuple[u8, ...], where("odd", lambda it: len(it) % 2)],
        [lambda it: len(it) == 1, lambda it: len(it) == 3],
    ),
    ("message", Point, [lambda it: it.x == 255, lambda it: it.y]),
    ("messages", tuple[Point, ...], [lambda it: not it, lambda it: len(it) > 1 and it[1].x]),
    ("date", Annotated[dt.date, DATE], [lambda it: it.year == 1970, lambda it: it.year > 2100]),
    ("tenths", Annotated[float, TENTHS], [lambda it: it == 0, lambda it: it % 1 > 0]),
    ("address", Annotated[ipaddress.IPv4Address, ADDRESS], [lambda it: it.packed[0]]),
    ("unary", Annotated[int, UNARY], [lambda it: it == 0, lambda it: it == 9]),
    (
        "converted",
        Annotated[int, converted(c_string, Integers(0, 5), len, lambda it: "x" * it)],
        [lambda it: it == 0, lambda it: it == 5],
    ),
    (
        "converted twice",
        Annotated[str, converted(TENTHS, ANYTHING, str, float)],
        [lambda it: it == "0.0", lambda it: len(it) > 3],
    ),
]


@pytest.mark.parametrize(
    ("annotation", "wanted"), [pytest.param(*row[1:], id=row[0]) for row in ALL_VALUES]
)
def test_messages_have_every_value_that_is_declared(annotation, wanted):
    strategy = strategies.messages(message_of(annotation))
    for condition in wanted:
        found = find(strategy, lambda each, is_so=condition: is_so(each.it), settings=THOROUGH)
        assert condition(found.it)


@pytest.mark.parametrize("annotation", [pytest.param(row[1], id=row[0]) for row in ALL_VALUES])
@settings(max_examples=30)
@given(st.data())
def test_messages_come_back_as_they_were(annotation, data):
    message = message_of(annotation)
    made = data.draw(strategies.messages(message))
    assert declaration_of(message)["it"].holds(made.it)
    assert message.decode(made.encode()) == made


class Frame(Message):
    size: ClassVar[Annotated[int, decimal(1), length_of("body", plus=2)]]
    body: rest
    number: ClassVar[Annotated[u8, count_of("points")]]
    points: tuple[Point, ...]
    first: u8 | None = None
    second: Annotated[bytes, prefixed(u8)] | None = None


@given(strategies.messages(Frame))
def test_what_is_computed_bounds_what_is_not(frame):
    assert len(frame.body) <= 7
    assert not (frame.first is None and frame.second is not None)
    assert Frame.decode(frame.encode()) == frame


@given(strategies.messages(Point, x=st.just(5)))
def test_a_strategy_can_be_given_for_a_field(point):
    assert point.x == 5


def test_a_strategy_for_no_field_is_misuse():
    with pytest.raises(Misuse, match="Point has no field 'z' that can be given"):
        strategies.messages(Point, z=st.just(5))


TABLE = Table("things")
TABLE.message(1, sent_by="a")(Point)
TABLE.message(2, sent_by="b")(Frame)
TABLE.message(3)(type(Message)("Empty", (Message,), {"__annotations__": {}}))


@pytest.mark.parametrize(
    ("sender", "names"),
    [(None, {"Point", "Frame", "Empty"}), ("a", {"Point", "Empty"}), ("c", {"Empty"})],
)
def test_a_table_gives_messages_of_all_its_classes(sender, names):
    strategy = strategies.messages_of(TABLE, sender)
    for name in names:
        find(strategy, lambda each, name=name: type(each).__name__ == name)
    with pytest.raises(NoSuchExample):
        find(strategy, lambda each: type(each).__name__ not in names, settings=QUICK)


def test_a_table_of_nothing_gives_nothing():
    only = Table("only")
    only.message(1, sent_by="a")(Point)
    with pytest.raises(Misuse, match="only: there is nothing that b may send"):
        strategies.messages_of(only, "b")
    with pytest.raises(Misuse, match="bare: there is nothing that anybody may send"):
        strategies.messages_of(Table("bare"))
