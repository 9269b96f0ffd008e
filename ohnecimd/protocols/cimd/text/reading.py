r"""What a message says: from its data coding scheme, header and user data to text or octets.

::

    030 says            033                         034
    default alphabet    its wire form               septets, packed
    UCS-2               (strict: error 304)         UTF-16, the high octet first
    8-bit               (strict: error 304)         octets

Both 033 and 034 is error 303. A lenient reader takes what it gets: 033 is text whatever the scheme
says, and of two values the one that the scheme wants, or that is not empty.

>>> Reader().read(UserData(user_data=b"Hi _Oa 5 _XXe!"))
'Hi @ 5 €!'
>>> Reader().read(UserData(dcs=8, user_data_binary=bytes.fromhex("041F0440")))
'Пр'
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.errors import Malformed, RemoteProtocolError
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.text.alphabet import DEFAULT, Alphabet
from ohnecimd.protocols.cimd.text.headers import Header
from ohnecimd.protocols.cimd.text.schemes import Charset, Scheme, scheme_of
from ohnecimd.protocols.cimd.text.septets import fill_bits, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Reader", "UserData"]


class UserData(msgspec.Struct, frozen=True):
    """The parameters of a message that hold what it says.

    Args:
        dcs: data coding scheme (030); None: it is not there, as in all that follows.
        header: user data header (032), its octets.
        user_data: user data (033), as on the wire.
        user_data_binary: user data binary (034), its octets.
    """

    dcs: int | None = None
    header: bytes | None = None
    user_data: bytes | None = None
    user_data_binary: bytes | None = None


class Reader(msgspec.Struct, frozen=True):
    """Reads what messages say.

    Args:
        strict: refuse what breaks a rule; else read as much as can be.
        alphabet: the default alphabet.
        low_line: what a low line that begins no combination is, in a lenient reader.
        packed_from_bit_0: packed septets have no bits left free between header and text.
        keep_last_zero: see `unpack`.
    """

    strict: bool = False
    alphabet: Alphabet = DEFAULT
    low_line: str = "_"
    packed_from_bit_0: bool = False
    keep_last_zero: bool = False

    def read(self, data: UserData) -> str | bytes:
        """Return the text of a message, or its octets if it is 8-bit or compressed.

        Raises:
            Malformed: a strict reader refuses it; the hint is an error code.
        """
        return self.content_of(*self.raw(data))

    def read_all(self, parts: Iterable[UserData]) -> str | bytes:
        """Return what the parts of a message say together; also where pairs were cut in two.

        Parts that are text and parts that are octets make a text, with octets as ISO 8859-1.

        Raises:
            Malformed: a strict reader refuses it.

        >>> halves = ["d83d", "de00"]
        >>> Reader().read_all(UserData(8, None, None, bytes.fromhex(each)) for each in halves)
        '😀'
        """
        raws = [self.raw(part) for part in parts]
        contents = [
            self.content_of(charset, b"".join(octets for _, octets in found))
            for charset, found in groupby(raws, itemgetter(0))
        ]
        if all(isinstance(each, bytes) for each in contents) and contents:
            return b"".join(each for each in contents if isinstance(each, bytes))
        if self.strict and any(isinstance(each, bytes) for each in contents):
            raise Malformed("parts are text and octets", hint=ErrorCode.DATA_CODING)
        return "".join(
            each.decode("latin-1") if isinstance(each, bytes) else each for each in contents
        )

    def header_of(self, data: UserData) -> Header | None:
        """Return the header; None if there is none, or, to a lenient reader, none that is right.

        Raises:
            RemoteProtocolError: it is not right, and a strict reader refuses it.
        """
        if not data.header:
            return None
        try:
            return Header.decode(data.header)
        except RemoteProtocolError as error:
            if self.strict:
                error.hint = ErrorCode.USER_DATA_COMBINATION
                raise
            return None

    def raw(self, data: UserData) -> tuple[Charset, bytes]:
        """Return what the message is made of, and its codes, if of the default alphabet, or octets.

        Raises:
            Malformed: a strict reader refuses it.
        """
        scheme = self._scheme_of(data.dcs)
        charset = scheme.charset
        text, binary = data.user_data, data.user_data_binary
        if text is not None and binary is not None:
            if self.strict:
                raise Malformed(
                    "user data and user data binary in one message",
                    hint=ErrorCode.USER_DATA_COMBINATION,
                )
            if binary and (not text or charset is not Charset.DEFAULT):
                text = None
        if text is not None:
            if self.strict and charset is not Charset.DEFAULT:
                raise Malformed(
                    f"user data (033) with data coding scheme {data.dcs}",
                    hint=ErrorCode.DATA_CODING,
                )
            return Charset.DEFAULT, self.alphabet.codes_in(
                text, strict=self.strict, low_line=self.low_line
            )
        if scheme.is_compressed:
            return Charset.EIGHT_BIT, binary or b""
        if charset is Charset.DEFAULT:
            return charset, self._unpacked(binary or b"", data.header or b"")
        return charset, binary or b""

    def content_of(self, charset: Charset, octets: bytes) -> str | bytes:
        """Return the text or octets that `raw` gives, or those of several messages together.

        Raises:
            Malformed: a strict reader refuses it.
        """
        if charset is Charset.DEFAULT:
            return self.alphabet.text(octets, strict=self.strict)
        if charset is Charset.EIGHT_BIT:
            return octets
        try:
            return octets.decode("utf-16-be", "strict" if self.strict else "replace")
        except UnicodeDecodeError as error:
            raise Malformed(
                position=error.start,
                expected="a character in UTF-16",
                found=octets[error.start : error.end],
                hint=ErrorCode.USER_DATA,
            ) from None

    def _scheme_of(self, dcs: int | None) -> Scheme:
        if dcs is None or 0 <= dcs <= 255:
            return scheme_of(dcs)
        if self.strict:
            raise Malformed(expected="0..255", found=dcs, hint=ErrorCode.DATA_CODING)
        return scheme_of(0)

    def _unpacked(self, octets: bytes, header: bytes) -> bytes:
        fill = 0 if self.packed_from_bit_0 else fill_bits(len(header))
        return unpack(octets, fill=fill, keep_last_zero=self.keep_last_zero)
