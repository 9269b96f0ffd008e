"""What clients of every transport offer to those who build more upon them."""

import math
import threading
from functools import partial

import pytest
from parsers import Ask, Talk, echo, flood, hasty, one_line, stubborn

from ohnecimd import protocol, put, read_upto
from ohnecimd.errors import Closed, Malformed, Misuse, TimeoutExpired


@pytest.fixture
def connect(serve_tcp):
    def start(factory, server=echo, **options):
        running = serve_tcp(server)
        address = running.address
        return running.connect(factory, host=address.host, port=address.port, **options)

    return start


def test_a_handler_gets_events_as_they_come(connect):
    events = []
    with connect(Ask, on_event=lambda _, event: events.append(event)) as client:
        client.connection.say(b"one\ntwo\n")
        client.wait_until(lambda: len(events) == 2)
        assert events == [b"one\n", b"two\n"]
        with pytest.raises(TimeoutError):
            client.next_event(0.01)


def test_events_that_a_handler_takes_hold_nothing_up(connect):
    count = 0

    def on_event(_, __):
        nonlocal count
        count += 1

    with connect(Ask, on_event=on_event) as client:
        client.connection.say(b"x\n" * 20_000)
        client.send_eof()
        assert client.result() == count == 20_000


def test_what_a_handler_says_goes_out(connect):
    heard = []

    def on_event(ask, line):
        heard.append(line)
        if len(line) < 100:
            ask.say(line[:-1] + line)

    with connect(Ask, on_event=on_event) as client:
        client.connection.say(b"x\n")
        client.wait_until(lambda: len(heard) == 8)
        assert [len(each) - 1 for each in heard] == [1, 2, 4, 8, 16, 32, 64, 128]


class LastWords(Talk):
    """Emits something at the end, however that comes."""

    def _lines(self):
        try:
            yield from Talk._lines()
        finally:
            self._output.events.append("last")


@pytest.mark.parametrize("end", ["close", "abort", "eof", "error"])
def test_a_handler_gets_what_comes_of_the_end(connect, end):
    events = []

    def on_event(_, event):
        events.append(event)
        if event == b"bad\n":
            raise Malformed("bad")

    with connect(LastWords, on_event=on_event) as client:
        if end == "error":
            client.connection.say(b"bad\n")
            with pytest.raises(Malformed):
                client.wait_until(lambda: False)
        elif end == "eof":
            client.send_eof()
            client.wait_until(lambda: "last" in events)
        else:
            getattr(client, end)()
        assert events[-1] == "last"


def test_an_error_of_a_handler_ends_the_connection(connect):
    def on_event(_, __):
        raise ZeroDivisionError

    with connect(Ask, on_event=on_event) as client:
        client.connection.say(b"one\n")
        with pytest.raises(ZeroDivisionError):
            client.wait_until(lambda: False)
        assert isinstance(client.failure, ZeroDivisionError)


def test_a_handler_of_a_client_cannot_be_async(connect):
    async def on_event(_, __):
        pass

    with connect(Ask, on_event=on_event) as client:
        client.connection.say(b"one\n")
        with pytest.raises(Misuse, match="the handler of a client cannot be async"):
            client.wait_until(lambda: False)


def test_a_condition_is_waited_for(connect):
    with connect(Ask) as client:
        client.connection.say(b"one\ntwo\n")
        client.wait_until(lambda: client.connection.offset == 8)
        assert client.next_event() == b"one\n"
        with pytest.raises(TimeoutError, match=r"within 0\.01 s"):
            client.wait_until(lambda: False, 0.01)
        with pytest.raises(TimeoutError):
            client.wait_until(lambda: False, 0)
        client.wait_until(lambda: True, 0)
        assert client.next_event() == b"two\n"


def test_a_condition_that_will_not_come_true_is_an_error(connect):
    with connect(Ask, one_line) as client:
        client.connection.say(b"one\n")
        with pytest.raises(Closed, match="will not come"):
            client.wait_until(lambda: False, math.inf)
        client.wait_until(lambda: client.is_over)
        assert client.failure is None
    with connect(lambda: hasty(0.02), stubborn) as client, pytest.raises(TimeoutExpired):
        client.wait_until(lambda: False)


def test_a_client_waits_as_long_as_its_connection_needs(connect):
    """However long the time is that was allowed."""
    with connect(Ask) as client:
        client.connection.say(b"now\n")
        client.wait_until(lambda: client.connection.offset == 4, math.inf)


def test_work_goes_on_bit_by_bit(connect):
    @protocol
    def take():
        yield from put(b"\n")
        for _ in range(2 << 20):
            yield from read_upto(b"x")

    with connect(take, partial(flood, 2)) as client:
        for _ in range(10_000):
            if client.connection.has_result:
                break
            assert client.work(5)
        assert client.connection.has_result
        client.close()
        with pytest.raises(Closed, match="the client is closed"):
            client.work(0)


def test_work_ends_with_the_time_and_with_the_connection(connect):
    with connect(Ask, one_line) as client:
        assert client.work(0)
        assert client.work(0.01)
        client.connection.say(b"one\n")
        while client.work(5):
            pass
        assert client.is_over
        assert list(client) == [b"got one\n"]


def test_what_is_pushed_is_sent(connect):
    with connect(Ask) as client:
        client.connection.say(b"one\n")
        client.push()
        client.push()
        assert client.next_event() == b"one\n"
        client.close()
        client.push()


def test_the_number_of_the_socket_is_told(connect):
    with connect(Ask) as client:
        assert client.fileno() > 0
        client.close()
        assert client.fileno() == -1


def test_a_client_can_be_closed_without_saying_what_is_queued(serve_tcp):
    closed = threading.Event()
    server = serve_tcp(echo, on_close=lambda _: closed.set())
    with server.connect(Ask, host=server.address.host, port=server.address.port) as client:
        client.connection.say(b"x" * (8 << 20))
        client.abort()
        client.abort()
        client.close()
        assert closed.wait(5)
        assert client.is_over
        assert client.connection.closing


def test_a_handler_cannot_wait_for_its_own_connection(serve_tcp):
    """Not where clients block, and not where they do not: coroutines cannot wait in handlers."""
    server = serve_tcp(echo)
    clients = []
    place = {"host": server.address.host, "port": server.address.port}
    with server.connect(Ask, on_event=lambda *_: clients[0].flush(), **place) as client:
        clients.append(getattr(client, "_client", client))
        client.connection.say(b"one\n")
        with pytest.raises(Misuse, match="cannot"):
            client.wait_until(lambda: False)
