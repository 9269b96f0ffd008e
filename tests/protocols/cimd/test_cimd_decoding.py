"""Packets to typed messages and back: what is kept, what is reported, and which error it has."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr
from samples_cimd import BODIES, packet

from ohnecimd.errors import (
    FieldError,
    Malformed,
    Misuse,
    RemoteProtocolError,
    UnexpectedMessage,
    UnknownMessage,
)
from ohnecimd.protocols.cimd import messages
from ohnecimd.protocols.cimd.codes import CancelMode, DeliveryMode, ErrorCode, Reports, StatusCode
from ohnecimd.protocols.cimd.decoding import Reading, message_of, read
from ohnecimd.protocols.cimd.encoding import encode, packet_of
from ohnecimd.protocols.cimd.messages import (
    MESSAGES,
    SubmitMessage,
)
from ohnecimd.protocols.cimd.packets import Packet
from ohnecimd.protocols.cimd.parameters import Parameter
from ohnecimd.protocols.cimd.refusals import REFUSALS
from ohnecimd.tables import Unknown

STAMP = dt.datetime(2026, 11, 20, 13, 15, 2)  # noqa: DTZ001 - the SMSC's local time
LATER = STAMP.replace(second=7)


def test_a_submit_message_of_everything():
    body = (
        b"021:+358401234567\t021:0401\t023:700\t027:News 24\t030:8\t032:050003A10201\t033:Hi _Oa\t"
        b"034:041F\t041:1\t042:22\t044:1\t045:333\t046:4444444444\t047:2\t048:*100#\t050:-1\t"
        b"051:261120131502\t052:64\t053:255\t054:261120131507\t055:0\t056:14\t058:1\t064:99\t"
        b"065:9\t067:1\t"
    )
    message = SubmitMessage(
        destinations=("+358401234567", "0401"),
        originator="700",
        alphanumeric_originator="News 24",
        data_coding=8,
        header=bytes.fromhex("050003A10201"),
        user_data=b"Hi _Oa",
        binary=b"\x04\x1f",
        transport_type=1,
        message_type=22,
        more_messages=True,
        operation_timer=333,
        dialogue_id=4444444444,
        ussd_phase=2,
        service_code="*100#",
        validity_relative=-1,
        validity_absolute=STAMP,
        protocol_identifier=64,
        first_delivery_relative=255,
        first_delivery_absolute=LATER,
        reply_path=False,
        reports=Reports.EXPIRED | Reports.FAILED | Reports.DELIVERED,
        cancel_enabled=True,
        tariff_class=99,
        service_description=9,
        priority=1,
    )
    assert read(Packet(3, 3, body)) == Reading(message)
    assert packet_of(message, 3, checksum=False) == Packet(3, 3, body)
    assert message_of(Packet(3, 3, body), "application") == message


@given(st.permutations([b"021:1", b"023:7", b"030:8", b"034:041F", b"056:14", b"044:0"]))
def test_parameters_come_in_any_order(parameters):
    assert read(packet(3, *parameters)) == Reading(
        SubmitMessage(
            ("1",),
            originator="7",
            data_coding=8,
            binary=b"\x04\x1f",
            reports=Reports(14),
            more_messages=False,
        )
    )


def test_recipients_between_others_keep_their_order():
    found = read(packet(3, b"021:3", b"033:x", b"021:1", b"030:0", b"021:2"))
    assert found.message.destinations == ("3", "1", "2")
    assert found.faults == ()


# Typed values

KEPT = [
    (3, [b"021:1", b"030:000"], "data_coding", 0),
    (3, [b"021:1", b"052:05"], "protocol_identifier", 5),
    (3, [b"021:1", b"050:010"], "validity_relative", 10),
    (3, [b"021:1", b"050:-1"], "validity_relative", -1),
    (3, [b"021:1", b"053:-1"], "first_delivery_relative", -1),
    (3, [b"021:1", b"056:014"], "reports", Reports(14)),
    (3, [b"021:1", b"056:255"], "reports", Reports(255)),
    (3, [b"021:1", b"044:01"], "more_messages", True),
    (3, [b"021:1", b"065:00"], "service_description", 0),
    (3, [b"021:1", b"065:99"], "service_description", 99),
    (3, [b"021:1", b"067:0"], "priority", 0),
    (3, [b"021:1", b"033:"], "user_data", b""),
    (3, [b"021:1", b"034:"], "binary", b""),
    (3, [b"021:1", b"032:"], "header", b""),
    (3, [b"021:1", b"023:"], "originator", ""),
    (3, [b"021:1", b"034:0aFf"], "binary", b"\x0a\xff"),
    (3, [b"021:1", b"032:050003a10201"], "header", bytes.fromhex("050003A10201")),
    (3, [b"021:1", b"033:\xc4\xe4\r\n\x1b"], "user_data", b"\xc4\xe4\r\n\x1b"),
    (3, [b"021:1", b"033:a:b"], "user_data", b"a:b"),
    (20, [b"021:1", b"060:261120131502", b"023:"], "originator", ""),
    (20, [b"021:1", b"060:261120131502"], "originator", None),
    (20, [b"021:1", b"023:2"], "timestamp", None),
    (23, [b"021:1", b"060:261120131502", b"061:04"], "status", StatusCode.DELIVERED),
    (23, [b"021:1", b"060:261120131502", b"061:1", b"062:999"], "status_error", 999),
    (55, [b"066:007"], "count", 7),
    (6, [b"059:2", b"021:1"], "mode", CancelMode.ONE),
    (5, [b"068:00"], "mode", DeliveryMode.COUNT),
    (51, [b"900:000"], "others", (Parameter(900, b"000"),)),
]


@pytest.mark.parametrize(("operation", "parameters", "name", "value"), KEPT, ids=repr)
def test_what_peers_really_send_is_no_fault(operation, parameters, name, value):
    found = read(packet(operation, *parameters))
    assert found.faults == ()
    assert getattr(found.message, name) == value
    assert type(getattr(found.message, name)) is type(value)
    assert message_of(packet(operation, *parameters)) == found.message


# operation, parameters, field, value that is kept, error that a server answers
OUT_OF_RANGE = [
    (3, [b"021:12x"], "destinations", ("12x",), 300),
    (3, [b"021:"], "destinations", ("",), 300),
    (3, [b"021:1", b"021:0x"], "destinations", ("1", "0x"), 300),
    (3, [b"021:" + b"1" * 21], "destinations", ("1" * 21,), 300),
    (3, [b"021:1", b"023:x"], "originator", "x", 306),
    (3, [b"021:1", b"023:" + b"1" * 21], "originator", "1" * 21, 306),
    (3, [b"021:1", b"027:a.b"], "alphanumeric_originator", "a.b", 322),
    (3, [b"021:1", "027:Ä".encode()], "alphanumeric_originator", "Ã\x84", 322),
    (3, [b"021:1", b"027:\xc4"], "alphanumeric_originator", "Ä", 322),
    (3, [b"021:1", b"027:" + b"x" * 12], "alphanumeric_originator", "x" * 12, 8),
    (3, [b"021:1", b"030:256"], "data_coding", 256, 304),
    (3, [b"021:1", b"030:-1"], "data_coding", -1, 304),
    (3, [b"021:1", b"041:10"], "transport_type", 10, 315),
    (3, [b"021:1", b"042:100"], "message_type", 100, 316),
    (3, [b"021:1", b"044:2"], "more_messages", 2, 318),
    (3, [b"021:1", b"045:1000"], "operation_timer", 1000, 319),
    (3, [b"021:1", b"046:-1"], "dialogue_id", -1, 320),
    (3, [b"021:1", b"050:256"], "validity_relative", 256, 305),
    (3, [b"021:1", b"050:-2"], "validity_relative", -2, 305),
    (3, [b"021:1", b"052:256"], "protocol_identifier", 256, 307),
    (3, [b"021:1", b"053:256"], "first_delivery_relative", 256, 308),
    (3, [b"021:1", b"055:2"], "reply_path", 2, 309),
    (3, [b"021:1", b"056:256"], "reports", 256, 310),
    (3, [b"021:1", b"058:2"], "cancel_enabled", 2, 311),
    (3, [b"021:1", b"064:100"], "tariff_class", 100, 313),
    (3, [b"021:1", b"065:100"], "service_description", 100, 314),
    (3, [b"021:1", b"067:10"], "priority", 10, 312),
    (3, [b"021:1", b"033:" + b"x" * 481], "user_data", b"x" * 481, 8),
    (3, [b"021:1", b"034:" + b"00" * 141], "binary", bytes(141), 8),
    (3, [b"021:1", b"032:" + b"00" * 141], "header", bytes(141), 8),
    (1, [b"010: a", b"011:b"], "user", " a", 100),
    (1, [b"010:" + b"a" * 33, b"011:b"], "user", "a" * 33, 8),
    (1, [b"010:a", b"011:b "], "password", "b ", 100),
    (1, [b"010:a", b"011:b", b"012:10"], "subaddress", 10, 107),
    (1, [b"010:a", b"011:b", b"019:0"], "window", 0, 104),
    (1, [b"010:a", b"011:b", b"019:129"], "window", 129, 104),
    (4, [b"021:x", b"060:261120131502"], "destination", "x", 400),
    (5, [b"068:3"], "mode", 3, 501),
    (6, [b"059:3"], "mode", 3, 602),
    (6, [b"059:0", b"021:x"], "destination", "x", 601),
    (9, [b"500:500"], "item", 500, 900),
    (9, [b"500:1000"], "item", 1000, 900),
    (8, [b"011: "], "password", " ", 8),
    (20, [b"021:x"], "destination", "x", 8),
    (54, [b"061:10"], "status", 10, 8),
    (54, [b"061:4", b"062:1000"], "status_error", 1000, 8),
    (51, [b"900:1000"], "error", 1000, 8),
    (51, [b"900:-1"], "error", -1, 8),
    (51, [b"900:1", b"901:\xe4"], "text", "ä", 8),
]


@pytest.mark.parametrize(
    ("operation", "parameters", "name", "value", "code"), OUT_OF_RANGE, ids=repr
)
def test_a_value_out_of_range_is_kept_and_reported(operation, parameters, name, value, code):
    taken = packet(operation, *parameters)
    found = read(taken)
    assert getattr(found.message, name) == value
    assert found.message.others == ()
    (fault,) = found.faults
    assert (type(fault), fault.hint) == (Malformed, code)
    assert isinstance(fault.hint, ErrorCode)
    with pytest.raises(Malformed) as caught:
        message_of(taken)
    assert str(caught.value) == str(fault)
    with pytest.raises(FieldError):
        encode(found.message, 1)


WRONG_TYPE = [
    (3, [b"021:1", b"030:x"]),
    (3, [b"021:1", b"030:"]),
    (3, [b"021:1", b"030:+8"]),
    (3, [b"021:1", b"030: 8"]),
    (3, [b"021:1", b"030:" + b"0" * 30]),
    (3, [b"021:1", b"044:yes"]),
    (3, [b"021:1", b"056:0x0E"]),
    (3, [b"021:1", b"034:5"]),
    (3, [b"021:1", b"034:5G"]),
    (3, [b"021:1", b"034:\xff\xfe"]),
    (3, [b"021:1", b"032:050003A1020"]),
    (3, [b"021:1", b"051:26112013150"]),
    (3, [b"021:1", b"051:"]),
    (3, [b"021:1", b"054:261320131502"]),
    (20, [b"021:1", b"060:261120240000"]),
    (23, [b"021:1", b"060:261120131502", b"061:4", b"063:0"]),
    (5, [b"068:all"]),
    (55, [b"066:two"]),
    (59, [b"501:soon"]),
    (98, [b"900:"]),
]


@pytest.mark.parametrize(("operation", "parameters"), WRONG_TYPE, ids=repr)
def test_a_value_of_another_type_is_kept_as_it_came(operation, parameters):
    found = read(packet(operation, *parameters))
    (fault,) = found.faults
    assert fault.hint is ErrorCode.PARAMETER_FORMAT
    number, value = parameters[-1].split(b":")
    assert found.message.others == (Parameter(int(number), value),)
    assert packet_of(found.message, 1, checksum=False) == packet(operation, *parameters)


MISSING = [
    (3, [], 300),
    (3, [b"033:Hi"], 300),
    (4, [b"021:1"], 401),
    (4, [b"060:261120131502"], 400),
    (4, [], 400),
    (6, [], 602),
    (6, [b"021:1"], 602),
    (9, [], 900),
    (1, [b"010:news"], 100),
    (1, [b"011:s3cret"], 100),
    (20, [b"023:1"], 2),
    (23, [b"021:1", b"060:261120131502"], 2),
    (54, [], 2),
    (54, [b"900:0"], 2),
]


@pytest.mark.parametrize(("operation", "parameters", "code"), MISSING, ids=repr)
def test_what_is_mandatory_and_missing_has_its_own_error(operation, parameters, code):
    taken = Packet(operation, 1, b"".join(each + b"\t" for each in parameters), offset=100)
    found = read(taken)
    assert found.message is None
    assert found.faults[0].hint is ErrorCode(code)
    assert "is missing" in str(found.faults[0])
    assert found.faults[0].position == 100 + len(taken.encode()) - 1
    with pytest.raises(Malformed):
        message_of(taken)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        (4, [b"021:1", b"060:x"]),
        (6, [b"059:all"]),
        (9, [b"500:"]),
        (51, [b"900:"]),
        (51, [b"900:x"]),
    ],
    ids=repr,
)
def test_what_is_mandatory_and_unreadable_is_reported_once(operation, parameters):
    found = read(packet(operation, *parameters))
    assert found.message is None
    assert [fault.hint for fault in found.faults] == [ErrorCode.PARAMETER_FORMAT]


def test_all_faults_are_reported_in_the_order_of_the_packet():
    found = read(packet(3, b"030:999", b"050:x", b"044:2"))
    assert found.message is None
    assert [int(fault.hint) for fault in found.faults] == [304, 8, 318, 300]


def test_a_fault_says_where_it_is():
    body = b"021:1\t030:999\t034:5\t"
    taken = Packet(3, 1, body, offset=1000)
    first, second = read(taken).faults
    whole = b"?" * 1000 + taken.encode()
    assert whole[first.position :].startswith(b"999\t")
    assert whole[second.position :].startswith(b"5\t")
    assert str(first) == (
        f"at byte {first.position} in SubmitMessage > parameter 030: expected 0..255, found b'999'"
    )


def test_the_first_of_a_repeated_parameter_counts_and_the_others_are_kept():
    found = read(packet(3, b"021:1", b"030:4", b"030:8", b"030:x"))
    assert found.message.data_coding == 4
    assert found.message.others == (Parameter(30, b"8"), Parameter(30, b"x"))
    assert found.faults == ()


def test_unknown_parameters_are_kept_and_sent_on():
    taken = packet(3, b"999:\xff", b"021:1", b"000:", b"061:4", b"999:2")
    found = read(taken)
    assert found.faults == ()
    assert [each.number for each in found.message.others] == [999, 0, 61, 999]
    again = read(packet_of(found.message, 1))
    assert again == found


# Operations that nobody knows, and senders


@pytest.mark.parametrize("operation", [0, 7, 10, 48, 50, 57, 97])
@pytest.mark.parametrize("body", [b"", b"021:1\t900:5\t021:\xff\t"])
def test_an_unknown_operation_comes_back_as_it_was(operation, body):
    taken = Packet(operation, 21, body)
    for sender in (None, "application", "center"):
        found = read(taken, sender)
        assert found == Reading(Unknown(operation, body))
        assert packet_of(found.message, 21, checksum=False) == taken
        with pytest.raises(UnknownMessage) as caught:
            message_of(taken, sender)
        assert caught.value.hint is ErrorCode.UNEXPECTED_OPERATION


@pytest.mark.parametrize(
    "message", [Unknown(100, b""), Unknown(-1, b""), Unknown(7, b"021:1"), Unknown(7, b"\x02\t")]
)
def test_an_unknown_message_that_makes_no_packet_is_refused(message):
    for make in (encode, packet_of):
        with pytest.raises(FieldError):
            make(message, 1)


@pytest.mark.parametrize("row", [*MESSAGES, *REFUSALS], ids=lambda row: row.name)
def test_what_a_sender_may_not_send_is_reported_and_read(row):
    body = b"900:6\t" if row.message in {each.message for each in REFUSALS} else b""
    if not body:
        body = BODIES.get(row.code, b"")
    taken = Packet(row.code, 1, body, offset=3)
    for sender in ("application", "center"):
        found = read(taken, sender)
        assert type(found.message) is row.message
        if sender in row.sent_by:
            assert found.faults == ()
            assert message_of(taken, sender) == found.message
            continue
        (fault,) = found.faults
        assert (type(fault), fault.position) == (UnexpectedMessage, 4)
        assert fault.hint is ErrorCode.UNEXPECTED_OPERATION
        with pytest.raises(UnexpectedMessage):
            message_of(taken, sender)
    assert read(taken) == Reading(found.message)


def test_another_sender_is_a_slip_of_the_caller():
    for function in (read, message_of):
        with pytest.raises(Misuse, match="nobody"):
            function(packet(40), "nobody")


@pytest.mark.parametrize("number", [-1, 256, 999])
def test_a_number_that_is_not_legal_is_not_sent(number):
    for make in (encode, packet_of):
        with pytest.raises(FieldError):
            make(messages.Alive(), number)
    assert read(Packet(40, abs(number))).message == messages.Alive()


def test_what_is_no_message_of_cimd_cannot_be_sent():
    with pytest.raises(Misuse, match="Parameter is no message"):
        encode(Parameter(1, b""), 1)


# What may be shown

LOGINS = [
    packet(1, b"010:news", b"011:s3cret"),
    packet(1, b"010:news", b"011:s3cret "),
    packet(1, b"010:news", b"011:x", b"011:s3cret"),
    packet(1, b"011:s3cret" * 5),
    packet(8, b"011:s3cr\xe9t"),
    packet(7, b"011:s3cret"),
    packet(3, b"021:1", b"011:s3cret"),
]


@pytest.mark.parametrize("taken", LOGINS, ids=range(len(LOGINS)))
def test_neither_messages_nor_faults_show_a_password(taken):
    found = read(taken)
    told = f"{taken!r} {found!r} {found.message!s} {[str(fault) for fault in found.faults]}"
    told += pretty_repr(found) + pretty_repr(found.message)
    if found.message is not None:
        told += str(found.message.to_json())
    assert "s3cr" not in told
    assert b"s3cr".hex() not in told
    try:
        message_of(taken)
    except RemoteProtocolError as error:
        assert "s3cr" not in f"{error} {error!r} {error.found!r}"  # noqa: PT017 - there may be none
