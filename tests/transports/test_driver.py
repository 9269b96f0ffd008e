"""A driver, without a socket."""

from math import inf
from types import SimpleNamespace

import pytest
from parsers import MIB, Ask, Talk, echo, flood, late, one_line, report, stubborn

from ohnecimd import emit, protocol, put, read_upto
from ohnecimd.testing.clock import FakeClock
from ohnecimd.transports import driver as module
from ohnecimd.transports import sides
from ohnecimd.transports.driver import (
    LINGER_BYTES,
    LINGER_S,
    LONGEST_WAIT_S,
    PIECE_BYTES,
    STALL_S,
    Driver,
    Phase,
)
from ohnecimd.transports.sides import ClientDriver, Hooks, ServerDriver


@pytest.fixture
def clock(monkeypatch):
    """The transports' own time."""
    clock = FakeClock()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    return clock


def started(connection, **hooks):
    driver = ServerDriver(connection, Hooks(**hooks))
    driver.open()
    driver.pump()
    return driver


def take(driver):
    """Send what is to be sent."""
    data = bytes(driver.outgoing)
    driver.sent(len(data))
    driver.pump()
    return data


def test_a_piece_of_output_is_bounded():
    driver = started(flood(1))
    driver.receive(b"\n")
    driver.pump()
    assert len(driver.outgoing) == PIECE_BYTES


def test_input_is_wanted_only_while_output_is_taken():
    driver = started(echo())
    assert driver.wants_input
    driver.receive(b"a line\n")
    driver.pump()
    assert bytes(driver.outgoing) == b"a line\n"
    assert not driver.wants_input
    driver.sent(3)
    driver.pump()
    assert not driver.wants_input
    driver.sent(4)
    driver.pump()
    assert driver.wants_input


def test_a_client_reads_while_it_sends():
    driver = ClientDriver(Ask())
    driver.connection.say(MIB)
    driver.pump()
    assert len(driver.outgoing) == len(MIB)
    assert driver.wants_input


def test_a_connection_passes_through_all_phases():
    driver = started(one_line())
    driver.receive(b"hello\nrest")
    driver.pump()
    assert driver.phase is Phase.DELIVERING
    assert not driver.wants_shutdown
    assert take(driver) == b"got hello\n"
    assert driver.phase is Phase.LINGERING
    assert driver.wants_shutdown
    driver.has_shut_down = True
    assert not driver.wants_shutdown
    assert driver.wants_input
    driver.receive(b"")
    driver.pump()
    assert driver.is_over


def test_a_peer_that_has_ended_is_not_lingered_for():
    driver = started(one_line())
    driver.receive(b"hello\n")
    driver.receive(b"")
    driver.pump()
    take(driver)
    assert driver.is_over


def test_lingering_ends_after_some_time(clock):
    driver = started(one_line())
    driver.receive(b"hello\n")
    driver.pump()
    take(driver)
    assert driver.wake_in() == LINGER_S
    clock.advance(LINGER_S - 0.1)
    driver.pump()
    assert driver.phase is Phase.LINGERING
    clock.advance(0.1)
    driver.pump()
    assert driver.is_over


def test_lingering_ends_after_some_bytes():
    driver = started(one_line())
    driver.receive(b"hello\n")
    driver.pump()
    take(driver)
    for _ in range(LINGER_BYTES // len(MIB) - 1):
        driver.receive(MIB)
        driver.pump()
    assert driver.phase is Phase.LINGERING
    driver.receive(MIB)
    driver.pump()
    assert driver.is_over


def test_the_last_output_waits_for_a_peer_as_long_as_it_takes_some(clock):
    driver = started(flood(1))
    driver.receive(b"\n")
    driver.pump()
    assert driver.phase is Phase.DELIVERING
    for _ in range(10):
        clock.advance(STALL_S - 1)
        driver.sent(1)
        driver.pump()
    assert driver.phase is Phase.DELIVERING
    clock.advance(STALL_S)
    driver.pump()
    assert driver.is_over


def test_nothing_is_woken_for_without_need():
    assert started(echo()).wake_in() is None


@pytest.mark.parametrize(
    ("seconds", "wait_s"),
    [
        (10, 10),
        (LONGEST_WAIT_S * 2, LONGEST_WAIT_S),
        (1e300, LONGEST_WAIT_S),
        (inf, LONGEST_WAIT_S),
    ],
)
def test_a_deadline_is_waited_for_but_not_longer_than_clocks_take(seconds, wait_s):
    clock = FakeClock()
    driver = started(protocol(late.__wrapped__, clock=clock)(seconds))
    driver.receive(b"zzz\n")
    driver.pump()
    assert driver.wake_in() == wait_s
    clock.advance(wait_s)
    driver.pump()
    assert bytes(driver.outgoing) == (b"zzz\n" if wait_s == seconds else b"")


def test_a_parser_that_waits_for_ever_is_given_up_at_the_end_of_the_input():
    driver = started(stubborn())
    driver.receive(b"")
    driver.pump()
    assert driver.is_over
    assert driver.failure is None
    assert driver.connection.closing


def test_the_talk_goes_on_while_a_handler_is_held():
    held = []

    async def later(_talk, _line): ...

    driver = started(Talk(), on_event=later)
    driver.hold = held.append
    driver.receive(b"one\ntwo\n")
    driver.receive(b"")
    driver.pump()
    assert (len(held), driver.is_held, driver.wants_input) == (1, True, False)
    driver.connection.say(b"meanwhile\n")
    driver.pump()
    assert take(driver) == b"meanwhile\n"
    assert driver.phase is Phase.TALKING
    driver.release(None)
    driver.pump()
    assert len(held) == 2
    driver.release(None)
    driver.pump()
    assert driver.is_over
    for coroutine in held:
        coroutine.close()


def test_what_was_received_is_handed_out_though_the_peer_is_lost():
    events, errors = [], []
    driver = started(
        report(),
        on_event=lambda _, event: events.append(event),
        on_error=lambda _, error: errors.append(error),
    )
    driver.receive(b"one\n")
    driver.pump()
    driver.receive(b"two\nthr")
    reset = ConnectionResetError()
    driver.lose(reset)
    driver.pump()
    assert events == [b"one", b"two"]
    assert errors == [reset]
    assert driver.is_over


def test_one_pump_hands_out_a_bounded_number_of_events():
    @protocol
    def babble():
        while True:
            yield from emit(1)

    counts = []
    driver = started(babble(), on_event=lambda _, event: counts.append(event))
    assert 1024 <= len(counts) < 200_000
    assert driver.wake_in() == 0
    before = len(counts)
    driver.pump()
    assert len(counts) > before


def test_a_client_keeps_as_many_events_as_it_may():
    driver = ClientDriver(Ask())
    for _ in range(3):
        driver.receive(b"x\n" * 5000)
        driver.pump()
    assert 1 <= len(driver.events) < 5000 + 1025
    assert not driver.wants_input
    driver.capacity = 100_000
    driver.pump()
    driver.pump()
    assert len(driver.events) == 15_000
    assert driver.wants_input


def test_output_after_the_end_of_the_output_is_dropped():
    driver = ClientDriver(Ask())
    driver.end_output()
    driver.pump()
    assert driver.wants_shutdown
    driver.has_shut_down = True
    driver.connection.say(b"too late\n")
    driver.pump()
    assert not driver.outgoing


def test_errors_do_not_hide_each_other():
    @protocol
    def fail():
        try:
            yield from read_upto(b"\n")
        finally:
            yield from put(b"")

    errors = []
    driver = started(fail(), on_error=lambda _, error: errors.append(error))
    first = ConnectionResetError()
    driver.lose(first)
    driver.pump()
    assert errors == [first]


def test_a_driver_alone_hands_out_nothing():
    driver = Driver(echo())
    with pytest.raises(NotImplementedError):
        driver.pump()


def test_a_client_that_hangs_up_waits_as_long_as_the_server_takes_some(clock, monkeypatch):
    monkeypatch.setattr(sides, "time", SimpleNamespace(monotonic=clock))
    driver = ClientDriver(Ask())
    driver.connection.say(MIB)
    driver.pump()
    driver.hang_up()
    for _ in range(5):
        driver.pump()
        clock.advance(LINGER_S - 0.1)
        driver.sent(1)
    driver.pump()
    assert driver.phase is Phase.DELIVERING
    clock.advance(LINGER_S)
    driver.pump()
    assert driver.is_over


def test_a_parser_that_ends_among_many_events_loses_none():
    @protocol
    def count():
        yield from read_upto(b"\n")
        for i in range(5000):
            yield from emit(i)
            yield from put(b"")

    events = []
    driver = started(count(), on_event=lambda _, event: events.append(event))
    driver.receive(b"\n")
    for _ in range(10):
        driver.pump()
    assert driver.has_talked
    assert events == list(range(5000))


def test_events_behind_much_output_are_handed_out_though_the_peer_is_lost():
    @protocol
    def boast():
        yield from read_upto(b"\n")
        for i in range(10):
            yield from put(MIB[:100_000])
            yield from emit(i)

    events = []
    driver = started(boast(), on_event=lambda _, event: events.append(event))
    driver.receive(b"\n")
    driver.lose(ConnectionResetError())
    driver.pump()
    assert events == list(range(10))
    assert driver.is_over


def test_a_lost_peer_does_not_keep_a_parser_alive_that_never_ends():
    @protocol
    def babble():
        while True:
            yield from emit(1)
            yield from put(b"x")

    driver = started(babble())
    driver.lose(ConnectionResetError())
    for _ in range(20):
        driver.pump()
    assert driver.is_over
