"""``serve ldo`` and ``decode ldo``: what they print, and how a server ends that was asked to."""

import json
import os
import signal
from pathlib import Path

import pytest

from ohnecimd.protocols.chunks import Chunk, Delay, Echo, Noop, Shutdown, chunk_of

FILES = Path(__file__).parents[1] / "data" / "chunks" / "files"
PATIENCE_S = 20
NOOP = b"NOOP\0\0\0\0"


def encoded(*messages):
    return b"".join(chunk_of(message).encode() for message in messages)


def ask(client, data, size):
    client.sendall(data)
    return client.makefile("rb").read(size)


@pytest.fixture
def server(serve, transport, socket_path):
    return serve("ldo", "--transport", transport, "--unix", socket_path)


def test_requests_and_faults_are_told(serve, transport):
    server = serve("ldo", "--transport", transport)
    with server.connect() as client:
        assert ask(client, encoded(Echo(b"\x1bhi")), 11) == b"ECHO\3\0\0\0\x1bhi"
        client.sendall(b"WHAT\0\0\0\0")
        assert client.recv(1) == b""
    assert server.lines(5) == [
        "1 open\n",
        "1 request ECHO 3 echo: \\x1bhi\n",
        "1 request WHAT 0 unknown\n",
        "1 error unknown-message: at byte 11: expected the ID of a request, found b'WHAT'\n",
        "1 close\n",
    ]
    server.send_signal(signal.SIGTERM)
    assert server.rest().status == 0


def test_json_has_the_keys_of_decode(serve, transport):
    server = serve("ldo", "--json", "--limit", "9", "--transport", transport)
    with server.connect() as client:
        client.sendall(NOOP + b"ECHO\x0a\0\0\0")
        assert client.makefile("rb").read() == NOOP
    opened, request, error, closed = map(json.loads, server.lines(4))
    assert (opened["event"], closed["event"]) == ("open", "close")
    assert request == {
        "event": "request", "connection": 1, "offset": 0, "id": "NOOP", "size": 0, "contents": "",
    }  # fmt: skip
    assert (error["error"], error["offset"]) == ("too-long", 12)


def test_a_silent_client_is_left(serve, transport):
    server = serve("ldo", "--idle", "0.2", "--transport", transport)
    with server.connect() as client:
        assert client.recv(1) == b""
    assert server.lines(3)[1:] == [
        "1 error idle-timeout: no byte came or went within 0.2 s\n",
        "1 close\n",
    ]


def test_shut_ends_the_server_when_its_only_client_has_gone(server, socket_path):
    with server.connect() as client:
        assert ask(client, encoded(Shutdown()), 9) == NOOP
    ran = server.rest()
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "1 open\n1 request SHUT 0 shutdown\n1 close\n"
    assert not os.path.exists(socket_path)  # noqa: PTH110 - the path as it was given


def test_shut_lets_the_others_go_on_until_they_say_something(server):
    with server.connect() as other:
        assert ask(other, NOOP, 8) == NOOP
        with server.connect() as client:
            assert ask(client, encoded(Shutdown()), 9) == NOOP
        with server.connect() as late:
            assert late.recv(1) == b""
        assert server.process.poll() is None
        other.setblocking(False)  # noqa: FBT003
        with pytest.raises(BlockingIOError):
            other.recv(1)
        other.settimeout(PATIENCE_S)
        other.sendall(b"N")
        assert other.recv(1) == b""
    ran = server.rest()
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.count("open") == ran.out.count("close") == 3


def test_shut_waits_for_a_delay_that_runs(server):
    with server.connect() as waiting, server.connect() as client:
        waiting.sendall(encoded(Delay(0.5), Noop()))
        lines = server.lines(3)
        assert any(line.endswith("delay: NTVL=0.5\n") for line in lines)
        assert ask(client, encoded(Shutdown()), 9) == NOOP
        client.close()
        assert waiting.makefile("rb").read() == NOOP
    ran = server.rest()
    assert (ran.status, ran.err) == (0, "")


def test_a_signal_ends_a_server_that_shuts_down(server):
    with server.connect() as other:
        assert ask(other, NOOP, 8) == NOOP
        with server.connect() as client:
            assert ask(client, encoded(Shutdown()), 9) == NOOP
        server.send_signal(signal.SIGTERM)
        assert other.recv(1) == b""
    assert server.rest().status == 0


def test_an_endless_delay_does_not_hurt_the_server(server):
    with server.connect() as endless:
        for text in (b"inf", b"1e300", b"1e8"):
            with server.connect() as client:
                client.sendall(Chunk(b"DLAY", Chunk(b"NTVL", text).encode()).encode())
                assert ask(endless, NOOP, 8) == NOOP


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf"])
def test_a_bad_idle_limit_is_an_error_in_use(run, text):
    ran = run("serve", "ldo", f"--idle={text}")
    assert ran.status == 2
    assert ran.err.startswith(
        f"ohnecimd: error: argument --idle: bad idle limit {text!r}: it is a number of seconds"
    )


# decode


def test_chunks_are_shown_with_their_messages(run):
    ran = run("decode", "ldo", FILES / "made-stream.ldo")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "0  NOOP 0 noop",
        "8  ECHO 3 echo: odd",
        f"19  ECHO 300 echo: {'x' * 300}",
        "327  CMPU 18 compute: OPER=+ OPND=3",
        "353  \\x00\\x01\\x02\\xff 1 unknown: z",
    ]


def test_what_a_server_would_ignore_is_said(run):
    delay = Chunk(b"DLAY", Chunk(b"NTVL", b"1\x1b").encode() + b"\0\0\0").encode()
    answer = Chunk(b"ANSR", b"STS ").encode()
    ran = run("decode", "ldo", given=delay + answer + Chunk(b"SHUT", b"now").encode())
    assert ran.out.splitlines() == [
        "0  DLAY 13 delay: NTVL=1\\x1b (3 bytes ignored)",
        "21  ANSR 4 answer: (4 bytes ignored)",
        "33  SHUT 3 shutdown: now",
    ]


def test_json_has_id_size_and_contents(run):
    ran = run("decode", "ldo", "--json", FILES / "made-stream.ldo")
    objects = [json.loads(line) for line in ran.out.splitlines()]
    record = json.loads((FILES.parent / "expected.json").read_text())["made-stream.ldo"]
    assert [(each["id"], each["offset"], each["size"]) for each in objects] == [
        (each["id"], each["offset"], each["size"]) for each in record["chunks"]
    ]
    assert objects[-1] == {"offset": 353, "id": "\0\1\2\xff", "size": 1, "contents": "7a"}


@pytest.mark.parametrize("name", ["bad-ldo-cut.ldo", "bad-ldo-header.ldo"])
def test_problems_have_the_names_and_places_of_the_sheet(run, name):
    record = json.loads((FILES.parent / "expected.json").read_text())[name]
    ran = run("decode", "ldo", "--json", FILES / name)
    last = json.loads(ran.out.splitlines()[-1])
    (problem,) = record["problems"]
    assert (last["error"], last["offset"]) == (problem["kind"], problem["offset"])
    assert last.keys() == {"error", "offset", "message"}
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 1 place\n")
    text = run("decode", "ldo", FILES / name).out.splitlines()[-1]
    assert text == f"{last['offset']} !{last['error']}: {last['message']}"


def test_nothing_is_decoded_after_a_chunk_that_is_too_large(run):
    ran = run("decode", "ldo", "--limit", "2", given=NOOP + encoded(Echo(b"abc")) + NOOP)
    chunk, problem = ran.out.splitlines()
    assert chunk == "0  NOOP 0 noop"
    assert problem.startswith("8 !request-too-large: at byte 12 in chunk ECHO: expected at most 2 ")
    assert ran.status == 1
