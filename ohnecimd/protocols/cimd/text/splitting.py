r"""Texts and octets as messages: one, or as many parts as it takes.

A message holds 160 septets, 140 octets, or 70 units of UTF-16; a header of h octets leaves
floor((140 - h) * 8 / 7) septets, or 140 - h octets. No part ends within a character: pair of the
extension table, surrogate pair, or letter with its combining marks. User data of the default
alphabet never has more than 480 bytes, as no code has more than three.

>>> parts = split("x" * 152 + "€" * 5, reference=7)
>>> [len(part.text) for part in parts], parts[1].header.hex(), parts[1].user_data
([152, 5], '050003070202', b'_XXe_XXe_XXe_XXe_XXe')
>>> [(part.dcs, part.user_data_binary) for part in split("Пр")]
[(8, b'\x04\x1f\x04@')]
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.errors import FieldError, Misuse
from ohnecimd.protocols.cimd.text.alphabet import DEFAULT, Alphabet
from ohnecimd.protocols.cimd.text.choosing import Coding, choose
from ohnecimd.protocols.cimd.text.headers import Concatenated, Concatenated16, Header
from ohnecimd.protocols.cimd.text.reading import UserData
from ohnecimd.protocols.cimd.text.schemes import MessageClass, Waiting, dcs_of
from ohnecimd.protocols.cimd.text.septets import fill_bits, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ohnecimd.messages import Message

__all__ = ["PARTS_MOST", "Part", "capacity_of", "split"]

OCTETS = 140
HEADER_MOST = OCTETS - 4  # a character in UTF-16 may take so many
PARTS_MOST = 255
"""As many parts as a concatenated message can have."""

ZERO_WIDTH_JOINER = "\u200d"
SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"


class Part(UserData, frozen=True):
    """A message, or a part of one: what its parameters are to be.

    Args:
        text: of this part; None if it is octets.
        number: of this part, from 1 on.
        total: how many parts there are.
    """

    text: str | None = None
    number: int = 1
    total: int = 1


def capacity_of(coding: Coding | str, header_octets: int = 0) -> int:
    """Return how many septets, UTF-16 units or octets a message holds behind a header.

    >>> capacity_of("default"), capacity_of("default", 6), capacity_of("ucs2", 6)
    (160, 153, 67)
    """
    coding = Coding(coding)
    octets = max(OCTETS - header_octets, 0)
    if coding.has_septets:
        return octets * 8 // 7
    return octets // 2 if coding is Coding.UCS2 else octets


def split(
    content: str | bytes,
    *,
    coding: Coding | str | None = None,
    reference: int = 0,
    has_long_reference: bool = False,
    elements: Iterable[Message] = (),
    message_class: MessageClass | int | None = None,
    waiting: Waiting | None = None,
    deletes: bool = False,
    alphabet: Alphabet = DEFAULT,
    substitutes: Mapping[str, str] | None = None,
    replacement: str | None = None,
    eight_bit: bool = False,
    packs_from_bit_0: bool = False,
    keeps_sequences: bool = True,
    parts_most: int = PARTS_MOST,
) -> list[Part]:
    """Return the messages that a text, or octets, become.

    Args:
        content: text, or octets.
        coding: of a text, see `choose`; octets are 8-bit.
        reference: of the parts, if there are several: another one for each message to the same
            recipient, 0..255.
        has_long_reference: it has 16 bits, 0..65535.
        elements: of the header of each part, beside that of the concatenation, such as `Ports`.
        message_class: such as ``MessageClass.FLASH``.
        waiting: an indicator to be switched.
        deletes: the phone is to delete the message once it has been read.
        alphabet: the default alphabet.
        substitutes: for characters that it lacks, see `choose`.
        replacement: for those that have none, see `choose`.
        eight_bit: write single bytes of ISO 8859-1 in 033; some peers lose them.
        packs_from_bit_0: leave no bits free between a header and packed septets.
        keeps_sequences: no part ends before a combining mark, or in an emoji sequence.
        parts_most: more parts than this are refused.

    Raises:
        FieldError: the text does not fit the coding, no scheme says what is asked for, or there
            would be too many parts.

    Behind packed septets a last ``@`` is lost, where the septets fill all octets: see `unpack`.
    """
    if isinstance(content, str):
        chosen = choose(
            content, coding, alphabet=alphabet, substitutes=substitutes, replacement=replacement
        )
        coding, content, sizes = chosen.coding, chosen.text, chosen.sizes
    else:
        coding = Coding(coding or Coding.EIGHT_BIT)
        if coding is not Coding.EIGHT_BIT:
            raise Misuse(f"octets cannot be {coding.value}")
        sizes = b"\1" * len(content)
    dcs = dcs_of(coding.charset, message_class=message_class, deletes=deletes, waiting=waiting)
    elements = tuple(elements)
    headers = [_header_of(elements) if elements else b""]
    ends = [len(content)]
    if sum(sizes) > capacity_of(coding, len(headers[0])):
        kind = Concatenated16 if has_long_reference else Concatenated
        capacity = capacity_of(coding, len(_header_of((kind(reference, 1, 1), *elements))))
        sequences = content if keeps_sequences and coding is Coding.UCS2 else None
        ends = _ends(sizes, capacity, sequences, min(parts_most, PARTS_MOST))
        headers = [
            _header_of((kind(reference, len(ends), number), *elements))
            for number in range(1, len(ends) + 1)
        ]
    encoder = _Encoder(coding, alphabet, eight_bit, packs_from_bit_0)
    starts = [0, *ends]
    return [
        Part(
            dcs,
            headers[i] or None,
            *encoder.values_of(content[starts[i] : end], len(headers[i])),
            text=content[starts[i] : end] if isinstance(content, str) else None,
            number=i + 1,
            total=len(ends),
        )
        for i, end in enumerate(ends)
    ]


class _Encoder(msgspec.Struct, frozen=True):
    """How the contents of a part become values of 033 and 034."""

    coding: Coding
    alphabet: Alphabet
    eight_bit: bool
    packs_from_bit_0: bool

    def values_of(self, part: str | bytes, header_octets: int) -> tuple[bytes | None, bytes | None]:
        """Return the values of both; one is None."""
        if isinstance(part, bytes):
            return None, part
        if self.coding is Coding.DEFAULT:
            return self.alphabet.encode(part, eight_bit=self.eight_bit), None
        if self.coding is Coding.PACKED:
            fill = 0 if self.packs_from_bit_0 else fill_bits(header_octets)
            return None, pack(self.alphabet.codes(part), fill=fill)
        return None, part.encode("utf-16-be" if self.coding is Coding.UCS2 else "latin-1")


def _header_of(elements: tuple[Message, ...]) -> bytes:
    header = Header(elements).encode()
    if len(header) > HEADER_MOST:
        raise FieldError(
            path=["header"], expected=f"{HEADER_MOST} octets or less", found=len(header)
        )
    return header


def _ends(sizes: bytes, capacity: int, text: str | bytes | None, most: int) -> list[int]:
    """Return where the parts end.

    Args:
        sizes: of the characters, 1 or 2.
        capacity: of a part, 2 or more.
        text: whose sequences are to be kept, if any.
        most: so many parts.
    """
    sums = list(accumulate(sizes))
    ends = [0]
    while ends[-1] < len(sizes) and len(ends) <= most:
        start = ends[-1]
        end = bisect_right(sums, (sums[start - 1] if start else 0) + capacity)
        ends.append(_sequence_end(text, start, end) if isinstance(text, str) else end)
    if ends[-1] < len(sizes):
        needed = max(most + 1, -(-sums[-1] // capacity))
        raise FieldError(f"it takes {needed} parts or more, and there can be {most}")
    return ends[1:]


def _sequence_end(text: str, start: int, end: int) -> int:
    """Return the last place up to `end` where no sequence is cut; `end` if there is none."""
    place = end
    while start < place < len(text) and _joins(text[place - 1], text[place]):
        place -= 1
    return place if place > start else end


def _joins(before: str, character: str) -> bool:
    return (
        unicodedata.category(character).startswith("M")
        or ZERO_WIDTH_JOINER in (before, character)
        or character in SKIN_TONES
    )
