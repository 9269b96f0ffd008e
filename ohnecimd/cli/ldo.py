"""The LDO chunk protocol, for the commands; with the command language of its example client."""

from __future__ import annotations

import itertools
import math
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from ohnecimd.cli.commands import positive, seconds
from ohnecimd.cli.escapes import escape, printable
from ohnecimd.cli.failures import BadUse
from ohnecimd.cli.sides import Client, Decoder, Explainer, Protocol, Server, Shown
from ohnecimd.cli.standard import Output
from ohnecimd.cli.talk import add_words, complaints, connected, given
from ohnecimd.errors import QUOTED_BYTES, Closed, NotAllowedNow
from ohnecimd.protocols import chunks
from ohnecimd.protocols.chunks import IDLE_S, LIMIT, MESSAGES, Chunk, ChunkMessage, Problem
from ohnecimd.protocols.chunks.explaining import explain
from ohnecimd.protocols.lines import FRIENDLY

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable

    from ohnecimd.transports.sockets import Client as Caller

__all__ = ["ROWS"]

LINE_BYTES = 1 << 20
MOST_DIGITS = 15
LONGEST_DELAY_S = 1e6


# What events look like


def _show(event: Chunk | Problem) -> Shown:
    if isinstance(event, Problem):
        members = {"error": event.kind, "offset": event.offset, "message": event.message}
        return Shown("error", f"{event.kind}: {event.message}", members)
    return Shown(
        "request",
        _text_of(event),
        {
            "offset": event.offset,
            "id": event.id.decode("latin-1"),
            "size": len(event.contents),
            "contents": event.contents.hex(),
        },
    )


def _text_of(chunk: Chunk) -> str:
    row = MESSAGES.find(chunk.id)
    name = "unknown" if row is None else row.name.lower()
    text = f"{escape(chunk.id)} {len(chunk.contents)} {name}"
    contents = escape(chunk.contents)
    if row is not None and chunks.tags_of(cast("type[ChunkMessage]", row.message)):
        contents = _text_of_subchunks(chunk)
    return f"{text}: {contents}" if contents else text


def _text_of_subchunks(chunk: Chunk) -> str:
    left = len(chunk.contents)
    texts = []
    for part in chunks.subchunks(chunk):
        texts.append(f"{escape(part.id)}={escape(part.contents)}")
        left -= len(part.encode())
    if left:
        texts.append(f"({left} byte{'' if left == 1 else 's'} ignored)")
    return " ".join(texts)


# The command language

Act: TypeAlias = "Callable[[Caller[chunks.Client]], object]"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do on a connection, and how it was written."""

    text: str
    act: Act


def parse_action(text: bytes) -> Action:
    """Return what the example client's command language means.

    Raises:
        BadUse: nothing.
    """
    try:
        words = text.decode("ascii")
        return Action(words, _parse(words))
    except ValueError as error:
        why = "it is not ASCII" if isinstance(error, UnicodeDecodeError) else error
        raise BadUse(f"bad action '{escape(text[:QUOTED_BYTES])}': {why}") from error


def _parse(text: str) -> Act:
    name, colon, argument = text.partition(":")
    if name not in ACTIONS or not colon:
        *others, last = (f"{each}:" for each in ACTIONS)
        raise ValueError(f"an action begins with {', '.join(others)} or {last}")
    return ACTIONS[name](argument)


def _delay(argument: str) -> Act:
    try:
        wait_s = float(argument)
    except ValueError:
        wait_s = math.nan
    if not 0 <= wait_s <= LONGEST_DELAY_S:
        raise ValueError(f"{argument!r} is no number of seconds")
    return lambda _: time.sleep(wait_s)


def _request(argument: str) -> Act:
    id_, contents = _parse_request(argument)

    def act(client: Caller[chunks.Client]) -> object:
        reply = _ask(client, id_, contents)
        return reply.id, reply.contents

    return act


def _request_decoded(argument: str) -> Act:
    id_, contents = _parse_request(argument)

    def act(client: Caller[chunks.Client]) -> object:
        reply = _ask(client, id_, contents)
        return reply.id, [(part.id, part.contents) for part in chunks.subchunks(reply)]

    return act


def _send(argument: str) -> Act:
    data = _unescape(argument)

    def act(client: Caller[chunks.Client]) -> None:
        client.connection.send_raw(data)
        client.flush()

    return act


def _receive(argument: str) -> Act:
    if not (argument.isdigit() and len(argument) <= MOST_DIGITS):
        raise ValueError(f"{argument!r} is no number of bytes")
    nbytes = int(argument)

    def act(client: Caller[chunks.Client]) -> object:
        client.connection.receive_raw(nbytes)
        return client.next_event()

    return act


ACTIONS: dict[str, Callable[[str], Act]] = {
    "delay": _delay,
    "request": _request,
    "requestd": _request_decoded,
    "raw-send": _send,
    "raw-receive": _receive,
}

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")


def _parse_request(argument: str) -> tuple[bytes, bytes]:
    """Return the ID and the contents of ``ID``, ``ID:LITERAL`` or ``ID:id=contents:...``."""
    id_, *items = argument.split(":")
    if len(items) == 1 and "=" not in items[0]:
        return _parse_id(id_), _unescape(items[0])
    return _parse_id(id_), b"".join(map(_parse_item, items))


def _parse_item(item: str) -> bytes:
    id_, *values = item.split("=")
    if len(values) != 1:
        raise ValueError(f"{item!r} is not of the form id=contents")
    return Chunk(_parse_id(id_), _unescape(values[0])).encode()


def _parse_id(text: str) -> bytes:
    id_ = _unescape(text)
    if len(id_) != 4:
        raise ValueError(f"an ID has 4 bytes, and {text!r} has {len(id_)}")
    return id_


def _unescape(text: str) -> bytes:
    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            raise ValueError(f"% without two hex digits in {text!r}")
        return chr(int(match[1], 16))

    return _ESCAPE.sub(replace, text).encode("latin-1")


def _ask(client: Caller[chunks.Client], id_: bytes, contents: bytes) -> Chunk:
    client.connection.request(id_, contents)
    reply: Chunk = client.next_event()
    return reply


def _converse(options: Namespace) -> None:
    output = Output()
    texts = itertools.chain.from_iterable(given(options, FRIENDLY, LINE_BYTES))
    actions: Iterable[Action] = map(parse_action, texts)
    if options.words:
        actions = list(actions)  # nothing is done if one of them is wrong
    with connected(options) as client:
        for number, action in enumerate(actions, 1):
            output.line(f"action: {printable(action.text)}")
            result = _do(action, f"action {number}", client, options)
            if result is not None:
                output.line(f" result: {result!r}")


def _do(action: Action, name: str, client: Caller[chunks.Client], options: Namespace) -> object:
    with complaints(options, lambda: name):
        try:
            return action.act(client)
        except NotAllowedNow as error:  # such as another request to a server that has closed
            raise Closed(str(error)) from error


# The sides


def _limit_of(what: str) -> Callable[[ArgumentParser], None]:
    def add(parser: ArgumentParser) -> None:
        parser.add_argument(
            "--limit",
            metavar="BYTES",
            type=positive("number of bytes"),
            default=LIMIT,
            help=f"of the contents of {what} (default: %(default)s)",
        )

    return add


def _add_serving(parser: ArgumentParser) -> None:
    _limit_of("a request")(parser)
    parser.add_argument(
        "--idle",
        metavar="SECONDS",
        type=seconds("idle limit"),
        default=IDLE_S,
        help="how long no byte may come or go (default: %(default)g)",
    )


def _add_talking(parser: ArgumentParser) -> None:
    add_words(
        parser,
        "ACTION",
        "delay:SECONDS, request:ID[:CONTENTS], requestd:ID[:CONTENTS], raw-send:BYTES or "
        "raw-receive:N",
    )
    _limit_of("a reply")(parser)


ROWS = (
    Protocol(
        "ldo",
        server=Server(
            "does what chunks ask it to, until one asks it to shut down",
            lambda options: chunks.Server(limit=options.limit, idle_s=options.idle, emits=True),
            _show,
            _add_serving,
            has_ended=lambda server: server.is_shutting_down,
        ),
        client=Client(
            "does actions in order, and prints the results",
            lambda options: partial(chunks.Client, limit=options.limit),
            _show,
            _add_talking,
            _converse,
        ),
        decoder=Decoder(
            "chunks of the LDO protocol",
            lambda options: partial(chunks.decode, limit=options.limit),
            _show,
            _limit_of("a chunk"),
        ),
        explainer=Explainer(
            "chunks of the LDO protocol, all that went one way",
            lambda options, data: explain(data, options.limit),
            _limit_of("a chunk"),
        ),
    ),
)
