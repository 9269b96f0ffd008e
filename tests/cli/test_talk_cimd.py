"""``talk cimd`` against the simulated SMS Center: its commands, in words and in lines."""

import re
import signal
import sys

import pytest
from cimd_talking import PATIENCE_S, TO, USER, WELCOME, asked, goodbye, objects, scripted

from ohnecimd.cli import main
from ohnecimd.protocols.cimd.simulator import Account, AccountType, Ending, Fate

LATE = pytest.mark.smsc(fate=Fate(delay_s=3600))


# Submit


def test_a_text_is_submitted_and_the_answer_printed(talk, smsc):
    ran = talk("submit", "--to", TO, "--text", "Hello")
    (message,) = smsc.submitted
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"submit 003: {TO} {message.timestamp}\n"
    assert (message.destination, message.text) == (TO, "Hello")
    assert len(asked(smsc, 2)) == 1  # it has logged out


def test_json_has_an_object_for_each_answer(talk, smsc):
    ran = talk("--json", "submit", "--to", TO, "--to", "123", "--text", "Hello")
    first, second = smsc.submitted
    assert objects(ran.out) == [
        {
            "command": "submit",
            "number": 3,
            "state": "answered",
            "outcomes": [
                {"to": TO, "time": first.timestamp.isoformat()},
                {"to": "123", "time": second.timestamp.isoformat()},
            ],
        }
    ]


def test_a_long_text_goes_out_in_parts(talk, smsc):
    ran = talk("--json", "submit", "--to", TO, "--text", "ä€ж" * 50)
    parts = [(each["part"], each["parts"]) for each in objects(ran.out)]
    assert parts == [(1, 3), (2, 3), (3, 3)]
    assert "".join(each.text for each in smsc.submitted) == "ä€ж" * 50
    assert [each.message.more_messages for each in smsc.submitted] == [True, True, None]


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        (["--text", "Hi @"], {33: b"Hi _Oa", 30: None}),
        (["--text", ""], {33: b""}),
        ([], {33: b""}),
        (["--text", "Пр"], {34: b"041F0440", 30: b"8"}),
        (["--text", "Hi", "--coding", "ucs2"], {34: b"00480069", 30: b"8"}),
        (["--text", "Hi", "--coding", "packed"], {34: b"C834"}),
        (["--text", "é", "--coding", "8bit"], {34: b"E9", 30: b"4"}),
        (["--text", "Hi", "--flash"], {30: b"16"}),
        (["--data", "00ff"], {34: b"00FF", 30: b"4"}),
        (["--data", "00", "--header", "0605040b8423f0"], {32: b"0605040B8423F0"}),
        (["--from", "700"], {23: b"700", 27: None}),
        (["--from", "Bank 24"], {23: None, 27: b"Bank 24"}),
        (["--report", "usual"], {56: b"14"}),
        (["--report", "none"], {56: b"0"}),
        (["--report", "all"], {56: b"63"}),
        (["--report", "delivered,temporary-error"], {56: b"9"}),
        (["--validity", "90m"], {50: b"17", 51: None}),
        (["--validity", "2d"], {50: b"168"}),
        (["--validity", "2027-01-31 23:59:58"], {50: None, 51: b"270131235958"}),
        (["--first-delivery", "1h"], {53: b"11"}),
        (["--first-delivery", "270131235958", "--validity", "60w"], {54: b"270131235958"}),
        (["--priority", "1", "--pid", "64", "--tariff", "5", "--service", "1"],
         {67: b"1", 52: b"64", 64: b"5", 65: b"1"}),
        (["--reply-path", "--cancellable"], {55: b"1", 58: b"1"}),
        (["--parameter", "048:*100#", "--parameter", "041:1"], {48: b"*100#", 41: b"1"}),
        (["--reference", "161", "--text", "x" * 161], {32: b"050003A10201", 44: b"1"}),
    ],
)  # fmt: skip
def test_options_become_parameters(talk, smsc, words, parameters):
    ran = talk("submit", "--to", TO, *words)
    packet = asked(smsc, 3)[0]
    assert {number: packet.get(number) for number in parameters} == parameters
    assert ran.err == ""


def test_options_may_stand_anywhere(run, smsc):
    ran = run(
        *("talk", "--timeout", "9", "cimd", "--text", "Hi", f"{smsc.host}:{smsc.port}"),
        *("--password", "secret", "submit", "--user", "kannel", "--to", TO),
    )
    assert ran.status == 0
    assert smsc.submitted[0].text == "Hi"


def test_a_refusal_is_the_answer_and_a_failure(talk, smsc):
    smsc.faults.add("refuse=300:submit-message")
    ran = talk("submit", "--to", TO, "--text", "x")
    assert ran.status == 1
    assert ran.out == "submit 003: refused: error 300, Incorrect destination address\n"
    assert ran.err == "ohnecimd: error: 1 of 1 command failed\n"
    ran = talk("submit", "--to", TO, "--json")
    assert objects(ran.out)[0]["error"] == 300
    assert objects(ran.out)[0]["state"] == "refused"


def test_recipients_that_fail_are_told_apart(talk_to):
    outcomes = b"021:1\t060:261120131502\t021:2\t900:300\t"
    answer = b"\x0253:003\t" + outcomes + b"\x03"
    with scripted((1, WELCOME), (2, answer), (3, goodbye(5))) as (address, _):
        ran = talk_to(address, "submit", "--to", "1", "--to", "2", "--text", "x")
    assert (ran.status, ran.out) == (
        1,
        "submit 003: 1 2026-11-20 13:15:02, 2 refused: error 300, Incorrect destination address\n",
    )


# Other commands


def test_what_has_become_of_a_message_can_be_asked(talk, smsc):
    talk("submit", "--to", TO, "--text", "x")
    stamp = smsc.submitted[0].timestamp
    for time in (f"{stamp:%y%m%d%H%M%S}", str(stamp), stamp.isoformat()):
        ran = talk("enquire", "--to", TO, "--time", time)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.startswith("enquire 003: Delivery successful at ")
    (found,) = objects(talk("--json", "enquire", "--to", TO, "--time", str(stamp)).out)
    assert (found["command"], found["status"], found["status_error"]) == ("enquire", 4, None)


@LATE
def test_messages_can_be_cancelled(talk, smsc):
    for _ in range(3):
        talk("submit", "--to", TO, "--cancellable", "--text", "x")
    first, *others = smsc.submitted
    assert talk("cancel", "--to", TO, "--time", str(first.timestamp)).out == "cancel 003: done\n"
    assert [each.is_over for each in smsc.submitted] == [True, False, False]
    assert talk("cancel", "--to", TO).status == 0
    assert all(each.is_over for each in smsc.submitted)
    assert talk("cancel", "--all").out.startswith("cancel 003: ")
    modes = [packet.get(59) for packet in asked(smsc, 6)]
    assert modes == [b"2", b"0", b"1"]
    assert len(others) == 2


@pytest.mark.smsc([Account("kannel", "secret", AccountType.QUERYING, address="16")])
def test_messages_that_wait_are_counted_and_fetched(talk, smsc):
    for text in ("one", "two", "three"):
        smsc.inject("16700", "+358407654321", text)
    assert talk("request", "--mode", "count").out == "request 003: 3 messages waiting\n"
    ran = talk("request", "--count", "1")
    assert ran.out.splitlines()[-1].endswith(": 'one'")
    ran = talk("--json", "request", "--mode", "all", "--count", "2")
    assert [each.get("text") for each in objects(ran.out)][-2:] == ["two", "three"]
    ran = talk("request")
    assert (ran.status, ran.out) == (1, "request 003: refused: error 7, Cannot find information\n")


def test_the_time_the_password_and_life_can_be_asked_for(talk, smsc):
    assert talk("get").out.startswith("get 003: 20")
    assert talk("get", "--item", "900").out == (
        "get 003: refused: error 900, Unsupported item requested\n"
    )
    assert talk("alive").out == "alive 003: done\n"
    ran = talk("set", "--new-password", "n3w")
    assert ran.out.startswith("set 003: ")
    assert asked(smsc, 8)[0].get(11) == b"n3w"
    assert "n3w" not in ran.out + ran.err


# Listening


def test_reports_are_listened_for_after_a_submit(talk, smsc):
    ran = talk("submit", "--to", TO, "--text", "x", "--report", "usual", "--count", "1")
    stamp = smsc.submitted[0].timestamp
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(
        f"submit 003: {TO} {stamp}\nreport 000 {TO} {stamp}: Delivery successful at "
    )


@pytest.mark.smsc(fate=Fate(Ending.FAILED, 0.0, 29))
def test_reports_in_json_have_codes(talk):
    ran = talk("--json", "submit", "--to", TO, "--report", "usual", "--count", "1")
    report = objects(ran.out)[1]
    assert (report["event"], report["to"]) == ("report", TO)
    assert (report["status"], report["status_error"]) == (3, 29)


def test_messages_are_printed_as_they_come(begin, smsc):
    process = begin("listen")
    smsc.wait_for(lambda: smsc.logged_in)
    smsc.inject("16700", "+358407654321", "Äiti\x1b_")
    first = process.stdout.readline().decode()
    assert first.startswith("delivery 000 from +358407654321 to 16700 at 20")
    assert first.endswith(": 'Äiti\\x1b_'\n")
    smsc.inject("16700", "+358407654321", b"\x00\xff")
    assert process.stdout.readline().endswith(b": 00ff\n")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=PATIENCE_S) == (b"", b"")
    assert process.returncode == 0
    assert len(asked(smsc, 2)) == 1
    assert len(asked(smsc, 70)) == 2


def test_messages_in_json_have_all_that_came(begin, smsc):
    process = begin("--json", "listen", "--count", "3")
    smsc.wait_for(lambda: smsc.logged_in)
    smsc.inject("16700", "+358", "x" * 161)
    smsc.inject("16700", None, b"\x00\xff")
    out, err = process.communicate(timeout=PATIENCE_S)
    first, second, octets = objects(out.decode())
    assert (process.returncode, err) == (0, b"")
    assert [each["part"] for each in (first, second)] == [1, 2]
    assert first["text"] + second["text"] == "x" * 161
    assert first["header"].startswith("050003")
    assert (octets["event"], octets["from"], octets["to"]) == ("delivery", None, "16700")
    assert (octets["data"], octets["dcs"]) == ("00ff", 4)


def test_listening_ends_after_its_time(talk):
    ran = talk("listen", "--for", "0.1")
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_fewer_messages_than_wanted_are_a_failure(talk):
    ran = talk("submit", "--to", TO, "--report", "usual", "--count", "2", "--for", "0.5")
    assert ran.status == 1
    assert re.search(r"submit: [01] of 2 came within 0\.5 s\n\Z", ran.out)
    assert ran.err == "ohnecimd: error: 1 of 1 command failed\n"


def test_after_a_refusal_nothing_is_listened_for(talk, smsc):
    smsc.faults.add("refuse:submit-message")
    assert talk("submit", "--to", TO, "--count", "1").status == 1


@pytest.mark.parametrize("words", [["listen", "--count", "2"], ["submit", "--to", TO]])
def test_an_interrupt_of_something_unfinished_is_130(begin, smsc, words):
    smsc.faults.add("ignore:submit-message")
    process = begin(*words)
    wanted = 3 if words[0] == "submit" else 1
    smsc.wait_for(lambda: asked(smsc, wanted) and smsc.logged_in)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize("verb", ["listen", "alive"])
def test_an_interrupt_of_listening_for_some_time_is_130(begin, smsc, verb):
    process = begin(verb, "--for", "1000")
    smsc.wait_for(lambda: smsc.logged_in)
    for _ in range(2):  # when the second is printed, it has begun to listen
        smsc.inject("16700", "+358407654321", "Hello")
        while not process.stdout.readline().startswith(b"delivery"):
            pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, b"")


# Standard input


def test_lines_are_commands_with_words_as_a_shell_has_them(talk, smsc):
    ran = talk(given=b"alive\n\n  submit --to 1 --text 'one two'\r\nsubmit --to 2 --text \"\"")
    assert (ran.status, ran.err) == (0, "")
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [
        "alive 003",
        "submit 005",
        "submit 007",
    ]
    assert [each.text for each in smsc.submitted] == ["one two", ""]


def test_answers_are_printed_in_the_order_of_the_commands(talk_to):
    answers = b"\x0290:005\t\x03\x0290:003\t\x03\x0290:007\t\x03"
    with scripted((1, WELCOME), (4, answers), (5, goodbye(9))) as (address, _):
        ran = talk_to(address, "--window", "3", given=b"alive\n" * 3)
    assert ran.out == "alive 003: done\nalive 005: done\nalive 007: done\n"


@pytest.mark.parametrize("window", [1, 2, 128])
def test_many_commands_go_through_a_window(talk, smsc, window):
    lines = b"".join(b"submit --to %d --text x\n" % each for each in range(300))
    ran = talk("--window", window, given=lines)
    assert (ran.status, ran.out.count("\n")) == (0, 300)
    assert [each.destination for each in smsc.submitted] == [str(each) for each in range(300)]


def test_answers_and_messages_come_while_standard_input_is_open(begin, smsc):
    process = begin()
    for command in (b"alive\n", b"get\n"):
        process.stdin.write(command)
        process.stdin.flush()
        assert process.stdout.readline().startswith(command[:-1])
    smsc.inject("16700", "+358", "Hello")
    assert process.stdout.readline().endswith(b": 'Hello'\n")
    process.stdin.write(b"ali")
    process.stdin.flush()
    smsc.inject("16700", "+358", "again")  # half a line keeps nobody waiting
    assert process.stdout.readline().endswith(b": 'again'\n")
    out, err = process.communicate(b"ve\n", timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, b"alive 007: done\n", b"")


def test_the_server_is_asked_whether_it_lives_while_nobody_types(begin, smsc):
    process = begin("--alive", "0.1")
    smsc.wait_for(lambda: len(asked(smsc, 40)) >= 2)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, b"", b"")


def test_listening_holds_up_the_next_command(talk):
    ran = talk(given=b"submit --to 1 --report usual\nlisten --count 1\nalive\n")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["submit", "report", "alive"]


def test_a_refusal_does_not_stop_the_others(talk, smsc):
    smsc.faults.add("refuse:submit-message:nth=2")
    ran = talk(given=b"submit --to 1\nsubmit --to 2\nsubmit --to 3\n")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: 1 of 3 commands failed\n")
    assert ran.out.count("refused") == 1
    assert [each.destination for each in smsc.submitted] == ["1", "3"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"fly", "a command is one of submit, enquire, cancel, request, get, set, alive, listen,"),
        (b"submit", "--to is missing"),
        (b"submit --to 1 --text", "argument --text: expected one argument"),
        (b"submit --to 1 'x", "No closing quotation"),
        (b"submit --to 1 x", "a command is one of"),
        (b"--json alive", "unrecognized arguments: --json"),
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_a_line_that_makes_no_sense_comes_after_what_was_right(talk, smsc, line, why):
    ran = talk(given=b"alive\n\n" + line + b"\nalive\n")
    assert (ran.status, ran.out) == (2, "alive 003: done\n")
    assert ran.err.startswith(f"ohnecimd: error: line 3: {why}")
    assert ran.err.count("\n") == 1
    assert len(asked(smsc, 2)) == 1


def test_a_line_without_end_is_refused(talk):
    ran = talk(given=b"alive\n" + b"x" * 70_000)
    assert (ran.status, ran.out) == (1, "alive 003: done\n")
    assert ran.err == "ohnecimd: error: line 2 has more than 65536 bytes\n"


def test_empty_standard_input_is_a_login_and_a_logout(talk, smsc):
    ran = talk()
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert [packet.operation for _, packet in smsc.packets] == [1, 51, 2, 52]


def test_a_closed_standard_input_without_a_command_is_one_clear_line(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["talk", "cimd", "127.0.0.1:1", *USER]) == 2
    assert capfd.readouterr().err == (
        "ohnecimd: error: standard input is closed, and there is no command\n"
    )
