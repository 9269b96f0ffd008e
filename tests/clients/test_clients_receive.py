"""What every client does with deliveries and reports."""

import pytest
from client_kinds import PATIENCE_S, lose

from ohnecimd.clients.cimd import Delivery, Report
from ohnecimd.errors import Closed, Malformed, Misuse, NotAllowedNow
from ohnecimd.protocols.cimd.codes import ErrorCode, StatusCode
from ohnecimd.protocols.cimd.messages import DeliverMessage
from ohnecimd.protocols.cimd.text import Joiner, Reader

PHONE = "+358401234567"


def test_messages_come_with_their_text(connect, smsc):
    client = connect()
    smsc.inject("16700", PHONE, "Äiti_ €")
    smsc.inject("16700", PHONE, "Привет")
    smsc.inject("16700", None, b"\x01\xff")
    first, second, third = (client.next_delivery(PATIENCE_S) for _ in range(3))
    assert isinstance(first, Delivery)
    assert (first.text, first.originator, first.destination) == ("Äiti_ €", PHONE, "16700")
    assert first.timestamp == first.message.timestamp
    assert second.text == "Привет"
    assert (third.content, third.text, third.originator) == (b"\x01\xff", None, None)
    assert repr(first) == f"<Delivery from {PHONE} to 16700>"
    assert first.faults == ()


def test_reports_name_the_message_that_they_are_about(connect):
    client = connect()
    sent = client.submit_text(PHONE, "Hello", reports=14)
    report = client.next_delivery(PATIENCE_S)
    assert isinstance(report, Report)
    assert (report.destination, report.timestamp) == (PHONE, sent.timestamp)
    assert report.message.status is StatusCode.DELIVERED
    assert repr(report) == f"<Report on {PHONE} {sent.timestamp}: Delivery successful>"


def test_deliveries_and_reports_come_in_order_until_the_client_is_closed(connect, smsc):
    client = connect()
    for i in range(3):
        smsc.inject("16", PHONE, str(i))
    got = []
    for each in client.deliveries():
        got.append(each.text)
        if len(got) == 3:
            client.close()
    assert got == ["0", "1", "2"]
    with pytest.raises(Closed, match="the client is closed"):
        client.next_delivery()


def test_deliveries_can_end_when_nothing_comes(connect, smsc):
    client = connect()
    smsc.inject("16", PHONE, "Hi")
    assert [each.text for each in client.deliveries(0.2)] == ["Hi"]
    with pytest.raises(TimeoutError, match=r"nothing came within 0\.01 s"):
        client.next_delivery(0.01)
    with pytest.raises(TimeoutError):
        client.next_delivery(0)


def test_what_nobody_has_taken_is_not_answered(connect, smsc):
    client = connect()
    one, two = smsc.inject("16", PHONE, "1") + smsc.inject("16", PHONE, "2")
    client.next_delivery(PATIENCE_S)
    client.alive()
    assert (one.state, two.state) == ("delivered", "sent")
    client.next_delivery(PATIENCE_S)
    client.alive()
    assert two.state == "delivered"


def test_what_nobody_has_taken_comes_again_after_a_loss(connect, smsc, at_once):
    client = connect(reconnect=at_once())
    smsc.inject("16", PHONE, "1")
    (two,) = smsc.inject("16", PHONE, "2")
    smsc.wait_for(lambda: two.state == "sent")
    assert client.next_delivery(PATIENCE_S).text == "1"
    client.alive()
    lose(client, smsc)
    client.alive()
    assert [each.text for each in client.deliveries(0.2)] == ["2"]
    assert two.sendings == 2


def test_answers_may_be_given_at_once_up_to_a_limit(connect, smsc):
    client = connect(answering="at once", kept=2)
    posts = [smsc.inject("16", PHONE, str(i))[0] for i in range(4)]
    smsc.wait_for(lambda: posts[-1].state == "sent")
    client.alive()
    client.alive()
    assert [each.state for each in posts] == ["delivered", "delivered", "sent", "sent"]
    assert [client.next_delivery(PATIENCE_S).text for _ in range(4)] == ["0", "1", "2", "3"]
    client.alive()
    assert [each.state for each in posts] == ["delivered"] * 4


def test_what_is_answered_is_kept_when_the_connection_is_lost(connect, smsc):
    client = connect(answering="at once")
    (post,) = smsc.inject("16", PHONE, "Hi")
    client.alive()
    client.alive()
    assert post.state == "delivered"
    lose(client, smsc)
    incoming = client.deliveries()
    assert next(incoming).text == "Hi"
    with pytest.raises(Closed, match="end of input"):
        next(incoming)


def test_no_limit_is_no_option(connect):
    with pytest.raises(Misuse, match="1 or more have to be kept, not 0"):
        connect(kept=0)


def test_the_program_may_answer_by_hand(connect, smsc):
    client = connect(answering="by hand")
    one, two = smsc.inject("16", PHONE, "1") + smsc.inject("16", PHONE, "2")
    first, second = client.next_delivery(PATIENCE_S), client.next_delivery(PATIENCE_S)
    client.alive()
    assert (first.is_answered, one.state) == (False, "sent")
    second.refuse(ErrorCode.DELIVERY_CODING, "not today")
    first.accept()
    client.alive()
    assert (one.state, two.state) == ("delivered", "refused")
    assert two.error is ErrorCode.DELIVERY_CODING
    assert first.is_answered
    with pytest.raises(NotAllowedNow, match="answered already"):
        first.accept()


def test_nothing_can_be_answered_on_a_connection_that_is_lost(connect, smsc):
    client = connect(answering="by hand")
    smsc.inject("16", PHONE, "1")
    delivery = client.next_delivery(PATIENCE_S)
    smsc.disconnect()
    with pytest.raises(Closed):
        client.next_delivery(PATIENCE_S)
    with pytest.raises(NotAllowedNow, match="the session is over"):
        delivery.accept()


@pytest.mark.smsc(delivery_window=128)
def test_deliveries_that_nobody_takes_hold_nothing_up_and_are_bounded(connect, smsc, message):
    client = connect(window=10, emits_traffic=True)
    posts = [smsc.inject("16", PHONE, str(i))[0] for i in range(1000)]
    errands = client.submit_all(message(str(i)) for i in range(1500))
    assert all(each.state == "answered" for each in errands)
    assert sum(each.state == "sent" for each in posts) == 128
    taken = [client.next_delivery(PATIENCE_S).text for _ in range(1000)]
    assert taken == [str(i) for i in range(1000)]


# Long messages


def long_message(smsc, coding=None):
    return smsc.inject("16", PHONE, "Grüße " * 60, coding=coding)


def test_parts_are_joined(connect, smsc):
    client = connect(joiner=Joiner())
    posts = long_message(smsc)
    delivery = client.next_delivery(PATIENCE_S)
    assert delivery.text == "Grüße " * 60
    assert len(delivery.messages) == len(posts) > 1
    assert delivery.message is delivery.messages[0]
    assert delivery.missing == ()
    assert repr(delivery).endswith("3 parts>")
    client.alive()
    assert {each.state for each in posts} == {"delivered"}


@pytest.mark.smsc(delivery_window=1)
def test_parts_that_come_one_after_the_other_are_joined_and_the_last_is_answered_by_hand(
    connect, smsc
):
    client = connect(joiner=Joiner(), answering="by hand")
    posts = long_message(smsc)
    delivery = client.next_delivery(PATIENCE_S)
    assert delivery.text == "Grüße " * 60
    assert [each.state for each in posts] == ["delivered", "delivered", "sent"]
    delivery.refuse(710)
    client.alive()
    assert [each.state for each in posts] == ["delivered", "delivered", "refused"]


def test_a_message_that_stays_incomplete_is_given_after_its_time(connect, smsc):
    client = connect(joiner=Joiner(timeout_s=0.1))
    smsc.inject("16", PHONE, "whole")
    smsc.inject("16", PHONE, "only one", header=bytes.fromhex("050003070302"))
    assert client.next_delivery(PATIENCE_S).text == "whole"
    delivery = client.next_delivery(PATIENCE_S)
    assert (delivery.text, delivery.missing) == ("only one", (1, 3))


def test_what_is_incomplete_at_the_end_is_given(connect, smsc):
    client = connect(joiner=Joiner())
    smsc.inject("16", PHONE, "only one", header=bytes.fromhex("050003070302"))
    with pytest.raises(TimeoutError):
        client.next_delivery(0.2)
    client.close()
    assert [(each.text, each.missing) for each in client.deliveries()] == [("only one", (1, 3))]


def test_a_strict_reader_complains_where_the_text_is_wanted(connect, smsc):
    bad = DeliverMessage("16", user_data=b"_zz")
    for options in ({"reader": Reader(strict=True)}, {"joiner": Joiner(Reader(strict=True))}):
        client = connect(**options)
        smsc.deliver("kannel", bad)
        delivery = client.next_delivery(PATIENCE_S)
        with pytest.raises(Malformed):
            delivery.text  # noqa: B018
        client.close()
