"""Each check passes on a good parser, and fails on one that breaks what it checks."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import strategies as st

from ohnecimd import (
    at_eof,
    emit,
    get_input,
    many,
    peek,
    protocol,
    read,
    read_exactly,
    read_rest,
    read_uint,
    read_until,
    read_upto,
    sleep,
    wait,
    write,
)
from ohnecimd.errors import Malformed, NotAllowedNow, Truncated
from ohnecimd.testing import (
    check_cuts,
    check_eof,
    check_garbage,
    check_linear,
    check_round_trip,
    protocol_conforms,
)


@protocol
def frames():
    """One byte of length, then so many bytes; a length of 255 is refused."""
    while not (yield from at_eof()):
        size = yield from read_uint(1)
        if size == 255:
            raise Malformed("length 255 is reserved", position=(yield from get_input()).offset - 1)
        yield from emit((yield from read_exactly(size)))
        yield from write(b".")


def encode_frame(frame):
    return bytes([len(frame)]) + frame


FRAMES = b"\x03abc\x00\x05\x01\x02\x03\x04\x05"


def fails(*texts):
    """Expect an AssertionError that says all this, in this order."""
    return pytest.raises(
        AssertionError, match=re.compile(".*".join(map(re.escape, texts)), re.DOTALL)
    )


def test_a_good_protocol_conforms():
    protocol_conforms(
        frames,
        examples=[FRAMES, b"", b"\x00"],
        encode=encode_frame,
        make_input=lambda size: (b"\xc8" + b"x" * 200) * (size // 201 + 1),
    )


# The same under all cuts


@protocol
def whatever_comes():
    while not (yield from at_eof()):
        yield from emit((yield from read()))


def test_a_parser_that_takes_what_comes_depends_on_cutting():
    with fails("depends on how the input was cut", "byte by byte", "[b'ab']", "[b'a', b'b']"):
        check_cuts(whatever_comes, b"ab")


def test_a_parser_that_peeks_before_the_bytes_are_there_depends_on_cutting():
    @protocol
    def hasty():
        yield from at_eof()
        if (yield from peek(2)) == b"OK":
            yield from read(2)
            return "yes"
        return "no"

    with fails("byte by byte", "result differs", "whole  'yes'", "cut    'no'"):
        check_cuts(hasty, b"OK")


def test_an_error_that_depends_on_cutting_is_found():
    @protocol
    def careless_limit():
        while b"\n" not in (seen := (yield from peek())):
            if len(seen) > 3:
                raise Malformed("too long", position=len(seen))
            yield from wait()
        yield from read(len(seen))

    with fails("failure differs", "nothing", "at byte 4: too long"):
        check_cuts(careless_limit, b"abcde\n")


def test_a_parser_that_knows_a_thing_only_a_byte_later_is_found():
    @protocol
    def late():
        stream = yield from get_input()
        waited = False
        while b"\n" not in (seen := stream.peek()) or (
            waited and seen.endswith(b"\n") and not stream.has_ended
        ):
            stream.demand(1)
            waited = bool(seen)
            yield from wait()
        return (yield from read_until(b"\n"))

    with fails(r"byte by byte: [b'a', b'\n']", "whole  'returned'", "cut    'waiting'"):
        check_cuts(late, b"a\nb")


def test_a_parser_that_goes_by_when_its_output_is_taken_is_found():
    @protocol
    def nosy():
        yield from write(b"hello")
        has_ended = (yield from get_input()).has_ended
        yield from read_rest()
        return has_ended

    with fails("whole, then its end, all output taken at the end", "result differs"):
        check_cuts(nosy, b"ab")


def test_a_bounded_number_of_cuts_is_tried():
    seen = []

    def factory():
        seen.append(1)
        return frames()

    check_cuts(factory, FRAMES * 100, limit=10)
    assert len(seen) < 2 * (10 + 3) + 200 + 1


# Round trip


def test_bytes_that_come_back_different_are_found():
    with fails("round trip: [b'abc'", r"came of b'\x03abc", "is encoded as", r"b'\x03cba"):
        check_round_trip(frames, FRAMES, lambda frame: encode_frame(frame[::-1]))


def test_result_is_encoded_where_nothing_is_emitted():
    number = protocol(partial(read_uint, 2))
    check_round_trip(number, b"\x01\x02rest", lambda value: value.to_bytes(2, "big"))
    with fails("round trip: 258 came of", r"b'\x02\x01'"):
        check_round_trip(number, b"\x01\x02", lambda value: value.to_bytes(2, "little"))


def test_inexact_round_trip_compares_values():
    @protocol
    def words():
        while not (yield from at_eof()):
            yield from emit((yield from read_until((b"\r\n", b"\n"))))

    check_round_trip(words, b"a\nb\r\n", lambda word: word + b"\n", exact=False)
    with fails("of which something else comes", "events differ at event 0"):
        check_round_trip(words, b"a\n", lambda word: word * 2 + b"\n", exact=False)
    with fails("round trip: [b'a', b'b'] came of"):
        check_round_trip(words, b"a\nb\r\n", lambda word: word + b"\n")


def test_an_example_of_which_nothing_comes_is_refused():
    with fails("nothing came of", "Truncated"):
        check_round_trip(frames, b"\x05ab", encode_frame)


# Garbage


@protocol
def lookup():
    while not (yield from at_eof()):
        yield from emit({b"a": 1, b"b": 2}[(yield from read(1))])


def test_an_error_that_is_not_the_peers_is_found_in_garbage():
    with fails("garbage has to raise RemoteProtocolError, or nothing", r"raised KeyError: b'\x00'"):
        protocol_conforms(lookup, examples=[b"abba"])


def test_blaming_ourselves_for_garbage_is_found():
    @protocol
    def confused():
        if (yield from read(1)) != b"a":
            raise NotAllowedNow("not a")

    with fails("b'x' raised NotAllowedNow: at byte 1: not a"):
        check_garbage(confused, [b"a", b"x"])


def test_a_parser_that_spins_on_garbage_is_found():
    @protocol
    def dizzy():
        while (yield from peek(1)) != b"x":
            pass

    with fails("raised Misuse", "does a loop lack its `yield from wait()`?"):
        check_garbage(dizzy, [b"y"])


def test_garbage_may_come_from_hypothesis():
    check_garbage(frames, st.binary(max_size=30))
    with fails("raised KeyError"):
        check_garbage(lookup, st.binary(max_size=30))


# Cost


def test_a_quadratic_parser_is_found():
    @protocol
    def impatient():
        while True:
            seen = yield from peek()
            end = seen.find(b"\n")
            if end < 0:
                if (yield from at_eof()) and not seen:
                    return
                yield from wait()
            else:
                yield from read(end + 1)

    with fails("the cost grows 15.", "input 4.0 times as long, byte by byte", "2001 bytes:"):
        check_linear(impatient, lambda size: b"x" * size + b"\n")
    with fails("the cost grows", "input 4.0 times as long, whole"):
        check_linear(impatient, lambda size: b"abc\n" * (size // 4))


def test_a_linear_parser_passes_with_long_and_with_many_messages():
    lines = protocol(many(partial(read_upto, b"\n")))
    check_linear(lines, lambda size: b"x" * size + b"\n")
    check_linear(lines, lambda size: b"abc\n" * (size // 4))


def test_input_that_does_not_grow_proves_nothing():
    with pytest.raises(ValueError, match="make_input made 2 and 2 bytes"):
        check_linear(frames, lambda _: b"\x01a")


# The end of the input


def test_a_wrong_position_of_the_end_is_found():
    @protocol
    def misplaced():
        try:
            yield from read(3)
        except Truncated as error:
            raise Truncated("short", position=0) from error

    with fails("after 1 of 3 bytes, expected position 1 in the error, found 0: Truncated"):
        check_eof(misplaced, b"abc")


def test_another_error_at_the_end_is_found():
    @protocol
    def strict():
        if len((yield from read_rest())) != 3:
            raise Malformed("three, please")

    with fails("after 0 of 3 bytes, expected Truncated, found Malformed"):
        check_eof(strict, b"abc")


def test_waiting_for_ever_at_the_end_is_found():
    @protocol
    def deaf():
        while len((yield from peek())) < 3:
            yield from wait()

    with fails("after 0 of 3 bytes, the parser waits on for ever"):
        check_eof(deaf, b"abc")
    check_eof(deaf, b"abc", may_wait=True)


def test_a_clean_end_in_the_middle_and_waiting_for_a_time_are_allowed():
    @protocol
    def slow():
        if (yield from at_eof()):
            yield from sleep(5)
        return (yield from read_rest())

    check_eof(slow, b"abc")


def test_an_example_has_to_be_valid():
    with fails(r"the example is not valid: b'\xff' raised Malformed: at byte 0: length 255"):
        check_eof(frames, b"\xff")


def test_without_examples_nothing_can_be_checked():
    with pytest.raises(ValueError, match="at least one example"):
        protocol_conforms(frames, examples=[])


def test_examples_that_cannot_be_repeated_are_not_repeated():
    sizes = []

    @protocol
    def once():
        word = yield from read(2)
        if (yield from at_eof()):
            sizes.append(len(word))
            return word
        raise Malformed("one word only")

    protocol_conforms(once, examples=[b"ab"], garbage=[b"abc"])
    assert sizes


def test_an_empty_conversation_is_an_example():
    def silent():
        yield from at_eof()

    protocol_conforms(protocol(silent), examples=[b""])


def test_all_five_checks_are_made():
    """Break one thing at a time, and see `protocol_conforms` fail."""

    @protocol
    def impatient():
        while not (yield from at_eof()):
            while b"\n" not in (yield from peek()):
                if (yield from get_input()).has_ended:
                    yield from read_until(b"\n")
                yield from wait()
            yield from emit((yield from read_until(b"\n")))

    @protocol
    def deaf():
        while b"\n" not in (yield from peek()):
            yield from wait()

    @protocol
    def picky():
        return int((yield from read_until(b"\n")), 16)

    example = [b"abc\n"]
    with fails("depends on how"):
        protocol_conforms(whatever_comes, examples=example)
    with fails("round trip"):
        protocol_conforms(frames, examples=[FRAMES], encode=lambda frame: frame)
    with fails("the cost grows"):
        protocol_conforms(impatient, examples=example, make_input=lambda size: b"x" * size + b"\n")
    with fails("waits on for ever"):
        protocol_conforms(deaf, examples=example)
    with fails("garbage has to raise"):
        protocol_conforms(picky, examples=example)
