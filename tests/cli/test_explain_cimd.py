"""``explain cimd``: every byte of real traffic, and no password."""

import json
import re
from pathlib import Path

import pytest
from pages import Page

DATA = Path(__file__).parents[1] / "data" / "cimd"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))
LOGIN = b"\x0201:001\t010:news\t011:s3cret\t019:10\t2F\x03"
WRONG = b"\x0240:001\t3B\x03"


def streams(name):
    """Give the bytes of each stream and direction of a capture."""
    found = {}
    for entry in json.loads((DATA / f"{name}.json").read_text())["listing"]:
        place = entry["stream"], entry["dir"]
        found.setdefault(place, []).append(bytes.fromhex(entry.get("noise") or entry["raw"]))
    return [b"".join(each) for each in found.values()]


def octets_of(lines):
    """The bytes that a dump shows; zero bytes for those that it hides."""
    return b"".join(bytes.fromhex(line[10:34].replace("**", "00")) for line in lines)


def test_a_packet_is_explained_byte_by_byte(run):
    ran = run("explain", "cimd", given=b"\x0223:000\t061:4\t021:1\t\x03\r\n" + WRONG)
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 1 place\n")
    report = "deliver status report 000"
    assert ran.out.splitlines() == [
        f"00000000  02                       .         {report} > STX",
        (
            f"00000001  32 33 3a                 23:       {report} > operation = 23  "
            "(parameter 060 is missing)"
        ),
        f"00000004  30 30 30 09              000.      {report} > number = 0",
        f"00000008  30 36 31 3a              061:      {report} > parameter = 61  (status code)",
        (
            f"0000000c  34                       4         {report} > status code = 4  "
            "(Delivery successful)"
        ),
        f"0000000d  09                       .         {report} > TAB",
        (
            f"0000000e  30 32 31 3a              021:      {report} > parameter = 21  "
            "(destination address)"
        ),
        f"00000012  31                       1         {report} > destination address = '1'",
        f"00000013  09                       .         {report} > TAB",
        f"00000014  03                       .         {report} > ETX",
        r"00000015  0d 0a                    ..        line end = '\x0d\x0a'",
        "00000017  02                       .         alive 001 > STX",
        "00000018  34 30 3a                 40:       alive 001 > operation = 40",
        "0000001b  30 30 31 09              001.      alive 001 > number = 1",
        (
            "0000001f  33 42                    3B        alive 001 > checksum = '3B'  "
            "(wrong: it is 3A)"
        ),
        (
            "0000001f                                     ! in packet: "
            "expected the checksum b'3A', found b'3B'"
        ),
        "00000021  03                       .         alive 001 > ETX",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_of_a_capture_is_in_the_dump_once(run, name):
    for data in streams(name):
        ran = run("explain", "cimd", "--all", given=data)
        assert (ran.status, ran.err) == (0, "")
        lines = ran.out.splitlines()
        assert all(each.isprintable() for each in lines)
        assert "(unnamed)" not in ran.out
        visible = re.sub(rb"(?<=\t011:)[^\t]+", lambda found: bytes(len(found[0])), data)
        assert octets_of(lines) == visible


@pytest.mark.parametrize("options", [[], ["--html", "-"]])
@pytest.mark.parametrize(
    "data", [LOGIN, LOGIN[:-3], LOGIN[1:], LOGIN.replace(b"s3", b"s3\x00"), b"\x02" + LOGIN]
)
def test_the_password_is_neither_in_the_names_nor_among_the_bytes(run, options, data):
    out = run("explain", "cimd", *options, given=data).out
    assert "cret" not in out
    assert "63 72 65 74" not in out
    assert "** ** **" in out


def test_a_page_has_the_same(run):
    page = Page(run("explain", "cimd", "--html", "-", given=LOGIN + WRONG).out)
    assert page.kinds.count("error") == 1
    assert any("password" in cell for row in page.rows for cell in row)


@pytest.mark.parametrize(
    ("options", "status"),
    [([], 1), (["--checksums", "ignore"], 0), (["--checksums", "demand"], 1)],
)
def test_options_are_those_of_decode(run, options, status):
    assert run("explain", "cimd", *options, given=WRONG).status == status
    ran = run("explain", "cimd", "--limit", "20", given=LOGIN)
    assert ran.status == 1
    assert "! in packet: expected ETX within 20 bytes" in ran.out
    assert "dropped" in ran.out
