"""The work that is measured: bytes, how they are cut, and the messages that are in them."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .candidates import CANDIDATES, OHNEIO, SIZE, TWISTED, Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .candidates import Reader

__all__ = ["ROWS", "Row", "WrongMessages", "measure"]

KIB = 1 << 10
MIB = 1 << 20


class WrongMessages(AssertionError):
    """A candidate did not read what was sent: its time would mean nothing."""


@dataclass(frozen=True)
class Row:
    """One kind of work.

    `fewer`: how many messages the candidates get whose cost grows faster than the input.
    """

    name: str
    message_bytes: int  # the line with its end, or what follows the length
    piece_bytes: int
    messages: int
    fewer: dict[str, int] = field(default_factory=dict)
    is_framed: bool = False  # by a length before it, instead of LF after it

    def reader_of(self, candidate: Candidate) -> Reader | None:
        """Return how `candidate` does this work; None if it does not."""
        return candidate.frames if self.is_framed else candidate.lines

    def messages_for(self, candidate: Candidate, divisor: int = 1) -> int:
        """Return how many messages it gets."""
        return max(1, self.fewer.get(candidate.name, self.messages) // divisor)

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

    def check(self, candidate: Candidate, count: int) -> None:
        """Raise `WrongMessages` unless `candidate` reads what was sent, and nothing else."""
        kept: list[bytes] = []
        reader = self.reader_of(candidate)
        assert reader is not None
        reader(self.pieces(count), kept.append)
        if not self.is_framed:
            kept = [line.removesuffix(b"\n") for line in kept]
        if kept != self.expected(count):
            raise WrongMessages(
                f"{candidate.name} read {len(kept)} messages of {sum(map(len, kept))} bytes in "
                f"the row {self.name!r}, expected {count} of {self.message_bytes} bytes"
            )


def measure(
    row: Row, candidates: Iterable[Candidate] = CANDIDATES, *, rounds: int = 40, divisor: int = 1
) -> dict[str, float]:
    """Return the seconds a message that each candidate takes at best.

    They take turns, so that whatever else the machine does hits all of them alike.

    Args:
        row: the work.
        candidates: those that are installed and can do it take part.
        rounds: turns of each.
        divisor: cuts the number of messages.
    """
    turns = []
    for candidate in candidates:
        reader = row.reader_of(candidate)
        if reader is not None and candidate.is_installed:
            count = row.messages_for(candidate, divisor)
            row.check(candidate, count)
            turns.append((candidate.name, reader, row.pieces(count), count))
    best: dict[str, float] = {}
    gc.collect()
    gc.disable()  # and no collecting between turns: it would leave the next one with cold caches
    try:
        for _ in range(rounds):
            for name, reader, pieces, count in turns:
                reader(pieces[: len(pieces) // 4], None)  # lest it pays for the caches' state
                elapsed = reader(pieces, None) / count
                best[name] = min(elapsed, best.get(name, elapsed))
    finally:
        gc.enable()
    return best


# One turn takes a few milliseconds: short enough that some of many turns are not interrupted.
ROWS = (
    Row("64-byte lines, 64 KiB pieces", 64, 64 * KIB, 4096, {OHNEIO: 1024}),
    Row("64-byte lines, 1 KiB pieces", 64, KIB, 4096, {OHNEIO: 1024}),
    Row("64-byte lines, 7-byte pieces", 64, 7, 896, {OHNEIO: 448}),
    Row("4 KiB lines, byte by byte", 4 * KIB, 1, 2, {OHNEIO: 1}),
    Row("u32 + 60 bytes, 64 KiB pieces", 60, 64 * KIB, 4096, {OHNEIO: 1024}, is_framed=True),
    Row("u32 + 1 MiB, 64 KiB pieces", MIB, 64 * KIB, 8, {TWISTED: 4}, is_framed=True),
)
