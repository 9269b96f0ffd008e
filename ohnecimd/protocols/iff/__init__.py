r"""The IFF family: EA IFF 85, RIFF, RIFX, RF64, and PNG, MNG and JNG, their relatives.

::

    chunk      ID  size  data  [0]          the 0 if the data is of odd size
    group      ID  size  type  chunks       FORM LIST CAT PROP; RIFF RIFX RF64 BW64 LIST
    PNG        signature, then  size  ID  data  CRC-32

ID and type are 4 bytes, sizes 32 bits: big-endian in EA IFF 85, RIFX and PNG, little-endian in RIFF
and RF64. A size counts the data, with the type and the chunks in it and their pad bytes, and not
its own header or pad byte. A group's end is the end of everything in it.

Sources: EA IFF 85, "Standard for Interchange Format Files" (1985); IBM and Microsoft, "Multimedia
Programming Interface and Data Specifications 1.0" (1991); EBU Tech 3306 and ITU-R BS.2088 for RF64
and BW64; OpenDML AVI 1.02; RFC 9649 for WebP; PNG, third edition. Where programs in use differ from
them, a tolerant reader follows the programs, and says so. What is inside the chunks, as typed
messages, is in `ohnecimd.protocols.iff.contents`.

>>> found = read_tree(b"RIFF\x14\0\0\0WAVEdata\4\0\0\0abc\0" b"LIS")
>>> [(node.id, node.size) for node, depth in found.walk()]
[(b'RIFF', 20), (b'data', 4)]
>>> for problem in found.problems: print(problem)
Problem(kind='truncated-data', offset=0, note='needs 20 bytes, 19 there')
Problem(kind='truncated-header', offset=24, note='3 bytes where a header of 8 should be')
"""

from ohnecimd.protocols.iff.chunk import Chunk
from ohnecimd.protocols.iff.dialects import DIALECTS, SIZE_UNKNOWN, Dialect, detect, dialect_of
from ohnecimd.protocols.iff.encoding import encode, encode_pieces
from ohnecimd.protocols.iff.events import (
    Begin,
    ChunkEnd,
    ChunkStart,
    Data,
    Event,
    GroupEnd,
    GroupStart,
    Sizes64,
)
from ohnecimd.protocols.iff.growth import Growth, Patch
from ohnecimd.protocols.iff.problems import PROBLEMS, Problem, ProblemKind
from ohnecimd.protocols.iff.reader import MAX_DEPTH, PIECE_BYTES, Wanted, decode, walk
from ohnecimd.protocols.iff.reading import ChunkReader
from ohnecimd.protocols.iff.tree import Node, Tree, TreeBuilder, read_tree, tree_of, whole
from ohnecimd.protocols.iff.writer import Writer

__all__ = [
    "DIALECTS",
    "MAX_DEPTH",
    "PIECE_BYTES",
    "PROBLEMS",
    "SIZE_UNKNOWN",
    "Begin",
    "Chunk",
    "ChunkEnd",
    "ChunkReader",
    "ChunkStart",
    "Data",
    "Dialect",
    "Event",
    "GroupEnd",
    "GroupStart",
    "Growth",
    "Node",
    "Patch",
    "Problem",
    "ProblemKind",
    "Sizes64",
    "Tree",
    "TreeBuilder",
    "Wanted",
    "Writer",
    "decode",
    "detect",
    "dialect_of",
    "encode",
    "encode_pieces",
    "read_tree",
    "tree_of",
    "walk",
    "whole",
]
