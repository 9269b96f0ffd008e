"""Type checkers take the uses that are right, and complain about each that is wrong."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent
PASSES = HERE / "typing" / "passes.py"
FAILS = HERE / "typing" / "fails.py"
MARK = re.compile(r"# E: ([a-z-]+)$")
COMPLAINT = re.compile(r"^(.+?):(\d+): error: .* \[([a-z-]+)\]$")

PYRIGHT = Path(sys.executable).with_name("pyright")
if not PYRIGHT.exists():
    PYRIGHT = Path(shutil.which("pyright") or "")

needs_mypy = pytest.mark.skipif(
    importlib.util.find_spec("mypy") is None, reason="mypy is not installed"
)
needs_pyright = pytest.mark.skipif(not PYRIGHT.is_file(), reason="pyright is not installed")


def marks(file):
    """Find the lines that a checker has to complain about, and the kind of complaint."""
    return {
        (number, mark.group(1))
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (mark := MARK.search(line))
    }


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def of_mypy():
    """Give what mypy complains about, by file: line and kind."""
    done = run(sys.executable, "-m", "mypy", "--strict", "--no-pretty", str(PASSES), str(FAILS))
    complaints = {PASSES.name: set(), FAILS.name: set()}
    for line in done.stdout.splitlines():
        if complaint := COMPLAINT.match(line):
            name, number, kind = complaint.groups()
            complaints.setdefault(Path(name).name, set()).add((int(number), kind))
    assert done.returncode == 1, done.stdout + done.stderr
    return complaints


@pytest.fixture(scope="module")
def of_pyright():
    """Give what pyright complains about, by file: lines."""
    done = run(str(PYRIGHT), "--outputjson", str(PASSES), str(FAILS))
    complaints = {PASSES.name: set(), FAILS.name: set()}
    for each in json.loads(done.stdout)["generalDiagnostics"]:
        if each["severity"] == "error":
            name = Path(each["file"]).name
            complaints.setdefault(name, set()).add(each["range"]["start"]["line"] + 1)
    return complaints


def test_right_uses_say_what_type_they_expect():
    assert PASSES.read_text().count("assert_type(") > 50
    assert marks(PASSES) == set()
    assert len(marks(FAILS)) > 40


@needs_mypy
def test_mypy_takes_what_is_right(of_mypy):
    assert of_mypy[PASSES.name] == set()


@needs_mypy
def test_mypy_complains_about_what_is_wrong_and_nothing_else(of_mypy):
    assert of_mypy[FAILS.name] == marks(FAILS)


@needs_mypy
def test_mypy_finds_no_fault_in_the_package(of_mypy):
    assert set(of_mypy) == {PASSES.name, FAILS.name}


@needs_pyright
def test_pyright_takes_what_is_right(of_pyright):
    assert of_pyright[PASSES.name] == set()


@needs_pyright
def test_pyright_complains_about_what_is_wrong_and_nothing_else(of_pyright):
    assert of_pyright[FAILS.name] == {number for number, _ in marks(FAILS)}
