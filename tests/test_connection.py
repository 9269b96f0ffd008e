"""A connection and its parser: what goes in, what comes out, and its state."""

from __future__ import annotations

import array
import tracemalloc
from functools import partial

import ohneio
import pytest

from ohnecimd import (
    Connection,
    at_eof,
    emit,
    label,
    lookahead,
    many,
    protocol,
    put,
    read,
    read_rest,
    read_until,
    read_upto,
    wait,
    write,
)
from ohnecimd.errors import Closed, Malformed, Misuse, NotAllowedNow, Truncated

HIGH_WATER_BYTES = 65536
HIGH_WATER_EVENTS = 1024


@protocol
def greeting():
    yield from write(b"hello\n")
    name = yield from read_until(b"\n")
    yield from write(b"bye " + name + b"\n")
    return name


@protocol
def collecting():
    return (yield from read_rest(1 << 30))


@protocol
def failing():
    yield from put(b"first ")
    yield from put(b"words")
    yield from emit("an event")
    yield from read(3)
    raise Malformed("no more of that")


def forever(parser):
    while True:
        yield from parser()


# What goes in


@pytest.mark.parametrize(
    "data",
    [
        b"abcd",
        bytearray(b"abcd"),
        memoryview(b"abcd"),
        memoryview(b"abcd").cast("I"),
        memoryview(b"a.b.c.d.")[::2],
        array.array("H", b"abcd"),
        type("Bytes", (bytes,), {})(b"abcd"),
    ],
)
def test_send_takes_whatever_is_bytes_like(data):
    connection = collecting()
    connection.send(data)
    connection.send(data)
    connection.send_eof()
    assert connection.get_result() == b"abcdabcd"


def test_parser_gets_bytes_whatever_was_sent():
    connection = protocol(read)(4)
    connection.send(bytearray(b"abcd"))
    assert type(connection.get_result()) is bytes


def test_sent_buffer_may_be_used_again():
    connection = collecting()
    buffer = bytearray(b"abc")
    for text in (b"abc", b"def", b"ghi"):
        buffer[:] = text
        connection.send(buffer)
    connection.send_eof()
    assert connection.get_result() == b"abcdefghi"


@pytest.mark.parametrize("waits_for", [1, 100])
@pytest.mark.parametrize("data", ["abc", 5, None, [97], 1.5, object()])
def test_send_of_what_is_no_bytes_is_a_type_error_and_changes_nothing(data, waits_for):
    connection = protocol(read)(waits_for)
    connection.read()
    with pytest.raises(TypeError, match=r"bytes"):
        connection.send(data)
    assert not connection.closing
    connection.send(b"x" * waits_for)
    assert connection.get_result() == b"x" * waits_for


@pytest.mark.parametrize("data", [None, "abc", 5])
def test_write_of_what_is_no_bytes_is_a_type_error(data):
    connection = protocol(write)(data)
    with pytest.raises(TypeError, match=r"bytes"):
        connection.read()


def test_empty_piece_changes_nothing():
    connection = protocol(read)(2)
    for piece in (b"", b"a", b"", b"", b"b", b""):
        connection.send(piece)
    assert connection.get_result() == b"ab"


def test_many_empty_pieces_need_no_memory():
    connection = protocol(read)(1000)
    connection.send(b"a")
    tracemalloc.start()
    try:
        for _ in range(50_000):
            connection.send(b"")
        assert tracemalloc.get_traced_memory()[0] < 50_000
    finally:
        tracemalloc.stop()


def test_send_before_anything_else_reaches_the_first_read():
    connection = protocol(read)(0)
    connection.send(b"first")
    assert connection.get_result() == b"first"


def test_input_sent_while_the_parser_writes_is_kept_in_order():
    @protocol
    def ask():
        yield from write(b"?")
        return (yield from read(6))

    connection = ask()
    connection.send(b"ab")
    connection.send(b"cd")
    assert connection.read() == b"?"
    connection.send(b"ef")
    assert connection.get_result() == b"abcdef"


# The end of input


def test_end_of_input_wakes_the_parser():
    connection = protocol(at_eof)()
    connection.read()
    assert not connection.has_result
    connection.send_eof()
    assert connection.get_result() is True


def test_end_of_input_may_be_said_twice():
    connection = collecting()
    connection.send(b"abc")
    connection.send_eof()
    connection.send_eof()
    assert connection.get_result() == b"abc"


def test_send_after_the_end_of_input_is_refused():
    connection = greeting()
    connection.send_eof()
    with pytest.raises(Closed, match=r"^send\(\) after send_eof\(\)$"):
        connection.send(b"x")
    assert connection.read(3) == b"hel"


def test_end_of_input_raises_what_the_parser_makes_of_it():
    connection = protocol(read)(10)
    connection.send(b"abc")
    with pytest.raises(Truncated) as caught:
        connection.send_eof()
    assert str(caught.value) == (
        "at byte 3: expected 10 bytes, found the end of input after 3 bytes"
    )
    assert caught.value.partial == b"abc"
    assert connection.error is caught.value


def test_end_of_input_that_the_parser_does_not_care_for_leaves_it_waiting():
    connection = protocol(wait)()
    connection.read()
    connection.send_eof()
    assert connection.has_result
    looping = Connection(forever(wait))
    looping.send_eof()
    looping.read()
    assert not looping.closing


def test_end_of_input_after_the_result_changes_nothing():
    connection = protocol(read)(1)
    connection.send(b"ab")
    connection.send_eof()
    assert connection.get_result() == b"a"
    assert connection.unread == b"b"


# What comes out


def test_read_starts_the_parser():
    assert greeting().read() == b"hello\n"


def test_read_gives_at_most_so_many_bytes():
    connection = greeting()
    assert connection.read(2) == b"he"
    assert connection.read(100) == b"llo\n"
    assert connection.read(1) == b""


def test_read_runs_the_parser_on_and_gives_what_that_wrote():
    @protocol
    def count():
        for number in range(5):
            yield from write(b"%d" % number)
        return "counted"

    assert count().read() == b"01234"
    connection = count()
    assert connection.read(3) == b"012"
    assert connection.read(3) == b"34"
    assert connection.get_result() == "counted"


def test_read_of_a_negative_number_is_refused():
    connection = greeting()
    connection.read(1)
    with pytest.raises(Misuse, match=r"-1 bytes"):
        connection.read(-1)
    assert connection.read() == b"ello\n"


def test_events_start_the_parser_and_come_once():
    @protocol
    def count():
        for number in range(3):
            yield from emit(number)
        yield from emit(None)

    connection = count()
    assert connection.events() == [0, 1, 2, None]
    assert connection.events() == []


def test_event_list_belongs_to_who_took_it():
    @protocol
    def emit_each():
        while True:
            yield from emit((yield from read(1)))

    connection = emit_each()
    connection.send(b"ab")
    taken = connection.events()
    connection.send(b"c")
    assert taken == [b"a", b"b"]
    taken.append("mine")
    assert connection.events() == [b"c"]


def test_output_and_events_come_in_their_own_order():
    @protocol
    def mixed():
        yield from put(b"a")
        yield from emit(1)
        yield from write(b"b")
        yield from emit(2)

    connection = mixed()
    assert connection.events() == [1]
    assert connection.read() == b"ab"
    assert connection.events() == [2]


def test_endless_writer_gives_some_at_a_time():
    connection = Connection(forever(partial(write, bytes(1000))))
    for _ in range(3):
        assert 1000 <= len(connection.read()) <= 2 << 20
    assert len(connection.read(2500)) == 2500


def test_endless_emitter_gives_some_at_a_time():
    connection = Connection(forever(partial(emit, "again")))
    for _ in range(3):
        assert HIGH_WATER_EVENTS <= len(connection.events()) <= 1 << 18


def test_endless_writer_that_goes_back_in_its_input_gives_some_at_a_time():
    def taste():
        yield from read(1)
        yield from write(b"x" * 1000)
        yield from read(1)
        yield from write(b"y" * 1000)

    connection = Connection(forever(lookahead(taste)))
    connection.send(b"0123456789")
    assert 2000 <= len(connection.read()) <= 2 << 20


def test_endless_emitter_that_goes_back_in_its_input_gives_some_at_a_time():
    def taste():
        for number in range(2):
            yield from read(1)
            for _ in range(HIGH_WATER_EVENTS):
                yield from emit(number)

    connection = Connection(forever(lookahead(taste)))
    connection.send(b"0123456789")
    assert HIGH_WATER_EVENTS <= len(connection.events()) <= 1 << 18


# State


def test_offset_counts_what_was_consumed():
    connection = Connection(forever(partial(read, 3)))
    assert connection.offset == 0
    connection.send(b"12345")
    assert connection.offset == 3
    connection.send(b"6")
    assert connection.offset == 6


def test_offset_is_right_after_megabytes():
    connection = Connection(forever(partial(read_upto, b"\n")))
    line = b"x" * 999 + b"\n"
    for _ in range(3):
        connection.send(line * 1000)
    connection.send(b"half a line")
    assert connection.offset == 3_000_000
    for _ in range(100):
        connection.send(line)
    assert connection.offset == 3_100_011


def test_unread_is_everything_that_is_not_consumed():
    connection = protocol(read)(100)
    connection.send(b"ab")
    connection.send(b"cd")
    connection.send(b"ef")
    assert connection.unread == b"abcdef"
    connection.send(b"gh")
    assert connection.unread == b"abcdefgh"
    connection.send(bytes(92))
    assert connection.unread == b""
    connection.send(b"more")
    assert connection.unread == b"more"
    assert connection.get_result() == b"abcdefgh" + bytes(92)


def test_want_input_until_it_is_over():
    connection = protocol(read)(2)
    assert connection.want_input
    connection.send(b"a")
    assert connection.want_input
    connection.send(b"b")
    assert not connection.want_input


def test_no_input_wanted_after_its_end():
    connection = greeting()
    connection.send_eof()
    assert not connection.want_input


def test_no_input_wanted_while_output_piles_up():
    @protocol
    def flood():
        for _ in range(3):
            yield from put(bytes(HIGH_WATER_BYTES // 2))
        yield from read(1)

    connection = flood()
    connection.send(b"")
    assert not connection.want_input
    connection.read(10)
    assert not connection.want_input
    connection.read()
    assert connection.want_input


def test_no_input_wanted_while_events_pile_up():
    connection = Connection(forever(partial(_emit_each, 1)))
    connection.send(bytes(HIGH_WATER_EVENTS - 1))
    assert connection.want_input
    connection.send(bytes(10))
    assert not connection.want_input
    assert len(connection.events()) == HIGH_WATER_EVENTS + 9
    assert connection.want_input


def _emit_each(size):
    yield from emit((yield from read(size)))


@pytest.mark.parametrize("write_", [write, ohneio.write])
def test_no_input_wanted_while_it_piles_up_before_a_parser_that_writes(write_):
    @protocol
    def busy():
        yield from write_(b"please take this")
        yield from read_rest(1 << 30)

    connection = busy()
    connection.send(b"")
    for _ in range(3):
        connection.send(bytes(HIGH_WATER_BYTES))
    assert not connection.want_input
    connection.read()
    assert connection.want_input


def test_input_is_wanted_however_much_a_parser_waits_for():
    connection = protocol(read)(1 << 20)
    for _ in range(15):
        connection.send(bytes(HIGH_WATER_BYTES))
        assert connection.want_input


def test_trace_names_where_the_parser_stands():
    def body():
        yield from read_until(b"\n")

    @protocol
    def conversation():
        yield from read(1)
        yield from label(body, "packet 7")()

    connection = conversation()
    connection.send(b"x")
    trace = connection.trace
    assert trace[0] == "conversation"
    assert trace[-1] == "read_until"
    assert trace.index("packet 7") < trace.index("body")
    connection.send(b"\n")
    assert connection.trace == ()


def test_repr_shows_the_state():
    connection = protocol(read)(3)
    assert repr(connection) == "<Connection at byte 0, in read>"
    connection.send(b"abc")
    assert repr(connection) == "<Connection at byte 3, done>"
    broken = failing()
    with pytest.raises(Malformed):
        broken.send(b"abc")
    assert repr(broken).startswith("<Connection at byte 3, failed: ")
    assert "no more of that" in repr(broken)


class Clerk(Connection[None]):
    """A connection with a verb, as protocols make them."""

    def __init__(self):
        super().__init__(many(partial(_emit_each, 1))())

    def say(self, words):
        self._queue(words)


def test_verbs_of_a_subclass_queue_output():
    clerk = Clerk()
    clerk.say(b"one ")
    clerk.say(b"two")
    assert clerk.read() == b"one two"
    clerk.send(b"x")
    assert clerk.events() == [b"x"]
    assert repr(clerk).startswith("<Clerk at byte 1, in ")


def test_verbs_are_refused_when_the_connection_is_over():
    clerk = Clerk()
    clerk.send_eof()
    assert clerk.closing
    with pytest.raises(NotAllowedNow, match="the connection is over"):
        clerk.say(b"too late")
    assert clerk.read() == b""
