r"""What every byte of a file is: headers, types, the fields of typed contents, pads, checksums.

>>> for span in explain(b"FORM\0\0\0\x10AIFF" b"NAME\0\0\0\3abc\0"):
...     print(span.start, span.end, " > ".join(span.path), span.value)
0 4 FORM > id b'FORM'
4 8 FORM > size 16
8 12 FORM > type b'AIFF'
12 16 FORM > NAME > id b'NAME'
16 20 FORM > NAME > size 3
20 23 FORM > NAME > octets b'abc'
23 24 FORM > NAME > pad None

Strategy. The file is walked through twice: problems are looked for first, as the end of the input
may tell of the first byte; then spans are made on the way, so that no more memory is taken than
problems need, and what is open.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from ohnecimd.errors import ProtocolError
from ohnecimd.messages import Span
from ohnecimd.messages import explain as explain_message
from ohnecimd.output import as_bytes
from ohnecimd.protocols.iff.contents.collecting import LIMIT_BYTES, Collector
from ohnecimd.protocols.iff.contents.decoding import find, head_bytes
from ohnecimd.protocols.iff.dialects import DIALECTS, HEADER_BYTES, TYPE_BYTES
from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    GroupEnd,
    GroupStart,
)
from ohnecimd.protocols.iff.nesting import name_of
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import MAX_DEPTH, PIECE_BYTES, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.protocols.iff.contents.layouts import Content
    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import Event

__all__ = ["explain"]

ID_BYTES = 4
CRC_BYTES = 4
OUTER_NAMES, INNER_NAMES = 3, 5  # of a long path; what is between them is counted


def explain(
    data: BytesLike, dialect: Dialect | str | None = None, *, max_depth: int = MAX_DEPTH
) -> Iterator[Span | ProtocolError]:
    """Give what the parts of a whole file are, and what is wrong with them, by their places.

    Bytes that are nothing of the file, such as garbage behind its end, have no span. Of the names
    of more than eight levels, those in the middle are counted.

    Args:
        data: the file.
        dialect: one of `DIALECTS`, or its name; None: the first bytes tell.
        max_depth: of groups; what is nested deeper is not looked into.
    """
    octets = as_bytes(data)
    problems = [each for each in _events(octets, dialect, max_depth) if isinstance(each, Problem)]
    problems.sort(key=attrgetter("rank"), reverse=True)
    for part in _Explanation(octets).parts(_events(octets, dialect, max_depth)):
        place = _place(part)
        while problems and problems[-1].offset < place:
            yield problems.pop().error()
        yield part
    while problems:
        yield problems.pop().error()


def _events(data: bytes, dialect: Dialect | str | None, max_depth: int) -> Iterator[Event]:
    connection = decode(dialect, max_depth=max_depth)
    for start in range(0, len(data), PIECE_BYTES):  # lest all events are there at once
        connection.send(data[start : start + PIECE_BYTES])
        yield from connection.events()
    connection.send_eof()
    yield from connection.events()


def _place(part: Span | ProtocolError) -> int:
    return part.position or 0 if isinstance(part, ProtocolError) else part.start


class _Open:
    """A chunk or group that has begun and not ended; all before `at` is explained."""

    __slots__ = ("at", "message", "path", "start")

    def __init__(
        self,
        start: ChunkStart | GroupStart,
        path: tuple[str, ...],
        message: type[Content] | None = None,
    ) -> None:
        self.start = start
        self.path = path
        self.message = message
        self.at = start.data_offset


class _Explanation:
    """Makes spans of the events of a file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._dialect = DIALECTS["iff"]  # until it is told
        self._collector = Collector()
        self._open: list[_Open] = []
        self._names: list[str] = []

    def parts(self, events: Iterator[Event]) -> Iterator[Span | ProtocolError]:
        """Give spans, and what is wrong with the contents of chunks, by their places."""
        for event in events:
            self._collector.append(event)
            match event:
                case ChunkStart():
                    yield from self._start_chunk(event)
                case ChunkEnd():
                    yield from self._end_chunk(event)
                case GroupStart():
                    yield from self._start_group(event)
                case GroupEnd():
                    yield from self._end(event)
                case Begin():
                    self._dialect = DIALECTS[event.dialect]
                    signature = self._dialect.signature
                    if signature and self._data.startswith(signature):
                        yield Span(0, len(signature), ("signature",), signature)
                case _:
                    pass

    # Headers

    def _start_group(self, start: GroupStart) -> Iterator[Span]:
        path = self._enter(start)
        yield from self._header(start, path)
        if start.type is not None:
            at = start.data_offset
            yield Span(at, at + TYPE_BYTES, (*path, "type"), start.type)

    def _start_chunk(self, start: ChunkStart) -> Iterator[Span]:
        if self._open and isinstance(self._open[-1].start, ChunkStart):
            yield from self._head(self._open[-1], start.offset)
        message = find(self._dialect, start.group, start.id)
        path = self._enter(start, message)
        meaning = ""
        if message is not None and message.variants is None:
            meaning = message.__name__
        yield from self._header(start, path, meaning)

    def _enter(
        self, start: ChunkStart | GroupStart, message: type[Content] | None = None
    ) -> tuple[str, ...]:
        names = self._names
        names.append(name_of(start.id))
        hidden = len(names) - OUTER_NAMES - INNER_NAMES
        if hidden > 1:
            path = (*names[:OUTER_NAMES], f"({hidden} more)", *names[-INNER_NAMES:])
        else:
            path = tuple(names)
        self._open.append(_Open(start, path, message))
        return path

    def _header(
        self, start: ChunkStart | GroupStart, path: tuple[str, ...], meaning: str = ""
    ) -> tuple[Span, Span]:
        at = start.offset
        middle, end = at + ID_BYTES, at + HEADER_BYTES
        id_path, size_path = (*path, "id"), (*path, "size")
        about = self._about_size(start)
        if self._dialect.signature:
            return (
                Span(at, middle, size_path, start.size, about),
                Span(middle, end, id_path, start.id, meaning),
            )
        return (
            Span(at, middle, id_path, start.id, meaning),
            Span(middle, end, size_path, start.size, about),
        )

    def _about_size(self, start: ChunkStart | GroupStart) -> str:
        if start.size_from_ds64 is not None:
            return f"{start.size_from_ds64}, as ds64 says"
        if start.is_size_unknown:
            return "ds64 tells it" if self._dialect.has_ds64 else "unknown"
        return ""

    # Contents

    def _head(self, chunk: _Open, stop: int) -> Iterator[Span]:
        """Explain what stands before the first chunk in a chunk that is no group."""
        if chunk.at == chunk.start.data_offset and chunk.message is not None:
            yield from self._fields(chunk, chunk.message, stop)
        yield from self._plain(chunk, stop)

    def _end_chunk(self, end: ChunkEnd) -> Iterator[Span | ProtocolError]:
        chunk = self._open[-1]
        found = self._collector.found.pop() if self._collector.found else None
        stop = chunk.start.data_offset + end.present
        error = None
        if chunk.at == chunk.start.data_offset:  # there is no chunk inside
            parts: list[Span | ProtocolError] = []
            if found is not None and found.content is not None:
                parts += self._fields(chunk, type(found.content), stop)
            elif found is not None and end.present <= LIMIT_BYTES:
                error = found.error
                if chunk.message is not None and chunk.message.variants is None:
                    parts += self._fields(chunk, chunk.message, stop)
            parts += self._plain(chunk, stop)
            if error is not None:
                parts = sorted([*parts, error], key=_place)
            yield from parts
        yield from self._end(end)

    def _fields(self, chunk: _Open, message: type[Content], stop: int) -> Iterator[Span]:
        head = head_bytes(message)
        last = stop if head is None else min(stop, chunk.at + head)
        spans, _ = explain_message(
            message, self._data[chunk.at : last], position=chunk.at, order=self._dialect.byteorder
        )
        for span in spans:
            yield Span(span.start, span.end, chunk.path + span.path, span.value, span.meaning)
            chunk.at = span.end

    def _plain(self, chunk: _Open, stop: int) -> Iterator[Span]:
        if chunk.at < stop:
            yield Span(chunk.at, stop, (*chunk.path, "data"), self._data[chunk.at : stop])
            chunk.at = stop

    # Ends

    def _end(self, end: ChunkEnd | GroupEnd) -> Iterator[Span]:
        path = self._open.pop().path
        self._names.pop()
        if self._open:
            self._open[-1].at = end.end
        if isinstance(end, ChunkEnd) and end.crc is not None:
            meaning = "right" if end.is_crc_right else "wrong"
            yield Span(end.end - CRC_BYTES, end.end, (*path, "crc"), end.crc, meaning)
        elif end.pad:
            yield Span(end.end - 1, end.end, (*path, "pad"), None)
