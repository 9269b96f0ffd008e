"""Where ``talk cimd`` has commands and the password from."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections import deque
from typing import TYPE_CHECKING

from ohnecimd.cli.cimd_options import OPTIONS
from ohnecimd.cli.cimd_orders import VERBS, order_in, order_of
from ohnecimd.cli.escapes import printable
from ohnecimd.cli.failures import BadUse, Failed, reason
from ohnecimd.cli.standard import Input
from ohnecimd.cli.talk import lines_of
from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.lines import FRIENDLY

if TYPE_CHECKING:
    from argparse import Namespace

    from ohnecimd.cli.cimd_orders import Order

__all__ = ["PASSWORD", "Lines", "Words", "password_of"]

LINE_BYTES = 1 << 16
PASSWORD_CHARACTERS = 256
PASSWORD = "OHNECIMD_PASSWORD"  # noqa: S105 - the name of a variable


class Words:
    """The one command that stands in the arguments.

    Raises:
        BadUse: it makes no sense.
    """

    descriptor: int | None = None
    wants_reading = False

    def __init__(self, options: Namespace) -> None:
        try:
            self._order: Order | None = order_of(options.words, vars(options))
        except ValueError as error:
            raise BadUse(str(error)) from error

    @property
    def is_over(self) -> bool:
        """Whether it has been taken."""
        return self._order is None

    def read(self) -> None:
        """There is nothing to read."""

    def take(self) -> Order | None:
        """Return the next command that is there."""
        order, self._order = self._order, None
        return order


class Lines:
    """The commands on standard input: `read` when it is ready, as long as it `wants_reading`.

    Raises:
        BadUse: there is no standard input, or there are options of a command.
    """

    def __init__(self, options: Namespace) -> None:
        if sys.stdin is None:
            raise BadUse("standard input is closed, and there is no command")
        for name, option in OPTIONS.items():
            if name in options:
                raise BadUse(f"{option.flag} without a command: there are {', '.join(VERBS)}")
        self._input = Input(sys.stdin.buffer, "standard input")
        self.descriptor = self._input.descriptor
        self._reading = lines_of(FRIENDLY, LINE_BYTES)
        self._lines: deque[bytes | OhnecimdError] = deque()
        self._count = 0

    @property
    def is_over(self) -> bool:
        """Whether no more will come."""
        return self._reading.closing and not self._lines

    @property
    def wants_reading(self) -> bool:
        """Whether there is no line, and can be one."""
        return not self._lines and not self._reading.closing

    def read(self) -> None:
        """Wait for more of it, and take that."""
        piece = self._input.read()
        with contextlib.suppress(OhnecimdError):  # it is the last of the lines
            if piece:
                self._reading.send(piece)
            else:
                self._reading.send_eof()
        self._lines += self._reading.events()
        if isinstance(self._reading.error, OhnecimdError):
            self._lines.append(self._reading.error)

    def take(self) -> Order | None:
        """Return the next command that is there.

        Raises:
            BadUse: it makes no sense.
            Failed: it is too long.
        """
        while self._lines:
            line = self._lines.popleft()
            self._count += 1
            if isinstance(line, OhnecimdError):
                raise Failed(f"line {self._count} has more than {LINE_BYTES} bytes")
            try:
                order = order_in(line.decode())
            except ValueError as error:
                why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
                raise BadUse(f"line {self._count}: {why}") from error
            if order is not None:
                return order
        return None


def password_of(options: Namespace) -> str:
    """Return the password, from wherever it is given.

    Raises:
        BadUse: it is given nowhere, or cannot be read.
    """
    if options.password is not None:
        password: str = options.password
        return password
    if options.password_file is not None:
        return _password_in(options.password_file)
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            return getpass.getpass(f"password of {printable(options.user)}: ")
        except EOFError:
            pass
    raise BadUse(
        f"no password: give --password-file FILE, {PASSWORD} in the environment, or "
        "--password PASSWORD, which others on this machine may see"
    )


def _password_in(name: str) -> str:
    try:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name as it was given
            return file.readline(PASSWORD_CHARACTERS).rstrip("\r\n")
    except OSError as error:
        raise BadUse(f"cannot read {name!r}: {reason(error)}") from error
    except UnicodeDecodeError:
        # Not chained, either: the error holds the bytes.
        raise BadUse(f"cannot read {name!r}: it is not UTF-8") from None
    except ValueError as error:  # a zero byte in the name
        raise BadUse(f"cannot read {name!r}: {error}") from error
