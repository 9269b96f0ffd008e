"""The walk through EA IFF 85, RIFF and its kin: groups in groups, and chunks in them.

Strategy. The open groups are a list of levels, so that depth costs memory, and no recursion.
`GroupWalk.run` takes the small chunks that are all there, and about which nothing is special, in
one plain loop; everything else goes through generators, a chunk or the end of a group at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.errors import Truncated
from ohnecimd.protocols.iff.dialects import HEADER_BYTES, SIZE_UNKNOWN, TYPE_BYTES
from ohnecimd.protocols.iff.events import ChunkEnd, ChunkStart, Data, GroupStart
from ohnecimd.protocols.iff.judging import LevelWalk
from ohnecimd.protocols.iff.levels import Claim, Level
from ohnecimd.protocols.iff.placing import LIST, PROP
from ohnecimd.protocols.iff.sizes import DS64
from ohnecimd.protocols.iff.walking import CROWD, Options, Output
from ohnecimd.steps import WAIT

if TYPE_CHECKING:
    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["GroupWalk"]

ID_BYTES = 4
BLOCK_BYTES = 65536
PLAIN_IDS = 4096  # so many are remembered


class GroupWalk(LevelWalk):
    """A walk through groups; it ends behind the one that the whole is."""

    def __init__(
        self, stream: InputStream, output: Output, dialect: Dialect, options: Options
    ) -> None:
        super().__init__(stream, output, dialect, options)
        self._block, self._base = b"", 0  # what `_take_chunks` looks at, and its offset
        self._plain: set[bytes] = set()  # see `Level.plain`
        self._is_past_first = False  # the type of the top group

    def run(self) -> Steps[None]:
        """Walk to the end of the input."""
        goes_on = yield from self._top()
        while goes_on:
            self._take_chunks()
            if len(self.output.events) >= CROWD:
                yield from self.has_room(CROWD)
            goes_on = yield from self._step()

    def _top(self) -> Steps[bool]:
        """Look at the first ID; False if it cannot be one."""
        offset = self.stream.offset
        if not (yield from self.reaches(ID_BYTES)):
            count = len(self.stream)
            if count:
                self.report("truncated-header", offset, self.note_of_rest(count), at_end=True)
            else:
                self.report("empty", offset, at_end=True)
        elif (magic := self.stream.peek(ID_BYTES)) not in self.dialect.top:
            self.report("bad-magic", offset, magic.hex())
        else:
            return True
        yield from self.leave_rest()
        return False

    def _take_chunks(self) -> None:
        """Take the chunks that are all there and about which nothing is special."""
        level = self._levels[-1]
        plain = level.plain
        if not plain:
            return
        stream = self.stream
        offset = stream.offset
        block, base = self._block_at(offset)
        begin = at = offset - base
        stop = min(len(block), level.end - base)
        header_at = self.dialect.header.unpack_from
        events = self.output.events
        tell = events.append
        wants = self.options.wants
        group = level.group
        most = min(BLOCK_BYTES // 4, self.options.piece_bytes)
        while stop - at >= HEADER_BYTES and len(events) < CROWD:
            chunk_id, size = header_at(block, at)
            data_at = at + HEADER_BYTES
            pad_at = data_at + size
            if pad_at > stop or size > most or chunk_id not in plain:
                break
            offset = base + at
            end = pad_at + (size & 1)
            if end > stop or (end != pad_at and block[pad_at]):
                break
            start = ChunkStart(chunk_id, offset, size, size, group)
            tell(start)
            if size and (wanted := size if wants is None else self.wanted_of(start, size)):
                tell(Data(base + data_at, block[data_at : data_at + wanted]))
            tell(ChunkEnd(chunk_id, offset, base + end, end - pad_at, size))
            at = end
        stream.drop(at - begin)

    def _block_at(self, offset: int) -> tuple[bytes, int]:
        """Return a copy of what is there, beginning at `offset` or before, and its own offset.

        It is made anew when it is used up, so that no byte is copied more than twice or so.
        """
        block, base = self._block, self._base
        ahead = len(self.stream)
        if ahead and base + len(block) - offset < min(ahead, BLOCK_BYTES // 4):
            self._block = block = self.stream.peek(BLOCK_BYTES)
            self._base = base = offset
        return block, base

    def _step(self) -> Steps[bool]:
        """Walk through one chunk, or out of one group, or into one; False at the end."""
        level = self._levels[-1]
        left = level.end - self.stream.offset
        if left <= 0:
            return (yield from self._close())
        if left < HEADER_BYTES:
            return (yield from self._stray(level, left))
        header = yield from self._take_header()
        if header is None:
            return False
        return (yield from self._chunk(*header))

    # A header

    def _take_header(self) -> Steps[tuple[bytes, int] | None]:
        """Take a header; None if the input ends before that: then all is over."""
        stream, level = self.stream, self._levels[-1]
        offset = stream.offset
        layout = self.dialect.header
        try:
            while (header := stream.take_struct(layout)) is None:
                if self.is_strict and len(head := stream.peek(ID_BYTES)) == ID_BYTES:
                    self._judge(level, head, offset)
                yield WAIT
        except Truncated:
            yield from self._end_in_header(level, offset)
            return None
        return header

    def _end_in_header(self, level: Level, offset: int) -> Steps[None]:
        """Report what is wrong if the input ends within a header, or before one."""
        count = len(self.stream)
        self._report_truncated()
        head = self.stream.peek(ID_BYTES)
        if level.needs_ds64 and (not count or (len(head) == ID_BYTES and head != DS64)):
            self.report("ds64-missing", offset, head.hex(), at_end=True)
        if count:
            self.report("truncated-header", offset, self.note_of_rest(count), at_end=True)
        yield from self.pass_on(count, is_wanted=level.is_wanted)
        self._close_all()

    def _chunk(self, chunk_id: bytes, size: int) -> Steps[bool]:
        """Walk through the chunk, or into the group, that has this header."""
        level = self._levels[-1]
        offset = self.stream.offset - HEADER_BYTES
        is_sound = self._judge(level, chunk_id, offset)
        if level.is_wanted:
            self.tell(Data(offset, self.dialect.header.pack(chunk_id, size)))
        if is_sound is None:
            left = level.end - self.stream.offset
            return (yield from self._pass_over(left, is_wanted=level.is_wanted))
        level.members.note(chunk_id)
        claim = self._claim(level, chunk_id, offset, size)
        is_first = level.needs_ds64
        if is_first:
            level.needs_ds64 = False
            level.plain = self._plain
            if chunk_id == DS64:
                return (yield from self._ds64(level, offset, claim))
        dialect = self.dialect
        if level.start is None or (chunk_id in dialect.groups and level.holds_groups):
            return (yield from self._open(level, chunk_id, offset, claim))
        if is_sound and chunk_id not in dialect.inner and len(self._plain) < PLAIN_IDS:
            self._plain.add(chunk_id)
        return (yield from self._leaf(level, chunk_id, offset, claim))

    # A group

    def _open(self, level: Level, chunk_id: bytes, offset: int, claim: Claim) -> Steps[bool]:
        """Walk into a group."""
        if len(self._levels) > self.options.max_depth:
            self.report("too-deep", offset, f"more than {self.options.max_depth} groups")
            return (yield from self._leaf(level, chunk_id, offset, claim, is_skipped=True))
        group_type: bytes | None = None
        if claim.length < TYPE_BYTES:
            yield from self._guess_further(level)
            self.report("no-type", offset, f"container of {claim.length} bytes")
        elif (yield from self.reaches(TYPE_BYTES)):
            group_type = self.stream.read(TYPE_BYTES)
            self._judge_type(level, chunk_id, offset, group_type, claim)
        start = GroupStart(
            chunk_id, group_type, offset, claim.size, claim.known_length, level.group,
            claim.is_unknown, claim.from_ds64,
        )  # fmt: skip
        self.tell(start)
        inside = Level(start, claim, group_type or b"")
        self._levels.append(inside)
        if level.start is None and self.dialect.has_ds64:
            inside.needs_ds64 = True
        elif not inside.has_only_groups(self.dialect):
            inside.plain = self._plain
        if group_type is not None:
            return True
        if claim.length < TYPE_BYTES:
            return (yield from self._pass_over(claim.length, is_wanted=level.is_wanted))
        self._report_truncated()
        self.report("truncated-type", start.data_offset, at_end=True)
        yield from self.leave_rest()
        self._close_all()
        return False

    def _judge_type(
        self, level: Level, chunk_id: bytes, offset: int, group_type: bytes, claim: Claim
    ) -> None:
        """Look at the type of a group; some problems and sizes, and the dialect, depend on it."""
        is_known = level.start is not None or self._judge_top_type(group_type)
        if not is_known or self.dialect.fault_of_type(chunk_id, group_type):
            if self.is_strict or not is_known or group_type not in self.dialect.reserved:
                self.report("bad-type", offset + HEADER_BYTES, group_type.hex())
        elif chunk_id == PROP:
            if self.is_strict and level.members.has_prop(group_type):
                self.report("prop-twice", offset, group_type.decode("latin-1"))
            level.members.note(PROP, group_type)
        if claim.size == SIZE_UNKNOWN and chunk_id == LIST and self.dialect.unknown:
            claim.is_unknown = group_type in self.dialect.unknown_types
            self._cut(claim, level, offset)

    def _guess_further(self, level: Level) -> Steps[None]:
        """Guess the dialect by what stands where the type of the whole should be, in no hurry."""
        if level.start is None and self.options.is_guessed and not self.is_strict:
            yield from self.reaches(TYPE_BYTES)
            self.dialect = self.dialect.refined(self.stream.peek(TYPE_BYTES))

    def _judge_top_type(self, group_type: bytes) -> bool:
        """Tell whether the whole can be of this type; it tells the dialect if that was a guess."""
        if self._is_past_first:
            return True  # it has been looked at
        self._is_past_first = True
        if self.options.is_guessed:
            self.dialect = self.dialect.refined(group_type)
        self.begin()
        return not self.dialect.types or group_type in self.dialect.types

    def _close(self) -> Steps[bool]:
        """Walk out of the innermost group; False at the end."""
        level = self._levels.pop()
        around = self._levels[-1]
        pad = yield from self._pad(around, level.claim)
        self.tell(level.ended(self.stream.offset, pad or 0))
        if pad is None:
            self._close_all()
            return False
        return True if around.start is not None else (yield from self._after_top())

    def _after_top(self) -> Steps[bool]:
        """Look for another group at the top; False if there is none."""
        stream = self.stream
        if self.is_strict or self.dialect.further_types:
            yield from self.reaches(ID_BYTES)
            head = stream.peek(ID_BYTES)
            if head in self.dialect.top and (yield from self._is_further()):
                return True
            if head and self.is_strict:
                self.report("trailing-garbage", stream.offset, head.hex())
        yield from self.tell_rest()
        return False

    def _is_further(self) -> Steps[bool]:
        """Tell whether a group that follows the whole goes on with it, or can, if it is cut off."""
        further = self.dialect.further_types
        nbytes = HEADER_BYTES + TYPE_BYTES
        if not further or not (yield from self.reaches(nbytes)):
            return bool(further)
        return self.stream.peek(nbytes)[HEADER_BYTES:] in further

    def _stray(self, level: Level, left: int) -> Steps[bool]:
        """Step over bytes in which no header has room."""
        offset = self.stream.offset
        note = self.note_of_rest(left)
        if self.is_strict:
            self.report("stray-bytes-in-parent", offset, note)
        if not (yield from self.reaches(left)):
            yield from self._end_in_header(level, offset)
            return False
        self.report("stray-bytes-in-parent", offset, note)
        return (yield from self._pass_over(left, is_wanted=level.is_wanted))

    def _pass_over(self, nbytes: int, *, is_wanted: bool) -> Steps[bool]:
        """Step over bytes of the innermost group; False if the input ends."""
        passed = yield from self.pass_on(nbytes, is_wanted=is_wanted)
        if passed == nbytes:
            return True
        self._report_truncated()
        self._close_all()
        return False

    # A chunk

    def _leaf(
        self,
        level: Level,
        chunk_id: bytes,
        offset: int,
        claim: Claim,
        *,
        is_skipped: bool = False,
    ) -> Steps[bool]:
        """Walk through a chunk that is no group; False if the input ends there."""
        inner = self.dialect.inner.get(chunk_id)
        if is_skipped or not level.holds_groups:
            inner = None
        start = ChunkStart(
            chunk_id, offset, claim.size, claim.known_length, level.group,
            claim.is_unknown, claim.from_ds64, inner is not None,
        )  # fmt: skip
        self.tell(start)
        if inner is not None:
            return (yield from self._enter(level, start, claim, inner))
        if is_skipped:
            present = yield from self.pass_on(claim.length, is_wanted=False)
        else:
            present = yield from self._tell_contents(level, start, claim.length)
        return (yield from self._end_leaf(level, start, claim, present))

    def _enter(self, level: Level, start: ChunkStart, claim: Claim, before: int) -> Steps[bool]:
        """Walk into a chunk that has chunks inside it, behind so many bytes."""
        inside = Level(start, claim, level.group)
        self._levels.append(inside)
        begin = min(before, claim.length)
        wanted = self.wanted_of(start, claim.length)
        inside.is_wanted = wanted >= claim.length
        return (yield from self._pass_over(begin, is_wanted=wanted > 0))

    def _tell_contents(self, level: Level, start: ChunkStart, length: int) -> Steps[int]:
        """Consume the data of a chunk, and tell what is wanted of it; return how much there was."""
        wanted = self.wanted_of(start, length)
        if level.is_wanted:
            wanted = length
        present = yield from self.pass_on(wanted, is_wanted=True)
        if present == wanted < length:
            present += yield from self.pass_on(length - wanted, is_wanted=False)
        return present

    def _end_leaf(self, level: Level, start: ChunkStart, claim: Claim, present: int) -> Steps[bool]:
        """Walk out of a chunk that is no group; False if the input has ended in it."""
        pad: int | None = None
        if present == claim.length or claim.known_length is None:
            pad = yield from self._pad(level, claim)
        else:
            self._report_truncated()
            if not claim.is_cut and not claim.is_unknown:
                note = f"needs {claim.length} bytes, {present} there"
                self.report("truncated-data", start.offset, note, at_end=True)
        end = self.stream.offset
        self.tell(ChunkEnd(start.id, start.offset, end, pad or 0, present))
        if pad and level.is_wanted:  # not the chunk's, but data of the chunk around it
            self.tell(Data(end - 1, self._pad_byte))
        if pad is None:
            self._close_all()
        return pad is not None

    # ds64

    def _ds64(self, level: Level, offset: int, claim: Claim) -> Steps[bool]:
        """Walk through the chunk that holds the sizes of others."""
        sizes = yield from self._read_sizes(offset, claim)
        if sizes is not None:
            self._apply(sizes, level, claim)
        start = ChunkStart(DS64, offset, claim.size, claim.known_length, level.group)
        self.tell(start)
        if sizes is not None:
            self.tell(sizes)
        present = yield from self._tell_contents(level, start, claim.length)
        return (yield from self._end_leaf(level, start, claim, present))
