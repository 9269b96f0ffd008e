"""LDO: chunks in bytes and back, the messages in them, and what is no chunk."""

from __future__ import annotations

import json
import math
import zlib
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd import many, parse, protocol
from ohnecimd.errors import FieldError, Malformed, TooLong, Truncated
from ohnecimd.protocols.chunks import (
    LIMIT,
    MESSAGES,
    OPERATORS,
    Answer,
    Chunk,
    Compute,
    Delay,
    Echo,
    Noop,
    Problem,
    Shutdown,
    chunk_of,
    decode,
    message_of,
    read_chunk,
    subchunks,
    tags_of,
)
from ohnecimd.tables import Unknown
from ohnecimd.testing import cuts, protocol_conforms, run
from ohnecimd.testing.strategies import cuts_of

DATA = Path(__file__).parents[1] / "data" / "chunks"
FILES = {
    name: record
    for name, record in json.loads((DATA / "expected.json").read_text()).items()
    if record["dialect"] == "ldo"
}

ids = st.binary(min_size=4, max_size=4)
chunks = st.builds(Chunk, ids, st.binary(max_size=30))


def events_of(pieces, **options):
    connection = decode(**options)
    events = []
    for piece in pieces:
        connection.send(piece)
        events += connection.events()
        if connection.closing:
            return events
    connection.send_eof()
    assert connection.closing
    return events + connection.events()


# Chunks


def test_a_chunk_is_id_size_and_contents():
    assert Chunk(b"ECHO", b"abc").encode() == b"ECHO\x03\0\0\0abc"
    assert parse(read_chunk, b"ECHO\x03\0\0\0abc") == Chunk(b"ECHO", b"abc", 0)
    assert parse(read_chunk, b"\0\1\2\xff\0\0\0\0") == Chunk(b"\0\1\2\xff")


def test_the_end_of_the_input_is_no_chunk():
    assert parse(read_chunk, b"") is None
    connection = protocol(many(read_chunk, at_most=3))()
    connection.send(b"NOOP\0\0\0\0")
    connection.send_eof()
    assert connection.get_result() == [Chunk(b"NOOP"), None, None]


@given(st.lists(chunks).flatmap(lambda some: cuts_of(b"".join(c.encode() for c in some))))
def test_chunks_come_out_as_they_went_in_however_they_were_cut(pieces):
    data = b"".join(pieces)
    events = events_of(pieces)
    assert b"".join(event.encode() for event in events) == data
    for event in events:
        assert data[event.offset :].startswith(event.encode())


@pytest.mark.parametrize("id_", [b"", b"ECH", b"ECHOS"])
def test_an_id_has_four_bytes(id_):
    with pytest.raises(FieldError, match=f"an ID has 4 bytes, not {len(id_)}"):
        Chunk(id_).encode()


def test_a_size_has_32_bits():
    class Endless(bytes):
        __slots__ = ()

        def __len__(self):
            return 1 << 32

    with pytest.raises(FieldError, match="in chunk ECHO: 4294967296 bytes of contents, expected"):
        Chunk(b"ECHO", Endless()).encode()


@pytest.mark.parametrize("size", [LIMIT + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_size_over_the_limit_is_refused_as_soon_as_the_header_is_in(size):
    header = b"ECHO" + size.to_bytes(4, "little")
    for pieces in cuts(header):
        outcome = run(protocol(read_chunk), pieces, eof=False)
        assert outcome.failure.kind is TooLong
        assert outcome.failure.text == (
            "at byte 4 in chunk ECHO: expected at most 65535 bytes of contents, "
            f"found a size of {size}"
        )
        assert outcome.failure.hint == "request-too-large"


def test_the_limit_is_the_callers_and_counts_the_contents():
    data = Chunk(b"ECHO", bytes(10)).encode()
    assert parse(partial(read_chunk, 10), data).contents == bytes(10)
    with pytest.raises(TooLong, match="expected at most 9 bytes of contents, found a size of 10"):
        parse(partial(read_chunk, 9), data)


@pytest.mark.parametrize("kept", range(1, 11))
def test_a_chunk_that_is_cut_off_is_truncated(kept):
    connection = protocol(many(read_chunk, at_most=2))()
    connection.send(b"NOOP\0\0\0\0" + b"ECHO\3\0\0\0abc"[:kept])
    with pytest.raises(Truncated) as caught:
        connection.send_eof()
    assert caught.value.position == 8 + kept
    assert caught.value.hint == ("truncated-header" if kept < 8 else "truncated-data")
    expected = "a header of 8 bytes" if kept < 8 else "3 bytes of contents"
    assert f"expected {expected}, found the end of input after" in str(caught.value)


def test_no_memory_is_taken_for_what_a_header_claims():
    connection = decode(limit=1 << 32)
    connection.send(b"ECHO\xff\xff\xff\xff" + bytes(1000))
    assert len(connection.unread) == 1000
    connection.send_eof()
    (problem,) = connection.events()
    assert problem.message.endswith(
        "expected 4294967295 bytes of contents, found the end of input after 1000 bytes"
    )


# Sub-chunks


def test_subchunks_know_their_places():
    chunk = Chunk(b"CMPU", b"OPER\1\0\0\0+OPND\0\0\0\0", offset=100)
    assert list(subchunks(chunk)) == [Chunk(b"OPER", b"+", 108), Chunk(b"OPND", b"", 117)]


@pytest.mark.parametrize(
    "rest", [b"", b"j", b"junk\0\0\0", b"OPND\2\0\0\x001", b"OPND\xff\xff\xff\xff"]
)
def test_what_is_no_whole_subchunk_is_ignored_with_all_after_it(rest):
    contents = b"OPER\1\0\0\0+" + rest
    assert [each.id for each in subchunks(Chunk(b"CMPU", contents))] == [b"OPER"]


# decode


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_the_chunks_and_problems_that_are_expected(name):
    data = (DATA / "files" / name).read_bytes()
    record = FILES[name]
    whole = [each for each in record["chunks"] if "present" not in each]
    for pieces in cuts(data):
        events = events_of(pieces)
        found = [event for event in events if isinstance(event, Chunk)]
        assert [(each.id.decode("latin-1"), each.offset, len(each.contents)) for each in found] == [
            (each["id"], each["offset"], each["size"]) for each in whole
        ]
        assert [f"{zlib.crc32(each.contents):08x}" for each in found] == [
            each["data_crc32"] for each in whole
        ]
        problems = [event for event in events if isinstance(event, Problem)]
        assert [(each.kind, each.offset) for each in problems] == [
            (each["kind"], each["offset"]) for each in record["problems"]
        ]


def test_the_good_file_may_end_anywhere():
    data = (DATA / "files" / "made-stream.ldo").read_bytes()
    record = FILES["made-stream.ldo"]
    for size in range(len(data)):
        events = events_of([data[:size]])
        whole = [each for each in record["chunks"] if each["end"] <= size]
        assert [event.offset for event in events[: len(whole)]] == [
            each["offset"] for each in whole
        ]
        begun = whole[-1]["end"] if whole else 0
        if begun == size:
            assert events[len(whole) :] == []
            continue
        (problem,) = events[len(whole) :]
        kind = "truncated-header" if size - begun < 8 else "truncated-data"
        assert (problem.kind, problem.offset) == (kind, begun)
        assert problem.message.startswith(f"at byte {size} in chunk")


def test_nothing_follows_a_chunk_that_is_too_large():
    data = b"NOOP\0\0\0\0GET / HTTP/1.0\r\n\r\nNOOP\0\0\0\0"
    for pieces in cuts(data):
        first, problem = events_of(pieces)
        assert first == Chunk(b"NOOP")
        assert (problem.kind, problem.offset) == ("request-too-large", 8)
        assert problem.message.endswith("the next chunk cannot be found")


def test_decode_conforms():
    protocol_conforms(
        decode,
        examples=[
            (DATA / "files" / "made-stream.ldo").read_bytes(),
            b"",
            Chunk(b"ECHO", bytes(range(256))).encode(),
        ],
        encode=lambda event: event.encode(),
        make_input=lambda size: Chunk(b"ECHO", b"x" * 42).encode() * (size // 50),
    )


def test_one_large_chunk_costs_no_more_than_its_bytes():
    protocol_conforms(
        decode,
        examples=[b"NOOP\0\0\0\0"],
        make_input=lambda size: Chunk(b"ECHO", bytes(size)).encode(),
    )


# Messages


@pytest.mark.parametrize(
    ("message", "chunk"),
    [
        (Noop(), Chunk(b"NOOP")),
        (Echo(b"\0=:"), Chunk(b"ECHO", b"\0=:")),
        (Shutdown(), Chunk(b"SHUT")),
        (Delay(0.5), Chunk(b"DLAY", b"NTVL\3\0\0\x000.5")),
        (Delay(-math.inf), Chunk(b"DLAY", b"NTVL\4\0\0\0-inf")),
        (Compute("+"), Chunk(b"CMPU", b"OPER\1\0\0\0+")),
        (
            Compute("**", (3.0, 1 - 2j)),
            Chunk(b"CMPU", b"OPER\2\0\0\0**OPND\3\0\0\x003.0OPND\6\0\0\0(1-2j)"),
        ),
        (Answer(is_success=False), Chunk(b"ANSR", b"STS \1\0\0\x000")),
        (
            Answer(is_success=True, value=5 + 5j),
            Chunk(b"ANSR", b"STS \1\0\0\x001VALU\6\0\0\0(5+5j)"),
        ),
    ],
)
def test_a_message_is_a_chunk_and_back(message, chunk):
    assert chunk_of(message) == chunk
    assert message_of(chunk) == message


numbers = st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False).filter(lambda z: z.imag)
computations = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda name: st.builds(
        Compute,
        st.just(name),
        st.lists(
            numbers,
            min_size=0 if name in "+*" else 2,
            max_size=9 if name in "+*" else 2,
        ).map(tuple),
    )
)


@given(
    st.builds(Echo, st.binary())
    | st.builds(Delay, st.floats(allow_nan=False))
    | computations
    | st.builds(Answer, st.just(value=True), numbers)
)
def test_messages_survive_the_wire(message):
    (again,) = events_of([chunk_of(message).encode()])
    assert message_of(again) == message


def test_an_id_that_nobody_knows_survives_too():
    chunk = Chunk(b"XYZW", b"\0abc")
    message = message_of(chunk)
    assert message == Unknown(b"XYZW", b"\0abc")
    assert chunk_of(message) == chunk


@pytest.mark.parametrize("row", list(MESSAGES), ids=lambda row: row.name)
def test_only_those_who_send_a_message_are_known_for_it(row):
    for sender in ("client", "server"):
        found = MESSAGES.find(row.code, sender)
        assert (found is row) == (sender in row.sent_by)


def test_there_is_no_second_list_of_messages():
    assert {row.code for row in MESSAGES} == {
        b"NOOP", b"ECHO", b"SHUT", b"DLAY", b"CMPU", b"ANSR",
    }  # fmt: skip
    tags = {row.name: tags_of(row.message) for row in MESSAGES}
    assert tags == {
        "Noop": (),
        "Echo": None,
        "Shutdown": (),
        "Delay": (b"NTVL",),
        "Compute": (b"OPER", b"OPND"),
        "Answer": (b"STS ", b"VALU"),
    }


def nested(*parts):
    return b"".join(Chunk(id_, contents).encode() for id_, contents in parts)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (nested((b"OPND", b"1"), (b"OPER", b"-"), (b"OPND", b"2")), Compute("-", (1.0, 2.0))),
        (nested((b"OPER", b"+"), (b"OPND", b" 1_0 ")) + b"junk", Compute("+", (10.0,))),
        (nested((b"OPER", b"+"), (b"OPND", "(\u0663+4j)".encode())), Compute("+", (3 + 4j,))),
    ],
)
def test_senders_are_free_in_what_the_rules_leave_open(contents, message):
    assert message_of(Chunk(b"CMPU", contents)) == message


@pytest.mark.parametrize(
    ("contents", "seconds"),
    [
        (nested((b"XTRA", b"x"), (b"NTVL", b"2")), 2),
        (nested((b"NTVL", b"x"), (b"NTVL", b"3")), 3),
        (nested((b"NTVL", b"1e-2")) + b"\0\0\0", 0.01),
    ],
)
def test_a_delay_overlooks_what_the_example_server_overlooks(contents, seconds):
    assert message_of(Chunk(b"DLAY", contents)) == Delay(seconds)


@pytest.mark.parametrize("id_", [b"NOOP", b"SHUT"])
def test_contents_that_say_nothing_are_ignored(id_):
    assert message_of(Chunk(id_, b"anything")) in (Noop(), Shutdown())


@pytest.mark.parametrize(
    ("chunk", "position", "text"),
    [
        (Chunk(b"DLAY", b""), 108, "expected a sub-chunk NTVL, found nothing"),
        (Chunk(b"DLAY", nested((b"ntvl", b"1"))), 117, "expected a sub-chunk NTVL, found nothing"),
        (
            Chunk(b"DLAY", nested((b"XTRA", b"x"), (b"NTVL", b"0,1"))),
            125,
            "expected a number, not nan, found b'0,1'",
        ),
        (Chunk(b"DLAY", nested((b"NTVL", b"nan"))), 116, "expected a number, not nan, found"),
        (Chunk(b"DLAY", nested((b"NTVL", b"\x80"))), 116, "expected a number, not nan, found"),
        (Chunk(b"CMPU", nested((b"OPND", b"1"))), 108, "expected a sub-chunk OPER, found b'OPND'"),
        (
            Chunk(b"CMPU", nested((b"OPER", b"+"), (b"OPND", b"1"), (b"OPER", b"+"))),
            126,
            "expected a sub-chunk OPND, found b'OPER'",
        ),
        (
            Chunk(b"CMPU", nested((b"OPND", b"one"), (b"OPER", b"+"))),
            116,
            "in Compute > operands > [0]: expected a number, found b'one'",
        ),
        (
            Chunk(b"CMPU", nested((b"OPER", b"+"), (b"XTRA", b"1"))),
            117,
            "in Compute: expected a sub-chunk OPER or OPND, found b'XTRA'",
        ),
        (
            Chunk(b"CMPU", nested((b"OPER", b"+ "))),
            108,
            "in Compute > operator: expected '+', '-', '*', '/', '%' or '**', found '+ '",
        ),
        (
            Chunk(b"CMPU", nested((b"OPER", b"-"), (b"OPND", b"1"))),
            108,
            "in Compute: '-' takes two operands, found 1",
        ),
        (Chunk(b"ANSR", nested((b"STS ", b"2"))), 116, "expected False or True, found b'2'"),
        (Chunk(b"ANSR", nested((b"STS ", b"1"))), 108, "a success has a value, a failure none"),
    ],
)
def test_contents_that_are_wrong_are_named_with_their_place(chunk, position, text):
    placed = Chunk(chunk.id, chunk.contents, offset=100)
    with pytest.raises(Malformed) as caught:
        message_of(placed)
    assert caught.value.position == position
    assert str(caught.value).startswith(f"at byte {position} in ")
    assert text in str(caught.value)


@pytest.mark.parametrize("contents", [b"NTVL", b"NTVL\2\0\0", b"NTVL\2\0\0\x001"])
def test_contents_that_are_decoded_without_care_may_end_too_early(contents):
    with pytest.raises(Truncated, match="expected a sub-chunk NTVL, found the end of input after"):
        Delay.decode(contents)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Delay(math.nan), "in Delay > seconds: expected a number, not nan, found nan"),
        (Delay("soon"), "in Delay > seconds: expected a number, not nan, found 'soon'"),
        (Compute("x"), "in Compute > operator: expected '+', '-',"),
        (Compute("+", ("1",)), "in Compute > operands > [0]: expected a number, found '1'"),
        (Compute("/", (1, 2, 3)), "in Compute: '/' takes two operands, found 3"),
        (Answer(is_success=True), "in Answer: a success has a value, a failure none"),
        (Answer(is_success=False, value=1), "in Answer: a success has a value, a failure none"),
        (Echo("text"), "in Echo > contents: expected"),
    ],
)
def test_what_would_not_be_understood_is_not_encoded(message, text):
    with pytest.raises(FieldError) as caught:
        chunk_of(message)
    assert str(caught.value).startswith(text)
