r"""The format pcapng, which Wireshark writes.

::

    file   blocks
    block  type  size (4 bytes each)  body, filled up to 4 bytes  size again

Source: IETF draft-ietf-opsawg-pcapng. A section header block tells the byte order of the blocks
after it, up to the next; interfaces are numbered within a section. Blocks that are not in `BLOCKS`
are skipped, of whatever size.

A size has to be a multiple of 4 and the same at both ends of its block. The length that a section
header states is not used: it would only help to skip the section.

>>> BLOCKS.decode(6, bytes.fromhex("00000000 00000001 00000000 00000002 00000002 abcd0000"))
EnhancedPacket(interface=0, time_high=1, time_low=0, captured=2, size=2, rest=b'\xab\xcd\x00\x00')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ohnecimd.capture.packets import Packet, take_or_end, take_whole
from ohnecimd.domains import plural
from ohnecimd.errors import Malformed, RemoteProtocolError, TooLong, Truncated
from ohnecimd.fields import i64, rest, u16, u32
from ohnecimd.messages import Message, one_of
from ohnecimd.primitives import skip
from ohnecimd.tables import Table

if TYPE_CHECKING:
    from ohnecimd.steps import Steps
    from ohnecimd.stream import ByteOrder, InputStream

__all__ = [
    "BLOCKS",
    "MAGIC",
    "ORDERS",
    "EnhancedPacket",
    "InterfaceDescription",
    "ObsoletePacket",
    "PcapngFile",
    "SectionHeader",
    "SimplePacket",
]

MAGIC = b"\n\r\r\n"
"""The type of a section header, the same in both byte orders: how a file begins."""
ORDER_MAGIC = 0x1A2B3C4D
ORDERS: dict[bytes, ByteOrder] = {
    ORDER_MAGIC.to_bytes(4, "big"): "big",
    ORDER_MAGIC.to_bytes(4, "little"): "little",
}
"""What a section header has at its byte 8, and the byte order that this means."""

HEAD_BYTES = 8  # type and size
SIZE_BYTES = 4
LEAST_BYTES = HEAD_BYTES + SIZE_BYTES
ALIGN = 4
REST_LIMIT = 1 << 16  # bytes of a block beside the packet
MOST_INTERFACES = 1 << 16  # of a section
OPTION_BYTES = 4  # of the header of one
END_OF_OPTIONS = 0
TIME_RESOLUTION = 9  # if_tsresol
TIME_OFFSET = 14  # if_tsoffset
SECOND_NS = 1_000_000_000
MICROSECONDS = 1_000_000  # in a second: what times are counted in if no option says otherwise

BLOCKS: Table[int] = Table("blocks")


class Interface:
    """What packets need to know of the interface that they were captured at.

    Args:
        link_type: what packets begin with.
        snaplen: bytes captured of a packet, at most; 0: all.
        units: of times, in a second.
        offset_s: what is added to times.
    """

    def __init__(self, link_type: int, snaplen: int, units: int, offset_s: int) -> None:
        self.link_type = link_type
        self.snaplen = snaplen
        self.units = units
        self.offset_ns = offset_s * SECOND_NS

    def time_ns(self, high: int, low: int) -> int:
        """Return a time in nanoseconds since 1970."""
        return (high << 32 | low) * SECOND_NS // self.units + self.offset_ns


class Section:
    """What the blocks of a section need to know of each other.

    Args:
        order: the byte order.
        limit: of the bytes captured of a packet.
    """

    def __init__(self, order: ByteOrder, limit: int) -> None:
        self.order: ByteOrder = order
        self.limit = limit
        self.interfaces: list[Interface] = []

    def interface(self, number: int, position: int) -> Interface:
        """Return an interface by its number."""
        if number >= len(self.interfaces):
            raise Malformed(
                position=position,
                path=["interface"],
                expected=f"one of the {len(self.interfaces)} interfaces of the section",
                found=number,
            )
        return self.interfaces[number]


class Block(Message):
    """The body of a block."""

    def enter(
        self,
        section: Section,  # noqa: ARG002 - the subclasses need them
        position: int,  # noqa: ARG002 - likewise
        number: int,  # noqa: ARG002 - likewise
    ) -> Packet | None:
        """Take part in a section; return the packet that the block holds, if that is what it does.

        Args:
            section: that the block stands in.
            position: of the body in the file.
            number: of the next packet.
        """
        return None


class PacketBlock(Block):
    """What blocks with packets have in common."""

    @staticmethod
    def data_in(section: Section, data: bytes, captured: int, position: int) -> bytes:
        """Return the captured bytes that `data` begins with; their number is at `position`."""
        if captured > section.limit:
            raise TooLong(
                position=position,
                path=["captured"],
                expected=f"at most {section.limit} bytes",
                found=captured,
            )
        if captured > len(data):
            raise Malformed(
                position=position,
                path=["captured"],
                expected=f"at most the {len(data)} bytes that are left in the block",
                found=captured,
            )
        return data[:captured]


@BLOCKS.message(0x0A0D0D0A)
class SectionHeader(Block):
    """The beginning of a section."""

    order: Annotated[u32, one_of(ORDER_MAGIC), "tells the byte order"]
    major: Annotated[u16, one_of(1)]
    minor: Annotated[u16, "0 or 2"]
    length: Annotated[i64, "bytes of the section; -1: not known"]
    options: rest


@BLOCKS.message(1)
class InterfaceDescription(Block):
    """An interface; the first of a section is number 0."""

    link_type: u16
    reserved: u16
    snaplen: Annotated[u32, "bytes captured of a packet, at most; 0: all"]
    options: rest

    def enter(
        self,
        section: Section,
        position: int,
        number: int,  # noqa: ARG002 - it is no packet
    ) -> Packet | None:
        """Add the interface."""
        if len(section.interfaces) >= MOST_INTERFACES:
            raise TooLong(f"more than {MOST_INTERFACES} interfaces in a section", position=position)
        units, offset_s = MICROSECONDS, 0
        for code, value, at in _options(self.options, position + 8, section.order):
            if code == TIME_RESOLUTION:
                exponent = _sized(value, 1, code, at)[0]
                units = 1 << (exponent & 127) if exponent > 127 else 10**exponent
            elif code == TIME_OFFSET:
                offset_s = int.from_bytes(_sized(value, 8, code, at), section.order, signed=True)
        section.interfaces.append(Interface(self.link_type, self.snaplen, units, offset_s))
        return None


@BLOCKS.message(2)
class ObsoletePacket(PacketBlock):
    """A packet, as it was written before there were enhanced ones."""

    interface: u16
    drops: Annotated[u16, "packets lost before this one; 65535: not known"]
    time_high: u32
    time_low: u32
    captured: Annotated[u32, "bytes that follow"]
    size: Annotated[u32, "bytes on the wire"]
    rest: Annotated[rest, "data and options"]

    def enter(self, section: Section, position: int, number: int) -> Packet | None:
        """Return the packet."""
        return _packet_with_time(self, section, position, number)


@BLOCKS.message(3)
class SimplePacket(PacketBlock):
    """A packet of the first interface, without its time."""

    size: Annotated[u32, "bytes on the wire"]
    rest: Annotated[rest, "data"]

    def enter(self, section: Section, position: int, number: int) -> Packet | None:
        """Return the packet."""
        interface = section.interface(0, position)
        captured = min(self.size, interface.snaplen or self.size)
        data = self.data_in(section, self.rest, captured, position)
        return Packet(number, None, interface.link_type, data, self.size, position + 4)


@BLOCKS.message(6)
class EnhancedPacket(PacketBlock):
    """A packet."""

    interface: u32
    time_high: Annotated[u32, "in units of the interface"]
    time_low: u32
    captured: Annotated[u32, "bytes that follow"]
    size: Annotated[u32, "bytes on the wire"]
    rest: Annotated[rest, "data and options"]

    def enter(self, section: Section, position: int, number: int) -> Packet | None:
        """Return the packet."""
        return _packet_with_time(self, section, position, number)


def _packet_with_time(
    block: ObsoletePacket | EnhancedPacket, section: Section, position: int, number: int
) -> Packet:
    interface = section.interface(block.interface, position)
    return Packet(
        number,
        interface.time_ns(block.time_high, block.time_low),
        interface.link_type,
        block.data_in(section, block.rest, block.captured, position + 12),
        block.size,
        position + 20,
        block.interface,
    )


def _options(data: bytes, position: int, order: ByteOrder) -> list[tuple[int, bytes, int]]:
    """Return the options at the end of a block: code, value, and the place of the value."""
    found = []
    at = 0
    while at + OPTION_BYTES <= len(data):
        code = int.from_bytes(data[at : at + 2], order)
        size = int.from_bytes(data[at + 2 : at + 4], order)
        at += OPTION_BYTES
        if code == END_OF_OPTIONS:
            break
        if at + size > len(data):
            raise Malformed(
                position=position + at - 2,
                path=[f"option {code}"],
                expected=f"at most the {len(data) - at} bytes that are left in the block",
                found=size,
            )
        found.append((code, data[at : at + size], position + at))
        at += size + -size % ALIGN
    return found


def _sized(value: bytes, size: int, code: int, position: int) -> bytes:
    """Return the value of an option that has so many bytes."""
    if len(value) != size:
        raise Malformed(
            f"expected {plural(size, 'byte')}, found {len(value)}",
            position=position,
            path=[f"option {code}"],
            found=value,
        )
    return value


class PcapngFile:
    """Reads the packets of one file.

    Args:
        limit: of the bytes captured of a packet.
    """

    unit = "block"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._section = Section("big", limit)
        self._packets = 0
        self.number = 0

    def read(self, stream: InputStream) -> Steps[Packet | None]:
        """Read up to the next packet; None at the end of the file."""
        while True:
            self.number += 1
            offset = stream.offset
            head = yield from take_or_end(stream, HEAD_BYTES)
            if head is None:
                return None
            magic = b""
            if head.startswith(MAGIC):
                magic = yield from self._begin_section(stream)
            order = self._section.order
            size = int.from_bytes(head[4:], order)
            self._check_size(size, len(magic), offset + 4)
            row = BLOCKS.find(int.from_bytes(head[:4], order))
            if row is None:
                yield from skip(size - LEAST_BYTES)
                yield from self._end(stream, size)
                continue
            if size > self._limit + REST_LIMIT:
                raise TooLong(
                    position=offset + 4,
                    path=[row.name, "block size"],
                    expected=f"at most {self._limit + REST_LIMIT} bytes",
                    found=size,
                )
            body = magic + (yield from take_whole(stream, size - LEAST_BYTES - len(magic)))
            yield from self._end(stream, size)
            packet = self._enter(row.message, body, offset + HEAD_BYTES)
            if packet is not None:
                return packet

    def _begin_section(self, stream: InputStream) -> Steps[bytes]:
        position = stream.offset
        magic = yield from take_whole(stream, 4)
        order = ORDERS.get(magic)
        if order is None:
            raise Malformed(
                position=position,
                path=["SectionHeader", "order"],
                expected=f"{ORDER_MAGIC:#x} in either byte order",
                found=magic,
            )
        self._section = Section(order, self._limit)
        return magic

    def _check_size(self, size: int, least: int, position: int) -> None:
        if size % ALIGN or size < LEAST_BYTES + least:
            raise Malformed(
                position=position,
                path=["block size"],
                expected=f"a multiple of {ALIGN}, at least {LEAST_BYTES + least}",
                found=size,
            )

    def _end(self, stream: InputStream, size: int) -> Steps[None]:
        position = stream.offset
        again = int.from_bytes((yield from take_whole(stream, SIZE_BYTES)), self._section.order)
        if again != size:
            raise Malformed(
                position=position,
                path=["block size"],
                expected=f"{size}, as at the beginning of the block",
                found=again,
            )

    def _enter(self, message: type[Message], body: bytes, position: int) -> Packet | None:
        try:
            block = message.decode(body, position=position, order=self._section.order)
        except Truncated as error:  # the block ends, not the file
            raise Malformed(
                position=error.position,
                path=error.path,
                expected=f"{error.expected} before the end of the block",
                found=error.partial,
            ) from None
        assert isinstance(block, Block)
        try:
            packet = block.enter(self._section, position, self._packets + 1)
        except RemoteProtocolError as error:
            error.path = (type(block).__name__, *error.path)
            raise
        if packet is not None:
            self._packets += 1
        return packet
