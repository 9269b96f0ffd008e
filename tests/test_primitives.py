"""Each primitive alone: what it gives, what it waits for, and how it fails."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from every_cut import fate_of

from ohnecimd import (
    at_eof,
    bounded,
    emit,
    get_input,
    parse,
    peek,
    protocol,
    put,
    read,
    read_exactly,
    read_rest,
    read_struct,
    read_uint,
    skip,
    wait,
    write,
)
from ohnecimd.errors import Misuse, TooLong, Truncated
from ohnecimd.testing import cut_every

HIGH_WATER_BYTES = 65536
HIGH_WATER_EVENTS = 1024


# peek, wait, read


def test_peek_gives_what_is_there_and_consumes_nothing():
    @protocol
    def look():
        first = yield from peek()
        yield from wait()
        return first, (yield from peek(3)), (yield from peek())

    connection = look()
    connection.send(b"ab")
    connection.send(b"cde")
    assert connection.get_result() == (b"ab", b"abc", b"abcde")
    assert connection.offset == 0


def test_peek_never_waits():
    assert protocol(peek)().get_result() == b""
    assert protocol(peek)(5).get_result() == b""


@pytest.mark.parametrize("size", [1, 2, 6, 16, 20])
def test_read_gives_exactly_so_many_bytes(size):
    data = bytes(range(20))
    assert fate_of(partial(read, size), data) == (data[:size], size)


@pytest.mark.parametrize("piece", [7000, 65536, 100_000, 1 << 20])
def test_read_of_much_leaves_what_came_with_its_last_piece(piece):
    size = 300_000
    data = bytes(range(256)) * 2000

    @protocol
    def blocks():
        yield from emit((yield from read(size)))
        yield from emit((yield from read(7)))

    connection = blocks()
    for each in cut_every(data, piece):
        connection.send(each)
    assert connection.events() == [data[:size], data[size : size + 7]]
    assert connection.unread == data[size + 7 :]


def test_read_of_nothing_gives_what_is_there_without_waiting():
    assert protocol(read)().get_result() == b""
    connection = protocol(read)()
    connection.send(b"abc")
    assert connection.get_result() == b"abc"


@pytest.mark.parametrize("size", [0, 1, 6])
def test_read_exactly_takes_the_number_at_its_word(size):
    assert fate_of(partial(read_exactly, size), b"abcdef") == (b"abcdef"[:size], size)


def test_read_across_the_end_is_truncated():
    error = (Truncated, "at byte 3: expected 4 bytes, found the end of input after 3 bytes", 3)
    assert fate_of(partial(read, 4), b"abc") == ((*error, b"abc"), 0)


@pytest.mark.parametrize("call", [read, read_exactly, peek, skip])
def test_negative_sizes_are_refused(call):
    with pytest.raises(Misuse, match="-1"):
        protocol(call)(-1).read()


# Numbers


@pytest.mark.parametrize("layout", [">HBx2s", struct.Struct(">HBx2s")])
def test_read_struct_gives_the_values(layout):
    assert fate_of(partial(read_struct, layout), b"\x01\x02\x03.ab!", eof=False) == (
        (258, 3, b"ab"),
        6,
    )


def test_read_struct_across_the_end_is_truncated():
    with pytest.raises(Truncated, match=r"^at byte 1: expected 4 bytes, found the end of input"):
        parse(partial(read_struct, ">I"), b"a")


@pytest.mark.parametrize(
    ("nbytes", "byteorder", "value"),
    [(1, "big", 0x80), (2, "big", 0x8001), (2, "little", 0x0180), (7, "big", 0x80010203040506)],
)
def test_read_uint_is_unsigned(nbytes, byteorder, value):
    data = bytes([0x80, 1, 2, 3, 4, 5, 6])
    assert fate_of(partial(read_uint, nbytes, byteorder), data) == (value, nbytes)


def test_read_uint_has_network_byte_order():
    assert parse(partial(read_uint, 2), b"\x01\x00") == 256


@pytest.mark.parametrize("nbytes", [0, -1])
def test_integer_without_bytes_is_refused(nbytes):
    with pytest.raises(Misuse, match=f"an integer has at least 1 byte, not {nbytes}"):
        parse(partial(read_uint, nbytes), b"")


# The rest


@pytest.mark.parametrize("data", [b"", b"a", b"0123456789"])
def test_read_rest_gives_everything_at_the_end(data):
    assert fate_of(partial(read_rest, 10), data) == (data, len(data))
    assert fate_of(partial(read_rest, 10), data, eof=False) == ("waits", 0)


def test_read_rest_over_its_limit_is_too_long_at_the_first_byte_over():
    error, offset = fate_of(partial(read_rest, 10), b"0123456789abc", eof=False)
    assert error[:3] == (
        TooLong,
        "at byte 10: expected the end of input within 10 bytes, found b'a'",
        10,
    )
    assert offset == 0


def test_skip_consumes_and_gives_nothing():
    assert fate_of(partial(skip, 3), b"abcde", eof=False) == (None, 3)
    assert fate_of(partial(skip, 0), b"", eof=False) == (None, 0)
    assert fate_of(partial(skip, 3), b"ab", eof=False) == ("waits", 2)


def test_skip_across_the_end_says_how_much_was_to_be_skipped():
    error, offset = fate_of(partial(skip, 10), b"12345")
    assert error[:2] == (
        Truncated,
        "at byte 5: expected 10 bytes, found the end of input after 5",
    )
    assert offset == 5


def test_skip_knows_its_end_after_gigabytes():
    @protocol
    def after_much():
        yield from skip((1 << 33) - 1)
        return (yield from read(1))

    connection = after_much()
    block = bytes(1 << 26)
    for _ in range(1 << 7):
        connection.send(block)
    assert connection.offset == 1 << 33
    assert connection.get_result() == b"\0"


def test_at_eof_waits_for_a_byte_or_the_end():
    assert fate_of(at_eof, b"", eof=False) == ("waits", 0)
    assert fate_of(at_eof, b"") == (True, 0)
    assert fate_of(at_eof, b"x") == (False, 0)


def test_at_eof_is_false_while_bytes_are_left():
    @protocol
    def watch():
        seen = []
        while not (yield from at_eof()):
            seen.append((yield from read(1)))
        return seen

    connection = watch()
    connection.send(b"abc")
    connection.send_eof()
    assert connection.get_result() == [b"a", b"b", b"c"]


def test_end_of_a_bound_is_an_end_of_input():
    def everything():
        return (yield from read_rest()), (yield from at_eof())

    parser = bounded(everything, 3)
    assert fate_of(parser, b"abcdef", eof=False) == ((b"abc", True), 3)


# What goes out


def test_write_waits_until_everything_is_taken():
    @protocol
    def talk():
        yield from put(b"first ")
        yield from write(b"second")
        yield from emit("taken")

    connection = talk()
    connection.send(b"")
    assert connection.events() == []
    assert connection.read(8) == b"first se"
    assert connection.events() == []
    assert connection.read(4) == b"cond"
    assert connection.events() == ["taken"]


def test_write_of_nothing_does_not_wait():
    assert protocol(write)(b"").get_result() is None


@pytest.mark.parametrize("queue", [write, put])
def test_output_may_be_any_bytes_and_is_copied(queue):
    text = bytearray(b"text")

    @protocol
    def talk():
        yield from queue(text)

    connection = talk()
    connection.send(b"")
    text[:] = b"XXXX"
    assert connection.read() == b"text"


def test_put_waits_only_while_much_is_queued():
    steps = []

    @protocol
    def flood():
        for count in range(5):
            yield from put(bytes(HIGH_WATER_BYTES // 2))
            steps.append(count)

    connection = flood()
    connection.send(b"")
    assert steps == [0, 1]
    connection.read(1)
    assert steps == [0, 1, 2]
    assert len(connection.read()) == HIGH_WATER_BYTES * 5 // 2 - 1
    assert connection.has_result


def test_put_takes_more_than_the_mark_at_once():
    connection = protocol(put)(bytes(10 * HIGH_WATER_BYTES))
    connection.send(b"")
    assert connection.has_result
    assert len(connection.read()) == 10 * HIGH_WATER_BYTES


def test_emit_waits_only_while_many_are_queued():
    steps = []

    @protocol
    def flood():
        for count in range(HIGH_WATER_EVENTS + 1):
            yield from emit(count)
            steps.append(count)

    connection = flood()
    connection.send(b"")
    assert len(steps) == HIGH_WATER_EVENTS
    assert connection.events() == list(range(HIGH_WATER_EVENTS + 1))


def test_parser_asks_while_it_looks_for_more():
    """A hot loop that found nothing, writes, and is held by that and not by the input."""

    @protocol
    def prompting():
        stream = yield from get_input()
        while (line := stream.take_upto(b"\n")) is None:
            yield from write(b"more? ")
            yield from emit("asked")
            yield from wait()
        return line

    connection = prompting()
    connection.send(b"a")
    assert connection.read() == b"more? "
    assert connection.events() == ["asked"]
    connection.send(b"b\n")
    assert connection.read() == b"more? "
    assert connection.get_result() == b"ab\n"
