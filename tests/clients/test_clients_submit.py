"""What every client does with requests."""

import datetime as dt

import pytest
from client_kinds import PATIENCE_S, begin_all, lose

from ohnecimd.clients.cimd import Lost, Refused
from ohnecimd.errors import Closed, FieldError, Misuse, NoResult, NotAllowedNow
from ohnecimd.protocols.cimd.codes import CancelMode, ErrorCode, StatusCode
from ohnecimd.protocols.cimd.events import Answered, Stopped, Traffic
from ohnecimd.protocols.cimd.messages import Alive, Login, Logout
from ohnecimd.protocols.cimd.simulator import Account, AccountType, Fate

PHONE = "+358401234567"


def test_a_text_is_submitted_and_answered(connect, smsc):
    client = connect()
    sent = client.submit_text(PHONE, "Hello @ 5 €", originator="700")
    (message,) = smsc.submitted
    assert (message.text, message.destination) == ("Hello @ 5 €", PHONE)
    assert (sent.destination, sent.timestamp) == (PHONE, message.timestamp)


def test_a_long_text_has_one_answer_with_those_of_its_parts(connect, smsc):
    client = connect(window=2, first_reference=255)
    sent = client.submit_text([PHONE, "+35850"], "x" * 400)
    assert len(sent.responses) == 3
    assert sent.timestamp == sent.responses[0].timestamp
    assert "".join(m.text for m in smsc.submitted if m.destination == PHONE) == "x" * 400
    client.submit_text(PHONE, "y" * 200)
    headers = {m.message.header[3] for m in smsc.submitted if "y" in m.text}
    assert headers == {0}  # after 255


def test_a_refusal_is_raised_with_its_code_and_text(connect, smsc, message):
    smsc.faults.add("refuse=6:submit-message:times=1")
    client = connect()
    with pytest.raises(Refused, match="SubmitMessage was refused with error 6: ") as caught:
        client.submit(message())
    assert (caught.value.code, caught.value.is_temporary) == (ErrorCode.SYSTEM, True)
    smsc.faults.add("refuse=300:submit-message:times=1")
    with pytest.raises(Refused, match="error 300: Incorrect destination") as caught:
        client.submit(message())
    assert not caught.value.is_temporary
    assert client.submit(message()).timestamp is not None


def test_a_part_that_is_refused_is_raised_and_the_others_are_taken(connect, smsc):
    smsc.faults.add("refuse=4:submit-message:nth=2")
    client = connect(window=3)
    with pytest.raises(Refused, match="error 4"):
        client.submit_text(PHONE, "x" * 400)
    assert len(smsc.submitted) == 2


def test_a_general_error_is_a_refusal(connect, smsc, message):
    smsc.faults.add("98=9:submit-message")
    with pytest.raises(Refused, match="error 9"):
        connect().submit(message())


@pytest.mark.parametrize("window", [1, 10, 128])
def test_many_go_at_once_in_order_and_within_the_window(connect, smsc, message, window):
    traffic = []
    client = connect(window=window, emits_traffic=True, on_event=traffic.append)
    errands = client.submit_all(message(str(i)) for i in range(300))
    assert all(each.result().timestamp for each in errands)
    assert [m.text for m in smsc.submitted] == [str(i) for i in range(300)]
    waiting, most = set(), 0
    for packet in (each.packet for each in traffic if isinstance(each, Traffic)):
        if packet.operation == 3:
            assert packet.number not in waiting
            waiting.add(packet.number)
            most = max(most, len(waiting))
        elif packet.operation == 53:
            waiting.remove(packet.number)
    assert most == window


def test_each_of_many_has_its_own_answer(connect, smsc, message):
    smsc.faults.add("refuse=10:submit-message:every=2")
    first, second, third = connect(window=3).submit_all(message() for _ in range(3))
    assert first.result().timestamp < third.result().timestamp
    with pytest.raises(Refused):
        second.result()
    assert repr(second) == "<Errand: SubmitMessage refused>"


def test_what_is_begun_can_be_waited_for_later(connect, smsc, message):
    smsc.faults.add("delay=0.2:submit-message")
    client = connect(window=5)
    errand = client.begin_submit(message("one"))
    submission = client.begin_submit_text(PHONE, "two")
    assert not errand.is_settled
    with pytest.raises(NoResult, match="not answered yet"):
        errand.result()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        client.wait(errand, 0.01)
    with pytest.raises(TimeoutError):
        client.wait(submission, 0)
    answer = client.wait(errand, PATIENCE_S)
    assert client.wait(submission).timestamp > answer.timestamp
    assert client.wait(errand) is answer


def test_who_wants_to_be_called_is_called_once(connect, message):
    client = connect()
    called = []
    errand = client.begin_submit(message())
    errand.on_settled(called.append)
    client.wait(errand)
    errand.on_settled(called.append)
    assert called == [errand, errand]


def test_a_value_that_cannot_be_sent_is_refused_before_it_is(connect, smsc, message):
    client = connect()
    with pytest.raises(FieldError, match="destinations"):
        client.submit(message(to="not a number"))
    with pytest.raises(FieldError):
        client.submit_text(PHONE, "Привет", coding="default")
    client.alive()
    assert smsc.submitted == []


@pytest.mark.smsc(fate=Fate(delay_s=1000))
def test_questions_have_typed_answers(connect, smsc):
    client = connect()
    sent = client.submit_text(PHONE, "Hello", reports=14, cancel_enabled=True)
    asked = client.enquire(PHONE, sent.timestamp)
    assert asked.status is StatusCode.IN_PROCESS
    client.cancel(PHONE, sent.timestamp)
    assert client.enquire(PHONE, sent.timestamp).status is not StatusCode.IN_PROCESS
    client.submit_text(PHONE, "Hello", cancel_enabled=True)
    client.cancel(PHONE)
    client.submit_text(PHONE, "Hello", cancel_enabled=True)
    client.cancel()
    client.submit_text(PHONE, "Hello", cancel_enabled=True)
    client.cancel(PHONE, mode=CancelMode.DESTINATION)
    modes = [packet.get(59) for _, packet in smsc.packets if packet.operation == 6]
    assert modes == [b"2", b"0", b"1", b"0"]
    assert abs(client.get().time - dt.datetime.now()) < dt.timedelta(minutes=1)  # noqa: DTZ005
    client.alive()
    client.wait(client.begin(Alive()))


@pytest.mark.smsc([Account("kannel", "secret", AccountType.QUERYING)])
def test_waiting_messages_can_be_asked_for(connect, smsc):
    client = connect()
    smsc.inject("16", "+35850", "Hi")
    assert client.delivery_request(0).count == 1
    client.delivery_request()
    assert client.next_delivery(PATIENCE_S).text == "Hi"
    with pytest.raises(Refused, match="error 7"):
        client.delivery_request(2)


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice(
    connect, smsc, message
):
    smsc.faults.add("drop:submit-message:nth=1")
    client = connect(response_timeout_s=0.05)
    errand = client.begin_submit(message())
    client.wait(errand)
    assert errand.exchange.sendings == 2
    assert len(smsc.submitted) == 1


@pytest.mark.parametrize(
    "fault", ["nack:submit-message:nth=1", "checksum:submit-message:nth=1", "cut:submit-message"]
)
def test_trouble_on_the_way_is_overcome(connect, smsc, message, fault):
    smsc.faults.add(fault)
    client = connect(window=3, response_timeout_s=0.3)
    errands = client.submit_all(message(str(i)) for i in range(3))
    assert [each.state for each in errands] == ["answered"] * 3
    assert sorted(m.text for m in smsc.submitted) == ["0", "1", "2"]


@pytest.mark.smsc(greeting=b"CIMD2-A ConnectionInfo: SessionId = 7\n")
@pytest.mark.parametrize("greeting", ["skip", "await"])
def test_a_greeting_is_overlooked_or_awaited(connect, greeting):
    assert connect(greeting=greeting).state == "logged in"


# The login


@pytest.mark.smsc([Account("kannel", "secret"), Account("small", "secret", window=10)])
def test_a_login_that_is_refused_is_raised(connect, smsc):
    with pytest.raises(Refused, match="Login was refused with error 100: Invalid login"):
        connect(password="wrong-password")
    with pytest.raises(Refused, match="error 104"):
        connect(window=128, user="small", password="secret")
    smsc.wait_for(lambda: not smsc.logged_in)


def test_a_login_is_waited_for_no_longer_than_wanted(connect, smsc):
    smsc.faults.add("ignore:login")
    with pytest.raises(TimeoutError, match=r"^no answer to the login within 0\.05 s$"):
        connect(timeout_s=0.05)


def test_a_login_that_is_never_answered_ends_with_the_connection(connect, smsc):
    smsc.faults.add("close:login")
    with pytest.raises(Lost, match="Login was sent and not answered") as caught:
        connect()
    assert "secret" not in str(caught.value)


def test_nobody_there_is_an_os_error(kind, smsc):
    smsc.stop()
    with pytest.raises(ConnectionRefusedError):
        kind.connect(smsc.host, smsc.port, user="kannel", password="secret")


def test_user_and_password_are_checked_and_the_password_is_not_shown(connect):
    with pytest.raises(FieldError, match="user"):
        connect(user="u" * 33)
    with pytest.raises(FieldError, match="password") as caught:
        connect(password="hidden-" + "x" * 33)
    assert "hidden" not in str(caught.value)


def test_the_subaddress_is_said(connect, smsc):
    connect(subaddress=3)
    assert smsc.packets[0][1].get(12) == b"3"


def test_a_password_that_is_changed_is_used_for_the_next_login(connect, smsc, at_once):
    client = connect(reconnect=at_once())
    client.set("other")
    lose(client, smsc)
    client.alive()
    logins = [packet.get(11) for _, packet in smsc.packets if packet.operation == 1]
    assert logins == [b"secret", b"other"]


def test_a_password_that_may_not_be_changed_stays(connect, smsc, at_once):
    smsc.faults.add("refuse=801:set")
    client = connect(reconnect=at_once())
    with pytest.raises(Refused):
        client.set("other")
    lose(client, smsc)
    client.alive()


# The end


def test_logins_and_logouts_are_the_clients_own_business(connect):
    client = connect()
    for request in (Login("kannel", "secret"), Logout()):
        with pytest.raises(Misuse, match=r"out with logout\(\)"):
            client.begin(request)
    client.alive()


def test_a_logout_that_is_refused_closes_nevertheless(connect, smsc):
    smsc.faults.add("refuse=9:logout")
    client = connect()
    with pytest.raises(Refused, match="Logout was refused"):
        client.logout()
    smsc.wait_for(lambda: not smsc.logged_in)
    assert client.state == "over"


def test_a_logout_is_answered_and_nothing_may_be_asked_then(connect, message):
    client = connect()
    assert type(client.logout()).__name__ == "LogoutResponse"
    assert client.state == "over"
    with pytest.raises(Closed, match="the client is closed"):
        client.submit(message())
    with pytest.raises(NotAllowedNow):
        client.logout()


def test_closing_waits_for_what_was_asked_and_logs_out(connect, smsc, message):
    smsc.faults.add("delay=0.05:submit-message")
    events = []
    client = connect(window=2, on_event=events.append)
    errands = begin_all(client, [message() for _ in range(3)])
    client.close()
    client.close()
    assert [each.state for each in errands] == ["answered"] * 3
    assert [p.operation for _, p in smsc.packets][-2:] == [2, 52]
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "logged out"
    assert isinstance(events[0], Answered)
    assert smsc.trouble == []


def test_closing_waits_no_longer_than_wanted_and_the_rest_is_lost(connect, smsc, message):
    smsc.faults.add("ignore:submit-message")
    client = connect()
    sent, queued = begin_all(client, [message(), message()])
    client.close(0.05)
    with pytest.raises(Lost, match="SubmitMessage was sent and not answered: the client is closed"):
        sent.result()
    with pytest.raises(Lost, match="never left") as caught:
        queued.result()
    assert not caught.value.was_sent
    assert client.ledgers == []


def test_a_block_that_fails_closes_without_a_logout(connect, smsc):
    client = connect()
    client.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    smsc.wait_for(lambda: not smsc.logged_in)
    assert client.state == "over"
    assert 2 not in [p.operation for _, p in smsc.packets]


def test_a_block_that_ends_logs_out(connect, smsc):
    client = connect()
    client.__exit__(None, None, None)
    assert 2 in [p.operation for _, p in smsc.packets]


def test_the_password_shows_nowhere(connect, smsc):
    client = connect(password="secret")
    assert repr(client) == "<Client of 'kannel', logged in>"
    shown = [repr(client.ledger), repr(client.ledger.answered[0].request)]
    assert not any("secret" in each for each in shown)
    assert repr(client.ledger.answered[0]) == "<Exchange: Login 001 answered>"
