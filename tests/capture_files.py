"""Captures made with `struct` alone, for tests: packets from the inside out, and both formats."""

from __future__ import annotations

import struct

CLIENT = bytes([10, 0, 0, 1])
SERVER = bytes([10, 0, 0, 2])
CLIENT6 = bytes.fromhex("20010db8000000000000000000000001")
SERVER6 = bytes.fromhex("20010db8000000000000000000000002")
CPORT, SPORT = 50000, 9971
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, RAW = 1, 101
START_S = 1_700_000_000


def tcp(source, destination, seq, ack=0, flags=ACK, data=b"", options=b""):
    size = (20 + len(options)) // 4
    numbers = struct.pack(">HHII", source, destination, seq % 2**32, ack % 2**32)
    return numbers + struct.pack(">HHHH", size << 12 | flags, 1024, 0, 0) + options + data


def ip4(payload, source=CLIENT, destination=SERVER, *, size=None, fragment=0, options=b"", proto=6):
    head = 20 + len(options)
    size = head + len(payload) if size is None else size
    start = struct.pack(">BBHHHBBH", 0x40 | head // 4, 0, size, 1, fragment, 64, proto, 0)
    return start + source + destination + options + payload


def ip6(payload, source=CLIENT6, destination=SERVER6, *, proto=6, size=None):
    size = len(payload) if size is None else size
    return struct.pack(">IHBB", 6 << 28, size, proto, 64) + source + destination + payload


def ethernet(payload, network=0x0800, tags=()):
    return (
        bytes(12)
        + b"".join(struct.pack(">HH", *tag) for tag in tags)
        + (struct.pack(">H", network) + payload)
    )


class Talk:
    """The packets of one connection, raw IP, with sequence numbers that are kept.

    `packets` is a list of (seconds, bytes). Everything may be lost or reordered by changing it.
    """

    def __init__(self, *, cport=CPORT, sport=SPORT, seqs=(1000, 5000)):
        self.ports = {"c2s": (cport, sport), "s2c": (sport, cport)}
        self.seqs = dict(zip(("c2s", "s2c"), seqs, strict=True))
        self.packets = []
        self.clock = 0.0

    def packet(self, way, seq, ack, flags, data=b""):
        source, destination = (CLIENT, SERVER) if way == "c2s" else (SERVER, CLIENT)
        segment = tcp(*self.ports[way], seq, ack, flags, data)
        self.clock += 0.001
        self.packets.append((self.clock, ip4(segment, source, destination)))
        return self

    def say(self, way, data=b"", flags=PSH | ACK):
        """Send what follows."""
        other = "s2c" if way == "c2s" else "c2s"
        self.packet(way, self.seqs[way], self.seqs[other], flags, data)
        self.seqs[way] += len(data) + bool(flags & (SYN | FIN))
        return self

    def c2s(self, data=b"", flags=PSH | ACK):
        return self.say("c2s", data, flags)

    def s2c(self, data=b"", flags=PSH | ACK):
        return self.say("s2c", data, flags)

    def handshake(self):
        return self.c2s(flags=SYN).s2c(flags=SYN | ACK).c2s(flags=ACK)

    def goodbye(self):
        return self.c2s(flags=FIN | ACK).s2c(flags=FIN | ACK).c2s(flags=ACK)

    def again(self, number):
        """Send a packet again."""
        return self.late(self.packets[number][1])

    def late(self, data):
        """Send a packet that was taken out."""
        self.clock += 0.001
        self.packets.append((self.clock, data))
        return self

    def lose(self, number=-1):
        """Take a packet out, and return it."""
        return self.packets.pop(number)[1]

    def wait(self, seconds):
        self.clock += seconds
        return self

    def pcap(self, **options):
        return pcap(self.packets, link=RAW, **options)


def nanoseconds(seconds):
    return (START_S * 1000 + round(seconds * 1000)) * 1_000_000


def pcap(packets, *, link=ETHERNET, order="<", nano=False, snaplen=65535):
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)]
    for seconds, data in packets:
        whole, rest = divmod(nanoseconds(seconds), 10**9)
        kept = data[:snaplen]
        fraction = rest if nano else rest // 1000
        parts += struct.pack(order + "IIII", whole, fraction, len(kept), len(data)), kept
    return b"".join(parts)


def padded(data):
    return data + bytes(-len(data) % 4)


def block(kind, body, order="<"):
    size = struct.pack(order + "I", 12 + len(padded(body)))
    return struct.pack(order + "I", kind) + size + padded(body) + size


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + padded(value)


def section(order="<", options=b""):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link=ETHERNET, *, order="<", snaplen=0, options=b""):
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(data, ticks=0, *, number=0, order="<", size=None, options=b""):
    size = len(data) if size is None else size
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks % 2**32, len(data), size)
    return block(6, head + padded(data) + options, order)


def simple(data, *, order="<", size=None):
    return block(3, struct.pack(order + "I", len(data) if size is None else size) + data, order)


def obsolete(data, ticks=0, *, number=0, order="<"):
    head = struct.pack(
        order + "HHIIII", number, 0xFFFF, ticks >> 32, ticks % 2**32, len(data), len(data)
    )
    return block(2, head + padded(data), order)


def pcapng(packets, *, link=ETHERNET, order="<"):
    ticks = [(nanoseconds(seconds) // 1000, data) for seconds, data in packets]
    blocks = [enhanced(data, each, order=order) for each, data in ticks]
    return section(order) + interface(link, order=order) + b"".join(blocks)
