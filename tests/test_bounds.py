"""Parts of the input that a parser may not pass: ends of input, and limits."""

from __future__ import annotations

import contextlib
from functools import partial

import pytest
from composing import sequence
from every_cut import begins_with, outcome_of

from ohnecimd import (
    at_eof,
    bounded,
    choice,
    emit,
    expect,
    limited,
    many,
    optional,
    parse,
    protocol,
    read,
    read_rest,
    read_struct,
    read_until,
    read_upto,
    sep_by,
    skip,
    write,
)
from ohnecimd.errors import (
    Misuse,
    TooLong,
    Truncated,
)
from ohnecimd.testing import cut_every

byte = partial(read, 1)
pair = partial(read, 2)
line = partial(read_until, b"\n")


@pytest.mark.parametrize(
    ("parser", "data", "outcome"),
    [
        (bounded(read_rest, 3), b"abcdef", b"abc"),
        (bounded(read_rest, 0), b"abcdef", b""),
        (bounded(partial(read, 3), 3), b"abcdef", b"abc"),
        (bounded(sequence(many(pair), at_eof), 4), b"abcdef", [[b"ab", b"cd"], True]),
        (bounded(partial(read, 4), 3), b"abcdef", "Truncated at byte 3: expected 4 bytes"),
        (bounded(line, 3), b"abcd\n", "Truncated at byte 3: expected b'\\n'"),
        (bounded(pair, 3), b"abcdef", "Malformed at byte 2: read 2 of 3 bytes"),
        (bounded(pair, 3), b"a", "Truncated at byte 1: expected 2 bytes"),
        (bounded(read_rest, 5), b"ab", "Truncated at byte 2: expected 5 bytes"),
        (bounded(sequence(pair, bounded(read_rest, 2)), 4), b"abcdef", [b"ab", b"cd"]),
        (bounded(sequence(bounded(read_rest, 2), read_rest), 4), b"abcdef", [b"ab", b"cd"]),
        (bounded(bounded(read_rest, 9), 4), b"abcdefghijk", "Truncated at byte 4: expected 9"),
        (bounded(optional(expect(b"x")), 2), b"ab", "Malformed at byte 0: read 0 of 2 bytes"),
        (bounded(many(pair), 8), b"abcd", "Truncated at byte 4"),
        (bounded(optional(pair), 2), b"", "Truncated at byte 0"),
        (bounded(sep_by(byte, expect(b",")), 5), b"a,b", "Truncated at byte 3"),
        (limited(pair, 2), b"abcd", b"ab"),
        (limited(pair, 5), b"abcd", b"ab"),
        (limited(many(expect(b"a")), 5), b"aab", [b"a", b"a"]),
        (limited(partial(read, 4), 3), b"abcd", "TooLong at byte 3: expected 4 bytes"),
        (limited(partial(read, 4), 3), b"abc", "TooLong at byte 3: expected 4 bytes"),
        (limited(partial(read, 4), 3), b"ab", "Truncated at byte 2: expected 4 bytes"),
        (limited(line, 3), b"abc\n", "TooLong at byte 3: expected b'\\n' within 3 bytes"),
        (limited(line, 4), b"abc\n", b"abc"),
        (limited(read_rest, 3), b"abc", b"abc"),
        (limited(read_rest, 3), b"abcd", "TooLong at byte 3"),
        (limited(partial(skip, 5), 3), b"abcdef", "TooLong at byte 3: expected 5 bytes"),
        (limited(expect(b"abcd"), 3), b"abcd", "TooLong at byte 3: expected b'abcd'"),
        (limited(sequence(limited(pair, 2), limited(pair, 9)), 3), b"abcd", "TooLong at byte 3"),
        (limited(bounded(partial(read, 4), 4), 3), b"abcd", "TooLong at byte 3"),
        (bounded(limited(partial(read, 4), 9), 3), b"abcd", "Truncated at byte 3: expected 4"),
    ],
)  # fmt: skip
def test_bounds_are_seen_as_ends_and_limits(parser, data, outcome):
    assert begins_with(outcome, outcome_of(parser, data))


def test_input_after_a_bound_is_there_again():
    assert outcome_of(sequence(bounded(read_rest, 2), limited(byte, 1), pair), b"abcde") == [
        b"ab",
        b"c",
        b"de",
    ]


@pytest.mark.parametrize(("size", "ends"), [(15, True), (12, False)])
def test_bound_is_kept_among_lines_that_were_there_before_it(size, ends):
    @protocol
    def framed():
        for _ in range(10):
            yield from read_upto(b"\n")
        yield from emit((yield from bounded(many(partial(read_upto, b"\n")), size)))
        yield from emit((yield from read_upto(b"\n")))

    for piece in (1, 4, 1000):
        connection = framed()
        failed = contextlib.nullcontext() if ends else pytest.raises(Truncated, match="at byte 62:")
        with failed:
            for each in cut_every(b"line\n" * 20, piece):
                connection.send(each)
        assert connection.events() == ([[b"line\n"] * 3, b"line\n"] if ends else [])


def test_bound_is_lifted_when_its_parser_fails():
    parser = choice(bounded(expect(b"x"), 1), limited(expect(b"y"), 1), partial(read, 3))
    assert outcome_of(parser, b"abc") == b"abc"


def test_limit_is_as_exact_whether_the_end_of_input_is_known_or_not():
    @protocol
    def held(parser):
        yield from write(b"wait for me")
        return (yield from parser)

    for make in (
        limited(many(partial(read, 4)), 8),
        limited(partial(read, 20), 8),
        limited(partial(read_until, b"89", 7), 8),
    ):
        outcomes = set()
        for ends_early in (True, False):
            connection = held(make)
            connection.send(b"12345678")
            if ends_early:
                connection.send_eof()
            with pytest.raises(TooLong) as caught:
                connection.read()
            outcomes.add(str(caught.value))
        assert len(outcomes) == 1, outcomes


@pytest.mark.parametrize(("bound", "error"), [(bounded, Truncated), (limited, TooLong)])
@pytest.mark.parametrize(
    "parser",
    [
        partial(read, 10),
        partial(read_struct, ">Q"),
        partial(read_upto, b"\n"),
        partial(read_until, (b"\r\n", b"\n")),
        partial(skip, 10),
        expect(b"abcdefgh"),
    ],
)
def test_bound_is_noticed_with_its_last_byte(bound, error, parser):
    connection = protocol(bound(parser, 5))()
    for piece in (b"a", b"b", b"c", b"d"):
        connection.send(piece)
    assert not connection.closing
    with pytest.raises(error, match=r"^at byte 5: "):
        connection.send(b"e")


@pytest.mark.parametrize("bound", [bounded, limited])
def test_negative_bounds_are_misuse(bound):
    with pytest.raises(Misuse, match="-1"):
        parse(bound(byte, -1), b"a")


def test_bounds_nest_deeply():
    parser = partial(read, 1)
    for size in range(1, 51):
        parser = sequence(partial(read, 1), bounded(parser, size * 1))
    for _ in range(3):
        assert parse(parser, bytes(51))
