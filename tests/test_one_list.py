"""A table is the only place where its messages are listed: nothing else names two of its rows.

Whatever lists things in source code is searched: collections, arguments, unions, `match`, chains
of comparisons. To name one row is to speak of it; to name two in one place is a second list, which
will be wrong when a row is added.
"""

from __future__ import annotations

import ast
import enum
import importlib
import pkgutil
from pathlib import Path

import pytest

import ohnecimd
import ohnecimd.protocols
from ohnecimd.tables import Table

PACKAGE = Path(ohnecimd.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def tables_of_protocols():
    found = {}
    for info in pkgutil.walk_packages(ohnecimd.protocols.__path__, "ohnecimd.protocols."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Table):
                found[id(value)] = value
    return list(found.values())


TABLES = tables_of_protocols()


def words_of(table):
    """What a row may be called in source, and the row; numbers may mean anything."""
    words = {}
    for number, row in enumerate(table):
        code = row.code
        words[row.name] = number
        if isinstance(code, enum.Enum):
            words[f"{type(code).__name__}.{code.name}"] = number
        elif isinstance(code, bytes):
            words[code] = words[code.decode("latin-1")] = number
        elif isinstance(code, str):
            words[code] = number
    return words


def constants_in(tree):
    """The names of a module that stand for bytes or text."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def is_entry(node):
    """Whether this enters rows into a table, or says what a module exports."""
    if isinstance(node, ast.Assign):
        return any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets)
    call = node.func if isinstance(node, ast.Call) else None
    call = call.func if isinstance(call, ast.Call) else call
    return isinstance(call, ast.Attribute) and call.attr == "message"


def union_in(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*union_in(node.left), *union_in(node.right)]
    return [node]


def compared_in(node):
    """What the test of a condition compares with."""
    if isinstance(node, ast.BoolOp):
        return [item for value in node.values for item in compared_in(value)]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
        return node.args[1:]
    return []


def ladder_of(node):
    """What an `if` and each `elif` of it compare with."""
    compared = compared_in(node.test)
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        compared += ladder_of(node.orelse[0])
    return compared


def listed_in(node):
    """What stands side by side in a node."""
    match node:
        case ast.Dict():
            return [each for each in node.keys if each is not None]
        case ast.Set() | ast.List() | ast.Tuple():
            return node.elts
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=str() | bytes() as text), attr="split")
        ):
            return [ast.Constant(word) for word in text.split()]
        case ast.Call():
            return node.args
        case ast.BinOp(op=ast.BitOr()):
            return union_in(node)
        case ast.BoolOp():
            return compared_in(node)
        case ast.If():
            return ladder_of(node)
        case ast.Match():
            patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
            return [
                each.value if isinstance(each, ast.MatchValue) else each.cls
                for each in patterns
                if isinstance(each, (ast.MatchValue, ast.MatchClass))
            ]
    return []


def word_of(node, constants):
    """What a node calls a row, in any of its ways."""
    match node:
        case ast.Constant(value=str() | bytes()):
            return [node.value]
        case ast.Name():
            return [node.id, constants.get(node.id)]
        case ast.Attribute(value=ast.Name()):
            return [node.attr, f"{node.value.id}.{node.attr}"]
        case ast.Attribute():
            return [node.attr]
    return []


def searched(tree):
    """Every node but those that are the list itself."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if is_entry(node):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def second_lists(source, tables):
    """Give the lines that name two rows of one table, and which."""
    tree = ast.parse(source)
    constants = constants_in(tree)
    for node in searched(tree):
        listed = [word_of(each, constants) for each in listed_in(node)]
        for table in tables:
            words = words_of(table)
            rows = {words[word]: word for names in listed for word in names if word in words}
            if len(rows) > 1:
                yield node.lineno, table.name, sorted(map(str, rows.values()))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_module_repeats_what_a_table_lists(file):
    assert list(second_lists(file.read_text(encoding="utf-8"), TABLES)) == []


def test_the_protocols_have_tables():
    assert len(TABLES) > 1
    assert all(len(table) and words_of(table) for table in TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_declaration_in_the_tables_makes_sense(table):
    table.check()


# The search itself


class Tag(enum.Enum):
    ONE = 1
    TWO = 2


def example_tables():
    letters, tags = Table("letters"), Table("tags")
    for table, codes in ((letters, (b"NOOP", b"ECHO", b"SHUT")), (tags, Tag)):
        for code in codes:
            name = (code.name if isinstance(code, Tag) else code.decode()).title()
            table.message(code)(
                type(ohnecimd.messages.Message)(name, (ohnecimd.messages.Message,), {})
            )
    return [letters, tags]


@pytest.mark.parametrize(
    "source",
    [
        "CODES = {b'NOOP', b'ECHO'}",
        "NAMES = {b'NOOP': 'nothing', b'ECHO': 'the same'}",
        "NAMES = ['NOOP', 1, 'SHUT']",
        "WORDS = 'NOOP ECHO'.split()",
        "NOOP = b'NOOP'\nECHO = b'ECHO'\nCODES = (NOOP, ECHO)",
        "def f(code):\n    return code == b'NOOP' or code == b'ECHO'",
        "def f(code):\n    return code in (b'NOOP', b'ECHO')",
        "if code == b'NOOP': ...\nelif code == b'ECHO': ...",
        "match code:\n    case b'NOOP': ...\n    case b'ECHO': ...",
        "match code:\n    case b'NOOP' | b'ECHO': ...",
        "match it:\n    case Noop(): ...\n    case m.Echo(x): ...",
        "def f(it):\n    return isinstance(it, (Noop, Echo))",
        "HANDLERS = {Noop: 1, chunks.Echo: 2}",
        "Request = Noop | Echo",
        "narrow = one_of(b'NOOP', b'ECHO')",
        "TAGS = [Tag.ONE, Tag.TWO]",
        "pairs = {b'NOOP': Echo}\npairs = {b'NOOP': 1, Echo: 1}",
    ],
)
def test_a_second_list_is_found(source):
    assert list(second_lists(source, example_tables()))


@pytest.mark.parametrize(
    "source",
    [
        "__all__ = ['Noop', 'Echo']",
        "from m import Noop, Echo",
        "@LETTERS.message(b'NOOP')\nclass Noop:\n    pass",
        "LETTERS.message(b'NOOP')(Noop)",
        "CODES = [b'NOOP', b'LIST', Tag.ONE]",
        "def f(code):\n    return code == b'NOOP' or code == b'LIST'",
        "def f(it):\n    if isinstance(it, Noop):\n        return 1\n    return [Noop(), Noop()]",
        "'NOOP and ECHO'",
        "reply = Noop\nother = Echo",
        "same = (b'NOOP', 'Noop', Noop)",
    ],
)
def test_what_speaks_of_one_row_is_no_list(source):
    assert list(second_lists(source, example_tables())) == []
