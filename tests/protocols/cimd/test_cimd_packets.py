"""One packet: well-formed or why not, its checksum, and what of it may be shown."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.pretty import pretty_repr
from samples_cimd import conversation, plain

from ohnecimd.errors import FieldError, Malformed
from ohnecimd.protocols.cimd.packets import (
    Checksums,
    Packet,
    checksum_of,
    fault_of,
    packet_in,
)
from ohnecimd.protocols.cimd.parameters import Parameter

ALIVE = b"\x0240:001\t3A\x03"
CONVERSATION = list(conversation())
SAID = [(said, remark) for _, said, remark in CONVERSATION if said.startswith(b"\x02")]

values = st.binary(max_size=20).map(lambda data: data.translate(None, b"\x00\x02\x03\t"))
parameters = st.tuples(st.integers(0, 999), values)
bodies = st.lists(parameters, max_size=5).map(
    lambda pairs: b"".join([b"%03d:%b\t" % pair for pair in pairs])
)
packets = st.builds(
    Packet,
    st.integers(0, 99),
    st.integers(0, 999),
    bodies,
    st.none() | st.from_regex(rb"[0-9A-Fa-f]{2}", fullmatch=True),
)


# Checksums


def test_the_checksum_of_the_sheet_for_an_alive():
    data = bytes.fromhex("0234303a30303109")
    assert sum(data) == 0x13A
    assert checksum_of(data) == 0x3A
    assert packet_in(bytes.fromhex("02 34 30 3a 30 30 31 09 33 41 03")).checksum_ok is True


def test_the_checksum_of_the_sheet_for_a_login():
    data = plain("<STX>01:001<TAB>010:news<TAB>011:s3cret<TAB>019:10<TAB>2F<ETX>")
    assert packet_in(data).checksum_ok is True
    assert sum(data[:-3]) == 2095
    assert checksum_of(data[:-3]) == 0x2F


@given(st.binary(max_size=600))
@example(b"\xff" * 255)
@example(b"\xff" * 256)
@example(b"\xff" * 257)
@example(b"\xff" * 258)
def test_the_checksum_is_the_sum_of_unsigned_bytes(data):
    assert checksum_of(data) == sum(data) % 256


@pytest.mark.parametrize("size", [0, 240, 241, 242, 243, 244, 245, 246, 247, 2000])
@pytest.mark.parametrize("octet", [b"\xff", b"0", b"\x01"])
def test_checksums_are_right_at_any_size(size, octet):
    head = b"\x0203:001\t033:" + octet * size + b"\t"
    right = b"%02X" % (sum(head) % 256)
    assert packet_in(head + right + b"\x03").checksum_ok is True
    assert packet_in(head + right.lower() + b"\x03").checksum_ok is True
    wrong = b"%02X" % ((sum(head) + 1) % 256)
    assert packet_in(head + wrong + b"\x03").checksum_ok is False
    assert packet_in(head + b"\x03").checksum_ok is None
    assert packet_in(head + b"\x03").sealed().checksum == right


@pytest.mark.parametrize("checksum", [b"%02X" % each for each in range(256)])
def test_each_checksum_is_right_in_one_packet_only(checksum):
    good = [
        octet
        for octet in range(1, 256)
        if octet not in (2, 3, 9)
        and packet_in(b"\x0203:001\t033:~~%c\t%b\x03" % (octet, checksum)).checksum_ok
    ]
    base = sum(b"\x0203:001\t033:~~\t")
    assert good == [
        each
        for each in range(1, 256)
        if each not in (2, 3, 9) and (base + each) % 256 == int(checksum, 16)
    ]


@pytest.mark.parametrize(
    ("checksum", "faults"),
    [
        (b"3A", {}),
        (b"3a", {}),
        (b"3B", {"accept": "checksum-mismatch", "demand": "checksum-mismatch"}),
        (b"", {"demand": "checksum-missing"}),
    ],
)
def test_what_is_wrong_with_a_checksum_depends_on_what_is_asked(checksum, faults):
    packet = packet_in(b"\x0240:001\t" + checksum + b"\x03")
    assert {mode.value: fault_of(packet, mode) for mode in Checksums} == {
        "accept": None,
        "demand": None,
        "ignore": None,
        **faults,
    }
    assert fault_of(packet) == faults.get("accept")


# Well-formed


def test_the_parts_of_a_packet():
    packet = packet_in(b"\x0203:005\t021:1\t033:\t021:2:3\t7f\x03", offset=40)
    assert (packet.operation, packet.number, packet.offset) == (3, 5, 40)
    assert packet.pairs() == [(b"021", b"1"), (b"033", b""), (b"021", b"2:3")]
    assert packet.parameters == (Parameter(21, b"1"), Parameter(33, b""), Parameter(21, b"2:3"))
    assert (packet.get(21), packet.get(33), packet.get(900)) == (b"1", b"", None)
    assert (packet.checksum, packet.checksum_ok) == (b"7f", False)


def test_the_shortest_packet_has_nine_bytes():
    data = b"\x0240:001\t\x03"
    assert len(data) == 9
    assert packet_in(data) == Packet(40, 1)
    assert Packet(40, 1).encode() == data


def test_a_value_may_hold_any_byte_but_four():
    value = bytes(octet for octet in range(1, 256) if octet not in (2, 3, 9))
    data = b"\x0203:001\t033:" + value + b"\t\x03"
    assert packet_in(data).get(33) == value
    assert packet_in(data).encode() == data


@given(packets)
def test_what_is_well_formed_comes_back_as_it_was(packet):
    data = packet.encode()
    again = packet_in(data)
    assert again.encode() == data
    assert (again.operation, again.number, again.body, again.checksum) == (
        packet.operation,
        packet.number,
        packet.body,
        packet.checksum,
    )
    assert b"".join([each.encode() for each in again.parameters]) == packet.body
    assert [(int(number), value) for number, value in again.pairs()] == [
        (each.number, each.value) for each in again.parameters
    ]


@given(packets)
def test_a_sealed_packet_has_the_right_checksum(packet):
    sealed = packet.sealed()
    data = sealed.encode()
    assert data[-3:-1] == b"%02X" % (sum(data[:-3]) % 256)
    assert packet_in(data) == sealed
    assert sealed.sealed() == sealed
    assert data[:-3] == packet.encode()[: len(data) - 3]


def test_a_sealed_packet_stays_where_it_was():
    assert packet_in(ALIVE, 7).sealed().offset == 7


@pytest.mark.parametrize(
    "packet",
    [
        Packet(100, 1),
        Packet(-1, 1),
        Packet(1, 1000),
        Packet(1, -1),
        Packet(1, 1, b"021:1"),
        Packet(1, 1, b"21:1\t"),
        Packet(1, 1, b"abc:1\t"),
        Packet(1, 1, b"\t"),
        Packet(1, 1, b"021:\x00\t"),
        Packet(1, 1, b"021:\x02\t"),
        Packet(1, 1, b"021:\x03\t"),
        Packet(1, 1, b"021:1\t3A"),
        Packet(1, 1, b"", b"3"),
        Packet(1, 1, b"", b"3G"),
        Packet(1, 1, b"", b"3A3"),
    ],
    ids=repr,
)
def test_what_is_no_packet_cannot_be_encoded(packet):
    with pytest.raises(FieldError, match="expected operation, number"):
        packet.encode()


# Malformed

MALFORMED = [
    (b"", 0, "STX"),
    (b"40:001\t\x03", 0, "STX"),
    (b"\n\x0240:001\t\x03", 0, "STX"),
    (b"\x02\x03", 1, "an operation of two digits"),
    (b"\x02", 1, "an operation of two digits"),
    (b"\x024:001\t\x03", 1, "an operation of two digits"),
    (b"\x02-1:001\t\x03", 1, "an operation of two digits"),
    (b"\x02\xb2\xb2:001\t\x03", 1, "an operation of two digits"),
    (b"\x0240.001\t\x03", 3, "':'"),
    (b"\x02400:001\t\x03", 3, "':'"),
    (b"\x0240:01\t\x03", 4, "a number of three digits"),
    (b"\x0240: 01\t\x03", 4, "a number of three digits"),
    (b"\x0240:0001\t\x03", 7, "TAB"),
    (b"\x0240:001\x03", 7, "TAB"),
    (b"\x0240:0013A\x03", 7, "TAB"),
    (b"\x0240:001\t\t\x03", 8, "a parameter of three digits"),
    (b"\x0240:001\t21:1\t\x03", 8, "a parameter of three digits"),
    (b"\x0240:001\t0211\t\x03", 8, "a parameter of three digits"),
    (b"\x0240:001\t0021:1\t\x03", 8, "a parameter of three digits"),
    (b"\x0240:001\t021:1\t\t\x03", 14, "a parameter of three digits"),
    (b"\x0240:001\t033:a\x00b\t\x03", 13, "no reserved byte"),
    (b"\x0240:001\t033:a\x02b\t\x03", 13, "no reserved byte"),
    (b"\x0240:001\t033:a\x03b\t\x03", 13, "no reserved byte"),
    (b"\x0240:001\t021:1\x03", 13, "TAB after the last parameter"),
    (b"\x0240:001\t021:13A\x03", 15, "TAB after the last parameter"),
    (b"\x0240:001\t3\x03", 8, "a checksum of two"),
    (b"\x0240:001\t3AA\x03", 8, "a checksum of two"),
    (b"\x0240:001\t3G\x03", 8, "a checksum of two"),
    (b"\x0240:001\t 3\x03", 8, "a checksum of two"),
    (b"\x0240:001\t\xb2\xb2\x03", 8, "a checksum of two"),
    (b"\x0240:001\t3A\n\x03", 8, "a checksum of two"),
    (b"\x0240:001\t", 8, "ETX"),
    (b"\x0240:001\t3A", 10, "ETX"),
    (ALIVE + b"\n", 11, "nothing after ETX"),
    (ALIVE + ALIVE, 11, "nothing after ETX"),
]


@pytest.mark.parametrize(("data", "at", "expected"), MALFORMED, ids=repr)
def test_a_malformed_packet_says_where_and_why(data, at, expected):
    with pytest.raises(Malformed) as caught:
        packet_in(data, 100)
    assert caught.value.position == 100 + at
    assert f"expected {expected}" in str(caught.value)
    assert caught.value.path == ("packet",)


@given(packets, st.integers(0, 60), st.binary(max_size=2))
def test_anything_is_a_packet_or_is_refused_with_a_place(packet, at, spoil):
    data = packet.encode()
    data = data[:at] + spoil + data[at + 1 :]
    try:
        again = packet_in(data, 5)
    except Malformed as error:
        assert error.position is not None  # noqa: PT017 - there may be none
        assert 5 <= error.position <= 5 + len(data)  # noqa: PT017
    else:
        assert again.encode() == data


# Of the sheet, byte exact


@pytest.mark.parametrize(("said", "remark"), SAID)
def test_every_packet_of_the_conversation_is_as_the_sheet_says(said, remark):
    packet = packet_in(said)
    assert packet.encode() == said
    assert packet.checksum_ok is ("checksum wrong" not in remark)
    if packet.checksum_ok:
        assert packet.sealed().encode() == said


def test_the_conversation_goes_both_ways():
    directions = [direction for direction, said, _ in CONVERSATION if said.startswith(b"\x02")]
    assert (directions.count("c2s"), directions.count("s2c")) == (17, 17)
    assert sum("checksum wrong" in remark for _, _, remark in CONVERSATION) == 1


WRAPS = """
<STX>40:253<TAB><ETX> <STX>90:253<TAB><ETX> <STX>40:255<TAB><ETX> <STX>90:255<TAB><ETX>
<STX>40:001<TAB><ETX> <STX>90:001<TAB><ETX> <STX>40:252<TAB><ETX> <STX>90:252<TAB><ETX>
<STX>40:254<TAB><ETX> <STX>90:254<TAB><ETX> <STX>40:000<TAB><ETX> <STX>90:000<TAB><ETX>
"""
SEALED = """
<STX>99:005<TAB>4C<ETX>
<STX>51:001<TAB>3C<ETX>
<STX>01:001<TAB>010:news<TAB>011:s3cret<TAB>F1<ETX>
<STX>51:001<TAB>900:100<TAB>901:Invalid login<TAB>86<ETX>
<STX>03:003<TAB>021:+358401234567<TAB>023:700<TAB>033:Hello<TAB>E8<ETX>
<STX>53:003<TAB>021:+358401234567<TAB>060:261120131502<TAB>E2<ETX>
"""


def test_numbers_go_round_without_checksums():
    packets = [packet_in(plain(each)) for each in WRAPS.split()]
    assert [each.number for each in packets[::2]] == [253, 255, 1, 252, 254, 0]
    assert [each.number for each in packets[1::2]] == [253, 255, 1, 252, 254, 0]
    assert all(each.checksum is None and each.checksum_ok is None for each in packets)


@pytest.mark.parametrize("line", SEALED.strip().splitlines())
def test_checksums_of_the_other_examples_are_right(line):
    said = plain(line)
    packet = packet_in(said)
    assert Packet(packet.operation, packet.number, packet.body).sealed().encode() == said


# What may be shown

SECRET = b"s3cret"


def shown_of(thing):
    return f"{thing!r} {thing!s} {pretty_repr(thing)}"


@pytest.mark.parametrize(
    "packet",
    [
        Packet(1, 1, b"010:news\t011:s3cret\t"),
        Packet(1, 1, b"011:s3cret\t010:news\t", b"00", checksum_ok=False, offset=9),
        Packet(8, 17, b"011:s3cret\t"),
        Packet(7, 1, b"011:x\t011:s3cret\t"),
        Packet(7, 1, b"021:1\t011:s3cret"),
    ],
    ids=range(5),
)
def test_a_packet_does_not_show_a_password(packet):
    assert "s3cret" not in shown_of(packet)
    assert "***" in repr(packet)
    assert packet.body.count(SECRET) == 1


def test_a_packet_shows_all_else():
    packet = Packet(3, 5, b"021:1\t033:011:x\t")
    assert repr(packet) == r"Packet(operation=3, number=5, body=b'021:1\t033:011:x\t')"
    assert repr(packet_in(ALIVE, 2)) == (
        "Packet(operation=40, number=1, checksum=b'3A', checksum_ok=True, offset=2)"
    )


def test_an_error_of_encoding_does_not_show_a_password():
    with pytest.raises(FieldError) as caught:
        Packet(100, 1, b"011:s3cret\t").encode()
    assert "s3cret" not in shown_of(caught.value)


BROKEN_LOGINS = [
    b"\x0201:001\t010:news\t011:s3cret\x03",
    b"\x0201:001\t010:news\t011:s3cret",
    b"\x0201:001\t010:news\t011 s3cret\t\x03",
    b"\x0201:001\t010:news\t011s3cret\t\x03",
    b"\x0201:001\t010:news\t011:s3\x00cret\t\x03",
    b"\x0201:001\t010:news\t011:\x00s3cret\t\x03",
    b"\x0201:001\t010:news\t011:\ts3cret\t\x03",
    b"\x0201:001\t010:news\t011:s3cret\tXX\x03",
    b"\x0201:01\t011:s3cret\t\x03",
    b"\x021:001\t011:s3cret\t\x03",
    b"\x0201:0010\t011:s3cret\t\x03",
    b"\x0201:001\t\t011:s3cret\t\x03",
    b"\x02011:s3cret\t\x03",
    b"\x0201:001\t011:s3cret\t\x03011:s3cret",
]


@pytest.mark.parametrize("data", BROKEN_LOGINS, ids=repr)
def test_a_malformed_login_does_not_show_its_password(data):
    with pytest.raises(Malformed) as caught:
        packet_in(data)
    told = shown_of(caught.value) + "".join(traceback.format_exception(caught.value))
    assert not any(part in told for part in ("s3", "cret"))


def test_of_what_is_malformed_only_the_beginning_is_quoted():
    with pytest.raises(Malformed) as caught:
        packet_in(b"\x0203:001\t" + b"x" * 100 + b"\t\x03")
    assert caught.value.position == 8
    assert str(caught.value).endswith(f"found b'{'x' * 3}'")
