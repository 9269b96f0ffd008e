r"""What is inside the chunks, as typed messages by table.

The sound format of a WAVE file, and the size of a picture:

>>> wave = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0D\xac\0\0\x10\xb1\2\0\4\0\x10\0data\0\0\0\0"
>>> sound = first(WaveFormat, wave)
>>> sound.channels, sound.rate, sound.bits
(2, 44100, 16)
>>> from ohnecimd.protocols.iff.encoding import encode
>>> png = encode("png", (b"IHDR", ImageHeader(32, 20, 8, ColourType.RGB).encode()), (b"IEND", b""))
>>> picture = first(ImageHeader, png)
>>> picture.width, picture.height
(32, 20)

`contents_of` gives everything that a file holds, `Collector` does while it is read. A message
encodes back to the bytes that it came from. Each table lists the chunks of one kind of group, so
that one ID may stand for different things; where a chunk's meaning depends on another chunk, or on
its own first bytes, the table is refined by a second one.

Contents that are wrong never spoil the file around them: they are an error in `Found`.
"""

from ohnecimd.protocols.iff.contents.aiff import Common, CompressedCommon
from ohnecimd.protocols.iff.contents.avi import MainHeader, StreamHeader, VideoFormat
from ohnecimd.protocols.iff.contents.collecting import (
    LIMIT_BYTES,
    Collector,
    Found,
    contents_of,
    first,
    is_known,
)
from ohnecimd.protocols.iff.contents.decoding import TABLES, decode, find
from ohnecimd.protocols.iff.contents.formats import WaveFormat
from ohnecimd.protocols.iff.contents.ilbm import BitmapHeader
from ohnecimd.protocols.iff.contents.layouts import ChunkTable, Content, Text
from ohnecimd.protocols.iff.contents.png import ColourType, ImageHeader
from ohnecimd.protocols.iff.contents.svx import VoiceHeader
from ohnecimd.protocols.iff.contents.wave import BroadcastExtension
from ohnecimd.protocols.iff.contents.webp import Canvas
from ohnecimd.protocols.iff.contents.wording import Describer, summary

__all__ = [
    "LIMIT_BYTES",
    "TABLES",
    "BitmapHeader",
    "BroadcastExtension",
    "Canvas",
    "ChunkTable",
    "Collector",
    "ColourType",
    "Common",
    "CompressedCommon",
    "Content",
    "Describer",
    "Found",
    "ImageHeader",
    "MainHeader",
    "StreamHeader",
    "Text",
    "VideoFormat",
    "VoiceHeader",
    "WaveFormat",
    "contents_of",
    "decode",
    "find",
    "first",
    "is_known",
    "summary",
]
