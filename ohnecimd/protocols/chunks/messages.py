"""What the chunks say: every message once, with its ID, who sends it, and what is in it.

The contents of most are chunks again, one for each field, with text in UTF-8. Senders are free in
their order, and the example server in what it overlooks; so contents are brought into the order
of the declaration first.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.domains import Characters, Reals, one_of, where
from ohnecimd.errors import FieldError, Malformed, RemoteProtocolError, Truncated
from ohnecimd.fields import Variable, rest
from ohnecimd.messages import Message
from ohnecimd.protocols.chunks.arithmetic import OPERATORS, Number, read_number
from ohnecimd.protocols.chunks.framing import HEADER, Chunk, name_of, subchunks
from ohnecimd.tables import Table, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.domains import Domain
    from ohnecimd.stream import ByteOrder

__all__ = [
    "MESSAGES",
    "Answer",
    "Compute",
    "Delay",
    "Echo",
    "Noop",
    "Shutdown",
    "chunk_of",
    "message_of",
    "tags_of",
]


@dataclass(frozen=True, eq=False, slots=True)
class SubChunk(Variable):
    """The type of a field that is a chunk with text in it."""

    id: bytes = b""


def _subchunk(
    id_: bytes,
    domain: Domain,
    read: Callable[[str], Any],
    write: Callable[[Any], str] = str,
) -> SubChunk:
    """Return the type of a sub-chunk; `read` raises ValueError for a text that says nothing."""
    name = f"a sub-chunk {name_of(id_)}"
    holds = domain.holds

    def decode(data: bytes, start: int, _order: ByteOrder) -> tuple[Any, int]:
        if not data.startswith(id_, start):
            found = data[start : start + len(id_)]
            raise Malformed(position=start, expected=name, found=found)
        first = start + HEADER.size
        end = first + (HEADER.unpack_from(data, start)[1] if first <= len(data) else 0)
        if end > len(data):
            raise Truncated(position=len(data), expected=name, partial=data[start:])
        text = data[first:end]
        try:
            value = read(str(text, "utf-8"))
        except ValueError:
            pass
        else:
            if holds(value):
                return value, end
        raise Malformed(position=first, expected=str(domain), found=text)

    def encode(value: Any, _order: ByteOrder) -> bytes:  # noqa: ANN401
        text = write(value)
        read(text)
        return Chunk(id_, text.encode()).encode()

    return SubChunk(name.removeprefix("a "), domain, decode, encode, id=id_)


def _read_flag(text: str) -> bool:
    return ("0", "1").index(text) == 1


def _write_flag(value: bool) -> str:  # noqa: FBT001
    return "1" if value else "0"


class Numbers(Reals):
    """Real and complex numbers."""

    def holds(self, value: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is one of them."""
        return isinstance(value, complex) or super().holds(value)


NTVL = _subchunk(b"NTVL", Reals() & where("not nan", lambda value: not math.isnan(value)), float)
OPER = _subchunk(b"OPER", Characters(), str)
OPND = _subchunk(b"OPND", Numbers(), read_number)
STS = _subchunk(b"STS ", one_of(False, True), _read_flag, _write_flag)  # noqa: FBT003
VALU = _subchunk(b"VALU", Numbers(), read_number)


class ChunkMessage(Message):
    """A message that is a chunk.

    Class variables: `reply` is the ID of what answers it; with `is_lenient`, sub-chunks of other
    IDs are overlooked, and of two with one ID the last counts.
    """

    reply: ClassVar[bytes] = b"NOOP"
    is_lenient: ClassVar[bool] = True

    def fault(self) -> str:
        """Say what is wrong with values that are right each for itself; empty if nothing is."""
        return ""


MESSAGES: Table[bytes] = Table("LDO messages")


@MESSAGES.message(b"NOOP", sent_by=("client", "server"))
class Noop(ChunkMessage):
    """Nothing to do; as a reply: done."""


@MESSAGES.message(b"ECHO", sent_by=("client", "server"))
class Echo(ChunkMessage):
    """Bytes to be sent back."""

    reply = b"ECHO"
    contents: Annotated[bytes, rest, "anything"] = b""


@MESSAGES.message(b"SHUT", sent_by="client")
class Shutdown(ChunkMessage):
    """The server is to end."""


@MESSAGES.message(b"DLAY", sent_by="client")
class Delay(ChunkMessage):
    """The reply is to come after so many seconds; never, if they are infinite."""

    seconds: Annotated[float, NTVL, "until the reply; under 0 as 0"]


@MESSAGES.message(b"CMPU", sent_by="client")
class Compute(ChunkMessage):
    """Something to compute: numbers, and what to do with them."""

    reply = b"ANSR"
    is_lenient = False
    operator: Annotated[str, OPER, one_of(*OPERATORS)]
    operands: Annotated[tuple[Annotated[Number, OPND], ...], "two; for + and * any number"] = ()

    def fault(self) -> str:
        """Say what is wrong with the number of operands."""
        if OPERATORS[self.operator].takes(len(self.operands)):
            return ""
        return f"{self.operator!r} takes two operands, found {len(self.operands)}"


@MESSAGES.message(b"ANSR", sent_by="server")
class Answer(ChunkMessage):
    """The result of a computation, if there is one."""

    is_lenient = False
    is_success: Annotated[bool, STS, "1 if there is a value, else 0"]
    value: Annotated[Number | None, VALU, "there after a success, and only then"] = None

    def fault(self) -> str:
        """Say whether there is a value where there has to be none, or the reverse."""
        if self.is_success == (self.value is not None):
            return ""
        return "a success has a value, a failure none"


def chunk_of(message: Message) -> Chunk:
    r"""Return the chunk that a message is.

    Raises:
        FieldError: a value is none that its field can hold, or they do not fit together.

    >>> chunk_of(Delay(0.5)).encode()
    b'DLAY\x0b\x00\x00\x00NTVL\x03\x00\x00\x000.5'
    """
    chunk = Chunk(*MESSAGES.encode(message))
    if isinstance(message, ChunkMessage) and (fault := message.fault()):
        raise FieldError(fault, path=[type(message).__name__])
    return chunk


def message_of(chunk: Chunk, sender: str | None = None) -> ChunkMessage | Unknown:
    r"""Return the message that a chunk is; `Unknown` if there is none with this ID.

    Args:
        chunk: of the input; its offset gives errors their positions.
        sender: ``"client"`` or ``"server"``; then only what that may send is known.

    Raises:
        Malformed: the contents are not what they have to be.

    >>> message_of(Chunk(b"DLAY", b"NTVL\x03\x00\x00\x000.5"))
    Delay(seconds=0.5)
    """
    row = MESSAGES.find(chunk.id, sender)
    if row is None:
        return Unknown(chunk.id, chunk.contents)
    kind = cast("type[ChunkMessage]", row.message)
    parts = _arranged(chunk, kind)
    contents = chunk.contents if parts is None else b"".join(part.encode() for part in parts)
    try:
        message = kind.decode(contents)
    except RemoteProtocolError as error:
        error.position = _place(chunk, parts or (), error.position or 0)
        raise
    if fault := message.fault():
        raise Malformed(fault, position=chunk.contents_at, path=[row.name])
    return message


@functools.cache
def tags_of(message: type[ChunkMessage]) -> tuple[bytes, ...] | None:
    """Return the IDs of the sub-chunks in a message; None if its contents are something else."""
    kinds = [
        each.kind if each.listing is None else each.listing.item.kind
        for each in declaration_of(message).fields
    ]
    tags = tuple(kind.id for kind in kinds if isinstance(kind, SubChunk))
    return tags if len(tags) == len(kinds) else None


def _arranged(chunk: Chunk, message: type[ChunkMessage]) -> list[Chunk] | None:
    """Return the sub-chunks in the order of the fields; None if the contents are none."""
    tags = tags_of(message)
    if not tags:
        return None if tags is None else []
    found: dict[bytes, list[Chunk]] = {tag: [] for tag in tags}
    for part in subchunks(chunk):
        if part.id in found:
            if message.is_lenient:
                found[part.id].clear()
            found[part.id].append(part)
        elif not message.is_lenient:
            raise Malformed(
                position=part.offset,
                path=[message.__name__],
                expected=f"a sub-chunk {' or '.join(map(name_of, tags))}",
                found=part.id,
            )
    return [part for parts in found.values() for part in parts]


def _place(chunk: Chunk, parts: Iterable[Chunk], place: int) -> int:
    """Return the offset of a place in sub-chunks that were arranged."""
    for part in parts:
        size = HEADER.size + len(part.contents)
        if place < size:
            return part.offset + place
        place -= size
    return chunk.contents_at + len(chunk.contents)
