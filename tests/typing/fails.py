"""Uses that type checkers refuse; each line that they complain about is marked.

The mark names mypy's code of the error; pyright has to complain about the same lines.
"""

# ruff: noqa: F841 - what is assigned is the type that is checked

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar

from ohnecimd import (
    Connection,
    Steps,
    bounded,
    choice,
    composable,
    expect,
    get_input,
    label,
    limited,
    many,
    optional,
    parse,
    protocol,
    put,
    read,
    read_uint,
    read_until,
    timeout,
    times,
    write,
)
from ohnecimd.fields import Fixed, decimal, padded, prefixed, raw, rest, u8, u16
from ohnecimd.messages import Message, explain, length_of, one_of, read_message, within
from ohnecimd.protocols.lines import EchoClient, echo, read_line
from ohnecimd.tables import Table


def number(base: int = 10) -> Steps[int]:
    return int((yield from read_until(b"\n")), base)


@protocol
def conversation(name: str, *, retries: int = 3) -> Steps[int]:
    yield from write(name.encode())
    return retries


# The signature of the parser is that of the factory

conversation()  # E: call-arg
conversation(b"bytes")  # E: arg-type
conversation("me", 3)  # E: call-arg
conversation("me", tries=3)  # E: call-arg
wrong_result: Connection[bytes] = conversation("me")  # E: assignment
text: str = conversation("me").get_result()  # E: assignment


@protocol  # E: arg-type
def no_generator(name: str) -> int:
    return len(name)


protocol(5)  # E: call-overload
protocol(read(5))  # E: call-overload


# What goes into a connection


def members(connection: Connection[int]) -> None:
    connection.send("text")  # E: arg-type
    connection.send(5)  # E: arg-type
    connection.send(None)  # E: arg-type
    connection.read("5")  # E: arg-type
    connection.offset = 5  # E: misc
    connection.closing = True  # E: misc
    connection.sent(b"bytes")  # E: attr-defined


# The primitives


def primitives() -> Steps[bytes]:
    yield from write("text")  # E: arg-type
    yield from put(5)  # E: arg-type
    yield from read("5")  # E: arg-type
    yield from read_until("\n")  # E: arg-type
    yield from read_until([b"\n"])  # E: arg-type
    yield from read_uint(2, "middle")  # E: arg-type
    count: int = yield from read(4)  # E: assignment
    stream = yield from get_input()
    line: bytes = stream.take_upto(b"\n")  # E: assignment
    return (yield from number())  # E: return-value


# Combinators


def combinators() -> Steps[None]:
    yield from many(5)  # E: arg-type
    yield from many(number(10))  # E: arg-type
    yield from choice(number, b"literal")  # E: call-overload
    yield from optional(read(1))  # E: call-overload
    yield from times(number)  # E: call-arg
    yield from bounded(10, number)  # E: arg-type
    yield from limited(number, "10")  # E: arg-type
    yield from label(number, 5)  # E: arg-type
    yield from timeout(number, 5)  # E: arg-type
    yield from expect("RIFF")  # E: arg-type
    words: list[str] = yield from many(partial(read, 4))  # E: assignment
    sure: int = yield from optional(number)  # E: assignment
    single: int = yield from choice(number, partial(read, 1))  # E: assignment


@composable
def digits(count: int) -> Steps[int]:
    return int((yield from read(count)))


digits("2")  # E: arg-type
parse(digits(2), "12")  # E: arg-type
parse(number(10), b"12")  # E: arg-type
result: bytes = parse(number, b"12")  # E: assignment


# Lines


def lines() -> Steps[bytes]:
    echo("5")  # E: arg-type
    EchoClient().say("text")  # E: arg-type
    return (yield from read_line())  # E: return-value


# Messages


class Point(Message):
    x: u16
    y: u16 = 0


class Frame(Message):
    size: ClassVar[Annotated[u8, length_of("body")]]
    body: rest
    name: Annotated[bytes, raw(4)] | None = None


def messages(point: Point, frame: Frame) -> Steps[int]:
    Point()  # E: call-arg
    Point("1")  # E: arg-type
    Point(1, 2, 3)  # E: call-arg
    Point(1, z=3)  # E: call-arg
    Frame(b"abc", size=3)  # E: call-arg
    Frame("text")  # E: arg-type
    point.x = 5  # E: misc
    depth = point.z  # E: attr-defined
    text: str = point.x  # E: assignment
    frame.name.upper()  # E: union-attr
    Point.decode("text")  # E: arg-type
    Point.decode(b"data", 5)  # E: call-arg
    Point.decode(b"data", order="middle")  # E: arg-type
    other: Frame = Point.decode(b"data")  # E: assignment
    point.encode("big")  # E: call-arg
    decoded: str = point.encode()  # E: assignment
    explain(point, b"data")  # E: arg-type
    read: Frame = yield from read_message(Point)  # E: assignment
    return (yield from read_message(Point))  # E: return-value


raw("4")  # E: arg-type
padded(4, encoding=5)  # E: arg-type
prefixed(u8, encoding=b"ascii")  # E: arg-type
decimal("3")  # E: arg-type
within("a", "b")  # E: arg-type
length_of(3)  # E: arg-type
one_of(1).values = ()  # E: misc
Fixed("tenths", "H")  # E: call-arg

WORDS: Table[int] = Table("words")


@WORDS.message("1")  # E: arg-type
class Word(Message):
    body: rest


WORDS.decode(b"1", b"data")  # E: arg-type
WORDS.encode(b"data")  # E: arg-type
WORDS.message(1)(int)  # E: type-var
WORDS.after(Word(b""), "new")  # E: call-arg
word: Word = WORDS.decode(1, b"data")  # E: assignment
