"""The characters of the GSM default alphabet and how user data (033) writes them: section 10.

A combination is a low line and two more characters. Beside it, some characters may come as one
byte: that of ISO 8859-1, or that of the old Nordic 7-bit sets. What is not in the table is ASCII
and stands for itself.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "CHARACTERS",
    "EXTENSION",
    "LOOKALIKES",
    "PRINTED_VARIANTS",
    "Character",
]


class Character(msgspec.Struct, frozen=True, gc=False):
    r"""A row of an alphabet.

    Args:
        code: 0..127.
        character: what it stands for; empty: it begins a pair of the extension table.
        combination: the two characters after the low line; empty: it has none.
        bytes: single bytes that stand for it on the wire.

    >>> Character(0x04, "è", "e`", b"\xe8").code
    4
    """

    code: int
    character: str
    combination: str = ""
    bytes: bytes = b""


_ASCII = tuple(
    Character(code, chr(code), "", bytes([code]))
    for code in (
        *(0x20, 0x21, 0x23),
        *range(0x25, 0x40),
        *range(0x41, 0x5B),
        *range(0x61, 0x7B),
    )
)

CHARACTERS = (
    Character(0x00, "@", "Oa", b"\x40"),
    Character(0x01, "£", "L-", b"\xa3"),
    Character(0x02, "$", "", b"\x24"),
    Character(0x03, "¥", "Y-", b"\xa5"),
    Character(0x04, "è", "e`", b"\xe8"),
    Character(0x05, "é", "e'", b"\xe9"),
    Character(0x06, "ù", "u`", b"\xf9"),
    Character(0x07, "ì", "i`", b"\xec"),
    Character(0x08, "ò", "o`", b"\xf2"),
    Character(0x09, "Ç", "C,", b"\xc7\xe7"),
    Character(0x0A, "\n", "", b"\x0a"),
    Character(0x0B, "Ø", "O/", b"\xd8"),
    Character(0x0C, "ø", "o/", b"\xf8"),
    Character(0x0D, "\r", "", b"\x0d"),
    Character(0x0E, "Å", "A*", b"\xc5\x5d"),
    Character(0x0F, "å", "a*", b"\xe5\x7d"),
    Character(0x10, "Δ", "gd"),
    Character(0x11, "_", "--"),
    Character(0x12, "Φ", "gf"),
    Character(0x13, "Γ", "gg"),
    Character(0x14, "Λ", "gl"),
    Character(0x15, "Ω", "go"),
    Character(0x16, "Π", "gp"),
    Character(0x17, "Ψ", "gi"),
    Character(0x18, "Σ", "gs"),
    Character(0x19, "Θ", "gt"),
    Character(0x1A, "Ξ", "gx"),
    Character(0x1B, "", "XX"),
    Character(0x1C, "Æ", "AE", b"\xc6"),
    Character(0x1D, "æ", "ae", b"\xe6"),
    Character(0x1E, "ß", "ss", b"\xdf"),
    Character(0x1F, "É", "E'", b"\xc9"),
    Character(0x22, '"', "qq", b"\x22"),
    Character(0x24, "¤", "ox", b"\xa4"),
    Character(0x40, "¡", "!!", b"\xa1"),
    Character(0x5B, "Ä", 'A"', b"\xc4\x5b"),
    Character(0x5C, "Ö", 'O"', b"\xd6\x5c"),
    Character(0x5D, "Ñ", "N~", b"\xd1"),
    Character(0x5E, "Ü", 'U"', b"\xdc\x5e"),
    Character(0x5F, "§", "so", b"\xa7"),
    Character(0x60, "¿", "??", b"\xbf\x60"),
    Character(0x7B, "ä", 'a"', b"\xe4\x7b"),
    Character(0x7C, "ö", 'o"', b"\xf6\x7c"),
    Character(0x7D, "ñ", "n~", b"\xf1"),
    Character(0x7E, "ü", 'u"', b"\xfc\x7e"),
    Character(0x7F, "à", "a`", b"\xe0"),
    *_ASCII,
)
"""The default alphabet: 128 codes."""

EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""What a code behind 1B stands for."""

PRINTED_VARIANTS = {"a0": "@", 'e"': "é"}
"""Combinations that an example in one edition prints; `Alphabet.accepting` lets one read them."""

LOOKALIKES = {
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),  # noqa: RUF001 - they do
    "ç": "Ç",
}
"""Substitutes for characters without a code: Greek capitals that look Latin, and the small ç."""
