"""Standard input of ``serve cimd`` that is a terminal, and what objects on it mean."""

import errno
import io
import os
import queue
import signal
import sys
import threading
from types import SimpleNamespace

import pytest

from ohnecimd.cli import cimd_injecting
from ohnecimd.cli.cimd_injecting import Injector, arguments_of

PATIENCE_S = 20


class Server:
    """Does at once what is to be done soon."""

    def call_soon(self, function, *args):
        function(*args)


class Simulator:
    """Notes what it gets, and when the last has come."""

    def __init__(self, last):
        self.injected = []
        self.has_all = threading.Event()
        self._last = last

    def inject(self, **arguments):
        self.injected.append(arguments["content"])
        if arguments["content"] == self._last:
            self.has_all.set()


@pytest.fixture
def terminal(monkeypatch):
    """Make standard input a terminal on which these pieces come; an error number is raised."""

    def make(*pieces):
        waiting = list(pieces)

        def read(_descriptor, _nbytes):
            piece = waiting.pop(0) if waiting else b""
            if isinstance(piece, int):
                raise OSError(piece, os.strerror(piece))
            return piece

        file = io.BytesIO()
        file.fileno = lambda: 99
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=file))
        monkeypatch.setattr(
            cimd_injecting.Input, "_read_from", staticmethod(lambda fd: read(fd, 1))
        )
        monkeypatch.setattr(cimd_injecting.Input, "skip", lambda *_: 0)
        monkeypatch.setattr(cimd_injecting.os, "isatty", lambda _: True)
        monkeypatch.setattr(cimd_injecting, "BACKGROUND_S", 0.0)

    before = signal.getsignal(signal.SIGTTIN)
    yield make
    signal.signal(signal.SIGTTIN, before)


def test_a_job_in_the_background_waits_for_its_terminal(terminal):
    terminal(
        errno.EIO,
        errno.EIO,
        b'{"to": "16", "text": "one"}\n{"to"',
        errno.EIO,
        b': "16", "text": "two"}\n',
    )
    simulator = Simulator("two")
    Injector(simulator, Server()).start()
    assert simulator.has_all.wait(PATIENCE_S)
    assert simulator.injected == ["one", "two"]
    assert signal.getsignal(signal.SIGTTIN) is signal.SIG_IGN


def test_a_terminal_that_fails_otherwise_is_told(terminal, monkeypatch):
    told = queue.Queue()
    monkeypatch.setattr(cimd_injecting, "complain", told.put)
    terminal(errno.EBADF)
    Injector(Simulator(""), Server()).start()
    assert told.get(timeout=PATIENCE_S) == "cannot read standard input: bad file descriptor"


def test_all_keys_are_arguments():
    line = (
        b'{"to": "16", "from": "+4", "data": "00ff", "user": "news", "coding": "ucs2",'
        b' "header": "0500", "dcs": 8, "time": "261120131502"}'
    )
    arguments = arguments_of(line)
    assert str(arguments.pop("timestamp")) == "2026-11-20 13:15:02"
    assert arguments == {
        "to": "16",
        "sender": "+4",
        "content": b"\x00\xff",
        "account": "news",
        "coding": "ucs2",
        "header": b"\x05\x00",
        "data_coding": 8,
    }
