r"""What a reader tells of a file, in order.

::

    Begin  GroupStart  ChunkStart Data Data ... ChunkEnd  ChunkStart ... ChunkEnd  GroupEnd

Starts and ends are nested as in the file. `Problem` may stand anywhere, `Sizes64` behind the chunk
it was read from. A chunk with chunks inside it that is no group (ANMF) has its end behind theirs,
and the data of these is its own too: a `Data` event belongs to every chunk that is open.

>>> ChunkStart(b"COMM", 12, 18, 18, b"AIFF").data_offset
20
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ohnecimd.protocols.iff.dialects import HEADER_BYTES
from ohnecimd.protocols.iff.problems import Problem

__all__ = [
    "Begin",
    "ChunkEnd",
    "ChunkStart",
    "Data",
    "Event",
    "GroupEnd",
    "GroupStart",
    "Sizes64",
]


class Begin(msgspec.Struct, frozen=True, gc=False):
    """The input is of this dialect; the first event, but for problems of the first bytes."""

    dialect: str


class ChunkStart(msgspec.Struct, frozen=True, gc=False):
    """The header of a chunk.

    Args:
        id: 4 bytes.
        offset: of the first byte of the header.
        size: of the data, as stated; it may be a lie.
        length: of the data, as far as it can be told: not beyond the group around; the size from
            ds64; None if only the end of the input will tell.
        group: type of the group around it; none in a plain sequence.
        is_size_unknown: the size says that it was not known when it was written.
        size_from_ds64: the size, if it was to be taken from there.
        holds_chunks: there may be chunks inside, although this is no group.
    """

    id: bytes
    offset: int
    size: int
    length: int | None
    group: bytes = b""
    is_size_unknown: bool = False
    size_from_ds64: int | None = None
    holds_chunks: bool = False

    @property
    def data_offset(self) -> int:
        """Where the data begins."""
        return self.offset + HEADER_BYTES


class GroupStart(msgspec.Struct, frozen=True, gc=False):
    """The header and the type of a group; see `ChunkStart`.

    Args:
        type: 4 bytes; None if there are none.
    """

    id: bytes
    type: bytes | None
    offset: int
    size: int
    length: int | None
    group: bytes = b""
    is_size_unknown: bool = False
    size_from_ds64: int | None = None

    @property
    def data_offset(self) -> int:
        """Where the data begins: with the type."""
        return self.offset + HEADER_BYTES


class Data(msgspec.Struct, frozen=True, gc=False):
    """A piece of a chunk's data; where it is cut does not depend on how the input was."""

    offset: int
    data: bytes


class ChunkEnd(msgspec.Struct, frozen=True, gc=False):
    """The end of the innermost chunk that is open.

    Args:
        id: as at its start.
        offset: as at its start.
        end: after data, pad byte and checksum, as far as they are there.
        pad: 1 if there was a pad byte, else 0.
        present: how many bytes of data there were.
        crc: the checksum that followed; None if none did.
        is_crc_right: None if there was no checksum, or the data was skipped.
    """

    id: bytes
    offset: int
    end: int
    pad: int
    present: int
    crc: int | None = None
    is_crc_right: bool | None = None


class GroupEnd(msgspec.Struct, frozen=True, gc=False):
    """The end of the innermost group that is open; see `ChunkEnd`."""

    id: bytes
    offset: int
    end: int
    pad: int
    present: int


class Sizes64(msgspec.Struct, frozen=True, gc=False):
    """What ds64 holds: sizes for the chunks whose own field is too small for them.

    Args:
        offset: of the header of ds64.
        riff_size: of the top group.
        data_size: of the chunk ``data``.
        sample_count: often 0.
        table: IDs and sizes of other chunks.
    """

    offset: int
    riff_size: int
    data_size: int
    sample_count: int
    table: tuple[tuple[bytes, int], ...] = ()


Event: TypeAlias = Begin | GroupStart | ChunkStart | Data | ChunkEnd | GroupEnd | Sizes64 | Problem
