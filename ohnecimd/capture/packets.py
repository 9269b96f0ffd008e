"""Packets, as both formats of captures hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ohnecimd.errors import Truncated
from ohnecimd.steps import WAIT

if TYPE_CHECKING:
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["LIMIT", "Packet", "take_or_end", "take_whole"]

LIMIT = 1 << 18
"""262144: as many bytes of a packet as tcpdump captures."""


class Packet(msgspec.Struct, frozen=True, gc=False):
    """A packet of a capture.

    Attributes:
        number: in the capture, from 1.
        time_ns: when it was captured, in nanoseconds since 1970; None if the capture does not say.
        link_type: what `data` begins with, as a number of tcpdump.org.
        data: what was captured of it.
        size: bytes that it had on the wire.
        offset: of the first byte of `data` in the capture.
        interface: number of the interface in its section; of pcap, 0.
    """

    number: int
    time_ns: int | None
    link_type: int
    data: bytes
    size: int
    offset: int
    interface: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether there was more of it than was captured."""
        return len(self.data) < self.size


def take_whole(stream: InputStream, nbytes: int) -> Steps[bytes]:
    """Consume exactly `nbytes`."""
    while (data := stream.take(nbytes)) is None:
        yield WAIT
    return data


def take_or_end(stream: InputStream, nbytes: int) -> Steps[bytes | None]:
    """Consume exactly `nbytes`; None if the input ends before the first of them."""
    try:
        while (data := stream.take(nbytes)) is None:
            yield WAIT
    except Truncated as error:
        if error.partial:
            raise
        return None
    return data
