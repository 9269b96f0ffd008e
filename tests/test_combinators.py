"""Parsers made of parsers: what fits, what is gone back to, and what the errors say."""

from __future__ import annotations

from functools import partial

import pytest
from composing import failing_after, sequence
from every_cut import begins_with, outcome_of

from ohnecimd import (
    bounded,
    choice,
    commit,
    composable,
    emit,
    expect,
    label,
    limited,
    lookahead,
    many,
    optional,
    parse,
    peek,
    protocol,
    read,
    read_rest,
    read_uint,
    read_until,
    sep_by,
    skip,
    sleep,
    timeout,
    times,
)
from ohnecimd.errors import (
    ChecksumMismatch,
    Malformed,
    Misuse,
    TooLong,
    UnknownMessage,
)

byte = partial(read, 1)
pair = partial(read, 2)
line = partial(read_until, b"\n")


# Composed parsers


def test_composed_parser_can_be_run_called_and_composed_as_often_as_one_likes():
    word = expect(b"ab")

    def twice():
        first = yield from word
        second = yield from word()
        return [first, second, *(yield from times(word, 2))]

    assert parse(twice, b"abababab") == [b"ab"] * 4


def test_user_makes_composed_parsers_of_generator_functions():
    @composable
    def digits(count, *, base=10):
        """Read a number."""
        return int((yield from read(count)), base)

    assert digits.__name__ == "digits"
    assert digits.__doc__ == "Read a number."
    assert parse(many(digits(2, base=16)), b"0aff") == [10, 255]


@pytest.mark.parametrize(
    "compose",
    [
        lambda running: choice(byte, running),
        optional,
        many,
        lookahead,
        sequence,
        lambda running: times(running, 2),
        lambda running: sep_by(byte, running),
        lambda running: bounded(running, 3),
        lambda running: limited(running, 3),
        lambda running: label(running, "name"),
        lambda running: timeout(1, running),
        lambda running: many(parser=running),
    ],
)
def test_running_parser_is_refused_when_it_is_composed(compose):
    with pytest.raises(
        Misuse,
        match=r"takes parsers, not running ones: "
        r"write partial\(read_until, ...\) or read_until, not read_until\(...\)$",
    ) as caught:
        compose(read_until(b"\n"))
    assert not str(caught.value).startswith("_")


@pytest.mark.parametrize(
    "parser",
    [
        choice(lambda: None),
        many(lambda: None),
        sequence(lambda: None),
        bounded(lambda: 5, 3),
    ],
)
def test_parser_inside_that_returns_nothing_to_run_fails(parser):
    with pytest.raises((Misuse, TypeError)):
        parse(optional(sequence(expect(b"x"), parser)), b"xabc")


def test_composed_parser_of_connections_is_refused():
    inner = protocol(byte)
    with pytest.raises(Misuse, match="a connection is no parser"):
        parse(many(inner), b"abc")


# expect


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"RIFF", b"RIFF"),
        (b"RIFFmore", b"RIFF"),
        (b"XIFF", "Malformed at byte 0: expected b'RIFF', found b'X'"),
        (b"RIFX", "Malformed at byte 3: expected b'F' of b'RIFF', found b'X'"),
        (b"RXFF", "Malformed at byte 1: expected b'IFF' of b'RIFF', found b'X'"),
        (b"RIF", "Truncated at byte 3: expected b'RIFF'"),
        (b"", "Truncated at byte 0: expected b'RIFF'"),
    ],
)
def test_expect_takes_exactly_these_bytes(data, outcome):
    assert begins_with(outcome, outcome_of(expect(b"RIFF"), data))


def test_expect_fails_at_the_first_byte_that_differs_without_waiting():
    assert outcome_of(expect(b"RIFF"), b"RX", eof=False).startswith("Malformed at byte 1")
    assert outcome_of(expect(b"RIFF"), b"RI", eof=False) == "waits"


def test_expect_of_nothing_is_there():
    assert outcome_of(expect(b""), b"abc") == b""


@pytest.mark.parametrize("literal", ["RIFF", 5, None, (b"a",)])
def test_expect_of_what_is_no_bytes_is_misuse(literal):
    with pytest.raises(Misuse, match="bytes"):
        parse(expect(literal), b"RIFF")


# choice and commit


def test_choice_takes_the_first_that_fits():
    either = choice(expect(b"ab"), pair, byte)
    assert outcome_of(either, b"abc") == b"ab"
    assert outcome_of(either, b"xyz") == b"xy"


def test_choice_gives_the_bytes_back():
    either = choice(sequence(byte, line, expect(b"!")), sequence(line, byte))
    assert outcome_of(either, b"ab\n?") == [b"ab", b"?"]


def test_choice_takes_an_alternative_for_which_more_bytes_need_not_come():
    assert outcome_of(choice(partial(read, 4), pair), b"ab") == b"ab"
    assert outcome_of(choice(partial(read, 4), pair), b"ab", eof=False) == "waits"


def test_choice_names_what_each_expected_at_the_furthest_place():
    either = choice(
        expect(b"cat"),
        sequence(expect(b"do"), expect(b"g")),
        sequence(expect(b"d"), expect(b"o"), expect(b"t")),
    )
    assert outcome_of(either, b"dox") == "Malformed at byte 2: expected b'g' or b't', found b'x'"


def test_choice_names_the_labels_of_its_alternatives():
    either = label(
        choice(label(expect(b"cat"), "pet"), label(expect(b"cow"), "cattle"), expect(b"cod")),
        "animal",
    )
    assert outcome_of(either, b"cx") == (
        "Malformed at byte 1 in animal: expected pet > b'at' of b'cat' or "
        "cattle > b'ow' of b'cow' or b'od' of b'cod', found b'x'"
    )


def test_choice_keeps_the_labels_that_its_alternatives_share():
    either = choice(
        label(sequence(byte, expect(b"x")), "head"), label(sequence(byte, expect(b"y")), "head")
    )
    assert outcome_of(either, b"a?") == (
        "Malformed at byte 1 in head: expected b'x' or b'y', found b'?'"
    )


def test_choice_says_it_once_if_all_expect_the_same():
    either = choice(expect(b"x"), expect(b"x"))
    assert outcome_of(either, b"?") == "Malformed at byte 0: expected b'x', found b'?'"


def test_choice_at_the_end_of_input_is_truncated():
    either = choice(expect(b"cat"), expect(b"cow"))
    outcome = outcome_of(either, b"c")
    assert outcome.startswith("Truncated at byte 1: expected b'cat' or b'cow'")


def test_choice_keeps_the_protocols_own_answer():
    either = choice(failing_after(byte, hint=501, position=0), failing_after(pair, hint=502))
    connection = protocol(either)()
    with pytest.raises(Malformed) as caught:
        connection.send(b"ab")
    assert caught.value.hint == 502
    assert caught.value.position == 2


@pytest.mark.parametrize("error", [ChecksumMismatch, UnknownMessage, TooLong, ValueError])
def test_choice_goes_back_for_nothing_but_what_does_not_fit(error):
    with pytest.raises(error):
        parse(choice(failing_after(byte, error), pair), b"ab")


def test_choice_of_nothing_is_misuse():
    with pytest.raises(Misuse, match=r"choice\(\) takes at least one parser"):
        parse(choice(), b"abc")


def test_commit_decides_for_an_alternative():
    decided = sequence(expect(b"GET "), commit, line)
    either = choice(sequence(decided, expect(b"!")), partial(read_rest))
    assert outcome_of(either, b"GET /\n?") == "Malformed at byte 6: expected b'!', found b'?'"
    assert outcome_of(either, b"GET /").startswith("Truncated at byte 5: expected b'\\n'")
    assert outcome_of(either, b"PUT /\n?") == b"PUT /\n?"


def test_commit_decides_for_the_innermost_choice_only():
    inner = choice(sequence(byte, commit, expect(b"!")), pair)
    assert outcome_of(choice(inner, partial(read, 3)), b"abc") == b"abc"


def test_commit_reaches_through_a_lookahead():
    ahead = lookahead(sequence(byte, commit))
    either = choice(sequence(ahead, expect(b"!")), pair)
    assert outcome_of(either, b"ab").startswith("Malformed at byte 0: expected b'!'")


@pytest.mark.parametrize("combine", [optional, many])
def test_commit_decides_for_optional_and_many_too(combine):
    item = sequence(expect(b"a"), commit, expect(b"b"))
    assert outcome_of(combine(item), b"ax") == "Malformed at byte 1: expected b'b', found b'x'"
    assert outcome_of(combine(item), b"x") in (None, [])


def test_commit_outside_of_a_choice_is_nothing():
    assert outcome_of(sequence(commit, byte), b"a") == [None, b"a"]


def test_what_was_emitted_before_going_back_stays():
    def telling():
        yield from emit("tried")
        yield from expect(b"x")

    connection = protocol(choice(telling, byte))()
    connection.send(b"a")
    assert connection.get_result() == b"a"
    assert connection.events() == ["tried"]


# optional, many, times, sep_by


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"abc", b"ab"),
        (b"axc", None),
        (b"", None),
        (b"a", "Truncated at byte 1: expected b'ab'"),
    ],
)
def test_optional_stands_for_what_is_absent_but_not_for_what_is_cut_short(data, outcome):
    assert begins_with(outcome, outcome_of(optional(expect(b"ab")), data))


def test_optional_has_a_default():
    assert outcome_of(optional(expect(b"ab"), "none"), b"x") == "none"
    assert outcome_of(sequence(optional(expect(b"-")), byte), b"5") == [None, b"5"]


@pytest.mark.parametrize(
    ("parser", "data", "outcome"),
    [
        (many(pair), b"", []),
        (many(pair), b"abcd", [b"ab", b"cd"]),
        (many(expect(b"ab")), b"ababx", [b"ab", b"ab"]),
        (many(pair), b"abc", "Truncated at byte 3: expected 2 bytes"),
        (many(pair, at_most=2), b"abcdef", [b"ab", b"cd"]),
        (many(pair, at_most=0), b"abcdef", []),
        (many(expect(b"a"), at_least=2), b"aaab", [b"a", b"a", b"a"]),
        (many(expect(b"a"), at_least=2), b"ab", "Malformed at byte 1: expected b'a', found b'b'"),
        (many(pair, at_least=1), b"", "Truncated at byte 0: expected 2 bytes"),
        (times(pair, 2), b"abcdef", [b"ab", b"cd"]),
        (times(pair, 0), b"abcdef", []),
        (times(pair, 3), b"abcd", "Truncated at byte 4: expected 2 bytes"),
        (sep_by(pair, expect(b",")), b"", []),
        (sep_by(pair, expect(b",")), b"ab", [b"ab"]),
        (sep_by(pair, expect(b",")), b"ab,cd;", [b"ab", b"cd"]),
        (sep_by(expect(b"a"), expect(b",")), b"x", []),
        (sep_by(expect(b"a"), expect(b",")), b"a,x", "Malformed at byte 2: expected b'a'"),
        (sep_by(expect(b"a"), expect(b",")), b"a,", "Truncated at byte 2: expected b'a'"),
        (sep_by(expect(b"a"), expect(b"--")), b"a-", "Truncated at byte 2: expected b'--'"),
    ],
)  # fmt: skip
def test_repetition_lists_what_fits(parser, data, outcome):
    assert begins_with(outcome, outcome_of(parser, data))


def test_repetition_waits_for_what_may_come():
    assert outcome_of(many(pair), b"abcd", eof=False) == "waits"
    assert outcome_of(many(expect(b"ab")), b"aba", eof=False) == "waits"
    assert outcome_of(many(pair, at_most=2), b"abcd", eof=False) == [b"ab", b"cd"]


def test_repetition_of_what_consumes_nothing_is_misuse():
    with pytest.raises(Misuse, match=r"many\(\) of a parser that consumes nothing"):
        parse(many(peek), b"abc")
    with pytest.raises(Misuse, match=r"sep_by\(\) of parsers that consume nothing"):
        parse(sep_by(peek, peek), b"abc")
    assert parse(sequence(many(peek, at_most=2), byte), b"a") == [[b"a", b"a"], b"a"]


@pytest.mark.parametrize(
    "make", [lambda: many(byte, -1), lambda: many(byte, 3, 2), lambda: times(byte, -1)]
)
def test_impossible_numbers_of_repetitions_are_misuse(make):
    with pytest.raises(Misuse):
        parse(make(), b"")


# lookahead, label


def test_lookahead_gives_the_result_and_the_bytes_again():
    assert outcome_of(sequence(lookahead(line), line), b"ab\n") == [b"ab", b"ab"]


def test_lookahead_gives_the_bytes_again_if_it_fails():
    parser = sequence(optional(lookahead(expect(b"ax"))), pair)
    assert outcome_of(parser, b"ab") == [None, b"ab"]


def test_lookahead_nests():
    parser = sequence(lookahead(sequence(byte, lookahead(pair), byte)), partial(read, 3))
    assert outcome_of(parser, b"abc") == [[b"a", b"bc", b"b"], b"abc"]


def test_error_within_a_lookahead_names_its_own_place():
    assert outcome_of(lookahead(failing_after(pair)), b"abc") == "Malformed at byte 2: no"


def test_labels_make_the_path_of_an_error():
    @composable
    def parameter():
        code = yield from read(3)
        yield from label(expect(b"\t"), f"parameter {code.decode()}")

    packet = label(sequence(partial(skip, 114), parameter()), "packet")
    text = "Malformed at byte 117 in packet > parameter 033: expected b'\\t', found b'\\x03'"
    assert outcome_of(packet, bytes(114) + b"033\x03") == text
    assert outcome_of(sequence(expect(b"\x02"), packet), b"\x02" + bytes(114) + b"033\x03") == (
        text.replace("117", "118")
    )


def test_label_gives_errors_without_a_place_the_one_where_it_began():
    @composable
    def checked():
        yield from read(3)
        raise Malformed(expected="letters")

    assert outcome_of(sequence(pair, label(checked(), "name")), b"ab123") == (
        "Malformed at byte 2 in name: expected letters"
    )


def test_label_names_what_came_too_late_and_too_long():
    code = label(limited(pair, 1), "code")
    assert outcome_of(code, b"ab").startswith("TooLong at byte 1 in code")
    assert outcome_of(label(pair, "code"), b"a").startswith("Truncated at byte 1 in code")


def test_label_leaves_other_errors_alone():
    with pytest.raises(ZeroDivisionError):
        parse(label(failing_after(byte, ZeroDivisionError), "sum"), b"a")


def test_position_and_path_are_right_after_megabytes_of_messages():
    record = sequence(partial(read_uint, 2), expect(b":"), partial(read_until, b"\n", 100))
    stream = label(times(label(record, "record"), 1 << 30), "log")
    good = b"\x00\x01:" + b"x" * 96 + b"\n"
    count = 25_000
    for tail, text in [
        (b"\x00\x01;", "at byte 2500002 in log > record: expected b':', found b';'"),
        (b"\x00\x01:" + b"x" * 101, "at byte 2500103 in log > record: expected b'\\n'"),
    ]:
        connection = protocol(stream)()
        for _ in range(count // 1000):
            connection.send(good * 1000)
        with pytest.raises((Malformed, TooLong)) as caught:
            connection.send(tail)
        assert str(caught.value).startswith(text)


def test_timeouts_and_sleeps_compose():
    assert parse(many(timeout(5, byte), at_most=2), b"ab") == [b"a", b"b"]
    with pytest.raises(Misuse, match="cannot wait for time"):
        parse(choice(partial(sleep, 1), byte), b"a")
