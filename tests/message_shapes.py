"""Message classes made at random: fields of every type, narrowed, optional, computed, nested."""

from __future__ import annotations

import enum
import itertools
import zlib
from typing import Annotated, ClassVar, get_origin

from hypothesis import reject
from hypothesis import strategies as st

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.domains import Integers, Octets, Reals
from ohnecimd.errors import Malformed, Misuse, Truncated
from ohnecimd.fields import (
    Fixed,
    Variable,
    big,
    boolean,
    c_bytes,
    c_string,
    converted,
    counted,
    decimal,
    f32,
    f64,
    f80,
    hex_bytes,
    hexadecimal,
    i8,
    i16,
    i24,
    i32,
    i64,
    little,
    padded,
    prefixed,
    raw,
    repeated,
    rest,
    text,
    u8,
    u16,
    u24,
    u32,
    u64,
    until,
)
from ohnecimd.messages import (
    SECRET,
    Message,
    checksum_of,
    constant,
    count_of,
    length,
    length_of,
    matching,
    one_of,
    where,
    within,
)


class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 200


class Level(enum.IntEnum):
    LOW = 0
    HIGH = 9


class Letter(enum.Enum):
    A = b"A"
    B = b"B"


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2
    RUN = 64


class Mood(enum.Flag):
    GLAD = 1
    SAD = 4
    BOTH = 5


def tagged(tag, most=255):
    """A type that says what it is: a tag, a length, and so many bytes."""

    def decode(data, start, _order):
        if not data.startswith(tag, start):
            raise Malformed(position=start, expected=repr(tag), found=data[start:])
        first = start + len(tag) + 1
        if first > len(data):
            raise Truncated(position=len(data), expected="a length", partial=data[start:])
        end = first + data[first - 1]
        return data[first:end], end

    def encode(value, _order):
        return tag + bytes([len(value)]) + value

    return Variable(f"tagged {tag!r}", Octets(0, most), decode, encode, begins=tag)


PERCENT = Fixed("percent", "B", Integers(0, 100))
TENTHS = Fixed(
    "tenths", "H", Reals(), lambda item, _: item / 10, lambda value, _: round(value * 10)
)
HALVES = converted(i16, Reals(), lambda item: item / 2, lambda value: int(value * 2))
EVEN = where("even", lambda value: value % 2 == 0)

FIXED = [
    *(Annotated[int, each] for each in (u8, u16, u24, u32, u64, i8, i16, i24, i32, i64)),
    *(Annotated[float, each] for each in (f32, f64, f80)),
    Annotated[int, big(u16)],
    Annotated[int, little(u32)],
    Annotated[int, little(i24)],
    Annotated[u8, within(1, 6)],
    Annotated[i16, EVEN],
    Annotated[u16, one_of(1, 2, 500)],
    Annotated[u24, within(10, 2**20), EVEN],
    Annotated[f32, within(-1, 1)],
    Annotated[bytes, raw(0)],
    Annotated[bytes, raw(1)],
    Annotated[bytes, raw(5)],
    Annotated[bytes, raw(2), one_of(b"ab", b"\0\0")],
    Annotated[bytes, padded(4)],
    Annotated[bytes, padded(3), length(1)],
    Annotated[str, padded(6, "utf-8")],
    Annotated[int, decimal(3)],
    Annotated[int, hexadecimal(2), within(1, 200)],
    Annotated[bytes, hex_bytes(2)],
    Annotated[bool, boolean(u8)],
    Annotated[int, PERCENT],
    Annotated[float, TENTHS],
    Annotated[float, HALVES],
    Annotated[Colour, u8],
    Annotated[Colour, little(u16), one_of(Colour.RED, Colour.BLUE)],
    Annotated[Level, i8],
    Annotated[Letter, raw(1)],
    Annotated[Rights, u8],
    Annotated[Mood, u16],
    Annotated[Mood, decimal(2)],
    Annotated[int, u16, SECRET],
    Annotated[Colour, hexadecimal(2)],
]
VARIABLE = [
    c_bytes,
    c_string,
    Annotated[bytes, until(b"\t")],
    Annotated[bytes, until(b"\r\n")],
    Annotated[bytes, until(b"aba")],
    Annotated[int, until(b"\t", decimal(most=4, signed=True))],
    Annotated[str, until(b";", text("ascii")), matching(r"[a-z]{0,5}")],
    Annotated[bytes, prefixed(u8)],
    Annotated[bytes, prefixed(little(u16), align=4)],
    Annotated[str, prefixed(u8, encoding="utf-8", align=2), length(1, 9)],
    Annotated[bytes, prefixed(decimal(2)), SECRET],
    Annotated[bytes, prefixed(u24)],
]
GREEDY = [
    rest,
    Annotated[rest, length(1, 20)],
    Annotated[bytes, rest, SECRET],
    Annotated[str, text()],
    Annotated[str, text("utf-16-le")],
    Annotated[int, decimal()],
    Annotated[int, hexadecimal(most=4)],
    Annotated[bytes, hex_bytes()],
]
NUMBERS = [u8, u16, u24, u32, Annotated[int, little(u16)], Annotated[int, decimal(3)], u64]
CHECKSUMS = [
    (u32, zlib.crc32),
    (u8, lambda octets: sum(octets) & 0xFF),
    (Annotated[bytes, raw(2)], lambda octets: zlib.crc32(octets).to_bytes(4, "big")[:2]),
]

_numbers = itertools.count()


def class_of(annotations, /, **members):
    """Make a message class."""
    members = {"__annotations__": annotations, "__module__": __name__} | members
    return type(Message)(f"Made{next(_numbers)}", (Message,), members)


@st.composite
def _tuples(draw, items):
    item = draw(items)
    repeats = draw(st.sampled_from([counted(u8), counted(little(u16)), repeated(0), repeated(2)]))
    narrowing = draw(st.sampled_from([(), (where("not of 3", lambda value: len(value) != 3),)]))
    return Annotated[(tuple[item, ...], repeats, *narrowing)]


def _inserted(draw, fields, name, annotation):
    """Put a field somewhere."""
    fields.insert(draw(st.integers(0, len(fields))), (name, annotation))


def _with_size(draw, fields):
    """Put a field somewhere, and its length or count before it."""
    sized = draw(st.sampled_from([*GREEDY, *FIXED[:3], *VARIABLE, tuple[u8, ...], tuple[f32, ...]]))
    plus = draw(st.sampled_from([0, 0, 1, 5]))
    computed = length_of("sized", plus=plus)
    if get_origin(sized) is tuple and draw(st.booleans()):
        computed = count_of("sized", plus=plus)
    place = draw(st.integers(0, len(fields)))
    fields.insert(place, ("sized", sized))
    number = ClassVar[Annotated[draw(st.sampled_from(NUMBERS)), computed]]
    fields.insert(draw(st.integers(0, place)), ("size", number))


def _ending(draw, items):
    """Give fields that take all that is left, or may be missing; or none."""
    ending = draw(st.sampled_from(["nothing", "greedy", "items", "optional"]))
    if ending == "greedy":
        return [("last", draw(st.sampled_from(GREEDY)))]
    if ending == "items":
        return [("last", tuple[draw(items), ...])]
    if ending == "optional":
        return [(name, draw(items) | None) for name in ("last", "final")[: draw(st.integers(1, 2))]]
    return []


@st.composite
def message_classes(draw, depth=1):
    """Give classes of messages."""
    items = st.sampled_from(FIXED) | st.sampled_from(VARIABLE)
    if depth:
        items |= message_classes(depth=depth - 1)
    anything = items | _tuples(items) | _tuples(_tuples(items))
    fields = []
    for number in range(draw(st.integers(0, 5))):
        kind = draw(st.integers(0, 9))
        annotation = (
            draw(anything)
            if kind
            else Annotated[bytes, tagged(b"\xfe%d\xfd" % next(_numbers))] | None
        )
        if kind == 1:
            annotation = tuple[
                Annotated[bytes, tagged(b"\xfe%d\xfd" % next(_numbers)), length(0, 9)], ...
            ]
        fields.append((f"f{number}", annotation))
    if draw(st.booleans()):
        value = draw(st.binary(min_size=1, max_size=3))
        _inserted(draw, fields, "magic", ClassVar[Annotated[bytes, constant(value)]])
    if draw(st.booleans()):
        _with_size(draw, fields)
    names = st.lists(st.sampled_from([name for name, _ in fields] or ["none"]), min_size=1)
    if fields and draw(st.booleans()):
        kind, by = draw(st.sampled_from(CHECKSUMS))
        computed = checksum_of(*draw(names), by=by)
        _inserted(draw, fields, "crc", ClassVar[Annotated[kind, computed]])
    if fields and draw(st.integers(0, 3)) == 0:
        computed = length_of(*draw(names), plus=draw(st.sampled_from([0, 3])))
        _inserted(draw, fields, "total", ClassVar[Annotated[u32, computed]])
    fields += _ending(draw, items)
    order = draw(st.sampled_from([{}, {"byteorder": "little"}]))
    message = class_of(dict(fields), **order)
    try:
        declaration_of(message)
    except Misuse:  # such as items without bytes
        reject()
    return message
