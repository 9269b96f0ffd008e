"""The types of fields, each alone: which bytes a value becomes, and which values bytes become."""

from __future__ import annotations

import math
import struct
import tracemalloc
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ohnecimd.domains import Integers, Octets, Reals
from ohnecimd.errors import Malformed, Misuse, Truncated
from ohnecimd.fields import (
    Fixed,
    Variable,
    big,
    boolean,
    c_bytes,
    c_string,
    converted,
    counted,
    decimal,
    decode_one,
    encode_one,
    f32,
    f64,
    f80,
    hex_bytes,
    i8,
    i16,
    i24,
    i32,
    i64,
    little,
    padded,
    prefixed,
    raw,
    repeated,
    rest,
    text,
    type_in,
    u8,
    u16,
    u24,
    u32,
    u64,
    until,
)

INTEGERS = [
    (u8, 8, False), (u16, 16, False), (u24, 24, False), (u32, 32, False), (u64, 64, False),
    (i8, 8, True), (i16, 16, True), (i24, 24, True), (i32, 32, True), (i64, 64, True),
]  # fmt: skip
ORDERS = ["big", "little"]


def decode(annotation, data, order="big"):
    """Decode a value that is all of the data."""
    value, end = decode_one(type_in(annotation), b"xy" + data, 2, order)
    assert end == 2 + len(data)
    return value


def encode(annotation, value, order="big"):
    kind = type_in(annotation)
    assert kind.domain.holds(value)
    return encode_one(kind, value, order)


def refused(annotation, data):
    """Return the error that data of a type gives, as it reads."""
    with pytest.raises((Malformed, Truncated)) as caught:
        decode_one(type_in(annotation), b"xy" + data, 2, "big")
    return str(caught.value)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("annotation", "bits", "signed"), INTEGERS)
def test_integers_are_those_of_python(annotation, bits, signed, order):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    assert type_in(annotation).domain == Integers(low, high)
    for value in {low, low + 1, -1 if signed else 1, 0, 1, 0x41 % high, high - 1, high}:
        octets = value.to_bytes(bits // 8, order, signed=signed)
        assert encode(annotation, value, order) == octets
        assert decode(annotation, octets, order) == value


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("annotation", "letter"), [(f32, "f"), (f64, "d")])
@given(value=st.floats(width=32))
def test_floats_are_those_of_struct(annotation, letter, order, value):
    octets = struct.pack(f"{'>' if order == 'big' else '<'}{letter}", value)
    assert encode(annotation, value, order) == octets
    assert decode(annotation, octets, order) == pytest.approx(value, abs=0, rel=0, nan_ok=True)


def test_a_byte_order_of_its_own_wins():
    for order in ORDERS:
        assert encode(big(u16), 1, order) == b"\0\1"
        assert encode(little(u24), 1, order) == b"\1\0\0"
        assert decode(little(f32), struct.pack("<f", 0.5), order) == 0.5
    assert big(u16).name == "u16 big-endian"
    with pytest.raises(Misuse, match="the rest has no fixed size"):
        little(rest)


# 80-bit floats

EXTENDED = [
    ("00000000000000000000", 0.0),
    ("80000000000000000000", -0.0),
    ("3fff8000000000000000", 1.0),
    ("bfff8000000000000000", -1.0),
    ("4000c90fdaa22168c000", 3.1415926535897931),
    ("400eac44000000000000", 44100.0),
    ("400ebb80000000000000", 48000.0),
    ("43fefffffffffffff800", 1.7976931348623157e308),
    ("3c018000000000000000", 2.2250738585072014e-308),
    ("3bcd8000000000000000", 5e-324),
    ("7fff8000000000000000", math.inf),
    ("ffff8000000000000000", -math.inf),
]


def extended(octets):
    """The value of an 80-bit float by its definition, exactly."""
    number = int.from_bytes(octets, "big")
    sign = -1 if number >> 79 else 1
    exponent, mantissa = number >> 64 & 0x7FFF, number & (1 << 64) - 1
    if exponent == 0x7FFF:
        return math.nan if mantissa << 1 & (1 << 64) - 1 else sign * math.inf
    exponent = max(exponent, 1)
    return sign * Fraction(mantissa) * Fraction(2) ** (exponent - 16383 - 63)


@pytest.mark.parametrize(("octets", "value"), EXTENDED)
def test_known_80_bit_floats(octets, value):
    octets = bytes.fromhex(octets)
    assert encode(f80, value) == octets
    assert encode(f80, value, "little") == octets[::-1]
    decoded = decode(f80, octets)
    assert (decoded, math.copysign(1, decoded)) == (value, math.copysign(1, value))


@given(st.floats(allow_nan=False))
def test_every_double_survives_80_bits(value):
    octets = encode(f80, value)
    decoded = decode(f80, octets)
    assert struct.pack(">d", decoded) == struct.pack(">d", value)
    assert extended(octets) == value or math.isinf(value)


@given(
    exponent=st.integers(0, 0x7FFF) | st.integers(16383 - 1100, 16383 + 1100),
    mantissa=st.integers(0, (1 << 64) - 1) | st.sampled_from([0, 1, 1 << 63, (1 << 64) - 1]),
    sign=st.booleans(),
)
@example(exponent=15360, mantissa=1 << 63 | 1 << 12 | 1 << 10 | 1, sign=0)  # not to round twice
def test_every_80_bit_float_is_the_nearest_double(exponent, mantissa, sign):
    octets = (sign << 79 | exponent << 64 | mantissa).to_bytes(10, "big")
    exact, value = extended(octets), decode(f80, octets)
    try:
        nearest = float(exact)
    except OverflowError:
        nearest = math.inf if exact > 0 else -math.inf
    if math.isnan(nearest):
        assert math.isnan(value)
    else:
        assert value == nearest


def test_nan_survives_80_bits():
    assert math.isnan(decode(f80, encode(f80, math.nan)))
    assert encode(f80, math.nan) == bytes.fromhex("7fffc000000000000000")


# Bytes and text


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: raw("4"), "the number of bytes is an integer, not '4'"),
        (lambda: padded(1.5), "the number of bytes is an integer, not 1.5"),
        (lambda: prefixed(u8, align="2"), "the number of bytes is an integer, not '2'"),
        (lambda: repeated(None), "the number of items is an integer, not None"),
    ],
)
def test_a_number_of_something_is_an_integer(make, text):
    with pytest.raises(Misuse) as caught:
        make()
    assert str(caught.value) == text


def test_raw_is_exactly_so_many_bytes():
    assert encode(raw(3), b"a\0b") == b"a\0b"
    assert decode(raw(0), b"") == b""
    assert refused(raw(3), b"ab") == (
        "at byte 4: expected 3 bytes, found the end of input after 2 bytes"
    )
    assert [kind.name for kind in (raw(0), raw(1), raw(2))] == ["0 bytes", "1 byte", "2 bytes"]
    with pytest.raises(Misuse, match="a field cannot have -1 bytes"):
        raw(-1)


@pytest.mark.parametrize(
    ("kind", "value", "octets"),
    [
        (padded(4), b"", b"\0\0\0\0"),
        (padded(4), b"a\0b", b"a\0b\0"),
        (padded(4), b"abcd", b"abcd"),
        (padded(4, "utf-8"), "é", b"\xc3\xa9\0\0"),
        (padded(3, "latin-1"), "é", b"\xe9\0\0"),
    ],
)
def test_padded_is_filled_up_with_zeros(kind, value, octets):
    assert encode(kind, value) == octets
    assert decode(kind, octets) == value


def test_padded_holds_what_comes_back_and_nothing_else():
    assert not padded(4).domain.holds(b"a\0")
    assert not padded(4, "ascii").domain.holds("a\0")
    assert not padded(4, "utf-8").domain.holds("ééé")
    assert refused(padded(4, "ascii"), b"a\xe9b\0") == (
        r"at byte 3: expected text in ASCII, found b'\xe9b'"
    )
    with pytest.raises(Misuse, match="zeros cannot fill up text in UTF-16: they are part of it"):
        padded(4, "utf-16")
    with pytest.raises(Misuse, match="a field cannot have -4 bytes"):
        padded(-4)


@pytest.mark.parametrize(
    ("annotation", "value", "octets"),
    [
        (rest, b"", b""),
        (rest, b"a\0", b"a\0"),
        (text(), "é", b"\xc3\xa9"),
        (text("utf-16-le"), "é", b"\xe9\0"),
        (c_bytes, b"", b"\0"),
        (c_bytes, b"\xff\t", b"\xff\t\0"),
        (c_string, "é", b"\xc3\xa9\0"),
        (until(b"\t"), b"a\0", b"a\0\t"),
        (until(b"\r\n"), b"\r", b"\r\r\n"),
        (until(b"\t", decimal()), 33, b"33\t"),
        (until(b"\t", decimal(signed=True)), -1, b"-1\t"),
        (until(b";", hex_bytes()), b"\x05\xa0", b"05A0;"),
        (until(b"\0", text("latin-1")), "é", b"\xe9\0"),
    ],
)
def test_what_has_an_end_goes_both_ways(annotation, value, octets):
    assert encode(annotation, value) == octets
    assert decode(annotation, octets) == value


@pytest.mark.parametrize(
    ("annotation", "data", "error"),
    [
        (c_bytes, b"abc", "at byte 5: expected a zero byte, found the end of input after 3 bytes"),
        (
            until(b"\t"),
            b"",
            r"at byte 2: expected b'\t', found the end of input after 0 bytes",
        ),
        (c_string, b"a\xff\0", r"at byte 3: expected text in UTF-8, found b'\xff'"),
        (
            until(b"\t", decimal(most=3)),
            b"1x\t",
            "at byte 2: expected 1..3 decimal digits, found b'1x'",
        ),
    ],
)
def test_what_has_no_end_is_refused(annotation, data, error):
    assert refused(annotation, data) == error


def test_a_separator_cannot_stand_in_what_it_ends():
    assert str(type_in(c_bytes).domain) == r"any bytes without b'\x00'"
    assert str(type_in(c_string).domain) == r"text in UTF-8 without '\x00'"
    assert not until(b"\r\n").domain.holds(b"a\r\nb")
    assert until(b"aba").domain.holds(b"xab") is False  # it would end one byte too early
    assert until(b"aba").domain.holds(b"xba") is True
    spaced = until(b" ", text("utf-16-le"))
    with pytest.raises(ValueError, match="would end it too early"):
        encode_one(spaced, "a b", "big")


@pytest.mark.parametrize("arguments", [(b"",), (b"\t", u16), (b"\t", c_string)])
def test_until_needs_something_that_has_no_end_of_its_own(arguments):
    with pytest.raises(Misuse, match=r"until\(\) takes a separator and a type that takes all"):
        until(*arguments)


def test_a_value_has_to_fill_the_place_up_to_the_separator():
    lazy = Variable(
        "first byte",
        Octets(),
        lambda data, start, _: (data[start : start + 1], start + 1),
        lambda value, _: value,
        takes_all=True,
    )
    assert decode(until(b";", lazy), b"a;") == b"a"
    assert refused(until(b";", lazy), b"abc;") == "at byte 3: expected b';', found b'bc'"


@pytest.mark.parametrize(
    ("kind", "value", "octets"),
    [
        (prefixed(u8), b"", b"\0"),
        (prefixed(little(u16)), b"abc", b"\3\0abc"),
        (prefixed(u8, encoding="utf-8"), "é", b"\2\xc3\xa9"),
        (prefixed(u8, align=2), b"ab", b"\2ab\0"),
        (prefixed(u8, align=2), b"a", b"\1a"),
        (prefixed(u16, align=4), b"abc", b"\0\3abc\0\0\0"),
        (prefixed(decimal(2)), b"abc", b"03abc"),
        (prefixed(u24), b"a", b"\0\0\1a"),
    ],
)
def test_prefixed_goes_both_ways(kind, value, octets):
    assert encode(kind, value) == octets
    assert decode(kind, octets) == value


def test_zeros_that_fill_up_may_be_missing_at_the_end_only():
    kind = prefixed(u8, align=4)
    assert decode_one(kind, b"\1a\0\0\2", 0, "big") == (b"a", 4)
    assert decode_one(kind, b"\1a\0", 0, "big") == (b"a", 3)
    assert decode_one(kind, b"\1a", 0, "big") == (b"a", 2)
    assert refused(kind, b"\3ab") == (
        "at byte 5: expected 3 bytes, found the end of input after 2 bytes"
    )


def test_the_number_before_bytes_bounds_them():
    assert str(prefixed(u8).domain) == "0..255 bytes"
    assert str(prefixed(decimal(1), encoding="ascii").domain) == "text in ASCII, 0..9 bytes"
    for strange in (i8, f32, rest, raw(2)):
        with pytest.raises(Misuse, match=r"is no type of number that counts|has no fixed size"):
            prefixed(strange)
    with pytest.raises(Misuse, match="nothing is aligned to 0 bytes"):
        prefixed(u8, align=0)


@pytest.mark.parametrize("kind", [prefixed(u32), prefixed(u64), prefixed(big(u32), align=4)])
def test_a_claimed_number_allocates_nothing(kind):
    data = b"\xff" * 12
    tracemalloc.start()
    try:
        assert "found the end of input after" in refused(kind, data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_counted_and_repeated_say_how_often():
    assert counted(u8).before is type_in(u8)
    assert repeated(3).times == 3
    for strange in (i8, f32, c_string):
        with pytest.raises(Misuse):
            counted(strange)
    with pytest.raises(Misuse, match="a tuple cannot have -1 items"):
        repeated(-1)


# Types made of others

TENTHS = converted(u16, Reals(), lambda item: item / 10, lambda value: round(value * 10))


def test_converted_values_are_made_of_others():
    assert encode(TENTHS, 21.5) == b"\0\xd7"
    assert encode(TENTHS, 21.5, "little") == b"\xd7\0"
    assert decode(TENTHS, b"\0\xd7") == 21.5
    assert isinstance(TENTHS, Fixed)
    assert (TENTHS.name, TENTHS.layout) == ("u16", "H")
    words = converted(text("ascii"), Integers(0, 9), int, str, name="digit")
    assert (decode(words, b"7"), encode(words, 7), words.name) == (7, b"7", "digit")
    assert refused(words, b"x") == "at byte 2: expected 0..9, found b'x'"


def test_what_is_converted_has_to_be_a_value_of_the_other_type():
    with pytest.raises(ValueError, match=r"expected 0\.\.65535, made 65540"):
        encode_one(TENTHS, 6554.0, "big")
    with pytest.raises(ValueError, match="made 'a"):
        encode_one(converted(c_string, Reals(), len, lambda _: "a\0b"), 3, "big")


@pytest.mark.parametrize("number", [u8, little(u16), i8, decimal(1), until(b"\t", decimal())])
def test_booleans_are_0_and_1(number):
    kind = boolean(number)
    zero, one = (encode_one(type_in(number), each, "big") for each in (0, 1))
    assert [encode(kind, each) for each in (False, True)] == [zero, one]
    assert (decode(kind, zero), decode(kind, one)) == (False, True)
    two = encode_one(type_in(number), 2, "big")
    assert refused(kind, two).startswith("at byte 2: expected False or True, found")
    if number is i8:
        assert refused(kind, b"\xff") == r"at byte 2: expected False or True, found b'\xff'"
