"""Types of values on the wire: integers, hexadecimal octets, addresses, text, times.

Each says which values there are, and turns bytes into values in two ways: `read` makes whatever the
bytes say, in or out of the range; `take` only what is in it, and is quick. Section 8 of the facts.
"""

from __future__ import annotations

import binascii
import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.layouts import members_of
from ohnecimd.domains import (
    Characters,
    Converted,
    Domain,
    Integers,
    Octets,
    matching,
    one_of,
    where,
)
from ohnecimd.protocols.cimd.times import decode_stamp, encode_stamp

if TYPE_CHECKING:
    import enum
    from collections.abc import Callable, Mapping

__all__ = [
    "ADDRESS",
    "ADDRESS_OR_NOTHING",
    "FLAG",
    "LETTERS",
    "NO_SPACES",
    "OCTETS",
    "RESERVED",
    "SPACELESS",
    "TIME",
    "USER_DATA_BYTES",
    "WIDE",
    "Wire",
    "integers",
    "octets_of",
    "text",
    "user_data",
]

RESERVED = b"\x00\x02\x03\t"
"""Bytes that stand in no value."""

MOST_DIGITS = 18


@dataclass(frozen=True)
class Wire:
    """A type of section 8."""

    name: str
    domain: Domain
    read: Callable[[bytes], Any]
    take: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    known: Mapping[bytes, Any] = field(default_factory=dict)
    most: int | None = None  # bytes; None: a value that is too long is none at all


def integers(
    low: int, high: int, options: type[enum.Enum] | None = None, *, name: str = "int"
) -> Wire:
    """Return the type of integers in a range; those that we write ourselves are in a table."""
    members = {} if options is None else members_of(options)
    known = {b"%d" % each: members[each] if members else each for each in range(low, high + 1)}
    return Wire(name, Integers(low, high), _read_integer, known.__getitem__, b"%d".__mod__, known)


_INTEGER = re.compile(rb"-?[0-9]{1,%d}" % MOST_DIGITS)


def _read_integer(octets: bytes) -> int:
    if _INTEGER.fullmatch(octets) is None:
        raise ValueError("no integer")
    return int(octets)


def _read_flag(octets: bytes) -> int:
    number = _read_integer(octets)
    return bool(number) if number in (0, 1) else number


_FLAGS = {b"0": False, b"1": True}
FLAG = Wire(
    "int",
    one_of(False, True),  # noqa: FBT003 - the values themselves
    _read_flag,
    _FLAGS.__getitem__,
    b"%d".__mod__,
    _FLAGS,
)


def _read_natural(octets: bytes) -> int:
    if not octets.isdigit():
        raise ValueError("no natural number")
    return _read_integer(octets)


ADDRESS_CHARACTERS = 20
_address = re.compile(rb"\+?[0-9-]{1,19}|[0-9-]{20}").fullmatch


def _take_address(octets: bytes) -> str:
    if octets.isdigit() or (octets[:1] == b"+" and octets[1:].isdigit()):
        if len(octets) <= ADDRESS_CHARACTERS:
            return octets.decode()
    elif _address(octets) is not None:
        return octets.decode()
    raise ValueError("no address")


def _read_latin(octets: bytes) -> str:
    return str(octets, "latin-1")


def _write_ascii(value: str) -> bytes:
    return value.encode("ascii")


ADDRESS = Wire(
    "addr",
    Characters(1, ADDRESS_CHARACTERS, encoding="ascii")
    & matching(r"\+?[0-9-]+", "digits and '-', a '+' before them"),
    _read_latin,
    _take_address,
    _write_ascii,
)


ADDRESS_OR_NOTHING = where("an address, or nothing", lambda it: not it or ADDRESS.domain.holds(it))


def text(most: int, pattern: str = r"[ -~]*", words: str = "printable ASCII") -> Wire:
    """Return the type of text of so many characters."""
    matches = re.compile(pattern).fullmatch

    def take(octets: bytes) -> str:
        text = str(octets, "ascii")
        if len(text) > most or matches(text) is None:
            raise ValueError("no such text")
        return text

    domain = Characters(0, most, encoding="ascii") & matching(pattern, words)
    return Wire("str", domain, _read_latin, take, _write_ascii, most=most)


def octets_of(most: int) -> Wire:
    """Return the type of octets in hexadecimal, so many at most."""

    def take(octets: bytes) -> bytes:
        if len(octets) > 2 * most:
            raise ValueError("too long")
        return binascii.unhexlify(octets)

    def write(value: bytes) -> bytes:
        return value.hex().upper().encode()

    return Wire("hex", Octets(0, most), binascii.unhexlify, take, write, most=2 * most)


def user_data(most: int) -> Wire:
    """Return the type of user data of so many bytes."""

    def take(octets: bytes) -> bytes:
        if len(octets) > most:
            raise ValueError("too long")
        return octets

    return Wire("ud", Octets(0, most, without=RESERVED), bytes, take, bytes, most=most)


FIRST_TIME = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - the SMSC's local time, whatever that is
LAST_TIME = dt.datetime(2099, 12, 31, 23, 59, 59)  # noqa: DTZ001


def _is_time(value: dt.datetime) -> bool:
    return (
        FIRST_TIME <= value <= LAST_TIME
        and not value.microsecond
        and not value.fold
        and value.tzinfo is None
    )


_TIMES = Converted(
    where("a time without zone from 2000 to 2099, in whole seconds", _is_time),
    Integers(0, int((LAST_TIME - FIRST_TIME).total_seconds())),
    lambda seconds: FIRST_TIME + dt.timedelta(seconds=seconds),
)
TIME = Wire("time", _TIMES, decode_stamp, decode_stamp, encode_stamp)
WIDE = Wire("int", Integers(0, 10**MOST_DIGITS - 1), _read_integer, _read_natural, b"%d".__mod__)

USER_DATA_BYTES = 480
OCTETS = 140

NO_SPACES = r"(?:[!-~](?:[ -~]*[!-~])?)?"
SPACELESS = "printable ASCII without spaces around it"
LETTERS = r"[A-Za-z0-9 ]*"
