import signal
import socket
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from ohnecimd.cli import main, talk
from ohnecimd.cli.failures import Failed
from ohnecimd.cli.protocols import PROTOCOLS
from ohnecimd.cli.standard import Output
from ohnecimd.errors import Closed
from ohnecimd.protocols.lines import EchoClient

PATIENCE_S = 20


@pytest.fixture
def echo(serve, socket_path):
    return serve("echo", "--unix", socket_path).address


@pytest.fixture
def chat(serve):
    return serve("chat").address


@contextmanager
def scripted(answer, *, reads=65536):
    """A server that reads once, answers this, and closes; lends its address."""

    def work():
        client, _ = listening.accept()
        with client:
            client.recv(reads)
            client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            thread.join(PATIENCE_S)


def test_words_are_said_and_the_answers_printed(run, echo):
    ran = run("talk", "echo", echo, "Hello", "", "W\x1bld")
    assert (ran.status, ran.out, ran.err) == (0, "Hello\n\nW\\x1bld\n", "")


def test_lines_of_standard_input_are_said(run, chat):
    ran = run("talk", "chat", chat, given=b"Hello\r\n\nlast")
    assert (ran.status, ran.out, ran.err) == (0, "Hello\n\nlast\n", "")


def test_nothing_to_say_is_fine(run, echo):
    ran = run("talk", "echo", echo)
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_a_dot_ends_a_chat(run, chat):
    ran = run("talk", "chat", chat, given=b"Hello\n.\nunsaid\n")
    assert (ran.status, ran.out, ran.err) == (0, "Hello\n", "")


def test_raw_answers_are_bytes_as_they_are(echo, capfdbinary):
    assert main(["talk", "echo", echo, "--raw", "\x1b", "é\\"]) == 0
    assert capfdbinary.readouterr().out == "\x1b\né\\\n".encode()


def test_options_may_stand_between_the_words(run, echo):
    ran = run("talk", "echo", "--timeout", "5", echo, "one", "--limit", "99", "two", "--", "-x")
    assert (ran.status, ran.out, ran.err) == (0, "one\ntwo\n-x\n", "")


def test_answers_come_while_standard_input_is_open(launch, echo):
    process = launch("talk", "echo", echo)
    for line in (b"one\n", b"two\n"):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == line
    out, err = process.communicate(b"half", timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, b"half\n", b"")


@pytest.mark.parametrize("line", [b"x" * 63 + b"\n", b"y" * 65000 + b"\n", b"\n"])
def test_much_goes_through_and_nothing_is_lost(launch, serve, tmp_path, line):
    server = serve("echo", stdout=-1, stderr=-3)
    drained = threading.Thread(target=server.process.stdout.read)
    drained.start()
    count = min(10_000_000 // len(line), 100_000)
    file = tmp_path / "much"
    file.write_bytes(line * count)
    with file.open("rb") as much:
        process = launch("talk", "echo", server.address, "--raw", stdin=much)
        out, err = process.communicate(timeout=60)
    server.process.terminate()
    drained.join(PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    assert out == line * count


def test_a_closed_pipe_ends_it_quietly(launch, echo, closed_pipe):
    process = launch("talk", "echo", echo, "Hello", stdout=closed_pipe)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (141, b"")


def test_an_interrupt_ends_it_without_a_traceback(launch, echo):
    process = launch("talk", "echo", echo)
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"one\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    assert process.stderr.read() == b""


def test_a_server_that_closes_early_fails_after_what_it_has_answered(run):
    with scripted(b"one\n") as address:
        ran = run("talk", "echo", address, "one", "two")
    assert (ran.status, ran.out) == (1, "one\n")
    assert ran.err == (
        "ohnecimd: error: the server closed the connection without answering line 2\n"
    )


def test_a_conversation_that_is_over_already_fails_at_the_next_line(capfd):
    class Over:
        connection = EchoClient()

        def flush(self):
            raise ConnectionResetError(104, "Connection reset by peer")

        def next_event(self, _timeout_s=None):
            raise Closed("no more events: the connection is over")

    Over.connection.send_eof()
    options = SimpleNamespace(side=PROTOCOLS["echo"].client, raw=False, timeout=1)
    with pytest.raises(Failed, match="closed the connection without answering line 1"):
        talk._Talk(Over(), Output(), options).say([b"one", b"two"])


def test_a_server_that_breaks_off_in_an_answer_fails(run):
    with scripted(b"one\ntw") as address:
        ran = run("talk", "echo", address, "one", "two")
    assert (ran.status, ran.out) == (1, "one\n")
    assert ran.err.startswith("ohnecimd: error: bad answer to line 2: at byte 6: ")


def test_an_answer_that_is_none_fails(run):
    with scripted(b"You sent: one\r\nYou said: two\r\n") as address:
        ran = run("talk", "chat", address, "one", "two")
    assert (ran.status, ran.out) == (1, "one\n")
    assert ran.err.startswith("ohnecimd: error: bad answer to line 2: at byte 20: ")


def test_a_server_that_resets_fails(run):
    def work():
        client, _ = listening.accept()
        client.recv(1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=work)
        thread.start()
        ran = run("talk", "echo", f"127.0.0.1:{listening.getsockname()[1]}", "one")
        thread.join(PATIENCE_S)
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: the connection is lost: connection reset by peer\n"


def test_a_server_that_says_nothing_fails_in_time(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        ran = run("talk", "echo", address, "one", "--timeout", "0.1")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "ohnecimd: error: no answer within 0.1 s\n"


def test_a_server_that_takes_nothing_fails_in_time(run):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        given = b"x" * 60_000 + b"\n"
        ran = run("talk", "echo", address, "--timeout", "0.1", given=given * 200)
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: no answer within 0.1 s\n"


def test_nobody_there_fails(run):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"127.0.0.1:{gone.getsockname()[1]}"
    ran = run("talk", "echo", address, "one")
    assert ran.status == 1
    assert ran.err == f"ohnecimd: error: cannot connect to {address}: connection refused\n"


def test_a_line_that_is_too_long_fails_after_those_before_it(run, echo):
    ran = run("talk", "echo", echo, "--limit", "5", given=b"one\ntwo\nmuch too long\n")
    assert (ran.status, ran.out) == (1, "one\ntwo\n")
    assert ran.err == ("ohnecimd: error: line 3 of standard input has more than 5 bytes\n")


def test_a_word_that_is_no_line_is_an_error_in_use(run, echo):
    ran = run("talk", "echo", echo, "one\ntwo")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == ("ohnecimd: error: cannot say 'one\\x0atwo': a line holds no b'\\n'\n")


def test_closed_standard_input_is_an_error_in_use(echo, capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["talk", "echo", echo]) == 2
    assert capfd.readouterr().err == (
        "ohnecimd: error: standard input is closed, and there are no words\n"
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nowhere", "argument ADDRESS: bad address 'nowhere': it is HOST:PORT, [IPv6]:PORT or "),
        ("h:99999", "argument ADDRESS: bad port '99999': it is a number from 1 to 65535"),
        ("a..b:1", "argument ADDRESS: bad host 'a..b'"),
        ("unix:", "argument ADDRESS: bad path '' of a Unix socket"),
        ("unix:nothing", "cannot connect to unix:nothing: no such file or directory"),
        ("unix:" + "x" * 200, "x: AF_UNIX path too long"),
    ],
)
def test_a_bad_address_is_one_clear_line(run, socket_path, address, message):
    ran = run("talk", "echo", address, "one")
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e99", "soon", ""])
def test_a_bad_timeout_is_an_error_in_use(run, text):
    ran = run("talk", "echo", "h:1", "one", f"--timeout={text}")
    assert ran.status == 2
    assert ran.err.startswith(
        f"ohnecimd: error: argument --timeout: bad timeout {text!r}: it is a number of seconds"
    )


def test_a_host_that_is_not_known_is_an_error_in_use(run, monkeypatch):
    def know_nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_nothing)
    ran = run("talk", "echo", "nowhere.invalid:1", "one")
    assert ran.status == 2
    assert ran.err == (
        "ohnecimd: error: cannot connect to nowhere.invalid:1: the name of the host is not known\n"
    )


def test_small_batches_change_nothing(run, echo, monkeypatch):
    monkeypatch.setattr(talk, "BATCH_LINES", 2)
    ran = run("talk", "echo", echo, given=b"a\nb\nc\nd\ne\n")
    assert (ran.status, ran.out) == (0, "a\nb\nc\nd\ne\n")
