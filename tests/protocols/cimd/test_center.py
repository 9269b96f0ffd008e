"""CIMD2: the SMS Center's side."""

from __future__ import annotations

import pytest
from talking import (
    Desk,
    approve,
    delivery,
    heads,
    packets,
    report,
    said,
    submit,
    welcoming,
    wire,
)

from ohnecimd.errors import Misuse, NotAllowedNow
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.events import Answered, CloseReason, Denied, Received, Rejected
from ohnecimd.protocols.cimd.messages import Login, LoginResponse, SubmitResponse
from ohnecimd.protocols.cimd.packets import Checksums, Packet, Problem
from ohnecimd.protocols.cimd.refusals import LoginRefusal, LogoutRefusal, SubmitRefusal
from ohnecimd.testing import FakeClock

LOGIN = wire(1, 1, b"010:news\t011:s3cret\t")
STRICT = pytest.mark.parametrize("is_strict", [True, False])


# Sessions


def test_a_greeting_is_said_first():
    center = Center(approve, greeting=b"CIMD2-A\n")
    assert center.read() == b"CIMD2-A\n"
    center.send(LOGIN)
    assert heads(center.read()) == ["51:001"]


@STRICT
def test_before_the_login_everything_else_is_refused(is_strict):
    desk = Desk()
    center = Center(desk, is_strict=is_strict)
    center.send(said(submit(), 1) + wire(40, 3) + wire(2, 5) + wire(7, 7))
    unexpected = b"900:1\t901:Unexpected operation\t"
    assert packets(center.read()) == [
        (53, 1, unexpected),
        (90, 3, unexpected),
        (52, 5, unexpected),
        (98, 7, unexpected),
    ]
    assert desk.messages == []
    center.send(LOGIN)
    assert heads(center.read()) == ["51:001"]


@STRICT
def test_a_login_that_was_refused_may_be_tried_again_with_the_same_number(is_strict):
    def welcome(_, received):
        is_right = received.message.password == "s3cret"
        return LoginResponse() if is_right else LoginRefusal(ErrorCode.INVALID_LOGIN)

    center = Center(welcome, is_strict=is_strict)
    wrong = wire(1, 1, b"010:news\t011:secret\t")
    center.send(wrong * 2 + LOGIN + wire(40, 3))
    assert packets(center.read()) == [
        (51, 1, b"900:100\t901:Invalid login\t"),
        (51, 1, b"900:100\t901:Invalid login\t"),
        (51, 1, b""),
        (90, 3, b""),
    ]


def test_after_a_refused_login_the_first_number_is_expected_again():
    center = Center(lambda *_: LoginRefusal(ErrorCode.CONGESTION))
    center.send(LOGIN + wire(40, 2))
    assert heads(center.read()) == ["51:001", "99:001"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_second_login_is_refused(number):
    center = welcoming()
    center.send(wire(1, number, b"010:other\t011:s3cret\t"))
    assert packets(center.read()) == [(51, number, b"900:1\t901:Unexpected operation\t")]
    assert center.state == "logged in"


def test_a_login_that_comes_again_gets_the_same_answer():
    desk = Desk()
    center = Center(desk)
    center.send(LOGIN * 3)
    assert heads(center.read()) == ["51:001"] * 3
    assert desk.messages == [Login("news", "s3cret")]


def test_while_a_login_is_looked_at_it_is_not_looked_at_again():
    center = Center(None)
    center.send(LOGIN * 2 + wire(40, 3))
    assert heads(center.read()) == ["90:003"]
    login, refused = center.events()
    assert isinstance(refused, Rejected)
    with pytest.raises(NotAllowedNow, match="in the state 'logging in'"):
        center.deliver(delivery())
    center.answer(login)
    center.deliver(delivery())
    assert heads(center.read()) == ["51:001", "20:000"]


@pytest.mark.parametrize("first", [0, 2, 254])
def test_the_first_number_can_be_chosen(first):
    center = welcoming(first_number=first, window=None)
    center.alive()
    assert heads(center.read()) == [f"40:{first:03}"]


@pytest.mark.parametrize("first", [1, -2, 256])
def test_the_first_number_is_even(first):
    with pytest.raises(Misuse, match="an even number"):
        Center(first_number=first)


def test_nothing_is_delivered_before_the_login_or_after_the_logout():
    center = Center(approve)
    with pytest.raises(NotAllowedNow, match="in the state 'connected'"):
        center.deliver(delivery())
    center = welcoming()
    center.send(wire(2, 3))
    with pytest.raises(NotAllowedNow, match="in the state 'logged out'"):
        center.report(report())


def test_after_the_logout_the_application_closes():
    center = welcoming()
    center.send(wire(2, 3) + wire(40, 5))
    assert packets(center.read()) == [
        (52, 3, b""),
        (90, 5, b"900:1\t901:Unexpected operation\t"),
    ]
    assert not center.closing
    center.send_eof()
    assert center.get_result() is CloseReason.LOGGED_OUT


def test_nothing_is_sent_again_after_the_logout():
    center = welcoming(repeats=1)
    asked = center.alive()
    center.send(wire(2, 3))
    assert heads(center.read()) == ["40:000", "52:003"]
    center.clock.advance(60, center)
    assert center.read() == b""
    center.send(wire(90, 0))
    assert asked.result() is not None


def test_or_the_center_does():
    center = welcoming(closes=True)
    center.send(wire(2, 3))
    assert heads(center.read()) == ["52:003"]
    assert center.get_result() is CloseReason.LOGGED_OUT


def test_a_logout_may_be_refused():
    center = welcoming(None)
    center.send(wire(2, 3))
    center.answer(center.events()[0], LogoutRefusal(ErrorCode.FAILED))
    assert packets(center.read()) == [(52, 3, b"900:9\t901:Requested operation failed\t")]
    center.alive()
    assert heads(center.read()) == ["40:000"]


def test_a_silent_application_is_given_up():
    center = welcoming(idle_s=30)
    clock = center.clock
    clock.advance(29, center)
    center.send(wire(40, 3))
    clock.advance(29, center)
    assert not center.closing
    clock.advance(1, center)
    assert center.get_result() is CloseReason.IDLE
    assert center.events()[-1].reason is CloseReason.IDLE


def test_who_never_logs_in_is_silent_too():
    center = Center(approve, idle_s=30, clock=FakeClock())
    assert center.read() == b""
    assert center.deadline == 30
    center.clock.advance(30, center)
    assert center.get_result() is CloseReason.IDLE


# Requests


def test_the_handler_answers_and_nobody_else_hears_of_it():
    center = welcoming()
    center.send(said(submit(), 3))
    assert packets(center.read()) == [(53, 3, b"021:+358401234567\t060:261120120000\t")]
    assert center.events() == []


def test_without_a_handler_requests_are_events():
    center = welcoming(None)
    center.send(said(submit(), 3) + wire(40, 5))
    assert heads(center.read()) == ["90:005"]
    (received,) = center.events()
    assert (received.number, received.message) == (3, submit())
    center.answer(received, SubmitRefusal(error=ErrorCode.CONGESTION))
    assert packets(center.read()) == [(53, 3, b"900:10\t901:Temporary congestion\t")]


def test_a_handler_may_answer_later():
    def later(center, received):
        if isinstance(received.message, Login):
            return LoginResponse()
        center.after(5, lambda: center.answer(received, SubmitResponse()))
        return None

    center = welcoming(later, window=3)
    center.send(said(submit("a"), 3))
    center.clock.advance(2, center)
    center.send(said(submit("b"), 5))
    assert (center.read(), center.deadline) == (b"", 5)
    center.clock.advance(3, center)
    assert heads(center.read()) == ["53:003"]
    center.clock.advance(2, center)
    assert heads(center.read()) == ["53:005"]


def test_what_is_to_be_done_later_can_be_called_off():
    center = welcoming()
    called = []
    center.after(5, lambda: called.append("five"))
    center.after(3, lambda: called.append("three")).cancel()
    center.after(5, lambda: center.after(0, lambda: called.append("at once")))
    assert center.deadline == 5
    center.clock.advance(5, center)
    assert called == ["five"]
    center.clock.advance(0, center)
    assert called == ["five", "at once"]
    assert center.deadline is None


def test_a_handler_may_use_verbs():
    def deliver(center, received):
        if isinstance(received.message, Login):
            return LoginResponse()
        center.deliver(delivery())
        return SubmitResponse()

    center = welcoming(deliver)
    center.send(said(submit(), 3))
    assert heads(center.read()) == ["20:000", "53:003"]


def test_a_handler_that_fails_ends_the_session():
    center = welcoming(lambda *_: LoginResponse() if _[1].number == 1 else 1 / 0)
    asked = center.alive()
    center.read()
    with pytest.raises(ZeroDivisionError):
        center.send(said(submit(), 3))
    assert center.events()[-1].ledger.unanswered == (asked,)


def test_deliveries_keep_to_the_window():
    center = welcoming(window=None)
    asked = [center.deliver(delivery(text)) for text in "ab"] + [center.report(report())]
    assert heads(center.read()) == ["20:000"]
    center.send(wire(70, 0))
    assert heads(center.read()) == ["20:002"]
    center.send(wire(70, 2, b"900:730\t"))
    assert heads(center.read()) == ["23:004"]
    center.send(wire(73, 4))
    assert center.events() == [Answered(asked[0]), Denied(asked[1]), Answered(asked[2])]
    assert asked[1].error.code is ErrorCode.DELIVERY_SUBSCRIBER


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (wire(3, 3, b"033:Hi\t"), (53, 3, b"900:300\t901:Incorrect destination address\t")),
        (wire(4, 3, b"021:1\t"), (54, 3, b"900:401\t901:Incorrect time stamp in an enquiry\t")),
        (wire(6, 3), (56, 3, b"900:602\t901:Incorrect mode in a cancellation\t")),
        (
            wire(3, 3, b"021:" + b"1" * 21 + b"\t"),
            (53, 3, b"900:300\t901:Incorrect destination address\t"),
        ),
        (wire(3, 3, b"021:1\t034:4\t"), (53, 3, b"900:8\t901:Parameter formatting error\t")),
        (b"\x0203:003\t021:1\toops\t\x03", (53, 3, b"900:2\t901:Syntax error\t")),
        (b"\x0207:003\toops\t\x03", (98, 3, b"900:2\t901:Syntax error\t")),
        (wire(7, 3), (98, 3, b"900:1\t901:Unexpected operation\t")),
        (wire(48, 3), (98, 3, b"900:1\t901:Unexpected operation\t")),
        (said(delivery(), 3), (70, 3, b"900:1\t901:Unexpected operation\t")),
        (b"\x0203:003\t021:1\t00\x03", (99, 3, b"")),
        (b"\x0203:003\t021:1\toops\t00\x03", (99, 3, b"")),
        (b"\x0203:003\t021:1\tx\x03", (99, 3, b"")),
        (b"\x0203:003\t033:\x02\t\x03", (99, 3, b"")),
        (b"\x0203:003\t033:\0\t\x03", (53, 3, b"900:2\t901:Syntax error\t")),
        (wire(40, 4), (99, 3, b"")),
        (wire(40, 257), (99, 3, b"")),
        (wire(40, 999), (99, 3, b"")),
        (b"\x0203:003\t033:" + b"x" * 5000 + b"\t\x03", (99, 3, b"")),
    ],
)
@STRICT
def test_what_cannot_be_taken_is_refused_and_what_comes_then_is_not(data, answer, is_strict):
    desk = Desk()
    center = welcoming(desk, is_strict=is_strict)
    center.send(data)
    assert set(packets(center.read())) == {answer}
    assert all(type(each) in {Rejected, Problem} for each in center.events())
    assert len(desk.messages) == 1  # the login
    number = 3 if answer[0] == 99 else 5
    center.send(said(submit(), number))
    assert heads(center.read())[-1] == f"53:{number:03}"


def test_a_refused_request_that_comes_again_gets_the_same_answer():
    for data in (wire(7, 3), b"\x0203:003\toops\t\x03", wire(3, 3)):
        center = welcoming(is_strict=True)
        center.send(data * 2 + wire(40, 5))
        first, second, third = packets(center.read())
        assert first == second
        assert third == (90, 5, b"")


def test_values_out_of_range_can_be_overlooked():
    center = welcoming(None, overlooks_faults=True)
    center.send(wire(3, 3, b"021:1\t056:999\t"))
    (received,) = center.events()
    assert received.message.reports == 999
    assert [each.hint for each in received.faults] == [ErrorCode.REPORT_REQUEST]


def test_parameters_of_nobody_are_no_reason_to_refuse():
    center = welcoming(None)
    center.send(wire(3, 3, b"021:1\t777:x\t"))
    assert isinstance(center.events()[0], Received)


# Numbers


def test_strict_goes_by_the_rule():
    desk = Desk()
    center = welcoming(desk, is_strict=True, window=2)
    center.send(said(submit("a"), 3) + said(submit("b"), 5) + said(submit("c"), 9))
    assert heads(center.read()) == ["53:003", "53:005", "99:007"]
    center.send(said(submit("b"), 5) + said(submit("a"), 3) + LOGIN)
    assert heads(center.read()) == ["53:005", "53:003", "99:007"]
    center.send(said(submit("c"), 7))
    assert heads(center.read()) == ["53:007"]
    assert desk.texts == ["a", "b", "c"]


def test_strict_brings_a_gateway_to_reason():
    """It sends 005, nacked with 005, again as 007; and then as 005, nacked with 005 once more."""
    desk = Desk()
    center = welcoming(desk, is_strict=True)
    center.send(said(submit("a"), 3))
    damaged = said(submit("b"), 5).replace(b"33:b", b"33:c")
    center.send(damaged + said(submit("b"), 7) + said(submit("b"), 5))
    assert heads(center.read()) == ["53:003", "99:005", "99:005", "53:005"]
    assert desk.texts == ["a", "b"]


def test_lenient_takes_the_gateway_as_it_is():
    desk = Desk()
    center = welcoming(desk)
    center.send(said(submit("a"), 3))
    damaged = said(submit("b"), 5).replace(b"33:b", b"33:c")
    center.send(damaged + said(submit("b"), 7) + said(submit("c"), 9))
    assert heads(center.read()) == ["53:003", "99:005", "53:007", "53:009"]
    assert desk.texts == ["a", "b", "c"]


def test_checksums_can_be_demanded():
    center = Center(approve, checksums=Checksums.DEMAND, seals=False)
    center.send(wire(1, 1, b"010:news\t011:s3cret\t", checksum=False))
    assert center.read() == b"\x0299:001\t\x03"


# For those who test applications


def test_nacks_and_general_errors_are_verbs():
    center = welcoming()
    center.nack()
    center.nack(77)
    center.general_error(5)
    center.general_error(2, 6, "tired")
    center.send_packet(Packet(53, 9))
    assert packets(center.read()) == [
        (99, 3, b""),
        (99, 77, b""),
        (98, 5, b"900:1\t901:Unexpected operation\t"),
        (98, 2, b"900:6\t901:tired\t"),
        (53, 9, b""),
    ]


def test_what_goes_out_can_be_distorted():
    center = welcoming(
        distort=lambda packet: {53: b"", 90: b"noise" + packet.encode()}.get(packet.operation)
    )
    center.send(said(submit(), 3) + wire(40, 5))
    assert center.read() == b"noise" + wire(90, 5)
    center.send(wire(40, 5))
    assert center.read() == b"noise" + wire(90, 5)


def test_a_request_can_be_overlooked():
    center = welcoming(None, is_strict=True)
    center.send(said(submit(), 3))
    center.forget(center.events()[0])
    center.send(said(submit(), 3))
    assert isinstance(center.events()[0], Received)


def test_a_handler_may_end_the_session():
    def hang_up(center, received):
        if isinstance(received.message, Login):
            return LoginResponse()
        center.stop()
        return None

    center = welcoming(hang_up)
    center.send(said(submit(), 3) + wire(40, 5))
    assert (center.read(), center.get_result()) == (b"", CloseReason.STOPPED)


def test_a_session_that_was_never_used_can_be_stopped():
    center = Center(approve)
    center.stop()
    assert center.get_result() is CloseReason.STOPPED
