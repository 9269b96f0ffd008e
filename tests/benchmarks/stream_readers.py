"""Those that read lines, or frames, out of pieces; each tells how long it took.

Every reader takes the pieces and `keep`, which gets each message so that they can be compared. None
drops them: that is what is timed, with nothing in the loop but the reading, and so the same is said
twice below. A library's parser is driven by the library, or as its documentation or tests drive it.
Only the parser is made outside the time.
"""

# ruff: noqa: PLC0415 - a rival is imported where it runs: it may be missing

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from struct import Struct
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd import get_input, protocol, read, read_uint, read_upto, wait

from .race import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator

Keep: TypeAlias = "Callable[[bytes], object] | None"
Reader: TypeAlias = "Callable[[list[bytes], Keep], float]"

LIMIT = 1 << 21  # bytes of one message; nobody reaches it
SIZE = Struct(">I")


@dataclass(frozen=True)
class StreamReader(Candidate):
    """Reads both, or lines only."""

    lines: Reader | None = None
    frames: Reader | None = None


def _drive(send: Callable[[bytes], object], pieces: list[bytes]) -> float:
    start = perf_counter()
    for piece in pieces:
        send(piece)
    return perf_counter() - start


def upto_lines(pieces: list[bytes], keep: Keep) -> float:
    @protocol
    def lines() -> Iterator[Any]:
        while keep is None:
            yield from read_upto(b"\n")
        while True:
            keep((yield from read_upto(b"\n")))

    return _drive(lines().send, pieces)


def upto_frames(pieces: list[bytes], keep: Keep) -> float:
    @protocol
    def frames() -> Iterator[Any]:
        while keep is None:
            yield from read((yield from read_uint(4)))
        while True:
            keep((yield from read((yield from read_uint(4)))))

    return _drive(frames().send, pieces)


def take_lines(pieces: list[bytes], keep: Keep) -> float:
    @protocol
    def lines() -> Iterator[Any]:
        stream = yield from get_input()
        while keep is None:
            if stream.take_upto(b"\n") is None:
                yield from wait()
        while True:
            line = stream.take_upto(b"\n")
            if line is None:
                yield from wait()
            else:
                keep(line)

    return _drive(lines().send, pieces)


def take_frames(pieces: list[bytes], keep: Keep) -> float:
    @protocol
    def frames() -> Iterator[Any]:
        stream = yield from get_input()
        while True:
            while (header := stream.take_struct(SIZE)) is None:
                yield from wait()
            while (frame := stream.take(header[0])) is None:
                yield from wait()
            if keep is not None:
                keep(frame)

    return _drive(frames().send, pieces)


def ohneio_lines(pieces: list[bytes], keep: Keep) -> float:
    import ohneio

    def wait_for(sep: bytes) -> Generator[Any, Any, int]:
        while True:
            place = (yield from ohneio.peek()).find(sep)
            if place >= 0:
                return place
            yield from ohneio.wait()

    @ohneio.protocol
    def lines() -> Iterator[Any]:
        while keep is None:
            yield from ohneio.read((yield from wait_for(b"\n")) + 1)
        while True:
            keep((yield from ohneio.read((yield from wait_for(b"\n")) + 1)))

    return _drive(lines().send, pieces)


def ohneio_frames(pieces: list[bytes], keep: Keep) -> float:
    import ohneio

    @ohneio.protocol
    def frames() -> Iterator[Any]:
        while True:
            size = int.from_bytes((yield from ohneio.read(4)), "big")
            frame = yield from ohneio.read(size)
            if keep is not None:
                keep(frame)

    return _drive(frames().send, pieces)


def sansproto_lines(pieces: list[bytes], keep: Keep) -> float:
    import sansproto

    @sansproto.receiver
    def lines(emit: Callable[[bytes], object] | None) -> Iterator[Any]:
        reader = sansproto.Reader()
        while True:
            reader.begin_event()
            line = yield from reader.read_until(b"\n", True)  # noqa: FBT003 - keeps the end
            if emit is not None:
                emit(line)

    return _drive(lines(keep).send, pieces)


def sansproto_frames(pieces: list[bytes], keep: Keep) -> float:
    import sansproto

    @sansproto.receiver
    def frames(emit: Callable[[bytes], object] | None) -> Iterator[Any]:
        reader = sansproto.Reader()
        while True:
            reader.begin_event()
            (size,) = yield from reader.read_struct(SIZE)
            frame = yield from reader.read(size)
            if emit is not None:
                emit(frame)

    return _drive(frames(keep).send, pieces)


def _drive_websockets(
    parse: Callable[[Any], Generator[None, None, None]], pieces: list[bytes]
) -> float:
    from websockets.streams import StreamReader

    reader = StreamReader()
    parser = parse(reader)
    next(parser)
    start = perf_counter()
    for piece in pieces:
        reader.feed_data(piece)
        next(parser)
    return perf_counter() - start


def websockets_lines(pieces: list[bytes], keep: Keep) -> float:
    def parse(reader: Any) -> Generator[None, None, None]:
        while keep is None:
            yield from reader.read_line(65536)
        while True:
            keep((yield from reader.read_line(65536)))

    return _drive_websockets(parse, pieces)


def websockets_frames(pieces: list[bytes], keep: Keep) -> float:
    def parse(reader: Any) -> Generator[None, None, None]:
        while True:
            size = int.from_bytes((yield from reader.read_exact(4)), "big")
            frame = yield from reader.read_exact(size)
            if keep is not None:
                keep(frame)

    return _drive_websockets(parse, pieces)


def twisted_lines(pieces: list[bytes], keep: Keep) -> float:
    from twisted.protocols.basic import LineReceiver

    class Lines(LineReceiver):
        delimiter = b"\n"
        MAX_LENGTH = LIMIT

        def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
            if keep is not None:
                keep(line)

    return _drive(Lines().dataReceived, pieces)


def twisted_frames(pieces: list[bytes], keep: Keep) -> float:
    from twisted.protocols.basic import Int32StringReceiver

    class Frames(Int32StringReceiver):
        MAX_LENGTH = LIMIT

        def stringReceived(self, frame: bytes) -> None:  # noqa: N802 - Twisted's name
            if keep is not None:
                keep(frame)

    return _drive(Frames().dataReceived, pieces)


def _drive_asyncio(
    consume: Callable[[asyncio.StreamReader], Coroutine[Any, Any, None]], pieces: list[bytes]
) -> float:
    """Resume the consuming coroutine after each piece, as a generator: a loop would only add to it.

    The reader gets one to make futures with; it never runs.
    """
    loop = asyncio.new_event_loop()
    try:
        reader = asyncio.StreamReader(limit=LIMIT, loop=loop)
        steps = consume(reader)
        steps.send(None)
        start = perf_counter()
        for piece in pieces:
            reader.feed_data(piece)
            steps.send(None)
        elapsed = perf_counter() - start
        steps.close()
        return elapsed
    finally:
        loop.close()


def asyncio_lines(pieces: list[bytes], keep: Keep) -> float:
    async def consume(reader: asyncio.StreamReader) -> None:
        while keep is None:
            await reader.readuntil(b"\n")
        while True:
            keep(await reader.readuntil(b"\n"))

    return _drive_asyncio(consume, pieces)


def asyncio_frames(pieces: list[bytes], keep: Keep) -> float:
    async def consume(reader: asyncio.StreamReader) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(4), "big")
            frame = await reader.readexactly(size)
            if keep is not None:
                keep(frame)

    return _drive_asyncio(consume, pieces)


def by_hand_lines(pieces: list[bytes], keep: Keep) -> float:
    begun = perf_counter()
    data = b""
    searched = 0
    for piece in pieces:
        data = data + piece if data else piece
        start = 0
        while (found := data.find(b"\n", searched)) >= 0:
            line = data[start : found + 1]
            start = searched = found + 1
            if keep is not None:
                keep(line)
        data = data[start:]
        searched = len(data)
    return perf_counter() - begun


def by_hand_frames(pieces: list[bytes], keep: Keep) -> float:
    begun = perf_counter()
    data = bytearray()
    for piece in pieces:
        data += piece
        start, end = 0, len(data)
        while start + 4 <= end:
            (size,) = SIZE.unpack_from(data, start)
            stop = start + 4 + size
            if stop > end:
                break
            frame = data[start + 4 : stop]
            start = stop
            if keep is not None:
                keep(frame)
        del data[:start]
    return perf_counter() - begun


def split_lines(pieces: list[bytes], keep: Keep) -> float:
    begun = perf_counter()
    rest = b""
    for piece in pieces:
        lines = (rest + piece).split(b"\n") if rest else piece.split(b"\n")
        rest = lines.pop()
        if keep is not None:
            for line in lines:
                keep(line)
    return perf_counter() - begun


UPTO = "read_upto"
TAKE = "get_input"
OHNEIO = "ohneio"
WEBSOCKETS = "websockets"
TWISTED = "Twisted"

STREAM_READERS = (
    StreamReader(UPTO, lines=upto_lines, frames=upto_frames),
    StreamReader(TAKE, lines=take_lines, frames=take_frames),
    StreamReader(OHNEIO, "ohneio", ohneio_lines, ohneio_frames),
    StreamReader("sansproto", "sansproto", sansproto_lines, sansproto_frames),
    StreamReader(WEBSOCKETS, "websockets", websockets_lines, websockets_frames),
    StreamReader(TWISTED, "twisted", twisted_lines, twisted_frames),
    StreamReader("asyncio", lines=asyncio_lines, frames=asyncio_frames),
    StreamReader("by hand", lines=by_hand_lines, frames=by_hand_frames),
    StreamReader("bytes.split", lines=split_lines),
)
