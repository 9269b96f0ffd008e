"""Wireshark's dissector of CIMD2, an independent reader of what we write.

It looks only at the first packet of a TCP segment, puts no segments together, and shows nothing of
parameters that it does not know. So each packet gets a segment of its own.
"""

import os
import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from itertools import accumulate
from xml.etree import ElementTree as ET

from journal import PATIENCE_S

NEEDED = ("tshark",)  # of the Debian package of that name
PACKET = re.compile(rb"\x02[^\x02\x03]*\x03")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

APPLICATION_PORT, CENTER_PORT = 40000, 9971
HERE = bytes([127, 0, 0, 1])
RAW_IP = 101  # the link type of a capture whose packets begin with the IP header


def missing():
    return [name for name in NEEDED if shutil.which(name) is None]


@dataclass(frozen=True)
class Dissected:
    """What the dissector makes of one packet.

    `number` is modulo 256; `parameters` are those that it knows, as (number, value), and `meanings`
    what it says about each. `complaints` hold all that it finds wrong.
    """

    operation: int | None
    name: str
    number: int | None
    parameters: tuple
    meanings: tuple
    checksum: bytes | None
    complaints: tuple


def packets_of(stream):
    """Cut a direction of a conversation at STX and ETX; nothing may stand between packets."""
    packets = PACKET.findall(stream)
    assert b"".join(packets) == stream, "there are bytes between packets"
    return packets


def segment(data, position, *, from_application):
    """Put data into an IP packet with a TCP segment; nobody looks at its checksums."""
    ports = (APPLICATION_PORT, CENTER_PORT)
    header = struct.pack(
        ">HHIIBBHHH",
        *(ports if from_application else ports[::-1]),
        position,
        1,
        0x50,
        0x18,
        0xFFFF,
        0,
        0,
    )
    size = 20 + len(header) + len(data)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 6, 0, HERE, HERE)
    return ip + header + data


def capture(packets, *, from_application):
    """Write down a direction of a conversation as a pcap file, one segment for each packet."""
    positions = accumulate(map(len, packets), initial=1)
    frames = [
        segment(packet, position, from_application=from_application)
        for packet, position in zip(packets, positions, strict=False)
    ]
    begin = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, RAW_IP)
    return begin + b"".join(
        struct.pack("<IIII", second, 0, len(frame), len(frame)) + frame
        for second, frame in enumerate(frames)
    )


def run(directory, file, kind):
    """Let tshark print a capture, without the settings of the user."""
    command = ["tshark", "-n", "-r", file, "-d", f"tcp.port=={CENTER_PORT},cimd", "-T", kind]
    done = subprocess.run(
        [*command, "-o", 'gui.column.format:"Info","%i"'],
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
        env={**os.environ, "HOME": str(directory), "LC_ALL": "C.UTF-8"},
    )
    text = NOT_IN_XML.sub("?", done.stdout.decode("utf-8", "replace"))
    return list(ET.fromstring(text).iter("packet"))


def dissect(directory, packets, *, from_application=True):
    """Return what tshark makes of each packet of one direction."""
    file = directory / "conversation.pcap"
    file.write_bytes(capture(packets, from_application=from_application))
    details = run(directory, file, "pdml")
    lines = run(directory, file, "psml")
    assert len(details) == len(lines) == len(packets)
    return [
        dissected(detail, line.findtext("section") or "")
        for detail, line in zip(details, lines, strict=True)
    ]


def value_of(field):
    return bytes.fromhex(field.get("value", ""))


def dissected(detail, line):
    name, _, complaint = line.partition(" - ")
    complaints = [complaint] if complaint else []
    complaints += [
        item.get("showname") for item in detail.iter("field") if item.get("name") == "_ws.expert"
    ]
    tree = detail.find("proto[@name='cimd']")
    if tree is None:
        return Dissected(None, name, None, (), (), None, (*complaints, "not recognised"))
    fields = {field.get("name"): field for field in tree.findall("field")}
    found = []
    meanings = []
    for group in tree.findall("field[@name='']"):
        code, value, *_ = group.findall("field")
        found.append((int(code.get("show")), value_of(value)))
        meanings.append(value.get("showname").partition(": ")[2].strip())
    checksum = fields.get("cimd.chksum")
    return Dissected(
        int(fields["cimd.opcode"].get("show")),
        name,
        int(fields["cimd.pnumber"].get("show")),
        tuple(found),
        tuple(meanings),
        None if checksum is None else value_of(checksum),
        tuple(complaints),
    )
