r"""The LDO chunk protocol: requests and replies that are chunks; codec, server and client.

::

    chunk   ID (4 bytes) | size of the contents (u32, little-endian) | contents

    C: ECHO 3 "abc"                             S: ECHO 3 "abc"
    C: DLAY 11 { NTVL 3 "0.5" }                 S: NOOP 0, half a second later
    C: CMPU 27 { OPER 1 "+", OPND 1 "3", ... }  S: ANSR 20 { STS  1 "1", VALU 3 "7.0" }

Nothing is aligned. The contents of some chunks are chunks, one level deep, with texts in UTF-8.
Requests are answered in order, one reply each; the server ends the connection of whom it cannot
follow, and never says why. No document defines the protocol: this is what its example server and
client do on the wire. Where that server fails inside and leaves a dead connection behind, at a
power that no double can hold, this one answers that there is no result.

>>> connection = Server()()
>>> connection.send(chunk_of(Compute("+", (3, 4))).encode() + Chunk(b"NOOP").encode())
>>> connection.read()
b'ANSR\x14\x00\x00\x00STS \x01\x00\x00\x001VALU\x03\x00\x00\x007.0NOOP\x00\x00\x00\x00'
"""

from ohnecimd.protocols.chunks.arithmetic import OPERATORS, Number, compute
from ohnecimd.protocols.chunks.client import Client
from ohnecimd.protocols.chunks.framing import (
    LIMIT,
    Chunk,
    Problem,
    decode,
    name_of,
    read_chunk,
    subchunks,
)
from ohnecimd.protocols.chunks.messages import (
    MESSAGES,
    Answer,
    ChunkMessage,
    Compute,
    Delay,
    Echo,
    Noop,
    Shutdown,
    chunk_of,
    message_of,
    tags_of,
)
from ohnecimd.protocols.chunks.server import IDLE_S, CloseReason, IdleTimeout, Server

__all__ = [
    "IDLE_S",
    "LIMIT",
    "MESSAGES",
    "OPERATORS",
    "Answer",
    "Chunk",
    "ChunkMessage",
    "Client",
    "CloseReason",
    "Compute",
    "Delay",
    "Echo",
    "IdleTimeout",
    "Noop",
    "Number",
    "Problem",
    "Server",
    "Shutdown",
    "chunk_of",
    "compute",
    "decode",
    "message_of",
    "name_of",
    "read_chunk",
    "subchunks",
    "tags_of",
]
