import io
import json
import os
import signal
import sys
import threading
import tracemalloc
from types import SimpleNamespace

import pytest

from ohnecimd.cli import main, progress, reading
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.standard import Input, Output
from ohnecimd.connection import protocol
from ohnecimd.errors import Malformed
from ohnecimd.primitives import at_eof, emit, read, read_rest


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_lines_are_printed_with_their_offsets_and_escaped(run):
    ran = run("decode", "lines", given=b"one\r\n\nt\x1bo\\\xe9\n")
    assert ran.out == "0  one\n5  \n6  t\\x1bo\\\\\\xe9\n"
    assert (ran.status, ran.err) == (0, "")


def test_json_has_one_object_a_line_with_latin_1_text(run):
    ran = run("decode", "lines", "--json", given=b"caf\xe9\x9b\n\n")
    assert ran.out.isascii()
    assert objects(ran.out) == [
        {"line": "caf\xe9\x9b", "offset": 0},
        {"line": "", "offset": 6},
    ]


def test_empty_input_is_clean_and_prints_nothing(run):
    ran = run("decode", "lines")
    assert (ran.status, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize("where", ["file", "-"])
def test_a_file_and_a_dash_are_read(run, tmp_path, where):
    file = tmp_path / "lines.txt"
    file.write_bytes(b"Hello\n")
    ran = run("decode", "lines", file if where == "file" else "-", given=b"Hello\n")
    assert (ran.status, ran.out) == (0, "0  Hello\n")


def test_options_may_stand_before_and_after_the_protocol(run, tmp_path):
    file = tmp_path / "lines.txt"
    file.write_bytes(b"a;b;")
    plain = run("decode", "--json", "lines", "--delimiter", ";", file)
    turned = run("decode", "lines", file, "--delimiter", ";", "--json")
    assert objects(plain.out) == [{"line": "a", "offset": 0}, {"line": "b", "offset": 2}]
    assert turned == plain


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ([], ["a\rb", "c"]),
        (["--strict"], ["a\rb\nc"]),
        (["--delimiter", r"\r"], ["a", "b\nc"]),
        (["--delimiter", r"\x62"], ["a\r"]),
    ],
)
def test_what_ends_a_line_can_be_chosen(run, options, lines):
    ran = run("decode", "lines", "--json", *options, given=b"a\rb\nc\r\n")
    assert [each["line"] for each in objects(ran.out) if "line" in each] == lines


def test_a_line_that_is_too_long_is_an_error_and_decoding_goes_on(run):
    ran = run("decode", "lines", "--json", "--limit", "5", given=b"one\nmuch too long\nthree\n")
    first, fault, last = objects(ran.out)
    assert (first["line"], last) == ("one", {"line": "three", "offset": 18})
    assert fault == {
        "error": "too-long",
        "offset": 9,
        "message": fault["message"],
    }
    assert fault["message"].startswith("at byte 9: expected ")
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: malformed input in 1 place\n"


def test_an_unfinished_line_is_truncated(run):
    ran = run("decode", "lines", given=b"one\nrest")
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "0  one"
    assert ran.out.splitlines()[1].startswith("8 !truncated: at byte 8: expected ")


def test_faults_are_counted(run):
    ran = run("decode", "lines", "--limit", "1", given=b"xxx\ny\nzzz\nz")
    assert ran.err == "ohnecimd: error: malformed input in 3 places\n"


@pytest.mark.parametrize("cutting", [1, 7, 65536])
def test_output_does_not_depend_on_how_the_input_is_cut(capfd, monkeypatch, cutting):
    class Cut(io.RawIOBase):
        data = io.BytesIO(b"one\r\n" * 3 + bytes(range(256)) + b"\n" + b"x" * 30 + b"\nend")

        def read(self, nbytes=-1):
            return self.data.read(min(nbytes, cutting))

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Cut()))
    Cut.data.seek(0)
    assert main(["decode", "lines", "--json", "--limit", "20"]) == 1
    out = capfd.readouterr().out
    assert [each.get("error", each.get("line")) for each in objects(out)] == [
        *["one"] * 3, *["\0\1\2\3\4\5\6\7\x08\t"], *["too-long"] * 2, "truncated",
    ]  # fmt: skip


def test_a_binary_file_never_fails_otherwise_than_with_errors_in_the_output(run, tmp_path):
    ran = run("decode", "lines", "--json", sys.executable)
    assert ran.status == 1
    assert all({"offset", "line"} == set(each) or "error" in each for each in objects(ran.out))


def test_many_lines_in_one_piece_all_come(run):
    ran = run("decode", "lines", given=b"\n" * 200_000)
    assert len(ran.out.splitlines()) == 200_000


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nothing", "no such file or directory"),
        (".", "is a directory"),
        ("a\0b", "embedded null byte"),
        ("\x1b[2J", "no such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, tmp_path, monkeypatch, name, why):
    monkeypatch.chdir(tmp_path)
    ran = run("decode", "lines", name)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"ohnecimd: error: cannot read {name!r}: {why}\n"


def test_a_file_that_may_not_be_read_is_named(run, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading, "open", refuse, raising=False)
    ran = run("decode", "lines", "secret")
    assert (ran.status, ran.err) == (
        2,
        "ohnecimd: error: cannot read 'secret': permission denied\n",
    )


def test_input_that_breaks_off_fails(capfd, monkeypatch):
    class Broken(io.RawIOBase):
        def read(self, _nbytes=-1):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Broken()))
    assert main(["decode", "lines"]) == 1
    assert capfd.readouterr().err == (
        "ohnecimd: error: cannot read standard input: input/output error\n"
    )


def test_closed_standard_input_is_an_error_in_use(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["decode", "lines"]) == 2
    assert capfd.readouterr().err == "ohnecimd: error: standard input is closed\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "0"], "argument --limit: bad number of bytes '0': it is at least 1"),
        (["--limit", "9" * 9999], "9': it is at least 1, in at most 15 digits"),
        (["--limit", "ten"], "argument --limit: bad number of bytes 'ten': it is at least 1"),
        (["--delimiter", ""], "argument --delimiter: bad delimiter '': it has at least one byte"),
        (["--delimiter", r"\q"], r"argument --delimiter: bad delimiter '\\q': \q is no escape; "),
        (["--strict", "--delimiter", "x"], "argument --delimiter: not allowed with argument --st"),
        (["a", "b"], "unrecognized arguments: b (see ohnecimd decode lines --help)"),
        (["--jso"], "unrecognized arguments: --jso"),
    ],
)
def test_bad_arguments_are_one_clear_line(run, options, message):
    ran = run("decode", "lines", *options)
    assert ran.status == 2
    assert ran.err.startswith("ohnecimd: error: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_what_can_be_read_is_printed_before_more_comes(launch):
    process = launch("decode", "lines")
    process.stdin.write(b"one\ntw")
    process.stdin.flush()
    assert process.stdout.readline() == b"0  one\n"
    out, err = process.communicate(b"o\n", timeout=20)
    assert (process.returncode, out, err) == (0, b"4  two\n", b"")


def test_a_closed_pipe_ends_it_quietly(launch, closed_pipe, tmp_path):
    file = tmp_path / "big"
    file.write_bytes(b"line\n" * 100_000)
    process = launch("decode", "lines", file, stdout=closed_pipe)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, b"")


def test_streams_that_do_not_block_are_waited_for(launch):
    from_us, to_us = os.pipe(), os.pipe()
    os.set_blocking(from_us[0], False)
    os.set_blocking(to_us[1], False)
    process = launch("decode", "lines", stdin=from_us[0], stdout=to_us[1])
    os.close(from_us[0])
    os.close(to_us[1])
    with open(from_us[1], "wb") as given, open(to_us[0], "rb") as taken:  # noqa: PTH123
        given.write(b"one\n")
        given.flush()
        assert taken.readline() == b"0  one\n"
        writer = threading.Thread(target=lambda: (given.write(b"\n" * 100_000), given.close()))
        writer.start()
        assert process.poll() is None
        assert len(taken.readlines()) == 100_000
        writer.join()
    assert (process.wait(timeout=20), process.stderr.read()) == (0, b"")


def test_an_interrupt_ends_it_without_a_traceback(launch):
    process = launch("decode", "lines")
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"0  one\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert process.stderr.read() == b""


def test_output_that_cannot_be_written_fails(launch, tmp_path):
    if not os.path.exists("/dev/full"):  # noqa: PTH110 - a device
        pytest.skip("no /dev/full")
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = launch("decode", "lines", stdout=full)
        _, err = process.communicate(b"one\n", timeout=20)
    assert process.returncode == 1
    assert err == (b"ohnecimd: error: cannot write to standard output: no space left on device\n")


def test_events_are_handed_on_before_more_is_read():
    class Counting(io.BytesIO):
        reads = 0

        def read(self, _nbytes=-1):
            self.reads += 1
            return super().read(3)

    @protocol
    def taking():
        while not (yield from at_eof()):
            yield from emit((yield from read(3)))

    source = Counting(b"onetwosix")
    for count, events in enumerate(events_of(taking(), Input(source, "it")), 1):
        assert events == [b"onetwosix"[3 * count - 3 : 3 * count]]
        assert source.reads == count
    assert source.reads == 4


def test_memory_does_not_grow_with_the_input(capfd, monkeypatch):
    class Long(io.RawIOBase):
        left = 300

        def read(self, _nbytes=-1):
            self.left -= 1
            return (b"x" * 1023 + b"\n") * 64 if self.left >= 0 else b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Long()))
    monkeypatch.setattr(Output, "write", lambda *_: None)
    tracemalloc.start()
    try:
        assert main(["decode", "lines"]) == 0
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000  # of 19 million bytes


def test_an_error_that_ends_the_decoder_is_the_last_event():
    @protocol
    def failing():
        yield from emit("first")
        yield from read(2)
        raise Malformed("no")

    held = list(events_of(failing(), Input(io.BytesIO(b"ab"), "two bytes")))
    assert held[0] == ["first"]
    assert [str(each) for each in held[1]] == ["at byte 2: no"]


def test_an_error_at_the_end_comes_after_the_events_before_it():
    @protocol
    def failing():
        yield from read_rest()
        for number in range(3000):
            yield from emit(number)
        raise Malformed("no")

    held = list(reading.events_of(failing(), Input(io.BytesIO(b"ab"), "two bytes")))
    flat = [each for events in held for each in events]
    assert flat[:-1] == list(range(3000))
    assert isinstance(flat[-1], Malformed)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def decode_on_terminal(monkeypatch, tmp_path, *, has_rich):
    file = tmp_path / "big"
    file.write_bytes(b"0123456\n" * 40_000)
    monkeypatch.setattr(progress, "BIG_BYTES", 1)
    monkeypatch.setattr(progress, "REFRESH_S", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    if not has_rich:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    status = main(["decode", "lines", str(file)])
    return status, sys.stderr.getvalue()


def test_progress_is_shown_on_a_terminal_and_wiped_away(capfd, monkeypatch, tmp_path):
    status, shown = decode_on_terminal(monkeypatch, tmp_path, has_rich=False)
    assert status == 0
    assert "\rdecoding  20 %" in shown
    assert "\rdecoding 100 %" in shown
    assert shown.endswith("\r              \r")
    assert len(capfd.readouterr().out.splitlines()) == 40_000


def test_progress_is_shown_with_rich(capfd, monkeypatch, tmp_path):
    pytest.importorskip("rich")
    status, shown = decode_on_terminal(monkeypatch, tmp_path, has_rich=True)
    assert status == 0
    assert "decoding" in shown


def test_progress_is_not_shown_off_a_terminal(run, monkeypatch, tmp_path):
    file = tmp_path / "big"
    file.write_bytes(b"0123456\n" * 40_000)
    monkeypatch.setattr(progress, "BIG_BYTES", 1)
    assert run("decode", "lines", file).err == ""
