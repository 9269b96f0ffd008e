"""Numbers, and bytes, in digits."""

from __future__ import annotations

import pytest

from ohnecimd.declaring.kinds import decode_one, encode_one
from ohnecimd.declaring.numerals import decimal, hex_bytes, hexadecimal
from ohnecimd.errors import Malformed, Misuse


def decode(kind, data):
    value, end = decode_one(kind, b"x" + data, 1, "big")
    assert end == 1 + len(data)
    return value


@pytest.mark.parametrize(
    ("kind", "value", "octets"),
    [
        (decimal(), 0, b"0"),
        (decimal(), 10**18 - 1, b"9" * 18),
        (decimal(3), 7, b"007"),
        (decimal(1), 9, b"9"),
        (decimal(signed=True), -1, b"-1"),
        (decimal(most=3, signed=True), -999, b"-999"),
        (decimal(most=500), 10**499, b"1" + b"0" * 499),
        (hexadecimal(), 0xBEEF, b"BEEF"),
        (hexadecimal(2), 10, b"0A"),
        (hexadecimal(most=500), 16**500 - 1, b"F" * 500),
        (hex_bytes(), b"", b""),
        (hex_bytes(), b"\x05\xa0", b"05A0"),
        (hex_bytes(2), b"\x05\xa0", b"05A0"),
    ],
)
def test_values_are_written_in_digits(kind, value, octets):
    assert kind.domain.holds(value)
    assert encode_one(kind, value, "big") == octets
    assert decode(kind, octets) == value
    assert decode(kind, octets.lower()) == value


def test_zeros_in_front_are_read_where_there_is_room():
    assert decode(decimal(), b"0007") == 7
    assert decode(decimal(most=3, signed=True), b"-07") == -7


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        (decimal(), b"", "expected 1..18 decimal digits, found nothing"),
        (decimal(most=3), b"1234", "expected 1..3 decimal digits, found b'1234'"),
        (decimal(most=1), b"12", "expected 1 decimal digit, found b'12'"),
        (decimal(most=3, signed=True), b"0123", "expected 1..3 decimal digits, found b'0123'"),
        (decimal(3), b"-12", "expected 3 decimal digits, found b'-12'"),
        (decimal(3), b" 12", "expected 3 decimal digits, found b' 12'"),
        (decimal(), b"1_0", "expected 1..18 decimal digits, found b'1_0'"),
        (decimal(), b"+1", "expected 1..18 decimal digits, found b'+1'"),
        (decimal(), b"1\n", r"expected 1..18 decimal digits, found b'1\n'"),
        (decimal(), "\u0663".encode(), r"expected 1..18 decimal digits, found b'\xd9\xa3'"),
        (decimal(signed=True), b"--1", "expected 1..18 decimal digits, found b'--1'"),
        (hexadecimal(2), b"0x", "expected 2 hexadecimal digits, found b'0x'"),
        (hexadecimal(), b"G", "expected 1..16 hexadecimal digits, found b'G'"),
        (hex_bytes(), b"05A", "expected pairs of hexadecimal digits, found b'05A'"),
        (hex_bytes(), b"05 A0 ", "expected pairs of hexadecimal digits, found b'05 A0 '"),
        (hex_bytes(1), b"0g", "expected pairs of hexadecimal digits, found b'0g'"),
    ],
)
def test_other_text_is_no_number(kind, data, error):
    with pytest.raises(Malformed) as caught:
        decode(kind, data)
    assert str(caught.value) == f"at byte 1: {error}"


def test_a_long_number_is_refused_before_it_is_read():
    with pytest.raises(Malformed) as caught:
        decode(decimal(), b"9" * 10_000_000)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: decimal(0), "a number has 1 to 500 digits, not 0"),
        (lambda: decimal(most=501), "a number has 1 to 500 digits, not 501"),
        (lambda: hexadecimal(-1), "a number has 1 to 500 digits, not -1"),
        (
            lambda: decimal(3, signed=True),
            "a number of so many digits, no more and no less, has no sign",
        ),
        (lambda: decimal("3"), "the number of digits is an integer, not '3'"),
        (lambda: hex_bytes("3"), "the number of bytes is an integer, not '3'"),
        (lambda: hex_bytes(-1), "a field cannot have -1 bytes"),
    ],
)
def test_digits_have_their_limits(make, text):
    with pytest.raises(Misuse) as caught:
        make()
    assert str(caught.value) == text


def test_types_say_what_they_are():
    assert [kind.name for kind in (decimal(), decimal(3), hexadecimal(1), hex_bytes(2))] == [
        "decimal number",
        "3 decimal digits",
        "1 hexadecimal digit",
        "2 bytes in hexadecimal",
    ]
    assert str(decimal(most=2, signed=True).domain) == "-99..99"
    assert str(hex_bytes(2).domain) == "2 bytes"
