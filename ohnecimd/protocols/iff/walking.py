"""What walking through a file has in common, whatever the dialect: events, problems, data."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol
from zlib import crc32

from ohnecimd.errors import Truncated
from ohnecimd.primitives import skip
from ohnecimd.protocols.iff.events import Begin, Data
from ohnecimd.protocols.iff.problems import PROBLEMS, Problem
from ohnecimd.steps import GET_OUTPUT, WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.protocols.iff.dialects import Dialect
    from ohnecimd.protocols.iff.events import ChunkStart, Event
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["CROWD", "ENDLESS", "Options", "Output", "Walk"]

ENDLESS = 1 << 80  # bytes; where a group ends whose end nobody knows
CROWD = 1024  # events that wait to be taken ...
CROWD_OF_PIECES = 16  # ... and so many if they may be large


class EventList(Protocol):
    """Where events go."""

    def append(self, event: Any, /) -> object: ...  # noqa: ANN401
    def __len__(self) -> int: ...


class Output(Protocol):
    """What holds the list of events; of a connection, it is a new one when they are taken."""

    @property
    def events(self) -> EventList:
        """The list as it is now."""
        ...


class Options:
    """How to walk; see `ohnecimd.protocols.iff.reader.decode`."""

    __slots__ = ("heads", "is_guessed", "is_strict", "max_depth", "piece_bytes", "wants")

    def __init__(
        self,
        *,
        is_strict: bool,
        is_guessed: bool,
        max_depth: int,
        piece_bytes: int,
        wants: Callable[[ChunkStart], bool] | None,
        heads: Callable[[ChunkStart], int] | None = None,
    ) -> None:
        self.is_strict = is_strict
        self.is_guessed = is_guessed  # the dialect is; what follows may tell it better
        self.max_depth = max_depth
        self.piece_bytes = piece_bytes
        self.wants = wants  # None: everything
        self.heads = heads  # how much of the beginning of what is not wanted; None: nothing


class Walk:
    """A walk through one input; subclasses know what it is made of."""

    def __init__(
        self, stream: InputStream, output: Output, dialect: Dialect, options: Options
    ) -> None:
        self.stream = stream
        self.output = output
        self.dialect = dialect
        self.options = options
        self.is_strict = options.is_strict
        self.has_begun = False  # and has said so
        self.crc: int | None = None  # of the data that is delivered, if somebody wants to know

    def run(self) -> Steps[None]:
        """Walk to the end of the input."""
        raise NotImplementedError

    def begin(self) -> None:
        """Tell the dialect, once."""
        if not self.has_begun:
            self.has_begun = True
            self.tell(Begin(self.dialect.name))

    def tell(self, event: Event) -> None:
        """Hand an event to whoever listens."""
        self.output.events.append(event)

    def report(self, kind: str, offset: int, note: str = "", *, at_end: bool = False) -> bool:
        """Tell a problem, and raise it if the walk is strict; return whether it is fatal.

        Args:
            kind: a name of `PROBLEMS`.
            offset: of the problem.
            note: details.
            at_end: it is the end of the input that is wrong.
        """
        self.begin()
        problem = Problem(kind, offset, note)
        self.tell(problem)
        if self.is_strict:
            raise problem.error(self.end_of_input() if at_end else None)
        return PROBLEMS[kind].is_fatal

    def end_of_input(self) -> int:
        """Return the offset of the end of what is there."""
        return self.stream.offset + len(self.stream)

    def is_at_end(self) -> Steps[bool]:
        """Wait for a byte or the end of the input; tell whether it is the end."""
        while (is_over := self.stream.at_end()) is None:
            yield WAIT
        return is_over

    def reaches(self, nbytes: int) -> Steps[bool]:
        """Wait until so many bytes are there; False if the input ends before."""
        stream = self.stream
        while len(stream) < nbytes:
            try:
                stream.demand(nbytes)
            except Truncated:
                return False
            yield WAIT
        return True

    def has_room(self, limit: int) -> Steps[None]:
        """Wait while so many events are there that nobody takes."""
        if len(self.output.events) >= limit:
            yield GET_OUTPUT  # which tells the engine that it is not input that is waited for
            while len(self.output.events) >= limit:
                yield WAIT

    def wanted_of(self, start: ChunkStart, length: int) -> int:
        """Return how many bytes of a chunk's data, which is so long, are wanted: the first."""
        wants, heads = self.options.wants, self.options.heads
        if wants is None or wants(start):
            return length
        return 0 if heads is None else min(heads(start), length)

    def pass_on(self, nbytes: int, *, is_wanted: bool) -> Steps[int]:
        """Consume so many bytes, or what there is of them, and tell them if they are wanted.

        Returns how many they were. Constant in memory.
        """
        stream = self.stream
        begin = stream.offset
        if not is_wanted:
            with suppress(Truncated):
                yield from skip(nbytes)
            return stream.offset - begin
        left, most = nbytes, self.options.piece_bytes
        while left:
            # Ends of pieces are where files are cut when they are read: then nothing is copied.
            size = left if nbytes <= most else min(left, most - stream.offset % most)
            try:
                while (data := stream.take(size)) is None:
                    yield WAIT
            except Truncated:
                data = stream.read()
                left = size = len(data)
            if data:
                self._tell_data(stream.offset - size, data)
                yield from self.has_room(CROWD_OF_PIECES)
            left -= size
        return stream.offset - begin

    def _tell_data(self, offset: int, data: bytes) -> None:
        if self.crc is not None:
            self.crc = crc32(data, self.crc)
        self.tell(Data(offset, data))

    def leave_rest(self) -> Steps[None]:
        """Step over all that there still is, without a word."""
        yield from self.pass_on(ENDLESS, is_wanted=False)

    def tell_rest(self) -> Steps[None]:
        """Report what follows the end, if there is anything."""
        begin = self.stream.offset
        count = yield from self.pass_on(ENDLESS, is_wanted=False)
        if count:
            self.report("trailing-garbage", begin, self.note_of_rest(count))

    def note_of_rest(self, count: int) -> str:
        """Say how many bytes follow the end."""
        return f"{count} bytes"
