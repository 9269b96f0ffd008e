"""CIMD2: packet numbers, odd and even, and how they go round."""

from __future__ import annotations

import pytest
from talking import approve

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.numbers import COUNT, EVEN, ODD, after, is_among, steps_to
from ohnecimd.testing import join


@pytest.mark.parametrize("first", [ODD, EVEN])
def test_all_numbers_of_a_sequence_come_once_in_a_round(first):
    round_ = [first]
    while (number := after(round_[-1])) != first:
        round_.append(number)
    assert round_ == list(range(first, 256, 2))
    assert len(round_) == COUNT


def test_numbers_of_the_other_side_and_illegal_ones_are_not_in_a_sequence():
    assert [n for n in range(-3, 1000) if is_among(n, ODD)] == list(range(1, 256, 2))
    assert [n for n in range(-3, 1000) if is_among(n, EVEN)] == list(range(0, 256, 2))


def test_steps_go_round():
    assert [steps_to(253, later) for later in (253, 255, 1, 251)] == [0, 1, 2, 127]
    assert steps_to(0, 254) == 127


def test_both_sides_go_round_as_the_specification_shows():
    """Section 3 of the fact sheet."""
    pair = join(Application(seals=False), Center(approve, seals=False))
    pair.client.login("news", "s3cret")
    pair.run()
    for _ in range(125):
        pair.client.alive()
        pair.run()
    for _ in range(126):
        pair.server.alive()
        pair.run()
    before = len(pair.transcript)
    for side in [pair.client] * 3 + [pair.server] * 3:
        side.alive()
        pair.run()
    lines = [f"{entry.side} {entry.data.decode()}" for entry in pair.transcript.entries[before:]]
    assert [line[:2] + line[3:-2] for line in lines] == [
        "C 40:253",
        "S 90:253",
        "C 40:255",
        "S 90:255",
        "C 40:001",
        "S 90:001",
        "S 40:252",
        "C 90:252",
        "S 40:254",
        "C 90:254",
        "S 40:000",
        "C 90:000",
    ]
