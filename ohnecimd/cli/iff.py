"""The IFF family, for the commands."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.cli.commands import argument, positive
from ohnecimd.cli.escapes import escape, printable
from ohnecimd.cli.sides import Decoder, Explainer, Protocol, Shown
from ohnecimd.connection import protocol
from ohnecimd.errors import RemoteProtocolError
from ohnecimd.primitives import emit
from ohnecimd.protocols.iff.contents.wording import Describer
from ohnecimd.protocols.iff.dialects import DIALECTS, dialect_of
from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    Data,
    GroupEnd,
    GroupStart,
)
from ohnecimd.protocols.iff.explaining import explain
from ohnecimd.protocols.iff.problems import PROBLEMS, Problem
from ohnecimd.protocols.iff.reader import MAX_DEPTH, walk
from ohnecimd.protocols.iff.tree import Tree, TreeBuilder
from ohnecimd.steps import GET_OUTPUT

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from ohnecimd.connection import Connection
    from ohnecimd.protocols.iff.events import Event
    from ohnecimd.steps import Steps

__all__ = ["ROWS", "listing"]

OFFSET_WIDTH = 10
INDENT = "  "
DESCRIBED_BYTES = 4096  # of a chunk whose contents are said in words, at most


class Row(msgspec.Struct, frozen=True):
    """A line of the listing."""

    text: str
    is_problem: bool = False


class _Listing:
    """Takes the events of a walk, and hands on the lines that they make."""

    def __init__(self, output: Any) -> None:  # noqa: ANN401 - an OutputBuffer
        self._output = output
        self._describe = Describer()
        self._dialect = ""
        self._depth = 0
        self._say: Callable[[bytes], str] | None = None  # the contents of the chunk that is open

    @property
    def events(self) -> _Listing:
        """Itself: what takes the events."""
        return self

    def __len__(self) -> int:
        return len(self._output.events)

    def append(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, GroupStart):
            group_type = "" if event.type is None else f" {escape(event.type)}"
            self._add(event.offset, f"{escape(event.id)}{group_type}  {_size(event)}")
            self._depth += 1
        elif isinstance(event, ChunkStart):
            self._add(event.offset, f"{escape(event.id)}  {_size(event)}")
            self._depth += 1
        elif isinstance(event, (ChunkEnd, GroupEnd)):
            self._depth -= 1
            self._say = None
        elif isinstance(event, Data):
            if self._say is not None:
                self._add(None, self._say(event.data))
                self._say = None
        elif isinstance(event, Problem):
            self._output.events.append(Row(_problem(event), is_problem=True))
        elif isinstance(event, Begin):
            self._dialect = event.dialect

    def wants(self, start: ChunkStart) -> bool:
        """Tell whether all data of a chunk is needed: to be described, or for its checksum."""
        is_small = start.length is not None and start.length <= DESCRIBED_BYTES
        self._say = None
        if is_small and not self._describe.head_bytes(self._dialect, start):
            self._say = self._describe(self._dialect, start)
        return self._say is not None or not DIALECTS[self._dialect].is_grouped

    def heads(self, start: ChunkStart) -> int:
        """Tell how much of the beginning of any other chunk is needed to describe that."""
        needed = self._describe.head_bytes(self._dialect, start)
        if needed:
            self._say = self._describe(self._dialect, start)
        return needed

    def _add(self, offset: int | None, text: str) -> None:
        place = "" if offset is None else offset
        self._output.events.append(Row(f"{place:>{OFFSET_WIDTH}}  {INDENT * self._depth}{text}"))


def _size(start: ChunkStart | GroupStart) -> str:
    if start.is_size_unknown:
        return "size unknown"
    if start.size_from_ds64 is not None:
        return f"{start.size_from_ds64} bytes (ds64)"
    return f"{start.size} bytes"


def _problem(problem: Problem) -> str:
    note = f" ({problem.note})" if problem.note else ""
    text = f"{problem.kind}: {PROBLEMS[problem.kind].meaning}{note}"
    return f"{problem.offset:>{OFFSET_WIDTH - 1}}  {printable(text)}"


@protocol
def listing(
    dialect: str | None = None,
    *,
    strict: bool = False,
    max_depth: int = MAX_DEPTH,
) -> Steps[None]:
    """Emit a line for every chunk and every problem, as they come.

    Args:
        dialect: as in `decode`, and so are `strict` and `max_depth`.
        strict: the first problem is the last line.
        max_depth: of groups.
    """
    lines = _Listing((yield GET_OUTPUT))
    with suppress(RemoteProtocolError):  # a line has told it
        yield from walk(
            dialect,
            strict=strict,
            max_depth=max_depth,
            wanted=lines.wants,
            heads=lines.heads,
            output=lines,
        )


@protocol
def _whole(dialect: str | None, *, strict: bool, max_depth: int) -> Steps[None]:
    """Emit the tree of a file when it has ended."""
    builder = TreeBuilder()
    with suppress(RemoteProtocolError):  # it is among the problems
        yield from walk(dialect, strict=strict, max_depth=max_depth, output=builder)
    yield from emit(builder.finished())


def _make(options: Namespace) -> Callable[[], Connection[None]]:
    factory = _whole if options.json else listing
    return partial(factory, options.dialect, strict=options.strict, max_depth=options.max_depth)


def _show(event: Row | Tree) -> Shown:
    if isinstance(event, Row):
        return Shown("chunk", event.text, {"error": event.text} if event.is_problem else {})
    return Shown("file", "", {"offset": 0} | event.members(), faults=len(event.problems))


def _dialect(name: str) -> str:
    return dialect_of(name).name


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--dialect",
        metavar="NAME",
        type=argument(_dialect),
        default=None,
        help=f"{', '.join(DIALECTS)} (default: what the first bytes say)",
    )
    parser.add_argument(
        "--max-depth",
        metavar="N",
        type=positive("depth"),
        default=MAX_DEPTH,
        help="of groups; deeper ones are stepped over (default: %(default)s)",
    )


def _add_decoding(parser: ArgumentParser) -> None:
    _add_options(parser)
    parser.add_argument(
        "--strict", action="store_true", default=False, help="stop at the first problem"
    )


ROWS = (
    Protocol(
        "iff",
        decoder=Decoder(
            "the chunks of IFF, RIFF (WAVE, AVI, WebP), RF64, PNG and their kin",
            _make,
            _show,
            _add_decoding,
        ),
        explainer=Explainer(
            "IFF, RIFF (WAVE, AVI, WebP), RF64, PNG and their kin",
            lambda options, data: explain(data, options.dialect, max_depth=options.max_depth),
            _add_options,
        ),
    ),
)
