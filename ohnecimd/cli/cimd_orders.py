"""The commands of ``talk cimd``: what an SMS Center is asked to do, and the words for that."""

from __future__ import annotations

import argparse
import datetime as dt
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from ohnecimd.cli.cimd_options import LISTENING, OPTIONS, add_options, is_address
from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.cimd.application import CENTER_TIME
from ohnecimd.protocols.cimd.codes import DeliveryMode
from ohnecimd.protocols.cimd.encoding import encode
from ohnecimd.protocols.cimd.messages import Set
from ohnecimd.protocols.cimd.submissions import messages_of
from ohnecimd.protocols.cimd.text.schemes import MessageClass
from ohnecimd.protocols.cimd.times import encode_period

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ohnecimd.protocols.cimd.application import Application
    from ohnecimd.protocols.cimd.exchanges import Exchange

__all__ = ["VERBS", "Order", "order_in", "order_of"]

Asked: TypeAlias = "Sequence[Exchange[Any]]"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to be done.

    Args:
        verb: its name.
        ask: asks for it.
        listens: whether to listen after that.
        count: until so many messages and reports have come.
        seconds: for so long.
    """

    verb: str
    ask: Callable[[Application], Asked]
    listens: bool = False
    count: int | None = None
    seconds: float | None = None


Given: TypeAlias = "Mapping[str, Any]"


# Verbs


@dataclass(frozen=True, slots=True)
class Verb:
    """A command.

    Args:
        summary: for the help.
        options: that it takes, beside those for listening.
        prepare: the options that were given, to what asks for it; ValueError: they do not do.
    """

    summary: str
    options: tuple[str, ...]
    prepare: Callable[[Given], Callable[[Application], Asked]]


def _submit(given: Given) -> Callable[[Application], Asked]:
    if "text" in given and "data" in given:
        raise ValueError("submit takes --text or --data, not both")
    content = given["data"] if "data" in given else given.get("text", "")
    said = _said(given)
    for message in messages_of(_required(given, "to"), content, **said):
        encode(message, 1)  # what is wrong is told before anything is sent
    return lambda application: application.submit_text(given["to"], content, **said).parts


ONE_TO_ONE = (
    "coding",
    "reference",
    "reports",
    "priority",
    "protocol_identifier",
    "tariff_class",
    "service_description",
    "reply_path",
    "cancel_enabled",
)
CONVERTED = (
    "to",
    "text",
    "data",
    "sender",
    "flash",
    "header",
    "validity",
    "first_delivery",
    "others",
)


def _said(given: Given) -> dict[str, Any]:
    """Return the arguments of `Application.submit_text`."""
    said = {name: given[name] for name in ONE_TO_ONE if name in given}
    if "sender" in given:
        is_number = is_address(given["sender"])
        said["originator" if is_number else "alphanumeric_originator"] = given["sender"]
    if "flash" in given:
        said["message_class"] = MessageClass.FLASH
    if "header" in given:
        said["elements"] = given["header"].elements
    if "others" in given:
        said["others"] = tuple(given["others"])
    for name in ("validity", "first_delivery"):
        value = given.get(name)
        if isinstance(value, dt.timedelta):
            said[f"{name}_relative"] = encode_period(value)
        elif value is not None:
            said[f"{name}_absolute"] = value
    return said


def _enquire(given: Given) -> Callable[[Application], Asked]:
    to, time = _one_number(given), _required(given, "time")
    return lambda application: (application.enquire(to, time),)


def _cancel(given: Given) -> Callable[[Application], Asked]:
    if "to" in given and "everything" in given:
        raise ValueError("cancel takes --to or --all, not both")
    if "to" not in given and "everything" not in given:
        raise ValueError("cancel needs --to, or --all")
    if "to" not in given:
        if "time" in given:
            raise ValueError("cancel takes --time with --to only")
        return lambda application: (application.cancel(),)
    to, time = _one_number(given), given.get("time")
    return lambda application: (application.cancel(to, time),)


def _request(given: Given) -> Callable[[Application], Asked]:
    mode = given.get("mode", DeliveryMode.ONE)
    return lambda application: (application.delivery_request(mode),)


def _get(given: Given) -> Callable[[Application], Asked]:
    return lambda application: (application.get(given.get("item", CENTER_TIME)),)


def _set(given: Given) -> Callable[[Application], Asked]:
    password = _required(given, "new_password")
    encode(Set(password), 1)
    return lambda application: (application.set(password),)


def _required(given: Given, name: str) -> Any:  # noqa: ANN401 - of its type
    if name not in given:
        raise ValueError(f"{OPTIONS[name].flag} is missing")
    return given[name]


def _one_number(given: Given) -> str:
    numbers: list[str] = _required(given, "to")
    if len(numbers) > 1:
        raise ValueError("only submit takes several --to")
    return numbers[0]


VERBS = {
    "submit": Verb(
        "send a message to phones",
        (*ONE_TO_ONE, *CONVERTED),
        _submit,
    ),
    "enquire": Verb("ask what has become of a message", ("to", "time"), _enquire),
    "cancel": Verb("have messages not delivered", ("to", "time", "everything"), _cancel),
    "request": Verb("ask for messages from phones that wait", ("mode",), _request),
    "get": Verb("ask for the time of the SMSC", ("item",), _get),
    "set": Verb("change the password", ("new_password",), _set),
    "alive": Verb("ask whether the SMSC is there", (), lambda _: lambda app: (app.alive(),)),
    "listen": Verb("print messages and reports as they come", (), lambda _: lambda _: ()),
}
"""What can be asked, by name."""


def order_of(words: Sequence[str], options: Mapping[str, Any]) -> Order:
    """Return what the user wants.

    Args:
        words: the name of a verb, and nothing else.
        options: those that were given; may hold others than those of verbs.

    Raises:
        ValueError: that makes no sense; says why.
    """
    if len(words) != 1 or words[0] not in VERBS:
        found = " ".join(words)
        raise ValueError(f"a command is one of {', '.join(VERBS)}, with options; not {found!r}")
    name = words[0]
    verb = VERBS[name]
    given = {each: options[each] for each in OPTIONS if each in options}
    for each in given.keys() - {*verb.options, *LISTENING}:
        raise ValueError(f"{name} does not take {OPTIONS[each].flag}")
    try:
        ask = verb.prepare(given)
    except OhnecimdError as error:
        raise ValueError(str(error)) from error
    return Order(
        name,
        ask,
        listens=name == "listen" or any(each in given for each in LISTENING),
        count=given.get("count"),
        seconds=given.get("seconds"),
    )


class _LineParser(argparse.ArgumentParser):
    """Raises ValueError for what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _line_parser() -> argparse.ArgumentParser:
    parser = _LineParser(prog="", add_help=False, allow_abbrev=False)
    parser.add_argument("words", nargs="*")
    add_options(parser)
    return parser


_PARSER = _line_parser()


def order_in(line: str) -> Order | None:
    """Return what a line asks for, with words as a shell has them; None if it is blank.

    Raises:
        ValueError: it makes no sense; says why.

    >>> order_in("request --mode all --for 5").seconds
    5.0
    """
    words = shlex.split(line)
    if not words:
        return None
    options = vars(_PARSER.parse_intermixed_args(words))
    return order_of(options.pop("words"), options)
