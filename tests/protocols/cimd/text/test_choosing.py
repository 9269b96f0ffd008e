"""The cheapest coding for a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.text import (
    CHARACTERS,
    DEFAULT,
    EXTENSION,
    LOOKALIKES,
    Coding,
    choose,
    split,
)

NAI = "\u039d\u0391\u0399"  # Greek, though it looks Latin
ALL = "".join(row.character for row in CHARACTERS) + "".join(EXTENSION.values())


@given(st.text(ALL, max_size=400))
def test_default_alphabet_never_takes_more_messages(text):
    assert choose(text).coding is Coding.DEFAULT
    assert len(split(text)) <= len(split(text, coding="ucs2"))


@given(st.text(max_size=100))
def test_what_the_default_alphabet_lacks_goes_in_ucs2(text):
    chosen = choose(text)
    assert (chosen.coding is Coding.DEFAULT) == (text in DEFAULT)
    assert chosen.text == text
    units = DEFAULT.count(text) if text in DEFAULT else len(text.encode("utf-16-be")) // 2
    assert chosen.size == units
    assert len(chosen.sizes) == len(text)


def test_surrogate_pairs_and_pairs_count_twice():
    assert choose("a€").sizes == b"\1\2"
    assert choose("ж😀").sizes == b"\1\2"
    assert choose("aé", Coding.EIGHT_BIT).sizes == b"\1\1"


@pytest.mark.parametrize("coding", Coding)
def test_coding_can_be_asked_for_by_its_name(coding):
    assert choose("abc", coding.value).coding is coding


def test_coding_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="'utf8' is not a valid Coding"):
        choose("abc", "utf8")


@pytest.mark.parametrize(
    ("text", "coding", "message"),
    [
        (
            "abж",
            "default",
            r"^in text > \[2\]: expected a character of the default alphabet, found 'ж'",
        ),
        (
            "abж",
            "packed",
            r"^in text > \[2\]: expected a character of the default alphabet, found 'ж'",
        ),
        ("ab€", "8bit", r"^in text > \[2\]: expected a character of ISO 8859-1, found '€'"),
        (
            "ab\ud83d",
            "ucs2",
            r"^in text > \[2\]: expected no half of a surrogate pair, found '\\ud83d'",
        ),
        (
            "ab\ud83d",
            None,
            r"^in text > \[2\]: expected no half of a surrogate pair, found '\\ud83d'",
        ),
    ],
)
def test_text_that_fits_no_coding_is_refused_with_the_character(text, coding, message):
    with pytest.raises(FieldError, match=message):
        choose(text, coding)


def test_substitutes_are_used_where_they_save_the_default_alphabet():
    assert choose(NAI, substitutes=LOOKALIKES).text == "NAI"
    unchanged = choose(f"{NAI} ж", substitutes=LOOKALIKES)
    assert (unchanged.coding, unchanged.text) == (Coding.UCS2, f"{NAI} ж")


def test_replacement_is_used_only_where_the_alphabet_is_asked_for():
    assert choose("ж€", "default", replacement="?").text == "?€"
    assert choose("ж€", replacement="?").text == "ж€"


def test_codings_know_what_the_scheme_says_of_them():
    assert [coding.charset.name for coding in Coding] == ["DEFAULT", "UCS2", "EIGHT_BIT", "DEFAULT"]
    assert [coding.has_septets for coding in Coding] == [True, False, False, True]
