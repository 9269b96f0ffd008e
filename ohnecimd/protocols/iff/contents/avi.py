r"""AVI: pictures and sound in RIFF.

Sources: Microsoft, "AVI RIFF File Reference"; Matrox, "OpenDML AVI File Format Extensions" 1.02
(1996). What ``strf`` holds depends on the ``strh`` before it, what ``indx`` holds on its own first
bytes.

>>> StreamHeader(b"vids", b"MJPG", scale=1, rate=5).frames_per_second
5.0
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

from ohnecimd.fields import i16, i32, raw, rest, u8, u16, u32, u64
from ohnecimd.messages import Message, count_of, length
from ohnecimd.protocols.iff.contents.formats import OtherFormat
from ohnecimd.protocols.iff.contents.layouts import RIFF, ChunkTable, Content, Extra, Four, Text
from ohnecimd.tables import Table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ohnecimd.stream import ByteOrder

__all__ = [
    "AVI",
    "HDRL",
    "INDEXES",
    "MOVI",
    "ODML",
    "STREAM_FORMATS",
    "STRL",
    "AviFlags",
    "ChunkIndex",
    "ExtendedHeader",
    "FieldIndex",
    "Index",
    "IndexFlags",
    "MainHeader",
    "OldIndex",
    "OldIndexEntry",
    "PartialIndex",
    "Place",
    "PlaceOfFields",
    "PlaceOfIndex",
    "Rectangle",
    "StreamFlags",
    "StreamFormat",
    "StreamHeader",
    "StreamName",
    "SuperIndex",
    "VideoField",
    "VideoFormat",
    "VideoProperties",
]

AVI = ChunkTable("chunks of AVI", dialects=RIFF, groups=(b"AVI ",))
HDRL = ChunkTable("chunks of LIST hdrl", dialects=RIFF, groups=(b"hdrl",))
STRL = ChunkTable("chunks of LIST strl", dialects=RIFF, groups=(b"strl",))
ODML = ChunkTable("chunks of LIST odml", dialects=RIFF, groups=(b"odml",))
MOVI = ChunkTable("chunks of LIST movi and rec", dialects=RIFF, groups=(b"movi", b"rec "))
STREAM_FORMATS: Table[bytes] = Table("formats of AVI streams by type")
INDEXES: Table[tuple[int, int]] = Table("indexes of OpenDML by type and subtype")

STRH = b"strh"

Unused: TypeAlias = Annotated[rest, length(1), "entries not in use"] | None


class AviFlags(enum.IntFlag):
    """What a player may rely on."""

    HAS_INDEX = 0x10  # AVIF_HASINDEX
    MUST_USE_INDEX = 0x20  # AVIF_MUSTUSEINDEX
    IS_INTERLEAVED = 0x100  # AVIF_ISINTERLEAVED
    TRUST_CHUNK_TYPE = 0x800  # AVIF_TRUSTCKTYPE
    WAS_CAPTURE_FILE = 0x10000  # AVIF_WASCAPTUREFILE
    COPYRIGHTED = 0x20000  # AVIF_COPYRIGHTED


class StreamFlags(enum.IntFlag):
    """How a stream is to be played."""

    DISABLED = 0x1  # AVISF_DISABLED
    PALETTE_CHANGES = 0x10000  # AVISF_VIDEO_PALCHANGES


class IndexFlags(enum.IntFlag):
    """What a chunk in the index is."""

    LIST = 0x1  # AVIIF_LIST
    KEY_FRAME = 0x10  # AVIIF_KEYFRAME
    FIRST_PART = 0x20  # AVIIF_FIRSTPART
    LAST_PART = 0x40  # AVIIF_LASTPART
    NO_TIME = 0x100  # AVIIF_NOTIME


@HDRL.message(b"avih")
class MainHeader(Content):
    """What the file has in it."""

    byteorder = "little"

    frame_duration: Annotated[u32, "microseconds"]
    max_byte_rate: Annotated[u32, "bytes per second, about"]
    padding: Annotated[u32, "bytes to whose multiples chunks are filled up"]
    flags: Annotated[AviFlags | int, u32]
    frames: Annotated[u32, "in the first RIFF"]
    initial_frames: Annotated[u32, "before the sound, if it is interleaved"]
    streams: Annotated[u32, "how many"]
    buffer_size: Annotated[u32, "bytes, enough for the largest chunk"]
    width: Annotated[u32, "pixels"]
    height: Annotated[u32, "pixels"]
    reserved: Annotated[bytes, raw(16), "zeros"] = bytes(16)
    extra: Extra = None


class Rectangle(Message):
    """A part of the picture, in pixels."""

    byteorder = "little"

    left: i16
    top: i16
    right: i16
    bottom: i16


@STRL.message(STRH)
class StreamHeader(Content):
    """What a stream is."""

    byteorder = "little"
    is_remembered = True

    type: Annotated[Four, "vids: pictures, auds: sound, txts: text, mids: MIDI"]
    handler: Annotated[Four, "code of the codec; zeros: none"] = bytes(4)
    flags: Annotated[StreamFlags | int, u32] = StreamFlags(0)
    priority: u16 = 0
    language: u16 = 0
    initial_frames: Annotated[u32, "by which sound is ahead of pictures"] = 0
    scale: Annotated[u32, "rate divided by this is samples or frames per second"] = 1
    rate: u32 = 0
    start: Annotated[u32, "in units of scale divided by rate seconds"] = 0
    length: Annotated[u32, "in these units"] = 0
    buffer_size: Annotated[u32, "bytes, enough for the largest chunk"] = 0
    quality: Annotated[u32, "0..10000; 0xffffffff: the codec's own"] = 0xFFFFFFFF
    sample_size: Annotated[u32, "bytes; 0: they differ"] = 0
    frame: Annotated[Rectangle, "where it is shown"] | None = None
    extra: Extra = None

    @property
    def frames_per_second(self) -> float:
        """Frames, or samples, per second; 0 if that is unknown."""
        return self.rate / self.scale if self.scale else 0.0


@STRL.message(b"strf")
class StreamFormat(Content):
    """The format of a stream of a type that is not known."""

    byteorder = "little"
    variants = STREAM_FORMATS

    data: rest

    @classmethod
    def variant(
        cls,
        data: bytes,  # noqa: ARG003
        order: ByteOrder,  # noqa: ARG003
        before: Mapping[bytes, Message],
    ) -> Hashable:
        """Return the type of the stream."""
        header = before.get(STRH)
        return header.type if isinstance(header, StreamHeader) else None


@STREAM_FORMATS.message(b"vids")
class VideoFormat(Content):
    """The format of pictures (BITMAPINFOHEADER)."""

    byteorder = "little"

    header_size: Annotated[u32, "bytes of it, without a palette: 40"]
    width: Annotated[i32, "pixels"]
    height: Annotated[i32, "pixels; below 0: the top row comes first"]
    planes: Annotated[u16, "1"]
    bits: Annotated[u16, "of a pixel"]
    compression: Annotated[Four, "code of the codec; zeros: none"]
    image_size: Annotated[u32, "bytes; 0 if not compressed"]
    x_density: Annotated[i32, "pixels per metre"]
    y_density: Annotated[i32, "pixels per metre"]
    colours_used: Annotated[u32, "of the palette; 0: all"]
    colours_important: Annotated[u32, "0: all"]
    extra: Annotated[rest, length(1), "palette, or what the codec adds"] | None = None


STREAM_FORMATS.message(b"auds")(OtherFormat)  # or one of its variants


@STRL.message(b"strn")
class StreamName(Text):
    """The name of a stream."""


class VideoField(Message):
    """How a field of the picture lies in the video signal."""

    byteorder = "little"

    compressed_height: Annotated[u32, "lines"]
    compressed_width: Annotated[u32, "pixels"]
    valid_height: Annotated[u32, "lines"]
    valid_width: Annotated[u32, "pixels"]
    valid_x: Annotated[u32, "pixels"]
    valid_y: Annotated[u32, "lines"]
    signal_x: Annotated[u32, "pixels from the sync pulse"]
    signal_first_line: u32


@STRL.message(b"vprp")
class VideoProperties(Content):
    """How the pictures lie in the video signal."""

    byteorder = "little"

    format: Annotated[u32, "0: unknown, 1: PAL square, 2: PAL, 3: NTSC square, 4: NTSC"]
    standard: Annotated[u32, "0: unknown, 1: PAL, 2: NTSC, 3: SECAM"]
    refresh_rate: Annotated[u32, "Hertz"]
    total_width: Annotated[u32, "pixels of a line, with what is not shown"]
    total_height: Annotated[u32, "lines, with those that are not shown"]
    y_aspect: Annotated[u16, "height of the picture ..."]
    x_aspect: Annotated[u16, "... to its width"]
    width: Annotated[u32, "pixels"]
    height: Annotated[u32, "lines"]
    count: ClassVar[Annotated[u32, count_of("fields"), "1, or 2 if interlaced"]]
    fields: tuple[VideoField, ...]
    extra: Extra = None


@ODML.message(b"dmlh")
class ExtendedHeader(Content):
    """What the file has in it beyond the first RIFF."""

    byteorder = "little"

    frames: Annotated[u32, "in all of the file"]
    extra: Extra = None


class OldIndexEntry(Message):
    """Where a chunk of LIST movi is."""

    byteorder = "little"

    id: Four
    flags: Annotated[IndexFlags | int, u32]
    offset: Annotated[u32, "of its header, from the word movi or from the start of the file"]
    size: Annotated[u32, "of its data, bytes"]


@AVI.message(b"idx1")
class OldIndex(Content):
    """Where the chunks of LIST movi are."""

    byteorder = "little"

    entries: tuple[OldIndexEntry, ...]


@STRL.message(b"indx")
class Index(Content):
    """An index of OpenDML of a type that is not known."""

    byteorder = "little"
    variants = INDEXES

    longs_per_entry: Annotated[u16, "size of an entry, in 4 bytes"]
    subtype: u8
    type: Annotated[u8, "0: of indexes, 1: of chunks"]
    count: Annotated[u32, "entries in use"]
    id: Annotated[Four, "of the chunks"]
    data: rest

    @classmethod
    def variant(
        cls,
        data: bytes,
        order: ByteOrder,  # noqa: ARG003
        before: Mapping[bytes, Message],  # noqa: ARG003
    ) -> Hashable:
        """Return type and subtype."""
        return tuple(data[3:1:-1])


@MOVI.message(b"ix##")
class PartialIndex(Index):
    """An index of a part of a stream, beside its chunks, of a type that is not known."""


class PlaceOfIndex(Message):
    """Where an index is."""

    byteorder = "little"

    offset: Annotated[u64, "of its header, from the start of the file"]
    size: Annotated[u32, "with its header, bytes"]
    duration: Annotated[u32, "in units of the stream"]


@INDEXES.message((0, 0))
class SuperIndex(Content):
    """Where the indexes of a stream are."""

    byteorder = "little"

    longs_per_entry: Annotated[u16, "4"]
    subtype: Annotated[u8, "0"]
    type: Annotated[u8, "0"]
    count: ClassVar[Annotated[u32, count_of("entries")]]
    id: Annotated[Four, "of the chunks in the indexes"]
    reserved: Annotated[bytes, raw(12), "zeros"]
    entries: tuple[PlaceOfIndex, ...]
    extra: Unused = None


class Place(Message):
    """Where the data of a chunk is."""

    byteorder = "little"

    offset: Annotated[u32, "of the data, from the base"]
    size: Annotated[u32, "bytes; the highest bit: it is no key frame"]


@INDEXES.message((1, 0))
class ChunkIndex(Content):
    """Where the chunks of a stream are."""

    byteorder = "little"

    longs_per_entry: Annotated[u16, "2"]
    subtype: Annotated[u8, "0"]
    type: Annotated[u8, "1"]
    count: ClassVar[Annotated[u32, count_of("entries")]]
    id: Annotated[Four, "of the chunks"]
    base: Annotated[u64, "from which offsets count, from the start of the file"]
    reserved: Annotated[u32, "0"]
    entries: tuple[Place, ...]
    extra: Unused = None


class PlaceOfFields(Message):
    """Where the data of a chunk with two fields is."""

    byteorder = "little"

    offset: Annotated[u32, "of the data, from the base"]
    size: Annotated[u32, "bytes; the highest bit: it is no key frame"]
    second_field: Annotated[u32, "offset of the second field, from the base"]


@INDEXES.message((1, 1))
class FieldIndex(Content):
    """Where the chunks of an interlaced stream are."""

    byteorder = "little"

    longs_per_entry: Annotated[u16, "3"]
    subtype: Annotated[u8, "1"]
    type: Annotated[u8, "1"]
    count: ClassVar[Annotated[u32, count_of("entries")]]
    id: Annotated[Four, "of the chunks"]
    base: Annotated[u64, "from which offsets count, from the start of the file"]
    reserved: Annotated[u32, "0"]
    entries: tuple[PlaceOfFields, ...]
    extra: Unused = None
