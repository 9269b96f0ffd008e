r"""Messages declared once: a class whose annotations say how it lies in bytes.

>>> from typing import Annotated, ClassVar
>>> from ohnecimd.fields import i16, prefixed, rest, u8, u16, u32
>>> class Point(Message):
...     '''Where something is.'''
...     x: i16
...     y: i16
...     name: Annotated[bytes, prefixed(u8), "in ASCII"]
>>> Point.decode(b"\x00\x01\xff\xff\x03ten")
Point(x=1, y=-1, name=b'ten')
>>> Point(1, -1, b"ten").encode()
b'\x00\x01\xff\xff\x03ten'
>>> Point.decode(b"\x00\x01\xff\xff\x04ten", position=100)  # doctest: +ELLIPSIS
Traceback (most recent call last):
ohnecimd.errors.Truncated: at byte 108 in Point > name: expected 4 bytes, found the end of ...
>>> Point(1, 40000, b"ten").encode()
Traceback (most recent call last):
ohnecimd.errors.FieldError: in Point > y: expected -32768..32767, found 40000

What is said in `Annotated` is, in any order: a type of `ohnecimd.fields`; `within`, `length`,
`one_of`, `where`, `matching`, which narrow the values; text, which is the meaning; `SECRET`. A
type of field may be an enum with it (``Annotated[Colour, u8]``: values that it does not know stay
integers), a message by itself is a field of another, ``tuple[u16, ...]`` many. ``X | None = None``
may be missing at the end.

Lengths, numbers of items, checksums and constants are class variables, never given, and read as
attributes:

>>> class Packet(Message):
...     size: ClassVar[Annotated[u16, length_of("body")]]
...     body: rest
...     crc: ClassVar[Annotated[u32, checksum_of("body")]]
>>> Packet(b"abc").encode(), Packet(b"abc").size
(b'\x00\x03abc5$A\xc2', 3)
"""

from __future__ import annotations

import enum
import inspect
import math
from collections import ChainMap
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

from ohnecimd.declaring.checking import require_names
from ohnecimd.declaring.compiling import compiled, is_compiled
from ohnecimd.declaring.declarations import (
    SECRET,
    checksum_of,
    constant,
    count_of,
    declaration_of,
    length_of,
)
from ohnecimd.declaring.dissecting import STARS, Span, dissect, parts_of
from ohnecimd.domains import length, matching, one_of, shown, where, within
from ohnecimd.errors import Misuse, ProtocolError, RemoteProtocolError
from ohnecimd.output import as_bytes
from ohnecimd.primitives import read_exactly
from ohnecimd.steps import GET_INPUT
from ohnecimd.stream import ByteOrder, InputStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Self

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.declaring.layouts import Field
    from ohnecimd.steps import Steps

__all__ = [
    "SECRET",
    "Message",
    "Span",
    "checksum_of",
    "constant",
    "count_of",
    "explain",
    "length",
    "length_of",
    "matching",
    "one_of",
    "read_message",
    "size_of",
    "where",
    "within",
]

M = TypeVar("M", bound="Message")


class _ComputedValue:
    """The attribute of a computed field."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, message: Message | None, owner: type[Message]) -> Any:  # noqa: ANN401
        declaration = declaration_of(owner)
        field = next((each for each in declaration.fields if each.name == self._name), None)
        if field is None or field.computed is None:  # a class variable that has no value yet
            raise AttributeError(f"{owner.__name__!r} has no attribute {self._name!r}")
        if message is None:
            return field
        if field.computed.kind == "constant":
            return field.computed.compute(None)
        return parts_of(declaration, message, owner.byteorder)[0][self._name]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Message(msgspec.Struct, frozen=True):
    """A message; subclasses declare its fields, in the order of the bytes.

    Immutable, compared by value, hashable. ``msgspec.structs.replace`` makes a changed copy. The
    docstring of a subclass says what the message is for; reference pages show it.

    With ``class Reply(Message, kw_only=True)`` the constructor takes names only; then a field in
    the middle may have a default.

    Fields are checked together in ``__post_init__``: a ValueError that it raises goes to whoever
    makes the message; where bytes are decoded, it becomes `Malformed`.
    """

    byteorder: ClassVar[ByteOrder] = "big"
    """Of all fields that do not say otherwise."""

    __declaration__: ClassVar[Any] = None
    __functions__: ClassVar[Any] = None
    __hints__: ClassVar[Any] = None
    __scope__: ClassVar[Any] = None
    __is_base__: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        """Let each class have functions of its own."""
        super().__init_subclass__()
        cls.__declaration__ = None
        cls.__functions__ = None
        cls.__hints__ = None
        cls.__is_base__ = False
        cls.__scope__ = _scope_of(inspect.currentframe())
        hints = inspect.get_annotations(cls)
        variables = {name for name, hint in hints.items() if "ClassVar" in str(hint)}
        require_names(
            cls.__qualname__,
            (name for name in hints if name not in variables or name not in cls.__dict__),
        )
        for name in variables - cls.__dict__.keys():
            setattr(cls, name, _ComputedValue(name))
        for base in cls.__mro__[1:]:
            if issubclass(base, Message):
                base.__is_base__ = True
                _take_back(base)

    @classmethod
    def decode(cls, data: BytesLike, *, position: int = 0, order: ByteOrder | None = None) -> Self:
        """Return the message that all of `data` is.

        Args:
            data: its bytes.
            position: of the first of them, for errors.
            order: the byte order, if it is not that of the class.

        Raises:
            RemoteProtocolError: it is not; names the field and its place.
        """
        decode = compiled(cls, order).decode
        if not cls.__is_base__ and order in (None, cls.byteorder):
            _install(cls, "decode", decode)
        decoded: Self = decode(data, position=position)
        return decoded

    @classmethod
    def decode_from(
        cls, data: BytesLike, start: int, order: ByteOrder | None = None
    ) -> tuple[Self, int]:
        """Return the message that begins at a place in `data`, and where it ends."""
        return compiled(cls, order).decode_from(data, start)

    def encode(self, *, order: ByteOrder | None = None) -> bytes:
        """Return the bytes of the message.

        Args:
            order: the byte order, if it is not that of the class.

        Raises:
            FieldError: a value is none that its field can hold.
        """
        cls = type(self)
        encode = compiled(cls, order).encode
        if not cls.__is_base__ and order in (None, cls.byteorder):
            _install(cls, "encode", encode)
        return encode(self)

    def check(self) -> None:
        """Raise `FieldError` if a value is none that its field can hold."""
        self.encode()

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name, as JSON has them.

        Bytes are text: in UTF-8 if they are that, else each byte a character. Members of an enum
        are their names; flags are lists of them, with a number for those that have none. Secrets
        are stars, and what JSON does not know is text.
        """
        return {
            each.name: STARS if each.is_secret else _to_json(getattr(self, each.name), each)
            for each in declaration_of(type(self)).fields
            if each.computed is None or each.computed.kind != "constant"
        }

    def __repr__(self) -> str:
        fields = (each for each in declaration_of(type(self)).fields if each.computed is None)
        inner = ", ".join(
            f"{each.name}={STARS if each.is_secret else shown(getattr(self, each.name))}"
            for each in fields
        )
        return f"{type(self).__name__}({inner})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [
            (each.name, STARS if each.is_secret else getattr(self, each.name))
            for each in declaration_of(type(self)).fields
            if each.computed is None
        ]


def _install(cls: type[Message], name: str, function: Callable[..., Any]) -> None:
    """Let a class without subclasses have a function itself, if it has not overridden it.

    What is found there costs no look-up. Subclasses would inherit it, though it is not theirs.
    """
    found = next(each.__dict__[name] for each in cls.__mro__ if name in each.__dict__)
    if found is Message.__dict__[name]:
        function.__doc__ = found.__doc__
        setattr(cls, name, staticmethod(function) if isinstance(found, classmethod) else function)
        if cls.__is_base__:  # one was made meanwhile, in another thread
            _take_back(cls)


def _take_back(cls: type) -> None:
    """Undo `_install`."""
    for name in ("decode", "encode"):
        if is_compiled(cls.__dict__.get(name)):
            delattr(cls, name)


def _scope_of(frame: FrameType | None) -> Mapping[str, Any]:
    """Return the names around a class statement: annotations are looked up there."""
    while frame is not None and frame.f_code.co_name == "__init_subclass__":
        frame = frame.f_back
    if frame is None:  # a Python without frames: the names of the module are left
        return {}
    if frame.f_locals is frame.f_globals:
        return frame.f_globals
    return ChainMap(dict(frame.f_locals), frame.f_globals)


def _to_json(value: Any, field: Field) -> Any:  # noqa: ANN401
    if field.listing is not None and isinstance(value, tuple):
        return [_to_json(each, field.listing.item) for each in value]
    if isinstance(value, Message):
        return value.to_json()
    raw = field.raw(value)
    if field.options is not None and issubclass(field.options, enum.Flag) and isinstance(raw, int):
        return raw if raw < 0 else _names_of(raw, field.options)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (bytes, bytearray)):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (tuple, list)):
        return [_to_json(each, field) for each in value]
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _names_of(value: int, flags: type[enum.Flag]) -> list[str | int | None]:
    """Return the names of the flags that are set; what has no name stays a number."""
    names: list[str | int | None] = []
    for each in flags:
        if each.value & value:
            names.append(each.name)
            value &= ~each.value
    return [*names, value] if value else names


def size_of(message: type[Message]) -> int | None:
    """Return how many bytes every such message has, or None if they differ.

    >>> from typing import Annotated
    >>> from ohnecimd.fields import repeated, u8
    >>> class Pixel(Message):
    ...     colour: Annotated[tuple[u8, ...], repeated(3)]
    ...     alpha: u8
    >>> size_of(Pixel)
    4
    """
    _require_class(message)
    return declaration_of(message).size


def _require_class(message: object) -> None:
    if isinstance(message, Message):
        name = type(message).__name__
        raise Misuse(f"this takes a class of messages, such as {name}, not one message")
    if not isinstance(message, type) or not issubclass(message, Message):
        raise Misuse(f"this takes a class of messages, not {shown(message)}")


def read_message(message: type[M], nbytes: int | None = None) -> Steps[M]:
    r"""Consume one message.

    Args:
        message: its class.
        nbytes: its size, where the class does not fix it.

    >>> from functools import partial
    >>> from ohnecimd import parse, times
    >>> from ohnecimd.fields import u8, u16
    >>> class Reading(Message):
    ...     sensor: u8
    ...     value: u16
    >>> parse(times(partial(read_message, Reading), 2), b"\1\0\7\2\0\t")
    [Reading(sensor=1, value=7), Reading(sensor=2, value=9)]
    """
    size = size_of(message) if nbytes is None else nbytes
    if size is None:
        raise Misuse(f"{message.__name__} has no fixed size: say how many bytes it has")
    stream = yield GET_INPUT
    position = stream.offset if isinstance(stream, InputStream) else None
    data = yield from read_exactly(size)
    try:
        return message.decode(data, position=position or 0)
    except ProtocolError as error:
        if position is None:
            error.position = None  # the other engine does not count
        raise


def explain(
    message: type[Message], data: BytesLike, *, position: int = 0, order: ByteOrder | None = None
) -> tuple[list[Span], RemoteProtocolError | None]:
    r"""Return where each field lies in the bytes of a message, and what is wrong with them.

    Args:
        message: its class.
        data: its bytes; what is left over belongs to no field.
        position: of the first of them.
        order: the byte order, if it is not that of the class.

    >>> from typing import Annotated
    >>> from ohnecimd.fields import u8, u16
    >>> class Reading(Message):
    ...     sensor: u8
    ...     value: Annotated[u16, "in degrees"]
    >>> spans, error = explain(Reading, b"\1\0\7")
    >>> spans[1]
    Span(start=1, end=3, path=('value',), value=7, meaning='in degrees')
    """
    _require_class(message)
    order = order or message.byteorder
    spans: list[Span] = []
    failure = None
    try:
        dissect(compiled(message, order).declaration, as_bytes(data), 0, order, spans)
    except RemoteProtocolError as error:
        error.position = position + (error.position or 0)
        error.path = (message.__name__, *error.path)
        failure = error
    return [span.moved(position) for span in spans], failure
