"""``serve cimd``: a simulated SMS Center."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.cimd_injecting import Injector
from ohnecimd.cli.cimd_showing import show
from ohnecimd.cli.commands import argument, positive, seconds
from ohnecimd.cli.escapes import printable, unescape
from ohnecimd.cli.failures import BadUse
from ohnecimd.cli.sides import Server, Shown
from ohnecimd.protocols.cimd.events import Rejected, Stopped, Stray, Traffic
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.packets import LIMIT, Checksums, Problem
from ohnecimd.protocols.cimd.simulator import (
    Account,
    Ending,
    Fate,
    Fault,
    FaultKind,
    Misbehaved,
    Rule,
    Simulator,
)
from ohnecimd.protocols.cimd.simulator.accounts import HIGHEST_WINDOW
from ohnecimd.protocols.cimd.simulator.outcomes import DELAY_S
from ohnecimd.protocols.cimd.simulator.serving import (
    DELIVERY_WINDOW,
    MAX_RECIPIENTS,
    VALIDITY_S,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from ohnecimd.cli.transports import Running

__all__ = ["SERVER"]

LAST_FIRST_NUMBER = 254
MOST_DELAY_S = 1e7
SMALLEST_PACKET = 9  # STX, operation, colon, number, TAB, ETX
LF = b"\n"


# Options


def _number(what: str, lowest: int, highest: int, step: int = 1) -> Callable[[str], int]:
    """Return the type of an argument that is a number in a range."""
    kind = "an even number" if step == 2 else "a number"

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
        if not is_number or int(text) not in range(lowest, highest + 1, step):
            raise ValueError(f"bad {what} {text!r}: it is {kind} from {lowest} to {highest}")
        return int(text)

    return argument(parse)


def _delay(text: str) -> float:
    try:
        delay = float(text)
    except ValueError:
        delay = -1.0
    if not 0 <= delay <= MOST_DELAY_S:
        raise ValueError(f"bad delay {text!r}: it is a number of seconds, 0 or more")
    return delay


def _limit(text: str) -> int:
    limit = positive("number of bytes")(text)
    if limit < SMALLEST_PACKET:
        raise ValueError(f"bad number of bytes {text!r}: a packet has {SMALLEST_PACKET} or more")
    return limit


def _greeting(text: str) -> bytes:
    greeting = unescape(text)
    if any(each in greeting for each in b"\x02\x03"):
        raise ValueError(f"bad greeting {text!r}: STX and ETX stand in packets only")
    return greeting if greeting.endswith(LF) else greeting + LF


def _add_options(parser: ArgumentParser) -> None:
    _add_account_options(parser)
    _add_message_options(parser)
    _add_session_options(parser)
    _add_fault_options(parser)


def _add_account_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("accounts")
    group.add_argument(
        "--user",
        metavar="NAME:PASSWORD[:TYPE[:ADDRESS]]",
        dest="users",
        action="append",
        type=argument(Account.parse),
        default=None,
        help="who may log in, and once more for each other; TYPE is send-only, querying or "
        "receiving; ADDRESS what the numbers of the account begin with (default: kannel:secret)",
    )
    group.add_argument(
        "--window",
        metavar="N",
        type=_number("window", 0, HIGHEST_WINDOW),
        default=HIGHEST_WINDOW,
        help="the largest that may be asked for; 0: none may (default: %(default)s)",
    )
    group.add_argument(
        "--max-sessions",
        metavar="N",
        type=positive("number of sessions"),
        default=None,
        help="of one account at a time (default: no limit)",
    )
    group.add_argument(
        "--login-attempts",
        metavar="N",
        type=positive("number of attempts"),
        default=None,
        help="close the connection after so many that failed (default: never)",
    )


def _add_message_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("messages")
    group.add_argument(
        "--outcome",
        metavar="OUTCOME[:SECONDS[:ERROR]]",
        default=Ending.DELIVERED.value,
        help=f"what becomes of messages: {', '.join(Ending)} (default: %(default)s)",
    )
    group.add_argument(
        "--rule",
        metavar="PREFIX=OUTCOME[:SECONDS[:ERROR]]",
        dest="rules",
        action="append",
        default=None,
        help="what becomes of those to numbers with this prefix; the longest counts",
    )
    group.add_argument(
        "--delay",
        metavar="SECONDS",
        type=argument(_delay),
        default=DELAY_S,
        help="until then, where an outcome does not tell (default: %(default)g)",
    )
    group.add_argument(
        "--validity",
        metavar="SECONDS",
        type=seconds("validity period"),
        default=VALIDITY_S,
        help="validity period of messages that do not tell (default: %(default)g)",
    )
    group.add_argument(
        "--max-recipients",
        metavar="N",
        type=positive("number of recipients"),
        default=MAX_RECIPIENTS,
        help="of one message (default: %(default)s)",
    )
    group.add_argument(
        "--whole-sender",
        action="store_true",
        default=False,
        help="an originating address is the whole sender, not appended to the account's address",
    )


def _add_session_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("sessions")
    group.add_argument(
        "--greeting",
        metavar="ESCAPED",
        type=argument(_greeting),
        default=None,
        help="a line that is said first (default: none)",
    )
    group.add_argument(
        "--first-number",
        metavar="N",
        type=_number("first number", 0, LAST_FIRST_NUMBER, 2),
        default=0,
        help="of the first packet after a login (default: %(default)s)",
    )
    group.add_argument(
        "--checksums",
        metavar="WHAT",
        choices=[each.value for each in Checksums],
        default=Checksums.ACCEPT.value,
        help="accept (those that are there have to be right), demand, ignore (default: accept)",
    )
    group.add_argument(
        "--no-checksums", action="store_true", default=False, help="send packets without"
    )
    group.add_argument(
        "--strict",
        action="store_true",
        default=False,
        help="refuse what could be overlooked: other numbers than the next, strange parameters, "
        "text that means nothing",
    )
    group.add_argument(
        "--idle",
        metavar="SECONDS",
        type=seconds("idle limit"),
        default=None,
        help="close the connection of an application that says nothing (default: never)",
    )
    group.add_argument(
        "--delivery-window",
        metavar="N",
        type=_number("window", 1, HIGHEST_WINDOW),
        default=DELIVERY_WINDOW,
        help="so many deliveries go out before one is answered (default: %(default)s)",
    )
    group.add_argument(
        "--close-after-logout",
        action="store_true",
        default=False,
        help="do not wait until the application closes the connection",
    )
    group.add_argument(
        "--limit",
        metavar="BYTES",
        type=argument(_limit),
        default=LIMIT,
        help="of a packet (default: %(default)s)",
    )


def _add_fault_options(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("faults")
    group.add_argument(
        "--fault",
        metavar="KIND[=VALUE][:WHICH]...",
        dest="faults",
        action="append",
        type=argument(Fault.parse),
        default=None,
        help=f"misbehave, in several ways if given more than once: {', '.join(FaultKind)}; WHICH "
        "is an operation such as submit-message, nth=N, every=N, p=PROBABILITY or times=N",
    )
    group.add_argument(
        "--seed",
        metavar="N",
        type=int,
        default=None,
        help="of the random numbers for faults with a probability, to have them again",
    )


def _make(options: Namespace) -> Simulator:
    accounts = options.users or [Account("kannel", "secret")]
    try:
        return Simulator(
            [
                replace(each, window=options.window, max_sessions=options.max_sessions)
                for each in accounts
            ],
            now=datetime.now,
            clock=time.monotonic,
            fate=Fate.parse(options.outcome, options.delay),
            rules=[Rule.parse(each, options.delay) for each in options.rules or ()],
            faults=options.faults or (),
            random=random.Random(options.seed).random,  # noqa: S311 - no secret
            validity_s=options.validity,
            max_recipients=options.max_recipients,
            originator_is_whole=options.whole_sender,
            login_attempts=options.login_attempts,
            delivery_window=options.delivery_window,
            is_strict=options.strict,
            greeting=options.greeting,
            first_number=options.first_number,
            checksums=Checksums(options.checksums),
            seals=not options.no_checksums,
            idle_s=options.idle,
            closes=options.close_after_logout,
            limit=options.limit,
            emits_traffic=True,
        )
    except ValueError as error:
        raise BadUse(str(error)) from error


# Events

TOLD = (Traffic, Misbehaved, Noise, Problem, Rejected, Stray, Stopped)


def _show(event: Any) -> Shown:  # noqa: ANN401 - any of TOLD
    if isinstance(event, Traffic):
        direction = "s2c" if event.is_ours else "c2s"
        shown = show(event.packet, hides=True)
        members = {"direction": direction} | dict(shown.members)
        return Shown("packet", f"{direction} {shown.text}", members)
    if isinstance(event, Misbehaved):
        kind, packet = event.kind.value, event.packet
        text = f"{kind} {packet.operation:02}:{packet.number:03}"
        members = {"fault": kind, "operation": packet.operation, "number": packet.number}
        return Shown("fault", text, members)
    if isinstance(event, (Rejected, Stray)):
        kind = "stray" if isinstance(event, Stray) else "rejected"
        message = printable(event.message)
        members = {"error": kind, "offset": event.packet.offset, "message": message}
        return Shown("error", f"{kind}: {message}", members)
    if isinstance(event, Stopped):
        return Shown("stop", str(event.reason), {"reason": str(event.reason)})
    return show(event, hides=True)


def _attend(simulator: Simulator, server: Running) -> None:
    simulator.wake = server.flush
    Injector(simulator, server).start()


SERVER = Server(
    "a simulated SMS Center; JSON objects on standard input are messages from phones",
    _make,
    _show,
    _add_options,
    attend=_attend,
    is_told=lambda event: isinstance(event, TOLD),
)
