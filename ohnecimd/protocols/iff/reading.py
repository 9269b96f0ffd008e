r"""Steps for parsers of one's own: the next chunk, its data, what is inside it.

Where the events of `decode` are too many, write down what the file holds, in straight lines:

>>> from struct import unpack
>>> from ohnecimd import expect, parse
>>> wave = ChunkReader("riff")
>>> def sampling_rate():
...     def inside():
...         yield from expect(b"WAVE")
...         rate = None
...         while (chunk := (yield from wave.next())) is not None:
...             if chunk.id == b"fmt ":
...                 _, _, rate = unpack("<HHI", (yield from wave.read(chunk))[:8])
...             else:
...                 yield from wave.skip(chunk)
...         return rate
...     return (yield from wave.inside((yield from wave.next()), inside))
>>> parse(sampling_rate, b"RIFF\x14\0\0\0WAVE" b"fmt \x08\0\0\0\1\0\1\0@\x1f\0\0")
8000
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

from ohnecimd.combinators import bounded
from ohnecimd.errors import TooLong
from ohnecimd.primitives import at_eof, get_input, read, read_exactly, read_struct, read_uint, skip
from ohnecimd.protocols.iff.dialects import HEADER_BYTES, Dialect, dialect_of
from ohnecimd.protocols.iff.events import ChunkStart
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.stream import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.steps import Runs, Steps

__all__ = ["ChunkReader"]

T = TypeVar("T")
CRC_BYTES = 4


class ChunkReader:
    """Reads chunks of one dialect one by one, groups among them as chunks; it is strict.

    What it raises has the name of the problem as its `hint`, but for the end of the input:
    `Truncated` then comes from where that was met.

    Args:
        dialect: one of `DIALECTS`, or its name. Its signature, if it has one, is not read.
    """

    def __init__(self, dialect: Dialect | str) -> None:
        self.dialect = dialect_of(dialect)

    def next(self) -> Steps[ChunkStart | None]:
        """Read a header; None at the end of the input, or of what is around.

        Before the next one, use `read`, `skip` or `inside`.

        Raises:
            Malformed: the ID cannot be one.
            TooLong: nor can the size.
        """
        if (yield from at_eof()):
            return None
        stream = yield from get_input()
        offset = stream.offset
        first, second = yield from read_struct(self.dialect.header)
        chunk_id, size = (first, second) if self.dialect.is_grouped else (second, first)
        fault = self.dialect.fault_of_id(chunk_id)
        if fault is not None:
            raise Problem(fault, offset, chunk_id.hex()).error()
        if size > self.dialect.max_size:
            kind = "size-negative" if self.dialect.is_grouped else "size-over-limit"
            raise Problem(kind, offset, f"{size} bytes").error()
        return ChunkStart(chunk_id, offset, size, size)

    def read(self, chunk: ChunkStart, limit: int = LIMIT) -> Steps[bytes]:
        """Read the data of a chunk, and what follows it.

        Raises:
            TooLong: it is more than `limit` bytes.
            ChecksumMismatch: what follows is a checksum, and it does not agree.
            Malformed: what follows is a pad byte that is not 0.
        """
        if chunk.size > limit:
            message = f"{chunk.size} bytes of data, expected at most {limit}"
            raise TooLong(message, position=chunk.offset)
        data = yield from read_exactly(chunk.size)
        if self.dialect.is_grouped:
            yield from self._pad(chunk)
        elif (yield from read_uint(CRC_BYTES)) != crc32(data, crc32(chunk.id)):
            raise Problem("crc-mismatch", chunk.data_offset + chunk.size).error()
        return data

    def skip(self, chunk: ChunkStart) -> Steps[None]:
        """Step over the data of a chunk, and what follows it, without a look."""
        yield from skip(chunk.size if self.dialect.is_grouped else chunk.size + CRC_BYTES)
        yield from self._pad(chunk)

    def inside(self, chunk: ChunkStart | None, parser: Callable[[], Runs[T]]) -> Steps[T]:
        """Let a parser read the data of a chunk, as if that were all there is.

        Raises:
            Malformed: it leaves something over.
            Truncated: it wants more, or there is no chunk.
        """
        if chunk is None:
            end = (yield from get_input()).offset
            raise Problem("truncated-header", end).error(end)
        found = yield from bounded(parser, chunk.size)
        if self.dialect.is_grouped:
            yield from self._pad(chunk)
        else:
            yield from skip(CRC_BYTES)
        return found

    def _pad(self, chunk: ChunkStart) -> Steps[None]:
        """Take the pad byte of a chunk; at the end of what is around, it may be left out."""
        if chunk.size % self.dialect.alignment and not (yield from at_eof()):
            pad = yield from read(1)
            if pad != b"\0":
                place = chunk.offset + HEADER_BYTES + chunk.size
                raise Problem("nonzero-pad", place, pad.hex()).error()
