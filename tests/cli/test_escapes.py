import json

import pytest

from ohnecimd.cli.escapes import escape, printable, to_json, unescape

ALL_BYTES = bytes(range(256))


def test_escaped_bytes_are_printable_ascii():
    text = escape(ALL_BYTES)
    assert text.isascii()
    assert text.isprintable()


def test_printable_ascii_stands_for_itself():
    text = "".join(map(chr, range(0x20, 0x7F))).replace("\\", "")
    assert escape(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[2J", r"\x1b[2J"),
        (b"\r\n\t\0", r"\x0d\x0a\x09\x00"),
        (b"\x7f\x80\x9b\xff", r"\x7f\x80\x9b\xff"),
        (rb"\x41", r"\\x41"),
    ],
)
def test_what_a_terminal_obeys_and_the_backslash_are_escaped(data, text):
    assert escape(data) == text


def test_unescape_is_the_inverse_of_escape():
    assert unescape(escape(ALL_BYTES)) == ALL_BYTES


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (r"\r\n", b"\r\n"),
        (r"\t\0", b"\t\0"),
        (r"a\\n", b"a\\n"),
        ("é", b"\xc3\xa9"),
        (r"\XFF", None),
    ],
)
def test_unescape_knows_what_users_type(text, data):
    if data is None:
        with pytest.raises(ValueError, match=r"\\X is no escape"):
            unescape(text)
    else:
        assert unescape(text) == data


@pytest.mark.parametrize("text", ["\\", r"\q", r"\x", r"\x1", r"\xg0"])
def test_an_escape_that_nobody_knows_is_named(text):
    with pytest.raises(ValueError) as caught:
        unescape(text)
    start = text[:2]
    assert str(caught.value) == (
        rf"{start} is no escape; there are \n, \r, \t, \0, \\ and \xNN (two hex digits)"
    )


def test_printable_keeps_letters_and_escapes_controls():
    assert printable("/tmp/café\x1b[2J\x9b\udcff") == r"/tmp/café\x1b[2J\x9b\udcff"


def test_json_is_printable_ascii_that_gives_back_what_went_in():
    members = {"line": ALL_BYTES.decode("latin-1"), "offset": 7}
    text = to_json(members)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text) == members
