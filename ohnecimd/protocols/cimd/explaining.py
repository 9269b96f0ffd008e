r"""What every byte of a conversation is, on the way to the SMS Center or back.

>>> for part in explain(b"\x0240:001\t3B\x03"):
...     print(part)
Span(start=0, end=1, path=('alive 001', 'STX'), value=None, meaning='')
Span(start=1, end=4, path=('alive 001', 'operation'), value=40, meaning='')
Span(start=4, end=8, path=('alive 001', 'number'), value=1, meaning='')
Span(start=8, end=10, path=('alive 001', 'checksum'), value=b'3B', meaning='wrong: it is 3A')
at byte 8 in packet: expected the checksum b'3A', found b'3B'
Span(start=10, end=11, path=('alive 001', 'ETX'), value=None, meaning='')
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from ohnecimd.declaring.dissecting import STARS
from ohnecimd.messages import Span
from ohnecimd.output import as_bytes
from ohnecimd.protocols.cimd.framing import Noise, decode
from ohnecimd.protocols.cimd.packets import (
    LIMIT,
    SECRETS,
    Checksums,
    Packet,
    Problem,
    fault_in,
)
from ohnecimd.protocols.cimd.wording import UNKNOWN, missing_in, name_of, said_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.errors import ProtocolError

__all__ = ["explain", "veiled"]

PIECE_BYTES = 65536
OPERATION_BYTES = 3  # with the colon
NUMBER_BYTES = 4  # with the TAB
PREFIX_BYTES = 4  # of a parameter: its number, and the colon


def explain(
    data: BytesLike, limit: int = LIMIT, checksums: Checksums = Checksums.ACCEPT
) -> Iterator[Span | ProtocolError]:
    """Give what the parts are, and what is wrong with them, in order.

    Args:
        data: all that went one way.
        limit: of a packet in bytes.
        checksums: what is wrong about them.
    """
    octets = as_bytes(data)
    at = 0
    for event in _events(octets, limit):
        if at < event.offset:
            yield from _between(octets, at, event.offset)
        if isinstance(event, Packet):
            yield from _packet(event, checksums)
            at = event.offset + len(event.encode())
        elif isinstance(event, Noise):
            at = event.offset + len(event.data)
            yield from veiled(event.data, event.offset, ("noise",))
        else:
            yield from _problem(event)
            at = event.offset + len(event.data)
    if at < len(octets):
        yield from _between(octets, at, len(octets))


def _events(data: bytes, limit: int) -> Iterator[Packet | Noise | Problem]:
    connection = decode(limit)
    for start in range(0, len(data), PIECE_BYTES):  # lest all events are there at once
        connection.send(data[start : start + PIECE_BYTES])
        while events := connection.events():
            yield from events
    connection.send_eof()
    while events := connection.events():
        yield from events


def _between(data: bytes, start: int, end: int) -> Iterator[Span]:
    """Give what no event is about: line ends, and the rest of a packet that was too long."""
    octets = data[start:end]
    if octets.strip(b"\r\n"):
        yield from veiled(octets, start, ("dropped",))
    else:
        yield Span(start, end, ("line end",), octets)


# Packets


def _packet(packet: Packet, checksums: Checksums) -> Iterator[Span | ProtocolError]:
    path = (_title(packet.operation, packet.number),)
    at = packet.offset
    yield from _head(at, packet.operation, packet.number, path, missing_in(packet))
    at += 1 + OPERATION_BYTES + NUMBER_BYTES
    for said in said_in(packet):
        middle = at + PREFIX_BYTES
        end = middle + len(said.octets)
        yield Span(at, middle, (*path, "parameter"), said.number, said.name)
        if said.octets:
            yield Span(middle, end, (*path, said.name), _plain(said.value), said.meaning)
        at = end + 1
        yield Span(end, at, (*path, "TAB"), None)
    error = fault_in(packet, checksums)
    if packet.checksum is not None:
        wanted = packet.sealed().checksum or b""
        meaning = "right" if packet.checksum_ok else f"wrong: it is {wanted.decode()}"
        yield Span(at, at + 2, (*path, "checksum"), packet.checksum, meaning)
        at += 2
    if error is not None:
        yield error
    yield Span(at, at + 1, (*path, "ETX"), None)


def _plain(value: object) -> object:
    """Return what is shown of a value; the meaning stands beside that."""
    if isinstance(value, int):
        return int(value)  # of enums and flags as well
    return str(value) if isinstance(value, dt.datetime) else value


def _title(operation: int, number: int) -> str:
    name = name_of(operation)
    return f"operation {operation:02} {number:03}" if name == UNKNOWN else f"{name} {number:03}"


def _head(
    at: int, operation: int, number: int, path: tuple[str, ...], meaning: str = ""
) -> Iterator[Span]:
    middle = at + 1 + OPERATION_BYTES
    yield Span(at, at + 1, (*path, "STX"), None)
    yield Span(at + 1, middle, (*path, "operation"), operation, meaning)
    yield Span(middle, middle + NUMBER_BYTES, (*path, "number"), number)


# What is no packet


def _problem(problem: Problem) -> Iterator[Span | ProtocolError]:
    """Give what can be made out of it, and the error at its place."""
    data, start = problem.data, problem.offset
    path = ("packet",)
    at = 0
    if problem.operation is not None and problem.number is not None:
        path = (_title(problem.operation, problem.number),)
        yield from _head(start, problem.operation, problem.number, path)
        at = 1 + OPERATION_BYTES + NUMBER_BYTES
    elif data:
        yield Span(start, start + 1, (*path, "STX"), None)
        at = 1
    place = problem.position - start
    error: ProtocolError | None = problem.error()
    for first, end, is_secret in _parts(data, at, place):
        if first >= place and error is not None:
            yield error
            error = None
        name = "beginning" if first < place else "unreadable"
        value = STARS if is_secret else data[first:end]
        yield Span(start + first, start + end, (*path, name), value)
    if error is not None:
        yield error


def veiled(data: bytes, start: int, path: tuple[str, ...]) -> Iterator[Span]:
    """Give bytes of which little is known as spans; what may be a password is a secret.

    Args:
        data: the bytes.
        start: of the first of them.
        path: what they are.
    """
    for first, end, is_secret in _parts(data):
        yield Span(start + first, start + end, path, STARS if is_secret else data[first:end])


def _parts(data: bytes, at: int = 0, cut: int = 0) -> Iterator[tuple[int, int, bool]]:
    """Give the parts of bytes: where each begins and ends, and whether it may be a password.

    Args:
        data: the bytes.
        at: where to begin.
        cut: no part goes beyond this place and begins before it.
    """
    for found in SECRETS.finditer(data, at):
        yield from _halves(at, found.start(), cut, is_secret=False)
        at = found.end()
        yield from _halves(found.start(), at, cut, is_secret=True)
    yield from _halves(at, len(data), cut, is_secret=False)


def _halves(start: int, end: int, cut: int, *, is_secret: bool) -> Iterator[tuple[int, int, bool]]:
    middle = min(max(start, cut), end)
    if start < middle:
        yield start, middle, is_secret
    if middle < end:
        yield middle, end, is_secret
