"""``explain``: every protocol, every option, and input of every kind."""

import errno
import os
import struct
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from pages import Page

from ohnecimd.cli import explain, main
from ohnecimd.cli.protocols import PROTOCOLS

FILES = Path(__file__).parents[1] / "data" / "chunks" / "files"
EXPLAINED = [name for name, row in PROTOCOLS.items() if row.explainer is not None]
SAMPLES = [
    *(("iff", path.name) for path in sorted(FILES.iterdir()) if path.suffix != ".ldo"),
    *(("ldo", path.name) for path in sorted(FILES.glob("*.ldo"))),
]
EVERY_BYTE = bytes(range(256))
PATIENCE_S = 20


def octets_of(lines):
    """The bytes that a dump shows."""
    return b"".join(bytes.fromhex(line[10:34]) for line in lines if not line.startswith(" " * 10))


def iff(*members):
    data = b"TEST" + b"".join(members)
    return b"FORM" + struct.pack(">I", len(data)) + data


def test_lines_are_explained(run):
    ran = run("explain", "lines", given=b"Hello\r\n\nW\xf6rld\n")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "00000000  48 65 6c 6c 6f           Hello     line 1 > text = 'Hello'\n"
        r"00000005  0d 0a                    ..        line 1 > end = '\x0d\x0a'" "\n"
        r"00000007  0a                       .         line 2 > end = '\x0a'" "\n"
        r"00000008  57 f6 72 6c 64           W.rld     line 3 > text = 'W\xf6rld'" "\n"
        r"0000000d  0a                       .         line 3 > end = '\x0a'" "\n"
    )  # fmt: skip


def test_options_of_lines_are_those_of_decode(run):
    ran = run("explain", "lines", "--delimiter", "nd", "--limit", "4", given=b"and much too nd")
    assert ran.status == 1
    assert [line[45:] for line in ran.out.splitlines()] == [
        "line 1 > text = 'a'",
        "line 1 > end = 'nd'",
        "(unnamed)",
        "! expected b'nd' within 4 bytes, found b' much'",
        "(unnamed)",
    ]
    strict = run("explain", "lines", "--strict", given=b"a\nb\r\n")
    assert [line[45:] for line in strict.out.splitlines()] == [
        r"line 1 > text = 'a\x0ab'",
        r"line 1 > end = '\x0d\x0a'",
    ]


def test_chunks_of_ldo_are_explained(run):
    ran = run("explain", "ldo", given=b"DLAY\x0b\0\0\0NTVL\x03\0\0\x000.5NOOP\0")
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: malformed input in 1 place\n"
    assert ran.out == (
        "00000000  44 4c 41 59              DLAY      DLAY > id = 'DLAY'  (Delay)\n"
        "00000004  0b 00 00 00              ....      DLAY > size = 11\n"
        "00000008  4e 54 56 4c              NTVL      DLAY > NTVL > id = 'NTVL'\n"
        "0000000c  03 00 00 00              ....      DLAY > NTVL > size = 3\n"
        "00000010  30 2e 35                 0.5       DLAY > NTVL > contents = '0.5'\n"
        "00000013  4e 4f 4f 50 00           NOOP.     (unnamed)\n"
        "00000018                                     ! in chunk: expected a header of 8 bytes, "
        "found the end of input after 5 bytes\n"
    )


def test_files_of_the_iff_family_are_explained(run):
    ran = run("explain", "iff", FILES / "bad-anmf-inner.webp")
    assert (ran.status, ran.err) == (1, "ohnecimd: error: malformed input in 2 places\n")
    lines = ran.out.splitlines()
    assert lines[0] == "00000000  52 49 46 46              RIFF      RIFF > id = 'RIFF'"
    assert "00000018  07 00 00                 ...       RIFF > VP8X > width = 8  (pixels)" in lines
    place = lines.index(
        "00000044                                     ! child-beyond-parent: a chunk runs past the "
        "end of the group around it (needs 255 bytes, 2 there)"
    )
    assert lines[place - 1].endswith("RIFF > ANMF > VP8 > id = 'VP8 '  (LossyImage)")


def test_options_of_iff_are_known(run):
    deep = FILES / "made-deep-20.iff"
    assert run("explain", "iff", "--max-depth", "20", deep).status == 0
    assert "! too-deep: " in run("explain", "iff", "--max-depth", "19", deep).out
    webp = FILES / "webp-lossy.webp"
    assert "! bad-magic: " in run("explain", "iff", "--dialect", "iff", webp).out


@pytest.mark.parametrize(("protocol", "name"), SAMPLES)
def test_every_byte_of_a_file_is_in_the_dump_once(run, protocol, name):
    options = ["--max-depth", "3000"] if protocol == "iff" else []
    ran = run("explain", protocol, "--all", *options, FILES / name)
    lines = ran.out.splitlines()
    assert octets_of(lines) == (FILES / name).read_bytes()
    assert (ran.status == 1) == any(line[45:47] == "! " for line in lines)
    assert all(line.isprintable() and line == line.rstrip() for line in lines)


@pytest.mark.parametrize("protocol", EXPLAINED)
def test_empty_input_is_explained(run, protocol):
    ran = run("explain", protocol)
    if protocol == "iff":  # no file of the family is empty
        assert (ran.status, ran.out.count("\n")) == (1, 1)
        assert ran.out.endswith("! empty: there is no byte at all\n")
    else:
        assert (ran.status, ran.out, ran.err) == (0, "", "")


@pytest.mark.parametrize("protocol", EXPLAINED)
@pytest.mark.parametrize(
    "data",
    [EVERY_BYTE * 3, b"\0" * 1001, b"\xff" * 1000, b"FORM\xff\xff\xff\xff", b"RIFF" + EVERY_BYTE],
)
def test_garbage_gives_errors_and_nothing_worse(run, protocol, data):
    ran = run("explain", protocol, "--all", given=data)
    lines = ran.out.splitlines()
    is_noise = protocol == "cimd" and b"\2" not in data  # anything may stand between packets
    assert ran.status == (not is_noise)
    assert octets_of(lines) == data
    assert any(line[45:47] == "! " for line in lines) == (not is_noise)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("protocol", "name"), [("iff", "wav-bext.wav"), ("ldo", "made-stream.ldo")]
)
def test_input_that_is_cut_anywhere_is_explained_as_far_as_it_goes(run, protocol, name):
    data = (FILES / name).read_bytes()
    for size in [*range(64), *range(64, len(data), 29)]:
        ran = run("explain", protocol, "--all", given=data[:size])
        assert octets_of(ran.out.splitlines()) == data[:size]


def test_bytes_of_the_file_never_reach_the_terminal(run):
    evil = (b"\x1b[2J", b"<b>\x07", b"\x9b1m\r", b"\n\0\x7f\xff")
    members = [each + b"\0\0\0\x04" + each for each in evil]
    data = iff(*members, b"LIST\0\0\0\x04\x1b]0;") + b"\x1b[2J"
    for args in (["iff"], ["iff", "--html", "-"], ["lines"], ["ldo"], ["ldo", "--html", "-"]):
        out = run("explain", *args, given=data).out
        assert all(line.isprintable() for line in out.splitlines())
    for each in evil:
        ldo = run("explain", "ldo", given=each + b"\4\0\0\0" + each)
        assert all(line.isprintable() for line in ldo.out.splitlines())
        assert ldo.out.count("\n") == 3


def test_names_of_files_never_reach_the_terminal(run, tmp_path):
    file = tmp_path / "\x1b[2J<b>"
    file.write_bytes(b"x\n")
    ran = run("explain", "lines", "--html", "-", file)
    assert ran.status == 0
    assert all(line.isprintable() for line in ran.out.splitlines())
    assert "<b>" not in ran.out
    assert r"\x1b[2J&lt;b&gt;" in ran.out
    ran = run("explain", "lines", "--html", f"{file}/nowhere", file)
    assert ran.status == 2
    assert ran.err.rstrip("\n").isprintable()


# How much of it


def test_long_fields_are_cut_and_counted(run):
    line = b"x" * 100 + b"\n"
    dumped = run("explain", "lines", given=line).out.splitlines()
    assert len(dumped) == 8 + 1 + 1
    assert dumped[8] == "          ... 36 bytes more"
    few = run("explain", "lines", "--rows", "2", given=line).out.splitlines()
    assert few == [*dumped[:2], "          ... 84 bytes more", dumped[-1]]
    whole = run("explain", "lines", "--all", given=line).out.splitlines()
    assert whole[:8] + whole[-1:] == dumped[:8] + dumped[-1:]
    assert len(whole) == 13 + 1


@pytest.mark.parametrize("rows", ["0", "-1", "x", "1" * 16])
def test_a_bad_number_of_rows_is_one_clear_line(run, rows):
    ran = run("explain", "lines", "--rows", rows)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"ohnecimd: error: argument --rows: bad number of rows '{rows}'")
    assert ran.err.count("\n") == 1


def test_rows_and_all_do_not_go_together(run):
    ran = run("explain", "lines", "--rows", "3", "--all")
    assert ran.status == 2
    assert "not allowed with" in ran.err


def test_options_may_stand_anywhere(run, tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"x" * 99 + b"\n")
    plain = run("explain", "--rows", "3", "lines", "--limit", "100", file)
    assert plain.out.count("\n") == 5
    assert run("explain", "lines", file, "--limit", "100", "--rows", "3") == plain


def test_more_than_explain_takes_is_refused_before_it_is_read(run, tmp_path):
    file = tmp_path / "huge"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)
    ran = run("explain", "lines", file)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        f"ohnecimd: error: {str(file)!r} has more than the 64 MiB that explain takes\n"
    )


def test_a_file_of_just_that_size_is_explained(run, tmp_path, monkeypatch):
    monkeypatch.setattr(explain, "MOST_BYTES", 100_000)
    file = tmp_path / "large"
    file.write_bytes(b"x" * 99_999 + b"\n")
    assert run("explain", "lines", "--limit", "100000", file).status == 0
    file.write_bytes(b"x" * 100_000 + b"\n")
    assert run("explain", "lines", "--limit", "100000", file).status == 1


def test_twenty_megabytes_are_a_few_lines(run, tmp_path):
    file = tmp_path / "large.iff"
    file.write_bytes(iff(b"BODY" + struct.pack(">I", 20_000_000) + bytes(20_000_000)))
    ran = run("explain", "iff", file)
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "          ... 19999936 bytes more"
    assert ran.out.count("\n") == 3 + 2 + 8 + 1


def test_a_dump_is_not_collected_before_it_is_printed(launch, tmp_path):
    file = tmp_path / "many.iff"
    file.write_bytes(iff(b"NONE\0\0\0\0" * 1_000_000))
    process = launch("explain", "iff", file)
    first = process.stdout.readline()
    assert first.endswith(b"FORM > id = 'FORM'\n")
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 141
    assert process.stderr.read() == b""


def test_progress_is_told_now_and_then(run, tmp_path, monkeypatch):
    told = []

    @contextmanager
    def progress(_descriptor):
        yield told.append

    monkeypatch.setattr(explain, "progress_through", progress)
    file = tmp_path / "lines"
    file.write_bytes(b"a line\n" * 60_000)
    assert run("explain", "lines", file).status == 0
    assert 420_000 - explain.STEP_BYTES < sum(told) <= 420_000
    assert len(told) <= 420_000 / explain.STEP_BYTES


# As a page


@pytest.mark.parametrize("name", ["wav-bext.wav", "bad-anmf-inner.webp", "bad-id-control.iff"])
def test_a_page_of_html_is_written_instead(run, tmp_path, name):
    out = tmp_path / "page.html"
    ran = run("explain", "iff", FILES / name, "--html", out)
    assert ran.out == ""
    page = Page(out.read_text(encoding="utf-8"))
    dump = run("explain", "iff", FILES / name)
    assert (ran.status, ran.err) == (dump.status, dump.err)
    shown = "\n".join(row[0] for row in page.rows).splitlines()
    assert shown == [line[:43].rstrip() for line in dump.out.splitlines()]
    assert page.texts.count(f"iff: {str(FILES / name)!r}") == 2
    assert page.kinds.count("error") == dump.out.count("  ! ")


def test_a_dash_is_standard_output(run, tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"a & b\n")
    page = Page(run("explain", "lines", file, "--html", "-").out)
    assert [row[2] for row in page.rows] == ["'a & b'", r"'\x0a'"]


def test_a_large_page_is_not_collected_before_it_is_written(launch, tmp_path):
    file = tmp_path / "large"
    file.write_bytes(b"x" * 4_000_000)
    process = launch("explain", "lines", "--all", "--html", "-", file)
    assert process.stdout.readline() == b"<!DOCTYPE html>\n"
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 141


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing/page.html", errno.ENOENT), (".", errno.EISDIR), ("taken/page.html", errno.ENOTDIR)],
)
def test_a_page_that_cannot_be_written_is_one_clear_line(run, tmp_path, name, why):
    (tmp_path / "taken").touch()
    out = tmp_path / name
    ran = run("explain", "lines", "--html", out, given=b"x\n")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"ohnecimd: error: cannot write {str(out)!r}: {os.strerror(why).lower()}\n"


def test_a_name_with_a_zero_byte_cannot_be_written(run):
    ran = run("explain", "lines", "--html", "a\0b", given=b"x\n")
    assert ran.status == 2
    assert ran.err.startswith(r"ohnecimd: error: cannot write 'a\x00b': embedded null")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_a_failure(run):
    ran = run("explain", "lines", "--html", "/dev/full", given=b"x\n")
    assert ran.status == 1
    assert ran.err == "ohnecimd: error: cannot write '/dev/full': no space left on device\n"


@pytest.mark.parametrize("link", [None, "symbolic", "hard"])
def test_the_input_is_not_overwritten(run, tmp_path, link):
    file, out = tmp_path / "lines", tmp_path / "page"
    file.write_bytes(b"precious\n")
    if link == "symbolic":
        out.symlink_to(file)
    elif link == "hard":
        out.hardlink_to(file)
    else:
        out = file
    ran = run("explain", "lines", file, "--html", out)
    assert ran.status == 2
    assert ran.err == f"ohnecimd: error: cannot write {str(out)!r}: it is what is read\n"
    assert file.read_bytes() == b"precious\n"


def test_an_old_page_is_overwritten(run, tmp_path):
    out = tmp_path / "page"
    out.write_text("old " * 10_000)
    assert run("explain", "lines", "--html", out, given=b"x\n").status == 0
    assert "old" not in out.read_text(encoding="utf-8")


def test_nothing_is_written_if_nothing_can_be_read(run, tmp_path):
    out = tmp_path / "page"
    assert run("explain", "lines", "--html", out, tmp_path / "missing").status == 2
    assert not out.exists()


# What cannot be read


@pytest.mark.parametrize(("name", "why"), [("missing", errno.ENOENT), (".", errno.EISDIR)])
def test_what_cannot_be_read_is_one_clear_line(run, tmp_path, name, why):
    file = tmp_path / name
    ran = run("explain", "iff", file)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"ohnecimd: error: cannot read {str(file)!r}: {os.strerror(why).lower()}\n"


def test_a_closed_standard_input_cannot_be_read(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["explain", "lines"]) == 2
    assert capfd.readouterr().err == "ohnecimd: error: standard input is closed\n"


def test_protocols_without_an_explanation_are_not_taken(run):
    for name in PROTOCOLS.keys() - EXPLAINED:
        ran = run("explain", name)
        assert ran.status == 2
        assert f"invalid choice: '{name}'" in ran.err


def test_help_names_protocols_and_options(run):
    listed = run("explain", "--help").out
    for name in EXPLAINED:
        summary = PROTOCOLS[name].explainer.summary
        assert summary in " ".join(listed.split())
        ran = run("explain", name, "--help")
        assert ran.status == 0
        for option in ("--html OUT", "--rows N", "--all", "FILE"):
            assert option in ran.out


def test_a_real_process_explains_a_pipe(launch):
    process = launch("explain", "ldo")
    out, err = process.communicate(b"NOOP\0\0\0\0", timeout=PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    assert out.decode().splitlines() == [
        "00000000  4e 4f 4f 50              NOOP      NOOP > id = 'NOOP'  (Noop)",
        "00000004  00 00 00 00              ....      NOOP > size = 0",
    ]
