"""User data headers, read and written."""

import pytest
from hypothesis import given

from ohnecimd.errors import FieldError, Malformed, RemoteProtocolError, Truncated
from ohnecimd.protocols.cimd.text import (
    ELEMENTS,
    Concatenated,
    Concatenated16,
    Header,
    Ports,
    Ports8,
    SpecialIndication,
    WaitingKind,
)
from ohnecimd.tables import Unknown
from ohnecimd.testing.strategies import messages_of


@pytest.mark.parametrize(
    ("octets", "elements"),
    [
        ("00", ()),
        ("050003A10201", (Concatenated(0xA1, 2, 1),)),
        ("060804A1B20201", (Concatenated16(0xA1B2, 2, 1),)),
        ("06050415811581", (Ports(5505, 5505),)),
        ("040402F0F1", (Ports8(240, 241),)),
        ("0401028103", (SpecialIndication(0x81, 3),)),
        ("0B0504158115810003070201", (Ports(5505, 5505), Concatenated(7, 2, 1))),
        ("0370017A", (Unknown(0x70, b"\x7a"),)),
        ("027000", (Unknown(0x70, b""),)),
    ],
)
def test_header_is_read_and_written(octets, elements):
    header = Header.decode(bytes.fromhex(octets))
    assert header == Header(elements)
    assert header.encode().hex().upper() == octets.upper()


@given(messages_of(ELEMENTS), messages_of(ELEMENTS))
def test_elements_of_the_table_come_back(one, other):
    header = Header((one, other))
    assert Header.decode(header.encode()) == header


@pytest.mark.parametrize(
    ("octets", "position"),
    [
        ("", 0),
        ("04", 1),
        ("050003A102", 5),
        ("050003A1020100", 6),
        ("040003A102", 5),
        ("0100", 2),
        ("040002A102", 5),
        ("060004A1020100", 6),
        ("050804A1B202", 6),
        ("0401010100", 4),
    ],
)
def test_header_whose_lengths_are_wrong_is_refused_with_the_place(octets, position):
    with pytest.raises((Malformed, Truncated)) as caught:
        Header.decode(bytes.fromhex(octets))
    assert caught.value.position == position


def test_part_is_the_last_that_is_valid():
    wrong, first, last = Concatenated(1, 2, 3), Concatenated(2, 2, 1), Concatenated16(300, 3, 3)
    assert Header((first, last, wrong)).concatenation is last
    assert Header((first, wrong)).concatenation is first
    assert Header((wrong, Concatenated(1, 2, 0), Concatenated(1, 0, 0))).concatenation is None
    assert Header().concatenation is None


def test_ports_are_the_last():
    assert Header((Ports(1, 2), Ports8(3, 4))).ports == Ports8(3, 4)
    assert Header((Concatenated(1, 2, 1),)).ports is None


def test_special_indication_says_what_waits():
    stored = SpecialIndication(0x81, 3)
    assert (stored.kind, stored.is_stored, stored.count) == (WaitingKind.FAX, True, 3)
    assert SpecialIndication(0x07, 0).kind is None
    assert not SpecialIndication(0x00, 0).is_stored


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ((7,), r"\[0\]: expected an information element, found 7"),
        ((Concatenated(256, 1, 1),), r"reference: expected 0\.\.255, found 256"),
        ((Unknown(0x70, bytes(254)),), "length"),
    ],
)
def test_what_no_header_can_hold_is_refused(elements, message):
    with pytest.raises(FieldError, match=message):
        Header(elements).encode()


def test_errors_of_a_header_blame_the_peer():
    with pytest.raises(RemoteProtocolError, match=r"Concatenated > number"):
        Header.decode(bytes.fromhex("040002A102"))
