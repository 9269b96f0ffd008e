"""The negative responses, against the lists of the sheet (its sections 7 and 15)."""

from __future__ import annotations

import re

import pytest

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd import messages, refusals
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.messages import MESSAGES, Alive, Login, SubmitMessage
from ohnecimd.protocols.cimd.refusals import (
    REFUSALS,
    AliveRefusal,
    LoginRefusal,
    SubmitRefusal,
    refusal_of,
)
from ohnecimd.protocols.cimd.roles import Refusal

# code, class, the request, error codes beside 1-10
ROWS = [
    (51, "LoginRefusal", "Login", range(100, 109)),
    (52, "LogoutRefusal", "Logout", ()),
    (53, "SubmitRefusal", "SubmitMessage", range(300, 325)),
    (54, "EnquireRefusal", "EnquireMessageStatus", (400, 401)),
    (55, "DeliveryRefusal", "DeliveryRequest", (500, 501, 502)),
    (56, "CancelRefusal", "CancelMessage", (600, 601, 602, 603)),
    (58, "SetRefusal", "Set", (800, 801)),
    (59, "GetRefusal", "Get", (900,)),
    (63, "SubmitReportRefusal", "SubmitStatusReport", ()),
    (70, "DeliverRefusal", "DeliverMessage", range(700, 731)),
    (73, "ReportRefusal", "DeliverStatusReport", range(700, 731)),
    (90, "AliveRefusal", "Alive", ()),
]


def numbers_in(text):
    """All numbers that a text names, such as ``1-10, 400, 401``."""
    found = set()
    for low, high in re.findall(r"(\d+)(?:-(\d+))?", text):
        found |= set(range(int(low), int(high or low) + 1))
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1])
def test_each_operation_has_its_refusal(row):
    code, name, request, own = row
    kind = getattr(refusals, name)
    found = REFUSALS.find(code)
    assert found.message is kind
    assert issubclass(kind, Refusal)
    assert found.sent_by == MESSAGES.find(code).sent_by
    assert refusal_of(getattr(messages, request)) is kind
    named = numbers_in(kind.__doc__)
    assert set(own) <= named
    assert named <= set(own) | set(range(1, 11))


def test_there_are_no_other_refusals():
    assert {row.code for row in REFUSALS} == {row[0] for row in ROWS}


@pytest.mark.parametrize("name", [row[1] for row in ROWS])
def test_a_refusal_has_an_error_and_perhaps_a_text(name):
    kind = getattr(refusals, name)
    assert kind(error=ErrorCode.SYSTEM).encode() == b"900:6\t"
    assert kind(error=999, text="why").encode() == b"900:999\t901:why\t"
    assert kind.decode(b"900:6\t901:\t") == kind(error=ErrorCode.SYSTEM, text="")
    for values in ({"error": 1000}, {"error": -1}, {"error": None}, {"error": 1, "text": "x" * 65}):
        with pytest.raises(FieldError):
            kind(**values).encode()


def test_a_refused_submit_may_name_the_recipient():
    refusal = SubmitRefusal(destination="12", error=ErrorCode.DESTINATION_ADDRESS, text="no")
    assert refusal.encode() == b"021:12\t900:300\t901:no\t"


def test_a_refusal_tells_whether_to_try_again():
    assert LoginRefusal(ErrorCode.TOO_MANY_USERS).is_temporary
    assert not LoginRefusal(ErrorCode.INVALID_LOGIN).is_temporary
    assert not LoginRefusal(999).is_temporary
    assert not messages.GeneralErrorResponse().is_temporary
    assert messages.GeneralErrorResponse(ErrorCode.CONGESTION).is_temporary


def test_a_refused_login_leads_back_to_the_beginning():
    assert REFUSALS.after(LoginRefusal(1), "logging in", sender="center") == "connected"
    assert REFUSALS.after(AliveRefusal(1), "connected", sender="center") == "connected"


def test_positive_and_negative_responses_come_from_the_same_side():
    for request in (Login, SubmitMessage, Alive):
        code = MESSAGES.row_of(request).code + 50
        assert REFUSALS.find(code).sent_by == MESSAGES.find(code).sent_by
