r"""Types of fields: how one value lies in bytes, each a pair of functions, decode and encode.

The annotations of a `Message` name them. `Fixed` types always take the same number of bytes, and
neighbours of that kind are unpacked at once; `Variable` types find out where they end.

=================================== ===========================================================
``u8 u16 u24 u32 u64``              unsigned integers, in the byte order of the message
``i8 i16 i24 i32 i64``              signed ones
``f32 f64 f80``                     floating point; ``f80`` is the extended one of AIFF
``big(u16)``, ``little(u16)``       in this byte order, whatever that of the message
``raw(4)``                          so many bytes
``padded(32)``                      at most so many bytes, filled up with zeros
``rest``, ``text()``                all that is left, as bytes or as text
``c_bytes``, ``c_string``           up to a zero byte
``until(b"\t")``                    up to a separator; also what takes all that is left, up to it
``prefixed(u16)``                   bytes after their number
``counted(u16)``, ``repeated(4)``   items of a tuple, after their number, or so many
``decimal()``, ``hexadecimal()``    an integer as text: all that is left, or so many digits
``hex_bytes()``                     bytes as pairs of hexadecimal digits
``boolean(u8)``                     False or True, as 0 or 1
``converted(u32, ...)``             another type, with functions from and to its values
=================================== ===========================================================

Where no type checker has to be content with it, ``u16`` is an annotation by itself; the others
stand in `Annotated`: ``Annotated[bytes, raw(4)]``. One more type is one more pair:

>>> from ohnecimd.domains import Reals
>>> from ohnecimd.messages import Message
>>> tenths = Fixed(
...     "tenths", "H", Reals(), lambda item, _: item / 10, lambda value, _: round(value * 10)
... )
>>> class Weather(Message):
...     temperature: Annotated[float, tenths, "degrees Celsius"]
>>> Weather.decode(bytes([0, 215])), Weather(21.5).encode()
(Weather(temperature=21.5), b'\x00\xd7')
"""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from ohnecimd.declaring.kinds import (
    REST,
    FieldType,
    Fixed,
    Repeated,
    Variable,
    decode_one,
    encode_one,
    exactly,
    require_integer,
    size_of_type,
    struct_of,
    take_bytes,
    type_in,
)
from ohnecimd.declaring.numerals import decimal, hex_bytes, hexadecimal
from ohnecimd.domains import (
    Characters,
    Choice,
    Converted,
    Domain,
    Integers,
    Octets,
    Reals,
    where,
)
from ohnecimd.errors import Malformed, Misuse, ProtocolError, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.stream import ByteOrder

__all__ = [
    "FieldType",
    "Fixed",
    "Repeated",
    "Variable",
    "big",
    "boolean",
    "c_bytes",
    "c_string",
    "converted",
    "counted",
    "decimal",
    "decode_one",
    "encode_one",
    "f32",
    "f64",
    "f80",
    "hex_bytes",
    "hexadecimal",
    "i8",
    "i16",
    "i24",
    "i32",
    "i64",
    "little",
    "padded",
    "prefixed",
    "raw",
    "repeated",
    "rest",
    "size_of_type",
    "text",
    "type_in",
    "u8",
    "u16",
    "u24",
    "u32",
    "u64",
    "until",
]

# Numbers


def _integer(name: str, layout: str, bits: int, *, signed: bool) -> Fixed:
    low = -(1 << bits - 1) if signed else 0
    high = (1 << bits - signed) - 1
    size = bits // 8
    domain = Integers(low, high)
    if not layout.endswith("s"):
        return Fixed(name, layout, domain)

    def decode(item: bytes, order: ByteOrder) -> int:
        return int.from_bytes(item, order, signed=signed)

    def encode(value: int, order: ByteOrder) -> bytes:
        return value.to_bytes(size, order, signed=signed)

    return Fixed(name, layout, domain, decode, encode)


u8: TypeAlias = Annotated[int, _integer("u8", "B", 8, signed=False)]
u16: TypeAlias = Annotated[int, _integer("u16", "H", 16, signed=False)]
u24: TypeAlias = Annotated[int, _integer("u24", "3s", 24, signed=False)]
u32: TypeAlias = Annotated[int, _integer("u32", "I", 32, signed=False)]
u64: TypeAlias = Annotated[int, _integer("u64", "Q", 64, signed=False)]
i8: TypeAlias = Annotated[int, _integer("i8", "b", 8, signed=True)]
i16: TypeAlias = Annotated[int, _integer("i16", "h", 16, signed=True)]
i24: TypeAlias = Annotated[int, _integer("i24", "3s", 24, signed=True)]
i32: TypeAlias = Annotated[int, _integer("i32", "i", 32, signed=True)]
i64: TypeAlias = Annotated[int, _integer("i64", "q", 64, signed=True)]
f32: TypeAlias = Annotated[float, Fixed("f32", "f", Reals(32))]
f64: TypeAlias = Annotated[float, Fixed("f64", "d", Reals(64))]

_BIAS = 16383
_SPECIAL = 0x7FFF  # the exponent of infinities and NaN
_UNIT = 1 << 63


def _decode_extended(item: bytes, order: ByteOrder) -> float:
    number = int.from_bytes(item, order)
    sign = -1.0 if number >> 79 else 1.0
    exponent = number >> 64 & _SPECIAL
    mantissa = number & (1 << 64) - 1
    if exponent == _SPECIAL:
        return sign * (math.nan if mantissa & (_UNIT - 1) else math.inf)
    places = _BIAS + 63 - exponent  # of the mantissa that stand behind the point
    try:
        return sign * (mantissa / (1 << places) if places >= 0 else float(mantissa << -places))
    except OverflowError:  # more than a double can hold
        return sign * math.inf


def _encode_extended(value: float, order: ByteOrder) -> bytes:
    sign = (math.copysign(1.0, value) < 0) << 79
    if math.isfinite(value):
        fraction, exponent = math.frexp(abs(value))
        mantissa = int(math.ldexp(fraction, 64))
        biased = exponent - 1 + _BIAS if mantissa else 0
    else:
        mantissa = _UNIT | (math.isnan(value) << 62)
        biased = _SPECIAL
    return (sign | biased << 64 | mantissa).to_bytes(10, order)


f80: TypeAlias = Annotated[
    float, Fixed("f80", "10s", Reals(64), _decode_extended, _encode_extended)
]
"""80-bit extended: 1 sign, 15 exponent, 64 mantissa with the leading 1; read as a double."""


def big(annotation: object) -> Fixed:
    """Return a type of fixed size in big-endian order, whatever that of the message."""
    return _ordered(annotation, "big")


def little(annotation: object) -> Fixed:
    """Return a type of fixed size in little-endian order, whatever that of the message."""
    return _ordered(annotation, "little")


def _ordered(annotation: object, order: ByteOrder) -> Fixed:
    kind = _fixed_in(annotation)
    return replace(kind, name=f"{kind.name} {order}-endian", order=order)


def _fixed_in(annotation: object) -> Fixed:
    kind = type_in(annotation)
    if not isinstance(kind, Fixed):
        raise Misuse(f"{kind.name} has no fixed size")
    return kind


# Bytes and text


def raw(nbytes: int) -> Fixed:
    """Return the type of exactly so many bytes."""
    return exactly(_count(nbytes))


def _count(nbytes: int) -> int:
    require_integer(nbytes, "bytes")
    if nbytes < 0:
        raise Misuse(f"a field cannot have {nbytes} bytes")
    return nbytes


def padded(nbytes: int, encoding: str | None = None) -> Fixed:
    """Return the type of at most so many bytes, filled up with zero bytes; or of such text.

    Zeros at the end are no part of the value; what follows others is.
    """

    def decode(item: bytes, _order: ByteOrder) -> Any:  # noqa: ANN401 - bytes or text
        value = item.rstrip(b"\0")
        return value if encoding is None else _text_of(value, encoding, 0)

    def encode(value: Any, _order: ByteOrder) -> Any:  # noqa: ANN401
        return value if encoding is None else value.encode(encoding)

    def has_end(value: Any) -> bool:  # noqa: ANN401
        return not value or value[-1] not in (0, "\0")

    domain: Domain = Octets(0, _count(nbytes))
    if encoding is not None:
        domain = Characters(0, nbytes, encoding=encoding)
        if 0 in "a".encode(encoding):
            raise Misuse(f"zeros cannot fill up text in {encoding.upper()}: they are part of it")
    domain &= where("no zero at the end", has_end)
    return Fixed(f"{nbytes} bytes, zero padded", f"{nbytes}s", domain, decode, encode)


def _text_of(data: bytes, encoding: str, start: int) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Malformed(
            position=start + error.start,
            expected=f"text in {encoding.upper()}",
            found=data[error.start :],
        ) from None


rest: TypeAlias = Annotated[bytes, REST]


def text(encoding: str = "utf-8") -> Variable:
    """Return the type of text that takes all that is left."""

    def decode(data: bytes, start: int, _order: ByteOrder) -> tuple[str, int]:
        return _text_of(data[start:], encoding, start), len(data)

    def encode(value: str, _order: ByteOrder) -> bytes:
        return value.encode(encoding)

    return Variable("text", Characters(encoding=encoding), decode, encode, takes_all=True)


def until(separator: bytes, annotation: object = REST, *, name: str = "") -> Variable:
    r"""Return a type that ends with a separator; it is no part of the value.

    Args:
        separator: what ends it, and so cannot stand in it.
        annotation: a type that takes all that is left, such as ``text()`` or ``decimal()``.
        name: for people.

    >>> decode_one(until(b"\t", decimal()), b"33\tHello", 0, "big")
    (33, 3)
    """
    kind = type_in(annotation)
    if not separator or not isinstance(kind, Variable) or not kind.takes_all:
        raise Misuse(f"until() takes a separator and a type that takes all, not {kind.name}")
    wanted = "a zero byte" if separator == b"\0" else repr(separator)

    def ends_there(octets: bytes) -> bool:
        return (octets + separator).find(separator) == len(octets)

    def decode(data: bytes, start: int, order: ByteOrder) -> tuple[Any, int]:
        stop = data.find(separator, start)
        if stop < 0:
            raise Truncated(position=len(data), expected=wanted, partial=data[start:])
        if kind is REST:
            return data[start:stop], stop + len(separator)
        try:
            value, end = decode_one(kind, data[start:stop], 0, order)
        except ProtocolError as error:
            error.position = start + (error.position or 0)
            raise
        if start + end != stop:
            raise Malformed(position=start + end, expected=wanted, found=data[start + end : stop])
        return value, stop + len(separator)

    def encode(value: Any, order: ByteOrder) -> bytes:  # noqa: ANN401 - whatever `kind` takes
        octets = encode_one(kind, value, order)
        if not ends_there(octets):
            raise ValueError(f"{separator!r} would end it too early")
        return octets + separator

    domain = _without(kind.domain, separator, ends_there)
    return Variable(name or f"{kind.name}, up to {separator!r}", domain, decode, encode)


def _without(domain: Domain, separator: bytes, ends_there: Callable[[bytes], bool]) -> Domain:
    """Return the values of a domain that a separator can end."""
    if len(separator) == 1 and isinstance(domain, Octets):
        return replace(domain, without=domain.without + separator)
    if len(separator) == 1 and isinstance(domain, Characters) and separator.isascii():
        return replace(domain, without=domain.without + separator.decode())
    if isinstance(domain, Octets):
        return domain & where(f"without {separator!r}", ends_there)
    return domain  # encoding will tell


C_BYTES = until(b"\0", name="C string")
C_STRING = until(b"\0", text(), name="C string")
c_bytes: TypeAlias = Annotated[bytes, C_BYTES]
c_string: TypeAlias = Annotated[str, C_STRING]


def prefixed(number: object, *, encoding: str | None = None, align: int = 1) -> Variable:
    """Return the type of bytes, or text, that stand after their number.

    Args:
        number: its type, such as ``u16``.
        encoding: of text; None: the value is bytes.
        align: number and bytes are filled up with zeros to a multiple of this. A zero that is
            missing at the end of the message is forgiven; what stands there is not kept.
    """
    kind = _fixed_in(number)
    read_number = _reader_of(kind)
    require_integer(align, "bytes")
    if align < 1:
        raise Misuse(f"nothing is aligned to {align} bytes")
    domain: Domain
    if encoding is None:
        domain = Octets(0, _most(kind))
    else:
        domain = Characters(0, _most(kind), encoding=encoding)

    def decode(data: bytes, start: int, order: ByteOrder) -> tuple[Any, int]:
        size, first = read_number(data, start, order)
        value = take_bytes(data, first, size)
        end = min(first + size + -(first - start + size) % align, len(data))
        return value if encoding is None else _text_of(value, encoding, first), end

    def encode(value: Any, order: ByteOrder) -> bytes:  # noqa: ANN401 - bytes or text
        octets = value if encoding is None else value.encode(encoding)
        whole: bytes = encode_one(kind, len(octets), order) + octets
        return whole + bytes(-len(whole) % align)

    aligned = f", filled up to {align}" if align > 1 else ""
    what = "bytes" if encoding is None else "text"
    return Variable(f"{what} after a {kind.name}{aligned}", domain, decode, encode)


def _reader_of(kind: Fixed) -> Callable[[bytes, int, ByteOrder], tuple[int, int]]:
    """Return what `decode_one` is for one type, but faster."""
    if kind.decode is not None:
        return lambda data, start, order: decode_one(kind, data, start, order)
    unpackers = {
        order: struct_of(kind.layout, kind.order or order).unpack_from
        for order in ("big", "little")
    }
    size = size_of_type(kind) or 0

    def read(data: bytes, start: int, order: ByteOrder) -> tuple[int, int]:
        try:
            return unpackers[order](data, start)[0], start + size
        except struct.error:
            return decode_one(kind, data, start, order)

    return read


def _most(kind: Fixed) -> int:
    if not isinstance(kind.domain, Integers) or kind.domain.low:
        raise Misuse(f"{kind.name} is no type of number that counts")
    return kind.domain.high


def counted(number: object) -> Repeated:
    """Let the items of a tuple stand after their number, in `Annotated`.

    ``Annotated[tuple[u16, ...], counted(u8)]``; without it they take all that is left.
    """
    kind = _fixed_in(number)
    _most(kind)
    return Repeated(before=kind)


def repeated(times: int) -> Repeated:
    """Let a tuple have exactly so many items, in `Annotated`."""
    require_integer(times, "items")
    if times < 0:
        raise Misuse(f"a tuple cannot have {times} items")
    return Repeated(times=times)


# Types made of others


def converted(
    annotation: object,
    domain: Domain,
    decode: Callable[[Any], Any],
    encode: Callable[[Any], Any],
    *,
    name: str = "",
) -> FieldType:
    r"""Return a type whose values are made of those of another.

    Args:
        annotation: the other type.
        domain: which values there are.
        decode: makes a value of one of the other type; raises ValueError if there is none.
        encode: the reverse.
        name: for people; empty: that of the other type.

    >>> from ohnecimd.domains import Reals
    >>> tenths = converted(u16, Reals(), lambda item: item / 10, lambda value: round(value * 10))
    >>> decode_one(tenths, bytes([0, 215]), 0, "big"), encode_one(tenths, 21.5, "big")
    ((21.5, 2), b'\x00\xd7')
    """
    kind = type_in(annotation)
    inner_encode = kind.encode

    def encoded(value: Any) -> Any:  # noqa: ANN401
        item = encode(value)
        if not kind.domain.holds(item):
            raise ValueError(f"expected {kind.domain}, made {item!r:.80}")
        return item

    def encode_it(value: Any, order: ByteOrder) -> Any:  # noqa: ANN401
        item = encoded(value)
        return item if inner_encode is None else inner_encode(item, order)

    name = name or kind.name
    domain = Converted(domain, kind.domain, decode)
    if isinstance(kind, Fixed):

        def decode_item(item: Any, order: ByteOrder) -> Any:  # noqa: ANN401
            return decode(item if kind.decode is None else kind.decode(item, order))

        return replace(kind, name=name, domain=domain, decode=decode_item, encode=encode_it)

    def decode_it(data: bytes, start: int, order: ByteOrder) -> tuple[Any, int]:
        item, end = kind.decode(data, start, order)
        return decode(item), end

    return replace(kind, name=name, domain=domain, decode=decode_it, encode=encode_it)


def boolean(annotation: object) -> FieldType:
    """Return the type of False and True, which stand there as 0 and 1; nothing else may."""
    return converted(annotation, Choice((False, True)), {0: False, 1: True}.__getitem__, int)
