"""Responses as typed messages: outcomes of submits, and negative ones."""

from __future__ import annotations

import datetime as dt

import pytest
from samples_cimd import BODIES, packet

from ohnecimd.errors import (
    RemoteProtocolError,
)
from ohnecimd.protocols.cimd import messages, refusals
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.decoding import Reading, message_of, read
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    Outcome,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.parameters import Parameter
from ohnecimd.protocols.cimd.refusals import REFUSALS, SubmitRefusal

STAMP = dt.datetime(2026, 11, 20, 13, 15, 2)  # noqa: DTZ001 - the SMSC's local time
LATER = STAMP.replace(second=7)


# Responses to submits

TWO = b"021:1\t060:261120131502\t021:2\t060:261120131507\t"
RESPONSES = [
    (b"021:1\t060:261120131502\t", [Outcome("1", STAMP)], ""),
    (b"060:261120131502\t021:1\t", [Outcome(None, STAMP), Outcome("1")], ""),
    (b"060:261120131502\t", [Outcome(None, STAMP)], ""),
    (b"060:261120131502\t060:261120131507\t", [Outcome(None, STAMP), Outcome(None, LATER)], ""),
    (b"", [], ""),
    (TWO, [Outcome("1", STAMP), Outcome("2", LATER)], ""),
    (
        b"021:1\t060:261120131502\t021:2\t900:300\t901:no\t021:3\t060:261120131507\t",
        [
            Outcome("1", STAMP),
            Outcome("2", None, ErrorCode.DESTINATION_ADDRESS, "no"),
            Outcome("3", LATER),
        ],
        "",
    ),
    (b"021:1\t021:2\t", [Outcome("1"), Outcome("2")], ""),
    (
        b"021:1\t060:261120131502\t900:0\t",
        [Outcome("1", STAMP, ErrorCode.NONE)],
        "",
    ),
    (b"021:1\t999:x\t060:261120131502\t", [Outcome("1", STAMP)], "999"),
]


@pytest.mark.parametrize(("body", "outcomes", "others"), RESPONSES, ids=repr)
def test_a_submit_response_has_an_outcome_for_each_recipient(body, outcomes, others):
    found = read(Packet(53, 3, body), "center")
    assert found.faults == ()
    assert found.message == SubmitResponse(tuple(outcomes), found.message.others)
    assert "".join(f"{each.number}" for each in found.message.others) == others
    if not others:
        assert packet_of(found.message, 3, checksum=False).body == body


def test_the_first_outcome_is_at_hand():
    response = read(Packet(53, 3, TWO)).message
    assert (response.destination, response.timestamp) == ("1", STAMP)
    nothing = read(Packet(53, 3)).message
    assert (nothing.destination, nothing.timestamp) == (None, None)


@pytest.mark.parametrize(
    ("body", "values", "hints"),
    [
        (b"021:1x\t060:261120131502\t", [Outcome("1x", STAMP)], [8]),
        (b"021:1\t060:soon\t", [Outcome("1")], [8]),
        (
            b"021:1\t900:1000\t021:2\t060:261120131502\t",
            [Outcome("1", None, 1000), Outcome("2", STAMP)],
            [8],
        ),
    ],
)
def test_faults_of_a_submit_response_are_reported(body, values, hints):
    found = read(Packet(53, 3, body))
    assert found.message.outcomes == tuple(values)
    assert [int(fault.hint) for fault in found.faults] == hints


@pytest.mark.parametrize("body", [b"021:1\t900:300\t021:2\t900:10\t", b"021:1\t021:2\t900:300\t"])
def test_where_all_recipients_failed_the_response_is_negative(body):
    message = read(Packet(53, 3, body)).message
    assert isinstance(message, SubmitRefusal)
    assert (message.destination, message.error) == ("1", ErrorCode.DESTINATION_ADDRESS)
    assert Parameter(21, b"2") in message.others


# Negative responses

NEGATIVE = {row.code: row.message for row in REFUSALS}


@pytest.mark.parametrize("code", NEGATIVE)
def test_a_response_with_an_error_is_negative(code):
    kind = NEGATIVE[code]
    full = read(packet(code, b"900:6", b"901:General system error"))
    assert full == Reading(kind(error=ErrorCode.SYSTEM, text="General system error"))
    assert read(packet(code, b"900:006")) == Reading(kind(error=ErrorCode.SYSTEM))
    unknown = read(packet(code, b"900:999", b"999:x"))
    assert unknown == Reading(kind(error=999, others=(Parameter(999, b"x"),)))
    assert packet_of(full.message, 9, checksum=False).body == b"900:6\t901:General system error\t"


@pytest.mark.parametrize("code", NEGATIVE)
@pytest.mark.parametrize("zero", [b"0", b"000"])
def test_an_error_of_zero_is_positive(code, zero):
    found = read(Packet(code, 1, BODIES.get(code, b"") + b"900:" + zero + b"\t"))
    assert type(found.message) is MESSAGES.find(code).message
    assert found.faults == ()


@pytest.mark.parametrize("code", NEGATIVE)
@pytest.mark.parametrize("value", [b"", b"x", b"1 "])
def test_an_error_that_cannot_be_read_is_no_success(code, value):
    found = read(packet(code, b"900:" + value))
    assert found.message is None
    assert [fault.hint for fault in found.faults] == [ErrorCode.PARAMETER_FORMAT]
    with pytest.raises(RemoteProtocolError):
        message_of(packet(code, b"900:" + value))


def test_a_text_that_looks_like_an_error_is_none():
    found = read(packet(59, b"501:261120131520", b"901:see 900:1"))
    assert type(found.message) is messages.GetResponse
    assert read(packet(53, b"021:1", b"060:261120131502", b"999:900:1")).faults == ()


def test_a_refused_submit_names_the_recipient_if_the_center_does():
    error = ErrorCode.DESTINATION_ADDRESS
    for body in (b"021:1\t900:300\t", b"900:300\t021:1\t"):
        found = read(Packet(53, 7, body))
        assert found == Reading(refusals.SubmitRefusal(destination="1", error=error))
    assert read(packet(53, b"900:300")) == Reading(refusals.SubmitRefusal(error=error))


def test_a_general_error_may_come_without_its_error():
    assert read(packet(98)) == Reading(messages.GeneralErrorResponse())
    assert read(packet(98, b"900:1")) == Reading(
        messages.GeneralErrorResponse(ErrorCode.UNEXPECTED_OPERATION)
    )
    assert read(packet(99)) == Reading(messages.Nack())


def test_a_request_with_an_error_code_is_a_request():
    found = read(packet(40, b"900:5"))
    assert found == Reading(messages.Alive((Parameter(900, b"5"),)))
