"""Enquiries and cancellations: what is asked of a message after it was submitted."""

import datetime as dt

import pytest

from ohnecimd.protocols.cimd.codes import CancelMode, ErrorCode, StatusCode, StatusError
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.messages import CancelMessage, SubmitMessage
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.simulator import Account, Fate

SECOND = dt.timedelta(seconds=1)


def submitted(line, to="+1", **values):
    request = SubmitMessage((to,), user_data=b"Hi", **({"cancel_enabled": True} | values))
    return line.ask(line.app.submit(request)).timestamp


def refused(line, exchange):
    with pytest.raises(Refused) as caught:
        line.ask(exchange)
    return caught.value.code


def cancelled(line, mode, to=None, stamp=None):
    line.ask(line.app.ask(CancelMessage(mode, to, stamp)))


def refusal_of_cancel(line, mode, to=None, stamp=None):
    return refused(line, line.app.ask(CancelMessage(mode, to, stamp)))


def states(line):
    return [each.status.name for each in line.world.simulator.submitted]


def test_an_enquiry_tells_the_status_before_and_after(world):
    line = world(fate=Fate.parse("failed:5:29")).login()
    stamp = submitted(line)
    before = line.ask(line.app.enquire("+1", stamp))
    assert (before.destination, before.timestamp, before.status) == (
        "+1", stamp, StatusCode.IN_PROCESS,
    )  # fmt: skip
    assert before.discharge_time is None
    line.world.advance(6)
    after = line.ask(line.app.enquire("+1", stamp))
    assert (after.status, after.status_error) == (
        StatusCode.FAILED, StatusError.ABSENT_SUBSCRIBER,
    )  # fmt: skip
    assert after.discharge_time == stamp + 5 * SECOND


def test_an_unknown_message_and_those_of_others_are_not_found(world):
    here = world(Account("news", "x"), Account("shop", "x"))
    line, other = here.login("news", "x"), here.login("shop", "x")
    stamp = submitted(line)
    assert refused(line, line.app.enquire("+2", stamp)) == ErrorCode.NOT_FOUND
    assert refused(line, line.app.enquire("+1", stamp + SECOND)) == ErrorCode.NOT_FOUND
    assert refused(other, other.app.enquire("+1", stamp)) == ErrorCode.NOT_FOUND


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        (4, b"021:12x\t060:261120120000\t", 400),
        (4, b"021:+1\t", 401),
        (4, b"021:+1\t060:26112012000\t", 8),
        (4, b"060:261120120000\t", 400),
        (6, b"", 602),
        (6, b"059:3\t", 602),
        (6, b"059:2\t021:12x\t060:261120120000\t", 601),
        (6, b"059:2\t021:+1\t060:x\t", 8),
        (9, b"500:502\t", 900),
        (9, b"", 900),
        (5, b"068:3\t", 501),
    ],
)
def test_parameters_that_are_missing_or_wrong_have_their_own_errors(world, operation, body, code):
    line = world().login()
    line.center.send(Packet(operation, 3, body).encode())
    assert line.center.read().split(b"\t")[1] == b"900:%d" % code


def test_one_message_is_cancelled_and_that_is_reported(world):
    line = world().login()
    submitted(line)
    stamp = submitted(line, reports=16)
    cancelled(line, CancelMode.ONE, "+1", stamp)
    line.world.advance(10)
    assert states(line) == ["DELIVERED", "CANCELLED"]
    assert [report.status for report in line.reports] == [StatusCode.CANCELLED]


def test_all_messages_to_a_phone_are_cancelled(world):
    line = world().login()
    for to in ("+1", "+2", "+1"):
        submitted(line, to)
    cancelled(line, CancelMode.DESTINATION, "+1")
    assert states(line) == ["CANCELLED", "IN_PROCESS", "CANCELLED"]


def test_all_messages_of_this_application_are_cancelled_and_no_others(world):
    here = world(Account("news", "x"), Account("shop", "x"))
    line, other = here.login("news", "x"), here.login("shop", "x")
    submitted(line)
    submitted(other)
    submitted(line, "+2")
    cancelled(line, CancelMode.ALL)
    assert states(line) == ["CANCELLED", "IN_PROCESS", "CANCELLED"]


def test_only_what_may_be_cancelled_is(world):
    line = world().login()
    stamp = submitted(line, cancel_enabled=None)
    assert refusal_of_cancel(line, CancelMode.ONE, "+1", stamp) == ErrorCode.FAILED
    assert refusal_of_cancel(line, CancelMode.ALL) == ErrorCode.NOT_FOUND
    assert states(line) == ["IN_PROCESS"]


def test_what_is_over_cannot_be_cancelled(world):
    line = world().login()
    stamp = submitted(line)
    line.world.advance(2)
    assert refusal_of_cancel(line, CancelMode.ONE, "+1", stamp) == ErrorCode.FAILED
    assert refusal_of_cancel(line, CancelMode.DESTINATION, "+1") == ErrorCode.NOT_FOUND
    assert states(line) == ["DELIVERED"]


@pytest.mark.parametrize(
    ("mode", "to", "has_stamp", "code"),
    [
        (CancelMode.ONE, None, True, ErrorCode.CANCEL_ADDRESS),
        (CancelMode.ONE, "+1", False, ErrorCode.CANCEL_TIMESTAMP),
        (CancelMode.ONE, "+2", True, ErrorCode.NOT_FOUND),
        (CancelMode.DESTINATION, None, False, ErrorCode.CANCEL_ADDRESS),
        (CancelMode.DESTINATION, "+1", True, ErrorCode.CANCEL_COMBINATION),
        (CancelMode.ALL, "+1", False, ErrorCode.CANCEL_COMBINATION),
        (CancelMode.ALL, None, True, ErrorCode.CANCEL_COMBINATION),
    ],
)
def test_each_mode_has_parameters_of_its_own(world, mode, to, has_stamp, code):
    line = world().login()
    stamp = submitted(line)
    assert refusal_of_cancel(line, mode, to, stamp if has_stamp else None) == code
    assert states(line) == ["IN_PROCESS"]
