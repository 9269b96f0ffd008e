r"""What a chunk holds, in one line for people.

>>> from ohnecimd.protocols.iff.contents.webp import Animation, Canvas, WebpFlags
>>> summary(Canvas(WebpFlags.ALPHA | WebpFlags.ICC, 32, 20))
'flags=ALPHA|ICC width=32 height=20'
"""

from __future__ import annotations

import enum
import functools
import itertools
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.errors import RemoteProtocolError
from ohnecimd.messages import Message
from ohnecimd.protocols.iff.contents.decoding import decode_as, find, head_bytes
from ohnecimd.protocols.iff.dialects import dialect_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.protocols.iff.contents.layouts import Content
    from ohnecimd.protocols.iff.events import ChunkStart
    from ohnecimd.stream import ByteOrder

__all__ = ["Describer", "summary"]

SHOWN_BYTES = 48  # of bytes and text
SHOWN_ITEMS = 4  # of a tuple


def summary(content: Content) -> str:
    """Return the fields of a message as ``name=value``; those with their default are left out.

    Long values are cut, and what comes from the file is escaped.
    """
    return " ".join(f"{name}={_worded(value)}" for name, value in _shown(content))


class Describer:
    r"""Says in words what chunks hold, one after the other, in the order of the file.

    It remembers what later chunks cannot be understood without: one describer for each file.

    >>> from ohnecimd.protocols.iff.events import ChunkStart
    >>> say = Describer()("riff", ChunkStart(b"fact", 36, 4, 4, b"WAVE"))
    >>> say(b"C\0\0\0")
    'frames=67'
    >>> say(b"C\0\0")
    'at byte 47 in FrameCount > frames: expected 4 bytes, found the end of input after 3 bytes'
    """

    def __init__(self) -> None:
        self._before: dict[bytes, Message] = {}

    def __call__(self, dialect: str, start: ChunkStart) -> Callable[[bytes], str] | None:
        """Return what makes words of a chunk's data; None if no table knows the chunk.

        Of a chunk that only begins with a message, the beginning is enough.
        """
        message = find(dialect, start.group, start.id)
        if message is None:
            return None
        return functools.partial(self._say, message, dialect_of(dialect).byteorder, start)

    def head_bytes(self, dialect: str, start: ChunkStart) -> int:
        """Return how many bytes of the chunk are enough; 0: no table knows it, or all are needed.

        >>> from ohnecimd.protocols.iff.events import ChunkStart
        >>> Describer().head_bytes("iff", ChunkStart(b"SSND", 38, 60008, 60008, b"AIFF"))
        8
        """
        message = find(dialect, start.group, start.id)
        return (head_bytes(message) or 0) if message is not None else 0

    def _say(self, message: type[Content], order: ByteOrder, start: ChunkStart, data: bytes) -> str:
        position, before = start.data_offset, self._before
        try:
            content = decode_as(message, order, data, position=position, before=before)
        except RemoteProtocolError as error:
            return str(error)
        if content.is_remembered:
            self._before[start.id] = content
        return summary(content)


def _shown(content: Content) -> Iterable[tuple[str, object]]:
    if content.shown:
        return [(name, getattr(content, name)) for name in content.shown]
    defaults = {each.name: each.default for each in msgspec.structs.fields(content)}
    return [
        (name, value) for name, value in content.__rich_repr__() if value != defaults.get(name, ...)
    ]


def _worded(value: object) -> str:
    if isinstance(value, enum.Flag):
        return "|".join(each.name or "" for each in value) or "0"
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, bytes):
        return _worded_octets(value)
    if isinstance(value, str):
        return _cut(ascii(value[:SHOWN_BYTES]), len(value), "characters")
    if isinstance(value, tuple):
        items = [_worded(each) for each in itertools.islice(value, SHOWN_ITEMS)]
        more = len(value) - len(items)
        return f"[{', '.join(items)}{f' and {more} more' if more else ''}]"
    if isinstance(value, Message):
        inner = [_worded(each) for _, each in value.__rich_repr__() if each is not None]
        return f"({' '.join(inner)})"
    return repr(value)


def _worded_octets(value: bytes) -> str:
    kept = value.rstrip(b"\0")
    if value and not kept:
        return f"{len(value)} zero{'s' * (len(value) > 1)}"
    if value.isascii():
        text = ascii(kept[:SHOWN_BYTES].decode("ascii"))
        return _cut(text, len(kept), "bytes")
    return _cut(repr(value[:SHOWN_BYTES]), len(value), "bytes")


def _cut(text: str, size: int, unit: str) -> str:
    return f"{text}... {size} {unit}" if size > SHOWN_BYTES else text
