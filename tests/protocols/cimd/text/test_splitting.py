"""Texts and octets as messages, and together again."""

import math
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import FieldError, Misuse
from ohnecimd.protocols.cimd.text import (
    CHARACTERS,
    DEFAULT,
    EXTENSION,
    LOOKALIKES,
    PARTS_MOST,
    Coding,
    Concatenated,
    Header,
    Joiner,
    MessageClass,
    Ports,
    Reader,
    Waiting,
    capacity_of,
    split,
)

NAI = "\u039d\u0391\u0399"  # Greek, though it looks Latin
ALL = "".join(row.character for row in CHARACTERS) + "".join(EXTENSION.values()) * 3
GSM_TEXTS = st.text(ALL, max_size=800)
TEXTS = st.one_of(
    GSM_TEXTS,
    st.text(max_size=400),
    st.text("aж😀e\u0301\u20e3\u200d\U0001f3fb", max_size=400),
)
ELEMENTS = st.sampled_from([(), (Ports(5505, 5506),), (Ports(1, 2), Ports(3, 4), Ports(5, 6))])


def joined(parts, order, reader=None):
    joiner = Joiner(reader)
    (outcome,) = [found for i in order for found in joiner.add(parts[i], now=0.0)]
    return outcome.content


def header_size(part):
    return len(part.header or b"")


def is_within_limits(part):
    free = 140 - header_size(part)
    if part.user_data is None:
        return len(part.user_data_binary) <= free
    codes = len(DEFAULT.codes_in(part.user_data, strict=True))
    return codes <= math.floor(free * 8 / 7) and len(part.user_data) <= 480


@given(TEXTS, ELEMENTS, st.booleans(), st.randoms(use_true_random=False))
def test_parts_in_any_order_are_the_text_again(text, elements, has_long_reference, random):
    parts = split(text, reference=200, elements=elements, has_long_reference=has_long_reference)
    order = list(range(len(parts)))
    random.shuffle(order)
    assert joined(parts, order, Reader(strict=True)) == text
    assert all(map(is_within_limits, parts))
    assert "".join(part.text for part in parts) == text
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))


@given(TEXTS)
def test_no_part_ends_within_a_character(text):
    for part in split(text):
        assert Reader(strict=True).read(part) == part.text


@given(st.text("aäbж😀\u0301\u20e3\u200d\U0001f3fb", max_size=400))
def test_no_part_begins_with_a_combining_mark_if_there_was_a_place_before(text):
    parts = split(text, coding="ucs2")
    for before, part in pairwise(parts):
        if any(each in before.text[1:] for each in "aäbж"):
            assert not unicodedata.category(part.text[0]).startswith("M")
            assert part.text[0] not in "\u200d\U0001f3fb"
            assert not before.text.endswith("\u200d")


def test_sequences_are_cut_where_that_is_asked_for():
    text = "ж" * 66 + "e\u0301" * 10
    kept, cut = split(text)[0].text, split(text, keeps_sequences=False)[0].text
    assert (kept, cut) == ("ж" * 66, "ж" * 66 + "e")


def test_sequence_longer_than_a_part_is_cut():
    parts = split("e" + "\u0301" * 100)
    assert [len(part.text) for part in parts] == [67, 34]


@given(GSM_TEXTS, ELEMENTS, st.booleans())
def test_packed_text_reads_the_same_but_for_an_at_that_is_left_over(text, elements, from_bit_0):
    parts = split(text, coding="packed", elements=elements, packs_from_bit_0=from_bit_0)
    reader = Reader(strict=True, packed_from_bit_0=from_bit_0)
    for part in parts:
        assert is_within_limits(part)
        assert part.user_data is None
        found = reader.read(part)
        assert part.text in (found, found + "@")


@given(st.binary(max_size=1000), ELEMENTS)
def test_octets_are_split_anywhere(octets, elements):
    parts = split(octets, elements=elements)
    assert joined(parts, range(len(parts))) == octets
    assert all(map(is_within_limits, parts))
    assert {part.dcs for part in parts} == {4}
    assert {part.text for part in parts} == {None}


@pytest.mark.parametrize(
    ("text", "coding", "sizes"),
    [
        ("x" * 160, None, [160]),
        ("x" * 161, None, [153, 8]),
        ("x" * 306, None, [153, 153]),
        ("x" * 307, None, [153, 153, 1]),
        ("€" * 80, None, [80]),
        ("€" * 81, None, [76, 5]),
        ("x" + "€" * 80, None, [77, 4]),
        ("ж" * 70, None, [70]),
        ("ж" * 71, None, [67, 4]),
        ("😀" * 35, None, [35]),
        ("😀" * 36, None, [33, 3]),
        ("x" * 140, "8bit", [140]),
        ("x" * 141, "8bit", [134, 7]),
        ("x" * 160, "packed", [160]),
        ("x" * 161, "packed", [153, 8]),
        ("", None, [0]),
    ],
)
def test_limits_are_those_of_a_message(text, coding, sizes):
    assert [len(part.text) for part in split(text, coding=coding)] == sizes


@pytest.mark.parametrize(
    ("coding", "header", "capacity"),
    [
        ("default", 0, 160), ("default", 6, 153), ("default", 7, 152), ("default", 13, 145),
        ("packed", 7, 152), ("ucs2", 0, 70), ("ucs2", 6, 67), ("ucs2", 7, 66),
        ("8bit", 0, 140), ("8bit", 6, 134), ("8bit", 140, 0), ("default", 200, 0),
    ],
)  # fmt: skip
def test_capacity_behind_a_header(coding, header, capacity):
    assert capacity_of(coding, header) == capacity


def test_one_message_has_no_header_and_the_parts_of_a_long_one_have_one_each():
    (one,) = split("short", reference=7)
    assert (one.header, one.number, one.total, one.dcs) == (None, 1, 1, 0)
    elements = [Header.decode(part.header).elements for part in split("x" * 400, reference=7)]
    assert elements == [(Concatenated(7, 3, number),) for number in (1, 2, 3)]


def test_reference_may_have_16_bits():
    parts = split("x" * 305, reference=0xABCD, has_long_reference=True)
    assert [part.header.hex() for part in parts] == [
        f"060804abcd030{number}" for number in (1, 2, 3)
    ]
    assert [len(part.text) for part in parts] == [152, 152, 1]
    with pytest.raises(FieldError, match=r"reference: expected 0\.\.255, found 256"):
        split("x" * 161, reference=256)


def test_other_elements_stand_in_every_part():
    parts = split(bytes(200), elements=[Ports(5505, 5505)], reference=1)
    assert [Header.decode(part.header).ports for part in parts] == [Ports(5505, 5505)] * 2
    assert [len(part.user_data_binary) for part in parts] == [128, 72]
    (one,) = split("x", elements=[Ports(5505, 5505)])
    assert one.header.hex() == "06050415811581"


def test_scheme_says_class_indicator_and_deletion():
    assert split("Flash!", message_class=MessageClass.FLASH)[0].dcs == 16
    assert split("ж", message_class=MessageClass.FLASH)[0].dcs == 24
    assert split("x", deletes=True)[0].dcs == 64
    assert split("ж", waiting=Waiting())[0].dcs == 0xE8
    with pytest.raises(FieldError, match="UCS2 and discarded"):
        split("ж", waiting=Waiting(is_stored=False))


def test_values_are_those_of_the_coding():
    (plain,), (eight,) = split("é€", coding="default"), split("é", coding=Coding.EIGHT_BIT)
    (ucs2,), (packed,) = split("é€", coding="ucs2"), split("Hi", coding="packed")
    assert (plain.user_data, plain.user_data_binary) == (b"_e'_XXe", None)
    assert (eight.dcs, eight.user_data_binary) == (4, b"\xe9")
    assert (ucs2.dcs, ucs2.user_data_binary) == (8, "é€".encode("utf-16-be"))
    assert (packed.dcs, packed.user_data_binary.hex()) == (0, "c834")
    assert split("é", eight_bit=True)[0].user_data == b"\xe9"


def test_text_of_the_parts_is_that_with_substitutes():
    assert split(NAI, substitutes=LOOKALIKES)[0].text == "NAI"
    assert split("ж!", coding="default", replacement="?")[0].user_data == b"?!"


@pytest.mark.parametrize("most", [1, 2, 7, PARTS_MOST])
def test_more_parts_than_there_may_be_are_refused(most):
    text = "x" * (153 * most if most > 1 else 160)
    assert len(split(text, parts_most=most)) == most
    expected = rf"^it takes {most + 1} parts or more, and there can be {most}$"
    with pytest.raises(FieldError, match=expected):
        split(text + "x", parts_most=most)


def test_no_more_than_255_parts_can_be_asked_for():
    expected = r"^it takes 6536 parts or more, and there can be 255$"
    with pytest.raises(FieldError, match=expected):
        split("x" * 1_000_000, parts_most=1_000_000)


def test_header_that_leaves_no_room_is_refused():
    elements = [Ports(1, 2)] * 22
    with pytest.raises(FieldError, match=r"^in header: expected 136 octets or less, found 138$"):
        split(bytes(200), elements=elements)
    assert len(split(b"", elements=elements)[0].header) == 133
    with pytest.raises(FieldError, match=r"^in header: expected 136 octets or less, found 139$"):
        split(b"", elements=[Ports(1, 2)] * 23)


def test_octets_are_of_no_other_coding():
    assert split(b"\xff", coding="8bit")[0].user_data_binary == b"\xff"
    with pytest.raises(Misuse, match=r"^octets cannot be ucs2$"):
        split(b"\xff", coding="ucs2")
