"""What is found in a capture: connections, their bytes, and what is missing."""

from __future__ import annotations

import enum
from ipaddress import ip_address

import msgspec

__all__ = [
    "Data",
    "Direction",
    "EndReason",
    "Ended",
    "Endpoint",
    "Finding",
    "Gap",
    "GapReason",
    "Opened",
    "Problem",
]


class Direction(enum.StrEnum):
    """Who sends."""

    C2S = "c2s"
    """The client, to the server."""
    S2C = "s2c"
    """The server, to the client."""


class EndReason(enum.StrEnum):
    """Why a direction of a connection is over."""

    FIN = "fin"
    """The sender has said so, and everything before that was captured or declared missing."""
    RESET = "reset"
    """The sender has reset the connection."""
    REUSED = "reused"
    """Another connection has begun at the same addresses and ports."""
    CAPTURE = "capture"
    """The capture has ended."""
    FORGOTTEN = "forgotten"
    """Of more connections than are remembered it has been silent longest."""


class GapReason(enum.StrEnum):
    """Why bytes are missing."""

    LOST = "lost"
    """No packet with them was captured."""
    CUT = "cut"
    """Only the beginning of the packet was captured."""


class Endpoint(msgspec.Struct, frozen=True):
    """An end of a connection.

    Attributes:
        address: of IP, 4 or 16 bytes.
        port: of TCP.

    >>> print(Endpoint(bytes([127, 0, 0, 1]), 80), Endpoint(bytes(15) + bytes([1]), 80))
    127.0.0.1:80 [::1]:80
    """

    address: bytes
    port: int

    def __str__(self) -> str:
        host = ip_address(self.address)
        return f"{host}:{self.port}" if host.version == 4 else f"[{host}]:{self.port}"


class Opened(msgspec.Struct, frozen=True):
    """A TCP connection was seen for the first time.

    Attributes:
        stream: its number, from 0, in the order in which they are first seen.
        client: who has opened it.
        server: who was waiting for it.
        has_handshake: whether that was seen. If not, the capture begins in the middle of the
            connection, and the server is guessed: it has the lower port number, or, if they are
            the same, it is not the one that sends first.
        time_ns: in nanoseconds since 1970; None if the capture does not say.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    has_handshake: bool
    time_ns: int | None


class Data(msgspec.Struct, frozen=True, gc=False):
    """The next bytes of one direction of a connection.

    Attributes:
        stream: number of the connection.
        direction: who has sent them.
        data: at least one byte.
        offset: of the first of them in the direction; those that are missing count.
        time_ns: when they, and all before them, had been captured.
    """

    stream: int
    direction: Direction
    data: bytes
    offset: int
    time_ns: int | None


class Gap(msgspec.Struct, frozen=True):
    """Bytes of one direction of a connection that are not in the capture.

    Attributes:
        stream: number of the connection.
        direction: who has sent them.
        size: how many they are.
        offset: of the first of them in the direction.
        reason: why they are missing.
        time_ns: when that was found.
    """

    stream: int
    direction: Direction
    size: int
    offset: int
    reason: GapReason
    time_ns: int | None

    def __str__(self) -> str:
        plural = "byte is" if self.size == 1 else "bytes are"
        return f"{self.size} {plural} missing from the capture ({self.reason})"


class Ended(msgspec.Struct, frozen=True):
    """One direction of a connection is over.

    Attributes:
        stream: number of the connection.
        direction: of the two.
        offset: how many bytes it had, with those that are missing.
        reason: why it is over.
        time_ns: when that was found.
    """

    stream: int
    direction: Direction
    offset: int
    reason: EndReason
    time_ns: int | None


class Problem(msgspec.Struct, frozen=True):
    """A packet that could not be read; bytes that it held are missing from its connection.

    Attributes:
        kind: ``unknown-link-type`` (told once for each), ``malformed-packet``, ``cut-packet``
            (within its headers), ``fragment`` (of IP: they are not put together) or
            ``stray-segment`` (farther ahead than any window of TCP).
        offset: of the packet's data in the capture.
        message: the fault in words.
    """

    kind: str
    offset: int
    message: str


Finding = Opened | Data | Gap | Ended | Problem
