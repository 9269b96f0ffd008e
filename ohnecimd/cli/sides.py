"""What the commands need to know of a protocol: what it offers as server, client and decoder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.escapes import printable
from ohnecimd.cli.failures import reason
from ohnecimd.errors import ProtocolError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from ohnecimd.connection import Connection
    from ohnecimd.separators import Separator

__all__ = ["Client", "Decoder", "Protocol", "Server", "Shown", "Side", "kind_of", "show_error"]


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as the commands print it.

    Args:
        name: its kind, in one word.
        text: printable ASCII on one line; bytes from the wire are escaped.
        members: the same for JSON; with `offset` if it has a place in the stream.
    """

    name: str
    text: str
    members: Mapping[str, object]


def kind_of(error: BaseException) -> str:
    """Return the name of an error's class as it stands in JSON, such as ``too-long``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def show_error(error: BaseException) -> Shown:
    """Show what was wrong with the input."""
    message = reason(error) if isinstance(error, OSError) else printable(str(error))
    kind = kind_of(error)
    members: dict[str, object] = {"error": kind}
    if isinstance(error, ProtocolError) and error.position is not None:
        members["offset"] = error.position
    return Shown("error", f"{kind}: {message}" if message else kind, members | {"message": message})


@dataclass(frozen=True, slots=True)
class Side:
    """What every side of a protocol has.

    Args:
        summary: for the help.
        make: the options that were given, to a factory of connections.
        show: an event of theirs, to what is printed.
        add_options: adds the options that `make` looks at.
    """

    summary: str
    make: Callable[[Namespace], Callable[[], Connection[Any]]]
    show: Callable[[Any], Shown]
    add_options: Callable[[ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Server(Side):
    """What ``serve`` needs."""


@dataclass(frozen=True, slots=True)
class Decoder(Side):
    """What ``decode`` needs: connections that emit errors, too, and go on after them."""


@dataclass(frozen=True, slots=True)
class Client(Side):
    """What ``talk`` needs.

    Args:
        say: queues one line in a connection; False if it ends the conversation, so that no answer
            comes. Raises `LocalProtocolError` where it cannot be said.
        ends: what ends a line of standard input.
        unescaped: an event as bytes, for ``--raw``.
    """

    say: Callable[[Any, bytes], bool]
    ends: Separator
    unescaped: Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol and its sides; None where there is nothing for a command."""

    name: str
    server: Server | None = None
    client: Client | None = None
    decoder: Decoder | None = None
