import re
import socket
import threading
from functools import partial
from pathlib import Path

import pytest

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.events import Answered, Received, Rejected
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.messages import DeliverMessage, SubmitMessage
from ohnecimd.protocols.cimd.simulator import Account, Fate
from ohnecimd.testing.smsc import PATIENCE_S, SmsCenter
from ohnecimd.transports import sockets

pytest_plugins = ["pytester"]


def connect(smsc, user="kannel", password="secret"):
    """Connect an application that is logged in."""
    client = sockets.connect(Application, smsc.host, smsc.port, timeout_s=PATIENCE_S)
    client.connection.login(user, password)
    assert isinstance(next_of(client, Answered), Answered)
    return client


def next_of(client, kind):
    client.flush()
    return next(event for event in iter(client.next_event, None) if isinstance(event, kind))


def test_a_client_connects_and_its_messages_are_seen(smsc):
    with connect(smsc) as client:
        client.connection.submit(SubmitMessage(("+358401234567",), user_data=b"Hello"))
        next_of(client, Answered)
        (message,) = smsc.submitted
        assert (message.destination, message.text) == ("+358401234567", "Hello")
        assert smsc.logged_in == ["kannel"]


def test_reports_come_without_delay(smsc):
    with connect(smsc) as client:
        client.connection.submit(SubmitMessage(("+1",), reports=8))
        report = next_of(client, Received).message
        assert report.status.name == "DELIVERED"


def test_messages_from_phones_are_sent_and_answered(smsc):
    with connect(smsc) as client:
        (delivery,) = smsc.inject("16700", "+4", "Hi")
        assert next_of(client, Received).message.user_data == b"Hi"
        client.flush()
        smsc.wait_for(lambda: delivery.state == "delivered")
        again = smsc.deliver("kannel", DeliverMessage("16", user_data=b"Ho"))
        assert next_of(client, Received).message.user_data == b"Ho"
        smsc.wait_for(lambda: again.state == "delivered")


def test_errors_of_calls_come_out_of_them(smsc):
    with pytest.raises(FieldError, match="originator"):
        smsc.inject("16", "nobody", "Hi")
    with pytest.raises(ValueError, match="there is no account 'shop'"):
        smsc.inject("16", "+4", "Hi", account="shop")


def test_faults_happen_to_clients(smsc):
    smsc.faults.add("close:submit-message")
    with connect(smsc) as client:
        exchange = client.connection.submit(SubmitMessage(("+1",)))
        client.flush()
        client.result()
        assert exchange in client.connection.ledger.unanswered
    assert smsc.submitted == []


def test_packets_and_trouble_are_kept(smsc):
    with socket.create_connection((smsc.host, smsc.port), PATIENCE_S) as client:
        client.sendall(b"noise\x0203:001\t021:1\t033:Hi\t\x03")
        assert client.recv(9) == b"\x0253:001\t9"
    smsc.wait_for(lambda: len(smsc.packets) == 2)
    assert [(who, packet.operation) for who, packet in smsc.packets] == [
        ("application", 3), ("center", 53),
    ]  # fmt: skip
    assert [type(each) for each in smsc.trouble] == [Noise, Rejected]


def test_submitted_messages_can_be_waited_for(smsc):
    with connect(smsc) as client:

        def submit():
            for _ in range(2):
                client.connection.submit(SubmitMessage(("+1",)))
                next_of(client, Answered)

        thread = threading.Thread(target=submit)
        thread.start()
        assert [each.destination for each in smsc.wait_for_submitted(2)] == ["+1", "+1"]
        thread.join(PATIENCE_S)


def test_nothing_is_waited_for_without_end(smsc):
    with pytest.raises(TimeoutError, match="1 submitted message did not come within"):
        smsc.wait_for_submitted(timeout_s=0.01)
    with pytest.raises(TimeoutError, match="a miracle did not come within"):
        smsc.wait_for(lambda: False, 0.01, "a miracle")


def test_a_message_can_be_deleted_and_a_connection_lost(smsc):
    smsc.faults.add("drop:submit-message")
    with connect(smsc) as client:
        client.connection.submit(SubmitMessage(("+1",)))
        client.flush()
        (message,) = smsc.wait_for_submitted()
        smsc.wait_for(lambda: message.is_over)
        with pytest.raises(ValueError, match="the message is over"):
            smsc.delete(message)
        smsc.disconnect()
        client.result()
    smsc.wait_for(lambda: smsc.logged_in == [])


@pytest.mark.smsc([Account("news", "s3cret")], fate=Fate.parse("failed:0"))
def test_a_mark_says_how_the_center_is(smsc):
    with connect(smsc, "news", "s3cret") as client:
        client.connection.submit(SubmitMessage(("+1",), reports=4))
        assert next_of(client, Received).message.status.name == "FAILED"


def test_a_center_that_is_stopped_is_not_called():
    with SmsCenter() as smsc:
        place = (smsc.host, smsc.port)
    smsc.stop()
    with pytest.raises(TimeoutError):
        smsc.call(int)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, PATIENCE_S)


def test_calls_within_the_center_are_done_at_once(smsc):
    assert smsc.call(partial(smsc.call, threading.current_thread)) is smsc._thread


def test_what_fails_in_the_center_fails_the_test(pytester):
    pytester.makepyfile(
        """
        import socket

        def test_breaks(smsc):
            smsc.simulator._desk.answer = None
            with socket.create_connection((smsc.host, smsc.port), 10) as client:
                client.sendall(b"\\x0201:001\\t010:kannel\\t011:secret\\t\\x03")
                assert client.recv(1) == b""
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*TypeError: 'NoneType' object is not callable*"])


def test_the_tests_that_the_documentation_shows_pass(pytester):
    page = Path(__file__).parents[2] / "docs" / "howto" / "cimd-simulator.md"
    text = page.read_text(encoding="utf-8")
    files = re.findall(r"^```python\n# (test_\w+)\.py\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    pytester.makepyfile(**{f"{name}_documented": code for name, code in files})
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=4)
