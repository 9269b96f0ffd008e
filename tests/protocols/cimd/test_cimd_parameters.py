"""Every parameter: number, type, length and range, against the table of the sheet (section 9)."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from ohnecimd.errors import FieldError, Malformed, Truncated
from ohnecimd.protocols.cimd.parameters import PARAMETERS, RESERVED, Parameter, hidden

# number, name, type, and the range of integers or the length of others
INTEGERS = [
    (12, "subaddr", 0, 9),
    (19, "window size", 1, 128),
    (30, "data coding scheme", 0, 255),
    (41, "transport type", 0, 9),
    (42, "message type", 0, 99),
    (44, "more messages to send", 0, 1),
    (45, "operation timer", 0, 999),
    (46, "dialogue id", 0, 10**18 - 1),
    (47, "USSD phase", 0, 9),
    (50, "validity period relative", -1, 255),
    (52, "protocol identifier", 0, 255),
    (53, "first delivery time relative", -1, 255),
    (55, "reply path", 0, 1),
    (56, "status report request", 0, 255),
    (58, "cancel enabled", 0, 1),
    (59, "cancel mode", 0, 2),
    (61, "status code", 0, 9),
    (62, "status error code", 0, 999),
    (64, "tariff class", 0, 99),
    (65, "service description", 0, 9),
    (66, "message count", 0, 999),
    (67, "priority", 1, 9),
    (68, "delivery request mode", 0, 2),
    (500, "get parameter", 501, 999),
    (900, "error code", 0, 999),
]
ADDRESSES = [
    (21, "destination address"),
    (23, "originating address"),
    (26, "originating IMSI"),
    (28, "originated visited MSC address"),
    (69, "service center address"),
]
TEXTS = [
    (10, "user identity", 32),
    (11, "password", 32),
    (27, "alphanumeric originating address", 11),
    (48, "service code", 255),
    (71, "IP address", 255),
    (901, "error text", 64),
]
OCTETS = [
    (32, "user data header", 140),
    (34, "user data binary", 140),
]
TIMES = [
    (51, "validity period absolute"),
    (54, "first delivery time absolute"),
    (60, "service centre time stamp"),
    (63, "discharge time"),
    (501, "SMS center time"),
]
USER_DATA = (33, "user data", 480)

WIDER = {65: (0, 99), 67: (0, 9)}  # section 18: what is taken, though we do not send it
NAMES = {each[0]: each[1] for each in [*INTEGERS, *ADDRESSES, *TEXTS, *OCTETS, *TIMES, USER_DATA]}
TYPES = {
    **{each[0]: "int" for each in INTEGERS},
    **{each[0]: "addr" for each in ADDRESSES},
    **{each[0]: "str" for each in TEXTS},
    **{each[0]: "hex" for each in OCTETS},
    **{each[0]: "time" for each in TIMES},
    33: "ud",
}
MIDNIGHT = dt.datetime(2026, 11, 20)  # noqa: DTZ001 - the SMSC's local time


def accepted(number, octets):
    """Return the value if it is taken without complaint, else None; both ways must agree."""
    kind = PARAMETERS[number]
    try:
        value = kind.read(octets)
    except (ArithmeticError, LookupError, ValueError, Malformed):
        value = None
    if value is not None and not kind.accepted.holds(value):
        value = None
    try:
        quick = kind.take(octets)
    except (ArithmeticError, LookupError, ValueError, Malformed):
        quick = None
    assert quick is None or (quick, type(quick)) in [
        (value, type(value)),
        (value, type(kind.known.get(octets))),
    ]
    return value


def number_and(*columns):
    return [pytest.param(*each, id=f"{each[0]:03}") for each in columns]


def test_the_parameters_are_those_of_the_sheet():
    assert {number: kind.name for number, kind in PARAMETERS.items()} == {
        number: f"{number:03} {name}" for number, name in NAMES.items()
    }
    assert {number: kind.wire for number, kind in PARAMETERS.items()} == TYPES
    assert all(kind.number == number for number, kind in PARAMETERS.items())


def test_only_the_password_is_a_secret():
    assert [number for number, kind in PARAMETERS.items() if kind.is_secret] == [11]


@pytest.mark.parametrize(("number", "name", "low", "high"), number_and(*INTEGERS))
def test_integers_have_their_range(number, name, low, high):
    kind = PARAMETERS[number]
    assert name in kind.name
    least, most = WIDER.get(number, (low, high))
    for value in (least, least + 1, most - 1, most):
        assert accepted(number, b"%d" % value) == value
    assert accepted(number, b"%d" % (least - 1)) is None
    assert accepted(number, b"%d" % (most + 1)) is None
    for value in (low, high):
        assert kind.domain.holds(accepted(number, b"%d" % value))
        assert kind.write(value) == b"%d" % value
    assert not kind.domain.holds(low - 1)
    assert not kind.domain.holds(high + 1)


@pytest.mark.parametrize(("number", "name", "low", "high"), number_and(*INTEGERS))
def test_integers_may_have_leading_zeros_and_nothing_else_before_them(number, name, low, high):
    for value in (max(low, 0), min(high, 999)):
        assert accepted(number, b"000%d" % value) == value, name
    for octets in (b"", b"-", b" 1", b"1 ", b"+1", b"1.0", b"0x1", b"1_0", b"\xb2", b"--1", b"1\n"):
        assert accepted(number, octets) is None
    assert accepted(number, b"0" * 30 + b"%d" % high) is None, "more digits than any number has"


@pytest.mark.parametrize(("number", "name"), number_and(*ADDRESSES))
def test_addresses_are_digits_with_a_plus_before_them(number, name):
    assert name in PARAMETERS[number].name
    for octets in (b"1", b"+358401234567", b"0-40-1", b"9" * 20, b"+" + b"9" * 19, b"007"):
        assert accepted(number, octets) == octets.decode()
    for octets in (
        b"+",
        b"12x",
        b"9" * 21,
        b"1 2",
        b"1+2",
        b"++1",
        b"\xb2",
        b"1\n",
        b"#31#",
        b"*1",
    ):
        assert accepted(number, octets) is None
    assert accepted(number, b"") == ("" if number == 23 else None)
    assert not PARAMETERS[number].domain.holds("")


@pytest.mark.parametrize(("number", "name", "most"), number_and(*TEXTS))
def test_texts_are_printable_ascii_up_to_their_length(number, name, most):
    assert name in PARAMETERS[number].name
    for octets in (b"", b"a", b"a 1", b"Z" * most):
        assert accepted(number, octets) == octets.decode()
    for octets in (b"a\n", b"\x1f", b"a\x7f", b"\xe4", "ä".encode(), b"Z" * (most + 1)):
        assert accepted(number, octets) is None
    assert PARAMETERS[number].read(b"\xe4") == "ä", "what is there can be kept"


@pytest.mark.parametrize("number", [10, 11])
def test_a_user_and_a_password_have_no_spaces_around_them(number):
    for octets in (b" a", b"a ", b" "):
        assert accepted(number, octets) is None
    assert accepted(number, b"a b") == "a b"


def test_an_alphanumeric_address_has_letters_digits_and_spaces():
    assert accepted(27, b" News 24 ") == " News 24 "
    for octets in (b"a.b", b"a_b", b"a-b", "Ä".encode()):
        assert accepted(27, octets) is None


@pytest.mark.parametrize(("number", "name", "most"), number_and(*OCTETS))
def test_octets_are_pairs_of_hexadecimal_digits_of_either_case(number, name, most):
    kind = PARAMETERS[number]
    assert name in kind.name
    assert accepted(number, b"050003A10201") == bytes.fromhex("050003A10201")
    assert accepted(number, b"abCDeF") == b"\xab\xcd\xef"
    assert accepted(number, b"") == b""
    assert accepted(number, b"5A" * most) == b"Z" * most
    for octets in (b"5", b"5G", b"5 5A", b"0x5A", b"5A\n", b"\xff\xff", b"5A" * (most + 1)):
        assert accepted(number, octets) is None
    assert kind.write(b"\xab\x01") == b"AB01"
    assert kind.domain.holds(bytes(most))
    assert not kind.domain.holds(bytes(most + 1))


def test_user_data_are_any_bytes_but_the_reserved_ones():
    number, _, most = USER_DATA
    data = bytes(set(range(256)) - set(RESERVED))
    assert set(RESERVED) == {0x00, 0x02, 0x03, 0x09}
    assert accepted(number, data) == data
    assert accepted(number, b"") == b""
    assert accepted(number, b"x" * most) == b"x" * most
    assert accepted(number, b"x" * (most + 1)) is None
    for octet in RESERVED:
        assert not PARAMETERS[number].domain.holds(b"a%c" % octet)


@pytest.mark.parametrize(("number", "name"), number_and(*TIMES))
def test_times_are_twelve_digits_of_this_century(number, name):
    kind = PARAMETERS[number]
    assert name in kind.name
    assert accepted(number, b"261120131502") == MIDNIGHT.replace(hour=13, minute=15, second=2)
    assert accepted(number, b"000101000000") == dt.datetime(2000, 1, 1)  # noqa: DTZ001
    assert accepted(number, b"991231235959") == dt.datetime(2099, 12, 31, 23, 59, 59)  # noqa: DTZ001
    for octets in (
        b"",
        b"26112013150",
        b"2611201315021",
        b"261320131502",
        b"260230131502",
        b"261120240000",
        b"261120136000",
        b"261120131560",
        b"26112013150x",
        b" 61120131502",
        b"26W471131502",
        b"+61120131502",
        b"2611201315\xb2\xb2",
    ):
        assert accepted(number, octets) is None
    for value in (
        MIDNIGHT.replace(tzinfo=dt.UTC),
        MIDNIGHT.replace(microsecond=1),
        MIDNIGHT.replace(year=1999),
        MIDNIGHT.replace(year=2100),
    ):
        assert not kind.domain.holds(value)
    assert kind.write(MIDNIGHT) == b"261120000000"


@given(st.sampled_from(sorted(PARAMETERS)), st.data())
def test_what_a_parameter_sends_is_what_it_takes(number, data):
    kind = PARAMETERS[number]
    alphabet = b"0123456789abcdefABCDEF+- \n\x80\xff"
    octets = bytes(data.draw(st.lists(st.sampled_from(alphabet), max_size=13)))
    value = accepted(number, octets)
    if value is not None and kind.domain.holds(value):
        again = kind.write(value)
        assert accepted(number, again) == value
        assert again == octets or kind.wire in ("int", "hex")


# Any parameter, as it stands there


def test_a_parameter_is_number_colon_value_and_tab():
    assert Parameter(33, b"Hi: you").encode() == b"033:Hi: you\t"
    assert Parameter.decode(b"033:Hi: you\t") == Parameter(33, b"Hi: you")
    assert Parameter(0, b"").encode() == b"000:\t"


@pytest.mark.parametrize(
    ("number", "value"),
    [(-1, b""), (1000, b""), (33, b"a\tb"), (33, b"\x00"), (33, b"\x02"), (33, b"\x03"), (33, "x")],
)
def test_a_parameter_that_would_break_its_packet_is_refused(number, value):
    with pytest.raises(FieldError):
        Parameter(number, value).encode()


@pytest.mark.parametrize("octets", [b"33:x\t", b"03 :x\t", b"033x\t", b"0\xb23:x\t", b""])
def test_bytes_that_are_no_parameter_are_refused(octets):
    with pytest.raises((Malformed, Truncated)):
        Parameter.decode(octets)


def test_a_parameter_without_its_tab_is_cut_short():
    with pytest.raises(Truncated):
        Parameter.decode(b"033:Hi")


def test_nobody_is_shown_a_password():
    parameter = Parameter(11, b"s3cret")
    assert hidden(11, b"s3cret") == b"***"
    for shown in (repr(parameter), pretty_repr(parameter), str(parameter.to_json())):
        assert "s3cret" not in shown
        assert "***" in shown
    with pytest.raises(FieldError) as caught:
        Parameter(11, b"s3c\tret").encode()
    assert "s3c" not in str(caught.value)


@pytest.mark.parametrize("value", [b"Hi", b"\xe4", "ä".encode()])
def test_others_are_shown(value):
    parameter = Parameter(33, value)
    assert hidden(33, value) is value
    assert repr(parameter) == f"Parameter(number=33, value={value!r})"
    assert repr(value) in pretty_repr(parameter)
    assert parameter.to_json() == {"number": 33, "value": "Hi" if value == b"Hi" else "ä"}


def test_the_type_of_a_parameter_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARAMETERS[11].is_secret = False
