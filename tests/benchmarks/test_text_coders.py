"""The coders of text do the same, and what they reach is judged there and back."""

from dataclasses import replace

import pytest

from .race import WrongResult, measure
from .text import ALPHABET, CODES, GSM0338, TEXT, TEXTS


@pytest.mark.parametrize("candidate", TEXT.candidates, ids=lambda each: each.name)
@pytest.mark.parametrize("row", TEXT.rows, ids=TEXT.row_names)
def test_coder_encodes_and_decodes_the_same(candidate, row):
    if not candidate.is_installed:
        pytest.skip(f"{candidate.module} is not installed")
    turn = row.turn(candidate, 1 << 20)
    assert turn.items == 1
    assert turn.run() > 0


def test_coder_that_does_something_else_is_found_before_it_is_timed():
    liar = replace(TEXT.candidates[1], name="liar", coder=lambda: (str.encode, bytes.decode))
    (row,) = (row for row in TEXT.rows if row.name == "Finnish, encode")
    with pytest.raises(WrongResult, match=r"^liar makes something else of the row 'Finnish, enc"):
        measure(row, [liar], rounds=1)


def test_texts_are_one_message_or_many():
    assert {len(text) for title, text in TEXTS.items() if title != "JSON"} >= {160, 16_000}
    assert all(len(text) <= 160 or len(text) == 16_000 for text in TEXTS.values())


def test_reaches_compare_what_there_and_back_costs():
    ways = {
        "German, encode": {ALPHABET: 1.0, CODES: 0.5, GSM0338: 30.0},
        "German, decode": {ALPHABET: 2.0, CODES: 1.5, GSM0338: 6.0},
    }
    reaches = {each.what: each for each in TEXT.reaches(ways)}
    assert {what: (each.ratio, each.is_reached) for what, each in reaches.items()} == {
        "German, there and back: gsm0338 / Alphabet": (12.0, True),
        "German, there and back: gsm0338 / Alphabet, codes": (18.0, True),
    }
    assert TEXT.reaches({"German, encode": ways["German, encode"]}) == []
