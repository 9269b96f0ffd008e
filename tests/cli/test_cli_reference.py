"""The reference page of the command line tells what there is, and nothing else."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from ohnecimd.cli.protocols import PROTOCOLS
from ohnecimd.cli.table import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = Path(__file__).parents[1] / "data" / "chunks" / "files"
SECTIONS = {
    found[1]: found[2]
    for found in re.finditer(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
}
OPTION = re.compile(r"--[a-z][a-z-]*")
SIDES = [
    (command, name)
    for command, row in COMMANDS.items()
    for name, protocol in PROTOCOLS.items()
    if row.side is not None and row.side(protocol) is not None
]


def test_every_command_has_a_section():
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize(("command", "protocol"), SIDES)
def test_every_option_is_in_the_section_of_its_command(run, command, protocol):
    options = set(OPTION.findall(run(command, protocol, "--help").out)) - {"--help"}
    assert options <= set(OPTION.findall(SECTIONS[command]))


@pytest.mark.parametrize("command", SECTIONS)
def test_every_option_in_a_section_is_one(run, command):
    known = set(OPTION.findall(run(command, "--help").out))
    for each, protocol in SIDES:
        if each == command:
            known |= set(OPTION.findall(run(command, protocol, "--help").out))
    assert set(OPTION.findall(SECTIONS[command])) <= known


def test_the_table_of_protocols_says_which_commands_take_them():
    commands = [name for name, row in COMMANDS.items() if row.side is not None]
    head = "".join(f" `{name}` |" for name in commands)
    table = TEXT.partition(f"| protocol |{head} |\n")[2].partition("\n\n")[0]
    found = {}
    for line in table.splitlines()[1:]:
        name, *cells = (cell.strip(" `") for cell in line.split("|")[1:-2])
        found[name] = {command for command, cell in zip(commands, cells, strict=True) if cell}
    assert found == {
        name: {command for command, protocol in SIDES if protocol == name} for name in PROTOCOLS
    }


def examples_of(command):
    """Give what is typed, and what comes."""
    blocks = re.findall(r"^```console\n(.*?)^```$", SECTIONS[command], re.DOTALL | re.MULTILINE)
    for example in re.split(r"^\$ ", "".join(blocks), flags=re.MULTILINE)[1:]:
        typed, _, shown = example.partition("\n")
        yield typed, shown


@pytest.mark.parametrize("command", ["decode", "explain"])
def test_what_examples_show_is_what_is_printed(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    shutil.copy(FILES / "wav-bext.wav", "bext.wav")
    numbers = b"OPER\1\0\0\0+OPND\1\0\0\x003"
    Path("requests").write_bytes(
        b"NOOP\0\0\0\0CMPU" + bytes([len(numbers), 0, 0, 0]) + numbers + b"ECHO\5\0\0\0abc"
    )
    count = 0
    for typed, shown in examples_of(command):
        words = shlex.split(typed)
        given = b""
        if words[0] == "printf":
            given = words[1].encode().decode("unicode_escape").encode("latin-1")
            words = words[words.index("|") + 1 :]
        assert words.pop(0) == "ohnecimd"
        ran = run(*words, given=given)
        printed = ran.out + ran.err if "ohnecimd: error:" in shown else ran.out
        assert printed == shown
        count += 1
    assert count == {"decode": 5, "explain": 2}[command]
