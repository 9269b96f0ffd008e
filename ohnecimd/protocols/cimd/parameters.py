r"""Every parameter of CIMD2, once: its number, name, type, range and meaning.

::

    parameter   021:+358401234567<TAB>      number, colon, value, TAB

The annotations below stand in the declarations of `ohnecimd.protocols.cimd.messages`. Sections 8
and 9 of the facts; where sources disagree on a range, the narrower one is sent and the wider one
is taken without complaint (`accepted`).

>>> PARAMETERS[56].name, str(PARAMETERS[56].domain)
('056 status report request', '0..255')
>>> Parameter(33, b"Hi").encode()
b'033:Hi\t'
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from ohnecimd.domains import (
    Domain,
    Integers,
    shown,
    where,
)
from ohnecimd.errors import Malformed, Truncated
from ohnecimd.fields import Variable, until
from ohnecimd.messages import SECRET, Message
from ohnecimd.protocols.cimd import codes
from ohnecimd.protocols.cimd.wire import (
    ADDRESS,
    ADDRESS_OR_NOTHING,
    FLAG,
    LETTERS,
    NO_SPACES,
    OCTETS,
    RESERVED,
    SPACELESS,
    TIME,
    USER_DATA_BYTES,
    WIDE,
    Wire,
    integers,
    octets_of,
    text,
    user_data,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ohnecimd.stream import ByteOrder

__all__ = ["PARAMETERS", "RESERVED", "Parameter", "ParameterType", "hidden"]

TAB = b"\t"
HIDDEN = b"***"


ANYTHING = Domain()


@dataclass(frozen=True, eq=False, slots=True)
class ParameterType(Variable):
    """The type of a field that is a parameter.

    Args:
        number: 0..999, three digits on the wire.
        wire: what the sheet calls the type: ``int``, ``hex``, ``addr``, ``str``, ``ud``, ``time``.
        accepted: the values that are taken without complaint; `domain` has those that we send.
        read: makes a value of the bytes; ValueError or LookupError: it is of another type.
        take: the same, and fails for what is not accepted, too; as fast as possible.
        write: makes the bytes of a value.
        known: what some bytes say, if there are few that are likely.
        most: bytes of a value; more are a fault of its format. None: of its content, if any.
        is_secret: nobody may see it.
    """

    number: int = 0
    wire: str = ""
    accepted: Domain = ANYTHING
    read: Callable[[bytes], Any] = bytes
    take: Callable[[bytes], Any] = bytes
    write: Callable[[Any], bytes] = bytes
    known: Mapping[bytes, Any] = field(default_factory=dict)
    most: int | None = None
    is_secret: bool = False


PARAMETERS: dict[int, ParameterType] = {}
"""All of them, by number."""


def _parameter(
    number: int,
    name: str,
    wire: Wire,
    *,
    accepted: Domain | None = None,
    is_secret: bool = False,
) -> ParameterType:
    begins = b"%03d:" % number
    holds = wire.domain.holds

    def decode(data: bytes, start: int, _order: ByteOrder) -> tuple[Any, int]:
        if not data.startswith(begins, start):
            found = data[start : start + len(begins)]
            raise Malformed(position=start, expected=f"parameter {number:03}", found=found)
        first = start + len(begins)
        stop = data.find(TAB, first)
        if stop < 0:
            raise Truncated(position=len(data), expected="TAB", partial=data[start:])
        octets = data[first:stop]
        value = wire.read(octets)
        if not holds(value):
            found = HIDDEN if is_secret else octets
            raise Malformed(position=first, expected=str(wire.domain), found=found)
        return value, stop + 1

    def encode(value: Any, _order: ByteOrder) -> bytes:  # noqa: ANN401
        return begins + wire.write(value) + TAB

    kind = PARAMETERS[number] = ParameterType(
        f"{number:03} {name}",
        wire.domain,
        decode,
        encode,
        begins=begins,
        number=number,
        wire=wire.name,
        accepted=wire.domain if accepted is None else accepted,
        read=wire.read,
        take=wire.take,
        write=wire.write,
        known=wire.known,
        most=wire.most,
        is_secret=is_secret,
    )
    return kind


# The parameters, section 9

UserIdentity: TypeAlias = Annotated[
    str,
    _parameter(10, "user identity", text(32, NO_SPACES, SPACELESS)),
]
Password: TypeAlias = Annotated[
    str,
    _parameter(11, "password", text(32, NO_SPACES, SPACELESS), is_secret=True),
    SECRET,
]
Subaddress: TypeAlias = Annotated[
    int,
    _parameter(12, "subaddr", integers(0, 9)),
    "index of this session, when one user has several",
]
WindowSize: TypeAlias = Annotated[
    int,
    _parameter(19, "window size", integers(1, 128)),
    "requests without a response",
]
DestinationAddress: TypeAlias = Annotated[
    str,
    _parameter(21, "destination address", ADDRESS),
]
OriginatingAddress: TypeAlias = Annotated[
    str,
    _parameter(23, "originating address", ADDRESS, accepted=ADDRESS_OR_NOTHING),
    "in a submit message often a sub-address, which is appended to that of the profile",
]
OriginatingImsi: TypeAlias = Annotated[
    str,
    _parameter(26, "originating IMSI", ADDRESS),
]
AlphanumericOriginatingAddress: TypeAlias = Annotated[
    str,
    _parameter(
        27, "alphanumeric originating address", text(11, LETTERS, "letters, digits and spaces")
    ),
]
VisitedMscAddress: TypeAlias = Annotated[
    str,
    _parameter(28, "originated visited MSC address", ADDRESS),
]
DataCodingScheme: TypeAlias = Annotated[
    int,
    _parameter(30, "data coding scheme", integers(0, 255)),
    "GSM 03.38",
]
UserDataHeader: TypeAlias = Annotated[
    bytes,
    _parameter(32, "user data header", octets_of(OCTETS)),
    "with its length octet",
]
UserData: TypeAlias = Annotated[
    bytes,
    _parameter(33, "user data", user_data(USER_DATA_BYTES)),
    "text as it stands on the wire",
]
UserDataBinary: TypeAlias = Annotated[
    bytes,
    _parameter(34, "user data binary", octets_of(OCTETS)),
]
TransportType: TypeAlias = Annotated[
    int,
    _parameter(41, "transport type", integers(0, 9)),
    "USSD",
]
MessageType: TypeAlias = Annotated[
    int,
    _parameter(42, "message type", integers(0, 99)),
    "USSD",
]
MoreMessages: TypeAlias = Annotated[
    bool,
    _parameter(44, "more messages to send", FLAG),
    "1: the SMSC keeps the path to the phone",
]
OperationTimer: TypeAlias = Annotated[
    int,
    _parameter(45, "operation timer", integers(0, 999)),
    "USSD",
]
DialogueId: TypeAlias = Annotated[
    int,
    _parameter(46, "dialogue id", WIDE),
    "USSD",
]
UssdPhase: TypeAlias = Annotated[
    int,
    _parameter(47, "USSD phase", integers(0, 9)),
]
ServiceCode: TypeAlias = Annotated[
    str,
    _parameter(48, "service code", text(255)),
    "USSD",
]
ValidityRelative: TypeAlias = Annotated[
    int,
    _parameter(50, "validity period relative", integers(-1, 255)),
    "TP-VP of GSM 03.40; -1: as the SMSC does by itself",
]
ValidityAbsolute: TypeAlias = Annotated[
    dt.datetime,
    _parameter(51, "validity period absolute", TIME),
]
ProtocolIdentifier: TypeAlias = Annotated[
    int,
    _parameter(52, "protocol identifier", integers(0, 255)),
    "TP-PID of GSM 03.40",
]
FirstDeliveryRelative: TypeAlias = Annotated[
    int,
    _parameter(53, "first delivery time relative", integers(-1, 255)),
    "as the validity period; -1: at once",
]
FirstDeliveryAbsolute: TypeAlias = Annotated[
    dt.datetime,
    _parameter(54, "first delivery time absolute", TIME),
]
ReplyPath: TypeAlias = Annotated[
    bool,
    _parameter(55, "reply path", FLAG),
    "1: there is one",
]
StatusReportRequest: TypeAlias = Annotated[
    codes.Reports,
    _parameter(56, "status report request", integers(0, 255, codes.Reports)),
    "on what reports are wanted; without it the profile decides",
]
CancelEnabled: TypeAlias = Annotated[
    bool,
    _parameter(58, "cancel enabled", FLAG),
    "1: the message can be cancelled",
]
CancelMode: TypeAlias = Annotated[
    codes.CancelMode,
    _parameter(59, "cancel mode", integers(0, 2, codes.CancelMode)),
]
ServiceCentreTimeStamp: TypeAlias = Annotated[
    dt.datetime,
    _parameter(60, "service centre time stamp", TIME),
    "with the destination, the identity of a message",
]
StatusCode: TypeAlias = Annotated[
    codes.StatusCode,
    _parameter(61, "status code", integers(0, 9, codes.StatusCode)),
]
StatusErrorCode: TypeAlias = Annotated[
    codes.StatusError,
    _parameter(62, "status error code", integers(0, 999, codes.StatusError)),
]
DischargeTime: TypeAlias = Annotated[
    dt.datetime,
    _parameter(63, "discharge time", TIME),
    "of the final attempt, or of this one",
]
TariffClass: TypeAlias = Annotated[
    int,
    _parameter(64, "tariff class", integers(0, 99)),
    "meaning set by the operator",
]
ServiceDescription: TypeAlias = Annotated[
    int,
    _parameter(65, "service description", integers(0, 9), accepted=Integers(0, 99)),
    "meaning set by the operator",
]
MessageCount: TypeAlias = Annotated[
    int,
    _parameter(66, "message count", integers(0, 999)),
]
Priority: TypeAlias = Annotated[
    int,
    _parameter(67, "priority", integers(1, 9), accepted=Integers(0, 9)),
    "1 is the highest",
]
DeliveryRequestMode: TypeAlias = Annotated[
    codes.DeliveryMode,
    _parameter(68, "delivery request mode", integers(0, 2, codes.DeliveryMode)),
]
ServiceCenterAddress: TypeAlias = Annotated[
    str,
    _parameter(69, "service center address", ADDRESS),
]
IpAddress: TypeAlias = Annotated[
    str,
    _parameter(71, "IP address", text(255)),
    "in late releases",
]
GetParameter: TypeAlias = Annotated[
    int,
    _parameter(500, "get parameter", integers(501, 999)),
    "number of the wanted item",
]
CenterTime: TypeAlias = Annotated[
    dt.datetime,
    _parameter(501, "SMS center time", TIME),
]
ErrorCode: TypeAlias = Annotated[
    codes.ErrorCode,
    _parameter(900, "error code", integers(0, 999, codes.ErrorCode)),
]
ErrorText: TypeAlias = Annotated[
    str,
    _parameter(901, "error text", text(64)),
    "not to be parsed",
]


# Any parameter, as it stands there


def _decode_number(data: bytes, start: int, _order: ByteOrder) -> tuple[int, int]:
    digits = data[start : start + 3]
    if len(digits) < 3 or not digits.isdigit() or data[start + 3 : start + 4] != b":":
        raise Malformed(
            position=start, expected="three digits and a colon", found=data[start : start + 4]
        )
    return int(digits), start + 4


_NUMBER = Variable(
    "three digits and a colon",
    Integers(0, 999),
    _decode_number,
    lambda value, _: b"%03d:" % value,
)
_VALUE = until(TAB, name="value")


def _is_free(value: bytes) -> bool:
    return not any(each in value for each in RESERVED)


class Parameter(Message):
    """A parameter as it stands in a packet, whatever it is."""

    number: Annotated[int, _NUMBER]
    value: Annotated[bytes, _VALUE, where("without reserved bytes", _is_free), SECRET]

    def __repr__(self) -> str:
        return f"Parameter(number={self.number}, value={shown(hidden(self.number, self.value))})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("number", self.number), ("value", hidden(self.number, self.value))]

    def to_json(self) -> dict[str, Any]:
        """Return number and value; of a password, stars."""
        value = hidden(self.number, self.value)
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        return {"number": self.number, "value": text}


def hidden(number: int, value: bytes) -> bytes:
    """Return what may be shown of the value of a parameter: stars in place of a password.

    >>> hidden(11, b"s3cret"), hidden(10, b"news")
    (b'***', b'news')
    """
    kind = PARAMETERS.get(number)
    return HIDDEN if kind is not None and kind.is_secret else value
