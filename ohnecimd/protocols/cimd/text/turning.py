"""User data and units turned into each other, whole strings at once.

Strategy: nearly all work is done by functions in C. A combination has three bytes, a low line and
two letters; so has a character in UTF-8, a leading byte and two of 6 bits. To read, bytes are
exchanged: the low line for a leading byte, letters for numbers below 64. All bytes are one large
integer then, in which the two behind each leading byte get the high bit. The decoder of UTF-8
makes one character of each combination, and a table makes a unit of each character. Writing
goes backwards. A character of the extension table is written ``_XX`` and one byte more, as four
bytes of UTF-8; for reading, ``_XX`` becomes a low line and one letter, so that it has three.

What is not well-formed is not turned, but left to others. All costs are linear.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from ohnecimd.errors import Misuse
from ohnecimd.protocols.cimd.text.units import (
    CODES,
    ESCAPE,
    ESCAPE_BYTE,
    NONE,
    charmap_decode,
    high_bits_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LOW_LINE", "Turner"]

LOW_LINE = 0x5F
NEVER = 0xFF  # stands nowhere in UTF-8

# Three bytes are U+4000 to U+4FFF, four are U+40000 to U+7FFFF.
LEAD_OF_THREE = 0xE4
LEAD_OF_FOUR = 0xF1
FOLLOWING = 0x80
LETTERS_MOST = 64
SLOTS = 256
TWO_BEHIND = 0x010100
STAND_IN = 0xE000  # and the unit: for a form of six bytes


class Turner:
    """Turns user data of an alphabet into units, and back.

    Args:
        name: of the alphabet, for errors.
        singles: the codes of single bytes below 80.
        combinations: the codes of letters behind a low line, but for the escape.
        escape: the letters of the escape; empty: it has none.
        forms: what is written for each unit.

    Raises:
        Misuse: there are more combinations than can be told apart.
    """

    def __init__(
        self,
        name: str,
        singles: Mapping[int, int],
        combinations: Mapping[bytes, int],
        escape: bytes,
        forms: Mapping[int, bytes],
    ) -> None:
        self._name = name
        self._escape = b"_" + escape if escape else b""
        self._long: list[tuple[bytes, bytes]] = []
        self._prepare_reading(singles, combinations, {unit for unit in forms if unit > 0x7F})
        self._prepare_writing(forms)

    def slots_in(self, wire: bytes) -> bytes | None:
        """Return a byte for each character, the slot of its form, or None if it has other forms.

        `unit_of_slot` has the unit of each slot; the rest of it is FF.

        Args:
            wire: user data, all of it below 80.
        """
        if ESCAPE in wire or not wire.isascii():
            return None
        if self._escape and self._escape[-1] in wire:
            wire = wire.replace(self._escape, b"_\x1b")
            if ESCAPE in wire and b"\x1b_" in wire:
                for form, short in self._long:
                    wire = wire.replace(form, short)
        number = int.from_bytes(wire.translate(self._to_utf8), "little")
        size = len(wire)
        try:
            # Where one low line stands behind another, this is wrong, and no UTF-8 anyway.
            number |= (number & high_bits_of(size)) * TWO_BEHIND
            forms = number.to_bytes(size, "little").decode()
            return codecs.charmap_encode(forms, "strict", self._to_slots)[0]
        except (OverflowError, UnicodeError):  # the first for a low line at the end
            return None

    def wire_of(self, units: bytes) -> bytes:
        """Return user data that has these units.

        Raises:
            UnicodeDecodeError: there is a unit that has no form.
        """
        if units.isascii():
            return charmap_decode(units, "strict", self._basic)[0].encode().translate(self._letters)
        forms = charmap_decode(units, "strict", self._extended)[0]
        for stand_in, form in self._stand_ins:
            forms = forms.replace(stand_in, form)
        return forms.encode().translate(self._letters)

    def _prepare_reading(
        self, singles: Mapping[int, int], combinations: Mapping[bytes, int], extended: set[int]
    ) -> None:
        slots = dict(combinations)
        if self._escape:
            for byte, code in singles.items():
                if code | 0x80 in extended:
                    slots[ESCAPE_BYTE + bytes([byte])] = code | 0x80
            for letters, code in combinations.items():
                short = bytes([letters[0], ESCAPE])  # nothing else comes to be that
                if code | 0x80 in extended and short not in slots:
                    slots[short] = code | 0x80
                    self._long.append((b"_\x1b_" + letters, b"_" + short))
        letters = self._ordered(slots)
        places = letters + CODES.translate(None, letters + b"_")
        to_utf8 = bytearray(range(256))
        to_utf8[LOW_LINE] = LEAD_OF_THREE
        for place, byte in enumerate(places):
            to_utf8[byte] = place
        self._to_utf8 = bytes(to_utf8)
        units = [singles.get(byte, NEVER) for byte in places]
        items = [NONE if unit == NEVER else chr(place) for place, unit in enumerate(units)]
        items = [*items, NONE, *(_as_utf8(LEAD_OF_THREE, each, letters) for each in slots)]
        units = [*units, NEVER, *slots.values()]
        if len(items) > SLOTS:
            raise Misuse(f"{self._name}: there are too many combinations")
        self._to_slots = codecs.charmap_build("".join(items).ljust(SLOTS, NONE))
        self.unit_of_slot = bytes(units).ljust(SLOTS, bytes([NEVER]))

    def _prepare_writing(self, forms: Mapping[int, bytes]) -> None:
        letters = self._ordered(form[1:] for form in forms.values() if len(form) > 1)
        items = [NONE] * 256
        self._stand_ins = []
        for unit, form in forms.items():
            if len(form) == 6:
                items[unit] = chr(STAND_IN | unit)
                pair = (_as_utf8(LEAD_OF_THREE, each[1:], letters) for each in (form[:3], form[3:]))
                self._stand_ins.append((items[unit], "".join(pair)))
            elif len(form) > 1:
                lead = LEAD_OF_THREE if len(form) == 3 else LEAD_OF_FOUR
                items[unit] = _as_utf8(lead, form[1:], letters)
            else:
                items[unit] = form.decode()
        self._extended = "".join(items)
        self._basic = "".join(items[:128]).ljust(256, NONE)
        to_wire = bytearray(range(256))
        to_wire[FOLLOWING : FOLLOWING + len(letters)] = letters
        to_wire[LEAD_OF_THREE] = to_wire[LEAD_OF_FOUR] = LOW_LINE
        self._letters = bytes(to_wire)

    def _ordered(self, forms: Iterable[bytes]) -> bytes:
        letters = bytes(sorted(set(b"".join(forms)) - {LOW_LINE}))
        if len(letters) > LETTERS_MOST:
            raise Misuse(f"{self._name}: its combinations are of too many different letters")
        return letters


def _as_utf8(lead: int, form: bytes, letters: bytes) -> str:
    """Return the character that letters become."""
    return bytes([lead, *(FOLLOWING + letters.index(each) for each in form)]).decode()
