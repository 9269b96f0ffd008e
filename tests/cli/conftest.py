"""The command line, run in this process and in others."""

import io
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
from cimd_talking import USER

from ohnecimd.cli import main
from ohnecimd.cli.transports import TRANSPORTS

PATIENCE_S = 20


@dataclass
class Ran:
    status: int
    out: str
    err: str


@pytest.fixture
def run(capfd, monkeypatch):
    """Run a command in this process; `given` is its standard input."""

    def run_here(*args, given=b""):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
        status = main([str(arg) for arg in args])
        return Ran(status, *capfd.readouterr())

    return run_here


def environment():
    """The one of this process, but with buffers where Python has them by itself."""
    return {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}


def start(*args, **options):
    """Start a command in a process of its own, in which warnings are errors."""
    command = [sys.executable, "-W", "error", "-m", "ohnecimd", *map(str, args)]
    given = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment(), **(given | options))


@pytest.fixture
def launch():
    """Start commands that are ended with the test, if they have not ended by themselves."""
    processes = []

    def launch_one(*args, **options):
        processes.append(start(*args, **options))
        return processes[-1]

    yield launch_one
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


class Server:
    """A server in a process of its own.

    `address` is what ``talk`` takes.
    """

    def __init__(self, process):
        self.process = process
        self.first_line = process.stdout.readline().decode()
        assert self.first_line.startswith("listening on "), process.communicate()
        self.address = self.first_line.removeprefix("listening on ").rstrip("\n")

    @property
    def place(self):
        host, _, port = self.address.rpartition(":")
        return host, int(port)

    def connect(self):
        if self.address.startswith("unix:"):
            client = socket.socket(socket.AF_UNIX)
            client.connect(self.address.removeprefix("unix:"))
        else:
            client = socket.create_connection(self.place)
        client.settimeout(PATIENCE_S)
        return client

    def line(self):
        return self.process.stdout.readline().decode()

    def lines(self, count):
        return [self.line() for _ in range(count)]

    def send_signal(self, number):
        self.process.send_signal(number)

    def rest(self):
        """Wait for the end; return the status and what was still printed."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return Ran(self.process.returncode, out.decode(), err.decode())


@pytest.fixture
def serve(launch):
    """Start a server, and wait until it listens."""
    return lambda *args, **options: Server(launch("serve", *args, **options))


@pytest.fixture(params=list(TRANSPORTS))
def transport(request):
    """The name of each transport."""
    return request.param


@pytest.fixture
def socket_path(tmp_path, monkeypatch):
    """A path for a Unix socket that is short enough for the system."""
    monkeypatch.chdir(tmp_path)
    return "s"


@contextmanager
def reading_end_closed():
    """Lend the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.fixture
def closed_pipe():
    with reading_end_closed() as writing:
        yield writing


@pytest.fixture
def talk_to(run):
    """Talk to whatever is at an address."""

    def talk_to_it(address, *words, given=b"", user=USER):
        return run("talk", "cimd", address, *user, *words, given=given)

    return talk_to_it


@pytest.fixture
def talk(talk_to, smsc):
    """Talk to the simulated center."""
    return partial(talk_to, f"{smsc.host}:{smsc.port}")


@pytest.fixture
def begin(launch, smsc):
    """Begin to talk to it in a process of its own."""
    return lambda *words: launch("talk", "cimd", f"{smsc.host}:{smsc.port}", *USER, *words)
