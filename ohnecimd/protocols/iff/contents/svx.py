r"""8SVX and MAUD: sound of the Amiga.

Sources: Electronic Arts, "8SVX IFF 8-Bit Sampled Voice" (1985); MacroSystem's include file
``libraries/maud.h``.

>>> VoiceHeader.decode(bytes.fromhex("00000043 00000000 00000000 1f40 01 00 00010000")).rate
8000
"""

from __future__ import annotations

import enum
from typing import Annotated

from ohnecimd.fields import i32, raw, u8, u16, u32
from ohnecimd.messages import Message
from ohnecimd.protocols.iff.contents.aiff import TEXTS
from ohnecimd.protocols.iff.contents.layouts import EA_IFF, ChunkTable, Content, Extra, fraction

__all__ = [
    "MAUD",
    "SVX",
    "Attack",
    "Channels",
    "EnvelopePoint",
    "MaudChannels",
    "MaudCompression",
    "MaudHeader",
    "Release",
    "VoiceChannels",
    "VoiceCompression",
    "VoiceHeader",
]

SVX = ChunkTable("chunks of 8SVX", dialects=EA_IFF, groups=(b"8SVX",), beyond=TEXTS)
MAUD = ChunkTable("chunks of MAUD", dialects=EA_IFF, groups=(b"MAUD",), beyond=TEXTS)


class VoiceCompression(enum.IntEnum):
    """How the samples of 8SVX are compressed."""

    NONE = 0  # sCmpNone
    FIBONACCI_DELTA = 1  # sCmpFibDelta


class Channels(enum.IntEnum):
    """Which speakers the samples of 8SVX are for."""

    LEFT = 2
    RIGHT = 4
    STEREO = 6


class MaudChannels(enum.IntEnum):
    """How the channels of MAUD belong together."""

    MONO = 0  # MCI_MONO
    STEREO = 1  # MCI_STEREO
    MULTI_MONO = 2  # MCI_MULTIMONO
    MULTI_STEREO = 3  # MCI_MULTISTEREO
    MULTI_CHANNEL = 4  # MCI_MULTICHANNEL


class MaudCompression(enum.IntEnum):
    """How the samples of MAUD are compressed."""

    NONE = 0  # MCOMP_NONE
    FIBONACCI_DELTA = 1  # MCOMP_FIBDELTA
    A_LAW = 2  # MCOMP_ALAW
    MU_LAW = 3  # MCOMP_ULAW
    ADPCM_2 = 4  # MCOMP_ADPCM2
    ADPCM_3 = 5  # MCOMP_ADPCM3
    ADPCM_4 = 6  # MCOMP_ADPCM4
    ADPCM_5 = 7  # MCOMP_ADPCM5
    LONG_PLAY = 8  # MCOMP_LONGDAT


@SVX.message(b"VHDR")
class VoiceHeader(Content):
    """How the samples of an 8SVX file are to be read."""

    one_shot_samples: Annotated[u32, "of the part that is played once, in the highest octave"]
    repeat_samples: Annotated[u32, "of the part that is repeated, in the highest octave"]
    samples_per_cycle: Annotated[u32, "in the highest octave; 0: unknown"]
    rate: Annotated[u16, "samples per second"]
    octaves: Annotated[u8, "how many"]
    compression: Annotated[VoiceCompression | int, u8]
    volume: Annotated[float, fraction(u32, 65536), "1.0: full"]
    extra: Extra = None


@SVX.message(b"CHAN")
class VoiceChannels(Content):
    """Which speakers the samples are for."""

    channels: Annotated[Channels | int, u32]
    extra: Extra = None


class EnvelopePoint(Message):
    """The end of a straight piece of an envelope."""

    duration: Annotated[u16, "milliseconds"]
    volume: Annotated[float, fraction(i32, 65536), "at its end, as a factor"]


@SVX.message(b"ATAK")
class Attack(Content):
    """How the volume rises at the beginning."""

    points: tuple[EnvelopePoint, ...]


@SVX.message(b"RLSE")
class Release(Content):
    """How the volume falls at the end."""

    points: tuple[EnvelopePoint, ...]


@MAUD.message(b"MHDR")
class MaudHeader(Content):
    """How the samples of a MAUD file are to be read."""

    samples: Annotated[u32, "of all channels"]
    stored_bits: Annotated[u16, "of a sample in the file"]
    bits: Annotated[u16, "of a sample when it is decompressed"]
    clock: Annotated[u32, "Hertz; divided by divisor it is the rate"]
    divisor: u16
    layout: Annotated[MaudChannels | int, u16]
    channels: Annotated[u16, "how many"]
    compression: Annotated[MaudCompression | int, u16]
    reserved: Annotated[bytes, raw(12), "zeros"] = bytes(12)
    extra: Extra = None
