r"""Bytes beside the names of what they are: as text, and as a page of HTML.

>>> from ohnecimd.messages import Span
>>> for line in text_of(b"\x01\xffok", [Span(0, 2, ("size",), 511), Span(2, 4, ("text",), b"ok")]):
...     print(line)
00000000  01 ff                    ..        size = 511
00000002  6f 6b                    ok        text = 'ok'
"""

from __future__ import annotations

import enum
import html
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.cli.escapes import escape, printable
from ohnecimd.declaring.dissecting import STARS
from ohnecimd.domains import plural
from ohnecimd.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ohnecimd.messages import Span

__all__ = ["Row", "html_of", "rows_of", "text_of"]

LINE_BYTES = 8
VALUE_CHARACTERS = 60
QUOTED_BYTES = 16  # shorter ones are quoted whatever they are, longer ones if they are text
LEAST_TEXT = 0.75  # of its bytes can be printed
UNNAMED = "(unnamed)"

_DOTS = bytes(each if 0x20 <= each < 0x7F else ord(".") for each in range(256))
_UNPRINTABLE = bytes(each for each in range(256) if not 0x20 <= each < 0x7F)


class Row(msgspec.Struct, frozen=True, gc=False):
    """Some bytes, and what they are; all text is printable.

    Args:
        start: of the first of them.
        data: the bytes.
        path: names of what they are, from the outside in; none for an error.
        value: what they say, or what is wrong with them.
        meaning: what that means.
        is_secret: the bytes are not to be shown.
    """

    start: int
    data: bytes
    path: tuple[str, ...] = ()
    value: str = ""
    meaning: str = ""
    is_secret: bool = False

    @property
    def is_error(self) -> bool:
        """Whether the value is what is wrong."""
        return not self.path

    @property
    def title(self) -> str:
        """Name, value and meaning on one line."""
        if not self.path:
            return f"! {self.value}"
        name = " > ".join(self.path)
        text = f"{name} = {self.value}" if self.value else name
        return f"{text}  ({self.meaning})" if self.meaning else text


def rows_of(data: bytes, found: Iterable[Span | ProtocolError]) -> Iterator[Row]:
    """Give the bytes in order, each once; those without a name, too.

    Args:
        data: all of it.
        found: in the order of their places; of spans that overlap, the first counts.
    """
    at = 0
    for each in found:
        if isinstance(each, ProtocolError):
            start = at if each.position is None else each.position
        else:
            start = each.start
        if at < start:
            if at < len(data):
                yield Row(at, data[at:start], (UNNAMED,))
            at = start
        if isinstance(each, ProtocolError):
            yield Row(start, b"", value=_fault(each, start))
        elif at < each.end:
            path = tuple(map(printable, each.path)) or (UNNAMED,)
            is_secret = each.value == STARS
            value = STARS if is_secret else _shown(each.value)
            yield Row(at, data[at : each.end], path, value, printable(each.meaning), is_secret)
            at = each.end
    if at < len(data):
        yield Row(at, data[at:], (UNNAMED,))


def _fault(error: ProtocolError, place: int) -> str:
    """Say what is wrong, without the place, which stands beside it."""
    text = str(error)
    prefix = f"at byte {place}"
    if error.position == place and text.startswith((f"{prefix}:", f"{prefix} ")):
        text = text[len(prefix) :].lstrip(": ")
    return printable(text)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return _shown_bytes(value)
    if isinstance(value, enum.Enum):
        return f"{value.name} ({value.value!r})" if value.name else repr(value.value)
    text = printable(repr(value))
    return text if len(text) <= VALUE_CHARACTERS else f"{text[:VALUE_CHARACTERS]}..."


def _shown_bytes(value: bytes) -> str:
    """Quote what is short, or text; else the bytes stand beside it, and are only counted."""
    head = value[:VALUE_CHARACTERS]
    if len(value) > QUOTED_BYTES:
        text_bytes = len(head.translate(None, _UNPRINTABLE))
        if text_bytes < len(head) * LEAST_TEXT:
            return plural(len(value), "byte")
    rest = "" if len(value) == len(head) else f"... {len(value)} bytes"
    return f"'{escape(head)}'{rest}"


def _lines_of(row: Row, most: int | None) -> Iterator[str]:
    """Give offset, bytes and characters, a line of them at a time."""
    data = row.data
    stop = size = len(data)
    if most is not None and size > (most + 1) * LINE_BYTES:  # not to leave out a single line
        stop = most * LINE_BYTES
    for start in range(0, stop or 1, LINE_BYTES):
        piece = data[start : start + LINE_BYTES]
        if row.is_secret:
            octets, text = "** " * len(piece), "*" * len(piece)
        else:
            octets, text = piece.hex(" "), piece.translate(_DOTS).decode("ascii")
        yield f"{row.start + start:08x}  {octets:24} {text:8}"
    if stop < size:
        yield f"{'':10}... {size - stop} bytes more"


def text_of(
    data: bytes, found: Iterable[Span | ProtocolError], most_lines: int | None = None
) -> Iterator[str]:
    """Give the lines of a hex dump.

    Args:
        data: all of it.
        found: what its parts are.
        most_lines: for one part; the rest of it is counted; None: all.
    """
    for row in rows_of(data, found):
        title = row.title
        for line in _lines_of(row, most_lines):
            yield f"{line}  {title}".rstrip()
            title = ""


HEAD = """
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th { text-align: left; border-bottom: 2px solid #8888 }
th, td { vertical-align: top; padding: .15rem .75rem .15rem 0 }
td { border-bottom: 1px solid #8883; overflow-wrap: anywhere }
td.bytes { font: 13px/1.6 ui-monospace, monospace; white-space: pre }
td.meaning, span.path { color: #888 }
tr.error td { color: #c22; font-weight: 600 }
</style>
""".strip()

_text = partial(html.escape, quote=False)


def html_of(
    title: str,
    data: bytes,
    found: Iterable[Span | ProtocolError],
    most_lines: int | None = None,
) -> Iterator[str]:
    """Give the lines of a page of HTML that needs nothing else.

    Args:
        title: of the page.
        data: all of it.
        found: what its parts are.
        most_lines: for one part; the rest of it is counted; None: all.
    """
    name = _text(printable(title))
    yield f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{HEAD}\n<title>{name}</title>\n</head>'
    yield f"<body>\n<h1>{name}</h1>\n<table>"
    yield "<tr><th>bytes</th><th>name</th><th>value</th><th>meaning</th></tr>"
    for row in rows_of(data, found):
        yield from _row_as_html(row, most_lines)
    yield "</table>\n</body>\n</html>"


def _row_as_html(row: Row, most_lines: int | None) -> Iterator[str]:
    *outer, inner = row.path or ("error",)
    path = "".join(f"{each} > " for each in outer)
    name = f'<span class="path">{_text(path)}</span>' if path else ""
    text = '<tr class="error"><td class="bytes">' if row.is_error else '<tr><td class="bytes">'
    for number, line in enumerate(_lines_of(row, most_lines)):
        if number:
            yield text
            text = ""
        text += _text(line.rstrip())
    yield (
        f"{text}</td><td>{name}{_text(inner)}</td><td>{_text(row.value)}</td>"
        f'<td class="meaning">{_text(row.meaning)}</td></tr>'
    )
