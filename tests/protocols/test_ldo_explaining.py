"""What every byte of an LDO conversation is, whole, wrong or cut off."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path

import pytest

from ohnecimd.errors import ProtocolError, TooLong, Truncated
from ohnecimd.protocols.chunks import Chunk, decode
from ohnecimd.protocols.chunks.explaining import explain

DATA = Path(__file__).parents[1] / "data" / "chunks"
FILES = sorted((DATA / "files").glob("*.ldo"))
CONVERSATIONS = json.loads((DATA / "ldo-conversations.json").read_text())


def said(record, direction):
    """All bytes that went one way."""
    parts = []
    for step in record["steps"]:
        if step["dir"] == direction and "hex" in step:
            more = step.get("then_repeat", {"hex": "", "times": 0})
            parts += bytes.fromhex(step["hex"]), bytes.fromhex(more["hex"]) * more["times"]
    return b"".join(parts)


SAID = {
    f"{record['name']}-{direction}": said(record, direction)
    for record in CONVERSATIONS
    for direction in ("c2s", "s2c")
}
SAMPLES = {path.name: path.read_bytes() for path in FILES} | SAID


def chunk(id_, contents=b""):
    return Chunk(id_, contents).encode()


def lines_of(data, **options):
    """Spans and errors on a line each."""
    return [
        f"{each.position} ! {each}"
        if isinstance(each, ProtocolError)
        else f"{each.start}-{each.end} {' > '.join(each.path)} = {each.value!r}"
        + f" ({each.meaning})" * bool(each.meaning)
        for each in explain(data, **options)
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_byte_is_in_one_span_up_to_what_is_wrong(name):
    data = SAMPLES[name]
    at = 0
    error = None
    for part in explain(data):
        assert error is None
        if isinstance(part, ProtocolError):
            error = part
            continue
        assert part.start == at
        assert at < part.end <= len(data)
        at = part.end
    if error is None:
        assert at == len(data)
    elif isinstance(error, Truncated):
        assert error.position == len(data)
        assert len(data) - at < 8


@pytest.mark.parametrize("name", SAMPLES)
def test_chunks_and_what_is_wrong_are_those_of_the_decoder(name):
    data = SAMPLES[name]
    connection = decode()
    connection.send(data)
    connection.send_eof()
    events = connection.events()
    chunks = [each for each in events if isinstance(each, Chunk)]
    parts = list(explain(data))
    values = {
        (part.start, part.path[-1]): part.value
        for part in parts
        if not isinstance(part, ProtocolError)
    }
    for each in chunks:
        assert values[each.offset, "id"] == each.id
        assert values[each.offset + 4, "size"] == len(each.contents)
    errors = [str(part) for part in parts if isinstance(part, ProtocolError)]
    problems = [each.message for each in events if not isinstance(each, Chunk)]
    assert len(errors) == len(problems)
    assert all(problem.startswith(error) for error, problem in zip(errors, problems, strict=True))


def test_chunks_in_chunks_have_their_names():
    data = chunk(b"CMPU", chunk(b"OPER", b"+") + chunk(b"OPND", b"3") + b"left")
    assert lines_of(data) == [
        "0-4 CMPU > id = b'CMPU' (Compute)",
        "4-8 CMPU > size = 22",
        "8-12 CMPU > OPER > id = b'OPER'",
        "12-16 CMPU > OPER > size = 1",
        "16-17 CMPU > OPER > contents = b'+'",
        "17-21 CMPU > OPND > id = b'OPND'",
        "21-25 CMPU > OPND > size = 1",
        "25-26 CMPU > OPND > contents = b'3'",
        "26-30 CMPU > rest = b'left' (ignored)",
    ]


def test_what_has_no_meaning_in_a_request_says_so():
    lines = lines_of(chunk(b"DLAY", chunk(b"OPER") + chunk(b"NTVL", b"1")))
    assert lines[2] == "8-12 DLAY > OPER > id = b'OPER' (of no meaning here)"
    assert lines[4] == "16-20 DLAY > NTVL > id = b'NTVL'"


def test_replies_are_explained_as_well_as_requests():
    data = chunk(b"ANSR", chunk(b"STS ", b"1") + chunk(b"VALU", b"7.0"))
    lines = lines_of(data)
    assert lines[0] == "0-4 ANSR > id = b'ANSR' (Answer)"
    assert lines[4] == "16-17 ANSR > STS > contents = b'1'"


def test_contents_that_are_not_chunks_are_not_taken_for_some():
    data = chunk(b"ECHO", chunk(b"NTVL", b"1")) + chunk(b"\x1b[2J", b"x")
    assert lines_of(data) == [
        "0-4 ECHO > id = b'ECHO' (Echo)",
        "4-8 ECHO > size = 9",
        r"8-17 ECHO > contents = b'NTVL\x01\x00\x00\x001'",
        r"17-21 b'\x1b[2J' > id = b'\x1b[2J'",
        r"21-25 b'\x1b[2J' > size = 1",
        r"25-26 b'\x1b[2J' > contents = b'x'",
    ]


def test_a_chunk_that_is_cut_off_is_explained_as_far_as_it_goes():
    whole = chunk(b"NOOP") + chunk(b"ECHO", b"abc")
    assert lines_of(whole[:-1])[2:] == [
        "8-12 ECHO > id = b'ECHO' (Echo)",
        "12-16 ECHO > size = 3",
        "16-18 ECHO > contents = b'ab' (cut off)",
        (
            "18 ! at byte 18 in chunk ECHO: expected 3 bytes of contents, "
            "found the end of input after 2 bytes"
        ),
    ]
    assert lines_of(whole[:16])[4:] == [
        (
            "16 ! at byte 16 in chunk ECHO: expected 3 bytes of contents, "
            "found the end of input after 0 bytes"
        )
    ]
    assert lines_of(whole[:15])[2:] == [
        (
            "15 ! at byte 15 in chunk: expected a header of 8 bytes, "
            "found the end of input after 7 bytes"
        )
    ]


def test_a_chunk_that_is_too_large_is_the_last_that_is_explained():
    data = chunk(b"NOOP") + b"ECHO" + struct.pack("<I", 65536) + b"x" * 70_000
    assert lines_of(data)[2:] == [
        "8-12 ECHO > id = b'ECHO' (Echo)",
        "12-16 ECHO > size = 65536",
        (
            "12 ! at byte 12 in chunk ECHO: expected at most 65535 bytes of contents, "
            "found a size of 65536"
        ),
    ]
    *_, error = explain(data)
    assert isinstance(error, TooLong)
    assert not any("!" in line for line in lines_of(data, limit=65536)[:6])


def test_the_limit_is_that_of_the_contents():
    data = chunk(b"ECHO", b"abcd")
    assert len(lines_of(data, limit=4)) == 3
    assert lines_of(data, limit=3)[-1].startswith("4 ! ")


def test_nothing_is_nothing():
    assert list(explain(b"")) == []


def test_any_bytes_like_object_will_do():
    data = chunk(b"DLAY", chunk(b"NTVL", b"1"))
    assert list(explain(bytearray(data))) == list(explain(memoryview(data))) == list(explain(data))


def test_spans_are_made_on_the_way():
    data = chunk(b"NOOP") * 50_000
    tracemalloc.start()
    try:
        count = sum(1 for _ in explain(data))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 5_000_000
