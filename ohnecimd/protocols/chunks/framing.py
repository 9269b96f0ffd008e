r"""Chunks: an ID of four bytes, a size, and so many bytes of contents.

Nothing is believed of a size but that so many bytes have to come: what is too large is refused
when the header is in, and no memory is taken before the contents are there.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.connection import protocol
from ohnecimd.errors import FieldError, TooLong, Truncated
from ohnecimd.primitives import emit, get_input, skip, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.steps import Parser, Steps
    from ohnecimd.stream import InputStream

__all__ = [
    "LIMIT",
    "Chunk",
    "Problem",
    "decode",
    "name_of",
    "read_chunk",
    "subchunks",
    "take_chunk",
]

LIMIT = 65535  # bytes of contents that the example server takes
ID_BYTES = 4
LARGEST = 0xFFFFFFFF
HEADER = struct.Struct(f"<{ID_BYTES}sI")

TRUNCATED_HEADER = "truncated-header"
TRUNCATED_DATA = "truncated-data"
TOO_LARGE = "request-too-large"


class Chunk(msgspec.Struct, frozen=True):
    r"""A chunk, and where its header begins in the input.

    >>> Chunk(b"ECHO", b"abc").encode()
    b'ECHO\x03\x00\x00\x00abc'
    """

    id: bytes
    contents: bytes = b""
    offset: int = 0

    @property
    def contents_at(self) -> int:
        """Where the contents begin in the input."""
        return self.offset + HEADER.size

    def encode(self) -> bytes:
        """Return the bytes of the chunk, of whatever ID and size.

        Raises:
            FieldError: the ID has not four bytes, or the contents have more than 2**32 - 1.
        """
        if len(self.id) != ID_BYTES:
            raise FieldError(
                f"an ID has {ID_BYTES} bytes, not {len(self.id)}", path=["ID"], found=self.id
            )
        if len(self.contents) > LARGEST:
            raise FieldError(
                f"{len(self.contents)} bytes of contents, expected at most {LARGEST}",
                path=[f"chunk {name_of(self.id)}"],
            )
        return HEADER.pack(self.id, len(self.contents)) + self.contents


class Problem(msgspec.Struct, frozen=True):
    """Something in the input that is no chunk.

    Attributes:
        kind: ``truncated-header``, ``truncated-data`` or ``request-too-large``.
        offset: of the chunk's first byte.
        message: the fault in words, as the error of `read_chunk` reads.
    """

    kind: str
    offset: int
    message: str


def name_of(id_: bytes) -> str:
    r"""Return an ID for people.

    >>> name_of(b"STS "), name_of(b"\x00\x01\x02\xff")
    ('STS', "b'\\x00\\x01\\x02\\xff'")
    """
    text = id_.decode("latin-1").rstrip(" ")
    return text if text.isascii() and text.isalnum() else repr(id_)


def read_chunk(limit: int = LIMIT) -> Steps[Chunk | None]:
    r"""Read one chunk; None at the end of the input.

    The name of the problem is the `hint` of the error.

    Args:
        limit: of the contents.

    Raises:
        TooLong: the header says that there are more; it is consumed, and where the next chunk
            begins nobody knows.
        Truncated: the input ends within the chunk.

    >>> from ohnecimd import parse
    >>> parse(read_chunk, b"ECHO\x03\x00\x00\x00abc")
    Chunk(id=b'ECHO', contents=b'abc', offset=0)
    """
    stream = yield from get_input()
    return (yield from take_chunk(stream, limit, wait))


def take_chunk(stream: InputStream, limit: int, pause: Parser[None]) -> Steps[Chunk | None]:
    """Read one chunk as `read_chunk` does, and call on `pause` to wait for more of it."""
    offset = stream.offset
    try:
        while (header := stream.take_struct(HEADER)) is None:
            yield from pause()
    except Truncated as error:
        if not error.partial:
            return None
        raise _cut(error, TRUNCATED_HEADER, "chunk", f"a header of {HEADER.size} bytes") from None
    id_, size = header
    if size > limit:
        raise TooLong(
            f"expected at most {limit} bytes of contents, found a size of {size}",
            position=offset + ID_BYTES,
            path=[f"chunk {name_of(id_)}"],
            expected=f"at most {limit} bytes of contents",
            found=HEADER.pack(id_, size)[ID_BYTES:],
            hint=TOO_LARGE,
        )
    try:
        while (contents := stream.take(size)) is None:
            yield from pause()
    except Truncated as error:
        name = f"chunk {name_of(id_)}"
        raise _cut(error, TRUNCATED_DATA, name, f"{size} bytes of contents") from None
    return Chunk(id_, contents, offset)


def _cut(error: Truncated, kind: str, name: str, expected: str) -> Truncated:
    return Truncated(
        position=error.position,
        path=[name],
        expected=expected,
        partial=error.partial,
        hint=kind,
    )


def subchunks(chunk: Chunk) -> Iterator[Chunk]:
    """Give the chunks that are the contents of one, until what is left is no whole chunk.

    That is ignored, as the example server does. They are not looked into themselves.
    """
    contents, contents_at = chunk.contents, chunk.contents_at
    place, last = 0, len(contents) - HEADER.size
    while place <= last:
        id_, size = HEADER.unpack_from(contents, place)
        start = place + HEADER.size
        end = start + size
        if end > len(contents):
            return
        yield Chunk(id_, contents[start:end], contents_at + place)
        place = end


@protocol
def decode(limit: int = LIMIT) -> Steps[None]:
    r"""Emit every chunk as a `Chunk`, and what is none as the `Problem` that it is.

    A problem is the last event: a chunk that is too large may be anything, so that the next
    cannot be found, and after one that was cut off there is nothing.

    Args:
        limit: of the contents.

    >>> connection = decode()
    >>> connection.send(b"NOOP\x00\x00\x00\x00GET / HTTP/1.0\r\n\r\n")
    >>> chunk, problem = connection.events()
    >>> chunk, problem.kind, problem.offset
    (Chunk(id=b'NOOP', contents=b'', offset=0), 'request-too-large', 8)
    """
    stream = yield from get_input()
    offset = 0
    try:
        while (chunk := (yield from take_chunk(stream, limit, wait))) is not None:
            yield from emit(chunk)
            offset = stream.offset
    except TooLong as error:
        yield from emit(Problem(TOO_LARGE, offset, f"{error}; the next chunk cannot be found"))
    except Truncated as error:
        yield from emit(Problem(str(error.hint), offset, str(error)))
        yield from skip(len(error.partial))
