"""Every captured file gives its listing, however it is cut, and typed messages with few faults."""

from __future__ import annotations

import pytest
from samples_cimd import EXAMPLES, GREETING, IDS, NAMES, STREAMS, items_of, listed, streams

from ohnecimd.protocols.cimd.decoding import read
from ohnecimd.protocols.cimd.framing import Noise, decode
from ohnecimd.protocols.cimd.messages import (
    DeliverMessage,
    GeneralErrorResponse,
    SubmitMessage,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import Packet, checksum_of
from ohnecimd.testing import check_cuts, cut_every, cuts

KEYS = ("op", "pn", "params", "checksum", "checksum_ok", "raw")
PACKETS = {
    "submit-basic": 38,
    "deliver-alive": 24,
    "reports-refusals": 34,
    "submit-fragmented": 30,
    "operations-lowercase-checksum": 21,
}
SENDERS = {"c2s": "application", "s2c": "center"}


def wanted(entry):
    """What a listing has of an entry that can be seen in one stream."""
    return {key: entry[key] for key in (KEYS if "raw" in entry else ("noise",))}


@pytest.mark.parametrize(("data", "entries"), [each[1:] for each in STREAMS], ids=IDS)
def test_a_stream_gives_its_listing(data, entries):
    expected = [wanted(entry) for entry in entries]
    assert [listed(item) for item in items_of([data])] == expected
    for nbytes in (1, 2, 7, 64):
        assert [listed(item) for item in items_of(cut_every(data, nbytes))] == expected


@pytest.mark.parametrize(("data", "entries"), [each[1:] for each in STREAMS], ids=IDS)
def test_a_stream_gives_its_listing_in_other_pieces_too(data, entries):
    expected = [wanted(entry) for entry in entries]
    for pieces in cuts(data, limit=100):
        assert [listed(item) for item in items_of(pieces)] == expected


@pytest.mark.parametrize("data", [min(EXAMPLES, key=len), EXAMPLES[0][:600]])
def test_nothing_is_known_late(data):
    check_cuts(decode, data, limit=40)


@pytest.mark.parametrize(("data", "entries"), [each[1:] for each in STREAMS], ids=IDS)
def test_places_are_those_of_the_stream(data, entries):
    items = items_of([data])
    assert len(items) == len(entries)
    for item in items:
        octets = item.data if isinstance(item, Noise) else item.encode()
        assert data[item.offset :].startswith(octets)


@pytest.mark.parametrize("name", NAMES)
def test_files_are_as_long_as_their_origin_says(name):
    items = [item for _, data, _ in streams(name) for item in items_of([data])]
    assert sum(isinstance(item, Packet) for item in items) == PACKETS[name]


def test_there_are_files():
    assert sorted(NAMES) == sorted(PACKETS)
    noise = [item for data in EXAMPLES for item in items_of([data]) if isinstance(item, Noise)]
    assert len(noise) == 6
    assert {type(item) for data in EXAMPLES for item in items_of([data])} == {Packet, Noise}
    assert all(item.data.split(b" ")[0] == GREETING.split(b" ")[0] for item in noise)


def readings():
    """Give each packet of all files with its sender, and what it says."""
    for label, data, entries in STREAMS:
        for item in items_of([data]):
            if isinstance(item, Packet):
                yield label, item, read(item, SENDERS[entries[0]["dir"]])


def test_every_packet_becomes_a_message_in_which_nothing_is_wrong():
    for label, item, found in readings():
        assert found.message is not None, (label, item)
        assert found.faults == (), (label, item)
        assert found.message.others == (), (label, item)


def test_checksums_are_right_in_either_case():
    checksums = [item.checksum for _, item, _ in readings() if item.checksum is not None]
    assert any(each != each.upper() for each in checksums)
    assert any(each != each.lower() for each in checksums)
    for _, item, _ in readings():
        assert item.checksum_ok is (None if item.checksum is None else True)
        assert item.sealed().checksum == b"%02X" % checksum_of(item.sealed().encode()[:-3])


def test_deliveries_of_latin_bytes_and_empty_originators_are_kept():
    deliveries = [found.message for _, _, found in readings()]
    deliveries = [each for each in deliveries if isinstance(each, DeliverMessage)]
    assert any(each.originator == "" for each in deliveries)
    assert any(max(each.user_data or b"\0") > 127 for each in deliveries)
    assert any(each.binary for each in deliveries)


def test_submits_and_their_responses():
    submits = [found.message for _, _, found in readings()]
    submits = [each for each in submits if isinstance(each, SubmitMessage)]
    assert any(each.validity_relative == -1 for each in submits)
    assert any(len(each.destinations) == 2 for each in submits)
    assert any(each.header is not None and each.header[:3] == b"\5\0\3" for each in submits)
    responses = [found.message for _, _, found in readings()]
    responses = [each for each in responses if isinstance(each, SubmitResponse)]
    assert responses
    assert all(len(each.outcomes) == 1 and each.destination for each in responses)


def test_the_response_to_two_recipients_may_name_the_last_alone():
    (label, item, found), *others = [
        each
        for each in readings()
        if isinstance(each[2].message, SubmitMessage) and len(each[2].message.destinations) > 1
    ]
    assert others == []
    stream, _ = label.rsplit("-", 1)
    (response,) = [
        each.message
        for name, answer, each in readings()
        if name == f"{stream}-s2c" and (answer.operation, answer.number) == (53, item.number)
    ]
    assert [each.destination for each in response.outcomes] == [found.message.destinations[-1]]


def test_general_errors_come_without_their_code():
    errors = [item for item in readings() if isinstance(item[2].message, GeneralErrorResponse)]
    assert errors
    assert all(found.message.error is None for _, _, found in errors)
