"""CIMD2: whole conversations, byte exact, from both sides."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ohnecimd.errors import NotAllowedNow
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import CancelMode, ErrorCode, StatusCode
from ohnecimd.protocols.cimd.events import CloseReason, Stopped
from ohnecimd.protocols.cimd.exchanges import ExchangeState
from ohnecimd.protocols.cimd.messages import (
    CancelMessage,
    CancelResponse,
    DeliverMessage,
    DeliverStatusReport,
    DeliveryRequest,
    DeliveryResponse,
    EnquireMessageStatus,
    EnquireResponse,
    Get,
    GetResponse,
    Login,
    LoginResponse,
    Logout,
    LogoutResponse,
    Outcome,
    Set,
    SetResponse,
    SubmitMessage,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.refusals import SubmitRefusal
from ohnecimd.tables import Unknown
from ohnecimd.testing import FakeClock, play

TRANSCRIPTS = Path(__file__).parent / "transcripts"
PHONE = "+358401234567"
OTHER_PHONE = "+358407654321"
GREETING = (
    b"CIMD2-A ConnectionInfo: SessionId = 7 PortId = 4 Time = 261120131500 "
    b"AccessType = TCPIP_SOCKET PIN = 11\n"
)


def at(seconds, minutes=15):
    return datetime(2026, 11, 20, 13, minutes, seconds)  # noqa: DTZ001 - local time of the SMSC


def transcript(name):
    return (TRANSCRIPTS / f"{name}.txt").read_text()


class Spoiler:
    """Flips one bit of the enquiry when that is sent for the first time."""

    def __init__(self):
        self.is_done = False

    def __call__(self, packet):
        if packet.operation != 4 or self.is_done:
            return None
        self.is_done = True
        return packet.encode().replace(b"34567", b"24567")


def application_actions(application):
    return {
        "login": lambda: application.login("news", "s3cret"),
        "submit 1": lambda: application.submit(
            SubmitMessage((PHONE,), originator="700", user_data=b"Hi _Oa 5 _XXe!", reports=14)
        ),
        "submit 2": lambda: application.submit(
            SubmitMessage(
                (PHONE,),
                header=bytes.fromhex("050003A10201"),
                user_data=b"part 1",
                more_messages=True,
            )
        ),
        "bad submit": lambda: application.ask(Unknown(3, b"021:12x\t033:bad number\t")),
        "enquire": lambda: application.enquire(PHONE, at(2)),
        "cancel": lambda: application.cancel(PHONE, at(3)),
        "count": lambda: application.delivery_request(0),
        "time": application.get,
        "password": lambda: application.set("n3wpass"),
        "alive": application.alive,
        "unknown": lambda: application.ask(Unknown(7, b"")),
        "logout": application.logout,
    }


@pytest.mark.parametrize("piece", [0, 1, 7])
@pytest.mark.parametrize("greeting", ["skip", "await"])
@pytest.mark.parametrize("is_strict", [False, True])
def test_application_holds_the_conversation(piece, greeting, is_strict):
    application = Application(
        window=10, greeting=greeting, is_strict=is_strict, distort=Spoiler(), clock=FakeClock()
    )
    exchanges = {}
    actions = application_actions(application)

    def act(text):
        exchanges[text] = actions[text]()

    events = play(
        transcript("conversation-application"), application, side="C", piece=piece, act=act
    )
    assert application.get_result() is CloseReason.LOGGED_OUT
    assert isinstance(events[-1], Stopped)
    ledger = application.ledger
    assert (ledger.answered, ledger.unanswered, ledger.unsent) == (
        tuple(exchanges.values()),
        (),
        (),
    )
    assert exchanges["submit 1"].result().timestamp == at(2)
    assert exchanges["enquire"].result().status is StatusCode.DELIVERED
    assert exchanges["enquire"].sendings == 2
    assert exchanges["count"].result().count == 2
    assert exchanges["time"].result().time == at(20)
    refused = {name for name, each in exchanges.items() if each.state is ExchangeState.REFUSED}
    assert refused == {"bad submit", "unknown"}
    assert exchanges["bad submit"].error.code is ErrorCode.DESTINATION_ADDRESS
    assert exchanges["unknown"].error.code is ErrorCode.UNEXPECTED_OPERATION


class Desk:
    """Answers as the SMSC in the conversation does."""

    def __init__(self):
        self.requests = []
        self.seconds = iter([2, 3])

    def __call__(self, _center, received):
        message = received.message
        self.requests.append(message)
        if isinstance(message, SubmitMessage):
            if message.destinations == ("12x",):
                return SubmitRefusal(error=ErrorCode.DESTINATION_ADDRESS)
            return SubmitResponse((Outcome(PHONE, at(next(self.seconds))),))
        return {
            Login: LoginResponse(),
            Logout: LogoutResponse(),
            EnquireMessageStatus: EnquireResponse(
                destination=PHONE,
                timestamp=at(2),
                status=StatusCode.DELIVERED,
                discharge_time=at(7),
            ),
            CancelMessage: CancelResponse(),
            DeliveryRequest: DeliveryResponse(count=2),
            Get: GetResponse(time=at(20)),
            Set: SetResponse(),
        }[type(message)]


@pytest.mark.parametrize("piece", [0, 1, 7])
@pytest.mark.parametrize("is_strict", [False, True])
def test_center_holds_the_conversation(piece, is_strict):
    desk = Desk()
    center = Center(desk, greeting=GREETING, window=10, is_strict=is_strict, clock=FakeClock())
    actions = {
        "report": lambda: center.report(
            DeliverStatusReport(
                destination=PHONE,
                timestamp=at(2),
                status=StatusCode.DELIVERED,
                discharge_time=at(7),
            )
        ),
        "deliver 1": lambda: center.ask(
            Unknown(20, b'021:16700\t023:+358407654321\t060:261120131509\t033:_A"iti_--\t')
        ),
        "deliver 2": lambda: center.deliver(
            DeliverMessage(
                "16700",
                originator=OTHER_PHONE,
                data_coding=8,
                binary="\u041f\u0440".encode("utf-16-be"),
                timestamp=at(10),
            )
        ),
        "alive": center.alive,
    }
    exchanges = []
    play(
        transcript("conversation-center"),
        center,
        piece=piece,
        act=lambda text: exchanges.append(actions[text]()),
    )
    assert center.get_result() is CloseReason.LOGGED_OUT
    assert all(each.state is ExchangeState.ANSWERED for each in exchanges)
    assert desk.requests[-2] == Set("n3wpass")
    assert desk.requests[4] == CancelMessage(CancelMode.ONE, destination=PHONE, timestamp=at(3))
    with pytest.raises(NotAllowedNow, match="the session is over"):
        center.alive()
