r"""The messages of CIMD2: every operation, who sends it, when, and which parameters it has.

The bytes of a message are its parameters, each with its TAB; the operation and the number of the
packet stand before them. `MESSAGES` has the requests and the positive responses; the negative ones
stand in `ohnecimd.protocols.cimd.refusals`. Section 7 of the facts.

>>> message = SubmitMessage(("+358401234567",), user_data=b"Hello")
>>> MESSAGES.encode(message)
(3, b'021:+358401234567\t033:Hello\t')
"""

# pyright: reportIncompatibleMethodOverride=false
# The properties of Refusal are there for type checkers: fields of its subclasses stand for them.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

from ohnecimd.domains import Items, Where
from ohnecimd.errors import Misuse
from ohnecimd.fields import Variable
from ohnecimd.messages import Message, length
from ohnecimd.protocols.cimd import parameters as of
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.roles import (
    ACTIVE,
    APPLICATION,
    BEFORE_LOGOUT,
    BOTH,
    CENTER,
    CONNECTED,
    LOGGED_IN,
    LOGGED_OUT,
    LOGGING_IN,
    LOGGING_OUT,
    Errors,
    Others,
    Refusal,
    Request,
    Response,
    Spare,
)
from ohnecimd.tables import Table

if TYPE_CHECKING:
    import datetime as dt

    from ohnecimd.stream import ByteOrder

__all__ = [
    "MESSAGES",
    "Alive",
    "AliveResponse",
    "CancelMessage",
    "CancelResponse",
    "DeliverMessage",
    "DeliverResponse",
    "DeliverStatusReport",
    "DeliveryRequest",
    "DeliveryResponse",
    "EnquireMessageStatus",
    "EnquireResponse",
    "GeneralErrorResponse",
    "Get",
    "GetResponse",
    "Login",
    "LoginResponse",
    "Logout",
    "LogoutResponse",
    "Nack",
    "Outcome",
    "ReportResponse",
    "Set",
    "SetResponse",
    "SubmitMessage",
    "SubmitReportResponse",
    "SubmitResponse",
    "SubmitStatusReport",
    "response_of",
]

TO_RESPONSE = 50
"""The operation of a response is that of its request plus this."""

MESSAGES: Table[int] = Table("CIMD2 messages", state=CONNECTED)

# Sessions


@MESSAGES.message(1, sent_by=APPLICATION, when=CONNECTED, then=LOGGING_IN)
class Login(Request):
    """Who wants to talk; its packet has the number 001, and numbers begin anew."""

    user: of.UserIdentity
    password: of.Password
    subaddress: of.Subaddress | None = None
    window: of.WindowSize | None = None
    ip_address: of.IpAddress | None = None
    others: Others = ()

    errors: ClassVar[Errors] = {
        "user": ErrorCode.INVALID_LOGIN,
        "password": ErrorCode.INVALID_LOGIN,
        "subaddress": ErrorCode.SUBADDRESS,
        "window": ErrorCode.WINDOW_SIZE,
    }


@MESSAGES.message(51, sent_by=CENTER, when=LOGGING_IN, then=LOGGED_IN)
class LoginResponse(Response):
    """Welcome; the window that was asked for is granted."""

    others: Others = ()


@MESSAGES.message(2, sent_by=APPLICATION, when=LOGGED_IN, then=LOGGING_OUT)
class Logout(Request):
    """Nothing more will be asked; the connection stays until the application closes it."""

    others: Others = ()


@MESSAGES.message(52, sent_by=CENTER, when=LOGGING_OUT, then=LOGGED_OUT)
class LogoutResponse(Response):
    """Goodbye."""

    others: Others = ()


# Messages to phones


@MESSAGES.message(3, sent_by=APPLICATION, when=LOGGED_IN)
class SubmitMessage(Request):
    """A message to a phone, or to several."""

    destinations: Annotated[tuple[of.DestinationAddress, ...], length(1), "recipients"]
    originator: of.OriginatingAddress | None = None
    alphanumeric_originator: of.AlphanumericOriginatingAddress | None = None
    data_coding: of.DataCodingScheme | None = None
    header: of.UserDataHeader | None = None
    user_data: of.UserData | None = None
    binary: of.UserDataBinary | None = None
    transport_type: of.TransportType | None = None
    message_type: of.MessageType | None = None
    more_messages: of.MoreMessages | None = None
    operation_timer: of.OperationTimer | None = None
    dialogue_id: of.DialogueId | None = None
    ussd_phase: of.UssdPhase | None = None
    service_code: of.ServiceCode | None = None
    validity_relative: of.ValidityRelative | None = None
    validity_absolute: of.ValidityAbsolute | None = None
    protocol_identifier: of.ProtocolIdentifier | None = None
    first_delivery_relative: of.FirstDeliveryRelative | None = None
    first_delivery_absolute: of.FirstDeliveryAbsolute | None = None
    reply_path: of.ReplyPath | None = None
    reports: of.StatusReportRequest | None = None
    cancel_enabled: of.CancelEnabled | None = None
    tariff_class: of.TariffClass | None = None
    service_description: of.ServiceDescription | None = None
    priority: of.Priority | None = None
    others: Others = ()

    errors: ClassVar[Errors] = {
        "destinations": ErrorCode.DESTINATION_ADDRESS,
        "originator": ErrorCode.ORIGINATOR,
        "alphanumeric_originator": ErrorCode.ALPHANUMERIC_DATA,
        "data_coding": ErrorCode.DATA_CODING,
        "header": ErrorCode.USER_DATA,
        "user_data": ErrorCode.USER_DATA,
        "binary": ErrorCode.USER_DATA,
        "transport_type": ErrorCode.TRANSPORT_TYPE,
        "message_type": ErrorCode.MESSAGE_TYPE,
        "more_messages": ErrorCode.MORE_MESSAGES,
        "operation_timer": ErrorCode.OPERATION_TIMER,
        "dialogue_id": ErrorCode.DIALOGUE_ID,
        "validity_relative": ErrorCode.VALIDITY_PERIOD,
        "validity_absolute": ErrorCode.VALIDITY_PERIOD,
        "protocol_identifier": ErrorCode.PROTOCOL_IDENTIFIER,
        "first_delivery_relative": ErrorCode.FIRST_DELIVERY,
        "first_delivery_absolute": ErrorCode.FIRST_DELIVERY,
        "reply_path": ErrorCode.REPLY_PATH,
        "reports": ErrorCode.REPORT_REQUEST,
        "cancel_enabled": ErrorCode.CANCEL_ENABLED,
        "tariff_class": ErrorCode.TARIFF_CLASS,
        "service_description": ErrorCode.SERVICE_DESCRIPTION,
        "priority": ErrorCode.PRIORITY,
    }


class Outcome(Spare):
    """What has become of a submit for one recipient: a time stamp, or an error."""

    destination: of.DestinationAddress | None = None
    timestamp: of.ServiceCentreTimeStamp | None = None
    error: of.ErrorCode | None = None
    text: of.ErrorText | None = None


def _decode_outcomes(data: bytes, start: int, order: ByteOrder) -> tuple[tuple[Outcome, ...], int]:
    outcomes = []
    while data.startswith(OUTCOME_PARAMETERS, start):
        outcome, end = Outcome.decode_from(data, start, order)
        if end == start:  # a parameter that has no place here
            break
        outcomes.append(outcome)
        start = end
    return tuple(outcomes), start


def _encode_outcomes(values: tuple[Outcome, ...], order: ByteOrder) -> bytes:
    if not OUTCOMES.domain.holds(values):
        raise ValueError("no outcomes")
    return b"".join([each.encode(order=order) for each in values])


OUTCOME_PARAMETERS = (b"021:", b"060:", b"900:", b"901:")
OUTCOMES = Variable(
    "021 and 060, or 021 and 900, 901, for each recipient",
    Items(item=Where("an Outcome", lambda it: isinstance(it, Outcome) and it != Outcome())),
    _decode_outcomes,
    _encode_outcomes,
)


@MESSAGES.message(53, sent_by=CENTER, when=ACTIVE)
class SubmitResponse(Response):
    """The message is taken; address and time stamp name it from now on."""

    outcomes: Annotated[tuple[Outcome, ...], OUTCOMES, "one for each recipient, in order"] = ()
    others: Others = ()

    @property
    def destination(self) -> str | None:
        """The first recipient, if the SMSC repeats it."""
        return self.outcomes[0].destination if self.outcomes else None

    @property
    def timestamp(self) -> dt.datetime | None:
        """The time stamp for the first recipient."""
        return self.outcomes[0].timestamp if self.outcomes else None


@MESSAGES.message(4, sent_by=APPLICATION, when=LOGGED_IN)
class EnquireMessageStatus(Request):
    """What has become of a message?"""

    destination: of.DestinationAddress
    timestamp: of.ServiceCentreTimeStamp
    others: Others = ()

    errors: ClassVar[Errors] = {
        "destination": ErrorCode.ENQUIRE_ADDRESS,
        "timestamp": ErrorCode.ENQUIRE_TIMESTAMP,
    }


@MESSAGES.message(54, sent_by=CENTER, when=ACTIVE)
class EnquireResponse(Response, kw_only=True):
    """This has become of it."""

    destination: of.DestinationAddress | None = None
    timestamp: of.ServiceCentreTimeStamp | None = None
    status: of.StatusCode
    status_error: of.StatusErrorCode | None = None
    discharge_time: of.DischargeTime | None = None
    others: Others = ()


@MESSAGES.message(5, sent_by=APPLICATION, when=LOGGED_IN)
class DeliveryRequest(Request):
    """Messages from phones are wanted, or their number."""

    mode: of.DeliveryRequestMode | None = None
    others: Others = ()

    errors: ClassVar[Errors] = {"mode": ErrorCode.DELIVERY_MODE}


@MESSAGES.message(55, sent_by=CENTER, when=ACTIVE)
class DeliveryResponse(Response):
    """So many wait; in modes 1 and 2 they follow as deliver messages."""

    count: of.MessageCount | None = None
    mode: of.DeliveryRequestMode | None = None
    others: Others = ()


@MESSAGES.message(6, sent_by=APPLICATION, when=LOGGED_IN)
class CancelMessage(Request):
    """Messages are not to be delivered any more."""

    mode: of.CancelMode
    destination: of.DestinationAddress | None = None
    timestamp: of.ServiceCentreTimeStamp | None = None
    others: Others = ()

    errors: ClassVar[Errors] = {
        "mode": ErrorCode.CANCEL_MODE,
        "destination": ErrorCode.CANCEL_ADDRESS,
        "timestamp": ErrorCode.CANCEL_TIMESTAMP,
    }


@MESSAGES.message(56, sent_by=CENTER, when=ACTIVE)
class CancelResponse(Response):
    """They will not be."""

    others: Others = ()


@MESSAGES.message(8, sent_by=APPLICATION, when=LOGGED_IN)
class Set(Request):
    """Something in the profile is to be changed: the password, nothing else can be."""

    password: of.Password | None = None
    others: Others = ()


@MESSAGES.message(58, sent_by=CENTER, when=ACTIVE)
class SetResponse(Response):
    """It is changed."""

    others: Others = ()


@MESSAGES.message(9, sent_by=APPLICATION, when=LOGGED_IN)
class Get(Request):
    """An item is wanted, by the number of its parameter; only 501 is defined."""

    item: of.GetParameter
    others: Others = ()

    errors: ClassVar[Errors] = {"item": ErrorCode.UNSUPPORTED_ITEM}


@MESSAGES.message(59, sent_by=CENTER, when=ACTIVE)
class GetResponse(Response):
    """Here it is; an item that is not defined is one of the others."""

    time: of.CenterTime | None = None
    others: Others = ()


@MESSAGES.message(13, sent_by=APPLICATION, when=LOGGED_IN)
class SubmitStatusReport(Request):
    """A status report from an application, in releases after SC 8; its parameters are unknown."""

    others: Others = ()


@MESSAGES.message(63, sent_by=CENTER, when=ACTIVE)
class SubmitReportResponse(Response):
    """The report is taken."""

    others: Others = ()


# Messages from phones


@MESSAGES.message(20, sent_by=CENTER, when=ACTIVE)
class DeliverMessage(Request):
    """A message from a phone."""

    destination: of.DestinationAddress
    originator: of.OriginatingAddress | None = None
    imsi: of.OriginatingImsi | None = None
    alphanumeric_originator: of.AlphanumericOriginatingAddress | None = None
    visited_msc: of.VisitedMscAddress | None = None
    data_coding: of.DataCodingScheme | None = None
    header: of.UserDataHeader | None = None
    user_data: of.UserData | None = None
    binary: of.UserDataBinary | None = None
    protocol_identifier: of.ProtocolIdentifier | None = None
    timestamp: of.ServiceCentreTimeStamp | None = None
    service_center: of.ServiceCenterAddress | None = None
    others: Others = ()


@MESSAGES.message(70, sent_by=APPLICATION, when=ACTIVE)
class DeliverResponse(Response):
    """It is taken."""

    others: Others = ()


@MESSAGES.message(23, sent_by=CENTER, when=ACTIVE)
class DeliverStatusReport(Request, kw_only=True):
    """What has become of a message; not always the last word."""

    destination: of.DestinationAddress
    originator: of.OriginatingAddress | None = None
    user_data: of.UserData | None = None
    timestamp: of.ServiceCentreTimeStamp
    status: of.StatusCode
    status_error: of.StatusErrorCode | None = None
    discharge_time: of.DischargeTime | None = None
    others: Others = ()


@MESSAGES.message(73, sent_by=APPLICATION, when=ACTIVE)
class ReportResponse(Response):
    """It is noted."""

    others: Others = ()


# Either side


@MESSAGES.message(40, sent_by=BOTH, when=LOGGED_IN)
class Alive(Request):
    """Is anybody there?"""

    others: Others = ()


@MESSAGES.message(90, sent_by=BOTH, when=ACTIVE)
class AliveResponse(Response):
    """I am."""

    others: Others = ()


@MESSAGES.message(98, sent_by=CENTER, when=BEFORE_LOGOUT)
class GeneralErrorResponse(Refusal):
    """A request cannot be given a proper response, such as an unknown operation.

    Its number is that of the request. One simulator counts by itself, and does not say which error
    it is.
    """

    error: of.ErrorCode | None = None
    text: of.ErrorText | None = None
    others: Others = ()


@MESSAGES.message(99, sent_by=BOTH, when=BEFORE_LOGOUT)
class Nack(Spare):
    """A packet arrived changed, or is not the next; the number is that of the one expected."""

    others: Others = ()


def response_of(request: type[Request]) -> type[Response]:
    """Return the class of the positive responses to a request.

    >>> response_of(EnquireMessageStatus).__name__
    'EnquireResponse'
    """
    return answer_in(MESSAGES, request, Response)


A = TypeVar("A", bound=Message)


def answer_in(table: Table[int], request: type[Request], kind: type[A]) -> type[A]:
    """Return the class that answers a request in a table."""
    row = table.find(MESSAGES.row_of(request).code + TO_RESPONSE)
    if row is None or not issubclass(row.message, kind):
        raise Misuse(f"{table.name}: nothing answers {request.__name__}")
    return row.message
