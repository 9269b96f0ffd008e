"""CIMD2: what the application's side hears: answers, nacks, silence, messages and nonsense."""

from __future__ import annotations

import pytest
from talking import (
    CANCEL_ALL,
    ENQUIRY,
    NOON,
    delivery,
    heads,
    logged_in,
    packets,
    report,
    said,
    submit,
    wire,
)

from ohnecimd.errors import Misuse, NotAllowedNow
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.events import (
    Answered,
    CloseReason,
    Denied,
    Nacked,
    Received,
    Rejected,
    Stopped,
    Stray,
    Traffic,
)
from ohnecimd.protocols.cimd.messages import (
    AliveResponse,
    DeliverMessage,
    GetResponse,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import Checksums, Packet
from ohnecimd.protocols.cimd.refusals import DeliverRefusal
from ohnecimd.testing import (
    FakeClock,
)

DELIVERY = b"021:16700\t023:+358401234567\t060:261120120000\t033:Hi\t"
GREETING = b"CIMD2-A ConnectionInfo: SessionId = 2256\n"


def kinds(application):
    return [type(event) for event in application.events()]


# Answers


def test_responses_come_in_any_order():
    application = logged_in(window=3)
    first, second, third = (application.submit(submit(text)) for text in "abc")
    application.read()
    application.send(
        wire(53, 7, b"021:1\t060:261120120007\t")
        + wire(53, 3, b"060:261120120003\t")
        + wire(53, 5, b"900:300\t901:Nobody\t")
    )
    assert application.events() == [Answered(third), Answered(first), Denied(second)]
    assert [each.result().timestamp.second for each in (first, third)] == [3, 7]
    assert second.error.code is ErrorCode.DESTINATION_ADDRESS


@pytest.mark.parametrize("body", [b"", b"021:2\t060:261120120000\t", b"060:261120120000\t"])
def test_a_response_needs_no_echo_of_the_address(body):
    application = logged_in()
    asked = application.submit(submit())
    application.read()
    application.send(wire(53, 3, body))
    assert isinstance(asked.result(), SubmitResponse)


def test_an_answer_to_nobody_is_an_event_and_no_more():
    application = logged_in()
    asked = application.alive()
    application.read()
    application.send(wire(90, 5) + wire(53, 3) + wire(90, 999))
    strays = application.events()
    assert [type(each) for each in strays] == [Stray] * 3
    assert [each.message for each in strays] == [
        "nothing waits for 005",
        "operation 53 does not answer Alive",
        "nothing waits for 999",
    ]
    assert (application.read(), asked.is_settled) == (b"", False)
    application.send(wire(90, 3))
    assert asked.result() == AliveResponse()


def test_a_late_answer_that_comes_twice_is_stray():
    application = logged_in()
    application.alive()
    application.send(wire(90, 3) * 2)
    assert kinds(application) == [Answered, Stray]


def test_a_general_error_answers_the_request_of_its_number():
    application = logged_in(window=2)
    first, second = application.alive(), application.ask(ENQUIRY)
    application.send(wire(98, 5, b"900:1\t901:What?\t"))
    assert (first.is_settled, second.error.code) == (False, ErrorCode.UNEXPECTED_OPERATION)


def test_a_general_error_with_a_number_of_its_own_answers_the_only_request_there_is():
    application = logged_in(is_strict=True)
    asked = application.ask(CANCEL_ALL)
    application.send(wire(40, 0))
    application.send(wire(98, 2))
    assert asked.error.code is None
    assert str(asked.error) == "CancelMessage was refused with a general error"
    application.send(wire(40, 4))
    assert heads(application.read()) == ["06:003", "90:000", "90:004"]


def test_a_general_error_of_nobody_among_several_is_an_event():
    application = logged_in(window=2)
    asked = [application.alive(), application.ask(ENQUIRY)]
    application.send(wire(98, 4, b"900:1\t"))
    assert kinds(application) == [Stray]
    assert not any(each.is_settled for each in asked)


# Nacks and time


def test_what_is_nacked_is_sent_again_as_it_was():
    application = logged_in(window=3)
    asked = [application.submit(submit(text)) for text in "abc"]
    sent = packets(application.read())
    application.send(wire(99, 5) + wire(99, 5))
    assert packets(application.read()) == sent[1:]
    assert application.events() == [Nacked(5, asked[1]), Nacked(5, None)]
    application.send(wire(53, 3) + wire(53, 5) + wire(53, 7))
    assert kinds(application) == [Answered] * 3


@pytest.mark.parametrize("damaged", [b"\x0299:003\t00\x03", b"\x0299:003\tab:\x03"])
def test_a_nack_is_never_nacked(damaged):
    application = logged_in()
    application.alive()
    application.read()
    application.send(damaged)
    assert application.read() == b""


def test_who_is_nacked_for_ever_gives_up():
    application = logged_in(repeats=2)
    asked = application.alive()
    for _ in range(2):
        application.read()
        application.send(wire(99, 3))
    assert heads(application.read()) == ["40:003"]
    application.send(wire(99, 3))
    assert application.get_result() is CloseReason.NO_RESPONSE
    assert (asked.sendings, str(asked.state)) == (3, "lost")


def test_without_an_answer_a_request_is_sent_again_and_then_the_session_ends():
    application = logged_in(response_timeout_s=10, repeats=2, window=2)
    first = application.alive()
    sent = application.read()
    clock = application.clock
    clock.advance(5, application)
    second = application.alive()
    assert application.read()
    clock.advance(5, application)
    assert application.read() == sent
    clock.advance(5, application)
    assert heads(application.read()) == ["40:005"]
    application.send(wire(90, 5))
    clock.advance(5, application)
    assert application.read() == sent
    assert not application.closing
    clock.advance(10, application)
    assert application.get_result() is CloseReason.NO_RESPONSE
    stopped = application.events()[-1]
    assert stopped == Stopped(application.ledger, CloseReason.NO_RESPONSE)
    assert (stopped.ledger.unanswered, second.is_settled) == ((first,), True)


def test_what_has_not_even_left_is_not_repeated():
    application = logged_in(response_timeout_s=10)
    application.alive()
    application.clock.advance(35, application)
    assert heads(application.read()) == ["40:003"]


def test_there_is_no_deadline_while_nothing_is_waited_for():
    application = logged_in()
    assert application.deadline is None
    application.alive()
    assert application.deadline == 60
    application.send(wire(90, 3))
    assert application.deadline is None


def test_silence_is_broken_by_alive():
    application = logged_in(alive_s=20)
    clock = application.clock
    clock.advance(15, application)
    application.send(wire(40, 0))
    assert heads(application.read()) == ["90:000"]  # which is something said
    clock.advance(15, application)
    assert application.read() == b""
    clock.advance(5, application)
    assert heads(application.read()) == ["40:003"]
    clock.advance(19, application)
    assert application.read() == b""
    application.send(wire(90, 3))
    clock.advance(1, application)
    assert heads(application.read()) == ["40:005"]


def test_one_alive_at_a_time_is_enough():
    application = logged_in(alive_s=20, response_timeout_s=70, window=9)
    application.clock.advance(69, application)
    assert heads(application.read()) == ["40:003"]
    application.clock.advance(21, application)
    assert heads(application.read()) == ["40:003"]  # the same, again


def test_nobody_says_alive_before_the_login_or_after_the_logout():
    application = Application(alive_s=20, clock=FakeClock())
    application.clock.advance(100, application)
    application = logged_in(alive_s=20)
    application.logout()
    application.read()
    application.clock.advance(50, application)
    assert application.read() == b""


# What comes from phones


def test_deliveries_and_reports_are_answered_and_told():
    application = logged_in()
    first, second = delivery(), report()
    application.send(said(first, 0) + said(second, 2) + wire(40, 4))
    assert heads(application.read()) == ["70:000", "73:002", "90:004"]
    assert [(each.number, each.message) for each in application.events()] == [
        (0, first),
        (2, second),
    ]


def test_a_hundred_deliveries_at_once_are_taken():
    application = logged_in()
    application.send(b"".join(said(delivery(str(n)), 2 * n) for n in range(100)))
    assert heads(application.read()) == [f"70:{2 * n:03}" for n in range(100)]
    assert len(application.events()) == 100


def test_the_program_may_answer_itself_and_in_any_order():
    application = logged_in(answers=False)
    application.send(said(delivery("a"), 0) + said(delivery("b"), 2) + said(delivery("c"), 4))
    assert application.read() == b""
    first, second, third = application.events()
    application.answer(third)
    application.refuse(first, ErrorCode.DELIVERY_FAILED)
    application.answer(second, DeliverRefusal(error=711, text="what?"))
    assert packets(application.read()) == [
        (70, 4, b""),
        (70, 0, b"900:710\t"),
        (70, 2, b"900:711\t901:what?\t"),
    ]
    for verb in (application.answer, application.forget, lambda it: application.refuse(it, 1)):
        with pytest.raises(NotAllowedNow, match="DeliverMessage is answered already"):
            verb(first)


def test_an_answer_has_to_go_with_its_request():
    application = logged_in(answers=False)
    application.send(said(delivery(), 0))
    (received,) = application.events()
    with pytest.raises(Misuse, match="AliveResponse is no answer to DeliverMessage"):
        application.answer(received, AliveResponse())
    application.answer(received)
    assert heads(application.read()) == ["70:000"]


def test_what_is_sent_again_is_answered_again_and_not_told_again():
    application = logged_in()
    application.send(said(delivery(), 0) * 3)
    assert heads(application.read()) == ["70:000"] * 3
    assert kinds(application) == [Received]


def test_what_waits_for_the_programs_answer_is_ignored_when_it_comes_again():
    application = logged_in(answers=False)
    application.send(said(delivery(), 0) * 3)
    assert (application.read(), kinds(application)) == (b"", [Received])


def test_a_request_that_is_forgotten_may_come_again():
    application = logged_in(answers=False)
    application.send(said(delivery(), 0))
    application.forget(application.events()[0])
    application.send(said(delivery(), 0))
    assert kinds(application) == [Received]


@pytest.mark.parametrize("first", [0, 2, 100])
def test_a_strict_application_takes_any_first_number(first):
    application = logged_in(is_strict=True)
    application.send(said(delivery(), first) + said(delivery(), first + 4))
    assert heads(application.read()) == [f"70:{first:03}", f"99:{first + 2:03}"]


def test_an_empty_originator_and_a_value_out_of_range_are_overlooked():
    application = logged_in()
    body = b"021:16700\t023:\t060:261120120000\t030:256\t033:\t"
    application.send(wire(20, 0, body))
    assert heads(application.read()) == ["70:000"]
    (event,) = application.events()
    assert isinstance(event.message, DeliverMessage)
    assert "030" in str(event.faults[0])


# What is refused


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\x0240:000\t00\x03", (99, 0, b"")),
        (wire(40, 1), (99, 0, b"")),
        (wire(40, 256), (99, 0, b"")),
        (b"\x02xx:000\t\x03", (99, 0, b"")),
        (b"\x0240:000\tgarbage\x03", (99, 0, b"")),
        (b"\x0240:00\x02\x03", (99, 0, b"")),
        (b"\x02" + b"x" * 5000, (99, 0, b"")),
        (b"\x0220:000\tabc\t\x03", (70, 0, b"900:2\t901:Syntax error\t")),
        (wire(20, 0, b"033:Hi\t"), (70, 0, b"900:2\t901:Syntax error\t")),
        (wire(3, 0, b"021:1\t"), (53, 0, b"900:1\t901:Unexpected operation\t")),
        (wire(33, 0), (83, 0, b"900:1\t901:Unexpected operation\t")),
    ],
)
def test_what_cannot_be_taken_is_refused(data, answer):
    application = logged_in()
    application.send(data)
    assert set(packets(application.read())) == {answer}


@pytest.mark.parametrize("operation", [48, 49])
def test_an_operation_whose_response_would_be_an_error_or_a_nack_gets_none(operation):
    application = logged_in()
    application.send(wire(operation, 0) * 2)
    assert application.read() == b""
    assert kinds(application) == [Rejected] * 2


@pytest.mark.parametrize("operation", [53, 70, 90, 98])
@pytest.mark.parametrize("tail", [b"\tabc\t\x03", b"\t00\x03", b"\tx\x03"])
def test_an_answer_that_is_wrong_is_answered_with_a_nack_at_most(operation, tail):
    application = logged_in()
    application.send(b"\x02%02d:003%b" % (operation, tail))
    assert heads(application.read()) in ([], ["99:000"])


def test_checksums_can_be_demanded_or_ignored():
    bare, wrong = wire(40, 0, checksum=False), wire(40, 0)[:-3] + b"00\x03"
    for checksums, data, answer in [
        (Checksums.ACCEPT, bare, "90:000"),
        (Checksums.DEMAND, bare, "99:000"),
        (Checksums.IGNORE, wrong, "90:000"),
        (Checksums.DEMAND, wrong, "99:000"),
    ]:
        application = logged_in(checksums=checksums)
        application.send(data)
        assert heads(application.read()) == [answer]


def test_checksums_need_not_be_sent():
    application = Application(seals=False)
    application.login("news", "s3cret")
    assert application.read() == b"\x0201:001\t010:news\t011:s3cret\t\x03"


# Events, and the whole


def test_traffic_is_every_packet_that_comes_or_goes():
    application = Application(emits_traffic=True, seals=False)
    application.login("news", "s3cret")
    application.send(wire(51, 1, checksum=False))
    login, response, _ = application.events()
    assert login == Traffic(is_ours=True, packet=Packet(1, 1, b"010:news\t011:s3cret\t"))
    assert response == Traffic(is_ours=False, packet=Packet(51, 1))


def test_verbs_may_be_used_within_callbacks():
    application = logged_in()
    first = application.alive()
    made = []
    first.on_settled(lambda _: made.append(application.submit(submit())))
    application.send(wire(90, 3))
    assert made[0].number == 5
    application.after(5, lambda: made.append(application.get()))
    application.send(wire(53, 5))
    application.read()
    application.clock.advance(5, application)
    assert heads(application.read()) == ["09:007"]
    application.send(wire(59, 7, b"501:261120120000\t"))
    assert made[1].result() == GetResponse(time=NOON)


def test_who_does_not_take_events_is_not_sent_more():
    application = logged_in()
    flood = b"".join(said(delivery(), n % 256) for n in range(0, 10_000, 2))
    application.send(flood)
    assert not application.want_input
    assert len(application._output.events) < 1100
    count, answered = 0, len(heads(application.read()))
    while events := application.events():
        count += len(events)
        answered += len(heads(application.read()))
    assert (count, answered) == (5000, 5000)
    assert application.want_input


def test_who_does_not_read_answers_is_given_up():
    application = logged_in(repeats=1, window=2)
    asked = [application.alive(), application.alive()]
    while application.want_input:
        application.send(wire(40, 0) + wire(40, 2))
    application.clock.advance(119, application)
    assert not application.closing
    application.clock.advance(1, application)
    assert application.get_result() is CloseReason.NO_RESPONSE
    assert application.ledger.unsent == tuple(asked)
    assert "40:003" not in heads(application.read())


@pytest.mark.parametrize("options", [{"alive_s": 0}, {"response_timeout_s": 0}])
def test_a_time_limit_of_nothing_is_refused(options):
    with pytest.raises(Misuse, match="a time limit has to be more than 0 s"):
        Application(**options)


def test_requests_wait_while_output_is_not_taken():
    application = logged_in(window=128)
    asked = [application.submit(submit("x" * 400)) for _ in range(128)]
    assert len(application._output) < 40_000
    data = b""
    while piece := application.read(5000):
        data += piece
    assert len(heads(data)) == 128
    assert [each.number for each in asked][-1] == 1


def test_alive_is_answered_however_it_looks():
    application = logged_in()
    application.send(b"\r\n\x0240:010\t3a\x03\r\nnoise")
    assert heads(application.read()) == ["90:010"]
    assert application.events() == []
