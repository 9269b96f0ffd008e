import contextlib

import pytest
from client_kinds import KINDS, PATIENCE_S

from ohnecimd.clients.cimd import Reconnect
from ohnecimd.protocols.cimd.messages import SubmitMessage


@pytest.fixture(params=KINDS)
def kind(request):
    """The client's library."""
    kind = KINDS[request.param]()
    yield kind
    kind.close()


@pytest.fixture
def connect(kind, smsc):
    """Connect a client to the center; it is closed after the test."""
    with contextlib.ExitStack() as clients:

        def start(**options):
            given = {"user": "kannel", "password": "secret", "timeout_s": PATIENCE_S} | options
            client = kind.connect(smsc.host, smsc.port, **given)
            clients.callback(client.abort)
            return client

        yield start


@pytest.fixture
def at_once():
    """A policy that comes back without delay, a limited number of times."""

    def make(**options):
        return Reconnect(**{"attempts": 3, "first_s": 0.0} | options)

    return make


@pytest.fixture
def message():
    """Make a message to a phone."""
    return lambda text="Hello", to="+358401234567": SubmitMessage((to,), user_data=text.encode())
