r"""AIFF and AIFF-C: sound, and what studios note down about it.

Sources: Apple, "Audio Interchange File Format" 1.3 (1989), and "AIFF-C" (draft of 1991);
for PEAK, which it has not, what libsndfile writes. Text is ASCII by these, and anything in
practice; so it stays bytes.

>>> common = Common.decode(bytes.fromhex("0001 00000043 0010 400bfa00000000000000"))
>>> common.channels, common.frames, common.rate
(1, 67, 8000.0)
"""

from __future__ import annotations

import enum
from typing import Annotated

from ohnecimd.fields import counted, f32, f80, i8, i16, prefixed, raw, rest, u8, u16, u32
from ohnecimd.messages import Message
from ohnecimd.protocols.iff.contents.layouts import (
    ANY_GROUP,
    EA_IFF,
    ChunkTable,
    Content,
    Extra,
    Four,
    Text,
)

__all__ = [
    "AIFC",
    "AIFF",
    "TEXTS",
    "AifcVersion",
    "Annotation",
    "ApplicationData",
    "AudioRecording",
    "Author",
    "ChannelPeak",
    "Comment",
    "Comments",
    "Common",
    "CompressedCommon",
    "Copyright",
    "FormatVersion",
    "Instrument",
    "Loop",
    "Marker",
    "Markers",
    "MidiData",
    "Name",
    "Peaks",
    "PlayMode",
    "SoundData",
]

TEXTS = ChunkTable("texts of any FORM", dialects=EA_IFF, groups=(ANY_GROUP,))


@TEXTS.message(b"NAME")
class Name(Text):
    """What it is called."""


@TEXTS.message(b"AUTH")
class Author(Text):
    """Who has made it."""


@TEXTS.message(b"(c) ")
class Copyright(Text):
    """Whose it is."""


@TEXTS.message(b"ANNO")
class Annotation(Text):
    """A note on it."""


AIFF = ChunkTable("chunks of AIFF", dialects=EA_IFF, groups=(b"AIFF",), beyond=TEXTS)
AIFC = ChunkTable("chunks of AIFF-C", dialects=EA_IFF, groups=(b"AIFC",), beyond=AIFF)


class AifcVersion(enum.IntEnum):
    """Versions of AIFF-C."""

    VERSION_1 = 0xA2805140  # AIFCVersion1, of 23 May 1990


class PlayMode(enum.IntEnum):
    """How a loop is played."""

    NONE = 0  # NoLooping
    FORWARD = 1  # ForwardLooping
    BACK_AND_FORTH = 2  # ForwardBackwardLooping


@AIFF.message(b"COMM")
class Common(Content):
    """How the samples of an AIFF file are to be read."""

    channels: Annotated[i16, "how many"]
    frames: Annotated[u32, "samples of each channel"]
    bits: Annotated[i16, "of a sample, 1..32"]
    rate: Annotated[f80, "frames per second"]
    extra: Extra = None


@AIFC.message(b"COMM")
class CompressedCommon(Content):
    """How the samples of an AIFF-C file are to be read."""

    channels: Annotated[i16, "how many"]
    frames: Annotated[u32, "samples of each channel"]
    bits: Annotated[i16, "of a sample when it is decompressed"]
    rate: Annotated[f80, "frames per second"]
    compression: Annotated[Four, "NONE, sowt, fl32, ulaw, ima4 ..."]
    name: Annotated[bytes, prefixed(u8, align=2), "of the compression, for people"]
    extra: Extra = None


@AIFF.message(b"SSND")
class SoundData(Content):
    """Where the samples begin, which follow."""

    is_head = True

    offset: Annotated[u32, "bytes before the first frame"]
    block_size: Annotated[u32, "bytes of the blocks to which frames are aligned; 0: they are not"]


@AIFC.message(b"FVER")
class FormatVersion(Content):
    """Which AIFF-C this is."""

    version: Annotated[AifcVersion | int, u32, "seconds since 1904 when it was made"]
    extra: Extra = None


class Marker(Message):
    """A place in the sound, between two frames."""

    id: Annotated[u16, "unique in the file, over 0"]
    position: Annotated[u32, "frames before it"]
    name: Annotated[bytes, prefixed(u8, align=2)]


@AIFF.message(b"MARK")
class Markers(Content):
    """Places in the sound."""

    markers: Annotated[tuple[Marker, ...], counted(u16)]
    extra: Extra = None


class Loop(Message):
    """A part to be repeated."""

    mode: Annotated[PlayMode | int, i16]
    begin: Annotated[u16, "ID of a marker"]
    end: Annotated[u16, "ID of a marker"]


@AIFF.message(b"INST")
class Instrument(Content):
    """How a sampler plays the sound."""

    base_note: Annotated[i8, "MIDI note at which it sounds as recorded, 0..127"]
    detune: Annotated[i8, "cents, -50..50"]
    low_note: Annotated[i8, "MIDI note, lowest for which it is meant"]
    high_note: Annotated[i8, "highest"]
    low_velocity: Annotated[i8, "MIDI velocity, lowest for which it is meant"]
    high_velocity: Annotated[i8, "highest"]
    gain: Annotated[i16, "decibels"]
    sustain_loop: Annotated[Loop, "while the key is down"]
    release_loop: Annotated[Loop, "when it has been released"]
    extra: Extra = None


class Comment(Message):
    """A dated note."""

    time: Annotated[u32, "seconds since 1904"]
    marker: Annotated[u16, "ID of the marker that it is about; 0: none"]
    text: Annotated[bytes, prefixed(u16, align=2)]


@AIFF.message(b"COMT")
class Comments(Content):
    """Dated notes."""

    comments: Annotated[tuple[Comment, ...], counted(u16)]
    extra: Extra = None


@AIFF.message(b"AESD")
class AudioRecording(Content):
    """Channel status of the digital recording."""

    status: Annotated[bytes, raw(24), "as AES3 has it"]
    extra: Extra = None


@AIFF.message(b"MIDI")
class MidiData(Content):
    """MIDI messages, mostly system exclusive ones for an instrument."""

    messages: rest


@AIFF.message(b"APPL")
class ApplicationData(Content):
    """What one application keeps for itself."""

    signature: Annotated[Four, "of the application"]
    data: rest


class ChannelPeak(Message):
    """The loudest sample of a channel."""

    value: Annotated[f32, "1.0 is full scale"]
    position: Annotated[u32, "frames before it"]


@AIFC.message(b"PEAK")
class Peaks(Content):
    """The loudest samples, channel by channel."""

    version: Annotated[u32, "1"]
    time: Annotated[u32, "seconds since 1970 when they were looked for"]
    channels: tuple[ChannelPeak, ...]
