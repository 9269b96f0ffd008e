"""The files of `tests/data/cimd`, what is expected of them, and packets made for one test."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ohnecimd.protocols.cimd.framing import Noise, decode
from ohnecimd.protocols.cimd.packets import Packet

DATA = Path(__file__).parents[2] / "data" / "cimd"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))
PHONE = b"+358401234567"
STAMP = b"261120131502"
GREETING = b"CIMD2-A ConnectionInfo: SessionId = 2256 PortId = 4 AccessType = TCPIP_SOCKET\n"


def plain(text):
    """Return the bytes of what the sheet writes, such as ``<STX>40:001<TAB>3A<ETX>``."""
    for name, octet in (("STX", 2), ("ETX", 3), ("TAB", 9), ("LF", 10)):
        text = text.replace(f"<{name}>", chr(octet))
    return text.encode("ascii")


def conversation():
    """Give direction (``c2s``, ``s2c``), bytes and remark of each line of the conversation."""
    for line in (DATA / "conversation.txt").read_text(encoding="utf-8").splitlines()[1:]:
        who, said, remark = re.fullmatch(r"([AS])>[AS] (.*?)(?:    ; (.*))?", line).groups()
        yield "c2s" if who == "A" else "s2c", plain(said), remark or ""


def streams(name):
    """Give the bytes of each stream and direction of a capture, and its part of the listing."""
    listing = json.loads((DATA / f"{name}.json").read_text())["listing"]
    for key in dict.fromkeys((entry["stream"], entry["dir"]) for entry in listing):
        entries = [entry for entry in listing if (entry["stream"], entry["dir"]) == key]
        octets = [bytes.fromhex(entry.get("raw") or entry["noise"]) for entry in entries]
        yield f"{name}-{key[0]}-{key[1]}", b"".join(octets), entries


STREAMS = [stream for name in NAMES for stream in streams(name)]
IDS = [stream[0] for stream in STREAMS]
EXAMPLES = [data for _, data, _ in STREAMS]


def listed(item):
    """Return what a listing has of a packet, or of noise."""
    if isinstance(item, Noise):
        return {"noise": item.data.hex()}
    assert isinstance(item, Packet)
    return {
        "op": item.operation,
        "pn": item.number,
        "params": [[number.decode(), value.hex()] for number, value in item.pairs()],
        "checksum": None if item.checksum is None else item.checksum.decode(),
        "checksum_ok": item.checksum_ok,
        "raw": item.encode().hex(),
    }


def items_of(pieces, *, limit=4096, eof=True):
    """Return all that comes of a stream in pieces."""
    connection = decode(limit)
    items = []
    for piece in pieces:
        connection.send(piece)
        items += connection.events()
    if eof:
        connection.send_eof()
        items += connection.events()
        assert connection.has_result
    return items


def packet(operation, *parameters, number=1):
    """Return a packet of these parameters, such as ``b"021:123"``."""
    return Packet(operation, number, b"".join(each + b"\t" for each in parameters))


BODIES = {
    1: b"010:a\t011:b\t",
    3: b"021:1\t",
    4: b"021:1\t060:261120131502\t",
    6: b"059:1\t",
    9: b"500:501\t",
    20: b"021:1\t",
    23: b"021:1\t060:261120131502\t061:4\t",
    54: b"061:4\t",
}
"""By operation, the parameters that have to be there."""
