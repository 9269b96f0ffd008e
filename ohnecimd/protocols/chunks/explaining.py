r"""What every byte of a conversation is, on the way to the server or back.

>>> for part in explain(b"DLAY\x0b\0\0\0NTVL\x03\0\0\x000.5"):
...     print(part.start, part.end, " > ".join(part.path), part.value)
0 4 DLAY > id b'DLAY'
4 8 DLAY > size 11
8 12 DLAY > NTVL > id b'NTVL'
12 16 DLAY > NTVL > size 3
16 19 DLAY > NTVL > contents b'0.5'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ohnecimd.connection import protocol
from ohnecimd.errors import ProtocolError, RemoteProtocolError, Truncated
from ohnecimd.messages import Span
from ohnecimd.output import as_bytes
from ohnecimd.primitives import emit
from ohnecimd.protocols.chunks.framing import (
    HEADER,
    ID_BYTES,
    LIMIT,
    Chunk,
    name_of,
    read_chunk,
    subchunks,
)
from ohnecimd.protocols.chunks.messages import MESSAGES, ChunkMessage, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.steps import Steps

__all__ = ["explain"]

PIECE_BYTES = 65536


def explain(data: BytesLike, limit: int = LIMIT) -> Iterator[Span | ProtocolError]:
    """Give what the parts are, in order; behind an error, nothing has a name.

    Args:
        data: all that went one way.
        limit: of the contents of a chunk.
    """
    octets = as_bytes(data)
    at = 0
    for event in _events(octets, limit):
        if isinstance(event, Chunk):
            yield from _whole(event)
            at = event.contents_at + len(event.contents)
        else:
            yield from _broken(octets, at, event)


def _events(data: bytes, limit: int) -> Iterator[Chunk | RemoteProtocolError]:
    connection = _chunks(limit)
    for start in range(0, len(data), PIECE_BYTES):  # lest all events are there at once
        connection.send(data[start : start + PIECE_BYTES])
        yield from connection.events()
        if connection.closing:
            return
    connection.send_eof()
    yield from connection.events()


@protocol
def _chunks(limit: int) -> Steps[None]:
    """Emit every chunk, and the error that ends them."""
    try:
        while (chunk := (yield from read_chunk(limit))) is not None:
            yield from emit(chunk)
    except RemoteProtocolError as error:
        yield from emit(error)


def _whole(chunk: Chunk) -> Iterator[Span]:
    row = MESSAGES.find(chunk.id)
    tags = (row and tags_of(cast("type[ChunkMessage]", row.message))) or ()
    path = (name_of(chunk.id),)
    yield from _header(chunk.offset, chunk.id, len(chunk.contents), path, _meaning(chunk.id))
    at = chunk.contents_at
    for part in subchunks(chunk) if tags else ():
        inner = (*path, name_of(part.id))
        meaning = "" if part.id in tags else "of no meaning here"
        yield from _header(part.offset, part.id, len(part.contents), inner, meaning)
        at = part.contents_at + len(part.contents)
        if part.contents:
            yield Span(part.contents_at, at, (*inner, "contents"), part.contents)
    stop = chunk.contents_at + len(chunk.contents)
    if at < stop:
        left = chunk.contents[at - chunk.contents_at :]
        name, why = ("rest", "ignored") if tags else ("contents", "")
        yield Span(at, stop, (*path, name), left, why)


def _broken(data: bytes, start: int, error: ProtocolError) -> Iterator[Span | ProtocolError]:
    """Give what there is of a chunk that is cut off or too large."""
    at = start + HEADER.size
    if at <= len(data):
        id_, size = HEADER.unpack_from(data, start)
        path = (name_of(id_),)
        yield from _header(start, id_, size, path, _meaning(id_))
        if isinstance(error, Truncated) and at < len(data):
            yield Span(at, len(data), (*path, "contents"), data[at:], "cut off")
    yield error


def _meaning(id_: bytes) -> str:
    row = MESSAGES.find(id_)
    return "" if row is None else row.name


def _header(
    start: int, id_: bytes, size: int, path: tuple[str, ...], meaning: str
) -> Iterator[Span]:
    middle = start + ID_BYTES
    yield Span(start, middle, (*path, "id"), id_, meaning)
    yield Span(middle, start + HEADER.size, (*path, "size"), size)
