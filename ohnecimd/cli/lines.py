"""Echo, chat and lines, for the commands."""

from __future__ import annotations

import io
import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.commands import argument, positive
from ohnecimd.cli.escapes import escape, unescape
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.sides import Client, Decoder, Explainer, Protocol, Server, Shown, show_error
from ohnecimd.cli.standard import Input
from ohnecimd.cli.talk import LineByLine
from ohnecimd.messages import Span
from ohnecimd.protocols.lines import (
    END_OF_CHAT,
    FRIENDLY,
    LF,
    STRICT,
    ChatClient,
    EchoClient,
    Line,
    chat,
    decode,
    echo,
)
from ohnecimd.separators import separators_of
from ohnecimd.stream import LIMIT

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from ohnecimd.connection import Connection
    from ohnecimd.errors import ProtocolError
    from ohnecimd.separators import Separator

__all__ = ["ROWS"]


def _delimiter(text: str) -> bytes:
    try:
        delimiter = unescape(text)
    except ValueError as error:
        raise ValueError(f"bad delimiter {text!r}: {error}") from None
    if not delimiter:
        raise ValueError("bad delimiter '': it has at least one byte")
    return delimiter


def _add_limit(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--limit",
        metavar="BYTES",
        type=positive("number of bytes"),
        default=LIMIT,
        help="of a line, without its end (default: %(default)s)",
    )


def _add_talking(parser: ArgumentParser) -> None:
    LineByLine.add_options(parser)
    _add_limit(parser)


def _add_decoding(parser: ArgumentParser) -> None:
    _add_limit(parser)
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument(
        "--strict",
        dest="delimiter",
        action="store_const",
        const=STRICT,
        help="lines end with CR LF; CR or LF alone is data (default: with LF or CR LF)",
    )
    ends.add_argument(
        "--delimiter",
        metavar="ESCAPED",
        type=argument(_delimiter),
        help=r"what lines end with, such as '\r\n' or '\x1e'",
    )
    parser.set_defaults(delimiter=FRIENDLY)


def _show(event: Line | ProtocolError) -> Shown:
    if not isinstance(event, Line):
        return show_error(event)
    members = {"line": event.text.decode("latin-1"), "offset": event.offset}
    return Shown("line", escape(event.text), members)


def _explain(data: bytes, delimiter: Separator, limit: int) -> Iterator[Span | ProtocolError]:
    choices = separators_of(delimiter)
    batches = events_of(decode(delimiter, limit=limit), Input(io.BytesIO(data), "lines"))
    number = 0
    for event in itertools.chain.from_iterable(batches):
        if not isinstance(event, Line):
            yield event
            continue
        number += 1
        name = f"line {number}"
        end = event.offset + len(event.text)
        if event.text:
            yield Span(event.offset, end, (name, "text"), event.text)
        found = next(each for each in choices if data.startswith(each, end))
        yield Span(end, end + len(found), (name, "end"), found)


def _unescaped(event: Line) -> bytes:
    return event.text + LF


def _serve_with(
    factory: Callable[..., Connection[Any]],
) -> Callable[[Namespace], Callable[[], Connection[Any]]]:
    return lambda options: partial(factory, limit=options.limit, emits=True)


def _talk_with(
    client: Callable[..., Connection[Any]],
) -> Callable[[Namespace], Callable[[], Connection[Any]]]:
    return lambda options: partial(client, limit=options.limit)


def _say(client: EchoClient, line: bytes) -> bool:
    client.say(line)
    return True


def _say_or_end(client: ChatClient, line: bytes) -> bool:
    if line == END_OF_CHAT:
        client.bye()
        return False
    client.say(line)
    return True


ROWS = (
    Protocol(
        "echo",
        server=Server("sends lines back", _serve_with(echo), _show, _add_limit),
        client=Client(
            "prints the lines that come back",
            _talk_with(EchoClient),
            _show,
            _add_talking,
            LineByLine(_say, ends=LF, unescaped=_unescaped),
        ),
    ),
    Protocol(
        "chat",
        server=Server(
            "answers 'You sent:' and the line, until one is '.'",
            _serve_with(chat),
            _show,
            _add_limit,
        ),
        client=Client(
            "prints what the server has understood; a line '.' ends it",
            _talk_with(ChatClient),
            _show,
            _add_talking,
            LineByLine(_say_or_end, ends=FRIENDLY, unescaped=_unescaped),
        ),
    ),
    Protocol(
        "lines",
        decoder=Decoder(
            "lines that end with LF or CR LF",
            lambda options: partial(decode, options.delimiter, limit=options.limit),
            _show,
            _add_decoding,
        ),
        explainer=Explainer(
            "lines that end with LF or CR LF",
            lambda options, data: _explain(data, options.delimiter, options.limit),
            _add_decoding,
        ),
    ),
)
