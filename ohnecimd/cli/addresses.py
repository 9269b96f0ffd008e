"""Addresses as they stand on the command line."""

from __future__ import annotations

import re

from ohnecimd.transports.listening import UNIX, Address

__all__ = ["Address", "parse_address", "parse_host", "parse_path", "parse_port"]

HIGHEST_PORT = 65535
_HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[^]]+)]|(?P<host>[^][:]+)):(?P<port>[^:]*)")


def parse_port(text: str, lowest: int = 0) -> int:
    """Return the number of a port; ValueError with the reason if it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_PORT))
    if not (is_number and lowest <= int(text) <= HIGHEST_PORT):
        raise ValueError(f"bad port {text!r}: it is a number from {lowest} to {HIGHEST_PORT}")
    return int(text)


def parse_host(text: str) -> str:
    """Return the name or address of a host; ValueError with the reason if it can be none."""
    try:
        text.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"bad host {text!r}") from error
    if "\0" in text:
        raise ValueError(f"bad host {text!r}")
    return text


def parse_path(text: str) -> str:
    """Return the path of a Unix socket; ValueError with the reason if it can be none."""
    if not text or "\0" in text:
        raise ValueError(f"bad path {text!r} of a Unix socket")
    return text


def parse_address(text: str) -> Address:
    """Return the address to connect to; ValueError with the reason if it is none.

    >>> parse_address("[::1]:4000")
    Address(host='::1', port=4000, unix='')
    """
    if text.startswith(UNIX):
        return Address(unix=parse_path(text.removeprefix(UNIX)))
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"bad address {text!r}: it is HOST:PORT, [IPv6]:PORT or unix:PATH")
    return Address(parse_host(match["v6"] or match["host"]), parse_port(match["port"], lowest=1))
