"""The house keeps its shape: imports run downhill, and only some rooms touch the world."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import ohnecimd

PACKAGE = Path(ohnecimd.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_LINES = 500

# Each room and the rooms that it stands upon: it may import them, and what they stand upon.
STANDS_UPON = {
    "errors": "",
    "marks": "",
    "separators": "errors",
    "output": "errors",
    "steps": "output",
    "block": "marks output",
    "stream": "block separators",
    "primitives": "steps stream",
    "engine": "steps stream",
    "connection": "engine primitives",
    "combinators": "primitives",
    "domains": "errors",
    "declaring": "domains stream",
    "fields": "declaring",
    "messages": "fields primitives",
    "tables": "messages",
    "": "connection combinators messages",  # the names of the package itself
    "protocols": "",
    "transports": "connection",
    "clients": "protocols transports",
    "capture": "",
    "testing": "protocols transports",
    "cli": "protocols transports clients capture testing",
    "__main__": "cli",
}
for _room in ("protocols", "clients", "capture", "testing", "cli"):
    STANDS_UPON[_room] += " connection combinators tables"

WORLDLY = ("transports", "clients", "cli", "testing", "__main__")
"""Rooms that may touch sockets, files, threads and event loops."""

FORBIDDEN_MODULES = frozenset(
    """
    _thread aiohttp anyio asyncio asyncore atexit concurrent contextvars curio eventlet fcntl
    fileinput ftplib getpass gevent glob greenlet http imaplib io logging mmap multiprocessing os
    pathlib poplib posix pty queue random requests resource sched select selectors shelve shutil
    signal smtplib socket socketserver sqlite3 ssl subprocess sys syslog telnetlib tempfile termios
    threading tornado trio tty twisted urllib uvloop warnings wsgiref
    """.split()  # noqa: SIM905 - a list of so many is not read
)
FORBIDDEN_BUILTINS = frozenset(
    ["__import__", "breakpoint", "compile", "eval", "exec", "globals", "input", "open", "print"]
)
MADE_OF_SOURCE = {"declaring": {"compile", "exec"}}  # functions that it has written itself
CLOCKS = {"connection"}  # rooms that may import `time`: for the default of a clock that is given
NAMELESS = {
    "ohnecimd.protocols",
    "ohnecimd.declaring",
    "ohnecimd.transports",
    "ohnecimd.clients",
    "ohnecimd.testing.pytest_plugin",
}
REQUIREMENTS = {"ohneio", "msgspec"}


@dataclass(frozen=True)
class Import:
    """One imported name, in full."""

    file: Path
    line: int
    name: str
    is_typing: bool

    def __str__(self):
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line} imports {self.name}"


@cache
def tree_of(file):
    return ast.parse(file.read_text(), str(file))


def imports_of(file):
    """Find every import in a file, wherever it stands in it."""
    for_typing = {
        id(node)
        for branch in ast.walk(tree_of(file))
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for part in branch.body
        for node in ast.walk(part)
    }
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}:{node.lineno}: relative imports hide where they lead"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(file, node.lineno, name, id(node) in for_typing)


def all_imports():
    return [each for file in FILES for each in imports_of(file)]


def room_of(file):
    """Name the room a file is in: the first part of its path, without its ending."""
    first = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def place_of(name):
    """Give the room, and the part of the room, that an imported name of ours lies in."""
    parts = name.split(".")[1:]
    if not parts or parts[0] not in STANDS_UPON:
        return "", ""
    return parts[0], parts[1] if len(parts) > 1 else ""


@cache
def below(room):
    """Name all rooms that one stands upon."""
    direct = set(STANDS_UPON[room].split())
    return frozenset(direct.union(*(below(each) for each in direct)))


def is_ours(name):
    return name.split(".")[0] == "ohnecimd"


def test_the_walk_finds_the_package():
    assert {room_of(file) for file in FILES} >= {"errors", "stream", "primitives", "connection"}
    assert len(all_imports()) > 50


def test_every_file_is_in_a_room():
    assert {room_of(file) for file in FILES} <= set(STANDS_UPON)


def test_no_room_stands_upon_itself():
    for room in STANDS_UPON:
        assert room not in below(room)


def test_imports_run_downhill():
    uphill = []
    for each in all_imports():
        if not is_ours(each.name):
            continue
        room = room_of(each.file)
        target, _ = place_of(each.name)
        allowed = below(room) | {room}
        if target == "" and not {"connection", "combinators"} <= allowed:
            uphill.append(f"{each}: the whole package")
        elif target not in allowed and target:
            uphill.append(f"{each}: {room or 'the package'} does not stand upon {target}")
    assert uphill == []


def test_protocols_never_import_each_other():
    across = []
    for each in all_imports():
        if room_of(each.file) != "protocols" or not is_ours(each.name):
            continue
        room, part = place_of(each.name)
        own = each.file.relative_to(PACKAGE / "protocols").parts[0].removesuffix(".py")
        if room == "protocols" and part != own:
            across.append(str(each))
    assert across == []


def test_transports_know_connections_and_errors_and_no_more():
    known = {"connection", "errors", "transports"}
    others = [
        str(each)
        for each in all_imports()
        if room_of(each.file) == "transports"
        and is_ours(each.name)
        and place_of(each.name)[0] not in known
    ]
    assert others == []


@pytest.mark.parametrize("library", ["gevent", "trio", "anyio", "twisted", "tornado"])
def test_one_file_for_each_library(library):
    """Its transport, and no other file of the transports, imports it."""
    users = {
        each.file.stem
        for each in all_imports()
        if each.name.split(".")[0] == library and room_of(each.file) == "transports"
    }
    assert users <= {library}


def test_only_worldly_rooms_import_what_touches_the_world():
    worldly = [
        str(each)
        for each in all_imports()
        if room_of(each.file) not in WORLDLY
        and not each.is_typing
        and each.name.split(".")[0] in FORBIDDEN_MODULES
    ]
    assert worldly == []


def test_only_the_default_clock_is_the_clock_of_the_system():
    clocks = {
        room_of(each.file)
        for each in all_imports()
        if each.name.split(".")[0] == "time" and room_of(each.file) not in WORLDLY
    }
    assert clocks <= CLOCKS


def test_no_room_asks_what_day_it_is():
    asked = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in FILES
        if room_of(file) not in WORLDLY
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
        if ast.unparse(node.value).rpartition(".")[2] in ("datetime", "date")
    ]
    assert asked == []


def test_only_worldly_rooms_use_builtins_that_touch_the_world():
    assert all(hasattr(builtins, name) for name in FORBIDDEN_BUILTINS)
    uses = [
        f"{file.relative_to(PACKAGE.parent)}:{node.lineno} uses {node.id}"
        for file in FILES
        if room_of(file) not in WORLDLY
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Name)
        and node.id in FORBIDDEN_BUILTINS - MADE_OF_SOURCE.get(room_of(file), set())
    ]
    assert uses == []


def test_toolkit_needs_no_more_than_its_requirements():
    known = set(sys.stdlib_module_names) | REQUIREMENTS | {"ohnecimd"}
    strange = [
        str(each)
        for each in all_imports()
        if room_of(each.file) not in WORLDLY
        and not each.is_typing
        and each.name.split(".")[0] not in known
    ]
    assert strange == []


def test_importing_the_package_does_not_import_what_touches_the_world():
    """Asked of the syntax: what runs at import stands at the top of the files it reaches."""
    reached, waiting = set(), [PACKAGE / "__init__.py"]
    while waiting:
        file = waiting.pop()
        reached.add(room_of(file))
        for each in imports_of(file):
            if is_ours(each.name) and not each.is_typing:
                room, _ = place_of(each.name)
                target = PACKAGE / f"{room}.py"
                if room and room not in reached and target.exists():
                    waiting.append(target)
    assert reached.isdisjoint(WORLDLY)


# What is public


def modules():
    names = []
    for file in FILES:
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[-1] == "__main__":
            continue
        names.append(".".join(part for part in parts if part != "__init__"))
    return names


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        if error.name is not None and not error.name.startswith("ohnecimd"):
            pytest.skip(f"{error.name} is not installed")
        raise


@pytest.mark.parametrize("name", modules())
def test_module_explains_itself_and_its_public_names(name):
    module = imported(name)
    assert inspect.getdoc(module), f"{name} has no docstring"
    exported = getattr(module, "__all__", [])
    assert len(exported) == len(set(exported))
    for each in exported:
        thing = getattr(module, each)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert inspect.getdoc(thing), f"{name}.{each} has no docstring"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_functions_and_classes_that_others_may_use_explain_themselves(file):
    silent = [
        f"{file.relative_to(PACKAGE.parent)}:{node.lineno} {node.name}"
        for node in tree_of(file).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not any("overload" in ast.unparse(each) for each in node.decorator_list)
    ]
    assert silent == []


@pytest.mark.parametrize("name", modules())
def test_public_methods_explain_themselves(name):
    module = imported(name)
    silent = []
    for each in getattr(module, "__all__", []):
        thing = getattr(module, each)
        if inspect.isclass(thing) and thing.__module__ == name:
            for member, value in vars(thing).items():
                is_code = inspect.isroutine(value) or isinstance(value, property)
                if not member.startswith("_") and is_code and not inspect.getdoc(value):
                    silent.append(f"{each}.{member}")
    assert silent == []


@pytest.mark.parametrize("name", sorted({*modules()} - NAMELESS))
def test_module_says_which_of_its_names_are_public(name):
    assert getattr(imported(name), "__all__", None), f"{name} has no __all__"


def test_names_of_the_package_are_in_the_all_of_their_module():
    for name in ohnecimd.__all__:
        thing = getattr(ohnecimd, name)
        home = getattr(thing, "__module__", None)
        if home and home.startswith("ohnecimd."):
            assert name in sys.modules[home].__all__


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_file_is_short(file):
    assert len(file.read_text().splitlines()) < LONGEST_LINES
