r"""RIFF files that become RF64 or BW64 when they grow over 4 GiB.

::

    small    RIFF size       WAVE  JUNK  28 + 12 n  zeros                     ... data size
    grown    RF64 0xFFFFFFFF WAVE  ds64  28 + 12 m  sizes of all, data, m more ... data 0xFFFFFFFF

A ledger keeps, for one writer, the sizes that ds64 will have to hold. The chunk ``data`` has a
place of its own there; any other chunk of such a size needs one of the entries reserved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from ohnecimd.errors import FieldError
from ohnecimd.protocols.iff.dialects import DIALECTS, HEADER_BYTES, SIZE_UNKNOWN, TYPE_BYTES
from ohnecimd.protocols.iff.sizes import DATA, DS64, ENTRY, FIXED, by_id, sizes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Growth", "Ledger", "Patch", "ds64_data", "sizes_in"]

JUNK = b"JUNK"
DS64_OFFSET = HEADER_BYTES + TYPE_BYTES  # the first chunk in the top group
LARGEST_SIZE = SIZE_UNKNOWN - 1  # that a field of 32 bits can state
LARGEST_COUNT = 2**64 - 1
_RF64 = DIALECTS["rf64"]
_HEADER = _RF64.header


class Patch(NamedTuple):
    """Bytes to be written over what stands at `offset`, counted from the writer's first byte."""

    offset: int
    data: bytes


class Growth(msgspec.Struct, frozen=True):
    """What a RIFF file turns into where it grows over 4 GiB.

    Args:
        to: ``b"RF64"`` or ``b"BW64"``.
        table_entries: how many chunks besides ``data`` may be over the limit, each of another ID;
            12 bytes are reserved for each.
        limit: the largest size of a chunk, or of all, that does not make it turn.
    """

    to: bytes = b"RF64"
    table_entries: int = 0
    limit: int = LARGEST_SIZE

    def __post_init__(self) -> None:
        if self.to not in _RF64.top:
            raise FieldError(f"a RIFF file grows to RF64 or BW64, not to {self.to!r}")
        if self.table_entries < 0:
            raise FieldError(f"{self.table_entries} entries cannot be reserved")
        if not 0 <= self.limit <= LARGEST_SIZE:
            raise FieldError(f"the limit is 0 to {LARGEST_SIZE}, not {self.limit}")


class Sized(Protocol):
    """A chunk as the ledger sees it."""

    id: bytes
    start: int
    is_big: bool


class Ledger:
    """The sizes of one file that may not fit in 32 bits."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self._data: Sized | None = None
        self._data_size = 0
        self._big: dict[bytes, int] = {}  # all but data; 0 until the chunk ends
        size = FIXED.size + ENTRY.size * growth.table_entries
        self.reserve = _HEADER.pack(JUNK, size) + bytes(size)
        """The chunk that keeps the place for ds64."""

    def extend(self, chunks: Iterable[Sized], end: int) -> None:
        """Find the chunks that are too big if they reach to `end`, and mark them.

        Raises:
            FieldError: ds64 will have no entry for one of them; none is marked.
        """
        limit = self._growth.limit
        grown = [each for each in chunks if not each.is_big and end - each.start > limit]
        taken = {DATA, *self._big}  # a second chunk of an ID could not be told from the first
        for each in grown:
            if not self._is_data(each):
                if each.id in taken or len(taken) > self._growth.table_entries:
                    raise FieldError(
                        f"chunk {each.id!r} grows over {limit} bytes: ds64 has no entry for it",
                        hint="size-over-limit",
                    )
                taken.add(each.id)
        for each in grown:
            each.is_big = True
        self._big |= dict.fromkeys(taken - self._big.keys() - {DATA}, 0)

    def begin(self, chunk: Sized) -> None:
        """Note a chunk that begins: the first ``data`` is that of ds64."""
        if chunk.id == DATA and self._data is None:
            self._data = chunk

    def end(self, chunk: Sized, size: int) -> None:
        """Note the size of a chunk that ends."""
        if chunk is self._data:
            self._data_size = size
        elif chunk.is_big:
            self._big[chunk.id] = size

    def patches(self, riff_size: int, sample_count: int) -> list[Patch]:
        """Return what turns the file if it has grown; the ID of the whole comes last."""
        data = self._data
        if not (riff_size > self._growth.limit or self._big or (data and data.is_big)):
            return []
        ds64 = ds64_data(riff_size, self._data_size, sample_count, self._big)
        chunk = _HEADER.pack(DS64, len(ds64)) + ds64
        if left := len(self.reserve) - len(chunk):  # unused entries, 12 bytes each
            chunk += _HEADER.pack(JUNK, left - HEADER_BYTES)
        found = [Patch(DS64_OFFSET, chunk), Patch(0, _HEADER.pack(self._growth.to, SIZE_UNKNOWN))]
        if data is not None:
            found.insert(0, Patch(data.start - HEADER_BYTES, _HEADER.pack(DATA, SIZE_UNKNOWN)))
        return found

    def _is_data(self, chunk: Sized) -> bool:
        return chunk is self._data or (self._data is None and chunk.id == DATA)


def ds64_data(
    riff_size: int, data_size: int, sample_count: int, table: Mapping[bytes, int]
) -> bytes:
    """Return the data of the chunk ds64."""
    if not 0 <= sample_count <= LARGEST_COUNT:
        raise FieldError(f"ds64 cannot hold {sample_count} samples")
    fixed = FIXED.pack(riff_size, data_size, sample_count, len(table))
    return fixed + b"".join(ENTRY.pack(*row) for row in table.items())


def sizes_in(ds64: bytes) -> tuple[int, dict[bytes, int]]:
    """Return the size of the top group, and those of chunks by ID, from the data of ds64.

    Raises:
        FieldError: it is too short; its table runs past its end.
    """
    if len(ds64) < FIXED.size:
        raise FieldError(
            f"{len(ds64)} bytes, expected at least {FIXED.size}", path=["ds64"], hint="ds64-short"
        )
    count = FIXED.unpack_from(ds64)[-1]
    end = FIXED.size + count * ENTRY.size
    if end > len(ds64):
        raise FieldError(
            f"a table of {count} in {len(ds64)} bytes",
            path=["ds64"],
            hint="ds64-table-beyond-chunk",
        )
    sizes = sizes_of(DS64_OFFSET, ds64[:end])
    return sizes.riff_size, by_id(sizes)
