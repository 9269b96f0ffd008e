"""List the chunks of a file from standard input: python examples/list_chunks.py < FILE.

For AIFF, ILBM, WAV, AVI, WebP, PNG and their kin. Offset, ID and size of each chunk, what is in a
group below it, and what is wrong; then the exit code is 1. The file may be a pipe and as large
as it likes: nothing of it is kept.
"""

import signal
import sys
from collections.abc import Iterator
from typing import BinaryIO

from ohnecimd.protocols.iff import (
    ChunkEnd,
    ChunkStart,
    Event,
    GroupEnd,
    GroupStart,
    Problem,
    decode,
)

PIECE_BYTES = 65536


def events_of(file: BinaryIO) -> Iterator[Event]:
    """Give what is told of a file, as it comes; the data of chunks is skipped."""
    connection = decode(wanted=False)
    while piece := file.read(PIECE_BYTES):
        connection.send(piece)
        yield from connection.events()
    connection.send_eof()
    yield from connection.events()


def main() -> int:
    """Print a line for each chunk and each problem."""
    depth = 0
    is_good = True
    for event in events_of(sys.stdin.buffer):
        match event:
            case GroupStart() | ChunkStart():
                group_type = f" {event.type!r}" if isinstance(event, GroupStart) else ""
                print(f"{event.offset:>12}  {'  ' * depth}{event.id!r}{group_type} {event.size}")
                depth += 1
            case GroupEnd() | ChunkEnd():
                depth -= 1
            case Problem(kind, offset, note):
                print(f"{offset:>12}  {'  ' * depth}{kind} {note}".rstrip())
                is_good = False
    return 0 if is_good else 1


if __name__ == "__main__":
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end in silence when piped into head
    sys.exit(main())
