"""How a parser fails or is given up, and what is left of it."""

from __future__ import annotations

import pytest

from ohnecimd import (
    emit,
    protocol,
    put,
    read,
    read_until,
    skip,
    wait,
    write,
)
from ohnecimd.errors import Closed, Malformed, NoResult

HIGH_WATER_EVENTS = 1024


@protocol
def greeting():
    yield from write(b"hello\n")
    name = yield from read_until(b"\n")
    yield from write(b"bye " + name + b"\n")
    return name


@protocol
def failing():
    yield from put(b"first ")
    yield from put(b"words")
    yield from emit("an event")
    yield from read(3)
    raise Malformed("no more of that")


# Failure


def test_error_comes_out_of_the_call_that_made_the_parser_fail():
    connection = failing()
    connection.send(b"ab")
    assert not connection.closing
    with pytest.raises(Malformed, match=r"^at byte 3: no more of that$") as caught:
        connection.send(b"cd")
    assert connection.error is caught.value
    assert connection.closing
    assert not connection.has_result


def test_what_was_queued_before_the_failure_is_still_there():
    connection = failing()
    with pytest.raises(Malformed):
        connection.send(b"abc")
    assert connection.read(5) == b"first"
    assert connection.read() == b" words"
    assert connection.events() == ["an event"]
    assert connection.read() == b""


def test_send_after_the_failure_is_closed_from_it():
    connection = failing()
    with pytest.raises(Malformed):
        connection.send(b"abc")
    for _ in range(2):
        with pytest.raises(Closed, match=r"after the parser has failed.*no more of that") as caught:
            connection.send(b"more")
        assert caught.value.__cause__ is connection.error


def test_what_came_with_the_failure_is_unread():
    connection = failing()
    with pytest.raises(Malformed):
        connection.send(b"abcdef")
    assert connection.unread == b"def"
    assert connection.offset == 3


def test_everything_but_send_is_calm_after_the_failure():
    connection = failing()
    with pytest.raises(Malformed):
        connection.send(b"abc")
    connection.read()
    connection.events()
    connection.send_eof()
    connection.tick()
    connection.close()
    assert isinstance(connection.error, Malformed)
    assert connection.deadline is None
    assert not connection.want_input


def test_error_raised_inside_read_loses_nothing():
    @protocol
    def spoil():
        yield from write(b"one ")
        yield from emit("event")
        yield from write(b"two ")
        yield from put(b"three")
        raise Malformed("spoilt")

    connection = spoil()
    with pytest.raises(Malformed, match="spoilt"):
        connection.read()
    assert connection.read() == b"one two three"
    assert connection.events() == ["event"]


def test_error_raised_inside_a_read_of_some_bytes_loses_nothing():
    @protocol
    def spoil():
        yield from write(b"one ")
        yield from write(b"two ")
        raise Malformed("spoilt")

    connection = spoil()
    assert connection.read(4) == b"one "
    assert connection.read(2) == b"tw"
    with pytest.raises(Malformed, match="spoilt"):
        connection.read(5)
    assert connection.read(1) == b"o"
    assert connection.read() == b" "


def test_error_raised_while_some_output_is_taken_loses_nothing():
    @protocol
    def spoil():
        yield from put(b"one two")
        yield from wait()
        raise Malformed("spoilt")

    connection = spoil()
    with pytest.raises(Malformed, match="spoilt"):
        connection.read(3)
    assert connection.read(4) == b"one "
    assert connection.read() == b"two"


def test_error_raised_inside_events_loses_nothing():
    @protocol
    def spoil():
        for number in range(HIGH_WATER_EVENTS + 2):
            yield from emit(number)
        raise Malformed("spoilt")

    connection = spoil()
    with pytest.raises(Malformed, match="spoilt"):
        connection.events()
    assert connection.events() == list(range(HIGH_WATER_EVENTS + 2))


def test_error_of_any_kind_ends_the_parser():
    @protocol
    def interrupted():
        yield from read(1)
        raise KeyboardInterrupt

    connection = interrupted()
    with pytest.raises(KeyboardInterrupt):
        connection.send(b"x")
    assert isinstance(connection.error, KeyboardInterrupt)
    with pytest.raises(Closed):
        connection.send(b"x")


def test_error_without_position_gets_the_place_where_the_parser_stands():
    @protocol
    def checked():
        yield from skip(3_000_000)
        yield from read_until(b"\n")
        raise Malformed("a fault")

    connection = checked()
    for _ in range(3):
        connection.send(bytes(1_000_000))
    with pytest.raises(Malformed, match=r"^at byte 3000005: a fault$"):
        connection.send(b"four\nmore")


def test_error_keeps_the_position_it_was_given():
    @protocol
    def checked():
        yield from read(5)
        raise Malformed("a fault", position=2)

    with pytest.raises(Malformed, match=r"^at byte 2: a fault$"):
        checked().send(b"12345")


@pytest.mark.parametrize(("facts", "text"), [({}, "at byte 0: "), ({"position": 7}, "at byte 7: ")])
def test_error_before_the_first_request_comes_out_of_the_factory(facts, text):
    @protocol
    def hasty():
        raise Malformed("too early", **facts)
        yield

    with pytest.raises(Malformed, match=f"^{text}too early$"):
        hasty()


# Giving up


def test_close_runs_the_cleaning_up_of_the_parser():
    cleaned = []

    @protocol
    def tidy():
        try:
            yield from read(1)
        finally:
            cleaned.append("up")

    connection = tidy()
    connection.close()
    assert cleaned == ["up"]
    connection.close()
    assert cleaned == ["up"]


def test_closed_connection_takes_nothing_and_still_gives():
    connection = greeting()
    connection.read(2)
    connection.close()
    assert connection.closing
    assert isinstance(connection.error, Closed)
    assert not connection.want_input
    assert connection.deadline is None
    with pytest.raises(Closed, match=r"send\(\) after close\(\)"):
        connection.send(b"x")
    connection.send_eof()
    connection.tick()
    assert connection.read() == b"llo\n"
    assert connection.events() == []
    with pytest.raises(NoResult, match=r"close\(\) was called") as caught:
        connection.get_result()
    assert caught.value.__cause__ is connection.error


def test_close_keeps_what_was_put_aside():
    connection = protocol(read)(100)
    connection.send(b"ab")
    connection.send(b"cd")
    connection.close()
    assert connection.unread == b"abcd"
    with pytest.raises(Closed):
        connection.send(b"ef")


def test_close_after_the_result_keeps_the_result():
    connection = protocol(read)(1)
    connection.send(b"x")
    connection.close()
    assert connection.error is None
    assert connection.get_result() == b"x"


def test_error_while_cleaning_up_comes_out_of_close():
    @protocol
    def untidy():
        try:
            yield from read(1)
        finally:
            raise OSError("disk full")

    connection = untidy()
    connection.read()
    with pytest.raises(OSError, match="disk full"):
        connection.close()
    assert connection.closing


def test_parser_that_refuses_to_end_is_told_so():
    @protocol
    def stubborn():
        try:
            yield from read(1)
        except GeneratorExit:
            yield from write(b"no")

    connection = stubborn()
    connection.read()
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        connection.close()
    assert connection.closing
