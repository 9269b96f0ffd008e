"""Where the demo is shown: in colour on a terminal with rich, else as plain text."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ohnecimd.cli.standard import Output

__all__ = ["ColourStage", "Outcome", "Stage", "stage_on"]

INDENT = "    "
STYLES = {"title": "bold", "in": "cyan", "out": "green", "event": "yellow", "wrong": "bold red"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a scene came out: whether all answers were right."""

    run: str
    is_right: bool


class Stage:
    """Shows things as plain text."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def title(self, text: str) -> None:
        """Begin something new."""
        self._line(f"\n{text}", "title")

    def say(self, text: str) -> None:
        """Say something."""
        self._line(text, "")

    def wrong(self, text: str) -> None:
        """Say what has gone wrong."""
        self._line(f"{INDENT}wrong  {text}", "wrong")

    def code(self, source: str) -> None:
        """Show source code of Python."""
        self._line(indent(source.rstrip("\n"), INDENT), "")

    def step(self, piece: bytes, events: Iterable[bytes], out: bytes) -> None:
        """Show a piece that went in, and what came of it."""
        self._bytes("in", piece)
        for event in events:
            self._bytes("event", event)
        if out:
            self._bytes("out", out)

    def said(self, who: str, text: str, *, is_ours: bool) -> None:
        """Show what one side of a conversation says."""
        self._line(f"{INDENT}{who}  {text}", "out" if is_ours else "in")

    def _bytes(self, kind: str, data: bytes) -> None:
        self._line(f"{INDENT}{kind:5}  {data!r}", kind)

    def _line(self, text: str, style: str) -> None:  # noqa: ARG002 - for those with colours
        self._output.line(text)


class ColourStage(Stage):
    """Shows things in the colours of rich, which leaves them out where ``NO_COLOR`` is set."""

    def __init__(self, output: Output) -> None:
        from rich.console import Console  # noqa: PLC0415 - optional, and slow to import

        super().__init__(output)
        self._console = Console(highlight=False, soft_wrap=True)

    def code(self, source: str) -> None:
        """Show source code of Python."""
        from rich.syntax import Syntax  # noqa: PLC0415 - as above

        syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
        text = syntax.highlight(indent(source.rstrip("\n"), INDENT))
        text.rstrip()
        self._print(text)  # lines that are too long wrap, where Syntax would cut them

    def _line(self, text: str, style: str) -> None:
        from rich.text import Text  # noqa: PLC0415 - as above

        self._print(Text(text, STYLES.get(style, "")))

    def _print(self, shown: Any) -> None:  # noqa: ANN401 - whatever rich can show
        with self._console.capture() as capture:
            self._console.print(shown)
        self._output.write(capture.get())


def stage_on(output: Output) -> Stage:
    """Return the best stage for this output."""
    if output.is_terminal and importlib.util.find_spec("rich") is not None:
        return ColourStage(output)
    return Stage(output)
