r"""Packets to messages.

Readers are tolerant: of a value that is out of its range, both the value and the fault are told; a
value of another type stays as it came, among the `others` of the message. What a server should
answer is the `hint` of the fault.

>>> from ohnecimd.protocols.cimd.messages import SubmitMessage
>>> from ohnecimd.protocols.cimd.packets import packet_in
>>> packet = packet_in(b"\x0203:003\t021:+358401234567\t033:Hi\t\x03")
>>> read(packet)
Reading(message=SubmitMessage(destinations=('+358401234567',), user_data=b'Hi'), faults=())

Strategy. What is as it should be takes a short way: one look-up and one call for each parameter.
Whatever surprises there is read again, with care.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.kinds import UNREADABLE
from ohnecimd.errors import (
    Malformed,
    Misuse,
    RemoteProtocolError,
    UnexpectedMessage,
    UnknownMessage,
)
from ohnecimd.messages import Message  # noqa: TC001 - msgspec looks at it
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    Outcome,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import hidden_in
from ohnecimd.protocols.cimd.parameters import Parameter, ParameterType, hidden
from ohnecimd.protocols.cimd.refusals import REFUSALS
from ohnecimd.protocols.cimd.roles import APPLICATION, CENTER, Request
from ohnecimd.tables import Table, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ohnecimd.declaring.layouts import Field
    from ohnecimd.protocols.cimd.packets import Packet

__all__ = ["Reading", "message_of", "read"]

NO_VALUE = (*UNREADABLE, Malformed)
NEGATIVE = b"900:"
HEAD_BYTES = 8  # STX, operation, number, TAB
PREFIX_BYTES = 4  # number of a parameter, and colon
LAST_OPERATION = 99
ERROR = 900


class Reading(msgspec.Struct, frozen=True):
    """What a packet says.

    Attributes:
        message: None if something mandatory is missing, or cannot be read.
        faults: what is wrong with it; their `hint` is the `ErrorCode` that a server answers.
    """

    message: Message | None
    faults: tuple[RemoteProtocolError, ...] = ()


def read(packet: Packet, sender: str | None = None) -> Reading:
    """Return what a packet says, and what is wrong with it.

    A negative response is one of `REFUSALS`; an operation that nobody knows gives an `Unknown`.

    Args:
        packet: well-formed; nobody looks at its checksum.
        sender: ``application`` or ``center``; None: whoever may send it.
    """
    form = _form_of(packet, sender)
    if form is None:
        return _foreign(packet, sender)
    try:
        return Reading(form.take(packet.body))
    except NO_VALUE:
        return form.read(packet)


def message_of(packet: Packet, sender: str | None = None) -> Message:
    """Return what a packet says.

    Args:
        packet: well-formed; nobody looks at its checksum.
        sender: ``application`` or ``center``; None: whoever may send it.

    Raises:
        RemoteProtocolError: something is wrong with it.
        UnknownMessage: nobody knows the operation.
    """
    form = _form_of(packet, sender)
    if form is not None:
        try:
            return form.take(packet.body)
        except NO_VALUE:
            pass
    reading = _foreign(packet, sender) if form is None else form.read(packet)
    if reading.faults:
        raise reading.faults[0]
    if reading.message is None or isinstance(reading.message, Unknown):
        raise UnknownMessage(
            position=packet.offset + 1,
            path=["packet"],
            expected="an operation that is known",
            found=packet.operation,
            hint=ErrorCode.UNEXPECTED_OPERATION,
        )
    return reading.message


# How the messages of a class are read


class _Form:
    """Reads the messages of one class."""

    def __init__(self, message: type[Message]) -> None:
        self._message = message
        self.is_answer = not issubclass(message, Request)  # it may be negative
        declaration = declaration_of(message)
        self._names = [each.name for each in declaration.fields]
        is_positional = declaration.positional == tuple(self._names)
        self._make: Callable[..., Message] = message if is_positional else self._make_named
        self._fields: dict[int, Field] = {}
        self._kinds: dict[int, ParameterType] = {}
        self._known: dict[bytes, tuple[int, Any]] = {}  # what short parameters say, by place
        self._takers: dict[bytes, tuple[int, Callable[[bytes], Any]]] = {}
        self._many = -1
        self._required: list[int] = []
        for place, field in enumerate(declaration.fields):
            self._add(place, field)
        self._nothing = [() if each == "others" else None for each in self._names]

    def _add(self, place: int, field: Field) -> None:
        kind = field.kind if field.listing is None else field.listing.item.kind
        if not isinstance(kind, ParameterType):
            return
        take = kind.take
        if field.listing is not None:
            self._many = place
            take = _as_tuple(take)
        if not field.is_optional:
            self._required.append(place)
        self._fields[kind.number] = field
        self._kinds[kind.number] = kind
        self._takers[b"%03d" % kind.number] = place, take
        for octets, value in kind.known.items():
            self._known[b"%03d:%b" % (kind.number, octets)] = place, value

    def take(self, body: bytes) -> Message:
        """Return the message, if nothing about it is strange; raise anything else."""
        known, takers = self._known, self._takers
        values: list[Any] = self._nothing.copy()
        for part in body[:-1].split(b"\t") if body else ():
            if part in known:
                place, value = known[part]
            else:
                place, take = takers[part[:3]]
                value = take(part[4:])
            if values[place] is None:
                values[place] = value
            elif place == self._many:
                values[place] += value
            else:
                raise ValueError("a repeat")
        for place in self._required:
            if values[place] is None:
                raise ValueError("it is missing")
        return self._make(*values)

    def _make_named(self, *values: Any) -> Message:  # noqa: ANN401 - of all fields, in order
        return self._message(**dict(zip(self._names, values, strict=True)))

    def read(self, packet: Packet) -> Reading:
        """Return the message, and what is wrong with it."""
        values: dict[str, Any] = {}
        others: list[Parameter] = []
        faults: list[RemoteProtocolError] = []
        unreadable = set()
        for number, octets, at in _placed(packet):
            field, kind = self._fields.get(number), self._kinds.get(number)
            if field is None or kind is None or (field.name in values and not field.listing):
                others.append(Parameter(number, octets))
                continue
            try:
                value = self._read_value(field, kind, octets, at, faults)
            except NO_VALUE:
                others.append(Parameter(number, octets))
                unreadable.add(field.name)
                continue
            if field.listing:
                values[field.name] = (*values.get(field.name, ()), value)
            else:
                values[field.name] = field.member(value)
        absent = [each for each in self._mandatory() if each.name not in values]
        if absent:
            missing = [each for each in absent if each.name not in unreadable]
            faults += [self._missing(each, packet) for each in missing]
            return Reading(None, tuple(faults))
        make: Any = self._message
        return Reading(make(**values, others=tuple(others)), tuple(faults))

    def _read_value(
        self,
        field: Field,
        kind: ParameterType,
        octets: bytes,
        at: int,
        faults: list[RemoteProtocolError],
    ) -> Any:  # noqa: ANN401 - of whatever type
        """Return a value, note what is wrong with it; raise one of NO_VALUE if it is of no use."""
        try:
            value = kind.read(octets)
        except NO_VALUE:
            faults.append(self._fault(kind, octets, at, ErrorCode.PARAMETER_FORMAT))
            raise
        if not kind.accepted.holds(value):
            faults.append(self._fault(kind, octets, at, self._error(field, kind, octets)))
        return value

    def _mandatory(self) -> Iterator[Field]:
        return (each for each in self._fields.values() if not each.is_optional)

    def _error(self, field: Field, kind: ParameterType, octets: bytes) -> ErrorCode:
        """Return the error code for a value that is out of range."""
        if kind.most is not None and len(octets) > kind.most:
            return ErrorCode.PARAMETER_FORMAT
        errors: dict[str, ErrorCode] = getattr(self._message, "errors", {})
        return errors.get(field.name, ErrorCode.PARAMETER_FORMAT)

    def _fault(self, kind: ParameterType, octets: bytes, at: int, error: ErrorCode) -> Malformed:
        return Malformed(
            position=at,
            path=[self._message.__name__, f"parameter {kind.number:03}"],
            expected=str(kind.accepted),
            found=hidden(kind.number, octets),
            hint=error,
        )

    def _missing(self, field: Field, packet: Packet) -> Malformed:
        number = next(each for each, it in self._fields.items() if it is field)
        errors: dict[str, ErrorCode] = getattr(self._message, "errors", {})
        return Malformed(
            f"parameter {number:03} is missing",
            position=packet.offset + HEAD_BYTES + len(packet.body),
            path=[self._message.__name__],
            hint=errors.get(field.name, ErrorCode.SYNTAX),
        )


def _as_tuple(take: Callable[[bytes], Any]) -> Callable[[bytes], tuple[Any, ...]]:
    return lambda octets: (take(octets),)


def _placed(packet: Packet) -> Iterator[tuple[int, bytes, int]]:
    """Give number and value of each parameter, and where the value stands in the input."""
    at = packet.offset + HEAD_BYTES
    for number, octets in packet.pairs():
        yield int(number), octets, at + PREFIX_BYTES
        at += PREFIX_BYTES + len(octets) + 1


_ONE_OUTCOME = re.compile(
    r"021:(\+?[0-9]{1,19}|[0-9]{20})\t060:([0-9]{6})((?:[01][0-9]|2[0-3])[0-9]{4})\t"
).fullmatch


class _OutcomesForm(_Form):
    """Reads responses to submits, with pairs of parameters for each recipient."""

    def take(self, body: bytes) -> Message:
        """Return the response, if it is for one recipient, with address and time stamp."""
        found = _ONE_OUTCOME(body.decode("latin-1"))
        if found is None:
            raise ValueError("other parameters")
        destination, day, time = found.groups()
        timestamp = datetime.fromisoformat(f"20{day}T{time}")
        return SubmitResponse((Outcome(destination, timestamp),))

    def read(self, packet: Packet) -> Reading:
        """Return the response, and what is wrong with it."""
        outcomes: list[dict[str, Any]] = []
        others: list[Parameter] = []
        faults: list[RemoteProtocolError] = []
        for number, octets, at in _placed(packet):
            field = _OUTCOME_FIELDS.get(number)
            if field is None:
                others.append(Parameter(number, octets))
                continue
            kind = _parameter_of(field)
            try:
                value = self._read_value(field, kind, octets, at, faults)
            except NO_VALUE:
                others.append(Parameter(number, octets))
                continue
            if not outcomes or field.name == "destination" or field.name in outcomes[-1]:
                outcomes.append({})
            outcomes[-1][field.name] = field.member(value)
        made = tuple([Outcome(**each) for each in outcomes])
        return Reading(SubmitResponse(made, tuple(others)), tuple(faults))


def _parameter_of(field: Field) -> ParameterType:
    kind = field.kind
    assert isinstance(kind, ParameterType)
    return kind


_OUTCOME_FIELDS = {_parameter_of(each).number: each for each in declaration_of(Outcome).fields}


class _Forms(dict[int, _Form | None]):
    """How to read each operation of a sender, made when it is first wanted."""

    def __init__(self, table: Table[int], sender: str | None) -> None:
        super().__init__()
        self._table = table
        self._sender = sender

    def __missing__(self, operation: int) -> _Form | None:
        row = self._table.find(operation, self._sender)
        form: _Form | None
        if row is None:
            form = None
        elif row.message is SubmitResponse:
            form = _OutcomesForm(row.message)
        else:
            form = _Form(row.message)
        if 0 <= operation <= LAST_OPERATION:
            self[operation] = form
        return form


class _Senders(dict[str | None, _Forms]):
    """How to read what each sender may send; None: anybody."""

    def __missing__(self, sender: object) -> _Forms:
        raise Misuse(f"the sender is 'application' or 'center', not {sender!r}")


_FORMS = _Senders({each: _Forms(MESSAGES, each) for each in (None, APPLICATION, CENTER)})
_REFUSALS = _Forms(REFUSALS, None)


def _form_of(packet: Packet, sender: str | None) -> _Form | None:
    """Return how to read a packet; None if it is none of this sender's."""
    form = _FORMS[sender][packet.operation]
    if form is not None and form.is_answer and NEGATIVE in packet.body:
        return _refusal_in(packet) or form
    return form


def _refusal_in(packet: Packet) -> _Form | None:
    """Return how to read a response that is negative; None if it is not."""
    value = packet.get(ERROR)
    if value is None or (value and not value.strip(b"0")):
        return None
    form = _REFUSALS[packet.operation]
    numbers = [number for number, _ in packet.pairs()]
    is_for_some = isinstance(_FORMS[None][packet.operation], _OutcomesForm) and (
        numbers.count(b"021") > 1 and b"060" in numbers
    )
    return None if is_for_some else form


class _Veiled(Unknown):
    """An operation that nobody knows, with a parameter that nobody may see."""

    def _shown(self) -> Unknown:
        return Unknown(self.code, hidden_in(self.payload))

    def __repr__(self) -> str:
        return repr(self._shown())

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return self._shown().__rich_repr__()

    def to_json(self) -> dict[str, Any]:
        """Return code and payload, with stars in place of passwords."""
        return self._shown().to_json()


def _foreign(packet: Packet, sender: str | None) -> Reading:
    """Read an operation that this sender does not have."""
    form = _form_of(packet, None)
    if form is None:
        kind = Unknown if hidden_in(packet.body) == packet.body else _Veiled
        return Reading(kind(packet.operation, packet.body))
    reading = form.read(packet)
    fault = UnexpectedMessage(
        f"operation {packet.operation:02} may not be sent by the {sender}",
        position=packet.offset + 1,
        path=["packet"],
        hint=ErrorCode.UNEXPECTED_OPERATION,
    )
    return Reading(reading.message, (fault, *reading.faults))
