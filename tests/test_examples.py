"""The examples run as they say, and end in order."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("echo_*.py"))
TIMEOUT_S = 30
LINES_AT_MOST = 60


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return request.param


@pytest.fixture
def start(example):
    running = []

    def run(*args):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(example), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        words = process.stdout.readline().split()
        assert words[:2] == ["listening", "on"], process.stderr.read()
        host, _, port = words[2].rpartition(":")
        return process, (host, int(port))

    yield run
    for process in running:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


def test_there_is_an_example_for_each_transport():
    assert [path.stem for path in EXAMPLES] == ["echo_asyncio", "echo_gevent", "echo_sockets"]


def test_an_example_is_short(example):
    assert len(example.read_text().splitlines()) <= LINES_AT_MOST


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_example_echoes_and_ends_in_order(start, number):
    process, address = start()
    with socket.create_connection(address, TIMEOUT_S) as client:
        client.sendall(b"hello\n\nworld\n")
        assert client.makefile("rb").read(13) == b"hello\n\nworld\n"
        process.send_signal(number)
        assert client.recv(1) == b""
    rest = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, *rest) == (0, "", "")


def test_an_example_takes_host_and_port(start):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, address = start("127.0.0.1", str(port))
    assert address[1] == port
    with socket.create_connection(address, TIMEOUT_S) as client:
        client.sendall(b"here\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read() == b"here\n"
