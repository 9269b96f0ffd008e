"""``talk cimd``: who logs in, servers that do as they like, and words that make no sense."""

import socket
import sys
import threading
import time
from datetime import datetime
from types import SimpleNamespace

import pytest
from cimd_talking import PATIENCE_S, TO, USER, WELCOME, asked, goodbye, objects, scripted

from ohnecimd.cli import cimd_sources
from ohnecimd.cli.failures import BadUse
from ohnecimd.protocols.cimd.packets import packet_in
from ohnecimd.protocols.cimd.simulator import Simulator
from ohnecimd.transports import sockets

# Login


@pytest.mark.parametrize("end", ["\n", "\r\n", "", "\nmore\n"])
def test_the_password_may_be_the_first_line_of_a_file(talk, tmp_path, end):
    file = tmp_path / "password"
    file.write_text(f"secret{end}", newline="")
    assert talk("alive", "--password-file", file, user=USER[:2]).status == 0


def test_the_password_may_be_in_the_environment(talk, monkeypatch):
    monkeypatch.setenv("OHNECIMD_PASSWORD", "secret")
    assert talk("alive", user=USER[:2]).status == 0
    assert talk("alive", "--password", "wrong", user=USER[:2]).status == 1


def test_the_password_is_asked_for_on_a_terminal(talk, smsc, monkeypatch):
    monkeypatch.delenv("OHNECIMD_PASSWORD", raising=False)
    asked_for = []
    monkeypatch.setattr(cimd_sources.getpass, "getpass", lambda text: asked_for.append(text) or "x")
    options = SimpleNamespace(password=None, password_file=None, user="ka\x1bnnel")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    assert cimd_sources.password_of(options) == "x"
    assert asked_for == [r"password of ka\x1bnnel: "]


@pytest.mark.parametrize("terminal", [None, SimpleNamespace(isatty=lambda: True)])
def test_without_a_password_nobody_logs_in(monkeypatch, terminal):
    def give_up(_):
        raise EOFError

    monkeypatch.delenv("OHNECIMD_PASSWORD", raising=False)
    monkeypatch.setattr(cimd_sources.getpass, "getpass", give_up)
    monkeypatch.setattr(sys, "stdin", terminal)
    options = SimpleNamespace(password=None, password_file=None, user="kannel")
    with pytest.raises(BadUse, match=r"^no password: give --password-file FILE, OHNECIMD_PASSWORD"):
        cimd_sources.password_of(options)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "cannot read '{}': no such file or directory"),
        (".", "cannot read '{}': is a directory"),
        ("binary", "cannot read '{}': it is not UTF-8\n"),
    ],
)
def test_a_password_file_that_cannot_be_read_is_one_clear_line(talk, tmp_path, name, why):
    (tmp_path / "binary").write_bytes(b"\xff")
    file = tmp_path / name
    ran = talk("alive", "--password-file", file, user=USER[:2])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("ohnecimd: error: " + why.format(file))


@pytest.mark.parametrize("json_", [(), ("--json",)])
def test_a_login_that_is_refused_fails(talk, smsc, json_):
    ran = talk("alive", *json_, user=("--user", "kannel", "--password", "wr0ng"))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "ohnecimd: error: the login was refused: Invalid login\n"
    assert asked(smsc, 40) == []


@pytest.mark.parametrize(
    ("user", "why"),
    [
        (("--user", "x" * 33, "--password", "y"), "in Login > user: expected text in ASCII"),
        (("--user", "kannel", "--password", "s3cret" * 6), "in Login > password: expected text"),
        (("--user", "kannel", "--password", "s3cr\x03et"), "in Login > password: expected text"),
    ],
)
def test_a_login_that_cannot_be_sent_is_one_clear_line(talk, user, why):
    ran = talk("alive", user=user)
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err
    assert "s3cr" not in ran.err
    assert ran.err.count("\n") == 1


def test_a_window_and_a_subaddress_are_asked_for(talk, smsc):
    assert talk("--window", "10", "--subaddress", "3", "alive").status == 0
    (login,) = asked(smsc, 1)
    assert (login.get(19), login.get(12)) == (b"10", b"3")


def test_packets_may_go_without_checksums(talk, smsc):
    assert talk("--no-checksums", "alive").status == 0
    assert {packet.checksum for who, packet in smsc.packets if who == "application"} == {None}


def test_the_greeting_can_be_waited_for(talk_to):
    script = ((0, b"CIMD2-A ConnectionInfo\n"), (1, WELCOME), (2, goodbye(3)))
    with scripted(*script) as (address, heard):
        assert talk_to(address, "--await-greeting").status == 0
    assert packet_in(heard[0]).operation == 1


# Servers that do as they like


def test_nobody_who_listens_is_a_failure(talk_to):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    ran = talk_to(address, "alive")
    assert ran.status == 1
    assert ran.err == f"ohnecimd: error: cannot connect to {address}: connection refused\n"


def test_a_server_that_says_nothing_is_not_waited_for_long(talk_to):
    with scripted((1, b""), closes=False) as (address, _):
        ran = talk_to(address, "alive", "--timeout", "0.2")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: no answer within 0.2 s\n")


def test_a_server_that_falls_silent_is_not_waited_for_long(talk, smsc):
    smsc.faults.add("ignore:submit-message")
    ran = talk("--timeout", "0.7", "--window", "2", given=b"submit --to 1\nalive\n")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: no answer within 0.7 s\n")
    assert ran.out.startswith("submit 003: sent, and not answered: ")
    assert len(asked(smsc, 3)) == 1


def test_a_server_that_closes_leaves_no_doubt_about_what_was_done(talk_to):
    with scripted((1, WELCOME), (2, b"")) as (address, _):
        ran = talk_to(address, "--json", given=b"submit --to 1 --text x\nalive\n")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: the server has closed the connection\n")
    states = [(each["command"], each["number"], each["state"]) for each in objects(ran.out)]
    assert states == [("submit", 3, "lost"), ("alive", None, "unsent")]


@pytest.mark.parametrize("step", [(0, b""), (1, b"")])
def test_a_server_that_closes_before_the_login_is_answered_fails(talk_to, step):
    with scripted(step) as (address, _):
        ran = talk_to(address, "alive")
    assert (ran.status, ran.out) == (1, "")
    assert "the server has closed the connection" in ran.err or "the connection is lost" in ran.err


def test_a_server_that_closes_while_somebody_listens_fails(talk_to):
    with scripted((1, WELCOME)) as (address, _):
        ran = talk_to(address, "listen")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: the server has closed the connection\n")


def test_a_server_that_closes_is_noticed_while_nobody_types(launch):
    with scripted((1, WELCOME)) as (address, _):
        process = launch("talk", "cimd", address, *USER)
        assert process.wait(PATIENCE_S) == 1
    assert process.stderr.read() == b"ohnecimd: error: the server has closed the connection\n"


def test_what_a_server_says_wrongly_is_told(talk_to):
    odd = b"\x02oops\x03\x0253:009\t\x03\x0203:000\t021:1\t\x03\x02\x1b[2J\x03"
    with scripted((1, WELCOME + odd), (5, b"\x0290:003\t\x03"), (6, goodbye(5))) as (address, _):
        ran = talk_to(address, "--json", "alive")
    kinds = [each.get("error") or each["command"] for each in objects(ran.out)]
    assert kinds == ["malformed", "stray", "rejected", "malformed", "alive"]
    assert ran.status == 0


def test_lines_of_any_server_are_printable(talk_to):
    odd = b"\x02\x1b[2J\x03\x0220:000\t021:1\t023:\x1b\t033:\x1b[2J\xe9\x7f\n\t\x03"
    refusal = b"\x0290:003\t900:1\t901:\x1b[2J\t\x03"
    with scripted((1, WELCOME + odd), (3, refusal)) as (address, _):
        ran = talk_to(address, "alive", "--count", "1")
    assert all(line.isprintable() for line in (ran.out + ran.err).splitlines())
    assert ran.out.count("\n") >= 3


def test_a_server_that_repeats_a_nack_gets_it_again(talk, smsc):
    smsc.faults.add("nack:submit-message:nth=1")
    ran = talk("submit", "--to", TO)
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "nack 003"
    assert ran.out.splitlines()[1].startswith(f"submit 003: {TO} ")


@pytest.mark.parametrize(
    ("words", "answer", "printed", "status"),
    [
        (
            ["enquire", "--to", "1", "--time", "261120131502"],
            b"54:003\t021:1\t",
            "enquire 003: bad answer: at byte 25 in EnquireResponse: parameter 061 is missing\n",
            1,
        ),
        (
            ["enquire", "--to", "1", "--time", "261120131502"],
            b"54:003\t061:3\t062:29\t",
            "enquire 003: Delivery failed (Absent subscriber)\n",
            0,
        ),
        (
            ["enquire", "--to", "1", "--time", "261120131502"],
            b"54:003\t061:4\t062:500\t",
            "enquire 003: Delivery successful (500)\n",
            0,
        ),
        (["submit", "--to", "1"], b"53:003\t", "submit 003: done\n", 0),
        (["submit", "--to", "1"], b"53:003\t021:1\t", "submit 003: 1\n", 0),
        (["submit", "--to", "1"], b"98:003\t", "submit 003: refused\n", 1),
        (["submit", "--to", "1"], b"98:003\t901:no\t", "submit 003: refused: no\n", 1),
        (["submit", "--to", "1"], b"53:003\t900:10\t", "error 10, Temporary congestion\n", 1),
        (["submit", "--to", "1"], b"53:003\t900:999\t901:\xe9!\t", "error 999, é!\n", 1),
        (["get", "--item", "502"], b"59:003\t502:a\x1b\t", "get 003: 502 'a\\x1b'\n", 0),
        (["get"], b"59:003\t", "get 003: done\n", 0),
        (["request"], b"55:003\t", "request 003: done\n", 0),
        (["request"], b"55:003\t066:1\t", "request 003: 1 message waiting\n", 0),
    ],
)
def test_every_answer_is_said_in_words(talk_to, words, answer, printed, status):
    with scripted((1, WELCOME), (2, b"\x02" + answer + b"\x03"), (3, goodbye(5))) as (address, _):
        ran = talk_to(address, *words)
    assert ran.status == status
    assert ran.out.endswith(printed)
    assert ran.out.count("\n") == 1


def test_a_reset_is_a_connection_that_is_lost(talk_to):
    def work():
        client, _ = listening.accept()
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1" + bytes(7))
        client.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        ran = talk_to(f"127.0.0.1:{listening.getsockname()[1]}", "alive")
        thread.join(PATIENCE_S)
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: the connection is lost: connection reset by peer\n"


def test_output_that_nobody_reads_any_more_ends_listening(begin, smsc):
    process = begin("listen")
    smsc.wait_for(lambda: smsc.logged_in)
    process.stdout.close()
    smsc.inject("16700", "+358", "Hello")
    assert process.wait(PATIENCE_S) == 141
    assert process.stderr.read() == b""
    assert len(asked(smsc, 2)) == 1


def test_a_unix_socket_is_an_address(talk_to, socket_path):
    simulator = Simulator(now=datetime.now, clock=time.monotonic)
    with sockets.serve(simulator, unix=socket_path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ran = talk_to("unix:s", "submit", "--to", TO, "--text", "x")
        server.stop(0)
        thread.join(PATIENCE_S)
    assert (ran.status, ran.err) == (0, "")
    assert simulator.submitted[0].text == "x"


def test_an_unanswered_logout_does_not_matter(talk_to, monkeypatch):
    monkeypatch.setattr("ohnecimd.cli.cimd_talk.GOODBYE_S", 0.1)
    with scripted((1, WELCOME), (2, b"\x0290:003\t\x03"), (3, b"")) as (address, _):
        ran = talk_to(address, "alive")
    assert (ran.status, ran.out, ran.err) == (0, "alive 003: done\n", "")


def test_output_that_nobody_reads_ends_it(launch, smsc, closed_pipe):
    address = f"{smsc.host}:{smsc.port}"
    process = launch("talk", "cimd", address, *USER, "alive", stdout=closed_pipe)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (141, b"")


# Bad use


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["fly"], "a command is one of submit, enquire, cancel, request, get, set, alive, listen,"),
        (["alive", "get"], "with options; not 'alive get'"),
        (["submit", "--text", "x"], "--to is missing"),
        (["submit", "--to", "12x"], "bad number '12x'"),
        (["submit", "--to", "1" * 21], "bad number '111111111111111111111'"),
        (["submit", "--to", "+"], "bad number '+'"),
        (["submit", "--to", "1", "--text", "ж", "--coding", "8bit"],
         "in text > [0]: expected a character of ISO 8859-1, found 'ж'"),
        (["submit", "--to", "1", "--text", "ж", "--coding", "default"], "found 'ж'"),
        (["submit", "--to", "1", "--text", "x", "--coding", "ebcdic"], "invalid choice: 'ebcdic'"),
        (["submit", "--to", "1", "--text", "x" * 40_000], "it takes 262 parts or more"),
        (["submit", "--to", "1", "--text", "x", "--data", "00"], "--text or --data, not both"),
        (["submit", "--to", "1", "--data", "0"], "bad octets '0'"),
        (["submit", "--to", "1", "--header", "zz"], "bad octets 'zz'"),
        (["submit", "--to", "1", "--header", "0500"], "bad header '0500'"),
        (["submit", "--to", "1", "--from", "twelve chars"], "alphanumeric_originator: expected"),
        (["submit", "--to", "1", "--report", "maybe"], "no reports are 'maybe': there are none,"),
        (["submit", "--to", "1", "--validity", "90"], "bad period '90'"),
        (["submit", "--to", "1", "--validity", "2026-11-20T13:15+01:00"], "bad period"),
        (["submit", "--to", "1", "--priority", "0"], "bad priority '0'"),
        (["submit", "--to", "1", "--parameter", "48:x"], "bad parameter '48:x'"),
        (["submit", "--to", "1", "--parameter", "048:a\tb"], "bad parameter 048: "),
        (["enquire", "--to", "1"], "--time is missing"),
        (["enquire", "--to", "1", "--time", "261399000000"], "bad time '261399000000'"),
        (["enquire", "--to", "1", "--to", "2", "--time", "261120131502"], "several --to"),
        (["enquire", "--to", "1", "--text", "x"], "enquire does not take --text"),
        (["cancel"], "cancel needs --to, or --all"),
        (["cancel", "--to", "1", "--all"], "cancel takes --to or --all, not both"),
        (["cancel", "--all", "--time", "261120131502"], "cancel takes --time with --to only"),
        (["request", "--mode", "some"], "bad mode 'some': it is one of count, one, all"),
        (["get", "--item", "5"], "bad item '5'"),
        (["set"], "--new-password is missing"),
        (["set", "--new-password", "s3cret" * 6], "in Set > password: expected text"),
        (["listen", "--count", "0"], "bad number of messages '0'"),
        (["listen", "--for", "-1"], "bad time '-1'"),
        (["alive", "--window", "129"], "bad window '129': it is a number from 1 to 128"),
        (["alive", "--subaddress", "10"], "bad subaddress '10'"),
        (["--to", "1"], "--to without a command"),
    ],
)  # fmt: skip
def test_bad_use_is_one_clear_line_before_anything_is_sent(talk, smsc, words, why):
    ran = talk(*words)
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err
    assert "s3cret" not in ran.err
    assert ran.err.count("\n") == 1
    assert smsc.packets == []


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1", "127.0.0.1:99999", "unix:"])
def test_an_address_that_is_none_is_one_clear_line(talk_to, address):
    ran = talk_to(address, "alive")
    assert (ran.status, ran.out) == (2, "")
    assert "argument ADDRESS: bad " in ran.err


def test_somebody_has_to_log_in(run):
    ran = run("talk", "cimd", "127.0.0.1:1", "alive")
    assert ran.status == 2
    assert "the following arguments are required: --user" in ran.err
