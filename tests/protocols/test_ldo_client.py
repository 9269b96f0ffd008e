"""LDO's client: requests in bytes, replies as events, and what is no reply."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import (
    FieldError,
    Malformed,
    NotAllowedNow,
    TooLong,
    Truncated,
    UnexpectedMessage,
)
from ohnecimd.protocols.chunks import Answer, Chunk, Client, Echo, Noop, Server, chunk_of
from ohnecimd.testing import cuts, join, protocol_conforms

NOOP = b"NOOP\0\0\0\0"
ANSWER = chunk_of(Answer(is_success=True, value=42.0)).encode()


def asking(*verbs):
    """Make a client that has called these verbs: names and their arguments."""
    client = Client()
    for name, *arguments in verbs:
        getattr(client, name)(*arguments)
    return client


def test_verbs_are_requests():
    client = asking(
        ("noop",), ("echo", b"ab"), ("delay", 0.5), ("compute", "+", 1, 2j), ("shutdown",)
    )
    assert client.read() == (
        b"NOOP\0\0\0\0"
        b"ECHO\2\0\0\0ab"
        b"DLAY\x0b\0\0\0NTVL\3\0\0\x000.5"
        b"CMPU\x1c\0\0\0OPER\1\0\0\0+OPND\1\0\0\x001OPND\2\0\0\x002j"
        b"SHUT\0\0\0\0"
    )


def test_replies_are_events_in_order_in_every_cut():
    verbs = [("noop",), ("echo", b"ab"), ("compute", "*", 6, 7), ("delay", 0), ("request", b"ABCD")]
    replies = NOOP + b"ECHO\2\0\0\0ab" + ANSWER + NOOP + b"WXYZ\1\0\0\0z"
    for pieces in cuts(replies):
        client = asking(*verbs)
        events = []
        for piece in pieces:
            client.send(piece)
            events += client.events()
        assert events == [
            Noop(),
            Echo(b"ab"),
            Answer(is_success=True, value=42.0),
            Noop(),
            Chunk(b"WXYZ", b"z", len(replies) - 9),
        ]
        client.send_eof()
        assert client.closing
        assert client.error is None


@given(
    st.lists(
        st.just(("noop",))
        | st.tuples(st.just("echo"), st.binary(max_size=99))
        | st.tuples(st.just("compute"), st.sampled_from("+-*/"), st.floats(), st.floats())
        | st.tuples(st.just("delay"), st.floats(max_value=9, allow_nan=False))
    ),
    st.integers(0, 9),
)
def test_client_and_server_understand_each_other(verbs, piece):
    pair = join(asking(*verbs), Server(idle_s=None)(), piece=piece)
    pair.advance(10 * len(verbs))
    kinds = {"noop": Noop, "delay": Noop, "echo": Echo, "compute": Answer}
    assert [type(event) for event in pair.client_events] == [kinds[name] for name, *_ in verbs]
    assert [event.contents for event in pair.client_events if isinstance(event, Echo)] == [
        verb[1] for verb in verbs if verb[0] == "echo"
    ]


def test_client_conforms():
    verbs = [("noop",), ("compute", "*", 6, 7), ("echo", b"ab")] * 300
    replies = NOOP + ANSWER + b"ECHO\2\0\0\0ab"
    protocol_conforms(
        lambda: asking(*verbs),
        examples=[replies, b""],
        make_input=lambda size: replies * (size // len(replies)),
    )


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        (("echo", bytes(65536)), "in Echo: 65536 bytes of contents, expected at most 65535"),
        (("echo", "text"), "in Echo > contents: expected any bytes, found 'text'"),
        (("delay", math.nan), "in Delay > seconds: expected a number, not nan, found nan"),
        (("compute", "-", 1), "in Compute: '-' takes two operands, found 1"),
        (("compute", "^", 1, 2), "in Compute > operator: expected '+',"),
        (("request", b"ABC"), "in ID: an ID has 4 bytes, not 3"),
    ],
)
def test_what_the_server_would_not_follow_is_not_asked(verb, text):
    client = Client()
    name, *arguments = verb
    with pytest.raises(FieldError) as caught:
        getattr(client, name)(*arguments)
    assert str(caught.value).startswith(text)
    assert client.read() == b""
    with pytest.raises(UnexpectedMessage):
        client.send(NOOP)


def test_a_request_of_ones_own_may_be_anything():
    client = asking(("request", b"\0\1\2\3", bytes(70_000)))
    assert client.read() == b"\0\1\2\3\x70\x11\1\0" + bytes(70_000)


@pytest.mark.parametrize("verb", [("request", b"ABCD"), ("receive_raw", 8), ("send_raw", b"x")])
def test_who_asks_for_anything_may_get_more_than_one_reply(verb):
    client = asking(verb, ("request", b"EFGH"))
    client.send(NOOP * 4)
    assert client.events() == [
        *([Chunk(b"NOOP")] if verb[0] == "request" else []),
        *([NOOP] if verb[0] == "receive_raw" else []),
        Chunk(b"NOOP", b"", 0 if verb[0] == "send_raw" else 8),
    ]
    client.noop()
    assert client.events() == [Noop()]
    assert client.unread


@pytest.mark.parametrize(
    ("verbs", "reply", "kind", "text"),
    [
        ([], NOOP, UnexpectedMessage, "at byte 0: a reply to nothing that was asked"),
        ([("noop",)], NOOP * 2, UnexpectedMessage, "at byte 8: a reply to nothing"),
        ([("noop",)], b"ECHO\0\0\0\0", UnexpectedMessage, "expected NOOP in reply to Noop, found"),
        ([("compute", "+")], NOOP, UnexpectedMessage, "expected ANSR in reply to Compute, found"),
        ([("echo", b"a")], b"ECHO\1\0\0\0b", Malformed, "at byte 8 in Echo: expected the same byt"),
        ([("compute", "+")], b"ANSR\0\0\0\0", Malformed, "at byte 8 in Answer > is_success: expe"),
        ([("noop",)], b"NOOP\0\0\1\0", TooLong, "at byte 4 in chunk NOOP: expected at most 65535"),
    ],
)
def test_what_is_no_reply_to_the_request_is_an_error(verbs, reply, kind, text):
    client = asking(*verbs)
    with pytest.raises(kind) as caught:
        client.send(reply)
    assert text in str(caught.value)


def test_replies_have_a_limit():
    client = Client(limit=3)
    client.echo(b"abcd")
    with pytest.raises(TooLong, match="expected at most 3 bytes of contents, found a size of 4"):
        client.send(b"ECHO\4\0\0\0")


def test_a_server_that_closes_instead_ends_it():
    client = asking(("delay", 1), ("noop",))
    client.send(NOOP)
    client.send_eof()
    assert client.events() == [Noop()]
    assert client.closing
    with pytest.raises(NotAllowedNow):
        client.noop()


def test_a_reply_that_is_cut_off_is_truncated():
    client = asking(("noop",))
    client.send(NOOP[:7])
    with pytest.raises(Truncated, match=r"at byte 7 in chunk: expected a header of 8 bytes"):
        client.send_eof()


# Raw bytes


def test_raw_bytes_are_sent_and_received_as_they_are():
    for pieces in cuts(NOOP + b"rest"):
        client = Client()
        client.send_raw(b"NOOP\0\0")
        client.send_raw(b"\0\0")
        assert client.read() == NOOP
        events = []
        client.receive_raw(4)
        client.receive_raw(0)
        client.receive_raw(4)
        for piece in pieces:
            client.send(piece)
            events += client.events()
        assert events == [b"NOOP", b"", b"\0\0\0\0"]


def test_what_came_before_it_was_waited_for_is_there():
    client = Client()
    client.send_raw(NOOP)
    client.read()
    client.send(NOOP + b"ECHO\0\0\0\0")
    assert client.events() == []
    client.receive_raw(8)
    assert client.events() == [NOOP]
    client.request(b"NOOP")
    client.read()
    assert client.events() == [Chunk(b"ECHO", b"", 8)]


def test_raw_bytes_that_end_too_early_are_truncated():
    client = Client()
    client.receive_raw(8)
    client.send(b"NOOP")
    with pytest.raises(Truncated, match="expected 8 bytes, found the end of input after 4 bytes"):
        client.send_eof()


def test_a_server_that_closes_instead_of_raw_bytes_ends_it():
    client = Client()
    client.receive_raw(0)
    client.receive_raw(8)
    client.send_eof()
    assert client.events() == [b""]
    assert client.closing
    assert client.error is None


def test_raw_bytes_that_nobody_wanted_are_left_over():
    client = Client()
    client.send_raw(b"x")
    client.send(NOOP)
    client.send_eof()
    assert client.closing
    assert client.unread == NOOP


def test_nothing_is_sent_when_it_is_over():
    client = Client()
    client.send_eof()
    for call in (client.shutdown, lambda: client.send_raw(b"x"), lambda: client.receive_raw(1)):
        with pytest.raises(NotAllowedNow):
            call()
