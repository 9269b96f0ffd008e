"""CIMD2: two sessions over a wire that damages, drops and repeats packets; nothing disappears."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talking import Desk, approve, delivery, submit, talking

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.exchanges import ExchangeState
from ohnecimd.protocols.cimd.messages import DeliverMessage
from ohnecimd.protocols.cimd.packets import Checksums
from ohnecimd.testing import FakeClock, Pair

WINDOWS = [1, 2, 3, 10, 64, 128]


class Wire:
    """Does to the packets of one side what a list says, and then nothing more.

    Each item is for one packet: None leaves it alone, "drop" and "twice" say it, a number flips
    that bit.
    """

    def __init__(self, faults):
        self.faults = list(faults)

    def __call__(self, packet):
        fault = self.faults.pop(0) if self.faults else None
        data = packet.encode()
        if fault is None:
            return None
        if fault == "drop":
            return b""
        if fault == "twice":
            return data * 2
        place, bit = divmod(fault % (8 * len(data)), 8)
        return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def faults_of(*kinds):
    """Return a strategy for what happens to packets; most of them arrive."""
    none = st.none()
    return st.lists(st.one_of(none, none, *kinds), max_size=40)


FLIPS = faults_of(st.integers(0, 1 << 16))
REPEATS = faults_of(st.just("twice"))
ANY = faults_of(st.integers(0, 1 << 16), st.just("drop"), st.just("twice"))


class Talk:
    """An application that submits, and a center that delivers, over two bad wires."""

    def __init__(self, there, back, *, window, is_strict, deliveries=8):
        clock = FakeClock()
        # Without a checksum a byte that becomes an ETX makes a good packet of half a bad one.
        options = {"clock": clock, "checksums": Checksums.DEMAND, "is_strict": is_strict}
        self.desk = Desk()
        self.application = Application(window=window, **options)
        self.center = Center(self.desk, window=window, **options)
        self.pair = Pair(self.application, self.center)
        self.application.login("news", "s3cret")
        self.pair.run()
        self.application._distort = Wire(there)
        self.center._distort = Wire(back)
        self.submits = [self.application.submit(submit(f"s{n}")) for n in range(8)]
        self.deliveries = [self.center.deliver(delivery(f"d{n}")) for n in range(deliveries)]
        self.called = Counter()
        for each in self.all:
            each.on_settled(lambda it: self.called.update([it]))
        self.pair.run()
        for _ in range(20):
            if all(each.is_settled for each in self.all):
                break
            self.pair.advance(61)

    @property
    def all(self):
        return [*self.submits, *self.deliveries]

    def check_nothing_disappeared(self):
        assert all(each.is_settled for each in self.all)
        assert set(self.called.values()) == {1}
        for session, asked in (
            (self.application, self.submits),
            (self.center, self.deliveries),
        ):
            ledger = session.ledger
            named = [*ledger.answered, *ledger.unanswered, *ledger.unsent]
            assert [each for each in asked if each not in named] == []
            for each in asked:
                assert (each in ledger.unanswered) == (each.state is ExchangeState.LOST)
                assert (each in ledger.unsent) == (each.state is ExchangeState.UNSENT)

    def check_each_was_served(self, *, at_most_once):
        delivered = [
            event.message.user_data.decode()
            for event in self.pair.client_events
            if isinstance(getattr(event, "message", None), DeliverMessage)
        ]
        for asked, served in ((self.submits, self.desk.texts), (self.deliveries, delivered)):
            counts = Counter(served)
            for each in asked:
                count = counts[each.request.user_data.decode()]
                if each.state is ExchangeState.ANSWERED:
                    assert count >= 1
                if each.state is ExchangeState.UNSENT:
                    assert count == 0
                if at_most_once:
                    assert count <= 1


@settings(deadline=None)
@given(ANY, ANY, st.sampled_from(WINDOWS))
def test_nothing_disappears_and_strict_serves_each_once(there, back, window):
    talk = Talk(there, back, window=window, is_strict=True)
    talk.check_nothing_disappeared()
    talk.check_each_was_served(at_most_once=True)


@settings(deadline=None)
@given(ANY, ANY, st.sampled_from(WINDOWS))
def test_nothing_disappears_where_both_are_lenient(there, back, window):
    talk = Talk(there, back, window=window, is_strict=False)
    talk.check_nothing_disappeared()
    talk.check_each_was_served(at_most_once=False)


@settings(deadline=None)
@given(REPEATS, REPEATS, st.sampled_from(WINDOWS), st.booleans())
def test_what_comes_twice_is_served_once(there, back, window, is_strict):
    talk = Talk(there, back, window=window, is_strict=is_strict)
    talk.check_nothing_disappeared()
    talk.check_each_was_served(at_most_once=True)
    assert all(each.state is ExchangeState.ANSWERED for each in talk.all)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("is_strict", [True, False])
@pytest.mark.parametrize("position", [0, 1, 3, 7])
def test_a_damaged_request_is_repaired_at_once(window, is_strict, position):
    """And sent again only once, however many packets came after it."""
    faults = [None] * position + [8 * 12]
    talk = Talk(faults, [], window=window, is_strict=is_strict, deliveries=0)
    talk.check_nothing_disappeared()
    talk.check_each_was_served(at_most_once=True)
    assert all(each.state is ExchangeState.ANSWERED for each in talk.all)
    assert max(each.sendings for each in talk.submits) == 2
    assert talk.pair.clock.now < 61


@pytest.mark.parametrize("window", WINDOWS)
def test_both_sides_understand_each_other_under_all_windows(window):
    clock = FakeClock()
    desk = Desk()
    pair = talking(
        Application(window=window, clock=clock),
        Center(desk, window=window, is_strict=True, clock=clock),
        piece=7,
    )
    asked = [pair.client.submit(submit(str(n))) for n in range(300)]
    back = [pair.server.deliver(delivery(str(n))) for n in range(300)]
    pair.run()
    assert all(each.state is ExchangeState.ANSWERED for each in [*asked, *back])
    assert desk.texts == [str(n) for n in range(300)]
    delivered = [event for event in pair.client_events if hasattr(event, "packet")]
    assert [event.number for event in delivered] == [2 * n % 256 for n in range(300)]
    assert pair.client.ledger.answered_count == 301


def test_the_end_of_input_at_every_byte_loses_nothing():
    """Of the center's answers, while requests are on their way in both directions."""
    clock = FakeClock()
    center = Center(approve, window=3, clock=clock)
    model = Application(window=3, clock=clock)
    model.login("news", "s3cret")
    for n in range(6):
        model.submit(submit(str(n)))
    said = b""
    while data := model.read():
        center.send(data)
        if data.startswith(b"\x0201"):
            center.deliver(delivery())
        piece = center.read()
        said += piece
        model.send(piece)
    for end in range(len(said) + 1):
        application = Application(window=3, clock=FakeClock())
        login = application.login("news", "s3cret")
        asked = [login, *(application.submit(submit(str(n))) for n in range(6))]
        application.read()
        for place in range(end):
            application.send(said[place : place + 1])
            application.read()
        application.send_eof()
        ledger = application.ledger
        assert application.closing
        assert application.error is None
        assert [*ledger.answered, *ledger.unanswered, *ledger.unsent] == asked
        assert application.events()[-1].ledger == ledger
    assert ledger.answered_count == 7
