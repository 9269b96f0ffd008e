"""Those that decode and encode messages of a fixed layout.

A layout is the names of the fields, each with its type in letters of `struct`. What is declared or
generated is made of it; what is written by hand stands here as one writes it.
"""

# ruff: noqa: PLC0415 - a rival is imported where it runs: it may be missing

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter, itemgetter
from struct import Struct
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ohnecimd.fields import i16, raw, u8, u16, u32
from ohnecimd.messages import Message

from .race import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable

Values = tuple[int | bytes, ...]


@dataclass(frozen=True)
class Layout:
    """Big-endian fields without padding; `example` has a value for each."""

    name: str
    fields: dict[str, str]
    example: Values

    @property
    def format(self) -> str:
        """The whole, for `struct`."""
        return ">" + "".join(self.fields.values())


FIVE_FIELDS = Layout(
    "5 fields",
    {"kind": "B", "flags": "H", "number": "I", "delta": "h", "tag": "4s"},
    (7, 0x1234, 3_000_000_000, -2, b"ABCD"),
)
# The header of a picture in an ILBM file
BMHD = Layout(
    "BMHD",
    {
        "width": "H",
        "height": "H",
        "x": "h",
        "y": "h",
        "planes": "B",
        "masking": "B",
        "compression": "B",
        "pad": "B",
        "transparent": "H",
        "x_aspect": "B",
        "y_aspect": "B",
        "page_width": "h",
        "page_height": "h",
    },
    (640, 512, -3, 5, 4, 2, 1, 0, 15, 10, 11, 640, 512),
)
LAYOUTS = (FIVE_FIELDS, BMHD)


@dataclass(frozen=True)
class Codec:
    """How a candidate works with messages of one layout."""

    make: Callable[[Values], Any]
    values: Callable[[Any], Values]
    decode: Callable[[bytes], Any]
    encode: Callable[[Any], bytes]


@dataclass(frozen=True)
class Coder(Candidate):
    """A way to write codecs; `fewer`: divides the number of messages, for one that is slow."""

    codec: Callable[[Layout], Codec] = lambda _: NotImplemented
    fewer: int = 1


# What this library makes of a declaration


class FiveFields(Message):
    kind: u8
    flags: u16
    number: u32
    delta: i16
    tag: Annotated[bytes, raw(4)]


class BitmapHeader(Message):
    width: u16
    height: u16
    x: i16
    y: i16
    planes: u8
    masking: u8
    compression: u8
    pad: u8
    transparent: u16
    x_aspect: u8
    y_aspect: u8
    page_width: i16
    page_height: i16


def declared(layout: Layout) -> Codec:
    message = {FIVE_FIELDS.name: FiveFields, BMHD.name: BitmapHeader}[layout.name]
    return _codec_of_class(message, layout)


def _codec_of_class(message: Any, layout: Layout) -> Codec:
    """Use a class with `decode` and `encode`."""
    return Codec(
        make=lambda values: message(*values),
        values=attrgetter(*layout.fields),
        decode=message.decode,
        encode=message.encode,
    )


# By hand: a class with the methods that a careful author writes

FIVE_FIELDS_STRUCT = Struct(FIVE_FIELDS.format)
BMHD_STRUCT = Struct(BMHD.format)


def _wrong_size(data: bytes, structure: Struct) -> ValueError:
    return ValueError(f"{len(data)} bytes, expected {structure.size}")


class FiveFieldsStruct(msgspec.Struct, frozen=True):
    kind: int
    flags: int
    number: int
    delta: int
    tag: bytes

    @classmethod
    def decode(cls, data: bytes) -> FiveFieldsStruct:
        if len(data) != FIVE_FIELDS_STRUCT.size:
            raise _wrong_size(data, FIVE_FIELDS_STRUCT)
        return cls(*FIVE_FIELDS_STRUCT.unpack(data))

    def encode(self) -> bytes:
        if len(self.tag) != 4:
            raise ValueError(f"a tag of {len(self.tag)} bytes, expected 4")
        return FIVE_FIELDS_STRUCT.pack(self.kind, self.flags, self.number, self.delta, self.tag)


class BitmapHeaderStruct(msgspec.Struct, frozen=True):
    width: int
    height: int
    x: int
    y: int
    planes: int
    masking: int
    compression: int
    pad: int
    transparent: int
    x_aspect: int
    y_aspect: int
    page_width: int
    page_height: int

    @classmethod
    def decode(cls, data: bytes) -> BitmapHeaderStruct:
        if len(data) != BMHD_STRUCT.size:
            raise _wrong_size(data, BMHD_STRUCT)
        return cls(*BMHD_STRUCT.unpack(data))

    def encode(self) -> bytes:
        return BMHD_STRUCT.pack(
            self.width,
            self.height,
            self.x,
            self.y,
            self.planes,
            self.masking,
            self.compression,
            self.pad,
            self.transparent,
            self.x_aspect,
            self.y_aspect,
            self.page_width,
            self.page_height,
        )


@dataclass(frozen=True, slots=True)
class FiveFieldsClass:
    kind: int
    flags: int
    number: int
    delta: int
    tag: bytes

    decode = classmethod(FiveFieldsStruct.decode.__func__)  # type: ignore[attr-defined]
    encode = FiveFieldsStruct.encode


@dataclass(frozen=True, slots=True)
class BitmapHeaderClass:
    width: int
    height: int
    x: int
    y: int
    planes: int
    masking: int
    compression: int
    pad: int
    transparent: int
    x_aspect: int
    y_aspect: int
    page_width: int
    page_height: int

    decode = classmethod(BitmapHeaderStruct.decode.__func__)  # type: ignore[attr-defined]
    encode = BitmapHeaderStruct.encode


def by_hand_struct(layout: Layout) -> Codec:
    message = {FIVE_FIELDS.name: FiveFieldsStruct, BMHD.name: BitmapHeaderStruct}[layout.name]
    return _codec_of_class(message, layout)


def by_hand_dataclass(layout: Layout) -> Codec:
    message = {FIVE_FIELDS.name: FiveFieldsClass, BMHD.name: BitmapHeaderClass}[layout.name]
    return _codec_of_class(message, layout)


def by_hand_tuple(layout: Layout) -> Codec:
    structure = Struct(layout.format)
    return Codec(
        make=tuple,
        values=tuple,
        decode=structure.unpack,
        encode=lambda values: structure.pack(*values),
    )


def table_of_fields(layout: Layout) -> Codec:
    """Go through a table of fields, each a pair of functions, as small codecs are written."""
    table = [(name, Struct(f">{letter}")) for name, letter in layout.fields.items()]

    def decode(data: bytes) -> dict[str, Any]:
        message = {}
        place = 0
        for name, structure in table:
            (message[name],) = structure.unpack_from(data, place)
            place += structure.size
        if place != len(data):
            raise ValueError(f"{len(data)} bytes, expected {place}")
        return message

    def encode(message: dict[str, Any]) -> bytes:
        return b"".join([structure.pack(message[name]) for name, structure in table])

    return Codec(
        make=lambda values: dict(zip(layout.fields, values, strict=True)),
        values=itemgetter(*layout.fields),
        decode=decode,
        encode=encode,
    )


def _construct_of(layout: Layout) -> Any:
    import construct

    types = {
        "B": construct.Int8ub,
        "H": construct.Int16ub,
        "h": construct.Int16sb,
        "I": construct.Int32ub,
        "4s": construct.Bytes(4),
    }
    return construct.Struct(*(name / types[letter] for name, letter in layout.fields.items()))


def _codec_of_construct(structure: Any, layout: Layout) -> Codec:
    return Codec(
        make=lambda values: dict(zip(layout.fields, values, strict=True)),
        values=itemgetter(*layout.fields),
        decode=structure.parse,
        encode=structure.build,
    )


def by_construct(layout: Layout) -> Codec:
    return _codec_of_construct(_construct_of(layout), layout)


def by_construct_compiled(layout: Layout) -> Codec:
    return _codec_of_construct(_construct_of(layout).compile(), layout)


MESSAGE = "Message"
STRUCT_BY_HAND = "struct, Struct"
CONSTRUCT = "construct"
COMPILED = "... compiled"

CODERS = (
    Coder(MESSAGE, codec=declared),
    Coder(STRUCT_BY_HAND, codec=by_hand_struct),
    Coder("struct, dataclass", codec=by_hand_dataclass),
    Coder("struct, tuple", codec=by_hand_tuple),
    Coder("table, dict", codec=table_of_fields, fewer=4),
    Coder(CONSTRUCT, "construct", by_construct, fewer=16),
    Coder(COMPILED, "construct", by_construct_compiled, fewer=4),
)
