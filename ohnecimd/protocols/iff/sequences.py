"""The walk through PNG and its relatives: a signature, then chunks with checksums, no groups."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from ohnecimd.errors import Truncated
from ohnecimd.protocols.iff.dialects import HEADER_BYTES
from ohnecimd.protocols.iff.events import ChunkEnd, ChunkStart
from ohnecimd.protocols.iff.walking import CROWD, Walk
from ohnecimd.steps import WAIT

if TYPE_CHECKING:
    from ohnecimd.steps import Steps

__all__ = ["SequenceWalk"]

SIZE_BYTES = 4
CRC_BYTES = 4


class SequenceWalk(Walk):
    """A walk through a sequence of chunks; it ends with the chunk that the dialect names."""

    def run(self) -> Steps[None]:
        """Walk to the end of the input."""
        self.begin()
        if not (yield from self._signature()):
            yield from self.leave_rest()
            return
        chunk_id = b""
        while chunk_id != self.dialect.end:
            header = yield from self._header()
            if header is None or not (yield from self._chunk(*header)):
                yield from self.leave_rest()
                return
            chunk_id = header[1]
        if self.is_strict and not (yield from self.is_at_end()):
            self.report("trailing-garbage", self.stream.offset)
        yield from self.tell_rest()

    def _signature(self) -> Steps[bool]:
        """Take the signature; False if it is not what it should be."""
        expected = self.dialect.signature
        for size in range(1, len(expected) + 1):
            if not (yield from self.reaches(size)):
                kind = "truncated-signature" if size > 1 else "empty"
                self.report(kind, self.stream.offset, at_end=True)
                return False
            if self.stream.peek(size) != expected[:size]:
                self.report("bad-signature", self.stream.offset + size - 1)
                return False
        self.stream.read(len(expected))
        return True

    def _header(self) -> Steps[tuple[int, bytes] | None]:
        """Take size and ID; None if the input ends, or if they cannot be."""
        stream = self.stream
        offset = stream.offset
        layout = self.dialect.header
        try:
            while (header := stream.take_struct(layout)) is None:
                if self.is_strict:
                    self._is_good(stream.peek(HEADER_BYTES), offset)
                yield WAIT
        except Truncated:
            if len(stream):
                self.report("truncated-header", offset, at_end=True)
            else:
                self.report("no-end-chunk", offset, at_end=True)
            return None
        return header if self._is_good(layout.pack(*header), offset) else None

    def _is_good(self, head: bytes, offset: int) -> bool:
        """Tell whether a header, or what there is of it, can be one; report it if not."""
        size = int.from_bytes(head[:SIZE_BYTES], self.dialect.byteorder)
        if len(head) >= SIZE_BYTES and size > self.dialect.max_size:
            return not self.report("size-over-limit", offset, f"{size} bytes")
        letters = head[SIZE_BYTES:]
        for count in range(1, len(letters) + 1):
            if self.dialect.fault_of_id(letters[:count].ljust(SIZE_BYTES, b"A")):
                # A strict walk need not have seen the others.
                found = letters[:count] if self.is_strict else letters
                return not self.report("bad-id", offset + SIZE_BYTES, found.hex())
        return True

    def _chunk(self, size: int, chunk_id: bytes) -> Steps[bool]:
        """Walk through data and checksum; False if the input ends there."""
        stream = self.stream
        start = ChunkStart(chunk_id, stream.offset - HEADER_BYTES, size, size)
        self.tell(start)
        wants = self.options.wants
        is_wanted = wants is None or wants(start)
        self.crc = crc32(chunk_id)
        present = yield from self.pass_on(size, is_wanted=is_wanted)
        if present < size:
            note = f"needs {size} bytes, {present} there"
            self.report("truncated-data", start.offset, note, at_end=True)
            self.tell(ChunkEnd(chunk_id, start.offset, stream.offset, 0, present))
            return False
        if not (yield from self.reaches(CRC_BYTES)):
            self.report("truncated-crc", start.offset, at_end=True)
            stream.read()
            self.tell(ChunkEnd(chunk_id, start.offset, stream.offset, 0, present))
            return False
        crc = int.from_bytes(stream.read(CRC_BYTES), "big")
        is_right = crc == self.crc if is_wanted else None
        if is_right is False:
            self.report("crc-mismatch", stream.offset - CRC_BYTES)
        self.tell(ChunkEnd(chunk_id, start.offset, stream.offset, 0, present, crc, is_right))
        yield from self.has_room(CROWD)
        return True
