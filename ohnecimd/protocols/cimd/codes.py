"""What the numbers of CIMD2 mean: errors, states of messages, modes, and bits.

Each is an enum whose members know their meaning in words, as `text`. The texts are our own; a peer
may send others with the same number, so that nobody should parse them.

>>> ErrorCode(300), ErrorCode(300).text, ErrorCode(10).is_temporary
(<ErrorCode.DESTINATION_ADDRESS: 300>, 'Incorrect destination address', True)
>>> Reports(14)
<Reports.EXPIRED|FAILED|DELIVERED: 14>
"""

from __future__ import annotations

import enum
from typing import Self

__all__ = [
    "USUAL_REPORTS",
    "CancelMode",
    "DeliveryMode",
    "ErrorCode",
    "Reports",
    "StatusCode",
    "StatusError",
    "text_of_error",
]


class _Texts(enum.IntEnum):
    """Numbers with a meaning in words, which stands behind each."""

    text: str
    """What it means, in words."""

    def __new__(cls, value: int, text: str = "") -> Self:
        member = int.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member


class ErrorCode(_Texts):
    """Error codes (900), of negative responses and general errors."""

    NONE = 0, "No error (treat as positive)"
    UNEXPECTED_OPERATION = 1, "Unexpected operation"
    SYNTAX = 2, "Syntax error"
    UNSUPPORTED_PARAMETER = 3, "Unsupported parameter"
    CONNECTION_LOST = 4, "Connection to the message center lost"
    NO_RESPONSE = 5, "No response from the message center"
    SYSTEM = 6, "General system error"
    NOT_FOUND = 7, "Cannot find information"
    PARAMETER_FORMAT = 8, "Parameter formatting error"
    FAILED = 9, "Requested operation failed"
    CONGESTION = 10, "Temporary congestion"

    INVALID_LOGIN = 100, "Invalid login"
    ACCESS_TYPE = 101, "Incorrect access type"
    TOO_MANY_USERS = 102, "Too many users with this login id"
    LOGIN_REFUSED = 103, "Login refused by the message center"
    WINDOW_SIZE = 104, "Invalid window size"
    WINDOWING_DISABLED = 105, "Windowing disabled"
    VIRTUAL_CENTER_BARRING = 106, "Barred by the virtual message center"
    SUBADDRESS = 107, "Invalid subaddress"
    ALIAS_ACCOUNT = 108, "Alias account, login refused"

    DESTINATION_ADDRESS = 300, "Incorrect destination address"
    DESTINATION_COUNT = 301, "Incorrect number of destination addresses"
    USER_DATA = 302, "User data: syntax"
    USER_DATA_COMBINATION = 303, "Wrong combination of user data, binary data and header"
    DATA_CODING = 304, "Incorrect data coding scheme"
    VALIDITY_PERIOD = 305, "Incorrect validity period"
    ORIGINATOR = 306, "Incorrect originating address"
    PROTOCOL_IDENTIFIER = 307, "Incorrect protocol identifier"
    FIRST_DELIVERY = 308, "Incorrect first delivery time"
    REPLY_PATH = 309, "Incorrect reply path"
    REPORT_REQUEST = 310, "Incorrect status report request"
    CANCEL_ENABLED = 311, "Incorrect cancel enabled"
    PRIORITY = 312, "Incorrect priority"
    TARIFF_CLASS = 313, "Incorrect tariff class"
    SERVICE_DESCRIPTION = 314, "Incorrect service description"
    TRANSPORT_TYPE = 315, "Incorrect transport type"
    MESSAGE_TYPE = 316, "Incorrect message type"
    MORE_MESSAGES = 318, "Incorrect more messages to send"
    OPERATION_TIMER = 319, "Incorrect operation timer"
    DIALOGUE_ID = 320, "Incorrect dialogue id"
    ALPHANUMERIC_USE = 321, "Alphanumeric originating address may not be used here"
    ALPHANUMERIC_DATA = 322, "Alphanumeric originating address holds invalid characters"
    CLOSED_USER_GROUP = 323, "Refused by the online closed user group"
    LICENCE = 324, "Licence exceeded or expired"

    ENQUIRE_ADDRESS = 400, "Incorrect address in an enquiry"
    ENQUIRE_TIMESTAMP = 401, "Incorrect time stamp in an enquiry"

    DELIVERY_TIMESTAMP = 500, "Incorrect time stamp in a delivery request"
    DELIVERY_MODE = 501, "Incorrect mode in a delivery request"
    DELIVERY_COMBINATION = 502, "Incorrect combination of parameters in a delivery request"

    CANCEL_TIMESTAMP = 600, "Incorrect time stamp in a cancellation"
    CANCEL_ADDRESS = 601, "Incorrect address in a cancellation"
    CANCEL_MODE = 602, "Incorrect mode in a cancellation"
    CANCEL_COMBINATION = 603, "Incorrect combination of parameters in a cancellation"

    DELIVERY_WAITING = 700, "Delivery OK / waiting for delivery"
    DELIVERY_FAILED = 710, "Generic failure"
    DELIVERY_CODING = 711, "Unsupported data coding scheme"
    DELIVERY_HEADER = 712, "Unsupported user data header"
    DELIVERY_SUBSCRIBER = 730, "Unknown subscriber"

    PASSWORD_CHANGE = 800, "Changing the password failed"
    PASSWORD_FORBIDDEN = 801, "Changing the password not allowed"

    UNSUPPORTED_ITEM = 900, "Unsupported item requested"

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return self in _TEMPORARY


class StatusCode(_Texts):
    """Status codes (061): what has become of a message."""

    NONE = 0, "No status available"
    IN_PROCESS = 1, "In process"
    EXPIRED = 2, "Validity period expired"
    FAILED = 3, "Delivery failed"
    DELIVERED = 4, "Delivery successful"
    NO_RESPONSE = 5, "No response"
    LAST_NO_RESPONSE = 6, "Last no response"
    CANCELLED = 7, "Message cancelled"
    DELETED = 8, "Message deleted"
    DELETED_BY_CANCEL = 9, "Message deleted by cancel"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will become of the message."""
        return self not in _NOT_FINAL

    @property
    def report(self) -> Reports:
        """Which bits of 056 ask for a report of this: one of them is enough."""
        return _REPORTED_BY[self]


class StatusError(_Texts):
    """Status error codes (062): why a message was not delivered."""

    NO_ERROR = 0, "No error"
    UNKNOWN_SUBSCRIBER = 1, "Unknown subscriber"
    ILLEGAL_SUBSCRIBER = 9, "Illegal subscriber"
    TELESERVICE_NOT_PROVISIONED = 11, "Teleservice not provisioned"
    CALL_BARRED = 13, "Call barred"
    CUG_REJECT = 15, "CUG (closed user group) reject"
    NO_SMS_SUPPORT_IN_MS = 19, "No SMS support in MS"
    ERROR_IN_MS = 20, "Error in MS"
    FACILITY_NOT_SUPPORTED = 21, "Facility not supported"
    MEMORY_CAPACITY_EXCEEDED = 22, "Memory capacity exceeded"
    ABSENT_SUBSCRIBER = 29, "Absent subscriber"
    MS_BUSY_FOR_MT_SMS = 30, "MS busy for MT SMS"
    NETWORK_PROTOCOL_FAILURE = 36, "Network/protocol failure"
    ILLEGAL_EQUIPMENT = 44, "Illegal equipment"
    NO_PAGING_RESPONSE = 60, "No paging response"
    GMSC_CONGESTION = 61, "GMSC congestion"
    HLR_TIMEOUT = 63, "HLR timeout"
    MSC_SGSN_TIMEOUT = 64, "MSC/SGSN timeout"
    SMRSE_TCP_ERROR = 70, "SMRSE/TCP error"
    MT_CONGESTION = 72, "MT congestion"
    GPRS_SUSPENDED = 75, "GPRS suspended"
    NO_PAGING_RESPONSE_VIA_MSC = 80, "No paging response via MSC"
    IMSI_DETACHED = 81, "IMSI detached"
    ROAMING_RESTRICTION = 82, "Roaming restriction"
    DEREGISTERED_IN_HLR_FOR_GSM = 83, "Deregistered in HLR for GSM"
    PURGED_FOR_GSM = 84, "Purged for GSM"
    NO_PAGING_RESPONSE_VIA_SGSN = 85, "No paging response via SGSN"
    GPRS_DETACHED = 86, "GPRS detached"
    DEREGISTERED_IN_HLR_FOR_GPRS = 87, "Deregistered in HLR for GPRS"
    MS_PURGED_FOR_GPRS = 88, "MS purged for GPRS"
    UNIDENTIFIED_SUBSCRIBER_VIA_MSC = 89, "Unidentified subscriber via MSC"
    UNIDENTIFIED_SUBSCRIBER_VIA_SGSN = 90, "Unidentified subscriber via SGSN"
    ORIGINATOR_HAS_NO_PREPAID_CREDIT = 112, "Originator has no prepaid credit"
    DESTINATION_HAS_NO_PREPAID_CREDIT = 113, "Destination has no prepaid credit"
    ERROR_IN_PREPAID_SYSTEM = 114, "Error in prepaid system"
    USSD_CALL_BARRED = 750, "USSD dialogue released: call barred"
    USSD_SYSTEM_FAILURE = 751, "USSD dialogue released: system failure"
    USSD_DATA_MISSING = 752, "USSD dialogue released: data missing"
    USSD_UNEXPECTED_DATA_VALUE = 753, "USSD dialogue released: unexpected data value"
    USSD_ABSENT_SUBSCRIBER = 754, "USSD dialogue released: absent subscriber"
    USSD_ILLEGAL_SUBSCRIBER = 755, "USSD dialogue released: illegal subscriber"
    USSD_ILLEGAL_EQUIPMENT = 756, "USSD dialogue released: illegal equipment"
    USSD_UNKNOWN_ALPHABET = 757, "USSD dialogue released: unknown alphabet"
    USSD_BUSY = 758, "USSD dialogue released: USSD busy"
    USSD_OPERATION_TIMER_EXPIRED = 759, "USSD dialogue released: operation timer expired"
    USSD_UNEXPECTED_PRIMITIVE = 760, "USSD dialogue released: unexpected primitive"
    USSD_WAIT_TIMER_EXPIRED = 761, "USSD dialogue released: wait timer expired"
    USSD_DATA_ERROR = 762, "USSD dialogue released: data error"
    USSD_TOO_LONG_DATA = 763, "USSD dialogue released: too long USSD data"
    USSD_UNKNOWN_MS_ADDRESS = 764, "USSD dialogue released: unknown MS address"
    USSD_NETWORK_CONGESTION = 765, "USSD dialogue released: network congestion"
    USSD_INTERNAL_CONGESTION = 766, "USSD dialogue released: internal congestion"
    USSD_NO_NETWORK_CONNECTION = 767, "USSD dialogue released: no network connection"
    USSD_NOT_SUPPORTED = 768, "USSD dialogue released: USSD not supported"


class CancelMode(_Texts):
    """Cancel modes (059): which messages are meant."""

    DESTINATION = 0, "All messages to the destination address"
    ALL = 1, "All messages of this application"
    ONE = 2, "The message of this destination address and time stamp"


class DeliveryMode(_Texts):
    """Delivery request modes (068): what is wanted."""

    COUNT = 0, "The number of waiting messages"
    ONE = 1, "One message"
    ALL = 2, "All messages"


class Reports(enum.IntFlag):
    """Bits of a status report request (056): on what reports are wanted; 0: none.

    Without 056 the profile decides, so send 0 where none is wanted.
    """

    TEMPORARY_ERROR = 1
    EXPIRED = 2
    FAILED = 4
    DELIVERED = 8
    CANCELLED = 16
    DELETED = 32
    FIRST_TEMPORARY_RESULT = 64
    RESERVED = 128


USUAL_REPORTS = Reports.EXPIRED | Reports.FAILED | Reports.DELIVERED
"""What applications usually want to know: how it ended."""

_TEMPORARY = (
    ErrorCode.CONNECTION_LOST,
    ErrorCode.NO_RESPONSE,
    ErrorCode.SYSTEM,
    ErrorCode.CONGESTION,
    ErrorCode.TOO_MANY_USERS,
)

_NOT_FINAL = (StatusCode.NONE, StatusCode.IN_PROCESS, StatusCode.NO_RESPONSE)

_REPORTED_BY = {
    StatusCode.NONE: Reports(0),
    StatusCode.IN_PROCESS: Reports.TEMPORARY_ERROR,
    StatusCode.EXPIRED: Reports.EXPIRED,
    StatusCode.FAILED: Reports.FAILED,
    StatusCode.DELIVERED: Reports.DELIVERED,
    StatusCode.NO_RESPONSE: Reports.TEMPORARY_ERROR,
    StatusCode.LAST_NO_RESPONSE: Reports.EXPIRED | Reports.FAILED,
    StatusCode.CANCELLED: Reports.CANCELLED,
    StatusCode.DELETED: Reports.DELETED,
    StatusCode.DELETED_BY_CANCEL: Reports.CANCELLED,
}


def text_of_error(code: int) -> str:
    """Return what an error code means; of one that is unknown, that.

    >>> text_of_error(101), text_of_error(999)
    ('Incorrect access type', 'Unknown error')
    """
    try:
        return ErrorCode(code).text
    except ValueError:
        return "Unknown error"
