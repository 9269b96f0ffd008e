"""Directives for reference pages, made of what the code declares.

``messages`` takes a table of messages, ``message`` the class of one, ``codes`` an enum whose
members have a text, ``parameters`` the parameters of CIMD2. Each is named by its place, such as
``ohnecimd.protocols.chunks.MESSAGES``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from docutils.parsers.rst.states import RSTState
from sphinx.util.docutils import SphinxDirective
from tables import lines_of_codes, lines_of_message, lines_of_parameters, lines_of_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils import nodes
    from sphinx.application import Sphinx


class Described(SphinxDirective):
    """Puts the lines that are made of an object where it stands."""

    required_arguments = 1

    def lines(self, thing: Any, module: str) -> Iterator[str]:  # noqa: ANN401
        """Give reStructuredText."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Return what the lines say."""
        module, _, name = self.arguments[0].rpartition(".")
        thing = getattr(importlib.import_module(module), name)
        text = "\n".join(self.lines(thing, module))
        if not isinstance(self.state, RSTState):  # but one of Markdown
            text = f"````{{eval-rst}}\n{text}\n````"
        return self.parse_text_to_nodes(text)


class MessagesDirective(Described):
    """Describes a table of messages."""

    def lines(self, thing: Any, module: str) -> Iterator[str]:  # noqa: ANN401
        """Give an overview, and then each message."""
        return lines_of_table(thing, module, self.env.domains["py"].objects)


class MessageDirective(Described):
    """Describes a message."""

    def lines(self, thing: Any, module: str) -> Iterator[str]:  # noqa: ANN401
        """Give what can be said of the class."""
        return lines_of_message(thing, module)


class CodesDirective(Described):
    """Describes an enum whose members have a text."""

    def lines(self, thing: Any, module: str) -> Iterator[str]:  # noqa: ANN401
        """Give the class, and a row for each member."""
        return lines_of_codes(thing, module)


class ParametersDirective(Described):
    """Describes the parameters of CIMD2."""

    def lines(self, thing: Any, module: str) -> Iterator[str]:  # noqa: ANN401, ARG002 - it stands alone
        """Give a row for each."""
        return lines_of_parameters(thing)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what this file adds."""
    app.add_directive("messages", MessagesDirective)
    app.add_directive("message", MessageDirective)
    app.add_directive("codes", CodesDirective)
    app.add_directive("parameters", ParametersDirective)
    return {"parallel_read_safe": False}  # one directive asks what others have described
