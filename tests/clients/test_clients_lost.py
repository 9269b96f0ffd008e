"""What every client does when a connection is lost."""

import contextlib

import pytest
from client_kinds import PATIENCE_S, begin_all, lose

from ohnecimd.clients.cimd import Lost, Refused
from ohnecimd.errors import Closed, FieldError, NotAllowedNow
from ohnecimd.protocols.cimd.events import Answered


def texts(smsc):
    return [each.text for each in smsc.submitted]


def begin(client, message, count=4):
    return begin_all(client, [message(str(i)) for i in range(count)])


def test_without_a_policy_the_loss_is_the_end_and_everybody_is_told(connect, smsc, message):
    smsc.faults.add("close:submit-message:nth=2")
    losses = []
    client = connect(on_lost=lambda *loss: losses.append(loss))
    answered, sent, *queued = begin(client, message)
    assert client.wait(answered).timestamp is not None
    with pytest.raises(Lost, match="was sent and not answered: the connection is lost") as caught:
        client.wait(sent)
    assert caught.value.was_sent
    for each in queued:
        with pytest.raises(Lost, match="never left"):
            client.wait(each)
    assert client.state == "over"
    with pytest.raises(Lost, match="SubmitMessage never left: the connection is lost: end of in"):
        client.submit(message())
    with pytest.raises(Closed, match="the connection is lost"):
        list(client.deliveries())
    ((ledger, error),) = losses
    assert client.ledgers == [ledger]
    assert isinstance(error, Closed)
    assert [each.request for each in ledger.answered][1:] == [answered.request]
    assert [each.request for each in ledger.unanswered] == [sent.request]
    assert [each.request for each in ledger.unsent] == [each.request for each in queued]


def test_what_never_left_is_sent_again_and_what_was_sent_is_lost(connect, smsc, message, at_once):
    smsc.faults.add("close:submit-message:nth=2")
    client = connect(reconnect=at_once())
    answered, sent, *queued = begin(client, message)
    for each in (answered, *queued):
        assert client.wait(each).timestamp is not None
    with pytest.raises(Lost) as caught:
        client.wait(sent)
    assert caught.value.was_sent
    assert texts(smsc) == ["0", "2", "3"]
    assert len(client.ledgers) == 1
    assert client.state == "logged in"
    assert client.ledger.answered_count == 3  # the second login, and two messages


def test_what_was_sent_is_sent_again_if_that_is_wanted(connect, smsc, message, at_once):
    smsc.faults.add("close:submit-message:nth=2")
    client = connect(reconnect=at_once(resends_unanswered=True), window=2)
    errands = begin(client, message)
    for each in errands:
        assert client.wait(each).timestamp is not None
    assert texts(smsc) == ["0", "1", "2", "3"]


def test_what_was_sent_again_and_is_lost_for_good_counts_as_sent(connect, smsc, message, at_once):
    smsc.faults.add("close:submit-message:nth=1")
    smsc.faults.add("close:login:nth=2")
    client = connect(reconnect=at_once(resends_unanswered=True, attempts=1))
    with pytest.raises(Lost, match="was sent and not answered") as caught:
        client.submit(message())
    assert caught.value.was_sent


def test_parts_of_a_text_survive_a_loss(connect, smsc, at_once):
    smsc.faults.add("close:submit-message:nth=2")
    client = connect(reconnect=at_once(resends_unanswered=True))
    assert len(client.submit_text("+35840", "x" * 400).responses) == 3
    assert "".join(texts(smsc)) == "x" * 400


def test_a_client_that_comes_back_again_and_again_loses_nothing(connect, smsc, message, at_once):
    smsc.faults.add("close:submit-message:every=7")
    client = connect(reconnect=at_once(resends_unanswered=True), window=5)
    errands = begin(client, message, 40)
    for each in errands:
        client.wait(each)
    assert set(texts(smsc)) == {str(i) for i in range(40)}
    assert 1 < len(client.ledgers) <= 8


def test_deliveries_go_on_after_a_loss(connect, smsc, at_once):
    client = connect(reconnect=at_once())
    smsc.inject("16", "+35850", "before")
    incoming = client.deliveries()
    assert next(incoming).text == "before"
    client.alive()
    lose(client, smsc)
    smsc.inject("16", "+35850", "after")
    assert next(incoming).text == "after"


def test_a_login_that_is_refused_for_good_is_not_tried_again(connect, smsc, message, at_once):
    client = connect(reconnect=at_once())
    smsc.faults.add("refuse=100:login")
    smsc.disconnect()
    with pytest.raises(Refused, match="error 100"):
        client.next_delivery(PATIENCE_S)
    with pytest.raises(Lost, match="never left: Login was refused with error 100"):
        client.submit(message())
    assert [p.operation for _, p in smsc.packets].count(1) == 2


def test_a_login_that_is_refused_for_now_is_tried_again(connect, smsc, message, at_once):
    client = connect(reconnect=at_once())
    smsc.faults.add("refuse=102:login:times=2")
    lose(client, smsc)
    client.wait(client.begin_submit(message()))
    assert [p.operation for _, p in smsc.packets].count(1) == 4


def test_attempts_come_to_an_end(connect, smsc, message, at_once):
    waits = []
    client = connect(
        reconnect=at_once(first_s=1.0, growth=2.0, jitter=lambda s: waits.append(s) or 0.0)
    )
    smsc.stop()
    with pytest.raises(ConnectionRefusedError):
        client.next_delivery(PATIENCE_S)
    assert waits == [1.0, 2.0, 4.0]
    with pytest.raises(Lost, match="never left"):
        client.submit(message())
    assert client.state == "over"


def test_requests_wait_for_the_next_connection_and_are_checked_at_once(
    connect, smsc, message, at_once
):
    client = connect(reconnect=at_once(first_s=1000.0, most_s=1000.0, jitter=lambda s: s))
    lose(client, smsc)
    errand = client.begin_submit(message())
    with pytest.raises(TimeoutError):
        client.wait(errand, 0.05)
    assert client.state == "lost"
    with pytest.raises(FieldError):
        client.begin_submit(message(to="nobody"))
    assert repr(errand) == "<Errand: SubmitMessage queued>"
    client.close()
    with pytest.raises(Lost, match="never left: the client is closed"):
        errand.result()
    assert errand.state == "unsent"


def test_a_center_that_never_answers_is_given_up(connect, smsc, message):
    smsc.faults.add("ignore:submit-message")
    client = connect(response_timeout_s=0.03, repeats=2)
    with pytest.raises(Lost, match="the connection is lost: no response"):
        client.submit(message())


def test_who_is_told_of_a_loss_may_ask_for_the_end(connect, smsc, message, at_once):
    def on_lost(ledger, error):
        raise RuntimeError("no more")

    smsc.faults.add("close:submit-message:nth=1")
    client = connect(reconnect=at_once(resends_unanswered=True), on_lost=on_lost)
    with pytest.raises(Lost, match="not answered: the callback on_lost failed: no more"):
        client.submit(message())
    with pytest.raises(Lost, match="never left: the callback on_lost failed: no more"):
        client.submit(message())
    with pytest.raises(RuntimeError, match="no more"):
        client.next_delivery(PATIENCE_S)


def test_what_on_lost_raises_is_no_error_of_the_connection(connect, smsc, at_once):
    def on_lost(ledger, error):
        raise OSError("a full disk")

    client = connect(reconnect=at_once(), on_lost=on_lost)
    smsc.disconnect()
    with pytest.raises(OSError, match="a full disk"):
        client.next_delivery(PATIENCE_S)
    assert client.state == "over"
    assert [p.operation for _, p in smsc.packets].count(1) == 1


def test_an_error_of_the_program_ends_the_client(connect, message, at_once):
    def on_event(event):
        if isinstance(event, Answered) and event.exchange.number == 3:
            raise RuntimeError("a bug")

    client = connect(reconnect=at_once(), on_event=on_event)
    client.submit(message())
    with pytest.raises(Lost, match="a bug"):
        client.submit(message())
    with pytest.raises(RuntimeError, match="a bug"):
        client.next_delivery(PATIENCE_S)


def test_an_error_of_the_policy_ends_the_client(connect, smsc, message, at_once):
    client = connect(reconnect=at_once(jitter=lambda delay_s: delay_s / 0))
    with contextlib.suppress(ZeroDivisionError):
        lose(client, smsc)
    with pytest.raises(ZeroDivisionError):
        client.next_delivery(PATIENCE_S)
    with pytest.raises(Lost):
        client.submit(message())


def test_nobody_can_log_out_of_a_connection_that_is_lost(connect, smsc, at_once):
    client = connect(reconnect=at_once(first_s=1000.0, most_s=1000.0, jitter=lambda s: s))
    lose(client, smsc)
    with pytest.raises(NotAllowedNow, match="nobody is logged in"):
        client.logout()
    assert client.state == "lost"


def test_an_error_of_a_callback_ends_the_client_and_the_others_are_told(
    connect, smsc, message, at_once
):
    def fail(_):
        raise RuntimeError("a bug")

    smsc.faults.add("close:submit-message:nth=1")
    client = connect(reconnect=at_once())
    first, second = begin(client, message, 2)
    first.on_settled(fail)
    with pytest.raises(Lost):
        client.wait(second)
    assert first.is_settled
    with pytest.raises(RuntimeError, match="a bug"):
        client.next_delivery(PATIENCE_S)
