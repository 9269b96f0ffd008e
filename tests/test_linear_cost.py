"""Cost is linear in the bytes received: ten times as much costs about ten times as much."""

from __future__ import annotations

import gc
import time
from functools import partial

import pytest
from composing import failing_after, sequence

from ohnecimd import (
    at_eof,
    bounded,
    choice,
    emit,
    expect,
    get_input,
    many,
    optional,
    parse,
    protocol,
    put,
    read,
    read_rest,
    read_upto,
    sep_by,
    skip,
    times,
    wait,
)
from ohnecimd.protocols.lines import FRIENDLY, chat, decode, echo
from ohnecimd.testing import cut_every

FEW, MORE = 20_000, 200_000
LINEAR = 10  # times the cost for ten times the work; one that is quadratic takes 100 times it
GENEROUS = 20
HUGE = 1 << 30
byte = partial(read, 1)


def requests_made_by(parser, pieces):
    """Count what the engine answers: a measure of work that no machine changes."""
    count = 0

    @protocol
    def counting():
        nonlocal count
        steps = iter(parser())
        request = next(steps)
        while True:
            count += 1
            answer = yield request
            try:
                request = steps.send(answer)
            except StopIteration as stop:
                return stop.value

    connection = counting()
    for piece in pieces:
        connection.send(piece)
    return count


@pytest.mark.parametrize(
    "parser",
    [
        partial(read_upto, b"\n", HUGE),
        bounded(partial(read_rest, HUGE), HUGE),
        bounded(partial(read, HUGE), HUGE),
        choice(sequence(partial(read_upto, b"\n", HUGE), expect(b"!")), byte),
        many(partial(read_upto, b"\n", HUGE)),
        expect(bytes(30_000)),
    ],
)
def test_small_pieces_cost_a_bounded_number_of_requests_each(parser):
    few = requests_made_by(parser, [b"\0"] * 1000)
    assert requests_made_by(parser, [b"\0"] * 10_000) <= LINEAR * few + 10_000


@pytest.mark.parametrize(
    "parser",
    [
        many(partial(read_upto, b"\n")),
        many(choice(expect(b"?"), partial(read_upto, b"\n"))),
        many(bounded(partial(read_upto, b"\n"), 8)),
        many(optional(partial(read_upto, b"\n"))),
        sep_by(partial(read, 7), expect(b"\n")),
    ],
)
def test_many_messages_cost_a_bounded_number_of_requests_each(parser):
    data = b"1234567\n"
    few = requests_made_by(parser, [data * 1000])
    assert requests_made_by(parser, [data * 10_000]) <= LINEAR * few + 100


def seconds_for(factory, pieces):
    """Measure the processor time of a connection that takes the pieces, without their making."""
    connection = factory()
    gc.collect()
    gc.disable()
    try:
        begin = time.process_time()
        for piece in pieces:
            connection.send(piece)
        connection.events()
        connection.read()
        return time.process_time() - begin
    finally:
        gc.enable()


def growth(factory, few, more):
    """Compare the cost of two lists of pieces; what disturbs a measurement makes it only larger."""
    ratios = []
    while len(ratios) < 3 and not any(ratio < GENEROUS for ratio in ratios):
        small = min(seconds_for(factory, few) for _ in range(3))
        ratios.append(seconds_for(factory, more) / small)
    return min(ratios)


def hot_lines():
    stream = yield from get_input()
    while True:
        if stream.take_upto(b"\n", HUGE) is None:
            yield from wait()


def plain_lines():
    while True:
        yield from read_upto(b"\n", HUGE)


def echoing_lines():
    while not (yield from at_eof()):
        yield from put((yield from read_upto((b"\r\n", b"\n"), HUGE)))


def alternatives():
    """Go back for each line: the first alternative reads it in vain."""
    line = partial(read_upto, b"\n", HUGE)
    while True:
        yield from choice(failing_after(line), line)()


def repetitions():
    yield from many(choice(expect(b"?"), partial(read_upto, b"\n", HUGE)))()


def bounds():
    yield from bounded(many(partial(read_upto, b"\n", HUGE)), HUGE)()


def telling():
    while True:
        yield from emit((yield from read_upto(b"\n", HUGE)))


PARSERS = [hot_lines, plain_lines, echoing_lines, alternatives, repetitions, bounds, telling]


@pytest.mark.parametrize("parser", PARSERS)
def test_one_line_byte_by_byte_costs_its_length(parser):
    factory = protocol(parser)
    assert growth(factory, [b"x"] * FEW, [b"x"] * MORE) < GENEROUS


@pytest.mark.parametrize("parser", PARSERS)
def test_many_lines_in_one_piece_cost_their_number(parser):
    line = b"line\n"
    factory = protocol(parser)
    assert growth(factory, [line * (FEW // 10)], [line * (MORE // 10)]) < GENEROUS


@pytest.mark.parametrize("parser", [plain_lines, alternatives, bounds])
def test_lines_in_small_pieces_cost_their_bytes(parser):
    data = (b"x" * 63 + b"\n") * (MORE // 64)
    factory = protocol(parser)
    assert growth(factory, cut_every(data[: len(data) // 10], 7), cut_every(data, 7)) < GENEROUS


@pytest.mark.parametrize(
    "parser",
    [
        partial(read, HUGE),
        partial(read_rest, HUGE),
        partial(skip, HUGE),
        expect(bytes(MORE + 1)),
        choice(failing_after(partial(read, HUGE)), partial(read, HUGE)),
    ],
)
def test_one_large_thing_byte_by_byte_costs_its_length(parser):
    factory = protocol(parser)
    assert growth(factory, [b"\0"] * FEW, [b"\0"] * MORE) < GENEROUS


@pytest.mark.parametrize("factory", [echo, partial(chat, FRIENDLY), decode])
def test_line_protocols_cost_the_number_of_their_lines(factory):
    line = b"line\n"
    assert growth(factory, [line * (FEW // 10)], [line * (MORE // 10)]) < GENEROUS


@pytest.mark.parametrize("factory", [echo, chat, partial(decode, limit=100)])
def test_line_protocols_cost_the_bytes_of_a_long_line(factory):
    size = 60_000
    few, more = [b"x"] * (size // 10), [b"x"] * size
    assert growth(factory, few, more) < GENEROUS


def test_fields_of_one_block_are_taken_without_copying_the_rest():
    block = bytes(1 << 22)
    fields = times(partial(read, 64), 1 << 10)

    def seconds(data):
        begin = time.process_time()
        parse(sequence(fields, partial(skip, len(data) - (1 << 16))), data)
        return time.process_time() - begin

    small = min(seconds(block[: 1 << 17]) for _ in range(3))
    assert min(seconds(block) for _ in range(3)) < LINEAR * small
