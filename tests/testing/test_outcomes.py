from __future__ import annotations

import pytest

from ohnecimd import at_eof, emit, label, protocol, put, read, read_until, sleep, wait, write
from ohnecimd.errors import Closed, Malformed, TooLong
from ohnecimd.testing import NOTHING, Failure, Outcome, difference, run


def numbers():
    while True:
        yield from write(b"? ")
        number = yield from read_until(b"\n", 5)
        yield from emit(int(number))
        if number == b"0":
            return "done"


def test_outcome_of_a_parser_that_returns_holds_all_it_did_and_left():
    outcome = run(protocol(numbers), [b"7\n0", b"\nrest", b"!"])
    assert outcome == Outcome(output=b"? ? ", events=(7, 0), result="done", unread=b"rest!")
    assert outcome.state == "returned"


def test_outcome_of_a_parser_that_fails_holds_what_went_before():
    outcome = run(protocol(label(numbers, "numbers")), [b"1\n2\n123456\n"])
    assert (outcome.output, outcome.events, outcome.state) == (b"? ? ? ", (1, 2), "failed")
    failure = outcome.failure
    assert failure.kind is TooLong
    assert (failure.position, failure.path, failure.hint) == (9, ("numbers",), None)
    assert failure.text.startswith("at byte 9 in numbers: expected b'\\n' within 5 bytes")
    assert isinstance(failure.exception, TooLong)


def test_hint_counts():
    def refuse(hint):
        yield from read(1)
        raise Malformed("no", hint=hint)

    first, second = (run(protocol(lambda hint=hint: refuse(hint)), [b"x"]) for hint in (1, 2))
    assert first != second
    assert difference(first, second) == (
        "failure differs:\n"
        "  first   Malformed: at byte 1: no (hint: 1)\n"
        "  second  Malformed: at byte 1: no (hint: 2)"
    )


def test_waiting_is_an_outcome():
    outcome = run(protocol(numbers), [b"1\n"], eof=False)
    assert (outcome.state, outcome.result) == ("waiting", NOTHING)

    def deaf():
        while True:
            yield from wait()

    assert run(protocol(deaf), [b"x"]) == Outcome()


def test_deadline_counts_from_the_beginning_whatever_clock_the_protocol_has():
    def sleepy():
        yield from sleep(20)
        yield from sleep(30)
        return "awake"

    factory = protocol(sleepy)
    assert run(factory, []).deadline == 20
    assert run(factory, [], wakes=1).deadline == 50
    assert run(factory, [], wakes=2).result == "awake"
    assert run(factory, [], wakes=9).result == "awake"


def test_late_output_is_taken_at_the_end():
    def lengths():
        while not (yield from at_eof()):
            yield from put(b"%d " % len((yield from read())))

    assert run(protocol(lengths), [b"ab", b"c"]).output == b"2 1 "

    def polite():
        yield from write(b"hello ")
        yield from put(b"%d" % len((yield from read())))

    assert run(protocol(polite), [b"ab", b"c"]).output == b"hello 0"
    assert run(protocol(polite), [b"ab", b"c"], late=True).output == b"hello 3"


def test_application_answers_events_as_they_come():
    class Desk:
        def __init__(self):
            self.answers = []

    def session(desk):
        while True:
            yield from emit((yield from read_until(b"\n")))
            while not desk.answers:
                yield from wait()
            yield from write(desk.answers.pop())

    desk = Desk()

    def answer(connection, event):
        desk.answers.append(event[::-1])

    outcome = run(lambda: protocol(session)(desk), [b"abc\n"], eof=False, application=answer)
    assert (outcome.output, outcome.events) == (b"cba", (b"abc",))


def test_errors_of_the_application_are_not_outcomes():
    def greet():
        yield from emit("hello")

    def fail(connection, event):
        raise KeyError(event)

    with pytest.raises(KeyError, match="hello"):
        run(protocol(greet), [], application=fail)


def test_output_without_end_is_noticed():
    def chatter():
        while True:
            yield from write(b"x" * 100_000)

    with pytest.raises(AssertionError, match="the parser never stops: it wrote"):
        run(protocol(chatter), [])


def test_outcome_reads_well():
    outcome = run(protocol(numbers), [b"1\nxy\n"])
    assert str(outcome) == (
        "state    failed\n"
        "output   b'? ? '\n"
        "events   [1]\n"
        "failure  ValueError: invalid literal for int() with base 10: b'xy'"
    )
    assert str(Outcome(result=b"")) == "state    returned\nresult   b''"


def test_difference_names_the_first_byte_and_event():
    first = Outcome(output=b"abc", events=(1, 2), result=1)
    second = Outcome(output=b"abd", events=(1, 2, 3), result=1)
    assert difference(first, second, ("whole", "cut")) == (
        "output differs at byte 2:\n"
        "  whole  b'abc'\n"
        "  cut    b'abd'\n"
        "events differ at event 2:\n"
        "  whole  [1, 2]\n"
        "  cut    [1, 2, 3]"
    )
    assert difference(first, first) == ""


def test_difference_of_long_output_shows_the_place():
    first, second = Outcome(output=bytes(5000)), Outcome(output=bytes(4000) + b"x")
    shown = difference(first, second).splitlines()
    assert shown[0] == "output differs at byte 4000:"
    assert shown[1].startswith("  first   [3992:] b'\\x00")
    assert shown[1].endswith("...")
    assert shown[2] == f"  second  [3992:] {bytes(8) + b'x'!r}"


def test_difference_points_out_events_without_equality():
    class Event:
        def __repr__(self):
            return "Event"

    shown = difference(Outcome(events=(Event(),)), Outcome(events=(Event(),)))
    assert "(they look the same: are they compared by identity?)" in shown


def test_failures_of_other_errors_have_no_place():
    failure = Failure.of(KeyError("x"))
    assert (failure.kind, failure.position, str(failure)) == (KeyError, None, "KeyError: 'x'")


def test_errors_of_the_factory_and_of_misuse_are_raised():
    used = protocol(numbers)()
    used.close()
    with pytest.raises(Closed, match="send"):
        run(lambda: used, [b"1"])
