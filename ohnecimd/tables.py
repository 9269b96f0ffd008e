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
`strict` is asked for, it is an error. A code that it knows, but not from this sender, always is:

>>> MESSAGES.decode(7, b"from the future", sender="client")
Unknown(code=7, payload=b'from the future')
>>> MESSAGES.decode(1, b"ann\0", sender="server")
Traceback (most recent call last):
ohnecimd.errors.UnexpectedMessage: at byte 0 in Hello: may not be sent by the server

Senders and states are those that the rows name. Another name is a slip of the caller, not the
peer's fault:

>>> MESSAGES.decode(1, b"ann\0", sender="cleint")
Traceback (most recent call last):
ohnecimd.errors.Misuse: messages: no row names the sender 'cleint', only 'client' and 'server'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ohnecimd.declaring.compiling import compiled
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
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.stream import ByteOrder

__all__ = ["Row", "Table", "Unknown"]

C = TypeVar("C", bound="Hashable")
M = TypeVar("M", bound=type[Message])


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

    The same code may stand for different messages of different senders. Where rows name senders,
    each sender is one that some row names; states likewise. A conversation has one state, whoever
    of them speaks.

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
        self._by_message: dict[type[Message], Row[C]] = {}
        self._by_code: dict[C, list[Row[C]]] = {}
        self._by_sender: dict[str, dict[C, Row[C]]] = {}
        self._of_anybody: dict[C, Row[C]] = {}
        self._states: set[str] = set()

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

        Raises:
            Misuse: what stands below is no message class, or its row contradicts another.
        """
        if isinstance(code, type):
            raise Misuse(f"{self.name}: {code.__name__} has no code: enter it by .message(code)")

        def enter(message: M) -> M:
            self._require_message(message)
            row = Row(code, message, _names(sent_by), _names(when), then)
            self._require_new(row)
            for sender in row.sent_by:
                self._by_sender.setdefault(sender, {})[code] = row
            if not row.sent_by:
                self._of_anybody[code] = row
            self._states.update(row.when, () if then is None else (then,))
            self._by_code.setdefault(code, []).append(row)
            self._by_message[message] = row
            self._rows.append(row)
            return message

        return enter

    def _require_message(self, thing: object) -> None:
        if not (isinstance(thing, type) and issubclass(thing, Message)):
            name = getattr(thing, "__name__", None) or shown(thing)
            raise Misuse(f"{self.name}: {name} is no subclass of Message")

    def _require_new(self, row: Row[C]) -> None:
        # Who is not named gets what anybody may send; so no code may be in both.
        for other in self._by_code.get(row.code, ()):
            if not row.sent_by or not other.sent_by or row.sent_by & other.sent_by:
                raise Misuse(
                    f"{self.name}: code {row.code!r} is {other.name} already, "
                    f"it cannot be {row.name} too"
                )
        known = self._by_message.get(row.message)
        if known is not None:
            raise Misuse(
                f"{self.name}: {row.name} has the code {known.code!r} already, "
                f"it cannot have {row.code!r} too"
            )

    # What is in it

    def __iter__(self) -> Iterator[Row[C]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def check(self) -> None:
        """Read and compile the declarations of all messages, for a test: else first use does.

        Raises:
            Misuse: a declaration makes no sense.
        """
        for row in self._rows:
            functions = compiled(row.message)
            _ = functions.decode, functions.encode  # made when they are first asked for

    def find(self, code: C, sender: str | None = None) -> Row[C] | None:
        """Return the row of a code; None if there is none, or none of this sender.

        Args:
            code: what stands on the wire.
            sender: who has sent it; None: whoever may, if that is one message.

        Raises:
            Misuse: no row names this sender, or the code depends on the sender and none is given.
        """
        if sender is not None:
            rows = self._by_sender.get(sender)
            if rows is None:
                self._require_sender(sender)
            elif code in rows:
                return rows[code]
            return self._of_anybody.get(code)
        found = self._by_code.get(code)
        if found is None:
            return None
        if len(found) > 1:
            names = " or ".join(row.name for row in found)
            raise Misuse(f"{self.name}: code {code!r} is {names}: sender= has to say which")
        return found[0]

    @property
    def states(self) -> frozenset[str]:
        """The states that it names."""
        return frozenset(self._states if self.state is None else {self.state, *self._states})

    def _require_sender(self, sender: str) -> None:
        if self._by_sender and sender not in self._by_sender:
            raise Misuse(
                f"{self.name}: no row names the sender {sender!r}, only {_listed(self._by_sender)}"
            )

    def _require_state(self, state: str | None) -> None:
        # A conversation without a state may come to one, so None is one where none begins it.
        if state != self.state and state not in self._states and self.states:
            raise Misuse(
                f"{self.name}: no row names the state {state!r}, only {_listed(self.states)}"
            )

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
        """Return the message of a code; an `Unknown` if the table has no such code.

        Args:
            code: what stands on the wire.
            payload: the bytes of the message.
            sender: who has sent it; None: whoever may, if that is one message.
            position: of the first byte of the payload, for errors.
            order: the byte order, if it is not that of the message's class.
            strict: refuse a code that the table does not know; None: as the table does.

        Raises:
            RemoteProtocolError: the payload is not what the message says.
            UnknownMessage: the table has no such code, and that is refused.
            UnexpectedMessage: the table has this code, but not of this sender.
            Misuse: no row names this sender, or the code depends on the sender and none is given.
        """
        row = self.find(code, sender)
        if row is None:
            if code in self._by_code:
                names = " or ".join(each.name for each in self._by_code[code])
                fault = f"may not be sent by the {sender}"
                raise UnexpectedMessage(fault, position=position, path=[names])
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
        """Return what somebody may send in a state.

        Args:
            sender: who would send it.
            state: in which the conversation is; None: only what may be sent in all.

        Raises:
            Misuse: no row names this sender or this state.
        """
        self._require_sender(sender)
        if state is not None:
            self._require_state(state)
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
            Misuse: no row names this sender or this state, or the table has no such message.
        """
        self._require_sender(sender)
        self._require_state(state)
        if isinstance(message, Unknown):
            return state
        row = self.row_of(message)
        fault = _fault(row, sender, state)
        if fault is not None:
            kind: type[ProtocolError] = NotAllowedNow if is_ours else UnexpectedMessage
            raise kind(f"{row.name} {fault}")
        return state if row.then is None else row.then


def _names(names: str | Collection[str]) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(map(repr, sorted(names)))


def _fault(row: Row[Any], sender: str, state: str | None) -> str | None:
    """Return why a message may not be sent; None if it may."""
    if row.sent_by and sender not in row.sent_by:
        return f"may not be sent by the {sender}"
    if row.when and state not in row.when:
        return f"may not be sent in the state {state!r}"
    return None
