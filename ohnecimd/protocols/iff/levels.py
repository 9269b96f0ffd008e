"""The groups that a walk is in, one inside the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.protocols.iff.events import ChunkEnd, GroupEnd, GroupStart
from ohnecimd.protocols.iff.placing import PROP, Members
from ohnecimd.protocols.iff.walking import ENDLESS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import ChunkStart

__all__ = ["Claim", "Level"]

NOTHING: AbstractSet[bytes] = frozenset()


class Claim:
    """What a header says of the data behind it, and what is to be made of that.

    `is_cut`: the data ends where the group around it does, and not where its size says.
    """

    __slots__ = ("from_ds64", "is_cut", "is_unknown", "length", "size")

    def __init__(self, size: int) -> None:
        self.size = self.length = size
        self.is_unknown = self.is_cut = False
        self.from_ds64: int | None = None

    @property
    def known_length(self) -> int | None:
        """The length; None if only the end of the input will tell."""
        return self.length if self.length < ENDLESS >> 1 else None

    @property
    def is_odd(self) -> bool:
        """Whether a pad byte should follow the data."""
        return self.length % 2 == 1 and not self.is_cut and not self.is_unknown


class Level:
    """A group that is open, a chunk that holds chunks, or the whole input.

    Args:
        start: its start; None for the whole input.
        claim: what its header says.
        group: type of the group in which its members are.
    """

    __slots__ = (
        "claim",
        "end",
        "group",
        "is_wanted",
        "members",
        "needs_ds64",
        "plain",
        "start",
    )

    def __init__(
        self, start: GroupStart | ChunkStart | None, claim: Claim, group: bytes = b""
    ) -> None:
        self.start = start
        self.claim = claim
        self.group = group
        # Where the data ends, never beyond what is around; at least half of ENDLESS: nobody knows
        self.end = ENDLESS if start is None else start.data_offset + claim.length
        self.plain = NOTHING  # IDs known to be those of chunks about which nothing is special here
        self.is_wanted = False  # all its data is, with what is inside
        self.needs_ds64 = False  # before all else
        self.members = Members(b"" if start is None else start.id)

    @property
    def holds_groups(self) -> bool:
        """Whether groups can be inside."""
        return self.start is None or isinstance(self.start, GroupStart)

    def lacks(self, end_of_input: int) -> int:
        """Return how many bytes its size promises that are not there; 0 if it does not matter."""
        claim = self.claim
        if self.start is None or claim.is_cut or claim.is_unknown:
            return 0
        return max(0, self.end - end_of_input)

    def ended(self, end: int, pad: int) -> GroupEnd | ChunkEnd:
        """Return its end.

        Args:
            end: where it ends, with its pad byte.
            pad: whether it has one.
        """
        start = self.start
        assert start is not None  # the whole input has no end of its own
        make = GroupEnd if isinstance(start, GroupStart) else ChunkEnd
        return make(start.id, start.offset, end, pad, end - pad - start.data_offset)

    def fault_of_member(self, chunk_id: bytes, dialect: Dialect) -> str | None:
        """Name the problem that a chunk has because it stands here; None if it has none."""
        if PROP not in dialect.groups or chunk_id in dialect.filler:
            return None
        return self.members.fault_of(chunk_id, is_group=chunk_id in dialect.groups)

    def has_only_groups(self, dialect: Dialect) -> bool:
        """Tell whether plain chunks may not stand here."""
        return PROP in dialect.groups and self.members.are_groups
