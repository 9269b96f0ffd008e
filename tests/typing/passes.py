"""Uses that type checkers take, and the types that they find for them."""

# ruff: noqa: TC003 - nothing here ever runs

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import IntEnum
from functools import partial
from typing import Annotated, Any, ClassVar, assert_type

import ohneio

from ohnecimd import (
    Connection,
    InputStream,
    NoResult,
    Parser,
    Steps,
    at_eof,
    bounded,
    choice,
    commit,
    composable,
    emit,
    expect,
    get_input,
    label,
    limited,
    lookahead,
    many,
    optional,
    parse,
    peek,
    protocol,
    put,
    read,
    read_exactly,
    read_rest,
    read_struct,
    read_uint,
    read_until,
    read_upto,
    sep_by,
    skip,
    skip_upto,
    sleep,
    timeout,
    times,
    wait,
    wait_for,
    write,
)
from ohnecimd.domains import Integers, Reals
from ohnecimd.errors import (
    Malformed,
    OhnecimdError,
    ProtocolError,
    RemoteProtocolError,
    Truncated,
)
from ohnecimd.fields import (
    Fixed,
    Variable,
    big,
    boolean,
    c_string,
    converted,
    counted,
    decimal,
    f80,
    little,
    padded,
    prefixed,
    raw,
    repeated,
    rest,
    text,
    u8,
    u16,
    u32,
    until,
)
from ohnecimd.messages import (
    SECRET,
    Message,
    Span,
    checksum_of,
    constant,
    count_of,
    explain,
    length,
    length_of,
    matching,
    one_of,
    read_message,
    size_of,
    where,
    within,
)
from ohnecimd.protocols.lines import ChatClient, EchoClient, chat, echo, read_line
from ohnecimd.tables import Row, Table, Unknown


def number(base: int = 10, *, limit: int = 20) -> Steps[int]:
    return int((yield from read_until(b"\n", limit)), base)


def pair() -> Steps[tuple[bytes, int]]:
    return (yield from read(2)), (yield from number())


# The primitives give what they say


def primitives() -> Steps[None]:
    assert_type((yield from peek()), bytes)
    assert_type((yield from read(4)), bytes)
    assert_type((yield from read_exactly(0)), bytes)
    assert_type((yield from read_upto(b"\r\n", limit=512)), bytes)
    assert_type((yield from read_until((b"\r\n", b"\n"))), bytes)
    assert_type((yield from read_rest()), bytes)
    assert_type((yield from wait_for(b"\n")), int)
    assert_type((yield from read_uint(4, "little")), int)
    assert_type((yield from read_struct(">IH")), tuple[Any, ...])
    assert_type((yield from at_eof()), bool)
    yield from wait()
    yield from skip(100)
    yield from skip_upto(b"\n")
    yield from write(bytearray(b"any bytes"))
    yield from put(memoryview(b"at all"))
    yield from emit(object())
    yield from sleep(0.5)
    yield from commit()


def hot_loop() -> Steps[int]:
    stream = yield from get_input()
    assert_type(stream, InputStream)
    assert_type(stream.take(4), bytes | None)
    assert_type(stream.take_upto(b"\n"), bytes | None)
    assert_type(stream.at_end(), bool | None)
    assert_type(stream.offset, int)
    return stream.offset


def mixed() -> Steps[bytes]:
    yield from ohneio.wait()
    word = yield from read(3)
    yield from ohneio.write(word)
    return word


# protocol keeps the parser's signature, and the connection its result


@protocol
def conversation(name: str, *, retries: int = 3) -> Steps[list[int]]:
    yield from write(name.encode())
    return (yield from many(partial(number, 16), at_most=retries))


@protocol(clock=lambda: 0.0)
def timed(seconds: float) -> Steps[bytes]:
    return (yield from timeout(seconds, partial(read, 1)))


def old_style() -> Generator[Any, Any, str]:
    yield from wait()
    return "done"


def signatures() -> None:
    connection = conversation("me", retries=2)
    assert_type(connection, Connection[list[int]])
    assert_type(connection.get_result(), list[int])
    assert_type(timed(1.0), Connection[bytes])
    assert_type(protocol(old_style)(), Connection[str])
    assert_type(protocol(pair)(), Connection[tuple[bytes, int]])
    assert_type(protocol(many(pair))(), Connection[list[tuple[bytes, int]]])
    assert_type(protocol(partial(read, 4))(), Connection[bytes])
    assert_type(Connection(number()), Connection[int])
    factory: Callable[[float], Connection[bytes]] = timed
    factory(2.0)


def members(connection: Connection[int]) -> None:
    connection.send(b"bytes")
    connection.send(bytearray(b"or"))
    connection.send(memoryview(b"such"))
    connection.send_eof()
    connection.tick()
    connection.close()
    assert_type(connection.read(), bytes)
    assert_type(connection.read(5), bytes)
    assert_type(connection.events(), list[Any])
    assert_type(connection.has_result, bool)
    assert_type(connection.closing, bool)
    assert_type(connection.error, BaseException | None)
    assert_type(connection.deadline, float | None)
    assert_type(connection.clock(), float)
    assert_type(connection.offset, int)
    assert_type(connection.want_input, bool)
    assert_type(connection.unread, bytes)
    assert_type(connection.trace, tuple[str, ...])


def results_are_covariant(connection: Connection[bool]) -> Connection[int]:
    return connection


class Store:
    """A connection may be made by a method."""

    def __init__(self, prefix: bytes) -> None:
        self.prefix = prefix

    @protocol
    def answers(self, suffix: bytes) -> Steps[int]:
        yield from write(self.prefix + suffix)
        return 1


class Client(Connection[None]):
    """A connection may have verbs."""

    def __init__(self) -> None:
        super().__init__(primitives())

    def say(self, words: bytes) -> None:
        self._queue(words)


assert_type(Client().get_result(), None)


# Combinators know the results of what they combine


def combinators() -> Steps[None]:
    assert_type((yield from expect(b"RIFF")), bytes)
    assert_type((yield from many(partial(read, 4))), list[bytes])
    assert_type((yield from many(pair, at_least=1)), list[tuple[bytes, int]])
    assert_type((yield from times(number, 3)), list[int])
    assert_type((yield from sep_by(number, expect(b","))), list[int])
    assert_type((yield from optional(number)), int | None)
    assert_type((yield from optional(number, b"none")), int | bytes)
    assert_type((yield from choice(number)), int)
    assert_type((yield from choice(number, number, number, number, number)), int)
    assert_type((yield from choice(number, partial(read, 2))), int | bytes)
    assert_type(
        (yield from choice(number, partial(read, 2), pair)), int | bytes | tuple[bytes, int]
    )
    assert_type((yield from bounded(many(number), 10)), list[int])
    assert_type((yield from limited(number, 10)), int)
    assert_type((yield from lookahead(number)), int)
    assert_type((yield from label(number, "count")), int)
    assert_type((yield from timeout(1.5, number)), int)
    assert_type((yield from many(choice(expect(b"a"), expect(b"b")))), list[bytes])


@composable
def digits(count: int, *, base: int = 10) -> Steps[int]:
    return int((yield from read(count)), base)


def composed() -> Steps[None]:
    assert_type((yield from digits(2)), int)
    assert_type((yield from digits(2, base=16)()), int)
    assert_type((yield from many(digits(2))), list[int])


def in_a_table(parsers: dict[str, Parser[int]]) -> Steps[int]:
    return (yield from parsers["number"]())


in_a_table({"number": number, "digits": digits(3), "choice": choice(number, number)})


def whole_data() -> None:
    assert_type(parse(number, b"12\n"), int)
    assert_type(parse(partial(number, 16), bytearray(b"ff\n")), int)
    assert_type(parse(many(partial(read, 1)), b"abc"), list[bytes])


# Errors, and the lines


def failures(connection: Connection[int]) -> str:
    try:
        return str(connection.get_result())
    except NoResult as error:
        return str(error)
    except Truncated as error:
        assert_type(error.partial, bytes)
        return str(error)
    except ProtocolError as error:
        assert_type(error.position, int | None)
        assert_type(error.path, tuple[str, ...])
        assert_type(error.found, object)
        return error.expected
    except OhnecimdError:
        raise Malformed("wrong", position=3, path=["a"], hint=501) from None


def lines() -> Steps[None]:
    assert_type((yield from read_line()), bytes | None)
    assert_type((yield from read_line((b"\r\n", b"\n"), limit=10, keep_end=True)), bytes | None)
    assert_type(echo(limit=10), Connection[None])
    assert_type(chat(b"\n", limit=10), Connection[None])
    EchoClient().say(b"Hello")
    ChatClient(limit=100).bye()


# Messages are classes whose fields an editor knows


class Colour(IntEnum):
    RED = 1


class Point(Message):
    x: u16
    y: Annotated[u16, within(0, 9), "how far"] = 0


class Place(Point):
    byteorder = "little"
    name: c_string = ""


class Everything(Message):
    magic: ClassVar[Annotated[bytes, constant(b"M")]]
    size: ClassVar[Annotated[u32, length_of("body", plus=1)]]
    crc: ClassVar[Annotated[u32, checksum_of("body")]]
    number: ClassVar[Annotated[u8, count_of("places")]]
    body: rest
    colour: Annotated[Colour, u8]
    either: Annotated[Colour | int, u8]
    tag: Annotated[bytes, raw(4), one_of(b"abcd")]
    label: Annotated[str, padded(8, "ascii")]
    password: Annotated[str, prefixed(u8, encoding="ascii"), SECRET, length(1, 8)]
    digits: Annotated[int, decimal(3), where("even", lambda value: value % 2 == 0)]
    word: Annotated[str, until(b"\t", text("ascii")), matching("[a-z]*")]
    is_on: Annotated[bool, boolean(u8)]
    swapped: Annotated[int, big(u16), little(u32)]
    rate: f80
    point: Point
    places: tuple[Place, ...]
    three: Annotated[tuple[u8, ...], repeated(3)]
    many: Annotated[tuple[Annotated[bytes, raw(2)], ...], counted(u16)]
    extra: Annotated[bytes, raw(4)] | None = None


class Named(Message, kw_only=True):
    version: u8 = 1
    name: c_string


def fields(message: Everything) -> None:
    assert_type(message.magic, bytes)
    assert_type(message.size, int)
    assert_type(message.body, bytes)
    assert_type(message.colour, Colour)
    assert_type(message.either, Colour | int)
    assert_type(message.password, str)
    assert_type(message.digits, int)
    assert_type(message.is_on, bool)
    assert_type(message.rate, float)
    assert_type(message.point, Point)
    assert_type(message.point.y, int)
    assert_type(message.places[0].name, str)
    assert_type(message.three, tuple[int, ...])
    assert_type(message.many, tuple[bytes, ...])
    assert_type(message.extra, bytes | None)


def messages() -> None:
    point = Point(1, y=2)
    assert_type(Point(1), Point)
    assert_type(Place(1, 2, "here").y, int)
    assert_type(Named(name="me").version, int)
    assert_type(Point.decode(b"data", position=5, order="little"), Point)
    assert_type(Point.decode(memoryview(bytearray(4))), Point)
    assert_type(Place.decode(b"data"), Place)
    assert_type(Point.decode_from(b"data", 0), tuple[Point, int])
    assert_type(point.encode(order="big"), bytes)
    assert_type(point.to_json(), dict[str, Any])
    assert_type(size_of(Point), int | None)
    assert_type(explain(Point, b"data", position=3), tuple[list[Span], RemoteProtocolError | None])
    point.check()
    match point:
        case Point(x, _):
            assert_type(x, int)


def from_a_stream() -> Steps[Point]:
    assert_type((yield from read_message(Place, 20)), Place)
    assert_type((yield from many(partial(read_message, Point))), list[Point])
    return (yield from read_message(Point))


TENTHS = Fixed("tenths", "H", Reals(), lambda item, _: item / 10, lambda value, _: value * 10)
TAIL = Variable("tail", Integers(0, 9), lambda data, _, __: (5, len(data)), lambda _, __: b"")
converted(u16, Reals(), lambda item: item / 10, lambda value: round(value * 10))

WORDS: Table[int] = Table("words", state="new")


@WORDS.message(1, sent_by=("client", "server"), when="new", then="known")
class Word(Message):
    text: c_string


def tables() -> None:
    assert_type(Word("a").text, str)
    assert_type(WORDS.decode(1, b"data"), Message)
    assert_type(WORDS.encode(Word("a")), tuple[int, bytes])
    assert_type(WORDS.find(1, "client"), Row[int] | None)
    assert_type(WORDS.after(Word("a"), "new", sender="client"), str | None)
    assert_type(WORDS.row_of(Word).message, type[Message])
    message = WORDS.decode(1, b"data", strict=True)
    if isinstance(message, Unknown):
        assert_type(message.payload, bytes)
