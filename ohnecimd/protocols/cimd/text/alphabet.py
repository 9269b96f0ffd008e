r"""The GSM default alphabet: text, its codes, and its form in user data (033).

::

    text        Ä     i  t  i  _     €
    codes       5B    69 74 69 11    1B 65           0..127, also called septets
    wire        _A"   i  t  i  _--   _XX e           ASCII, or ISO 8859-1 in single bytes

>>> DEFAULT.encode("Äiti_ 5€")
b'_A"iti_-- 5_XXe'
>>> DEFAULT.decode(b'_A"iti_-- 5_XXe')
'Äiti_ 5€'
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from ohnecimd.errors import FieldError, Malformed, Misuse
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.text.characters import CHARACTERS, EXTENSION, Character
from ohnecimd.protocols.cimd.text.turning import LOW_LINE
from ohnecimd.protocols.cimd.text.units import (
    CODES,
    ESCAPE,
    ESCAPE_BYTE,
    NONE,
    charmap_decode,
    codes_of,
    units_of,
)
from ohnecimd.protocols.cimd.text.wireform import WireForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DEFAULT", "Alphabet"]

UNKNOWN = "?"


class Alphabet:
    """A table of characters: turns text into codes and into user data, and back.

    Immutable. `sending` and `accepting` make one that differs.

    Args:
        name: for errors.
        characters: rows, one for each code.
        extension: what a code behind the escape stands for.
        sent: the forms in which characters are sent, where it is not the combination.
        aliases: further combinations to be read, without the low line, and their characters.

    Raises:
        Misuse: the rows contradict each other, or a form is none.
    """

    def __init__(
        self,
        name: str,
        characters: Iterable[Character] = CHARACTERS,
        extension: Mapping[int, str] = EXTENSION,
        *,
        sent: Mapping[str, bytes] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.characters = tuple(characters)
        self.extension = dict(extension)
        self.sent = dict(sent or {})
        self.aliases = dict(aliases or {})
        self._codes = self._read_codes()
        self._form = WireForm(
            name,
            self.characters,
            self.extension,
            {self._code_of(character): form for character, form in self.sent.items()},
            {letters: self._code_of(character) for letters, character in self.aliases.items()},
        )
        self._prepare()

    def __repr__(self) -> str:
        return f"<Alphabet {self.name!r}>"

    def sending(self, forms: Mapping[str, bytes]) -> Alphabet:
        """Return the same alphabet with other forms to be sent.

        >>> DEFAULT.encode('"'), DEFAULT.sending({'"': b"_qq"}).encode('"')
        (b'"', b'_qq')
        """
        sent = {**self.sent, **forms}
        return Alphabet(self.name, self.characters, self.extension, sent=sent, aliases=self.aliases)

    def accepting(self, combinations: Mapping[str, str]) -> Alphabet:
        """Return the same alphabet with further combinations that it reads.

        >>> DEFAULT.accepting({"a0": "@"}).decode(b"a_a0b")
        'a@b'
        """
        aliases = {**self.aliases, **combinations}
        return Alphabet(self.name, self.characters, self.extension, sent=self.sent, aliases=aliases)

    # Text and codes

    def __contains__(self, text: str) -> bool:
        """Tell whether the alphabet has all characters of a text."""
        return self.missing_in(text) is None

    def missing_in(self, text: str) -> int | None:
        """Return the index of the first character that the alphabet lacks; None: it has all.

        >>> DEFAULT.missing_in("5 € or ж"), DEFAULT.missing_in("5 €")
        (7, None)
        """
        try:
            units = codecs.charmap_encode(text, "strict", self._to_units)[0]
        except UnicodeEncodeError as error:
            nul = text.find("\0", 0, error.start)
            return error.start if nul < 0 else nul
        nul = units.find(0)
        return None if nul < 0 else nul

    def units(self, text: str) -> bytes:
        r"""Return a byte for each character of a text, 128 or more where it takes two codes.

        Raises:
            FieldError: the alphabet lacks a character.

        >>> DEFAULT.units("5€")
        b'5\xe5'
        """
        try:
            units = codecs.charmap_encode(text, "strict", self._to_units)[0]
        except UnicodeEncodeError:
            raise self._lacking(text) from None
        if 0 in units:
            raise self._lacking(text)
        return units

    def count(self, text: str) -> int:
        """Return how many codes a text takes: two for a character of the extension table.

        Raises:
            FieldError: the alphabet lacks a character.

        >>> DEFAULT.count("5 €")
        4
        """
        units = self.units(text)
        return len(units) + len(units.translate(None, CODES))

    def codes(
        self,
        text: str,
        *,
        substitutes: Mapping[str, str] | None = None,
        replacement: str | None = None,
    ) -> bytes:
        r"""Return the codes of a text.

        Args:
            text: any.
            substitutes: for characters that the alphabet lacks, such as `LOOKALIKES`.
            replacement: for those that have no substitute either; None: there may be none.

        Raises:
            FieldError: the alphabet lacks a character.

        >>> DEFAULT.codes("@ €")
        b'\x00 \x1be'
        """
        if substitutes or replacement is not None:
            text = self.fitting(text, substitutes, replacement)
        return codes_of(self.units(text))

    def fitting(
        self, text: str, substitutes: Mapping[str, str] | None, replacement: str | None = None
    ) -> str:
        """Return a text with other characters for those that the alphabet lacks.

        Args:
            text: any.
            substitutes: for them, such as `LOOKALIKES`.
            replacement: for those that have no substitute; None: leave them.

        >>> DEFAULT.fitting("ça, ж", {"ç": "Ç"}, "?")
        'Ça, ?'
        """
        if self.missing_in(text) is None:
            return text
        found = substitutes or {}
        others: dict[str, str | int | None] = {
            each: found.get(each, each if replacement is None else replacement)
            for each in set(text)
            if each not in self
        }
        return text.translate(str.maketrans(others))

    def text(self, codes: bytes, *, strict: bool = False, position: int = 0) -> str:
        r"""Return the text of codes.

        A pair that is not in the extension table is its second character, as on phones; an
        escape behind an escape, or at the end, is a space.

        Args:
            codes: a byte for each.
            strict: refuse an escape at the end.
            position: of the first, for errors.

        Raises:
            Malformed: there is a code that has no character, or an escape at the end.

        >>> DEFAULT.text(b"\x00 \x1be \x1bA")
        '@ € A'
        """
        if codes.isascii():
            if strict and codes.replace(ESCAPE_BYTE * 2, b"").endswith(ESCAPE_BYTE):
                raise Malformed(
                    "an escape at the end",
                    position=position + len(codes) - 1,
                    hint=ErrorCode.USER_DATA,
                )
            try:
                return charmap_decode(units_of(codes, self._space), "strict", self._characters)[0]
            except UnicodeDecodeError:
                pass  # not all codes of this alphabet have a character
        index = next(i for i, code in enumerate(codes) if code not in self._known)
        raise Malformed(
            position=position + index,
            expected=f"a code of the {self.name}",
            found=codes[index : index + 1],
            hint=ErrorCode.USER_DATA,
        )

    # User data

    def decode(
        self, wire: bytes, *, strict: bool = False, low_line: str = "_", position: int = 0
    ) -> str:
        r"""Return the text of user data.

        Args:
            wire: the value of parameter 033.
            strict: refuse a low line that begins no combination, bytes from 80 on that are no
                character of the alphabet, and an escape at the end; the second are question
                marks otherwise, the last is a space.
            low_line: what a low line that begins no combination is taken for otherwise: ``"_"``,
                or ``"§"``, whose code it is.
            position: of the first byte, for errors.

        Raises:
            Malformed: it is refused; the hint is the error code 302.
            Misuse: the alphabet has no such `low_line`.

        >>> DEFAULT.decode(b"na_i`ve \xe4 \xe2"), DEFAULT.decode(b"a_b", low_line="§")
        ('naìve ä ?', 'a§b')
        >>> DEFAULT.decode(b"a_b", strict=True)
        Traceback (most recent call last):
        ohnecimd.errors.Malformed: at byte 1: expected a combination, found b'_b'
        """
        if LOW_LINE in wire:
            slots = self._form.slots_in(wire)
            if slots is not None:
                return charmap_decode(slots, "strict", self._of_slots)[0]
        codes = self.codes_in(wire, strict=strict, low_line=low_line, position=position)
        if ESCAPE not in codes:
            return charmap_decode(codes, "strict", self._characters)[0]
        try:
            return self.text(codes, strict=strict)
        except Malformed as error:  # the escape is the last there is
            last = wire.rfind(LOW_LINE, -3)
            error.position = position + (len(wire) - 1 if last < 0 else last)
            raise

    def codes_in(
        self, wire: bytes, *, strict: bool = False, low_line: str = "_", position: int = 0
    ) -> bytes:
        r"""Return the codes in user data; see `decode`.

        Raises:
            Malformed: it is refused.

        >>> DEFAULT.codes_in(b"_XXe@")
        b'\x1be\x00'
        """
        return self._form.codes_in(
            wire,
            low_line=self._code_of(low_line),
            unknown=self._codes[UNKNOWN],
            strict=strict,
            position=position,
        )

    def encode(
        self,
        text: str,
        *,
        eight_bit: bool = False,
        substitutes: Mapping[str, str] | None = None,
        replacement: str | None = None,
    ) -> bytes:
        r"""Return user data that has a text.

        Args:
            text: any.
            eight_bit: write single bytes of ISO 8859-1 where there are; some peers lose them.
            substitutes: for characters that the alphabet lacks, such as `LOOKALIKES`.
            replacement: for those that have no substitute either; None: there may be none.

        Raises:
            FieldError: the alphabet lacks a character; names it, and its index.

        >>> DEFAULT.encode("für 5 €"), DEFAULT.encode("für 5 €", eight_bit=True)
        (b'f_u"r 5 _XXe', b'f\xfcr 5 _XXe')
        >>> DEFAULT.encode("für ж")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ohnecimd.errors.FieldError: in text > [4]: expected a character of the default ...
        """
        if text.isascii():
            wire = text.encode()
            if not wire.translate(None, self._plain):
                return wire
        if substitutes or replacement is not None:
            text = self.fitting(text, substitutes, replacement)
        units = self.units(text)
        if eight_bit:
            return self._form.wire_of_codes(codes_of(units), eight_bit=True)
        return self._form.wire_of_units(units)

    def wire(self, codes: bytes, *, eight_bit: bool = False) -> bytes:
        r"""Return user data that has codes.

        Args:
            codes: a byte for each.
            eight_bit: write single bytes of ISO 8859-1 where there are; some peers lose them.

        Raises:
            FieldError: there is a code that has no form.

        >>> DEFAULT.wire(b"\x1be\x00")
        b'_XXe_Oa'
        """
        return self._form.wire_of_codes(codes, eight_bit=eight_bit)

    # How it is done

    def _lacking(self, text: str) -> FieldError:
        index = self.missing_in(text)
        assert index is not None
        return FieldError(
            path=["text", f"[{index}]"],
            expected=f"a character of the {self.name}",
            found=text[index],
        )

    def _read_codes(self) -> dict[str, int]:
        codes: dict[str, int] = {}
        for row in self.characters:
            if not 0 <= row.code < 128 or row.code in codes.values():
                raise Misuse(f"{self.name}: no second row of code {row.code}, and none over 127")
            if (row.code == ESCAPE) != (row.character == ""):
                raise Misuse(f"{self.name}: code 27, and no other, is no character")
            if row.character in codes:
                raise Misuse(f"{self.name}: {row.character!r} has two codes")
            codes[row.character] = row.code
        for character in (UNKNOWN, " ", "_"):
            if character not in codes:
                raise Misuse(f"{self.name}: there is no {character!r}")
        return codes

    def _code_of(self, character: str) -> int:
        if not character or character not in self._codes:
            raise Misuse(f"{self.name}: {character!r} has no code")
        return self._codes[character]

    def _prepare(self) -> None:
        self._known = frozenset(self._codes.values())
        self._space = bytes([self._codes[" "]])
        basic = [NONE] * 128
        for character, code in self._codes.items():
            basic[code] = character or " "
        extended = [self.extension.get(code, basic[code]) for code in CODES]
        self._characters = "".join(basic + extended)
        self._of_slots = "".join(self._characters[unit] for unit in self._form.unit_of_slot)
        extension = [self.extension.get(code, NONE) for code in CODES]
        extension = [NONE if each in self._codes else each for each in extension]  # one is shorter
        self._to_units = codecs.charmap_build(
            "".join(["\0", *basic[1:ESCAPE], basic[0], *basic[ESCAPE + 1 :], *extension])
        )
        self._plain = bytes(
            code
            for code in CODES
            if self._form.is_sent_as(self._codes.get(chr(code), -1), bytes([code]))
        )


DEFAULT = Alphabet("default alphabet", sent={'"': b'"'})
"""The default alphabet."""
