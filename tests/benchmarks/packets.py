"""Packets of CIMD2, decoded to raw packets and to typed messages, and encoded.

What is decoded is captured traffic, in pieces as a socket gives them; the splitter by hand stops at
operation, number, list of raw parameters, and whether the checksum is right.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ohnecimd import get_input, protocol, wait
from ohnecimd.protocols.cimd import Packet, encode, message_of, packet_in, packet_of
from ohnecimd.protocols.cimd.framing import Reader

from .group import Reach, ratio_of
from .race import Candidate, Race, Row, Turn, WrongResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ohnecimd import Connection
    from ohnecimd.steps import Steps

    from .race import Seconds

    Keep = Callable[[Any], object]
    Split = tuple[int, int, list[tuple[bytes, bytes]], bool | None]

__all__ = ["BY_HAND", "MESSAGES", "PACKETS", "RAW", "PacketCandidate", "PacketRow"]

BY_HAND, RAW, MESSAGES = "splitter by hand", "packets", "messages"
DATA = Path(__file__).parent.parent / "data" / "cimd"
PIECE_BYTES = 1 << 16
RAW_AT_MOST = 1.0
MESSAGES_AT_MOST = 1.6

STX, ETX = b"\x02", b"\x03"


@cache
def packets_of(name: str) -> tuple[bytes, ...]:
    """Return the packets of a capture."""
    listing = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["listing"]
    return tuple(bytes.fromhex(each["raw"]) for each in listing if "raw" in each)


# By hand


def split_by_hand(pieces: Iterable[bytes]) -> Iterator[Split]:
    """Give the packets of a stream, as one writes it for this one job."""
    buffer = b""
    for piece in pieces:
        buffer += piece
        position = 0
        while True:
            start = buffer.find(STX, position)
            end = buffer.find(ETX, start) if start >= 0 else -1
            if end < 0:
                break
            fields = buffer[start + 1 : end].split(b"\t")
            head, checksum = fields[0], fields[-1]
            is_right = None
            if checksum:
                is_right = sum(buffer[start : end - 2]) & 255 == int(checksum, 16)
            parameters = [(each[:3], each[4:]) for each in fields[1:-1]]
            yield int(head[:2]), int(head[3:]), parameters, is_right
            position = end + 1
        buffer = buffer[position:]


def join_by_hand(packet: Split) -> bytes:
    """Return the bytes of a packet."""
    operation, number, parameters, _ = packet
    body = b"".join([b"%b:%b\t" % each for each in parameters])
    data = b"\x02%02d:%03d\t%b" % (operation, number, body)
    return b"%b%02X\x03" % (data, sum(data) & 255)


# Ours


@protocol
def _raw(keep: Keep) -> Steps[None]:
    reader = Reader((yield from get_input()))
    take = reader.take
    while not reader.is_over:
        while (packet := take()) is not None:
            packet.pairs()  # type: ignore[union-attr] # there is nothing else
            keep(packet)
        yield from wait()


@protocol
def _typed(keep: Keep) -> Steps[None]:
    reader = Reader((yield from get_input()))
    take = reader.take
    while not reader.is_over:
        while (packet := take()) is not None:
            keep(message_of(packet))  # type: ignore[arg-type]
        yield from wait()


def _send(connection: Connection[None], pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        connection.send(piece)


def _split_by_hand(pieces: Iterable[bytes], keep: Keep) -> None:
    for packet in split_by_hand(pieces):
        keep(packet)


@dataclass(frozen=True)
class PacketCandidate(Candidate):
    """Decodes streams, and encodes packets.

    `prepare` makes what `encode` gets of a packet.
    """

    decode: Callable[[Iterable[bytes], Keep], None] = _split_by_hand
    prepare: Callable[[bytes], Any] = lambda data: next(split_by_hand([data]))
    encode: Callable[[Any], bytes] = join_by_hand


CANDIDATES = (
    PacketCandidate(
        RAW,
        decode=lambda pieces, keep: _send(_raw(keep), pieces),
        prepare=packet_in,
        encode=lambda packet: packet.sealed().encode(),
    ),
    PacketCandidate(
        MESSAGES,
        decode=lambda pieces, keep: _send(_typed(keep), pieces),
        prepare=lambda data: (message_of(packet := packet_in(data)), packet.number),
        encode=lambda message: encode(*message),
    ),
    PacketCandidate(BY_HAND),
)


def split_of(kept: Any) -> Split:
    """Return what a candidate has found in a packet, to compare it with others."""
    if isinstance(kept, tuple):
        return kept
    packet = kept if isinstance(kept, Packet) else packet_of(kept, 0)
    return packet.operation, packet.number, packet.pairs(), packet.checksum_ok


@dataclass(frozen=True)
class PacketRow(Row[PacketCandidate]):
    """The packets of one capture, again and again."""

    capture: str
    is_encoding: bool
    times: int = 64

    @property
    def name(self) -> str:  # type: ignore[override] # read only
        return f"{self.capture}, {'encode' if self.is_encoding else 'decode'}"

    def turn(self, candidate: PacketCandidate, divisor: int) -> Turn:
        packets = packets_of(self.capture)
        self.check(candidate)
        times = max(1, self.times // divisor)
        count = times * len(packets)
        if self.is_encoding:
            prepared = [candidate.prepare(each) for each in packets]
            call = candidate.encode
            return Turn(
                count,
                lambda: _seconds(lambda: [call(each) for each in prepared * times]),
                lambda: [call(each) for each in prepared],
            )
        pieces = _pieces_of(b"".join(packets) * times, PIECE_BYTES)
        return Turn(
            count,
            lambda: _seconds(lambda: candidate.decode(pieces, _forget)),
            lambda: candidate.decode(packets, _forget),
        )

    def check(self, candidate: PacketCandidate) -> None:
        """Raise `WrongResult` unless the candidate makes of the packets what is in them."""
        packets = packets_of(self.capture)
        if self.is_encoding:
            encoded = [candidate.encode(candidate.prepare(each)) for each in packets]
            made = list(split_by_hand(encoded))
        else:
            kept: list[Any] = []
            candidate.decode(_pieces_of(b"".join(packets), 100), kept.append)
            made = list(map(split_of, kept))
        found = [_in_order(each, candidate) for each in made]
        if found != [_in_order(each, candidate) for each in split_by_hand(packets)]:
            raise WrongResult(f"{candidate.name} makes something else of {self.name!r}")


def _in_order(packet: Split, candidate: PacketCandidate) -> Split:
    """Return what is to be the same: messages have an order of their own, and no number."""
    operation, number, parameters, is_right = packet
    return operation, 0 if candidate.name == MESSAGES else number, sorted(parameters), is_right


def _forget(_: object) -> None:
    pass


def _pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


ROWS = (PacketRow("submit-basic", is_encoding=False), PacketRow("submit-basic", is_encoding=True))


def _judge(results: Mapping[str, Seconds]) -> Iterator[Reach]:
    for row in ROWS:
        seconds = results.get(row.name)
        if seconds is None or row.is_encoding:
            continue
        for name, bound in ((RAW, RAW_AT_MOST), (MESSAGES, MESSAGES_AT_MOST)):
            yield Reach(f"{row.name}: {name} / {BY_HAND}", ratio_of(seconds, name, BY_HAND), bound)


PACKETS = Race("packets", "packet", (RAW, MESSAGES), CANDIDATES, ROWS, _judge)
