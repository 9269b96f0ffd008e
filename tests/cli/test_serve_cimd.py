"""``serve cimd``: what it prints, what it takes from standard input, and which options it knows."""

import itertools
import json
import os
import pty
import signal

import pytest

from ohnecimd.cli import cimd_injecting
from ohnecimd.protocols.cimd.packets import Packet, packet_in

LOGIN = b"\x0201:001\t010:kannel\t011:secret\tDF\x03"
WELCOME = b"\x0251:001\t3C\x03"


class Talk:
    """An application made by hand."""

    def __init__(self, client):
        self.client = client
        self._left = b""

    def packet(self):
        """Return the next packet."""
        while b"\x03" not in self._left:
            piece = self.client.recv(65536)
            assert piece, self._left
            self._left += piece
        whole, _, self._left = self._left.partition(b"\x03")
        return packet_in(whole + b"\x03")

    def ask(self, data):
        self.client.sendall(data)
        return self.packet()


@pytest.fixture
def talk(request):
    """Connect to a server, and log in."""

    def connect(server, login=LOGIN):
        client = server.connect()
        request.addfinalizer(client.close)
        talking = Talk(client)
        if login:
            assert talking.ask(login).encode() == WELCOME
        return talking

    return connect


def submit(number, to="+358401234567", text="Hello", more=b"056:14\t"):
    return Packet(3, number, b"021:%b\t033:%b\t%b" % (to.encode(), text.encode(), more)).encode()


def test_every_packet_is_a_line_without_passwords(serve, talk, transport):
    server = serve("cimd", "--transport", transport, "--delay", "0")
    talking = talk(server)
    assert talking.ask(submit(3)).operation == 53
    report = talking.packet()
    assert (report.operation, report.get(61)) == (23, b"4")
    talking.client.sendall(b"\x0273:000\t3F\x03")
    lines = server.lines(7)
    talking.client.close()
    assert lines[0] == "1 open\n"
    assert lines[1].startswith("1 packet c2s 01:001 login")
    assert "kannel" in lines[1]
    assert "secret" not in "".join(lines)
    assert lines[2].startswith("1 packet s2c 51:001 login response")
    assert lines[3].startswith("1 packet c2s 03:003 submit message")
    assert lines[4].startswith("1 packet s2c 53:003 submit message response")
    assert "+358401234567" in lines[4]
    assert lines[5].startswith("1 packet s2c 23:000 deliver status report")
    assert lines[6].startswith("1 packet c2s 73:000 deliver status report response")
    server.send_signal(signal.SIGTERM)
    ran = server.rest()
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith("1 close\n")


def test_json_has_every_packet_in_both_directions(serve, talk, transport):
    server = serve("cimd", "--json", "--transport", transport)
    talk(server).client.close()
    opened, asked, answered, stopped, closed = map(json.loads, server.lines(5))
    assert opened == {"event": "open", "connection": 1}
    assert asked == {
        "event": "packet",
        "connection": 1,
        "direction": "c2s",
        "offset": 0,
        "operation": 1,
        "name": "login",
        "number": 1,
        "parameters": [["010", b"kannel".hex()], ["011", b"***".hex()]],
        "checksum": "DF",
        "checksum_ok": True,
    }
    assert answered["direction"] == "s2c"
    assert (answered["operation"], answered["number"], answered["parameters"]) == (51, 1, [])
    assert stopped == {"event": "stop", "connection": 1, "reason": "end of input"}
    assert closed == {"event": "close", "connection": 1}


def test_what_is_no_packet_is_told_and_what_follows_is_served(serve, talk):
    server = serve("cimd", "--json")
    talking = talk(server, login=None)
    assert talking.ask(b"\x1b[2J011:s3cret" + b"\x0203:x\t\x03").operation == 99
    assert talking.ask(LOGIN).encode() == WELCOME
    events = [json.loads(server.line()) for _ in range(6)]
    noise = next(each for each in events if each["event"] == "noise")
    assert noise["noise"] == b"\x1b[2J011:***".hex()
    error = next(each for each in events if each["event"] == "error")
    assert (error["error"], error["offset"]) == ("malformed", 14)
    assert "\x1b" not in json.dumps(events)


def test_a_request_that_is_refused_by_the_session_is_told(serve, talk):
    server = serve("cimd")
    talking = talk(server, login=None)
    assert talking.ask(submit(1)).get(900) == b"1"
    lines = server.lines(4)
    assert any(line.startswith("1 error rejected: ") for line in lines)


# Standard input


def test_lines_of_json_are_messages_from_phones(serve, talk, transport):
    server = serve("cimd", "--transport", transport)
    talking = talk(server)
    for each in (
        {"from": "+358407654321", "to": "16700", "text": "Äiti_"},
        {"to": "16", "text": "Hi", "coding": "ucs2", "time": "200102030405", "user": "kannel"},
        {"to": "16", "data": "00ff", "header": "0605040b8423f0"},
        {"to": "16", "text": "Hi", "dcs": 16},
    ):
        server.process.stdin.write(json.dumps(each).encode() + b"\n")
        server.process.stdin.flush()
    first, second, third, fourth = [talking.packet() for _ in range(4)]
    assert (first.operation, first.number, first.get(21)) == (20, 0, b"16700")
    assert (first.get(23), first.get(33)) == (b"+358407654321", b'_A"iti_--')
    assert (second.get(34), second.get(60), second.get(23)) == (
        b"00480069", b"200102030405", None,
    )  # fmt: skip
    assert (third.get(32), third.get(34), third.get(30)) == (b"0605040B8423F0", b"00FF", b"4")
    assert fourth.get(30) == b"16"


def test_a_bad_line_is_one_line_on_standard_error_and_the_next_is_taken(serve, talk, transport):
    server = serve("cimd", "--transport", transport)
    talking = talk(server)
    bad = [
        (b"no \x1b[2Json", "it is no JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[1]", "it is no JSON object"),
        (b"[" * 60000, "it is nested too deeply"),
        (b"\xff", "it is no JSON: "),
        (b'{"to": "16"}', "it needs 'to', and either 'text' or 'data'"),
        (b'{"text": "x"}', "it needs 'to', and either 'text' or 'data'"),
        (b'{"to": "16", "text": "x", "data": "00"}', "it needs 'to', and either 'text' or 'data'"),
        (b'{"to": 16, "text": "x"}', "the value of 'to' has to be a string"),
        (b'{"to": "16", "text": "x", "dcs": true}', "the value of 'dcs' has to be a number"),
        (b'{"to": "16", "text": "x", "\\u001b": 1}', "unknown key '\\x1b': there are to, from"),
        (b'{"to": "16", "data": "0"}', "bad octets '0': they are pairs of hexadecimal digits"),
        (b'{"to": "16", "text": "x", "time": "now"}', "expected a time, yymmddhhmmss"),
        (b'{"to": "16", "text": "x", "user": "shop"}', "there is no account 'shop'"),
        (b'{"to": "x", "text": "x"}', "destination"),
        (b'{"to": "16", "text": "\\ud800"}', "no half of a surrogate pair"),
        (b"x" * 70000, "within 65536 bytes"),
    ]
    server.process.stdin.write(b"\n".join(line for line, _ in bad) + b"\n\n")
    server.process.stdin.write(b'{"to": "16", "text": "after all"}\r\n')
    server.process.stdin.close()
    assert talking.packet().get(33) == b"after all"
    server.process.stdin = None
    talking.client.close()
    server.send_signal(signal.SIGTERM)
    ran = server.rest()
    complaints = ran.err.splitlines()
    assert len(complaints) == len(bad)
    for number, (complaint, (_, why)) in enumerate(zip(complaints, bad, strict=True), 1):
        assert complaint.startswith(f"ohnecimd: error: line {number} of standard input: ")
        assert why in complaint
        assert complaint.isprintable()
    assert ran.status == 0


def test_more_lines_than_are_read_ahead_are_taken_in_order(serve, talk):
    count = cimd_injecting.LINES_AHEAD + 500
    server = serve("cimd", "--delivery-window", "128")
    talking = talk(server)
    lines = b"".join(b'{"to": "16", "text": "%d"}\n' % number for number in range(count))
    server.process.stdin.write(lines)
    server.process.stdin.close()
    server.process.stdin = None
    for number in range(count):
        packet = talking.packet()
        assert packet.get(33) == b"%d" % number
        talking.client.sendall(Packet(70, packet.number).encode())
        server.lines(2)
    server.send_signal(signal.SIGTERM)
    assert server.rest().err == ""


@pytest.mark.parametrize("given", ["null", "closed", "unreadable"])
def test_it_serves_without_standard_input(serve, talk, given):
    if given == "closed":
        server = serve("cimd", stdin=None, preexec_fn=lambda: os.close(0))
    else:
        descriptor = os.open(os.devnull, os.O_RDONLY if given == "null" else os.O_WRONLY)
        server = serve("cimd", stdin=descriptor)
        os.close(descriptor)
    talking = talk(server)
    assert talking.ask(b"\x0240:003\t\x03").operation == 90
    talking.client.close()
    server.send_signal(signal.SIGTERM)
    ran = server.rest()
    assert ran.status == 0
    expected = "ohnecimd: error: cannot read standard input: bad file descriptor\n"
    assert ran.err == (expected if given == "unreadable" else "")


def test_a_terminal_is_read_too(serve, talk):
    ours, theirs = pty.openpty()
    try:
        server = serve("cimd", stdin=theirs)
        talking = talk(server)
        os.write(ours, b'{"to": "16", "text": "typed"}\n')
        assert talking.packet().get(33) == b"typed"
        talking.client.close()
        server.send_signal(signal.SIGTERM)
        assert server.rest().status == 0
    finally:
        os.close(ours)
        os.close(theirs)


# Options


def test_accounts_have_types_windows_and_limits(serve, talk):
    server = serve(
        "cimd",
        *("--user", "news:s3cret:querying:20", "--user", "shop:open"),
        *("--window", "5", "--max-sessions", "1", "--login-attempts", "2"),
    )
    login = b"\x0201:001\t010:%b\t011:%b\t019:%b\t\x03"
    talking = talk(server, login=None)
    assert talking.ask(login % (b"news", b"s3cret", b"6")).get(900) == b"104"
    assert talking.ask(login % (b"news", b"s3cret", b"5")).get(900) is None
    other = talk(server, login=None)
    assert other.ask(login % (b"news", b"s3cret", b"1")).get(900) == b"102"
    assert other.ask(login % (b"kannel", b"secret", b"1")).get(900) == b"100"
    assert other.client.recv(1) == b""
    server.process.stdin.write(b'{"to": "20", "text": "for news"}\n{"to": "16", "text": "shop"}\n')
    server.process.stdin.flush()
    numbers = itertools.count(3, 2)
    while talking.ask(Packet(5, next(numbers), b"068:0\t").encode()).get(66) == b"0":
        pass
    assert talking.ask(Packet(5, next(numbers), b"068:2\t").encode()).get(900) is None
    assert talking.packet().get(33) == b"for news"


def test_outcomes_are_chosen_by_number(serve, talk):
    server = serve(
        "cimd",
        *("--outcome", "failed::29", "--delay", "0"),
        *("--rule", "+1=delivered", "--rule", "+13=refused:0:300", "--rule", "+2=expired:0.01"),
    )
    talking = talk(server)
    found = []
    for number, to in ((3, "+1"), (5, "+2"), (7, "+3")):
        assert talking.ask(submit(number, to, more=b"056:63\t")).get(60)
        report = talking.packet()
        found.append((report.get(61), report.get(62)))
        talking.client.sendall(Packet(73, report.number).encode())
    assert found == [(b"4", None), (b"2", b"29"), (b"3", b"29")]
    assert talking.ask(submit(9, "+13")).get(900) == b"300"


def test_faults_happen(serve, talk):
    server = serve(
        "cimd",
        *("--fault", "nack:submit-message:nth=1", "--fault", "98=6:submit-message:nth=2"),
        *("--fault", "close:submit-message:nth=4", "--fault", "checksum:get"),
    )
    talking = talk(server)
    assert talking.ask(submit(3)).operation == 99
    assert talking.ask(submit(3)).operation == 98
    assert talking.ask(submit(5)).operation == 53
    assert talking.ask(b"\x0209:007\t500:501\t\x03").checksum_ok is False
    talking.client.sendall(submit(9))
    assert talking.client.recv(1) == b""


def test_packets_are_cut_into_single_bytes_on_every_transport(serve, talk, transport):
    server = serve("cimd", "--fault", "cut", "--transport", transport)
    assert talk(server).ask(b"\x0240:003\t\x03").operation == 90


def test_chance_can_be_had_again(serve, talk):
    fates = []
    for _ in range(2):
        server = serve("cimd", "--fault", "refuse=9:submit-message:p=0.5", "--seed", "7")
        talking = talk(server)
        answers = [talking.ask(submit(number)) for number in range(3, 63, 2)]
        fates.append([answer.get(900) for answer in answers])
        talking.client.close()
        server.send_signal(signal.SIGTERM)
    assert fates[0] == fates[1]
    assert set(fates[0]) == {None, b"9"}


def test_sessions_are_as_they_are_asked_for(serve, talk):
    server = serve(
        "cimd",
        *("--greeting", r"CIMD2-A \xe4", "--no-checksums", "--first-number", "2"),
        *("--close-after-logout", "--checksums", "demand", "--limit", "100"),
    )
    client = server.connect()
    assert client.makefile("rb").readline() == b"CIMD2-A \xe4\n"
    talking = Talk(client)
    assert talking.ask(LOGIN.replace(b"DF", b"")).operation == 99
    assert talking.ask(LOGIN).encode() == b"\x0251:001\t\x03"
    assert talking.ask(b"\x02" + b"x" * 200 + b"\x03").operation == 99
    server.process.stdin.write(b'{"to": "16", "text": "Hi"}\n')
    server.process.stdin.flush()
    assert talking.packet().number == 2
    assert talking.ask(Packet(2, 3).sealed().encode()).operation == 52
    assert client.recv(1) == b""
    client.close()


def test_a_silent_application_is_left(serve, talk, transport):
    server = serve("cimd", "--idle", "0.2", "--transport", transport)
    talking = talk(server)
    assert talking.client.recv(1) == b""
    talking.client.close()
    assert server.lines(5)[3:] == ["1 stop idle\n", "1 close\n"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--user", "kannel"], "argument --user: an account is NAME:PASSWORD[:TYPE[:ADDRESS]]"),
        (["--user", "a:s3cret:sms"], "argument --user: unknown type of the account 'a'"),
        (["--user", "a:x", "--user", "a:s3cret"], "two accounts have the name 'a'"),
        (["--user", "a:x::16", "--user", "b:s3cret::16"], "'a' and 'b' have one address"),
        (["--window", "129"], "bad window '129': it is a number from 0 to 128"),
        (["--delivery-window", "0"], "bad window '0': it is a number from 1 to 128"),
        (["--outcome", "lost"], "unknown outcome 'lost': there are delivered, failed"),
        (["--delay", "-1"], "bad delay '-1': it is a number of seconds, 0 or more"),
        (["--delay", "nan"], "bad delay 'nan'"),
        (["--rule", "+1"], "bad rule '+1': it is PREFIX=OUTCOME"),
        (["--rule", "+1=failed", "--rule", "+1=waiting"], "two rules have the prefix '+1'"),
        (["--limit", "8"], "argument --limit: bad number of bytes '8': a packet has 9 or more"),
        (["--limit", "0"], "argument --limit: bad number of bytes '0'"),
        (["--fault", "burn"], "argument --fault: unknown fault 'burn'"),
        (["--fault", "drop:nth=x"], "argument --fault: bad number 'x'"),
        (["--first-number", "3"], "bad first number '3': it is an even number from 0 to 254"),
        (["--greeting", r"\q"], r"argument --greeting: \q is no escape"),
        (["--greeting", r"\x02"], "STX and ETX stand in packets only"),
        (["--checksums", "maybe"], "argument --checksums: invalid choice: 'maybe'"),
        (["--max-recipients", "0"], "bad number of recipients '0'"),
        (["--validity", "0"], "bad validity period '0'"),
        (["--seed", "x"], "argument --seed: invalid int value: 'x'"),
    ],
)
def test_bad_options_are_one_clear_line(run, options, message):
    ran = run("serve", "cimd", *options)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("ohnecimd: error: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1
    assert "s3cret" not in ran.err
