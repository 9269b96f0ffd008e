import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import GROUPS, main
from .chunk_walkers import CHUNK, OLD_CHUNK, READER, STANDARD_CHUNK
from .chunks import CHUNKS
from .group import Effort
from .growth import GROWTH
from .memory import MEMORY
from .message_codecs import COMPILED, CONSTRUCT, MESSAGE, STRUCT_BY_HAND
from .messages import MESSAGES
from .race import Race
from .report import Report
from .stream_readers import OHNEIO, STREAM_READERS, TAKE, TWISTED, UPTO, WEBSOCKETS
from .streams import STREAMS

REPOSITORY = Path(__file__).parents[2]
ROW = STREAMS.row_names[0]


def judged(group, results):
    return {each.what: each for each in group.reaches(results)}


def test_reaches_of_streams_are_ratios():
    seconds = {UPTO: 1.0, TAKE: 0.6, OHNEIO: 5.9, WEBSOCKETS: 0.6}
    reaches = judged(STREAMS, {ROW: seconds})
    assert {what: each.is_reached for what, each in reaches.items()} == {
        f"{ROW}: ohneio / read_upto": False,
        f"{ROW}: read_upto / websockets": True,
        f"{ROW}: get_input / websockets": True,
    }
    line = str(reaches[f"{ROW}: ohneio / read_upto"])
    assert line.startswith("NOT reached")
    assert line.endswith("5.90 (has to be >= 6)")


def test_reaches_of_growth_tell_linear_from_quadratic():
    reaches = judged(GROWTH, {"a": (1, 1.0, 9.0), "b": (1, 1.0, 99.0)})
    assert {what: each.is_reached for what, each in reaches.items()} == {
        "a: 10 times as much": True,
        "b: 10 times as much": False,
    }


def test_reaches_of_messages_are_those_to_construct_and_to_struct():
    seconds = {MESSAGE: 1.0, STRUCT_BY_HAND: 0.4, CONSTRUCT: 20.0, COMPILED: 3.0}
    reaches = judged(MESSAGES, {"a row": seconds})
    assert {what: each.is_reached for what, each in reaches.items()} == {
        "a row: construct / Message": True,
        "a row: Message / struct by hand": False,
    }


def test_reaches_of_chunks_compare_the_best_of_ours():
    seconds = {CHUNK: 1.2, READER: 0.9, OLD_CHUNK: 1.0, STANDARD_CHUNK: 0.8}
    row = CHUNKS.row_names[0]
    reaches = judged(CHUNKS, {row: seconds})
    assert {what: each.is_reached for what, each in reaches.items()} == {
        f"{row}: {READER} / chunk": True,
        f"{row}: {READER} / standard-chunk": False,
    }
    del seconds[OLD_CHUNK]  # no Python has it any more
    assert list(judged(CHUNKS, {row: seconds})) == [f"{row}: {READER} / standard-chunk"]


def test_tie_is_enough_where_reading_large_chunks_is_all_that_costs():
    bounds = {
        row.name: [each.bound for each in CHUNKS.reaches({row.name: {CHUNK: 1, OLD_CHUNK: 1}})]
        for row in CHUNKS.rows
    }
    assert {name for name, (bound,) in bounds.items() if bound > 1} == {
        "chunks of 8 MiB, read in pieces, file",
        "chunks of 8 MiB, read in pieces, stream",
    }


def test_reaches_of_memory_compare_the_longest_with_the_shortest():
    constant, growing = {"20 MB": 100, "2 GB": 150}, {"20 MB": 100, "2 GB": 900}
    reaches = judged(MEMORY, {"a": constant, "b": growing})
    assert {what: each.is_reached for what, each in reaches.items()} == {
        "a: peak for 2 GB / 20 MB": True,
        "b: peak for 2 GB / 20 MB": False,
    }


def test_what_was_not_measured_is_not_reached():
    first = STREAMS.reaches({ROW: {UPTO: 1.0}})[0]
    assert not first.is_reached
    assert str(first) == f"not measured  {ROW}: ohneio / read_upto"


def test_report_shows_times_and_ratios_in_columns():
    report = Report(1, [(STREAMS, {"a row": {UPTO: 1e-6, OHNEIO: 2.5e-6}, "b": {UPTO: 4e-6}})])
    head, row, ratios, row_b, ratio_b = report.table().split("\n\n")[1].splitlines()
    assert head.split() == ["ns", "a", "message,", "and", "in", "ratio", "to", UPTO, UPTO, OHNEIO]
    assert row.split() == ["a", "row", "1,000", "2,500"]
    assert ratios.split() == ["1.00", "2.50"]
    assert (row_b.split(), ratio_b.split()) == (["b", "4,000", "-"], ["1.00"])


def test_report_names_the_candidates_that_are_missing_and_their_modules(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name != "twisted" or None)
    report = Report(1, [(STREAMS, {"a row": {UPTO: 1e-6}})])
    assert report.table().endswith(f"left out: {TWISTED} (no module twisted)")
    assert report.as_json()["missing"] == {TWISTED: "twisted"}


def test_rows_of_all_groups_have_different_names():
    names = [row for group in GROUPS for row in group.row_names]
    assert len(set(names)) == len(names)


@pytest.fixture
def quick_streams(monkeypatch):
    """Let each row of streams have certain times, at once."""
    seconds = {UPTO: 1.0, TAKE: 0.5, OHNEIO: 7.0, WEBSOCKETS: 0.9}
    monkeypatch.setattr(Race, "measure", lambda *_: seconds)
    return seconds


def test_check_exits_with_1_when_something_is_not_reached(quick_streams, capsys):
    quick_streams[OHNEIO] = 2.0
    assert main(["streams", "--only", "64-byte lines, 1 KiB", "--check"]) == 1
    assert "NOT reached   64-byte lines, 1 KiB pieces: ohneio" in capsys.readouterr().out


@pytest.mark.usefixtures("quick_streams")
def test_only_what_was_asked_for_is_judged(capsys):
    assert main(["--only", "64-byte lines, 1 KiB", "--check"]) == 0
    assert capsys.readouterr().out.count("(has to be") == 3


@pytest.mark.usefixtures("quick_streams")
def test_only_the_groups_that_were_named_are_measured(capsys):
    assert main(["streams"]) == 0
    shown = capsys.readouterr().out
    assert all(row in shown for row in STREAMS.row_names)
    assert MESSAGES.row_names[0] not in shown


@pytest.mark.usefixtures("quick_streams")
def test_file_that_cannot_be_written_is_told_in_one_line(capsys, tmp_path):
    path = tmp_path / "missing" / "numbers.json"
    assert main(["streams", "--json", str(path)]) == 2
    assert capsys.readouterr().err == f"cannot write {path}: No such file or directory\n"


def test_plot_is_an_svg_with_the_names_as_text(tmp_path):
    pytest.importorskip("matplotlib")
    report = Report(
        1,
        [
            (STREAMS, {"a row": {UPTO: 1e-6, OHNEIO: 2.5e-6}, "frames": {UPTO: 4e-6}}),
            (GROWTH, {"growing": (1, 1.0, 9.0)}),
            (MESSAGES, {"5 fields": {MESSAGE: 7e-7, CONSTRUCT: 9e-6}}),
        ],
    )
    report.plot(tmp_path / "plot.svg")
    text = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    names = (UPTO, OHNEIO, "a row", "2,500", MESSAGE, CONSTRUCT, "5 fields", "700")
    assert all(f">{name}<" in text for name in names)
    assert "growing" not in text


def _run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_command_prints_tables_and_writes_json(tmp_path):
    rows = [STREAMS.row_names[1], MESSAGES.row_names[0], CHUNKS.row_names[-1], MEMORY.row_names[0]]
    only = [part for row in rows for part in ("--only", row)]
    done = _run("--quick", *only, "--json", str(tmp_path / "out.json"))
    assert (done.returncode, done.stderr) == (0, "")
    assert all(row in done.stdout for row in rows)
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    found = {name: [each["row"] for each in rows] for name, rows in report["groups"].items()}
    assert found == {
        group: [row]
        for group, row in zip(("streams", "messages", "chunks", "memory"), rows, strict=True)
    }
    (row,) = report["groups"]["streams"]
    assert row["ratio"][UPTO] == 1
    missing = {name for name in report["missing"] if name in {each.name for each in STREAM_READERS}}
    assert set(row["nanoseconds"]) | missing == {each.name for each in STREAM_READERS}
    modules = {each.module for each in STREAM_READERS if each.name in missing}
    assert all(importlib.util.find_spec(module) is None for module in modules)


def test_groups_measure_every_row_they_name():
    for group in GROUPS:
        if group is not MEMORY:  # which is slow, and tested above
            row = group.row_names[0]
            assert group.cells({row: group.measure(row, Effort(1, 64))})[1][0] == row


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "teapots"], "no row holds 'teapots'; there are: 64-byte lines, 64 KiB pieces;"),
        (["growth", "--only", "KiB"], "no row holds 'KiB'; there are: one line, byte by byte;"),
        (["--rounds", "0"], "--rounds has to be 1 or more, not 0"),
        (
            ["teapots"],
            (
                "no group 'teapots'; there are: streams, growth, messages, chunks, packets, text, "
                "submits, memory"
            ),
        ),
        (["--svg", "x.svg", "--only", "one line"], "--svg shows races, and none is left"),
    ],
)
def test_command_refuses_what_it_cannot_do(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err
