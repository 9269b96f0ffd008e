r"""Messages to packets.

>>> from ohnecimd.protocols.cimd.messages import Alive, SubmitMessage
>>> encode(Alive(), 1)
b'\x0240:001\t3A\x03'
>>> encode(SubmitMessage(("12x",)), 3)  # doctest: +ELLIPSIS
Traceback (most recent call last):
ohnecimd.errors.FieldError: in SubmitMessage > destinations > [0]: expected text in ASCII, ...

Strategy. What is as it should be takes a short way: each parameter has bytes that are known, or
that are read back to see that they are right. Whatever surprises is encoded again, with care.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.kinds import UNFIT
from ohnecimd.errors import FieldError, Misuse, ProtocolError
from ohnecimd.protocols.cimd.messages import MESSAGES, OUTCOMES, Outcome
from ohnecimd.protocols.cimd.packets import Packet, checksum_of
from ohnecimd.protocols.cimd.parameters import ParameterType
from ohnecimd.protocols.cimd.refusals import REFUSALS
from ohnecimd.protocols.cimd.wire import RESERVED
from ohnecimd.tables import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.declaring.layouts import Field
    from ohnecimd.messages import Message

__all__ = ["encode", "packet_of"]

LAST_NUMBER = 255
ETX, TAB = b"\x03", b"\t"


def packet_of(message: Message, number: int, *, checksum: bool = True) -> Packet:
    """Return the packet of a message.

    Args:
        message: any of `MESSAGES` or `REFUSALS`, or an `Unknown`.
        number: 0..255, of the packet.
        checksum: put one into it.

    Raises:
        FieldError: a value is none that its field can hold.
        Misuse: it is no message of CIMD2.
    """
    operation, body = _parts_of(message, number)
    packet = Packet(operation, number, body)
    return packet.sealed() if checksum else packet


def encode(message: Message, number: int, *, checksum: bool = True) -> bytes:
    """Return the bytes of the packet of a message, as `packet_of` does."""
    operation, body = _parts_of(message, number)
    head = b"\x02%02d:%03d\t%b" % (operation, number, body)
    if not checksum:
        return head + ETX
    return b"%b%02X\x03" % (head, checksum_of(head))


def _parts_of(message: Message, number: int) -> tuple[int, bytes]:
    """Return operation and parameters of a message."""
    if not 0 <= number <= LAST_NUMBER:
        raise FieldError(f"expected a number of 0..{LAST_NUMBER}, found {number}", path=["packet"])
    kind = type(message)
    operation = _OPERATIONS.get(kind)
    if operation is None:
        if isinstance(message, Unknown):
            Packet(message.code, number, message.payload).encode()  # for its checks
            return message.code, message.payload
        raise Misuse(f"{kind.__name__} is no message of CIMD2")
    writer = _WRITERS.get(kind)
    if writer is None:
        writer = _WRITERS[kind] = _Writer(kind)
    try:
        return operation, writer.write(message)
    except (*UNFIT, ProtocolError):
        return operation, message.encode()


_OPERATIONS = {row.message: row.code for table in (MESSAGES, REFUSALS) for row in table}
_WRITERS: dict[type[Message], _Writer] = {}  # made when they are first wanted


# How the messages of a class are written


class _Writer:
    """Writes the messages of one class."""

    def __init__(self, message: type[Message]) -> None:
        fields = declaration_of(message).fields
        self._putters = [_putter_of(each) for each in fields]
        self._required = [place for place, each in enumerate(fields) if not each.is_optional]

    def write(self, message: Message) -> bytes:
        """Return the parameters, if nothing about them is strange; raise any other error else."""
        values = msgspec.structs.astuple(message)
        for place in self._required:
            if values[place] is None:
                raise ValueError("it is missing")
        return b"".join(
            [
                put(value)
                for value, put in zip(values, self._putters, strict=True)
                if value is not None
            ]
        )


def _putter_of(field: Field) -> Callable[[Any], bytes]:
    """Return what makes the bytes of the value of a field."""
    if field.kind is OUTCOMES:
        return _outcomes_putter()
    kind = field.kind if field.listing is None else field.listing.item.kind
    if not isinstance(kind, ParameterType):
        return _put_nothing
    put = _putter_of_known(kind) if kind.known else _putter_of_any(kind)
    if field.listing is None:
        return put
    return partial(_put_all, put)


def _put_all(put: Callable[[Any], bytes], values: tuple[Any, ...]) -> bytes:
    if type(values) is not tuple or not values:
        raise ValueError("no items")
    return b"".join([put(each) for each in values])


def _outcomes_putter() -> Callable[[Any], bytes]:
    writer, nothing = _Writer(Outcome), Outcome()

    def put(outcomes: tuple[Outcome, ...]) -> bytes:
        if type(outcomes) is not tuple or nothing in outcomes:
            raise ValueError("no outcomes, or one without parameters")
        return b"".join([writer.write(each) for each in outcomes])

    return put


def _put_nothing(values: tuple[Any, ...]) -> bytes:
    if values != ():
        raise ValueError("parameters that the message does not have")
    return b""


def _putter_of_known(kind: ParameterType) -> Callable[[Any], bytes]:
    forms = {
        value: kind.begins + octets + TAB
        for octets, value in kind.known.items()
        if kind.domain.holds(int(value))
    }
    types = {type(value) for value in forms}

    def put(value: Any) -> bytes:  # noqa: ANN401
        if type(value) not in types:  # such as 1.0, which is as good as 1 to a dict
            raise TypeError("a value of another type")
        return forms[value]

    return put


def _putter_of_any(kind: ParameterType) -> Callable[[Any], bytes]:
    begins, write, take = kind.begins, kind.write, kind.take

    def put(value: Any) -> bytes:  # noqa: ANN401
        octets = write(value)
        if take(octets) != value or len(octets.translate(None, RESERVED)) != len(octets):
            raise ValueError("it would come back as something else")
        return begins + octets + TAB

    return put
