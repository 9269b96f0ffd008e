"""Time, of a clock that only the test moves: sleep, timeout, deadline and tick."""

from __future__ import annotations

import math
from functools import partial

import pytest

from ohnecimd import (
    choice,
    emit,
    label,
    optional,
    parse,
    protocol,
    read,
    read_rest,
    read_until,
    sleep,
    timeout,
    wait,
    write,
)
from ohnecimd.errors import Malformed, Misuse, TimeoutExpired
from ohnecimd.testing import FakeClock


@pytest.fixture
def clock():
    return FakeClock(100.0)


def started(parser, clock):
    connection = protocol(parser, clock=clock)()
    connection.read()
    return connection


def test_time_is_told_by_the_clock_that_was_given(clock):
    connection = protocol(partial(sleep, 5), clock=clock)()
    assert connection.clock is clock
    assert connection.deadline is None
    connection.read()
    assert connection.deadline == 105.0


def test_clock_is_given_to_the_decorator_too(clock):
    @protocol(clock=clock)
    def nap():
        yield from sleep(5)

    connection = nap()
    connection.read()
    assert connection.deadline == 105.0


def test_sleep_ends_at_the_first_tick_when_the_time_has_passed(clock):
    connection = started(partial(sleep, 5), clock)
    connection.tick()
    clock.now = 104.999
    connection.tick()
    assert not connection.has_result
    clock.now = 105.0
    connection.send(b"input does not wake it")
    connection.read()
    connection.events()
    assert not connection.has_result
    connection.tick()
    assert connection.get_result() is None
    assert connection.deadline is None


@pytest.mark.parametrize("seconds", [0, -1])
def test_sleep_without_time_ends_at_the_next_tick(seconds, clock):
    connection = started(partial(sleep, seconds), clock)
    assert connection.deadline <= clock.now
    connection.tick()
    assert connection.has_result


@pytest.mark.parametrize("nap", [sleep, lambda seconds: timeout(seconds, partial(read, 1))])
def test_time_that_is_no_number_is_refused(nap, clock):
    with pytest.raises(Misuse, match="nan"):
        started(partial(nap, math.nan), clock)


def test_input_that_came_during_a_sleep_is_there_after_it(clock):
    def late():
        first = yield from read(1)
        yield from sleep(5)
        return first + (yield from read(3))

    connection = started(late, clock)
    for piece in (b"ab", b"c", b"de"):
        connection.send(piece)
    assert connection.offset == 1
    clock.advance(5, connection)
    assert connection.get_result() == b"abcd"


def test_timeout_gives_the_result_if_it_comes_in_time(clock):
    connection = started(timeout(5, partial(read, 2)), clock)
    connection.send(b"a")
    clock.advance(4.9, connection)
    assert connection.deadline == 105.0
    connection.send(b"b")
    assert connection.get_result() == b"ab"
    assert connection.deadline is None


def test_timeout_expires_at_the_tick(clock):
    connection = started(timeout(5, partial(read, 2)), clock)
    connection.send(b"a")
    clock.now += 5
    with pytest.raises(TimeoutExpired, match=r"not done within 5 s"):
        connection.tick()
    assert isinstance(connection.error, TimeoutExpired)
    assert connection.unread == b"a"


def test_time_that_has_passed_without_a_tick_changes_nothing(clock):
    connection = started(timeout(5, partial(read, 1)), clock)
    clock.now += 100
    connection.send(b"a")
    assert connection.get_result() == b"a"


def test_tick_of_a_parser_without_deadline_does_not_wake_it(clock):
    resumed = []

    def watch():
        while True:
            resumed.append(1)
            yield from wait()

    connection = started(watch, clock)
    count = len(resumed)
    connection.tick()
    assert len(resumed) == count


def test_bytes_that_were_put_aside_are_there_when_the_time_is_over(clock):
    def impatient():
        try:
            yield from timeout(5, partial(read, 100))()
        except TimeoutExpired:
            return (yield from read_rest())

    connection = started(impatient, clock)
    for piece in (b"ab", b"cd", b"ef"):
        connection.send(piece)
    clock.advance(5, connection)
    connection.send(b"gh")
    connection.send_eof()
    assert connection.get_result() == b"abcdefgh"


def test_inner_timeout_leaves_the_outer_one_running(clock):
    def outer():
        try:
            yield from timeout(1, partial(read, 1))()
        except TimeoutExpired as error:
            yield from emit(str(error))
        yield from read(1)

    connection = started(timeout(10, outer), clock)
    assert connection.deadline == 101.0
    clock.advance(1, connection)
    assert connection.events() == ["not done within 1 s"]
    assert connection.deadline == 110.0
    clock.now = 110.0
    with pytest.raises(TimeoutExpired, match="within 10 s"):
        connection.tick()


def test_of_two_that_are_over_the_outer_timeout_expires(clock):
    def outer():
        try:
            yield from timeout(1, partial(read, 1))()
        except TimeoutExpired:
            yield from emit("the inner one")

    connection = started(timeout(2, outer), clock)
    clock.now += 3
    with pytest.raises(TimeoutExpired, match="within 2 s"):
        connection.tick()
    assert connection.events() == []


def test_timeout_ends_a_sleep(clock):
    connection = started(timeout(1, partial(sleep, 5)), clock)
    assert connection.deadline == 101.0
    clock.now += 1
    with pytest.raises(TimeoutExpired, match="within 1 s"):
        connection.tick()
    assert connection.deadline is None


def test_sleep_may_end_within_a_timeout(clock):
    def slow():
        yield from sleep(3)
        return "rested"

    connection = started(timeout(5, slow), clock)
    assert connection.deadline == 103.0
    clock.advance(3, connection)
    assert connection.get_result() == "rested"


def test_time_limit_is_not_swallowed_by_a_parser_that_catches_every_exception(clock):
    def careless():
        while True:
            try:
                yield from read(1)
            except Exception as error:  # noqa: BLE001 - that is what careless parsers do
                yield from emit(error)

    connection = started(timeout(1, careless), clock)
    clock.now += 1
    with pytest.raises(TimeoutExpired):
        connection.tick()
    assert connection.events() == []


def test_interruption_that_is_swallowed_all_the_same_is_no_deadline_any_more(clock):
    def deaf():
        while True:
            try:
                return (yield from read(1))
            except BaseException as error:  # noqa: BLE001
                yield from emit(type(error).__name__)

    connection = started(timeout(1, deaf), clock)
    clock.now += 1
    connection.tick()
    assert len(connection.events()) == 1
    assert connection.deadline is None
    connection.tick()
    assert connection.events() == []
    connection.send(b"x")
    assert connection.get_result() == b"x"


def test_cleaning_up_may_write_after_the_time_is_over(clock):
    def polite():
        try:
            yield from read(1)
        finally:
            yield from write(b"bye")

    def conversation():
        try:
            yield from timeout(1, polite)()
        except TimeoutExpired:
            yield from emit("over")

    connection = started(conversation, clock)
    clock.now += 1
    connection.tick()
    assert connection.deadline is None
    connection.tick()
    assert connection.events() == []
    assert connection.read() == b"bye"
    assert connection.events() == ["over"]


def test_timeout_is_not_tried_again_by_combinators(clock):
    connection = started(choice(timeout(1, partial(read, 2)), optional(partial(read, 1))), clock)
    connection.send(b"a")
    clock.now += 1
    with pytest.raises(TimeoutExpired):
        connection.tick()


def test_labels_tell_which_timeout_expired(clock):
    connection = started(label(timeout(1, partial(read, 1)), "greeting"), clock)
    clock.now += 1
    with pytest.raises(TimeoutExpired, match=r"in greeting: not done within 1 s"):
        connection.tick()


def test_error_of_the_parser_goes_through_the_timeout(clock):
    def wrong():
        yield from read(1)
        raise Malformed("wrong", position=1)

    connection = started(timeout(1, label(wrong, "greeting")), clock)
    with pytest.raises(Malformed, match=r"^at byte 1 in greeting: wrong$"):
        connection.send(b"x")
    assert connection.deadline is None


def test_no_deadline_after_close(clock):
    connection = started(partial(sleep, 5), clock)
    connection.close()
    assert connection.deadline is None
    clock.now += 10
    connection.tick()
    assert not connection.has_result


def test_timeout_that_expired_leaves_what_was_consumed_consumed(clock):
    def two_lines():
        yield from read_until(b"\n")
        yield from read_until(b"\n")

    connection = started(timeout(1, two_lines), clock)
    connection.send(b"one\ntw")
    clock.now += 1
    with pytest.raises(TimeoutExpired):
        connection.tick()
    assert (connection.offset, connection.unread) == (4, b"tw")


def test_parse_cannot_wait():
    with pytest.raises(Misuse, match=r"parse\(\) cannot wait for time to pass"):
        parse(partial(sleep, 1), b"")


def test_time_passes_on_the_system_clock_by_default():
    connection = protocol(partial(sleep, 0))()
    connection.read()
    before = connection.clock()
    assert connection.deadline <= before <= connection.clock()
    connection.tick()
    assert connection.has_result
