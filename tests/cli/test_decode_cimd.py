"""``decode cimd``: packets, what is none, and captures of real traffic."""

import json
from pathlib import Path

import pytest
from capture_files import Talk

from ohnecimd.cli.protocols import PROTOCOLS

DATA = Path(__file__).parents[1] / "data" / "cimd"
NAMES = sorted(path.stem for path in DATA.glob("*.pcap"))
LOGIN = b"\x0201:001\t010:news\t011:s3cret\t019:10\t2F\x03"
ALIVE = b"\x0240:001\t3A\x03"
WRONG = b"\x0240:001\t3B\x03"
BARE = b"\x0240:001\t\x03"
SUBMIT = b"\x0203:003\t021:+358401234567\t033:Hi _Oa 5 _XXe!\t056:14\t\x03"


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


# JSON


def test_a_packet_is_an_object_with_everything_on_the_wire(run):
    ran = run("decode", "cimd", "--json", given=b"\n" + LOGIN + BARE)
    assert (ran.status, ran.err) == (0, "")
    assert objects(ran.out) == [
        {
            "offset": 1,
            "operation": 1,
            "name": "login",
            "number": 1,
            "parameters": [["010", "6e657773"], ["011", "733363726574"], ["019", "3130"]],
            "checksum": "2F",
            "checksum_ok": True,
        },
        {
            "offset": 1 + len(LOGIN),
            "operation": 40,
            "name": "alive",
            "number": 1,
            "parameters": [],
            "checksum": None,
            "checksum_ok": None,
        },
    ]


def test_order_repeats_and_unknown_parameters_and_operations_are_kept(run):
    data = b"\x0207:255\t777:\t021:1\t021:2\t000:\xff\tFF\x03"
    (packet,) = objects(run("decode", "cimd", "--json", given=data).out)
    assert (packet["operation"], packet["name"], packet["number"]) == (7, "unknown", 255)
    assert packet["parameters"] == [["777", ""], ["021", "31"], ["021", "32"], ["000", "ff"]]
    assert packet["checksum_ok"] is False


def test_noise_is_an_object_and_no_fault(run):
    ran = run("decode", "cimd", "--json", given=b"Hello\n" + ALIVE + b"\r\n" + ALIVE + b"x")
    assert ran.status == 0
    hello, first, second, end = objects(ran.out)
    assert hello == {"offset": 0, "noise": b"Hello\n".hex()}
    assert (first["offset"], second["offset"]) == (6, 6 + len(ALIVE) + 2)
    assert end == {"offset": 6 + 2 * len(ALIVE) + 2, "noise": "78"}


@pytest.mark.parametrize(
    ("data", "kind", "offset", "message"),
    [
        (b"\x02oops\x03", "malformed", 0, "at byte 1 in packet: expected an operation of two"),
        (b"\x0203:003\tx\x03", "malformed", 0, "at byte 8 in packet: expected a checksum"),
        (b"\x0203:003\t\x02", "cut-off", 0, "at byte 8 in packet: expected ETX before the next"),
        (b"\x0203:" + b"0" * 100, "too-long", 0, "at byte 60 in packet: expected ETX within 60"),
    ],
)
def test_what_is_malformed_is_an_object_and_decoding_goes_on(run, data, kind, offset, message):
    given = data + (ALIVE[1:] if data.endswith(b"\x02") else ALIVE)
    ran = run("decode", "cimd", "--json", "--limit", "60", given=given)
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 1 place\n")
    problem, packet = objects(ran.out)
    assert (problem["error"], problem["offset"]) == (kind, offset)
    assert problem["message"].startswith(message)
    assert packet["name"] == "alive"


def test_a_packet_that_breaks_off_is_truncated(run):
    ran = run("decode", "cimd", "--json", given=ALIVE + LOGIN[:-1])
    assert ran.status == 1
    assert objects(ran.out)[1] == {
        "error": "truncated",
        "offset": len(ALIVE),
        "message": f"at byte {len(ALIVE + LOGIN) - 1} in packet: "
        "expected ETX, found the end of input",
    }


@pytest.mark.parametrize(
    ("options", "data", "faults"),
    [
        ([], WRONG, 1),
        ([], BARE, 0),
        ([], ALIVE.replace(b"3A", b"3a"), 0),
        (["--checksums", "accept"], WRONG + BARE + WRONG, 2),
        (["--checksums", "demand"], BARE + ALIVE + WRONG, 2),
        (["--checksums", "ignore"], BARE + WRONG, 0),
    ],
)
def test_a_wrong_checksum_is_a_fault_and_the_packet_stays(run, options, data, faults):
    ran = run("decode", "cimd", "--json", *options, given=data)
    packets = objects(ran.out)
    assert [each["name"] for each in packets] == ["alive"] * data.count(b"\x02")
    assert ran.status == bool(faults)
    assert (f"malformed input in {faults} place" in ran.err) == bool(faults)


def test_json_holds_the_password_since_it_is_the_wire_itself(run):
    (packet,) = objects(run("decode", "cimd", "--json", given=LOGIN).out)
    assert ["011", b"s3cret".hex()] in packet["parameters"]


# Text


def test_a_packet_is_a_line_with_names_and_values(run):
    ran = run("decode", "cimd", given=LOGIN + SUBMIT + ALIVE)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "0  01:001 login: user identity 'news', password ***, window size 10",
        (
            f"{len(LOGIN)}  03:003 submit message: destination address '+358401234567', "
            "user data 'Hi @ 5 €!', status report request 14 (expired, failed, delivered)"
        ),
        f"{len(LOGIN + SUBMIT)}  40:001 alive",
    ]


def test_text_shows_no_password_wherever_it_stands(run):
    data = (
        LOGIN
        + b"011:s3cret\t"
        + LOGIN[1:]
        + b"\x0208:003\t011:s3cret\t\x03\x0203:003\t011:s3cret\x03"
        + b"\x0201:001\t011:s3cret\t\x0201:001\t011:s3cret"
    )
    out = run("decode", "cimd", given=data).out
    assert "noise '011:***\\x0901:001\\x09010:news\\x09011:***\\x09019:10" in out
    assert "password ***" in out
    assert "cret" not in out


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (WRONG, "0  40:001 alive !checksum-mismatch: expected the checksum b'3A', found b'3B'"),
        (
            b"\x0223:000\t021:1\t060:x\t061:77\t\x03",
            (
                "0  23:000 deliver status report: destination address '1', "
                "service centre time stamp 'x' (!expected yymmddhhmmss), "
                "status code 77 (!expected 0..9)"
            ),
        ),
        (b"\x0203:001\t\x03", "0  03:001 submit message: !parameter 021 is missing"),
        (b"\x0203:001\t021:1\t777:a\x1b\t\x03", "777 'a\\x1b'"),
        (b"\x0207:001\t\x03", "0  07:001 unknown"),
        (b"Hi\x1b[2J\xff\n", "0  noise 'Hi\\x1b[2J\\xff\\x0a'"),
        (b"\x02\x1b[2J\x03", "0 !malformed: at byte 1 in packet: expected an operation of two"),
    ],
)
def test_what_is_odd_is_said_on_the_line(run, data, text):
    out = run("decode", "cimd", given=data).out
    assert text in out
    assert out.count("\n") == 1


def test_values_that_are_out_of_range_are_no_malformed_input(run):
    ran = run("decode", "cimd", given=b"\x0203:001\t033:x\t061:x\t\x03")
    assert (ran.status, ran.err) == (0, "")


def test_a_missing_checksum_is_said_where_it_is_demanded(run):
    ran = run("decode", "cimd", "--checksums", "demand", given=BARE)
    assert ran.status == 1
    assert ran.out == "0  40:001 alive !malformed: expected a checksum, found none\n"


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_no_cut_makes_a_difference(launch, size):
    data = b"Hello\n" + LOGIN + WRONG + b"\x02x\x03" + SUBMIT + b"\x0240"
    process = launch("decode", "cimd", "--json")
    for start in range(0, len(data), size):
        process.stdin.write(data[start : start + size])
        process.stdin.flush()
    out, _ = process.communicate(timeout=20)
    found = [each.get("name") or each.get("error") or "noise" for each in objects(out.decode())]
    assert found == ["noise", "login", "alive", "malformed", "submit message", "truncated"]


def test_a_packet_is_printed_when_it_is_complete(launch):
    process = launch("decode", "cimd")
    process.stdin.write(ALIVE)
    process.stdin.flush()
    assert process.stdout.readline() == b"0  40:001 alive\n"


def test_input_of_any_kind_gives_lines_and_nothing_worse(run):
    for data in (b"", bytes(range(256)) * 20, b"\x02" * 5000, b"\x03" * 5000, b"\xff" * 10_000):
        for options in ([], ["--json"]):
            ran = run("decode", "cimd", *options, given=data)
            assert ran.status in {0, 1}
            assert all(line.isprintable() for line in ran.out.splitlines())
    assert run("decode", "cimd").out == ""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--limit", "0"], "bad number of bytes '0'"),
        (["--limit", "x"], "bad number of bytes 'x'"),
        (["--checksums", "maybe"], "invalid choice: 'maybe'"),
        (["missing"], "cannot read 'missing': no such file or directory"),
        (["."], "cannot read '.': is a directory"),
        (["--strict"], "unrecognized arguments: --strict"),
    ],
)
def test_bad_use_is_one_clear_line(run, options, why):
    ran = run("decode", "cimd", *options)
    assert (ran.status, ran.out) == (2, "")
    assert why in ran.err
    assert ran.err.count("\n") == 1


# Captures


def listing_of(name):
    """Return the listing of a capture with the keys that `decode` has."""
    listing = json.loads((DATA / f"{name}.json").read_text())["listing"]
    offsets = {}
    for entry in listing:
        place = entry["stream"], entry["dir"]
        octets = bytes.fromhex(entry.get("noise") or entry["raw"])
        found = {"stream": entry["stream"], "direction": entry["dir"]}
        found["offset"] = offsets.get(place, 0)
        offsets[place] = found["offset"] + len(octets)
        if "noise" in entry:
            yield found | {"noise": entry["noise"]}
            continue
        yield found | {
            "operation": entry["op"],
            "name": entry["name"],
            "number": entry["pn"],
            "parameters": entry["params"],
            "checksum": entry["checksum"],
            "checksum_ok": entry["checksum_ok"],
        }


@pytest.mark.parametrize("name", NAMES)
def test_every_capture_gives_its_listing(run, name):
    ran = run("decode", "cimd", "--json", DATA / f"{name}.pcap")
    assert (ran.status, ran.err) == (0, "")
    assert objects(ran.out) == list(listing_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_packet_of_a_capture_is_a_line_of_text(run, name):
    ran = run("decode", "cimd", DATA / f"{name}.pcap")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert len(lines) == len(list(listing_of(name)))
    assert all(line.isprintable() for line in lines)


def test_there_are_captures():
    assert len(NAMES) == 5


def test_bytes_that_are_missing_from_a_capture_cost_no_other_packet(run):
    talk = Talk().handshake().c2s(ALIVE).c2s(LOGIN[:9]).c2s(LOGIN[9:]).c2s(ALIVE)
    talk.lose(4)
    ran = run("decode", "cimd", "--json", given=talk.goodbye().pcap())
    assert ran.status == 1
    found = [each.get("name") or each.get("error") or "noise" for each in objects(ran.out)]
    assert found == ["alive", "gap", "noise", "alive"]


def test_the_row_is_in_the_table():
    assert PROTOCOLS["cimd"].decoder.summary == "packets of CIMD2"
