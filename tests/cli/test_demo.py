import io
import re
import sys
from functools import partial
from types import SimpleNamespace

import pytest

from ohnecimd import protocol, put, read_until
from ohnecimd.cli import demo, demo_cimd, demo_lines, demo_messages, transports
from ohnecimd.cli.stage import ColourStage, Outcome, Stage, stage_on
from ohnecimd.cli.standard import Output
from ohnecimd.errors import ChecksumMismatch, Malformed
from ohnecimd.protocols.chunks import Server
from ohnecimd.protocols.cimd.simulator import Account, Ending, Fate, Fault
from ohnecimd.protocols.cimd.text.joining import Joined
from ohnecimd.testing.smsc import SmsCenter

ALL_RUNS = "no I/O, sockets, asyncio, gevent, messages, LDO, CIMD2"


@pytest.fixture
def without_gevent(monkeypatch):
    for name in [each for each in sys.modules if each.startswith("ohnecimd.transports.gevent")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "gevent", None)


def test_the_demo_runs_one_parser_four_times_and_checks_it(run):
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith(f"\n7 runs, all answers right: {ALL_RUNS}\n")
    steps = [line.strip() for line in ran.out.splitlines()]
    for kind, data in [
        ("in     ", b"lo\r"),
        ("event  ", b"Hello"),
        ("out    ", b"You sent: Hello\r\nYou sent: again\r\nYou sent: \r\n"),
    ]:
        assert steps.count(f"{kind}{data!r}") == 4


def test_the_source_that_is_shown_is_what_runs(run):
    out = run("demo").out
    shown = out[out.index("    @protocol") : out.index("\nWithout I/O")]
    source = "\n".join(line.removeprefix("    ") for line in shown.splitlines())
    names = vars(demo_lines).copy()
    exec(compile(f"from __future__ import annotations\n{source}", "<shown>", "exec"), names)
    connection = names["answer"]()
    for cut in demo_lines.SCRIPT:
        connection.send(cut.piece)
        assert (tuple(connection.events()), connection.read()) == (cut.events, cut.out)
    assert connection.closing


def test_the_demo_leaves_out_what_is_not_installed(run, without_gevent):
    ran = run("demo")
    assert ran.status == 0
    assert "On gevent: left out\n" in ran.out
    assert "    the transport gevent is not installed: pip install 'ohnecimd[gevent]'\n" in ran.out
    assert ran.out.endswith(
        "\n6 runs, all answers right: no I/O, sockets, asyncio, messages, LDO, CIMD2\n"
    )


@protocol
def wrong_answer():
    while (line := (yield from read_until(b"\r\n"))) != b".":
        yield from put(line + b"\r\n")


def test_wrong_answers_are_shown_and_fail(run, monkeypatch):
    monkeypatch.setattr(demo_lines, "answer", wrong_answer)
    monkeypatch.setattr(demo_lines, "PATIENCE_S", 0.2)
    monkeypatch.setattr(demo_lines, "TRANSPORTS", {"sockets": transports.TRANSPORTS["sockets"]})
    ran = run("demo")
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: wrong answers: no I/O, sockets\n"
    assert "wrong  expected the events (b'Hello', b'again', b'')" in ran.out
    assert "wrong  nothing came within 0.2 s" in ran.out


@protocol
def endless_answer():
    while True:
        line = yield from read_until(b"\r\n")
        yield from demo_lines.emit(line)
        yield from put(b"You sent: " + line + b"\r\n")


def test_a_parser_that_does_not_end_fails(run, monkeypatch):
    monkeypatch.setattr(demo_lines, "answer", endless_answer)
    monkeypatch.setattr(demo_lines, "TRANSPORTS", {})
    ran = run("demo")
    assert ran.status == 1
    assert "wrong  it has not ended at the dot" in ran.out


def test_a_transport_that_cannot_listen_fails(run, monkeypatch):
    def refuse(_transport, _wanted):
        raise PermissionError(13, "Permission denied")

    row = transports.Transport("sockets", refuse)
    monkeypatch.setattr(demo_lines, "TRANSPORTS", {"sockets": row})
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: sockets\n")
    assert "wrong  permission denied" in ran.out


def test_a_scene_joins_with_a_row(run, monkeypatch):
    monkeypatch.setattr(demo, "SCENES", (*demo.SCENES, lambda _: [one_more]))
    one_more = Outcome("morse", is_right=True)
    assert run("demo").out.endswith(f"\n8 runs, all answers right: {ALL_RUNS}, morse\n")


# Messages


@pytest.fixture
def messages_only(monkeypatch):
    monkeypatch.setattr(demo, "SCENES", (demo_messages.play,))


@pytest.mark.usefixtures("messages_only")
def test_a_message_is_shown_with_its_bytes_and_each_field_beside_its_own(run):
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith("\n2 runs, all answers right: messages, LDO\n")
    shown = ran.out.splitlines()
    for line in (
        "    00000000  00 07                    ..        sensor = 7",
        "    00000002  41 ac 00 00              A...      celsius = 21.5",
        "    00000006  0d                       .         size = 13",
        "    00000007  62 79 20 74 68 65 20 77  by the w  note = 'by the window'",
        "    00000014  04 f4                    ..        crc = 1268",
        "    Reading(sensor=7, celsius=21.5, note='by the window')",
        "    Answer(is_success=True, value=7.0)",
    ):
        assert line in shown


@pytest.mark.usefixtures("messages_only")
def test_the_declaration_that_is_shown_is_what_is_decoded(run):
    out = run("demo").out
    shown = out[out.index("    class Reading") : out.index("\nIts bytes")]
    source = "\n".join(line.removeprefix("    ") for line in shown.splitlines())
    names = vars(demo_messages).copy()
    exec(compile(f"from __future__ import annotations\n{source}", "<shown>", "exec"), names)
    again = names["Reading"].decode(demo_messages.READING.encode())
    assert again.to_json() == demo_messages.READING.to_json()
    data = bytearray(demo_messages.READING.encode())
    data[demo_messages.SPOILT_BYTE] ^= 1
    with pytest.raises(ChecksumMismatch):
        names["Reading"].decode(data)


@pytest.mark.usefixtures("messages_only")
def test_the_byte_that_is_spoilt_is_noticed(run):
    out = run("demo").out
    assert (
        "    ChecksumMismatch: at byte 20 in Reading > crc: expected a checksum of 1269, found 1268"
        in out.splitlines()
    )


@pytest.mark.usefixtures("messages_only")
def test_a_spoilt_byte_that_is_not_noticed_fails(run, monkeypatch):
    monkeypatch.setattr(demo_messages, "SPOILT_BYTE", 0)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: messages\n")
    assert "\n    Reading(sensor=263, celsius=21.5, note='by the window')\n" in ran.out
    assert "    wrong  expected a ChecksumMismatch\n" in ran.out


@pytest.mark.usefixtures("messages_only")
def test_a_spoilt_byte_that_is_taken_for_something_else_fails(run, monkeypatch):
    class Confused(demo_messages.Reading):
        @classmethod
        def decode(cls, data):
            if bytes(data) != demo_messages.READING.encode():
                raise Malformed("too warm", position=2)
            return demo_messages.READING

    monkeypatch.setattr(demo_messages, "Reading", Confused)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: messages\n")
    assert "    Malformed: at byte 2: too warm\n" in ran.out
    assert "    wrong  expected a ChecksumMismatch\n" in ran.out


@pytest.mark.usefixtures("messages_only")
def test_a_message_that_is_decoded_wrongly_fails(run, monkeypatch):
    class Forgetful(demo_messages.Reading):
        @classmethod
        def decode(cls, _data):
            return demo_messages.Reading(8, 21.5, "by the window")

    monkeypatch.setattr(demo_messages, "Reading", Forgetful)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: messages\n")
    assert "    wrong  expected Reading(sensor=7, " in ran.out


class Spoilt(Server):
    """A server whose replies have one byte changed."""

    place = 0
    value = 0

    def __call__(self):
        connection = super().__call__()
        read = connection.read

        def spoil(nbytes=0):
            data = bytearray(read(nbytes))
            data[self.place] = self.value
            return bytes(data)

        return SimpleNamespace(send=connection.send, read=spoil)


@pytest.mark.usefixtures("messages_only")
@pytest.mark.parametrize(
    ("place", "value", "shown"),
    [
        (-3, ord("8"), "    Answer(is_success=True, value=8.0)"),
        (16, ord("2"), "    wrong  at byte "),
        (4, 0xFF, "    wrong  expected Answer(is_success=True, value=7.0)"),
    ],
)
def test_a_spoilt_answer_is_shown_and_fails(run, monkeypatch, place, value, shown):
    monkeypatch.setattr(demo_messages, "Server", Spoilt)
    monkeypatch.setattr(Spoilt, "place", place)
    monkeypatch.setattr(Spoilt, "value", value)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: LDO\n")
    assert f"\n{shown}" in ran.out
    assert "    wrong  " in ran.out


# A text to a phone


@pytest.fixture
def cimd_only(monkeypatch):
    monkeypatch.setattr(demo, "SCENES", (demo_cimd.play,))


@pytest.mark.usefixtures("cimd_only")
def test_a_long_text_is_shown_packet_by_packet_with_its_reports(run):
    ran = run("demo")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith("\n1 runs, all answers right: CIMD2\n")
    heads = [line.strip()[:20] for line in ran.out.splitlines() if re.search(r" \d\d:\d{3} ", line)]
    assert heads[:2] == ["application  01:001 ", "SMS Center   51:001 "]
    assert heads[-2:] == ["application  02:007 ", "SMS Center   52:007 "]
    assert sorted(heads[2:-2]) == sorted(
        f"{who}  {packet} "
        for who, packets in (
            ("application", ("03:003", "03:005", "73:000", "73:002")),
            ("SMS Center ", ("53:003", "53:005", "23:000", "23:002")),
        )
        for packet in packets
    )
    assert "(part 2 of 2, reference 0)" in ran.out
    assert ran.out.count("status code 4 (Delivery successful)") == 2
    assert f"    the phone reads {demo_cimd.TEXT!r}\n" in ran.out


@pytest.mark.usefixtures("cimd_only")
def test_the_demo_does_not_show_the_password(run):
    out = run("demo").out
    assert "user identity 'kannel', password ***" in out
    assert "secret" not in out


@pytest.mark.usefixtures("cimd_only")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"accounts": [Account("kannel", "public")]}, "never left: the login was refused"),
        ({"faults": [Fault.parse("refuse=10:submit-message")]}, "was refused with error 10: "),
        ({"faults": [Fault.parse("drop:submit-message")]}, "nothing came of it within 0.3 s"),
        ({"faults": [Fault.parse("close:submit-message")]}, "was sent and not answered: "),
        ({"fate": Fate(Ending.FAILED, 0.0)}, "expected reports of successful delivery"),
        ({"fate": Fate(Ending.DELIVERED, 60.0)}, "nothing came of it within 0.3 s"),
    ],
    ids=["login", "refused", "dropped", "closed", "failed", "late"],
)
def test_a_text_that_is_not_delivered_fails(run, monkeypatch, options, shown):
    if "0.3 s" in shown:
        monkeypatch.setattr(demo_cimd, "PATIENCE_S", 0.3)
    monkeypatch.setattr(demo_cimd, "SmsCenter", partial(SmsCenter, **options))
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: CIMD2\n")
    assert shown in ran.out.partition("    wrong  ")[2]


@pytest.mark.usefixtures("cimd_only")
def test_a_text_that_is_changed_on_the_way_fails(run, monkeypatch):
    class Confused(demo_cimd.Joiner):
        def add(self, part):
            return [Joined(str(each.content).upper()) for each in super().add(part)]

    monkeypatch.setattr(demo_cimd, "Joiner", Confused)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: CIMD2\n")
    assert f"    wrong  expected {demo_cimd.TEXT!r}\n" in ran.out


@pytest.mark.usefixtures("cimd_only")
def test_a_port_that_is_not_to_be_had_fails(run, monkeypatch):
    def refuse():
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(demo_cimd, "SmsCenter", refuse)
    ran = run("demo")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: wrong answers: CIMD2\n")
    assert "    wrong  permission denied\n" in ran.out


def test_the_demo_into_a_closed_pipe_is_quiet(launch, closed_pipe):
    process = launch("demo", stdout=closed_pipe)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, b"")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def colour_stage(monkeypatch, **environment):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Terminal())
    return stage_on(Output())


def shown_on_terminal(monkeypatch, **environment):
    stage = colour_stage(monkeypatch, **environment)
    stage.title("Title")
    stage.code("x = 1\n")
    stage.step(b"in\x1b", [b"event"], b"out")
    return stage, sys.stdout.getvalue()


def test_a_terminal_gets_colours(monkeypatch):
    pytest.importorskip("rich")
    stage, shown = shown_on_terminal(monkeypatch)
    assert isinstance(stage, ColourStage)
    assert "\x1b[1mTitle\x1b[0m\n" in shown
    assert "\x1b[36m    in     b'in\\x1b'\x1b[0m\n" in shown


def test_a_narrow_terminal_gets_the_whole_source(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "20")
    stage = colour_stage(monkeypatch)
    stage.code("def f():\n\n    return 'a line of more than twenty characters'\n")
    shown = re.sub(r"\x1b\[[\d;]*m", "", sys.stdout.getvalue())
    assert shown == ("    def f():\n\n        return 'a line of more than twenty characters'\n")


def test_no_color_is_respected(monkeypatch):
    pytest.importorskip("rich")
    _, shown = shown_on_terminal(monkeypatch, NO_COLOR="1")
    assert "    in     b'in\\x1b'\n" in shown
    assert "\x1b[3" not in shown


def test_without_rich_a_terminal_gets_plain_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    stage, shown = shown_on_terminal(monkeypatch)
    assert type(stage) is Stage
    assert "\x1b" not in shown
