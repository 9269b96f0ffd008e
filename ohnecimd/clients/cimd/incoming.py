"""What comes from the SMSC: messages from phones and status reports, kept until they are taken.

Strategy. The SMSC may use a number again only when its request is answered, so that at most 128
requests are without an answer; a repeat of one of them is ignored. What waits here without an
answer is therefore bounded by the protocol, and what waits with one by `Inbox`. Nothing here ever
holds up the connection.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from ohnecimd.errors import NotAllowedNow, RemoteProtocolError
from ohnecimd.protocols.cimd.messages import DeliverMessage, DeliverStatusReport
from ohnecimd.protocols.cimd.text.joining import Incomplete, Joined, Joiner
from ohnecimd.protocols.cimd.text.reading import Reader, UserData

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from ohnecimd.protocols.cimd.application import Application
    from ohnecimd.protocols.cimd.codes import ErrorCode
    from ohnecimd.protocols.cimd.events import Received

__all__ = ["Answerable", "Answering", "Delivery", "Inbox", "Incoming", "Notice", "Report"]


class Answering(enum.StrEnum):
    """When deliveries and reports are answered."""

    TAKEN = "taken"
    """Positively, when the program takes them; until then the SMSC keeps them."""
    AT_ONCE = "at once"
    """Positively, when they come; if the program dies before it takes them, they are gone."""
    BY_HAND = "by hand"
    """When the program calls ``accept`` or ``refuse``."""


class Notice:
    """One request of the SMSC, and whether it is answered."""

    __slots__ = ("is_answered", "received", "session")

    def __init__(self, session: Application, received: Received) -> None:
        self.session = session
        self.received = received
        self.is_answered = False

    def answer(self, error: ErrorCode | int | None = None, text: str | None = None) -> None:
        """Answer it: positively without an error."""
        if error is None:
            self.session.answer(self.received)
        else:
            self.session.refuse(self.received, error, text)
        self.is_answered = True


class Answerable:
    """What the two kinds of incoming messages have in common."""

    __slots__ = ("_notices", "_push")

    def __init__(self, notices: Sequence[Notice], push: Callable[[], object]) -> None:
        self._notices = notices
        self._push = push

    @property
    def is_answered(self) -> bool:
        """Whether nothing is left to answer."""
        return all(each.is_answered for each in self._notices)

    @property
    def faults(self) -> tuple[RemoteProtocolError, ...]:
        """What is wrong with values, and was overlooked."""
        return tuple([fault for each in self._notices for fault in each.received.faults])

    def accept(self) -> None:
        """Answer positively.

        Raises:
            NotAllowedNow: it is answered already, or its connection is lost: it will come again.
        """
        self._answer(None, None)

    def refuse(self, error: ErrorCode | int, text: str | None = None) -> None:
        """Answer negatively; old SMSCs do not know that.

        Of a message in several parts that are joined, this answers the one that came last: the
        others had to be answered before.

        Args:
            error: such as ``ErrorCode.DELIVERY_FAILED``.
            text: more about it; not to be parsed.

        Raises:
            NotAllowedNow: as `accept`.
        """
        self._answer(error, text)

    def _answer(self, error: ErrorCode | int | None, text: str | None) -> None:
        unanswered = [each for each in self._notices if not each.is_answered]
        if not unanswered:
            raise NotAllowedNow("it is answered already")
        for each in unanswered:
            each.answer(error, text)
        self._push()


class Delivery(Answerable):
    """A message from a phone.

    Attributes:
        messages: as they came, in the order of their parts; one, if they are not joined.
        missing: numbers of parts that have not come in time.
    """

    __slots__ = ("_content", "_reader", "messages", "missing")

    def __init__(
        self,
        notices: Sequence[Notice],
        push: Callable[[], object],
        reader: Reader,
        content: str | bytes | None = None,
        missing: tuple[int, ...] = (),
    ) -> None:
        super().__init__(notices, push)
        self.messages = tuple([_delivered(each) for each in notices])
        self.missing = missing
        self._reader = reader
        self._content = content

    @property
    def message(self) -> DeliverMessage:
        """The message, or the first part that is there."""
        return self.messages[0]

    @property
    def content(self) -> str | bytes:
        """What it says: text, or octets.

        Raises:
            RemoteProtocolError: a strict reader refuses it.
        """
        if self._content is None:
            self._content = self._reader.read_all(map(_user_data, self.messages))
        return self._content

    @property
    def text(self) -> str | None:
        """What it says; None if it is octets. Raises as `content`."""
        content = self.content
        return content if isinstance(content, str) else None

    @property
    def originator(self) -> str | None:
        """Who has sent it; not always known."""
        return _sender(self.message)

    @property
    def destination(self) -> str:
        """To which number it was sent."""
        return self.message.destination

    @property
    def timestamp(self) -> dt.datetime | None:
        """When the SMSC has taken it, in its local time."""
        return self.message.timestamp

    def __repr__(self) -> str:
        parts = "" if len(self.messages) == 1 else f", {len(self.messages)} parts"
        return f"<Delivery from {self.originator} to {self.destination}{parts}>"


class Report(Answerable):
    """What has become of a message that was submitted.

    Attributes:
        message: with the `status`, and the `destination` and `timestamp` that name the message.
    """

    __slots__ = ("message",)

    def __init__(
        self, notice: Notice, message: DeliverStatusReport, push: Callable[[], object]
    ) -> None:
        super().__init__((notice,), push)
        self.message = message

    @property
    def destination(self) -> str:
        """The recipient of the message."""
        return self.message.destination

    @property
    def timestamp(self) -> dt.datetime:
        """The time stamp that the message got when it was submitted."""
        return self.message.timestamp

    def __repr__(self) -> str:
        status = self.message.status
        return f"<Report on {self.destination} {self.timestamp}: {getattr(status, 'text', status)}>"


Incoming: TypeAlias = Delivery | Report


class Inbox:
    """Keeps what has come until somebody takes it.

    Args:
        answering: when it is answered.
        limit: with `Answering.AT_ONCE`, so many are answered before they are taken; others wait for
            their answers until there is room.
        joiner: joins the parts of long messages; None: each is a delivery.
        reader: reads them, if there is no joiner.
        clock: tells the time in seconds.
        push: has answers sent.
    """

    def __init__(
        self,
        answering: Answering,
        limit: int,
        joiner: Joiner | None,
        reader: Reader | None,
        clock: Callable[[], float],
        push: Callable[[], object],
    ) -> None:
        self._answering = answering
        self._limit = limit
        self._joiner = joiner
        self._reader = joiner.reader if joiner is not None else reader or Reader()
        self._clock = clock
        self._push = push
        self._answered: deque[Notice] = deque()
        self._unanswered: deque[Notice] = deque()
        self._ready: deque[Incoming] = deque()  # out of the joiner

    def __len__(self) -> int:
        """Tell how much waits."""
        return len(self._ready) + len(self._answered) + len(self._unanswered)

    @property
    def wake_in(self) -> float:
        """In how many seconds to `take` again even if nothing comes; ``math.inf``: not at all."""
        deadline = None if self._joiner is None else self._joiner.deadline
        return math.inf if deadline is None else max(0.0, deadline - self._clock())

    def put(self, session: Application, received: Received) -> None:
        """Take what has come."""
        self._unanswered.append(Notice(session, received))
        self._answer_ahead()

    def take(self) -> Incoming | None:
        """Return what came first; None if nothing waits."""
        while not self._ready:
            if self._joiner is not None and (given_up := self._joiner.expire(self._clock())):
                self._ready.extend(map(self._incomplete, given_up))
                break
            queue = self._answered or self._unanswered
            if not queue:
                return None
            notice = queue.popleft()
            if self._answering is Answering.TAKEN and not self._answers(notice):
                continue
            self._answer_ahead()
            self._ready.extend(self._made_of(notice))
        return self._ready.popleft()

    def drop(self) -> None:
        """Forget what has no answer, as the session is over: the SMSC sends it again."""
        self._unanswered.clear()

    def end(self) -> None:
        """Note that nothing more will come: what is incomplete stays so, and can be taken."""
        if self._joiner is not None:
            self._ready.extend(map(self._incomplete, self._joiner.end()))

    def _answers(self, notice: Notice) -> bool:
        """Answer positively; tell whether that could be done."""
        try:
            notice.answer()
        except NotAllowedNow:
            return False  # the connection has just been lost
        self._push()
        return True

    def _answer_ahead(self) -> None:
        if self._answering is Answering.AT_ONCE:
            while self._unanswered and len(self._answered) < self._limit:
                notice = self._unanswered.popleft()
                if self._answers(notice):
                    self._answered.append(notice)

    def _made_of(self, notice: Notice) -> list[Incoming]:
        message = notice.received.message
        if isinstance(message, DeliverStatusReport):
            return [Report(notice, message, self._push)]
        if self._joiner is None:
            return [Delivery((notice,), self._push, self._reader)]
        return self._joined(self._joiner, notice, _delivered(notice))

    def _joined(self, joiner: Joiner, notice: Notice, message: DeliverMessage) -> list[Incoming]:
        try:
            outcomes = joiner.add(
                _user_data(message),
                sender=_sender(message),
                destination=message.destination,
                now=self._clock(),
                item=notice,
            )
        except RemoteProtocolError:  # its content says the same
            return [Delivery((notice,), self._push, self._reader)]
        if not notice.is_answered and not any(notice in each.items for each in outcomes):
            self._answers(notice)  # lest the others do not come
        return [
            Delivery(each.items, self._push, self._reader, each.content)
            if isinstance(each, Joined)
            else self._incomplete(each)
            for each in outcomes
        ]

    def _incomplete(self, message: Incomplete) -> Delivery:
        missing = tuple(n for n in range(1, message.total + 1) if n not in message.parts)
        return Delivery(message.items, self._push, self._reader, missing=missing)


def _delivered(notice: Notice) -> DeliverMessage:
    message = notice.received.message
    assert isinstance(message, DeliverMessage), "the SMSC asks for nothing else"
    return message


def _sender(message: DeliverMessage) -> str | None:
    return message.originator or message.alphanumeric_originator or None


def _user_data(message: DeliverMessage) -> UserData:
    return UserData(message.data_coding, message.header, message.user_data, message.binary)
