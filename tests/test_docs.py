"""Runs what README and documentation quote.

Blocks marked ``pycon`` are doctests. Blocks marked ``python`` are run too; one that begins with a
comment like ``# chat.py`` is a file instead. The blocks of one page are one session, and so are the
pages of the tutorial. Servers are started for real, on a free port.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.util
import re
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

import ohnecimd

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
TUTORIAL = sorted((DOCS / "tutorial").glob("[0-9]*.md"), key=lambda p: int(p.name.split("-")[0]))
PAGES = [
    DOCS / "index.md",
    *sorted(DOCS.glob("howto/*.md")),
    *sorted(DOCS.glob("explanation/*.md")),
]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"# (\w+\.py)\n")
PATIENCE_S = 30


class Block(NamedTuple):
    language: str
    text: str
    line: int

    @property
    def file_name(self):
        match = FILE.match(self.text)
        return match[1] if match and self.language == "python" else None


def blocks_of(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(text)
    ]


def name_of(page):
    return str(page.relative_to(ROOT))


def run_session(pages, session):
    """Run the blocks one after the other, and return how many examples there were."""
    complaints = []
    count = 0
    for page in pages:
        for block in blocks_of(page):
            if block.language == "pycon":
                test = doctest.DocTestParser().get_doctest(
                    block.text, {}, f"{name_of(page)}:{block.line}", str(page), block.line
                )
                test.globs = session
                runner = doctest.DocTestRunner(verbose=False)
                count += runner.run(test, out=complaints.append, clear_globs=False).attempted
            elif block.language == "python" and block.file_name is None:
                source = "\n" * block.line + block.text
                exec(compile(source, str(page), "exec", dont_inherit=True), session)
                count += 1
    assert not complaints, "".join(complaints)
    return count


def files_of(pages, directory):
    for page in pages:
        for block in blocks_of(page):
            if block.file_name is not None:
                (directory / block.file_name).write_text(block.text, encoding="utf-8")


def on_free_port(script):
    """Let a server of the documentation listen at a free port instead of its own."""
    source, count = re.subn(r"\b(8000|7007)\b", "0", script.read_text(encoding="utf-8"))
    assert count == 1
    script.write_text(source, encoding="utf-8")
    return script


@contextlib.contextmanager
def running(script):
    """Run a Python file that prints where it listens; give the process and the port."""
    process = subprocess.Popen(
        [sys.executable, script.name],
        cwd=script.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        if not line:
            pytest.fail(process.communicate(timeout=PATIENCE_S)[1])
        yield process, int(line.rsplit(":", 1)[1])
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def answer_to(data, port):
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as peer:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: peer.recv(65536), b""))


def needs(transport):
    return pytest.param(
        transport,
        marks=pytest.mark.skipif(
            transport == "gevent" and importlib.util.find_spec("gevent") is None,
            reason="gevent is not installed",
        ),
    )


TRANSPORTS = [needs(transport) for transport in ("sockets", "asyncio", "gevent")]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_a_page_quotes_is_true(page):
    run_session([page], {"__name__": "page"})


def test_the_tutorial_is_one_session_that_works():
    assert run_session(TUTORIAL, {"__name__": "tutorial"}) > 100


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_servers_of_the_tutorial_serve(transport, tmp_path):
    files_of(TUTORIAL, tmp_path)
    script = on_free_port(tmp_path / f"chat_{transport}.py")
    with running(script) as (_, port):
        assert answer_to(b"Hello\r\n/nick Grace\r\nIt is me\r\n", port) == (
            b"You sent: Hello\r\nGrace sent: It is me\r\n"
        )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_servers_of_the_how_to_pages_serve_and_stop_in_order(transport, tmp_path):
    files_of([DOCS / "howto" / f"{transport}.md"], tmp_path)
    with running(on_free_port(tmp_path / "echo_server.py")) as (process, port):
        assert answer_to(b"Hello\n\n", port) == b"Hello\n\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=PATIENCE_S) == ("", "")
        assert process.returncode == 0


def test_the_how_to_page_on_chunks_lists_those_of_standard_input(tmp_path):
    files_of([DOCS / "howto" / "iff.md"], tmp_path)
    done = subprocess.run(
        [sys.executable, "list_chunks.py"],
        cwd=tmp_path,
        input=b"FORM\0\0\0\x10TESTNAME\0\0\0\3abc\0",
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout == b"0 b'FORM' 16\n12 b'NAME' 3\n"


def test_the_tests_of_the_tutorial_pass(tmp_path):
    files_of(TUTORIAL, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_chat.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d+ passed", done.stdout)


def test_the_first_lines_of_the_readme_are_few():
    parser = blocks_of(README)[0]
    assert len([line for line in parser.text.splitlines() if line]) <= 12


def test_what_the_readme_shows_without_a_server_works():
    blocks = [each for each in blocks_of(README) if each.language == "python"]
    alone = [each.text for each in blocks if "serve(" not in each.text]
    assert len(alone) == 3
    for text in alone:
        exec(compile(text, str(README), "exec", dont_inherit=True), {"__name__": "readme"})


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_parser_of_the_readme_runs_on_each_transport(transport, tmp_path):
    blocks = [block.text for block in blocks_of(README) if block.language == "python"]
    (served,) = (text for text in blocks[1:] if f"transports.{transport} import" in text)
    *first, last = served.replace("8000", "0").splitlines()
    assert len(first) == 2
    lines = [*first, "print(server.address, flush=True)", last]
    if "await" in served:
        lines = [
            "import asyncio",
            "async def main():",
            *(f"    {line}" for line in lines),
            "asyncio.run(main())",
        ]
    script = tmp_path / "served.py"
    script.write_text("\n".join([blocks[0], *lines]), encoding="utf-8")
    with running(script) as (_, port):
        assert answer_to(b"Hello\r\n.\r\nignored\r\n", port) == b"You sent: Hello\r\n"


def test_the_two_commands_of_the_readme_are_one_line_each():
    commands = [block.text for block in blocks_of(README) if block.language == "sh"]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert commands[0].rstrip().endswith("ohnecimd demo")
    assert commands[1].rstrip().endswith("-m pytest")


def test_links_between_files_lead_somewhere():
    for page in [README, *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{name_of(page)}: {target}"


def names_in_the_reference():
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("reference/*.md"))
    directive = r"^\.\. (?:auto)?\w+:: (?:[\w.]+\.)?(\w+(?:\n {10}\w+)*)"
    names = set(" ".join(re.findall(directive, text, re.MULTILINE)).split())
    modules = r"^\.\. automodule:: ([\w.]+)\n   :members:(.*)$"
    for module, members in re.findall(modules, text, re.MULTILINE):
        names.update(members.split(", ") if members else importlib.import_module(module).__all__)
    for place in re.findall(r"^```{(?:messages?|codes)} ([\w.]+)$", text, re.MULTILINE):
        module, _, name = place.rpartition(".")
        described = getattr(importlib.import_module(module), name)
        names.update([name] if isinstance(described, type) else [row.name for row in described])
    return {name.strip() for name in names}


PUBLIC_MODULES = [
    "capture",
    "declaring.declarations",
    "errors",
    "fields",
    "messages",
    "clients.cimd",
    "clients.cimd.asyncio",
    "clients.cimd.blocking",
    "protocols.chunks",
    "protocols.cimd",
    "protocols.cimd.codes",
    "protocols.cimd.messages",
    "protocols.cimd.refusals",
    "protocols.cimd.simulator",
    "protocols.cimd.text",
    "protocols.cimd.times",
    "protocols.iff",
    "protocols.iff.chunk",
    "protocols.iff.contents",
    "protocols.iff.dialects",
    "protocols.iff.encoding",
    "protocols.iff.events",
    "protocols.iff.problems",
    "protocols.iff.reader",
    "protocols.iff.tree",
    "protocols.iff.writer",
    "protocols.lines",
    "tables",
    "testing",
    "testing.smsc",
    "testing.strategies",
    "transports.asyncio",
    "transports.sockets",
]


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_every_public_name_is_in_the_reference(module):
    public = importlib.import_module(f"ohnecimd.{module}").__all__
    assert set(public) - names_in_the_reference() == set()


def test_every_name_of_the_package_itself_is_in_the_reference():
    assert set(ohnecimd.__all__) - {"errors"} - names_in_the_reference() == set()


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.match(r"[\w-]+", each)[0] for every in lists for each in every}
    reasons = (DOCS / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    for name in names - {"ohnecimd"}:
        assert f"`{name}`" in reasons, name
