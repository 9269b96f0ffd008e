"""The messages that were submitted, found by what CIMD2 identifies them by: destination and stamp.

A time stamp has a resolution of one second; two messages to one destination get different ones,
if need be by a stamp that lies a little in the future.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ohnecimd.protocols.cimd.codes import Reports, StatusCode, StatusError
from ohnecimd.protocols.cimd.text import Reader, UserData

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.protocols.cimd.messages import SubmitMessage

__all__ = ["KEPT", "Store", "StoredMessage"]

KEPT = 100_000
READER = Reader()
SECOND = dt.timedelta(seconds=1)


@dataclass(slots=True, eq=False)
class StoredMessage:
    """A message that was submitted to one destination, and what has become of it.

    Args:
        account: name of who has submitted it.
        destination: the number as it was submitted.
        timestamp: with it, its identity.
        message: as it came, with all its destinations.
        sender: the number that the phone sees.
        reports: what is reported of it.
    """

    account: str
    destination: str
    timestamp: dt.datetime
    message: SubmitMessage
    sender: str
    reports: Reports
    status: StatusCode = StatusCode.IN_PROCESS
    status_error: StatusError | None = None
    discharge_time: dt.datetime | None = None
    history: list[StatusCode] = field(default_factory=list)
    """What it has become, in order."""

    @property
    def content(self) -> str | bytes:
        """What it says: text, or octets."""
        message = self.message
        data = UserData(message.data_coding, message.header, message.user_data, message.binary)
        return READER.read(data)

    @property
    def text(self) -> str:
        """What it says; octets as ISO 8859-1."""
        content = self.content
        return content if isinstance(content, str) else content.decode("latin-1")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status.is_final

    @property
    def temporary_results(self) -> int:
        """How many results it has had after which the center tried again."""
        return sum(not each.is_final for each in self.history)


class Store:
    """Messages by destination and time stamp, in the order in which they came.

    Args:
        kept: so many at most; older ones are forgotten.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._messages: dict[tuple[str, dt.datetime], StoredMessage] = {}
        self._last: dict[str, dt.datetime] = {}  # stamp for each destination

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[StoredMessage]:
        return iter(self._messages.values())

    def stamp(self, destination: str, now: dt.datetime) -> dt.datetime:
        """Return a time stamp that no other message to this destination has."""
        stamp = now.replace(microsecond=0)
        last = self._last.get(destination)
        if last is not None and stamp <= last:
            stamp = last + SECOND
        self._last[destination] = stamp
        return stamp

    def add(self, message: StoredMessage) -> None:
        """Keep a message."""
        self._messages[message.destination, message.timestamp] = message
        if len(self._messages) > self._kept:
            key = destination, stamp = next(iter(self._messages))
            del self._messages[key]
            if self._last[destination] == stamp:
                del self._last[destination]

    def find(
        self, account: str, destination: str | None, timestamp: dt.datetime | None
    ) -> StoredMessage | None:
        """Return the message with this identity if it is of this account."""
        if destination is None or timestamp is None:
            return None
        found = self._messages.get((destination, timestamp))
        return found if found is not None and found.account == account else None

    def of(self, account: str, destination: str | None = None) -> list[StoredMessage]:
        """Return the messages of an account that are not over: all, or those to a destination."""
        return [
            each
            for each in self
            if each.account == account
            and not each.is_over
            and (destination is None or each.destination == destination)
        ]
