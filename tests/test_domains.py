"""What values a domain holds, how it is narrowed, and how it reads."""

from __future__ import annotations

import decimal
import enum
import fractions

import pytest

from ohnecimd.domains import (
    Characters,
    Choice,
    Converted,
    Domain,
    Integers,
    Items,
    Octets,
    Reals,
    Where,
    length,
    matching,
    one_of,
    shown,
    where,
    within,
)
from ohnecimd.errors import Misuse

EVEN = where("even", lambda value: value % 2 == 0)


class Colour(enum.Enum):
    RED = 1


class Indexed:
    def __index__(self):
        return 7


@pytest.mark.parametrize(
    ("domain", "values", "others"),
    [
        (Integers(-1, 7), [-1, 0, 7, True, Indexed()], [-2, 8, 0.0, "1", None, b"1"]),
        (Reals(), [0, -0.5, 1e308, float("inf"), float("nan")], ["1", None, b"", 1j, 10**400]),
        (Reals(), [fractions.Fraction(1, 3), decimal.Decimal("0.5"), True], [Colour.RED]),
        (Reals(32), [0.1, 3.4e38, float("-inf")], [3.5e38, 10**39]),
        (Reals(16), [0.1, 65504.0], [65520.0]),
        (Reals(64, 0, 1), [0, 0.5, 1], [-0.1, 1.1, float("nan"), float("inf")]),
        (Octets(1, 3), [b"a", b"abc"], [b"", b"abcd", "a", bytearray(b"a"), 1]),
        (Octets(without=b"\0\t"), [b"", b"abc"], [b"a\0", b"\t"]),
        (Characters(1, 3), ["a", "abc", "é", "éa"], ["", "éé", "abcd", b"a", "\ud800"]),
        (Characters(encoding="ascii", without=";"), ["", "a"], ["é", ";"]),
        (Items(1, 2, Integers(0, 9)), [(1,), (1, 2)], [(), (1, 2, 3), (10,), [1]]),
        (Choice((1, b"a")), [1, 1.0, b"a"], [2, "a", None]),
        (Where("even", lambda value: value % 2 == 0), [0, 2, 4.0], [1, "a", None, 1j]),
        (Integers(0, 9) & EVEN, [0, 8], [10, 1, 2.0, "a"]),
        (matching(r"[a-z]+"), ["abc"], ["", "abC", "a\n", b"abc", None]),
        (matching(rb"[a-z]+"), [b"abc"], [b"", "abc"]),
        (Converted(Reals(), Integers(0, 9), float), [0.5, 3], ["a"]),
    ],
    ids=str,
)
def test_a_domain_holds_its_values_and_no_others(domain, values, others):
    assert [value for value in values if not domain.holds(value)] == []
    assert [value for value in others if domain.holds(value)] == []


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Integers(0, 255), "0..255"),
        (Integers(3, 3), "3"),
        (Reals(), "a number"),
        (Reals(64, None, 5), "..5"),
        (Reals(64, 5), "5.."),
        (Octets(), "any bytes"),
        (Octets(1, 1), "1 byte"),
        (Octets(2, 5, b"\0"), r"2..5 bytes without b'\x00'"),
        (Octets(1), "at least 1 byte"),
        (Characters(), "text in UTF-8"),
        (Characters(0, 4, "ascii", ";"), "text in ASCII without ';', 0..4 bytes"),
        (Items(2, 2, Integers(0, 9)), "2 items, each 0..9"),
        (Choice((1, 2, 3)), "1, 2 or 3"),
        (Choice((b"a",)), "b'a'"),
        (Integers(0, 9) & EVEN, "0..9, even"),
        (Octets() & matching(rb"a+"), "any bytes, matching b'a+'"),
        (Octets() & matching(rb"a+", "many a"), "any bytes, many a"),
        (Converted(Integers(0, 5), Integers(0, 9), int), "0..5"),
    ],
    ids=str,
)
def test_a_domain_says_what_it_holds(domain, text):
    assert str(domain) == text


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        (Integers(0, 255) & within(1, 6), "1..6"),
        (Integers(0, 255) & within(None, 6.5), "0..6"),
        (Integers(0, 255) & within(-5), "0..255"),
        (Integers(0, 255) & within(1, 99) & within(50, 200), "50..99"),
        (Integers(0, 255) & Integers(7, 300), "0..255, 7..300"),
        (Reals() & within(0) & within(-1, 5), "0..5"),
        (Octets(0, 9) & length(2), "2..9 bytes"),
        (Octets() & length(2, 4) & length(3, 9), "3..4 bytes"),
        (Items(0, None, Integers(0, 9)) & length(1, 2), "1..2 items, each 0..9"),
        ((Octets(0, 9) & where("odd", len)) & length(1), "1..9 bytes, odd"),
        (Integers(0, 9) & EVEN & one_of(2, 4), "2 or 4"),
        (one_of(1, 2, 300) & within(2, 200), "2"),
        (one_of(b"", b"ab", b"abc") & length(1, 2), "b'ab'"),
        (Converted(Reals(), Integers(0, 9), float) & within(0, 1), "0..1"),
        (EVEN & EVEN, "even, even"),
    ],
    ids=str,
)
def test_narrowing_keeps_what_is_in_both(domain, text):
    assert str(domain) == text


@pytest.mark.parametrize(
    ("narrow", "text"),
    [
        (lambda: Integers(0, 255) & within(300), "nothing in 0..255 is within 300.."),
        (lambda: Reals(64, 0, 1) & within(2, 3), "nothing in 0..1 is within 2..3"),
        (lambda: Octets(0, 3) & length(4), "nothing of 0..3 bytes is within 4.."),
        (lambda: one_of(1, 2) & within(5, 6), "nothing of 1 or 2 is within 5..6"),
        (lambda: Integers(0, 255) & one_of(1, 300), "300 is none of 0..255"),
        (lambda: EVEN & within(1, 2), "even cannot be narrowed to 1..2"),
        (
            lambda: Integers(0, 255) & length(1),
            "length() narrows bytes, text and tuples; for 0..255 there is within()",
        ),
        (
            lambda: one_of(1, 2) & length(1),
            "length() narrows bytes, text and tuples; for 1 or 2 there is within()",
        ),
        (
            lambda: (Octets() & where("odd", len)) & within(1),
            "within() narrows numbers; for any bytes, odd there is length()",
        ),
        (
            lambda: Converted(Characters(), Octets(), str) & within(1),
            "within() narrows numbers; for text in UTF-8 there is length()",
        ),
        (lambda: one_of("a") & within(1), "within() narrows numbers; for 'a' there is length()"),
        (lambda: Characters() & matching(b"x"), "b'x' matches bytes, not text"),
        (lambda: Octets(1, 1) & matching("x"), "'x' matches text, not bytes"),
        (
            lambda: Integers(0, 9) & matching("x"),
            "matching() is for bytes and text, not for 0..9",
        ),
        (one_of, "one_of() takes at least one value"),
        (lambda: Characters(encoding="klingon"), "'klingon' is no encoding of text"),
        (lambda: Characters(encoding="hex"), "'hex' is no encoding of text"),
    ],
)
def test_a_domain_of_nothing_is_refused(narrow, text):
    with pytest.raises(Misuse) as caught:
        narrow()
    assert str(caught.value) == text


def test_a_bare_domain_is_no_set_of_values():
    with pytest.raises(NotImplementedError):
        Domain().holds(1)


def test_a_condition_that_cannot_judge_a_value_is_not_fulfilled():
    inverse = where("with a small inverse", lambda value: 1 / value < 1)
    assert [inverse.holds(value) for value in (2, 0, "a", None)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"abc", "b'abc'"),
        (bytes(100), r"b'" + r"\x00" * 64 + "'... 100 bytes"),
        ("a" * 65, f"'{'a' * 64}'... 65 characters"),
        (Colour.RED, "Colour.RED"),
        ((1, b"a"), "(1, b'a')"),
        ((1,), "(1,)"),
        (tuple(range(17)), "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ... 17 items)"),
        (2**1000, "an integer of 1001 bits"),
        (None, "None"),
    ],
)
def test_a_long_value_is_shown_in_part(value, text):
    assert shown(value) == text
