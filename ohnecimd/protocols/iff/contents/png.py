r"""PNG, and its relatives MNG and JNG: pictures, animations, and JPEG pictures with transparency.

Sources: W3C, "Portable Network Graphics" (second edition, 2003); "MNG (Multiple-image Network
Graphics) Format" 1.0 (2001), with JNG. What is compressed stays so. A MNG file may have in it all
that JNG has, and that all that PNG has.

>>> ImageHeader.decode(bytes.fromhex("00000020 00000014 08 02 00 00 00")).colour_type.name
'RGB'
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated

from ohnecimd.fields import c_string, rest, text, u8, u16, u32, until
from ohnecimd.messages import length
from ohnecimd.protocols.iff.contents.ilbm import Colour  # noqa: TC001 - of a field
from ohnecimd.protocols.iff.contents.layouts import ChunkTable, Content, fraction
from ohnecimd.tables import Table

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from ohnecimd.messages import Message
    from ohnecimd.stream import ByteOrder

__all__ = [
    "BACKGROUNDS",
    "JNG",
    "MNG",
    "PNG",
    "TRANSPARENCIES",
    "Background",
    "Chromaticities",
    "ColourProfile",
    "ColourType",
    "CompressedText",
    "Density",
    "DensityUnit",
    "End",
    "Gamma",
    "GreyBackground",
    "GreyTransparency",
    "Histogram",
    "ImageHeader",
    "Interlacing",
    "InternationalText",
    "JngColourType",
    "JngHeader",
    "JngInterlacing",
    "Keyword",
    "MngEnd",
    "MngHeader",
    "Palette",
    "PaletteBackground",
    "PlainText",
    "RenderingIntent",
    "RgbBackground",
    "RgbTransparency",
    "SignificantBits",
    "StandardRgb",
    "Termination",
    "Transparency",
    "WrittenAt",
]

PNG = ChunkTable("chunks of PNG", dialects=("png",))
JNG = ChunkTable("chunks of JNG", dialects=("jng",), beyond=PNG)
MNG = ChunkTable("chunks of MNG", dialects=("mng",), beyond=JNG)
TRANSPARENCIES: Table[int] = Table("transparency of PNG by colour type")
BACKGROUNDS: Table[int] = Table("background of PNG by size")

IHDR = b"IHDR"
LATIN1_TEXT = text("latin-1")

C_LATIN1 = until(b"\0", LATIN1_TEXT, name="Latin-1 C string")
HUNDRED_THOUSANDTHS = fraction(u32, 100_000)
Keyword = Annotated[str, C_LATIN1, length(1, 79), "what the text is: Title, Author, Comment ..."]


class ColourType(enum.IntEnum):
    """What a pixel consists of."""

    GREY = 0
    RGB = 2
    PALETTE = 3
    GREY_ALPHA = 4
    RGB_ALPHA = 6


class Interlacing(enum.IntEnum):
    """In which order pixels come."""

    NONE = 0
    ADAM7 = 1


class DensityUnit(enum.IntEnum):
    """What pixels are counted for."""

    UNKNOWN = 0
    METRE = 1


class RenderingIntent(enum.IntEnum):
    """What matters when colours are converted."""

    PERCEPTUAL = 0
    RELATIVE_COLORIMETRIC = 1
    SATURATION = 2
    ABSOLUTE_COLORIMETRIC = 3


class JngColourType(enum.IntEnum):
    """What a pixel of JNG consists of."""

    GREY = 8
    COLOUR = 10
    GREY_ALPHA = 12
    COLOUR_ALPHA = 14


class JngInterlacing(enum.IntEnum):
    """In which order a JPEG picture comes."""

    SEQUENTIAL = 0
    PROGRESSIVE = 8


@PNG.message(IHDR)
class ImageHeader(Content):
    """Size and kind of the picture."""

    is_remembered = True

    width: Annotated[u32, "pixels"]
    height: Annotated[u32, "pixels"]
    bits: Annotated[u8, "of a sample, or of a number in the palette"]
    colour_type: Annotated[ColourType | int, u8]
    compression: Annotated[u8, "0: deflate"] = 0
    filter: Annotated[u8, "0: five kinds, by row"] = 0
    interlacing: Annotated[Interlacing | int, u8] = Interlacing.NONE


@PNG.message(b"PLTE")
class Palette(Content):
    """The colours of the palette, by number."""

    colours: tuple[Colour, ...]


@PNG.message(b"IEND")
class End(Content):
    """The end of the picture."""


@PNG.message(b"tRNS")
class Transparency(Content):
    """How opaque the colours of the palette are."""

    variants = TRANSPARENCIES

    alphas: Annotated[rest, "a byte for each colour, 255: opaque; the rest are opaque"]

    @classmethod
    def variant(
        cls,
        data: bytes,  # noqa: ARG003
        order: ByteOrder,  # noqa: ARG003
        before: Mapping[bytes, Message],
    ) -> Hashable:
        """Return the colour type of the picture."""
        header = before.get(IHDR)
        return header.colour_type if isinstance(header, ImageHeader) else None


@TRANSPARENCIES.message(ColourType.GREY)
class GreyTransparency(Content):
    """The grey that is transparent."""

    grey: Annotated[u16, "as a sample"]


@TRANSPARENCIES.message(ColourType.RGB)
class RgbTransparency(Content):
    """The colour that is transparent."""

    red: Annotated[u16, "as a sample"]
    green: u16
    blue: u16


@PNG.message(b"bKGD")
class Background(Content):
    """What the picture is shown on, in a layout that no colour type has."""

    variants = BACKGROUNDS

    data: rest

    @classmethod
    def variant(
        cls,
        data: bytes,
        order: ByteOrder,  # noqa: ARG003
        before: Mapping[bytes, Message],  # noqa: ARG003
    ) -> Hashable:
        """Return the size: it differs by colour type."""
        return len(data)


@BACKGROUNDS.message(1)
class PaletteBackground(Content):
    """The colour that the picture is shown on."""

    colour: Annotated[u8, "number in the palette"]


@BACKGROUNDS.message(2)
class GreyBackground(Content):
    """The grey that the picture is shown on."""

    grey: Annotated[u16, "as a sample"]


@BACKGROUNDS.message(6)
class RgbBackground(Content):
    """The colour that the picture is shown on."""

    red: Annotated[u16, "as a sample"]
    green: u16
    blue: u16


@PNG.message(b"cHRM")
class Chromaticities(Content):
    """Where white and the primary colours lie in CIE 1931."""

    white_x: Annotated[float, HUNDRED_THOUSANDTHS]
    white_y: Annotated[float, HUNDRED_THOUSANDTHS]
    red_x: Annotated[float, HUNDRED_THOUSANDTHS]
    red_y: Annotated[float, HUNDRED_THOUSANDTHS]
    green_x: Annotated[float, HUNDRED_THOUSANDTHS]
    green_y: Annotated[float, HUNDRED_THOUSANDTHS]
    blue_x: Annotated[float, HUNDRED_THOUSANDTHS]
    blue_y: Annotated[float, HUNDRED_THOUSANDTHS]


@PNG.message(b"gAMA")
class Gamma(Content):
    """How samples follow from light."""

    gamma: Annotated[float, HUNDRED_THOUSANDTHS, "exponent: 0.45455 ..."]


@PNG.message(b"iCCP")
class ColourProfile(Content):
    """The ICC profile of the colours."""

    name: Annotated[str, C_LATIN1, length(1, 79)]
    method: Annotated[u8, "0: deflate"]
    profile: Annotated[rest, "compressed"]


@PNG.message(b"sBIT")
class SignificantBits(Content):
    """How many bits of the samples come from the original."""

    bits: Annotated[tuple[u8, ...], "of each channel"]


@PNG.message(b"sRGB")
class StandardRgb(Content):
    """The colours are those of sRGB."""

    intent: Annotated[RenderingIntent | int, u8]


@PNG.message(b"hIST")
class Histogram(Content):
    """How often the colours of the palette are used, about."""

    counts: Annotated[tuple[u16, ...], "by number of the colour"]


@PNG.message(b"pHYs")
class Density(Content):
    """How large pixels are meant to be."""

    x: Annotated[u32, "pixels per unit"]
    y: Annotated[u32, "pixels per unit"]
    unit: Annotated[DensityUnit | int, u8]


@PNG.message(b"tIME")
class WrittenAt(Content):
    """When the picture was last changed, in UTC."""

    year: u16
    month: Annotated[u8, "1..12"]
    day: Annotated[u8, "1..31"]
    hour: Annotated[u8, "0..23"]
    minute: Annotated[u8, "0..59"]
    second: Annotated[u8, "0..60"]


@PNG.message(b"tEXt")
class PlainText(Content):
    """Text in Latin-1."""

    keyword: Keyword
    text: Annotated[str, LATIN1_TEXT]


@PNG.message(b"zTXt")
class CompressedText(Content):
    """Text in Latin-1, compressed."""

    keyword: Keyword
    method: Annotated[u8, "0: deflate"]
    data: Annotated[rest, "compressed"]


@PNG.message(b"iTXt")
class InternationalText(Content):
    """Text in UTF-8."""

    keyword: Keyword
    is_compressed: Annotated[u8, "1 if it is"]
    method: Annotated[u8, "0: deflate"]
    language: Annotated[str, C_LATIN1, "tag of the language: de, x-klingon ..."]
    translated_keyword: Annotated[c_string, "in that language, UTF-8"]
    data: Annotated[rest, "UTF-8, or that compressed"]


# JNG


@JNG.message(b"JHDR")
class JngHeader(Content):
    """Size and kind of the picture."""

    width: Annotated[u32, "pixels"]
    height: Annotated[u32, "pixels"]
    colour_type: Annotated[JngColourType | int, u8]
    bits: Annotated[u8, "of a sample: 8, 12, or 20 for both"]
    compression: Annotated[u8, "8: JPEG"]
    interlacing: Annotated[JngInterlacing | int, u8]
    alpha_bits: Annotated[u8, "of an alpha sample; 0: there are none"]
    alpha_compression: Annotated[u8, "0: as in PNG, 8: JPEG"]
    alpha_filter: Annotated[u8, "0"]
    alpha_interlacing: Annotated[u8, "0"]


# MNG


@MNG.message(b"MHDR")
class MngHeader(Content):
    """Size and length of the animation."""

    width: Annotated[u32, "pixels"]
    height: Annotated[u32, "pixels"]
    ticks_per_second: Annotated[u32, "0: the length of a tick is not said"]
    layers: Annotated[u32, "how many, with the background; 0: unknown"]
    frames: Annotated[u32, "how many; 0: unknown"]
    play_time: Annotated[u32, "ticks; 0: unknown"]
    simplicity: Annotated[u32, "bits: what a player needs not know"]


@MNG.message(b"TERM")
class Termination(Content):
    """What is done when the animation is over."""

    action: Annotated[u8, "0: show the last frame, 1: nothing, 2: the first frame, 3: repeat"]
    after: Annotated[u8, "what is done after repeating, as action"] | None = None
    delay: Annotated[u32, "ticks before repeating"] | None = None
    times: Annotated[u32, "how often; 0x7fffffff: for ever"] | None = None


@MNG.message(b"MEND")
class MngEnd(Content):
    """The end of the animation."""
