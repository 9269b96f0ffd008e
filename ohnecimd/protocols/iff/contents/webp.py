r"""WebP: pictures in RIFF.

Sources: RFC 9649 (the container, and VP8L), RFC 6386 section 9.1 (the frame header of VP8). Sizes
are here what they are, not less by one as in the file.

>>> Canvas(WebpFlags.ALPHA, 32, 20).encode()
b'\x10\x00\x00\x00\x1f\x00\x00\x13\x00\x00'
"""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar

from ohnecimd.domains import Integers, where
from ohnecimd.fields import converted, raw, u8, u16, u24, u32
from ohnecimd.messages import constant
from ohnecimd.protocols.iff.contents.layouts import RIFF, ChunkTable, Content, Extra, Text

__all__ = [
    "WEBP",
    "AlphaHeader",
    "Animation",
    "AnimationFrame",
    "Canvas",
    "FrameFlags",
    "LosslessImage",
    "LossyImage",
    "WebpFlags",
    "WebpXmpText",
]

LESS_ONE = converted(
    u24, Integers(1, 1 << 24), lambda item: item + 1, lambda value: value - 1, name="u24, less 1"
)
HALF = converted(
    u24,
    Integers(0, (1 << 25) - 2) & where("even", lambda value: value % 2 == 0),
    lambda item: item * 2,
    lambda value: value // 2,
    name="half as u24",
)

WEBP = ChunkTable("chunks of WebP", dialects=RIFF, groups=(b"WEBP",))


class WebpFlags(enum.IntFlag):
    """What there is besides the picture."""

    ANIMATION = 0x02
    XMP = 0x04
    EXIF = 0x08
    ALPHA = 0x10
    ICC = 0x20


class FrameFlags(enum.IntFlag):
    """How a frame is put on the canvas, and taken off."""

    DISPOSE = 0x01  # D: fill it with the background when its time is over
    DO_NOT_BLEND = 0x02  # B: overwrite what is there


@WEBP.message(b"VP8X")
class Canvas(Content):
    """The size of the picture, and what there is besides it."""

    byteorder = "little"

    flags: Annotated[WebpFlags | int, u8]
    reserved: ClassVar[Annotated[bytes, raw(3), constant(bytes(3))]]
    width: Annotated[int, LESS_ONE, "pixels"]
    height: Annotated[int, LESS_ONE, "pixels"]
    extra: Extra = None


@WEBP.message(b"ANIM")
class Animation(Content):
    """How often frames are shown, and on what."""

    byteorder = "little"

    blue: Annotated[u8, "of the background"]
    green: u8
    red: u8
    alpha: u8
    loops: Annotated[u16, "0: for ever"]
    extra: Extra = None


@WEBP.message(b"ANMF")
class AnimationFrame(Content):
    """Where and how long a frame is shown; chunks with the picture follow."""

    byteorder = "little"
    is_head = True

    x: Annotated[int, HALF, "pixels from the left"]
    y: Annotated[int, HALF, "pixels from the top"]
    width: Annotated[int, LESS_ONE, "pixels"]
    height: Annotated[int, LESS_ONE, "pixels"]
    duration: Annotated[u24, "milliseconds"]
    flags: Annotated[FrameFlags | int, u8]


@WEBP.message(b"ALPH")
class AlphaHeader(Content):
    """How the transparency that follows is coded."""

    is_head = True

    methods: Annotated[
        u8, "bits 0 and 1: compression, 2 and 3: filter, 4 and 5: 1 if levels were reduced"
    ]


@WEBP.message(b"VP8 ")
class LossyImage(Content):
    """The head of a picture coded with VP8."""

    byteorder = "little"
    is_head = True
    shown = ("width", "height")

    frame_tag: Annotated[u24, "bit 0: no key frame, 1 to 3: version, 4: shown, others: a size"]
    start_code: ClassVar[Annotated[bytes, raw(3), constant(b"\x9d\x01\x2a")]]
    width_and_scale: Annotated[u16, "bits 0 to 13: pixels, 14 and 15: how to enlarge them"]
    height_and_scale: Annotated[u16, "the same"]

    @property
    def width(self) -> int:
        """Pixels."""
        return self.width_and_scale & 0x3FFF

    @property
    def height(self) -> int:
        """Pixels."""
        return self.height_and_scale & 0x3FFF


@WEBP.message(b"VP8L")
class LosslessImage(Content):
    """The head of a picture coded without loss."""

    byteorder = "little"
    is_head = True
    shown = ("width", "height", "has_alpha")

    signature: ClassVar[Annotated[int, u8, constant(0x2F)]]
    layout: Annotated[
        u32, "bits 0 to 13: width less 1, 14 to 27: height less 1, 28: has alpha, others: version"
    ]

    @property
    def width(self) -> int:
        """Pixels."""
        return (self.layout & 0x3FFF) + 1

    @property
    def height(self) -> int:
        """Pixels."""
        return (self.layout >> 14 & 0x3FFF) + 1

    @property
    def has_alpha(self) -> bool:
        """Whether a part of it may be transparent."""
        return bool(self.layout >> 28 & 1)


@WEBP.message(b"XMP ")
class WebpXmpText(Text):
    """XMP: XML about the file."""
