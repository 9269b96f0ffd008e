"""What a writer is in: the chunks and groups that have begun and not ended."""

from __future__ import annotations

from zlib import crc32

from ohnecimd.protocols.iff.dialects import TYPE_BYTES
from ohnecimd.protocols.iff.placing import PROP, Members

__all__ = ["NO_LIMIT", "OpenChunk", "name_of"]

NO_LIMIT = 1 << 80  # over all sizes that there are


class OpenChunk:
    """A chunk or group that is not ended yet.

    `size` is None while nobody knows it; `reach` is where its data has to end at the latest, and
    `room` where it has to with its padding.
    """

    __slots__ = (
        "checksum",
        "has_inside",
        "id",
        "is_big",
        "is_group",
        "is_sealed",
        "is_unknown",
        "members",
        "reach",
        "room",
        "size",
        "start",
        "type",
    )

    def __init__(self, chunk_id: bytes, group_type: bytes | None, start: int, room: int) -> None:
        self.id = chunk_id
        self.type = group_type
        self.is_group = group_type is not None
        self.start = start
        self.room = room
        self.reach = room
        self.size: int | None = None
        self.is_unknown = False
        self.is_big = False
        self.is_sealed = False  # a chunk without a size has ended in it
        self.has_inside = False
        self.members = Members(chunk_id)
        self.checksum = crc32(chunk_id)

    def note(self, child: OpenChunk) -> None:
        """Remember that a chunk has begun inside."""
        self.has_inside = True
        self.members.note(child.id, child.type)

    @property
    def least(self) -> int:
        """The smallest size that it can have."""
        return TYPE_BYTES if self.is_group else 0

    @property
    def label(self) -> str:
        """ID and type, for people."""
        return name_of(self.id) + (f" {name_of(self.type)}" if self.type is not None else "")

    def fault_of_child(self, child: OpenChunk) -> str | None:
        """Name the rule of EA IFF 85 that a chunk in this group would break."""
        fault = self.members.fault_of(child.id, is_group=child.is_group)
        if fault is None and child.type is not None and self.members.has_prop(child.type):
            return "prop-twice" if child.id == PROP else None
        return fault


def name_of(four: bytes | None) -> str:
    """Return an ID or a type as people read it."""
    text = (four or b"").decode("latin-1")
    return text.rstrip() if text.isprintable() and text.strip() else repr(text)
