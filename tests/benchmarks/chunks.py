"""Chunks of a file, many small ones or few large ones, read or only listed."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, BinaryIO, cast

from .chunk_walkers import (
    CHUNK,
    HEADER,
    OLD_CHUNK,
    READER,
    SEEKING_READER,
    STANDARD_CHUNK,
    WALKERS,
    Data,
    Walker,
)
from .group import Reach
from .race import Race, Row, Turn, WrongResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .race import Seconds

__all__ = ["CHUNKS", "ChunkRow"]

MIB = 1 << 20
OFTEN = 1000  # chunks in a turn
TIE = 1.05  # where all that costs is the reading of the file, nobody can be ahead
Found = tuple[bytes, int, bytes | None]


class Pipe(io.FileIO):
    """A file that cannot seek, as a pipe, but that has to be filled by nobody."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation("seek")

    def tell(self) -> int:
        raise io.UnsupportedOperation("tell")


@dataclass(frozen=True)
class ChunkRow(Row[Walker]):
    """So many chunks; their sizes go from the smallest to the largest again and again."""

    chunks: int
    smallest: int
    largest: int
    data: Data
    can_seek: bool

    @property
    def name(self) -> str:  # type: ignore[override] # read only
        what = "4 to 40 bytes" if self.largest < MIB else "8 MiB"
        how = {Data.NONE: "listed", Data.WHOLE: "read", Data.IN_PIECES: "read in pieces"}[self.data]
        return f"chunks of {what}, {how}, {'file' if self.can_seek else 'stream'}"

    def expected(self, count: int) -> Iterator[Found]:
        """Give the chunks; each is different from the one before."""
        for i in range(count):
            size = self.smallest + i % (self.largest - self.smallest + 1)
            yield b"CHK%c" % (97 + i % 26), size, bytes([i % 251]) * size

    def open(self, count: int) -> BinaryIO:
        """Return the file, from its beginning."""
        path = _file_of(count, self.smallest, self.largest)
        if self.can_seek:
            return path.open("rb")
        return cast("BinaryIO", io.BufferedReader(Pipe(path)))

    def turn(self, candidate: Walker, divisor: int) -> Turn | None:
        if candidate.must_seek and not (self.can_seek and self.data is Data.NONE):
            return None
        count = max(1, self.chunks // divisor)
        self.check(candidate, count)
        # Where next to nothing is read of a file, it is walked through often.
        is_quick = self.can_seek and self.data is Data.NONE
        times = max(1, OFTEN // count) if is_quick else 1
        return Turn(
            count * times,
            lambda: sum(self.seconds(candidate, count) for _ in range(times)),
            lambda: self.seconds(candidate, count),
        )

    def seconds(self, candidate: Walker, count: int) -> float:
        """Return how long the walk takes, without opening the file."""
        with self.open(count) as file:
            start = perf_counter()
            candidate.walk(file, self.data, None)
            return perf_counter() - start

    def check(self, candidate: Walker, count: int) -> None:
        """Raise `WrongResult` unless the candidate finds what is there, and nothing else."""
        kept: list[Found] = []
        with self.open(count) as file:
            candidate.walk(file, self.data, lambda *found: kept.append(found))
        expected = [
            (name, size, None if self.data is Data.NONE else data)
            for name, size, data in self.expected(count)
        ]
        if kept != expected:
            raise WrongResult(
                f"{candidate.name} found {len(kept)} chunks in the row {self.name!r}, "
                f"expected {count}, or some of them are not right"
            )


@cache
def _file_of(count: int, smallest: int, largest: int) -> Path:
    """Write a file of so many chunks; it is gone when the process ends."""
    row = ChunkRow(count, smallest, largest, Data.WHOLE, can_seek=True)
    path = _directory() / f"{count}-{smallest}-{largest}.iff"
    with path.open("wb") as file:
        file.write(HEADER.pack(b"FORM", 0) + b"TEST")
        for name, size, data in row.expected(count):
            file.write(HEADER.pack(name, size) + data + bytes(size & 1))
        size = file.tell() - HEADER.size
        file.seek(4)
        file.write(size.to_bytes(4, "big"))
    return path


@cache
def _directory() -> Path:
    path = tempfile.mkdtemp(prefix="ohnecimd-benchmarks-")
    atexit.register(shutil.rmtree, path)
    return Path(path)


ROWS = tuple(
    ChunkRow(chunks, smallest, largest, data, can_seek)
    for chunks, smallest, largest, how in (
        (4096, 4, 40, Data.WHOLE),
        (8, 8 * MIB, 8 * MIB, Data.IN_PIECES),
    )
    for data in (how, Data.NONE)
    for can_seek in (True, False)
)


def _judge(results: Mapping[str, Seconds]) -> Iterator[Reach]:
    for row in ROWS:
        seconds = results.get(row.name)
        if seconds is None:
            continue
        best = min((name for name in OURS if name in seconds), key=seconds.__getitem__)
        for rival in (OLD_CHUNK, STANDARD_CHUNK):
            if rival in seconds:  # the first is in no Python after 3.12
                bound = TIE if row.data is Data.IN_PIECES else 1
                yield Reach(f"{row.name}: {best} / {rival}", seconds[best] / seconds[rival], bound)


OURS = (CHUNK, "Chunk.walk", READER, SEEKING_READER)
CHUNKS = Race("chunks", "chunk", OURS, WALKERS, ROWS, _judge, rounds_at_most=20)
