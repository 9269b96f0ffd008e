import itertools
import tempfile
from pathlib import Path

import pytest
from running import TRANSPORTS, Peer

from ohnecimd.transports import driver, sides


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return TRANSPORTS[request.param]


@pytest.fixture
def short_path():
    """A directory whose name is short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="ohne") as path:
        yield Path(path)


@pytest.fixture
def serve_tcp(transport):
    """Start a server on TCP; it is stopped after the test."""
    running = []

    def start(factory, **options):
        running.append(transport(factory, options))
        return running[-1]

    yield start
    for each in running:
        each.stop(0)
        each.join()


@pytest.fixture(params=["tcp", "unix"])
def serve(request, serve_tcp, short_path):
    """Start a server, on TCP or a Unix socket; it is stopped after the test."""
    names = itertools.count()

    def start(factory, **options):
        if request.param == "unix":
            options["unix"] = short_path / f"s{next(names)}"
        return serve_tcp(factory, **options)

    return start


@pytest.fixture
def peer():
    """Connect plain sockets to a server; they are closed after the test."""
    peers = []

    def connect(running, **options):
        peers.append(Peer(running.address, **options))
        return peers[-1]

    yield connect
    for each in peers:
        each.close()


@pytest.fixture
def short_linger(monkeypatch):
    """Wait a moment, and not 2 seconds, for a peer that does not close."""
    for module in (driver, sides):
        monkeypatch.setattr(module, "LINGER_S", 0.05)
