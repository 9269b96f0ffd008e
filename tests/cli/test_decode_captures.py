import io
import json
import re
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from capture_files import RAW, Talk, enhanced, interface, pcap, pcapng, section

from ohnecimd.cli import main

CIMD = Path(__file__).parents[1] / "data" / "cimd"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def two_lines():
    return Talk().handshake().c2s(b"one\ntw").s2c(b"OK\n").c2s(b"o\n").goodbye()


def test_lines_of_both_directions_are_printed_in_the_order_of_their_completion(run):
    ran = run("decode", "lines", given=two_lines().pcap())
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "0 c2s 0  one\n0 s2c 0  OK\n0 c2s 4  two\n"


@pytest.mark.parametrize("make", [pcap, pcapng])
def test_json_tells_stream_and_direction(run, tmp_path, make):
    file = tmp_path / "talk"
    file.write_bytes(make(two_lines().packets, link=RAW))
    ran = run("decode", "lines", "--json", file)
    assert objects(ran.out) == [
        {"stream": 0, "direction": "c2s", "line": "one", "offset": 0},
        {"stream": 0, "direction": "s2c", "line": "OK", "offset": 0},
        {"stream": 0, "direction": "c2s", "line": "two", "offset": 4},
    ]


def test_ldo_is_decoded_in_both_directions(run):
    talk = Talk().handshake().c2s(b"ECHO\3\0\0\0abc").s2c(b"ECHO\3\0\0\0abcNO")
    ran = run("decode", "ldo", given=talk.pcap())
    assert ran.out.splitlines()[:2] == ["0 c2s 0  ECHO 3 echo: abc", "0 s2c 0  ECHO 3 echo: abc"]
    assert ran.out.splitlines()[2].startswith("0 s2c 11 !truncated-header: at byte 13 in chunk: ")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 1 place\n")


def test_iff_takes_a_direction_for_a_file(run):
    talk = Talk().handshake().c2s(b"FORM\0\0\0\x10TESTNAME").s2c(b"FORM\0\0\0\4TEXT")
    talk.c2s(b"\0\0\0\3abc\0").goodbye()
    ran = run("decode", "iff", given=talk.pcap())
    assert (ran.status, ran.out.splitlines()) == (
        0,
        [
            "0 c2s          0  FORM TEST  16 bytes",
            "0 s2c          0  FORM TEXT  4 bytes",
            "0 c2s         12    NAME  3 bytes",
            "0 c2s                 text='abc'",
        ],
    )
    first, second = objects(run("decode", "iff", "--json", given=talk.pcap()).out)
    assert (first["stream"], first["direction"], first["chunks"][0]["type"]) == (0, "c2s", "TEST")
    assert (second["direction"], second["offset"]) == ("s2c", 0)


def test_a_direction_in_which_nothing_was_said_is_nothing(run):
    ran = run("decode", "iff", given=Talk().handshake().c2s(b"FORM\0\0\0\4TEXT").goodbye().pcap())
    assert (ran.status, len(ran.out.splitlines())) == (0, 1)


def test_options_of_the_protocol_hold(run):
    talk = Talk().handshake().c2s(b"a;bcd;e;")
    ran = run("decode", "lines", "--limit", "2", "--delimiter", ";", given=talk.pcap())
    assert ran.out.splitlines()[0] == "0 c2s 0  a"
    assert ran.out.splitlines()[1].startswith("0 c2s 4 !too-long: at byte 4: ")
    assert ran.out.splitlines()[2] == "0 c2s 6  e"


def test_missing_bytes_are_an_error_and_nothing_is_joined_across_them(run):
    talk = Talk().handshake().c2s(b"one\nbeg").c2s(b"lost\n").c2s(b"in\nend\nhal").goodbye()
    talk.lose(4)
    ran = run("decode", "lines", "--json", given=talk.pcap())
    first, cut, gap, *rest, last = objects(ran.out)
    assert first["line"] == "one"
    assert (cut["error"], cut["offset"]) == ("truncated", 7)
    assert gap == {
        "stream": 0,
        "direction": "c2s",
        "error": "gap",
        "offset": 7,
        "message": "5 bytes are missing from the capture (lost)",
    }
    assert [(each["line"], each["offset"]) for each in rest] == [("in", 12), ("end", 15)]
    assert (last["error"], last["offset"]) == ("truncated", 22)
    assert last["message"].startswith("at byte 10: ")
    assert last["message"].endswith(" (bytes counted from 12, after a gap)")
    assert ran.err == "ohnecimd: error: malformed input in 3 places\n"
    assert "0 c2s 7 !gap: 5 bytes are missing" in run("decode", "lines", given=talk.pcap()).out


def test_only_connections_to_a_port_are_decoded_if_it_is_given(run):
    web, ours = Talk(sport=80).handshake().c2s(b"GET\n"), Talk(cport=7).handshake().c2s(b"one\n")
    data = pcap(web.packets + ours.packets, link=RAW)
    for words in (["lines", "--port", "9971"], ["--port", "9971", "lines"]):
        ran = run("decode", *words, given=data)
        assert (ran.status, ran.out) == (0, "1 c2s 0  one\n")


def test_raw_takes_a_capture_for_bytes(run):
    data = two_lines().pcap()
    ran = run("decode", "lines", "--raw", "--json", given=data)
    taken = [each for each in objects(ran.out) if "line" in each]
    assert taken[0]["line"].encode("latin-1") == data[: data.index(b"\n")]
    assert all("stream" not in each for each in taken)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_a_capture_is_known_however_it_comes(capfd, monkeypatch, size):
    class Cut(io.BytesIO):
        def read(self, nbytes=-1):
            return super().read(min(nbytes, size))

    for data in (two_lines().pcap(), pcapng(two_lines().packets, link=RAW)):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Cut(data)))
        assert main(["decode", "lines"]) == 0
        assert capfd.readouterr().out.splitlines()[1] == "0 s2c 0  OK"


@pytest.mark.parametrize(
    "data", [b"\n", b"\n\r\r\n", b"\n\r\r\nabc\n", b"\xd4\xc3\n", b"\n\r\r\nabcdef\x1a\n"]
)
@pytest.mark.parametrize("size", [1, 100])
def test_what_only_begins_as_a_capture_is_taken_as_it_is(capfd, monkeypatch, data, size):
    class Cut(io.BytesIO):
        def read(self, nbytes=-1):
            return super().read(min(nbytes, size))

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Cut(data)))
    assert main(["decode", "lines", "--delimiter", r"\n", "--json"]) == 0
    lines = [each["line"].encode("latin-1") for each in objects(capfd.readouterr().out)]
    assert b"".join(each + b"\n" for each in lines) == data


def test_a_capture_that_ends_too_early_is_an_error_after_what_was_in_it(run):
    data = two_lines().pcap()
    ran = run("decode", "lines", "--json", given=data[: -len(two_lines().packets[-1][1]) - 1])
    *lines, error = objects(ran.out)
    assert [each["line"] for each in lines] == ["one", "OK", "two"]
    assert error == {
        "error": "truncated",
        "offset": len(data) - 41,
        "message": f"at byte {len(data) - 41} in capture > packet 9: "
        "expected 16 bytes, found the end of input after 15 bytes",
    }
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 1 place\n")


def test_a_malformed_capture_is_an_error(run):
    data = section() + interface(RAW) + enhanced(b"", number=7)
    ran = run("decode", "lines", given=data)
    assert ran.out == (
        "56 !malformed: at byte 56 in capture > block 3 > EnhancedPacket > interface: "
        "expected one of the 1 interfaces of the section, found 7\n"
    )
    assert ran.status == 1


def test_a_capture_that_cannot_be_looked_into_is_an_error(run):
    ran = run("decode", "lines", "--json", given=pcap([(0, b"wlan")] * 2, link=105))
    assert objects(ran.out) == [
        {
            "error": "unknown-link-type",
            "offset": 40,
            "message": "packet 1 has the link type 105, not known here",
        }
    ]
    assert ran.status == 1


def test_a_capture_without_connections_is_clean_and_prints_nothing(run):
    ran = run("decode", "lines", given=pcap([]))
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_a_real_capture_comes_out_as_its_listing_says(run):
    ran = run("decode", "lines", "--json", "--delimiter", r"\x03", CIMD / "submit-basic.pcap")
    listing = json.loads((CIMD / "submit-basic.json").read_text(encoding="utf-8"))["listing"]
    assert [
        (each["stream"], each["direction"], each["line"].encode("latin-1").hex() + "03")
        for each in objects(ran.out)
    ] == [(each["stream"], each["dir"], each["raw"]) for each in listing]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "0"], "argument --port: bad port '0': it is a number from 1 to 65535"),
        (["--port", "65536"], "argument --port: bad port '65536': it is a number"),
        (["--port", "9" * 5000], "it is a number from 1 to 65535"),
        (["--port", "smtp"], "argument --port: bad port 'smtp': it is a number"),
        (["--port", "1", "--raw"], "argument --raw: not allowed with argument --port"),
        (["--port", "1"], "--port is for captures, and standard input is none"),
    ],
)
def test_bad_arguments_are_one_clear_line(run, words, message):
    ran = run("decode", "lines", *words, given=b"one\n")
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_what_can_be_decoded_is_printed_before_more_comes(launch):
    talk = two_lines()
    process = launch("decode", "lines")
    process.stdin.write(pcap(talk.packets[:6], link=RAW))
    process.stdin.flush()
    assert process.stdout.readline() == b"0 c2s 0  one\n"
    assert process.stdout.readline() == b"0 s2c 0  OK\n"
    assert process.stdout.readline() == b"0 c2s 4  two\n"
    out, err = process.communicate(pcap(talk.packets[6:], link=RAW)[24:], timeout=20)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_what_the_reference_shows_is_what_is_printed(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    talk = Talk(sport=7007).handshake().c2s(b"Hello\n").s2c(b"You sent: Hello\n").c2s(b"Cat,,\n")
    talk.lose()
    Path("talk.pcap").write_bytes(talk.c2s(b"Bye\n").pcap())
    section_of_captures = PAGE.read_text(encoding="utf-8").partition("### Captures\n")[2]
    (block, *_) = re.findall(r"^```text\n(.*?)^```$", section_of_captures, re.DOTALL | re.MULTILINE)
    examples = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    assert len(examples) == 2
    for typed, _, shown in (example.partition("\n") for example in examples):
        ran = run(*shlex.split(typed)[1:])
        assert ran.out + ran.err == shown
