"""What faults do to a session; with hand-made packets where an application would mend them."""

import datetime as dt

import pytest

from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.events import Nacked, Rejected
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.messages import SubmitMessage
from ohnecimd.protocols.cimd.packets import packet_in
from ohnecimd.protocols.cimd.simulator import Simulator
from ohnecimd.testing import FakeClock

LOGIN = b"\x0201:001\t010:kannel\t011:secret\t\x03"
SUBMIT = b"\x0203:%03d\t021:+1\t033:Hi\t\x03"


def center_with(*faults, **options):
    """Return a simulator with faults, and a connection of it that is logged in."""
    noon = dt.datetime.fromisoformat("2026-11-20T12:00:00")
    simulator = Simulator(now=lambda: noon, clock=FakeClock(), **options)
    center = simulator()
    center.send(LOGIN)
    assert center.read() == b"\x0251:001\t3C\x03"
    for each in faults:
        simulator.faults.add(each)
    return simulator, center


def answer_to(center, data):
    center.send(data)
    return center.read()


def test_a_request_that_is_ignored_was_never_there(world):
    simulator, center = center_with("ignore:submit-message:nth=1")
    assert answer_to(center, SUBMIT % 3) == b""
    assert simulator.submitted == []
    assert answer_to(center, SUBMIT % 3).startswith(b"\x0253:003\t021:+1\t")
    assert len(simulator.submitted) == 1


def test_an_answer_that_is_dropped_comes_when_the_request_is_sent_again(world):
    simulator, center = center_with("drop:submit-message:nth=1")
    assert answer_to(center, SUBMIT % 3) == b""
    assert len(simulator.submitted) == 1
    assert answer_to(center, SUBMIT % 3).startswith(b"\x0253:003\t021:+1\t")
    assert len(simulator.submitted) == 1


def test_an_answer_comes_late(world):
    here = world(faults=["delay=2.5:submit-message"])
    line = here.login()
    exchange = line.app.submit(SubmitMessage(("+1",)))
    here.advance(2.4)
    assert not exchange.is_settled
    here.advance(0.1)
    assert exchange.result().destination == "+1"


def test_a_request_is_refused_with_any_code(world):
    here = world(faults=["refuse=10:submit-message:times=1", "refuse=101:login:times=1"])
    line = here.connect()
    for exchange, code in (
        (lambda: line.app.login("kannel", "secret"), ErrorCode.ACCESS_TYPE),
        (lambda: line.app.login("kannel", "secret"), None),
        (lambda: line.app.submit(SubmitMessage(("+1",))), ErrorCode.CONGESTION),
        (lambda: line.app.submit(SubmitMessage(("+1",))), None),
    ):
        if code is None:
            line.ask(exchange())
        else:
            with pytest.raises(Refused) as caught:
                line.ask(exchange())
            assert caught.value.code == code
    assert len(here.simulator.submitted) == 1


def test_a_general_error_answers_a_request(world):
    simulator, center = center_with("98=4:submit-message:nth=1")
    packet = packet_in(answer_to(center, SUBMIT % 3))
    assert (packet.operation, packet.number, packet.get(900)) == (98, 3, b"4")
    assert answer_to(center, SUBMIT % 5).startswith(b"\x0253:005\t")
    assert len(simulator.submitted) == 1


@pytest.mark.parametrize(("text", "number"), [("nack", 3), ("nack=7", 7)])
def test_a_request_is_nacked(text, number):
    simulator, center = center_with(f"{text}:submit-message:nth=1")
    packet = packet_in(answer_to(center, SUBMIT % 3))
    assert (packet.operation, packet.number) == (99, number)
    assert simulator.submitted == []
    assert answer_to(center, SUBMIT % 3).startswith(b"\x0253:003\t")


def test_an_application_gets_through_a_nack(world):
    here = world(faults=["nack:submit-message:nth=1"])
    line = here.login()
    assert line.ask(line.app.submit(SubmitMessage(("+1",)))).destination == "+1"
    assert any(isinstance(each, Nacked) for each in line.pair.client_events)
    assert len(here.simulator.submitted) == 1


def test_a_connection_is_closed_instead_of_an_answer(world):
    here = world(faults=["close:submit-message"])
    line = here.login()
    exchange = line.app.submit(SubmitMessage(("+1",)))
    here.run()
    assert line.is_over
    assert exchange in line.app.ledger.unanswered
    assert here.simulator.submitted == []


def test_a_checksum_is_wrong():
    _, center = center_with("checksum:submit-message")
    packet = packet_in(answer_to(center, SUBMIT % 3))
    assert packet.checksum_ok is False
    assert packet_in(answer_to(center, b"\x0240:005\t\x03")).checksum_ok


def test_an_application_asks_again_after_a_wrong_checksum_and_gets_the_answer(world):
    here = world(faults=["checksum:submit-message:nth=1"])
    line = here.login(response_timeout_s=5.0)
    exchange = line.app.submit(SubmitMessage(("+1",)))
    here.advance(6)
    assert exchange.result().destination == "+1"
    assert any(isinstance(each, Rejected) for each in line.pair.client_events)
    assert len(here.simulator.submitted) == 1


def test_noise_stands_before_a_packet(world):
    here = world(faults=["noise=What?:login"])
    line = here.login()
    noise = next(each for each in line.pair.client_events if isinstance(each, Noise))
    assert noise.data == b"What?"
    assert here.simulator.logged_in == ["kannel"]


def test_a_packet_is_cut_into_single_bytes():
    _, center = center_with("cut:submit-message:nth=1")
    center.send(SUBMIT % 3 + b"\x0240:005\t\x03")
    pieces = []
    while piece := center.read():
        pieces.append(piece)
    assert pieces[0] == b"\x02"
    assert {len(piece) for piece in pieces[:-1]} == {1}
    whole = b"".join(pieces)
    assert whole.startswith(b"\x0253:003\t021:+1\t")
    assert whole.endswith(pieces[-1])
    assert pieces[-1].startswith(b"\x0290:005\t")


def test_several_faults_spoil_one_packet():
    _, center = center_with("checksum:submit-message", "noise=x:submit-message")
    answer = answer_to(center, SUBMIT % 3)
    assert answer.startswith(b"x\x0253:003\t")
    assert packet_in(answer[1:]).checksum_ok is False


def test_a_packet_that_is_dropped_stays_dropped():
    _, center = center_with("drop:submit-message", "noise=x:submit-message")
    assert answer_to(center, SUBMIT % 3) == b""


def test_a_delivery_that_is_dropped_is_sent_again(world):
    here = world(faults=["drop:deliver-message:nth=1"], response_timeout_s=10.0)
    line = here.login()
    (delivery,) = here.simulator.inject("16", "+4", "Hi")
    here.advance(9)
    assert line.delivered == []
    here.advance(2)
    assert len(line.delivered) == 1
    assert delivery.state == "delivered"


def test_connections_can_be_closed(world):
    here = world()
    line = here.login(answers=False)
    (delivery,) = here.simulator.inject("16", "+4", "Hi")
    here.run()
    here.simulator.disconnect()
    here.run()
    assert line.is_over
    assert delivery.state == "waiting"
    again = here.login()
    here.advance(0)
    assert len(again.delivered) == 1


def test_faults_of_no_consequence_change_nothing(world):
    here = world(faults=["drop:submit-message:nth=100", "close:enquire-message-status"])
    line = here.login()
    assert line.ask(line.app.submit(SubmitMessage(("+1",)))).destination == "+1"


def test_a_greeting_is_said_first_and_numbers_begin_where_it_is_said():
    simulator = Simulator(
        now=dt.datetime.now,
        clock=FakeClock(),
        greeting=b"CIMD2-A ConnectionInfo: SessionId = 7\n",
        first_number=2,
        seals=False,
    )
    center = simulator()
    assert center.read() == b"CIMD2-A ConnectionInfo: SessionId = 7\n"
    assert answer_to(center, LOGIN) == b"\x0251:001\t\x03"
    simulator.inject("16", None, "Hi", timestamp=dt.datetime.fromisoformat("2026-11-20"))
    assert center.read() == b"\x0220:002\t021:16\t033:Hi\t060:261120000000\t\x03"
