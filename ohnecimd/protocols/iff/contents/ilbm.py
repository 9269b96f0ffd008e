r"""ILBM: pictures of the Amiga, in planes of bits.

Sources: Electronic Arts, "ILBM IFF Interleaved Bitmap" (1986); Commodore's ``graphics/view.h`` for
the view modes; netpbm's ilbmtoppm for DCOL, which has no document.

>>> Viewport.decode(bytes.fromhex("00000804")).mode
<ViewMode.LACE|HOLD_AND_MODIFY: 2052>
"""

from __future__ import annotations

import enum
from typing import Annotated

from ohnecimd.fields import i16, i32, u8, u16
from ohnecimd.messages import Message
from ohnecimd.protocols.iff.contents.aiff import TEXTS
from ohnecimd.protocols.iff.contents.layouts import EA_IFF, ChunkTable, Content, Extra

__all__ = [
    "ILBM",
    "BitmapCompression",
    "BitmapHeader",
    "Colour",
    "ColourCycle",
    "ColourMap",
    "ColourRange",
    "CycleFlags",
    "DestinationMerge",
    "DirectColour",
    "HotSpot",
    "Masking",
    "SpritePrecedence",
    "ViewMode",
    "Viewport",
]

ILBM = ChunkTable("chunks of ILBM", dialects=EA_IFF, groups=(b"ILBM",), beyond=TEXTS)


class Masking(enum.IntEnum):
    """What is transparent."""

    NONE = 0  # mskNone
    HAS_MASK = 1  # mskHasMask
    TRANSPARENT_COLOUR = 2  # mskHasTransparentColor
    LASSO = 3  # mskLasso


class BitmapCompression(enum.IntEnum):
    """How rows are compressed."""

    NONE = 0  # cmpNone
    BYTE_RUN = 1  # cmpByteRun1


class ViewMode(enum.IntFlag):
    """How the hardware of the Amiga shows the picture."""

    GENLOCK_VIDEO = 0x0002  # GENLOCK_VIDEO
    LACE = 0x0004  # LACE
    DOUBLE_SCAN = 0x0008  # DOUBLESCAN
    SUPER_HIRES = 0x0020  # SUPERHIRES
    PLAYFIELD_PRIORITY = 0x0040  # PFBA
    EXTRA_HALFBRITE = 0x0080  # EXTRA_HALFBRITE, EHB
    GENLOCK_AUDIO = 0x0100  # GENLOCK_AUDIO
    DUAL_PLAYFIELD = 0x0400  # DUALPF
    HOLD_AND_MODIFY = 0x0800  # HAM
    EXTENDED_MODE = 0x1000  # EXTENDED_MODE
    HIDDEN = 0x2000  # VP_HIDE
    SPRITES = 0x4000  # SPRITES
    HIRES = 0x8000  # HIRES


class CycleFlags(enum.IntFlag):
    """Whether colours move, and in which direction."""

    ACTIVE = 1  # RNG_ACTIVE
    REVERSE = 2  # RNG_REVERSE


@ILBM.message(b"BMHD")
class BitmapHeader(Content):
    """Size and layout of the picture."""

    width: Annotated[u16, "pixels"]
    height: Annotated[u16, "pixels"]
    x: Annotated[i16, "pixels from the left of the page"]
    y: Annotated[i16, "pixels from the top of the page"]
    planes: Annotated[u8, "bits of a pixel, without the mask"]
    masking: Annotated[Masking | int, u8]
    compression: Annotated[BitmapCompression | int, u8]
    padding: Annotated[u8, "0; some programs keep flags here"]
    transparent_colour: Annotated[u16, "number of the colour"]
    x_aspect: Annotated[u8, "width of a pixel ..."]
    y_aspect: Annotated[u8, "... to its height"]
    page_width: Annotated[i16, "pixels"]
    page_height: Annotated[i16, "pixels"]
    extra: Extra = None


class Colour(Message):
    """A colour."""

    red: u8
    green: u8
    blue: u8


@ILBM.message(b"CMAP")
class ColourMap(Content):
    """The colours of the palette, by number."""

    colours: tuple[Colour, ...]


@ILBM.message(b"CAMG")
class Viewport(Content):
    """How the Amiga is to show it."""

    monitor: Annotated[u16, "kind of monitor; 0: the usual one"]
    mode: Annotated[ViewMode | int, u16]
    extra: Extra = None


@ILBM.message(b"GRAB")
class HotSpot(Content):
    """The point by which a brush or pointer is held."""

    x: Annotated[i16, "pixels from the left"]
    y: Annotated[i16, "pixels from the top"]
    extra: Extra = None


@ILBM.message(b"DEST")
class DestinationMerge(Content):
    """How the planes go into a picture with more of them."""

    depth: Annotated[u8, "planes of the destination"]
    padding: Annotated[u8, "0"]
    pick: Annotated[u16, "bits: planes into which those of the picture go"]
    on_off: Annotated[u16, "bits: what the other planes are filled with"]
    mask: Annotated[u16, "bits: planes that are written at all"]
    extra: Extra = None


@ILBM.message(b"SPRT")
class SpritePrecedence(Content):
    """It is a sprite."""

    precedence: Annotated[u16, "0 is in front of all"]
    extra: Extra = None


@ILBM.message(b"CRNG")
class ColourRange(Content):
    """A run of colours that move round."""

    padding: Annotated[i16, "0"]
    rate: Annotated[i16, "steps; 16384 are 60 per second"]
    flags: Annotated[CycleFlags | int, i16]
    low: Annotated[u8, "number of the first colour"]
    high: Annotated[u8, "number of the last"]
    extra: Extra = None


@ILBM.message(b"CCRT")
class ColourCycle(Content):
    """A run of colours that move round, as Graphicraft has it."""

    direction: Annotated[i16, "1: forward, -1: backward, 0: none"]
    start: Annotated[u8, "number of the first colour"]
    end: Annotated[u8, "number of the last"]
    seconds: Annotated[i32, "for a step ..."]
    microseconds: Annotated[i32, "... and these besides"]
    padding: Annotated[i16, "0"]
    extra: Extra = None


@ILBM.message(b"DCOL")
class DirectColour(Content):
    """The planes are colours themselves, and no numbers of colours."""

    red: Annotated[u8, "planes"]
    green: Annotated[u8, "planes"]
    blue: Annotated[u8, "planes"]
    padding: Annotated[u8, "0"]
    extra: Extra = None
