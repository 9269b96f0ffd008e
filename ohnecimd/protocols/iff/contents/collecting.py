r"""What all the chunks of a file hold, while it is read or as a whole.

>>> data = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data\4\0\0\0abcd"
>>> [(each.start.id, type(each.content).__name__) for each in contents_of(data)]
[(b'fmt ', 'PcmFormat')]
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ohnecimd.connection import protocol
from ohnecimd.errors import RemoteProtocolError, TooLong
from ohnecimd.protocols.iff.contents.decoding import decode_as, find, head_bytes
from ohnecimd.protocols.iff.contents.layouts import Content
from ohnecimd.protocols.iff.dialects import DIALECTS
from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    Data,
    GroupEnd,
    GroupStart,
)
from ohnecimd.protocols.iff.reader import MAX_DEPTH, walk

if TYPE_CHECKING:
    from typing_extensions import Buffer as BytesLike

    from ohnecimd.messages import Message
    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import Event
    from ohnecimd.steps import Steps

__all__ = ["LIMIT_BYTES", "Collector", "Found", "contents_of", "first", "is_known"]

LIMIT_BYTES = 1 << 20
"""How large a chunk may be that is decoded, unless the caller says otherwise."""

C = TypeVar("C", bound=Content)


class Found(msgspec.Struct, frozen=True):
    """What a chunk holds, or why that cannot be told.

    Args:
        start: of the chunk.
        content: what it holds; None if there is an error.
        error: why that cannot be told; names message, field and byte.
    """

    start: ChunkStart
    content: Content | None = None
    error: RemoteProtocolError | None = None


def is_known(start: ChunkStart) -> bool:
    """Tell whether a table knows a chunk; made for the parameter `wanted` of readers."""
    return _is_known(start.group, start.id)


@functools.lru_cache(1024)
def _is_known(group: bytes, chunk_id: bytes) -> bool:
    return any(find(each, group, chunk_id) is not None for each in DIALECTS.values())


class _Open:
    """A chunk that has begun and not ended."""

    __slots__ = ("head", "message", "octets", "start")

    def __init__(self, start: ChunkStart, message: type[Content] | None) -> None:
        self.start = start
        self.message = message
        self.head = None if message is None else head_bytes(message)
        self.octets = bytearray()


class Collector:
    """Decodes chunks from the events of a reader, which it takes one after the other.

    What it finds is added to the list `found`, which may be emptied at any time. A chunk whose data
    is not told is passed over.

    Args:
        limit_bytes: how large a chunk may be; for larger ones the error is `TooLong`. Only as much
            is kept of what has not ended yet.
    """

    def __init__(self, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.found: list[Found] = []
        self._limit = limit_bytes
        self._dialect = DIALECTS["iff"]  # until it is told
        self._open: list[_Open] = []
        self._groups: list[dict[bytes, Message] | None] = [None]  # what is remembered in each

    @property
    def events(self) -> Collector:
        """Itself: what takes the events of a walk."""
        return self

    def __len__(self) -> int:
        """0: no event waits here."""
        return 0

    def append(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Data():
                for each in self._open:
                    self._add(each, event.data)
            case ChunkStart():
                message = find(self._dialect, event.group, event.id)
                self._open.append(_Open(event, message))
            case ChunkEnd():
                self._end(self._open.pop(), event)
            case GroupStart():
                self._groups.append(None)
            case GroupEnd():
                self._groups.pop()
            case Begin():
                self._dialect = DIALECTS[event.dialect]
            case _:
                pass

    def _add(self, chunk: _Open, data: bytes) -> None:
        if chunk.message is not None:
            most = self._limit if chunk.head is None else chunk.head
            chunk.octets += data[: most - len(chunk.octets)]

    def _end(self, chunk: _Open, end: ChunkEnd) -> None:
        if chunk.message is None:
            return
        start, size = chunk.start, end.present
        if chunk.head is not None:
            size = min(size, chunk.head)
        elif size > self._limit:
            text = f"{size} bytes of {chunk.message.__name__}, expected at most {self._limit}"
            error = TooLong(text, position=start.data_offset + self._limit)
            self.found.append(Found(start, error=error))
            return
        if len(chunk.octets) < size:
            return
        before = self._groups[-1] or {}
        try:
            content = decode_as(
                chunk.message,
                self._dialect.byteorder,
                chunk.octets,
                position=start.data_offset,
                before=before,
            )
        except RemoteProtocolError as error:
            self.found.append(Found(start, error=error))
            return
        if content.is_remembered:
            self._groups[-1] = before
            before[start.id] = content
        self.found.append(Found(start, content))


@protocol
def _reading(collector: Collector, dialect: Dialect | str | None, max_depth: int) -> Steps[None]:
    yield from walk(dialect, max_depth=max_depth, wanted=is_known, output=collector)


def contents_of(
    data: BytesLike,
    dialect: Dialect | str | None = None,
    *,
    max_depth: int = MAX_DEPTH,
    limit_bytes: int = LIMIT_BYTES,
) -> list[Found]:
    """Return what the chunks of a whole file hold, in the order of their headers.

    Chunks that no table knows are left out. Nothing is raised for what is wrong with the file.

    Args:
        data: the file.
        dialect: one of `DIALECTS`, or its name; None: the first bytes tell.
        max_depth: of groups.
        limit_bytes: how large a chunk may be that is decoded.
    """
    collector = Collector(limit_bytes=limit_bytes)
    connection = _reading(collector, dialect, max_depth)
    connection.send(data)
    connection.send_eof()
    return sorted(collector.found, key=operator.attrgetter("start.offset"))


def first(kind: type[C], data: BytesLike, dialect: Dialect | str | None = None) -> C | None:
    """Return the first message of a class in a whole file; None if there is none.

    Args:
        kind: the class; its subclasses are right too.
        data: the file.
        dialect: as in `contents_of`.
    """
    return next(
        (each.content for each in contents_of(data, dialect) if isinstance(each.content, kind)),
        None,
    )
