"""Sessions for tests: a center that approves of everything, an application, pairs of both."""

from __future__ import annotations

from datetime import datetime

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import CancelMode, StatusCode
from ohnecimd.protocols.cimd.encoding import packet_of
from ohnecimd.protocols.cimd.exchanges import Exchange
from ohnecimd.protocols.cimd.framing import decode
from ohnecimd.protocols.cimd.messages import (
    Alive,
    CancelMessage,
    DeliverMessage,
    DeliverStatusReport,
    EnquireMessageStatus,
    EnquireResponse,
    Outcome,
    SubmitMessage,
    SubmitResponse,
    response_of,
)
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.testing import FakeClock, Pair

NOON = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - local time of the SMSC
PHONE = "+358401234567"
CANCEL_ALL = CancelMessage(CancelMode.ALL)
ENQUIRY = EnquireMessageStatus(PHONE, NOON)


def submit(text="Hi", destination=PHONE):
    return SubmitMessage((destination,), user_data=text.encode())


def delivery(text="Hi"):
    return DeliverMessage("16700", originator=PHONE, timestamp=NOON, user_data=text.encode())


def report():
    return DeliverStatusReport(
        destination=PHONE, timestamp=NOON, status=StatusCode.DELIVERED, discharge_time=NOON
    )


def approve(center, received):
    """Do all that is asked."""
    message = received.message
    if isinstance(message, SubmitMessage):
        return SubmitResponse(tuple(Outcome(each, NOON) for each in message.destinations))
    if isinstance(message, EnquireMessageStatus):
        return EnquireResponse(status=StatusCode.DELIVERED)
    return response_of(type(message))()


class Desk:
    """A handler that remembers what it was asked, and approves it."""

    def __init__(self):
        self.messages = []

    def __call__(self, center, received):
        self.messages.append(received.message)
        return approve(center, received)

    @property
    def texts(self):
        return [each.user_data.decode() for each in self.messages if type(each) is SubmitMessage]


def wire(operation, number, body=b"", *, checksum=True):
    """Return the bytes of a packet."""
    packet = Packet(operation, number, body)
    return (packet.sealed() if checksum else packet).encode()


def said(message, number):
    return packet_of(message, number).encode()


def packets(data):
    """Return the whole packets in bytes, as (operation, number, body)."""
    reader = decode()
    reader.send(data)
    found = [each for each in reader.events() if isinstance(each, Packet)]
    return [(each.operation, each.number, each.body) for each in found]


def heads(data):
    """Return the packets in bytes, as texts: operation and number."""
    return [f"{operation:02}:{number:03}" for operation, number, _ in packets(data)]


def logged_in(kind=Application, **options):
    """Return an application that is logged in, and its clock is a fake one."""
    options.setdefault("clock", FakeClock())
    application = kind(**options)
    application.login("news", "s3cret")
    application.read()
    application.send(wire(51, 1))
    application.events()
    return application


def welcoming(handler=approve, *, window=None, **options):
    """Return a center to which an application is logged in, with a window for that."""
    options.setdefault("clock", FakeClock())
    center = Center(handler, **options)
    more = b"" if window is None else b"019:%d\t" % window
    center.send(wire(1, 1, b"010:news\t011:s3cret\t" + more))
    if handler is None:
        center.answer(center.events()[0])
    assert heads(center.read()) == ["51:001"]
    return center


def talking(application=None, center=None, *, piece=0):
    """Return a pair whose application is logged in."""
    clock = FakeClock()
    application = application or Application(clock=clock)
    pair = Pair(application, center or Center(approve, clock=clock), piece=piece)
    application.login("news", "s3cret")
    pair.run()
    return pair


def exchange(index=1, request=None):
    request = request or Alive()
    return Exchange(request, packet_of(request, 0, checksum=False), index)
