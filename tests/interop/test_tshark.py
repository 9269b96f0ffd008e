"""Wireshark's dissector reads what we write, and knows the same numbers as our tables."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tshark import packets_of

from ohnecimd.protocols.cimd import (
    MESSAGES,
    PARAMETERS,
    REFUSALS,
    Application,
    Packet,
    Parameter,
    encode,
    packet_in,
)
from ohnecimd.protocols.cimd.codes import ErrorCode, Reports, StatusCode, StatusError
from ohnecimd.protocols.cimd.messages import SubmitMessage
from ohnecimd.protocols.cimd.simulator import Simulator
from ohnecimd.tables import Unknown
from ohnecimd.testing import FakeClock, Pair
from ohnecimd.testing.strategies import messages

SUBMIT_STATUS_REPORT = {13, 63}  # of late releases
LATE_OR_USSD = {41, 42, 45, 46, 47, 48, 71}
LATE_ERRORS = {0, 323, 324, 700, 710, 711, 712, 730}
USSD_RELEASES = set(range(750, 769))
STATUS_CODE, STATUS_ERROR, ERROR = 61, 62, 900
RUNS = 6  # of tshark, half a second each


def sealed(operation, number, *parameters):
    """Write a packet with its checksum."""
    body = b"".join(Parameter(code, value).encode() for code, value in parameters)
    return Packet(operation, number, body).sealed().encode()


def known(dissect, parameter, codes):
    """Return the codes that the dissector has words for."""
    packets = [sealed(53, 1, (parameter, b"%d" % code)) for code in codes]
    return {
        code
        for code, read in zip(codes, dissect(packets), strict=True)
        if read.meanings[0] != f"Unknown ({code})"
    }


def test_operations_are_the_same(dissect):
    read = dissect([sealed(operation, 1) for operation in range(100)])
    ours = {row.code for table in (MESSAGES, REFUSALS) for row in table}
    theirs = {packet.operation for packet in read if not packet.name.startswith("Unknown")}
    assert ours - theirs == SUBMIT_STATUS_REPORT
    assert theirs - ours == set()


def test_parameters_are_the_same(dissect):
    read = dissect([sealed(3, 1, (number, b"1")) for number in range(1000)])
    theirs = {number for packet in read for number, _ in packet.parameters}
    assert set(PARAMETERS) - theirs == LATE_OR_USSD
    assert theirs - set(PARAMETERS) == set()


def test_error_codes_are_the_same(dissect):
    theirs = known(dissect, ERROR, range(1000))
    assert set(ErrorCode) - theirs == LATE_ERRORS
    assert theirs - set(ErrorCode) == set()


def test_status_codes_are_the_same(dissect):
    theirs = known(dissect, STATUS_CODE, range(100))
    assert set(StatusCode) - theirs == {StatusCode.NONE}
    assert theirs - set(StatusCode) == set()


def test_status_errors_are_the_same(dissect):
    theirs = known(dissect, STATUS_ERROR, range(1000))
    assert set(StatusError) - theirs == {StatusError.NO_ERROR} | USSD_RELEASES
    assert theirs - set(StatusError) == set()


def shown_by(packet):
    """Return what the dissector is to read of a packet of ours."""
    known_to_it = tuple(
        (each.number, each.value)
        for each in packet.parameters
        if each.number in PARAMETERS and each.number not in LATE_OR_USSD
    )
    return packet.operation, packet.number, known_to_it, packet.checksum


numbers = st.integers(0, 255)
one_of_each = st.tuples(*(
    st.tuples(messages(row.message), numbers, st.booleans())
    for table in (MESSAGES, REFUSALS)
    for row in table
))  # fmt: skip


def test_any_messages_are_read_alike(dissect):
    operations = set()

    @settings(
        max_examples=RUNS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(one_of_each)
    def check(given):
        packets = [encode(message, number, checksum=seals) for message, number, seals in given]
        for packet, read in zip(packets, dissect(packets), strict=True):
            ours = packet_in(packet)
            assert (read.operation, read.number, read.parameters, read.checksum) == shown_by(ours)
            assert read.complaints == ()
            operations.add(read.operation)

    check()
    assert operations == {row.code for table in (MESSAGES, REFUSALS) for row in table}


def converse(clock):
    """Let our two sides say all they can; return what each of them said."""
    begin = dt.datetime(2026, 11, 20, 13, 15)  # noqa: DTZ001 - times on the wire have no zone
    simulator = Simulator(now=lambda: begin + dt.timedelta(seconds=clock()), clock=clock)
    application, center = Application(clock=clock), simulator()
    pair = Pair(application, center, clock=clock)
    application.login("kannel", "guess")
    pair.run()
    application.login("kannel", "secret", window=10)
    pair.run()
    submission = application.submit_text(
        ["+358401234567", "+358401234568"],
        "Привет " * 30,
        originator="700",
        reports=Reports.DELIVERED,
        validity_relative=167,
        priority=1,
    )
    waiting = application.submit(
        SubmitMessage(
            ("+358401234569",), user_data=b"later", first_delivery_relative=0, cancel_enabled=True
        )
    )
    application.submit(SubmitMessage(("+358401234569",), user_data=b"both", binary=b"both"))
    pair.advance(1)
    submitted = submission.result()
    application.enquire(submitted.destination, submitted.timestamp)
    application.cancel(waiting.result().destination, waiting.result().timestamp)
    application.delivery_request(0)
    application.get()
    application.get(502)
    application.set("secret")
    application.alive()
    application.ask(Unknown(7, b""))
    for text in ("Äiti_ €", "Привет", "long " * 40):
        simulator.inject("16700", "+358407654321", text)
    center.alive()
    pair.run()
    center.send(b"\x0240:255\t00\x03")  # its checksum is wrong
    pair.run()
    application.logout()
    pair.run()
    entries = pair.transcript.entries
    return [b"".join(each.data for each in entries if each.side == side) for side in "CS"]


def test_all_that_both_sides_say_is_read(dissect):
    operations = set()
    for said, from_application in zip(converse(FakeClock()), (True, False), strict=True):
        packets = packets_of(said)
        for packet, read in zip(
            packets, dissect(packets, from_application=from_application), strict=True
        ):
            ours = packet_in(packet)
            assert (read.operation, read.number, read.parameters, read.checksum) == shown_by(ours)
            assert read.complaints == ()
            operations.add(ours.operation)
    known = {row.code for row in MESSAGES}
    assert operations == (known - SUBMIT_STATUS_REPORT) | {7}


@pytest.mark.parametrize(("packet", "complaint"), [
    (b"\x0240:001\t3B\x03", "invalid checksum"),
    (b"\x0203:0\x03", "not recognised"),
])  # fmt: skip
def test_the_dissector_complains_of_what_is_wrong(dissect, packet, complaint):
    (read,) = dissect([packet])
    assert complaint in read.complaints
