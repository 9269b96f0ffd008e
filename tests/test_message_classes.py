"""Message classes: inheritance, overriding, names, and when their functions are made."""

from __future__ import annotations

import enum
import gc
import inspect
import threading
import weakref
from typing import Annotated, ClassVar
from unittest import mock

import pytest

import ohnecimd.messages
from ohnecimd.declaring.compiling import is_compiled
from ohnecimd.errors import Malformed, Misuse
from ohnecimd.fields import c_string, counted, rest, u8, u16, u32
from ohnecimd.messages import Message, checksum_of, length_of


class Point(Message):
    x: u16
    y: u16 = 0


class Deep(Point):
    z: u8 = 0


def test_each_class_has_functions_of_its_own():
    assert Point.decode(b"\0\1\0\2") == Point(1, 2)
    assert Deep.decode(b"\0\1\0\2\3") == Deep(1, 2, 3)
    assert Point.decode(b"\0\1\0\2") == Point(1, 2)
    assert (Deep(1, 2, 3).encode(), Point(1, 2).encode()) == (b"\0\1\0\2\3", b"\0\1\0\2")
    assert Point.encode(Deep(1, 2, 3)) == b"\0\1\0\2\3"
    with pytest.raises(
        Malformed, match="at byte 4 in Point: expected the end of the message, found 1 byte"
    ):
        Point.decode(b"\0\1\0\2\3")


def test_the_base_is_a_message_without_bytes():
    assert Message.decode(b"") == Message()
    assert Message().encode() == b""

    class After(Message):
        x: u8

    assert After.decode(b"\1").encode() == b"\1"


def test_a_class_without_subclasses_finds_its_functions_at_once():
    class Leaf(Message):
        x: u8

    assert not is_compiled(vars(Leaf).get("decode"))
    Leaf.decode(b"\1").encode()
    assert is_compiled(vars(Leaf)["decode"])
    assert is_compiled(vars(Leaf)["encode"])
    assert Leaf.decode.__qualname__.endswith("Leaf.decode")
    for name in ("decode", "encode"):
        assert inspect.getdoc(getattr(Leaf, name)) == inspect.getdoc(getattr(Message, name))
        assert list(inspect.signature(getattr(Leaf(1), name)).parameters) == list(
            inspect.signature(getattr(Message(), name)).parameters
        )

    class Longer(Leaf):
        y: u8

    assert "decode" not in vars(Leaf)
    assert "encode" not in vars(Leaf)
    assert Leaf.decode(b"\1") == Leaf(1)
    assert "decode" not in vars(Leaf)
    assert Longer.decode(b"\1\2").encode() == b"\1\2"


@pytest.mark.parametrize("is_warm", [False, True])
def test_what_a_class_overrides_is_not_replaced(is_warm):
    class Leaf(Message):
        x: u8

    if is_warm:
        Leaf.decode(b"\1").encode()

    class Loud(Leaf):
        @classmethod
        def decode(cls, data, **options):
            return super().decode(data.strip(b"!"), **options)

        def encode(self, **options):
            return super().encode(**options) + b"!"

    for _ in range(3):
        assert Loud.decode(b"\1!") == Loud(1)
        assert Loud(1).encode() == b"\1!"
        assert Leaf(1).encode() == Leaf.encode(Leaf(1)) == b"\1"
        assert Leaf.decode(b"\1") == Leaf(1)


def test_what_another_base_overrides_is_not_replaced():
    class Loud:
        __slots__ = ()

        def encode(self, **options):
            return super().encode(**options) + b"!"

    class Leaf(Loud, Message):
        x: u8

    assert [Leaf(1).encode() for _ in range(3)] == [b"\1!"] * 3


def test_a_subclass_that_another_thread_makes_meanwhile_does_not_inherit(monkeypatch):
    class Leaf(Message):
        x: u8

    made = []

    def set_slowly(cls, name, function):
        made.append(type(Message)("Longer", (Leaf,), {"__annotations__": {"y": u8}}))
        setattr(cls, name, function)

    monkeypatch.setattr(ohnecimd.messages, "setattr", set_slowly, raising=False)
    assert Leaf.decode(b"\1") == Leaf(1)
    monkeypatch.undo()
    (longer,) = made
    assert "decode" not in vars(Leaf)
    assert longer.decode(b"\1\2") == longer(1, 2)


def test_functions_can_be_mocked():
    class Leaf(Message):
        x: u8

    for _ in range(2):
        with mock.patch.object(Leaf, "decode", return_value="mocked"):
            assert Leaf.decode(b"\1") == "mocked"
        with mock.patch.object(Leaf, "encode", return_value="mocked"):
            assert Leaf(1).encode() == "mocked"
        assert Leaf.decode(b"\1") == Leaf(1)
        assert Leaf(1).encode() == b"\1"


def test_an_instance_decodes_as_its_class_does():
    assert Point(1, 2).decode(b"\0\3\0\4") == Point(3, 4)


def test_threads_may_compile_at_once():
    failures = []
    for _ in range(20):

        class Leaf(Message):
            size: ClassVar[Annotated[u8, length_of("body")]]
            body: rest

        start = threading.Barrier(4)

        def work(message=Leaf, start=start):
            start.wait()
            if message.decode(message(b"abc").encode()) != message(b"abc"):
                failures.append(message)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def made_in_a_function():
    class Tone(enum.IntEnum):
        LOW = 1

    tone = Annotated[Tone, u8]

    class Note(Message):
        tone: tone
        other: tone | None = None

    class Song(Message):
        notes: tuple[Note, ...]

    return Tone, Note, Song


def test_a_class_in_a_function_sees_the_names_around_it():
    tone, note, song = made_in_a_function()
    assert note.decode(b"\1\7") == note(tone.LOW, 7)
    with pytest.raises(Misuse, match="no item can follow one that takes all that is left"):
        song.decode(b"\1")


class Outer(Message):
    inner: Inner
    count: Number


class Inner(Message):
    x: u8


Number = Annotated[int, u16]


def test_names_of_the_module_may_come_later():
    assert Outer.decode(b"\1\0\2") == Outer(Inner(1), 2)


class Holder:
    class Shade(enum.IntEnum):
        DARK = 1

    class Kept(Message):
        class Kind(enum.IntEnum):
            A = 1

        u8: u8
        kind: Annotated[Kind, u8]
        shade: Annotated[Shade, u8]  # noqa: F821 - it stands above


def test_a_class_in_a_class_sees_what_stands_in_either():
    found = Holder.Kept.decode(b"\1\1\1")
    assert (found.kind, found.shade) == (Holder.Kept.Kind.A, Holder.Shade.DARK)


def test_a_class_keeps_nothing_of_the_function_it_was_made_in():
    class Big:
        pass

    def make():
        big = Big()

        class Local(Message):
            x: u8

        return Local, weakref.ref(big)

    message, gone = make()
    message.decode(b"\1")
    gc.collect()
    assert gone() is None


FIELD_NAMES = [
    "data", "len", "position", "make", "self", "order", "type", "bytes", "start", "end", "size",
    "Unfit", "ORDER", "fail", "unpack_1", "v_x", "p_x", "a_x", "int", "tuple", "cls", "message",
    "as_bytes", "Exception", "match", "case", "values", "tag_1", "_private", "naïve",
]  # fmt: skip


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_a_field_may_be_called_anything_else(name):
    for kind, value, octets in (
        (u8, 7, b"\7"),
        (c_string, "a", b"a\0"),
        (Annotated[tuple[u8, ...], counted(u8)], (1, 2), b"\2\1\2"),
        (rest, b"abc", b"abc"),
    ):
        annotations = {
            "x": u8,
            "crc": ClassVar[Annotated[u32, checksum_of(name)]],
            "length": ClassVar[Annotated[u8, length_of(name)]],
            name: kind,
        }
        message = type(Message)("Named", (Message,), {"__annotations__": annotations})
        sent = message(1, value)
        assert sent.encode()[6:] == octets
        assert message.decode(sent.encode()) == sent
        assert getattr(sent, name) == value
