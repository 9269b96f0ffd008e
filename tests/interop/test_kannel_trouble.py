"""What Kannel does when something goes wrong, and how the simulator takes it."""

import pytest
from kannel import ACCEPTED, DELIVERED
from pairs import ERROR, LOGIN, LOGOUT, NACK, PASSWORD

from ohnecimd.cli.transports import TRANSPORTS


def numbers_of(packets):
    return [packet.number for packet in packets]


def test_a_wrong_password_is_refused(join):
    pair = join(password="guess")
    pair.kannel.log.wait_for(lambda line: "login failed" in line)
    request, *_ = pair.smsc.packets(LOGIN)
    assert request.get(PASSWORD) == b"***"
    (response,) = pair.answers_to([request])
    assert response.get(ERROR) == b"100"


def test_other_users_log_in_with_their_own_passwords(join):
    pair = join("--user=news:s3cret", "--user=other:pass", user="news", password="s3cret")
    pair.kannel.until_logged_in()
    assert pair.delivered("by somebody else").number == 3


def test_kannel_logs_out_in_order(join):
    pair = join()
    pair.kannel.until_logged_in()
    pair.kannel.log_out()
    (request,) = pair.smsc.packets(LOGOUT)
    assert numbers_of(pair.answers_to([request])) == [request.number]


def test_a_nacked_message_comes_again_under_the_next_number(join):
    pair = join("--fault=nack:submit-message:nth=1")
    number = pair.submit("once more", **pair.kannel.reporting("nacked"))
    first, second = pair.submits_to(number, 2)
    assert numbers_of([first, second]) == [3, 5]
    assert numbers_of(pair.smsc.packets(NACK)) == [3]
    assert sorted(pair.kannel.reports("nacked", 2)) == [DELIVERED, ACCEPTED]
    assert pair.delivered("another").number == 7


def test_a_strict_receiver_gets_its_number_in_the_end(join):
    pair = join("--strict", "--fault=nack:submit-message:nth=1")
    number = pair.submit("once more", **pair.kannel.reporting("strict"))
    assert numbers_of(pair.submits_to(number, 3)) == [3, 5, 3]
    assert numbers_of(pair.smsc.packets(NACK, 2)) == [3, 3]
    assert sorted(pair.kannel.reports("strict", 2)) == [DELIVERED, ACCEPTED]
    assert pair.delivered("another").number == 5


@pytest.mark.parametrize("fault", ["98", "close", "nack:times=3"])
def test_kannel_logs_in_again_and_submits_what_was_left(join, fault):
    kind, *times = fault.split(":")
    pair = join(f"--fault={':'.join([kind, 'submit-message', *(times or ['times=1'])])}")
    number = pair.submit("once more", **pair.kannel.reporting("again"))
    pair.kannel.until_logged_in(2)
    assert sorted(pair.kannel.reports("again", 2)) == [DELIVERED, ACCEPTED]
    assert pair.submits_to(number, 2)[-1].connection == 2


def test_kannel_comes_back_when_the_center_does(join):
    pair = join()
    pair.kannel.until_logged_in()
    pair.replace_center()
    pair.kannel.until_logged_in(2)
    assert pair.delivered("after all").number == 3


OPTIONS = {
    "greeting": ["--greeting=CIMD2-A ConnectionInfo: SessionId = 7 PortId = 4\\n"],
    "single bytes": ["--fault=cut"],
    "noise": ["--fault=noise=hello:every=2"],
    "wrong checksums": ["--fault=checksum"],
    "no checksums": ["--no-checksums"],
    "checksums demanded": ["--checksums=demand"],
    "late answers": ["--fault=delay=0.2:submit-message"],
    "other first number": ["--first-number=2"],
    **{transport: [f"--transport={transport}"] for transport in TRANSPORTS},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_kannel_does_not_mind(join, options):
    pair = join(*options)
    pair.delivered("report, please", **pair.kannel.reporting("calm"))
    assert sorted(pair.kannel.reports("calm", 2)) == [DELIVERED, ACCEPTED]
    pair.smsc.inject(to="16700", text="from a phone")
    pair.from_phone(b"from a phone")
    assert pair.kannel.complaints() == []
    assert len(pair.wiretap.said) == 1
