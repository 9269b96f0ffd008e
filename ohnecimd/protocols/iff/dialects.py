r"""The dialects of the family: what each lays down for headers, IDs, groups and sizes.

A `Dialect` is a row of the table `DIALECTS`, and the only place where these facts are written
down; readers and writers look there. `detect` tells the dialect by the first bytes.

>>> detect(b"FORM").name, detect(b"RIFF").name, detect(b"\x89PNG").name
('iff', 'riff', 'png')
>>> detect(b"RIFF").refined(b"WEBP").name
'webp'
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ohnecimd.stream import ByteOrder

__all__ = ["DIALECTS", "HEADER_BYTES", "SIZE_UNKNOWN", "Dialect", "detect", "dialect_of"]

HEADER_BYTES = 8
TYPE_BYTES = 4
SIZE_UNKNOWN = 0xFFFFFFFF
"""The size of a chunk that was written before its size was known, where the dialect can."""
BLANK = b"    "

_LAYOUTS = {
    ("big", False): Struct(">4sI"),
    ("little", False): Struct("<4sI"),
    ("big", True): Struct(">I4s"),
}
_PRINTABLE = re.compile(rb"[\x20-\x7e]{4}")
_LETTERS = re.compile(rb"[A-Za-z]{4}")
_FORM_TYPE = re.compile(rb"[A-Z0-9]+ *")
_RESERVED = frozenset(
    [b"FORM", b"LIST", b"PROP", b"CAT ", BLANK]
    + [b"%s%d" % (stem, digit) for stem in (b"FOR", b"LIS", b"CAT") for digit in range(1, 10)]
)


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """What one dialect lays down.

    Args:
        name: as in JSON and on the command line.
        byteorder: of sizes, and of the numbers in chunks.
        alignment: 2 if a 0 byte follows odd data, 1 if nothing does.
        top: IDs of the group that the whole is; none if it is a plain sequence of chunks.
        groups: IDs of groups inside; what they hold begins with a type.
        types: of the top group; none: any.
        further_types: of more top groups that may follow the first.
        max_size: the largest that a chunk may have.
        max_top_size: the largest that the top group may have.
        unknown: IDs of chunks that may have the size `SIZE_UNKNOWN`; if there are any, the top
            group may too.
        unknown_types: of groups inside that may.
        has_ds64: that size, and others, may stand in a chunk of their own.
        inner: chunks with chunks inside them that are no groups; how many bytes stand before these.
        filler: IDs of chunks to be stepped over.
        reserved: IDs that no chunk may have, and no form type.
        signature: the bytes before the first chunk.
        end: ID of the last chunk, in a plain sequence.
        id_pattern: all bytes that an ID may have.
    """

    name: str
    byteorder: ByteOrder
    alignment: int = 2
    top: frozenset[bytes] = frozenset()
    groups: frozenset[bytes] = frozenset()
    types: frozenset[bytes] = frozenset()
    further_types: frozenset[bytes] = frozenset()
    max_size: int = 2**32 - 1
    max_top_size: int = 2**32 - 1
    unknown: frozenset[bytes] = frozenset()
    unknown_types: frozenset[bytes] = frozenset()
    has_ds64: bool = False
    inner: Mapping[bytes, int] = {}
    filler: frozenset[bytes] = frozenset()
    reserved: frozenset[bytes] = frozenset()
    signature: bytes = b""
    end: bytes = b""
    id_pattern: re.Pattern[bytes] = _PRINTABLE

    @property
    def header(self) -> Struct:
        """The layout of a header: ID and size, or size and ID where there is a signature."""
        return _LAYOUTS[self.byteorder, bool(self.signature)]

    @property
    def is_grouped(self) -> bool:
        """Whether the whole is a group, and not a plain sequence of chunks with checksums."""
        return bool(self.top)

    def fault_of_id(self, chunk_id: bytes) -> str | None:
        """Name the problem that an ID has, as a chunk's; None if it has none.

        >>> DIALECTS["iff"].fault_of_id(b" AAA"), DIALECTS["iff"].fault_of_id(b"FOR1")
        ('id-leading-space', 'reserved-id')
        """
        if not self.id_pattern.fullmatch(chunk_id):
            return "bad-id"
        if chunk_id in self.reserved and chunk_id not in self.groups and chunk_id != BLANK:
            return "reserved-id"
        if chunk_id != BLANK and b" " in chunk_id.rstrip(b" "):
            return "id-leading-space"
        return None

    def fault_of_type(self, group_id: bytes, group_type: bytes) -> str | None:
        """Name the problem that the type of a group has; None if it has none.

        >>> DIALECTS["iff"].fault_of_type(b"FORM", b"test")
        'bad-type'
        """
        if not self.reserved:
            is_good = bool(self.id_pattern.fullmatch(group_type))
        elif group_id in FORMS:
            is_good = bool(_FORM_TYPE.fullmatch(group_type)) and group_type not in self.reserved
        else:  # of LIST and CAT the type is a hint, blank if they are mixed
            is_good = group_type == BLANK or bool(_FORM_TYPE.fullmatch(group_type))
        return None if is_good else "bad-type"

    def refined(self, group_type: bytes) -> Dialect:
        """Return the dialect of a top group with this type: itself, or one made for the type."""
        for each in DIALECTS.values():
            if group_type in each.types and each.top == self.top:
                return each
        return self


FORMS = frozenset([b"FORM", b"PROP"])
"""Groups whose type says what the chunks in them mean."""

_FILLER = frozenset([b"JUNK", b"PAD ", b"FLLR"])
_RIFF = frozenset([b"RIFF"])
_LIST = frozenset([b"LIST"])
_DATA = frozenset([b"data"])
_MOVI = frozenset([b"movi"])
_PNG_LINES = b"NG\r\n\x1a\n"  # after the first two bytes: they tell what copying has changed
_PNG_MAX = 2**31 - 1

_ROWS = (
    Dialect(
        name="iff",
        byteorder="big",
        top=frozenset([b"FORM", b"LIST", b"CAT "]),
        groups=frozenset([b"FORM", b"LIST", b"CAT ", b"PROP"]),
        max_size=2**31 - 1,
        max_top_size=2**31 - 1,
        filler=frozenset([BLANK]),
        reserved=_RESERVED,
    ),
    Dialect(
        name="riff",
        byteorder="little",
        top=_RIFF,
        groups=_LIST,
        unknown=_DATA,
        unknown_types=_MOVI,
        filler=_FILLER,
    ),
    Dialect(
        name="rifx",
        byteorder="big",
        top=frozenset([b"RIFX"]),
        groups=_LIST,
        unknown=_DATA,
        unknown_types=_MOVI,
        filler=_FILLER,
    ),
    Dialect(
        name="rf64",
        byteorder="little",
        top=frozenset([b"RF64", b"BW64"]),
        groups=_LIST,
        max_size=2**64 - 1,
        max_top_size=2**64 - 1,
        unknown=_DATA,
        unknown_types=_MOVI,
        has_ds64=True,
        filler=_FILLER,
    ),
    Dialect(
        name="webp",
        byteorder="little",
        top=_RIFF,
        groups=_LIST,
        types=frozenset([b"WEBP"]),
        max_top_size=2**32 - 10,
        unknown=_DATA,
        unknown_types=_MOVI,
        inner={b"ANMF": 16},
        filler=_FILLER,
    ),
    Dialect(
        name="avi",
        byteorder="little",
        top=_RIFF,
        groups=_LIST,
        types=frozenset([b"AVI "]),
        further_types=frozenset([b"AVIX"]),
        unknown=_DATA,
        unknown_types=_MOVI,
        filler=_FILLER,
    ),
    *(
        Dialect(
            name=name,
            byteorder="big",
            alignment=1,
            max_size=_PNG_MAX,
            max_top_size=_PNG_MAX,
            signature=first + _PNG_LINES,
            end=end,
            id_pattern=_LETTERS,
        )
        for name, first, end in (
            ("png", b"\x89P", b"IEND"),
            ("mng", b"\x8aM", b"MEND"),
            ("jng", b"\x8bJ", b"IEND"),
        )
    ),
)

DIALECTS: dict[str, Dialect] = {row.name: row for row in _ROWS}
"""All dialects by name."""

MAGIC_BYTES = 4
SEVEN_BIT_PNG = b"\x09"  # what is left of the first byte of PNG's signature; no text begins so


def dialect_of(name: str | Dialect) -> Dialect:
    """Return the dialect of that name.

    Raises:
        ValueError: there is none; the message names those that there are.
    """
    if isinstance(name, Dialect):
        return name
    if name not in DIALECTS:
        raise ValueError(f"no dialect {name!r}; there are {', '.join(DIALECTS)}")
    return DIALECTS[name]


def detect(head: bytes) -> Dialect:
    """Tell the dialect by the first bytes of the input; guess it if they are damaged or too few.

    The top group of RIFF has to be looked at again when its type is known: `Dialect.refined`.

    Args:
        head: the first 4 bytes, or what there is of them; one is enough if `settles`.
    """
    head = head[:MAGIC_BYTES]
    for each in DIALECTS.values():
        if _begins(each, head):
            return each
    for each in DIALECTS.values():
        first = each.signature[:1]
        if first and (head[:1] == first or head[1:] == each.signature[1:MAGIC_BYTES]):
            return each
    if head[:1] == SEVEN_BIT_PNG:
        return DIALECTS["png"]
    for each in DIALECTS.values():
        if _begins(each, head.upper()):
            return each
    return DIALECTS["iff"]


def settles(head: bytes) -> bool:
    """Tell whether `detect` needs no more than this.

    A signature is known, or known to be damaged, by its first byte.
    """
    return len(head) >= MAGIC_BYTES or (bool(head) and bool(detect(head[:1]).signature))


def _begins(dialect: Dialect, head: bytes) -> bool:
    """Tell whether `head`, cut short perhaps, is how this dialect begins."""
    return any(each.startswith(head) for each in dialect.top or [dialect.signature])
