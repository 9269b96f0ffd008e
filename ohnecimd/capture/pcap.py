r"""The format pcap, which tcpdump has always written.

::

    file    header (24 bytes), packets
    packet  seconds  fraction  captured  size (4 bytes each), data

Source: IETF draft-ietf-opsawg-pcap. The magic number tells the byte order of all numbers, and
whether fractions of seconds are microseconds or nanoseconds. The upper half of the link type tells
of checksums at the end of frames, which do not matter here. Files of another version than 2,
and those of patched tcpdumps with magic numbers of their own, are refused.

>>> begun = bytes.fromhex("a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001")
>>> header = FileHeader.decode(begun)
>>> header.resolution.name, header.snaplen, header.link
('MICROSECONDS', 65535, 1)
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

from ohnecimd.capture.packets import Packet, take_or_end, take_whole
from ohnecimd.errors import TooLong
from ohnecimd.fields import i32, u16, u32
from ohnecimd.messages import Message, one_of, size_of

if TYPE_CHECKING:
    from ohnecimd.steps import Steps
    from ohnecimd.stream import ByteOrder, InputStream

__all__ = ["MAGICS", "FileHeader", "PacketHeader", "PcapFile", "Resolution"]

LINK_TYPES = 0xFFFF


class Resolution(enum.IntEnum):
    """What fractions of seconds are counted in: the magic number."""

    MICROSECONDS = 0xA1B2C3D4
    NANOSECONDS = 0xA1B23C4D


NANOSECONDS = {Resolution.MICROSECONDS: 1000, Resolution.NANOSECONDS: 1}
ORDERS: tuple[ByteOrder, ...] = ("big", "little")
MAGICS: dict[bytes, ByteOrder] = {
    each.to_bytes(4, order): order for each in Resolution for order in ORDERS
}
"""How a file begins, and the byte order that this means."""


class FileHeader(Message):
    """What a file begins with."""

    resolution: Annotated[Resolution, u32, "magic number: of the times"]
    major: Annotated[u16, one_of(2)]
    minor: Annotated[u16, "4"]
    zone: Annotated[i32, "0"]
    accuracy: Annotated[u32, "0"]
    snaplen: Annotated[u32, "bytes captured of a packet, at most"]
    link: Annotated[u32, "lower half: the link type"]


class PacketHeader(Message):
    """What stands before each packet."""

    seconds: Annotated[u32, "since 1970"]
    fraction: Annotated[u32, "microseconds or nanoseconds"]
    captured: Annotated[u32, "bytes that follow"]
    size: Annotated[u32, "bytes on the wire"]


FILE_HEADER_BYTES = size_of(FileHeader) or 0
PACKET_HEADER_BYTES = size_of(PacketHeader) or 0


class PcapFile:
    """Reads the packets of one file.

    Args:
        limit: of the bytes captured of a packet.
    """

    unit = "packet"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._order: ByteOrder | None = None
        self._link_type = 0
        self._fraction_ns = 1
        self.number = 0

    def read(self, stream: InputStream) -> Steps[Packet | None]:
        """Read the next packet; None at the end of the file."""
        order = self._order
        if order is None:
            order = yield from self._begin(stream)
        self.number += 1
        offset = stream.offset
        head = yield from take_or_end(stream, PACKET_HEADER_BYTES)
        if head is None:
            return None
        header = PacketHeader.decode(head, position=offset, order=order)
        if header.captured > self._limit:
            raise TooLong(
                position=offset + 8,
                path=["PacketHeader", "captured"],
                expected=f"at most {self._limit} bytes",
                found=header.captured,
            )
        offset = stream.offset
        data = yield from take_whole(stream, header.captured)
        time_ns = header.seconds * 1_000_000_000 + header.fraction * self._fraction_ns
        return Packet(self.number, time_ns, self._link_type, data, header.size, offset)

    def _begin(self, stream: InputStream) -> Steps[ByteOrder]:
        head = yield from take_whole(stream, FILE_HEADER_BYTES)
        order = self._order = MAGICS[head[:4]]
        header = FileHeader.decode(head, order=order)
        self._fraction_ns = NANOSECONDS[header.resolution]
        self._link_type = header.link & LINK_TYPES
        return order
