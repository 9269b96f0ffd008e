r"""Packets taken apart: link layer, IP, TCP.

::

    link layer  (tags)  IPv4 or IPv6  (extension headers)  TCP

Sources: tcpdump.org's list of link types; IEEE 802.3 and 802.1Q; RFC 791, 8200, 9293, 2516. What
is not TCP over IP is passed over. Checksums are not looked at: network cards compute them after
the packet was captured. Nor are fragments of IP put together: TCP avoids them.

>>> Ipv4.decode(bytes.fromhex("45000028 00004000 40060000 7f000001 7f000001")).is_fragment
False
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ohnecimd.capture.events import Problem
from ohnecimd.errors import Malformed, RemoteProtocolError
from ohnecimd.fields import raw, u8, u16, u32
from ohnecimd.messages import Message, size_of
from ohnecimd.tables import Table

if TYPE_CHECKING:
    from ohnecimd.capture.packets import Packet

__all__ = [
    "ACK",
    "FIN",
    "LINKS",
    "RST",
    "SYN",
    "Ethernet",
    "Ipv4",
    "Ipv6",
    "LinuxCooked",
    "LinuxCooked2",
    "Loopback",
    "OpenLoopback",
    "Segment",
    "Tcp",
    "is_known_link",
    "segment_in",
]

FIN, SYN, RST, ACK = 1, 2, 4, 16

IPV4, IPV6 = 0x0800, 0x86DD
PPPOE = 0x8864
VLAN_TAGS = frozenset([0x8100, 0x88A8, 0x9100])
LONGEST_802_3 = 1500  # less than a type is a length
SNAP = b"\xaa\xaa\x03\0\0\0"
PPP_NETWORKS = {0x21: IPV4, 0x57: IPV6}
INTERNETS = frozenset([2, 10, 24, 28, 30])  # address families: IPv4, then IPv6 of several systems
IPV4_FAMILY = 2

TCP = 6
FRAGMENT = 44
AUTHENTICATION = 51
EXTENSIONS = frozenset([0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140])

LINKS: Table[int] = Table("link layers")
RAW_IP = frozenset([12, 14, 101, 228, 229])  # link types without a header


def _network_of(family: int) -> int:
    """Return the type of Ethernet that a family of addresses stands for."""
    return 0 if family not in INTERNETS else IPV4 if family == IPV4_FAMILY else IPV6


# What stands before IP on a link; each knows as its `network` what follows, as a type of Ethernet.


@LINKS.message(0)
class Loopback(Message):
    """A loopback interface of BSD, in the byte order of that machine."""

    family: Annotated[u32, "of addresses"]

    @property
    def network(self) -> int:
        """What follows, as a type of Ethernet."""
        family = self.family
        if family > 0xFFFF:
            family = int.from_bytes(family.to_bytes(4, "little"), "big")
        return _network_of(family)


@LINKS.message(1)
class Ethernet(Message):
    """Ethernet, and what pretends to be it."""

    destination: Annotated[bytes, raw(6)]
    source: Annotated[bytes, raw(6)]
    type: Annotated[u16, "of what follows; up to 1500: its length, and LLC follows"]

    @property
    def network(self) -> int:
        """What follows, as a type of Ethernet."""
        return self.type


@LINKS.message(108)
class OpenLoopback(Message):
    """A loopback interface of OpenBSD."""

    family: Annotated[u32, "of addresses"]

    @property
    def network(self) -> int:
        """What follows, as a type of Ethernet."""
        return _network_of(self.family)


@LINKS.message(113)
class LinuxCooked(Message):
    """Any interface of Linux."""

    kind: Annotated[u16, "0: to us, 4: from us ..."]
    hardware: u16
    address_size: u16
    address: Annotated[bytes, raw(8)]
    type: Annotated[u16, "of what follows, as in Ethernet"]

    @property
    def network(self) -> int:
        """What follows, as a type of Ethernet."""
        return self.type


@LINKS.message(276)
class LinuxCooked2(Message):
    """Any interface of Linux, told by its number."""

    type: Annotated[u16, "of what follows, as in Ethernet"]
    reserved: u16
    interface: u32
    hardware: u16
    kind: Annotated[u8, "0: to us, 4: from us ..."]
    address_size: u8
    address: Annotated[bytes, raw(8)]

    @property
    def network(self) -> int:
        """What follows, as a type of Ethernet."""
        return self.type


class VlanTag(Message):
    """A tag of IEEE 802.1Q."""

    control: Annotated[u16, "priority and number of the network"]
    type: Annotated[u16, "of what follows, as in Ethernet"]


class PppoeSession(Message):
    """PPP over Ethernet, with the protocol of PPP."""

    version: u8
    code: u8
    session: u16
    size: u16
    protocol: u16


class Ipv4(Message):
    """IPv4, without options."""

    version: Annotated[u8, "upper half: 4; lower half: size of the header in units of 4 bytes"]
    service: u8
    size: Annotated[u16, "with the header; 0: left to the network card"]
    identification: u16
    fragment: Annotated[u16, "3 bits: flags; 13: place of the fragment"]
    hops: u8
    protocol: u8
    checksum: u16
    source: Annotated[bytes, raw(4)]
    destination: Annotated[bytes, raw(4)]

    @property
    def is_fragment(self) -> bool:
        """Whether it is a part of a packet: more follow, or it is not the first."""
        return self.fragment & 0x3FFF != 0


class Ipv6(Message):
    """IPv6, without extension headers."""

    version: Annotated[u32, "uppermost 4 bits: 6"]
    size: Annotated[u16, "of what follows; 0: left to the network card"]
    protocol: Annotated[u8, "of the next header"]
    hops: u8
    source: Annotated[bytes, raw(16)]
    destination: Annotated[bytes, raw(16)]


class Extension(Message):
    """The beginning of an extension header of IPv6."""

    protocol: Annotated[u8, "of the next header"]
    size: Annotated[u8, "units of 8 bytes after the first; of authentication, 4 after 2 of them"]
    place: Annotated[u16, "of a fragment: 13 bits its place, the last: more follow"]


class Tcp(Message):
    """TCP, without options."""

    source: u16
    destination: u16
    sequence: u32
    acknowledgement: u32
    flags: Annotated[u16, "uppermost 4 bits: size of the header in units of 4 bytes"]
    window: u16
    checksum: u16
    urgent: u16


LINK_HEADERS = {row.code: (row.message, size_of(row.message) or 0) for row in LINKS}
VLAN_BYTES = size_of(VlanTag) or 0
PPPOE_BYTES = size_of(PppoeSession) or 0
IPV4_BYTES = size_of(Ipv4) or 0
IPV6_BYTES = size_of(Ipv6) or 0
EXTENSION_BYTES = size_of(Extension) or 0
TCP_BYTES = size_of(Tcp) or 0


class Segment(msgspec.Struct, frozen=True, gc=False):
    """A packet of TCP.

    Attributes:
        source: address of the sender.
        source_port: of the sender.
        destination: address of the receiver.
        destination_port: of the receiver.
        sequence: number of the first byte of `data`; with SYN, of that.
        acknowledgement: number of the next byte that the sender expects, with ACK.
        flags: `FIN`, `SYN`, `RST`, `ACK` and others.
        data: what was captured of the payload.
        size: bytes of the payload on the wire.
    """

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int
    sequence: int
    acknowledgement: int
    flags: int
    data: bytes
    size: int


class _Network(enum.Enum):
    """What is no TCP."""

    OTHER = enum.auto()
    FRAGMENT = enum.auto()


def is_known_link(link_type: int) -> bool:
    """Tell whether packets with this link type can be taken apart."""
    return link_type in RAW_IP or link_type in LINK_HEADERS


def segment_in(packet: Packet) -> Segment | Problem | None:
    """Return the segment of TCP that a packet holds, or why it cannot be read.

    None: it holds no TCP, or its link type is not known.
    """
    try:
        found = _internet_in(packet)
        if isinstance(found, Segment):
            return found
    except RemoteProtocolError as error:
        kind = "cut-packet" if packet.is_cut else "malformed-packet"
        error.path = (f"packet {packet.number}", *error.path)
        return Problem(kind, packet.offset, str(error))
    if found is _Network.FRAGMENT:
        message = f"packet {packet.number} is a fragment of IP with TCP in it"
        return Problem("fragment", packet.offset, message)
    return None


def _internet_in(packet: Packet) -> Segment | _Network:
    data = packet.data
    link = LINK_HEADERS.get(packet.link_type)
    at = 0
    if link is not None:
        message, at = link
        header: Any = message.decode(data[:at], position=packet.offset)
        network: int = header.network
        if network not in (IPV4, IPV6):
            network, at = _behind_tags(network, packet, at)
    elif packet.link_type in RAW_IP and data:
        network = {4: IPV4, 6: IPV6}.get(data[0] >> 4, 0)
    else:
        return _Network.OTHER
    if network == IPV4:
        return _ipv4_in(packet, at)
    return _ipv6_in(packet, at) if network == IPV6 else _Network.OTHER


def _behind_tags(network: int, packet: Packet, at: int) -> tuple[int, int]:
    """Return what follows the tags between link layer and IP, and where that begins."""
    data = packet.data
    while True:
        position = packet.offset + at
        if network in VLAN_TAGS:
            tag = VlanTag.decode(data[at : at + VLAN_BYTES], position=position)
            network, at = tag.type, at + VLAN_BYTES
        elif network == PPPOE:
            session = PppoeSession.decode(data[at : at + PPPOE_BYTES], position=position)
            return PPP_NETWORKS.get(session.protocol, 0), at + PPPOE_BYTES
        elif network <= LONGEST_802_3 and data.startswith(SNAP, at):
            at += len(SNAP) + 2
            network = int.from_bytes(data[at - 2 : at], "big")
        else:
            return network, at


def _ipv4_in(packet: Packet, at: int) -> Segment | _Network:
    data, position = packet.data, packet.offset + at
    header = Ipv4.decode(data[at : at + IPV4_BYTES], position=position)
    if header.protocol != TCP:
        return _Network.OTHER
    size = (header.version & 15) * 4
    total = header.size or packet.size - at
    if header.version >> 4 != 4 or not IPV4_BYTES <= size <= total:
        raise Malformed(
            position=position,
            path=["Ipv4", "version"],
            expected=f"version 4, and a header of {IPV4_BYTES}..{total} bytes",
            found=header.version,
        )
    if header.is_fragment:
        return _Network.FRAGMENT
    return _tcp_in(packet, at + size, at + total, header)


def _ipv6_in(packet: Packet, at: int) -> Segment | _Network:
    data, position = packet.data, packet.offset + at
    header = Ipv6.decode(data[at : at + IPV6_BYTES], position=position)
    if header.version >> 28 != 6:
        raise Malformed(
            position=position,
            path=["Ipv6", "version"],
            expected="version 6",
            found=header.version >> 28,
        )
    at += IPV6_BYTES
    end = at + header.size if header.size else packet.size
    protocol = header.protocol
    is_fragment = False
    while protocol in EXTENSIONS:
        extension = Extension.decode(data[at : at + EXTENSION_BYTES], position=packet.offset + at)
        if protocol == FRAGMENT:
            is_fragment = is_fragment or extension.place & 0xFFF9 != 0
            at += 8
        elif protocol == AUTHENTICATION:
            at += (extension.size + 2) * 4
        else:
            at += (extension.size + 1) * 8
        protocol = extension.protocol
    if protocol != TCP:
        return _Network.OTHER
    return _Network.FRAGMENT if is_fragment else _tcp_in(packet, at, end, header)


def _tcp_in(packet: Packet, at: int, end: int, internet: Ipv4 | Ipv6) -> Segment:
    data, position = packet.data, packet.offset + at
    header = Tcp.decode(data[at : at + TCP_BYTES], position=position)
    size = header.flags >> 12 << 2
    start = at + size
    if size < TCP_BYTES or start > end:
        raise Malformed(
            position=position + 12,
            path=["Tcp", "flags"],
            expected=f"a header of {TCP_BYTES}..{end - at} bytes",
            found=size,
        )
    return Segment(
        internet.source,
        header.source,
        internet.destination,
        header.destination,
        header.sequence,
        header.acknowledgement,
        header.flags,
        data[start:end],
        end - start,
    )
