"""Tables: codes, senders, states, and what they do not know."""

from typing import Annotated

import pytest

from ohnecimd.declaring.compiling import compiled
from ohnecimd.errors import (
    FieldError,
    Malformed,
    Misuse,
    NotAllowedNow,
    RemoteProtocolError,
    UnexpectedMessage,
    UnknownMessage,
)
from ohnecimd.fields import c_string, rest, u8, u16
from ohnecimd.messages import Message, within
from ohnecimd.tables import Row, Table, Unknown

MAIL = Table("mail commands", state="new")


@MAIL.message(b"H", sent_by="client", when="new", then="greeted")
class Hello(Message):
    name: c_string


@MAIL.message(b"M", sent_by="client", when=("greeted", "sent"), then="mail")
class Mail(Message):
    size: Annotated[u16, within(1)]


@MAIL.message(b"D", sent_by="client", when="mail")
class Data(Message):
    octets: rest


@MAIL.message(b"D", sent_by="server", when="mail", then="sent")
class Done(Message):
    number: u8


@MAIL.message(b"Q", then="over")
class Quit(Message):
    """Nothing more."""


class Stranger(Message):
    x: u8


def test_a_table_lists_its_rows_in_order():
    assert [row.name for row in MAIL] == ["Hello", "Mail", "Data", "Done", "Quit"]
    assert (len(MAIL), MAIL.name, MAIL.state, MAIL.strict) == (5, "mail commands", "new", False)
    assert MAIL.states == {"new", "greeted", "mail", "sent", "over"}
    assert Table("without states").states == frozenset()
    row = MAIL.row_of(Mail(1))
    assert row is MAIL.row_of(Mail)
    assert (row.code, row.message, row.sent_by, row.when, row.then) == (
        b"M",
        Mail,
        {"client"},
        {"greeted", "sent"},
        "mail",
    )
    assert isinstance(row, Row)


def test_the_decorator_gives_the_class_back():
    assert Hello.__name__ == "Hello"
    assert Hello("ann").name == "ann"


@pytest.mark.parametrize(
    ("code", "sender", "name"),
    [
        (b"H", None, "Hello"),
        (b"H", "client", "Hello"),
        (b"H", "server", None),
        (b"D", "client", "Data"),
        (b"D", "server", "Done"),
        (b"Q", "client", "Quit"),
        (b"Q", "server", "Quit"),
        (b"Q", None, "Quit"),
        (b"X", None, None),
        (b"X", "client", None),
    ],
)
def test_a_code_is_found_for_who_sends_it(code, sender, name):
    row = MAIL.find(code, sender)
    assert (row and row.name) == name


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (Hello("ann"), "client"),
        (Mail(7), None),
        (Data(b"abc"), "client"),
        (Done(7), "server"),
        (Quit(), None),
    ],
)
def test_messages_go_both_ways(message, sender):
    code, payload = MAIL.encode(message)
    assert MAIL.decode(code, payload, sender=sender) == message
    assert MAIL.decode(code, memoryview(payload), sender=sender) == message


def test_the_byte_order_is_handed_on():
    assert MAIL.encode(Mail(1), order="little") == (b"M", b"\1\0")
    assert MAIL.decode(b"M", b"\1\0", order="little") == Mail(1)


def test_errors_are_at_their_place():
    with pytest.raises(Malformed) as caught:
        MAIL.decode(b"M", b"\0\0", position=10)
    assert str(caught.value) == "at byte 10 in Mail > size: expected 1..65535, found 0"


# What it does not know


@pytest.mark.parametrize("payload", [b"", b"\xff\0", bytearray(b"ab"), memoryview(b"ab")])
def test_what_is_unknown_survives_the_round_trip(payload):
    unknown = MAIL.decode(b"X", payload, position=5, order="little")
    assert unknown == Unknown(b"X", bytes(payload))
    assert MAIL.encode(unknown) == (b"X", bytes(payload))
    assert unknown.encode() == unknown.encode(order="little") == bytes(payload)
    assert hash(unknown) == hash(Unknown(b"X", bytes(payload)))
    unknown.check()


def test_what_is_unknown_can_be_shown():
    unknown = MAIL.decode(b"\xff", bytes(100))
    zeros = r"\x00" * 64
    assert repr(unknown) == rf"Unknown(code=b'\xff', payload=b'{zeros}'... 100 bytes)"
    assert unknown.__rich_repr__() == [("code", b"\xff"), ("payload", bytes(100))]
    assert unknown.to_json() == {"code": "ÿ", "payload": "00" * 100}
    assert Unknown(7, b"\1").to_json() == {"code": 7, "payload": "01"}


def test_what_is_unknown_is_so_from_each_sender():
    for sender in ("client", "server"):
        assert MAIL.decode(b"X", b"a", sender=sender) == Unknown(b"X", b"a")


# Who may send it


@pytest.mark.parametrize("strict", [None, False, True])
def test_what_only_the_other_side_may_send_is_unexpected(strict):
    with pytest.raises(UnexpectedMessage) as caught:
        MAIL.decode(b"H", b"ann\0", sender="server", position=7, strict=strict)
    assert str(caught.value) == "at byte 7 in Hello: may not be sent by the server"
    assert (caught.value.position, caught.value.path) == (7, ("Hello",))
    assert MAIL.find(b"H", "server") is None


def test_what_only_others_may_send_is_unexpected_whichever_it_is():
    table = Table("things")
    table.message(1, sent_by="a")(Hello)
    table.message(1, sent_by="b")(Mail)
    table.message(2, sent_by="c")(Quit)
    with pytest.raises(UnexpectedMessage, match="in Hello or Mail: may not be sent by the c"):
        table.decode(1, b"", sender="c")


def test_a_code_of_several_senders_takes_a_sender_to_tell():
    for ask in (lambda: MAIL.find(b"D"), lambda: MAIL.decode(b"D", b"a", strict=False)):
        with pytest.raises(Misuse) as caught:
            ask()
        text = "mail commands: code b'D' is Data or Done: sender= has to say which"
        assert str(caught.value) == text


ASK_WITH_SENDER = {
    "find": lambda sender: MAIL.find(b"H", sender),
    "find what is anybody's": lambda sender: MAIL.find(b"Q", sender),
    "find what is unknown": lambda sender: MAIL.find(b"X", sender),
    "decode": lambda sender: MAIL.decode(b"H", b"ann\0", sender=sender),
    "after": lambda sender: MAIL.after(Hello("ann"), "new", sender=sender),
    "after what is anybody's": lambda sender: MAIL.after(Quit(), "new", sender=sender),
    "after what is unknown": lambda sender: MAIL.after(Unknown(9, b""), "new", sender=sender),
    "allowed": lambda sender: MAIL.allowed(sender, "new"),
}


@pytest.mark.parametrize("ask", ASK_WITH_SENDER.values(), ids=ASK_WITH_SENDER)
@pytest.mark.parametrize("sender", ["cleint", ""])
def test_a_sender_that_no_row_names_is_misuse(ask, sender):
    ask("client")
    with pytest.raises(Misuse) as caught:
        ask(sender)
    text = f"mail commands: no row names the sender {sender!r}, only 'client' and 'server'"
    assert str(caught.value) == text


def test_where_no_row_names_senders_there_may_be_any():
    table = Table("things")
    table.message(1, when="new")(Quit)
    assert table.find(1, "whoever") is table.row_of(Quit)
    assert table.decode(1, b"", sender="whoever") == Quit()
    assert table.decode(2, b"", sender="whoever") == Unknown(2, b"")
    assert table.after(Quit(), "new", sender="whoever") == "new"
    assert table.allowed("whoever", "new") == [Quit]


# What it refuses


STRICT = Table("strict commands", strict=True)


@pytest.mark.parametrize(
    ("table", "strict"), [(STRICT, None), (STRICT, True), (MAIL, True)], ids=repr
)
def test_what_is_unknown_is_refused_where_that_is_asked_for(table, strict):
    with pytest.raises(UnknownMessage) as caught:
        table.decode(b"X", b"abc", position=7, strict=strict)
    assert str(caught.value) == f"at byte 7: unknown code b'X' of {table.name}"
    assert isinstance(caught.value, RemoteProtocolError)


def test_what_is_refused_as_a_rule_may_be_taken_once():
    assert STRICT.decode(b"X", b"abc", strict=False) == Unknown(b"X", b"abc")


def test_a_strict_table_sends_nothing_unknown():
    with pytest.raises(FieldError, match="unknown code b'X' of strict commands"):
        STRICT.encode(Unknown(b"X", b""))


def test_a_message_that_is_not_in_the_table_is_misuse():
    for ask in (MAIL.row_of, MAIL.encode):
        with pytest.raises(Misuse) as caught:
            ask(Stranger(1))
        assert str(caught.value) == "Stranger is none of the mail commands"


# Duplicates


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"sent_by": "a"}, {"sent_by": "a"}),
        ({"sent_by": ("a", "b")}, {"sent_by": ("b", "c")}),
        ({}, {"sent_by": "a"}),
        ({"sent_by": "a"}, {}),
    ],
)
def test_a_code_stands_for_one_message_of_a_sender(first, second):
    table = Table("things")
    table.message(1, **first)(Hello)
    with pytest.raises(Misuse) as caught:
        table.message(1, **second)(Mail)
    assert str(caught.value) == "things: code 1 is Hello already, it cannot be Mail too"
    assert [row.name for row in table] == ["Hello"]
    assert table.find(1) is table.find(1, "a") is table.row_of(Hello)
    with pytest.raises(Misuse):
        table.row_of(Mail)


def test_a_message_has_one_code():
    table = Table("things")
    table.message(1)(Hello)
    with pytest.raises(Misuse) as caught:
        table.message(2)(Hello)
    assert str(caught.value) == "things: Hello has the code 1 already, it cannot have 2 too"
    assert table.find(2) is None


def test_a_message_may_stand_in_several_tables():
    for code in (1, b"x", "word"):
        table = Table("things")
        table.message(code)(Quit)
        assert table.encode(Quit()) == (code, b"")


def test_different_senders_may_mean_different_things():
    table = Table("things")
    table.message(1, sent_by="a")(Hello)
    table.message(1, sent_by="b")(Mail)
    table.message(1, sent_by="c")(Quit)
    assert [table.find(1, sender).name for sender in "abc"] == ["Hello", "Mail", "Quit"]
    with pytest.raises(Misuse, match="code 1 is Hello or Mail or Quit: sender= has to"):
        table.find(1)


# What is no message


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (type("Plain", (), {}), "things: Plain is no subclass of Message"),
        (len, "things: len is no subclass of Message"),
        (Hello("ann"), "things: Hello(name='ann') is no subclass of Message"),
        (7, "things: 7 is no subclass of Message"),
    ],
)
def test_only_message_classes_stand_in_a_table(thing, text):
    table = Table("things")
    with pytest.raises(Misuse) as caught:
        table.message(1)(thing)
    assert str(caught.value) == text
    assert len(table) == 0


@pytest.mark.parametrize("kind", [Stranger, type("Stranger", (), {})])
def test_a_row_has_a_code(kind):
    with pytest.raises(Misuse) as caught:
        Table("things").message(kind)
    assert str(caught.value) == "things: Stranger has no code: enter it by .message(code)"


# Declarations


class Nameless(Message):
    name: Annotated[str, "of the station"]


class Around(Message):
    inner: Nameless


@pytest.mark.parametrize("broken", [Nameless, Around])
def test_a_check_finds_what_is_declared_wrongly(broken):
    table = Table("things")
    table.message(1)(Hello)
    table.check()
    table.message(2)(broken)
    with pytest.raises(Misuse, match=r"^Nameless\.name has no type of field: "):
        table.check()


def test_a_check_compiles_what_it_reads():
    class Fresh(Message):
        x: u16

    table = Table("things")
    table.message(1)(Fresh)
    assert compiled(Fresh).__dict__.keys().isdisjoint({"decode", "encode"})
    table.check()
    assert compiled(Fresh).__dict__.keys() >= {"decode", "encode"}
    assert Fresh.decode(b"\0\1") == Fresh(1)


# States


def test_a_conversation_goes_through_its_states():
    state = MAIL.state
    for sender, message, then in [
        ("client", Hello("ann"), "greeted"),
        ("client", Mail(1), "mail"),
        ("client", Data(b""), "mail"),
        ("server", Done(1), "sent"),
        ("client", Mail(2), "mail"),
        ("server", Quit(), "over"),
    ]:
        state = MAIL.after(message, state, sender=sender)
        assert state == then


@pytest.mark.parametrize(("is_ours", "kind"), [(False, UnexpectedMessage), (True, NotAllowedNow)])
@pytest.mark.parametrize(
    ("message", "sender", "text"),
    [
        (Mail(1), "client", "Mail may not be sent in the state 'new'"),
        (Hello("ann"), "server", "Hello may not be sent by the server"),
    ],
)
def test_who_breaks_the_order_is_blamed(message, sender, text, is_ours, kind):
    with pytest.raises(kind) as caught:
        MAIL.after(message, "new", sender=sender, is_ours=is_ours)
    assert str(caught.value) == text


def test_what_is_unknown_changes_nothing():
    assert MAIL.after(Unknown(b"X", b""), "mail", sender="client") == "mail"


@pytest.mark.parametrize(
    "ask",
    [
        lambda state: MAIL.after(Quit(), state, sender="client"),
        lambda state: MAIL.after(Mail(1), state, sender="client"),
        lambda state: MAIL.after(Unknown(9, b""), state, sender="client"),
        lambda state: MAIL.allowed("client", state),
    ],
)
def test_a_state_that_no_row_names_is_misuse(ask):
    ask("greeted")
    with pytest.raises(Misuse) as caught:
        ask("gretted")
    assert str(caught.value) == (
        "mail commands: no row names the state 'gretted', "
        "only 'greeted' and 'mail' and 'new' and 'over' and 'sent'"
    )


def test_none_is_a_state_where_a_conversation_begins_in_none():
    table = Table("things")
    table.message(1, then="known")(Hello)
    table.message(2, when="known")(Quit)
    assert table.after(Hello("ann"), None, sender="a") == "known"
    with pytest.raises(UnexpectedMessage, match="Quit may not be sent in the state None"):
        table.after(Quit(), None, sender="a")
    with pytest.raises(Misuse, match="no row names the state None"):
        MAIL.after(Quit(), None, sender="client")


def test_where_no_row_names_states_there_may_be_any():
    table = Table("things")
    table.message(1)(Hello)
    assert table.after(Hello("ann"), "whatever", sender="a") == "whatever"
    assert table.allowed("a", "whatever") == [Hello]


def test_what_is_allowed_can_be_asked():
    assert MAIL.allowed("client", "new") == [Hello, Quit]
    assert MAIL.allowed("client", "greeted") == [Mail, Quit]
    assert MAIL.allowed("server", "mail") == [Done, Quit]
    assert MAIL.allowed("server") == [Quit]
