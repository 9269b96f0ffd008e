"""What the commands need to know of a protocol: what it offers as server, client and decoder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.cli.escapes import printable
from ohnecimd.cli.failures import reason
from ohnecimd.errors import OhnecimdError, ProtocolError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Mapping

    from ohnecimd.cli.transports import Running
    from ohnecimd.connection import Connection
    from ohnecimd.messages import Span

__all__ = [
    "AnySide",
    "Client",
    "Decoder",
    "Explainer",
    "Protocol",
    "Server",
    "Shown",
    "Side",
    "kind_of",
    "show_error",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as the commands print it.

    Args:
        name: its kind, in one word.
        text: printable ASCII on one line; bytes from the wire are escaped.
        members: the same for JSON; with `offset` if it has a place in the stream. Without, the text
            is all that is printed.
        faults: how many places in it are malformed; with `error` in the members, it is one itself.
    """

    name: str
    text: str
    members: Mapping[str, object]
    faults: int = 0


def kind_of(error: BaseException) -> str:
    """Return the name of an error's class as it stands in JSON, such as ``too-long``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def show_error(error: BaseException) -> Shown:
    """Show what was wrong with the input."""
    if isinstance(error, OSError) and not isinstance(error, OhnecimdError):
        message = reason(error)
    else:
        message = printable(str(error))
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
    """What ``serve`` needs.

    Args:
        has_ended: asked with what `make` has made when the last client has gone: whether the
            server is to stop.
        attend: called with what `make` has made, and the server, when that listens.
        is_told: whether an event is printed.
    """

    has_ended: Callable[[Any], bool] = lambda _: False
    attend: Callable[[Any, Running], object] = lambda _, __: None
    is_told: Callable[[Any], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Decoder(Side):
    """What ``decode`` needs: connections that emit errors, too, and go on after them."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """What ``explain`` needs.

    Args:
        summary: for the help.
        explain: the options that were given, and bytes, to what their parts are and what is wrong
            with them, in the order of the places.
        add_options: adds the options that `explain` looks at.
    """

    summary: str
    explain: Callable[[Namespace, bytes], Iterable[Span | ProtocolError]]
    add_options: Callable[[ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Client(Side):
    """What ``talk`` needs.

    Args:
        converse: has the conversation, with the options that were given: `ohnecimd.cli.talk` has
            what it takes to connect, to get at what the user wants to say, and to fail.
    """

    converse: Callable[[Namespace], object]


AnySide: TypeAlias = Side | Explainer


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol and its sides; None where there is nothing for a command."""

    name: str
    server: Server | None = None
    client: Client | None = None
    decoder: Decoder | None = None
    explainer: Explainer | None = None
