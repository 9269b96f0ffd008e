r"""The options of the commands of ``talk cimd``, and what may be given with them.

>>> OPTIONS["validity"].parse("90m")
datetime.timedelta(seconds=5400)
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.commands import argument, positive, seconds
from ohnecimd.errors import OhnecimdError, RemoteProtocolError
from ohnecimd.protocols.cimd.application import CENTER_TIME
from ohnecimd.protocols.cimd.codes import USUAL_REPORTS, DeliveryMode, Reports
from ohnecimd.protocols.cimd.parameters import Parameter
from ohnecimd.protocols.cimd.text.choosing import Coding
from ohnecimd.protocols.cimd.text.headers import Header
from ohnecimd.protocols.cimd.times import decode_stamp, encode_stamp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LISTENING", "OPTIONS", "Option", "add_options", "hexadecimal", "is_address", "number"]


# What may be given

_ADDRESS = re.compile(r"\+?[0-9-]+")
_PERIOD = re.compile(r"([0-9]{1,6}) ?(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
ADDRESS_CHARACTERS = 20
LAST_REFERENCE = 255
STAMP_DIGITS = 12
ALL_REPORTS = Reports(63)
REPORTS = {"none": Reports(0), "usual": USUAL_REPORTS, "all": ALL_REPORTS}


def is_address(text: str) -> bool:
    """Tell whether something is an address on the wire: digits and '-', perhaps a '+' first."""
    return _ADDRESS.fullmatch(text) is not None and len(text) <= ADDRESS_CHARACTERS


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError(
            f"bad number {text!r}: it has digits and '-', perhaps a '+' before them, "
            f"and at most {ADDRESS_CHARACTERS} characters"
        )
    return text


def hexadecimal(text: str) -> bytes:
    """Return the octets that are written so; ValueError: says why there are none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"bad octets {text!r}: they are pairs of hexadecimal digits") from None


def _header(text: str) -> Header:
    try:
        return Header.decode(hexadecimal(text))
    except RemoteProtocolError as error:
        raise ValueError(f"bad header {text!r}: {error}") from None


def _time(text: str) -> dt.datetime:
    """Return a time that is written as on the wire, or as ISO 8601 has it."""
    try:
        if len(text) == STAMP_DIGITS and text.isdigit():
            return decode_stamp(text.encode())
        time = dt.datetime.fromisoformat(text)
        encode_stamp(time)
    except (ValueError, OhnecimdError):
        raise ValueError(
            f"bad time {text!r}: it is yymmddhhmmss, or such as '2026-11-20 13:15:02', "
            "in the SMSC's local time"
        ) from None
    return time.replace(microsecond=0)


def _period(text: str) -> dt.timedelta | dt.datetime:
    found = _PERIOD.fullmatch(text)
    if found is not None:
        return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        return _time(text)
    except ValueError:
        raise ValueError(
            f"bad period {text!r}: it is a number and m, h, d or w, such as 90m; or a time"
        ) from None


def _reports(text: str) -> Reports:
    if text in REPORTS:
        return REPORTS[text]
    names = {each.name.lower().replace("_", "-"): each for each in Reports if each.name}
    wanted = Reports(0)
    for name in text.split(","):
        if name not in names:
            known = ", ".join([*REPORTS, *names])
            raise ValueError(f"no reports are {name!r}: there are {known}")
        wanted |= names[name]
    return wanted


def _mode(text: str) -> DeliveryMode:
    try:
        return DeliveryMode[text.upper()]
    except KeyError:
        modes = ", ".join(each.name.lower() for each in DeliveryMode)
        raise ValueError(f"bad mode {text!r}: it is one of {modes}") from None


def _parameter(text: str) -> Parameter:
    number, colon, value = text.partition(":")
    if not (colon and len(number) == 3 and number.isascii() and number.isdigit()):
        raise ValueError(f"bad parameter {text!r}: it is three digits, a colon, and its value")
    parameter = Parameter(int(number), value.encode("utf-8", "surrogateescape"))
    try:
        parameter.encode()
    except OhnecimdError as error:
        raise ValueError(f"bad parameter {number}: {error}") from None
    return parameter


def number(what: str, lowest: int, highest: int) -> Callable[[str], int]:
    """Return the type of an argument that is a number in a range."""

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
        if not (is_number and lowest <= int(text) <= highest):
            raise ValueError(f"bad {what} {text!r}: it is a number from {lowest} to {highest}")
        return int(text)

    return parse


# The options


@dataclass(frozen=True, slots=True)
class Option:
    """An option, as it is written and what it means.

    Args:
        flag: how it is written.
        help: what it is, behind the verbs that take it.
        metavar: what stands for its value; None: it has none, or `choices`.
        parse: makes the value of the text; ValueError: says why it is none.
        is_many: it may be given more than once.
        choices: the values there are.
    """

    flag: str
    help: str
    metavar: str | None = None
    parse: Callable[[str], Any] = str
    is_many: bool = False
    choices: tuple[str, ...] = ()

    def add(self, parser: Any, name: str) -> None:  # noqa: ANN401 - a parser, or a group of one
        """Add it to a parser; what is not given is not in the options."""
        about: dict[str, Any] = {"dest": name, "default": argparse.SUPPRESS, "help": self.help}
        if self.metavar is None and not self.choices:
            parser.add_argument(self.flag, action="store_true", **about)
            return
        if self.choices:
            about["choices"] = self.choices
        else:
            about |= {"metavar": self.metavar, "type": argument(self.parse)}
        parser.add_argument(self.flag, action="append" if self.is_many else "store", **about)


OPTIONS = {
    "to": Option(
        "--to",
        "submit: the recipient, once more for each other; enquire, cancel: that of the message",
        "NUMBER",
        _address,
        is_many=True,
    ),
    "text": Option("--text", "submit: what to say, in as many messages as it takes", "TEXT"),
    "data": Option("--data", "submit: octets instead", "HEX", hexadecimal),
    "sender": Option(
        "--from",
        "submit: originating address, or a name of at most 11 letters, digits and spaces",
        "SENDER",
    ),
    "coding": Option(
        "--coding",
        "submit: how the text is coded (default: the cheapest that it fits)",
        choices=tuple(each.value for each in Coding),
    ),
    "flash": Option("--flash", "submit: to be shown, not stored"),
    "header": Option(
        "--header",
        "submit: user data header, with its length; parts of long texts get theirs by themselves",
        "HEX",
        _header,
    ),
    "reports": Option(
        "--report",
        f"submit: status reports that are wanted: {', '.join(REPORTS)}, or names such as "
        "delivered,failed (default: what the profile says)",
        "WHICH",
        _reports,
    ),
    "validity": Option(
        "--validity",
        "submit: how long to try, a number and m, h, d or w; or until when",
        "PERIOD",
        _period,
    ),
    "first_delivery": Option(
        "--first-delivery", "submit: after which time, or when, to try first", "PERIOD", _period
    ),
    "priority": Option("--priority", "submit: 1 (the highest) to 9", "N", number("priority", 1, 9)),
    "protocol_identifier": Option(
        "--pid",
        "submit: protocol identifier, 0 to 255",
        "N",
        number("protocol identifier", 0, 255),
    ),
    "tariff_class": Option(
        "--tariff", "submit: tariff class, 0 to 99", "N", number("tariff class", 0, 99)
    ),
    "service_description": Option(
        "--service",
        "submit: service description, 0 to 9",
        "N",
        number("service description", 0, 9),
    ),
    "reply_path": Option("--reply-path", "submit: ask for one"),
    "cancel_enabled": Option("--cancellable", "submit: so that cancel can be asked for"),
    "reference": Option(
        "--reference",
        "submit: of the parts of a long text (default: counted from a random one)",
        "N",
        number("reference", 0, LAST_REFERENCE),
    ),
    "others": Option(
        "--parameter",
        "submit: another parameter, as it stands on the wire",
        "NNN:VALUE",
        _parameter,
        is_many=True,
    ),
    "time": Option("--time", "enquire, cancel: the time stamp that the message got", "TIME", _time),
    "everything": Option("--all", "cancel: all messages of this application"),
    "mode": Option("--mode", "request: count, one or all (default: one)", "MODE", _mode),
    "item": Option(
        "--item",
        f"get: number of the item (default: {CENTER_TIME}, the time)",
        "N",
        number("item", 501, 999),
    ),
    "new_password": Option("--new-password", "set: the new one", "PASSWORD"),
    "count": Option(
        "--count",
        "any: then listen until so many messages and reports have come",
        "N",
        positive("number of messages"),
    ),
    "seconds": Option("--for", "any: then listen for so long", "SECONDS", seconds("time")),
}
"""All of them, by the name that their value has."""

LISTENING = ("count", "seconds")
"""Those that every command takes."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them; those that are given, and no others, are in the options then."""
    group = parser.add_argument_group("options of commands")
    for name, option in OPTIONS.items():
        option.add(group, name)
