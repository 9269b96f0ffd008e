"""Captures of either format: which it is, and its packets one after the other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ohnecimd.capture import pcap, pcapng
from ohnecimd.capture.packets import LIMIT
from ohnecimd.capture.pcap import PcapFile
from ohnecimd.capture.pcapng import PcapngFile
from ohnecimd.combinators import lookahead
from ohnecimd.connection import protocol
from ohnecimd.errors import Malformed, RemoteProtocolError
from ohnecimd.primitives import emit, get_input, read

if TYPE_CHECKING:
    from ohnecimd.capture.packets import Packet
    from ohnecimd.steps import Steps
    from ohnecimd.stream import InputStream

__all__ = ["PacketReader", "is_capture", "packets"]

MAGIC_BYTES = 4
ORDER_AT = 8
SECTION_BYTES = 12


def is_capture(beginning: bytes) -> bool | None:
    r"""Tell whether bytes are the beginning of a capture; None if they are too few for that.

    A capture begins with the magic number of pcap, four bytes that are no ASCII; or with that of
    pcapng, which is ``\n\r\r\n``, and what tells the byte order at its byte 8.

    >>> is_capture(b"\xd4\xc3\xb2\xa1"), is_capture(b"\n\r\r\n"), is_capture(b"\n\r\n")
    (True, None, False)
    """
    magic = beginning[:MAGIC_BYTES]
    if magic in pcap.MAGICS:
        return True
    if magic == pcapng.MAGIC:
        order = beginning[ORDER_AT:SECTION_BYTES]
        if order in pcapng.ORDERS:
            return True
        return None if any(each.startswith(order) for each in pcapng.ORDERS) else False
    return None if any(each.startswith(magic) for each in (*pcap.MAGICS, pcapng.MAGIC)) else False


class PacketReader:
    """Reads the packets of a capture, pcap or pcapng, one after the other.

    For parsers that do something with each; `packets` emits them.

    Args:
        limit: of the bytes captured of a packet.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._stream: InputStream | None = None
        self._file: PcapFile | PcapngFile | None = None

    def read(self) -> Steps[Packet | None]:
        """Read the next packet; None at the end of the capture.

        Raises:
            Malformed: this is no capture, or what stands here cannot.
            TooLong: of a packet more than the limit was captured.
            Truncated: the capture ends within something.
        """
        stream = self._stream
        if stream is None:
            stream = self._stream = yield from get_input()
        file = self._file
        path = ["capture"]
        try:
            if file is None:
                file = self._file = yield from self._begin()
            return (yield from file.read(stream))
        except RemoteProtocolError as error:
            if file is not None and file.number:
                path.append(f"{file.unit} {file.number}")
            error.path = (*path, *error.path)
            raise

    def _begin(self) -> Steps[PcapFile | PcapngFile]:
        magic = yield from lookahead(partial(read, MAGIC_BYTES))
        if magic in pcap.MAGICS:
            return PcapFile(self._limit)
        if magic == pcapng.MAGIC:
            return PcapngFile(self._limit)
        raise Malformed(position=0, expected="the magic number of pcap or pcapng", found=magic)


@protocol
def packets(limit: int = LIMIT) -> Steps[None]:
    """Emit every packet of a capture, pcap or pcapng, as a `Packet`.

    Args:
        limit: of the bytes captured of a packet.

    Raises:
        Malformed: this is no capture, or what stands somewhere cannot stand there. Where the next
            packet would begin nobody knows then.
        TooLong: of a packet more than the limit was captured.
        Truncated: the capture ends within something.
    """
    reader = PacketReader(limit)
    while (packet := (yield from reader.read())) is not None:
        yield from emit(packet)
