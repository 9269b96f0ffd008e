"""``decode iff``: the tree of every file as JSON, and as text while it comes."""

from __future__ import annotations

import io
import json
import struct
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest

from ohnecimd.cli import main
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.iff import listing
from ohnecimd.cli.standard import Output
from ohnecimd.protocols.iff.dialects import DIALECTS

DATA = Path(__file__).parents[1] / "data" / "chunks"
EXPECTED = {
    name: record
    for name, record in json.loads((DATA / "expected.json").read_text()).items()
    if record["dialect"] in DIALECTS
}


def file_of(name):
    return DATA / "files" / name


def nested(levels):
    return b"".join(
        b"FORM" + struct.pack(">I", 4 + 12 * inside) + b"DEEP" for inside in reversed(range(levels))
    )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_json_is_one_object_with_the_tree_and_the_problems(run, name):
    ran = run("decode", "iff", "--json", file_of(name))
    (line,) = ran.out.splitlines()
    found = json.loads(line)
    expected = EXPECTED[name]
    problems = [(each["kind"], each["offset"]) for each in found["problems"]]
    assert ran.status == (1 if problems else 0)
    assert (found["offset"], found["dialect"]) == (0, expected["dialect"])
    if isinstance(expected["chunks"], str):
        assert {kind for kind, _ in problems} >= {
            each["kind"] for each in expected.get("expect", [])
        }
        return
    assert found["chunks"] == expected["chunks"]
    assert found.get("ds64") == expected.get("ds64")
    assert problems == [(each["kind"], each["offset"]) for each in expected["problems"]]
    if problems:
        places = f"{len(problems)} place{'' if len(problems) == 1 else 's'}"
        assert ran.err == f"ohnecimd: error: malformed input in {places}\n"


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_text_names_every_chunk_and_every_problem(run, name):
    ran = run("decode", "iff", file_of(name))
    seen = json.loads(run("decode", "iff", "--json", file_of(name)).out)
    lines = ran.out.splitlines()
    problems = [line.split()[1:3] for line in lines if line.startswith("!")]
    assert sorted(problems) == sorted(
        [str(each["offset"]), f"{each['kind']}:"] for each in seen["problems"]
    )
    assert ran.status == (1 if problems else 0)
    offsets = []
    waiting = list(reversed(seen["chunks"]))
    while waiting:
        node = waiting.pop()
        offsets.append(node["offset"])
        waiting += reversed(node.get("children", node.get("inner", [])))
    # a line without an offset says what the chunk above it holds
    assert [int(line[:10]) for line in lines if line[0] != "!" and line[:10].strip()] == offsets
    assert ran.out.isascii()


def test_text_is_a_tree(run):
    ran = run("decode", "iff", file_of("bad-anmf-inner.webp"))
    assert ran.out == (
        "         0  RIFF WEBP  70 bytes\n"
        "        12    VP8X  10 bytes\n"
        "                flags=ANIMATION width=8 height=6\n"
        "        30    ANIM  6 bytes\n"
        "                blue=0 green=0 red=0 alpha=0 loops=0\n"
        "        44    ANMF  26 bytes\n"
        "                x=0 y=0 width=1 height=1 duration=0 flags=0\n"
        "!       68  child-beyond-parent: a chunk runs past the end of the group around it "
        "(needs 255 bytes, 2 there)\n"
        "        68      VP8   255 bytes\n"
        "                  at byte 78 in LossyImage > frame_tag: expected 3 bytes, "
        "found the end of input after 2 bytes\n"
    )


def test_sizes_that_are_unknown_or_elsewhere_are_said(run):
    assert (
        "     1346    LIST movi  size unknown\n"
        in run("decode", "iff", file_of("avi-piped.avi")).out
    )
    ran = run("decode", "iff", file_of("made-ds64-table.rf64"))
    assert "        96    big1  6 bytes (ds64)\n" in ran.out


def test_bytes_of_the_file_are_escaped(run):
    ran = run("decode", "iff", given=b"FORM\0\0\0\x04\x1b[2J")
    assert ran.out.splitlines()[-1] == "         0  FORM \\x1b[2J  4 bytes"
    assert "bad-type" in ran.out


def test_strict_stops_at_the_first_problem(run):
    name = file_of("bad-child-too-long.iff")
    ran = run("decode", "iff", "--strict", name)
    assert [line[:30] for line in ran.out.splitlines()] == [
        "         0  FORM TEST  16 byte",
        "!       12  child-beyond-paren",
    ]
    assert ran.status == 1
    found = json.loads(run("decode", "iff", "--strict", "--json", name).out)
    assert [each["kind"] for each in found["problems"]] == ["child-beyond-parent"]
    assert run("decode", "iff", "--strict", file_of("wav-bext.wav")).status == 0


def test_dialect_and_depth_can_be_chosen(run):
    webp = file_of("webp-anim-webpmux.webp")
    assert (
        json.loads(run("decode", "iff", "--json", "--dialect", "riff", webp).out)["dialect"]
        == "riff"
    )
    assert "bad-magic" in run("decode", "iff", "--dialect", "iff", webp).out
    deep = file_of("made-deep-20.iff")
    assert run("decode", "iff", "--max-depth", "20", deep).status == 0
    assert "!      228  too-deep: " in run("decode", "iff", "--max-depth", "19", deep).out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--dialect", "tiff"], "argument --dialect: no dialect 'tiff'; there are iff, riff"),
        (["--max-depth", "0"], "argument --max-depth: bad depth '0'"),
    ],
)
def test_bad_arguments_are_one_clear_line(run, options, message):
    ran = run("decode", "iff", *options)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_ten_thousand_levels_are_printed_as_text_and_as_json(run):
    data = nested(10_000)
    text = run("decode", "iff", "--max-depth", "10000", given=data)
    assert text.status == 0
    assert len(text.out.splitlines()) == 10_000
    ran = run("decode", "iff", "--max-depth", "10000", "--json", given=data)
    assert ran.status == 0
    assert ran.out.count('"type": "DEEP"') == 10_000
    assert ran.out.endswith('], "problems": []}\n')


def test_json_that_is_too_deep_to_recurse_is_the_same_as_that_which_is_not():
    shallow = {"a": [1, {"b": "\x7f", "c": [], "d": {}}, None, True, 0.5, (2, "x")]}
    assert to_json(shallow) == json.dumps(shallow).replace("\x7f", "\\u007f")
    deep = to_json(shallow)
    value: object = shallow
    for _ in range(50_000):
        value = {"in": [value]}
    assert to_json(value) == '{"in": [' * 50_000 + deep + "]}" * 50_000


def test_lines_come_before_the_end_of_the_input(launch):
    process = launch("decode", "iff")
    process.stdin.write(b"FORM\0\0\0\x20TESTAAAA\0\0\0\x14")
    process.stdin.flush()
    assert process.stdout.readline() == b"         0  FORM TEST  32 bytes\n"
    assert process.stdout.readline() == b"        12    AAAA  20 bytes\n"
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert b"truncated-data" in out


class Zeros(io.RawIOBase):
    """A file with one chunk of so many bytes."""

    def __init__(self, size):
        self.head = b"FORM" + struct.pack(">I", size + 12) + b"TESTBODY" + struct.pack(">I", size)
        self.left = size
        self.piece = bytes(65536)

    def read(self, _nbytes=-1):
        head, self.head = self.head, b""
        if head:
            return head
        piece = self.piece[: self.left]
        self.left -= len(piece)
        return piece


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_memory_does_not_grow_with_the_input(monkeypatch, options):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Zeros(50_000_000)))
    monkeypatch.setattr(Output, "write", lambda *_: None)
    assert main(["decode", "iff", *options, file_of("wav-bext.wav").as_posix()]) == 0  # imports
    tracemalloc.start()
    try:
        assert main(["decode", "iff", *options]) == 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def rows_of(data):
    connection = listing()
    connection.send(data)
    connection.send_eof()
    return [row.text for row in connection.events()]


def chunk(chunk_id, data, order=">"):
    return chunk_id + struct.pack(f"{order}I", len(data)) + data + bytes(len(data) & 1)


def test_contents_of_small_chunks_are_said_in_words():
    rows = rows_of(
        chunk(
            b"FORM",
            b"AIFF" + chunk(b"NAME", b"Joe") + chunk(b"BODY", b"ab") + chunk(b"NAME", bytes(8192)),
        )
    )
    assert rows[1:] == [
        "        12    NAME  3 bytes",
        "                text='Joe'",
        "        24    BODY  2 bytes",
        "        34    NAME  8192 bytes",
    ]


@pytest.mark.parametrize("size", [8, 9, 5000, 20_000, 1_000_000])
def test_heads_of_chunks_of_any_size_are_said_in_words(size):
    sound = chunk(b"SSND", struct.pack(">II", 2, 4).ljust(size, b"\1"))
    rows = rows_of(chunk(b"FORM", b"AIFF" + sound * 3))
    assert rows[1:] == [
        row
        for place in range(3)
        for row in (
            f"{12 + place * len(sound):>10}    SSND  {size} bytes",
            "                offset=2 block_size=4",
        )
    ]


def test_chunks_in_a_frame_are_said_in_words_too():
    picture = chunk(b"VP8 ", bytes.fromhex("300100 9d012a 2000 1400").ljust(9000, b"\1"), "<")
    frame = chunk(b"ANMF", bytes(16) + picture, "<")
    rows = rows_of(chunk(b"RIFF", b"WEBP" + frame, "<"))
    assert rows[1:] == [
        "        12    ANMF  9024 bytes",
        "                x=0 y=0 width=1 height=1 duration=0 flags=0",
        "        36      VP8   9000 bytes",
        "                  width=32 height=20",
    ]


def test_only_the_head_of_a_large_chunk_is_read():
    connection = listing()
    connection.send(b"FORM\x7f\0\0\0AIFFSSND\x7e\0\0\0" + bytes(8))
    assert [row.text.split()[1] for row in connection.events()] == ["FORM", "SSND", "block_size=0"]
    assert connection.skippable >= 0x7DFFFFF0
