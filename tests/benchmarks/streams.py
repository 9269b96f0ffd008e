"""Lines and frames out of a stream of pieces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .group import Reach, ratio_of
from .race import Race, Row, Turn, WrongResult
from .stream_readers import (
    OHNEIO,
    SIZE,
    STREAM_READERS,
    TAKE,
    TWISTED,
    UPTO,
    WEBSOCKETS,
    StreamReader,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .race import Seconds
    from .stream_readers import Reader

__all__ = ["STREAMS", "StreamRow"]

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True)
class StreamRow(Row[StreamReader]):
    """Messages, and how they are cut.

    `fewer`: how many messages the candidates get whose cost grows faster than the input.
    """

    name: str
    message_bytes: int  # the line with its end, or what follows the length
    piece_bytes: int
    messages: int
    fewer: dict[str, int] = field(default_factory=dict)
    is_framed: bool = False  # by a length before it, instead of LF after it

    def turn(self, candidate: StreamReader, divisor: int) -> Turn | None:
        reader = candidate.frames if self.is_framed else candidate.lines
        if reader is None:
            return None
        count = max(1, self.fewer.get(candidate.name, self.messages) // divisor)
        self.check(candidate.name, reader, count)
        pieces = self.pieces(count)
        quarter = pieces[: len(pieces) // 4]
        return Turn(count, lambda: reader(pieces, None), lambda: reader(quarter, None))

    def expected(self, count: int) -> list[bytes]:
        """Return the messages, lines without their end; each is different from the one before."""
        size = self.message_bytes - (0 if self.is_framed else 1)
        return [bytes([97 + i % 26]) * size for i in range(count)]

    def pieces(self, count: int) -> list[bytes]:
        """Return what is sent for so many messages."""
        data = b"".join(
            SIZE.pack(len(message)) + message if self.is_framed else message + b"\n"
            for message in self.expected(count)
        )
        return [
            data[start : start + self.piece_bytes]
            for start in range(0, len(data), self.piece_bytes)
        ]

    def check(self, name: str, reader: Reader, count: int) -> None:
        """Raise `WrongResult` unless the reader reads what was sent, and nothing else."""
        kept: list[bytes] = []
        reader(self.pieces(count), kept.append)
        if not self.is_framed:
            kept = [line.removesuffix(b"\n") for line in kept]
        if kept != self.expected(count):
            raise WrongResult(
                f"{name} read {len(kept)} messages of {sum(map(len, kept))} bytes in "
                f"the row {self.name!r}, expected {count} of {self.message_bytes} bytes"
            )


# One turn takes a few milliseconds: short enough that some of many turns are not interrupted.
ROWS = (
    StreamRow("64-byte lines, 64 KiB pieces", 64, 64 * KIB, 4096, {OHNEIO: 1024}),
    StreamRow("64-byte lines, 1 KiB pieces", 64, KIB, 4096, {OHNEIO: 1024}),
    StreamRow("64-byte lines, 7-byte pieces", 64, 7, 896, {OHNEIO: 448}),
    StreamRow("4 KiB lines, byte by byte", 4 * KIB, 1, 2, {OHNEIO: 1}),
    StreamRow("u32 + 60 bytes, 64 KiB pieces", 60, 64 * KIB, 4096, {OHNEIO: 1024}, is_framed=True),
    StreamRow("u32 + 1 MiB, 64 KiB pieces", MIB, 64 * KIB, 8, {TWISTED: 4}, is_framed=True),
)


def _judge(results: Mapping[str, Seconds]) -> Iterator[Reach]:
    for row in ROWS:
        seconds = results.get(row.name)
        if seconds is None:
            continue
        to_rival = ratio_of(seconds, UPTO, WEBSOCKETS)
        if row.message_bytes == 64 and not row.is_framed:
            to_ohneio, hot = ratio_of(seconds, OHNEIO, UPTO), ratio_of(seconds, TAKE, WEBSOCKETS)
            yield Reach(f"{row.name}: ohneio / {UPTO}", to_ohneio, 6, is_floor=True)
            yield Reach(f"{row.name}: {UPTO} / websockets", to_rival, 1.7)
            yield Reach(f"{row.name}: {TAKE} / websockets", hot, 1)
        elif row.message_bytes == MIB:
            yield Reach(f"{row.name}: read / websockets", to_rival, 1.3)


STREAMS = Race("streams", "message", (UPTO, TAKE), STREAM_READERS, ROWS, _judge)
