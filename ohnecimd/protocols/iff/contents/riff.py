r"""What files in RIFF may have whatever they are, and palettes, which are nothing else.

Source: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications" 1.0 (1991).

>>> InfoText(b"Lavf59.27.100\0").text
'Lavf59.27.100'
"""

from __future__ import annotations

from typing import Annotated

from ohnecimd.fields import counted, u8, u16
from ohnecimd.messages import Message
from ohnecimd.protocols.iff.contents.layouts import RIFF, ChunkTable, Content, Extra, Text

__all__ = ["INFO", "PAL", "InfoText", "PaletteColour", "PaletteData"]

INFO = ChunkTable("chunks of LIST INFO", dialects=RIFF, groups=(b"INFO",))
PAL = ChunkTable("chunks of PAL", dialects=RIFF, groups=(b"PAL ",))


@INFO.message(b"????")
class InfoText(Text):
    """A text about the file: INAM its title, IART who made it, ISFT the program, ICRD the date."""


class PaletteColour(Message):
    """A colour of a palette."""

    red: u8
    green: u8
    blue: u8
    flags: Annotated[u8, "how Windows uses it"]


@PAL.message(b"data")
class PaletteData(Content):
    """The colours of a palette, as Windows has them (LOGPALETTE)."""

    byteorder = "little"

    version: Annotated[u16, "0x300"]
    colours: Annotated[tuple[PaletteColour, ...], counted(u16)]
    extra: Extra = None
