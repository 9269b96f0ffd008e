"""How far a long job is, shown on a terminal."""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["progress_through"]

BIG_BYTES = 16 << 20
REFRESH_S = 0.1


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


@contextmanager
def progress_through(descriptor: int | None) -> Iterator[Callable[[int], object]]:
    """Lend a function that is told how many bytes more of a file have been read.

    Shows something if the file is big and regular, and standard error, but not standard output,
    is a terminal: the two would get into each other's way.
    """
    size = 0
    if descriptor is not None and _is_terminal(sys.stderr) and not _is_terminal(sys.stdout):
        status = os.fstat(descriptor)
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    if size < BIG_BYTES:
        yield lambda _: None
        return
    try:
        from rich.console import Console  # noqa: PLC0415 - optional, and slow to import
        from rich.progress import Progress  # noqa: PLC0415
    except ImportError:
        yield from _plainly(size)
        return
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("decoding", total=size)
        yield lambda nbytes: bar.advance(task, nbytes)


def _plainly(size: int) -> Iterator[Callable[[int], object]]:
    done, shown_at = 0, 0.0

    def advance(nbytes: int) -> None:
        nonlocal done, shown_at
        done += nbytes
        now = time.monotonic()
        if now - shown_at >= REFRESH_S:
            shown_at = now
            print(f"\rdecoding {done * 100 // size:3d} %", end="", file=sys.stderr, flush=True)

    try:
        yield advance
    finally:
        print("\r              \r", end="", file=sys.stderr, flush=True)
