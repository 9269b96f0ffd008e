import errno
import json
import os
import signal
import socket
import sys
import threading

import pytest

from ohnecimd.cli import main, transports
from ohnecimd.cli.failures import reason

PATIENCE_S = 20


def ask(client, data, size):
    client.sendall(data)
    answer = b""
    while len(answer) < size:
        answer += client.recv(65536)
    return answer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_events_are_told_and_signals_stop_it_in_order(serve, transport, number):
    server = serve("echo", "--transport", transport)
    assert server.address.startswith("127.0.0.1:")
    with server.connect() as client:
        assert ask(client, b"Hello\n\n", 7) == b"Hello\n\n"
        assert server.lines(3) == ["1 open\n", "1 line Hello\n", "1 line\n"]
        server.send_signal(number)
        assert client.recv(1) == b""
    ran = server.rest()
    assert (ran.status, ran.out, ran.err) == (0, "1 close\n", "")


def test_a_unix_socket_is_served_and_removed(serve, transport, socket_path):
    server = serve("chat", "--transport", transport, "--unix", socket_path)
    assert server.first_line == "listening on unix:s\n"
    with server.connect() as client:
        assert ask(client, b"Hello\r\n.\r\n", 17) == b"You sent: Hello\r\n"
        assert client.recv(1) == b""
    assert server.lines(3) == ["1 open\n", "1 line Hello\n", "1 close\n"]
    server.send_signal(signal.SIGTERM)
    ran = server.rest()
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert not os.path.exists(socket_path)  # noqa: PTH110 - the path as it was given


def test_json_has_one_object_for_each_event(serve, transport):
    server = serve("echo", "--json", "--transport", transport, "--limit", "9")
    with server.connect() as client:
        assert ask(client, b"H\xe9\x1b\n", 4) == b"H\xe9\x1b\n"
        client.sendall(b"much too long\n")
        assert client.recv(1) == b""
    opened, line, error, closed = map(json.loads, server.lines(4))
    assert opened == {"event": "open", "connection": 1}
    assert line == {"event": "line", "connection": 1, "line": "H\xe9\x1b", "offset": 0}
    assert closed == {"event": "close", "connection": 1}
    assert error.pop("message").startswith("at byte ")
    assert error == {
        "event": "error", "connection": 1, "error": "too-long", "offset": error["offset"],
    }  # fmt: skip


def test_bytes_from_the_wire_are_escaped(serve):
    server = serve("echo")
    with server.connect() as client:
        ask(client, b"\x1b]0;x\x07\x9b2J\x7f\\ \n", 12)
    assert server.lines(2)[1] == "1 line \\x1b]0;x\\x07\\x9b2J\\x7f\\\\ \n"


def test_connections_are_numbered(serve, transport):
    server = serve("echo", "--transport", transport)
    with server.connect() as first, server.connect() as second:
        assert server.lines(2) == ["1 open\n", "2 open\n"]
        ask(second, b"two\n", 4)
        ask(first, b"one\n", 4)
        assert server.lines(2) == ["2 line two\n", "1 line one\n"]


def test_a_client_that_breaks_off_in_a_line_is_an_error(serve, transport):
    server = serve("echo", "--transport", transport)
    with server.connect() as client:
        client.sendall(b"half a li")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    opened, error, closed = server.lines(3)
    assert (opened, closed) == ("1 open\n", "1 close\n")
    assert error.startswith("1 error truncated: at byte 9: ")


def test_further_clients_wait_while_there_are_enough(serve, transport):
    server = serve("echo", "--transport", transport, "--max-connections", "1")
    with server.connect() as second, server.connect() as first:
        client, waiting = second, first
        ask(client, b"one\n", 4)
        assert server.lines(2) == ["1 open\n", "1 line one\n"]
        waiting.sendall(b"two\n")
        ask(client, b"three\n", 6)
        assert server.line() == "1 line three\n"
        client.shutdown(socket.SHUT_WR)
        assert server.lines(3) == ["1 close\n", "2 open\n", "2 line two\n"]


def test_a_closed_pipe_stops_it_in_order(serve, transport):
    server = serve("echo", "--transport", transport)
    server.process.stdout.close()
    with server.connect() as client:
        client.sendall(b"Hello\n")
        assert client.recv(6) in {b"Hello\n", b""}
    assert server.process.wait(PATIENCE_S) == 141
    assert server.process.stderr.read() == b""


def test_a_signal_stops_it_while_nobody_takes_its_output(serve, transport):
    server = serve("echo", "--transport", transport)
    with server.connect() as client:
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.sendall((b"x" * 999 + b"\n" * 99) * 20_000)
        server.send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE_S) == 0
    assert server.process.stderr.read() == b""


def test_a_full_disk_stops_it_in_order(launch):
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device
        pytest.skip("no /dev/full")
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = launch("serve", "echo", stdout=full)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert err == b"ohnecimd: error: cannot write to standard output: no space left on device\n"


def test_a_port_in_use_is_named(run, transport):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("serve", "echo", "--port", port, "--transport", transport)
    assert (ran.status, ran.out) == (2, "")
    assert (
        ran.err == f"ohnecimd: error: cannot listen on 127.0.0.1:{port}: address already in use\n"
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("taken", "address already in use"),
        ("file", "there is a file that is no socket"),
        ("nowhere/s", "no such file or directory"),
        ("x" * 200, "AF_UNIX path too long"),
    ],
)
def test_a_path_that_cannot_be_listened_on_is_named(run, socket_path, transport, path, why):
    with open("file", "wb"), socket.socket(socket.AF_UNIX) as taken:  # noqa: PTH123
        taken.bind("taken")
        taken.listen()
        ran = run("serve", "echo", "--unix", path, "--transport", transport)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"ohnecimd: error: cannot listen on unix:{path}: {why}\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "65536"], "argument --port: bad port '65536': it is a number from 0 to 65535"),
        (["--port", "http"], "argument --port: bad port 'http': it is a number from 0 to 65535"),
        (["--host", "a..b"], "argument --host: bad host 'a..b'"),
        (["--unix", ""], "argument --unix: bad path '' of a Unix socket"),
        (["--unix", "s", "--port", "1"], "--unix stands instead of --host and --port, not beside"),
        (["--transport", "pigeon"], "argument --transport: invalid choice: 'pigeon' (choose from"),
        (["--max-connections", "0"], "bad number of connections '0': it is at least 1"),
        (["--host", "203.0.113.7"], "cannot listen on 203.0.113.7:0: cannot assign requested"),
    ],
)
def test_bad_options_are_one_clear_line(run, options, message):
    ran = run("serve", "echo", *options)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("ohnecimd: error: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_host_that_is_not_known_is_named(run, monkeypatch):
    def know_nothing(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_nothing)
    ran = run("serve", "echo", "--host", "nowhere.invalid")
    assert ran.status == 2
    assert ran.err == (
        "ohnecimd: error: cannot listen on nowhere.invalid:0: the name of the host is not known\n"
    )


def test_a_port_that_is_not_allowed_is_named(run, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setitem(transports.TRANSPORTS, "sockets", transports.Transport("sockets", refuse))
    ran = run("serve", "echo", "--port", "80")
    assert ran.status == 2
    assert ran.err == "ohnecimd: error: cannot listen on 127.0.0.1:80: permission denied\n"


def test_a_transport_that_is_not_installed_names_the_extra(run, monkeypatch):
    monkeypatch.delitem(sys.modules, "ohnecimd.transports.gevent", raising=False)
    monkeypatch.setitem(sys.modules, "gevent", None)
    ran = run("serve", "echo", "--transport", "gevent")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        "ohnecimd: error: the transport gevent is not installed: pip install 'ohnecimd[gevent]'\n"
    )


class Fake:
    """A server that listens nowhere."""

    address = "nowhere"

    def __init__(self):
        self.stopped = threading.Event()

    def stop(self):
        self.stopped.set()

    def call_soon(self, function, *args):
        function(*args)


def fake_transport(monkeypatch, before, after):
    """Have ``sockets`` run a fake server that does these things before and while it listens."""

    def run(_transport, wanted):
        server = Fake()
        before()
        wanted.on_ready(server)
        after(server)
        assert server.stopped.wait(PATIENCE_S)

    monkeypatch.setitem(transports.TRANSPORTS, "sockets", transports.Transport("sockets", run))


def test_a_signal_before_it_listens_stops_it_too(run, monkeypatch):
    fake_transport(monkeypatch, lambda: signal.raise_signal(signal.SIGINT), lambda _: None)
    ran = run("serve", "echo")
    assert (ran.status, ran.out) == (0, "listening on nowhere\n")


def test_the_handlers_of_signals_are_put_back(run, monkeypatch):
    fake_transport(monkeypatch, lambda: None, lambda _: signal.raise_signal(signal.SIGTERM))
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    assert run("serve", "echo").status == 0
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_server_that_breaks_down_has_failed(run, monkeypatch):
    def break_down(_):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    fake_transport(monkeypatch, lambda: None, break_down)
    ran = run("serve", "echo")
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: the server has stopped: cannot allocate memory\n"


def test_it_runs_outside_of_the_main_thread(capfd, monkeypatch):
    fake_transport(monkeypatch, lambda: None, Fake.stop)
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(main(["serve", "echo"])))
    thread.start()
    thread.join(PATIENCE_S)
    assert statuses == [0]
    assert capfd.readouterr() == ("listening on nowhere\n", "")


def test_a_reason_without_a_number_is_its_text():
    assert reason(OSError("AF_UNIX path too long")) == "AF_UNIX path too long"
    assert reason(TimeoutError("timed out")) == "no answer in time"
