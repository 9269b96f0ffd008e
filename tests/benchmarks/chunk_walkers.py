"""Those that walk through the chunks of a file: a FORM, as aifc would read it.

Each gets an open file, which data are wanted, and `keep`, which gets ID, size, and the data if
wanted, so that they can be compared. None drops them: that is timed.
"""

from __future__ import annotations

import enum
import importlib.metadata
import importlib.util
import io
import sysconfig
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from ohnecimd.protocols.iff import events
from ohnecimd.protocols.iff.chunk import Chunk
from ohnecimd.protocols.iff.reader import decode

from .race import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.protocols.iff.events import Event


class Data(enum.Enum):
    """What is wanted of each chunk beside its header."""

    NONE = enum.auto()
    WHOLE = enum.auto()
    IN_PIECES = enum.auto()


Keep: TypeAlias = "Callable[[bytes, int, bytes | None], object] | None"
Walk: TypeAlias = "Callable[[BinaryIO, Data, Keep], None]"

GROUP_BYTES = 12  # ID, size and type of the FORM
HEADER = Struct(">4sL")
READ_BYTES = 1 << 16  # of a large chunk at once
PIECE_BYTES = 1 << 18  # that a reader is sent at once ...
FIRST_PIECE_BYTES = 1 << 12  # ... or at first, and after it has skipped something


@dataclass(frozen=True)
class Walker(Candidate):
    """A way to walk; `must_seek`: only where that has a use."""

    walk: Walk = lambda *_: None
    must_seek: bool = False


@dataclass(frozen=True)
class OldChunkWalker(Walker):
    """A module ``chunk``: that of the standard library, or the one installed in its place."""

    is_standard: bool = True

    @property
    def is_installed(self) -> bool:
        return _path_of_chunk(is_standard=self.is_standard) is not None


def reader(file: BinaryIO, data: Data, keep: Keep) -> None:
    """Send the file in pieces and go through the events."""
    take = _ignore if keep is None else Collector(keep, data).take
    connection = decode(wanted=data is not Data.NONE)
    while piece := file.read(PIECE_BYTES):
        connection.send(piece)
        for event in connection.events():
            take(event)
    connection.send_eof()
    for event in connection.events():
        take(event)


def reader_that_seeks(file: BinaryIO, data: Data, keep: Keep) -> None:
    """Do the same, but seek over what the reader skips; pieces grow while it skips nothing."""
    take = _ignore if keep is None else Collector(keep, data).take
    connection = decode(wanted=data is not Data.NONE)
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    size = FIRST_PIECE_BYTES
    while piece := file.read(size):
        connection.send(piece)
        size = min(2 * size, PIECE_BYTES)
        if ahead := min(connection.skippable, end - file.tell()):
            file.seek(ahead, io.SEEK_CUR)
            connection.skip(ahead)
            size = FIRST_PIECE_BYTES
        for event in connection.events():
            take(event)
    connection.send_eof()
    for event in connection.events():
        take(event)


def _ignore(event: Event) -> None:
    pass


class Collector:
    """Makes chunks of events again."""

    def __init__(self, keep: Callable[[bytes, int, bytes | None], object], data: Data) -> None:
        self._keep = keep
        self._data = data
        self._size = 0
        self._pieces: list[bytes] = []

    def take(self, event: Event) -> None:
        """Take the next event."""
        if isinstance(event, events.ChunkStart):
            self._size = event.size
            self._pieces = []
        elif isinstance(event, events.Data):
            self._pieces.append(event.data)
        elif isinstance(event, events.ChunkEnd):
            whole = None if self._data is Data.NONE else b"".join(self._pieces)
            self._keep(event.id, self._size, whole)


def our_chunk(file: BinaryIO, data: Data, keep: Keep) -> None:
    file.read(GROUP_BYTES)
    is_whole, is_cut = data is Data.WHOLE, data is Data.IN_PIECES
    for chunk in Chunk.walk(file):
        found = chunk.read() if is_whole else _drain(chunk.read, keep) if is_cut else None
        if keep is not None:
            keep(chunk.getname(), chunk.getsize(), found)


def our_chunk_loop(file: BinaryIO, data: Data, keep: Keep) -> None:
    _walk_with(Chunk, file, data, keep)


def standard_library(file: BinaryIO, data: Data, keep: Keep) -> None:
    _walk_with(_class_of_chunk(is_standard=True), file, data, keep)


def standard_chunk(file: BinaryIO, data: Data, keep: Keep) -> None:
    _walk_with(_class_of_chunk(is_standard=False), file, data, keep)


def _walk_with(chunk_class: Any, file: BinaryIO, data: Data, keep: Keep) -> None:
    """Do as aifc does."""
    file.read(GROUP_BYTES)
    is_whole, is_cut = data is Data.WHOLE, data is Data.IN_PIECES
    while True:
        try:
            chunk = chunk_class(file)
        except EOFError:
            return
        found = chunk.read() if is_whole else _drain(chunk.read, keep) if is_cut else None
        if keep is not None:
            keep(chunk.getname(), chunk.getsize(), found)
        chunk.skip()


def _drain(read: Callable[[int], bytes], keep: Keep) -> bytes | None:
    if keep is not None:
        return b"".join(iter(lambda: read(READ_BYTES), b""))
    while read(READ_BYTES):
        pass
    return None


@cache
def _path_of_chunk(*, is_standard: bool) -> Path | None:
    """Return where the module is: both have one name, and only one of them can be imported."""
    if is_standard:
        path = Path(sysconfig.get_path("stdlib"), "chunk.py")
    else:
        try:
            path = Path(importlib.metadata.distribution("standard-chunk").locate_file("chunk"))
        except importlib.metadata.PackageNotFoundError:
            return None
        path /= "__init__.py"
    return path if path.is_file() else None


@cache
def _class_of_chunk(*, is_standard: bool) -> Any:
    path = _path_of_chunk(is_standard=is_standard)
    assert path is not None
    spec = importlib.util.spec_from_file_location("chunk", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        spec.loader.exec_module(module)
    return module.Chunk


def by_hand(file: BinaryIO, data: Data, keep: Keep) -> None:
    file.read(GROUP_BYTES)
    is_whole, is_cut = data is Data.WHOLE, data is Data.IN_PIECES
    can_seek = file.seekable()
    found = None
    while header := file.read(8):
        name, size = HEADER.unpack(header)
        if is_whole:
            found = file.read(size)
            if size & 1:
                file.read(1)
        elif can_seek and not is_cut:
            file.seek(size + (size & 1), 1)
        else:
            pieces = []
            left = size + (size & 1)
            while left:
                piece = file.read(min(left, READ_BYTES))
                left -= len(piece)
                if keep is not None:
                    pieces.append(piece)
            if is_cut:
                found = b"".join(pieces)[:size]
        if keep is not None:
            keep(name, size, found)


READER = "reader"
SEEKING_READER = "reader, seeking"
CHUNK = "Chunk"
OLD_CHUNK = "chunk"
STANDARD_CHUNK = "standard-chunk"
BY_HAND = "by hand"

WALKERS = (
    Walker(CHUNK, walk=our_chunk_loop),
    Walker("Chunk.walk", walk=our_chunk),
    Walker(READER, walk=reader),
    Walker(SEEKING_READER, walk=reader_that_seeks, must_seek=True),
    OldChunkWalker(OLD_CHUNK, "chunk of Python 3.12", walk=standard_library),
    OldChunkWalker(STANDARD_CHUNK, "chunk of standard-chunk", standard_chunk, is_standard=False),
    Walker(BY_HAND, walk=by_hand),
)
