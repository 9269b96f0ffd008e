r"""The stream of CIMD2: packets, what is none, and what stands between them.

A packet goes from STX to ETX. If another STX comes before the ETX, the first packet is broken, and
reading goes on with the second; what stands between an ETX and the next STX is ignored. Section 1
of the facts.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.connection import protocol
from ohnecimd.domains import shown
from ohnecimd.errors import Misuse, TooLong, Truncated
from ohnecimd.primitives import emit, get_input, wait
from ohnecimd.protocols.cimd.packets import (
    CUT_OFF,
    ETX,
    LIMIT,
    STX,
    TOO_LONG,
    TRUNCATED,
    Packet,
    Problem,
    diagnosed,
    fault_in,
    header_of,
    hidden_anywhere,
    match_packet,
)

if TYPE_CHECKING:
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["Noise", "Reader", "decode", "read_packet"]


class Noise(msgspec.Struct, frozen=True):
    """Bytes between packets that are more than CR and LF, such as a greeting."""

    data: bytes
    offset: int

    def __repr__(self) -> str:
        return f"Noise(data={shown(hidden_anywhere(self.data))}, offset={self.offset})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("data", hidden_anywhere(self.data)), ("offset", self.offset)]


class Reader:
    """Reads packets from a stream, with what is none and what stands between.

    Nothing after a problem is lost: reading goes on with the next STX.

    Args:
        stream: of the connection.
        limit: of a packet in bytes; noise comes in pieces of so many at most.
    """

    def __init__(self, stream: InputStream, limit: int = LIMIT) -> None:
        if limit < 1:
            raise Misuse(f"a limit of {limit} leaves no room for anything")
        self._stream = stream
        self._limit = limit
        self._items: deque[Packet | Noise | Problem] = deque()
        self._noise = bytearray()
        self._noise_at = 0
        self._is_slow = False  # the next ETX is far away: to look for it again and again would cost
        self._is_overlong = False  # what comes before the next STX belongs to a packet that was
        self._has_ended = False

    @property
    def is_over(self) -> bool:
        """Whether the input has ended, and all of it been taken."""
        return self._has_ended and not self._items

    def next(self) -> Steps[Packet | Noise | Problem | None]:
        """Read what comes next; None at the end of input."""
        while (item := self.take()) is None and not self._has_ended:
            yield from wait()
        return item

    def take(self) -> Packet | Noise | Problem | None:
        """Return what comes next if it is there; else None, or at the end of input."""
        stream = self._stream
        while not self._items:
            if self._is_slow:
                if not self._take_slowly():
                    return None
                continue
            if self._has_ended:
                return None
            try:
                piece = stream.take_until(ETX, self._limit - 1)
            except TooLong:
                self._is_slow = True
            except Truncated:
                self._take_tail(stream.offset)
            else:
                if piece is None:
                    return None
                offset = stream.offset - len(piece) - 1
                packet = match_packet(piece, offset)
                if packet is not None and not self._noise:
                    return packet
                self._sort(piece + ETX, offset)
        return self._items.popleft()

    def _take_slowly(self) -> bool:
        """Take what comes without looking further than the limit; False: nothing is there."""
        stream = self._stream
        data, offset = stream.peek(self._limit), stream.offset
        if self._is_overlong:
            return self._drop_overlong(data)
        end = data.find(ETX) + 1
        if end:
            stream.drop(end)
            self._sort(data[:end], offset)
        elif len(data) == self._limit:
            self._take_overlong(data, offset)
            return True
        self._is_slow = False
        return True

    def _drop_overlong(self, data: bytes) -> bool:
        """Drop what is left of a packet that was too long; False: all that is there is dropped."""
        start = data.find(STX)
        self._is_overlong = start < 0
        self._stream.drop(len(data) if start < 0 else start)
        if not data and self._stream.at_end():
            self._is_slow = False
            self._has_ended = True
        return bool(data) or self._has_ended

    def _take_overlong(self, data: bytes, offset: int) -> None:
        """Take the beginning of what has no ETX within the limit."""
        last = data.rfind(STX)
        if last < 0:
            last = len(data)
        if last > 0:
            self._sort_unfinished(data[:last], offset)
            self._stream.drop(last)
            return
        self._flush()
        fault = f"expected ETX within {self._limit} bytes"
        position = offset + self._limit
        self._items.append(self._problem(TOO_LONG, data, offset, position, fault))
        self._stream.drop(len(data))
        self._is_overlong = True

    def _take_tail(self, offset: int) -> None:
        """Take what is left at the end of input."""
        data = self._stream.peek()
        self._stream.drop(len(data))
        self._has_ended = True
        last = data.rfind(STX)
        if last < 0:
            self._hear(data, offset)
        else:
            self._sort_unfinished(data[:last], offset)
            self._flush()
            end = offset + len(data)
            fault = "expected ETX, found the end of input"
            self._items.append(self._problem(TRUNCATED, data[last:], offset + last, end, fault))
        self._flush()

    def _sort(self, piece: bytes, offset: int) -> None:
        """Sort out what stands before an ETX."""
        last = piece.rfind(STX)
        if last < 0:
            self._hear(piece, offset)
            return
        self._sort_unfinished(piece[:last], offset)
        self._flush()
        offset += last
        piece = piece[last:]
        self._items.append(match_packet(piece[:-1], offset) or diagnosed(piece, offset))

    def _sort_unfinished(self, data: bytes, offset: int) -> None:
        """Sort out what stands before an STX that matters: noise, then packets without ETX."""
        noise, *parts = data.split(STX)
        self._hear(noise, offset)
        offset += len(noise)
        for part in parts:
            self._flush()
            part = STX + part  # noqa: PLW2901 - where it was split
            end = offset + len(part)
            fault = "expected ETX before the next STX"
            self._items.append(self._problem(CUT_OFF, part, offset, end, fault))
            offset = end

    @staticmethod
    def _problem(kind: str, data: bytes, offset: int, position: int, fault: str) -> Problem:
        return Problem(kind, offset, position, fault, data, *header_of(data))

    def _hear(self, data: bytes, offset: int) -> None:
        """Collect noise."""
        if not self._noise:
            self._noise_at = offset
        self._noise += data
        while len(self._noise) >= self._limit:
            self._tell(bytes(self._noise[: self._limit]))
            del self._noise[: self._limit]
            self._noise_at += self._limit

    def _flush(self) -> None:
        self._tell(bytes(self._noise))
        self._noise.clear()

    def _tell(self, noise: bytes) -> None:
        if noise.strip(b"\r\n"):
            self._items.append(Noise(noise, self._noise_at))


def read_packet(limit: int = LIMIT) -> Steps[Packet | None]:
    """Read one packet, past whatever noise is before it; None at the end of input.

    Args:
        limit: of its bytes.

    Raises:
        Malformed: something begins with STX, and is no packet.
        TooLong: it has no ETX within the limit.
        Truncated: the input ends before its ETX.
        ChecksumMismatch: its checksum is wrong.
    """
    reader = Reader((yield from get_input()), limit)
    while isinstance(item := (yield from reader.next()), Noise):
        pass
    if isinstance(item, Problem):
        raise item.error()
    if item is not None and (error := fault_in(item)) is not None:
        raise error
    return item


@protocol
def decode(limit: int = LIMIT) -> Steps[None]:
    r"""Emit every `Packet`, and as `Noise` or `Problem` what is none; it goes on after each.

    Args:
        limit: of a packet in bytes.

    >>> connection = decode()
    >>> connection.send(b"Welcome\n\x0290:001\t3F\x03\x02oops\x03")
    >>> noise, packet, problem = connection.events()
    >>> noise, packet.number
    (Noise(data=b'Welcome\n', offset=0), 1)
    >>> print(problem.message)
    at byte 20 in packet: expected an operation of two digits, found b'oop'
    """
    reader = Reader((yield from get_input()), limit)
    while (item := (yield from reader.next())) is not None:
        yield from emit(item)
