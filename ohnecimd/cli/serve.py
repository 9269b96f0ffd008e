"""``ohnecimd serve``: a server on any transport that tells what happens, a line for each event."""

from __future__ import annotations

import os
import signal
import stat
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.addresses import parse_host, parse_path, parse_port
from ohnecimd.cli.commands import Command, argument, positive
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.failures import BadUse, Failed, Stop, reason
from ohnecimd.cli.sides import Shown, show_error
from ohnecimd.cli.standard import Output
from ohnecimd.cli.transports import TRANSPORTS, Wanted
from ohnecimd.transports.listening import Address

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator

    from ohnecimd.cli.sides import Server
    from ohnecimd.cli.transports import Running
    from ohnecimd.connection import Connection

__all__ = ["COMMAND"]

HOST = "127.0.0.1"


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        type=argument(parse_host),
        help=f"name or address of this machine (default: {HOST})",
    )
    parser.add_argument("--port", type=argument(parse_port), help="0 takes a free one (default: 0)")
    parser.add_argument(
        "--unix", metavar="PATH", type=argument(parse_path), help="listen on a Unix socket instead"
    )
    parser.add_argument(
        "--transport",
        metavar="NAME",
        choices=TRANSPORTS,
        help=f"{', '.join(TRANSPORTS)} (default: {next(iter(TRANSPORTS))})",
    )
    parser.add_argument(
        "--max-connections",
        metavar="N",
        type=positive("number of connections"),
        help="let further clients wait (default: no limit)",
    )
    parser.add_argument("--json", action="store_true", help="print events as JSON objects")


def _run(options: Namespace) -> int:
    switch = _Switch()
    side = options.side
    factory = side.make(options)
    journal = _Journal(
        Output(switch.is_off),
        side,
        switch,
        has_ended=lambda: side.has_ended(factory),
        as_json=options.json,
    )

    def begin(server: Running) -> None:
        journal.listening(server)
        side.attend(factory, server)

    wanted = Wanted(
        factory,
        on_ready=begin,
        options={
            **_place(options),
            "max_connections": options.max_connections,
            "on_open": journal.opened,
            "on_event": journal.event,
            "on_error": journal.error,
            "on_close": journal.closed,
        },
    )
    with _signals_to(switch):
        try:
            TRANSPORTS[options.transport].run(wanted)
        except OSError as error:
            if switch.is_wired:
                raise Failed(f"the server has stopped: {reason(error)}") from error
            raise _refusal(options, error) from error
    if journal.failure is not None:
        raise journal.failure
    return 0


def _place(options: Namespace) -> dict[str, object]:
    if options.unix is None:
        return {"host": HOST if options.host is None else options.host, "port": options.port or 0}
    if options.host is not None or options.port is not None:
        raise BadUse("--unix stands instead of --host and --port, not beside them")
    return {"unix": options.unix}


def _refusal(options: Namespace, error: OSError) -> BadUse:
    """Say why the server cannot listen."""
    place = Address(**_place(options))  # type: ignore[arg-type] # it has the same names
    why = reason(error)
    if place.unix and _is_another_file(place.unix):
        why = "there is a file that is no socket"
    return BadUse(f"cannot listen on {place}: {why}")


def _is_another_file(path: str) -> bool:
    try:
        return not stat.S_ISSOCK(os.stat(path).st_mode)  # noqa: PTH116 - as the path was given
    except OSError:
        return False


class _Switch:
    """Turns the server off, in order, whoever asks for it and whenever."""

    def __init__(self) -> None:
        self._is_off = False
        self._server: Running | None = None

    @property
    def is_wired(self) -> bool:
        return self._server is not None

    def is_off(self) -> bool:
        return self._is_off

    def wire(self, server: Running) -> None:
        self._server = server
        if self._is_off:
            server.call_soon(server.stop)

    def turn_off(self, *_: object) -> None:
        if not self._is_off:
            self._is_off = True
            if self._server is not None:
                self._server.call_soon(self._server.stop)


@contextmanager
def _signals_to(switch: _Switch) -> Iterator[None]:
    """Have SIGINT and SIGTERM turn the server off.

    The handlers are Python's own and not those of a loop, so that they are called while the
    server waits for somebody to take its output.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, switch.turn_off) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Journal:
    """Prints what happens; turns the server off when that, or the server's work, is over."""

    def __init__(
        self,
        output: Output,
        side: Server,
        switch: _Switch,
        *,
        has_ended: Callable[[], bool],
        as_json: bool,
    ) -> None:
        self._output = output
        self._side = side
        self._switch = switch
        self._has_ended = has_ended
        self._as_json = as_json
        self._numbers: dict[Connection[Any], int] = {}
        self._count = 0
        self.failure: Stop | None = None

    def listening(self, server: Running) -> None:
        self._switch.wire(server)
        self._print(f"listening on {server.address}")

    def opened(self, connection: Connection[Any]) -> None:
        self._count += 1
        self._numbers[connection] = self._count
        self._tell(connection, Shown("open", "", {}))

    def event(self, connection: Connection[Any], event: object) -> None:
        if self._side.is_told(event):
            self._tell(connection, self._side.show(event))

    def error(self, connection: Connection[Any], error: Exception) -> None:
        self._tell(connection, show_error(error))

    def closed(self, connection: Connection[Any]) -> None:
        self._tell(connection, Shown("close", "", {}))
        del self._numbers[connection]
        if not self._numbers and self._has_ended():
            self._switch.turn_off()

    def _tell(self, connection: Connection[Any], shown: Shown) -> None:
        number = self._numbers[connection]
        if self._as_json:
            head = {"event": shown.name, "connection": number}
            self._print(to_json(head | dict(shown.members)))
        else:
            self._print(" ".join(filter(None, (str(number), shown.name, shown.text))))

    def _print(self, line: str) -> None:
        if self.failure is None:
            try:
                self._output.line(line)
            except Stop as failure:
                self.failure = failure
                self._switch.turn_off()


COMMAND = Command(
    summary="run a server",
    run=_run,
    add_options=_add_options,
    defaults={
        "host": None,
        "port": None,
        "unix": None,
        "transport": next(iter(TRANSPORTS)),
        "max_connections": None,
        "json": False,
    },
    side=lambda protocol: protocol.server,
)
