r"""The form that codes of an alphabet have in user data (033): combinations and single bytes.

::

    codes       5B    69 74 69 11    1B 65           0..127
    wire        _A"   i  t  i  _--   _XX e           ASCII, or ISO 8859-1 in single bytes

What is well-formed is turned by `turning`; the rest is walked through byte by byte, to say where
it is not, or to be lenient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.errors import FieldError, Malformed, Misuse
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.text.turning import LOW_LINE, Turner
from ohnecimd.protocols.cimd.text.units import CODES, ESCAPE, codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ohnecimd.protocols.cimd.text.characters import Character

__all__ = ["WireForm"]

UNCLAIMED = 0xFF
RESERVED = b"\x00\x02\x03\t"  # stand in no value of a packet


class WireForm:
    """Turns codes into user data, and back.

    Args:
        name: of the alphabet, for errors.
        characters: its rows.
        extension: the codes behind an escape that are characters.
        sent: by code, what to send instead of the combination.
        aliases: further combinations to be read, and their codes.

    Raises:
        Misuse: the rows contradict each other, or a form is none.
    """

    def __init__(
        self,
        name: str,
        characters: Iterable[Character],
        extension: Iterable[int],
        sent: Mapping[int, bytes],
        aliases: Mapping[str, int],
    ) -> None:
        self.name = name
        self._rows = {row.code: row for row in characters}
        self._combinations = self._read_combinations(aliases)
        self._singles = self._read_singles()
        self._to_codes = bytes(self._singles.get(byte, UNCLAIMED) for byte in range(256))
        self._forms = self._sent_forms(sent)
        self._eight_bit_forms = self._forms | self._high_forms()
        escape = self._rows[ESCAPE].combination.encode() if ESCAPE in self._rows else b""
        self._turner = Turner(
            name,
            {each: code for each, code in self._singles.items() if each < 0x80 and code != ESCAPE},
            {each: code for each, code in self._combinations.items() if code != ESCAPE},
            escape,
            self._forms_of_units(extension),
        )
        self.unit_of_slot = self._turner.unit_of_slot

    # Reading

    def codes_in(
        self, wire: bytes, *, low_line: int, unknown: int, strict: bool = False, position: int = 0
    ) -> bytes:
        """Return the codes in user data.

        Args:
            wire: the user data.
            low_line: the code for a low line that begins no combination.
            unknown: the code for bytes that the alphabet does not have.
            strict: refuse both instead.
            position: of the first byte.

        Raises:
            Malformed: it is refused.
        """
        if LOW_LINE not in wire:
            codes = wire.translate(self._to_codes)
            if codes.isascii():
                return codes
        elif (slots := self.slots_in(wire)) is not None:
            return codes_of(slots.translate(self.unit_of_slot))
        return self._one_by_one(wire, low_line, unknown, position if strict else None)

    def slots_in(self, wire: bytes) -> bytes | None:
        """Return a byte for each character in well-formed user data; None if it is not.

        `unit_of_slot` is the table from these bytes to units.
        """
        if not wire.isascii():
            ascii_wire = self._without_eight_bits(wire)
            return None if ascii_wire is None else self._turner.slots_in(ascii_wire)
        return self._turner.slots_in(wire)

    def _without_eight_bits(self, wire: bytes) -> bytes | None:
        """Replace bytes from 80 on by combinations, which gives no low line other letters."""
        for byte in set(wire.translate(None, CODES)):
            row = self._rows.get(self._singles.get(byte, UNCLAIMED))
            if row is None or not row.combination:
                return None
            wire = wire.replace(bytes([byte]), b"_" + row.combination.encode())
        return wire

    def _one_by_one(self, wire: bytes, low_line: int, unknown: int, position: int | None) -> bytes:
        codes = bytearray()
        place = 0
        while place < len(wire):
            byte = wire[place]
            size = 1
            if byte != LOW_LINE:
                code = self._singles.get(byte)
                expected = f"a character of the {self.name}"
                otherwise = unknown
            else:
                code = self._combinations.get(wire[place + 1 : place + 3])
                expected = "a combination"
                otherwise = low_line
                size = 1 if code is None and position is None else 3
            if code is None and position is not None:
                raise Malformed(
                    position=position + place,
                    expected=expected,
                    found=wire[place : place + size],
                    hint=ErrorCode.USER_DATA,
                )
            codes.append(otherwise if code is None else code)
            place += size
        return bytes(codes)

    # Writing

    def wire_of_units(self, units: bytes) -> bytes:
        """Return user data that has units."""
        return self._turner.wire_of(units)

    def wire_of_codes(self, codes: bytes, *, eight_bit: bool = False) -> bytes:
        """Return user data that has codes.

        Args:
            codes: a byte for each.
            eight_bit: write bytes from 80 on where there are.

        Raises:
            FieldError: there is a code that has no form.
        """
        forms = self._eight_bit_forms if eight_bit else self._forms
        try:
            return b"".join(map(forms.__getitem__, codes))
        except KeyError as error:
            raise FieldError(
                path=["codes", f"[{codes.index(error.args[0])}]"],
                expected=f"a code of the {self.name}",
                found=error.args[0],
            ) from None

    def is_sent_as(self, code: int, form: bytes) -> bool:
        """Tell whether a code has this form."""
        return self._forms.get(code) == form

    # Tables

    def _read_combinations(self, aliases: Mapping[str, int]) -> dict[bytes, int]:
        pairs = [(row.combination, row.code) for row in self._rows.values() if row.combination]
        found: dict[bytes, int] = {}
        for combination, code in [*pairs, *aliases.items()]:
            letters = combination.encode()
            if len(letters) != 2 or not letters.isascii() or LOW_LINE in letters:
                raise Misuse(f"{self.name}: {combination!r} is no combination")
            if found.setdefault(letters, code) != code:
                raise Misuse(f"{self.name}: the combination {combination!r} has two codes")
        return found

    def _read_singles(self) -> dict[int, int]:
        """Return what single bytes stand for; those that no row claims are codes themselves."""
        singles = {code: code for code in self._rows}
        for row in self._rows.values():
            singles.update(dict.fromkeys(row.bytes, row.code))
        singles.pop(LOW_LINE, None)
        return singles

    def _sent_forms(self, sent: Mapping[int, bytes]) -> dict[int, bytes]:
        forms: dict[int, bytes] = {}
        for row in self._rows.values():
            single = next((byte for byte in row.bytes if byte < 0x80), row.code)
            if row.combination:
                forms[row.code] = b"_" + row.combination.encode()
            elif self._singles.get(single) == row.code and single not in RESERVED:
                forms[row.code] = bytes([single])
            else:
                raise Misuse(f"{self.name}: code {row.code} has no form")
        for code, form in sent.items():
            if len(form) == 1:
                is_form = (
                    form[0] < 0x80
                    and form[0] not in RESERVED
                    and self._singles.get(form[0]) == code
                )
            else:
                is_form = form[:1] == b"_" and self._combinations.get(form[1:]) == code
            if not is_form:
                raise Misuse(f"{self.name}: {form!r} is no form of code {code}")
            forms[code] = form
        return forms

    def _high_forms(self) -> dict[int, bytes]:
        forms: dict[int, bytes] = {}
        for row in self._rows.values():
            high = next((byte for byte in row.bytes if byte >= 0x80), None)
            if high is not None:
                forms[row.code] = bytes([high])
        return forms

    def _forms_of_units(self, extension: Iterable[int]) -> dict[int, bytes]:
        forms = {code: form for code, form in self._forms.items() if code != ESCAPE}
        if ESCAPE in self._forms:
            for code in extension:
                if code not in self._forms:
                    raise Misuse(f"{self.name}: code {code} has no form")
                forms[code | 0x80] = self._forms[ESCAPE] + self._forms[code]
        if 0 in forms:
            forms[ESCAPE] = forms[0]
        return forms
