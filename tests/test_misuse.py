"""Parsers that go against the rules: each is told so, and none hangs."""

from __future__ import annotations

from functools import partial

import ohneio
import pytest
from composing import failing_after

from ohnecimd import (
    at_eof,
    choice,
    emit,
    expect,
    get_input,
    lookahead,
    many,
    optional,
    parse,
    peek,
    protocol,
    put,
    read,
    skip,
    timeout,
    times,
    wait,
)
from ohnecimd.errors import Closed, Misuse


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (None, r"a bare `yield` in a parser: it takes `yield from`, and a primitive"),
        (5, r"unknown request in a parser: int 5"),
        (b"x", r"`yield` of bytes b'x' in a parser: should that be `yield from`\?"),
        (read, r"`yield` of function <function read .*should that be `yield from`\?"),
        (expect(b"x"), r"`yield` of Composed .*should that be `yield from`\?"),
    ],
)
def test_unknown_request_is_misuse(request_, text):
    @protocol
    def strange():
        yield from read(1)
        yield request_

    connection = strange()
    with pytest.raises(Misuse, match=text):
        connection.send(b"x")
    assert isinstance(connection.error, Misuse)


def test_yield_of_a_running_parser_is_misuse():
    @protocol
    def strange():
        yield read(1)

    with pytest.raises(Misuse, match=r"`yield` of generator .*should that be `yield from`\?"):
        strange().send(b"x")


def test_misuse_is_raised_where_the_parser_stands():
    @protocol
    def strange():
        yield from inner()

    def inner():
        yield

    with pytest.raises(Misuse) as caught:
        strange().read()
    assert "inner" in [entry.name for entry in caught.traceback]


def test_misuse_that_the_parser_catches_and_returns_from_is_a_result():
    @protocol
    def strange():
        try:
            yield
        except Misuse as misuse:
            return str(misuse)

    assert strange().get_result().startswith("a bare `yield`")


def test_misuse_that_the_parser_catches_and_ignores_ends_it_all_the_same():
    cleaned = []

    @protocol
    def strange():
        try:
            while True:
                try:
                    yield
                except Misuse:
                    yield from wait()
        finally:
            cleaned.append("up")

    connection = strange()
    with pytest.raises(Misuse, match="a bare `yield`"):
        connection.read()
    assert connection.closing
    assert cleaned == ["up"]
    with pytest.raises(Closed):
        connection.send(b"x")


SPINS = [
    peek,
    partial(read, 0),
    partial(put, b""),
    partial(ohneio.write, b""),
    partial(skip, 0),
    *(lookahead(times(partial(read, 1), count)) for count in range(1, 9)),
    optional(expect(b"x")),
    choice(failing_after(times(partial(read, 1), 6)), peek),
]


@pytest.mark.parametrize("step", [*SPINS, *map(lookahead, SPINS)])
def test_parser_that_spins_without_waiting_is_misuse(step):
    def spin():
        while True:
            yield from step()

    connection = protocol(spin)()
    with pytest.raises(Misuse, match=r"does a loop lack its `yield from wait\(\)`\?"):
        connection.send(b"0123456789")


@pytest.mark.parametrize(
    "look",
    [
        lambda stream: stream.take(20),
        lambda stream: stream.take_upto(b"\n"),
        lambda stream: stream.take_until((b"\r", b"\n")),
        lambda stream: stream.find(b"\n"),
        lambda stream: stream.take_rest(),
        lambda stream: None if len(stream) == 10 else 1,
        lambda stream: None if stream.peek() else 1,
    ],
)
def test_hot_loop_that_spins_without_waiting_is_misuse(look):
    @protocol
    def spin():
        stream = yield from get_input()
        while look(stream) is None:
            pass

    with pytest.raises(Misuse, match=r"does a loop lack its `yield from wait\(\)`\?"):
        spin().send(b"0123456789")


def test_parser_that_makes_much_progress_in_one_call_is_no_spin():
    connection = protocol(many(partial(read, 1)))()
    connection.send(bytes(250_000))
    connection.send_eof()
    assert len(connection.get_result()) == 250_000


def test_parser_that_goes_far_back_is_no_spin():
    digits = times(partial(read, 1), 150_000)
    assert len(parse(choice(failing_after(digits), digits), bytes(150_000))) == 150_000


def test_parser_that_tries_much_where_it_has_been_before_is_no_spin():
    def twice(step):
        yield from lookahead(partial(read, 70_000))
        return (yield from times(step, 70_000))

    alternatives = choice(*(expect(bytes([byte])) for byte in b"abcdefgh"))
    in_time = timeout(5, timeout(5, timeout(5, partial(read, 1))))
    for step in (alternatives, in_time):
        assert len(parse(partial(twice, step), b"h" * 70_000)) == 70_000


def test_parser_that_loops_on_wait_is_resumed_once_a_call():
    resumed = []

    @protocol
    def sleepless():
        while True:
            resumed.append(1)
            yield from wait()

    connection = sleepless()
    assert len(resumed) == 1
    for count, call in enumerate(
        [connection.read, connection.events, partial(connection.send, b"x"), connection.send_eof], 2
    ):
        call()
        assert len(resumed) == count
    assert not connection.closing


def test_waiting_parser_sees_what_each_call_brought():
    @protocol
    def watch():
        while not (yield from at_eof()):
            yield from emit((yield from read()))
            yield from wait()

    connection = watch()
    connection.send(b"ab")
    connection.send(b"cd")
    connection.send_eof()
    assert connection.events() == [b"ab", b"cd"]


@pytest.mark.parametrize(
    "call",
    [
        lambda connection: connection.send(b"x"),
        lambda connection: connection.send_eof(),
        lambda connection: connection.read(),
        lambda connection: connection.events(),
        lambda connection: connection.get_result(),
        lambda connection: connection.close(),
    ],
)
def test_parser_that_uses_its_own_connection_is_misuse(call):
    refused = []

    @protocol
    def selfish():
        yield from put(b"kept")
        yield from read(1)
        try:
            call(connection)
        except Misuse as misuse:
            refused.append(str(misuse))
        return (yield from read(2))

    connection = selfish()
    connection.send(b"abc")
    assert "while its parser runs" in refused[0]
    assert connection.get_result() == b"bc"
    assert connection.read() == b"kept"


def test_state_can_be_asked_for_while_the_parser_runs():
    states = []

    @protocol
    def curious():
        yield from read(1)
        states.append((connection.offset, connection.closing, connection.has_result))
        states.append((connection.unread, connection.error, connection.deadline))
        yield from peek()

    connection = curious()
    connection.send(b"abc")
    assert states == [(1, False, False), (b"bc", None, None)]
