"""The default alphabet: against gsm0338, against the rules one by one, and with other tables."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import FieldError, Malformed, Misuse
from ohnecimd.protocols.cimd.text import (
    CHARACTERS,
    DEFAULT,
    EXTENSION,
    LOOKALIKES,
    PRINTED_VARIANTS,
    Alphabet,
    Character,
)

NAI = "\u039d\u0391\u0399"  # Greek, though it looks Latin
ALL = "".join(row.character for row in CHARACTERS) + "".join(EXTENSION.values())
TEXTS = st.text(ALL, max_size=200)
# What is hard to tell apart: low lines, letters of combinations, escapes, bytes of Latin-1.
WIRES = st.one_of(
    st.lists(
        st.sampled_from(
            [bytes([row.bytes[0]]) for row in CHARACTERS if row.bytes]
            + [f"_{row.combination}".encode() for row in CHARACTERS if row.combination]
            + [b"_XX", b"_XX", b"_", b"__", b"_X", b"\x1b", b"\x1b\x1b", b"_a", b"\xe2", b"\xff"]
            + [b"a0", b"gl", b"_XX_", b"_XX_gl", b"_XX_!!", b"\0", b"\x7f", b"g\x1b"]
        ),
        max_size=12,
    ).map(b"".join),
    st.binary(max_size=24),
)


@pytest.fixture
def gsm0338():
    return pytest.importorskip("gsm0338", reason="gsm0338 is not installed").Codec()


def codes_by_rule(wire, *, low_line=0x11):
    """Return codes as section 10 says, byte by byte."""
    combinations = {row.combination.encode(): row.code for row in CHARACTERS if row.combination}
    of_character = {row.character: row.code for row in CHARACTERS}
    codes, place = [], 0
    while place < len(wire):
        byte = wire[place]
        if byte == 0x5F:
            code = combinations.get(wire[place + 1 : place + 3])
            place += 0 if code is None else 2
            codes.append(low_line if code is None else code)
        elif byte >= 0x80:
            character = "Ç" if byte == 0xE7 else chr(byte)
            codes.append(of_character.get(character, of_character["?"]))
        else:
            codes.append({0x40: 0x00, 0x24: 0x02, 0x5D: 0x0E, 0x7D: 0x0F}.get(byte, byte))
        place += 1
    return bytes(codes)


def text_by_rule(codes):
    """Return text as section 10 says, code by code."""
    characters = {row.code: row.character for row in CHARACTERS}
    text, waiting = [], False
    for code in codes:
        if waiting:
            text.append(EXTENSION.get(code) or characters[code] or " ")
        elif code != 0x1B:
            text.append(characters[code])
        waiting = code == 0x1B and not waiting
    return "".join(text) + " " * waiting


# Beside gsm0338


def test_alphabet_has_128_codes_and_ten_pairs():
    assert sorted(row.code for row in CHARACTERS) == list(range(128))
    assert len(EXTENSION) == 10


@pytest.mark.parametrize("character", ALL)
def test_every_character_has_the_codes_that_gsm0338_gives(gsm0338, character):
    codes = gsm0338.encode(character)[0]
    assert DEFAULT.codes(character) == codes
    assert DEFAULT.text(codes) == character == gsm0338.decode(codes)[0]


def test_no_other_character_has_a_code(gsm0338):
    known = {gsm0338.decode(bytes([code]))[0] for code in range(128) if code != 0x1B}
    known |= {gsm0338.decode(bytes([0x1B, code]))[0] for code in EXTENSION}
    assert set(ALL) == known
    assert [chr(i) for i in range(0x3000) if chr(i) in DEFAULT and chr(i) not in known] == []


@given(TEXTS)
def test_texts_have_the_codes_that_gsm0338_gives(text):
    codec = pytest.importorskip("gsm0338", reason="gsm0338 is not installed").Codec()
    codes = codec.encode(text)[0]
    assert DEFAULT.codes(text) == codes
    assert DEFAULT.count(text) == len(codes)
    assert DEFAULT.text(codes) == text


# Rules


@given(TEXTS, st.booleans())
def test_what_was_encoded_reads_the_same_strictly(text, eight_bit):
    wire = DEFAULT.encode(text, eight_bit=eight_bit)
    assert DEFAULT.decode(wire, strict=True) == text
    assert eight_bit or wire.isascii()
    assert len(wire) <= 3 * DEFAULT.count(text)


@given(WIRES)
def test_any_user_data_is_read_as_the_rules_say(wire):
    codes = codes_by_rule(wire)
    assert DEFAULT.codes_in(wire) == codes
    assert DEFAULT.decode(wire) == DEFAULT.text(codes) == text_by_rule(codes)


@given(st.binary(max_size=30).map(lambda octets: bytes(each & 0x7F for each in octets)))
def test_any_codes_are_read_as_the_rules_say(codes):
    assert DEFAULT.text(codes) == text_by_rule(codes)


@given(st.binary(max_size=30).map(lambda octets: bytes(each & 0x7F for each in octets)))
def test_any_codes_have_user_data(codes):
    assert DEFAULT.codes_in(DEFAULT.wire(codes), strict=True) == codes
    assert DEFAULT.codes_in(DEFAULT.wire(codes, eight_bit=True), strict=True) == codes


def fault_in(wire, position):
    try:
        DEFAULT.decode(wire, strict=True, position=position)
    except Malformed as error:
        return error
    return None


@given(WIRES)
def test_strict_reading_gives_the_same_or_tells_the_first_wrong_place(wire):
    fault = fault_in(wire, 100)
    if fault is None:
        assert DEFAULT.decode(wire, strict=True) == DEFAULT.decode(wire)
        return
    place = fault.position - 100
    assert fault.hint == 302
    assert DEFAULT.codes_in(wire[:place], strict=True) == codes_by_rule(wire[:place])
    assert wire[place : place + 1] in (b"_", b"\x1b") or wire[place] >= 0x80


def test_combinations_are_those_of_the_table():
    wire = (
        b"_Oa_L-$_Y-_e`_e'_u`_i`_o`_C,\n_O/_o/\r_A*_a*_gd_--_gf_gg_gl_go_gp_gi_gs_gt_gx_AE_ae_ss_E'"
        b'"_ox_!!_A"_O"_N~_U"_so_??_a"_o"_n~_u"_a`'
    )
    text = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"¤¡ÄÖÑÜ§¿äöñüà'
    assert DEFAULT.decode(wire, strict=True) == text
    assert DEFAULT.encode(text) == wire


def test_pairs_are_those_of_the_table():
    wire = b"_XX\n_XX_gl_XX(_XX)_XX/_XX<_XX=_XX>_XX_!!_XXe"
    assert DEFAULT.decode(wire, strict=True) == "\f^{}\\[~]|€"
    assert DEFAULT.encode("\f^{}\\[~]|€") == wire


def test_single_bytes_stand_for_the_characters_of_the_old_7_bit_sets():
    assert DEFAULT.decode(b"[\\^`{|~@$]}", strict=True) == "ÄÖÜ¿äöü@$Åå"


def test_single_bytes_of_latin_1_are_read_with_the_small_cedilla_as_a_capital():
    wire = "£¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüàç".encode("latin-1")
    assert DEFAULT.decode(wire, strict=True) == "£¥èéùìòÇØøÅåÆæßÉ¤¡ÄÖÑÜ§¿äöñüàÇ"
    assert DEFAULT.decode(wire + b"_Oa", strict=True).endswith("àÇ@")


def test_second_element_of_a_pair_may_be_written_in_any_way():
    assert DEFAULT.decode(b"_XX\xa1 \x1be _XX\x14 \x1b_gl", strict=True) == "| € ^ ^"


def test_pair_that_is_unknown_is_its_second_character():
    assert DEFAULT.decode(b'_XXa _XX_Oa _XX_a" _XX@ _XXX', strict=True) == "a @ ä @ X"


def test_escape_behind_an_escape_is_a_space():
    assert DEFAULT.decode(b"_XX_XXe", strict=True) == " e"
    assert DEFAULT.text(b"\x1b\x1b\x1be") == " €"


@pytest.mark.parametrize(("wire", "place"), [(b"ab_XX", 2), (b"ab\x1b", 2), (b"_--_XX\x1b_XX", 7)])
def test_escape_at_the_end_is_a_space_or_refused(wire, place):
    assert DEFAULT.decode(wire).endswith(" ")
    with pytest.raises(Malformed, match=rf"^at byte {place}: an escape at the end$") as caught:
        DEFAULT.decode(wire, strict=True)
    assert caught.value.hint == 302


def test_low_line_that_begins_nothing_is_what_was_asked_for():
    assert DEFAULT.decode(b"a_b__--_") == "a_b___"
    assert DEFAULT.decode(b"a_b__--_", low_line="§") == "a§b§_§"


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b"abc_zz_", r"^at byte 3: expected a combination, found b'_zz'$"),
        (b"abc_a`_", r"^at byte 6: expected a combination, found b'_'$"),
        (b"abc\xe2", r"^at byte 3: expected a character of the default alphabet, found b'\\xe2'$"),
    ],
)
def test_strict_reading_says_what_is_wrong_and_where(wire, message):
    with pytest.raises(Malformed, match=message) as caught:
        DEFAULT.decode(wire, strict=True)
    assert caught.value.hint == 302


def test_codes_without_character_are_told():
    with pytest.raises(Malformed, match=r"^at byte 12: expected a code of the default alphabet"):
        DEFAULT.text(b"ab\xc3", position=10)


@pytest.mark.parametrize("text", ["ж", "\0", "\ud83d", "😀", "â", "\ufffe"])
def test_character_without_code_is_named_with_its_index(text):
    for refuse in (DEFAULT.encode, DEFAULT.codes, DEFAULT.count):
        with pytest.raises(FieldError) as caught:
            refuse(f"für {text} \0 ж")
        assert str(caught.value) == (
            f"in text > [4]: expected a character of the default alphabet, found {text!r}"
        )
    assert DEFAULT.missing_in(f"für {text} \0 ж") == 4
    assert text not in DEFAULT


def test_nul_is_no_character_of_the_alphabet():
    for refuse in (DEFAULT.encode, DEFAULT.codes, DEFAULT.count):
        with pytest.raises(FieldError, match=r"^in text > \[1\]: .* found '\\x00'$"):
            refuse("a\0b")


def test_substitutes_and_replacement_are_used_only_where_they_are_needed():
    assert DEFAULT.encode(f"{NAI} ç Ω", substitutes=LOOKALIKES) == b"NAI _C, _go"
    assert DEFAULT.encode("ж ç Ç ä", replacement="?") == b'? ? _C, _a"'
    assert DEFAULT.codes("a…b", substitutes={"…": "...", "a": "z"}) == b"a...b"
    assert DEFAULT.encode(NAI, substitutes=LOOKALIKES, eight_bit=True) == b"NAI"
    with pytest.raises(FieldError, match=r"found 'ж'$"):
        DEFAULT.encode("ж", substitutes=LOOKALIKES)


def test_eight_bit_form_is_used_only_when_asked_for():
    assert DEFAULT.encode("é_@€Ω", eight_bit=True) == b"\xe9_--_Oa_XXe_go"
    assert DEFAULT.encode("é") == b"_e'"


def test_long_texts_are_no_different():
    text = ALL * 20
    assert DEFAULT.decode(DEFAULT.encode(text)) == text
    assert DEFAULT.decode(b"_XX_XX" + DEFAULT.encode(text)) == " " + text


# Other tables


def test_variants_that_an_edition_prints_are_read_when_asked_for():
    tolerant = DEFAULT.accepting(PRINTED_VARIANTS)
    assert tolerant.decode(b"_a0 _e\" _Oa _e' _XXe", strict=True) == "@ é @ é €"
    assert DEFAULT.decode(b'_a0 _e"') == '_a0 _e"'
    assert tolerant.encode("@é") == b"_Oa_e'"


def test_forms_to_be_sent_can_be_chosen():
    chosen = DEFAULT.sending({'"': b"_qq", "@": b"@"})
    assert chosen.encode('"@" €') == b"_qq@_qq _XXe"
    assert chosen.accepting({"a0": "@"}).encode('"') == b"_qq"
    assert DEFAULT.encode('"@"') == b'"_Oa"'


def test_another_table_can_be_used():
    rows = [row for row in CHARACTERS if row.code not in (0x09, 0x40)]
    turkish = Alphabet(
        "Turkish alphabet",
        [*rows, Character(0x09, "ğ", "gb", b"\xf0"), Character(0x40, "İ", "I.")],
        {**EXTENSION, 0x73: "ş", 0x40: "|"},
    )
    text = "ğİş | € äö@"
    assert turkish.encode(text) == b'_gb_I._XXs _XX_I. _XXe _a"_o"_Oa'
    assert turkish.decode(turkish.encode(text), strict=True) == text
    assert turkish.text(turkish.codes(text)) == text
    assert "Ç" not in turkish
    assert repr(turkish) == "<Alphabet 'Turkish alphabet'>"


def test_table_may_lack_codes_and_the_escape():
    digits = Alphabet(
        "digits",
        [Character(ord(each), each, "", each.encode()) for each in "0123456789 ?"]
        + [Character(0x11, "_", "--")],
        {},
    )
    assert digits.encode("12 3_") == b"12 3_--"
    assert digits.decode(b"1a2_--_") == "1?2__"
    with pytest.raises(Malformed, match=r"^at byte 1: expected a code of the digits"):
        digits.text(b"1a2")
    with pytest.raises(FieldError, match=r"^in codes > \[1\]: expected a code of the digits"):
        digits.wire(b"1a2")
    with pytest.raises(Malformed, match=r"^at byte 1: expected a character of the digits"):
        digits.decode(b"1a2", strict=True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([Character(0x41, "Ä")], "no second row of code 65"),
        ([Character(200, "Ȁ")], "none over 127"),
        ([Character(0x00, "A")], "'A' has two codes"),
        ([Character(0x00, "")], "code 27, and no other, is no character"),
        ([Character(0x00, "@", "a")], "'a' is no combination"),
        ([Character(0x00, "@", "a_")], "'a_' is no combination"),
        ([Character(0x00, "@", "ä`")], "'ä`' is no combination"),
        ([Character(0x00, "@", "L-")], "the combination 'L-' has two codes"),
        ([Character(0x00, "@")], "code 0 has no form"),
        ([Character(0x00, "@", "", b"\xc0")], "code 0 has no form"),
        ([Character(0x00, "@", "", b"\x02")], "code 0 has no form"),
    ],
)
def test_tables_that_contradict_themselves_are_refused(rows, message):
    others = [row for row in CHARACTERS if row.code != 0x00]
    with pytest.raises(Misuse, match=message):
        Alphabet("wrong", [*others, *rows])


@pytest.mark.parametrize("character", [" ", "?", "_"])
def test_tables_without_what_stands_for_something_wrong_are_refused(character):
    with pytest.raises(Misuse, match=f"there is no '{re.escape(character)}'"):
        Alphabet("wrong", [row for row in CHARACTERS if row.character != character])


def test_low_line_cannot_be_what_has_no_code():
    with pytest.raises(Misuse, match="'ж' has no code"):
        DEFAULT.decode(b"a_b", low_line="ж")


@pytest.mark.parametrize("form", [b"_Oa", b"_xx", b"b", b"", b"\xe4", b"ab"])
def test_forms_that_would_be_read_as_something_else_are_refused(form):
    with pytest.raises(Misuse, match="is no form of code 97"):
        DEFAULT.sending({"a": form})


def test_bytes_that_no_value_holds_are_not_sent():
    raw = Alphabet("raw", [row for row in CHARACTERS if row.code] + [Character(0x00, "@", "Oa")])
    with pytest.raises(Misuse, match=r"b'\\x00' is no form of code 0"):
        raw.sending({"@": b"\0"})


def test_code_below_80_that_no_byte_claims_is_written_as_itself():
    rows = [row for row in CHARACTERS if row.code != 0x10]
    alphabet = Alphabet("raw", [*rows, Character(0x10, "Δ")])
    assert alphabet.encode("Δ_") == b"\x10_--"
    assert alphabet.decode(b"\x10_--", strict=True) == "Δ_"


def test_pair_whose_second_code_has_no_form_is_refused():
    rows = [row for row in CHARACTERS if row.code != 0x65]
    with pytest.raises(Misuse, match="code 101 has no form"):
        Alphabet("wrong", rows)


def test_forms_and_combinations_of_what_has_no_code_are_refused():
    with pytest.raises(Misuse, match="'ж' has no code"):
        DEFAULT.sending({"ж": b"z"})
    with pytest.raises(Misuse, match="'' has no code"):
        DEFAULT.accepting({"zz": ""})


def test_combinations_that_cannot_be_told_apart_are_refused():
    many = {f"{chr(33 + i)}{chr(34 + i)}": "a" for i in range(61)}
    with pytest.raises(Misuse, match="too many different letters"):
        DEFAULT.accepting(many)
    letters = "abcdefghijkl"
    many = {f"{one}{other}": "a" for one in letters for other in letters}
    del many["ae"]
    with pytest.raises(Misuse, match="too many combinations"):
        DEFAULT.accepting(
            {each: "a" for each in many if each not in ("gd", "gf", "gg", "gl", "gi")}
        )
