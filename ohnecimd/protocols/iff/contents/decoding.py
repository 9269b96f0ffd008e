r"""From a chunk's place to the message that is in it.

>>> decode("riff", b"WAVE", b"fact", b"C\0\0\0")
FrameCount(frames=67, extra=None)
>>> decode("rifx", b"WAVE", b"fact", b"\0\0\0C")
FrameCount(frames=67, extra=None)
>>> decode("iff", b"AIFF", b"SSND", b"\0\0\0\0", position=100)  # doctest: +ELLIPSIS
Traceback (most recent call last):
ohnecimd.errors.Truncated: at byte 104 in SoundData > block_size: expected 4 bytes, found the end...
"""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from ohnecimd.messages import size_of
from ohnecimd.output import as_bytes
from ohnecimd.protocols.iff.contents.aiff import AIFC, AIFF, TEXTS
from ohnecimd.protocols.iff.contents.avi import AVI, HDRL, MOVI, ODML, STRL
from ohnecimd.protocols.iff.contents.ilbm import ILBM
from ohnecimd.protocols.iff.contents.layouts import ANY_GROUP, ChunkTable, Content
from ohnecimd.protocols.iff.contents.png import JNG, MNG, PNG
from ohnecimd.protocols.iff.contents.riff import INFO, PAL
from ohnecimd.protocols.iff.contents.svx import MAUD, SVX
from ohnecimd.protocols.iff.contents.wave import ADTL, WAVE
from ohnecimd.protocols.iff.contents.webp import WEBP
from ohnecimd.protocols.iff.dialects import Dialect, dialect_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.messages import Message
    from ohnecimd.stream import ByteOrder

__all__ = ["TABLES", "decode", "decode_as", "find", "head_bytes"]

TABLES: tuple[ChunkTable, ...] = (
    *(TEXTS, AIFF, AIFC, SVX, MAUD, ILBM),
    *(WAVE, ADTL, INFO, PAL),
    *(AVI, HDRL, STRL, ODML, MOVI),
    WEBP,
    *(PNG, JNG, MNG),
)
"""All tables of chunks."""

_PLACES = {
    (dialect, group): table
    for table in TABLES
    for dialect in table.dialects
    for group in table.groups
}
NOTHING: Mapping[bytes, Message] = MappingProxyType({})
PLACES_REMEMBERED = 1024


@functools.lru_cache(PLACES_REMEMBERED)
def _find(dialect: str, group: bytes, chunk_id: bytes) -> type[Content] | None:
    for place in (group, ANY_GROUP):
        table = _PLACES.get((dialect, place))
        row = None if table is None else table.look_up(chunk_id)
        if row is not None:
            return cast("type[Content]", row.message)
    return None


def find(dialect: Dialect | str, group: bytes, chunk_id: bytes) -> type[Content] | None:
    """Return the message that chunks with this ID hold; None if no table knows.

    Of a message with `variants`, it may turn out to be one of these.

    Args:
        dialect: of the file, or its name.
        group: type of the group in which the chunk stands; none for PNG and its relatives.
        chunk_id: its ID.
    """
    return _find(dialect_of(dialect).name, group, chunk_id)


def head_bytes(message: type[Content]) -> int | None:
    """Return how many bytes of a chunk a message is; None if it is all of them."""
    return size_of(message) if message.is_head else None


def decode(
    dialect: Dialect | str,
    group: bytes,
    chunk_id: bytes,
    data: BytesLike,
    *,
    position: int = 0,
    before: Mapping[bytes, Message] = NOTHING,
) -> Content | None:
    """Return what a chunk holds; None if no table knows.

    Args:
        dialect: of the file, or its name; it fixes the byte order.
        group: type of the group in which the chunk stands; none for PNG and its relatives.
        chunk_id: its ID.
        data: its data; if the message is only the beginning, that is enough.
        position: of the first byte of data, for errors.
        before: by ID, what chunks before it in the same group hold: some cannot be understood
            without.

    Raises:
        RemoteProtocolError: the data is not what the message says; names message, field and byte.
    """
    dialect = dialect_of(dialect)
    message = _find(dialect.name, group, chunk_id)
    if message is None:
        return None
    return decode_as(message, dialect.byteorder, data, position=position, before=before)


def decode_as(
    message: type[Content],
    order: ByteOrder,
    data: BytesLike,
    *,
    position: int = 0,
    before: Mapping[bytes, Message] = NOTHING,
) -> Content:
    """Return what a chunk holds that `find` has found a message for; see `decode`."""
    octets = as_bytes(data)
    message = _variant(message, octets, order, before)
    return message.decode(octets[: head_bytes(message)], position=position, order=order)


def _variant(
    message: type[Content], data: bytes, order: ByteOrder, before: Mapping[bytes, Message]
) -> type[Content]:
    while message.variants is not None:
        row = message.variants.find(message.variant(data, order, before))
        if row is None or row.message is message:
            break
        message = cast("type[Content]", row.message)
    return message
