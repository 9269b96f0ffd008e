"""Packets in words: names of operations, meanings of every kind of value."""

import datetime as dt

import pytest
from samples_cimd import NAMES, streams

from ohnecimd.declaring.dissecting import STARS
from ohnecimd.protocols.cimd.framing import decode
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.parameters import PARAMETERS
from ohnecimd.protocols.cimd.wording import (
    missing_in,
    name_of,
    period_in_words,
    said_in,
    scheme_in_words,
)


def said(*parameters):
    body = b"".join(each + b"\t" for each in parameters)
    return said_in(Packet(3, 1, body))


@pytest.mark.parametrize("name", NAMES)
def test_operations_have_the_names_of_the_listings(name):
    for _, _, entries in streams(name):
        for entry in entries:
            if "op" in entry:
                assert name_of(entry["op"]) == entry["name"]


def test_operations_that_nobody_knows_have_no_name():
    known = [each for each in range(-1, 1001) if name_of(each) != "unknown"]
    assert known == [
        *(1, 2, 3, 4, 5, 6, 8, 9, 13, 20, 23, 40),
        *(51, 52, 53, 54, 55, 56, 58, 59, 63, 70, 73, 90, 98, 99),
    ]
    assert name_of(63) == "submit status report response"


@pytest.mark.parametrize(
    ("parameter", "value", "meaning"),
    [
        (b"010:news", "news", ""),
        (b"019:010", 10, ""),
        (b"021:+358401234567", "+358401234567", ""),
        (b"023:", "", ""),
        (b"030:8", 8, "UCS-2"),
        (b"032:050003A10201", bytes.fromhex("050003a10201"), "part 1 of 2, reference 161"),
        (b"032:0605040b8423f0", bytes.fromhex("0605040b8423f0"), "to port 2948 from port 9200"),
        (b"032:04010280027f", bytes.fromhex("04010280027f"), "no header that can be read"),
        (b"032:0401028001", bytes.fromhex("0401028001"), "1 message waiting"),
        (b"032:03240101", bytes.fromhex("03240101"), "element 36"),
        (b"033:Hi _Oa 5 _XXe!", "Hi @ 5 €!", ""),
        (b"033:caf\xe9", "café", ""),
        (b"034:C834", "Hi", "packed septets"),
        (b"044:1", True, "yes"),
        (b"055:00", False, "no"),
        (b"050:-1", -1, "as the SMSC does by itself"),
        (b"053:-1", -1, "at once"),
        (b"050:167", 167, "1 day"),
        (b"056:14", 14, "expired, failed, delivered"),
        (b"056:0", 0, "none"),
        (b"059:2", 2, "The message of this destination address and time stamp"),
        (b"060:261120131502", dt.datetime(2026, 11, 20, 13, 15, 2), ""),  # noqa: DTZ001
        (b"061:4", 4, "Delivery successful"),
        (b"061:04", 4, "Delivery successful"),
        (b"062:29", 29, "Absent subscriber"),
        (b"062:500", 500, ""),
        (b"500:501", 501, "SMS center time"),
        (b"500:999", 999, "unknown"),
        (b"900:300", 300, "Incorrect destination address"),
        (b"901:no", "no", ""),
    ],
)
def test_values_are_read_and_explained(parameter, value, meaning):
    (found,) = said(parameter)
    assert (found.value, found.meaning, found.is_wrong) == (value, meaning, False)
    assert found.octets == parameter[4:]
    assert found.name == PARAMETERS[found.number].name[4:]


@pytest.mark.parametrize(
    ("parameter", "value", "meaning"),
    [
        (b"061:77", 77, "expected 0..9"),
        (b"061:x", b"x", "expected 0..9"),
        (b"021:12x", b"12x", "expected text in ASCII"),
        (b"027:\xc3\xa4", b"\xc3\xa4", "expected text in ASCII"),
        (b"034:041", b"041", "expected pairs of hexadecimal digits"),
        (b"060:261320131502", b"261320131502", "expected yymmddhhmmss"),
        (b"030:256", 256, "expected 0..255"),
    ],
)
def test_wrong_values_are_kept_with_what_was_expected(parameter, value, meaning):
    (found,) = said(parameter)
    assert found.value == value
    assert found.meaning.startswith(meaning)
    assert found.is_wrong


def test_passwords_are_stars():
    (found,) = said(b"011:s3cret")
    assert (found.value, found.meaning, found.name) == (STARS, "", "password")


def test_parameters_that_nobody_knows_are_octets():
    (found,) = said(b"777:\xff")
    assert (found.number, found.name, found.value, found.meaning) == (777, "unknown", b"\xff", "")


def test_user_data_are_read_with_the_scheme_and_the_header_wherever_these_stand():
    binary, scheme = said(b"034:041F0440", b"030:08")
    assert (binary.value, binary.meaning) == ("Пр", "UCS-2")
    assert scheme.value == 8
    octets, _ = said(b"034:041F0440", b"030:4")
    assert (octets.value, octets.meaning) == (b"\x04\x1f\x04@", "8-bit")
    _, packed = said(b"032:050003000101", b"034:9069")  # one bit is left free before the first
    assert (packed.value, packed.meaning) == ("Hi", "packed septets")


def test_of_parameters_that_are_repeated_the_first_counts():
    *_, text = said(b"030:8", b"030:0", b"034:0048")
    assert text.value == "H"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "5 minutes"),
        (11, "1 hour"),
        (12, "1 hour 5 minutes"),
        (143, "12 hours"),
        (144, "12 hours 30 minutes"),
        (168, "2 days"),
        (173, "1 week"),
        (196, "30 days"),
        (197, "5 weeks"),
        (-1, ""),
    ],
)
def test_periods_are_said_in_the_largest_units(value, words):
    assert period_in_words(value) == words


@pytest.mark.parametrize(
    ("dcs", "words"),
    [
        (0, "default alphabet"),
        (4, "8-bit"),
        (0x12, "default alphabet, for the SIM"),
        (0x35, "8-bit, compressed, for the phone (ME)"),
        (0x58, "UCS-2, flash, deleted once read"),
        (0xC0, "default alphabet, voice not waiting any more, discard"),
        (0xEA, "UCS-2, e-mail waiting, store"),
        (0xF7, "8-bit, for the equipment (TE)"),
        (0x0C, "reserved, as the default alphabet"),
    ],
)
def test_schemes_are_said_in_words(dcs, words):
    assert scheme_in_words(dcs) == words


def test_every_scheme_has_words():
    assert all(map(scheme_in_words, range(256)))


def test_what_a_packet_lacks_is_named():
    assert missing_in(Packet(3, 1, b"033:x\t")) == "parameter 021 is missing"
    assert missing_in(Packet(3, 1, b"021:x\t061:99\t")) == ""
    assert missing_in(Packet(7, 1)) == ""


@pytest.mark.parametrize("name", NAMES)
def test_everything_in_the_captures_can_be_said(name):
    for _, data, _ in streams(name):
        connection = decode()
        connection.send(data)
        for packet in connection.events():
            if isinstance(packet, Packet):
                found = said_in(packet)
                assert [b"%03d" % each.number for each in found] == [
                    number for number, _ in packet.pairs()
                ]
