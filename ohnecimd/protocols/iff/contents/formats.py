r"""Formats of samples: what ``fmt`` of WAVE holds, and ``strf`` of AVI for sound.

Sources: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications" 1.0 (1991),
and ``mmreg.h``. The extension depends on the tag: there is a message for each that is known, and
``OtherFormat`` for the rest. All of them are a `WaveFormat`.

>>> PcmFormat.decode(bytes.fromhex("0100 0100 401f0000 803e0000 0200 1000")).rate
8000
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, ClassVar

from ohnecimd.fields import i16, prefixed, raw, u16, u32
from ohnecimd.messages import Message, count_of, length_of
from ohnecimd.protocols.iff.contents.layouts import Content, Extra
from ohnecimd.tables import Table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ohnecimd.stream import ByteOrder

__all__ = [
    "FORMATS",
    "TAG_GUID",
    "AdpcmFormat",
    "Coefficients",
    "ExtensibleFormat",
    "GsmFormat",
    "ImaFormat",
    "Mp3Format",
    "OtherFormat",
    "PcmFormat",
    "Speakers",
    "WaveFormat",
    "WaveTag",
]

FORMATS: Table[int] = Table("formats of WAVE by tag")

TAG_GUID = bytes.fromhex("0000 0000 1000 8000 00aa 00389b71")
"""What follows a tag in a GUID that stands for the tag."""
PLAIN_BYTES = 18
"""The size of a format that says that it has no extension."""


class WaveTag(enum.IntEnum):
    """Kinds of samples."""

    PCM = 0x0001  # WAVE_FORMAT_PCM
    MS_ADPCM = 0x0002  # WAVE_FORMAT_ADPCM
    FLOAT = 0x0003  # WAVE_FORMAT_IEEE_FLOAT
    A_LAW = 0x0006  # WAVE_FORMAT_ALAW
    MU_LAW = 0x0007  # WAVE_FORMAT_MULAW
    IMA_ADPCM = 0x0011  # WAVE_FORMAT_IMA_ADPCM
    GSM = 0x0031  # WAVE_FORMAT_GSM610
    MP3 = 0x0055  # WAVE_FORMAT_MPEGLAYER3
    EXTENSIBLE = 0xFFFE  # WAVE_FORMAT_EXTENSIBLE


class Speakers(enum.IntFlag):
    """Where the channels are to be heard, in their order."""

    FRONT_LEFT = 0x1  # SPEAKER_FRONT_LEFT, and so on
    FRONT_RIGHT = 0x2
    FRONT_CENTER = 0x4
    LOW_FREQUENCY = 0x8
    BACK_LEFT = 0x10
    BACK_RIGHT = 0x20
    FRONT_LEFT_OF_CENTER = 0x40
    FRONT_RIGHT_OF_CENTER = 0x80
    BACK_CENTER = 0x100
    SIDE_LEFT = 0x200
    SIDE_RIGHT = 0x400
    TOP_CENTER = 0x800
    TOP_FRONT_LEFT = 0x1000
    TOP_FRONT_CENTER = 0x2000
    TOP_FRONT_RIGHT = 0x4000
    TOP_BACK_LEFT = 0x8000
    TOP_BACK_CENTER = 0x10000
    TOP_BACK_RIGHT = 0x20000


class WaveFormat(Content):
    """How samples are to be read: what all formats begin with."""

    byteorder = "little"
    variants = FORMATS

    tag: Annotated[WaveTag | int, u16]
    channels: Annotated[u16, "how many"]
    rate: Annotated[u32, "frames per second"]
    byte_rate: Annotated[u32, "bytes per second, on average"]
    block_align: Annotated[u16, "bytes of a frame, or of a compressed block"]
    bits: Annotated[u16, "of a sample; 0 if that means nothing"]

    @classmethod
    def variant(
        cls,
        data: bytes,
        order: ByteOrder,
        before: Mapping[bytes, Message],  # noqa: ARG003
    ) -> Hashable:
        """Return the tag, if the extension that belongs to it is there."""
        tag = int.from_bytes(data[:2], order)
        return tag if tag == WaveTag.PCM or len(data) > PLAIN_BYTES else None


@FORMATS.message(WaveTag.PCM)
class PcmFormat(WaveFormat):
    """Plain samples: unsigned up to 8 bits, signed from 9 on."""

    extra: Extra = None


@FORMATS.message(WaveTag.EXTENSIBLE)
class ExtensibleFormat(WaveFormat):
    """Samples of many channels or bits; the tag of what they are comes late."""

    extension_size: ClassVar[
        Annotated[u16, length_of("valid_bits", "speakers", "subtag", "guid"), "22"]
    ]
    valid_bits: Annotated[u16, "of the bits of a sample, or samples of a compressed block"]
    speakers: Annotated[Speakers | int, u32]
    subtag: Annotated[WaveTag | int, u16, "what the samples are, if guid is TAG_GUID"]
    guid: Annotated[bytes, raw(14), "the rest of the GUID that begins with the tag"] = TAG_GUID
    extra: Extra = None


class Coefficients(Message):
    """How the next sample is foretold, in 256ths."""

    byteorder = "little"

    first: Annotated[i16, "of the last sample"]
    second: Annotated[i16, "of the one before"]


@FORMATS.message(WaveTag.MS_ADPCM)
class AdpcmFormat(WaveFormat):
    """Microsoft's ADPCM."""

    extension_size: ClassVar[
        Annotated[u16, length_of("samples_per_block", "count", "coefficients"), "32"]
    ]
    samples_per_block: Annotated[u16, "of each channel"]
    count: ClassVar[Annotated[u16, count_of("coefficients"), "7"]]
    coefficients: tuple[Coefficients, ...]
    extra: Extra = None


@FORMATS.message(WaveTag.IMA_ADPCM)
class ImaFormat(WaveFormat):
    """IMA's ADPCM."""

    extension_size: ClassVar[Annotated[u16, length_of("samples_per_block"), "2"]]
    samples_per_block: Annotated[u16, "of each channel"]
    extra: Extra = None


@FORMATS.message(WaveTag.GSM)
class GsmFormat(WaveFormat):
    """GSM 06.10, two frames of telephony in a block."""

    extension_size: ClassVar[Annotated[u16, length_of("samples_per_block"), "2"]]
    samples_per_block: Annotated[u16, "320"]
    extra: Extra = None


@FORMATS.message(WaveTag.MP3)
class Mp3Format(WaveFormat):
    """MPEG layer 3."""

    extension_size: ClassVar[
        Annotated[
            u16, length_of("id", "flags", "block_size", "frames_per_block", "codec_delay"), "12"
        ]
    ]
    id: Annotated[u16, "1: MPEG"]
    flags: Annotated[u32, "0: padding as needed for the rate, 1: always, 2: never"]
    block_size: Annotated[u16, "bytes"]
    frames_per_block: u16
    codec_delay: Annotated[u16, "samples"]
    extra: Extra = None


class OtherFormat(WaveFormat):
    """A format whose extension is not known, or is missing."""

    extension: Annotated[bytes, prefixed(u16), "what belongs to the tag"] | None = None
    extra: Extra = None
