r"""What packets say, in words for people: names of operations, meanings of values.

>>> from ohnecimd.protocols.cimd.packets import packet_in
>>> packet = packet_in(b"\x0253:007\t021:+358\t900:300\t060:261120131502\t\x03")
>>> name_of(packet.operation)
'submit message response'
>>> for said in said_in(packet):
...     print(f"{said.name}: {said.value} {said.meaning}".rstrip())
destination address: +358
error code: 300 Incorrect destination address
service centre time stamp: 2026-11-20 13:15:02
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.declaring.dissecting import STARS
from ohnecimd.declaring.kinds import UNREADABLE
from ohnecimd.domains import plural
from ohnecimd.errors import RemoteProtocolError
from ohnecimd.protocols.cimd.codes import Reports
from ohnecimd.protocols.cimd.decoding import read
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    TO_RESPONSE,
)
from ohnecimd.protocols.cimd.parameters import PARAMETERS
from ohnecimd.protocols.cimd.text.headers import (
    Concatenation,
    Header,
    PortAddresses,
    SpecialIndication,
)
from ohnecimd.protocols.cimd.text.reading import Reader, UserData
from ohnecimd.protocols.cimd.text.schemes import Charset, MessageClass, Scheme, scheme_of
from ohnecimd.protocols.cimd.times import minutes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.messages import Message
    from ohnecimd.protocols.cimd.packets import Packet
    from ohnecimd.protocols.cimd.parameters import ParameterType

__all__ = [
    "UNKNOWN",
    "Said",
    "missing_in",
    "name_of",
    "period_in_words",
    "said_in",
    "scheme_in_words",
]

UNKNOWN = "unknown"
"""The name of operations that nobody knows."""

NO_VALUE = (*UNREADABLE, RemoteProtocolError)


# Operations

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def name_of(operation: int) -> str:
    """Return the name of an operation, as section 7 of the facts has it.

    >>> name_of(4), name_of(70), name_of(99), name_of(7)
    ('enquire message status', 'deliver message response', 'nack', 'unknown')
    """
    return _NAMES.get(operation, UNKNOWN)


def _names() -> dict[int, str]:
    named = {row.code: _WORD.sub(" ", row.name).lower() for row in MESSAGES}
    return {
        code: f"{named[code - TO_RESPONSE]} response" if code - TO_RESPONSE in named else name
        for code, name in named.items()
    }


_NAMES = _names()


# Parameters


class Said(msgspec.Struct, frozen=True):
    """What a parameter says.

    Attributes:
        number: of the parameter.
        name: its name; ``unknown`` if nobody knows it.
        octets: its value as on the wire.
        value: what that says; the octets where they say nothing; stars for a password.
        meaning: the same in words, and what is wrong with it; empty if there is no more to say.
        is_wrong: whether something is.
    """

    number: int
    name: str
    octets: bytes
    value: object
    meaning: str = ""
    is_wrong: bool = False


def said_in(packet: Packet) -> list[Said]:
    """Return what each parameter of a packet says, in the order of the wire.

    What user data say depends on the data coding scheme and the header in the same packet.
    """
    pairs = [(int(number), octets) for number, octets in packet.pairs()]
    first = dict(reversed(pairs))
    around = UserData(
        dcs=_value_of(DATA_CODING, first),
        header=_value_of(HEADER, first),
    )
    return [_said(number, octets, around) for number, octets in pairs]


def missing_in(packet: Packet) -> str:
    """Return which mandatory parameter a packet lacks, in words; empty if it has them all."""
    if packet.operation not in _NAMES:
        return ""
    faults = read(packet).faults
    return "; ".join([each.message for each in faults if not each.expected])


DATA_CODING, HEADER, USER_DATA, BINARY = 30, 32, 33, 34
VALIDITY, FIRST_DELIVERY, ITEM = 50, 53, 500


def _value_of(number: int, first: dict[int, bytes]) -> Any:  # noqa: ANN401 - of its type
    """Return the value of a parameter; None if it is not there, or cannot be read."""
    if number not in first:
        return None
    try:
        return PARAMETERS[number].read(first[number])
    except NO_VALUE:
        return None


def _said(number: int, octets: bytes, around: UserData) -> Said:
    kind = PARAMETERS.get(number)
    if kind is None:
        return Said(number, UNKNOWN, octets, octets)
    name = kind.name[4:]  # the number stands before it
    if kind.is_secret:
        return Said(number, name, octets, STARS)
    try:
        value = kind.read(octets)
    except NO_VALUE:
        return Said(number, name, octets, octets, f"expected {_wanted(kind)}", is_wrong=True)
    if not kind.accepted.holds(value):
        if isinstance(value, str):
            value = octets
        return Said(number, name, octets, value, f"expected {_wanted(kind)}", is_wrong=True)
    if number in (USER_DATA, BINARY):
        return Said(number, name, octets, *_contents(number, value, around))
    if kind.known:
        value = _members(kind).get(value, value)
    return Said(number, name, octets, value, _meaning(number, value))


def _wanted(kind: ParameterType) -> str:
    words = {"hex": "pairs of hexadecimal digits", "time": "yymmddhhmmss"}
    return words.get(kind.wire, str(kind.accepted))


def _members(kind: ParameterType) -> dict[int, Any]:
    return {int(each): each for each in kind.known.values()}


def _contents(number: int, value: bytes, around: UserData) -> tuple[str | bytes, str]:
    """Return what user data say, and how they are coded if that is not plain to see."""
    if number == USER_DATA:
        data = UserData(around.dcs, around.header, user_data=value)
        return _READER.read(data), ""
    content = _READER.read(UserData(around.dcs, around.header, user_data_binary=value))
    if isinstance(content, bytes):
        return content, _CHARSETS[Charset.EIGHT_BIT]
    charset, _ = _READER.raw(UserData(around.dcs, around.header, user_data_binary=value))
    return content, "packed septets" if charset is Charset.DEFAULT else _CHARSETS[charset]


_READER = Reader()


def _meaning(number: int, value: Any) -> str:  # noqa: ANN401 - of the parameter's type
    if number in _MEANINGS:
        return _MEANINGS[number](value)
    if isinstance(value, Reports):
        return _reports(value)
    if isinstance(value, enum.Enum):
        text: str = getattr(value, "text", "")
        return text
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ""


def _reports(value: Reports) -> str:
    wanted = [each.name.lower().replace("_", " ") for each in value if each.name]
    return ", ".join(wanted) or "none"


def _item(number: int) -> str:
    kind = PARAMETERS.get(number)
    return UNKNOWN if kind is None else kind.name[4:]


def period_in_words(value: int) -> str:
    """Return how long a relative time (050, 053) is.

    >>> period_in_words(5), period_in_words(144), period_in_words(167), period_in_words(255)
    ('30 minutes', '12 hours 30 minutes', '1 day', '63 weeks')
    """
    minutes = minutes_of(value)
    if minutes is None:
        return ""
    for unit, size in (("week", 10080), ("day", 1440)):
        if minutes % size == 0:
            return plural(minutes // size, unit)
    parts = zip((minutes // 60, minutes % 60), ("hour", "minute"), strict=True)
    return " ".join(plural(count, unit) for count, unit in parts if count)


def scheme_in_words(dcs: int) -> str:
    """Return what a data coding scheme (030) says.

    >>> print(scheme_in_words(24), scheme_in_words(0xC9), scheme_in_words(0x8F), sep="; ")
    UCS-2, flash; default alphabet, fax waiting, discard; reserved, as the default alphabet
    """
    scheme = scheme_of(dcs)
    if scheme.is_reserved:
        return "reserved, as the default alphabet"
    return ", ".join([_CHARSETS[scheme.charset], *_traits(scheme)])


def _traits(scheme: Scheme) -> list[str]:
    traits = []
    if scheme.is_compressed:
        traits.append("compressed")
    if scheme.message_class is not None:
        traits.append(_CLASSES[scheme.message_class])
    if scheme.deletes:
        traits.append("deleted once read")
    if scheme.waiting is not None:
        kind = "e-mail" if scheme.waiting.kind.name == "EMAIL" else scheme.waiting.kind.name.lower()
        state = "waiting" if scheme.waiting.is_active else "not waiting any more"
        traits += f"{kind} {state}", "store" if scheme.waiting.is_stored else "discard"
    return traits


_CHARSETS = {
    Charset.DEFAULT: "default alphabet",
    Charset.EIGHT_BIT: "8-bit",
    Charset.UCS2: "UCS-2",
}
_CLASSES = {
    MessageClass.FLASH: "flash",
    MessageClass.PHONE: "for the phone (ME)",
    MessageClass.SIM: "for the SIM",
    MessageClass.EQUIPMENT: "for the equipment (TE)",
}


def _header(octets: bytes) -> str:
    try:
        header = Header.decode(octets)
    except RemoteProtocolError:
        return "no header that can be read"
    return ", ".join(map(_element, header.elements))


def _element(element: Message) -> str:
    if isinstance(element, Concatenation):
        return f"part {element.number} of {element.total}, reference {element.reference}"
    if isinstance(element, PortAddresses):
        return f"to port {element.destination} from port {element.source}"
    if isinstance(element, SpecialIndication):
        return f"{plural(element.count, 'message')} waiting"
    return f"element {getattr(element, 'code', UNKNOWN)}"


_MEANINGS: dict[int, Callable[[Any], str]] = {
    DATA_CODING: scheme_in_words,
    HEADER: _header,
    VALIDITY: lambda value: period_in_words(value) or "as the SMSC does by itself",
    FIRST_DELIVERY: lambda value: period_in_words(value) or "at once",
    ITEM: _item,
}
