r"""What the contents of all chunks have in common: their tables, and a few types of fields.

A table says where its chunks stand: in which dialects, and in groups of which type. A row whose
class has `variants` is a first guess: what is in the chunk, or in one before it, tells which
message of another table it is.

>>> from ohnecimd.protocols.iff.contents.wave import WAVE
>>> WAVE.look_up(b"fmt ").name
'OtherFormat'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from ohnecimd.domains import Integers, Reals
from ohnecimd.errors import Misuse
from ohnecimd.fields import FieldType, converted, raw, rest, type_in
from ohnecimd.messages import Message, length
from ohnecimd.tables import Row, Table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ohnecimd.stream import ByteOrder

__all__ = [
    "ANY_GROUP",
    "EA_IFF",
    "RIFF",
    "ChunkTable",
    "Content",
    "Extra",
    "Four",
    "Readable",
    "Text",
    "fraction",
]

EA_IFF = ("iff",)
RIFF = ("riff", "rifx", "rf64", "webp", "avi")
ANY_GROUP = b""
"""In a table: its chunks may stand in groups of any type, or there are no groups."""


class Content(Message):
    """What a chunk holds."""

    is_head: ClassVar[bool] = False
    """It is only the beginning: sound, image or chunks follow it."""
    is_remembered: ClassVar[bool] = False
    """Chunks that follow in the same group cannot be understood without it."""
    variants: ClassVar[Table[Any] | None] = None
    """The messages that it may turn out to be."""
    shown: ClassVar[tuple[str, ...]] = ()
    """Attributes that say more to people than its fields do."""

    @classmethod
    def variant(
        cls,
        data: bytes,  # noqa: ARG003 - for those who override it
        order: ByteOrder,  # noqa: ARG003
        before: Mapping[bytes, Message],  # noqa: ARG003
    ) -> Hashable:
        """Return the code of the message in `variants` that it is; None: it is this one.

        Args:
            data: of the chunk.
            order: of its bytes.
            before: by ID, what is to be remembered of chunks before it in the same group.
        """
        return None


class Readable:
    """Something with text in a character set that the format does not fix; ASCII is safe."""

    __slots__ = ()

    if TYPE_CHECKING:
        octets: bytes

    @property
    def text(self) -> str:
        """The text up to the first zero, as UTF-8 if it can be that, else as Latin-1."""
        octets = self.octets.partition(b"\0")[0]
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets.decode("latin-1")


class Text(Readable, Content):
    """Text and nothing else."""

    shown = ("text",)

    octets: Annotated[rest, "the text; may end in zeros"]


DIGIT = re.compile(rb"[0-9]")


class ChunkTable(Table[bytes]):
    """Chunks by ID, and the groups in which they stand.

    In an ID, ``#`` stands for any digit; ``????`` for all IDs that have no row.

    Args:
        name: of what it lists, for errors and the reference page.
        dialects: names of those that have such chunks.
        groups: types of the groups in which they stand.
        beyond: the table of what else may stand there.
    """

    def __init__(
        self,
        name: str,
        *,
        dialects: tuple[str, ...],
        groups: tuple[bytes, ...] = (ANY_GROUP,),
        beyond: ChunkTable | None = None,
    ) -> None:
        super().__init__(name)
        self.dialects = dialects
        self.groups = groups
        self.beyond = beyond

    def look_up(self, chunk_id: bytes) -> Row[bytes] | None:
        """Return the row for an ID, here or in the tables beyond; None if there is none."""
        table: ChunkTable | None = self
        while table is not None:
            for code in (chunk_id, DIGIT.sub(b"#", chunk_id), b"????"):
                row = table.find(code)
                if row is not None:
                    return row
            table = table.beyond
        return None


# Types of fields

Four: TypeAlias = Annotated[bytes, raw(4)]
"""Four characters: an ID, or the code of a compression."""

Extra: TypeAlias = Annotated[rest, length(1), "what follows, in files of later versions"] | None
"""Whatever is left: formats that grow have their readers overlook it."""


def fraction(annotation: object, parts: int) -> FieldType:
    r"""Return the type of a number that stands there as an integer: so many times as large.

    >>> from ohnecimd.fields import decode_one, i16
    >>> decode_one(fraction(i16, 100), b"\t\xf7", 0, "little")
    (-22.95, 2)
    """
    kind = type_in(annotation)
    if not isinstance(kind.domain, Integers):
        raise Misuse(f"{kind.name} is no integer")
    return converted(
        kind,
        Reals(low=kind.domain.low / parts, high=kind.domain.high / parts),
        lambda item: item / parts,
        lambda value: round(value * parts),
        name=f"{kind.name}, in parts of {parts}",
    )
