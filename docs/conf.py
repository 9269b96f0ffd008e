"""How the documentation is built: ``sphinx-build -n -W --keep-going docs docs/_build``."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING

import ohnecimd

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "ohnecimd"
author = "The ohnecimd developers"
copyright = author  # noqa: A001 - Sphinx wants this name
version = release = ohnecimd.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "py:obj"  # what docstrings write in single backquotes
nitpicky = True

html_theme = "furo"
html_title = f"ohnecimd {version}"
pygments_style = "friendly"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# Names in signatures that no page of ours describes; there is no network to look elsewhere.
nitpick_ignore_regex = [
    ("py:.*", r"(collections\.abc|typing|typing_extensions|types|struct|enum|datetime|pathlib)\..*"),
    ("py:.*", r"(ssl|socket|selectors|threading|asyncio|gevent|hypothesis|pytest|ohneio)(\..*)?"),
    ("py:class", r"(.*\.)?(T|T_co|P|U|P\.args|P\.kwargs|E|S)"),  # type variables
]


def public_objects() -> dict[str, object]:
    """Return what the modules of the package offer, by its own name."""
    found: dict[str, object] = {}
    for module_info in pkgutil.walk_packages(ohnecimd.__path__, "ohnecimd."):
        if module_info.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(module_info.name)
        except ImportError:  # a transport whose library is not there
            continue
        for name in getattr(module, "__all__", ()):
            found.setdefault(name, getattr(module, name))
    return found


def words_that_are_no_links() -> set[str]:
    """Return the names of parameters and attributes: docstrings quote them as they quote objects."""
    words: set[str] = set()
    for thing in public_objects().values():
        parts = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
        for part in parts:
            if inspect.isclass(part) or not callable(part):
                continue
            words.update(inspect.signature(part).parameters)
        if inspect.isclass(thing):
            words.update(getattr(thing, "__annotations__", ()), vars(thing))
            words.update(inspect.signature(thing).parameters)
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
    return contnode if target in WORDS else None


def setup(app: Sphinx) -> None:
    """Register what this file adds."""
    app.connect("missing-reference", resolve)
