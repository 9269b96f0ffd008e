"""How a parser ends well, and how a connection is made of it."""

from __future__ import annotations

import inspect
import weakref
from functools import partial

import ohneio
import pytest

from ohnecimd import (
    Connection,
    emit,
    get_input,
    many,
    parse,
    peek,
    protocol,
    put,
    read,
    write,
)
from ohnecimd.errors import Malformed, Misuse, NoResult, Truncated

HIGH_WATER_EVENTS = 1024


@protocol
def failing():
    yield from put(b"first ")
    yield from put(b"words")
    yield from emit("an event")
    yield from read(3)
    raise Malformed("no more of that")


# Results


@pytest.mark.parametrize("result", [None, 0, b"", False, StopIteration, NoResult])
def test_every_value_is_a_result(result):
    @protocol
    def answer():
        yield from read(1)
        return result

    connection = answer()
    assert not connection.has_result
    connection.send(b"x")
    assert connection.has_result
    assert connection.closing
    assert connection.error is None
    assert connection.get_result() is result


def test_no_result_before_the_parser_has_returned():
    connection = protocol(read)(1)
    with pytest.raises(NoResult, match=r"has not returned yet") as caught:
        connection.get_result()
    assert isinstance(caught.value, ohneio.NoResult)


def test_no_result_from_a_parser_that_failed():
    connection = failing()
    with pytest.raises(Malformed):
        connection.send(b"abc")
    with pytest.raises(NoResult, match=r"at byte 3: no more of that") as caught:
        connection.get_result()
    assert caught.value.__cause__ is connection.error
    assert not connection.has_result


def test_get_result_runs_the_parser():
    @protocol
    def quick():
        data = yield from peek()
        yield from emit("ran")
        return data

    connection = quick()
    assert not connection.has_result
    assert connection.get_result() == b""


def test_parser_that_returns_before_its_first_request_has_a_result():
    @protocol
    def hasty():
        return "done"
        yield

    connection = hasty()
    assert connection.has_result
    assert connection.closing
    assert connection.get_result() == "done"
    connection.send(b"unread")
    assert (connection.read(), connection.events(), connection.deadline) == (b"", [], None)
    assert connection.unread == b"unread"


def test_parser_may_return_an_empty_iterator():
    connection = protocol(lambda: iter([]))()
    assert connection.get_result() is None


@pytest.mark.parametrize("result", [None, 5, b"bytes", "text"])
def test_parser_that_returns_nothing_to_yield_from_is_misuse(result):
    with pytest.raises(Misuse, match=r"a parser returns something to `yield from`") as caught:
        protocol(lambda: result)()
    assert repr(result) in str(caught.value)


@pytest.mark.parametrize("parser", [5, "text", b"", [], read(1), None])
def test_protocol_of_what_cannot_be_called_is_misuse(parser):
    with pytest.raises(Misuse, match=r"parser"):
        protocol(parser)


def test_protocol_keeps_name_docstring_and_signature():
    def answer(question: bytes, *, times: int = 1):
        """Answer it."""
        yield from write(question * times)

    factory = protocol(answer)
    assert factory.__name__ == "answer"
    assert factory.__doc__ == "Answer it."
    assert inspect.signature(factory) == inspect.signature(answer)
    assert factory(b"why ", times=2).read() == b"why why "
    with pytest.raises(TypeError, match="question"):
        factory()


def test_protocol_of_a_partial_and_of_a_composed_parser():
    assert protocol(partial(write, b"x"))().read() == b"x"
    connection = protocol(many(partial(read, 2), at_most=2))()
    connection.send(b"abcd")
    assert connection.get_result() == [b"ab", b"cd"]


def test_each_call_makes_a_connection_of_its_own():
    factory = protocol(many(partial(read, 1), at_most=2))
    one, other = factory(), factory()
    one.send(b"ab")
    other.send(b"cd")
    assert one.get_result() == [b"a", b"b"]
    assert other.get_result() == [b"c", b"d"]


def test_protocol_decorates_methods():
    class Store:
        def __init__(self, prefix):
            self.prefix = prefix

        @protocol
        def answers(self, suffix):
            yield from write(self.prefix + (yield from read(1)) + suffix)

    connection = Store(b"<").answers(b">")
    connection.send(b"x")
    assert connection.read() == b"<x>"


def test_connection_can_be_made_of_a_running_parser():
    connection = Connection(read(2))
    connection.send(b"ab")
    assert connection.get_result() == b"ab"


def test_connection_can_be_referred_to_weakly():
    connection = protocol(read)(1)
    assert weakref.ref(connection)() is connection


# parse


def test_parse_gives_the_result_of_complete_data():
    assert parse(partial(read, 3), b"abc") == b"abc"
    assert parse(partial(read, 3), bytearray(b"abc")) == b"abc"


def test_parse_refuses_what_is_left_over():
    with pytest.raises(Malformed, match=r"^at byte 3: expected the end of input, found b'defg'$"):
        parse(partial(read, 3), b"abcdefg")


def test_parse_of_too_little_is_truncated():
    with pytest.raises(Truncated, match=r"^at byte 2: expected 3 bytes, found the end of input"):
        parse(partial(read, 3), b"ab")


def test_parse_of_a_parser_that_waits_on_is_truncated():
    with pytest.raises(Truncated, match=r"^at byte 2: expected more input") as caught:
        parse(partial(ohneio.read, 3), b"ab")
    assert caught.value.partial == b"ab"


def test_parse_drops_what_the_parser_writes_and_emits():
    def talkative():
        for number in range(HIGH_WATER_EVENTS * 2):
            yield from write(b"x" * 100)
            yield from emit(number)
        return (yield from read(1))

    assert parse(talkative, b"a") == b"a"


@pytest.mark.parametrize("step", [put, emit, write])
def test_parse_of_a_parser_that_never_stops_is_misuse(step):
    data = bytes(50_000)

    def endless():
        while True:
            yield from step(data)

    with pytest.raises(Misuse, match="the parser writes or emits without end"):
        parse(endless, b"")


def test_parse_of_a_parser_that_puts_out_much_for_its_input_gives_its_result():
    def generous():
        for _ in range(200):
            yield from read(1)
            for _ in range(20):
                yield from put(bytes(60_000))
        return "done"

    assert parse(generous, bytes(200)) == "done"


@pytest.mark.parametrize("parser", [read(3), None, b"abc"])
def test_parse_of_what_cannot_be_called_is_misuse(parser):
    with pytest.raises(Misuse, match="parser"):
        parse(parser, b"abc")


def test_input_stream_stays_the_same():
    @protocol
    def ask_twice():
        first = yield from get_input()
        yield from read(1)
        return first is (yield from get_input())

    connection = ask_twice()
    connection.send(b"xy")
    assert connection.get_result() is True
