"""CIMD2: what became of requests: results, callbacks, and the ledger after every kind of end."""

from __future__ import annotations

import pytest
from talking import (
    CANCEL_ALL,
    ENQUIRY,
    delivery,
    exchange,
    heads,
    logged_in,
    packets,
    submit,
    welcoming,
    wire,
)

from ohnecimd.errors import Closed, Malformed, NoResult, NotAllowedNow
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.events import Answered, CloseReason, Denied, Stopped
from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState, Ledger, Lost, Refused
from ohnecimd.protocols.cimd.messages import AliveResponse, GeneralErrorResponse, Login, Set
from ohnecimd.protocols.cimd.refusals import SubmitRefusal
from ohnecimd.testing import FakeClock

ANSWERED, REFUSED, LOST, UNSENT = (
    ExchangeState.ANSWERED,
    ExchangeState.REFUSED,
    ExchangeState.LOST,
    ExchangeState.UNSENT,
)


def states(exchanges):
    return [each.state for each in exchanges]


def test_an_open_exchange_has_no_result():
    made = exchange()
    assert not made.is_settled
    with pytest.raises(NoResult, match="Alive is not answered yet"):
        made.result()


def test_callbacks_are_called_once_and_at_once_if_it_is_late():
    made, called = exchange(), []
    made.on_settled(called.append)
    made.on_settled(called.append)
    assert called == []
    made.settle(ANSWERED, response=AliveResponse())
    assert called == [made, made]
    made.on_settled(called.append)
    assert called == [made] * 3
    assert made.result() == AliveResponse()


def test_every_callback_is_called_whatever_another_raises():
    made, called = exchange(), []
    made.on_settled(lambda _: 1 / 0)
    made.on_settled(called.append)
    with pytest.raises(ZeroDivisionError):
        made.settle(ANSWERED, response=AliveResponse())
    assert called == [made]


@pytest.mark.parametrize(
    ("refusal", "text", "code", "is_temporary"),
    [
        (
            SubmitRefusal(error=10),
            "SubmitMessage was refused with error 10: Temporary congestion",
            ErrorCode.CONGESTION,
            True,
        ),
        (
            SubmitRefusal(error=999, text="no mood"),
            "SubmitMessage was refused with error 999: no mood",
            999,
            False,
        ),
        (GeneralErrorResponse(), "SubmitMessage was refused with a general error", None, False),
    ],
)
def test_a_refusal_says_what_and_why(refusal, text, code, is_temporary):
    error = Refused(submit(), refusal)
    assert (str(error), error.code, error.is_temporary) == (text, code, is_temporary)


# The ledger


def test_the_ledger_says_what_left_and_what_did_not():
    application = logged_in(window=3)
    asked = [application.submit(submit(text)) for text in "abcde"]
    size = len(application.read()) // 3
    application.send(wire(53, 5, b"021:1\t060:261120120000\t"))
    assert application.read(size - 1)  # the fourth has left but for its last byte
    assert states(asked) == ["sent", "answered", "sent", "sent", "queued"]
    ledger = application.ledger
    assert ledger.answered[1:] == (asked[1],)
    assert (ledger.unanswered, ledger.unsent) == ((asked[0], asked[2]), (asked[3], asked[4]))
    assert ledger.answered_count == 2


def test_a_request_has_left_with_the_last_byte_of_its_packet():
    application = logged_in()
    asked = application.alive()
    for _ in range(len(wire(40, 3))):
        assert application.ledger.unsent == (asked,)
        application.read(1)
    assert application.ledger.unanswered == (asked,)


ENDS = {
    "end of input": lambda it: it.send_eof(),
    "close": lambda it: it.close(),
    "stop": lambda it: it.stop(),
    "silence": lambda it: it.clock.advance(1000, it),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("taken", range(0, 60, 4))
def test_after_every_end_what_never_left_never_will(end, taken):
    application = logged_in(window=2)
    size = len(wire(3, 3, b"021:+358401234567\t033:a\t"))
    asked = [application.submit(submit(text)) for text in "abc"]
    called = []
    for each in asked:
        each.on_settled(called.append)
    read = application.read(taken) if taken else b""
    ENDS[end](application)
    left = taken // size
    sent = heads(read + application.read())
    assert sent[:left] == ["03:003", "03:005"][:left]
    assert set(sent[left:]) <= set(sent[:left])  # nothing but repeats
    assert states(asked) == [LOST] * left + [UNSENT] * (3 - left)
    assert [each.number for each in asked] == [3, 5][:left] + [None] * (3 - left)
    assert called == asked
    for each in asked:
        with pytest.raises(Lost) as caught:
            each.result()
        assert caught.value.was_sent is (each.state is LOST)
    assert application.ledger == Ledger(
        application.ledger.answered, tuple(asked[:left]), tuple(asked[left:]), 1
    )


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("end of input", CloseReason.END_OF_INPUT),
        ("close", CloseReason.CLOSED),
        ("stop", CloseReason.STOPPED),
        ("silence", CloseReason.NO_RESPONSE),
    ],
)
@pytest.mark.parametrize("side", [logged_in, welcoming])
def test_the_last_event_says_that_it_is_over_and_nothing_can_be_asked_then(end, reason, side):
    session = side()
    asked = session.alive()
    session.read()
    ENDS[end](session)
    event = session.events()[-1]
    assert event == Stopped(session.ledger, reason)
    assert event.ledger.unanswered == (asked,)
    assert session.closing
    assert session.is_over
    assert (session.has_result, isinstance(session.error, Closed)) == (
        (False, True) if end == "close" else (True, False)
    )
    for verb in (session.alive, session.nack, lambda: session.after(1, print)):
        with pytest.raises(NotAllowedNow, match="the session is over"):
            verb()
    assert session.deadline is None
    assert reason in str(asked.error)


def test_answers_can_still_be_read_when_requests_are_taken_back():
    application = logged_in()
    application.send(wire(40, 0))
    asked = application.alive()
    application.send(wire(20, 2, b"021:1\t023:2\t060:261120120000\t"))
    application.send_eof()
    assert heads(application.read()) == ["90:000", "70:002"]
    assert application.ledger.unsent == (asked,)


def test_a_callback_that_fails_ends_the_session_and_the_rest_is_told():
    application = logged_in(window=2)
    first, second = application.alive(), application.alive()
    first.on_settled(lambda _: 1 / 0)
    application.read()
    with pytest.raises(ZeroDivisionError):
        application.send(wire(90, 3))
    assert (first.state, second.state) == (ANSWERED, LOST)
    assert application.events()[-1].reason is CloseReason.CLOSED


def test_at_the_end_everybody_is_told_whatever_a_callback_raises():
    application = logged_in()
    first, second = application.alive(), application.alive()
    first.on_settled(lambda _: 1 / 0)
    told = []
    second.on_settled(told.append)
    with pytest.raises(ZeroDivisionError):
        application.close()
    assert told == [second]
    assert application.events()[-1].ledger.unsent == (first, second)


def test_the_ledger_names_the_last_answered_and_counts_all():
    application = logged_in(ledger_size=2)
    asked = []
    for number in (3, 5, 7):
        asked.append(application.alive())
        application.send(wire(90, number))
    assert application.ledger == Ledger(tuple(asked[1:]), (), (), 4)


def test_a_login_that_is_refused_leaves_what_waited_for_it_unsent():
    application = Application(window=5, clock=FakeClock())
    login = application.login("news", "wrong")
    waiting = [application.submit(submit()), application.ask(CANCEL_ALL)]
    assert heads(application.read()) == ["01:001"]
    application.send(wire(51, 1, b"900:100\t901:No\t"))
    assert login.error.code is ErrorCode.INVALID_LOGIN
    assert states(waiting) == [UNSENT, UNSENT]
    assert application.events() == [Denied(login), Denied(waiting[0]), Denied(waiting[1])]
    assert str(waiting[0].error) == "SubmitMessage never left: the login was refused"
    assert application.ledger.unsent == tuple(waiting)
    assert application.state == "connected"
    again = application.login("news", "s3cret")
    later = application.ask(ENQUIRY)
    assert heads(application.read()) == ["01:001"]
    application.send(wire(51, 1))
    assert heads(application.read()) == ["04:003"]
    assert application.ledger == Ledger((login, again), (later,), tuple(waiting), 2)


def test_an_answer_that_cannot_be_read_settles_its_request_with_the_fault():
    application = logged_in()
    asked = application.ask(ENQUIRY)
    application.read()
    application.send(wire(54, 3, b"021:1\t"))
    assert application.events() == [Denied(asked)]
    with pytest.raises(Malformed, match="parameter 061 is missing"):
        asked.result()
    assert asked.state is REFUSED


def test_what_was_overlooked_in_an_answer_is_told():
    application = logged_in()
    asked = application.ask(ENQUIRY)
    application.read()
    application.send(wire(54, 3, b"061:77\t"))
    assert application.events() == [Answered(asked)]
    assert "parameter 061" in str(asked.faults[0])


# Secrets


def test_passwords_show_nowhere():
    clock = FakeClock()
    application = Application(clock=clock, emits_traffic=True)
    center = Center(None, clock=clock, emits_traffic=True)
    seen = [application, application.login("news", "s3cret")]
    center.send(application.read())
    login = center.events()
    seen += [center, *login]
    center.answer(login[-1])
    application.send(center.read())
    asked = application.set("s3cret")
    seen += [asked, *application.events()]
    center.send(application.read())
    seen += center.events()
    center.refuse(login := seen[-1], 800)
    assert login.message == Set("s3cret")
    application.send(center.read())
    seen += [asked.error, *application.events(), application.ledger]
    other = Application(clock=clock)
    lost = other.login("news", "s3cret")
    other.close()
    seen += [lost, lost.error, *other.events()]
    shown = "".join(f"{each!r} {each}" for each in seen) + repr(application.trace)
    assert "s3cret" not in shown
    assert "Login" in shown
    assert Login("news", "s3cret").password == "s3cret"


def test_a_password_that_does_not_fit_is_not_shown_either():
    center = welcoming()
    center.send(wire(8, 3, b"011:" + b"s3cret" * 9 + b"\t"))
    (event,) = center.events()
    assert "s3cret" not in repr(event) + str(event.message)
    assert packets(center.read())[0][:2] == (58, 3)


def test_exchanges_show_what_and_where():
    application = logged_in()
    assert repr(application.submit(submit())) == "<Exchange: SubmitMessage 003 sent>"
    assert repr(application.submit(submit())) == "<Exchange: SubmitMessage queued>"
    assert isinstance(welcoming().deliver(delivery()), Exchange)
