"""The bytes that have come in and may still be needed, and the places that parsers know in them.

Strategy. They lie in one block with a read position. The block is `bytes` while that is cheap, so
that taking something is one slice; it becomes a `bytearray` when a long unfinished thing collects
more pieces, so that appending is amortised, and goes back to `bytes` when as much has been
received as that copies. Consumed bytes are dropped when the next piece arrives, all at once. Every
byte is therefore moved a constant number of times.

Places are indices into the block; `_base` makes offsets of them, which never change.
"""

from __future__ import annotations

from ohnecimd.errors import Misuse
from ohnecimd.marks import Bound, Mark
from ohnecimd.output import byte_count

__all__ = ["NOWHERE", "Block"]

RETURNS_WITHOUT_PROGRESS = 100_000
RETURNS_FOR_A_BYTE = 32  # alternatives that may be tried at each byte that was seen before
SMALL_BYTES = 512  # copying so much costs less than deciding anything about it
NOWHERE = -1


class Block:
    """What has come in and may still be needed, a place to read at, marks and bounds."""

    __slots__ = (
        "_base",
        "_bounds",
        "_data",
        "_end",
        "_fresh",
        "_has_edge",
        "_lines",
        "_lines_at",
        "_marks",
        "_searched",
        "furthest",
        "has_ended",
        "looked_at",
        "position",
        "returns",
        "skips_to",
    )

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._base = 0  # offset of the block's first byte
        self._fresh = 0  # bytes that were appended since the block became a bytearray
        self.position = 0  # of the next byte to be consumed
        self._end = 0  # of what the parser may see
        self._marks: list[Mark] = []
        self._bounds: list[Bound] = []
        self._has_edge = False  # there is a bound, or the input has ended
        self.has_ended = False  # the peer will send no more
        self.skips_to = 0  # the parser waits to drop everything before this offset; 0: it does not
        self.furthest = 0  # offset that the parser has gone back from ...
        self.returns = 0  # ... and how often since it got there or was resumed
        # Places of `InputStream`, to be kept right when the block moves
        self._searched = 0  # what it seeks begins nowhere before this place
        self._lines: list[bytes] = []  # ready to be taken, the next one last ...
        self._lines_at = NOWHERE  # ... at this place; if there are none, the last line ended here
        self.looked_at = NOWHERE  # the parser has looked for something here

    def feed(self, data: bytes) -> None:
        """Append a piece of input."""
        held = self._data
        floor = self._floor() if self._marks else self.position
        kept = len(held) - floor
        if not kept:
            self._data = data
        elif kept <= SMALL_BYTES and type(held) is bytes:
            self._data = held[floor:] + data
        elif isinstance(held, bytes):
            if kept <= len(data):
                self._data = held[floor:] + data
            else:
                self._data = bytearray(memoryview(held)[floor:])
                self._data += data
                self._fresh = len(data)
        else:
            if floor:
                del held[:floor]
            held += data
            self._fresh += len(data)
        if floor:
            self._base += floor
            self.position -= floor
            self._searched -= floor
            self._lines_at -= floor
        self._end = kept + len(data)
        if self._bounds:
            self._look()

    def feed_pieces(self, pieces: list[bytes]) -> None:
        """Append pieces of input, with one copy if that is possible."""
        left = len(self._data) - self.position
        if left and left <= len(pieces[0]) and type(self._data) is bytes and not self._marks:
            pieces = [self._data[self.position :], *pieces]
            self._base += self.position
            self._searched -= self.position
            self._lines_at -= self.position
            self.position = 0
            self._data = b""
        self.feed(b"".join(pieces))

    @property
    def skippable(self) -> int:
        """How many bytes, if fed now, the parser would drop unseen."""
        if self.backlog or any(not mark.is_committed for mark in self._marks):
            return 0
        stop = min([self.skips_to, *(bound.offset for bound in self._bounds)])
        return max(0, stop - self.offset)

    def pass_over(self, nbytes: int) -> None:
        """Count `nbytes` as fed and consumed; at most `skippable`."""
        gone = len(self._data) + nbytes
        self._data = b""
        self._base += gone
        self._searched -= gone
        self._lines_at -= gone
        self.position = self._end = 0

    def end(self) -> None:
        """Note that nothing more will be fed."""
        self.has_ended = self._has_edge = True

    @property
    def received(self) -> int:
        """Bytes fed since the connection began."""
        return self._base + len(self._data)

    @property
    def offset(self) -> int:
        """Bytes consumed since the connection began."""
        return self._base + self.position

    @property
    def reach(self) -> int:
        """The largest that `offset` has ever been."""
        return max(self.furthest, self._base + self.position)

    @property
    def backlog(self) -> int:
        """How many bytes are received and not consumed, bounds or not."""
        return len(self._data) - self.position

    def unread(self) -> bytes:
        """Return all bytes that are received and not consumed, bounds or not."""
        return bytes(self._data[self.position :])

    def mark(self, *, is_choice: bool = True) -> Mark:
        """Keep everything from here on, so that `rewind` can come back; then `release` it."""
        mark = Mark(self.offset, is_choice=is_choice)
        self._marks.append(mark)
        return mark

    def rewind(self, mark: Mark) -> None:
        """Unread everything since `mark`."""
        if self.reach > self.furthest:
            self.furthest = self.reach
            self.returns = 0
        # Going back to try alternatives is progress, up to a point.
        self.returns += 1
        if self.returns > RETURNS_WITHOUT_PROGRESS + RETURNS_FOR_A_BYTE * len(self._data):
            raise Misuse(
                f"the parser went back {self.returns} times without getting further than byte "
                f"{self.furthest} or waiting: does a loop lack its `yield from wait()`?"
            )
        self.position = mark.offset - self._base
        self._searched = 0
        self.looked_at = NOWHERE

    def release(self, mark: Mark) -> None:
        """Forget `mark`."""
        self._marks.remove(mark)

    def commit(self) -> None:
        """Make the mark of the innermost choice one that is not gone back to."""
        for mark in reversed(self._marks):
            if mark.is_choice:
                mark.is_committed = True
                return

    def bound(self, nbytes: int, *, is_end: bool) -> Bound:
        """Let nothing after the next `nbytes` be seen; then `unbound` it."""
        bound = Bound(self.offset + byte_count(nbytes), nbytes, is_end=is_end)
        self._bounds.append(bound)
        self._look()
        return bound

    def unbound(self, bound: Bound) -> None:
        """Forget `bound`."""
        self._bounds.remove(bound)
        self._look()

    def _look(self) -> None:
        self._lines.clear()
        self._has_edge = self.has_ended or bool(self._bounds)
        self._end = len(self._data)
        for bound in self._bounds:
            self._end = min(self._end, bound.offset - self._base)

    def _floor(self) -> int:
        """Return the place of the first byte that somebody may still want."""
        offsets = [mark.offset - self._base for mark in self._marks if not mark.is_committed]
        return min(self.position, *offsets) if offsets else self.position

    def _cut(self, last: int, stop: int) -> bytes:
        """Consume up to `stop`, return what stands before `last`."""
        data = self._data
        start, self.position = self.position, stop
        if isinstance(data, bytes):
            return data[start:last]
        piece = bytes(memoryview(data)[start:last])
        if len(data) - stop <= self._fresh and not self._marks:
            self.looked_at = -1
            self._data = bytes(memoryview(data)[stop:])
            self._base += stop
            self._end -= stop
            self._searched -= stop
            self._lines_at -= stop
            self.position = 0
        return piece
