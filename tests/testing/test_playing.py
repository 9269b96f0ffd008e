from __future__ import annotations

import pytest

from ohnecimd import (
    Connection,
    at_eof,
    emit,
    protocol,
    put,
    read_until,
    sleep,
    timeout,
    wait,
    write,
)
from ohnecimd.testing import FakeClock, Transcript, play, record


@protocol
def chat():
    yield from write(b"Hi\r\n")
    while True:
        line = yield from timeout(60, lambda: read_until(b"\r\n", 20))
        yield from emit(line)
        if line == b".":
            return
        yield from write(b"You sent: %s\r\n" % line)


CHAT = r"""
S: Hi\r\n
C: hello\r\n
S: You sent: hello\r\n
C: a\r\nb\r\n
S: You sent: a\r\n
S: You sent: b\r\n
... 59 s
C: .\r\n
S: <end>
"""


@pytest.mark.parametrize("piece", [0, 1, 5])
def test_a_conversation_as_written_passes_and_gives_the_events(piece):
    assert play(CHAT, chat(), piece=piece) == [b"hello", b"a", b"b", b"."]


def refusal(text, connection, side="S", **options):
    with pytest.raises(AssertionError) as caught:
        play(Transcript.parse(text, name="chat.txt"), connection, side, **options)
    return str(caught.value)


def test_another_answer_is_shown_beside_the_expected_one():
    text = CHAT.replace(r"S: You sent: a", r"S: You said: a")
    assert refusal(text, chat()) == (
        "not as written in chat.txt, from line 6 on\n"
        "   3   C: hello\\r\\n\n"
        "   4   S: You sent: hello\\r\\n\n"
        "   5   C: a\\r\\nb\\r\\n\n"
        "   6 - S: You said: a\\r\\n\n"
        "     + S: You sent: a\\r\\n\n"
        "   7   S: You sent: b\\r\\n"
    )


def test_where_answers_are_cut_into_lines_means_nothing():
    text = CHAT.replace(r"S: You sent: a\r\n" + "\n", "S: You\nS:  sent: a\nS: " + r"\r\n" + "\n")
    assert len(play(text, chat())) == 4


def test_a_missing_answer_is_shown():
    text = "S: Hi\\r\\n\nC: hello\nS: You sent: hello\\r\\n\n"
    assert refusal(text, chat()) == (
        "not as written in chat.txt, from line 3 on\n"
        "   1   S: Hi\\r\\n\n"
        "   2   C: hello\n"
        "   3 - S: You sent: hello\\r\\n"
    )


def test_an_answer_that_is_not_written_is_shown():
    assert refusal("C: hello\\r\\n\n", chat()) == (
        "not as written in chat.txt, after line 0\n     + S: Hi\\r\\n"
    )
    assert refusal("S: Hi\\r\\n\nC: hello\\r\\n\n", chat()) == (
        "not as written in chat.txt, after line 2\n"
        "   1   S: Hi\\r\\n\n"
        "   2   C: hello\\r\\n\n"
        "     + S: You sent: hello\\r\\n"
    )


def test_an_end_that_is_not_written_is_shown():
    text = CHAT.replace("S: <end>\n", "")
    assert refusal(text, chat()).endswith("   9   C: .\\r\\n\n     + S: <end>")


def test_an_error_is_part_of_the_conversation():
    start = "S: Hi\\r\\n\nC: this line is far too long\n"
    play(start + "S: <error>", chat())
    play(
        start + r"S: <error> TooLong: at byte 20: expected b'\r\n' within 20 bytes, "
        "found b'this line is far too '",
        chat(),
    )
    report = refusal(start + "S: <error> TooLong: no", chat())
    assert "   3 - S: <error> TooLong: no\n     + S: <error> TooLong: at byte 20: " in report
    assert "+ S: <error> TooLong: at byte 20" in refusal(start, chat())


def test_an_unexpected_error_is_the_cause_of_the_failure():
    with pytest.raises(AssertionError) as caught:
        play("S: Hi\\r\\n\nC: <end>\n", chat())
    assert caught.value.__cause__ is not None
    assert "+ S: <error> Truncated: at byte 0" in str(caught.value)


def test_who_has_failed_hears_nothing_more():
    play("S: Hi\\r\\n\nC: <end>\nS: <error>\nC: hello?\nC: <end>\n", chat())


def test_events_are_checked_where_the_transcript_has_any():
    text = "S: Hi\\r\\n\nC: x\\r\\n\nE: b'x'\nS: You sent: x\\r\\n\n"
    play(text, chat())
    report = refusal(text.replace("b'x'", "b'y'"), chat())
    assert "   3 - E: b'y'\n     + E: b'x'" in report


def test_time_passes_on_the_connections_own_fake_clock():
    clock = FakeClock(1000)
    connection = protocol(lambda: sleep(5), clock=clock)()
    play("... 4 s\n... 1 s\nS: <end>\n", connection)
    assert clock.now == 1005
    report = refusal("S: Hi\\r\\n\n... 60 s\n", chat())
    assert "+ S: <error> TimeoutExpired: not done within 60 s" in report


def test_what_happens_on_the_way_through_time_is_said_then():
    @protocol
    def clockwork():
        for _ in range(3):
            yield from sleep(10)
            yield from put(b"tick\n")

    play("... 25 s\nS: tick\\n\nS: tick\\n\n... 5 s\nS: tick\\n\nS: <end>\n", clockwork())


class Caller(Connection):
    """A client with a verb."""

    __slots__ = ("lines",)

    def __init__(self):
        self.lines = []
        super().__init__(self._talk())

    def _talk(self):
        yield from emit((yield from read_until(b"\r\n")))
        while not self.lines:
            yield from wait()
        yield from write(self.lines.pop(0) + b"\r\n")
        yield from emit((yield from read_until(b"\r\n")))

    def say(self, text):
        self.lines.append(text.removeprefix("say ").encode())


DIALOGUE = r"""
ends: \r\n
S: Hi
A: say hello
C: hello
S: You sent: hello
C: <end>
"""


def test_a_connection_can_play_the_client_and_its_application_acts():
    caller = Caller()
    assert play(DIALOGUE, caller, "C", act=caller.say) == [b"Hi", b"You sent: hello"]


def test_nobody_acts_without_an_application():
    with pytest.raises(ValueError, match=r"nobody can act: .* 'say hello'"):
        play(DIALOGUE, Caller(), "C")


def test_errors_of_the_application_are_raised():
    def act(text):
        raise KeyError(text)

    with pytest.raises(KeyError, match="say hello"):
        play(DIALOGUE, Caller(), "C", act=act)


def test_a_record_can_be_played():
    transcript = record(chat(), [b"hel", b"lo\r\n", b"a\r\nb\r\n.\r\n"])
    assert str(transcript) == (
        "S: Hi\\r\\n\nC: hel\nC: lo\\r\\n\nS: You sent: hello\\r\\n\nE: b'hello'\n"
        "C: a\\r\\n\nC: b\\r\\n\nC: .\\r\\n\n"
        "S: You sent: a\\r\\n\nS: You sent: b\\r\\n\n"
        "E: b'a'\nE: b'b'\nE: b'.'\nS: <end>\n"
    )
    assert play(Transcript.parse(str(transcript)), chat()) == [b"hello", b"a", b"b", b"."]


def test_a_record_holds_the_end_of_the_input_and_of_the_client():
    @protocol
    def count():
        lines = 0
        while not (yield from at_eof()):
            yield from read_until(b"\n")
            lines += 1
        yield from write(b"%d\n" % lines)

    assert str(record(count(), [b"a\nb\n"], "C", eof=True)) == (
        "S: a\\n\nS: b\\n\nS: <end>\nC: 2\\n\nC: <end>\n"
    )
