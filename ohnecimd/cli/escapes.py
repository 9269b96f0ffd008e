r"""Bytes as text that is safe on a terminal, and back.

Printable ASCII stands for itself, a backslash is doubled, every other byte is ``\xNN``; so the
text tells the bytes exactly.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["escape", "printable", "to_json", "unescape"]

BACKSLASH = "\\"
DEL = "\x7f"
_ESCAPES = {byte: f"\\x{byte:02x}" for byte in range(256) if not ord(" ") <= byte < ord(DEL)} | {
    ord(BACKSLASH): BACKSLASH * 2
}
_NAMED = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", BACKSLASH: b"\\"}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.?))", re.DOTALL)


def escape(data: bytes) -> str:
    r"""Return bytes from the wire as printable ASCII.

    >>> print(escape(b"Hi\x1b[31m\\\xe9"))
    Hi\x1b[31m\\\xe9
    """
    text = data.decode("latin-1")
    if text.isascii() and text.isprintable() and BACKSLASH not in text:
        return text
    return text.translate(_ESCAPES)


def unescape(text: str) -> bytes:
    r"""Return the bytes that are meant by what a user typed: the inverse of `escape`, and more.

    Knows ``\n``, ``\r``, ``\t`` and ``\0`` too; what is not ASCII is meant as UTF-8.

    Raises:
        ValueError: an escape that nobody knows; the message names it.

    >>> unescape(r"\r\n\x1e")
    b'\r\n\x1e'
    """

    def replace(match: re.Match[str]) -> bytes:
        digits, name = match.groups()
        if digits:
            return bytes.fromhex(digits)
        if name not in _NAMED:
            raise ValueError(
                rf"{match[0]} is no escape; there are \n, \r, \t, \0, \\ and \xNN (two hex digits)"
            )
        return _NAMED[name]

    parts: list[bytes] = []
    place = 0
    for match in _ESCAPE.finditer(text):
        parts += text[place : match.start()].encode("utf-8", "surrogateescape"), replace(match)
        place = match.end()
    parts.append(text[place:].encode("utf-8", "surrogateescape"))
    return b"".join(parts)


def printable(text: str) -> str:
    r"""Return text that is not from the wire, such as a path, without what a terminal obeys.

    >>> print(printable("caf\xe9 \x1b[2J"))
    café \x1b[2J
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def to_json(members: Mapping[str, object]) -> str:
    r"""Return one JSON object on one line, in printable ASCII.

    >>> print(to_json({"line": "\x7f\x9b"}))
    {"line": "\u007f\u009b"}
    """
    try:
        text = json.dumps(members)
    except RecursionError:
        text = "".join(_deep_json(members))
    return text.replace(DEL, "\\u007f")


class _Ready(str):
    """JSON already."""

    __slots__ = ()


def _deep_json(value: object) -> Iterator[str]:
    """Give the pieces of what ``json.dumps`` would return if it did not recurse."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, _Ready):
            yield each
        elif isinstance(each, (dict, list, tuple)):
            is_object = isinstance(each, dict)
            parts: list[object] = [_Ready("{" if is_object else "[")]
            for count, item in enumerate(each):
                if count:
                    parts.append(_Ready(", "))
                if is_object:
                    parts += _Ready(f"{json.dumps(item)}: "), each[item]
                else:
                    parts.append(item)
            parts.append(_Ready("}" if is_object else "]"))
            waiting += reversed(parts)
        else:
            yield json.dumps(each)
