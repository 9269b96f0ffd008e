"""The peak of memory for a WAVE file that passes through, short or long."""

# ruff: noqa: FBT001 - what a way through the file gets has no names

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any

from ohnecimd.protocols.iff.chunk import Chunk
from ohnecimd.protocols.iff.events import ChunkEnd, Data
from ohnecimd.protocols.iff.reader import decode

from .chunk_walkers import GROUP_BYTES
from .group import Group, Reach, ratio_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .group import Effort

__all__ = ["MEMORY", "MemoryRow", "Zeros"]

SIZES = {"20 MB": 20_000_000, "200 MB": 200_000_000, "2 GB": 2_000_000_000}
PIECE_BYTES = 1 << 18
HEADER = Struct("<4sL")
CONSTANT = 2  # times the peak for a hundred times the bytes: a header that is cut costs a piece
Counts = tuple[int, int]  # chunks, and bytes of data
Peaks = dict[str, int]  # in bytes, for each of `SIZES`


class Zeros:
    """A file of about so many bytes that is made while it is read: RIFF, WAVE, chunks of zeros.

    It can only be read, as a pipe can.
    """

    def __init__(self, nbytes: int, chunk_bytes: int) -> None:
        self.chunk_bytes = min(chunk_bytes, nbytes)
        self.chunks = nbytes // self.chunk_bytes
        self._parts = self._make()
        self._rest = b""
        self._zeros = 0  # that come after the rest

    def _make(self) -> Iterator[tuple[bytes, int]]:
        """Give some bytes, and how many zeros follow them; again and again."""
        header = HEADER.pack(b"data", self.chunk_bytes)
        size = 4 + self.chunks * (HEADER.size + self.chunk_bytes)
        yield HEADER.pack(b"RIFF", size) + b"WAVE", 0
        for _ in range(self.chunks):
            yield header, self.chunk_bytes

    def read(self, nbytes: int) -> bytes:
        """Return so many bytes, fewer at the end."""
        parts = []
        left = nbytes
        while left:
            if self._rest:
                part, self._rest = self._rest[:left], self._rest[left:]
            elif self._zeros:
                part = bytes(min(left, self._zeros))
                self._zeros -= len(part)
            else:
                self._rest, self._zeros = next(self._parts, (b"", 0))
                if not self._rest:
                    break
                continue
            left -= len(part)
            parts.append(part)
        return b"".join(parts)


def _read_by_reader(file: Zeros, wants_data: bool) -> Counts:
    connection = decode(wanted=wants_data)
    chunks = nbytes = 0
    while True:
        data = file.read(PIECE_BYTES)
        if data:
            connection.send(data)
        else:
            connection.send_eof()
        for event in connection.events():
            if isinstance(event, Data):
                nbytes += len(event.data)
            chunks += isinstance(event, ChunkEnd)
        if not data:
            return chunks, nbytes


def _read_by_chunk(file: Zeros, wants_data: bool) -> Counts:
    file.read(GROUP_BYTES)
    chunks = nbytes = 0
    for chunk in Chunk.walk(file, bigendian=False):
        chunks += 1
        while wants_data and (data := chunk.read(PIECE_BYTES)):
            nbytes += len(data)
    return chunks, nbytes


@dataclass(frozen=True)
class MemoryRow:
    """One way through a file of large or small chunks."""

    name: str
    read: Callable[[Zeros, bool], Counts]
    wants_data: bool
    chunk_bytes: int

    def peak(self, nbytes: int) -> int:
        """Return how many bytes are held at most while so many pass."""
        file = Zeros(nbytes, self.chunk_bytes)
        expected = file.chunks, file.chunks * file.chunk_bytes if self.wants_data else 0
        gc.collect()
        tracemalloc.start()
        try:
            found = self.read(file, self.wants_data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found == expected, f"{self.name}: found {found}, expected {expected}"
        return peak


ROWS = tuple(
    MemoryRow(
        f"{name}, {chunks}, {'data read' if wants_data else 'listed'}", read, wants_data, size
    )
    for name, read in (("reader", _read_by_reader), ("Chunk", _read_by_chunk))
    for chunks, size in (("one chunk", 1 << 62), ("chunks of 64 KiB", 1 << 16))
    for wants_data in (True, False)
)


class _Memory(Group[Peaks]):
    name = "memory"

    @property
    def row_names(self) -> list[str]:
        return [row.name for row in ROWS]

    def row_of(self, name: str) -> MemoryRow:
        """Return the row of that name."""
        return next(row for row in ROWS if row.name == name)

    def measure(self, row_name: str, effort: Effort) -> Peaks:
        row = self.row_of(row_name)
        return {size: row.peak(nbytes // effort.divisor) for size, nbytes in SIZES.items()}

    def cells(self, results: Mapping[str, Peaks]) -> list[list[str]]:
        cells = [["peak of memory in KiB, for a stream of", *SIZES]]
        for name, peaks in results.items():
            cells.append([name, *(f"{peaks[size] / 1024:,.0f}" for size in SIZES)])
        return cells

    def as_json(self, results: Mapping[str, Peaks]) -> list[dict[str, Any]]:
        return [{"row": name, "peak_bytes": peaks} for name, peaks in results.items()]

    def reaches(self, results: Mapping[str, Peaks]) -> list[Reach]:
        longest, shortest = max(SIZES, key=SIZES.__getitem__), min(SIZES, key=SIZES.__getitem__)
        return [
            Reach(
                f"{name}: peak for {longest} / {shortest}",
                ratio_of(peaks, longest, shortest),
                CONSTANT,
            )
            for name, peaks in results.items()
        ]


MEMORY = _Memory()
