r"""`Chunk`: the class of the module ``chunk`` that Python 3.13 removed.

Same interface, options, attributes and errors; unlike the rest of this package it reads from a
file that it is given, and calls nothing but the file's ``read``, ``tell`` and ``seek``. It knows
no groups: their insides are walked by a second `Chunk` (or `Chunk.walk`) on the first one.

What is added: a ``with`` statement, `Chunk.walk`, and a header that an unbuffered file hands over
in pieces is read whole where the old class took the first short piece for the end of the file.

>>> from io import BytesIO
>>> form = Chunk(BytesIO(b"FORM\0\0\0\x10AIFFNAME\0\0\0\x03Joe\0"))
>>> form.getname(), form.getsize(), form.read(4)
(b'FORM', 16, b'AIFF')
>>> [(chunk.getname(), chunk.read()) for chunk in Chunk.walk(form)]
[(b'NAME', b'Joe')]
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Protocol, Self

from ohnecimd.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Chunk", "Readable"]

HEADER_BYTES = 8
SKIP_BYTES = 65536  # the most that is held at once where a file cannot seek
_BIG = Struct(">4sL").unpack
_LITTLE = Struct("<4sL").unpack


class Readable(Protocol):
    """What a `Chunk` needs of its file; ``tell`` and ``seek`` are used if they are there too."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...


class Chunk:
    """One chunk of a file, as a file of its own that ends where the chunk does.

    The file stands behind the header when the chunk is made; read the chunk, then `skip` to the
    next one or `close` it. A `Chunk` can be the file of another.

    Args:
        file: any object with ``read``. If it has ``tell`` and ``seek`` too, the chunk can seek,
            and skips without reading.
        align: whether a byte of padding follows data of odd size.
        bigendian: the byte order of the size: True for AIFF and other EA IFF, False for RIFF.
        inclheader: whether the size counts the header of 8 bytes too. A size under 8 then makes
            `getsize` negative, `read` returns nothing and `skip` goes *back*, so that a loop over
            such a file may never end: use `walk`, which refuses it.

    Raises:
        EOFError: the file ends before the header does.
    """

    # The names of all these attributes are those of the old class; aifc, for one, sets chunksize.
    def __init__(
        self,
        file: Readable,
        align: bool = True,  # noqa: FBT001, FBT002 - the old signature
        bigendian: bool = True,  # noqa: FBT001, FBT002
        inclheader: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        self.file: Any = file
        self.closed = False
        self.align = align
        header = file.read(HEADER_BYTES)
        if len(header) != HEADER_BYTES:
            header = _rest_of_header(file, header)
        self.chunkname: bytes
        self.chunkname, size = _BIG(header) if bigendian else _LITTLE(header)
        self.chunksize: int = size - HEADER_BYTES if inclheader else size
        self.size_read = 0
        try:
            self.offset: int = file.tell()  # type: ignore[attr-defined]
        except (AttributeError, OSError):
            self.seekable = False
        else:
            self.seekable = True

    @classmethod
    def walk(
        cls,
        file: Readable,
        align: bool = True,  # noqa: FBT001, FBT002
        bigendian: bool = True,  # noqa: FBT001, FBT002
        inclheader: bool = False,  # noqa: FBT001, FBT002
    ) -> Iterator[Self]:
        r"""Give each chunk from here to the end of the file, or of the chunk that is the file.

        What was not read of a chunk is skipped before the next. Less than a header at the end is
        ignored, and so is a last chunk, or its padding, that a parent does not wholly contain.

        Raises:
            Malformed: a size that counts the header is less than the header.
            EOFError: a file that cannot seek ends within a chunk.
        """
        while True:
            try:
                chunk = cls(file, align, bigendian, inclheader)
            except EOFError:
                return
            size = chunk.chunksize
            if size < 0:
                raise Malformed(
                    f"chunk {chunk.chunkname!r}: its size counts the header of {HEADER_BYTES} "
                    f"bytes and is {size + HEADER_BYTES}",
                    position=chunk.offset - 4 if chunk.seekable else None,
                )
            is_last = isinstance(file, Chunk) and size + (align and size & 1) >= (
                file.chunksize - file.size_read
            )
            yield chunk
            if is_last:
                return
            if not chunk.closed:
                chunk.skip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Close the chunk; after an error without skipping, which might fail in turn."""
        if kind is None:
            self.close()
        else:
            self.closed = True

    def getname(self) -> bytes:
        """Return the ID of the chunk: 4 bytes."""
        return self.chunkname

    def getsize(self) -> int:
        """Return the size of the chunk in bytes, as its header gives it, without the header."""
        return self.chunksize

    def close(self) -> None:
        """Skip to the end of the chunk and take no more calls; the file stays open."""
        if not self.closed:
            try:
                self.skip()
            finally:
                self.closed = True

    def isatty(self) -> bool:
        """Return False: a chunk is no terminal.

        Raises:
            ValueError: the chunk is closed.
        """
        if self.closed:
            raise _closed()
        return False

    def tell(self) -> int:
        """Return the position in the chunk; past its end if its byte of padding has been read.

        Raises:
            ValueError: the chunk is closed.
        """
        if self.closed:
            raise _closed()
        return self.size_read

    def seek(self, pos: int, whence: int = 0) -> None:
        """Go to a position in the chunk: from its start, or (1) from here, or (2) from its end.

        Raises:
            ValueError: the chunk is closed.
            OSError: the file cannot seek.
            RuntimeError: the position is not in the chunk. The end is, the place behind the byte
                of padding, where `read` may leave a chunk of odd size, is not.
        """
        if self.closed:
            raise _closed()
        if not self.seekable:
            raise OSError("the file of this chunk cannot seek")
        if whence == 1:
            pos += self.size_read
        elif whence == 2:
            pos += self.chunksize
        if pos < 0 or pos > self.chunksize:
            raise RuntimeError(f"position {pos} is not in the {self.chunksize} bytes of the chunk")
        self.file.seek(self.offset + pos, 0)
        self.size_read = pos

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes of the chunk, all that are left if negative.

        At the end of the chunk, and of the file, there is no more than there is: ``b""`` at last.

        Raises:
            ValueError: the chunk is closed.
        """
        if self.closed:
            raise _closed()
        left = self.chunksize - self.size_read
        if left <= 0:
            return b""
        data: bytes = self.file.read(left if size < 0 or size > left else size)
        self.size_read += len(data)
        if self.size_read == self.chunksize and self.align and self.chunksize & 1:
            self.size_read += len(self.file.read(1))
        return data

    def skip(self) -> None:
        """Go to where the next chunk begins, over what is left of this one and its padding.

        A file that can seek is sought, and may then stand behind its end.

        Raises:
            ValueError: the chunk is closed.
            EOFError: a file that cannot seek ends within the chunk.
            RuntimeError: the file is a `Chunk`, and this one reaches beyond its end.
        """
        if self.closed:
            raise _closed()
        if self.seekable:
            left = self.chunksize - self.size_read
            if self.align and self.chunksize & 1:
                left += 1
            try:
                self.file.seek(left, 1)
            except OSError:
                pass  # it can tell, but not seek
            else:
                self.size_read += left
                return
        while self.size_read < self.chunksize:
            if not self.read(min(SKIP_BYTES, self.chunksize - self.size_read)):
                raise EOFError(
                    f"the file ends after {self.size_read} of the {self.chunksize} bytes "
                    f"of chunk {self.chunkname!r}"
                )


def _rest_of_header(file: Readable, header: bytes) -> bytes:
    while len(header) < HEADER_BYTES:
        piece = file.read(HEADER_BYTES - len(header))
        if not piece:
            raise EOFError(f"the file ends after {len(header)} bytes of a header")
        header += piece
    return header


def _closed() -> ValueError:
    return ValueError("the chunk is closed")
