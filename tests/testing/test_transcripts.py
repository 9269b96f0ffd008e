from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.testing import Entry, Transcript
from ohnecimd.testing.transcripts import escape, unescape

TEXT = r"""
# a comment
C: Hello\r\n
S: <hex 00 05 4f>
... 1.5 s
ends: \r\n
C: more
C: no end\
C: a backslash\\
C:
C:  two spaces
S: \x3ctag>
E: Line(text=b'x')
A: say hello
C: <end>
S: <error> Malformed: no
"""


def test_every_kind_of_line_is_read():
    assert list(Transcript.parse(TEXT)) == [
        Entry("bytes", "C", b"Hello\r\n"),
        Entry("bytes", "S", b"\0\5O"),
        Entry("time", seconds=1.5),
        Entry("bytes", "C", b"more\r\n"),
        Entry("bytes", "C", b"no end"),
        Entry("bytes", "C", b"a backslash\\\r\n"),
        Entry("bytes", "C", b"\r\n"),
        Entry("bytes", "C", b" two spaces\r\n"),
        Entry("bytes", "S", b"<tag>\r\n"),
        Entry("event", text="Line(text=b'x')"),
        Entry("action", text="say hello"),
        Entry("end", "C"),
        Entry("error", "S", text="Malformed: no"),
    ]


def test_entries_know_their_line():
    assert [entry.number for entry in Transcript.parse(TEXT)][:4] == [3, 4, 5, 7]


def test_what_is_written_is_read_again():
    transcript = Transcript.parse(TEXT)
    again = Transcript.parse(str(transcript))
    assert again == transcript
    assert again != "text"
    assert repr(transcript) == "<Transcript 'transcript': 13 entries>"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("X: who", "expected C:, S:, E:, A:, ends:, # or ..."),
        ("C:Hello", "expected C:, S:, E:, A:, ends:, # or ..."),
        ("... a while", "expected C:, S:, E:, A:, ends:, # or ..."),
        (r"C: \q", r"unknown escape \q"),
        (r"C: \x4", r"unknown escape \x"),
        ("C: <what>", r"expected <hex ...>, <end> or <error>"),
        ("C: <hex 0g>", "non-hexadecimal number"),
    ],
)
def test_a_line_that_is_none_is_refused_with_its_number(line, fault):
    with pytest.raises(ValueError, match=r"chat\.txt, line 2: ") as caught:
        Transcript.parse(f"C: fine\n{line}\n", name="chat.txt")
    assert fault in str(caught.value)
    assert str(caught.value).endswith(repr(line))


def test_text_may_be_utf_8():
    assert unescape("Grüße") == "Grüße".encode()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Hello\r\n", r"Hello\r\n"),
        (b"\t\\\x00ab", r"\t\\\x00ab"),
        (b" a ", r" a\x20"),
        (b" ", r"\x20"),
        (b"<end>", r"\x3cend>"),
        (b"", ""),
        (b"\xff\x00\x01a", "<hex ff000161>"),
    ],
)
def test_bytes_are_escaped(data, text):
    assert escape(data) == text


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(min_size=1, max_size=400)), max_size=5))
def test_any_bytes_survive_writing_and_reading(said):
    transcript = Transcript()
    for side, data in said:
        transcript.add_bytes(side, data)
    again = Transcript.parse(str(transcript))
    assert again == transcript
    for side in "CS":
        stream = b"".join(entry.data for entry in again if entry.side == side)
        assert stream == b"".join(data for who, data in said if who == side)
    assert all(len(line) < 700 for line in str(transcript).splitlines())


def test_transcript_may_be_indented_as_a_whole():
    transcript = Transcript.parse("""
        ends: \\n
        C: a
        S: b
    """)
    assert list(transcript) == [Entry("bytes", "C", b"a\n"), Entry("bytes", "S", b"b\n")]


def test_only_line_feeds_separate_the_lines_of_a_transcript():
    assert len(Transcript.parse("C: a\u2028b\x85c\r\nS: d\n")) == 2
