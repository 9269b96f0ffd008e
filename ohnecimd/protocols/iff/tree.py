r"""The whole of a file at once: chunks with their children, problems, and all that as JSON.

>>> found = read_tree(b"FORM\0\0\0\x0eTEST" b"NAME\0\0\0\2ab")
>>> found.dialect, found.problems
('iff', [])
>>> for node, depth in found.walk(): print("  " * depth, node.id, node.size)
 b'FORM' 14
   b'NAME' 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from ohnecimd.connection import protocol
from ohnecimd.errors import TooLong
from ohnecimd.protocols.iff.dialects import DIALECTS, HEADER_BYTES, SIZE_UNKNOWN
from ohnecimd.protocols.iff.events import (
    ChunkEnd,
    ChunkStart,
    Data,
    GroupEnd,
    GroupStart,
    Sizes64,
)
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import MAX_DEPTH, predicate_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import Event
    from ohnecimd.protocols.iff.reader import Wanted
    from ohnecimd.steps import Steps

__all__ = ["KEEP_BYTES", "Node", "Tree", "TreeBuilder", "read_tree", "tree_of", "whole"]

KEEP_BYTES = 1 << 26
"""How much data a tree keeps at most, unless the caller says otherwise."""


class Node(msgspec.Struct, eq=False):
    """A chunk or a group in its tree.

    Args:
        id: as in `ChunkStart`, and so are `offset`, `size`, `is_size_unknown`, `size_from_ds64`.
        offset: of its header.
        size: as stated.
        end: as in `ChunkEnd`, and so are `pad`, `present`, `crc`, `is_crc_right`.
        is_group: it is one, even if it is too small to have a type.
        type: of a group; None if it has none.
        is_size_unknown: it was not known when it was written.
        size_from_ds64: what stands there instead.
        pad: 1 if there was a pad byte.
        present: how many bytes of data there are.
        data_crc32: of the data that is there, without the pad byte; None for groups, and if the
            data was skipped.
        crc: the checksum that followed.
        is_crc_right: whether it agrees.
        data: None unless it was to be kept.
        holds_chunks: there may be nodes inside, although it is no group.
        members: the nodes inside.
    """

    id: bytes
    offset: int
    size: int
    end: int
    is_group: bool = False
    type: bytes | None = None
    is_size_unknown: bool = False
    size_from_ds64: int | None = None
    pad: int = 0
    present: int = 0
    data_crc32: int | None = None
    crc: int | None = None
    is_crc_right: bool | None = None
    data: bytes | None = None
    holds_chunks: bool = False
    members: list[Node] = []

    @property
    def data_offset(self) -> int:
        """Where the data begins."""
        return self.offset + HEADER_BYTES

    @property
    def children(self) -> list[Node]:
        """The nodes in a group."""
        return self.members if self.is_group else []

    @property
    def inner(self) -> list[Node] | None:
        """The nodes in a chunk that is no group; None if there can be none."""
        return self.members if self.holds_chunks else None

    def __repr__(self) -> str:
        kind = "" if self.type is None else f" of type {self.type!r}"
        return f"<{self.id!r}{kind} at byte {self.offset}, {self.size} bytes>"


class Tree:
    """A whole file: its `dialect`, top `chunks`, `problems` by offset, and `sizes` of ds64."""

    __slots__ = ("chunks", "dialect", "problems", "sizes")

    def __init__(self) -> None:
        self.dialect = ""
        self.chunks: list[Node] = []
        self.problems: list[Problem] = []
        self.sizes: Sizes64 | None = None

    def __repr__(self) -> str:
        count = len(self.problems)
        wrong = f", {count} problem{'' if count == 1 else 's'}" if count else ""
        return f"<{self.dialect or 'empty'} tree of {self.chunks!r:.200}{wrong}>"

    def walk(self) -> Iterator[tuple[Node, int]]:
        """Give every node, each before those inside it, with its depth: 0 at the top."""
        waiting = [(node, 0) for node in reversed(self.chunks)]
        while waiting:
            node, depth = waiting.pop()
            yield node, depth
            waiting += [(each, depth + 1) for each in reversed(node.members)]

    def find(self, *path: bytes) -> Node | None:
        r"""Return the first node whose IDs, from the top down, are these; None if there is none.

        >>> read_tree(b"FORM\0\0\0\x0eTEST" b"NAME\0\0\0\2ab").find(b"FORM", b"NAME")
        <b'NAME' at byte 12, 2 bytes>
        """
        above: list[bytes] = []
        for node, depth in self.walk():
            above[depth:] = [node.id]
            if above == list(path):
                return node
        return None

    def members(self) -> dict[str, Any]:
        """Return all of it for JSON, in dictionaries and lists that are nested as the chunks are.

        IDs and types are latin-1 text, checksums 8 hexadecimal digits.
        """
        dialect = DIALECTS.get(self.dialect)
        has_pads = dialect is None or dialect.alignment > 1
        around: list[list[dict[str, Any]]] = [[]]
        for node, depth in self.walk():
            inside: list[dict[str, Any]] = []
            around[depth].append(_members(node, inside, has_pads=has_pads))
            around[depth + 1 :] = [inside]
        problems = [
            {"kind": each.kind, "offset": each.offset, "note": each.note} for each in self.problems
        ]
        made = {"dialect": self.dialect, "chunks": around[0], "problems": problems}
        return made if self.sizes is None else made | {"ds64": _members_of_sizes(self.sizes)}


def _members(node: Node, inside: list[dict[str, Any]], *, has_pads: bool) -> dict[str, Any]:
    """Return a node for JSON; what does not apply is left out."""
    stated = node.size if node.size_from_ds64 is None else node.size_from_ds64
    is_short = node.present < stated and not node.is_size_unknown
    lacks_crc = not has_pads and node.crc is None
    crc32_of_data = None if lacks_crc else node.data_crc32
    members = {
        "id": node.id.decode("latin-1"),
        "offset": node.offset,
        "size": node.size,
        "data_offset": node.data_offset,
        "unknown_size": True if node.is_size_unknown else None,
        "size_from_ds64": node.size_from_ds64,
        "present": node.present if is_short or lacks_crc else None,
        "data_crc32": None if crc32_of_data is None else f"{crc32_of_data:08x}",
        "inner": inside if node.holds_chunks else None,
        "children": inside if node.is_group else None,
        "type": None if node.type is None else node.type.decode("latin-1"),
        "pad": node.pad if has_pads else None,
        "crc": None if node.crc is None else f"{node.crc:08x}",
        "crc_ok": node.is_crc_right,
        "end": node.end,
    }
    return {name: value for name, value in members.items() if value is not None}


def _members_of_sizes(sizes: Sizes64) -> dict[str, Any]:
    return {
        "riff_size": sizes.riff_size,
        "data_size": sizes.data_size,
        "sample_count": sizes.sample_count,
        "table": [[chunk_id.decode("latin-1"), size] for chunk_id, size in sizes.table],
    }


class TreeBuilder:
    """Makes a tree of events, one after the other.

    Args:
        keep_data: whose data is kept in the tree.
        keep_bytes: how much of it at most.
    """

    __slots__ = ("_keeps", "_left", "_limit", "_open", "_parts", "_tree")

    def __init__(self, *, keep_data: Wanted = False, keep_bytes: int = KEEP_BYTES) -> None:
        self._tree = Tree()
        self._open: list[Node] = []
        self._keeps = predicate_of(keep_data)
        self._limit = self._left = keep_bytes
        self._parts: dict[Node, list[bytes]] = {}  # of the data of open nodes

    @property
    def events(self) -> TreeBuilder:
        """Itself: what takes the events of a walk."""
        return self

    def __len__(self) -> int:
        """0: no event waits here."""
        return 0

    def append(self, event: Event) -> None:
        """Take an event.

        Raises:
            TooLong: more data than the limit was to be kept.
        """
        if isinstance(event, Data):
            self._add_data(event)
        elif isinstance(event, ChunkStart):
            self._start_chunk(event)
        elif isinstance(event, ChunkEnd):
            self._end_chunk(event)
        elif isinstance(event, GroupStart):
            self._start_group(event)
        elif isinstance(event, GroupEnd):
            self._end_group(event)
        elif isinstance(event, Problem):
            self._tree.problems.append(event)
        elif isinstance(event, Sizes64):
            self._set_sizes(event)
        else:
            self._tree.dialect = event.dialect

    def finished(self) -> Tree:
        """Return the tree; what is still open ends where its last member does."""
        made = self._tree
        self._parts.clear()
        while self._open:
            node = self._open.pop()
            node.end = max([node.end, *(each.end for each in node.members)])
            node.present = node.end - node.data_offset
        made.problems.sort(key=lambda each: each.rank)
        return made

    def _start_chunk(self, start: ChunkStart) -> None:
        node = Node(
            start.id,
            start.offset,
            start.size,
            end=start.offset + HEADER_BYTES,
            data_crc32=0,
            is_size_unknown=start.is_size_unknown,
            size_from_ds64=start.size_from_ds64,
            holds_chunks=start.holds_chunks,
        )
        self._add(node)
        if self._keeps is None or self._keeps(start):
            self._parts[node] = []

    def _start_group(self, start: GroupStart) -> None:
        node = Node(
            start.id,
            start.offset,
            start.size,
            end=start.offset + HEADER_BYTES,
            type=start.type,
            is_size_unknown=start.is_size_unknown,
            size_from_ds64=start.size_from_ds64,
            is_group=True,
        )
        self._add(node)

    def _add(self, node: Node) -> None:
        around = self._open
        (around[-1].members if around else self._tree.chunks).append(node)
        around.append(node)

    def _add_data(self, piece: Data) -> None:
        size = len(piece.data)
        for node in reversed(self._open):
            if node.data_crc32 is None:
                break
            node.data_crc32 = crc32(piece.data, node.data_crc32)
            node.end = piece.offset + size
            if node in self._parts:
                self._left -= size
                if self._left < 0:
                    message = f"more than {self._limit} bytes of data were to be kept"
                    raise TooLong(message, position=piece.offset)
                self._parts[node].append(piece.data)

    def _end_chunk(self, end: ChunkEnd) -> None:
        node = self._open.pop()
        present = end.present
        is_told = node.end == node.offset + HEADER_BYTES + present
        node.end, node.pad, node.present = end.end, end.pad, present
        node.crc, node.is_crc_right = end.crc, end.is_crc_right
        if not is_told:
            node.data_crc32 = None
        parts = self._parts.pop(node, None) if self._parts else None
        if parts is not None and is_told:
            node.data = b"".join(parts)

    def _end_group(self, end: GroupEnd) -> None:
        node = self._open.pop()
        node.end, node.pad, node.present = end.end, end.pad, end.present

    def _set_sizes(self, sizes: Sizes64) -> None:
        self._tree.sizes = sizes
        root = self._tree.chunks[0]
        if root.size == SIZE_UNKNOWN:
            root.is_size_unknown = False
            root.size_from_ds64 = sizes.riff_size


@protocol
def whole(
    dialect: Dialect | str | None = None,
    *,
    strict: bool = False,
    max_depth: int = MAX_DEPTH,
    keep_data: Wanted = False,
    keep_bytes: int = KEEP_BYTES,
) -> Steps[Tree]:
    """Read a file to its end; the result is its `Tree`.

    Costs memory for each chunk, and for the data that is kept, but not for the rest of it.

    Args:
        dialect: as in `decode`, and so are `strict` and `max_depth`.
        strict: the first problem is raised.
        max_depth: of groups.
        keep_data: whose data is kept in the tree: all, none, that of chunks with these IDs, or
            what a function says when it is given the `ChunkStart`.
        keep_bytes: how much of it at most, else `TooLong`.
    """
    builder = TreeBuilder(keep_data=keep_data, keep_bytes=keep_bytes)
    yield from walk(dialect, strict=strict, max_depth=max_depth, output=builder)
    return builder.finished()


def tree_of(
    events: Iterable[Event], *, keep_data: Wanted = False, keep_bytes: int = KEEP_BYTES
) -> Tree:
    """Return the tree of what `decode` has told; see `whole`."""
    builder = TreeBuilder(keep_data=keep_data, keep_bytes=keep_bytes)
    for event in events:
        builder.append(event)
    return builder.finished()


def read_tree(
    data: BytesLike,
    dialect: Dialect | str | None = None,
    *,
    strict: bool = False,
    max_depth: int = MAX_DEPTH,
    keep_data: Wanted = False,
    keep_bytes: int = KEEP_BYTES,
) -> Tree:
    r"""Return the tree of a file that is there as a whole; see `whole`.

    >>> read_tree(b"RIFF\4\0\0\0WAVEtail").problems
    [Problem(kind='trailing-garbage', offset=12, note='4 bytes where a header of 8 should be')]
    """
    connection = whole(
        dialect,
        strict=strict,
        max_depth=max_depth,
        keep_data=keep_data,
        keep_bytes=keep_bytes,
    )
    connection.send(data)
    connection.send_eof()
    return connection.get_result()
