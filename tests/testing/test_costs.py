from __future__ import annotations

from functools import partial

import pytest

from ohnecimd import (
    Connection,
    expect,
    many,
    peek,
    protocol,
    read,
    read_rest,
    read_struct,
    read_until,
    read_upto,
    skip_upto,
    wait,
    wait_for,
)
from ohnecimd.errors import Misuse
from ohnecimd.testing import Cost, cut_every, measure

LINE = b"x" * 5000 + b"\n"


def impatient():
    while b"\n" not in (yield from peek()):
        yield from wait()


@pytest.mark.parametrize(
    "parser",
    [
        partial(read_upto, b"\n"),
        partial(read_until, (b"\r", b"\n")),
        partial(wait_for, b"\n"),
        partial(skip_upto, b"\n"),
        partial(read, len(LINE)),
        partial(read_struct, f"{len(LINE)}s"),
        read_rest,
        expect(LINE),
        many(partial(read, 1)),
    ],
)
@pytest.mark.parametrize("size", [1, len(LINE)])
def test_primitives_cost_a_few_operations_a_byte(parser, size):
    cost = measure(protocol(parser), cut_every(LINE, size))
    moved_while_small = 512 * 513 // 2
    assert 0.9 * len(LINE) < cost.total < 14 * len(LINE) + moved_while_small


def test_looking_at_everything_again_and_again_is_counted():
    cost = measure(protocol(impatient), cut_every(LINE, 1))
    assert cost.copied > len(LINE) ** 2 / 2


def test_cost_of_one_line_is_exact():
    cost = measure(protocol(partial(read_upto, b"\n")), [b"abc\nrest"])
    assert cost == Cost(requests=2, searched=4, copied=4, moved=0)
    assert str(cost) == "10 = 2 requests + 4 bytes searched + 4 copied + 0 moved"


def test_a_used_connection_is_refused():
    class Eager(Connection):
        __slots__ = ()

        def __init__(self):
            super().__init__(read_upto(b"\n"))
            self.read()

    with pytest.raises(Misuse, match="cannot be metered once it has been used"):
        measure(Eager, [b"abc\n"])


def test_a_parser_that_asks_for_nothing_costs_nothing():
    def nothing():
        return
        yield

    assert measure(protocol(nothing), [b"abc"]) == Cost()


def test_a_metered_parser_does_what_it_does():
    lines = []

    def collect():
        for _ in range(2):
            lines.append((yield from read_upto(b"\n")))  # noqa: PERF401 - it cannot be

    measure(protocol(collect), cut_every(b"ab\ncd\n", 1))
    assert lines == [b"ab\n", b"cd\n"]
