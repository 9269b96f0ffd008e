"""What is read is what was sent, and the short ways do what the careful ones do."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples_cimd import BODIES, EXAMPLES, conversation, items_of

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.errors import (
    FieldError,
    RemoteProtocolError,
)
from ohnecimd.protocols.cimd.codes import Reports
from ohnecimd.protocols.cimd.decoding import Reading, message_of, read
from ohnecimd.protocols.cimd.encoding import encode, packet_of
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    OUTCOMES,
    EnquireMessageStatus,
    Login,
    Outcome,
    SubmitMessage,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import Packet, packet_in
from ohnecimd.protocols.cimd.parameters import PARAMETERS, Parameter
from ohnecimd.protocols.cimd.refusals import REFUSALS
from ohnecimd.testing.strategies import messages as messages_like
from ohnecimd.testing.strategies import messages_of

STAMP = dt.datetime(2026, 11, 20, 13, 15, 2)  # noqa: DTZ001 - the SMSC's local time
LATER = STAMP.replace(second=7)


# Both ways agree

numbers = st.sampled_from([*sorted(PARAMETERS), 0, 999])
alphabet = st.sampled_from(b"0123456789abcdefABCDEF+-x \n\xff")
some_bytes = st.lists(alphabet, max_size=13).map(bytes)
likely = st.sampled_from(
    [
        *(b"+358401234567", b"1" * 20, b"1" * 21, b"News 24", b" x", b"x" * 33, b"\xe4"),
        *b"261120131502 261320131502 050003a10201 12x 5 true".split(),
        *b" 0 1 2 4 00 07 -1 255 256 501 999 1000".split(b" "),
    ]
)


def values_of(number):
    """Values that a parameter may have, and others."""
    kind = PARAMETERS.get(number)
    return likely | some_bytes if kind is None else likely | st.sampled_from([*kind.known, b"1"])


@st.composite
def packets(draw):
    row = draw(st.sampled_from([*MESSAGES, *REFUSALS]))
    own = [int(each[:3]) for each in BODIES.get(row.code, b"").split(b"\t") if each]
    body = b"" if draw(st.booleans()) else BODIES.get(row.code, b"")
    for number in draw(st.lists(numbers | st.sampled_from([*own, 21, 60, 900]), max_size=4)):
        body += b"%03d:%b\t" % (number, draw(values_of(number)))
    return Packet(row.code, 1, body)


@given(packets())
def test_the_short_way_reads_what_the_careful_way_does(taken):
    """The careful way is forced by a parameter that nobody knows, which changes nothing else."""
    short = read(taken)
    careful = read(Packet(taken.operation, 1, taken.body + b"998:\t"))
    assert [(str(fault), fault.hint) for fault in short.faults if "missing" not in str(fault)] == [
        (str(fault), fault.hint) for fault in careful.faults if "missing" not in str(fault)
    ]
    assert len(short.faults) == len(careful.faults)
    if short.message is None:
        assert careful.message is None
        return
    mark = (Parameter(998, b""),)
    assert careful.message.others == short.message.others + mark
    for name in short.message.__struct_fields__:
        if name != "others":
            values = [getattr(each, name) for each in (short.message, careful.message)]
            assert values[0] == values[1]
            assert type(values[0]) is type(values[1])


@given(packets())
def test_the_strict_way_agrees_with_the_tolerant_one(taken):
    found = read(taken)
    try:
        message = message_of(taken)
    except RemoteProtocolError as error:
        assert str(error) == str(found.faults[0])  # noqa: PT017 - there may be none
    else:
        assert found == Reading(message)


def is_sendable(message):
    """Whether nothing in it is only accepted, and not sent (section 18)."""
    service, priority = (
        getattr(message, each, None) for each in ("service_description", "priority")
    )
    return getattr(message, "originator", None) != "" and (service or 0) <= 9 and priority != 0


@given(packets())
def test_what_was_read_without_faults_can_be_sent_again(taken):
    found = read(taken)
    assume(not found.faults)
    assume(is_sendable(found.message))
    again = packet_of(found.message, 1)
    assert read(again).faults == ()
    assert len(again.pairs()) == len(taken.pairs())


# Round trips


def numbers_of(message):
    """The parameters that a class has."""
    for field in declaration_of(message).fields:
        kind = field.kind if field.listing is None else field.listing.item.kind
        yield from (21, 60, 900, 901) if kind is OUTCOMES else [getattr(kind, "number", None)]


def others_for(message):
    """Parameters that a class does not have: those that it has would come back as its own."""
    own = {*numbers_of(message), 900}  # and an error makes a response negative
    return st.lists(
        st.builds(
            Parameter,
            st.integers(0, 999).filter(lambda number: number not in own),
            st.binary(max_size=8).map(lambda data: data.translate(None, b"\x00\x02\x03\t")),
        ),
        max_size=2,
    ).map(tuple)


def certain_outcomes():
    """Outcomes that each have an address, as without it nobody knows where the next one begins.

    One alone that has an error would be a refusal.
    """
    outcomes = messages_like(Outcome).filter(lambda each: each.destination is not None)
    return (
        st.lists(outcomes, max_size=3).map(tuple).filter(lambda it: len(it) != 1 or not it[0].error)
    )


def certain(row):
    """Messages of a class that can be told from all others by what is sent."""
    given = {"others": others_for(row.message)}
    if row.message is SubmitResponse:
        given["outcomes"] = certain_outcomes()
    drawn = messages_like(row.message, **given)
    return drawn.filter(lambda it: it.error != 0) if row in list(REFUSALS) else drawn


@given(st.sampled_from([*MESSAGES, *REFUSALS]).flatmap(certain), st.integers(0, 255), st.booleans())
def test_what_is_sent_is_what_is_read(message, number, has_checksum):
    data = encode(message, number, checksum=has_checksum)
    taken = packet_in(data)
    assert taken.checksum_ok is (True if has_checksum else None)
    assert read(taken) == Reading(message)
    assert (taken, taken.encode()) == (packet_of(message, number, checksum=has_checksum), data) or (
        not has_checksum
    )
    assert type(message).decode(taken.body) == message


@settings(max_examples=200)
@given(messages_of(MESSAGES) | messages_of(REFUSALS))
def test_a_packet_holds_what_the_declaration_says(message):
    taken = packet_in(encode(message, 7))
    table = REFUSALS if type(message) in {row.message for row in REFUSALS} else MESSAGES
    assert (taken.operation, taken.body) == table.encode(message)
    assert taken.number == 7
    assert taken.checksum_ok


VALUES = [
    None,
    "",
    "1",
    "+358",
    "x",
    " ",
    b"",
    b"\x02",
    0,
    1,
    2,
    -1,
    300,
    1.0,
    True,
    (),
    ("1",),
    STAMP,
]


def outcome_of(function):
    """Return what a function returns, or the text of its refusal."""
    try:
        return function()
    except FieldError as error:
        return str(error)


@given(st.data())
def test_the_short_way_of_sending_sends_what_the_careful_way_does(data):
    row = data.draw(st.sampled_from([*MESSAGES, *REFUSALS]))
    message = data.draw(certain(row))
    name = data.draw(st.sampled_from(message.__struct_fields__))
    spoilt = msgspec.structs.replace(message, **{name: data.draw(st.sampled_from(VALUES))})
    assert outcome_of(lambda: packet_of(spoilt, 1).body) == outcome_of(spoilt.encode)


# Whole conversations


KINDS = """
Login LoginResponse SubmitMessage SubmitMessage SubmitResponse SubmitResponse SubmitMessage
SubmitRefusal DeliverStatusReport ReportResponse DeliverMessage DeliverResponse DeliverMessage
DeliverResponse EnquireMessageStatus Nack EnquireMessageStatus EnquireResponse CancelMessage
CancelResponse DeliveryRequest DeliveryResponse Get GetResponse Set SetResponse Alive
AliveResponse Alive AliveResponse Unknown GeneralErrorResponse Logout LogoutResponse
"""


def test_the_conversation_of_the_sheet_is_read_without_faults():
    kinds = []
    for direction, said, _ in conversation():
        if said.startswith(b"\x02"):
            sender = "application" if direction == "c2s" else "center"
            found = read(packet_in(said), sender)
            kinds.append(type(found.message).__name__)
            assert [str(fault) for fault in found.faults] == (
                [EXPECTED_FAULT] if b"12x" in said else []
            )
    assert kinds == KINDS.split()


EXPECTED_FAULT = (
    "at byte 12 in SubmitMessage > parameter 021: expected text in ASCII, 1..20 bytes, "
    "digits and '-', a '+' before them, found b'12x'"
)


def test_the_conversation_of_the_sheet_can_be_written():
    said = [each for _, each, _ in conversation() if each.startswith(b"\x02")]
    assert encode(Login("news", "s3cret", window=10), 1) == said[0]
    assert (
        encode(
            SubmitMessage(
                ("+358401234567",),
                originator="700",
                user_data=b"Hi _Oa 5 _XXe!",
                reports=Reports(14),
            ),
            3,
        )
        == said[2]
    )
    assert encode(EnquireMessageStatus("+358401234567", STAMP), 9) == said[16]
    for each in said:
        taken = packet_in(each)
        message = read(taken).message
        if taken.get(21) != b"12x":
            again = packet_of(message, taken.number)
            assert sorted(again.pairs()) == sorted(taken.pairs())


@pytest.mark.parametrize("data", EXAMPLES, ids=range(len(EXAMPLES)))
def test_all_that_was_captured_can_be_read_and_sent_again(data):
    for item in items_of([data]):
        if isinstance(item, Packet):
            found = read(item)
            assert found.message is not None
            again = found.message.to_json()
            assert again is not None
            if not found.faults and is_sendable(found.message):
                assert sorted(packet_of(found.message, item.number).pairs()) == sorted(
                    canonical(item.pairs())
                )


def canonical(pairs):
    """What we send for the same: integers without leading zeros, hexadecimal digits in capitals."""
    for number, value in pairs:
        kind = PARAMETERS[int(number)]
        yield number, kind.write(kind.read(value)) if kind.wire in ("int", "hex") else value
