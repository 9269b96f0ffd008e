"""Messages from phones for ``serve cimd``: JSON objects on standard input, one a line.

A thread reads, so that the server never waits for a line; the server's own thread does the rest.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.cimd_options import hexadecimal
from ohnecimd.cli.failures import Failed, Stop
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.standard import Input, complain
from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.cimd.times import decode_stamp
from ohnecimd.protocols.lines import FRIENDLY, Line, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.cli.transports import Running
    from ohnecimd.protocols.cimd.simulator import Simulator

__all__ = ["Injector", "arguments_of"]

LINE_BYTES = 1 << 16
LINES_AHEAD = 1000  # that are read and not done
BACKGROUND_S = 1.0

# What may stand in an object: the argument of `Simulator.inject` that it is, the type that it has
# in JSON, and what makes the one of the other.
KEYS: dict[str, tuple[str, type, Callable[[Any], Any]]] = {
    "to": ("to", str, str),
    "from": ("sender", str, str),
    "text": ("content", str, str),
    "data": ("content", str, hexadecimal),
    "user": ("account", str, str),
    "coding": ("coding", str, str),
    "header": ("header", str, hexadecimal),
    "dcs": ("data_coding", int, int),
    "time": ("timestamp", str, lambda text: decode_stamp(text.encode())),
}
TYPES = {str: "a string", int: "a number"}


def arguments_of(line: bytes) -> dict[str, Any]:
    """Return the arguments for `Simulator.inject` that an object in JSON has.

    Raises:
        ValueError: it is none, or holds what no message has.
        OhnecimdError: its time is none.

    >>> arguments_of(b'{"to": "16700", "from": "+358407654321", "text": "Hello"}')
    {'to': '16700', 'sender': '+358407654321', 'content': 'Hello'}
    """
    try:
        members = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(members, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - wrong as all else here
    arguments: dict[str, Any] = {}
    for key, value in members.items():
        if key not in KEYS:
            raise ValueError(f"unknown key {key!r}: there are {', '.join(KEYS)}")
        name, kind, convert = KEYS[key]
        if type(value) is not kind:
            raise ValueError(f"the value of {key!r} has to be {TYPES[kind]}")
        arguments[name] = convert(value)
    if "to" not in members or ("text" in members) == ("data" in members):
        raise ValueError("it needs 'to', and either 'text' or 'data'")
    arguments.setdefault("sender", None)
    return arguments


class Injector:
    """Sends the messages on standard input, as their lines come.

    Args:
        simulator: that is served.
        server: that serves it.
    """

    def __init__(self, simulator: Simulator, server: Running) -> None:
        self._simulator = simulator
        self._server = server
        self._room = threading.Semaphore(LINES_AHEAD)

    def start(self) -> None:
        """Begin to read, if there is a standard input."""
        if sys.stdin is None:
            return
        source = _Patient(sys.stdin.buffer, "standard input")
        is_main = threading.current_thread() is threading.main_thread()
        if source.is_terminal and is_main and os.name == "posix":
            signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # a job in the background is not stopped
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: Input) -> None:
        number = 0
        try:
            for events in events_of(decode(FRIENDLY, limit=LINE_BYTES), source):
                for event in events:
                    number += 1
                    self._room.acquire()
                    self._server.call_soon(self._take, number, event)
        except Stop as error:
            complain(str(error))

    def _take(self, number: int, event: Line | OhnecimdError) -> None:
        """Send what a line says; in the server's thread."""
        self._room.release()
        try:
            if isinstance(event, OhnecimdError):
                raise event
            if event.text.strip():
                self._simulator.inject(**arguments_of(event.text))
        except (ValueError, OhnecimdError) as error:
            complain(f"line {number} of standard input: {error}")


class _Patient(Input):
    """An input that may be a terminal, which belongs to another job now and then."""

    @property
    def is_terminal(self) -> bool:
        return self.descriptor is not None and os.isatty(self.descriptor)

    def read(self) -> bytes:
        while True:
            try:
                return super().read()
            except Failed as error:
                cause = error.__cause__
                is_elsewhere = isinstance(cause, OSError) and cause.errno == errno.EIO
                if not (is_elsewhere and self.is_terminal):
                    raise
                time.sleep(BACKGROUND_S)
