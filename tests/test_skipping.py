"""A source that can seek leaves out what the parser drops: all is as if it had been sent."""

from __future__ import annotations

from functools import partial

import pytest
from composing import sequence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cut_independence import LITERALS, TEXTS, cook

from ohnecimd import (
    bounded,
    choice,
    commit,
    emit,
    expect,
    limited,
    lookahead,
    many,
    optional,
    protocol,
    read,
    read_upto,
    skip,
    sleep,
    timeout,
    wait,
)
from ohnecimd.errors import Closed, Malformed, Misuse, TimeoutExpired, TooLong, Truncated
from ohnecimd.testing import FakeClock, cut_at, cut_every
from ohnecimd.testing.outcomes import Failure

byte = partial(read, 1)


def started(parser, data=b"", **options):
    """Give a connection that has begun, with the bytes sent."""
    connection = protocol(parser, **options)()
    connection.send(data)
    return connection


def sent(connection, piece):
    connection.send(piece)


def skipped(connection, piece):
    connection.skip(len(piece))


def garbled(connection, piece):
    connection.send(bytes(byte ^ 0xFF for byte in piece))


def feed(connection, piece, pass_on):
    """Send a piece, but pass on in another way what of it may be skipped."""
    ahead = min(connection.skippable, len(piece))
    if ahead:
        pass_on(connection, piece[:ahead])
    if ahead < len(piece):
        connection.send(piece[ahead:])


def what_comes_of(call):
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - what comes of it
        return Failure.of(error)


def history_of(recipe, pieces, pass_on):
    """Tell everything that can be seen of a connection after each piece, after the end, in time."""
    clock = FakeClock()
    connection = protocol(cook(recipe), clock=clock)()

    def seen_after(call):
        return (
            what_comes_of(call),
            connection.offset,
            connection.unread,
            connection.skippable,
            connection.want_input,
            connection.closing,
            connection.deadline,
            connection.trace,
            what_comes_of(connection.read),
            what_comes_of(connection.events),
            connection.get_result() if connection.has_result else "none",
        )

    history = [seen_after(connection.read)]
    history += [seen_after(partial(feed, connection, piece, pass_on)) for piece in pieces if piece]
    for _ in range(2):
        clock.advance(1)
        history.append(seen_after(connection.tick))
    history += [seen_after(partial(feed, connection, b"a\nb\n", pass_on))]
    return [*history, seen_after(connection.send_eof)]


def recipes(sizes):
    leaves = st.one_of(
        st.tuples(st.just("skip"), sizes),
        st.tuples(st.sampled_from(["skip", "read_exactly"]), sizes),
        st.tuples(st.sampled_from(["commit", "at_eof"])),
        st.tuples(st.sampled_from(["read_upto", "read_until", "skip_upto", "expect"]), LITERALS),
        st.tuples(st.just("sleep"), st.just(1)),
    )

    def branches(parts):
        some = st.lists(parts, min_size=1, max_size=3)
        return st.one_of(
            st.tuples(st.sampled_from(["choice", "in_sequence"]), some).map(
                lambda each: (each[0], *each[1])
            ),
            st.tuples(st.sampled_from(["bounded", "limited"]), parts, sizes),
            st.tuples(st.sampled_from(["optional", "lookahead"]), parts),
            st.tuples(st.just("many"), parts, st.just(0), st.integers(1, 3)),
            st.tuples(st.just("timeout"), st.integers(1, 2), parts),
        )

    parts = st.recursive(leaves, branches, max_leaves=5)
    return st.lists(parts, min_size=2, max_size=5).map(lambda each: ("in_sequence", *each))


@given(
    recipe=recipes(st.integers(0, 9)),
    data=TEXTS,
    places=st.lists(st.integers(0, 24), max_size=4),
)
@settings(
    max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
def test_what_is_skipped_is_as_if_sent_and_never_seen(recipe, data, places):
    places = [min(place, len(data)) for place in places]
    for pieces in (cut_every(data, 1), cut_every(data, 3), cut_at(data, places)):
        history = history_of(recipe, pieces, sent)
        assert history_of(recipe, pieces, skipped) == history
        assert history_of(recipe, pieces, garbled) == history


@given(
    recipe=recipes(st.sampled_from([1, 2, 511, 513, 4096, 9000, 70_000])),
    runs=st.lists(st.tuples(LITERALS, st.sampled_from([1, 200, 2000, 30_000])), max_size=5),
    places=st.lists(st.integers(0, 70_000), max_size=4),
)
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
def test_much_that_is_skipped_is_as_if_sent(recipe, runs, places):
    data = b"".join(text * count for text, count in runs)
    pieces = cut_at(data, [min(place, len(data)) for place in places])
    assert history_of(recipe, pieces, skipped) == history_of(recipe, pieces, sent)


def test_skippable_is_what_the_parser_has_yet_to_drop():
    connection = protocol(sequence(byte, partial(skip, 10), byte))()
    assert connection.skippable == 0
    connection.read()
    assert connection.skippable == 0
    connection.send(b"a")
    assert connection.skippable == 10
    connection.send(b"bcd")
    assert connection.skippable == 7
    connection.skip(5)
    assert (connection.skippable, connection.offset) == (2, 9)
    connection.skip(2)
    assert (connection.skippable, connection.offset) == (0, 11)
    connection.send(b"e")
    assert connection.get_result() == [b"a", None, b"e"]
    assert connection.skippable == 0


def test_parser_runs_on_as_soon_as_enough_is_skipped():
    def parser():
        yield from skip(10)
        yield from emit("skipped")
        raise Malformed("no")

    connection = started(parser)
    with pytest.raises(Malformed, match=r"^at byte 10: no$"):
        connection.skip(10)
    assert connection.events() == ["skipped"]


@pytest.mark.parametrize("nbytes", [8, -1, 1 << 70])
def test_more_than_skippable_is_misuse_and_changes_nothing(nbytes):
    connection = started(sequence(partial(skip, 10), byte), b"abc")
    complaint = rf"^cannot skip {nbytes} bytes: of the next, the parser drops 7$"
    with pytest.raises(Misuse, match=complaint):
        connection.skip(nbytes)
    connection.send(b"defghijk")
    assert connection.get_result() == [None, b"k"]


def test_to_skip_nothing_is_always_right():
    connection = protocol(partial(read_upto, b"\n"))()
    connection.skip(0)
    connection.send(b"a")
    connection.skip(0)
    connection.send(b"\n")
    connection.skip(0)
    assert connection.get_result() == b"a\n"


def test_nothing_is_skipped_after_the_end_of_input():
    connection = started(partial(skip, 10))
    with pytest.raises(Truncated, match=r"found the end of input after 0$"):
        connection.send_eof()
    assert connection.skippable == 0
    with pytest.raises(Closed, match=r"^skip\(\) after the parser has failed: "):
        connection.skip(1)
    finished = started(byte, b"a")
    finished.send_eof()
    with pytest.raises(Closed, match=r"^skip\(\) after send_eof\(\)$"):
        finished.skip(0)


def test_end_of_input_within_what_was_skipped_has_its_place():
    connection = started(partial(skip, 10), b"ab")
    connection.skip(4)
    with pytest.raises(
        Truncated, match=r"^at byte 6: expected 10 bytes, found the end of input after 6$"
    ):
        connection.send_eof()


def test_nothing_is_skippable_once_a_connection_is_closed():
    connection = started(partial(skip, 10))
    connection.close()
    assert connection.skippable == 0


@pytest.mark.parametrize(("bound", "error"), [(bounded, Truncated), (limited, TooLong)])
def test_bound_ends_what_can_be_skipped(bound, error):
    parser = bound(bound(partial(skip, 100), 20), 10)
    connection = started(parser, b"ab")
    assert connection.skippable == 8
    fed = started(parser, b"ab")
    with pytest.raises(error) as of_skipping:
        connection.skip(8)
    with pytest.raises(error) as of_feeding:
        fed.send(bytes(8))
    assert Failure.of(of_skipping.value) == Failure.of(of_feeding.value)
    assert of_skipping.value.position == 10


@pytest.mark.parametrize(
    "around",
    [
        lambda parser: choice(sequence(parser, expect(b"!")), partial(skip, 20)),
        lambda parser: optional(sequence(parser, expect(b"!"))),
        lambda parser: many(sequence(parser, expect(b"!"))),
        lookahead,
        lambda parser: optional(lookahead(sequence(commit, parser))),
    ],
    ids=["choice", "optional", "many", "lookahead", "committed outside"],
)
@pytest.mark.parametrize("data", [b"", b"ab"])
def test_bytes_that_may_be_gone_back_to_are_not_skippable(around, data):
    assert started(around(partial(skip, 10)), data).skippable == 0


def test_commit_makes_bytes_skippable():
    parser = sequence(expect(b"a"), commit, partial(skip, 10), byte)
    connection = started(choice(parser, byte), b"ab")
    assert connection.skippable == 9
    connection.skip(9)
    connection.send(b"z")
    assert connection.get_result() == [b"a", None, None, b"z"]


def test_nothing_is_skippable_before_bytes_that_the_parser_has_not_dropped_yet():
    def slow():
        steps = skip(10)
        next(steps)
        request = steps.send((yield from read_input()))
        assert request is not None
        for _ in range(3):  # it lets the bytes pile up, and drops nothing
            yield from wait()

    connection = started(slow)
    assert connection.skippable == 10
    connection.send(b"abc")
    assert connection.skippable == 0


def read_input():
    """Borrow the input as the primitives do."""
    steps = read(1)
    return (yield next(steps))


def test_time_that_interrupts_a_skip_ends_what_can_be_skipped():
    def parser():
        try:
            yield from timeout(1, partial(skip, 10))
        except TimeoutExpired:
            return (yield from read(3))

    clock = FakeClock()
    connection = started(parser, b"ab", clock=clock)
    connection.skip(4)
    assert connection.skippable == 4
    clock.advance(2, connection)
    assert (connection.skippable, connection.offset) == (0, 6)
    connection.send(b"xyz")
    assert connection.get_result() == b"xyz"


def test_search_begins_anew_behind_what_was_skipped():
    def parser():
        try:
            yield from timeout(1, partial(read_upto, b"\n"))
        except TimeoutExpired:
            yield from skip(10)
        yield from sleep(1)
        return (yield from read_upto(b"\n"))

    clock = FakeClock()
    connection = started(parser, b"aaaa", clock=clock)
    clock.advance(1, connection)
    assert connection.skippable == 6
    connection.skip(6)
    connection.send(b"b\ncccc\n")
    clock.advance(1, connection)
    assert connection.get_result() == b"b\n"


def test_lines_that_were_split_ahead_are_forgotten():
    line = partial(read_upto, b"\n")
    parser = sequence(line, line, partial(skip, 10), partial(read, 4), line)
    connection = started(parser, b"1\n2\n3\n4\n5\n")
    connection.skip(4)
    connection.send(b"four6\n7\n")
    assert connection.get_result() == [b"1\n", b"2\n", None, b"four", b"6\n"]
    assert connection.unread == b"7\n"


def test_parser_cannot_skip_for_itself():
    def parser():
        yield from skip(10)
        connection.skip(1)

    connection = started(parser)
    with pytest.raises(Misuse, match="while its parser runs"):
        connection.skip(10)


def test_what_is_skipped_costs_nothing_however_much_it_is():
    connection = started(sequence(byte, partial(skip, 1 << 80), byte), b"a")
    connection.skip((1 << 80) - 1)
    assert connection.skippable == 1
    connection.skip(1)
    connection.send(b"b")
    assert connection.offset == (1 << 80) + 2
    assert connection.get_result() == [b"a", None, b"b"]
