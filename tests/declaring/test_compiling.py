"""The compiled functions and the careful ones are two implementations of one meaning."""

from __future__ import annotations

import struct
import zlib
from typing import Annotated, ClassVar

import message_shapes
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohnecimd.declaring.compiling import compiled, is_compiled
from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.decoders import Decoder
from ohnecimd.declaring.dissecting import dissect, encode_carefully
from ohnecimd.declaring.encoders import Encoder
from ohnecimd.domains import Integers, Octets
from ohnecimd.errors import FieldError, Misuse, RemoteProtocolError
from ohnecimd.fields import (
    Fixed,
    Variable,
    big,
    c_bytes,
    decode_one,
    little,
    raw,
    rest,
    type_in,
    u8,
    u16,
    u24,
    u32,
)
from ohnecimd.messages import Message, checksum_of, constant, count_of, length_of, within
from ohnecimd.testing.strategies import messages

CALM = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
ORDERS = st.sampled_from([None, "big", "little"])
FAILED = "failed"

STRANGE = [
    None, True, 0, 1, -1, 255, 256, 2**64, 10**700, 0.5, 1e300, float("nan"), 1j, "", "a", "\0",
    "é", "\ud800", b"", b"a", b"\0", b"ab", b"\t", bytes(300), bytearray(b"ab"), (), (1, 2),
    (None,), (b"", b""), [1], object(), message_shapes.Colour.RED, message_shapes.Level.HIGH,
    message_shapes.Letter.A, message_shapes.Rights.RUN, message_shapes.Mood.SAD,
]  # fmt: skip


def fast_decode(message, data, order):
    """What the compiled function does without the careful one, if it does anything."""
    try:
        found, end = compiled(message, order).take(data, 0)
    except Exception:  # noqa: BLE001 - it may raise anything
        return FAILED
    return (found, end)


def careful_decode(message, data, order):
    try:
        return dissect(declaration_of(message), data, 0, order)
    except RemoteProtocolError:
        return FAILED


def fast_encode(message, order):
    try:
        return compiled(type(message), order).give(message)
    except Exception:  # noqa: BLE001 - as above
        return FAILED


def careful_encode(message, order):
    try:
        return encode_carefully(declaration_of(type(message)), message, order)
    except FieldError:
        return FAILED


def spoilt(draw, octets):
    """Change, cut or lengthen bytes."""
    octets = bytearray(octets)
    for _ in range(draw(st.integers(0, 3))):
        if octets:
            octets[draw(st.integers(0, len(octets) - 1))] = draw(
                st.sampled_from([0, 1, 9, 65, 255])
            )
    octets = (
        bytes(octets[: draw(st.integers(0, len(octets)))]) if draw(st.booleans()) else bytes(octets)
    )
    return octets + draw(st.sampled_from([b"", b"", b"\0", b"ab\t"]))


@CALM
@given(st.data(), message_shapes.message_classes(), ORDERS)
def test_messages_come_back_whichever_way_they_go(data, message, order):
    order = order or message.byteorder
    sent = data.draw(messages(message))
    octets = fast_encode(sent, order)
    assert octets == careful_encode(sent, order) == sent.encode(order=order) != FAILED
    assert (
        fast_decode(message, octets, order)
        == careful_decode(message, octets, order)
        == (sent, len(octets))
    )
    assert message.decode(octets, order=order) == sent


@CALM
@given(st.data(), message_shapes.message_classes(), ORDERS)
def test_bytes_are_refused_or_decoded_alike(data, message, order):
    order = order or message.byteorder
    octets = data.draw(st.binary(max_size=40))
    if data.draw(st.booleans()):
        octets = spoilt(data.draw, data.draw(messages(message)).encode(order=order))
    fast, careful = fast_decode(message, octets, order), careful_decode(message, octets, order)
    assert repr(fast) == repr(careful)
    if careful == FAILED:
        with pytest.raises(RemoteProtocolError):
            message.decode(octets, order=order)
    else:
        assert fast_encode(fast[0], order) == careful_encode(careful[0], order)


@CALM
@given(st.data(), message_shapes.message_classes(), ORDERS)
def test_values_are_refused_or_encoded_alike(data, message, order):
    """Values of strange types may be left to the careful way; the fast never takes them alone."""
    order = order or message.byteorder
    right = data.draw(messages(message))
    names = message.__struct_fields__
    changed = {
        name: data.draw(st.sampled_from(STRANGE)) for name in names if data.draw(st.booleans())
    }
    sent = msgspec.structs.replace(right, **changed)
    fast, careful = fast_encode(sent, order), careful_encode(sent, order)
    if fast != FAILED:
        assert fast == careful
    if careful == FAILED:
        with pytest.raises(FieldError):
            sent.encode(order=order)
    else:
        assert sent.encode(order=order) == careful


# What is written


class Plain(Message):
    a: u8
    b: u16
    c: Annotated[bytes, raw(4)]


class Mixed(Message):
    magic: ClassVar[Annotated[bytes, constant(b"MX")]]
    size: ClassVar[Annotated[u16, length_of("body")]]
    narrow: Annotated[u8, within(1, 6)]
    swapped: Annotated[int, little(u16)]
    also: Annotated[int, little(u32)]
    after: u8
    body: rest
    crc: ClassVar[Annotated[u32, checksum_of("magic", "body")]]
    tail: u8


def written(source, method):
    getattr(source, method)()
    return source.text.splitlines()


def decoder_of(message, order="big"):
    return Decoder(declaration_of(message), order, lambda nested: compiled(nested).take)


def encoder_of(message, order="big"):
    return Encoder(declaration_of(message), order, lambda nested: compiled(nested).give)


def structs_in(source):
    """The formats of the structs that a function calls, in the order of the calls."""
    owners = [getattr(each, "__self__", None) for each in source.names.values()]
    return [each.format for each in owners if isinstance(each, struct.Struct)]


def test_a_plain_message_is_one_struct():
    decoder, encoder = decoder_of(Plain), encoder_of(Plain, "little")
    assert [line.strip() for line in written(decoder, "write_decode")][3:4] == [
        "return make(*unpack_9(data))"
    ]
    written(encoder, "write_encode")
    assert structs_in(decoder) == [">BH4s"]
    assert structs_in(encoder) == ["<BH4s"]


def test_neighbours_of_one_byte_order_are_one_struct():
    decoder, encoder = decoder_of(Mixed), encoder_of(Mixed)
    written(decoder, "write_take")
    written(encoder, "write_give")
    assert structs_in(decoder) == [">2sHB", "<HI", ">B", ">IB"]
    assert structs_in(encoder) == [">HB", "<HI", ">B", ">IB"]


def test_a_size_that_places_the_next_field_is_not_compared_again():
    text = "\n".join(written(decoder_of(Mixed), "write_take"))
    assert "len(p_body)" not in text
    assert text.count("p_body") == 2  # for the checksum


def test_ranges_that_struct_knows_are_not_tested():
    assert "if not" not in "\n".join(written(decoder_of(Plain), "write_take"))
    tests = [line for line in written(encoder_of(Plain), "write_give") if "if not" in line]
    assert [line.strip() for line in tests] == [
        "if not (type(v_c) is bytes and len(v_c) == 4): raise Unfit"
    ]


def test_the_functions_do_what_the_source_says():
    message = Mixed(6, 0x1234, 7, 8, b"abc", 9)
    octets = b"MX\0\3\6\x34\x12\7\0\0\0\x08abc" + zlib.crc32(b"MXabc").to_bytes(4, "big") + b"\t"
    assert compiled(Mixed).give(message) == encode_carefully(declaration_of(Mixed), message, "big")
    assert message.encode() == octets
    assert Mixed.decode(octets) == message
    assert compiled(Mixed).take(b"xy" + octets + b"z", 2) == (message, 2 + len(octets))


@pytest.mark.parametrize("name", ["decode", "take", "encode", "give"])
def test_functions_are_made_once_and_named_after_their_class(name):
    functions = compiled(Plain, "little")
    assert functions is compiled(Plain, "little") is not compiled(Plain)
    function = getattr(functions, name)
    assert function is getattr(functions, name)
    assert function.__qualname__ == f"Plain.{name}"
    assert function.__module__ == __name__
    assert function.__code__.co_filename == "<Plain, little-endian>"
    assert is_compiled(function)
    assert is_compiled(staticmethod(function))
    assert not is_compiled(len)


def test_the_code_can_reach_no_builtins():
    for name in ("decode", "encode"):
        assert getattr(compiled(Plain), name).__globals__["__builtins__"] == {}


def test_an_order_is_one_of_two():
    with pytest.raises(Misuse, match="a byte order is 'big' or 'little', not 'middle'"):
        compiled(Plain, "middle")


# Types that say less than `struct` takes, or lie

PERCENT = Fixed("percent", "B", Integers(0, 100))


class Share(Message):
    percent: Annotated[int, PERCENT]
    three: u24
    swapped: Annotated[int, big(u16)]


@pytest.mark.parametrize("value", [101, 255, -1, 5.0, "5", None])
def test_a_domain_that_is_smaller_than_the_item_counts(value):
    with pytest.raises(
        FieldError, match=r"in Share > percent: expected (an integer )?0\.\.100, found"
    ):
        Share(value, 1, 1).encode()
    if value in (101, 255):
        with pytest.raises(RemoteProtocolError, match=r"at byte 0 in Share > percent: expected 0"):
            Share.decode(bytes([value]) + bytes(5))


def test_a_decoder_that_says_it_read_more_than_there_is_is_not_believed():
    def decode(data, start, _order):
        return data[start:], start + 5

    class Liar(Message):
        it: Annotated[bytes, Variable("liar", Octets(), decode, lambda value, _: value)]
        after: rest

    with pytest.raises(RemoteProtocolError) as caught:
        Liar.decode(b"abc")
    assert str(caught.value) == (
        "at byte 3 in Liar > it: expected 5 bytes, found the end of input after 3 bytes"
    )
    assert Liar.decode(b"abcde") == Liar(b"abcde", b"")


def test_an_encoder_that_makes_no_bytes_is_misuse():
    def encode(value, _order):
        return bytearray(value)

    class Loose(Message):
        it: Annotated[
            bytes,
            Variable("loose", Octets(), lambda d, s, _: (d[s:], len(d)), encode),
        ]

    with pytest.raises(Misuse, match="loose: a value has to become bytes, not bytearray"):
        Loose(b"abc").encode()


def test_depth_costs_its_bytes_and_not_their_power():
    calls = []

    def decode(data, start, order):
        calls.append(start)
        return decode_one(type_in(c_bytes), data, start, order)

    leaf = Annotated[bytes, Variable("leaf", Octets(), decode, lambda value, _: value + b"\0")]
    message = message_shapes.class_of({"leaf": leaf})
    for _ in range(10):
        message = message_shapes.class_of({"inner": message, "number": u8})
    with pytest.raises(RemoteProtocolError) as caught:
        message.decode(b"without an end")
    assert caught.value.path[-1] == "leaf"
    assert len(calls) < 40


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2000))
def test_tuples_cost_what_they_hold(count):
    class Many(Message):
        numbers: tuple[u16, ...]

    numbers = tuple(range(count))
    assert Many.decode(Many(numbers).encode()) == Many(numbers)


def test_what_failed_once_may_go_well_the_second_time():
    moods = iter([ValueError("not now"), None, ValueError("not now"), None])

    def decode(item, _order):
        mood = next(moods)
        if mood is not None:
            raise mood
        return item

    class Moody(Message):
        it: Annotated[int, Fixed("moody", "B", Integers(0, 255), decode, lambda value, _: value)]

    assert Moody.decode(b"\7") == Moody(7)
    assert Moody.decode_from(b"x\7", 1) == (Moody(7), 2)


class Tagged(Message):
    number: ClassVar[Annotated[u8, count_of("items")]]
    items: tuple[u8, ...]
    again: ClassVar[Annotated[u16, count_of("items", plus=1)]]
    ever: ClassVar[Annotated[u8, length_of("items", "again")]]


def test_a_count_may_stand_in_several_places():
    assert Tagged((1, 2)).encode() == b"\2\1\2\0\3\4"
    assert Tagged.decode(b"\2\1\2\0\3\4") == Tagged((1, 2))
    for spoilt_octets, text in (
        (b"\2\1\2\0\4\4", "at byte 3 in Tagged > again: expected a count of 3, found 4"),
        (b"\2\1\2\0\3\5", "at byte 5 in Tagged > ever: expected a length of 4, found 5"),
    ):
        with pytest.raises(RemoteProtocolError) as caught:
            Tagged.decode(spoilt_octets)
        assert str(caught.value) == text
