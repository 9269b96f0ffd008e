"""CIMD2: requests of ours: the window, repeats, nacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from talking import exchange

from ohnecimd.protocols.cimd.exchanges import ExchangeState
from ohnecimd.protocols.cimd.sending import Sending


def sending(count=0, *, window=10, repeats=3, first=3):
    """Return requests, as many of them sent as there is room for."""
    made = Sending(first, window=window, timeout_s=60, repeats=repeats)
    made.queue.extend(exchange(index) for index in range(count))
    take_all(made)
    return made


def take_all(made, now=0.0):
    return numbers(iter(lambda: made.take(now), None))


def numbers(exchanges):
    return [each.number for each in exchanges]


def test_requests_leave_in_order_as_far_as_the_window_goes():
    made = sending(5, window=2)
    assert (list(made.waiting), len(made.queue)) == ([3, 5], 3)
    made.settle(5)
    assert take_all(made) == [7]
    made.settle(3)
    made.settle(7)
    assert take_all(made) == [9, 11]


def test_nothing_leaves_while_it_is_closed():
    made = sending()
    made.is_open = False
    made.queue.append(exchange())
    assert made.take(0) is None
    made.is_open = True
    assert made.take(0).state is ExchangeState.SENT


def test_a_number_is_not_used_again_while_it_waits():
    made = sending(1, window=128, first=1)
    made.queue.extend(exchange(index) for index in range(1, 200))
    assert len(take_all(made)) == 127
    for number in range(3, 256, 2):
        made.settle(number)
    assert take_all(made) == []
    assert len(made.queue) == 72
    made.settle(1)
    assert take_all(made)[:2] == [1, 3]


def test_the_last_request_leaves_when_all_before_are_answered():
    made = sending(1)
    last = exchange(2)
    last.is_last = True
    made.queue.append(last)
    assert made.take(0) is None
    made.settle(3)
    assert made.take(0) is last


# Time


def test_the_deadline_is_that_of_the_oldest_sending():
    made = sending()
    assert made.deadline is None
    made.queue.append(exchange(1))
    made.take(10)
    made.queue.append(exchange(2))
    made.take(20)
    assert made.deadline == 70
    assert numbers(made.expired(69)) == []
    assert numbers(made.expired(75)) == [3]
    assert made.deadline == 80
    made.settle(5)
    assert made.deadline == 135
    made.settle(3)
    assert made.deadline is None


def test_a_request_is_repeated_so_often_and_then_given_up():
    made = sending(1, repeats=2)
    assert numbers(made.expired(60)) == [3]
    assert numbers(made.expired(120)) == [3]
    assert made.waiting[3].sendings == 3
    assert not made.has_given_up
    assert numbers(made.expired(180)) == []
    assert made.has_given_up
    assert made.waiting[3].sendings == 3


# Nacks


def test_after_a_nack_all_from_the_missing_request_on_is_sent_again_in_order():
    made = sending(4)
    assert numbers(made.nacked(5, 1)) == [5, 7, 9]
    assert [made.waiting[each].sendings for each in (3, 5, 7, 9)] == [1, 2, 2, 2]
    assert made.deadline == 60
    made.settle(3)
    assert made.deadline == 61


def test_echoes_of_a_nack_make_nothing_be_sent_again():
    made = sending(10)
    assert len(made.nacked(3, 0)) == 10
    assert [made.nacked(3, 0) for _ in range(9)] == [[]] * 9
    assert len(made.nacked(3, 0)) == 10  # it has not come the second time, either


def test_who_answers_what_came_after_the_missing_request_sends_no_echoes():
    made = sending(3)
    made.nacked(3, 0)
    made.settle(5)
    made.settle(7)
    assert numbers(made.nacked(3, 0)) == [3]


def test_a_nack_of_another_request_is_no_echo():
    made = sending(4)
    made.nacked(3, 0)
    made.settle(3)
    assert numbers(made.nacked(7, 0)) == [7, 9]
    assert made.nacked(7, 0) == []


def test_a_nack_of_the_next_number_means_that_all_has_come():
    made = sending(2)
    assert made.nacked(7, 0) == []
    assert sending().nacked(3, 0) == []


@pytest.mark.parametrize("number", [0, 99, 4, 255, 999])
def test_a_nack_of_any_other_number_means_the_oldest_request(number):
    made = sending(2)
    assert numbers(made.nacked(number, 0)) == [3, 5]
    assert sending().nacked(number, 0) == []


def test_nacks_go_on_only_so_long():
    made = sending(1, repeats=3)
    assert [numbers(made.nacked(3, 0)) for _ in range(4)] == [[3], [3], [3], []]
    assert made.has_given_up


def test_nacks_and_silence_count_together():
    made = sending(1, repeats=2)
    made.nacked(3, 0)
    assert numbers(made.expired(60)) == [3]
    assert numbers(made.expired(120)) == []
    assert made.has_given_up


@given(
    st.integers(1, 128),
    st.lists(st.tuples(st.sampled_from(["ask", "answer", "nack", "time"]), st.integers(0, 299))),
)
def test_whatever_happens_the_order_and_the_window_hold(window, events):
    """And who waits stands in the order of the deadlines."""
    made = sending(window=window, repeats=1000)
    now = 0.0
    asked, left = 0, []
    for kind, value in events:
        if kind == "ask":
            for _ in range(value):
                made.queue.append(exchange(asked))
                asked += 1
        elif kind == "answer" and made.waiting:
            made.settle(list(made.waiting)[value % len(made.waiting)])
        elif kind == "nack":
            again = made.nacked(value, now)
            assert [each.index for each in again] == sorted(each.index for each in again)
        elif kind == "time":
            now += value
            assert all(each.deadline > now for each in made.expired(now))
        while (taken := made.take(now)) is not None:
            left.append(taken.index)
        assert len(made.waiting) <= window
        deadlines = [each.deadline for each in made.waiting.values()]
        assert deadlines == sorted(deadlines)
        assert made.deadline == min(deadlines, default=None)
    assert left == list(range(asked - len(made.queue)))
