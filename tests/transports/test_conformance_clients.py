"""The client of every transport, against its own server."""

import math
import socket
import threading
from functools import partial

import pytest
from parsers import Ask, Talk, echo, flood, hasty, one_line, polite, report, stubborn

from ohnecimd import NoResult, protocol, put, read_until, read_upto, timeout
from ohnecimd.errors import Closed, Malformed, Misuse, TimeoutExpired


@pytest.fixture
def place():
    """Where a client finds a server."""

    def find(running):
        address = running.address
        if address.unix:
            return {"unix": address.unix}
        return {"host": address.host, "port": address.port}

    return find


@pytest.fixture
def connect(place):
    def start(running, factory, **options):
        return running.connect(factory, **place(running), **options)

    return start


@protocol
def question(words):
    yield from put(words + b"\n")
    return (yield from read_until(b"\n"))


def test_the_result_of_the_parser_is_given(serve, connect):
    with connect(serve(one_line), lambda: question(b"what?")) as client:
        assert client.result() == b"got what?"


def test_events_are_given_until_the_connection_is_over(serve, connect):
    with connect(serve(echo), Ask) as client:
        for i in range(3):
            client.connection.say(b"%d\n" % i)
        client.send_eof()
        assert list(client) == [b"0\n", b"1\n", b"2\n"]
        assert client.result() == 3


def test_events_may_be_fetched_one_by_one(serve, connect):
    with connect(serve(echo), Ask) as client:
        for line in (b"one\n", b"two\n"):
            client.connection.say(line)
            client.flush()
            assert client.next_event() == line


def test_the_next_event_is_waited_for_no_longer_than_wanted(serve, connect):
    with connect(serve(echo), Ask) as client:
        with pytest.raises(TimeoutError, match=r"within 0\.02 s"):
            client.next_event(0.02)
        with pytest.raises(TimeoutError):
            client.next_event(0)
        client.connection.say(b"now\n")
        client.flush()
        assert client.next_event(10) == b"now\n"


def test_a_server_that_does_nothing_is_waited_for_no_longer_than_wanted(serve, connect):
    server = serve(stubborn)
    in_time = pytest.raises(TimeoutError, match=r"within 0\.05 s")
    with connect(server, lambda: question(b"?"), timeout_s=0.05) as client, in_time:
        client.result()


def test_the_next_event_of_a_connection_that_is_over_is_an_error(serve, connect):
    with connect(serve(echo), Ask) as client:
        client.send_eof()
        with pytest.raises(Closed, match="over"):
            client.next_event()


def test_no_result_is_an_error(serve, connect):
    with connect(serve(polite), stubborn) as client:
        client.send_eof()
        with pytest.raises(NoResult):
            client.result()


def test_events_come_before_the_error_that_follows_them(serve, connect):
    with connect(serve(echo), report) as client:
        pass

    class Picky(Talk):
        @staticmethod
        def _lines():
            yield from report.__wrapped__()

    with connect(serve(echo), Picky) as client:
        client.connection.say(b"good\nbad\n")
        got = []
        with pytest.raises(Malformed, match="bad is bad"):  # noqa: PT012 - so it is used
            for event in client:
                got.append(event)  # noqa: PERF402 - it has to be there after the error
        assert got == [b"good"]
        with pytest.raises(Malformed):
            client.result()


def test_a_deadline_of_the_clients_parser_is_kept(serve, connect):
    with connect(serve(stubborn), lambda: hasty(0.05)) as client, pytest.raises(TimeoutExpired):
        client.result()


def test_a_lost_connection_is_an_error(serve_tcp, connect):
    listening = socket.create_server(("127.0.0.1", 0))
    server = serve_tcp(echo)
    port = listening.getsockname()[1]

    def reset():
        accepted, _ = listening.accept()
        accepted.recv(10)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        accepted.close()

    thread = threading.Thread(target=reset)
    thread.start()
    with server.connect(Ask, host="127.0.0.1", port=port) as client:
        client.connection.say(b"anyone?\n")
        client.flush()
        thread.join()
        with pytest.raises(ConnectionResetError):
            client.next_event()
    listening.close()


def test_much_can_be_sent_to_a_server_that_answers_all_the_while(serve, connect):
    line = b"z" * 1023 + b"\n"
    with connect(serve(echo), Ask) as client:
        client.connection.say(line * 10_000)
        client.flush()
        client.send_eof()
        assert client.result() == 10_000


def test_a_large_answer_comes_after_the_end_of_the_output(serve, connect):
    @protocol
    def fetch():
        yield from put(b"\n")
        size = 0
        while size < 8 << 20:
            size += len((yield from read_upto(b"x" * 1024)))
        return size

    with connect(serve(lambda: flood(8)), fetch) as client:
        client.send_eof()
        assert client.result() == 8 << 20


def test_last_words_are_sent_when_the_client_is_closed(serve, connect):
    events = []
    heard = threading.Event()

    def on_event(_, event):
        events.append(event)
        if event == b"the end\n":
            heard.set()

    with connect(serve(Talk, on_event=on_event), Ask) as client:
        client.connection.say(b"a line\n" * 100_000)
        client.connection.say(b"the end\n")
    assert heard.wait(10)
    assert len(events) == 100_001


def test_a_client_can_be_closed_twice_and_used_no_more(serve, connect):
    with connect(serve(echo), Ask) as client:
        client.close()
        client.close()
        with pytest.raises(Closed, match="closed"):
            client.flush()
        with pytest.raises(Closed, match="closed"):
            client.next_event()


def test_an_error_in_the_block_closes_the_client(serve, connect):
    closed = threading.Event()
    server = serve(echo, on_close=lambda _: closed.set())
    with pytest.raises(ZeroDivisionError), connect(server, Ask):
        raise ZeroDivisionError
    assert closed.wait(5)


def test_nobody_there_is_an_os_error(serve, connect):
    server = serve(echo)
    server.stop(0)
    server.join()
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)), connect(server, Ask):
        pass


def test_a_port_or_a_path_has_to_be_given(serve):
    server = serve(echo)
    with pytest.raises(Misuse, match=r"^connect\(\) needs the port of the server, or unix=PATH$"):
        server.connect(Ask).__enter__()


@pytest.mark.usefixtures("short_linger")
def test_a_server_that_nobody_accepts_at_is_waited_for_no_longer_than_wanted(serve, connect, peer):
    server = serve(polite, max_connections=1)
    first = peer(server)
    assert first.read(6) == b"hello\n"
    with connect(server, Ask, timeout_s=0.05) as client, pytest.raises(TimeoutError):
        client.next_event()


@pytest.mark.parametrize("seconds", [1e10, math.inf])
def test_a_parser_may_wait_for_an_answer_for_ages(serve, connect, seconds):
    @protocol
    def patient():
        yield from put(b"what?\n")
        return (yield from timeout(seconds, partial(read_until, b"\n")))

    with connect(serve(one_line), patient) as client:
        assert client.result() == b"got what?"


def test_events_wait_while_nobody_fetches_them(serve, connect):
    """The server is held up, however much it has to say."""
    queued = []

    def on_open(talk):
        queued.append(talk)
        talk.say(b"x\n" * (8 << 20))

    server = serve(Talk, on_open=on_open)
    with connect(server, Ask) as client:
        for _ in range(5000):
            assert client.next_event() == b"x\n"
        assert client.connection.offset < 1 << 20
