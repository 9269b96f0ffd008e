"""TCP connections of a capture: their bytes in order, in both directions."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ohnecimd.capture.events import Direction, Endpoint, EndReason, Finding, Opened, Problem
from ohnecimd.capture.flows import Flow
from ohnecimd.capture.frames import ACK, FIN, RST, SYN, Segment, is_known_link, segment_in
from ohnecimd.capture.packets import LIMIT
from ohnecimd.capture.reading import PacketReader
from ohnecimd.connection import protocol
from ohnecimd.errors import RemoteProtocolError
from ohnecimd.primitives import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from typing import TypeAlias

    from ohnecimd.capture.packets import Packet
    from ohnecimd.steps import Steps

__all__ = ["HELD_BYTES", "MOST_STREAMS", "Reassembly", "read_streams", "streams"]

HELD_BYTES = 1 << 22
"""4 MiB: as much as waits, in one direction, for bytes before it."""
MOST_STREAMS = 1 << 16
"""65536: as many connections are remembered."""

Key: TypeAlias = "tuple[bytes, int, bytes, int]"


class _Connection:
    """A TCP connection, each direction by the addresses and ports of its packets.

    Args:
        number: of the connection.
        forth: as the packets of the client have them.
        flows: the client's direction, and the server's; None if nobody asks for them.
    """

    __slots__ = ("flows", "forth", "number")

    def __init__(self, number: int, forth: Key, flows: tuple[Flow, Flow]) -> None:
        self.number = number
        self.forth = forth
        self.flows = flows

    @property
    def back(self) -> Key:
        """The addresses and ports as the packets of the server have them."""
        return (*self.forth[2:], *self.forth[:2])


class Reassembly:
    """Puts the segments of TCP in order: packets go in, events come out.

    A stream is a connection; they are numbered as they are first seen, from 0. A SYN at the
    addresses and ports of one begins another, unless it may be the same SYN again. Whoever sends a
    SYN without ACK is the client; for what is guessed without it see `Opened`.

    What comes twice is told once, and where two packets disagree, the first captured counts. Bytes
    that are not in the capture become a `Gap`, and the stream goes on after it: when the other side
    has acknowledged them, and 64 KiB behind them wait or a second of the capture has passed; when
    more than `held_bytes` wait; when the connection or the capture ends. What a packet lacks
    because packets were cut when they were captured is one at once. Bytes that come after their
    gap was told are left out.

    Without a handshake a direction begins with the first byte of it that was captured. It ends with
    FIN, with RST of its sender, with another connection in its place, or with the capture.

    Args:
        ports: of servers: only their connections are told; None: all. Numbers do not depend on it.
            Without a handshake, it also tells which side is the server.
        held_bytes: as much waits, in one direction, for bytes before it, 64 added for each piece.
        most_streams: as many connections are remembered; beyond that, the one that has been silent
            longest is ended, and would be a new one if it spoke again.
    """

    def __init__(
        self,
        *,
        ports: Container[int] | None = None,
        held_bytes: int = HELD_BYTES,
        most_streams: int = MOST_STREAMS,
    ) -> None:
        self._ports = ports
        self._held_bytes = held_bytes
        self._most_streams = most_streams
        self._events: list[Finding] = []
        self._hidden: list[Finding] = []  # those of connections that nobody asks for
        self._count = 0
        self._by_key: dict[Key, tuple[_Connection, Flow, Flow]] = {}
        self._recent: OrderedDict[int, _Connection] = OrderedDict()  # the silent ones first
        self._unknown_links: set[int] = set()
        self._time_ns: int | None = None

    def add(self, packet: Packet) -> list[Finding]:
        """Take the next packet, and return what comes of it."""
        self._time_ns = packet.time_ns
        segment = segment_in(packet)
        if isinstance(segment, Segment):
            self._take(segment, packet)
        elif segment is not None:
            self._events.append(segment)
        elif not is_known_link(packet.link_type) and packet.link_type not in self._unknown_links:
            self._unknown_links.add(packet.link_type)
            message = f"packet {packet.number} has the link type {packet.link_type}, not known here"
            self._events.append(Problem("unknown-link-type", packet.offset, message))
        return self._taken()

    def finish(self) -> list[Finding]:
        """Take note that there are no more packets, and return what comes of it."""
        for number in sorted(self._recent):
            self._end(self._recent[number], EndReason.CAPTURE)
        self._recent.clear()
        self._by_key.clear()
        return self._taken()

    def _taken(self) -> list[Finding]:
        self._hidden.clear()
        if not self._events:
            return []
        events = self._events.copy()
        self._events.clear()  # flows know this list
        return events

    def _take(self, segment: Segment, packet: Packet) -> None:
        key = (
            segment.source,
            segment.source_port,
            segment.destination,
            segment.destination_port,
        )
        found = self._by_key.get(key)
        flags = segment.flags
        begin = segment.sequence + 1 if flags & SYN else segment.sequence
        if found is None or (flags & SYN and self._is_another(found[1], begin)):
            found = self._open(key, segment)
        connection, flow, back = found
        self._recent.move_to_end(connection.number)
        time_ns = packet.time_ns
        if flow.first is None and not flags & RST:
            flow.begin(begin, has_syn=bool(flags & SYN))
        if flags & ACK and back.first is not None and not back.has_ended:
            back.acknowledge(back.place_of(segment.acknowledgement), time_ns)
        if flow.has_ended:
            return
        if segment.size and flow.first is not None:
            place = flow.place_of(begin)
            if not flow.add(place, segment.data, segment.size, time_ns):
                message = f"packet {packet.number} is {place - flow.offset} bytes ahead"
                self._events.append(Problem("stray-segment", packet.offset, message))
        if flags & FIN and flow.first is not None:
            flow.finish_at(flow.place_of(begin + segment.size), time_ns)
        else:
            flow.end_if_complete(time_ns)
        if flags & RST:
            flow.close(EndReason.RESET, time_ns)

    @staticmethod
    def _is_another(flow: Flow, begin: int) -> bool:
        """Tell whether a SYN begins another connection than that which is there."""
        return flow.has_ended or not flow.is_begun_by(begin)

    def _open(self, key: Key, segment: Segment) -> tuple[_Connection, Flow, Flow]:
        known = self._by_key.get(key)
        if known is not None:
            self._forget(known[0], EndReason.REUSED)
        sender = Endpoint(segment.source, segment.source_port)
        receiver = Endpoint(segment.destination, segment.destination_port)
        has_handshake = bool(segment.flags & SYN)
        if has_handshake:
            is_client = not segment.flags & ACK
        else:
            is_client = self._guess(sender.port, receiver.port)
        client, server = (sender, receiver) if is_client else (receiver, sender)
        is_wanted = self._ports is None or server.port in self._ports
        events = self._events if is_wanted else self._hidden
        flows = [Flow(self._count, each, events, self._held_bytes) for each in Direction]
        forth = key if is_client else (*key[2:], *key[:2])
        connection = _Connection(self._count, forth, (flows[0], flows[1]))
        events.append(Opened(self._count, client, server, has_handshake, self._time_ns))
        self._by_key[forth] = (connection, flows[0], flows[1])
        self._by_key[connection.back] = (connection, flows[1], flows[0])
        self._recent[self._count] = connection
        self._count += 1
        if len(self._recent) > self._most_streams:
            self._forget(next(iter(self._recent.values())), EndReason.FORGOTTEN)
        return self._by_key[key]

    def _guess(self, source: int, destination: int) -> bool:
        """Tell whether the sender is the client, by the ports alone."""
        if self._ports is not None and (source in self._ports) != (destination in self._ports):
            return destination in self._ports
        return destination <= source

    def _forget(self, connection: _Connection, reason: EndReason) -> None:
        self._end(connection, reason)
        del self._recent[connection.number]
        del self._by_key[connection.forth]
        self._by_key.pop(connection.back, None)  # the same if it is from a port to itself

    def _end(self, connection: _Connection, reason: EndReason) -> None:
        for flow in connection.flows:
            flow.close(reason, self._time_ns)


def read_streams(
    reassembly: Reassembly,
    limit: int = LIMIT,
    take: Callable[[Finding], Iterable[object]] = lambda event: (event,),
) -> Steps[None]:
    """Read a capture to its end, and emit what is made of what comes of its packets.

    An error of the capture comes after all that is made of the packets before it.

    Args:
        reassembly: takes the packets.
        limit: of the bytes captured of a packet.
        take: makes of an event what is emitted.
    """
    reader = PacketReader(limit)
    failure = None
    try:
        while (packet := (yield from reader.read())) is not None:
            for event in reassembly.add(packet):
                for each in take(event):
                    yield from emit(each)
    except RemoteProtocolError as error:
        failure = error
    for event in reassembly.finish():
        for each in take(event):
            yield from emit(each)
    if failure is not None:
        raise failure


@protocol
def streams(
    *,
    ports: Container[int] | None = None,
    limit: int = LIMIT,
    held_bytes: int = HELD_BYTES,
    most_streams: int = MOST_STREAMS,
) -> Steps[None]:
    """Emit what the TCP connections of a capture, pcap or pcapng, have carried.

    The events are those of `Reassembly`. If the capture itself is malformed, all that was found
    before comes before the error, with the end of every stream.

    Args:
        ports: of servers, as of `Reassembly`, and so are `held_bytes` and `most_streams`.
        limit: of the bytes captured of a packet.
        held_bytes: that wait, in one direction, for bytes before them.
        most_streams: that are remembered.

    Raises:
        Malformed, TooLong, Truncated: as `packets`.
    """
    reassembly = Reassembly(ports=ports, held_bytes=held_bytes, most_streams=most_streams)
    yield from read_streams(reassembly, limit)
