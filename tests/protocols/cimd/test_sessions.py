"""CIMD2: sessions are what every protocol is: the same in all cuts, and as dear as their input."""

from __future__ import annotations

import gc
import sys

import pytest
from talking import (
    approve,
    delivery,
    logged_in,
    report,
    said,
    submit,
    welcoming,
    wire,
)

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.events import (
    Received,
    Stopped,
)
from ohnecimd.testing import (
    FakeClock,
    check_cuts,
    check_eof,
    check_garbage,
    check_linear,
    garbage,
    protocol_conforms,
)

DELIVERY = b"021:16700\t023:+358401234567\t060:261120120000\t033:Hi\t"
GREETING = b"CIMD2-A ConnectionInfo: SessionId = 2256\n"
LOGIN = wire(1, 1, b"010:news\t011:s3cret\t")
STRICT = pytest.mark.parametrize("is_strict", [True, False])


class Telling(Application):
    """Its events can be compared: exchanges of two sessions never are equal, and go on changing."""

    def events(self):
        return [self.told(event) for event in super().events()]

    def told(self, event):
        exchange = getattr(event, "exchange", None)
        if isinstance(event, Stopped):
            return "Stopped", event.reason, len(event.ledger.answered), len(event.ledger.unsent)
        if isinstance(event, Received):
            return event.packet, event.message, [str(each) for each in event.faults]
        return event if exchange is None else (type(event), exchange.index)


EXAMPLE = (
    GREETING
    + wire(90, 3)
    + said(delivery("a\r\nb"), 0)
    + b"\r\n"
    + wire(99, 7)
    + wire(98, 9, b"900:1\t")
    + said(report(), 2)
    + wire(40, 4)
)


def waiting():
    """Return an application that waits for answers.

    All it has asked has left: for what has not, it matters who reads when.
    """
    application = logged_in(window=100, kind=Telling)
    for _ in range(50):
        application.alive()
    application.read()
    return application


@pytest.mark.parametrize(
    "example", [EXAMPLE, b"".join(wire(90, number) for number in range(3, 103, 2))]
)
def test_what_comes_of_answers_does_not_depend_on_cuts(example):
    check_cuts(waiting, example)
    check_eof(waiting, example)


def test_garbage_in_place_of_answers_is_taken():
    check_garbage(waiting, garbage([EXAMPLE]))


@pytest.mark.parametrize("is_strict", [True, False])
def test_application_conforms(is_strict):
    protocol_conforms(
        lambda: Telling(is_strict=is_strict, clock=FakeClock()),
        examples=[GREETING + EXAMPLE, b""],
        make_input=lambda size: wire(20, 0, DELIVERY) * (size // 70),
    )


def test_deliveries_cost_what_they_are_long():
    def factory():
        application = Application(clock=FakeClock())
        application.login("news", "s3cret")
        return application

    check_linear(
        factory,
        lambda size: (
            wire(51, 1)
            + b"".join(said(delivery("x" * 80), n % 256) for n in range(0, 2 * (size // 140), 2))
        ),
    )


def test_a_long_packet_costs_what_it_is_long():
    check_linear(
        lambda: Application(limit=1 << 20),
        lambda size: b"\x0240:000\t033:" + b"x" * size + b"\t\x03",
    )


@STRICT
def test_center_conforms(is_strict):
    example = (
        LOGIN
        + said(submit(), 3)
        + b"noise\r\n"
        + said(submit(), 3)
        + wire(7, 5)
        + b"\x02oops\x03"
        + wire(40, 7)
        + wire(90, 0)
        + wire(99, 0)
        + wire(2, 9)
    )
    protocol_conforms(
        lambda: Told(approve, is_strict=is_strict, clock=FakeClock()),
        examples=[example, b""],
        make_input=lambda size: (
            LOGIN
            + b"".join(said(submit("x" * 80), n % 256) for n in range(3, 2 * (size // 120), 2))
        ),
    )


class Told(Center):
    """Its last event can be compared."""

    def events(self):
        return [getattr(event, "reason", event) for event in super().events()]


def test_small_pieces_of_a_long_packet_cost_what_they_are_long():
    check_linear(
        lambda: Center(approve, limit=1 << 20),
        lambda size: b"\x0240:001\t033:" + b"x" * size + b"\t\x03",
    )


@pytest.mark.parametrize("what", ["answer", "tick", "nack"])
def test_many_requests_that_wait_make_nothing_slower(what):
    """Neither an answer nor a tick looks at all of them, nor does a nack that is an echo."""

    def calls(count):
        center = welcoming(window=count)
        center._sending.window = count
        for _ in range(count):
            center.alive()
            center.read()
            center.clock.now += 0.001
        if what == "nack":
            center.send(wire(99, 0))
            center.read()
        center.clock.now = center.deadline
        counted = []
        gc.disable()  # or the ends of other sessions would be counted
        sys.setprofile(lambda _, event, __: counted.append(event))
        try:
            if what == "tick":
                center.tick()
            else:
                center.send(wire(90, 2) if what == "answer" else wire(99, 0))
        finally:
            sys.setprofile(None)
            gc.enable()
        return len(counted)

    calls(8)  # what is made at first use is made now
    assert 10 < calls(8) == calls(128)
