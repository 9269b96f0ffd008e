"""What nobody wants to see is not read where a file can seek, and nothing else tells."""

import io
import os
import struct
from contextlib import contextmanager
from pathlib import Path

import pytest

from ohnecimd.cli import decode, standard
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.standard import Input
from ohnecimd.connection import protocol
from ohnecimd.errors import Malformed
from ohnecimd.primitives import emit, read, skip

FILES = Path(__file__).parents[1] / "data" / "chunks" / "files"
SAMPLES = sorted(path.name for path in FILES.iterdir() if path.suffix != ".ldo")
GIB = 1 << 30
PATIENCE_S = 20


@pytest.fixture
def seeks(monkeypatch):
    """Go over everything that can be gone over, and read a few bytes at a time."""
    monkeypatch.setattr(standard, "SEEK_BYTES", 1)
    monkeypatch.setattr(standard, "PIECE_BYTES", 61)


@pytest.fixture
def bytes_read(monkeypatch):
    """How many bytes are read from files."""
    sizes = []
    original = Input.read

    def read_and_note(self):
        piece = original(self)
        sizes.append(len(piece))
        return piece

    monkeypatch.setattr(Input, "read", read_and_note)
    return lambda: sum(sizes)


def sparse(path, *parts):
    """Write a file of bytes, and of holes where a part is a number."""
    with path.open("wb") as file:
        for part in parts:
            if isinstance(part, int):
                file.truncate(file.tell() + part)
                file.seek(part, os.SEEK_CUR)
            else:
                file.write(part)
    return path


def riff(size):
    return b"RIFF" + struct.pack("<I", size) + b"TEST"


def leaf(name, size):
    return name + struct.pack("<I", size)


@pytest.mark.usefixtures("seeks")
@pytest.mark.parametrize("options", [[], ["--json"], ["--strict"]], ids=["text", "json", "strict"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_gives_the_same_as_a_pipe(run, name, options):
    sought = run("decode", "iff", *options, FILES / name)
    piped = run("decode", "iff", *options, given=(FILES / name).read_bytes())
    assert sought == piped


@pytest.mark.usefixtures("seeks")
@pytest.mark.parametrize("name", ["wav-bext.wav", "bad-trailing-16.wav", "bad-anmf-inner.webp"])
def test_a_file_gives_the_same_as_a_pipe_wherever_it_is_cut(run, tmp_path, name):
    data = (FILES / name).read_bytes()
    file = tmp_path / "cut"
    for size in range(0, len(data), 11):
        file.write_bytes(data[:size])
        assert run("decode", "iff", file) == run("decode", "iff", given=data[:size])


def test_the_samples_are_really_gone_over(run, seeks, bytes_read):
    name = "made-unknown-chunk.webp"
    run("decode", "iff", FILES / name)
    assert 0 < bytes_read() < (FILES / name).stat().st_size


def test_four_gibibytes_are_listed_by_reading_a_few_bytes(run, tmp_path, bytes_read):
    size = 4 * GIB - 100
    file = sparse(tmp_path / "huge", riff(size + 20), leaf(b"data", size), size, leaf(b"note", 0))
    ran = run("decode", "iff", file)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        f"         0  RIFF TEST  {size + 20} bytes\n"
        f"        12    data  {size} bytes\n"
        f"{size + 20}    note  0 bytes\n"
    )
    assert bytes_read() < 1 << 20


def test_standard_input_is_gone_over_too_if_it_is_a_file(launch, tmp_path):
    size = 4 * GIB - 100
    file = sparse(tmp_path / "huge", riff(size + 12), leaf(b"data", size), size)
    with file.open("rb") as given:
        process = launch("decode", "iff", stdin=given)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    assert out.count(b"\n") == 2


@pytest.mark.parametrize("count", [1, 5, 8, 100_000])
def test_what_follows_the_end_is_counted_behind_a_hole(run, tmp_path, count):
    size = 2 * GIB
    file = sparse(tmp_path / "huge", riff(size + 12), leaf(b"data", size), size, b"x" * count)
    ran = run("decode", "iff", file)
    assert ran.status == 1
    assert ran.out.splitlines()[-1].startswith(f"!{size + 20:>9}  trailing-garbage: bytes follow")
    assert f"({count} byte" in ran.out


def test_a_hole_behind_the_end_is_counted_without_being_read(run, tmp_path, bytes_read):
    file = sparse(tmp_path / "huge", riff(4), 3 * GIB)
    ran = run("decode", "iff", file)
    assert ran.out.splitlines()[-1].endswith(f"({3 * GIB} bytes)")
    assert bytes_read() < 1 << 20


@pytest.mark.parametrize("missing", [1, 70_000, GIB])
def test_what_is_missing_at_the_end_is_counted(run, tmp_path, missing):
    size = 2 * GIB
    there = size - missing
    file = sparse(tmp_path / "huge", riff(size + 12), leaf(b"data", size), there)
    ran = run("decode", "iff", file)
    assert ran.status == 1
    problems = [line for line in ran.out.splitlines() if line.startswith("!")]
    assert any(
        "truncated-data" in line and f"(needs {size} bytes, {there} there)" in line
        for line in problems
    )


def test_progress_tells_what_is_gone_over(run, tmp_path, monkeypatch):
    told = []

    @contextmanager
    def progress(_descriptor):
        yield told.append

    monkeypatch.setattr(decode, "progress_through", progress)
    size = GIB
    file = sparse(tmp_path / "huge", riff(size + 12), leaf(b"data", size), size)
    run("decode", "iff", file)
    assert sum(told) == size + 20


def test_an_input_goes_over_no_more_than_it_should(tmp_path):
    path = sparse(tmp_path / "file", 1_000_000)
    with path.open("rb", buffering=0) as file:
        source = Input(file, "file")
        assert source.skip(standard.SEEK_BYTES - 1) == 0
        assert source.skip(100_000) == 100_000
        assert source.skip(10_000_000) == 899_999
        assert source.skip(10_000_000) == 0
        assert (source.read(), source.read()) == (b"\0", b"")
        assert source.skip(100_000) == 0


def test_what_cannot_seek_is_read():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file:
        os.write(writing, b"x")
        os.close(writing)
        source = Input(file, "pipe")
        assert source.skip(1 << 20) == 0
        assert (source.read(), source.read()) == (b"x", b"")
    assert Input(io.BytesIO(bytes(1 << 20)), "bytes").skip(1 << 20) == 0


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_what_has_no_size_is_read():
    with Path("/dev/zero").open("rb", buffering=0) as file:
        assert Input(file, "zeros").skip(1 << 20) == 0


@pytest.mark.usefixtures("seeks")
def test_an_error_at_the_end_of_what_is_gone_over_is_an_event(tmp_path):
    @protocol
    def picky():
        yield from emit((yield from read(4)))
        yield from skip(100)
        yield from emit("over")
        raise Malformed("no more")

    file = tmp_path / "file"
    file.write_bytes(b"head" + bytes(200))
    with file.open("rb", buffering=0) as opened:
        events = [each for batch in events_of(picky(), Input(opened, "file")) for each in batch]
    assert events[:2] == [b"head", "over"]
    assert str(events[2]) == "at byte 104: no more"
    assert len(events) == 3
