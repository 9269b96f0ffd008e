"""Texts in the default alphabet, encoded and decoded.

`Alphabet` writes and reads the wire form of CIMD2, combinations and all; gsm0338, which knows the
alphabet only, gets and gives codes. What `Alphabet` needs for these stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ohnecimd.protocols.cimd.text import DEFAULT

from .group import Reach, ratio_of
from .race import Candidate, Race, Row, Turn, WrongResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .race import Seconds

    Coder = tuple[Callable[[str], bytes], Callable[[bytes], str]]

__all__ = ["ALPHABET", "CODES", "GSM0338", "TEXT", "TextCandidate", "TextRow"]

ALPHABET, CODES, GSM0338 = "Alphabet", "Alphabet, codes", "gsm0338"
AT_LEAST = 10
AT_LEAST_OF_FORMS = 4  # where hardly a character is written as itself
CHARACTERS = 1 << 17  # in a turn


@dataclass(frozen=True)
class TextCandidate(Candidate):
    """Turns text into bytes, and back."""

    coder: Callable[[], Coder] = lambda: (DEFAULT.encode, DEFAULT.decode)
    is_wire: bool = False  # the bytes are user data, not codes
    fewer: int = 1  # divides the work: it is slow


def _gsm0338() -> Coder:
    from gsm0338 import Codec  # noqa: PLC0415 - not everybody has it

    codec = Codec()
    return (lambda text: codec.encode(text)[0], lambda codes: codec.decode(codes)[0])


CANDIDATES = (
    TextCandidate(ALPHABET, is_wire=True),
    TextCandidate(CODES, coder=lambda: (DEFAULT.codes, DEFAULT.text)),
    TextCandidate(GSM0338, "gsm0338", _gsm0338, fewer=16),
)


@dataclass(frozen=True)
class TextRow(Row[TextCandidate]):
    """One text, one way."""

    title: str
    text: str
    is_encoding: bool

    @property
    def name(self) -> str:  # type: ignore[override] # read only
        return f"{self.title}, {'encode' if self.is_encoding else 'decode'}"

    def turn(self, candidate: TextCandidate, divisor: int) -> Turn:
        encode, decode = candidate.coder()
        octets = (DEFAULT.encode if candidate.is_wire else DEFAULT.codes)(self.text)
        if encode(self.text) != octets or decode(octets) != self.text:
            raise WrongResult(f"{candidate.name} makes something else of the row {self.name!r}")
        times = max(1, CHARACTERS // len(self.text) // candidate.fewer // divisor)
        call: Callable[[Any], object] = encode if self.is_encoding else decode
        item = self.text if self.is_encoding else octets
        return Turn(times, lambda: _repeat(call, item, times), lambda: _repeat(call, item, 1))


def _repeat(call: Callable[[Any], object], item: str | bytes, times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        call(item)
    return perf_counter() - start


MESSAGE = 160
EVERY = "every character that has no byte of its own"
FINNISH = "Täällä äiti söi köyhän pöydän ääressä hyvää ruokaa; "
TEXTS = {
    "plain English": ("The quick brown fox jumps over the lazy dog. " * 4)[:MESSAGE],
    "German": ("Die Größe der Tür überraschte alle, die vorher draußen standen. " * 3)[:MESSAGE],
    "Finnish": (FINNISH * 4)[:MESSAGE],
    "JSON": ('{"id": 17, "tags": ["a", "b"], "price": "5 €"} ' * 3)[:110],
    EVERY: "".join(
        [row.character for row in DEFAULT.characters if row.combination]
        + list(DEFAULT.extension.values())
    ),
    "16 000 characters of Finnish": (FINNISH * 320)[:16_000],
}
ROWS = tuple(
    TextRow(title, text, is_encoding)
    for title, text in TEXTS.items()
    for is_encoding in (True, False)
)


def _judge(results: Mapping[str, Seconds]) -> Iterator[Reach]:
    """Give what there and back costs in ratio to ours, for each text."""
    for title in TEXTS:
        ways = [results[row.name] for row in ROWS if row.title == title and row.name in results]
        if len(ways) < 2:
            continue
        taken_part = ways[0].keys() & ways[1].keys()
        both = {name: sum(way[name] for way in ways) for name in taken_part}
        bound = AT_LEAST_OF_FORMS if title == EVERY else AT_LEAST
        for name in (ALPHABET, CODES):
            ratio = ratio_of(both, GSM0338, name)
            yield Reach(f"{title}, there and back: {GSM0338} / {name}", ratio, bound, is_floor=True)


TEXT = Race("text", "text", (ALPHABET, CODES), CANDIDATES, ROWS, _judge)
