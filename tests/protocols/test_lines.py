"""Lines: every vector in every cut, and the faults of those who came before."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ohnecimd import bounded, many, parse, protocol, read, read_until
from ohnecimd.errors import (
    Closed,
    FieldError,
    Malformed,
    NotAllowedNow,
    TooLong,
    Truncated,
    UnexpectedMessage,
)
from ohnecimd.protocols.lines import (
    FRIENDLY,
    STRICT,
    ChatClient,
    EchoClient,
    Line,
    chat,
    decode,
    echo,
    read_line,
)
from ohnecimd.testing import cuts, name_of_cut

VECTORS = Path(__file__).parents[1] / "data" / "lines" / "vectors.txt"
WORDS = {"CR": b"\r", "LF": b"\n", "SP": b" ", '""': b""}


def bytes_of(words):
    return b"".join(WORDS.get(word, word.encode()) for word in words.split())


class Vector:
    """A row of the file of vectors."""

    def __init__(self, row):
        self.row = row
        delimiter, limit, feeds, lines, self.end = (cell.strip() for cell in row.split(";"))
        choices = tuple(bytes_of(each) for each in delimiter.split(" or "))
        self.delimiter = choices[0] if len(choices) == 1 else choices
        self.limit = int(limit)
        self.has_ended = feeds.endswith("$")
        self.feeds = [bytes_of(piece) for piece in feeds.rstrip("$").split("|")]
        self.lines = [bytes_of(line) for line in lines.split(",")] if lines else []

    @property
    def data(self):
        return b"".join(self.feeds)

    @property
    def unfinished(self):
        return bytes_of(self.end.removeprefix("unfinished"))

    def __repr__(self):
        return self.row


def vectors():
    rows = VECTORS.read_text().splitlines()
    return [Vector(row) for row in rows if row.strip() and not row.startswith("#")]


def read_lines(vector, pieces, **options):
    """Give the lines that come of the pieces, and how it ended, in the words of the vectors."""
    lines = []

    @protocol
    def reading():
        while True:
            line = yield from read_line(vector.delimiter, limit=vector.limit, **options)
            if line is None:
                return
            lines.append(line)

    connection = reading()
    try:
        for piece in pieces:
            connection.send(piece)
        if vector.has_ended:
            connection.send_eof()
    except TooLong as error:
        return lines, f"too long at {error.position}"
    except Truncated as error:
        return lines, f"unfinished at {error.position}: {error.partial!r}"
    assert connection.has_result == vector.has_ended
    return lines, "clean"


def end_of(vector):
    if vector.end.startswith("unfinished"):
        return f"unfinished at {len(vector.data)}: {vector.unfinished!r}"
    return vector.end


def test_vectors_name_their_origin():
    assert VECTORS.read_text().splitlines()[0].startswith("# Origin: ")
    assert len(vectors()) > 30


@pytest.mark.parametrize("vector", vectors(), ids=repr)
def test_vector_gives_its_lines_and_its_end_in_every_cut(vector):
    assert read_lines(vector, vector.feeds) == (vector.lines, end_of(vector))
    for pieces in cuts(vector.data):
        assert read_lines(vector, pieces) == (vector.lines, end_of(vector)), name_of_cut(pieces)


@pytest.mark.parametrize("vector", vectors(), ids=repr)
def test_vector_with_its_ends_kept_is_the_input_again(vector):
    for pieces in cuts(vector.data):
        lines, end = read_lines(vector, pieces, keep_end=True)
        assert end == end_of(vector)
        assert vector.data.startswith(b"".join(lines))
        choices = vector.delimiter if isinstance(vector.delimiter, tuple) else (vector.delimiter,)
        stripped = [
            line[: -len(next(each for each in choices if line.endswith(each)))] for line in lines
        ]
        assert stripped == vector.lines


@pytest.mark.parametrize("vector", vectors(), ids=repr)
def test_vector_with_the_unfinished_line_taken(vector):
    if vector.end.startswith("unfinished"):
        expected = [*vector.lines, vector.unfinished], "clean"
    else:
        expected = vector.lines, vector.end
    for pieces in cuts(vector.data):
        assert read_lines(vector, pieces, take_unfinished=True) == expected


@pytest.mark.parametrize("vector", vectors(), ids=repr)
def test_vector_decoded_gives_lines_and_places(vector):
    """The friendly decoder of the command line; it goes on after lines that are too long."""
    for pieces in cuts(vector.data):
        connection = decode(vector.delimiter, limit=vector.limit)
        for piece in pieces:
            connection.send(piece)
        if vector.has_ended:
            connection.send_eof()
        events = connection.events()
        lines = [event for event in events if isinstance(event, Line)]
        assert [line.text for line in lines][: len(vector.lines)] == vector.lines
        for line in lines:
            assert vector.data[line.offset :].startswith(line.text)
        errors = [event for event in events if not isinstance(event, Line)]
        if vector.end == "clean":
            assert errors == []
        elif vector.end.startswith("unfinished"):
            assert [type(error) for error in errors] == [Truncated]
        else:
            assert [f"too long at {error.position}" for error in errors] == [vector.end]
        assert connection.error is None
        assert connection.closing == vector.has_ended


# read_line


def test_read_line_is_strict_by_default():
    assert parse(partial(read_line), b"a\nb\r\n") == b"a\nb"
    assert STRICT == b"\r\n"


def test_read_line_gives_none_at_the_end_again_and_again():
    connection = protocol(many(read_line, at_most=3))()
    connection.send(b"a\r\n")
    connection.send_eof()
    assert connection.get_result() == [b"a", None, None]


def test_limit_counts_the_line_without_its_end_whether_it_is_kept_or_not():
    for keep_end in (False, True):
        for delimiter, data in [
            (STRICT, b"12345\r\n"),
            (FRIENDLY, b"12345\n"),
            (b"\n", b"12345\n"),
        ]:
            fits = partial(read_line, delimiter, limit=5, keep_end=keep_end)
            assert parse(fits, data) == (data if keep_end else b"12345")
            over = partial(read_line, delimiter, limit=4, keep_end=keep_end)
            with pytest.raises(TooLong, match=r"at byte 4: .* within"):
                parse(over, data)


def test_limit_of_a_line_is_64_kib_by_default():
    longest = bytes(65536) + b"\r\n"
    assert parse(read_line, longest) == bytes(65536)
    with pytest.raises(TooLong):
        parse(read_line, b"\0" + longest)


def test_lines_in_a_bound_end_with_it():
    lines = many(partial(read_until, b"\n"))
    assert parse(bounded(lines, 4), b"a\nb\n") == [b"a", b"b"]
    with pytest.raises(Truncated, match="at byte 3"):
        parse(bounded(partial(read_line, b"\n"), 3), b"abcd\n")


def test_framing_may_change_between_lines():
    """What is buffered already goes to the next parser: an IMAP literal."""

    @protocol
    def literal():
        head = yield from read_line()
        body = yield from read(int(head.strip(b"{}")))
        return head, body, (yield from read_line())

    for pieces in cuts(b"{7}\r\na\r\nb\r\nc tail\r\n"):
        connection = literal()
        for piece in pieces:
            connection.send(piece)
        assert connection.get_result() == (b"{7}", b"a\r\nb\r\nc", b" tail")


# echo


@pytest.mark.parametrize(
    "data", [b"\n", b"a\n\nb\n", b"a\nb\n", b"\n\n\n", b"a\r\n", b"\xff\x00\n", b"Hello World\n"]
)
def test_echo_sends_every_line_back_in_every_cut(data):
    for pieces in cuts(data):
        connection = echo()
        answers = []
        for piece in pieces:
            connection.send(piece)
            answers.append(connection.read())
        assert b"".join(answers) == data
        connection.send_eof()
        assert connection.closing
        assert connection.error is None


def test_echo_sends_nothing_of_an_unfinished_line():
    connection = echo()
    connection.send(b"one\ntw")
    assert connection.read() == b"one\n"
    connection.send(b"o")
    assert connection.read() == b""
    connection.send(b"\n")
    assert connection.read() == b"two\n"


def test_echo_says_what_was_unfinished_at_the_end():
    connection = echo()
    connection.send(b"one\nabc")
    with pytest.raises(Truncated) as caught:
        connection.send_eof()
    assert str(caught.value) == ("at byte 7: expected b'\\n', found the end of input after 3 bytes")
    assert caught.value.partial == b"abc"
    assert connection.read() == b"one\n"


def test_echo_has_a_limit_and_answers_what_came_before():
    connection = echo(limit=5)
    with pytest.raises(TooLong, match="at byte 9"):
        connection.send(b"one\n123456")
    assert connection.read() == b"one\n"
    with pytest.raises(Closed):
        connection.send(b"\n")
    fits = echo(limit=5)
    fits.send(b"12345\n")
    assert fits.read() == b"12345\n"


def test_echo_without_newline_needs_no_more_memory_than_its_limit():
    connection = echo()
    for _ in range(65):
        connection.send(bytes(1000))
    with pytest.raises(TooLong, match="at byte 65536"):
        connection.send(bytes(1000))
    assert len(connection.unread) == 66_000


def test_echo_stops_taking_input_when_nobody_reads():
    connection = echo()
    taken = 0
    while connection.want_input:
        connection.send(b"x" * 999 + b"\n")
        taken += 1000
    assert taken < 200_000
    assert len(connection.read()) == taken
    assert connection.want_input


def test_echo_tells_the_application_if_it_likes():
    connection = echo(emits=True)
    connection.send(b"one\n\n")
    assert connection.events() == [Line(b"one", 0), Line(b"", 4)]
    assert connection.read() == b"one\n\n"
    assert echo().events() == []


# chat


@pytest.mark.parametrize(
    ("data", "answers", "ends"),
    [
        (b"Hello\r\n", b"You sent: Hello\r\n", False),
        (b"a\r\nb\r\n", b"You sent: a\r\nYou sent: b\r\n", False),
        (b"\r\n", b"You sent: \r\n", False),
        (b"..\r\n . \r\n", b"You sent: ..\r\nYou sent:  . \r\n", False),
        (b".\r\n", b"", True),
        (b".\r\nmore\r\n", b"", True),
        (b"a\r\n.\r\n.\r\nmore\r\n", b"You sent: a\r\n", True),
        (b"x\n", b"", False),
        (b"x\n.\r\n", b"You sent: x\n.\r\n", False),
        (b".\n\r\n", b"You sent: .\n\r\n", False),
    ],
)
def test_chat_answers_lines_until_one_is_a_dot(data, answers, ends):
    for pieces in cuts(data):
        connection = chat()
        given = b""
        for piece in pieces:
            connection.send(piece)
            given += connection.read()
        assert given == answers
        assert connection.closing == ends
        assert connection.error is None
        assert connection.want_input != ends


def test_chat_takes_lf_if_it_is_friendly_and_answers_with_cr_lf():
    connection = chat(FRIENDLY)
    connection.send(b"one\ntwo\r\n.\nthree\n")
    assert connection.read() == b"You sent: one\r\nYou sent: two\r\n"
    assert connection.closing


def test_chat_ends_clean_when_the_input_does():
    connection = chat()
    connection.send(b"a\r\n")
    connection.send_eof()
    assert connection.closing
    assert connection.error is None
    assert connection.read() == b"You sent: a\r\n"


def test_chat_says_what_was_unfinished_and_what_was_too_long():
    connection = chat()
    connection.send(b"abc")
    with pytest.raises(Truncated, match="at byte 3"):
        connection.send_eof()
    with pytest.raises(TooLong, match="at byte 6"):
        chat(limit=3).send(b"a\r\n1234")


def test_chat_tells_the_application_if_it_likes():
    connection = chat(emits=True)
    connection.send(b"one\r\n\r\ntwo\r\n.\r\n")
    assert connection.events() == [Line(b"one", 0), Line(b"", 5), Line(b"two", 7)]


# The clients


@pytest.mark.parametrize(("client", "server"), [(EchoClient, echo), (ChatClient, chat)])
def test_client_and_server_understand_each_other(client, server):
    ours, theirs = client(), server()
    said = [b"Hello", b"", b"You sent: me", b"\xff\x00", b" "]
    for line in said:
        ours.say(line)
        theirs.send(ours.read())
        ours.send(theirs.read())
    assert [event.text for event in ours.events()] == said
    theirs.send_eof()
    ours.send_eof()
    assert ours.closing
    assert ours.error is None


def test_chat_client_says_bye_and_the_server_closes():
    ours, theirs = ChatClient(), chat()
    ours.say(b"a")
    ours.bye()
    theirs.send(ours.read())
    ours.send(theirs.read())
    assert theirs.closing
    assert [event.text for event in ours.events()] == [b"a"]


@pytest.mark.parametrize(
    ("client", "line", "delimiter"),
    [(EchoClient, b"a\nb", rb"b'\\n'"), (ChatClient, b"a\r\nb", rb"b'\\r\\n'")],
)
def test_client_does_not_say_two_lines_for_one(client, line, delimiter):
    connection = client()
    with pytest.raises(FieldError, match=delimiter.decode()):
        connection.say(line)
    assert connection.read() == b""


@pytest.mark.parametrize("line", ["text", 5, None])
def test_client_says_bytes(line):
    connection = EchoClient()
    with pytest.raises(FieldError, match=f"a line is bytes, not {type(line).__name__}"):
        connection.say(line)
    assert connection.read() == b""


def test_line_that_would_end_the_conversation_is_not_said_by_chance():
    connection = ChatClient()
    with pytest.raises(FieldError, match="bye"):
        connection.say(b".")
    assert connection.read() == b""


def test_client_says_nothing_when_it_is_over():
    connection = ChatClient()
    connection.send_eof()
    with pytest.raises(NotAllowedNow):
        connection.say(b"too late")


def test_chat_client_refuses_an_answer_that_is_none():
    connection = ChatClient()
    connection.say(b"Hello")
    with pytest.raises(Malformed, match=r"at byte 1: expected b'ou sent: ' of b'You sent: '"):
        connection.send(b"Yes?\r\n")


def test_clients_have_a_limit_too():
    connection = EchoClient(limit=3)
    connection.say(b"abc")
    with pytest.raises(TooLong, match="within 3 bytes"):
        connection.send(b"1234")


# decode


def test_decode_goes_on_after_a_line_that_is_too_long():
    data = b"one\n" + b"x" * 50 + b"\nthree\n" + b"y" * 50 + b"\r\nfive\r\n"
    for pieces in cuts(data):
        connection = decode(limit=5)
        events = []
        for piece in pieces:
            connection.send(piece)
            events += connection.events()
        connection.send_eof()
        events += connection.events()
        assert [event.text if isinstance(event, Line) else event.position for event in events] == [
            b"one", 9, b"three", 66, b"five",
        ]  # fmt: skip
        assert connection.has_result


@pytest.mark.parametrize("delimiter", [b"<END>", (b"<END>",), (b"<END>", b"\n")])
def test_decode_tells_of_an_unfinished_line_even_in_its_delimiter(delimiter):
    connection = decode(delimiter, limit=8)
    connection.send(b"a<END>abcd<EN")
    connection.send_eof()
    line, error = connection.events()
    assert line == Line(b"a", 0)
    assert isinstance(error, Truncated)
    assert error.partial == b"abcd<EN"
    assert connection.has_result


@pytest.mark.parametrize("delimiter", [STRICT, FRIENDLY])
def test_decode_of_a_too_long_line_that_never_ends(delimiter):
    connection = decode(delimiter, limit=5)
    for _ in range(100):
        connection.send(b"x" * 9_999 + b"\r")
    connection.send_eof()
    (error,) = connection.events()
    assert isinstance(error, TooLong)
    assert connection.has_result
    assert connection.offset == 1_000_000
    assert connection.unread == b""


@pytest.mark.parametrize(
    ("client", "answer"),
    [(EchoClient, b"%s\n"), (ChatClient, b"You sent: %s\r\n")],
)
class TestAnswersThatAreNone:
    def test_answer_to_nothing_is_unexpected(self, client, answer):
        connection = client()
        with pytest.raises(UnexpectedMessage, match=r"^at byte 0: an answer to nothing"):
            connection.send(answer % b"a")

    def test_answer_that_was_not_said_is_malformed(self, client, answer):
        connection = client()
        connection.say(b"a")
        connection.say(b"b")
        connection.send(answer % b"a")
        with pytest.raises(Malformed, match=r": expected b'b' back, found b'c'$") as caught:
            connection.send(answer % b"c")
        assert caught.value.position == len(answer % b"a")
        assert [line.text for line in connection.events()] == [b"a"]
