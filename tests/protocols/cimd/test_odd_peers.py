"""What odd peers do to sessions, and what must not come of it."""

import pytest
from talking import approve, submit

from ohnecimd.protocols.cimd import Application, Center, Noise, Stray
from ohnecimd.protocols.cimd.framing import decode
from ohnecimd.protocols.cimd.simulator.faults import Fault
from ohnecimd.tables import Unknown


def wire(operation, number, body=b""):
    return b"\x02%02d:%03d\t%b\x03" % (operation, number, body)


def logged_in(**options):
    application = Application(seals=False, **options)
    application.login("news", "s3cret")
    application.read()
    application.send(wire(51, 1))
    return application


def packets_in(data):
    connection = decode()
    connection.send(data)
    return [(each.operation, each.number) for each in connection.events()]


def test_what_is_nacked_while_more_waits_to_leave_never_leaves_afterwards():
    application = logged_in(window=2)
    application.submit(submit("first"))
    application.read()
    second = application.submit(submit("second"))  # in the output, and not taken
    application.send(wire(99, 3))
    application.stop()
    assert application.ledger.unsent == (second,)
    assert packets_in(application.read()) == [(3, 3)]


@pytest.mark.parametrize(("operation", "number"), [(1, 1), (2, 3)])
def test_a_login_or_logout_that_is_forgotten_may_come_again(operation, number):
    forgotten = []

    def handler(center, received):
        if received.packet.operation == operation and not forgotten:
            forgotten.append(received)
            center.forget(received)
            return None
        return approve(center, received)

    center = Center(handler=handler, seals=False)
    login = wire(1, 1, b"010:news\t011:s3cret\t")
    center.send(login)
    if operation == 1:
        assert center.read() == b""
        center.send(login)
    assert center.read() == wire(51, 1)
    if operation == 2:
        for expected in (b"", wire(52, number)):
            center.send(wire(2, number))
            assert center.read() == expected


@pytest.mark.parametrize("window", [1, 64, 65, 127, 128])
def test_a_skipped_number_does_not_make_repeats_of_new_requests(window):
    served = []

    def handler(center, received):
        served.append(received.number)
        return approve(center, received)

    center = Center(handler=handler, seals=False)
    center.send(wire(1, 1, b"010:news\t011:s3cret\t019:%d\t" % window))
    number = 3
    for count in range(400):
        center.send(wire(3, number, b"021:1\t033:the same\t"))
        number = (number + (4 if count == 0 else 2)) % 256
    assert len(served) == 401  # with the login


def test_a_late_general_error_is_not_about_the_next_request():
    application = logged_in()
    refused = application.ask(Unknown(7, b""))
    application.send(wire(98, 3, b"900:1\t"))
    assert refused.is_settled
    exchange = application.submit(submit())
    application.send(wire(98, 3, b"900:1\t"))  # once more: the request was sent twice
    assert not exchange.is_settled
    assert any(isinstance(event, Stray) for event in application.events())
    application.send(wire(53, 5, b"021:1\t060:261120131502\t"))
    assert exchange.result().destination == "1"


def test_a_general_error_of_the_own_sequence_of_a_center_is_about_the_one_request():
    application = logged_in()
    exchange = application.ask(Unknown(7, b""))
    application.send(wire(98, 0))
    assert exchange.is_settled


def test_a_packet_that_was_cut_into_pieces_gets_one_nack():
    center = Center(handler=approve, seals=False)
    center.send(wire(1, 1, b"010:news\t011:s3cret\t"))
    center.read()
    center.send(b"\x0203:003\t021:1\t033:a\x02b\x02c\t\x03" + b"\x02" * 50)
    assert packets_in(center.read()) == [(99, 3)]
    center.send(b"\x03" + wire(3, 3, b"021:1\t033:abc\t"))
    assert packets_in(center.read())[-1] == (53, 3)


def test_noise_shows_no_password():
    noise = Noise(b"oops 011:s3cret\t", 0)
    assert "s3cret" not in repr(noise)
    assert "s3cret" not in repr(noise.__rich_repr__())
    assert noise.data == b"oops 011:s3cret\t"


def test_what_no_application_asks_cannot_be_refused():
    with pytest.raises(ValueError, match="deliver-message is no request of applications"):
        Fault.parse("ignore:deliver-message")
    assert Fault.parse("drop:deliver-message").operation == 20
