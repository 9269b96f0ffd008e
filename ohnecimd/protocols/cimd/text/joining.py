"""Parts of long messages put together again, in whatever order they come.

Nothing is lost: what does not become whole comes out as an `Incomplete`, with the parts that are
there, when its time has passed, when too many others have come since, or when a part with the
same number and another content says that the sender has begun anew. The same part once more is
dropped, as long as its message is not whole.

>>> from ohnecimd.protocols.cimd.text.splitting import split
>>> joiner = Joiner()
>>> for part in reversed(split("Long " * 40, reference=1)):
...     for outcome in joiner.add(part, sender="+358", now=0.0):
...         print(len(outcome.content), len(outcome.parts))
200 2
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.errors import Misuse, RemoteProtocolError
from ohnecimd.protocols.cimd.text.reading import Reader, UserData

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ohnecimd.protocols.cimd.text.headers import Concatenation

__all__ = ["Incomplete", "Joined", "Joiner", "Reason"]

DAY_S = 86400.0


class Reason(enum.Enum):
    """Why a message is given up."""

    TIME = "its time has passed"
    LIMIT = "there are too many others"
    ANEW = "a part came with another content"
    UNREADABLE = "its parts say nothing together"
    END = "nothing more will come"


class Joined(msgspec.Struct, frozen=True):
    """A message, put together.

    Args:
        content: its text, or octets.
        sender: as it was given, and so the next.
        destination: of the parts.
        parts: in order; one, if it was no long message.
        items: what was given with them.
    """

    content: str | bytes
    sender: Any = None
    destination: Any = None
    parts: tuple[UserData, ...] = ()
    items: tuple[Any, ...] = ()


class Incomplete(msgspec.Struct, frozen=True):
    """A message that is given up.

    Args:
        reason: why.
        sender: as it was given, and so the next.
        destination: of the parts.
        reference: that of the parts.
        total: how many parts there should be.
        parts: those that are there, by number, in order.
        items: what was given with them, in the same order.
        error: what is wrong with all of them together, where they are unreadable.
    """

    reason: Reason
    sender: Any = None
    destination: Any = None
    reference: int = 0
    total: int = 0
    parts: dict[int, UserData] = {}
    items: tuple[Any, ...] = ()
    error: RemoteProtocolError | None = None


class _Waiting:
    """The parts of one message."""

    def __init__(
        self, sender: object, destination: object, place: Concatenation, until: float
    ) -> None:
        self.sender = sender
        self.destination = destination
        self.place = place
        self.until = until
        self.parts: dict[int, tuple[UserData, object]] = {}


class Joiner:
    """Puts parts together; reads no clock.

    Parts belong together if sender, destination, reference, number of parts, and size of the
    reference are the same.

    Args:
        reader: reads what the messages say.
        limit: so many messages wait for parts at most; then the oldest is given up.
        timeout_s: how long one waits, from its first part on.
    """

    def __init__(
        self, reader: Reader | None = None, *, limit: int = 1000, timeout_s: float = DAY_S
    ) -> None:
        if limit < 1 or timeout_s < 0:
            raise Misuse(f"a limit of 1 or more, a time of 0 or more, not {limit}, {timeout_s}")
        self.reader = reader or Reader()
        self.limit = limit
        self.timeout_s = timeout_s
        self._waiting: dict[Hashable, _Waiting] = {}

    def __len__(self) -> int:
        """Tell how many messages wait for parts."""
        return len(self._waiting)

    @property
    def deadline(self) -> float | None:
        """When the next message has waited long enough; None if none waits."""
        oldest = next(iter(self._waiting.values()), None)
        return None if oldest is None else oldest.until

    def add(
        self,
        part: UserData,
        *,
        sender: Hashable = None,
        destination: Hashable = None,
        now: float = 0.0,
        item: object = None,
    ) -> list[Joined | Incomplete]:
        """Take a message, and return what comes out: it, if it is no part of a longer one.

        Args:
            part: the message.
            sender: its originating address.
            destination: its destination address.
            now: the time, in seconds of a clock that never goes back.
            item: anything; it comes out with the part.

        Raises:
            RemoteProtocolError: a strict reader refuses it; it has not been taken then.
        """
        header = self.reader.header_of(part)
        place = header.concatenation if header is not None else None
        if place is None or place.total == 1:
            joined = Joined(self.reader.read(part), sender, destination, (part,), (item,))
            return [*self.expire(now), joined]
        self.reader.raw(part)
        outcomes: list[Joined | Incomplete] = [*self.expire(now)]
        key = (type(place), place.reference, place.total, sender, destination)
        found = self._waiting.get(key)
        if found is not None and place.number in found.parts:
            if _is_same(found.parts[place.number][0], part):
                return outcomes
            outcomes.append(self._give_up(key, Reason.ANEW))
            found = None
        if found is None:
            if len(self._waiting) >= self.limit:
                outcomes.append(self._give_up(next(iter(self._waiting)), Reason.LIMIT))
            until = now + self.timeout_s
            found = self._waiting[key] = _Waiting(sender, destination, place, until)
        found.parts[place.number] = part, item
        if len(found.parts) == place.total:
            outcomes.append(self._join(key))
        return outcomes

    def expire(self, now: float) -> list[Incomplete]:
        """Give up what has waited long enough.

        Args:
            now: the time.
        """
        given_up = []
        while self.deadline is not None and self.deadline <= now:
            given_up.append(self._give_up(next(iter(self._waiting)), Reason.TIME))
        return given_up

    def end(self) -> list[Incomplete]:
        """Give up all that waits."""
        return [self._give_up(key, Reason.END) for key in list(self._waiting)]

    def _join(self, key: Hashable) -> Joined | Incomplete:
        found = self._waiting[key]
        ordered = [found.parts[number] for number in sorted(found.parts)]
        parts = tuple(part for part, _ in ordered)
        try:
            content = self.reader.read_all(parts)
        except RemoteProtocolError as error:
            return self._give_up(key, Reason.UNREADABLE, error)
        del self._waiting[key]
        items = tuple(item for _, item in ordered)
        return Joined(content, found.sender, found.destination, parts, items)

    def _give_up(
        self, key: Hashable, reason: Reason, error: RemoteProtocolError | None = None
    ) -> Incomplete:
        found = self._waiting.pop(key)
        ordered = sorted(found.parts)
        return Incomplete(
            reason,
            found.sender,
            found.destination,
            found.place.reference,
            found.place.total,
            {number: found.parts[number][0] for number in ordered},
            tuple(found.parts[number][1] for number in ordered),
            error,
        )


def _is_same(one: UserData, other: UserData) -> bool:
    """Tell whether two messages say the same, whatever else they may carry."""
    return all(getattr(one, name) == getattr(other, name) for name in UserData.__struct_fields__)
