"""``talk cimd``: an application that does what words, or the lines of standard input, say.

Strategy. Events are printed as they come, by a handler. Commands are begun in order, as many at
once as the window has room for, and their answers printed in order. While there is room, whatever
comes first is taken: a line of standard input, or bytes of the server.
"""

from __future__ import annotations

import contextlib
import math
import secrets
import select
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from ohnecimd.cli.cimd_answers import answer_to, is_message, show
from ohnecimd.cli.cimd_options import add_options, number
from ohnecimd.cli.cimd_orders import VERBS
from ohnecimd.cli.cimd_sources import PASSWORD, Lines, Words, password_of
from ohnecimd.cli.commands import argument, seconds
from ohnecimd.cli.escapes import to_json
from ohnecimd.cli.failures import BadUse, Failed, Stop, reason
from ohnecimd.cli.sides import Client, Shown
from ohnecimd.cli.standard import Output
from ohnecimd.cli.talk import add_words, connected
from ohnecimd.domains import plural
from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.cimd.application import Application, Greeting
from ohnecimd.protocols.cimd.encoding import encode
from ohnecimd.protocols.cimd.events import CloseReason, Stopped
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.messages import Login

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from ohnecimd.cli.cimd_orders import Order
    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.transports.sockets import Client as Caller

__all__ = ["CLIENT"]

TASKS_AHEAD = 2  # for each request in the window
HIGHEST_WINDOW = 128
LAST_SUBADDRESS = 9
REFERENCES = 256
ALIVE_S = 30.0
GOODBYE_S = 5.0
TIMEOUTS = 2  # this client gives up before a session would send a request again: it might be done

Source: TypeAlias = Words | Lines


@dataclass(slots=True)
class _Task:
    """A command that was begun.

    Args:
        order: the command.
        exchanges: what it has asked for, as far as that is not printed.
        parts: how many requests that were.
        until: when to stop listening, if it does that already.
    """

    order: Order
    exchanges: deque[Exchange[Any]]
    parts: int
    until: float | None = None
    has_failed: bool = False


class _Talk:
    """A conversation with one server."""

    def __init__(self, options: Namespace, output: Output) -> None:
        self._options = options
        self._output = output
        self._tasks: deque[_Task] = deque()
        self._begun = 0
        self._failed = 0
        self._heard = 0  # messages and reports that no command has listened for
        self._quiet_since = 0.0  # when the first command last got on
        self._reason: CloseReason | None = None
        self._trouble: Stop | None = None  # that came up in the handler

    def run(self, client: Caller[Application], password: str, source: Source) -> None:
        """Have it, from the login to the logout."""
        self._log_in(client, password)
        trouble: Stop | KeyboardInterrupt | None = None
        try:
            self._obey(client, source)
        except (BadUse, Failed) as error:  # what was begun before is still answered
            trouble = error
            self._work_off(client)
        except (Stop, KeyboardInterrupt) as error:
            is_end = isinstance(error, KeyboardInterrupt) and self._is_just_listening
            trouble = None if is_end else error
        self._log_out(client)
        if (trouble := trouble or self._trouble) is not None:
            raise trouble
        if self._failed:
            raise Failed(f"{self._failed} of {plural(self._begun, 'command')} failed")

    # What comes

    def hear(self, _: Application, event: object) -> None:
        """Take an event."""
        if isinstance(event, Stopped):
            self._reason = event.reason
        if is_message(event):
            self._heard += 1
        try:
            self._tell_settled()
            shown = show(event)
            if shown.text:
                self._print(shown)
        except Stop as error:  # nobody reads what is printed, or it cannot be written
            self._trouble = error

    def _print(self, shown: Shown) -> None:
        self._output.line(to_json(shown.members) if self._options.json else shown.text)

    def _tell_settled(self) -> None:
        """Print the answers that are there, in the order of the commands."""
        while self._tasks:
            task = self._tasks[0]
            while task.exchanges and task.exchanges[0].is_settled:
                exchange = task.exchanges.popleft()
                part = task.parts - len(task.exchanges)
                shown = answer_to(task.order.verb, exchange, part, task.parts)
                task.has_failed = task.has_failed or bool(shown.faults)
                self._quiet_since = time.monotonic()
                self._print(shown)
            if task.exchanges or self._is_listening(task):
                return
            self._failed += task.has_failed
            self._tasks.popleft()

    def _is_listening(self, task: _Task) -> bool:
        """Tell whether a command whose answers are there has to listen on."""
        order = task.order
        if not order.listens or task.has_failed:
            return False
        if task.until is None:
            task.until = math.inf if order.seconds is None else time.monotonic() + order.seconds
        if order.count is not None and self._heard >= order.count:
            self._heard -= order.count
            return False
        if time.monotonic() < task.until:
            return True
        if order.count is not None:
            task.has_failed = True
            message = f"{self._heard} of {order.count} came within {order.seconds:g} s"
            members = {"command": order.verb, "state": "failed", "message": message}
            self._print(Shown("answer", f"{order.verb}: {message}", members))
        self._heard = 0
        return False

    @property
    def _is_just_listening(self) -> bool:
        """Whether nothing is done but listen, until the user interrupts it."""
        task = self._tasks[0] if self._tasks else None
        return task is not None and task.until == math.inf and task.order.count is None

    # What goes

    def _log_in(self, client: Caller[Application], password: str) -> None:
        options = self._options
        exchange = client.connection.login(options.user, password, subaddress=options.subaddress)
        try:
            client.wait_until(lambda: exchange.is_settled, options.timeout)
        except TimeoutError:
            self._reason = CloseReason.NO_RESPONSE
        except (OhnecimdError, OSError):
            pass
        if isinstance(exchange.error, Refused):
            raise Failed(f"the login was refused: {exchange.error.text or exchange.error}")
        if exchange.response is None:
            raise self._failure(client)

    def _obey(self, client: Caller[Application], source: Source) -> None:
        """Do what is wanted, until that is all done."""
        while True:
            self._look(client)
            if client.connection.is_over:
                raise self._failure(client)
            takes = len(self._tasks) < TASKS_AHEAD * self._options.window and not any(
                task.order.listens for task in self._tasks
            )
            order = source.take() if takes else None
            if order is not None:
                self._begin(client.connection, order)
            elif takes and source.wants_reading:
                self._await_either(client, source)
            elif self._tasks:
                client.work(self._patience_s)
            elif source.is_over:
                return

    def _begin(self, application: Application, order: Order) -> None:
        if not self._tasks:
            self._quiet_since = time.monotonic()
        self._begun += 1
        exchanges = deque(order.ask(application))
        self._tasks.append(_Task(order, exchanges, len(exchanges)))

    def _look(self, client: Caller[Application]) -> None:
        """Print what there is, and see whether that was long ago."""
        self._tell_settled()
        if self._trouble is not None:
            raise self._trouble
        is_waiting = self._tasks and self._tasks[0].exchanges
        if is_waiting and time.monotonic() >= self._quiet_since + self._options.timeout:
            client.connection.stop(CloseReason.NO_RESPONSE)
            client.push()

    def _await_either(self, client: Caller[Application], source: Source) -> None:
        """Wait until there is something to read, from the user or the server, and read it."""
        if source.descriptor is None:
            source.read()
            return
        with contextlib.suppress(OhnecimdError, OSError):  # the loop will find out
            client.flush()
        if client.is_over:
            return
        connection = client.connection
        deadline = connection.deadline
        times = [] if deadline is None else [max(0.0, deadline - connection.clock())]
        times += [] if self._patience_s is None else [self._patience_s]
        numbers = [source.descriptor, client.fileno()]
        ready, _, _ = select.select(numbers, [], [], min(times, default=None))
        if source.descriptor in ready:
            source.read()
        client.work(0)

    @property
    def _patience_s(self) -> float | None:
        """How long to wait for the sake of the first command, at most."""
        if not self._tasks:
            return None
        task = self._tasks[0]
        until = self._quiet_since + self._options.timeout if task.exchanges else task.until
        if until is None or until == math.inf:
            return None
        return max(0.0, until - time.monotonic())

    def _work_off(self, client: Caller[Application]) -> None:
        """Wait for the answers to what was begun."""
        self._look(client)
        while self._tasks and not client.connection.is_over:
            client.work(self._patience_s)
            self._look(client)

    def _log_out(self, client: Caller[Application]) -> None:
        """Say goodbye; whether that is answered does not matter any more.

        It would wait for answers to what was asked before: where somebody has interrupted that,
        there is no goodbye.
        """
        if any(not each.is_settled for task in self._tasks for each in task.exchanges):
            return
        with contextlib.suppress(OhnecimdError, OSError):
            exchange = client.connection.logout()
            client.wait_until(lambda: exchange.is_settled, min(GOODBYE_S, self._options.timeout))

    def _failure(self, client: Caller[Application]) -> Failed:
        """Return why the connection is over, and how much was not answered."""
        if self._reason is CloseReason.NO_RESPONSE:
            return Failed(f"no answer within {self._options.timeout:g} s")
        try:
            client.flush()
        except OhnecimdError:
            pass
        except OSError as error:
            return Failed(f"the connection is lost: {reason(error)}")
        return Failed("the server has closed the connection")


def _converse(options: Namespace) -> None:
    source = Words(options) if options.words else Lines(options)
    password = password_of(options)
    try:
        encode(Login(options.user, password), 1)
    except OhnecimdError as error:
        raise BadUse(str(error)) from error
    talk = _Talk(options, Output())
    with connected(options, talk.hear) as client:
        talk.run(client, password, source)


def _make(options: Namespace) -> Callable[[], Application]:
    return partial(
        Application,
        window=options.window,
        alive_s=options.alive,
        greeting=Greeting.AWAIT if options.await_greeting else Greeting.SKIP,
        seals=not options.no_checksums,
        response_timeout_s=TIMEOUTS * options.timeout,
        first_reference=secrets.randbelow(REFERENCES),
    )


def _add_talking(parser: ArgumentParser) -> None:
    add_words(parser, "COMMAND", f"one of {', '.join(VERBS)}, with its options")
    parser.add_argument("--user", metavar="NAME", required=True, help="who logs in")
    parser.add_argument(
        "--password",
        metavar="PASSWORD",
        default=None,
        help="others on this machine may see it: better one of the following",
    )
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        default=None,
        help=f"the password is its first line (default: {PASSWORD} in the environment; else it is "
        "asked for on a terminal)",
    )
    parser.add_argument(
        "--subaddress",
        metavar="N",
        type=argument(number("subaddress", 0, LAST_SUBADDRESS)),
        default=None,
        help="0 to 9, to tell the sessions of one user apart",
    )
    parser.add_argument(
        "--window",
        metavar="N",
        type=argument(number("window", 1, HIGHEST_WINDOW)),
        default=1,
        help="how many requests may wait for answers, 1 to 128 (default: %(default)s)",
    )
    parser.add_argument(
        "--alive",
        metavar="SECONDS",
        type=seconds("time"),
        default=ALIVE_S,
        help="of silence, after which the server is asked whether it is there (default: "
        "%(default)g)",
    )
    parser.add_argument(
        "--await-greeting",
        action="store_true",
        default=False,
        help="log in when the server has said something",
    )
    parser.add_argument(
        "--no-checksums", action="store_true", default=False, help="send packets without"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=False,
        help="print one JSON object a line",
    )
    add_options(parser)


CLIENT = Client(
    "logs in and has messages sent, or listens to those that come",
    _make,
    show,
    _add_talking,
    _converse,
)
