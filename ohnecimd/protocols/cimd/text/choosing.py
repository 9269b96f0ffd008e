"""The cheapest coding for a text.

The default alphabet is cheaper than UCS-2 wherever it has all characters: even a text of nothing
but pairs takes 80 characters to a message, or 76 to a part, where UCS-2 takes 70 or 67.

>>> choose("5 €").coding, choose("5 ₴").coding
(<Coding.DEFAULT: 'default'>, <Coding.UCS2: 'ucs2'>)
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.text.alphabet import DEFAULT, Alphabet
from ohnecimd.protocols.cimd.text.schemes import Charset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Chosen", "Coding", "choose"]

SIZE_OF_UNIT = b"\1" * 128 + b"\2" * 128
LAST_OF_TWO_OCTETS = "\uffff"


class Coding(enum.Enum):
    """How a text goes into a message."""

    DEFAULT = "default"
    """The default alphabet, in 033."""
    UCS2 = "ucs2"
    """UTF-16, in 034."""
    EIGHT_BIT = "8bit"
    """Octets, in 034; those of a text are ISO 8859-1."""
    PACKED = "packed"
    """The default alphabet as packed septets, in 034."""

    @property
    def charset(self) -> Charset:
        """What the data coding scheme says of it."""
        return _CHARSETS[self]

    @property
    def has_septets(self) -> bool:
        """Whether it counts septets."""
        return self.charset is Charset.DEFAULT


_CHARSETS = {
    Coding.DEFAULT: Charset.DEFAULT,
    Coding.UCS2: Charset.UCS2,
    Coding.EIGHT_BIT: Charset.EIGHT_BIT,
    Coding.PACKED: Charset.DEFAULT,
}


class Chosen(msgspec.Struct, frozen=True):
    """A coding that a text fits.

    Args:
        coding: which.
        text: as it will be read; not the one that was given, where characters had substitutes.
        sizes: a byte for each character: how many septets, UTF-16 units or octets it takes.
    """

    coding: Coding
    text: str
    sizes: bytes

    @property
    def size(self) -> int:
        """How many septets, UTF-16 units or octets the text takes."""
        return sum(self.sizes)


def choose(
    text: str,
    coding: Coding | str | None = None,
    *,
    alphabet: Alphabet = DEFAULT,
    substitutes: Mapping[str, str] | None = None,
    replacement: str | None = None,
) -> Chosen:
    """Return the cheapest coding that a text fits, or check that it fits a certain one.

    Args:
        text: any.
        coding: this one, or its name; None: the cheapest.
        alphabet: the default alphabet.
        substitutes: for characters that the alphabet lacks, such as `LOOKALIKES`; where no coding
            is asked for, only if the alphabet has all characters then.
        replacement: for those that have no substitute, where the alphabet is asked for.

    Raises:
        FieldError: the text does not fit; names the character and its index.

    >>> choose("ça va", substitutes={"ç": "Ç"}).text
    'Ça va'
    >>> choose("ж", "8bit")
    Traceback (most recent call last):
    ohnecimd.errors.FieldError: in text > [0]: expected a character of ISO 8859-1, found 'ж'
    """
    if coding is None:
        fitting = alphabet.fitting(text, substitutes) if substitutes else text
        if fitting in alphabet:
            coding, text = Coding.DEFAULT, fitting
        else:
            coding = Coding.UCS2
    coding = Coding(coding)
    if coding is Coding.UCS2:
        return Chosen(coding, text, _sizes_in_utf16(text))
    if coding is Coding.EIGHT_BIT:
        _encoded(text, "latin-1", "a character of ISO 8859-1")
        return Chosen(coding, text, b"\1" * len(text))
    if substitutes or replacement is not None:
        text = alphabet.fitting(text, substitutes, replacement)
    return Chosen(coding, text, alphabet.units(text).translate(SIZE_OF_UNIT))


def _sizes_in_utf16(text: str) -> bytes:
    octets = _encoded(text, "utf-16-be", "no half of a surrogate pair")
    if len(octets) == 2 * len(text):
        return b"\1" * len(text)
    return bytes(1 if each <= LAST_OF_TWO_OCTETS else 2 for each in text)


def _encoded(text: str, encoding: str, expected: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise FieldError(
            path=["text", f"[{error.start}]"], expected=expected, found=text[error.start]
        ) from None
