"""The scene of the demo in which one parser answers lines, without I/O and on each transport."""

from __future__ import annotations

import contextlib
import inspect
import queue
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd import Steps, emit, protocol, put, read_until
from ohnecimd.cli.failures import BadUse, reason
from ohnecimd.cli.stage import Outcome
from ohnecimd.cli.transports import TRANSPORTS, Transport, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ohnecimd.cli.stage import Stage
    from ohnecimd.cli.transports import Running

__all__ = ["SCRIPT", "answer", "play"]

PATIENCE_S = 3.0
PAUSE_S = 0.02  # lest the system joins what was cut


@protocol
def answer() -> Steps[None]:
    """Answer every line, until one is a dot."""
    while (line := (yield from read_until(b"\r\n"))) != b".":
        yield from emit(line)
        yield from put(b"You sent: " + line + b"\r\n")


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece that goes in, and what has to come of it."""

    piece: bytes
    events: tuple[bytes, ...] = ()
    out: bytes = b""


SCRIPT = (
    Cut(b"Hel"),
    Cut(b"lo\r"),
    Cut(
        b"\nagain\r\n\r\nand the l",
        (b"Hello", b"again", b""),
        b"You sent: Hello\r\nYou sent: again\r\nYou sent: \r\n",
    ),
    Cut(b"ast\r\n.\r\nno answer\r\n", (b"and the last",), b"You sent: and the last\r\n"),
)


class Bare:
    """The parser, without I/O."""

    def __init__(self) -> None:
        self._connection = answer()

    def take(self, cut: Cut) -> tuple[tuple[Any, ...], bytes]:
        """Hand it in and out."""
        self._connection.send(cut.piece)
        return tuple(self._connection.events()), self._connection.read()

    def has_ended(self) -> bool:
        """Look."""
        return self._connection.closing and not self._connection.error


class Served:
    """The parser behind a socket.

    Args:
        client: connected to its server.
        events: what the server has been told.
    """

    def __init__(self, client: socket.socket, events: queue.Queue[Any]) -> None:
        self._client = client
        self._events = events

    def take(self, cut: Cut) -> tuple[tuple[Any, ...], bytes]:
        """Send it, and wait for what has to come."""
        self._client.sendall(cut.piece)
        if not cut.out:
            time.sleep(PAUSE_S)
        events = [self._events.get(timeout=PATIENCE_S) for _ in cut.events]
        out = b""
        while len(out) < len(cut.out) and (data := self._client.recv(65536)):
            out += data
        return tuple(events), out

    def has_ended(self) -> bool:
        """Wait for it."""
        return self._client.recv(1) == b"" and self._events.empty()


def play(stage: Stage) -> list[Outcome]:
    """Show it all."""
    stage.title("A parser: it reads, and answers, and knows no socket")
    with contextlib.suppress(OSError):  # where modules have no source
        stage.code(inspect.getsource(answer))
    stage.title("Without I/O: cut bytes in, events and bytes out")
    outcomes = [Outcome("no I/O", _follow_script(stage, Bare()))]
    for name, transport in TRANSPORTS.items():
        try:
            transport.load()
        except BadUse as missing:
            stage.title(f"On {name}: left out")
            stage.say(f"    {missing}")
            continue
        outcomes.append(Outcome(name, _play_on(stage, transport)))
    return outcomes


def _play_on(stage: Stage, transport: Transport) -> bool:
    events: queue.Queue[Any] = queue.Queue()
    try:
        with _serving(transport, events) as server:
            stage.title(f"The same, served by {transport.name} on {server.address}")
            place: Any = server.address
            with socket.create_connection((place.host, place.port), PATIENCE_S) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _follow_script(stage, Served(client, events))
    except queue.Empty:
        stage.wrong(f"nothing came within {PATIENCE_S:g} s")
    except OSError as error:
        stage.wrong(reason(error))
    return False


def _follow_script(stage: Stage, peer: Bare | Served) -> bool:
    is_right = True
    for cut in SCRIPT:
        events, out = peer.take(cut)
        stage.step(cut.piece, events, out)
        if (events, out) != (cut.events, cut.out):
            stage.wrong(f"expected the events {cut.events} and the bytes {cut.out!r}")
            is_right = False
    if not peer.has_ended():
        stage.wrong("it has not ended at the dot")
        is_right = False
    return is_right


@contextlib.contextmanager
def _serving(transport: Transport, events: queue.Queue[Any]) -> Iterator[Running]:
    """Serve in a thread until the end."""
    ready: queue.Queue[Running | OSError] = queue.Queue()
    note = {"on_event": lambda _, event: events.put(event)}
    note["on_error"] = note["on_event"]

    def run() -> None:
        try:
            transport.run(Wanted(answer, ready.put, note))
        except OSError as error:
            ready.put(error)

    thread = threading.Thread(target=run, name=transport.name, daemon=True)
    thread.start()
    server = ready.get(timeout=PATIENCE_S)
    if isinstance(server, OSError):
        raise server
    try:
        yield server
    finally:
        server.call_soon(server.stop)
        thread.join(PATIENCE_S)
