"""Dumps of bytes with names, whatever the names, values and errors are."""

import enum
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page

from ohnecimd.cli.dump import html_of, rows_of, text_of
from ohnecimd.errors import Malformed, Truncated
from ohnecimd.fields import counted, raw, u8, u16
from ohnecimd.messages import SECRET, Message, Span, explain

EVERY_BYTE = bytes(range(256))
EVERY_CHARACTER = "".join(map(chr, range(0x180))) + "\u202e\u2028\ud800\U000e0001"
EVIL = "\x1b]0;gotcha\x07<script>alert(1)</script>\u202e\r\n&\"'"


def text(data, *found, **options):
    return list(text_of(data, found, **options))


def titles(data, *found):
    """What stands beside the bytes."""
    return [line[45:] for line in text(data, *found)]


def page(data, *found, title="title", **options):
    return Page("\n".join(html_of(title, data, found, **options)))


def test_every_line_has_offset_bytes_characters_and_name():
    data = b"ABCD\0\0\0\x0bhello world"
    assert text(
        data,
        Span(0, 4, ("chunk", "id"), b"ABCD", "what it is"),
        Span(4, 8, ("chunk", "size"), 11),
        Span(8, 19, ("chunk", "contents"), b"hello world"),
    ) == [
        "00000000  41 42 43 44              ABCD      chunk > id = 'ABCD'  (what it is)",
        "00000004  00 00 00 0b              ....      chunk > size = 11",
        "00000008  68 65 6c 6c 6f 20 77 6f  hello wo  chunk > contents = 'hello world'",
        "00000010  72 6c 64                 rld",
    ]


def test_bytes_that_nothing_is_found_of_are_shown_too():
    assert text(b"abcdef", Span(1, 2, ("b",), 98), Span(4, 5, ("e",), None)) == [
        "00000000  61                       a         (unnamed)",
        "00000001  62                       b         b = 98",
        "00000002  63 64                    cd        (unnamed)",
        "00000004  65                       e         e",
        "00000005  66                       f         (unnamed)",
    ]


def test_nothing_has_no_lines():
    assert text(b"") == []
    assert page(b"").rows == []


def test_errors_stand_at_their_places_and_say_them_once():
    data = b"abcdef"
    assert text(
        data,
        Span(0, 2, ("a",), None),
        Malformed("no c", position=2),
        Malformed("nothing at all"),
        Span(3, 6, ("d",), None),
        Malformed("no e", position=4, path=["packet"]),
        Truncated(position=6, partial=b"def"),
    ) == [
        "00000000  61 62                    ab        a",
        "00000002                                     ! no c",
        "00000002                                     ! nothing at all",
        "00000002  63                       c         (unnamed)",
        "00000003  64 65 66                 def       d",
        "00000004                                     ! in packet: no e",
        "00000006                                     ! found the end of input after 3 bytes",
    ]


def test_a_place_that_only_begins_alike_is_not_cut_off():
    (line,) = titles(b"", Malformed("at byte 1234: oh", position=1))
    assert line == "! at byte 1234: oh"
    assert titles(b"ab", Malformed(": : oh", position=1))[1] == "! oh"


def test_an_error_behind_the_end_is_shown():
    assert text(b"a", Malformed("late", position=300)) == [
        "00000000  61                       a         (unnamed)",
        "0000012c                                     ! late",
    ]
    assert text(b"", Malformed("late", position=300)) == [
        "0000012c                                     ! late"
    ]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12), st.booleans()), max_size=12))
def test_every_byte_is_shown_once_whatever_is_found(places):
    data = EVERY_BYTE[:40]
    found = [
        Malformed("x", position=start)
        if is_error
        else Span(start, min(start + size, 40), ("x",), 1)
        for start, size, is_error in sorted(places)
    ]
    rows = [row for row in rows_of(data, found) if not row.is_error]
    assert b"".join(row.data for row in rows) == data
    assert [row.start for row in rows] == sorted({row.start for row in rows})
    assert all(row.data == data[row.start : row.start + len(row.data)] for row in rows)
    assert sum(row.is_error for row in rows_of(data, found)) == sum(each[2] for each in places)


class Login(Message):
    user: Annotated[bytes, raw(3)]
    password: Annotated[bytes, raw(10), SECRET]
    kind: u8


class Points(Message):
    points: Annotated[tuple[u16, ...], counted(u8)]


class Kind(enum.IntFlag):
    ODD = 1
    LARGE = 4


class Colour(enum.Enum):
    RED = "r"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (7, "7"),
        (True, "True"),
        (-90.5, "-90.5"),
        ("", "''"),
        ("by the window", "'by the window'"),
        ("é\x1b[2J\u202e", r"'é\x1b[2J\u202e'"),
        ("x" * 100, "'" + "x" * 59 + "..."),
        (Kind.ODD | Kind.LARGE, "ODD|LARGE (5)"),
        (Kind(0), "0"),
        (Colour.RED, "RED ('r')"),
        ((1, b"\x9b"), r"(1, b'\x9b')"),
        (b"", "''"),
        (b"\x00\x01\x02\xff", r"'\x00\x01\x02\xff'"),
        (b"\x1b[31m\\", r"'\x1b[31m\\'"),
        (b"0123456789abcdef", "'0123456789abcdef'"),
        (b"Lavf59.27.100, a text\0", r"'Lavf59.27.100, a text\x00'"),
        (bytes(64), "64 bytes"),
        (EVERY_BYTE, "256 bytes"),
        (b"x" * 300, "'" + "x" * 60 + "'... 300 bytes"),
    ],
)
def test_values_are_short_and_printable(value, shown):
    assert titles(b"?", Span(0, 1, ("field",), value)) == [f"field = {shown}"]


def test_long_parts_are_cut_and_the_rest_is_counted():
    data = b"abcdefghij" * 5
    span = Span(0, 50, ("data",), data)
    assert text(data, span, most_lines=2) == [
        f"00000000  61 62 63 64 65 66 67 68  abcdefgh  data = '{data.decode()}'",
        "00000008  69 6a 61 62 63 64 65 66  ijabcdef",
        "          ... 34 bytes more",
    ]
    assert len(text(data, span)) == 7
    assert len(text(data, span, most_lines=7)) == 7


def test_a_single_line_is_not_left_out():
    data = b"x" * 24
    assert not any("more" in line for line in text(data, most_lines=2))
    assert text(data + b"x", most_lines=2)[-1] == "          ... 9 bytes more"


def test_no_character_that_a_terminal_obeys_comes_through():
    span = Span(0, 256, (EVERY_CHARACTER, EVIL), EVERY_CHARACTER, EVERY_CHARACTER)
    error = Malformed(EVIL, position=256, path=[EVIL])
    for line in text(EVERY_BYTE, span, Span(256, 257, (EVIL,), EVERY_BYTE), error):
        assert line.isprintable()
    assert [row.start for row in rows_of(EVERY_BYTE, [span, error])] == [0, 256]


def test_a_secret_is_not_shown():
    data = Login(b"ann", b"hush \x00hush", 1).encode()
    spans, _ = explain(Login, data)
    assert text(data, *spans) == [
        "00000000  61 6e 6e                 ann       user = 'ann'",
        "00000003  ** ** ** ** ** ** ** **  ********  password = ***",
        "0000000b  ** **                    **",
        "0000000d  01                       .         kind = 1",
    ]
    shown = "\n".join(html_of("login", data, spans))
    assert "***" in shown
    assert not any(each in shown for each in ("hush", "68 75", "73 68"))


def test_items_of_lists_have_numbers():
    data = b"\2\0\1\0\2"
    spans, _ = explain(Points, data)
    assert titles(data, *spans) == ["points > number = 2", "points[0] = 1", "points[1] = 2"]


# HTML


def test_a_page_has_a_row_for_every_part():
    data = b"ABCD\0\0\0\x0bhello world"
    shown = page(
        data,
        Span(0, 4, ("chunk", "id"), b"ABCD", "what it is"),
        Span(4, 8, ("size",), 11),
        Malformed("too many", position=8),
        title="a title",
        most_lines=1,
    )
    assert shown.texts.count("a title") == 2
    assert shown.rows == [
        ["00000000  41 42 43 44              ABCD", "chunk > id", "'ABCD'", "what it is"],
        ["00000004  00 00 00 0b              ....", "size", "11", ""],
        ["00000008", "error", "too many", ""],
        [
            "00000008  68 65 6c 6c 6f 20 77 6f  hello wo\n00000010  72 6c 64                 rld",
            "(unnamed)",
            "",
            "",
        ],
    ]
    assert shown.kinds == [None, None, None, "error", None]


def test_long_parts_are_cut_in_a_page_too():
    (row,) = page(bytes(100), most_lines=3).rows
    assert row[0].splitlines()[3:] == ["          ... 76 bytes more"]
    (row,) = page(bytes(100)).rows
    assert len(row[0].splitlines()) == 13


def test_nothing_of_the_bytes_becomes_a_part_of_the_page():
    spans = [
        Span(0, 256, (EVIL, EVERY_CHARACTER), EVIL, EVIL),
        Span(256, 300, (EVIL,), EVERY_CHARACTER, EVERY_CHARACTER),
        Span(300, 330, (EVIL,), b"<b>&amp;<script>alert(2)</script>"),
    ]
    error = Malformed(EVIL, position=400, path=[EVIL])
    data = EVERY_BYTE + b"<script>alert(3)</script> <img src=x onerror=y> &lt;" * 4
    shown = page(data, *spans, error, title=EVIL)
    plain = page(b"abc", Span(0, 1, ("x", "y"), 1))
    assert shown.elements <= plain.elements
    assert {name for name, _ in shown.attributes} <= {"lang", "charset", "class"} | {
        "http-equiv", "content", "name",
    }  # fmt: skip
    assert all(line.isprintable() for each in shown.texts for line in each.splitlines())
    assert len(shown.rows) == 6
    assert "<script>alert(3)" in "".join(line[35:43] for line in shown.rows[3][0].splitlines())
    assert shown.kinds.count("error") == 1


def test_a_page_needs_nothing_else():
    shown = page(EVERY_BYTE, Span(0, 100, ("x", "y"), EVERY_BYTE[:100]))
    assert not shown.elements & {"script", "link", "img", "iframe", "object", "base", "a"}
    assert not {name for name, _ in shown.attributes} & {"src", "href", "style"}
    assert not any("url(" in each or "@import" in each for each in shown.texts)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in shown.attributes


def test_a_page_can_be_written_in_any_encoding_that_it_may_need():
    shown = "\n".join(html_of("\udcff", b"x", [Span(0, 1, ("\ud800",), "\udcff", "\ud800")]))
    assert Page(shown.encode("utf-8").decode("utf-8")).texts.count(r"\udcff") == 2
