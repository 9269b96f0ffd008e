from __future__ import annotations

import pytest

from ohnecimd import emit, protocol, read, sleep, timeout
from ohnecimd.errors import TimeoutExpired
from ohnecimd.testing import FakeClock


def ticker():
    while True:
        yield from sleep(10)
        yield from emit("tick")


def test_time_stands_still_until_it_is_moved():
    clock = FakeClock(5)
    assert (clock(), clock()) == (5, 5)
    clock.advance(2.5)
    assert clock() == 7.5
    assert repr(clock) == "<FakeClock at 7.5 s>"


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="time does not run backwards: -1 s"):
        FakeClock().advance(-1)


def test_advance_ticks_at_each_deadline_on_the_way(fake_clock):
    connection = protocol(ticker, clock=fake_clock)()
    assert connection.events() == []
    fake_clock.advance(35, connection)
    assert connection.events() == ["tick"] * 3
    assert (fake_clock.now, connection.deadline) == (35, 40)


def test_wake_goes_to_the_earliest_deadline(fake_clock):
    def once(seconds):
        yield from sleep(seconds)

    late, early = (protocol(once, clock=fake_clock)(seconds) for seconds in (9, 4))
    assert late.read() + early.read() == b""
    assert fake_clock.wake(late, early)
    assert (fake_clock.now, late.has_result, early.has_result) == (4, False, True)
    assert fake_clock.wake(late, early)
    assert (fake_clock.now, late.has_result) == (9, True)
    assert not fake_clock.wake(late, early)


def test_attach_replaces_the_clock_of_a_new_connection(fake_clock):
    connection = fake_clock.attach(protocol(ticker)())
    connection.read()
    assert connection.deadline == 10


def test_advance_raises_what_the_parser_raises(fake_clock):
    def hurried():
        yield from timeout(3, lambda: read(1))

    connection = protocol(hurried, clock=fake_clock)()
    connection.read()
    with pytest.raises(TimeoutExpired, match="not done within 3 s"):
        fake_clock.advance(3, connection)


def test_advance_ticks_at_once_where_a_deadline_is_due_already(fake_clock):
    def steps():
        yield from sleep(0)
        yield from emit(fake_clock.now)
        yield from sleep(5)
        yield from emit(fake_clock.now)

    connection = protocol(steps, clock=fake_clock)()
    connection.read()
    fake_clock.advance(10, connection)
    assert connection.events() == [0, 5]
    assert fake_clock.now == 10


def test_deadlines_without_end_are_noticed(fake_clock):
    def hasty():
        while True:
            yield from sleep(1e-6)

    connection = protocol(hasty, clock=fake_clock)()
    connection.read()
    with pytest.raises(AssertionError, match="more than 10000 deadlines within 1 s"):
        fake_clock.advance(1, connection)
