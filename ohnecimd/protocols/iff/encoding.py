r"""Whole files from nested tuples, or from a tree: all sizes are known before the first byte.

A chunk is ``(ID, data)``, a group ``(ID, type, chunks)``, and either may be a `Node` of a tree.

>>> encode("riff", (b"RIFF", b"TEXT", [(b"one ", b"1"), (b"LIST", b"more", [(b"two ", b"22")])]))
b'RIFF$\x00\x00\x00TEXTone \x01\x00\x00\x001\x00LIST\x0e\x00\x00\x00moretwo \x02\x00\x00\x0022'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.errors import FieldError
from ohnecimd.protocols.iff.dialects import (
    HEADER_BYTES,
    SIZE_UNKNOWN,
    TYPE_BYTES,
    Dialect,
    dialect_of,
)
from ohnecimd.protocols.iff.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.protocols.iff.tree import Node

__all__ = ["Nested", "encode", "encode_pieces"]

COPIED_BYTES = 4096  # data up to here is copied between header and padding

Nested: TypeAlias = "tuple[bytes, BytesLike] | tuple[bytes, bytes, Iterable[Nested]] | Node"
"""A chunk ``(ID, data)``, a group ``(ID, type, chunks)``, or one of them read."""


class _Step:
    """A chunk, or where a group begins; the end of a group is None."""

    __slots__ = ("data", "id", "is_unknown", "size", "type")

    def __init__(self, chunk_id: bytes, group_type: bytes | None, data: BytesLike) -> None:
        self.id = chunk_id
        self.type = group_type
        self.data = data
        self.size = TYPE_BYTES if group_type is not None else memoryview(data).nbytes
        self.is_unknown = False

    @property
    def stated(self) -> int:
        """The size for the header."""
        return SIZE_UNKNOWN if self.is_unknown else self.size


def encode(dialect: str | Dialect, *chunks: Nested) -> bytes:
    r"""Return a whole file.

    Args:
        dialect: a `Dialect`, or its name.
        chunks: the top group (of AVI perhaps several), or all chunks of a PNG; IEND is added if
            it is not there. Nodes need their data, so keep it when you read. Their sizes and
            padding are made anew, so that what a reader put up with is mended; what was of unknown
            size stays so.

    Raises:
        FieldError: something in it would break the rules of the dialect; see `Writer`.
        NotAllowedNow: likewise, because of what stands before it.

    >>> encode("iff", (b"FORM", b"TEXT", [(b"NAME", b"Joe")]))
    b'FORM\x00\x00\x00\x10TEXTNAME\x00\x00\x00\x03Joe\x00'
    """
    return b"".join(encode_pieces(dialect, *chunks))


def encode_pieces(dialect: str | Dialect, *chunks: Nested) -> list[BytesLike]:
    """Return a whole file in pieces, for ``writelines``; large data is not copied. See `encode`."""
    row = dialect_of(dialect)
    writer = Writer(row)
    pieces: list[BytesLike] = []
    for step in _measured(chunks, row.alignment):
        if step is None:
            pieces.append(writer.end())
        elif step.type is not None:
            is_in_ds64 = row.has_ds64 and not writer.offset
            size = None if is_in_ds64 else step.stated
            pieces.append(writer.begin(step.id, step.type, size=size))
        elif step.size <= COPIED_BYTES and not step.is_unknown:
            pieces.append(writer.chunk(step.id, step.data))
        else:
            head = writer.begin(step.id, size=step.stated)
            pieces += (head, writer.data(step.data), writer.end())
    pieces.append(writer.finish())
    return pieces


def _measured(chunks: Iterable[Nested], alignment: int) -> list[_Step | None]:
    """Lay out all chunks in order, with sizes; without recursion, however deep they are."""
    steps: list[_Step | None] = []
    groups: list[_Step] = []
    waiting: list[Iterator[Any]] = [iter(chunks)]
    while waiting:
        for each in waiting[-1]:
            step, inside = _step_of(each)
            steps.append(step)
            if inside is not None:
                groups.append(step)
                waiting.append(inside)
                break
            if groups:
                groups[-1].size += HEADER_BYTES + step.size + step.size % alignment
        else:
            waiting.pop()
            if groups:
                steps.append(None)
                size = groups.pop().size
                if groups:
                    groups[-1].size += HEADER_BYTES + size
    return steps


def _step_of(chunk: Any) -> tuple[_Step, Iterator[Any] | None]:  # noqa: ANN401
    match chunk:
        case (chunk_id, group_type, inside):
            return _Step(chunk_id, group_type, b""), iter(inside)
        case (chunk_id, data):
            if not isinstance(data, (bytes, bytearray, memoryview)):
                kind = type(data).__name__
                raise FieldError(f"its data is bytes, not {kind}", path=[repr(chunk_id)])
            return _Step(chunk_id, None, data), None
    if not hasattr(chunk, "is_group"):
        raise FieldError(f"a chunk is (ID, data) or (ID, type, chunks), not {chunk!r:.80}")
    node: Node = chunk
    if not node.is_group and node.data is None:
        raise FieldError("its data was not kept", path=[repr(node.id)])
    step = _Step(node.id, node.type or b"" if node.is_group else None, node.data or b"")
    step.is_unknown = node.is_size_unknown
    return step, iter(node.children) if node.is_group else None
