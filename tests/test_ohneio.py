"""ohneio and this package: each behaves as the other where both can, and they mix.

What ohneio's documentation and tests say of its names holds for ours, so everything in the first
part runs over both.
"""

from __future__ import annotations

import base64
from functools import partial

import ohneio
import pytest

import ohnecimd
from ohnecimd import (
    at_eof,
    bounded,
    choice,
    commit,
    emit,
    expect,
    get_input,
    label,
    limited,
    lookahead,
    many,
    optional,
    put,
    read_exactly,
    read_rest,
    read_struct,
    read_uint,
    read_until,
    read_upto,
    sep_by,
    skip,
    skip_upto,
    sleep,
    timeout,
    times,
    wait_for,
)
from ohnecimd.errors import Malformed, Misuse, TooLong
from ohnecimd.testing import cuts

SIZES = [1, 2, 3, 5, 7, 16, 100, 210, 256]
ENGINES = [ohneio, ohnecimd]


@pytest.fixture(params=ENGINES, ids=lambda module: module.__name__)
def api(request):
    """Each of the two, as the module whose names are used."""
    return request.param


@pytest.fixture(params=ENGINES, ids=lambda module: module.__name__)
def engine(request):
    """Each of the two, to drive what was written with the other."""
    return request.param.protocol


def feed(connection, pieces):
    for piece in pieces:
        connection.send(piece)
    return connection


# What ohneio promises, of both


@pytest.mark.parametrize("taken", SIZES)
@pytest.mark.parametrize("written", SIZES)
def test_buffer_gives_what_was_written_in_order(api, written, taken):
    data = bytes(range(written % 256)) or b"x" * written
    buffer = api.Buffer()
    buffer.write(data)
    first, second = buffer.read(taken), buffer.read(taken)
    assert first == data[:taken]
    assert second == data[taken : 2 * taken]
    assert len(buffer) == max(0, len(data) - 2 * taken)
    assert buffer.read() == data[2 * taken :]


@pytest.mark.parametrize("segment", SIZES)
@pytest.mark.parametrize("taken", SIZES)
def test_buffer_reads_across_its_segments(api, segment, taken):
    data = bytes(range(256)) * 2
    buffer = api.Buffer()
    for start in range(0, len(data), segment):
        buffer.write(data[start : start + segment])
    read = []
    while len(buffer):
        assert buffer.peek(taken) == data[sum(map(len, read)) :][:taken]
        read.append(buffer.read(taken))
    assert b"".join(read) == data
    assert {len(piece) for piece in read[:-1]} <= {taken}


def test_empty_buffer_gives_nothing(api):
    buffer = api.Buffer()
    assert buffer.read() == buffer.read(5) == buffer.peek() == b""
    assert len(buffer) == 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("segment", SIZES)
def test_echo_of_so_many_bytes_answers_when_it_has_them(api, size, segment):
    @api.protocol
    def echo(nbytes):
        while True:
            yield from api.write((yield from api.read(nbytes)))

    connection = echo(size)
    sent = 0
    while sent < size:
        assert connection.read() == b""
        connection.send(bytes(segment))
        sent += segment
    assert connection.read() == bytes(sent - sent % size)


def find(api, separator):
    while True:
        place = (yield from api.peek()).find(separator)
        if place >= 0:
            return place
        yield from api.wait()


@pytest.mark.parametrize("segment", SIZES)
@pytest.mark.parametrize(
    ("data", "line"),
    [(b"\nrest", b""), (b"line\n", b"line"), (b"line\nrest", b"line"), (b"\n\n\n", b"")],
)
def test_line_is_read_from_segments_of_any_size(api, data, line, segment):
    @api.protocol
    def read_line():
        place = yield from find(api, b"\n")
        return (yield from api.read(place)) if place else b""

    connection = read_line()
    for start in range(0, len(data) + 1, segment):
        connection.send(data[start : start + segment])
    assert connection.has_result
    assert connection.get_result() == line


def test_no_result_yet(api):
    @api.protocol
    def patient():
        yield from api.read(1)

    connection = patient()
    assert not connection.has_result
    with pytest.raises(api.NoResult):
        connection.get_result()
    with pytest.raises(ohneio.NoResult):
        connection.get_result()


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"Hello World", b""),
        (b"Hello World\n", b"Hello World\n"),
        (b"Hello World\nAnd", b"Hello World\n"),
        (b"Hello World\nAnd more\n", b"Hello World\nAnd more\n"),
        (b"\n", b"\n"),
        (b"a\n\nb\n", b"a\n\nb\n"),
    ],
)
def test_lines_are_echoed_when_they_are_complete(api, data, answer):
    @api.protocol
    def echo():
        while True:
            place = yield from find(api, b"\n")
            yield from api.write((yield from api.read(place + 1)))

    connection = echo()
    connection.send(data)
    assert connection.read() == answer
    in_pieces = echo()
    answers = []
    for start in range(len(data)):
        in_pieces.send(data[start : start + 1])
        answers.append(in_pieces.read())
    assert b"".join(answers) == answer


def test_segments_are_echoed_in_base64(api):
    @api.protocol
    def echo_base64(separator):
        while True:
            place = yield from find(api, separator)
            segment = (yield from api.read(place)) if place else b""
            yield from api.read(len(separator))
            yield from api.write(base64.b64encode(segment) + separator)

    connection = echo_base64(b"\r\n")
    connection.send(b"hel")
    assert connection.read() == b""
    connection.send(b"lo\r\nworld\r")
    assert connection.read() == b"aGVsbG8=\r\n"
    connection.send(b"\n")
    assert connection.read() == b"d29ybGQ=\r\n"


def test_writer_goes_on_when_all_of_its_output_is_taken(api):
    @api.protocol
    def talk():
        yield from api.write(b"abc")
        return "Done!"

    connection = talk()
    assert connection.read(1) == b"a"
    with pytest.raises(api.NoResult):
        connection.get_result()
    assert connection.read(2) == b"bc"
    assert connection.get_result() == "Done!"


def test_two_writes_come_out_of_one_read(api):
    @api.protocol
    def talk():
        yield from api.write(b"one ")
        yield from api.write(b"two")

    assert talk().read() == b"one two"


def test_first_request_sees_what_the_first_send_brought(api):
    @api.protocol
    def greedy():
        return (yield from api.read())

    connection = greedy()
    connection.send(b"everything")
    assert connection.get_result() == b"everything"


def test_peek_consumes_nothing(api):
    @api.protocol
    def look():
        seen = yield from api.peek(3)
        return seen, (yield from api.read(5))

    connection = look()
    connection.send(b"Hello World")
    assert connection.get_result() == (b"Hel", b"Hello")


def test_parser_that_returns_something_has_it_as_its_result(api):
    @api.protocol
    def answer():
        yield from api.read(1)
        return 42

    connection = answer()
    connection.send(b"x")
    assert connection.has_result
    assert connection.get_result() == 42


def test_input_after_the_result_is_no_error(api):
    @api.protocol
    def short():
        return (yield from api.read(1))

    connection = short()
    connection.send(b"ab")
    connection.send(b"cd")
    assert connection.get_result() == b"a"


def test_yield_of_what_is_no_request_is_a_runtime_error(api):
    @api.protocol
    def wrong():
        yield from api.read(1)
        yield 5

    connection = wrong()
    with pytest.raises(RuntimeError):
        connection.send(b"x")


def test_factory_keeps_the_name_of_its_parser(api):
    @api.protocol
    def answer(word):
        """Answer with a word."""
        yield from api.write(word)

    assert answer.__name__ == "answer"
    assert answer.__doc__ == "Answer with a word."
    assert answer(word=b"hi").read() == b"hi"


# The primitives of one in the engine of the other


def test_requests_are_those_of_ohneio():
    for ours, theirs in [
        (ohnecimd.peek(), ohneio.peek()),
        (ohnecimd.wait(), ohneio.wait()),
        (ohnecimd.write(b""), ohneio.write(b"")),
    ]:
        assert next(iter(ours)) is next(theirs)


def test_parser_of_one_runs_in_the_other(api, engine):
    def echo():
        while True:
            yield from api.write((yield from api.read(3)))

    connection = engine(echo)()
    for piece in (b"ab", b"cde", b"f"):
        connection.send(piece)
    assert connection.read() == b"abcdef"


def test_both_mix_in_one_parser(engine):
    def conversation():
        yield from ohneio.write(b"name? ")
        name = yield from read_until(b"\n")
        yield from put(b"hello ")
        yield from ohnecimd.write(name)
        size = (yield from ohneio.read(1))[0]
        body = yield from ohnecimd.read(size)
        rest = yield from ohneio.peek()
        yield from skip(1)
        return name, body, rest, (yield from ohneio.read(1))

    for pieces in cuts(b"Ada\n\x04bodyxyz"):
        connection = engine(conversation)()
        assert connection.read() == b"name? "
        answer = b""
        for piece in pieces:
            connection.send(piece)
            answer += connection.read()
        assert answer == b"hello Ada"
        name, body, rest, last = connection.get_result()
        assert (name, body, last) == (b"Ada", b"body", b"y")
        assert b"xyz".startswith(rest)


@pytest.mark.parametrize(
    ("parser", "result"),
    [
        (partial(read_upto, b"\r\n"), b"ab\ncd\r\n"),
        (partial(read_upto, (b"\r\n", b"\n")), b"ab\n"),
        (partial(read_until, b"\r\n"), b"ab\ncd"),
        (partial(wait_for, b"\r\n"), 5),
        (partial(read_struct, ">HB"), (0x6162, 10)),
        (partial(read_uint, 2, "little"), 0x6261),
        (partial(read_exactly, 0), b""),
        (partial(read_exactly, 2), b"ab"),
        (partial(skip, 4), None),
        (partial(skip_upto, b"\r\n"), None),
        (expect(b"ab\n"), b"ab\n"),
        (times(partial(ohnecimd.read, 2), 3), [b"ab", b"\nc", b"d\r"]),
        (label(partial(ohneio.read, 2), "pair"), b"ab"),
    ],
)
def test_our_parsers_give_the_same_under_both_engines(engine, parser, result):
    def run():
        return [(yield from parser())]  # in ohneio's engine None alone is no result

    for pieces in cuts(b"ab\ncd\r\nrest"):
        assert feed(engine(run)(), pieces).get_result() == [result]


@pytest.mark.parametrize(
    ("parser", "error"),
    [
        (partial(read_until, b"\n", 3), TooLong),
        (partial(read_upto, (b"\n", b"\r"), 3), TooLong),
        (expect(b"abx"), Malformed),
    ],
)
def test_error_in_ohneios_engine_names_no_place_that_it_cannot_know(parser, error):
    @ohneio.protocol
    def run():
        yield from ohneio.read(5)
        yield from label(parser, "after five")()

    for pieces in cuts(b"12345abcdefgh"):
        with pytest.raises(error) as caught:
            feed(run(), pieces)
        assert caught.value.position is None
        assert str(caught.value).startswith("in after five: expected ")


def test_bytes_that_one_does_not_consume_are_there_for_the_other():
    @ohneio.protocol
    def mixed():
        first = yield from read_upto(b";")
        second = yield from ohneio.read(2)
        return first, second, (yield from read_upto(b";"))

    for pieces in cuts(b"a;bcd;e"):
        assert feed(mixed(), pieces).get_result() == (b"a;", b"bc", b"d;")


@pytest.mark.parametrize(
    ("parser", "wanted"),
    [
        (partial(emit, "event"), r"emit\(\)"),
        (at_eof, "the end of input"),
        (read_rest, "the end of input"),
        (partial(sleep, 1), r"sleep\(\)"),
        (timeout(1, ohnecimd.peek), r"timeout\(\)"),
        (bounded(ohnecimd.peek, 1), r"bounded\(\)"),
        (limited(ohnecimd.peek, 1), r"limited\(\)"),
        (choice(ohnecimd.peek), "backtracking"),
        (optional(ohnecimd.peek), "backtracking"),
        (many(ohnecimd.peek), "backtracking"),
        (sep_by(ohnecimd.peek, ohnecimd.peek), "backtracking"),
        (lookahead(ohnecimd.peek), "backtracking"),
        (commit, "backtracking"),
        (get_input, r"get_input\(\)"),
    ],
)
def test_what_ohneios_engine_cannot_do_is_misuse(parser, wanted):
    @ohneio.protocol
    def run():
        yield from parser()

    with pytest.raises(
        Misuse, match=rf"^{wanted} needs the engine of ohnecimd\.protocol, not ohneio\.protocol$"
    ):
        run().send(b"abc")


def test_ohneios_reader_waits_on_at_the_end_of_input():
    """It cannot be told of the end: nothing hangs, and the bytes are there."""
    connection = ohnecimd.protocol(ohneio.read)(5)
    connection.send(b"abc")
    connection.send_eof()
    assert not connection.closing
    assert connection.unread == b"abc"


def test_ohneios_primitives_see_bounds_and_go_back():
    def pair():
        return (yield from ohneio.read(2))

    def wrong():
        yield from ohneio.read(1)
        raise Malformed("not this")

    parser = choice(wrong, bounded(pair, 2))
    for pieces in cuts(b"abc"):
        assert feed(ohnecimd.protocol(parser)(), pieces).get_result() == b"ab"


def test_ohneios_writer_holds_a_parser_that_looked_in_vain():
    @ohnecimd.protocol
    def prompting():
        stream = yield from get_input()
        if stream.take(10) is None:
            yield from ohneio.write(b"more? ")
            yield from emit("asked")
        return (yield from ohneio.read(10))

    connection = prompting()
    connection.send(b"abc")
    connection.send(b"def")
    assert connection.read() == b"more? "
    assert connection.events() == ["asked"]
    connection.send(b"ghij")
    assert connection.get_result() == b"abcdefghij"


def test_engines_nest():
    """A parser that drives a connection of the other engine in its own code."""

    @ohneio.protocol
    def shout():
        while True:
            yield from ohneio.write((yield from read_upto(b"\n")).upper())

    @ohnecimd.protocol
    def relay():
        inner = shout()
        while True:
            inner.send((yield from ohneio.read(1)))
            yield from ohnecimd.write(inner.read())

    connection = relay()
    connection.send(b"one\ntwo\nthr")
    assert connection.read() == b"ONE\nTWO\n"
