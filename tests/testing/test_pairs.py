from __future__ import annotations

import pytest

from ohnecimd import Connection, emit, protocol, read, read_upto, sleep, timeout, write
from ohnecimd.errors import Malformed, TimeoutExpired, Truncated
from ohnecimd.testing import FakeClock, Pair, join


@protocol
def echo():
    while True:
        line = yield from read_upto(b"\n")
        yield from emit(line)
        yield from write(line)


def words(*given):
    def parser():
        for word in given:
            yield from write(word + b"\n")
            yield from emit((yield from read_upto(b"\n")))

    return protocol(parser)()


@pytest.mark.parametrize("piece", [0, 1, 3])
def test_client_and_server_hear_each_other(piece):
    pair = Pair(words(b"one", b"two"), echo(), piece=piece)
    with pytest.raises(Truncated):  # the client has gone, and the server waits for a line
        pair.run()
    assert pair.client_events == pair.server_events == [b"one\n", b"two\n"]
    assert pair.client.closing
    assert str(pair.transcript) == (
        "C: one\\n\nS: one\\n\nC: two\\n\nS: two\\n\nC: <end>\nS: <end>\n"
    )


def test_types_of_the_connections_are_kept():
    class Client(Connection):
        __slots__ = ()

        def hello(self):
            return "hello"

    pair = Pair(Client(read_upto(b"\n")), echo())
    assert pair.client.hello() == "hello"


def test_an_error_comes_once_and_after_everything_is_delivered():
    def strict():
        yield from write(b"ready\n")
        word = yield from read_upto(b"\n")
        yield from write(b"bye\n")
        raise Malformed(expected="silence", found=word)

    pair = Pair(words(b"one", b"two"), protocol(strict)())
    with pytest.raises(Malformed, match="expected silence, found b'one"):
        pair.run()
    assert pair.client_events == [b"ready\n", b"bye\n"]
    pair.run()


def test_one_side_may_end_its_half():
    pair = Pair(protocol(lambda: read_upto(b"\n"))(), echo())
    pair.run()
    with pytest.raises(Truncated, match="at byte 0"):
        pair.end("C")
    pair.end("C")
    assert str(pair.transcript) == "C: <end>\nS: <end>\n"


def test_time_passes_for_both():
    def patient():
        for _ in range(2):
            yield from sleep(10)
            yield from write(b"still here\n")

    def alarmed():
        while True:
            yield from emit((yield from timeout(15, lambda: read_upto(b"\n"))))

    pair = Pair(protocol(patient)(), protocol(alarmed)())
    pair.advance(12)
    assert (pair.clock.now, pair.server_events) == (12, [b"still here\n"])
    pair.advance(3)
    pair.advance(4)
    assert str(pair.transcript) == "... 10 s\nC: still here\\n\n... 2 s\n... 3 s\n... 4 s\n"
    with pytest.raises(Truncated):  # the client has returned
        pair.advance(6)


def test_a_time_limit_is_raised_when_its_time_comes():
    pair = Pair(protocol(lambda: read(1))(), protocol(lambda: timeout(5, lambda: read(1)))())
    pair.advance(4)
    with pytest.raises(TimeoutExpired, match="not done within 5 s"):
        pair.advance(4)
    assert pair.clock.now == 8


def test_the_clock_that_a_side_has_is_taken(fake_clock):
    fake_clock.advance(100)
    late = protocol(lambda: sleep(5), clock=fake_clock)()
    pair = Pair(late, protocol(lambda: read(1))())
    assert pair.clock is fake_clock
    other = FakeClock()
    assert Pair(late, echo(), clock=other).clock is other


def test_talk_without_end_is_noticed():
    def ping():
        while True:
            yield from write((yield from read(1)))

    def serve():
        yield from write(b"x")
        yield from ping()

    with pytest.raises(AssertionError, match=r"still talk after 10000 rounds.*\nC: x\nS: x\n"):
        join(protocol(ping)(), protocol(serve)())


def test_join_runs_the_pair():
    pair = join(words(), protocol(lambda: read(0))())
    assert (pair.client.closing, pair.server.closing) == (True, True)


def test_errors_that_are_not_the_parsers_are_raised_at_once():
    class Broken(Connection):
        __slots__ = ()

        def send(self, data):
            raise KeyError(data)

    with pytest.raises(KeyError, match="one"):
        join(words(b"one"), Broken(read(1)))
