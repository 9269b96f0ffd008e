"""What was sent between other implementations, in the captures, and what they meant by it."""

import json
from pathlib import Path

import pytest

from ohnecimd.protocols.cimd.text import Reader, UserData, split

DATA = Path(__file__).parents[3] / "data" / "cimd"
LINES = (DATA / "texts.txt").read_text(encoding="utf-8").splitlines()[1:]
CASES = [line.split("\t") for line in LINES]
SENT_BY_THE_GATEWAY = [case for case in CASES if case[0] == "submit-basic"]


def user_data_of(capture, numbers):
    """Return what submits and deliveries with these packet numbers say."""
    listing = json.loads((DATA / f"{capture}.json").read_text())["listing"]
    wanted = [int(number) for number in numbers.split()]
    found = {
        int(entry["pn"]): {code: bytes.fromhex(value) for code, value in entry["params"]}
        for entry in listing
        if entry.get("params") and {"033", "034"} & {code for code, _ in entry["params"]}
    }
    return [_user_data(found[number]) for number in wanted]


def _user_data(values):
    octets = {
        code: bytes.fromhex(values[code].decode()) for code in ("032", "034") if code in values
    }
    dcs = int(values["030"]) if "030" in values else None
    return UserData(dcs, octets.get("032"), values.get("033"), octets.get("034"))


@pytest.mark.parametrize(("capture", "numbers", "text"), CASES)
def test_texts_in_captures_read_as_they_were_meant(capture, numbers, text):
    parts = user_data_of(capture, numbers)
    for reader in (Reader(), Reader(strict=True)):
        assert reader.read_all(parts) == json.loads(text)


@pytest.mark.parametrize(("capture", "numbers", "text"), SENT_BY_THE_GATEWAY)
def test_long_texts_are_cut_where_the_gateway_cuts_them(capture, numbers, text):
    theirs = user_data_of(capture, numbers)
    ours = split(json.loads(text), reference=5)
    assert [part.user_data_binary for part in ours] == [each.user_data_binary for each in theirs]
    assert [part.header for part in ours] == [each.header for each in theirs]
    reader = Reader(strict=True)
    assert [reader.read(part) for part in ours] == [reader.read(each) for each in theirs]


def test_library_packs_septets_from_bit_0_behind_a_header():
    parts = user_data_of("submit-fragmented", "15 17")
    assert Reader(packed_from_bit_0=True).read_all(parts) == "0123456789" * 17
    ours = split("0123456789" * 17, coding="packed", reference=0x82, packs_from_bit_0=True)
    assert ours[0].user_data_binary == parts[0].user_data_binary
    assert ours[0].header == parts[0].header


def test_octets_in_captures_are_octets():
    (octets,) = user_data_of("submit-basic", "21")
    assert Reader(strict=True).read(octets) == bytes(range(64))
    (octets,) = user_data_of("submit-fragmented", "25")
    assert Reader(strict=True).read(octets) == b"\x00\x02\x03\t:\xff\x7f"
