"""LDO's server: what it answers, whom it leaves, when it loses patience, and how it ends."""

from __future__ import annotations

import math
import operator
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import Closed, Malformed, TooLong, Truncated, UnknownMessage
from ohnecimd.protocols.chunks import (
    IDLE_S,
    LIMIT,
    Answer,
    Chunk,
    CloseReason,
    Compute,
    Delay,
    Echo,
    IdleTimeout,
    Noop,
    Server,
    Shutdown,
    chunk_of,
    compute,
    message_of,
)
from ohnecimd.testing import FakeClock, check_linear, cuts, measure, protocol_conforms, run
from ohnecimd.testing.cutting import cut_every

NOOP = b"NOOP\0\0\0\0"
DAY_S = 86400


def encoded(*messages):
    return b"".join(chunk_of(message).encode() for message in messages)


def nested(*parts):
    return b"".join(Chunk(id_, contents).encode() for id_, contents in parts)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def server(clock):
    return Server(clock=clock)


@pytest.fixture
def connection(server):
    connection = server()
    assert connection.read() == b""
    return connection


def answers_to(*messages, **options):
    outcome = run(Server(**options), [encoded(*messages)])
    assert outcome.result is CloseReason.CLIENT_EOF
    data, answers = outcome.output, []
    while data:
        size = 8 + int.from_bytes(data[4:8], "little")
        answers.append(message_of(Chunk(data[:4], data[8:size]), "server"))
        data = data[size:]
    return answers


# Requests


def test_requests_are_answered_in_order():
    requests = [Noop(), Echo(b"one"), Compute("-", (3, 10)), Echo(b""), Delay(-1)]
    replies = [Noop(), Echo(b"one"), Answer(is_success=True, value=-7.0), Echo(), Noop()]
    assert answers_to(*requests) == replies
    for pieces in cuts(encoded(*requests)):
        assert run(Server(), pieces).output == encoded(*replies)


def test_the_application_is_told_if_it_likes():
    outcome = run(Server(emits=True), [encoded(Noop(), Echo(b"x")) + b"XYZW\0\0\0\0"])
    assert outcome.events == (Chunk(b"NOOP"), Chunk(b"ECHO", b"x", 8), Chunk(b"XYZW", b"", 17))
    assert run(Server(), [NOOP]).events == ()


def test_server_conforms():
    protocol_conforms(
        Server(emits=True),
        examples=[
            encoded(Noop(), Echo(b"abc"), Compute("+", (1, 2.5, 3j)), Delay(0)),
            encoded(Delay(1.5), Noop()),
            encoded(Shutdown())[:7],
            b"",
        ],
        make_input=lambda size: encoded(Noop(), Compute("*", (6, 7))) * (size // 43),
    )
    check_linear(Server(limit=1 << 20), lambda size: encoded(Echo(bytes(size))))


def test_a_request_that_drips_costs_no_more_than_its_bytes():
    costs = [measure(Server(), cut_every(encoded(Echo(bytes(n))), 1)).total for n in (2000, 8000)]
    assert costs[1] < 5 * costs[0]


def test_nothing_is_read_ahead_while_a_request_is_served(connection, clock):
    connection.send(encoded(Delay(5)))
    while connection.want_input:
        connection.send(encoded(Echo(bytes(1000))))
    assert 65536 <= len(connection.unread) < 70_000
    clock.advance(5, connection)
    assert connection.read().startswith(NOOP + b"ECHO\xe8\3\0\0")


def test_nothing_is_read_from_a_client_that_takes_no_replies(connection):
    while connection.want_input:
        connection.send(encoded(Echo(bytes(1000))))
    assert len(connection.read()) < 140_000
    assert connection.want_input


# Violations


@pytest.mark.parametrize(
    ("data", "kind", "reason", "text"),
    [
        (b"ECHO\0\0\1\0", TooLong, "request-too-large", "at byte 20 in chunk ECHO: expected at "),
        (b"ZZZZ\0\0\1\0", TooLong, "request-too-large", "at byte 20 in chunk ZZZZ: expected at "),
        (b"ZZZZ\0\0\0\0", UnknownMessage, "unknown-id", "at byte 16: expected the ID of a request"),
        (b"ANSR\0\0\0\0", UnknownMessage, "unknown-id", "at byte 16: expected the ID of a request"),
        (b"noop\0\0\0\0", UnknownMessage, "unknown-id", "at byte 16: expected the ID of a request"),
        (b"DLAY\0\0\0\0", Malformed, "validation", "at byte 24 in Delay > seconds: expected a sub"),
        (b"CMPU\0\0\0\0", Malformed, "validation", "at byte 24 in Compute > operator: expected a"),
    ],
)
def test_a_violation_ends_the_connection_and_replies_before_it_are_there(data, kind, reason, text):
    for pieces in cuts(NOOP * 2 + data):
        outcome = run(Server(), pieces, eof=False)
        assert outcome.output == NOOP * 2
        assert outcome.failure.kind is kind
        assert outcome.failure.hint == CloseReason(reason)
        assert outcome.failure.text.startswith(text)


def test_an_unknown_id_is_looked_at_when_the_contents_are_in(connection):
    connection.send(b"ZZZZ\4\0\0\0abc")
    assert not connection.closing
    with pytest.raises(UnknownMessage):
        connection.send(b"d")
    with pytest.raises(Closed):
        connection.send(b"e")


def test_a_size_over_the_limit_is_not_waited_for(connection):
    with pytest.raises(TooLong):
        connection.send(b"ZZZZ\xff\xff\xff\xff")


@pytest.mark.parametrize(
    ("limit", "size", "fits"), [(LIMIT, LIMIT, True), (5, 5, True), (5, 6, False)]
)
def test_the_limit_is_of_the_contents(limit, size, fits):
    outcome = run(Server(limit=limit), [encoded(Echo(bytes(size)))])
    assert (outcome.failure is None) == fits
    assert bool(outcome.output) == fits


@pytest.mark.parametrize("kept", range(1, 11))
def test_the_end_within_a_request_is_truncated(kept):
    outcome = run(Server(), [encoded(Echo(b"abc"))[:kept]])
    assert outcome.failure.kind is Truncated
    assert outcome.failure.position == kept
    assert outcome.failure.hint is CloseReason.CLIENT_EOF


def test_the_reply_to_a_request_before_the_end_still_goes_out(connection, clock):
    connection.send(encoded(Delay(2), Echo(b"bye")))
    connection.send_eof()
    assert not connection.closing
    clock.advance(2, connection)
    assert connection.read() == NOOP + encoded(Echo(b"bye"))
    assert connection.get_result() is CloseReason.CLIENT_EOF


# Arithmetic


@pytest.mark.parametrize(
    ("name", "operands", "value"),
    [
        ("+", (), b"0"),
        ("*", (), b"1"),
        ("+", (5,), b"5.0"),
        ("%", (-7, 3), b"2.0"),
        ("%", (7, -3), b"-2.0"),
        ("**", (-4, 0.5), b"(1.2246467991473532e-16+2j)"),
        ("*", ("1e300", "1e300"), b"inf"),
        ("+", ("9007199254740993",), b"9007199254740992.0"),
        ("+", ("1" * 400,), b"inf"),
        ("+", ("(3+4j)", "-4j"), b"3.0"),
        ("/", (1, 3), b"0.3333333333333333"),
        ("+", ("infinity", "-inf"), b"nan"),
        ("/", (1, 0), None),
        ("%", (1, 0), None),
        ("%", ("1j", 1), None),
        ("%", (1, "1j"), None),
        ("**", (0, -1), None),
        ("**", (0, "1j"), None),
        ("**", ("1e300", 2), None),
        ("**", ("1e300j", "1e300"), None),
        ("/", ("1j", 0), None),
    ],
)
def test_numbers_are_doubles_or_pairs_of_them(name, operands, value):
    parts = [(b"OPER", name.encode()), *((b"OPND", str(each).encode()) for each in operands)]
    data = Chunk(b"CMPU", nested(*parts)).encode()
    expected = [(b"STS ", b"0")] if value is None else [(b"STS ", b"1"), (b"VALU", value)]
    assert run(Server(), [data + NOOP]).output == Chunk(b"ANSR", nested(*expected)).encode() + NOOP


REFERENCE = {
    "+": lambda values: reduce(operator.add, values, 0),
    "*": lambda values: reduce(operator.mul, values, 1),
    "-": lambda values: values[0] - values[1],
    "/": lambda values: values[0] / values[1],
    "%": lambda values: values[0] % values[1],
    "**": lambda values: values[0] ** values[1],
}
numbers = st.floats() | st.complex_numbers() | st.integers(-(10**20), 10**20)


@given(st.sampled_from(sorted(REFERENCE)), st.lists(numbers, min_size=2, max_size=2))
def test_every_pair_of_numbers_has_an_answer(name, operands):
    ((answer),) = answers_to(Compute(name, tuple(operands)))
    values = [complex(str(each)) for each in operands]
    values = [each.real if not each.imag else each for each in values]
    try:
        expected = REFERENCE[name](values)
    except (ArithmeticError, TypeError):
        assert answer == Answer(is_success=False)
        return
    assert answer.is_success
    if isinstance(expected, complex) and not expected.imag:
        expected = expected.real
    assert repr(answer.value) == repr(expected)
    assert repr(compute(name, values)) == repr(expected)


@pytest.mark.parametrize(
    "text", ["1" * 65000, "(" * 65000, "1_" * 32000 + "1", " " * 65000 + "1", "1e" + "9" * 65000]
)
def test_a_long_operand_is_answered_or_refused_at_once(text):
    data = Chunk(b"CMPU", nested((b"OPER", b"*"), (b"OPND", text.encode()))).encode()
    outcome = run(Server(), [data])
    assert (outcome.failure is None) != (text[0] == "(")


# Time


def test_a_delay_is_a_deadline(connection, clock):
    connection.send(encoded(Delay(0.5), Noop()))
    assert connection.read() == b""
    assert connection.deadline == 0.5
    clock.advance(0.4, connection)
    assert connection.read() == b""
    clock.advance(0.1, connection)
    assert connection.read() == NOOP * 2


@pytest.mark.parametrize("seconds", [0, -0.0, -5, -math.inf])
def test_no_delay_is_no_deadline(connection, seconds):
    connection.send(encoded(Delay(seconds)))
    assert connection.read() == NOOP


def test_a_long_delay_never_waits_longer_than_a_day_at_once(connection, clock):
    connection.send(encoded(Delay(2.5 * DAY_S)))
    connection.read()
    assert connection.deadline == DAY_S
    clock.advance(2.4 * DAY_S, connection)
    assert connection.read() == b""
    clock.advance(0.1 * DAY_S, connection)
    assert connection.read() == NOOP


@pytest.mark.parametrize("text", [b"inf", b"1e300", b"1e400"])
def test_an_endless_delay_never_replies_and_ends_with_the_client(connection, clock, text):
    connection.send(Chunk(b"DLAY", nested((b"NTVL", text))).encode() + NOOP)
    for _ in range(3):
        assert connection.deadline is None
        clock.advance(DAY_S, connection)
        assert connection.read() == b""
    connection.send_eof()
    assert connection.read() == b""
    assert connection.get_result() is CloseReason.CLIENT_EOF


def test_what_comes_in_an_endless_delay_does_not_hide_that_the_client_has_left(connection):
    connection.send(encoded(Delay(math.inf)))
    for _ in range(100):
        assert connection.want_input
        connection.send(encoded(Echo(bytes(10_000))))
        assert not connection.unread
    connection.send_eof()
    assert connection.read() == b""
    assert connection.get_result() is CloseReason.CLIENT_EOF


def test_silence_ends_the_connection(connection, clock):
    assert connection.deadline == IDLE_S
    clock.advance(59.9, connection)
    with pytest.raises(IdleTimeout, match="no byte came or went within 60 s") as caught:
        clock.advance(0.1, connection)
    assert caught.value.hint is CloseReason.IDLE
    assert connection.closing


@pytest.mark.parametrize("data", [encoded(Echo(bytes(100))), b"NOOP"])
def test_any_byte_that_comes_sets_the_clock_anew(connection, clock, data):
    for piece in cut_every(data[:-1], 1):
        connection.send(piece)
        clock.advance(59, connection)
        connection.read()
    assert connection.deadline == clock.now + 1
    with pytest.raises(IdleTimeout):
        clock.advance(1, connection)


def test_a_byte_that_goes_sets_the_clock_anew(connection, clock):
    connection.send(encoded(Echo(bytes(1000))))
    clock.advance(59, connection)
    assert len(connection.read(10)) == 10
    clock.advance(59, connection)
    connection.read()
    assert connection.deadline == clock.now + IDLE_S


def test_looking_at_a_connection_does_not_set_its_clock_anew(connection, clock):
    connection.send(b"NO")
    for _ in range(5):
        clock.advance(10, connection)
        connection.read()
        connection.events()
        connection.tick()
    assert connection.deadline == IDLE_S


def test_a_client_that_takes_no_replies_is_not_waited_for_longer(connection, clock):
    connection.send(encoded(*[Echo(bytes(60_000))] * 4))
    assert connection.deadline == IDLE_S
    with pytest.raises(IdleTimeout):
        clock.advance(IDLE_S, connection)


def test_the_clock_is_off_while_a_request_is_served(connection, clock):
    clock.advance(30, connection)
    connection.send(encoded(Delay(65)))
    clock.advance(65, connection)
    assert connection.read() == NOOP
    assert connection.deadline == clock.now + IDLE_S


def test_the_limit_of_silence_is_the_callers(clock):
    connection = Server(idle_s=3, clock=clock)()
    connection.read()
    assert connection.deadline == 3
    patient = Server(idle_s=None, clock=clock)()
    patient.send(b"NOOP")
    assert patient.deadline is None
    patient.send(b"\0\0\0\0")
    assert patient.read() == NOOP


# The end


def test_shut_is_answered_and_ends_the_connection(connection, server):
    connection.send(encoded(Shutdown(), Noop()))
    assert connection.read() == NOOP
    assert connection.get_result() is CloseReason.SHUTTING_DOWN
    assert connection.unread == NOOP
    assert server.is_shutting_down


@pytest.mark.parametrize("begun", [b"", b"NO", b"ECHO\3\0\0\0a"])
def test_the_others_are_told_nothing_and_end_with_their_next_byte(server, connection, begun):
    other = server()
    other.send(begun)
    connection.send(encoded(Shutdown()))
    assert other.read() == b""
    other.tick()
    assert not other.closing
    other.send(b"N")
    assert other.get_result() is CloseReason.SHUTTING_DOWN
    assert other.read() == b""


def test_the_others_may_leave_and_may_be_silent(server, connection, clock):
    leaving, silent = server(), server()
    leaving.read()
    silent.read()
    connection.send(encoded(Shutdown()))
    leaving.send_eof()
    assert leaving.get_result() is CloseReason.CLIENT_EOF
    with pytest.raises(IdleTimeout):
        clock.advance(IDLE_S, silent)


def test_new_connections_end_at_once(server, connection):
    connection.send(encoded(Shutdown()))
    late = server()
    assert late.closing
    assert late.read() == b""
    assert late.get_result() is CloseReason.REJECTED


def test_a_delay_that_runs_still_gets_its_reply_and_nothing_after_it_does(
    server, connection, clock
):
    waiting = server()
    waiting.send(encoded(Delay(5), Echo(b"never")))
    connection.send(encoded(Shutdown()))
    waiting.send(NOOP)
    assert not waiting.closing
    clock.advance(5, waiting)
    assert waiting.read() == NOOP
    assert waiting.get_result() is CloseReason.SHUTTING_DOWN


def test_servers_do_not_shut_each_other_down(connection):
    connection.send(encoded(Shutdown()))
    assert answers_to(Noop()) == [Noop()]
