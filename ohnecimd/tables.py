r"""Tables of messages: which code stands for which, who may send it, and when.

>>> from ohnecimd.fields import c_string, rest, u16
>>> from ohnecimd.messages import Message
>>> MESSAGES = Table("messages", state="new")
>>> @MESSAGES.message(1, sent_by="client", when="new", then="greeted")
... class Hello(Message):
...     '''Who I am.'''
...     name: c_string
>>> @MESSAGES.message(2, sent_by="server", when="greeted")
... class Welcome(Message):
...     motd: rest
>>> MESSAGES.decode(1, b"ann\0")
Hello(name='ann')
>>> MESSAGES.encode(Welcome(b"hi"))
(2, b'hi')
>>> MESSAGES.after(Hello("ann"), "new", sender="client")
'greeted'

A code that the table does not know gives an `Unknown`, which encodes back to the same bytes; where
`strict` is asked for, it is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.domains import shown
from ohnecimd.errors import (
    FieldError,
    Misuse,
    NotAllowedNow,
    ProtocolError,
    UnexpectedMessage,
    UnknownMessage,
)
from ohnecimd.messages import Message
from ohnecimd.output import as_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.stream import ByteOrder

__all__ = ["Row", "Table", "Unknown"]

C = TypeVar("C", bound="Hashable")
M = TypeVar("M", bound=type[Message])

ANYBODY = ""


class Unknown(Message):
    """A message that its table does not know, kept as it came."""

    code: Any
    payload: bytes

    def __repr__(self) -> str:
        return f"Unknown(code={shown(self.code)}, payload={shown(self.payload)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("code", self.code), ("payload", self.payload)]

    def encode(self, *, order: ByteOrder | None = None) -> bytes:  # noqa: ARG002
        """Return the bytes that came."""
        return self.payload

    def to_json(self) -> dict[str, Any]:
        """Return code and payload; bytes in the payload are hexadecimal."""
        code = self.code.decode("latin-1") if isinstance(self.code, bytes) else self.code
        return {"code": code, "payload": self.payload.hex()}


@dataclass(frozen=True, slots=True, eq=False)
class Row(Generic[C]):
    """A row of a table.

    Args:
        code: what stands for the message on the wire.
        message: its class.
        sent_by: who may send it; nobody named: anybody.
        when: the states in which it may be sent; none named: all.
        then: the state after it, None: the same.
    """

    code: C
    message: type[Message]
    sent_by: frozenset[str] = frozenset()
    when: frozenset[str] = frozenset()
    then: str | None = None

    @property
    def name(self) -> str:
        """The name of the message."""
        return self.message.__name__


class Table(Generic[C]):
    """Messages by code, for each sender: the one place where they are listed.

    The same code may stand for different messages of different senders.

    Args:
        name: of what it lists, for errors and the reference page.
        state: in which a conversation begins, if the table knows states.
        strict: refuse messages that it does not know.
    """

    def __init__(self, name: str, *, state: str | None = None, strict: bool = False) -> None:
        self.name = name
        self.state = state
        self.strict = strict
        self._rows: list[Row[C]] = []
        self._by_code: dict[str, dict[C, Row[C]]] = {}
        self._by_message: dict[type[Message], Row[C]] = {}
        self._alone: dict[C, Row[C] | None] = {}  # None: it depends on the sender

    def message(
        self,
        code: C,
        *,
        sent_by: str | Collection[str] = (),
        when: str | Collection[str] = (),
        then: str | None = None,
    ) -> Callable[[M], M]:
        """Enter the message class below into the table.

        Args:
            code: what stands for it on the wire.
            sent_by: who may send it, one or several; nobody: anybody.
            when: the state, or states, in which it may be sent; none: all.
            then: the state after it; None: the same.
        """

        def enter(message: M) -> M:
            row = Row(code, message, _names(sent_by), _names(when), then)
            self._require_new(row)
            for sender in row.sent_by or {ANYBODY}:
                self._by_code.setdefault(sender, {})[code] = row
            self._rows.append(row)
            self._by_message[message] = row
            self._alone[code] = None if code in self._alone else row
            return message

        return enter

    def _require_new(self, row: Row[C]) -> None:
        # Who is not named gets what anybody may send; so no code may be in both.
        rivals = {*row.sent_by, ANYBODY} if row.sent_by else {*self._by_code}
        for rival in sorted(rivals):
            other = self._by_code.get(rival, {}).get(row.code)
            if other is not None:
                raise Misuse(f"{self.name}: {row.code!r} is {other.name} and {row.name}")
        if row.message in self._by_message:
            raise Misuse(f"{self.name}: {row.name} has two codes")

    # What is in it

    def __iter__(self) -> Iterator[Row[C]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, code: C, sender: str | None = None) -> Row[C] | None:
        """Return the row of a code.

        Args:
            code: what stands on the wire.
            sender: who has sent it; None: whoever may, if that is one message.
        """
        if sender is None:
            return self._alone.get(code)
        row = self._by_code.get(sender, {}).get(code)
        return self._by_code.get(ANYBODY, {}).get(code) if row is None else row

    @property
    def states(self) -> frozenset[str]:
        """The states that it names."""
        named = {self.state, *(row.then for row in self._rows)} - {None}
        return frozenset(each for each in named if each).union(*(row.when for row in self._rows))

    def row_of(self, message: Message | type[Message]) -> Row[C]:
        """Return the row of a message, or of its class.

        Raises:
            Misuse: it is not in the table.
        """
        kind = message if isinstance(message, type) else type(message)
        try:
            return self._by_message[kind]
        except KeyError:
            raise Misuse(f"{kind.__name__} is none of the {self.name}") from None

    # Bytes

    def decode(
        self,
        code: C,
        payload: BytesLike,
        *,
        sender: str | None = None,
        position: int = 0,
        order: ByteOrder | None = None,
        strict: bool | None = None,
    ) -> Message:
        """Return the message of a code; an `Unknown` if the table has none.

        Args:
            code: what stands on the wire.
            payload: the bytes of the message.
            sender: who has sent it, where that makes a difference.
            position: of the first byte of the payload, for errors.
            order: the byte order, if it is not that of the message's class.
            strict: refuse a code that the table does not know; None: as the table does.

        Raises:
            RemoteProtocolError: the payload is not what the message says.
            UnknownMessage: the table has no such code, and that is refused.
        """
        row = self.find(code, sender)
        if row is None:
            if self.strict if strict is None else strict:
                raise UnknownMessage(f"unknown code {code!r} of {self.name}", position=position)
            return Unknown(code, payload if type(payload) is bytes else as_bytes(payload))
        return row.message.decode(payload, position=position, order=order)

    def encode(self, message: Message, *, order: ByteOrder | None = None) -> tuple[C, bytes]:
        """Return the code and the bytes of a message.

        Raises:
            FieldError: a value is none that its field can hold.
            Misuse: the table does not know the message.
        """
        if isinstance(message, Unknown):
            if self.strict:
                raise FieldError(f"unknown code {message.code!r} of {self.name}")
            return message.code, message.payload
        return self.row_of(message).code, message.encode(order=order)

    # Who, and when

    def allowed(self, sender: str, state: str | None = None) -> list[type[Message]]:
        """Return what somebody may send in a state."""
        return [row.message for row in self._rows if _fault(row, sender, state) is None]

    def after(
        self, message: Message, state: str | None, *, sender: str, is_ours: bool = False
    ) -> str | None:
        """Return the state after a message; one that the table does not know changes nothing.

        Args:
            message: that comes or goes.
            state: in which the conversation is.
            sender: of the message.
            is_ours: we are the sender.

        Raises:
            UnexpectedMessage: the peer may not send it, or not now.
            NotAllowedNow: we may not.
        """
        if isinstance(message, Unknown):
            return state
        row = self.row_of(message)
        fault = _fault(row, sender, state)
        if fault is not None:
            kind: type[ProtocolError] = NotAllowedNow if is_ours else UnexpectedMessage
            raise kind(f"{row.name} is not for {fault}")
        return state if row.then is None else row.then


def _names(names: str | Collection[str]) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)


def _fault(row: Row[Any], sender: str, state: str | None) -> str | None:
    """Return whom, or which state, a message is not for; None if it may be sent."""
    if row.sent_by and sender not in row.sent_by:
        return f"the {sender} to send"
    if row.when and state not in row.when:
        return f"the state {state!r}"
    return None
