r"""WAVE: what RIFF, RIFX, RF64 and BW64 say about sound, besides its format.

Sources: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications" 1.0 (1991);
EBU Tech 3285 (bext) with its supplement 3 (levl); EBU Tech 3306 (ds64); for PEAK, libsndfile. Text
has no fixed character set, and stays bytes.

>>> FrameCount.decode(bytes.fromhex("43000000")).frames
67
"""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

from ohnecimd.fields import (
    counted,
    i8,
    i16,
    padded,
    raw,
    rest,
    u8,
    u16,
    u32,
    u64,
)
from ohnecimd.messages import Message, count_of, length_of
from ohnecimd.protocols.iff.contents.aiff import Peaks
from ohnecimd.protocols.iff.contents.formats import OtherFormat
from ohnecimd.protocols.iff.contents.layouts import (
    RIFF,
    ChunkTable,
    Content,
    Extra,
    Four,
    Readable,
    Text,
    fraction,
)

__all__ = [
    "ADTL",
    "WAVE",
    "AxmlText",
    "BroadcastExtension",
    "CuePoint",
    "CuePoints",
    "DataSizes",
    "FrameCount",
    "IxmlText",
    "Label",
    "LabelledFile",
    "LabelledText",
    "LoopKind",
    "Note",
    "PeakEnvelope",
    "SampleLoop",
    "Sampler",
    "SamplerInstrument",
    "SizeEntry",
    "WavePeaks",
    "XmpText",
]

HUNDREDTHS = fraction(i16, 100)

WAVE = ChunkTable("chunks of WAVE", dialects=RIFF, groups=(b"WAVE",))
ADTL = ChunkTable("chunks of LIST adtl", dialects=RIFF, groups=(b"adtl",))


class LoopKind(enum.IntEnum):
    """How a sampler plays a loop."""

    FORWARD = 0
    BACK_AND_FORTH = 1
    BACKWARD = 2


WAVE.message(b"fmt ")(OtherFormat)  # or one of its variants


@WAVE.message(b"fact")
class FrameCount(Content):
    """How long the sound is; in all formats but PCM."""

    byteorder = "little"

    frames: Annotated[u32, "samples of each channel"]
    extra: Extra = None


class CuePoint(Message):
    """A place in the sound."""

    byteorder = "little"

    id: Annotated[u32, "unique in the file"]
    position: Annotated[u32, "frames before it, in the order of playing"]
    chunk: Annotated[Four, "ID of the chunk that has it: data"]
    chunk_start: Annotated[u32, "of that chunk in LIST wavl; else 0"]
    block_start: Annotated[u32, "bytes before the compressed block that has it; else 0"]
    frame: Annotated[u32, "frames before it, from that block on"]


@WAVE.message(b"cue ")
class CuePoints(Content):
    """Places in the sound; LIST adtl has their names."""

    byteorder = "little"

    points: Annotated[tuple[CuePoint, ...], counted(u32)]
    extra: Extra = None


class SampleLoop(Message):
    """A part to be repeated."""

    byteorder = "little"

    id: Annotated[u32, "of a cue point"]
    kind: Annotated[LoopKind | int, u32]
    start: Annotated[u32, "first frame"]
    end: Annotated[u32, "last frame, which is played too"]
    fraction: Annotated[u32, "of a frame after end, in 2**32nds"]
    count: Annotated[u32, "how often it is played; 0: for ever"]


@WAVE.message(b"smpl")
class Sampler(Content):
    """How a sampler plays the sound."""

    byteorder = "little"

    manufacturer: Annotated[u32, "MIDI number; 0: any"]
    product: Annotated[u32, "of the manufacturer"]
    period: Annotated[u32, "nanoseconds from sample to sample"]
    unity_note: Annotated[u32, "MIDI note at which it sounds as recorded, 0..127"]
    fraction: Annotated[u32, "of a semitone above that note, in 2**32nds"]
    smpte_format: Annotated[u32, "frames per second of smpte_offset; 0: it is unused"]
    smpte_offset: Annotated[u32, "hours, minutes, seconds, frames, a byte each"]
    loop_count: ClassVar[Annotated[u32, count_of("loops")]]
    data_size: ClassVar[Annotated[u32, length_of("data")]]
    loops: tuple[SampleLoop, ...]
    data: Annotated[rest, "what the manufacturer adds"]
    extra: Extra = None


@WAVE.message(b"inst")
class SamplerInstrument(Content):
    """For which keys the sound is meant."""

    byteorder = "little"

    base_note: Annotated[u8, "MIDI note at which it sounds as recorded, 0..127"]
    detune: Annotated[i8, "cents, -50..50"]
    gain: Annotated[i8, "decibels"]
    low_note: Annotated[u8, "MIDI note, lowest for which it is meant"]
    high_note: Annotated[u8, "highest"]
    low_velocity: Annotated[u8, "MIDI velocity, lowest for which it is meant"]
    high_velocity: Annotated[u8, "highest"]
    extra: Extra = None


@WAVE.message(b"PEAK")
class WavePeaks(Peaks):
    """The loudest samples, channel by channel."""

    byteorder = "little"


@WAVE.message(b"levl")
class PeakEnvelope(Content):
    """Peaks of short pieces, for drawing the sound."""

    byteorder = "little"

    version: u32
    point_bytes: Annotated[u32, "1 or 2 bytes, unsigned, for each point"]
    points_per_value: Annotated[u32, "1: positive peaks, 2: positive and negative ones"]
    block_frames: Annotated[u32, "frames for which a value stands"]
    channels: Annotated[u32, "how many"]
    count: Annotated[u32, "of values of each channel"]
    loudest: Annotated[u32, "frame with the peak of peaks; 0xffffffff: unknown"]
    peaks_offset: Annotated[u32, "of the peaks, from the chunk's header"]
    time: Annotated[bytes, padded(28), "YYYY:MM:DD:hh:mm:ss:mmm"]
    reserved: Annotated[bytes, raw(60), "zeros"] = bytes(60)
    peaks: rest = b""


@WAVE.message(b"bext")
class BroadcastExtension(Content):
    """Where a broadcast wave comes from."""

    byteorder = "little"

    description: Annotated[bytes, padded(256), "of the sound"] = b""
    originator: Annotated[bytes, padded(32), "name of who or what has made it"] = b""
    reference: Annotated[bytes, padded(32), "given to it by the originator"] = b""
    date: Annotated[bytes, padded(10), "of its origin: YYYY-MM-DD"] = b""
    time: Annotated[bytes, padded(8), "of its origin: hh:mm:ss"] = b""
    time_reference: Annotated[u64, "frames from midnight to the first"] = 0
    version: u16 = 0
    umid: Annotated[bytes, raw(64), "SMPTE's unique identifier; from version 1 on"] = bytes(64)
    loudness: Annotated[float, HUNDREDTHS, "LUFS; from version 2 on, as all that follow"] = 0.0
    loudness_range: Annotated[float, HUNDREDTHS, "LU"] = 0.0
    max_true_peak: Annotated[float, HUNDREDTHS, "dBTP"] = 0.0
    max_momentary_loudness: Annotated[float, HUNDREDTHS, "LUFS"] = 0.0
    max_short_term_loudness: Annotated[float, HUNDREDTHS, "LUFS"] = 0.0
    reserved: Annotated[bytes, raw(180), "zeros"] = bytes(180)
    history: Annotated[rest, "of the codings, a line each"] = b""


class SizeEntry(Message):
    """The size of a chunk that its own field is too small for."""

    byteorder = "little"

    id: Four
    size: Annotated[u64, "bytes"]


@WAVE.message(b"ds64")
class DataSizes(Content):
    """Sizes that the fields of 32 bits are too small for."""

    byteorder = "little"

    riff_size: Annotated[u64, "bytes of the whole after its header"]
    data_size: Annotated[u64, "bytes of the chunk data"]
    frames: Annotated[u64, "samples of each channel; often 0"]
    table: Annotated[tuple[SizeEntry, ...], counted(u32), "of other chunks"]
    extra: Extra = None


@WAVE.message(b"axml")
class AxmlText(Text):
    """XML, such as an audio definition model."""


@WAVE.message(b"iXML")
class IxmlText(Text):
    """XML about the production."""


@WAVE.message(b"_PMX")
class XmpText(Text):
    """XMP: XML about the file."""


# LIST adtl


@ADTL.message(b"labl")
class Label(Readable, Content):
    """The name of a cue point."""

    byteorder = "little"
    shown = ("cue", "text")

    cue: Annotated[u32, "ID of the cue point"]
    octets: Annotated[rest, "the text; ends in a zero"]


@ADTL.message(b"note")
class Note(Readable, Content):
    """A remark on a cue point."""

    byteorder = "little"
    shown = ("cue", "text")

    cue: Annotated[u32, "ID of the cue point"]
    octets: Annotated[rest, "the text; ends in a zero"]


@ADTL.message(b"ltxt")
class LabelledText(Readable, Content):
    """A text on a part that begins at a cue point."""

    byteorder = "little"

    cue: Annotated[u32, "ID of the cue point"]
    frames: Annotated[u32, "length of the part"]
    purpose: Annotated[Four, "scrp: script, capt: caption ..."]
    country: u16
    language: u16
    dialect: u16
    code_page: u16
    octets: Annotated[rest, "the text"]


@ADTL.message(b"file")
class LabelledFile(Content):
    """A file that belongs to a cue point."""

    byteorder = "little"

    cue: Annotated[u32, "ID of the cue point"]
    kind: Annotated[Four, "type of the file, such as RDIB; zeros: none"]
    data: rest
