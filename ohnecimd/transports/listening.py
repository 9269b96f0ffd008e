"""Where a server is found: addresses, and sockets that listen at them."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "ACCEPTED_AT_ONCE",
    "BACKLOG",
    "UNABLE_S",
    "UNIX",
    "Address",
    "Listener",
    "UnixPath",
    "dial",
    "prepare",
]

UnixPath: TypeAlias = "str | os.PathLike[str]"

UNIX = "unix:"
"""Stands before the path in the text of an address."""
BACKLOG = 1024  # clients that the system lets wait; it may allow fewer
ACCEPTED_AT_ONCE = 64
UNABLE_S = 1.0  # how long to leave them there when the system gives us no more sockets


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server: `host` and `port`, or the path of a Unix socket.

    Its text is what one types, without anything that a terminal obeys.

    >>> str(Address("127.0.0.1", 40231)), str(Address("::1", 25)), str(Address(unix="/run/echo"))
    ('127.0.0.1:40231', '[::1]:25', 'unix:/run/echo')
    """

    host: str = ""
    port: int = 0
    unix: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        text = f"{UNIX}{self.unix}" if self.unix else f"{host}:{self.port}"
        return "".join(
            each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
        )

    @property
    def sockaddr(self) -> tuple[str, int] | str:
        """What `socket.socket.connect` takes."""
        return self.unix or (self.host, self.port)


class Listener:
    """A socket that listens, and the file of a Unix socket, which goes when it is closed.

    A file that nobody listens at any more is replaced.

    Raises:
        OSError: the address is in use, not allowed, or none of this machine.
    """

    def __init__(self, host: str, port: int, unix: UnixPath | None, backlog: int) -> None:
        self._file: tuple[int, int] | None = None
        if unix is None:
            family, place = _resolve(host, port)
            self.socket = _bind(family, place)
            name = self.socket.getsockname()
            self.address = Address(name[0], name[1])
        else:
            path = os.fspath(unix)
            self.socket = _bind_unix(path)
            self.address = Address(unix=path)
            if not path.startswith("\0"):
                self._file = _identity(path)
        try:
            self.socket.listen(backlog)
        except OSError:
            self.close()
            raise
        self.socket.setblocking(False)  # noqa: FBT003 - so it is called

    def close(self) -> None:
        """Stop listening, and remove the file of the Unix socket if it is still ours."""
        self.socket.close()
        self.remove_file()

    def remove_file(self) -> None:
        """Remove the file of the Unix socket if it is still ours."""
        if self._file is not None:
            with contextlib.suppress(FileNotFoundError):
                if _identity(self.address.unix) == self._file:
                    os.unlink(self.address.unix)  # noqa: PTH108 - the path stays as it was given
            self._file = None


def dial(
    host: str,
    port: int,
    unix: UnixPath | None,
    timeout_s: float | None,
    library: Any = socket,  # noqa: ANN401 - a module like `socket`
) -> socket.socket:
    """Return a socket of this library, connected to this server, that does not block any more."""
    connected: socket.socket
    if unix is None:
        connected = library.create_connection((host, port), timeout_s)
    else:
        connected = library.socket(_unix_family(), socket.SOCK_STREAM)
        try:
            connected.settimeout(timeout_s)
            connected.connect(os.fspath(unix))
        except BaseException:
            connected.close()
            raise
    prepare(connected)
    return connected


def prepare(connected: socket.socket) -> None:
    """Make a connected socket one that neither blocks nor holds small answers back."""
    connected.setblocking(False)  # noqa: FBT003 - so it is called
    if connected.family in {socket.AF_INET, socket.AF_INET6}:
        with contextlib.suppress(OSError):  # macOS refuses when the peer is gone already
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _resolve(host: str, port: int) -> tuple[int, tuple[str, int]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, place = found[0]
    return family, place  # type: ignore[return-value] # of the two address families asked for


def _bind(family: int, place: tuple[str, int] | str) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix" and family != getattr(socket, "AF_UNIX", None):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(place)
    except BaseException:
        listening.close()
        raise
    return listening


def _bind_unix(path: str) -> socket.socket:
    family = _unix_family()
    try:
        return _bind(family, path)
    except OSError as error:
        if error.errno != errno.EADDRINUSE or not _is_stale(path):
            raise
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - the path stays as it was given
    return _bind(family, path)


def _is_stale(path: str) -> bool:
    """Tell whether this is the file of a Unix socket that nobody listens at."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return False
    except FileNotFoundError:
        return True  # it has just gone
    with socket.socket(_unix_family(), socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # noqa: FBT003 - so it is called
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except OSError:
            return False  # such as a backlog that is full
    return False


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 - as above
    return status.st_dev, status.st_ino


def _unix_family() -> int:
    family: int | None = getattr(socket, "AF_UNIX", None)
    if family is None:
        raise OSError(errno.EAFNOSUPPORT, "Unix sockets are not supported here")
    return family
