"""How the documentation is built: ``sphinx-build -n -W --keep-going docs docs/_build``."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import ohnecimd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "ohnecimd"
author = "The ohnecimd developers"
copyright = author  # noqa: A001 - Sphinx wants this name
version = release = ohnecimd.__version__

sys.path.insert(0, str(Path(__file__).parent))
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "directives"]
exclude_patterns = ["_build"]
default_role = "py:obj"  # what docstrings write in single backquotes
nitpicky = True

html_theme = "furo"
html_title = f"ohnecimd {version}"
pygments_style = "friendly"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_mock_imports = [
    name for name in ("gevent", "hypothesis", "pytest") if importlib.util.find_spec(name) is None
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

nitpick_ignore_regex = [
    # There is no network to look names of other packages up.
    ("py:obj", "nan|struct"),
    ("py:.*", r"(asyncio|collections\.abc|datetime|dt|enum|gevent|hypothesis|ohneio|os)\..*"),
    ("py:.*", r"(pathlib|pytest)\..*"),
    ("py:.*", r"(_pytest|selectors|socket|ssl|struct|types|typing|typing_extensions)\..*"),
    # Sphinx has no notion of type variables ...
    ("py:.*", r"(ohnecimd\..*\.)?([A-Z]|C_co|T_co|P\.args|P\.kwargs)"),
    # ... nor of names that are imported for type checkers only.
    ("py:class", r"BytesLike|ByteOrder|SSLContext|SearchStrategy|Self"),
]


def import_for_types(module: ModuleType) -> None:
    """Give a module the names that it imports for type checkers only, to tell its signatures."""
    for statement in ast.parse(inspect.getsource(module)).body:
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            for each in statement.body:
                if isinstance(each, (ast.Import, ast.ImportFrom)):
                    code = compile(ast.Module([each], []), module.__name__, "exec")
                    with contextlib.suppress(ImportError):  # only type checkers know it
                        exec(code, vars(module))  # noqa: S102 - what the module says itself


def public_objects() -> Iterator[object]:
    """Give what the modules of the library offer."""
    for module_info in pkgutil.walk_packages(ohnecimd.__path__, "ohnecimd."):
        if module_info.name.startswith(("ohnecimd.__main__", "ohnecimd.cli.")):
            continue
        try:
            module = importlib.import_module(module_info.name)
        except ImportError:  # a transport whose library is not installed
            continue
        import_for_types(module)
        for name in getattr(module, "__all__", ()):
            yield getattr(module, name)


def parameters_of(thing: object) -> Iterable[str]:
    """Give the names of the parameters of what can be called."""
    try:
        return inspect.signature(thing).parameters if callable(thing) else ()
    except (NameError, TypeError, ValueError):  # the first of names for type checkers only
        return ()


def words_that_are_no_links() -> set[str]:
    """Return the names of parameters and attributes: docstrings quote them as they do objects."""
    words: set[str] = set()
    for thing in public_objects():
        words.update(parameters_of(thing))
        if inspect.isclass(thing):
            words.update(vars(thing), getattr(thing, "__annotations__", ()))
            for member in vars(thing).values():
                words.update(parameters_of(member))
    return words


WORDS = words_that_are_no_links()


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    """Find a public object by its last name, wherever it is described."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"].lstrip(".")
    domain = env.domains["py"]
    last = target.rpartition(".")[2]
    tail = target if "." in target and not target.startswith("ohnecimd.") else last
    places = sorted(name for name in domain.objects if name.endswith("." + tail))
    shortest = [name for name in places if name.count(".") == places[0].count(".")]
    if places and (len(shortest) == 1 or len(places) == 1):
        found = domain.resolve_xref(
            env, node["refdoc"], app.builder, "obj", shortest[0], node, contnode
        )
        if found is not None:
            return found
    is_code = not target.replace(".", "").isidentifier()
    return contnode if is_code or target in WORDS else None


RUNNING = "~collections.abc.Generator[~typing.Any, ~typing.Any, "
PARSER = "~collections.abc.Callable[[], ~ohnecimd.steps.Runs["
WRAPPERS = {"compose": "~ohnecimd.combinators.Composed[", "connect": "~ohnecimd.Connection["}


def abbreviate(text: str, long: str, short: str, closing: str = "]") -> str:
    """Replace what begins with `long` and ends with the bracket that closes it."""
    before, found, after = text.partition(long)
    if not found:
        return text
    depth = 1
    for place, character in enumerate(after):
        depth += (character == "[") - (character == "]")
        if not depth:
            rest = abbreviate(after[place + len(closing) :], long, short, closing)
            return f"{before}{short}{abbreviate(after[:place], long, short, closing)}]{rest}"
    return text


def name_aliases(
    _app: Sphinx,
    _what: str,
    _name: str,
    thing: object,
    _options: object,
    signature: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Show types by the names they have in the code, and what decorators make of them."""
    wrapper = getattr(getattr(thing, "__code__", None), "co_name", "")
    running = WRAPPERS.get(wrapper, "~ohnecimd.Steps[")
    if wrapper in WRAPPERS and result:
        result = abbreviate(result, "Steps[", running)
    return (
        signature and abbreviate(signature, PARSER, "~ohnecimd.Parser[", "]]"),
        result and abbreviate(result, RUNNING, running),
    )


def keep_properties(
    _app: Sphinx, what: str, _name: str, _thing: object, _options: object, lines: list[str]
) -> None:
    """Let Napoleon not take what stands before a colon for the type of a property.

    It looks at the first line only: make that an empty comment.
    """
    if what == "property":
        lines[:0] = ["..", ""]


def setup(app: Sphinx) -> None:
    """Register what this file adds."""
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("autodoc-process-docstring", keep_properties, priority=400)
    app.connect("missing-reference", resolve)
