"""What it costs a parser to take its input, counted and not timed.

Strategy. A `MeteredInput` takes the place of a connection's input before the parser has seen it,
and reads off the engine's own state what each call copies, moves and searches. So it counts what
really happens, and says nothing about Python code that a parser runs on bytes it has already taken.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd.errors import Misuse
from ohnecimd.steps import WAIT
from ohnecimd.stream import LIMIT, InputStream
from ohnecimd.testing.outcomes import run

if TYPE_CHECKING:
    import struct
    from collections.abc import Iterable, Iterator

    from ohnecimd.connection import Connection
    from ohnecimd.separators import Separator
    from ohnecimd.testing.outcomes import Application, Factory

__all__ = ["Cost", "measure"]


@dataclass(slots=True)
class Cost:
    """Operations of the engine, and the bytes they went over.

    Attributes:
        requests: how often the parser was resumed, to hand it something or to wake it.
        searched: bytes looked at for separators.
        copied: bytes handed to the parser.
        moved: bytes moved from one block of the input to the next.
    """

    requests: int = 0
    searched: int = 0
    copied: int = 0
    moved: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.requests + self.searched + self.copied + self.moved

    def __str__(self) -> str:
        return (
            f"{self.total} = {self.requests} requests + {self.searched} bytes searched "
            f"+ {self.copied} copied + {self.moved} moved"
        )


class MeteredInput(InputStream):
    """An input that counts."""

    __slots__ = ("cost",)

    def __init__(self, cost: Cost) -> None:
        super().__init__()
        self.cost = cost

    def feed(self, data: bytes) -> None:
        """Count what has to be moved to append it."""
        before = self._data
        super().feed(data)
        if self._data is before:
            self.cost.moved += len(data)
        elif self._data is not data:
            self.cost.moved += len(self._data)

    def feed_pieces(self, pieces: list[bytes]) -> None:
        """Count what has to be moved to join them."""
        self.cost.moved += sum(map(len, pieces))
        super().feed_pieces(pieces)

    def peek(self, nbytes: int = 0) -> bytes:
        """Count what is returned."""
        data = super().peek(nbytes)
        self.cost.copied += len(data)
        return data

    def read(self, nbytes: int = 0) -> bytes:
        """Count what is returned."""
        with self._copying():
            return super().read(nbytes)

    def take(self, nbytes: int) -> bytes | None:
        """Count what is returned."""
        with self._copying():
            return super().take(nbytes)

    def take_struct(self, structure: struct.Struct) -> tuple[Any, ...] | None:
        """Count what is unpacked."""
        with self._copying():
            return super().take_struct(structure)

    def take_upto(self, sep: Separator, limit: int = LIMIT) -> bytes | None:
        """Count what is searched and returned."""
        with self._copying(), self._searching(sep):
            return super().take_upto(sep, limit)

    def take_until(self, sep: Separator, limit: int = LIMIT) -> bytes | None:
        """Count what is searched and returned."""
        with self._copying(), self._searching(sep):
            return super().take_until(sep, limit)

    def find(self, sep: Separator, limit: int = LIMIT) -> int | None:
        """Count what is searched, as if the separator were at the end of it."""
        with self._searching(sep):
            return super().find(sep, limit)

    def drop_upto(self, sep: Separator) -> bool:
        """Count what is searched."""
        with self._searching(sep):
            return super().drop_upto(sep)

    def compare(self, literal: bytes, same: int) -> int:
        """Count what is compared."""
        seen = super().compare(literal, same)
        self.cost.searched += seen - same
        return seen

    @contextmanager
    def _copying(self) -> Iterator[None]:
        """Count what is consumed as copied, and the rest as moved if it gets a new block."""
        block, offset = self._data, self.offset
        yield
        self.cost.copied += self.offset - offset
        if self._data is not block:
            self.cost.moved += len(self._data)

    @contextmanager
    def _searching(self, sep: Separator) -> Iterator[None]:
        """Count from where the search begins to where it ends: what it found, or all there is."""
        start, offset = self.position, self.offset
        sought = sep[0] if isinstance(sep, tuple) and len(sep) == 1 else sep
        if self._searched > start and sought == self._sought:
            start = self._searched
        start += self._base
        end = self._base + self._end
        yield
        self.cost.searched += max(0, (self.offset if self.offset > offset else end) - start)


def measure(
    factory: Factory,
    pieces: Iterable[bytes],
    *,
    eof: bool = True,
    application: Application | None = None,
) -> Cost:
    r"""Feed a new connection these pieces, and return what that cost.

    Bytes that a parser has no use for yet cost nothing until it has.

    Raises:
        Misuse: the connection was used before it came here, so that its input cannot be metered.

    >>> from ohnecimd import protocol, read_upto
    >>> cost = measure(protocol(lambda: read_upto(b"\n")), [b"Hello ", b"World\n"])
    >>> print(cost)
    26 = 2 requests + 12 bytes searched + 12 copied + 0 moved
    """
    cost = Cost()

    def metered() -> Connection[Any]:
        connection = factory()
        _meter(connection, cost)
        return connection

    run(metered, pieces, eof=eof, application=application)
    return cost


def _meter(connection: Connection[Any], cost: Cost) -> None:
    """Exchange the input of a new connection for one that counts, and count its requests."""
    resume = connection._resume  # noqa: SLF001 - the kit belongs to the engine
    if resume is None:
        return

    def count(value: object) -> object:
        cost.requests += 1
        return resume(value)

    if connection._request is WAIT:  # noqa: SLF001
        raise Misuse(
            "a connection cannot be metered once it has been used, or if its parser begins with "
            "wait() before it asks for anything"
        )
    connection._input = MeteredInput(cost)  # noqa: SLF001
    connection._resume = count  # noqa: SLF001
