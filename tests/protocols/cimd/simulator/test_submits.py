import datetime as dt

import pytest

from ohnecimd.protocols.cimd.codes import ErrorCode, StatusCode, StatusError
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.messages import SubmitMessage
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.simulator import Account, Ending, Fate, Rule

PHONE = "+358401234567"
SECOND = dt.timedelta(seconds=1)


def message(*destinations, **values):
    return SubmitMessage(destinations or (PHONE,), **({"user_data": b"Hi"} | values))


def refused(line, request):
    exchange = line.app.submit(request)
    with pytest.raises(Refused) as caught:
        line.ask(exchange)
    return caught.value


def raw(line, body):
    """Send a submit that no application of ours would; return the parameters of the answer."""
    line.center.send(Packet(3, 3, body).encode())
    answer = line.center.read()
    return answer.split(b"\t")[1:-1]


def statuses(line):
    return [report.status.name for report in line.reports]


# What is stored


def test_a_message_is_there_as_it_was_submitted(world):
    line = world().login()
    response = line.ask(line.app.submit(message(user_data=b"Hi _Oa 5 _XXe!")))
    (stored,) = line.world.simulator.submitted
    assert (stored.destination, stored.account, stored.text) == (PHONE, "kannel", "Hi @ 5 €!")
    assert stored.timestamp == response.timestamp == line.world.now()
    assert stored.message.user_data == b"Hi _Oa 5 _XXe!"
    assert stored.status is StatusCode.IN_PROCESS


@pytest.mark.parametrize(
    ("values", "content"),
    [
        ({"user_data": None, "binary": "Пр".encode("utf-16-be"), "data_coding": 8}, "Пр"),
        ({"user_data": None, "binary": b"\0\xff", "data_coding": 4}, b"\0\xff"),
        ({"user_data": None, "binary": bytes.fromhex("C834")}, "Hi"),
        ({"user_data": None}, ""),
    ],
)
def test_all_codings_can_be_read(world, values, content):
    line = world().login()
    line.ask(line.app.submit(message(**values)))
    assert line.world.simulator.submitted[0].content == content


def test_octets_are_latin_1_if_they_have_to_be_text(world):
    line = world().login()
    line.ask(line.app.submit(message(user_data=None, binary=b"\xe4", data_coding=4)))
    assert line.world.simulator.submitted[0].text == "ä"


def test_messages_to_one_phone_within_a_second_have_different_stamps(world):
    line = world().login()
    stamps = [line.ask(line.app.submit(message())).timestamp for _ in range(3)]
    assert stamps == [stamps[0], stamps[0] + SECOND, stamps[0] + 2 * SECOND]


@pytest.mark.parametrize(
    ("is_whole", "originator", "sender"),
    [(False, None, "16"), (False, "700", "16700"), (True, "700", "700"), (True, None, "16")],
)
def test_the_sender_is_made_of_the_profile(world, is_whole, originator, sender):
    line = world(originator_is_whole=is_whole).login()
    line.ask(line.app.submit(message(originator=originator)))
    assert line.world.simulator.submitted[0].sender == sender


# What is refused


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"binary": b"x"}, ErrorCode.USER_DATA_COMBINATION),
        ({"data_coding": 8}, ErrorCode.DATA_CODING),
        ({"data_coding": 245}, ErrorCode.DATA_CODING),
        ({"user_data": b"x" * 161}, ErrorCode.USER_DATA),
        ({"user_data": b"x" * 154, "header": b"\5\0\3\1\2\1"}, ErrorCode.USER_DATA),
        ({"user_data": b"_XXe" * 81}, ErrorCode.USER_DATA),
        (
            {"user_data": None, "binary": b"x" * 135, "data_coding": 4, "header": b"\5\0\3\1\2\1"},
            ErrorCode.USER_DATA,
        ),
        ({"header": b"\6\0\3\1\2\1"}, ErrorCode.USER_DATA),
        (
            {"validity_relative": 5, "validity_absolute": dt.datetime.fromisoformat("2026-11-21")},
            ErrorCode.VALIDITY_PERIOD,
        ),
        ({"validity_absolute": dt.datetime.fromisoformat("2026-11-20")}, ErrorCode.VALIDITY_PERIOD),
        (
            {
                "first_delivery_relative": 5,
                "first_delivery_absolute": dt.datetime.fromisoformat("2026-11-21"),
            },
            ErrorCode.FIRST_DELIVERY,
        ),
        ({"validity_relative": 5, "first_delivery_relative": 5}, ErrorCode.FIRST_DELIVERY),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(world, values, code):
    line = world().login()
    assert refused(line, message(**values)).code == code
    assert line.world.simulator.submitted == []


@pytest.mark.parametrize(
    "values",
    [
        {"user_data": b"x" * 160},
        {"user_data": b"_XXe" * 80},
        {"user_data": b"x" * 153, "header": b"\5\0\3\1\2\1"},
        {"user_data": None, "binary": b"x" * 140, "data_coding": 4},
        {"user_data": b"flash", "data_coding": 16},
        {"validity_relative": -1, "first_delivery_relative": -1},
        {"first_delivery_absolute": dt.datetime.fromisoformat("2026-11-20")},
        {"user_data": b"a_b \xe2"},
        {"alphanumeric_originator": "MyShop"},
    ],
)
def test_what_just_fits_is_taken(world, values):
    line = world().login()
    assert line.ask(line.app.submit(message(**values))).destination == PHONE


@pytest.mark.parametrize("text", [b"a_b", b"\xe2", b"a_XX"])
def test_a_strict_center_refuses_text_without_meaning(world, text):
    line = world(is_strict=True).login()
    assert refused(line, message(user_data=text)).code == ErrorCode.USER_DATA


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"021:12x\t033:Hi\t", 300),
        (b"021:" + b"1" * 21 + b"\t033:Hi\t", 300),
        (b"021:+\t033:Hi\t", 300),
        (b"033:Hi\t", 300),
        (b"021:1\t023:12x\t033:Hi\t", 306),
        (b"021:1\t023:+\t033:Hi\t", 306),
        (b"021:1\t023:-\t033:Hi\t", 306),
        (b"021:-\t033:Hi\t", 300),
        (b"021:1\t030:256\t033:Hi\t", 304),
        (b"021:1\t034:ABC\t", 8),
        (b"021:1\t050:256\t033:Hi\t", 305),
        (b"021:1\t053:-2\t033:Hi\t", 308),
        (b"021:1\t055:2\t033:Hi\t", 309),
        (b"021:1\t056:256\t033:Hi\t", 310),
        (b"021:1\t058:2\t033:Hi\t", 311),
        (b"021:1\t067:10\t033:Hi\t", 312),
    ],
)
def test_values_out_of_range_have_an_error_of_their_own(world, body, code):
    line = world().login()
    assert raw(line, body)[0] == b"900:%d" % code
    assert line.world.simulator.submitted == []


def test_an_originator_in_letters_is_checked_by_a_strict_center(world):
    body = b"021:1\t027:K\xc3\xa4nnel!\t033:Hi\t"
    assert raw(world().login(), body)[0] == b"021:1"
    assert raw(world(is_strict=True).login(), body)[0] == b"900:322"


def test_a_refusal_has_the_text_of_the_table(world):
    assert raw(world().login(), b"021:12x\t033:bad number\t") == [
        b"900:300",
        b"901:Incorrect destination address",
    ]


# Several recipients


def test_each_recipient_has_a_pair_in_order(world):
    line = world().login()
    response = line.ask(line.app.submit(message("+1", "+2", "+1")))
    noon = line.world.now()
    assert [(each.destination, each.timestamp) for each in response.outcomes] == [
        ("+1", noon),
        ("+2", noon),
        ("+1", noon + SECOND),
    ]
    assert [each.destination for each in line.world.simulator.submitted] == ["+1", "+2", "+1"]


def test_a_recipient_that_fails_has_its_error_in_its_pair(world):
    assert raw(world().login(), b"021:+1\t021:12x\t021:+2\t033:Hi\t") == [
        b"021:+1",
        b"060:261120120000",
        b"021:12x",
        b"900:300",
        b"901:Incorrect destination address",
        b"021:+2",
        b"060:261120120000",
    ]


def test_too_many_recipients_are_refused(world):
    line = world(max_recipients=2).login()
    assert refused(line, message("+1", "+2", "+3")).code == ErrorCode.DESTINATION_COUNT


def test_a_rule_may_refuse_a_number(world):
    line = world(rules=[Rule("+999", Fate(Ending.REFUSED, error=324))]).login()
    error = refused(line, message("+9991"))
    assert (error.code, error.refusal.destination) == (ErrorCode.LICENCE, "+9991")
    assert raw(line, b"021:+9992\t021:+1\t033:Hi\t")[:2] == [b"021:+9992", b"900:324"]


# What becomes of it


@pytest.mark.parametrize(
    ("fate", "reports", "expected"),
    [
        ("delivered:1", 8, ["DELIVERED"]),
        ("delivered:1", 6, []),
        ("delivered:1", 0, []),
        ("delivered:1", None, []),
        ("failed:1", 14, ["FAILED"]),
        ("expired:1", 14, ["EXPIRED"]),
        ("deleted:1", 14, []),
        ("deleted:1", 32, ["DELETED"]),
        ("retried:1", 14, ["DELIVERED"]),
        ("retried:1", 15, ["NO_RESPONSE", "DELIVERED"]),
        ("retried:1", 64, ["NO_RESPONSE"]),
        ("no-response:1", 63, ["NO_RESPONSE", "LAST_NO_RESPONSE"]),
        ("waiting:1", 63, ["IN_PROCESS"]),
    ],
)
def test_what_is_asked_for_is_reported(world, fate, reports, expected):
    line = world(fate=Fate.parse(fate)).login()
    line.ask(line.app.submit(message(reports=reports)))
    line.world.advance(10)
    assert statuses(line) == expected


def test_a_report_tells_which_message_when_and_why(world):
    line = world(fate=Fate.parse("failed:7.5:29")).login()
    stamp = line.ask(line.app.submit(message(reports=14))).timestamp
    line.world.advance(7.4)
    assert line.reports == []
    line.world.advance(0.1)
    (report,) = line.reports
    assert (report.destination, report.timestamp) == (PHONE, stamp)
    assert report.status_error is StatusError.ABSENT_SUBSCRIBER
    assert report.discharge_time == stamp + 7 * SECOND


def test_the_profile_decides_where_nothing_is_asked_for(world):
    line = world(Account("news", "s3cret", reports=8)).login("news", "s3cret")
    line.ask(line.app.submit(message()))
    line.ask(line.app.submit(message(reports=0)))
    line.world.advance(2)
    assert statuses(line) == ["DELIVERED"]


def test_a_message_expires_at_the_end_of_its_validity_period(world):
    line = world(fate=Fate(delay_s=1000)).login()
    line.ask(line.app.submit(message(reports=14, validity_relative=0)))
    absolute = line.world.now() + 400 * SECOND
    line.ask(line.app.submit(message(reports=14, validity_absolute=absolute)))
    line.ask(line.app.submit(message(reports=14)))
    line.world.advance(301)
    assert statuses(line) == ["EXPIRED"]
    line.world.advance(100)
    assert statuses(line) == ["EXPIRED"] * 2
    line.world.advance(600)
    assert statuses(line) == ["EXPIRED", "EXPIRED", "DELIVERED"]


def test_a_center_has_a_validity_period_of_its_own(world):
    line = world(fate=Fate(delay_s=100), validity_s=50).login()
    for validity in (None, -1):
        line.ask(line.app.submit(message(reports=14, validity_relative=validity)))
    line.world.advance(51)
    assert statuses(line) == ["EXPIRED"] * 2


def test_nothing_is_delivered_before_the_first_delivery_time(world):
    line = world().login()
    line.ask(line.app.submit(message(reports=14, first_delivery_relative=0)))
    absolute = line.world.now() + 400 * SECOND
    line.ask(line.app.submit(message(reports=14, first_delivery_absolute=absolute)))
    line.world.advance(300.5)
    assert statuses(line) == []
    line.world.advance(1)
    assert statuses(line) == ["DELIVERED"]
    line.world.advance(100)
    assert statuses(line) == ["DELIVERED"] * 2


def test_what_is_due_first_happens_first_whatever_was_submitted_first(world):
    line = world(rules=[Rule("+2", Fate(delay_s=100))]).login()
    for destination in ("+2", "+1"):
        line.ask(line.app.submit(message(destination, reports=14)))
    line.world.advance(2)
    assert [report.destination for report in line.reports] == ["+1"]
    line.world.advance(100)
    assert [report.destination for report in line.reports] == ["+1", "+2"]


def test_what_is_due_without_a_connection_can_be_done(world):
    here = world()
    line = here.login()
    line.ask(line.app.submit(message()))
    line.lose()
    here.clock.now += 10
    (stored,) = here.simulator.submitted
    assert not stored.is_over
    here.simulator.poke()
    assert stored.status is StatusCode.DELIVERED


def test_a_status_error_that_nobody_knows_is_reported_too(world):
    line = world(fate=Fate.parse("failed:1:555")).login()
    line.ask(line.app.submit(message(reports=14)))
    line.world.advance(2)
    assert line.reports[0].status_error == 555


def test_an_answer_comes_before_a_report_without_delay(world):
    line = world(fate=Fate(delay_s=0.0)).login()
    line.ask(line.app.submit(message(reports=14)))
    line.world.advance(0)
    said = [entry.data for entry in line.pair.transcript.entries if entry.kind == "bytes"]
    assert [data[1:3] for data in said if data[1:3] in (b"53", b"23")] == [b"53", b"23"]


def test_the_operator_may_delete_a_message(world):
    line = world().login()
    line.ask(line.app.submit(message(reports=32)))
    (stored,) = line.world.simulator.submitted
    line.world.simulator.delete(stored)
    line.world.run()
    assert statuses(line) == ["DELETED"]
    with pytest.raises(ValueError, match="the message is over: message deleted"):
        line.world.simulator.delete(stored)
    line.world.advance(10)
    assert stored.history == [StatusCode.DELETED]
