r"""Packets of CIMD2: what stands between STX and ETX, and what stands between packets.

::

    <STX>ZZ:NNN<TAB>PPP:value<TAB>PPP:value<TAB>...CC<ETX>

    ZZ   operation, two digits       NNN  number of the packet, three digits
    PPP  number of a parameter       CC   checksum, two hexadecimal digits, or nothing

There is no length and no escaping, so a packet is whatever stands between STX and ETX. What comes
before an STX is ignored; after an STX that comes too early, reading goes on with that. Sections 1
and 2 of the facts.

>>> packet = packet_in(b"\x0240:001\t3A\x03")
>>> packet
Packet(operation=40, number=1, checksum=b'3A', checksum_ok=True)
>>> packet.encode()
b'\x0240:001\t3A\x03'

Strategy. A regular expression says whether a packet is well-formed, and takes it apart into header,
parameters and checksum; the parameters stay in one piece until somebody asks for them. Adler-32
holds the sum of bytes, and is quick.
"""

from __future__ import annotations

import enum
import re
import zlib
from typing import Any

import msgspec

from ohnecimd.domains import shown
from ohnecimd.errors import (
    ChecksumMismatch,
    FieldError,
    Malformed,
    RemoteProtocolError,
    TooLong,
    Truncated,
)
from ohnecimd.protocols.cimd.parameters import HIDDEN, PARAMETERS, RESERVED, Parameter

__all__ = [
    "LIMIT",
    "SECRETS",
    "Checksums",
    "Packet",
    "Problem",
    "checksum_of",
    "diagnosed",
    "fault_in",
    "fault_of",
    "header_of",
    "hidden_anywhere",
    "hidden_in",
    "match_packet",
    "packet_in",
]

LIMIT = 4096
"""Bytes of a packet, with STX and ETX, that are taken by default; no legal one has half of that."""

STX, ETX, TAB = b"\x02", b"\x03", b"\t"
OPERATIONS = {b"%02d" % each: each for each in range(100)}
NUMBERS = {b"%03d" % each: each for each in range(1000)}
HEXADECIMAL = b"0123456789ABCDEFabcdef"
SUMS = {
    text: (int(text, 16) + sum(text)) & 0xFF
    for text in [bytes([high, low]) for high in HEXADECIMAL for low in HEXADECIMAL]
}
"""The sum of a packet without ETX, by its checksum: that, and of the two digits themselves."""

HEADER_BYTES = 8  # from STX to the first TAB
QUOTED = 3  # so few bytes of a parameter, lest a password is among them


class _Heads(dict[bytes, tuple[int, int]]):
    """Operation and number of each header, as it has once been seen; there are not many."""

    def __missing__(self, head: bytes) -> tuple[int, int]:
        operation, number = OPERATIONS[head[:2]], NUMBERS[head[3:]]
        if len(self) < HEADS_KEPT:
            self[head] = operation, number
        return operation, number


HEADS_KEPT = 8192
HEADS = _Heads()
SUMMED_AT_ONCE = 256  # bytes whose sum Adler-32 does not yet reduce


def checksum_of(data: bytes) -> int:
    r"""Return the sum of bytes modulo 256.

    >>> f"{checksum_of(bytes.fromhex('0234303a30303109')):02X}"
    '3A'
    """
    if len(data) <= SUMMED_AT_ONCE:
        return zlib.adler32(data, 0) & 0xFF
    return sum(data) & 0xFF


class Packet(msgspec.Struct, frozen=True):
    r"""A well-formed packet; its checksum may be wrong.

    Attributes:
        operation: 0..99.
        number: 0..999; legal are those up to 255.
        body: the parameters as on the wire, each with its TAB.
        checksum: two digits as they were sent; None: there is none.
        checksum_ok: whether it is right; None where there is none, or nobody has looked.
        offset: of its STX in the input.

    >>> packet = Packet(3, 5, b"021:+358401234567\t033:Hi\t")
    >>> packet.get(33), packet.sealed().encode()
    (b'Hi', b'\x0203:005\t021:+358401234567\t033:Hi\t38\x03')
    """

    operation: int
    number: int
    body: bytes = b""
    checksum: bytes | None = None
    checksum_ok: bool | None = None
    offset: int = 0

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters in the order of the wire, with their repeats."""
        return tuple([Parameter(int(number), value) for number, value in self.pairs()])

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Return the parameters as three digits and value each."""
        pairs: list[tuple[bytes, bytes]] = _pairs_in(self.body)
        return pairs

    def get(self, number: int) -> bytes | None:
        """Return the first value of a parameter; None if there is none."""
        wanted = b"%03d" % number
        return next((value for each, value in self.pairs() if each == wanted), None)

    def encode(self) -> bytes:
        """Return the bytes of the packet, exactly as they came.

        Raises:
            FieldError: operation, number, parameters or checksum are none.
        """
        raw = b"\x02%02d:%03d\t%b%b\x03" % (
            self.operation,
            self.number,
            self.body,
            self.checksum or b"",
        )
        found = _match(raw[:-1])
        if found is None or found[2] != self.body:
            raise FieldError(
                "expected operation, number, parameters that end with TAB, and two hexadecimal "
                f"digits, found {self!r:.200}"
            )
        return raw

    def sealed(self) -> Packet:
        """Return the same packet with the right checksum."""
        head = b"\x02%02d:%03d\t%b" % (self.operation, self.number, self.body)
        checksum = b"%02X" % checksum_of(head)
        return Packet(self.operation, self.number, self.body, checksum, True, self.offset)  # noqa: FBT003 - it is

    def __repr__(self) -> str:
        inner = ", ".join([f"{name}={shown(value)}" for name, value in self.__rich_repr__()])
        return f"Packet({inner})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        parts: list[tuple[str, Any]] = [("operation", self.operation), ("number", self.number)]
        if self.body:
            parts.append(("body", hidden_in(self.body)))
        if self.checksum is not None:
            parts += [("checksum", self.checksum), ("checksum_ok", self.checksum_ok)]
        if self.offset:
            parts.append(("offset", self.offset))
        return parts


def hidden_in(body: bytes) -> bytes:
    r"""Return what may be shown of parameters: stars in place of passwords.

    >>> hidden_in(b"010:news\t011:s3cret\t")
    b'010:news\t011:***\t'
    """
    return _hide(rb"\1" + HIDDEN, body)


def hidden_anywhere(data: bytes) -> bytes:
    """Return what may be shown of bytes that are no packet: stars in place of what may be secret.

    >>> hidden_anywhere(b"oops 011:s3cret")
    b'oops 011:***'
    """
    return SECRETS.sub(HIDDEN, data)


class Problem(msgspec.Struct, frozen=True):
    """Something in the input that begins as a packet, and is none.

    Attributes:
        kind: ``malformed``, ``cut-off`` (another STX comes before its ETX), ``too-long``,
            ``truncated`` (the end of input comes).
        offset: of its STX.
        position: of what is wrong.
        fault: what that is, in words.
        data: its bytes, as far as they were kept.
        operation: if it can be read.
        number: likewise.
    """

    kind: str
    offset: int
    position: int
    fault: str
    data: bytes
    operation: int | None = None
    number: int | None = None

    @property
    def message(self) -> str:
        """The fault in words, with its place."""
        return str(self.error())

    def error(self) -> RemoteProtocolError:
        """Return it as an error that can be raised."""
        return ERRORS[self.kind](self.fault, position=self.position, path=["packet"])

    def __repr__(self) -> str:
        inner = ", ".join([f"{name}={shown(value)}" for name, value in self.__rich_repr__()])
        return f"Problem({inner})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind), ("offset", self.offset), ("message", self.message)]


MALFORMED, CUT_OFF, TOO_LONG, TRUNCATED = "malformed", "cut-off", "too-long", "truncated"
ERRORS: dict[str, type[RemoteProtocolError]] = {
    MALFORMED: Malformed,
    CUT_OFF: Malformed,
    TOO_LONG: TooLong,
    TRUNCATED: Truncated,
}


class Checksums(enum.StrEnum):
    """What is done about checksums of packets that come in."""

    ACCEPT = "accept"  # those that are there have to be right
    DEMAND = "demand"  # they have to be there, too
    IGNORE = "ignore"  # nobody looks


MISMATCH = "checksum-mismatch"
MISSING = "checksum-missing"


def fault_of(packet: Packet, checksums: Checksums = Checksums.ACCEPT) -> str | None:
    """Return what is wrong with the checksum: its name, or None."""
    if checksums is Checksums.IGNORE or packet.checksum_ok:
        return None
    if packet.checksum is None:
        return MISSING if checksums is Checksums.DEMAND else None
    return MISMATCH


def fault_in(packet: Packet, checksums: Checksums = Checksums.ACCEPT) -> RemoteProtocolError | None:
    """Return what is wrong with the checksum, as an error; None if nothing is."""
    fault = fault_of(packet, checksums)
    if fault is None:
        return None
    position = packet.offset + HEADER_BYTES + len(packet.body)
    if fault == MISSING:
        return Malformed("expected a checksum, found none", position=position, path=["packet"])
    expected = f"the checksum {packet.sealed().checksum!r}"
    return ChecksumMismatch(
        f"expected {expected}, found {packet.checksum!r}",
        position=position,
        path=["packet"],
        expected=expected,
        found=packet.checksum,
    )


# Well-formed, or why not

_HEAD = rb"(\d\d):(\d\d\d)\t"
_PARAMETER = rb"\d\d\d:[^\x00\x02\x03\t]*+\t"
_match = re.compile(
    rb"\x02(\d\d:\d\d\d)\t((?:" + _PARAMETER + rb")*+)([0-9A-Fa-f]{2})?+", re.DOTALL
).fullmatch
_pairs_in = re.compile(rb"(...):([^\t]*+)\t", re.DOTALL).findall
_SECRET = b"|".join([b"%03d" % number for number, it in PARAMETERS.items() if it.is_secret])
_hide = re.compile(rb"(?:^|(?<=\t))((?:" + _SECRET + rb"):)[^\t]*").sub
SECRETS = re.compile(rb"(?:(?<=" + _SECRET.replace(b"|", b":)|(?<=") + rb":))[^\t\x02\x03]+")
"""What may be a password, wherever it stands."""
_find_secret = re.compile(rb"[\x02\t](?:" + _SECRET + rb")").search
_adler32 = zlib.adler32


def packet_in(data: bytes, offset: int = 0) -> Packet:
    r"""Return the packet that all of `data` is.

    Args:
        data: its bytes, from STX to ETX.
        offset: of the first of them.

    Raises:
        Malformed: it is none.
    """
    packet = match_packet(data[:-1], offset) if data.endswith(ETX) else None
    if packet is None:
        raise diagnosed(data, offset).error()
    return packet


def match_packet(data: bytes, offset: int) -> Packet | None:
    """Return a packet; None if it is none.

    Args:
        data: all of it but the ETX.
        offset: of the first byte.
    """
    found = _match(data)
    if found is None:
        return None
    head, body, checksum = found.groups()
    if checksum is None:
        is_right = None
    elif len(data) <= SUMMED_AT_ONCE:
        is_right = _adler32(data, 0) & 0xFF == SUMS[checksum]
    else:
        is_right = sum(data) & 0xFF == SUMS[checksum]
    operation, number = HEADS[head]
    return Packet(operation, number, body, checksum, is_right, offset)


_HEADER = re.compile(rb"\x02" + _HEAD)
_HEADER_PARTS = (
    (1, 3, re.compile(rb"[0-9]{2}"), "an operation of two digits"),
    (3, 4, re.compile(rb":"), "':'"),
    (4, 7, re.compile(rb"[0-9]{3}"), "a number of three digits"),
    (7, 8, re.compile(rb"\t"), "TAB"),
)
_PARAMETER_HEAD = re.compile(rb"[0-9]{3}:")
_RESERVED = re.compile(rb"[\x00\x02\x03]")
_CHECKSUM = re.compile(rb"[0-9A-Fa-f]{2}|")
_TRAILER = re.compile(rb"(?:[0-9A-Fa-f]{2})?\x03")


def diagnosed(data: bytes, offset: int) -> Problem:
    """Return what is wrong with what stands between STX and ETX."""
    header = _HEADER.match(data)
    at, expected = _misplaced(data, header)
    found = _quoted(data, at)
    return Problem(
        MALFORMED,
        offset,
        offset + at,
        f"expected {expected}, found {found!r}",
        data,
        *header_of(data),
    )


def _quoted(data: bytes, at: int) -> bytes:
    """Return what stands at a place, to be shown: nothing that may be of a password."""
    secret = _find_secret(data, 0, at + QUOTED)
    if secret is None or not data[at:]:
        return data[at : at + QUOTED] or b"the end"
    return data[at : secret.start()] or (data[at : at + 1] if data[at] in RESERVED else HIDDEN)


def header_of(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """Return operation and number of what may be a packet; None, None if they cannot be read."""
    header = _HEADER.match(data)
    return (None, None) if header is None else (OPERATIONS[header[1]], NUMBERS[header[2]])


def _misplaced(data: bytes, header: re.Match[bytes] | None) -> tuple[int, str]:
    """Return where something stands that cannot stand there, and what could."""
    if header is None:
        if not data.startswith(STX):
            return 0, "STX"
        return next(
            (start, words)
            for start, stop, pattern, words in _HEADER_PARTS
            if pattern.fullmatch(data[start:stop]) is None
        )
    at = header.end()
    while (stop := data.find(TAB, at)) >= 0 and _TRAILER.match(data, at) is None:
        if _PARAMETER_HEAD.match(data, at) is None:
            return at, "a parameter of three digits and ':'"
        if reserved := _RESERVED.search(data, at, stop):
            return reserved.start(), "no reserved byte in a value"
        at = stop + 1
    end = data.find(ETX, at)
    if end < 0:
        return len(data), "ETX"
    if end + 1 < len(data):
        return end + 1, "nothing after ETX"
    if _CHECKSUM.fullmatch(data, at, end) is None and _PARAMETER_HEAD.match(data, at):
        return end, "TAB after the last parameter"
    return at, "a checksum of two hexadecimal digits, or none"
