"""Small protocols that the tests serve."""

from functools import partial

from ohnecimd import (
    Connection,
    at_eof,
    emit,
    protocol,
    put,
    read_until,
    read_upto,
    sleep,
    timeout,
    wait,
    write,
)
from ohnecimd.errors import Malformed

MIB = b"x" * (1 << 20)


@protocol
def echo():
    """Send lines back, wait until each is taken; the input may end between lines."""
    while not (yield from at_eof()):
        yield from write((yield from read_upto(b"\n", limit=1 << 24)))


@protocol
def polite():
    """Speak first, then echo."""
    yield from put(b"hello\n")
    while not (yield from at_eof()):
        yield from put((yield from read_upto(b"\n")))


@protocol
def report():
    """Emit each line, and confirm it; one that reads ``bad`` is an error, ``bug`` is a bug."""
    while not (yield from at_eof()):
        line = yield from read_until(b"\n")
        if line == b"bad":
            yield from put(b"no\n")
            raise Malformed("bad is bad")
        if line == b"bug":
            yield from put(b"no\n")
            yield from put(b"%d" % (1 // 0))
        yield from emit(line)
        yield from put(b"ok\n")
    yield from put(b"bye\n")


@protocol
def flood(mebibytes):
    """Wait for a line, then send so much."""
    yield from read_upto(b"\n")
    for _ in range(mebibytes):
        yield from put(MIB)


@protocol
def count_bytes():
    """Answer, at the end of the input, with how many bytes there were and as many of them."""
    size = 0
    while not (yield from at_eof()):
        size += len((yield from read_upto(b"\n")))
    yield from put(b"%d\n" % size)
    while size > 0:
        yield from put(MIB[: min(size, 65536)])
        size -= 65536


@protocol
def one_line():
    """Answer one line, whatever follows it."""
    yield from put(b"got " + (yield from read_upto(b"\n")))


@protocol
def hasty(seconds):
    """Want a line within so many seconds."""
    yield from put(b"quick!\n")
    yield from timeout(seconds, partial(read_until, b"\n"))


@protocol
def late(seconds):
    """Answer a line after so many seconds."""
    line = yield from read_upto(b"\n")
    yield from sleep(seconds)
    yield from put(line)


@protocol
def stubborn():
    """Wait for ever, whatever happens."""
    while True:
        yield from wait()


class Talk(Connection[None]):
    """Emit lines; `say` sends one."""

    def __init__(self):
        super().__init__(self._lines())

    def say(self, line):
        self._queue(line)

    @staticmethod
    def _lines():
        while not (yield from at_eof()):
            yield from emit((yield from read_upto(b"\n")))


class Ask(Talk):
    """A client: `say` asks, answers are events; returns how many there were."""

    @staticmethod
    def _lines():
        count = 0
        while not (yield from at_eof()):
            yield from emit((yield from read_upto(b"\n", limit=1 << 24)))
            count += 1
        return count
