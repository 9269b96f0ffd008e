"""The examples run as they say, and end in order."""

import contextlib
import itertools
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tracemalloc
import types
import wave
from pathlib import Path

import pytest

WAV_WRITER = Path(__file__).parent.parent / "examples" / "write_wav_header.py"
CHUNK_LISTER = Path(__file__).parent.parent / "examples" / "list_chunks.py"
LDO_SERVER = Path(__file__).parent.parent / "examples" / "ldo_server.py"
CHUNKS = Path(__file__).parent / "data" / "chunks"
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("echo_*.py"))
TIMEOUT_S = 30
LINES_AT_MOST = 60


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return request.param


@pytest.fixture
def start(example):
    running = []

    def run(*args):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(example), *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        words = process.stdout.readline().split()
        assert words[:2] == ["listening", "on"], process.stderr.read()
        host, _, port = words[2].rpartition(":")
        return process, (host, int(port))

    yield run
    for process in running:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


def test_there_is_an_example_for_each_transport():
    assert [path.stem for path in EXAMPLES] == ["echo_asyncio", "echo_gevent", "echo_sockets"]


def test_an_example_is_short(example):
    assert len(example.read_text().splitlines()) <= LINES_AT_MOST


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_example_echoes_and_ends_in_order(start, number):
    process, address = start()
    with socket.create_connection(address, TIMEOUT_S) as client:
        client.sendall(b"hello\n\nworld\n")
        assert client.makefile("rb").read(13) == b"hello\n\nworld\n"
        process.send_signal(number)
        assert client.recv(1) == b""
    rest = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, *rest) == (0, "", "")


def test_an_example_takes_host_and_port(start):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, address = start("127.0.0.1", str(port))
    assert address[1] == port
    with socket.create_connection(address, TIMEOUT_S) as client:
        client.sendall(b"here\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read() == b"here\n"


def write_wav(*args, **options):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(WAV_WRITER), *args],
        stderr=subprocess.PIPE,
        timeout=TIMEOUT_S,
        check=False,
        **options,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def samples_of(path):
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, 8000)
        return file.readframes(file.getnframes())


def test_a_tone_goes_to_a_file(tmp_path):
    path = tmp_path / "named.wav"
    assert write_wav(str(path), "0.5", stdout=subprocess.PIPE) == f"wrote {path}\n".encode()
    samples = struct.unpack("<4000h", samples_of(path))
    assert samples[:2] == (0, round(16000 * 0.338737920245))
    crossings = sum(a < 0 <= b for a, b in itertools.pairwise(samples))
    assert crossings == pytest.approx(440 / 2, abs=1)
    assert len(WAV_WRITER.read_text().splitlines()) <= LINES_AT_MOST


def test_a_tone_goes_to_standard_output_whatever_that_is(tmp_path):
    piped = write_wav(stdout=subprocess.PIPE)
    path = tmp_path / "redirected.wav"
    with path.open("wb") as file:
        write_wav(stdout=file)
    samples = samples_of(path)
    assert len(samples) == 2 * 8000
    assert piped[:8] == b"RIFF\xff\xff\xff\xff"
    assert piped[36:44] == b"data\xff\xff\xff\xff"
    assert piped[44:] == samples


def test_a_tone_does_not_go_to_a_terminal(tmp_path):
    ours, theirs = os.openpty()
    try:
        write_wav(stdout=theirs, cwd=tmp_path)
        assert os.read(ours, 100).split() == [b"wrote", b"tone.wav"]
    finally:
        os.close(ours)
        os.close(theirs)
    assert len(samples_of(tmp_path / "tone.wav")) == 2 * 8000


def list_chunks(data):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(CHUNK_LISTER)],
        input=data,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.stderr == b""
    return done.returncode, done.stdout.decode()


def nodes_in(chunks, depth=0):
    for chunk in chunks:
        yield chunk, depth
        yield from nodes_in(chunk.get("children", chunk.get("inner", [])), depth + 1)


@pytest.mark.parametrize(
    "name", ["8svx-mono-odd.8svx", "avi-raw.avi", "bad-trailing-16.wav", "bad-cut-in-body.ilbm"]
)
def test_chunks_are_listed_with_their_problems(name):
    expected = json.loads((CHUNKS / "expected.json").read_text())[name]
    code, output = list_chunks((CHUNKS / "files" / name).read_bytes())
    problems = {each["kind"] for each in expected["problems"]}
    assert code == bool(problems)
    listed = [
        line for line in output.splitlines() if not any(f" {kind} " in line for kind in problems)
    ]
    for line, (node, depth) in zip(listed, nodes_in(expected["chunks"]), strict=True):
        words = [node["id"].encode("latin-1"), node.get("type", "").encode("latin-1")]
        inner = " ".join(repr(word) for word in words if word)
        assert line == f"{node['offset']:>12}  {'  ' * depth}{inner} {node['size']}"
    for each in expected["problems"]:
        assert any(
            line.split()[:2] == [str(each["offset"]), each["kind"]] for line in output.splitlines()
        )


def test_chunks_are_listed_without_keeping_them():
    size = 1 << 30
    piece = bytes(1 << 16)
    pieces = [b"RIFF" + struct.pack("<I", size + 12) + b"WAVE", b"data" + struct.pack("<I", size)]
    pieces += itertools.repeat(piece, size // len(piece))

    left = iter(pieces)
    file = types.SimpleNamespace(read=lambda _: next(left, b""))
    events_of = runpy.run_path(str(CHUNK_LISTER))["events_of"]
    tracemalloc.start()
    try:
        names = [type(event).__name__ for event in events_of(file)]
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
    finally:
        tracemalloc.stop()
    assert names == ["Begin", "GroupStart", "ChunkStart", "ChunkEnd", "GroupEnd"]


def test_a_list_of_chunks_may_be_cut_short_by_who_reads_it():
    data = (CHUNKS / "files" / "bad-many-empty.riff").read_bytes()
    with subprocess.Popen(
        [sys.executable, str(CHUNK_LISTER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        process.stdin.write(data)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT_S) == -signal.SIGPIPE


def test_the_list_of_chunks_is_short():
    assert len(CHUNK_LISTER.read_text().splitlines()) <= LINES_AT_MOST


@contextlib.contextmanager
def ldo_server(*args):
    """Run the LDO server; lend its process and a function that connects to it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(LDO_SERVER), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        where = process.stdout.readline().removeprefix("listening on ").rstrip()
        host, _, port = where.rpartition(":")

        def connect():
            if host != "unix":
                return socket.create_connection((host, int(port)), TIMEOUT_S)
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(TIMEOUT_S)
            client.connect(port)
            return client

        yield process, connect
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


@pytest.mark.parametrize("args", [[], ["s"]])
def test_the_ldo_server_computes_and_ends_when_it_is_asked_to(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # so that the path is short enough
    with ldo_server(*args) as (process, connect), connect() as client:
        client.sendall(b"CMPU\x1b\0\0\0OPER\1\0\0\0*OPND\1\0\0\x006OPND\1\0\0\x007")
        answer = client.makefile("rb")
        assert answer.read(29) == b"ANSR\x15\0\0\0STS \1\0\0\x001VALU\4\0\0\x0042.0"
        with connect() as other:
            client.sendall(b"SHUT\0\0\0\0")
            assert answer.read() == b"NOOP\0\0\0\0"
            answer.close()
            client.close()
            other.sendall(b"N")
            assert other.recv(1) == b""
        rest = process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0
        assert rest[0].splitlines()[-1] == "b'SHUT' b''"
        assert rest[1] == ""
    assert list(tmp_path.iterdir()) == []


def test_a_signal_ends_the_ldo_server():
    with ldo_server() as (process, connect), connect() as client:
        client.sendall(b"NOOP\0\0\0\0")
        assert client.makefile("rb").read(8) == b"NOOP\0\0\0\0"
        process.send_signal(signal.SIGTERM)
        assert client.recv(1) == b""
        client.close()
        assert process.communicate(timeout=TIMEOUT_S)[1] == ""
        assert process.returncode == 0


def test_the_ldo_server_is_short():
    assert len(LDO_SERVER.read_text().splitlines()) <= LINES_AT_MOST
