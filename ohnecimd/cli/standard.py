"""Standard input and output, read and written without buffers of their own.

What is written is out at once; nothing is left that the end of the interpreter could stumble
over. Streams without a file descriptor, as tests put in place, do as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import TYPE_CHECKING, BinaryIO

from ohnecimd.cli.escapes import printable
from ohnecimd.cli.failures import Failed, OutputClosed, reason

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Input", "Output", "complain"]

PIECE_BYTES = 65536
PIPE_BYTES = 4096  # what a pipe that is ready takes without blocking
POLL_S = 0.1
SEEK_BYTES = 1 << 16  # fewer are read faster than gone over


def descriptor_of(stream: object) -> int | None:
    """Return the file descriptor of a stream, or None if it has none."""
    try:
        return stream.fileno()  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, io.UnsupportedOperation):
        return None


class Input:
    """A file that is read as its bytes come.

    Args:
        file: binary.
        name: for errors.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name
        self.descriptor = descriptor_of(file)

    def read(self) -> bytes:
        """Wait for the next bytes and return them; b"" at the end.

        Raises:
            Failed: they cannot be read.
        """
        try:
            if self.descriptor is None:
                return self._file.read(PIECE_BYTES)
            return self._read_from(self.descriptor)
        except OSError as error:
            raise Failed(f"cannot read {self.name}: {reason(error)}") from error

    def skip(self, nbytes: int) -> int:
        """Go over at most so many bytes without reading them; return how many that were.

        Stays before the last byte: that there is an end, reading has to tell. 0 where it cannot go
        over anything.
        """
        if nbytes < SEEK_BYTES or self.descriptor is None:
            return 0
        try:
            here = os.lseek(self.descriptor, 0, os.SEEK_CUR)
            size = os.fstat(self.descriptor).st_size  # of a device it is 0
            passed = min(nbytes, size - here - 1)
            if passed > 0:
                os.lseek(self.descriptor, passed, os.SEEK_CUR)
        except OSError:  # a pipe
            return 0
        return max(passed, 0)

    @staticmethod
    def _read_from(descriptor: int) -> bytes:
        while True:
            try:
                return os.read(descriptor, PIECE_BYTES)
            except BlockingIOError:
                select.select([descriptor], [], [])


class Output:
    """Standard output.

    Args:
        is_stopping: asked while nobody takes the output; once it says True, all of it is dropped.

    Raises:
        Failed: there is no standard output.
    """

    def __init__(self, is_stopping: Callable[[], bool] | None = None) -> None:
        if sys.stdout is None:
            raise Failed("standard output is closed")
        self._stream = sys.stdout
        self._is_stopping = is_stopping
        self._has_given_up = False
        self._descriptor = descriptor_of(self._stream)
        self.is_terminal = self._stream.isatty()

    def line(self, text: str) -> None:
        """Write one line."""
        self.write(f"{text}\n")

    def write(self, data: str | bytes) -> None:
        """Write text, or bytes as they are.

        Raises:
            OutputClosed: the reader has gone.
            Failed: it cannot be written.
        """
        try:
            if self._descriptor is None:
                self._write_to_stream(data)
            else:
                self._stream.flush()
                self._write_to_descriptor(self._descriptor, self._encoded(data))
        except BrokenPipeError:
            raise OutputClosed from None
        except OSError as error:
            raise Failed(f"cannot write to standard output: {reason(error)}") from error

    def _encoded(self, data: str | bytes) -> bytes:
        if isinstance(data, bytes):
            return data
        return data.encode(self._stream.encoding or "utf-8", "backslashreplace")

    def _write_to_stream(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self._stream.write(data)
        else:
            self._stream.flush()
            self._stream.buffer.write(data)
        self._stream.flush()

    def _write_to_descriptor(self, descriptor: int, data: bytes) -> None:
        left = memoryview(data)
        while left:
            if self._is_stopping is not None and os.name == "posix":
                self._wait_for_reader(descriptor, self._is_stopping)
            if self._has_given_up:
                return
            try:
                left = left[os.write(descriptor, left[:PIPE_BYTES]) :]
            except BlockingIOError:
                select.select([], [descriptor], [], POLL_S)

    def _wait_for_reader(self, descriptor: int, is_stopping: Callable[[], bool]) -> None:
        while not self._has_given_up and not select.select([], [descriptor], [], POLL_S)[1]:
            self._has_given_up = is_stopping()


def complain(text: str) -> None:
    """Write one line to standard error, if there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"ohnecimd: error: {printable(text)}", file=sys.stderr, flush=True)
