"""The accounts of a simulated SMS Center: who may log in, and what for.

>>> Account.parse("news:s3cret:querying:16")
Account('news', '***', querying, address='16')
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from ohnecimd.protocols.cimd.codes import ErrorCode, Reports

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HIGHEST_WINDOW", "Account", "AccountType", "Accounts"]

HIGHEST_WINDOW = 128
FIRST_ADDRESS = 16
NO_REPORTS = Reports(0)
LONGEST_NAME = 32  # of the user identity, and of the password
MOST_DIGITS = 20


class AccountType(enum.StrEnum):
    """What an application is allowed to do with messages from phones."""

    SEND_ONLY = "send-only"
    """Gets status reports, but no messages; may not ask for any."""
    QUERYING = "querying"
    """Fetches its messages with delivery requests."""
    RECEIVING = "receiving"
    """Gets its messages at once."""


@dataclass(slots=True)
class Account:
    """Somebody who may log in. The password shows nowhere, and may be changed by the application.

    Args:
        name: the user identity.
        password: with it.
        type: see `AccountType`.
        address: of the profile: the number that messages for this account begin with, and its
            messages to phones come from. "" takes the next that is free, from 16 on.
        window: the largest window that may be asked for at login; 0: none at all.
        max_sessions: so many may be logged in at a time; None: any number.
        reports: what is reported of messages that were submitted without saying what.
        password_changes: what a change of the password is answered with; None: it is changed.

    Raises:
        ValueError: a value that no account can have.
    """

    name: str
    password: str = field(repr=False)
    type: AccountType = AccountType.RECEIVING
    address: str = ""
    window: int = HIGHEST_WINDOW
    max_sessions: int | None = None
    reports: Reports = NO_REPORTS
    password_changes: ErrorCode | None = None

    def __post_init__(self) -> None:
        _check_identity("name", self.name)
        _check_identity("password", self.password)
        if self.address and not is_number(self.address):
            raise ValueError(f"bad address {self.address!r} of {self.name}: it is a phone number")
        if not 0 <= self.window <= HIGHEST_WINDOW:
            raise ValueError(f"bad window {self.window} of {self.name}: it is at most 128")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, '***', {self.type}, address={self.address!r})"

    @classmethod
    def parse(cls, text: str) -> Account:
        """Return the account that is written ``NAME:PASSWORD[:TYPE[:ADDRESS]]``.

        Raises:
            ValueError: none is; the message does not show the password.
        """
        name, colon, rest = text.partition(":")
        if not colon:
            raise ValueError("an account is NAME:PASSWORD[:TYPE[:ADDRESS]]: there is no colon")
        password, *others = rest.split(":")
        if len(others) > 2:
            raise ValueError(f"the account {name!r} has more than NAME:PASSWORD:TYPE:ADDRESS")
        kind, address = (*others, "", "")[:2]
        return cls(name, password, _type_named(kind, name), address)

    def change_password(self, password: str) -> None:
        """Let it log in with another password from now on; ValueError: none can be that."""
        _check_identity("password", password)
        self.password = password

    def check_window(self, size: int | None) -> ErrorCode | None:
        """Say what is wrong with the window that is asked for at login; None if nothing is."""
        if size is None:
            return None
        if not self.window:
            return None if size == 1 else ErrorCode.WINDOWING_DISABLED
        return None if 1 <= size <= self.window else ErrorCode.WINDOW_SIZE

    def sender(self, subaddress: str | None, *, is_whole: bool) -> str:
        """Return the number that phones see, of a message with this originating address (023).

        Args:
            subaddress: as it was submitted, if it was.
            is_whole: it is the whole number, and not appended to the `address`.
        """
        if not subaddress:
            return self.address
        return subaddress if is_whole else self.address + subaddress


def is_number(text: str) -> bool:
    """Tell whether this is a phone number: digits, a plus before them; hyphens separate."""
    digits = text.removeprefix("+").replace("-", "")
    return digits.isascii() and digits.isdigit() and len(text) <= MOST_DIGITS


def _check_identity(what: str, text: str) -> None:
    is_short = 0 < len(text) <= LONGEST_NAME
    if not (is_short and text.isascii() and text.isprintable() and text.strip() == text):
        raise ValueError(
            f"a {what} has 1 to {LONGEST_NAME} printable ASCII characters, "
            "and no space at either end"
        )


def _type_named(text: str, account: str) -> AccountType:
    if not text:
        return AccountType.RECEIVING
    try:
        return AccountType(text)
    except ValueError:
        raise ValueError(
            f"unknown type of the account {account!r}: there are {', '.join(AccountType)}"
        ) from None


class Accounts:
    """All accounts of one center, found by name and by the numbers that are theirs.

    Raises:
        ValueError: there are none, or two have one name, or one address.
    """

    def __init__(self, accounts: tuple[Account, ...]) -> None:
        if not accounts:
            raise ValueError("a center has at least one account")
        self._by_name: dict[str, Account] = {}
        self._by_address: dict[str, Account] = {}
        for account in accounts:
            if account.name in self._by_name:
                raise ValueError(f"two accounts have the name {account.name!r}")
            self._by_name[account.name] = account
        for account in sorted(accounts, key=lambda each: not each.address):
            account.address = account.address or self._free_address()
            other = self._by_address.setdefault(account.address, account)
            if other is not account:
                raise ValueError(f"{other.name!r} and {account.name!r} have one address")

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Account | None:
        """Return the account of this name."""
        return self._by_name.get(name)

    def owner(self, number: str) -> Account | None:
        """Return whose number this is: the account with the longest address that it begins with."""
        found = (number[:size] for size in range(len(number), 0, -1))
        return next((self._by_address[each] for each in found if each in self._by_address), None)

    def _free_address(self) -> str:
        return next(text for text in map(str, count(FIRST_ADDRESS)) if text not in self._by_address)
