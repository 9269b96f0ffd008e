import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from .__main__ import main
from .candidates import CANDIDATES, OHNEIO, TAKE, UPTO, WEBSOCKETS
from .growth import GROWTHS, grow
from .reach import reaches
from .report import Report
from .rows import ROWS, WrongMessages, measure

REPOSITORY = Path(__file__).parents[2]
NINE_BYTES = [replace(row, message_bytes=9, piece_bytes=4, messages=5, fewer={}) for row in ROWS]


READERS = [
    pytest.param(candidate, is_framed, id=f"{candidate.name} {'frames' if is_framed else 'lines'}")
    for candidate in CANDIDATES
    for is_framed in (False, True)
    if (candidate.frames if is_framed else candidate.lines) is not None
]


@pytest.mark.parametrize(("candidate", "is_framed"), READERS)
@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 1 << 16])
def test_candidate_reads_what_was_sent(candidate, is_framed, piece_bytes):
    if not candidate.is_installed:
        pytest.skip(f"{candidate.module} is not installed")
    row = replace(ROWS[0], is_framed=is_framed, message_bytes=20, piece_bytes=piece_bytes)
    row.check(candidate, 50)


def test_candidate_that_reads_something_else_is_found_before_it_is_timed():
    def lie(_, keep):
        assert keep is not None, "it is being timed"
        keep(b"x")

    expected = (
        r"^liar read 1 messages of 1 bytes in the row '64-byte lines, .*', expected 4096 of 64"
    )
    with pytest.raises(WrongMessages, match=expected):
        measure(ROWS[0], [replace(CANDIDATES[0], name="liar", lines=lie)], rounds=1)


def test_neighbouring_messages_differ_so_that_a_repeated_one_is_noticed():
    first, second = ROWS[0].expected(2)
    assert first != second


def test_measuring_gives_a_time_for_each_installed_candidate_of_the_row():
    lines, frames = NINE_BYTES[0], NINE_BYTES[-1]
    installed = {each.name for each in CANDIDATES if each.is_installed}
    assert set(measure(lines, rounds=1)) == installed
    assert set(measure(frames, rounds=1)) == installed - {"bytes.split"}


def test_candidate_that_is_not_installed_is_left_out():
    missing = replace(CANDIDATES[0], name="other", module="no_such_module")
    assert set(measure(NINE_BYTES[0], [CANDIDATES[0], missing], rounds=1)) == {UPTO}


@pytest.mark.parametrize("growth", GROWTHS, ids=lambda each: f"{each.name} {each.is_cut}")
def test_growth_reads_all_of_its_work(growth):
    size, seconds, _ = grow(replace(growth, largest=200), rounds=1)
    assert size == 200
    assert seconds > 0


def test_reaches_are_judged_by_ratios():
    seconds = {UPTO: 1.0, TAKE: 0.6, OHNEIO: 5.9, WEBSOCKETS: 0.6}
    judged = {
        each.what: each for each in reaches({ROWS[0].name: seconds}, {"a": 9, "b": 99}, ROWS[:1])
    }
    assert {what: each.is_reached for what, each in judged.items()} == {
        f"{ROWS[0].name}: ohneio / read_upto": False,
        f"{ROWS[0].name}: read_upto / websockets": True,
        f"{ROWS[0].name}: get_input / websockets": True,
        "a: 10 times as much": True,
        "b: 10 times as much": False,
    }
    line = str(judged[f"{ROWS[0].name}: ohneio / read_upto"])
    assert line.startswith("NOT reached")
    assert line.endswith("5.90 (has to be >= 6)")


def test_what_was_not_measured_is_not_reached():
    first = reaches({}, {}, ROWS[:1])[0]
    assert not first.is_reached
    assert str(first) == f"not measured  {ROWS[0].name}: ohneio / read_upto"


def test_report_names_the_candidates_that_are_missing_and_their_modules():
    report = Report(1, {"Twisted": "twisted"}, {"a row": {UPTO: 1e-6, OHNEIO: 2.5e-6}})
    table = report.table()
    assert table.endswith("left out: Twisted (no module twisted)")
    row, ratios = table.splitlines()[3:5]
    assert row.split() == ["a", "row", "1,000", "-", "2,500", "-", "-", "-", "-", "-"]
    assert ratios.split() == ["1.00", "2.50"]


def test_check_exits_with_1_when_something_is_not_reached(monkeypatch, capsys):
    monkeypatch.setattr(f"{main.__module__}.measure", lambda *_, **__: {UPTO: 1.0, OHNEIO: 2.0})
    assert main(["--only", "64-byte lines, 1 KiB", "--check"]) == 1
    assert "NOT reached   64-byte lines, 1 KiB pieces: ohneio" in capsys.readouterr().out


def test_only_what_was_asked_for_is_judged(monkeypatch, capsys):
    seconds = {UPTO: 1.0, TAKE: 0.5, OHNEIO: 7.0, WEBSOCKETS: 0.9}
    monkeypatch.setattr(f"{main.__module__}.measure", lambda *_, **__: seconds)
    assert main(["--only", "64-byte lines, 1 KiB", "--check"]) == 0
    assert capsys.readouterr().out.count("(has to be") == 3


def test_file_that_cannot_be_written_is_told_in_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(f"{main.__module__}.measure", lambda *_, **__: {UPTO: 1.0})
    path = tmp_path / "missing" / "numbers.json"
    assert main(["--only", "1 MiB", "--json", str(path)]) == 2
    assert capsys.readouterr().err == f"cannot write {path}: No such file or directory\n"


def test_plot_is_an_svg_with_the_names_as_text(tmp_path):
    pytest.importorskip("matplotlib")
    report = Report(1, {}, {"a row": {UPTO: 1e-6, OHNEIO: 2.5e-6}, "frames": {UPTO: 4e-6}})
    report.plot(tmp_path / "plot.svg")
    text = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert all(f">{name}<" in text for name in (UPTO, OHNEIO, "a row", "2,500"))


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_command_prints_a_table_and_writes_json(tmp_path):
    done = _run("--quick", "--only", "1 KiB pieces", "--json", str(tmp_path / "out.json"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "64-byte lines, 1 KiB pieces" in done.stdout
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    (row,) = report["rows"]
    assert row["ratio"][UPTO] == 1
    assert set(row["nanoseconds"]) | set(report["missing"]) == {each.name for each in CANDIDATES}
    assert all(importlib.util.find_spec(module) is None for module in report["missing"].values())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "teapots"], "no row holds 'teapots'; there are: 64-byte lines, 64 KiB pieces;"),
        (["--rounds", "0"], "--rounds has to be 1 or more, not 0"),
        (["--svg", "x.svg", "--only", "one line"], "--svg shows rows, and --only leaves none"),
    ],
)
def test_command_refuses_what_it_cannot_do(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err
