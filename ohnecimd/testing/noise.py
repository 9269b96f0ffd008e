"""Bytes that no peer should send: reproducible garbage, and valid input gone wrong."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["garbage"]

FIXED = (b"\0", b"\n", b"\r\n", b"\xff", b"\0" * 64, b"\xff" * 64, b"\n" * 64, b"9" * 64, b"-1\r\n")
LONGEST_BYTES = 200


def garbage(examples: Sequence[bytes] = (), *, count: int = 200, seed: int = 0) -> Iterator[bytes]:
    r"""Give `count` byte strings, the same ones for the same arguments.

    Runs of special bytes first; then one third random bytes, and two thirds `examples` with bytes
    changed, dropped, doubled, moved, put in, or cut off, or joined with each other.

    >>> [len(each) for each in garbage([b"hello\n"], count=5)]
    [1, 1, 2, 1, 64]
    """
    chance = random.Random(seed)  # noqa: S311 - has to be the same each time
    for number in range(count):
        if number < len(FIXED):
            yield FIXED[number]
        elif not examples or number % 3 == 0:
            yield chance.randbytes(chance.randint(0, LONGEST_BYTES))
        else:
            yield _spoil(chance, chance.choice(examples), examples)


def _spoil(chance: random.Random, example: bytes, examples: Sequence[bytes]) -> bytes:
    data = bytearray(example)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        chance.choice(_FAULTS)(chance, data)
    if chance.random() < 1 / 8:
        data += chance.choice(examples)
    return bytes(data)


def _change(chance: random.Random, data: bytearray) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice((0, 0x7F, 0xFF, chance.randrange(256)))


def _nudge(chance: random.Random, data: bytearray) -> None:
    """Change one bit: lengths become a little wrong, letters other letters."""
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _drop(chance: random.Random, data: bytearray) -> None:
    start = chance.randint(0, len(data))
    del data[start : start + chance.randint(1, 4)]


def _double(chance: random.Random, data: bytearray) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = data[start : start + chance.randint(1, 16)]


def _move(chance: random.Random, data: bytearray) -> None:
    start = chance.randint(0, len(data))
    piece = data[start : start + chance.randint(1, 4)]
    del data[start : start + len(piece)]
    place = chance.randint(0, len(data))
    data[place:place] = piece


def _put_in(chance: random.Random, data: bytearray) -> None:
    place = chance.randint(0, len(data))
    data[place:place] = chance.choice(FIXED) if chance.random() < 1 / 2 else chance.randbytes(2)


def _cut_off(chance: random.Random, data: bytearray) -> None:
    del data[chance.randint(0, len(data)) :]


_FAULTS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _change,
    _nudge,
    _drop,
    _double,
    _move,
    _put_in,
    _cut_off,
)
