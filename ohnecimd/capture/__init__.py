r"""Captures of tcpdump and Wireshark: packets, the TCP connections in them, and what these say.

Each step is a protocol that takes the bytes of a capture, cut in any way, and emits events:

================ ==========================================================================
`packets`        every packet
`streams`        the bytes of every TCP connection in order, and what is missing of them
`follow`         what connections of a protocol make of those bytes
================ ==========================================================================

Captures are pcap files of both byte orders, with microseconds or nanoseconds, or pcapng files; of
Ethernet with and without tags, Linux's "any" interface, BSD's loopback, or IP alone.

Those who have packets from elsewhere give them to a `Reassembly`, and its events to a `Follower`.

>>> from ohnecimd.protocols.lines import decode
>>> connection = follow(decode, ports={7007})
>>> connection.send(bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 65000000"))
>>> connection.send_eof()
>>> connection.events()
[]
"""

from ohnecimd.capture.events import (
    Data,
    Direction,
    Ended,
    Endpoint,
    EndReason,
    Finding,
    Gap,
    GapReason,
    Opened,
    Problem,
)
from ohnecimd.capture.following import Follower, Heard, follow
from ohnecimd.capture.packets import LIMIT, Packet
from ohnecimd.capture.reading import PacketReader, is_capture, packets
from ohnecimd.capture.streams import HELD_BYTES, MOST_STREAMS, Reassembly, streams

__all__ = [
    "HELD_BYTES",
    "LIMIT",
    "MOST_STREAMS",
    "Data",
    "Direction",
    "EndReason",
    "Ended",
    "Endpoint",
    "Finding",
    "Follower",
    "Gap",
    "GapReason",
    "Heard",
    "Opened",
    "Packet",
    "PacketReader",
    "Problem",
    "Reassembly",
    "follow",
    "is_capture",
    "packets",
    "streams",
]
