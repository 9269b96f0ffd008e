"""The input that a parser is lent: what hot loops take from it, and what it keeps."""

from __future__ import annotations

import struct
import tracemalloc
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd import (
    Buffer,
    InputStream,
    choice,
    commit,
    emit,
    get_input,
    many,
    peek,
    protocol,
    read,
    read_rest,
    read_until,
    read_upto,
    skip,
    skip_upto,
    wait,
    write,
)
from ohnecimd.errors import Misuse, TooLong, Truncated


def stream_of(*pieces, ended=False):
    stream = InputStream()
    for piece in pieces:
        stream.feed(piece)
    if ended:
        stream.end()
    return stream


# InputStream


def test_take_gives_the_bytes_or_none():
    stream = stream_of(b"abcd")
    assert stream.take(3) == b"abc"
    assert stream.take(2) is None
    assert stream.offset == 3
    stream.feed(b"e")
    assert stream.take(2) == b"de"


def test_take_of_nothing_is_there_at_once():
    assert stream_of().take(0) == b""
    assert stream_of(b"x").take(0) == b""
    assert stream_of(ended=True).take(0) == b""


def test_take_struct_gives_the_values_or_none():
    pair = struct.Struct(">HB")
    stream = stream_of(b"\x01\x02")
    assert stream.take_struct(pair) is None
    stream.feed(b"\x03\x04")
    assert stream.take_struct(pair) == (258, 3)
    assert stream.offset == 3


def test_take_upto_and_take_until_differ_in_what_they_return():
    stream = stream_of(b"a\r\nb\r\nc")
    assert stream.take_upto(b"\r\n") == b"a\r\n"
    assert stream.take_until(b"\r\n") == b"b"
    assert stream.take_until(b"\r\n") is None
    assert stream.offset == 6


def test_find_consumes_nothing():
    stream = stream_of(b"ab", b"c;")
    assert stream.find(b";") == 3
    assert stream.find(b"!") is None
    assert stream.offset == 0


def test_peek_and_read_give_what_is_there():
    stream = stream_of(b"abc", b"def")
    assert stream.peek() == b"abcdef"
    assert stream.peek(2) == b"ab"
    assert stream.read(2) == b"ab"
    assert stream.peek(100) == b"cdef"
    assert stream.read(100) == b"cdef"
    assert stream.read() == stream.peek() == b""


def test_length_is_what_can_be_read():
    stream = stream_of(b"abc")
    stream.read(1)
    stream.feed(b"de")
    assert len(stream) == 4


def test_take_rest_waits_for_the_end():
    stream = stream_of(b"abc")
    assert stream.take_rest() is None
    stream.end()
    assert stream.take_rest() == b"abc"
    assert stream.take_rest() == b""


def test_end_is_unknown_until_a_byte_or_the_end_is_there():
    stream = stream_of()
    assert stream.at_end() is None
    stream.feed(b"a")
    assert stream.at_end() is False
    stream.end()
    assert stream.at_end() is False
    stream.read()
    assert stream.at_end() is True


@pytest.mark.parametrize(
    "take",
    [
        lambda stream: stream.take(4),
        lambda stream: stream.take_struct(struct.Struct(">I")),
        lambda stream: stream.take_upto(b"\n"),
        lambda stream: stream.take_until(b"\n"),
        lambda stream: stream.take_until((b"\n", b"\r")),
        lambda stream: stream.find(b"\n"),
    ],
)
def test_what_can_no_longer_come_is_truncated_and_stays_there(take):
    stream = stream_of(b"xabc")
    stream.read(1)
    assert take(stream) is None
    stream.end()
    for _ in range(2):
        with pytest.raises(Truncated) as caught:
            take(stream)
        assert caught.value.position == 4
        assert caught.value.partial == b"abc"
    assert stream.read() == b"abc"


@pytest.mark.parametrize(
    "call",
    [
        lambda stream: stream.take(-1),
        lambda stream: stream.peek(-1),
        lambda stream: stream.read(-1),
        lambda stream: stream.take_rest(-1),
    ],
)
@pytest.mark.parametrize("data", [b"", b"abc"])
def test_negative_numbers_are_refused(call, data):
    stream = stream_of(data)
    with pytest.raises(Misuse, match="-1"):
        call(stream)
    assert stream.offset == 0


def test_values_are_bytes_whatever_the_stream_holds_them_in():
    stream = stream_of(*[b"x" * 700] * 5, b"a\nb\n")
    taken = [
        stream.peek(3),
        stream.read(3),
        stream.take(600),
        stream.take_upto(b"a"),
        stream.take_until(b"\n"),
        stream.peek(),
        stream.read(),
    ]
    assert {type(piece) for piece in taken} == {bytes}
    assert taken[3:] == [b"x" * 2897 + b"a", b"", b"b\n", b"b\n"]


PIECES = st.lists(st.binary(max_size=40) | st.binary(min_size=500, max_size=1200), max_size=12)


@given(PIECES, st.lists(st.integers(0, 900), max_size=30))
def test_stream_gives_every_byte_once_and_in_order(pieces, sizes):
    stream = stream_of()
    taken = []
    for piece in pieces:
        stream.feed(piece)
        if sizes and (chunk := stream.take(sizes.pop())) is not None:
            taken.append(chunk)
        assert stream.offset == sum(map(len, taken))
    whole = b"".join(pieces)
    assert stream.received == len(whole)
    assert b"".join(taken) + stream.read() == whole


# What it costs


@pytest.mark.parametrize(
    "parser",
    [
        partial(read, 1 << 22),
        partial(read_until, b"\n", 1 << 22),
        partial(read_upto, (b"\r\n", b"\n"), 1 << 22),
        partial(read_rest, 1 << 22),
    ],
)
def test_unfinished_thing_takes_the_memory_of_its_bytes(parser):
    connection = protocol(parser)()
    piece = b"x" * 1000
    tracemalloc.start()
    try:
        for _ in range(2000):
            connection.send(piece)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 3_000_000
    assert peak < 6_000_000
    assert not connection.closing


def memory_held_after(parser, pieces):
    """Return how much a connection holds, at most, between the pieces."""
    connection = protocol(parser)()
    tracemalloc.start()
    try:
        most = 0
        for piece in pieces:
            connection.send(piece)
            connection.events()
            most = max(most, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert not connection.closing
    return most


def fresh(piece, count):
    """Give copies, so that holding them is holding memory."""
    for _ in range(count):
        yield piece[:1] + piece[1:]


def test_skipped_bytes_are_not_collected():
    assert memory_held_after(partial(skip, 10**12), fresh(bytes(65536), 100)) < 300_000


def test_line_that_is_skipped_is_not_collected():
    parser = partial(skip_upto, (b"\r\n", b"\n"))
    assert memory_held_after(parser, fresh(bytes(65536), 100)) < 300_000


LINES = (b"x" * 998 + b"!\n") * 50


def lines():
    while True:
        yield from emit(len((yield from read_upto(b"\n"))))


def test_consumed_bytes_are_not_kept():
    assert memory_held_after(lines, fresh(LINES, 100)) < 1_000_000


@pytest.mark.parametrize(
    "item",
    [
        choice(partial(read_upto, b"\n"), peek),
        choice(partial(read_upto, b"!"), peek),
        partial(read_upto, b"\n"),
    ],
)
def test_repetition_keeps_only_the_item_that_may_be_gone_back_to(item):
    assert memory_held_after(_forgetful(item), fresh(LINES, 100)) < 2_000_000


def _forgetful(item):
    """Run many items without keeping their results."""

    def run_item():
        yield from item()

    return many(run_item)


def test_commit_lets_the_bytes_of_the_alternative_go():
    def committed():
        yield from read(1)
        yield from commit()
        yield from lines()

    def uncommitted():
        yield from read(1)
        yield from lines()

    assert memory_held_after(choice(committed, peek), fresh(LINES, 40)) < 1_000_000
    assert memory_held_after(choice(uncommitted, peek), fresh(LINES, 40)) > 40 * len(LINES)


class Looks:
    """A hot loop that counts how often it is resumed, and how often in vain."""

    def __init__(self, take):
        self.take = take
        self.resumed = 0

    def __call__(self):
        stream = yield from get_input()
        while True:
            self.resumed += 1
            if self.take(stream) is None:
                yield from wait()
            else:
                self.resumed -= 1


@pytest.mark.parametrize(
    ("take", "piece"),
    [
        (lambda stream: stream.take(100_000), b"x"),
        (lambda stream: stream.take_upto(b"\n", 100_000), b"x"),
        (lambda stream: stream.take_until(b"\r\n", 100_000), b"\r"),
    ],
)
def test_parser_is_not_resumed_for_pieces_that_cannot_help(take, piece):
    looks = Looks(take)
    connection = protocol(looks)()
    for _ in range(50_000):
        connection.send(piece)
    assert looks.resumed < 200
    assert connection.offset == 0
    assert len(connection.unread) == 50_000


# Buffer


def test_buffer_is_a_queue_of_bytes():
    buffer = Buffer()
    buffer.write(b"Hello")
    buffer.write(b"")
    buffer.write(b"World")
    assert len(buffer) == 10
    assert buffer.peek() == b"HelloWorld"
    assert buffer.peek(7) == b"HelloWo"
    assert buffer.read(7) == b"HelloWo"
    assert buffer.read() == b"rld"
    assert buffer.read() == buffer.peek() == buffer.read(3) == b""
    assert len(buffer) == 0


def test_buffer_shows_how_much_it_holds():
    buffer = Buffer()
    buffer.write(b"Hello")
    assert repr(buffer) == "<Buffer: 5 bytes>"


@pytest.mark.parametrize("call", [Buffer.peek, Buffer.read])
def test_buffer_refuses_negative_numbers(call):
    buffer = Buffer()
    buffer.write(b"abc")
    with pytest.raises(Misuse, match="-1"):
        call(buffer, -1)
    assert buffer.read() == b"abc"


STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "peek", "read"]), st.binary(max_size=9), st.integers(0, 20))
)


@given(STEPS)
def test_buffer_behaves_as_a_string_of_bytes(steps):
    buffer = Buffer()
    model = b""
    for what, data, size in steps:
        if what == "write":
            buffer.write(data)
            model += data
        else:
            expected = model[:size] if size else model
            assert getattr(buffer, what)(size) == expected
            if what == "read":
                model = model[len(expected) :]
        assert len(buffer) == len(model)
    assert buffer.read() == model


@pytest.mark.parametrize(
    "look",
    [
        lambda stream: stream.take(10),
        lambda stream: stream.take_struct(struct.Struct(">Q")),
        lambda stream: stream.take_upto(b"\n"),
        lambda stream: stream.take_until(b"\n"),
        lambda stream: stream.find((b"\r\n", b"\n")),
    ],
)
def test_hot_loop_that_writes_after_a_look_in_vain_waits_for_that_too(look):
    """It waits for its output to be taken, whatever it has looked for before."""

    @protocol
    def asking():
        stream = yield from get_input()
        while look(stream) is None:
            yield from write(b"more?")
            yield from emit("was asked")
            yield from wait()

    connection = asking()
    connection.send(b"abc")
    assert connection.events() == []
    assert connection.read() == b"more?"
    assert connection.events() == ["was asked"]


def test_peeking_at_the_front_of_much_copies_little():
    buffer = Buffer()
    buffer.write(bytes(1 << 24))
    buffer.read(1)
    tracemalloc.start()
    try:
        for _ in range(100):
            assert buffer.peek(3) == bytes(3)
            assert buffer.read(1) == b"\0"
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_stream_over_its_limit_says_so_and_keeps_the_bytes():
    stream = stream_of(b"0123456789ab")
    with pytest.raises(TooLong, match=r"at byte 10: expected the end of input within 10 bytes"):
        stream.take_rest(10)
    assert stream.read() == b"0123456789ab"
