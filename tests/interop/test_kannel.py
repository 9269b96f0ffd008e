"""Kannel submits to the simulator, and gets its reports and messages from phones."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from kannel import ACCEPTED, DELIVERED, EXPIRED, FAILED, REFUSED
from pairs import (
    ALIVE,
    ALPHANUMERIC_SENDER,
    BINARY,
    DELIVER,
    DESTINATION,
    HEADER,
    LOGIN,
    PROTOCOL,
    REPLY_PATH,
    REPORT,
    RESPONSE,
    SCHEME,
    SUBMIT,
    TAKEN,
    TARIFF,
    TIMESTAMP,
    USER_DATA,
    VALIDITY,
)
from smsc import Seen
from tshark import packets_of

from ohnecimd.protocols.cimd.text import Joiner, Reader, UserData

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "^{}\\[~]|€"
LONG = "".join(f"{number:03} the quick brown fox; " for number in range(30))

PHONES = {"+35841": "failed", "+35842": "expired", "+35843": "refused", "+35844": "retried"}


@pytest.fixture(scope="module")
def pair(join):
    joined = join("--strict", *(f"--rule={prefix}={name}" for prefix, name in PHONES.items()))
    joined.kannel.until_logged_in()
    return joined


READER = Reader(strict=True)


def user_data_of(packet):
    """Take what a packet says out of its parameters."""
    return UserData(
        dcs=None if packet.get(SCHEME) is None else int(packet.get(SCHEME)),
        header=octets_of(packet.get(HEADER)),
        user_data=packet.get(USER_DATA),
        user_data_binary=octets_of(packet.get(BINARY)),
    )


def octets_of(digits):
    return None if digits is None else bytes.fromhex(digits.decode())


def text_of(packet):
    return READER.read(user_data_of(packet))


def joined(packets):
    """Put the parts of a text together, the last first."""
    joiner = Joiner(READER)
    (found,) = [each for packet in packets[::-1] for each in joiner.add(user_data_of(packet))]
    assert len(found.parts) == len(packets)
    return found.content


TEXTS = {
    "plain": "Hello world",
    "whole alphabet": ALPHABET,
    "extension table": EXTENSION,
    "lines": "line1\nline2\r\nline3",
    "escapes that are none": "_Oa a_b __ _XX _",
    "empty": "",
    "full": "x" * 160,
    "full of extension": "€" * 80,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_texts_in_the_default_alphabet_read_back(pair, text):
    assert text_of(pair.delivered(text)) == text


@pytest.mark.parametrize("text", ["Привет, мир €", "👍 emoji", "漢" * 70])
def test_unicode_texts_read_back(pair, text):
    packet = pair.delivered(text, coding=2)
    assert (packet.get(SCHEME), text_of(packet)) == (b"8", text)


def test_flash_texts_read_back(pair):
    packet = pair.delivered("Flash!", mclass=0)
    assert (packet.get(SCHEME), text_of(packet)) == (b"16", "Flash!")


def test_octets_and_their_header_read_back(pair):
    octets = bytes(range(64))
    packet = pair.delivered(octets, coding=1, udh=bytes.fromhex("06050415811581"))
    assert (packet.get(SCHEME), packet.get(HEADER)) == (b"4", b"06050415811581")
    assert bytes.fromhex(packet.get(BINARY).decode()) == text_of(packet) == octets


@pytest.mark.parametrize(("text", "parts", "options"), [
    (LONG, 5, {}),
    ("€" * 200, 3, {}),
    ("Привет, мир! " * 12, 3, {"coding": 2}),
], ids=["default alphabet", "extension table", "unicode"])  # fmt: skip
def test_parts_of_long_texts_are_joined(pair, text, parts, options):
    requests = pair.submits_to(pair.submit(text, **options), parts)
    assert len({request.get(HEADER) for request in requests}) == parts
    assert len(pair.answers_to(requests)) == parts
    assert joined(requests) == text


def test_each_message_gets_a_time_stamp_of_its_own(pair):
    number = "+358409999999"
    texts = [f"message {index}" for index in range(20)]
    with ThreadPoolExecutor(len(texts)) as threads:
        answers = list(threads.map(lambda text: pair.kannel.send(text, to=number), texts))
    assert answers == [TAKEN] * len(texts)
    requests = pair.submits_to(number, len(texts))
    assert sorted(map(text_of, requests)) == sorted(texts)
    assert len({response.get(TIMESTAMP) for response in pair.answers_to(requests)}) == len(texts)


def test_a_sender_with_a_name_is_taken(pair):
    assert pair.delivered("offer", **{"from": "MyShop"}).get(ALPHANUMERIC_SENDER) == b"MyShop"


def test_options_of_a_message_are_taken(pair):
    packet = pair.delivered("options", validity=60, pid=64, rpi=1, binfo=12)
    assert packet.get(VALIDITY) == b"11"  # 12 times 5 minutes
    assert packet.get(PROTOCOL) == b"64"
    assert packet.get(REPLY_PATH) == b"1"
    assert packet.get(TARIFF) == b"12"


def test_a_long_number_is_taken_as_kannel_cuts_it(pair):
    assert pair.kannel.send("to nobody", to="1" * 25) == TAKEN
    (request,) = pair.submits_to("1" * 20)
    (response,) = pair.answers_to([request])
    assert response.get(DESTINATION) == b"1" * 20


@pytest.mark.parametrize(("prefix", "outcomes"), [
    ("+35840", [ACCEPTED, DELIVERED]),
    ("+35841", [ACCEPTED, FAILED]),
    ("+35842", [ACCEPTED, EXPIRED]),
    ("+35843", [REFUSED]),
    ("+35844", [ACCEPTED, DELIVERED]),
], ids=["delivered", *PHONES.values()])  # fmt: skip
def test_reports_arrive(pair, prefix, outcomes):
    number = f"{prefix}8888888"
    name = prefix.removeprefix("+")
    options = pair.kannel.reporting(name)
    assert pair.kannel.send("report, please", to=number, **options) == TAKEN
    assert sorted(pair.kannel.reports(name, len(outcomes))) == sorted(outcomes)


@pytest.mark.parametrize("text", ["Hello", ALPHABET, EXTENSION, "a\nb\r\nc", "y" * 160])
def test_messages_from_phones_arrive(pair, text):
    pair.smsc.inject(to="16700", text=text)
    fields = pair.from_phone(text.encode()).fields
    assert (fields["from"], fields["to"], fields["coding"]) == ("+358407654321", "16700", "0")


def test_unicode_from_phones_arrives(pair):
    text = "Привет 👍"
    pair.smsc.inject(to="16700", text=text, coding="ucs2")
    assert pair.from_phone(text.encode("utf-16-be")).fields["coding"] == "2"


def test_octets_from_phones_arrive(pair):
    octets = bytes(range(128, 256))
    pair.smsc.inject(to="16700", data=octets.hex(), coding="8bit")
    assert pair.from_phone(octets).fields["coding"] == "1"


def test_a_header_from_a_phone_arrives(pair):
    pair.smsc.inject(to="16700", data="0001ff", coding="8bit", header="06050415811581")
    assert pair.from_phone(b"\x00\x01\xff").fields["header"].encode("latin-1") == bytes.fromhex(
        "06050415811581"
    )


def test_long_texts_from_phones_are_joined_by_kannel(pair):
    pair.smsc.inject(to="16700", text=LONG)
    pair.from_phone(LONG.encode())


def test_kannel_keeps_the_link_alive(pair):
    (request,) = pair.smsc.packets(ALIVE, mark=len(pair.smsc.out))
    assert request.from_application
    (response,) = pair.answers_to([request])
    assert not response.from_application


def test_tshark_reads_what_the_simulator_writes_to_kannel(pair, dissect):
    pair.delivered(
        "report, please",
        **pair.kannel.reporting("tshark"),
    )
    pair.kannel.reports("tshark", 2)
    pair.smsc.inject(to="16700", text="over there")
    pair.from_phone(b"over there")
    (said,) = pair.wiretap.said
    packets = packets_of(bytes(said.center))
    read = dissect(packets, from_application=False)
    assert {packet.complaints for packet in read} == {()}
    assert {packet.operation for packet in read} >= {
        LOGIN + RESPONSE, SUBMIT + RESPONSE, DELIVER, REPORT,
    }  # fmt: skip


def test_the_simulator_finds_nothing_wrong_with_any_packet(pair):
    last = pair.delivered("almost the last")
    said = pair.smsc.out.since()[: pair.smsc.out.place_of(last)]
    packets = [each for each in said if isinstance(each, Seen)]
    assert {packet.is_sound for packet in packets} == {True}
    assert {each["event"] for each in said if isinstance(each, dict)} == {"open"}


def test_kannel_finds_nothing_wrong_with_any_packet(pair):
    pair.delivered("the last")
    expected = ("response contained error message", "destination address parameter too long")
    complaints = pair.kannel.complaints()
    assert [line for line in complaints if not any(each in line for each in expected)] == []
