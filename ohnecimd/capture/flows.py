"""One direction of a TCP connection: its bytes put in order.

Strategy. Places are offsets in the direction; sequence numbers become offsets by their distance to
the next one that is expected, so that they may wrap. What comes in order is handed on as it is.
What comes too early waits, as pieces that do not overlap, sorted; where a new one overlaps them,
they stay and it is trimmed: what was captured first counts. A piece may be bytes that are known
not to be in the capture.

What is missing is awaited until it can no longer come. Then it becomes a gap.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from ohnecimd.capture.events import Data, Ended, EndReason, Finding, Gap, GapReason

if TYPE_CHECKING:
    from ohnecimd.capture.events import Direction

__all__ = ["Flow"]

SEQUENCES = 1 << 32
WINDOW = 1 << 30  # the largest that TCP knows
PIECE_BYTES = 64  # a piece that waits counts as so much more
GAP_BYTES = 1 << 16  # so much that waits behind acknowledged bytes ...
GAP_NS = 1_000_000_000  # ... or so long a time makes them a gap


class Flow:
    """One direction of a TCP connection.

    Args:
        stream: number of the connection.
        direction: of the two.
        events: where to put what is found.
        most_bytes: that may wait, with `PIECE_BYTES` for each piece.
    """

    __slots__ = (
        "_acked_ns",
        "_direction",
        "_events",
        "_held",
        "_most_bytes",
        "_pieces",
        "_stream",
        "acked",
        "end",
        "first",
        "has_ended",
        "has_syn",
        "offset",
    )

    def __init__(
        self, stream: int, direction: Direction, events: list[Finding], most_bytes: int
    ) -> None:
        self._stream = stream
        self._direction = direction
        self._events = events
        self._most_bytes = most_bytes
        self._pieces: list[tuple[int, int, bytes | None]] = []  # from, to; None: cut off
        self._held = 0
        self._acked_ns: int | None = None  # when what is missing was seen to be acknowledged
        self.first: int | None = None  # sequence number of the first byte
        self.has_syn = False
        self.offset = 0  # of the next byte
        self.acked = 0  # all before this has reached the other side
        self.end: int | None = None  # offset, if a FIN has told it
        self.has_ended = False

    def begin(self, sequence: int, *, has_syn: bool) -> None:
        """Note the sequence number of the first byte."""
        self.first = sequence % SEQUENCES
        self.has_syn = has_syn

    def is_begun_by(self, sequence: int) -> bool:
        """Tell whether this may be the sequence number of the first byte."""
        return self.first is None or self.first == sequence % SEQUENCES

    def place_of(self, sequence: int) -> int:
        """Return the offset that a sequence number means; it may be less than 0."""
        expected = ((self.first or 0) + self.offset) % SEQUENCES
        distance = (sequence - expected) % SEQUENCES
        return self.offset + (distance if distance < SEQUENCES // 2 else distance - SEQUENCES)

    def acknowledge(self, place: int, time_ns: int | None) -> None:
        """Take note that the other side has everything before a place."""
        if self.acked < place <= self.offset + WINDOW:
            if place == 1 and not self.offset and not self.has_syn and not self._pieces:
                # Without a handshake, the first packet was a probe: those repeat a byte.
                self.first = ((self.first or 0) + 1) % SEQUENCES
                return
            self.acked = place
        if self._pieces:
            self._judge(time_ns)

    def add(self, place: int, data: bytes, size: int, time_ns: int | None) -> bool:
        """Take bytes that were captured.

        Returns whether they can belong here.

        Args:
            place: of the first of them.
            data: the bytes.
            size: how many there were; those that `data` lacks were cut off.
            time_ns: when they were captured.
        """
        stop = place + size if self.end is None else min(place + size, self.end)
        if place > self.offset + WINDOW:
            return False
        if stop <= self.offset:
            return True
        known = min(stop, place + len(data))
        if place <= self.offset and known == stop and not self._pieces:
            self._deliver(data[self.offset - place : stop - place], time_ns)
        else:
            if known > self.offset:
                self._hold(max(place, self.offset), known, place, data)
            if known < stop:
                self._hold(max(known, self.offset), stop, known, None)
            self._drain(time_ns)
            self._judge(time_ns)
        return True

    def finish_at(self, place: int, time_ns: int | None) -> None:
        """Take note of a FIN."""
        if self.end is None and self.offset <= place <= self.offset + WINDOW:
            self.end = place
        self.end_if_complete(time_ns)

    def end_if_complete(self, time_ns: int | None) -> None:
        """End if everything up to a FIN has come."""
        if self.end == self.offset and not self.has_ended:
            self._over(EndReason.FIN, time_ns)

    def close(self, reason: EndReason, time_ns: int | None) -> None:
        """Take what there is, and end."""
        if self.has_ended:
            return
        while self._pieces:
            self._give_up(self._pieces[0][0], time_ns)
        if self.end is not None:
            self._give_up(self.end, time_ns)
            reason = EndReason.FIN
        elif self.acked > self.offset + 1:  # one may be a FIN that was not captured
            self._give_up(self.acked, time_ns)
        self._over(reason, time_ns)

    def _over(self, reason: EndReason, time_ns: int | None) -> None:
        self.has_ended = True
        self._pieces.clear()
        self._events.append(Ended(self._stream, self._direction, self.offset, reason, time_ns))

    def _deliver(self, data: bytes, time_ns: int | None) -> None:
        self._events.append(Data(self._stream, self._direction, data, self.offset, time_ns))
        self.offset += len(data)

    def _hold(self, start: int, stop: int, place: int, data: bytes | None) -> None:
        """Let bytes wait, as far as none wait there already; `data` begins at `place`."""
        pieces = self._pieces
        low = high = bisect_left(pieces, (start,))
        if low and pieces[low - 1][1] > start:
            start = pieces[low - 1][1]
        merged = []
        while start < stop:
            until = stop
            if high < len(pieces) and pieces[high][0] < stop:
                until = pieces[high][0]
            if start < until:
                piece = None if data is None else data[start - place : until - place]
                merged.append((start, until, piece))
                self._held += PIECE_BYTES + (0 if piece is None else len(piece))
            start = until
            if until < stop:
                merged.append(pieces[high])
                start = pieces[high][1]
                high += 1
        pieces[low:high] = merged

    def _drain(self, time_ns: int | None) -> None:
        """Hand on what is no longer too early."""
        count = 0
        for start, stop, data in self._pieces:
            if start > self.offset:
                break
            count += 1
            self._held -= PIECE_BYTES + (0 if data is None else len(data))
            if data is None:
                self._skip_to(stop, GapReason.CUT, time_ns)
            else:
                self._deliver(data, time_ns)
        if count:
            del self._pieces[:count]
            self._acked_ns = None

    def _judge(self, time_ns: int | None) -> None:
        """Give up what is missing as far as it can no longer come."""
        while self._pieces:
            missing_to = self._pieces[0][0]
            if self._held <= self._most_bytes:
                if self.acked < missing_to:
                    return
                if self._acked_ns is None:
                    self._acked_ns = time_ns
                waited_ns = (time_ns or 0) - (self._acked_ns or 0)
                if self._held <= GAP_BYTES and waited_ns < GAP_NS:
                    return
            self._give_up(missing_to, time_ns)
            self.end_if_complete(time_ns)

    def _give_up(self, place: int, time_ns: int | None) -> None:
        """Declare missing what is before a place."""
        if place > self.offset:
            self._skip_to(place, GapReason.LOST, time_ns)
        self._drain(time_ns)

    def _skip_to(self, place: int, reason: GapReason, time_ns: int | None) -> None:
        gap = Gap(self._stream, self._direction, place - self.offset, self.offset, reason, time_ns)
        self._events.append(gap)
        self.offset = place
