"""``talk ldo``: the command language of the example client, against a server of ours."""

import json
import os
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from ohnecimd.cli import ldo, main
from ohnecimd.cli.failures import BadUse, Failed
from ohnecimd.cli.ldo import parse_action
from ohnecimd.protocols.chunks import Client, Server
from ohnecimd.transports import sockets

FILE = Path(__file__).parents[1] / "data" / "chunks" / "ldo-conversations.json"
CONVERSATIONS = [each for each in json.loads(FILE.read_text()) if "client_args" in each]
PATIENCE_S = 20


@contextmanager
def serving(factory=None, **options):
    """Serve in a thread; lend the address."""
    with sockets.serve(factory or Server(), **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield str(server.address)
        finally:
            server.stop(0)
            thread.join(PATIENCE_S)


@pytest.fixture
def address():
    with serving() as address:
        yield address


def printed(ran):
    """Return the actions and the results that were printed."""
    lines = ran.out.splitlines()
    assert all(line.startswith(("action: ", " result: ")) for line in lines)
    return [
        [line.removeprefix(head) for line in lines if line.startswith(head)]
        for head in ("action: ", " result: ")
    ]


@pytest.mark.parametrize("record", CONVERSATIONS, ids=lambda record: record["name"])
def test_the_client_prints_what_the_example_client_printed(run, address, record):
    ran = run("talk", "ldo", address, *record["client_args"])
    actions, results = printed(ran)
    assert results == record["client_results"]
    assert ran.status == record["client_exit"]
    assert actions == record["client_args"][: len(actions)]
    assert len(actions) == len(record["client_args"]) or ran.status
    assert bool(ran.err) == bool(ran.status)


def test_there_are_conversations_of_the_client():
    assert len(CONVERSATIONS) == 55


def test_it_talks_through_a_unix_socket(run, socket_path):
    with serving(unix=socket_path) as address:
        ran = run("talk", "ldo", address, "request:ECHO:hi", "request:SHUT")
    assert address == "unix:s"
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "action: request:ECHO:hi\n result: (b'ECHO', b'hi')\n"
        "action: request:SHUT\n result: (b'NOOP', b'')\n"
    )


def test_actions_may_come_from_standard_input(run, address):
    ran = run("talk", "ldo", address, given=b"request:NOOP\r\nrequestd:CMPU:OPER=+\ndelay:0")
    assert (ran.status, ran.err) == (0, "")
    assert printed(ran) == [
        ["request:NOOP", "requestd:CMPU:OPER=+", "delay:0"],
        ["(b'NOOP', b'')", "(b'ANSR', [(b'STS ', b'1'), (b'VALU', b'0')])"],
    ]


def test_results_come_while_standard_input_is_open(launch, address):
    process = launch("talk", "ldo", address)
    for action in (b"raw-send:NOOP%00%00%00%00", b"raw-receive:4", b"raw-receive:4"):
        process.stdin.write(action + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"action: " + action + b"\n"
        if b"receive" in action:
            assert process.stdout.readline().startswith(b" result: b'")
    out, err = process.communicate(b"request:SHUT\nrequest:NOOP\n", timeout=PATIENCE_S)
    assert out == b"action: request:SHUT\n result: (b'NOOP', b'')\naction: request:NOOP\n"
    assert (process.returncode, err) == (
        1,
        b"ohnecimd: error: the server closed the connection without answering action 5\n",
    )


@pytest.mark.parametrize(
    ("actions", "done"),
    [
        (["request:NOPE"], 1),
        (["request:NOPE", "request:NOOP"], 1),
        (["request:SHUT", "request:NOOP"], 2),
        (["request:SHUT", "raw-receive:1"], 2),
    ],
)
def test_a_server_that_closes_fails(run, address, actions, done):
    ran = run("talk", "ldo", address, *actions)
    assert printed(ran)[0] == actions[:done]
    assert ran.status == 1
    assert ran.err == (
        f"ohnecimd: error: the server closed the connection without answering action {done}\n"
    )


def test_an_action_on_a_connection_that_is_over_fails():
    client = Client()
    client.send_eof()
    action = parse_action(b"request:NOOP")
    with pytest.raises(
        Failed, match=r"^the server closed the connection without answering action 7"
    ):
        ldo._do(action, "action 7", SimpleNamespace(connection=client), SimpleNamespace())


def test_a_reset_is_a_server_that_closes(run):
    closing = threading.Event()

    def work():
        client, _ = listening.accept()
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1" + bytes(7))
        client.close()
        closing.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        ran = run("talk", "ldo", f"127.0.0.1:{listening.getsockname()[1]}", "request:NOOP")
        thread.join(PATIENCE_S)
    assert closing.is_set()
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: the connection is lost: connection reset by peer\n"


@pytest.mark.parametrize("place", [{}, {"unix": "s"}], ids=["tcp", "unix"])
def test_a_reply_before_a_reset_is_there(run, socket_path, place):
    assert socket_path == "s"
    wrong = "raw-send:NOOP%00%00%00%00NOPE%00%00%00%00NOOP%00%00%00%00"
    with serving(**place) as address:
        ran = run("talk", "ldo", address, wrong, "raw-receive:8", "raw-receive:1")
    assert printed(ran)[1] == [repr(b"NOOP\0\0\0\0")]
    assert ran.status == 1
    assert ran.err in {
        "ohnecimd: error: the server closed the connection without answering action 3\n",
        "ohnecimd: error: the connection is lost: connection reset by peer\n",
    }


def test_a_server_may_say_more_than_it_was_asked_for(run):
    def work():
        client, _ = listening.accept()
        with client:
            client.sendall(b"HELO\0\0\0\0")
            client.recv(65536)
            client.sendall(b"ONE \0\0\0\0TWO \1\0\0\0x")
            client.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        ran = run("talk", "ldo", address, "request:NOOP", "raw-receive:8", "requestd:NOOP")
        thread.join(PATIENCE_S)
    assert (ran.status, ran.err) == (0, "")
    assert printed(ran)[1] == ["(b'HELO', b'')", repr(b"ONE \0\0\0\0"), "(b'TWO ', [])"]


def test_a_reply_that_breaks_off_fails(run, address):
    ran = run("talk", "ldo", address, "raw-send:NOOP%00%00%00%00SHUT%00%00%00%00", "raw-receive:17")
    assert ran.status == 1
    assert ran.err == (
        "ohnecimd: error: bad answer to action 2: at byte 16: expected 17 bytes, "
        "found the end of input after 16 bytes\n"
    )


def test_a_reply_over_the_limit_fails(run, address):
    ran = run("talk", "ldo", address, "--limit", "3", "request:ECHO:abc", "request:ECHO:abcd")
    assert printed(ran)[1] == ["(b'ECHO', b'abc')"]
    assert ran.status == 1
    assert "at most 3 bytes of contents, found a size of 4" in ran.err


def test_a_reply_that_does_not_come_fails_in_time(run, address):
    ran = run("talk", "ldo", address, "--timeout", "0.1", "request:DLAY:NTVL=9")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: no answer within 0.1 s\n")


def test_a_delay_waits(run, address, monkeypatch):
    waits = []
    monkeypatch.setattr("ohnecimd.cli.ldo.time.sleep", waits.append)
    ran = run("talk", "ldo", address, "delay:0.25", "delay:1e2", "request:NOOP")
    assert ran.status == 0
    assert waits == [0.25, 100]


def test_nothing_is_done_if_one_of_the_actions_is_wrong(run, monkeypatch):
    monkeypatch.setattr("ohnecimd.cli.ldo.connected", None)
    ran = run("talk", "ldo", "127.0.0.1:1", "request:SHUT", "request:SHU")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "ohnecimd: error: bad action 'request:SHU': an ID has 4 bytes, and 'SHU' has 3\n"
    )


def test_a_wrong_line_comes_after_what_was_right(run, address):
    ran = run("talk", "ldo", address, given=b"request:NOOP\nfly\n")
    assert (ran.status, ran.out) == (2, "action: request:NOOP\n result: (b'NOOP', b'')\n")
    assert ran.err == (
        "ohnecimd: error: bad action 'fly': an action begins with "
        "delay:, request:, requestd:, raw-send: or raw-receive:\n"
    )


def test_control_characters_of_an_action_do_not_reach_the_terminal(address, capfd):
    assert main(["talk", "ldo", address, "raw-send:\x1b[2J\x7f"]) == 0
    assert capfd.readouterr().out == "action: raw-send:\\x1b[2J\\x7f\n"


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("", "an action begins with delay:, request:, requestd:, raw-send: or raw-receive:"),
        ("NOOP", "an action begins with"),
        ("request", "an action begins with"),
        ("Request:NOOP", "an action begins with"),
        ("request:", "an ID has 4 bytes, and '' has 0"),
        ("request:%4eOOPS", "an ID has 4 bytes, and '%4eOOPS' has 5"),
        ("request:ECHO:%", "% without two hex digits in '%'"),
        ("request:ECHO:a%4", "% without two hex digits in 'a%4'"),
        ("request:ECHO:%zz", "% without two hex digits in '%zz'"),
        ("request:ECHO:a:b", "'a' is not of the form id=contents"),
        ("request:CMPU:OPER=+:", "'' is not of the form id=contents"),
        ("request:CMPU:OPER=+=", "'OPER=+=' is not of the form id=contents"),
        ("request:CMPU:=+", "an ID has 4 bytes, and '' has 0"),
        ("request:CMPU:OPE=+", "an ID has 4 bytes, and 'OPE' has 3"),
        ("request:ECHO:\xe9", "it is not ASCII"),
        ("raw-send:%", "% without two hex digits in '%'"),
        ("raw-receive:", "'' is no number of bytes"),
        ("raw-receive:-1", "'-1' is no number of bytes"),
        ("raw-receive:1.5", "'1.5' is no number of bytes"),
        ("raw-receive:" + "9" * 16, f"'{'9' * 16}' is no number of bytes"),
        ("delay:", "'' is no number of seconds"),
        ("delay:soon", "'soon' is no number of seconds"),
        ("delay:-1", "'-1' is no number of seconds"),
        ("delay:nan", "'nan' is no number of seconds"),
        ("delay:inf", "'inf' is no number of seconds"),
    ],
)
def test_an_action_that_makes_no_sense_is_named(action, why):
    with pytest.raises(BadUse) as caught:
        parse_action(os.fsencode(action))
    shown = action[:32].replace("\xe9", r"\xc3\xa9")
    assert str(caught.value).startswith(f"bad action '{shown}': {why}")


class Recording:
    """A client that notes what it is asked."""

    def __init__(self):
        self.asked = []
        self.connection = self

    def request(self, id_, contents):
        self.asked.append((id_, contents))
        raise InterruptedError

    def send_raw(self, data):
        self.asked.append(data)

    def flush(self):
        pass


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("request:NOOP", (b"NOOP", b"")),
        ("request:NOOP:", (b"NOOP", b"")),
        ("request:%00%01%fF%25:%3a%3D", (b"\0\1\xff%", b":=")),
        ("request:DLAY:NTVL=", (b"DLAY", b"NTVL\0\0\0\0")),
        ("requestd:CMPU:A%3AB%20=1:OPND=%3d", (b"CMPU", b"A:B \1\0\0\x001OPND\1\0\0\0=")),
        ("raw-send:", b""),
        ("raw-send:a:b=c%00", b"a:b=c\0"),
    ],
)
def test_an_action_asks_for_what_it_says(action, asked):
    client = Recording()
    with suppress(InterruptedError):
        parse_action(action.encode()).act(client)
    assert client.asked == [asked]
