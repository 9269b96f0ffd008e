"""Functions made for one message class: straight-line code, compiled when it is first needed.

A loop over fields would cost more than the fields. So the declaration is written out as Python
source, once. These functions know only the good case; whatever goes wrong, they leave it to
`dissecting`, which does the same slowly and says what it was.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.decoders import Decoder
from ohnecimd.declaring.dissecting import dissect, encode_carefully, hush
from ohnecimd.declaring.encoders import Encoder
from ohnecimd.declaring.kinds import require_order
from ohnecimd.domains import plural
from ohnecimd.errors import Malformed, ProtocolError
from ohnecimd.output import as_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer as BytesLike

    from ohnecimd.declaring.items import Give, Take
    from ohnecimd.declaring.sources import Source
    from ohnecimd.stream import ByteOrder

__all__ = ["Compiled", "compiled", "is_compiled"]


class Compiled:
    """The functions of a message class, for one byte order.

    Args:
        message: the class.
        order: the byte order.
    """

    def __init__(self, message: type, order: ByteOrder) -> None:
        require_order(order)
        self.declaration = declaration_of(message)
        self.order: ByteOrder = order

    @functools.cached_property
    def decode(self) -> Callable[..., Any]:
        """Decodes all of some bytes: ``decode(data, *, position=0, order=None)``."""
        source = self._decoder()
        source.write_decode()
        made: Callable[..., Any] = self._function(
            "decode", source, fail=self._decode_carefully, as_bytes=as_bytes
        )
        return made

    @functools.cached_property
    def take(self) -> Callable[[bytes, int], tuple[Any, int]]:
        """Decodes what begins at a place, or raises anything: ``take(data, start)``."""
        source = self._decoder()
        source.write_take()
        made: Take = self._function("take", source)
        return made

    @functools.cached_property
    def encode(self) -> Callable[..., bytes]:
        """Encodes a message: ``encode(message, *, order=None)``."""
        source = self._encoder()
        source.write_encode()
        made: Callable[..., bytes] = self._function("encode", source, fail=self._encode_carefully)
        return made

    @functools.cached_property
    def give(self) -> Callable[[Any], bytes]:
        """Encodes a message, or raises anything: ``give(message)``."""
        source = self._encoder()
        source.write_give()
        made: Give = self._function("give", source)
        return made

    def decode_from(self, data: BytesLike, start: int) -> tuple[Any, int]:
        """Return the message that begins at a place, and where it ends."""
        if type(data) is not bytes:
            data = as_bytes(data)
        try:
            return self.take(data, start)
        except Exception:  # noqa: BLE001, S110 - whatever it is, the careful way will find it
            pass
        return dissect(self.declaration, data, start, self.order)

    def _decoder(self) -> Decoder:
        return Decoder(
            self.declaration, self.order, lambda nested: compiled(nested, self.order).take
        )

    def _encoder(self) -> Encoder:
        return Encoder(
            self.declaration, self.order, lambda nested: compiled(nested, self.order).give
        )

    def _function(self, name: str, source: Source, **names: object) -> Any:  # noqa: ANN401
        message = self.declaration.message
        space = {**source.names, **names, "__builtins__": {}}
        place = f"<{message.__qualname__}, {self.order}-endian>"
        exec(compile(source.text, place, "exec"), space)  # noqa: S102 - our own source
        function: Any = space[name]
        function.__module__ = message.__module__
        function.__qualname__ = f"{message.__qualname__}.{name}"
        function.is_compiled = True
        return function

    def _decode_carefully(self, data: BytesLike, position: int, order: ByteOrder | None) -> Any:  # noqa: ANN401 - a message
        message: Any = self.declaration.message
        if order is not None and order != self.order:
            return compiled(message, order).decode(data, position=position)
        data = as_bytes(data)
        try:
            decoded, end = dissect(self.declaration, data, 0, self.order)
            if end != len(data):
                raise Malformed(
                    "expected the end of the message, "
                    f"found {plural(len(data) - end, 'byte')} more",
                    position=end,
                    expected="the end of the message",
                    found=data[end:],
                )
        except ProtocolError as error:
            error.position = position + (error.position or 0)
            error.path = (message.__name__, *error.path)
            if self.declaration.has_secret:
                hush(error)
            raise
        return decoded

    def _encode_carefully(self, message: Any, order: ByteOrder | None) -> bytes:  # noqa: ANN401
        kind: Any = self.declaration.message
        if order is not None and order != self.order:
            return compiled(kind, order).encode(message)
        try:
            return encode_carefully(self.declaration, message, self.order)
        except ProtocolError as error:
            error.path = (kind.__name__, *error.path)
            raise


def compiled(message: Any, order: ByteOrder | None = None) -> Compiled:  # noqa: ANN401
    """Return the functions of a message class, in its byte order or another; makes them once."""
    functions: dict[ByteOrder, Compiled] | None = message.__dict__.get("__functions__")
    if functions is None:
        functions = message.__functions__ = {}
    wanted: ByteOrder = message.byteorder if order is None else order
    found = functions.get(wanted)
    if found is None:
        found = functions[wanted] = Compiled(message, wanted)
    return found


def is_compiled(function: object) -> bool:
    """Tell whether a function was made here."""
    return getattr(getattr(function, "__func__", function), "is_compiled", False)
