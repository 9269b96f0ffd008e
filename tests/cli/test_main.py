import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import ohnecimd
from ohnecimd.cli import commands, main
from ohnecimd.cli.protocols import PROTOCOLS
from ohnecimd.cli.sides import kind_of, show_error
from ohnecimd.cli.table import COMMANDS
from ohnecimd.errors import ChecksumMismatch, Malformed, TimeoutExpired, TooLong


def test_the_version_is_that_of_the_package(run):
    ran = run("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"ohnecimd {ohnecimd.__version__}\n", "")


def test_help_names_every_command(run):
    ran = run("--help")
    assert ran.status == 0
    assert ran.out.startswith("usage: ohnecimd ")
    for name, command in COMMANDS.items():
        assert f"{name} " in ran.out
        assert command.summary in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("command", "names"),
    [("serve", ["echo", "chat"]), ("talk", ["echo", "chat"]), ("decode", ["lines"])],
)
def test_help_of_a_command_names_the_protocols_that_it_takes(run, command, names):
    ran = run(command, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"usage: ohnecimd {command} ")
    listed = [
        line.split()[0] for line in ran.out.partition("PROTOCOL\n")[2].splitlines()[: len(names)]
    ]
    assert listed == names


@pytest.mark.parametrize("command", ["serve", "talk"])
def test_help_of_a_protocol_has_the_options_of_both(run, command):
    ran = run(command, "echo", "--help")
    assert ran.status == 0
    assert "--limit BYTES" in ran.out
    assert ("--transport NAME" if command == "serve" else "--timeout SECONDS") in ran.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "the following arguments are required: COMMAND (see ohnecimd --help)"),
        (["serve"], "the following arguments are required: PROTOCOL (see ohnecimd serve --help)"),
        (["talk", "echo"], "the following arguments are required: ADDRESS (see ohnecimd talk echo"),
        (["fly"], "argument COMMAND: invalid choice: 'fly' (choose from "),
        (["serve", "lines"], "argument PROTOCOL: invalid choice: 'lines' (choose from "),
        (["decode", "echo"], "argument PROTOCOL: invalid choice: 'echo' (choose from "),
        (["demo", "\x1b[2J"], r"unrecognized arguments: \x1b[2J"),
    ],
)
def test_bad_use_is_one_clear_line_and_status_2(run, args, message):
    ran = run(*args)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"ohnecimd: error: {message}")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-m", "ohnecimd"], [Path(sysconfig.get_path("scripts"), "ohnecimd")]],
)
def test_the_module_and_the_script_are_the_same(command):
    if not Path(command[0]).exists():
        pytest.skip("the package is not installed: no script")
    told = subprocess.run([*command, "talk", "echo", "--help"], capture_output=True, check=True)
    assert told.stdout.startswith(b"usage: ohnecimd talk echo ")
    wrong = subprocess.run([*command, "fly"], capture_output=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith(b"ohnecimd: error: argument COMMAND: invalid choice: 'fly'")


def test_help_into_a_closed_pipe_is_quiet(launch, closed_pipe):
    process = launch("--help", stdout=closed_pipe)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (141, b"")


def test_no_standard_output_at_all_fails(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["--version"]) == 1
    assert capfd.readouterr().err == "ohnecimd: error: standard output is closed\n"


def test_no_standard_error_at_all_is_quiet(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["fly"]) == 2
    assert capfd.readouterr() == ("", "")


def test_output_goes_to_streams_without_descriptors(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ohnecimd {ohnecimd.__version__}\n"


def test_every_protocol_has_a_side_for_some_command():
    for name, protocol in PROTOCOLS.items():
        assert name == protocol.name
        assert any(command.side and command.side(protocol) for command in COMMANDS.values())


def test_a_protocol_joins_with_a_row(capfd):
    class Row:
        name = "morse"
        server = client = explainer = None
        decoder = PROTOCOLS["lines"].decoder

    parser = commands.parser_of(COMMANDS, PROTOCOLS | {"morse": Row})
    options = parser.parse_args(["decode", "morse", "--json"])
    assert (options.protocol, options.side, options.json) == ("morse", Row.decoder, True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TooLong(), "too-long"),
        (ChecksumMismatch(), "checksum-mismatch"),
        (TimeoutExpired(3), "timeout-expired"),
        (Malformed(), "malformed"),
    ],
)
def test_kinds_of_errors_are_their_names_in_kebab_case(error, kind):
    assert kind_of(error) == kind


def test_an_error_of_the_protocol_shows_where_it_is():
    shown = show_error(Malformed(position=7, expected="TAB", found=b"\x03"))
    message = r"at byte 7: expected TAB, found b'\x03'"
    assert shown.text == f"malformed: {message}"
    assert shown.members == {"error": "malformed", "offset": 7, "message": message}


def test_an_error_of_the_system_shows_its_reason():
    shown = show_error(ConnectionResetError(104, "Connection reset by peer"))
    assert shown.members == {
        "error": "connection-reset-error",
        "message": "connection reset by peer",
    }


class InterruptedImport:
    def find_spec(self, name, *_):
        if name == "ohnecimd.cli.table":
            raise KeyboardInterrupt


def test_an_interrupt_while_it_starts_is_quiet(monkeypatch, run):
    monkeypatch.delitem(sys.modules, "ohnecimd.cli.table")
    monkeypatch.setattr(sys, "meta_path", [InterruptedImport(), *sys.meta_path])
    ran = run("demo")
    assert (ran.status, ran.out, ran.err) == (130, "", "")


def test_an_interrupt_that_argparse_stumbles_over_is_quiet(monkeypatch, run):
    def stumble(*_):
        try:
            raise KeyboardInterrupt
        finally:
            raise AttributeError("save_nargs")

    monkeypatch.setattr("argparse.ArgumentParser.parse_known_intermixed_args", stumble)
    ran = run("decode", "lines")
    assert (ran.status, ran.out, ran.err) == (130, "", "")
