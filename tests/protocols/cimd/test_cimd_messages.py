"""Every operation, against the lists of the sheet (its sections 6 and 7)."""

from __future__ import annotations

import datetime as dt

import pytest

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.errors import FieldError, Misuse
from ohnecimd.protocols.cimd import messages
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    TO_RESPONSE,
    DeliverMessage,
    DeliveryRequest,
    EnquireResponse,
    Login,
    Outcome,
    Set,
    SubmitMessage,
    SubmitResponse,
    response_of,
)
from ohnecimd.protocols.cimd.parameters import Parameter, ParameterType
from ohnecimd.protocols.cimd.roles import Refusal, Request, Response

APPLICATION, CENTER, BOTH = {"application"}, {"center"}, {"application", "center"}

SUBMIT = (
    "021M* 023O 027O 030O 032O 033O 034O 041O 042O 044O 045O 046O 047O 048O 050O 051O 052O "
    "053O 054O 055O 056O 058O 064O 065O 067O"
)
# code, class, who sends it, parameters: M mandatory, O optional, * may repeat
REQUESTS = [
    (1, "Login", APPLICATION, "010M 011M 012O 019O 071O"),
    (2, "Logout", APPLICATION, ""),
    (
        3,
        "SubmitMessage",
        APPLICATION,
        SUBMIT,
    ),
    (4, "EnquireMessageStatus", APPLICATION, "021M 060M"),
    (5, "DeliveryRequest", APPLICATION, "068O"),
    (6, "CancelMessage", APPLICATION, "059M 021O 060O"),
    (8, "Set", APPLICATION, "011O"),
    (9, "Get", APPLICATION, "500M"),
    (13, "SubmitStatusReport", APPLICATION, ""),
    # an originator, a time stamp and a discharge time are mandatory, but some servers lack them
    (20, "DeliverMessage", CENTER, "021M 023O 060O 026O 027O 028O 030O 032O 033O 034O 052O 069O"),
    (23, "DeliverStatusReport", CENTER, "021M 060M 061M 063O 062O 023O 033O"),
    (40, "Alive", BOTH, ""),
]
RESPONSES = [
    (51, "LoginResponse", CENTER, ""),
    (52, "LogoutResponse", CENTER, ""),
    (53, "SubmitResponse", CENTER, ""),
    (54, "EnquireResponse", CENTER, "021O 060O 061M 062O 063O"),
    (55, "DeliveryResponse", CENTER, "066O 068O"),
    (56, "CancelResponse", CENTER, ""),
    (58, "SetResponse", CENTER, ""),
    (59, "GetResponse", CENTER, "501O"),
    (63, "SubmitReportResponse", CENTER, ""),
    (70, "DeliverResponse", APPLICATION, ""),
    (73, "ReportResponse", APPLICATION, ""),
    (90, "AliveResponse", BOTH, ""),
]
NEITHER = [(98, "GeneralErrorResponse", CENTER, "900O 901O"), (99, "Nack", BOTH, "")]

ALLOWED = {
    ("application", "connected"): "1 99",
    ("center", "connected"): "98 99",
    ("application", "logging in"): "99",
    ("center", "logging in"): "51 98 99",
    ("application", "logged in"): "2 3 4 5 6 8 9 13 40 70 73 90 99",
    ("center", "logged in"): "20 23 40 53 54 55 56 58 59 63 90 98 99",
    ("application", "logging out"): "70 73 90 99",
    ("center", "logging out"): "20 23 52 53 54 55 56 58 59 63 90 98 99",
    ("application", "logged out"): "",
    ("center", "logged out"): "",
}


def parameters_of(message):
    """Return the parameters of a class as the sheet writes them."""
    found = []
    for field in declaration_of(message).fields:
        kind = field.kind if field.listing is None else field.listing.item.kind
        if isinstance(kind, ParameterType):
            mark = "O" if field.is_optional else "M"
            found.append(f"{kind.number:03}{mark}{'*' if field.listing else ''}")
    return found


@pytest.mark.parametrize("row", [*REQUESTS, *RESPONSES, *NEITHER], ids=lambda row: row[1])
def test_each_operation_is_as_the_sheet_says(row):
    code, name, sent_by, parameters = row
    found = MESSAGES.find(code)
    assert (found.code, found.name, found.sent_by) == (code, name, sent_by)
    assert sorted(parameters_of(found.message)) == sorted(parameters.split())
    assert getattr(messages, name) is found.message
    assert found.message.__doc__


def test_there_are_no_other_operations():
    assert [row.code for row in MESSAGES] == sorted(
        [row.code for row in MESSAGES],
        key=[1, 51, 2, 52, 3, 53, 4, 54, 5, 55, 6, 56, 8, 58, 9, 59, 13, 63, 20, 70].__add__(
            [23, 73, 40, 90, 98, 99]
        ).index,
    )
    assert {row.code for row in MESSAGES} == {row[0] for row in [*REQUESTS, *RESPONSES, *NEITHER]}
    assert all(MESSAGES.find(code) is None for code in (0, 7, 10, 11, 12, 21, 50, 57, 97))


@pytest.mark.parametrize(
    ("request_row", "response_row"), list(zip(REQUESTS, RESPONSES, strict=True)), ids=repr
)
def test_a_response_has_the_code_of_its_request_plus_fifty(request_row, response_row):
    request, response = getattr(messages, request_row[1]), getattr(messages, response_row[1])
    assert issubclass(request, Request)
    assert issubclass(response, Response)
    assert response_row[0] == request_row[0] + 50 == request_row[0] + TO_RESPONSE
    assert response_of(request) is response


def test_what_is_no_request_has_no_response():
    with pytest.raises(Misuse):
        response_of(messages.Nack)
    assert issubclass(messages.GeneralErrorResponse, Refusal)


@pytest.mark.parametrize(("sender", "state"), ALLOWED, ids=" ".join)
def test_who_may_send_what_and_when(sender, state):
    codes = [MESSAGES.row_of(each).code for each in MESSAGES.allowed(sender, state)]
    assert sorted(codes) == [int(code) for code in ALLOWED[sender, state].split()]


def test_a_session_goes_from_login_to_logout():
    state = MESSAGES.state
    for message, sender in [
        (Login("news", "s3cret"), "application"),
        (messages.LoginResponse(), "center"),
        (messages.Alive(), "center"),
        (messages.Logout(), "application"),
        (messages.LogoutResponse(), "center"),
    ]:
        state = MESSAGES.after(message, state, sender=sender)
    assert state == "logged out"


ERRORS = {
    Login: {"user": 100, "password": 100, "subaddress": 107, "window": 104},
    SubmitMessage: {
        "destinations": 300,
        "data_coding": 304,
        "validity_relative": 305,
        "validity_absolute": 305,
        "originator": 306,
        "protocol_identifier": 307,
        "first_delivery_relative": 308,
        "first_delivery_absolute": 308,
        "reply_path": 309,
        "reports": 310,
        "cancel_enabled": 311,
        "priority": 312,
        "tariff_class": 313,
        "service_description": 314,
        "transport_type": 315,
        "message_type": 316,
        "more_messages": 318,
        "operation_timer": 319,
        "dialogue_id": 320,
        "alphanumeric_originator": 322,
        "header": 302,
        "user_data": 302,
        "binary": 302,
    },
    messages.EnquireMessageStatus: {"destination": 400, "timestamp": 401},
    DeliveryRequest: {"mode": 501},
    messages.CancelMessage: {"mode": 602, "destination": 601, "timestamp": 600},
    messages.Get: {"item": 900},
}


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row[1])
def test_what_is_wrong_with_a_parameter_has_its_own_error(row):
    message = getattr(messages, row[1])
    assert message.errors == ERRORS.get(message, {})
    assert all(isinstance(code, ErrorCode) for code in message.errors.values())
    assert message.errors.keys() <= {field.name for field in declaration_of(message).fields}


# Values that are refused

ONE_OFF = [
    (Login, {"user": "x" * 33, "password": "p"}, "user"),
    (Login, {"user": " x", "password": "p"}, "user"),
    (Login, {"user": "ä", "password": "p"}, "user"),
    (Login, {"user": "x\t", "password": "p"}, "user"),
    (Login, {"user": None, "password": "p"}, "user"),
    (Login, {"user": "x", "password": "p" * 33}, "password"),
    (Login, {"user": "x", "password": "p "}, "password"),
    (Login, {"user": "x", "password": b"p"}, "password"),
    (Login, {"user": "x", "password": "p", "subaddress": 10}, "subaddress"),
    (Login, {"user": "x", "password": "p", "window": 0}, "window"),
    (Login, {"user": "x", "password": "p", "window": 129}, "window"),
    (Login, {"user": "x", "password": "p", "window": "10"}, "window"),
    (Login, {"user": "x", "password": "p", "window": 1.0}, "window"),
    (Login, {"user": "x", "password": "p", "ip_address": "x" * 256}, "ip_address"),
    (SubmitMessage, {"destinations": ()}, "destinations"),
    (SubmitMessage, {"destinations": ("1" * 21,)}, "destinations"),
    (SubmitMessage, {"destinations": ("1", "12x")}, "destinations"),
    (SubmitMessage, {"destinations": ("1", "")}, "destinations"),
    (SubmitMessage, {"destinations": ("1", None)}, "destinations"),
    (SubmitMessage, {"destinations": "123"}, "destinations"),
    (SubmitMessage, {"destinations": "+"}, "destinations"),
    (Set, {"password": " x"}, "password"),
    (messages.Get, {"item": 500}, "item"),
    (messages.Get, {"item": 1000}, "item"),
    (messages.CancelMessage, {"mode": 3}, "mode"),
    (messages.CancelMessage, {"mode": None}, "mode"),
    (DeliveryRequest, {"mode": -1}, "mode"),
    (messages.DeliveryResponse, {"count": 1000}, "count"),
    (EnquireResponse, {"status": 10}, "status"),
    (EnquireResponse, {"status": 1, "status_error": 1000}, "status_error"),
    (messages.GeneralErrorResponse, {"error": 1000}, "error"),
    (messages.GeneralErrorResponse, {"error": 1, "text": "x" * 65}, "text"),
    (messages.GeneralErrorResponse, {"error": 1, "text": "ä"}, "text"),
    (SubmitResponse, {"outcomes": (Outcome(),)}, "outcomes"),
    (SubmitResponse, {"outcomes": (Outcome("12x"),)}, "outcomes"),
    (SubmitResponse, {"outcomes": ("1",)}, "outcomes"),
    (messages.Alive, {"others": (Parameter(1000, b""),)}, "others"),
    (messages.Alive, {"others": (Parameter(1, b"a\tb"),)}, "others"),
    (messages.Alive, {"others": ((1, b"x"),)}, "others"),
]
NOON = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001 - the SMSC's local time
SUBMIT_VALUES = {
    "originator": ["", "1" * 21, "x", 700, "1 2"],
    "alphanumeric_originator": ["x" * 12, "a.b", "Ä", b"News"],
    "data_coding": [-1, 256, "0", 1.5],
    "header": [bytes(141), "00"],
    "user_data": [b"x" * 481, b"a\tb", b"\x00", b"\x02", b"\x03", "text"],
    "binary": [bytes(141), "00", 5],
    "transport_type": [-1, 10],
    "message_type": [-1, 100],
    "more_messages": [2, -1, "1"],
    "operation_timer": [-1, 1000],
    "dialogue_id": [-1, 10**18, "1", 1.5],
    "ussd_phase": [-1, 10],
    "service_code": ["x" * 256, "ä", "\n"],
    "validity_relative": [-2, 256],
    "validity_absolute": [
        NOON.replace(microsecond=1),
        NOON.replace(tzinfo=dt.UTC),
        NOON.replace(year=1999),
        NOON.replace(year=2100),
        NOON.date(),
        "261120131502",
    ],
    "protocol_identifier": [-1, 256],
    "first_delivery_relative": [-2, 256],
    "first_delivery_absolute": [NOON.replace(microsecond=1), NOON.timestamp()],
    "reply_path": [2, "1"],
    "reports": [-1, 256, "14"],
    "cancel_enabled": [2, "1"],
    "tariff_class": [-1, 100],
    "service_description": [-1, 10],
    "priority": [0, 10],
}
ONE_OFF += [
    (SubmitMessage, {"destinations": ("1",), name: value}, name)
    for name, values in SUBMIT_VALUES.items()
    for value in values
]
DELIVER_VALUES = {
    "destination": ["", "x", None],
    "imsi": ["", "x"],
    "visited_msc": ["", "1" * 21],
    "service_center": ["", "1" * 21],
    "timestamp": [NOON.replace(microsecond=5)],
}
ONE_OFF += [
    (DeliverMessage, {"destination": "1", name: value}, name)
    for name, values in DELIVER_VALUES.items()
    for value in values
]


def test_each_field_of_a_submit_message_has_values_that_are_refused():
    names = {field.name for field in declaration_of(SubmitMessage).fields}
    assert names == {*SUBMIT_VALUES, "destinations", "others"}


@pytest.mark.parametrize(("message", "values", "name"), ONE_OFF, ids=lambda it: repr(it)[:60])
def test_a_value_out_of_range_is_not_encoded(message, values, name):
    with pytest.raises(FieldError) as caught:
        message(**values).encode()
    assert caught.value.path[:2] == (message.__name__, name)


def test_limits_themselves_are_encoded():
    login = Login("x" * 32, "p" * 32, subaddress=9, window=128, ip_address="x" * 255)
    assert login.encode().count(b"\t") == 5
    submit = SubmitMessage(
        ("1" * 20, "+" + "1" * 19),
        originator="1" * 20,
        alphanumeric_originator="x" * 11,
        data_coding=255,
        header=bytes(140),
        user_data=b"x" * 480,
        binary=bytes(140),
        validity_relative=-1,
        validity_absolute=dt.datetime(2099, 12, 31, 23, 59, 59),  # noqa: DTZ001
        reports=255,
        tariff_class=99,
        service_description=9,
        priority=9,
    )
    assert SubmitMessage.decode(submit.encode()) == submit


def test_an_unset_field_is_not_sent():
    assert SubmitMessage(("1",)).encode() == b"021:1\t"
    assert DeliveryRequest().encode() == b""
    assert SubmitMessage(("1",), user_data=b"", binary=b"").encode() == b"021:1\t033:\t034:\t"


def test_a_flag_is_a_digit():
    submit = SubmitMessage(("1",), more_messages=False, reply_path=True)
    assert submit.encode() == b"021:1\t044:0\t055:1\t"


# What may be shown


@pytest.mark.parametrize(
    "message",
    [
        Login("news", "s3cret"),
        Set("s3cret"),
        messages.Alive(others=(Parameter(11, b"s3cret"),)),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_password_is_not_shown(message):
    for shown in (
        repr(message),
        str(message),
        str(message.to_json()),
        str(message.__rich_repr__()),
    ):
        assert "s3cret" not in shown


def test_what_is_not_there_is_not_shown():
    assert repr(Login("news", "s3cret", window=10)) == "Login(user='news', password=***, window=10)"
    assert repr(messages.Alive()) == "Alive()"


@pytest.mark.parametrize("message", [Login("a", "s3cret "), Set("s3crét"), Set(b"s3cret")])
def test_an_error_about_a_password_does_not_show_it(message):
    with pytest.raises(FieldError) as caught:
        message.encode()
    assert "s3cr" not in f"{caught.value!s}{caught.value!r}"
