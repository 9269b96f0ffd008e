"""CIMD2: what real applications and centers said, with ours in the place of one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from talking import approve, packets

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.events import CloseReason, Received, Stray
from ohnecimd.protocols.cimd.exchanges import ExchangeState
from ohnecimd.protocols.cimd.messages import Login
from ohnecimd.protocols.cimd.packets import packet_in
from ohnecimd.protocols.cimd.refusals import LoginRefusal
from ohnecimd.tables import Unknown
from ohnecimd.testing import FakeClock

DATA = Path(__file__).parents[2] / "data" / "cimd"
RESPONSE = 50
LOGOUT_RESPONSE = 52
GENERAL_ERROR = 98


def recorded():
    """Give what was said on each connection: direction, bytes, packet if it is one."""
    for file in sorted(DATA.glob("*.json")):
        listing = json.loads(file.read_text())["listing"]
        for stream in sorted({row["stream"] for row in listing}):
            said = []
            for row in listing:
                if row["stream"] == stream:
                    raw = bytes.fromhex(row.get("raw") or row["noise"])
                    said.append((row["dir"], raw, packet_in(raw) if "raw" in row else None))
            yield pytest.param(said, id=f"{file.stem}-{stream}")


CONVERSATIONS = list(recorded())


def test_there_are_all_of_them():
    assert len(CONVERSATIONS) == 10


def known_users(center, received):
    message = received.message
    if isinstance(message, Login) and message.user == "bad":
        return LoginRefusal(ErrorCode.INVALID_LOGIN)
    return approve(center, received)


@pytest.mark.parametrize("said", CONVERSATIONS)
@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("piece", [0, 1])
def test_our_center_answers_what_real_applications_ask(said, is_strict, piece):
    center = Center(known_users, window=10, is_strict=is_strict, clock=FakeClock())
    answers, expected, asked = [], [], []
    for direction, raw, packet in said:
        if direction == "c2s":
            for place in range(0, len(raw), piece or len(raw)):
                center.send(raw[place : place + (piece or len(raw))])
            if packet.operation < RESPONSE:
                expected.append((packet.operation + RESPONSE, packet.number))
            answers += [each[:2] for each in packets(center.read())]
        elif packet is not None and packet.operation < RESPONSE:
            asked.append(center.ask(Unknown(packet.operation, packet.body)))
            assert center.read() == raw
    assert answers == expected
    assert all(each.state is ExchangeState.ANSWERED for each in asked)
    assert not [event for event in center.events() if isinstance(event, Stray)]


@pytest.mark.parametrize("said", CONVERSATIONS)
@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize("piece", [0, 1])
def test_our_application_talks_to_real_centers(said, is_strict, piece):
    application = Application(is_strict=is_strict, clock=FakeClock())
    asked, written, expected = [], [], []
    for direction, raw, packet in said:
        if direction == "s2c":
            for place in range(0, len(raw), piece or len(raw)):
                application.send(raw[place : place + (piece or len(raw))])
            written += packets(application.read())
            continue
        expected.append((packet.operation, packet.number, packet.body))
        if packet.operation == 1:
            user, password = (str(packet.get(each), "ascii") for each in (10, 11))
            asked.append(application.login(user, password))
        elif packet.operation < RESPONSE:
            asked.append(application.ask(Unknown(packet.operation, packet.body)))
        written += packets(application.read())
    application.send_eof()
    # Ours answers at once; theirs had more to do.
    assert sorted(written) == sorted(expected)
    theirs = [packet for direction, _, packet in said if direction == "s2c" and packet is not None]
    answers = [packet for packet in theirs if packet.operation >= RESPONSE]
    delivered = [event for event in application.events() if isinstance(event, Received)]
    assert len(application.ledger.answered) == len(answers)
    assert len(application.ledger.unanswered) == len(asked) - len(answers)
    assert len(delivered) == len([each for each in theirs if each.operation in (20, 23)])
    refusals = [each for each in answers if each.operation == GENERAL_ERROR or each.get(900)]
    assert len([each for each in asked if each.state is ExchangeState.REFUSED]) == len(refusals)
    has_left = any(each.operation == LOGOUT_RESPONSE for each in answers)
    reason = CloseReason.LOGGED_OUT if has_left else CloseReason.END_OF_INPUT
    assert application.get_result() is reason
