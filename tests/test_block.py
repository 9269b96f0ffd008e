"""The block of bytes under the input: what is known of its places when it moves."""

from __future__ import annotations

from functools import partial

import pytest

from ohnecimd import (
    InputStream,
    choice,
    emit,
    get_input,
    protocol,
    read_until,
    times,
    wait,
)
from ohnecimd.errors import Malformed


def in_a_block_of_its_own(stream):
    stream.read(1016)
    stream.feed(b"wxyz" + b"b\n" * 10)
    stream.take(4)


def joined_with_pieces(stream):
    stream.take(1014)
    stream.feed_pieces([b"wx", b"b\n" * 10])
    stream.take(4)


def left_over_from_a_long_block(stream):
    stream.feed(b"y" * 84 + b"b\n" * 208)
    stream.read(1100)


@pytest.mark.parametrize("take", ["take_upto", "take_until"])
@pytest.mark.parametrize(
    "move", [in_a_block_of_its_own, joined_with_pieces, left_over_from_a_long_block]
)
def test_lines_that_were_split_ahead_are_not_given_for_other_bytes(move, take):
    """Their place moves as the block does: where it was stands something else now."""
    stream = InputStream()
    stream.feed(b"a\n" * 10 + b"x" * 1000)
    take_line = getattr(stream, take)
    assert [take_line(b"\n").strip() for _ in range(2)] == [b"a", b"a"]
    move(stream)
    assert take_line(b"\n").strip() == b"b"


def test_hot_loop_that_goes_on_after_a_look_in_vain_waits_for_anything():
    """It has looked for nothing where it is now, though that is the front of a new block."""

    @protocol
    def hot():
        stream = yield from get_input()
        for _ in range(3):
            yield from wait()
        assert stream.take_upto(b"\n") is None
        piece = stream.take(1500)
        yield from wait()
        yield from emit(piece)

    connection = hot()
    for size in (0, 1000, 500, 1000):
        connection.send(bytes(size))
    connection.send(b"x")
    assert connection.events() == [bytes(1500)]


def test_search_begins_anew_after_going_back():
    def farther():
        stream = yield from get_input()
        stream.take(3)
        assert stream.take_until(b";") is None
        raise Malformed("there is no second one")

    connection = protocol(choice(farther, partial(read_until, b";")))()
    connection.send(b"a;bcdef")
    assert connection.get_result() == b"a"


def test_search_begins_anew_after_a_long_line_that_came_in_pieces():
    connection = protocol(times(partial(read_until, b"\r\n"), 101))()
    for piece in (b"x" * 1000, b"\n" * 100, b"y" * 1000 + b"\r\n" + b"a\r\n" * 100):
        connection.send(piece)
    long, *short = connection.get_result()
    assert long == b"x" * 1000 + b"\n" * 100 + b"y" * 1000
    assert short == [b"a"] * 100
