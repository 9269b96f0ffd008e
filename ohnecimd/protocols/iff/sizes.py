"""Sizes that a chunk's own field is too small for: what RF64 and BW64 have ds64 for.

::

    "ds64"  size  riffSize u64  dataSize u64  sampleCount u64  n u32  n times: ID, size u64
"""

from __future__ import annotations

from struct import Struct

from ohnecimd.protocols.iff.dialects import HEADER_BYTES
from ohnecimd.protocols.iff.events import Sizes64

__all__ = ["DATA", "DS64", "ENTRY", "FIXED", "TABLE_ENTRIES", "by_id", "sizes_of"]

DATA, DS64 = b"data", b"ds64"
FIXED = Struct("<QQQI")
ENTRY = Struct("<4sQ")
TABLE_ENTRIES = 65536
"""Entries of the table that are looked at; what a table costs does not grow beyond that."""
TABLE_LENGTH_OFFSET = HEADER_BYTES + FIXED.size - 4


def sizes_of(offset: int, data: bytes) -> Sizes64:
    r"""Return what the data of ds64 says.

    Args:
        offset: of its header.
        data: 28 bytes, and whole entries of the table.

    >>> sizes_of(12, FIXED.pack(100, 20, 5, 1) + ENTRY.pack(b"big1", 6))
    Sizes64(offset=12, riff_size=100, data_size=20, sample_count=5, table=((b'big1', 6),))
    """
    riff_size, data_size, sample_count, _ = FIXED.unpack_from(data)
    table = tuple(ENTRY.iter_unpack(data[FIXED.size :]))
    return Sizes64(offset, riff_size, data_size, sample_count, table)


def by_id(sizes: Sizes64) -> dict[bytes, int]:
    r"""Return the sizes of chunks by ID; of several for one ID, the first counts.

    >>> by_id(Sizes64(12, 100, 20, 5, ((b"big1", 6), (b"big1", 7), (b"data", 8))))
    {b'data': 20, b'big1': 6}
    """
    found = {DATA: sizes.data_size}
    for chunk_id, size in sizes.table:
        found.setdefault(chunk_id, size)
    return found
