"""What goes out of a connection: bytes for the peer, events, and times to be woken at."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ohnecimd.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer as BytesLike

__all__ = ["Alarm", "Buffer", "OutputBuffer"]

HIGH_WATER_BYTES = 65536  # unread output counts as piled up
HIGH_WATER_EVENTS = 1024


def as_bytes(data: BytesLike) -> bytes:
    """Return `data` as bytes; TypeError for what is not bytes-like."""
    try:
        return bytes(memoryview(data))
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not {type(data).__name__}") from None


def byte_count(nbytes: int) -> int:
    """Return `nbytes`; raise `Misuse` if it is negative."""
    if nbytes < 0:
        raise Misuse(f"cannot read {nbytes} bytes")
    return nbytes


class Buffer:
    """A queue of bytes with the interface of ohneio's, every operation linear in what it returns.

    >>> buffer = Buffer()
    >>> buffer.write(b"Hello")
    >>> buffer.write(b"World")
    >>> buffer.read(3), buffer.peek(3), len(buffer), buffer.read()
    (b'Hel', b'loW', 7, b'loWorld')
    """

    __slots__ = ("_chunks", "_position", "_size")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._position = 0  # in the first chunk
        self._size = 0

    def write(self, chunk: BytesLike) -> None:
        """Append `chunk`."""
        if type(chunk) is not bytes:
            chunk = as_bytes(chunk)
        if chunk:
            self._chunks.append(chunk)
            self._size += len(chunk)

    def peek(self, nbytes: int = 0) -> bytes:
        """Return what `read` would return, and leave it there."""
        wanted = byte_count(nbytes) or self._size
        taken = []
        start = self._position
        for chunk in self._chunks:
            if wanted <= 0:
                break
            taken.append(chunk[start : start + wanted])
            wanted -= len(taken[-1])
            start = 0
        return b"".join(taken)

    def read(self, nbytes: int = 0) -> bytes:
        """Take at most `nbytes` from the front; 0 takes all there is."""
        byte_count(nbytes)
        chunks = self._chunks
        if not chunks:
            return b""
        first = chunks[0]
        start = self._position
        if 0 < nbytes < len(first) - start:
            self._position = start + nbytes
            self._size -= nbytes
            return first[start : start + nbytes]
        if nbytes == 0 or nbytes >= self._size:
            if start:
                chunks[0] = first[start:]
            data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            chunks.clear()
            self._position = self._size = 0
            return data
        taken = [first[start:]]
        missing = nbytes - len(taken[0])
        chunks.popleft()
        while missing >= len(chunks[0]):
            taken.append(chunks.popleft())
            missing -= len(taken[-1])
        taken.append(chunks[0][:missing])
        self._position = missing
        self._size -= nbytes
        return b"".join(taken)

    def unread(self, data: bytes) -> None:
        """Put `data` back in front."""
        if not data:
            return
        if self._position:
            self._chunks[0] = self._chunks[0][self._position :]
            self._position = 0
        self._chunks.appendleft(data)
        self._size += len(data)

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._size} bytes>"


class Alarm:
    """A time at which the parser wants to be woken, or to be interrupted."""

    __slots__ = ("deadline", "interrupts", "is_due")

    def __init__(self, deadline: float, *, interrupts: bool) -> None:
        self.deadline = deadline
        self.interrupts = interrupts
        self.is_due = False


class OutputBuffer(Buffer):
    """What goes out: bytes for the peer, events for the application, times to be woken at."""

    __slots__ = ("alarms", "clock", "events")

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        self.events: list[Any] = []
        self.alarms: list[Alarm] = []

    @property
    def is_full(self) -> bool:
        """Whether so many bytes wait to be read that `put` waits too."""
        return self._size >= HIGH_WATER_BYTES

    @property
    def is_crowded(self) -> bool:
        """Whether so many events wait to be taken that `emit` waits too."""
        return len(self.events) >= HIGH_WATER_EVENTS

    def set_alarm(self, seconds: float, *, interrupts: bool) -> Alarm:
        """Add an alarm `seconds` from now; the caller removes it from `alarms` again."""
        if seconds != seconds:  # noqa: PLR0124 - only nan differs from itself
            raise Misuse("a time of nan seconds never comes")
        alarm = Alarm(self.clock() + seconds, interrupts=interrupts)
        self.alarms.append(alarm)
        return alarm
