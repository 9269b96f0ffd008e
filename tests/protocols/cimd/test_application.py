"""CIMD2: the application's side."""

from __future__ import annotations

import pytest
from talking import (
    NOON,
    PHONE,
    delivery,
    heads,
    logged_in,
    packets,
    said,
    submit,
    wire,
)

from ohnecimd.errors import FieldError, Misuse, NotAllowedNow
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.codes import CancelMode
from ohnecimd.protocols.cimd.events import (
    CloseReason,
    Rejected,
)
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.messages import (
    AliveResponse,
)
from ohnecimd.tables import Unknown
from ohnecimd.testing import (
    FakeClock,
)

DELIVERY = b"021:16700\t023:+358401234567\t060:261120120000\t033:Hi\t"


def kinds(application):
    return [type(event) for event in application.events()]


# Login


def test_a_window_is_asked_for_and_granted_with_the_login():
    application = Application()
    application.login("news", "s3cret", window=3, subaddress=1)
    asked = [application.submit(submit()) for _ in range(5)]
    assert packets(application.read()) == [(1, 1, b"010:news\t011:s3cret\t012:1\t019:3\t")]
    application.send(wire(51, 1))
    assert heads(application.read()) == ["03:003", "03:005", "03:007"]
    assert [str(each.state) for each in asked] == ["sent"] * 3 + ["queued"] * 2


def test_a_window_of_one_is_not_mentioned():
    application = Application()
    application.login("news", "s3cret")
    assert packets(application.read()) == [(1, 1, b"010:news\t011:s3cret\t")]


def test_before_the_login_nothing_else_is_asked():
    application = Application()
    for verb in (application.alive, application.logout, lambda: application.submit(submit())):
        with pytest.raises(NotAllowedNow, match="may not be sent in the state 'connected'"):
            verb()
    assert application.read() == b""


def test_nobody_logs_in_twice():
    application = Application()
    application.login("news", "s3cret")
    with pytest.raises(NotAllowedNow, match="Login may not be sent in the state 'logging in'"):
        application.login("news", "s3cret")
    with pytest.raises(NotAllowedNow, match="Login may not be sent in the state 'logged in'"):
        logged_in().login("news", "s3cret")


@pytest.mark.parametrize("window", [0, 129, -1])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(Misuse, match=r"a window has 1\.\.128 requests"):
        Application(window=window)
    with pytest.raises(FieldError):
        Application().login("news", "s3cret", window=window)


def test_a_value_that_does_not_fit_is_refused_and_nothing_is_asked():
    application = logged_in()
    with pytest.raises(FieldError):
        application.submit(submit(destination="not a number"))
    assert application.read() == b""
    assert application.ledger.unsent == ()


def test_what_the_center_asks_before_the_login_is_refused():
    application = Application()
    application.send(wire(20, 0, DELIVERY) + wire(40, 2) + wire(33, 4))
    refusal = b"900:1\t901:Unexpected operation\t"
    assert packets(application.read()) == [
        (70, 0, refusal),
        (90, 2, refusal),
        (83, 4, refusal),
    ]
    assert kinds(application) == [Rejected] * 3


def test_the_numbers_of_the_center_begin_anew_with_the_login():
    application = Application(is_strict=True)
    application.send(wire(40, 0))
    application.login("news", "s3cret")
    application.send(wire(51, 1) + wire(40, 0))
    assert packets(application.read())[-1] == (90, 0, b"")


# Greeting

GREETING = b"CIMD2-A ConnectionInfo: SessionId = 2256\n"


def test_a_greeting_is_skipped():
    application = Application()
    application.login("news", "s3cret")
    assert heads(application.read()) == ["01:001"]
    application.send(GREETING + wire(51, 1))
    assert application.state == "logged in"
    assert application.events()[0] == Noise(GREETING, 0)


@pytest.mark.parametrize("first", [GREETING, b"\n", b"C", wire(40, 0)])
@pytest.mark.parametrize("early", [True, False])
def test_a_greeting_is_awaited_if_that_is_wanted(first, early):
    application = Application(greeting="await", clock=FakeClock())
    if early:
        application.login("news", "s3cret")
        assert application.read() == b""
    application.send(first[:1])
    if not early:
        application.login("news", "s3cret")
    assert heads(application.read()) == ["01:001"]
    application.send(first[1:] + wire(51, 1))
    assert application.state == "logged in"


def test_after_the_greeting_nothing_is_awaited():
    application = Application(greeting="await", clock=FakeClock())
    application.login("news", "s3cret")
    application.send(GREETING + wire(51, 1))
    assert (application.state, application.deadline) == ("logged in", None)


def test_no_greeting_is_awaited_for_ever():
    clock = FakeClock()
    application = Application(greeting="await", response_timeout_s=7, clock=clock)
    login = application.login("news", "s3cret")
    clock.advance(6.9, application)
    assert application.read() == b""
    clock.advance(0.1, application)
    assert heads(application.read()) == ["01:001"]
    assert login.sendings == 1


# Logout


def test_the_logout_waits_for_what_was_asked_before():
    application = logged_in(window=5)
    asked = [application.alive(), application.alive()]
    logout = application.logout()
    with pytest.raises(NotAllowedNow, match="nothing may be asked after the logout"):
        application.alive()
    assert heads(application.read()) == ["40:003", "40:005"]
    application.send(wire(90, 3) + wire(90, 5))
    assert heads(application.read()) == ["02:007"]
    application.send(said(delivery(), 0) + wire(40, 2))
    assert packets(application.read()) == [(70, 0, b""), (90, 2, b"")]
    application.send(wire(52, 7))
    assert application.get_result() is CloseReason.LOGGED_OUT
    assert application.ledger.answered[1:] == (*asked, logout)


def test_a_logout_may_be_asked_for_before_the_login_is_answered():
    for answer, state in ((wire(51, 1), "logging out"), (wire(51, 1, b"900:100\t"), "connected")):
        application = Application()
        application.login("news", "s3cret")
        submitted, logout = application.submit(submit()), application.logout()
        with pytest.raises(NotAllowedNow, match="nothing may be asked after the logout"):
            application.alive()
        application.send(answer)
        application.send(wire(53, 3))
        assert application.state == state
        if state == "connected":
            assert [str(each.state) for each in (submitted, logout)] == ["unsent"] * 2
            application.login("news", "s3cret")
        else:
            with pytest.raises(NotAllowedNow, match="nothing may be asked after the logout"):
                application.alive()


@pytest.mark.parametrize("answer", [wire(52, 3, b"900:9\t"), wire(98, 3, b"900:1\t")])
def test_after_a_logout_that_is_refused_it_goes_on(answer):
    application = logged_in()
    logout = application.logout()
    application.read()
    application.send(answer)
    assert logout.error is not None
    assert application.state == "logged in"
    application.alive()
    assert heads(application.read()) == ["40:005"]


# Verbs


def test_verbs_are_requests():
    application = logged_in(window=9)
    application.enquire(PHONE, NOON)
    application.cancel()
    application.cancel(PHONE)
    application.cancel(PHONE, NOON)
    application.cancel(PHONE, mode=CancelMode.ALL)
    application.delivery_request()
    application.get()
    application.set("other")
    application.ask(Unknown(7, b"033:?\t"))
    assert packets(application.read()) == [
        (4, 3, b"021:+358401234567\t060:261120120000\t"),
        (6, 5, b"059:1\t"),
        (6, 7, b"059:0\t021:+358401234567\t"),
        (6, 9, b"059:2\t021:+358401234567\t060:261120120000\t"),
        (6, 11, b"059:1\t021:+358401234567\t"),
        (5, 13, b"068:1\t"),
        (9, 15, b"500:501\t"),
        (8, 17, b"011:other\t"),
        (7, 19, b"033:?\t"),
    ]


def test_only_requests_are_asked():
    application = logged_in()
    for thing in (AliveResponse(), Unknown(53, b""), Unknown(-1, b"")):
        with pytest.raises(Misuse, match="is no request"):
            application.ask(thing)
    with pytest.raises(NotAllowedNow, match="DeliverMessage may not be sent by the application"):
        application.ask(delivery())


def test_what_nobody_knows_may_get_any_answer():
    application = logged_in()
    asked = application.ask(Unknown(7, b""))
    application.send(wire(57, 3, b"033:!\t"))
    assert asked.result() == Unknown(57, b"033:!\t")


def test_a_text_is_one_message_or_several_with_one_result():
    application = logged_in(window=9, first_reference=255)
    short = application.submit_text(PHONE, "Hi", originator="700")
    long = application.submit_text([PHONE, "123"], "x" * 200, reports=14)
    other = application.submit_text(PHONE, "\u044f" * 71)
    sent = packets(application.read())
    assert [number for _, number, _ in sent] == [3, 5, 7, 9, 11]
    assert sent[0][2] == b"021:+358401234567\t023:700\t033:Hi\t"
    assert sent[1][2].startswith(b"021:+358401234567\t021:123\t032:050003FF0201\t033:xxx")
    assert b"\t044:1\t" in sent[1][2]
    assert b"\t044:" not in sent[2][2]
    assert b"032:050003000201" in sent[3][2]
    settled = []
    for submission in (short, long, other):
        submission.on_settled(settled.append)
    application.send(wire(53, 7, b"021:1\t060:261120120007\t"))
    assert (settled, long.is_settled) == ([], False)
    application.send(wire(53, 5, b"021:1\t060:261120120005\t"))
    assert settled == [long]
    assert (long.result().destination, long.result().timestamp.second) == ("1", 5)
    assert [each.timestamp.second for each in long.result().responses] == [5, 7]
    application.send(wire(53, 9) + wire(53, 11, b"900:10\t"))
    assert settled == [long, other]
    other.on_settled(settled.append)
    assert settled[-1] is other
    with pytest.raises(Exception, match="error 10: Temporary congestion"):
        other.result()
    assert repr(other) == "<Submission: answered, refused>"


def test_octets_are_submitted_as_they_are():
    application = logged_in()
    application.submit_text(PHONE, b"\0\1\2")
    assert packets(application.read())[0][2] == b"021:+358401234567\t030:4\t034:000102\t"


def test_a_text_is_refused_as_a_submit_is():
    with pytest.raises(NotAllowedNow):
        Application().submit_text(PHONE, "Hi")
    application = logged_in()
    with pytest.raises(FieldError):
        application.submit_text("nobody", "x" * 200)
    with pytest.raises(TypeError):
        application.submit_text(PHONE, "Hi", colour="red")
    assert application.read() == b""
