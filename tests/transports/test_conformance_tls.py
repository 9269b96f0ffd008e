"""TLS on every transport."""

import socket
import ssl
import threading

import pytest
import trustme
from parsers import MIB, Ask, Talk, count_bytes, echo, flood, hasty, polite, report
from running import Peer

from ohnecimd import protocol, read_rest, read_upto
from ohnecimd.errors import TimeoutExpired

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost", "127.0.0.1")


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def context(request):
    """The client's context."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    context.maximum_version = getattr(ssl.TLSVersion, request.param)
    return context


@pytest.fixture
def serve_tls(serve):
    return lambda factory, **options: serve(factory, ssl=server_context(), **options)


@pytest.fixture
def connect(context):
    """Connect with the client of the transport."""

    def start(running, factory, **options):
        address = running.address
        place = (
            {"unix": address.unix, "server_hostname": "localhost"}
            if address.unix
            else {"host": address.host, "port": address.port}
        )
        return running.connect(factory, **{"ssl": context, **place, **options})

    return start


@pytest.fixture
def stranger(context):
    """Connect with the standard library's own TLS."""
    peers = []

    def start(running, **options):
        plain = Peer(running.address, **options)
        plain.socket = context.wrap_socket(plain.socket, server_hostname="localhost")
        peers.append(plain)
        return plain

    yield start
    for each in peers:
        each.close()


def test_lines_are_echoed(serve_tls, stranger):
    client = stranger(serve_tls(polite))
    assert client.read(6) == b"hello\n"
    client.send(b"one\ntwo\n")
    assert client.read(8) == b"one\ntwo\n"


def test_the_end_of_the_output_is_announced(serve_tls, stranger):
    client = stranger(serve_tls(lambda: flood(3)))
    client.socket.suppress_ragged_eofs = False
    client.send(b"\n")
    assert client.read_rest() == MIB * 3


def test_both_sides_of_the_toolkit_understand_each_other(serve_tls, connect):
    with connect(serve_tls(echo), Ask) as client:
        client.connection.say(b"one\n")
        client.flush()
        assert client.next_event() == b"one\n"


def test_a_large_answer_comes_after_the_client_has_ended_its_output(serve_tls, connect):
    class Summed(Ask):
        @staticmethod
        def _lines():
            return len((yield from read_rest(1 << 24)))

    with connect(serve_tls(count_bytes), Summed) as client:
        client.connection.say(b"a line\n" * 300_000)
        client.send_eof()
        assert client.result() == len(b"2100000\n") + 2_100_000


def test_much_can_be_sent_to_a_server_that_answers_all_the_while(serve_tls, connect):
    line = b"z" * 1023 + b"\n"
    with connect(serve_tls(echo), Ask) as client:
        client.connection.say(line * 5_000)
        client.send_eof()
        assert client.result() == 5_000


def test_an_end_that_was_not_announced_is_an_error_of_the_transport(serve_tls, stranger, caplog):
    errors = []
    closed = threading.Event()
    server = serve_tls(
        report,
        on_error=lambda _, error: errors.append(error),
        on_close=lambda _: closed.set(),
    )
    client = stranger(server)
    client.send(b"line\n")
    assert client.read(3) == b"ok\n"
    client.socket.shutdown(socket.SHUT_WR)
    client.read_rest()
    client.close()
    assert closed.wait(5)
    (error,) = errors
    assert isinstance(error, ssl.SSLEOFError)
    assert not caplog.records


def test_a_client_that_speaks_no_tls_is_turned_away_and_stops_nobody(serve_tls, peer, stranger):
    errors = []
    server = serve_tls(polite, on_error=lambda _, error: errors.append(error))
    plain = peer(server)
    plain.send(b"GET / HTTP/1.0\r\n\r\n")
    plain.read_rest()
    plain.close()
    assert stranger(server).read(6) == b"hello\n"
    assert [isinstance(error, ssl.SSLError) for error in errors] == [True]


@pytest.mark.usefixtures("short_linger")
def test_a_client_that_never_shakes_hands_does_not_outlive_its_deadline(serve_tls, peer):
    errors = []
    closed = threading.Event()
    server = serve_tls(
        lambda: hasty(0.05),
        on_error=lambda _, error: errors.append(error),
        on_close=lambda _: closed.set(),
    )
    client = peer(server)
    assert closed.wait(5)
    assert client.read_rest() == b""
    assert isinstance(errors[0], TimeoutExpired)


def test_a_server_that_is_not_trusted_is_an_error(serve_tls, connect):
    untrusting = ssl.create_default_context()
    server = serve_tls(echo)
    with pytest.raises(ssl.SSLCertVerificationError), connect(server, Ask, ssl=untrusting):
        pass


def test_a_server_with_another_name_is_an_error(serve_tls, connect):
    wrong_name = pytest.raises(ssl.SSLCertVerificationError, match="elsewhere")
    with wrong_name, connect(serve_tls(echo), Ask, server_hostname="elsewhere.example"):
        pass


def test_a_reader_that_takes_nothing_is_not_read_from(serve_tls, stranger):
    server = serve_tls(echo)
    server.shrink_buffers(65536)
    client = stranger(server, buffers=65536)
    data = (b"y" * 1023 + b"\n") * (10 << 10)
    assert client.write_until_blocked(data) < 2 << 20


def test_stop_closes_in_order(serve_tls, stranger):
    server = serve_tls(polite)
    client = stranger(server)
    client.socket.suppress_ragged_eofs = False
    assert client.read(6) == b"hello\n"
    server.stop(30)
    assert client.read_rest() == b""
    client.close()
    assert server.join() < 5


def test_a_bug_is_told_from_trouble_with_the_peer(serve_tls, stranger, caplog):
    @protocol
    def buggy():
        yield from read_upto(b"\n")
        yield from read_rest(1 // 0)

    client = stranger(serve_tls(buggy))
    client.send(b"\n")
    assert client.read_rest() == b""
    assert [entry.exc_info[0] for entry in caplog.records] == [ZeroDivisionError]


def test_a_handler_may_answer_what_came_together_with_the_end(serve_tls, connect):
    server = serve_tls(Talk, on_event=lambda talk, line: talk.say(line))
    with connect(server, Ask) as client:
        client.connection.say(b"last\n")
        client.send_eof()
        assert client.next_event() == b"last\n"
