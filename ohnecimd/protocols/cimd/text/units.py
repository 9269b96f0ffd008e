r"""Units: a byte for each character of a text, between the text and its codes.

A unit is the code; or 80 and the second code, if the character takes an escape and another code.
Tables of `codecs` make units of text, and text of units. In the first of them 00 has to stand for
nothing; so the unit of code 00 is 1B there, the escape, which is no character by itself. Read, 00
and 1B are the same.

>>> units_of(b"\x1be\x1b(")
b'\xe5\xa8'
>>> codes_of(b"\xe5\xa8")
b'\x1be\x1b('
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CODES",
    "ESCAPE",
    "ESCAPE_BYTE",
    "NONE",
    "codes_of",
    "high_bits_of",
    "units_of",
]

CODES = bytes(range(128))
ESCAPE = 0x1B
ESCAPE_BYTE = b"\x1b"
NONE = "\ufffe"  # in a table of `codecs`: nothing

# Takes a table, too, which its type does not tell: a text of 256 characters, by byte.
charmap_decode = cast("Callable[[bytes, str, str], tuple[str, int]]", codecs.charmap_decode)

FILLER = b"\xff"
CODE_OF_UNIT = bytes(0 if unit == ESCAPE else unit & 0x7F for unit in range(256))
ESCAPE_OF_UNIT = FILLER * 128 + ESCAPE_BYTE * 128
MARKED_BYTE = b"\x9b"
MARKED = bytes(code | 0x80 if code == ESCAPE else code for code in range(256))

# As many high bits as messages need, made once.
ENOUGH_BYTES = 512
ENOUGH = int.from_bytes(b"\x80" * ENOUGH_BYTES, "little")


def high_bits_of(nbytes: int) -> int:
    """Return an integer with the high bits of so many bytes, or of more."""
    return ENOUGH if nbytes <= ENOUGH_BYTES else int.from_bytes(b"\x80" * nbytes, "little")


def codes_of(units: bytes) -> bytes:
    """Return the codes of units."""
    if units.isascii():
        return units.translate(CODE_OF_UNIT)
    pairs = bytearray(2 * len(units))
    pairs[::2] = units.translate(ESCAPE_OF_UNIT)
    pairs[1::2] = units.translate(CODE_OF_UNIT)
    return bytes(pairs.translate(None, FILLER))


def units_of(codes: bytes, space: bytes = b" ") -> bytes:
    """Return the units of codes, all below 80.

    Args:
        codes: a byte for each.
        space: code of what stands for an escape behind an escape, or at the end.
    """
    if ESCAPE not in codes:
        return codes
    codes = codes.replace(ESCAPE_BYTE * 2, space)
    if codes.endswith(ESCAPE_BYTE):
        codes = codes[:-1] + space
    number = int.from_bytes(codes.translate(MARKED), "little")
    number |= (number & high_bits_of(len(codes))) << 8  # and in what stands behind an escape
    return number.to_bytes(len(codes), "little").translate(None, MARKED_BYTE)
