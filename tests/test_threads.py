"""Two connections at once: threads and greenlets that change in the middle of a parser."""

from __future__ import annotations

import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ohnecimd import bounded, choice, emit, label, many, protocol, read, read_until, write
from ohnecimd.errors import Malformed, Misuse

gevent: Any = None
with contextlib.suppress(ImportError):
    import gevent
    import gevent.event

WAIT_S = 10  # that nothing ever takes, unless the test fails
needs_gevent = pytest.mark.skipif(gevent is None, reason="gevent is not installed")


@protocol
def talking(pause):
    """Give way in the middle of everything that has state in the engine."""

    def number():
        pause()
        digits = yield from read_until(b",")
        pause()
        if not digits.isdigit():
            raise Malformed(expected="digits", found=digits)
        return int(digits)

    def word():
        pause()
        letters = yield from read_until(b",")
        pause()
        return letters

    def body():
        items = yield from many(choice(label(number, "number"), word))()
        pause()
        return items

    while True:
        size = (yield from read(1))[0]
        pause()
        items = yield from bounded(body, size)()
        pause()
        yield from emit(items)
        pause()
        yield from write(repr(items).encode() + b"\n")


def message_of(who, count):
    items = [who, str(count).encode(), who + b"!", str(who[0]).encode()]
    data = b"".join(item + b"," for item in items)
    expected = [int(item) if item.isdigit() else item for item in items]
    return bytes([len(data)]) + data, expected


def converse(who, pause, rounds):
    """Talk to a connection in small pieces; return what went wrong."""
    connection = talking(pause)
    faults = []
    for count in range(rounds):
        data, expected = message_of(who, count)
        for start in range(0, len(data), 5):
            pause()
            connection.send(data[start : start + 5])
        answer = connection.read()
        events = connection.events()
        if (events, answer) != ([expected], repr(expected).encode() + b"\n"):
            faults.append((count, events, answer))
    return faults


def test_threads_that_change_within_a_parser_keep_their_own_bytes():
    """At each pause every thread waits for the others, so that all are within their parsers."""
    people = [b"ada", b"bob", b"cyd"]
    barrier = threading.Barrier(len(people))

    def pause():
        barrier.wait(WAIT_S)

    with ThreadPoolExecutor(len(people)) as pool:
        results = list(pool.map(lambda who: converse(who, pause, rounds=5), people))
    assert results == [[], [], []]


def test_parser_that_blocks_in_its_own_code_does_not_block_others():
    entered, leave = threading.Event(), threading.Event()

    def block():
        entered.set()
        assert leave.wait(WAIT_S)

    @protocol
    def blocking(pause):
        first = yield from read(1)
        pause()
        return first + (yield from read(1))

    slow, quick = blocking(block), blocking(lambda: None)
    thread = threading.Thread(target=slow.send, args=(b"ab",))
    thread.start()
    try:
        assert entered.wait(WAIT_S)
        quick.send(b"xy")
        assert quick.get_result() == b"xy"
        assert not slow.has_result
    finally:
        leave.set()
        thread.join(WAIT_S)
    assert slow.get_result() == b"ab"


@pytest.mark.parametrize(
    "call",
    [
        lambda connection: connection.send(b"x"),
        lambda connection: connection.read(),
        lambda connection: connection.events(),
        lambda connection: connection.send_eof(),
        lambda connection: connection.close(),
    ],
)
def test_connection_whose_parser_runs_in_another_thread_is_refused(call):
    entered, leave = threading.Event(), threading.Event()

    @protocol
    def blocking():
        yield from read(1)
        entered.set()
        assert leave.wait(WAIT_S)
        return (yield from read(1))

    connection = blocking()
    thread = threading.Thread(target=connection.send, args=(b"ab",))
    thread.start()
    try:
        assert entered.wait(WAIT_S)
        with pytest.raises(Misuse, match="from another thread"):
            call(connection)
    finally:
        leave.set()
        thread.join(WAIT_S)
    assert connection.get_result() == b"b"


@needs_gevent
def test_greenlets_that_change_within_a_parser_keep_their_own_bytes():
    people = [b"ada", b"bob", b"cyd"]
    order = []

    def conversation(who):
        def pause():
            order.append(who)
            gevent.sleep(0)

        return converse(who, pause, rounds=5)

    greenlets = [gevent.spawn(conversation, who) for who in people]
    gevent.joinall(greenlets, timeout=WAIT_S, raise_error=True)
    assert [each.value for each in greenlets] == [[], [], []]
    changes = sum(one != other for one, other in itertools.pairwise(order))
    assert changes > len(order) // 2


@needs_gevent
def test_greenlet_that_uses_a_connection_within_another_is_refused():
    entered, leave = gevent.event.Event(), gevent.event.Event()

    @protocol
    def blocking():
        yield from read(1)
        entered.set()
        assert leave.wait(WAIT_S)
        return (yield from read(1))

    connection = blocking()
    sender = gevent.spawn(connection.send, b"ab")
    assert entered.wait(WAIT_S)
    with pytest.raises(Misuse, match="greenlet"):
        connection.send(b"x")
    leave.set()
    sender.join(WAIT_S)
    assert connection.get_result() == b"b"
