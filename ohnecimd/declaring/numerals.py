"""Types of fields that are text: numbers, and bytes, in digits."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from ohnecimd.declaring.kinds import FieldType, Fixed, Variable, require_integer
from ohnecimd.domains import Integers, Octets, plural
from ohnecimd.errors import Malformed, Misuse

if TYPE_CHECKING:
    from ohnecimd.stream import ByteOrder

__all__ = ["decimal", "hex_bytes", "hexadecimal"]


class _Base(NamedTuple):
    radix: int
    name: str
    digits: str
    conversion: str


_DECIMAL = _Base(10, "decimal", "0-9", "d")
_HEXADECIMAL = _Base(16, "hexadecimal", "0-9A-Fa-f", "X")
_MOST_DIGITS = 500  # whatever limit a program sets, Python converts integers of so many


def decimal(digits: int | None = None, *, most: int = 18, signed: bool = False) -> FieldType:
    """Return the type of an integer in decimal digits, unsigned as a rule.

    Args:
        digits: exactly so many, with zeros in front; None: all that is left.
        most: digits, where that is not fixed.
        signed: a minus may stand before them.
    """
    if signed and digits is not None:
        raise Misuse("a number of so many digits, no more and no less, has no sign")
    return _digits(_DECIMAL, digits, most, is_signed=signed)


def hexadecimal(digits: int | None = None, *, most: int = 16) -> FieldType:
    """Return the type of an unsigned integer in hexadecimal digits, written in upper case."""
    return _digits(_HEXADECIMAL, digits, most)


def _digits(base: _Base, digits: int | None, most: int, *, is_signed: bool = False) -> FieldType:
    width = most if digits is None else digits
    require_integer(width, "digits")
    if not 0 < width <= _MOST_DIGITS:
        raise Misuse(f"a number has 1 to {_MOST_DIGITS} digits, not {width}")
    sign = "-?" if is_signed else ""
    is_number = re.compile(f"{sign}[{base.digits}]{{1,{width}}}".encode()).fullmatch
    high: int = base.radix**width - 1
    domain = Integers(-high if is_signed else 0, high)
    wanted = plural(width, f"{base.name} digit")
    if digits is None and width > 1:
        wanted = f"1..{wanted}"

    def decode(item: bytes, start: int = 0) -> int:
        if not is_number(item):
            raise Malformed(position=start, expected=wanted, found=item)
        return int(item, base.radix)

    if digits is not None:
        return Fixed(
            wanted,
            f"{digits}s",
            domain,
            lambda item, _: decode(item),
            lambda value, _: f"{value:0{digits}{base.conversion}}".encode(),
        )
    return Variable(
        f"{base.name} number",
        domain,
        lambda data, start, _: (decode(data[start:], start), len(data)),
        lambda value, _: f"{value:{base.conversion}}".encode(),
        takes_all=True,
    )


def hex_bytes(nbytes: int | None = None) -> FieldType:
    """Return the type of bytes that stand there as hexadecimal digits, two for each.

    Either case is read, upper case is written.

    Args:
        nbytes: exactly so many; None: all that is left.
    """
    if nbytes is not None:
        require_integer(nbytes, "bytes")
        if nbytes < 0:
            raise Misuse(f"a field cannot have {nbytes} bytes")

    def decode(item: bytes, start: int = 0) -> bytes:
        try:
            return binascii.unhexlify(item)
        except ValueError:
            raise Malformed(
                position=start, expected="pairs of hexadecimal digits", found=item
            ) from None

    def encode(value: bytes, _order: ByteOrder) -> bytes:
        return value.hex().upper().encode()

    if nbytes is not None:
        return Fixed(
            f"{nbytes} bytes in hexadecimal",
            f"{2 * nbytes}s",
            Octets(nbytes, nbytes),
            lambda item, _: decode(item),
            encode,
        )
    return Variable(
        "hexadecimal bytes",
        Octets(),
        lambda data, start, _: (decode(data[start:], start), len(data)),
        encode,
        takes_all=True,
    )
