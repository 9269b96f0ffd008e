"""TLS, without a socket."""

import ssl

import pytest
import trustme

from ohnecimd.transports.tls import Tls

AUTHORITY = trustme.CA()


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def pair(request):
    """A client and a server that know each other."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("localhost").configure_cert(ours)
    theirs = ssl.create_default_context()
    AUTHORITY.configure_trust(theirs)
    theirs.maximum_version = getattr(ssl.TLSVersion, request.param)
    client = Tls(theirs, server_side=False, server_hostname="localhost")
    server = Tls(ours, server_side=True)
    for _ in range(3):
        pass_on(client, server)
        pass_on(server, client)
    assert client.is_ready
    assert server.is_ready
    return client, server


def pass_on(sender, receiver):
    """Carry ciphertext byte by byte; return the plain bytes."""
    data = sender.ciphertext()
    return b"".join(receiver.receive(data[i : i + 1]) for i in range(len(data)))


def test_plain_bytes_pass_in_both_directions(pair):
    client, server = pair
    client.send(b"hello " * 5000)
    assert pass_on(client, server) == b"hello " * 5000
    server.send(b"world")
    assert pass_on(server, client) == b"world"


def test_one_side_may_end_before_the_other(pair):
    client, server = pair
    client.send(b"the last")
    client.end()
    assert pass_on(client, server) == b"the last"
    assert (client.has_ended, server.peer_has_ended) == (True, True)
    server.send(b"the answer")
    assert pass_on(server, client) == b"the answer"
    assert not client.peer_has_ended
    server.end()
    assert pass_on(server, client) == b""
    assert client.peer_has_ended
    client.receive(b"")
    server.receive(b"")
    assert client.error is server.error is None


def test_an_end_that_is_not_announced_is_an_error(pair):
    _, server = pair
    assert server.receive(b"") == b""
    assert isinstance(server.error, ssl.SSLEOFError)


def test_what_came_before_garbage_is_not_lost(pair):
    client, server = pair
    client.send(b"good")
    assert server.receive(client.ciphertext() + b"\0" * 100) == b"good"
    assert isinstance(server.error, ssl.SSLError)
    assert server.ciphertext(), "there is an alert for the peer"


def test_garbage_instead_of_a_handshake_is_an_error():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server = Tls(context, server_side=True)
    assert server.receive(b"GET / HTTP/1.0\r\n\r\n") == b""
    assert not server.is_ready
    assert isinstance(server.error, ssl.SSLError)
    first = server.error
    server.receive(b"more")
    assert server.error is first


def test_nothing_can_be_sent_after_the_end(pair):
    client, _ = pair
    client.end()
    client.send(b"too late")
    assert isinstance(client.error, ssl.SSLError)
