"""The input that a connection lends to its parser: what can be looked for in a `Block`.

Strategy. A search for a separator goes on where the last one for it ended, so that every byte is
searched once. When short lines are taken one after another, some more are split off at once, which
costs half of finding each.

When the parser waits after it has looked for one thing in vain, the stream knows what (`patience`
and `awaited`), so that the connection need not feed it with pieces that cannot complete that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ohnecimd import separators
from ohnecimd.block import Block
from ohnecimd.errors import QUOTED_BYTES, Misuse, TooLong, Truncated
from ohnecimd.output import byte_count
from ohnecimd.separators import Separator

if TYPE_CHECKING:
    import struct

__all__ = ["LIMIT", "ByteOrder", "InputStream", "Separator"]

LIMIT = 65536  # bytes; the default of everything that has a limit
HIGH_WATER_BYTES = 65536  # unconsumed input that counts as piled up
LOOKS_WITHOUT_PROGRESS = 100_000
SHORT_BYTES = 256  # lines up to this size are split ahead ...
AHEAD_BYTES = 4096  # ... within so many bytes ...
AHEAD_LINES = 64  # ... and so many at once: what is wasted if something else is read then

ByteOrder: TypeAlias = Literal["big", "little"]


class InputStream(Block):
    r"""What came in: bytes from the peer, in order, until they are consumed.

    The `take` methods serve hot loops. They give the value at once, or None while it is not
    there yet; then `yield from wait()`, which resumes the parser when asking again has a use.
    They raise `Truncated` once the value can no longer come.

    >>> stream = InputStream()
    >>> stream.feed(b"one\ntw")
    >>> stream.take_upto(b"\n"), stream.take_upto(b"\n"), stream.offset
    (b'one\n', None, 4)
    """

    __slots__ = ("_lines_sep", "_sought", "awaited", "looks", "patience")

    def __init__(self) -> None:
        super().__init__()
        # It begins nowhere before `_searched`; if it is bytes, `awaited` is the last of them.
        self._sought: Separator = b""
        self._lines_sep = b""  # of `_lines`
        # What the parser has looked for in vain. It holds if that was its only look at this place
        # since it was resumed, and it has not asked for the output since.
        self.looks = 0
        self.patience = 0  # the parser has no use for fewer bytes more than this ...
        self.awaited: int | None = None  # ... unless this byte is among them

    # What ohneio's primitives do

    def __len__(self) -> int:
        self._look_around()
        return self._end - self.position

    def peek(self, nbytes: int = 0) -> bytes:
        """Return at most `nbytes` (0: all there are) without consuming them."""
        self._look_around()
        stop = self._end
        if nbytes:
            stop = min(stop, self.position + byte_count(nbytes))
        piece = self._data[self.position : stop]
        return piece if isinstance(piece, bytes) else bytes(piece)

    def read(self, nbytes: int = 0) -> bytes:
        """Consume at most `nbytes` (0: all there are)."""
        self._look_around()
        stop = self._end
        if nbytes:
            stop = min(stop, self.position + byte_count(nbytes))
        return self._cut(stop, stop)

    # For hot loops

    def take(self, nbytes: int) -> bytes | None:
        """Consume exactly `nbytes`, or return None."""
        start = self.position
        stop = start + nbytes
        if stop > self._end or nbytes < 0:
            self._miss(byte_count(nbytes))
            return None
        data = self._data
        if type(data) is bytes:
            self.position = stop
            return data[start:stop]
        return self._cut(stop, stop)

    def take_struct(self, structure: struct.Struct) -> tuple[Any, ...] | None:
        """Consume and unpack one `struct.Struct`, or return None."""
        stop = self.position + structure.size
        if stop > self._end:
            self._miss(structure.size)
            return None
        values = structure.unpack_from(self._data, self.position)
        self.position = stop
        return values

    def take_upto(self, sep: Separator, limit: int = LIMIT) -> bytes | None:
        """Consume up to and with the separator, or return None.

        Args:
            sep: bytes, or a tuple of them: the one that ends first counts.
            limit: of the bytes returned.
        """
        start = self.position
        lines = self._lines
        if lines:
            if sep is self._lines_sep and start == self._lines_at:
                line = lines.pop() + sep  # pyright: ignore[reportOperatorIssue] # it is bytes
                size = len(line)
                if size <= limit:
                    self.position = self._lines_at = start + size
                    return line
            lines.clear()
        data = self._data
        searched = self._searched
        end = self._end
        if type(sep) is bytes:
            found = data.find(
                sep, searched if searched > start and sep == self._sought else start, end
            )
            stop = found + len(sep)
            if found >= 0:
                size = stop - start
                if 0 < size <= limit and type(data) is bytes:
                    self.position = stop
                    if size <= end - stop and start == self._lines_at:
                        self._look_ahead(data, sep, size)
                    self._lines_at = stop
                    return data[start:stop]
            elif (patience := limit - stop - end + start) > 0 and not self._has_edge and sep:
                self._searched = end - stop
                if sep is not self._sought:
                    self._sought = sep
                    self.awaited = sep[-1]
                if self.looked_at == start:
                    self._note_miss()
                else:
                    self.looked_at = start
                    self.looks = 1
                self.patience = patience
                return None
        place = self._seek(sep, limit, keep=True)
        return None if place is None else self._cut(place[1], place[1])

    def take_until(self, sep: Separator, limit: int = LIMIT) -> bytes | None:
        """Consume up to and with the separator, and return what stands before it, or None.

        As `take_upto`, but `limit` counts the bytes before the separator.
        """
        start = self.position
        lines = self._lines
        if lines:
            if sep is self._lines_sep and start == self._lines_at:
                line = lines.pop()
                size = len(line)
                if size <= limit:
                    self.position = self._lines_at = start + size + len(sep)
                    return line
            lines.clear()
        data = self._data
        searched = self._searched
        end = self._end
        if type(sep) is bytes:
            found = data.find(
                sep, searched if searched > start and sep == self._sought else start, end
            )
            if found >= 0:
                if found - start <= limit and sep and type(data) is bytes:
                    stop = self.position = found + len(sep)
                    if stop - start <= end - stop and start == self._lines_at:
                        self._look_ahead(data, sep, stop - start)
                    self._lines_at = stop
                    return data[start:found]
            elif self._await(sep, limit + 1):
                return None
        place = self._seek(sep, limit, keep=False)
        return None if place is None else self._cut(*place)

    # For primitives

    def find(self, sep: Separator, limit: int = LIMIT) -> int | None:
        """Return how many bytes stand before the separator, or None; consumes nothing."""
        place = self._seek(sep, limit, keep=False)
        if place is None:
            return None
        self._look_around()
        return place[0] - self.position

    def drop(self, nbytes: int) -> int:
        """Consume and forget at most `nbytes`; return how many that were."""
        self._look_around()
        dropped = min(byte_count(nbytes), self._end - self.position)
        self.position += dropped
        return dropped

    def drop_to(self, offset: int, nbytes: int) -> bool:
        """Consume and forget what is there before `offset`; tell whether that is reached.

        `nbytes`: how many it is in all, for the error if they cannot come.
        """
        stop = offset - self._base
        end = self._end
        if self.position < stop <= end:
            self.position = stop
            return True
        if self.position < end < stop:
            self.position = end
        else:
            self._look_around()
            if stop <= end:
                return True
        if self._has_edge:
            try:
                self.demand(nbytes)
            except Truncated as error:
                count = nbytes - stop + end
                error.message = f"expected {nbytes} bytes, found the end of input after {count}"
                raise
        self.skips_to = offset
        return False

    def drop_upto(self, sep: Separator) -> bool:
        """Consume and forget up to and with the separator, or as far as it cannot begin."""
        choices = separators.separators_of(sep)
        place = self._search(choices)
        if place is not None:
            self.position = place[1]
            return True
        self._look_around()
        self.position = max(self.position, self._end - separators.overlap_of(choices))
        self.demand(choices)
        return False

    def take_rest(self, limit: int = LIMIT) -> bytes | None:
        """Consume everything up to the end of the input, or return None."""
        self._look_around()
        size = self._end - self.position
        if size > byte_count(limit):
            raise TooLong(
                position=self.offset + limit,
                expected=f"the end of input within {_bytes(limit)}",
                found=self.peek(limit + 1)[limit:],
            )
        is_over = self._ends_here()
        if is_over is False:
            self.demand(1)
        return self.read() if is_over else None

    def at_end(self) -> bool | None:
        """Tell whether the input is over; None while neither a byte nor the end is there."""
        self._look_around()
        return False if self.position < self._end else self._ends_here()

    def demand(self, wanted: int | tuple[bytes, ...]) -> None:
        """Raise the reason why so many bytes, or a separator, cannot come; return if they can."""
        if not self._has_edge:
            return
        here = self._base + self._end
        reached = [bound for bound in self._bounds if bound.offset == here]
        if not reached and not self._is_over():
            return
        expected = _bytes(wanted) if isinstance(wanted, int) else separators.name(wanted)
        if reached and not any(bound.is_end for bound in reached):
            raise TooLong(
                position=here,
                expected=f"{expected} within {_bytes(reached[-1].size)}",
                found=self.peek(QUOTED_BYTES) or None,
            )
        raise self._truncated(expected)

    def compare(self, literal: bytes, same: int) -> int:
        """Return how many bytes here are those of `literal`; the first `same` are known to be."""
        self._look_around()
        start = self.position
        seen = min(len(literal), self._end - start)
        if self._data[start + same : start + seen] == literal[same:seen]:
            return seen
        return next(i for i in range(same, seen) if self._data[start + i] != literal[i])

    # Inside

    def _look_ahead(self, data: bytes, sep: bytes, size: int) -> None:
        """Split some of the block into lines: the parser took one after another, this of `size`.

        To split many short ones at once costs half of finding each.
        """
        if size <= SHORT_BYTES:
            start = self.position
            lines = data[start : min(start + AHEAD_BYTES, self._end)].split(sep, AHEAD_LINES)
            lines.pop()  # what no separator was seen after
            lines.reverse()
            self._lines = lines
            self._lines_sep = sep

    def _miss(self, nbytes: int) -> None:
        """Note that so many bytes are not there yet; raise if they cannot come."""
        if self._has_edge:
            self.demand(nbytes)
        self._note_miss()
        self.patience = self._within_bounds(self.position + nbytes) - self._end
        self._sought = b""
        self.awaited = None

    def _note_miss(self) -> None:
        """Note that the parser has looked for one thing here, in vain."""
        if self.looked_at == self.position:
            self._look_around()
        else:
            self.looked_at = self.position
            self.looks = 1

    def _look_around(self) -> None:
        """Note that the parser has seen what is here, and may wait for anything else."""
        if self.looked_at != self.position:
            self.looked_at = self.position
            self.looks = 1
        self.looks += 1
        if self.looks > LOOKS_WITHOUT_PROGRESS:
            raise Misuse(
                f"the parser looked {self.looks} times at byte {self.offset} without consuming "
                "or waiting: does a loop lack its `yield from wait()`?"
            )

    def _await(self, sep: bytes, unlimited: int) -> bool:
        """Note that `sep` is not there yet; False if more has to be looked at.

        `unlimited`: with so many bytes and no separator the limit may be broken.
        """
        patience = unlimited - self._end + self.position
        if patience <= 0 or self._has_edge or not sep:
            return False
        self._sought = sep
        self._searched = self._end - len(sep) + 1
        self._note_miss()
        self.patience = patience
        self.awaited = sep[-1]
        return True

    def _search(self, choices: tuple[bytes, ...]) -> tuple[int, int] | None:
        """Return where the separator that ends first begins and ends."""
        sought: Separator = choices[0] if len(choices) == 1 else choices
        resume = self._searched if sought == self._sought else 0
        place = separators.search(self._data, choices, self.position, self._end, resume)
        if place is None:
            self._sought = sought
            self.awaited = choices[0][-1]
            self._searched = self._end - separators.overlap_of(choices)
        return place

    def _seek(self, sep: Separator, limit: int, *, keep: bool) -> tuple[int, int] | None:
        """Return where the separator begins and ends, None while it is not there yet."""
        choices = separators.separators_of(sep)
        place = self._search(choices)
        start = self.position
        if place is not None and place[keep] - start <= limit:
            return place
        latest = [limit - (len(each) if keep else 0) for each in choices]
        if max(latest) < 0:
            raise Misuse(f"a limit of {limit} bytes leaves no place for {separators.name(choices)}")
        if place is not None or self._end - start > max(latest):
            end = self._end if place is None else place[1]
            seen = self._data[start : min(end, start + limit + 2 * len(max(choices, key=len)))]
            over = separators.overflow(seen, choices, latest)
            if over is None and place is not None:
                over = place[1] - start - 1  # a longer one that began in time has lost the race
            if over is None and self._is_over():
                over = max(latest)
            if over is not None:
                raise TooLong(
                    position=self._base + start + over,
                    expected=f"{separators.name(choices)} within {_bytes(limit)}",
                    found=bytes(seen[: over + 1][:QUOTED_BYTES]),
                )
        self.demand(choices)
        patience = self._within_bounds(start + max(latest) + 1) - self._end
        if patience > 0 and all(each[-1] == self.awaited for each in choices):
            self._note_miss()
            self.patience = patience
        else:
            self._look_around()
        return None

    def _within_bounds(self, place: int) -> int:
        """Return `place`, or the nearest bound if that comes first."""
        return min([place, *(bound.offset - self._base for bound in self._bounds)])

    def _is_over(self) -> bool:
        """Tell whether nothing will come after what can be seen."""
        here = self._base + self._end
        reached = [bound for bound in self._bounds if bound.offset == here]
        if reached:  # what is beyond a limit does not matter, were it the end
            return any(bound.is_end for bound in reached)
        return self.has_ended and here == self.received

    def _ends_here(self) -> bool | None:
        """Tell whether the input is over after what can be seen; None if that is not known yet."""
        here = self._base + self._end
        ends = [bound for bound in self._bounds if bound.is_end]
        if any(bound.offset == here for bound in ends):
            if ends[-1].offset != here:
                raise self._truncated(_bytes(ends[-1].size))
            return True
        if here < self.received:
            return False  # a limit hides the rest
        if self.has_ended and ends:
            raise self._truncated(_bytes(ends[-1].size))
        return True if self.has_ended else None

    def _truncated(self, expected: str) -> Truncated:
        return Truncated(position=self._base + self._end, expected=expected, partial=self.peek())


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"
