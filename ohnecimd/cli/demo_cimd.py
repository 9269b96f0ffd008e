"""The scene of the demo in which a long text goes to a phone, and a report comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.cli.cimd_showing import quoted, text_of
from ohnecimd.cli.failures import reason
from ohnecimd.cli.stage import Outcome
from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.codes import USUAL_REPORTS, StatusCode
from ohnecimd.protocols.cimd.events import Received, Traffic
from ohnecimd.protocols.cimd.messages import DeliverStatusReport
from ohnecimd.protocols.cimd.text.joining import Joined, Joiner
from ohnecimd.protocols.cimd.text.reading import UserData
from ohnecimd.testing.smsc import SmsCenter
from ohnecimd.transports import sockets

if TYPE_CHECKING:
    from ohnecimd.cli.stage import Stage
    from ohnecimd.protocols.cimd.simulator import StoredMessage

__all__ = ["play"]

TO = "+358401234567"
TEXT = "Ääkkösiä, 5 € ja 漢字: " + "pitkä viesti kulkee osina, " * 3 + "perille asti 😀"
PATIENCE_S = 5.0
SIDES = {True: "application", False: "SMS Center "}


def play(stage: Stage) -> list[Outcome]:
    """Show it all."""
    try:
        with SmsCenter() as smsc:
            place = f"{smsc.host}:{smsc.port}"
            stage.title(f"CIMD2: a text to a phone, through a simulated SMS Center on {place}")
            stage.say(f"    {quoted(TEXT)}")
            reports = _exchange(stage, smsc)
            submitted = smsc.submitted
    except (OhnecimdError, TimeoutError) as error:
        stage.wrong(str(error))
        return [Outcome("CIMD2", is_right=False)]
    except OSError as error:
        stage.wrong(reason(error))
        return [Outcome("CIMD2", is_right=False)]
    return [Outcome("CIMD2", _judge(stage, submitted, reports))]


def _exchange(stage: Stage, smsc: SmsCenter) -> list[DeliverStatusReport]:
    """Submit the text, and return the reports."""
    reports: list[DeliverStatusReport] = []

    def hear(_: Application, event: object) -> None:
        if isinstance(event, Traffic):
            stage.said(SIDES[event.is_ours], text_of(event.packet), is_ours=event.is_ours)
        elif isinstance(event, Received) and isinstance(event.message, DeliverStatusReport):
            reports.append(event.message)

    def make() -> Application:
        return Application(window=10, emits_traffic=True)

    with sockets.connect(make, smsc.host, smsc.port, timeout_s=PATIENCE_S, on_event=hear) as client:
        application = client.connection
        application.login("kannel", "secret")
        submission = application.submit_text(TO, TEXT, reports=USUAL_REPORTS)
        client.wait_until(lambda: submission.is_settled, PATIENCE_S)
        submission.result()
        client.wait_until(lambda: len(reports) == len(submission.parts), PATIENCE_S)
        logout = application.logout()
        client.wait_until(lambda: logout.is_settled, PATIENCE_S)
    return reports


def _judge(
    stage: Stage, submitted: list[StoredMessage], reports: list[DeliverStatusReport]
) -> bool:
    """Show what the phone reads, and tell whether it is that."""
    joiner = Joiner()
    read = ""
    for each in submitted:
        message = each.message
        part = UserData(message.data_coding, message.header, message.user_data, message.binary)
        for outcome in joiner.add(part):
            if isinstance(outcome, Joined) and isinstance(outcome.content, str):
                read += outcome.content
    stage.say(f"    the phone reads {quoted(read)}")
    if read != TEXT:
        stage.wrong(f"expected {quoted(TEXT)}")
        return False
    if any(each.status is not StatusCode.DELIVERED for each in reports):
        stage.wrong("expected reports of successful delivery")
        return False
    return True
