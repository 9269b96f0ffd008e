r"""Read a file of the family from a stream: events for chunks, groups, their data and problems.

>>> connection = decode()
>>> connection.send(b"FORM\0\0\0\x10TEST" b"NAME\0\0\0\3abc\0")
>>> connection.send_eof()
>>> [type(event).__name__ for event in connection.events()]
['Begin', 'GroupStart', 'ChunkStart', 'Data', 'ChunkEnd', 'GroupEnd']
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeAlias

from ohnecimd.connection import protocol
from ohnecimd.errors import Misuse, Truncated
from ohnecimd.primitives import get_input
from ohnecimd.protocols.iff.dialects import MAGIC_BYTES, Dialect, detect, dialect_of, settles
from ohnecimd.protocols.iff.events import ChunkStart
from ohnecimd.protocols.iff.groups import GroupWalk
from ohnecimd.protocols.iff.sequences import SequenceWalk
from ohnecimd.protocols.iff.walking import Options, Output
from ohnecimd.steps import GET_OUTPUT, WAIT

if TYPE_CHECKING:
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["MAX_DEPTH", "PIECE_BYTES", "Wanted", "decode", "predicate_of", "walk"]

MAX_DEPTH = 100
"""How deep groups may be nested, unless the caller says otherwise; files in use have 6 levels.

Twice that many brackets are what any reader of JSON takes.
"""
PIECE_BYTES = 65536
"""How large pieces of data are at most, unless the caller says otherwise."""

Wanted: TypeAlias = bool | Collection[bytes] | Callable[[ChunkStart], bool]
"""Whose data is wanted: all or none, that of chunks with these IDs, or what a function says."""


@protocol
def decode(
    dialect: Dialect | str | None = None,
    *,
    strict: bool = False,
    max_depth: int = MAX_DEPTH,
    wanted: Wanted = True,
    piece_bytes: int = PIECE_BYTES,
) -> Steps[None]:
    """Emit an event for everything that is in a file, to the end of the input.

    What the events are, and their data, does not depend on how the input was cut. The cost in
    memory does not depend on any size: one piece of data and 12 bytes of input for each level.

    Args:
        dialect: one of `DIALECTS`, or its name; None: the first bytes tell.
        strict: the first problem, after its event, is raised, as soon as it can be known; if not,
            what can be read is read, and nothing is raised. Only a strict reader minds two PROPs
            of one type in a LIST, where the later counts, and a form type that is reserved.
        max_depth: of groups; what is nested deeper is stepped over.
        wanted: whose data is told: all, none, that of chunks with these IDs, or what a function
            says when it is given the `ChunkStart`. The rest is skipped without being collected,
            nor are its checksums looked at.
        piece_bytes: a larger chunk's data is told in pieces that end at multiples of this in the
            input, and a last one.

    Raises:
        RemoteProtocolError: of the class that `PROBLEMS` names, with the name of the problem as
            `hint`; only if `strict`.
    """
    return walk(dialect, strict=strict, max_depth=max_depth, wanted=wanted, piece_bytes=piece_bytes)


def walk(
    dialect: Dialect | str | None = None,
    *,
    strict: bool = False,
    max_depth: int = MAX_DEPTH,
    wanted: Wanted = True,
    piece_bytes: int = PIECE_BYTES,
    output: Output | None = None,
    heads: Callable[[ChunkStart], int] | None = None,
) -> Steps[None]:
    """Walk through a file: the parser behind `decode`, for those that want the events themselves.

    Args:
        dialect: as in `decode`, and so are those that follow.
        strict: the first problem is raised.
        max_depth: of groups.
        wanted: whose data is told.
        piece_bytes: in what pieces.
        output: its `events`, which has `append` and a length, takes the events; None: those of the
            connection do. The walk waits while the length is 1024 or more.
        heads: says of a chunk in a group whose data is not wanted how many bytes of it are told all
            the same, its first; the rest is skipped.
    """
    if max_depth < 1 or piece_bytes < 1:
        raise Misuse(f"max_depth={max_depth} and piece_bytes={piece_bytes}: they are at least 1")
    known = None if dialect is None else dialect_of(dialect)
    options = Options(
        is_strict=strict,
        is_guessed=known is None,
        max_depth=max_depth,
        piece_bytes=piece_bytes,
        wants=predicate_of(wanted),
        heads=heads,
    )
    return _walk(known, options, output)


def _walk(known: Dialect | None, options: Options, output: Output | None) -> Steps[None]:
    stream = yield from get_input()
    taker: Output = output if output is not None else (yield GET_OUTPUT)
    if known is None:
        known = yield from _detected(stream)
    kind = GroupWalk if known.is_grouped else SequenceWalk
    yield from kind(stream, taker, known, options).run()


def predicate_of(wanted: Wanted) -> Callable[[ChunkStart], bool] | None:
    """Return a function that says what is wanted; None: everything."""
    if wanted is True:
        return None
    if wanted is False:
        return lambda _: False
    if callable(wanted):
        return wanted
    ids = frozenset(wanted)
    if not all(isinstance(each, bytes) for each in ids):
        raise Misuse(f"{wanted!r} is no collection of IDs, such as [b'COMM']")
    return lambda start: start.id in ids


def _detected(stream: InputStream) -> Steps[Dialect]:
    while not settles(head := stream.peek(MAGIC_BYTES)):
        try:
            stream.demand(MAGIC_BYTES)
        except Truncated:
            break
        yield WAIT
    return detect(head)
