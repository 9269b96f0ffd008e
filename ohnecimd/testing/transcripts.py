r"""Conversations as text.

::

    # what a client says, and the answers of the server
    C: Hello\r\n
    S: You sent: Hello\r\n
    ... 60 s
    S: <end>

======================  ==========================================================================
line                    meaning
======================  ==========================================================================
``C: text``             bytes that the client sends
``S: text``             bytes that the server sends
``C: <hex 00 05 4f>``   bytes in hexadecimal digits, spaced as you like
``C: <end>``            the client sends no more; of the side that is tested: its parser has ended
``S: <error> text``     the parser of the side that is tested has failed; the text is the type of
                        the error, a colon and its message, or nothing
``E: text``             an event of the side that is tested, as its `repr`
``A: text``             the application does something
``... 60 s``            so many seconds pass
``ends: text``          the lines of bytes after this end with `text`, unless a lone ``\`` ends them
``# text``, empty       nothing
======================  ==========================================================================

Text is UTF-8 with the escapes ``\r \n \t \0 \\ \xNN``. One space after the colon belongs to the
format. Spaces at the end count; write the last as ``\x20``, lest an editor strips it. Lines of
one side that follow each other are one piece of its stream: where they are cut means nothing.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Entry", "Side", "Transcript"]

Side: TypeAlias = Literal["C", "S"]
Kind: TypeAlias = Literal["bytes", "end", "error", "event", "action", "time"]

TEXT_BYTES = 160  # of a stream, in one line
HEX_BYTES = 32

_LINE = re.compile(r"(?P<who>[CSEA]):(?: (?P<text>.*))?")
_TIME = re.compile(r"\.\.\. *(?P<seconds>\d+(?:\.\d+)?) *s")
_ENDS = re.compile(r"ends: ?(?P<text>.*)")
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.|$)", re.DOTALL)
_ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
_NAMES = {value[0]: "\\" + name.decode() for name, value in _ESCAPES.items() if value != b"\0"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transcript.

    Attributes:
        kind: what it is.
        side: whose bytes, end or error it is, if it is one of these.
        data: the bytes.
        text: the event, action, or error.
        seconds: the time.
        number: its line in the text, from 1; 0 if it comes from nowhere.
    """

    kind: Kind
    side: Side | None = None
    data: bytes = b""
    text: str = ""
    seconds: float = 0.0
    number: int = field(default=0, compare=False)

    def __str__(self) -> str:
        match self.kind:
            case "bytes":
                return f"{self.side}: {escape(self.data)}"
            case "end":
                return f"{self.side}: <end>"
            case "error":
                return f"{self.side}: <error> {self.text}".rstrip()
            case "event":
                return f"E: {self.text}"
            case "action":
                return f"A: {self.text}"
            case "time":
                return f"... {self.seconds:g} s"


class Transcript:
    r"""A conversation: a list of entries, and a text (`str` gives it).

    >>> transcript = Transcript()
    >>> transcript.add_bytes("C", b"Hello\r\nand")
    >>> transcript.add_bytes("S", bytes([0, 255, 7]))
    >>> print(transcript, end="")
    C: Hello\r\n
    C: and
    S: <hex 00ff07>
    >>> Transcript.parse(str(transcript)) == transcript
    True
    """

    __slots__ = ("entries", "name")

    def __init__(self, entries: Iterable[Entry] = (), *, name: str = "transcript") -> None:
        self.entries = list(entries)
        self.name = name

    @classmethod
    def parse(cls, text: str, *, name: str = "transcript") -> Transcript:
        """Read a transcript; `name` stands in messages about it. It may be indented as a whole.

        Raises:
            ValueError: a line is none of the format; the message has its number.
        """
        entries: list[Entry] = []
        ending = b""
        for number, line in enumerate(textwrap.dedent(text).split("\n"), 1):
            line = line.removesuffix("\r")  # noqa: PLW2901 - a file may end its lines so
            if not line.strip() or line.startswith("#"):
                continue
            try:
                if ends := _ENDS.fullmatch(line):
                    ending = unescape(ends["text"])
                    continue
                entries.append(_entry(line, ending, number))
            except ValueError as error:
                raise ValueError(f"{name}, line {number}: {error}: {line!r}") from None
        return cls(entries, name=name)

    def add_bytes(self, side: Side, data: bytes) -> None:
        """Add what `side` says, in lines."""
        self.entries += (Entry("bytes", side, line) for line in lines_of(data))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __eq__(self, other: object) -> bool:
        return self.entries == other.entries if isinstance(other, Transcript) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # it can be added to

    def __str__(self) -> str:
        return "".join(f"{entry}\n" for entry in self.entries)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self.entries)} entries>"


def _entry(line: str, ending: bytes, number: int) -> Entry:
    if time := _TIME.fullmatch(line.rstrip()):
        return Entry("time", seconds=float(time["seconds"]), number=number)
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError("expected C:, S:, E:, A:, ends:, # or ...")
    who, text = match["who"], match["text"] or ""
    if who == "E":
        return Entry("event", text=text.strip(), number=number)
    if who == "A":
        return Entry("action", text=text.strip(), number=number)
    side: Side = "C" if who == "C" else "S"
    if text.startswith("<hex ") and text.endswith(">"):
        return Entry("bytes", side, bytes.fromhex(text[5:-1]), number=number)
    if text.rstrip() == "<end>":
        return Entry("end", side, number=number)
    if text.startswith("<error>"):
        return Entry("error", side, text=text.removeprefix("<error>").strip(), number=number)
    if text.startswith("<"):
        raise ValueError(r"expected <hex ...>, <end> or <error>; text begins with \x3c for '<'")
    if len(text) - len(text.rstrip("\\")) & 1:
        return Entry("bytes", side, unescape(text[:-1]), number=number)
    return Entry("bytes", side, unescape(text) + ending, number=number)


def unescape(text: str) -> bytes:
    r"""Return the bytes that `text` stands for.

    >>> unescape(r"a\r\n\xff")
    b'a\r\n\xff'
    """

    def replace(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if len(code) > 1:
            return bytes.fromhex(code[1:].decode())
        if code not in _ESCAPES:
            raise ValueError(f"unknown escape \\{code.decode(errors='replace')}")
        return _ESCAPES[code]

    return _ESCAPE.sub(replace, text.encode())


def escape(data: bytes) -> str:
    r"""Return bytes as text of a transcript, in hexadecimal digits if few of them are letters.

    >>> print(escape(b"<a>\r\n "))
    \x3ca>\r\n\x20
    """
    letters = sum(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in data)
    if 2 * letters < len(data):
        return f"<hex {data.hex()}>"
    characters = [
        _NAMES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in data
    ]
    for place in {0, len(data) - 1} if data else ():
        if characters[place] in " <" and (place or len(data) == 1 or characters[0] == "<"):
            characters[place] = f"\\x{data[place]:02x}"
    return "".join(characters)


def lines_of(data: bytes) -> Iterator[bytes]:
    """Cut a stream into pieces for one line each: after its line ends, or where they get long."""
    for line in data.splitlines(keepends=True) if b"\n" in data else [data]:
        letters = sum(0x20 <= byte < 0x7F for byte in line)
        size = TEXT_BYTES if 2 * letters >= len(line) else HEX_BYTES
        yield from (line[start : start + size] for start in range(0, len(line), size))
