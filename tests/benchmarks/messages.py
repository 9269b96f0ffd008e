"""Messages of several fields, decoded from bytes and encoded again."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from .group import Reach, ratio_of
from .message_codecs import (
    CODERS,
    CONSTRUCT,
    LAYOUTS,
    MESSAGE,
    STRUCT_BY_HAND,
    Coder,
    Layout,
)
from .race import Race, Row, Turn, WrongResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from .message_codecs import Values
    from .race import Seconds

__all__ = ["MESSAGES", "MessageRow"]

DIFFERENT = 16  # so many messages, again and again


@dataclass(frozen=True)
class MessageRow(Row[Coder]):
    """One layout, one way."""

    layout: Layout
    is_encoding: bool
    messages: int = 4096

    @property
    def name(self) -> str:  # type: ignore[override] # read only
        return f"{self.layout.name}, {'encode' if self.is_encoding else 'decode'}"

    def expected(self) -> list[Values]:
        """Return different messages."""
        first, *rest = self.layout.example
        assert isinstance(first, int)
        return [(first + i, *rest) for i in range(DIFFERENT)]

    def wires(self) -> list[bytes]:
        """Return their bytes: this is the plainest of all ways to make them."""
        letters = self.layout.fields.values()
        return [
            b"".join(
                value
                if isinstance(value, bytes)
                else value.to_bytes(
                    {"B": 1, "H": 2, "h": 2, "I": 4}[letter], "big", signed=value < 0
                )
                for letter, value in zip(letters, values, strict=True)
            )
            for values in self.expected()
        ]

    def turn(self, candidate: Coder, divisor: int) -> Turn:
        codec = candidate.codec(self.layout)
        wires = self.wires()
        messages = [codec.make(values) for values in self.expected()]
        if [codec.values(codec.decode(wire)) for wire in wires] != self.expected():
            raise WrongResult(f"{candidate.name} decodes something else in {self.name!r}")
        if [codec.encode(message) for message in messages] != wires:
            raise WrongResult(f"{candidate.name} encodes something else in {self.name!r}")
        codec = candidate.codec(self.layout)  # anew: a `Message` gets its functions when used first
        repeats = max(1, self.messages // DIFFERENT // candidate.fewer // divisor)
        work: tuple[Callable[[Any], Any], list[Any]] = (
            (codec.encode, messages) if self.is_encoding else (codec.decode, wires)
        )
        return Turn(repeats * DIFFERENT, lambda: _repeat(*work, repeats), lambda: _repeat(*work, 2))


def _repeat(call: Callable[[Any], Any], items: list[Any], repeats: int) -> float:
    items = items * repeats
    start = perf_counter()
    for item in items:
        call(item)
    return perf_counter() - start


ROWS = tuple(MessageRow(layout, is_encoding) for layout in LAYOUTS for is_encoding in (False, True))


def _judge(results: Mapping[str, Seconds]) -> Iterator[Reach]:
    for row, seconds in results.items():
        yield Reach(
            f"{row}: construct / {MESSAGE}",
            ratio_of(seconds, CONSTRUCT, MESSAGE),
            20,
            is_floor=True,
        )
        yield Reach(
            f"{row}: {MESSAGE} / struct by hand", ratio_of(seconds, MESSAGE, STRUCT_BY_HAND), 2
        )


MESSAGES = Race("messages", "message", (MESSAGE,), CODERS, ROWS, _judge)
