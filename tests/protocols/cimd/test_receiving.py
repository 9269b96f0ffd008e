"""CIMD2: requests of the peer: what is new, what came before, and what is nacked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.protocols.cimd.numbers import after
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.receiving import Receiving, Verdict

NEW, REPEATED, PENDING, UNEXPECTED = Verdict


def receiving(first=1, *, window=1, is_strict=True, known=True):
    return Receiving(first, window=window, is_strict=is_strict, is_first_known=known)


def take(made, number, body=b"", *, answers=True):
    """Let a request come, and be answered if it is new."""
    verdict = made.judge(number, (40, body))
    if verdict is NEW and answers:
        made.answer(number, Packet(90, number, body))
    return verdict


# The strict rule


def test_strict_takes_the_expected_number_and_no_other():
    made = receiving()
    assert take(made, 3) is UNEXPECTED
    assert made.expected == 1
    assert [take(made, n) for n in (1, 3, 5)] == [NEW] * 3
    assert [take(made, n) for n in (9, 0, 2, 257, 999)] == [UNEXPECTED] * 5
    assert made.expected == 7


def test_strict_goes_round():
    made = receiving()
    assert all(take(made, n) is NEW for _ in range(3) for n in range(1, 256, 2))


@pytest.mark.parametrize("window", [1, 2, 10, 127])
def test_strict_remembers_as_many_responses_as_the_window(window):
    made = receiving(window=window)
    number = 1
    for _ in range(200):
        take(made, number, b"%d" % number)
        number = after(number)
    earlier = [(number - 2 * back) % 256 for back in range(1, 128)]
    verdicts = [take(made, n, b"%d" % n) for n in earlier]
    assert verdicts == [REPEATED] * window + [UNEXPECTED] * (127 - window)
    assert made.expected == number
    assert made.response(earlier[window - 1]) == Packet(
        90, earlier[window - 1], b"%d" % earlier[window - 1]
    )


def test_strict_ignores_what_is_being_served():
    made = receiving(window=10)
    assert take(made, 1, answers=False) is NEW
    assert take(made, 3, answers=False) is NEW
    assert [take(made, n) for n in (1, 3, 1)] == [PENDING] * 3
    made.answer(3, Packet(90, 3))
    assert [take(made, n) for n in (1, 3)] == [PENDING, REPEATED]


@pytest.mark.parametrize("is_strict", [True, False])
def test_other_content_is_no_retransmission(is_strict):
    made = receiving(is_strict=is_strict)
    take(made, 1, b"one")
    assert take(made, 1, b"another") is (UNEXPECTED if is_strict else NEW)


def test_strict_takes_any_first_number_where_none_is_known():
    made = receiving(0, known=False)
    assert made.expected == 0
    assert take(made, 3) is UNEXPECTED
    assert [take(made, n) for n in (2, 4, 8)] == [NEW, NEW, UNEXPECTED]
    made.restart()
    assert take(made, 0) is NEW


# The lenient rule


def test_lenient_takes_any_number_of_the_right_parity():
    made = receiving(is_strict=False)
    assert [take(made, n) for n in (5, 3, 255, 1, 7)] == [NEW] * 5
    assert [take(made, n) for n in (0, 2, 256, 257, 999)] == [UNEXPECTED] * 5


def test_lenient_answers_a_retransmission_within_the_window_again():
    made = receiving(is_strict=False, window=2)
    assert [take(made, n, b"%d" % n) for n in (1, 3, 5)] == [NEW] * 3
    assert [take(made, n, b"%d" % n) for n in (5, 3)] == [REPEATED] * 2
    assert take(made, 1, b"1") is NEW  # nobody knows it any more


def test_lenient_expects_what_is_missing_within_the_window():
    made = receiving(is_strict=False, window=4)
    for number in (1, 5, 7):
        take(made, number)
    assert made.expected == 3
    take(made, 3)
    assert made.expected == 9


def test_lenient_does_not_wait_for_what_never_comes():
    """A gateway sends 005 again as 007, after it was nacked."""
    made = receiving(is_strict=False, window=1)
    take(made, 1)
    take(made, 3)
    assert made.expected == 5
    take(made, 7)
    assert made.expected == 9
    made = receiving(is_strict=False, window=3)
    for number in (1, 5, 7, 9):
        take(made, number)
    assert made.expected == 11


def test_lenient_ignores_what_is_being_served_and_nacks_its_number_with_other_content():
    made = receiving(is_strict=False)
    take(made, 1, b"one", answers=False)
    assert [take(made, 1, b"one"), take(made, 1, b"another")] == [PENDING, UNEXPECTED]


# Both


@pytest.mark.parametrize("is_strict", [True, False])
def test_what_is_forgotten_is_expected_again(is_strict):
    made = receiving(is_strict=is_strict)
    take(made, 1)
    take(made, 3, answers=False)
    made.forget(3)
    assert made.expected == 3
    assert take(made, 3) is NEW
    assert made.expected == 5


def test_a_number_spent_on_something_else_is_passed_over():
    made = receiving(0)
    take(made, 0)
    made.pass_over(2)
    made.pass_over(100)
    assert made.expected == 4


@given(
    st.booleans(),
    st.integers(1, 64),
    st.lists(st.tuples(st.integers(0, 260), st.sampled_from([b"a", b"b"]), st.booleans())),
)
def test_memory_is_bounded_and_every_new_request_can_be_answered(is_strict, window, requests):
    made = receiving(window=window, is_strict=is_strict)
    for number, body, answers in requests:
        expected = made.expected
        if take(made, number, body, answers=answers) in (REPEATED, PENDING, UNEXPECTED):
            assert made.expected == expected
        assert len(made.pending) <= 128
        assert len(made._answered) <= window
        assert len(made._ahead) < window
        assert made.expected % 2 == 1
    for number in list(made.pending):
        made.answer(number, Packet(90, number))
    assert not made.pending
