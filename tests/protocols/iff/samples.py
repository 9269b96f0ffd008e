"""The files of `tests/data/chunks`, what is expected of them, and bytes made for one test."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from ohnecimd.errors import RemoteProtocolError
from ohnecimd.protocols.iff.dialects import DIALECTS
from ohnecimd.protocols.iff.events import Data
from ohnecimd.protocols.iff.problems import Problem
from ohnecimd.protocols.iff.reader import decode

DATA = Path(__file__).parents[2] / "data" / "chunks"
EXPECTED = {
    name: record
    for name, record in json.loads((DATA / "expected.json").read_text()).items()
    if record["dialect"] in DIALECTS
}
NAMES = sorted(EXPECTED)
WELL_FORMED = [name for name in NAMES if EXPECTED[name]["class"] == "well-formed"]
MALFORMED = [name for name in NAMES if EXPECTED[name]["class"] == "malformed"]


def read(name):
    return (DATA / "files" / name).read_bytes()


def chunk(chunk_id, data=b"", size=None, order=">"):
    """Make a chunk with its pad byte; `size` is what it says if that is a lie."""
    header = chunk_id + struct.pack(f"{order}I", len(data) if size is None else size)
    return header + data + bytes(len(data) & 1)


def group(group_id, group_type, *members, size=None, order=">"):
    return chunk(group_id, group_type + b"".join(members), size, order)


def riff(*members, **options):
    return group(*members, order="<", **options)


def leaf(*members, **options):
    return chunk(*members, order="<", **options)


def nested(levels, outer=b"FORM"):
    """Make groups one inside the other, 12 bytes each."""
    return b"".join(
        outer + struct.pack(">I", 4 + 12 * inside) + b"DEEP" for inside in reversed(range(levels))
    )


def feed(pieces, *args, eof=True, **options):
    """Return the events of a file that comes in pieces."""
    connection = decode(*args, **options)
    events = []
    for piece in pieces:
        connection.send(piece)
        events += connection.events()
    if eof:
        connection.send_eof()
        events += connection.events()
        assert connection.has_result
    return events


def fed_strictly(data, **options):
    """Feed byte by byte; return the error, after how many bytes it came, and the events."""
    connection = decode(strict=True, **options)
    events = []
    try:
        for count in range(len(data)):
            try:
                connection.send(data[count : count + 1])
            finally:
                events += connection.events()
        count = "eof"
        connection.send_eof()
    except RemoteProtocolError as error:
        return error, count if count == "eof" else count + 1, events + connection.events()
    return None, None, events + connection.events()


def problems_of(data, *args, **options):
    """Return kinds and offsets of the problems of a file, in the order they are told."""
    events = feed([data], *args, **options)
    return [(each.kind, each.offset) for each in events if isinstance(each, Problem)]


def data_of(events):
    return b"".join(each.data for each in events if isinstance(each, Data))
