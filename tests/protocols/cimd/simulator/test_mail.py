"""Messages from phones and reports on their way to applications."""

import datetime as dt

import pytest

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.codes import DeliveryMode, ErrorCode
from ohnecimd.protocols.cimd.events import Received
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.messages import DeliverMessage, DeliveryRequest, SubmitMessage
from ohnecimd.protocols.cimd.simulator import Account, AccountType, DeliveryState

QUERYING = ("news", "x", AccountType.QUERYING)


def texts(line):
    return [each.user_data.decode() for each in line.delivered]


def injected(here, *texts, to="16700", **how):
    """Send messages from a phone, and have them delivered."""
    sent = [delivery for text in texts for delivery in here.simulator.inject(to, "+4", text, **how)]
    here.run()
    return sent


def refused(line, exchange):
    with pytest.raises(Refused) as caught:
        line.ask(exchange)
    return caught.value.code


# What is sent


def test_a_message_from_a_phone_comes_at_once(world):
    here = world()
    line = here.login()
    (delivery,) = injected(here, "Äiti_")
    assert line.delivered == [
        DeliverMessage("16700", originator="+4", user_data=b'_A"iti_--', timestamp=here.now())
    ]
    assert (delivery.state, delivery.account, delivery.sendings) == (
        DeliveryState.DELIVERED, "kannel", 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "how", "expected"),
    [
        ("Пр", {}, (8, None, "Пр".encode("utf-16-be"))),
        ("Hi", {"coding": "ucs2"}, (8, None, b"\0H\0i")),
        ("Hi", {"coding": "packed"}, (None, None, b"\xc8\x34")),
        ("ä", {"coding": "8bit"}, (4, None, b"\xe4")),
        ("Hi", {"data_coding": 16}, (16, b"Hi", None)),
        ("Hi", {"data_coding": 25}, (25, None, b"\0H\0i")),
        (b"\0\xff", {}, (4, None, b"\0\xff")),
        (b"\0\xff", {"data_coding": 245}, (245, None, b"\0\xff")),
        (b"\xd8", {"coding": "ucs2"}, (8, None, b"\xd8")),
        ("", {}, (None, b"", None)),
    ],
)
def test_the_coding_can_be_chosen(world, content, how, expected):
    here = world()
    line = here.login()
    injected(here, content, **how)
    (found,) = line.delivered
    assert (found.data_coding, found.user_data, found.binary) == expected


def test_a_long_text_comes_in_parts(world):
    here = world()
    line = here.login()
    sent = injected(here, "x" * 300, header=bytes.fromhex("0605040B8423F0"))
    assert [len(each.user_data) for each in line.delivered] == [146, 146, 8]
    assert [each.header.hex() for each in line.delivered] == [
        "0b000301030105040b8423f0", "0b000301030205040b8423f0", "0b000301030305040b8423f0",
    ]  # fmt: skip
    assert len(sent) == 3
    injected(here, "y" * 161)
    assert [each.header.hex() for each in line.delivered[3:]] == ["050003020201", "050003020202"]


def test_number_sender_time_and_account_can_be_told(world):
    here = world(Account("news", "x"), Account("shop", "x"))
    news, shop = here.login("news", "x"), here.login("shop", "x")
    sent_at = dt.datetime.fromisoformat("2020-01-02T03:04:05")
    here.simulator.inject("+1701", None, "Hi", timestamp=sent_at)
    here.simulator.inject("17", "+5", "Ho", account="news")
    here.simulator.inject("999", "+5", "He")
    here.run()
    (found,) = shop.delivered
    assert (found.destination, found.originator, found.timestamp) == ("+1701", None, sent_at)
    assert [(each.destination, each.user_data) for each in news.delivered] == [
        ("17", b"Ho"), ("999", b"He"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"to": "x"}, "destination"),
        ({"sender": "x"}, "originator"),
        ({"coding": "morse"}, "expected one of default, ucs2, 8bit, packed, found 'morse'"),
        ({"content": "ж", "coding": "default"}, "text > \\[0\\]"),
        ({"header": b"\x07"}, "this is no user data header"),
        ({"data_coding": 256}, "0..255"),
        ({"content": "x" * 40000}, "there can be 255"),
    ],
)
def test_what_cannot_be_sent_is_told_and_nothing_is(world, values, message):
    here = world()
    line = here.login()
    with pytest.raises(FieldError, match=message):
        here.simulator.inject(**({"to": "16", "sender": "+4", "content": "Hi"} | values))
    here.run()
    assert line.delivered == []


def test_who_takes_no_messages_gets_none(world):
    here = world(Account("news", "x", AccountType.SEND_ONLY))
    with pytest.raises(ValueError, match="the account 'news' is send-only: it takes no messages"):
        here.simulator.inject("16", "+4", "Hi")
    with pytest.raises(ValueError, match="there is no account 'shop'"):
        here.simulator.inject("16", "+4", "Hi", account="shop")
    line = here.login("news", "x")
    assert refused(line, line.app.delivery_request(DeliveryMode.ALL)) == (
        ErrorCode.UNEXPECTED_OPERATION
    )


# Waiting


def test_messages_wait_for_the_login(world):
    here = world()
    injected(here, "one", "two")
    assert here.simulator.waiting("kannel") == 2
    line = here.login()
    here.advance(0)
    assert texts(line) == ["one", "two"]
    assert here.simulator.waiting("kannel") == 0


def test_only_so_many_go_out_without_an_answer(world):
    here = world(delivery_window=2)
    line = here.login(answers=False)
    injected(here, "one", "two", "three")
    assert texts(line) == ["one", "two"]
    first = next(each for each in line.pair.client_events if isinstance(each, Received))
    line.app.answer(first)
    here.run()
    assert texts(line) == ["one", "two", "three"]


def test_what_was_not_answered_comes_again_in_its_order(world):
    here = world(delivery_window=2)
    line = here.login(answers=False)
    sent = injected(here, "one", "two", "three")
    second = [each for each in line.pair.client_events if isinstance(each, Received)][1]
    line.app.answer(second)
    here.run()
    line.lose()
    assert [each.state.name for each in sent] == ["WAITING", "DELIVERED", "WAITING"]
    again = here.login()
    here.advance(0)
    assert texts(again) == ["one", "three"]
    assert [(each.state.name, each.sendings) for each in sent] == [
        ("DELIVERED", 2), ("DELIVERED", 1), ("DELIVERED", 2),
    ]  # fmt: skip


def test_what_was_refused_is_kept_with_its_error_and_not_sent_again(world):
    here = world()
    line = here.login(answers=False)
    (delivery,) = injected(here, "one")
    line.app.refuse(line.pair.client_events[-1], ErrorCode.DELIVERY_SUBSCRIBER)
    here.run()
    assert (delivery.state, delivery.error) == (
        DeliveryState.REFUSED, ErrorCode.DELIVERY_SUBSCRIBER,
    )  # fmt: skip
    assert here.simulator.refused("kannel") == [delivery]
    line.lose()
    again = here.login()
    here.advance(0)
    assert again.delivered == []


def test_of_several_connections_that_one_gets_the_next_which_owes_the_fewest(world):
    here = world()
    first, second = here.login(answers=False), here.login(answers=False)
    injected(here, "one", "two", "three")
    assert (texts(first), texts(second)) == (["one", "three"], ["two"])


def test_what_one_connection_loses_another_gets(world):
    here = world()
    first, second = here.login(answers=False), here.login()
    (delivery,) = injected(here, "one")
    assert texts(first) == ["one"]
    first.lose()
    here.run()
    assert texts(second) == ["one"]
    assert delivery.state is DeliveryState.DELIVERED


def test_every_connection_with_something_to_say_is_woken(world):
    here = world()
    line = here.login()
    here.woken.clear()
    here.simulator.inject("16", "+4", "Hi")
    assert here.woken == [line.center]


# Reports


def test_a_report_goes_to_the_connection_of_its_message(world):
    here = world()
    lines = [here.login(), here.login(), here.login()]
    for line in lines[1:]:
        line.ask(line.app.submit(SubmitMessage(("+1",), reports=8)))
    here.advance(2)
    assert [len(line.reports) for line in lines] == [0, 1, 1]


def test_a_report_goes_to_another_connection_if_that_has_gone(world):
    here = world()
    first, second = here.login(), here.login()
    first.ask(first.app.submit(SubmitMessage(("+1",), reports=8)))
    first.lose()
    here.advance(2)
    assert len(second.reports) == 1


def test_reports_wait_for_the_login(world):
    here = world()
    line = here.login()
    stamp = line.ask(line.app.submit(SubmitMessage(("+1",), reports=8))).timestamp
    line.lose()
    here.clock.now += 3600
    again = here.login()
    here.advance(0)
    (report,) = again.reports
    assert (report.timestamp, report.discharge_time) == (stamp, stamp + dt.timedelta(seconds=1))


def test_a_send_only_application_gets_reports(world):
    here = world(Account("news", "x", AccountType.SEND_ONLY))
    line = here.login("news", "x")
    line.ask(line.app.submit(SubmitMessage(("+1",), reports=8)))
    here.advance(2)
    assert len(line.reports) == 1


# Querying


def test_a_querying_application_counts_and_fetches_its_messages(world):
    here = world(Account(*QUERYING))
    line = here.login("news", "x")
    injected(here, "one", "two", "three", "four")
    here.advance(1)
    assert line.delivered == []
    assert line.ask(line.app.delivery_request(DeliveryMode.COUNT)).count == 4
    line.ask(line.app.delivery_request(DeliveryMode.ONE))
    here.advance(0)
    assert texts(line) == ["one"]
    assert line.ask(line.app.delivery_request(DeliveryMode.COUNT)).count == 3
    line.ask(line.app.delivery_request(DeliveryMode.ALL))
    here.advance(0)
    assert texts(line) == ["one", "two", "three", "four"]


def test_the_mode_of_a_request_without_one_is_one_message(world):
    here = world(Account(*QUERYING))
    line = here.login("news", "x")
    injected(here, "one", "two")
    line.ask(line.app.ask(DeliveryRequest()))
    here.advance(0)
    assert texts(line) == ["one"]


@pytest.mark.parametrize("mode", [DeliveryMode.ONE, DeliveryMode.ALL])
@pytest.mark.parametrize("type_", [AccountType.QUERYING, AccountType.RECEIVING])
def test_where_nothing_waits_a_request_is_refused(world, mode, type_):
    line = world(Account("news", "x", type_)).login("news", "x")
    assert refused(line, line.app.delivery_request(mode)) == ErrorCode.NOT_FOUND
    assert line.ask(line.app.delivery_request(DeliveryMode.COUNT)).count == 0


def test_what_comes_after_a_request_for_all_waits_for_the_next(world):
    here = world(Account(*QUERYING))
    line = here.login("news", "x")
    injected(here, "one")
    line.ask(line.app.delivery_request(DeliveryMode.ALL))
    here.advance(0)
    injected(here, "two")
    assert texts(line) == ["one"]


def test_messages_go_to_the_connection_that_has_asked(world):
    here = world(Account(*QUERYING))
    first, second = here.login("news", "x"), here.login("news", "x")
    injected(here, "one", "two")
    second.ask(second.app.delivery_request(DeliveryMode.ALL))
    here.advance(0)
    assert (texts(first), texts(second)) == ([], ["one", "two"])


def test_reports_come_to_a_querying_application_by_themselves(world):
    here = world(Account(*QUERYING))
    line = here.login("news", "x")
    line.ask(line.app.submit(SubmitMessage(("+1",), reports=8)))
    here.advance(2)
    assert len(line.reports) == 1
