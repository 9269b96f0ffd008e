"""What is wrong with a chunk by its ID, its size and its place among the groups around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.protocols.iff.dialects import HEADER_BYTES, SIZE_UNKNOWN
from ohnecimd.protocols.iff.levels import Claim, Level
from ohnecimd.protocols.iff.placing import LIST
from ohnecimd.protocols.iff.sizes import (
    DS64,
    ENTRY,
    FIXED,
    TABLE_ENTRIES,
    TABLE_LENGTH_OFFSET,
    by_id,
    sizes_of,
)
from ohnecimd.protocols.iff.walking import ENDLESS, Options, Output, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import Sizes64
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["LevelWalk"]

TWO_TO_32 = 1 << 32


class LevelWalk(Walk):
    """A walk that knows the groups it is in, and holds every chunk against them."""

    def __init__(
        self, stream: InputStream, output: Output, dialect: Dialect, options: Options
    ) -> None:
        super().__init__(stream, output, dialect, options)
        self._levels = [Level(None, Claim(ENDLESS))]
        self._sizes: dict[bytes, int] = {}  # from ds64
        self._pad_byte = b""  # the last one
        self._pad_at = -1  # there is a problem with a pad byte here, and it is told

    def _faults_of(self, level: Level, chunk_id: bytes) -> Iterator[tuple[str, str]]:
        """Give kinds and notes of the problems that a chunk has by its ID."""
        if level.needs_ds64 and chunk_id != DS64:
            yield "ds64-missing", chunk_id.hex()
        dialect = self.dialect
        fault = dialect.fault_of_id(chunk_id)
        if fault is not None:
            yield fault, chunk_id.hex() if fault == "bad-id" else ""
        if fault != "reserved-id":  # such a chunk is taken for a group that nobody knows yet
            fault = level.fault_of_member(chunk_id, dialect)
            if fault is not None:
                yield fault, ""

    def _judge(self, level: Level, chunk_id: bytes, offset: int) -> bool | None:
        """Report the problems of an ID; True if it has none, None if one of them is fatal."""
        if level.start is None:
            return True  # it has been looked at
        is_sound = True
        for kind, note in self._faults_of(level, chunk_id):
            is_sound = False
            if self.report(kind, offset, note):
                return None
        return is_sound

    def _claim(self, level: Level, chunk_id: bytes, offset: int, size: int) -> Claim:
        """Tell what is to be made of a size; report what is wrong with it."""
        claim = Claim(size)
        dialect = self.dialect
        if size == SIZE_UNKNOWN and dialect.unknown:
            claim.from_ds64 = self._sizes.get(chunk_id)
            if claim.from_ds64 is not None:
                claim.length = claim.from_ds64
            elif level.start is None or chunk_id in dialect.unknown:
                claim.is_unknown = True
            elif chunk_id == LIST:
                return claim  # its type will tell
        if size > dialect.max_size:
            self.report("size-negative", offset, str(size - TWO_TO_32))
        self._cut(claim, level, offset)
        return claim

    def _cut(self, claim: Claim, level: Level, offset: int) -> None:
        """Let nothing reach beyond what is around it."""
        room = level.end - offset - HEADER_BYTES
        if claim.is_unknown:
            claim.length = room
        elif claim.length > room:
            self.report("child-beyond-parent", offset, f"needs {claim.length} bytes, {room} there")
            claim.length = room
            claim.is_cut = True

    def _pad(self, level: Level, claim: Claim) -> Steps[int | None]:
        """Take the pad byte of a chunk in this level; 0 if there is none, None at the end."""
        if not claim.is_odd or self.dialect.alignment == 1:
            return 0
        stream = self.stream
        offset = stream.offset
        if offset >= level.end:
            return (yield from self._pad_outside(offset))
        if (yield from self.is_at_end()):
            self._report_truncated()
            self._report_pad("missing-pad-at-end", offset, at_end=True)
            return None
        self._pad_byte = stream.read(1)
        if self._pad_byte != b"\0":
            self.report("nonzero-pad", offset, self._pad_byte.hex())
        return 1

    def _pad_outside(self, offset: int) -> Steps[int]:
        """Report that what is around a chunk ends where its pad byte should be."""
        # Whether it is missing, only the next byte or the end of the input can tell; but it is
        # outside in any case where something around still has room.
        if self.is_strict and any(offset < each.end < ENDLESS >> 1 for each in self._levels):
            self._report_pad("pad-outside-parent", offset)
        if (yield from self.is_at_end()):
            self._report_pad("missing-pad-at-end", offset, at_end=True)
        else:
            self._report_pad("pad-outside-parent", offset)
        return 0

    def _report_pad(self, kind: str, offset: int, *, at_end: bool = False) -> None:
        """Report a pad byte that is not where it should be, once."""
        if offset != self._pad_at:
            self._pad_at = offset
            self.report(kind, offset, at_end=at_end)

    def _report_truncated(self) -> None:
        """Report the groups that the input ends in too early, from the outside in."""
        end = self.end_of_input()
        for level in self._levels:
            lacks = level.lacks(end)
            if lacks and level.start is not None:
                there = end - level.start.data_offset
                note = f"needs {there + lacks} bytes, {there} there"
                self.report("truncated-data", level.start.offset, note, at_end=True)

    def _close_all(self) -> None:
        """Tell the ends of all that is open where the input has ended."""
        while len(self._levels) > 1:
            self.tell(self._levels.pop().ended(self.stream.offset, 0))

    def note_of_rest(self, count: int) -> str:
        """Say how many bytes stand where no header has room, or follow the end."""
        if count < HEADER_BYTES:
            return f"{count} bytes where a header of {HEADER_BYTES} should be"
        return super().note_of_rest(count)

    def _read_sizes(self, offset: int, claim: Claim) -> Steps[Sizes64 | None]:
        """Look at the sizes in ds64 without consuming them; None if they are not there."""
        stream, length = self.stream, claim.length
        if length < FIXED.size:
            if not claim.is_cut:
                self.report("ds64-short", offset, f"{length} bytes")
            return None
        if not (yield from self.reaches(FIXED.size)):
            return None
        entries = FIXED.unpack(stream.peek(FIXED.size))[-1]
        fitting = (length - FIXED.size) // ENTRY.size
        if entries > fitting:
            place = offset + TABLE_LENGTH_OFFSET
            self.report("ds64-table-beyond-chunk", place, f"{entries} entries")
        elif entries > TABLE_ENTRIES:
            place = offset + TABLE_LENGTH_OFFSET
            self.report("ds64-table-too-long", place, f"{entries} entries")
        kept = min(entries, fitting, TABLE_ENTRIES)
        if not (yield from self.reaches(FIXED.size + ENTRY.size * kept)):
            kept = (len(stream) - FIXED.size) // ENTRY.size  # those that are there
        return sizes_of(offset, stream.peek(FIXED.size + ENTRY.size * kept))

    def _apply(self, sizes: Sizes64, level: Level, claim: Claim) -> None:
        """Let ds64, which says `claim` of itself, tell where other chunks end."""
        self._sizes = by_id(sizes)
        whole, start = level.claim, level.start
        if whole.size != SIZE_UNKNOWN or start is None:
            return
        whole.is_unknown = False
        whole.from_ds64 = whole.length = sizes.riff_size
        level.end = start.data_offset + sizes.riff_size
        least = sizes.offset + HEADER_BYTES
        if level.end < least:  # which is behind already
            level.end = least
            whole.is_cut = True
        self._cut(claim, level, sizes.offset)
