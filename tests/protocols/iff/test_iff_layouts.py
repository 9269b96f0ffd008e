"""Layouts of chunks by hand, what they depend on, and where they are looked up."""

from __future__ import annotations

import struct

import pytest

from ohnecimd.errors import Malformed, Misuse
from ohnecimd.fields import f32
from ohnecimd.protocols.iff.contents import (
    BitmapHeader,
    ColourType,
    Common,
    ImageHeader,
    StreamHeader,
    decode,
    find,
)
from ohnecimd.protocols.iff.contents.aiff import (
    Annotation,
    CompressedCommon,
    Instrument,
    Loop,
    Name,
    Peaks,
    PlayMode,
    SoundData,
)
from ohnecimd.protocols.iff.contents.avi import (
    ChunkIndex,
    ExtendedHeader,
    FieldIndex,
    Index,
    PartialIndex,
    Place,
    PlaceOfIndex,
    Rectangle,
    StreamFormat,
    SuperIndex,
)
from ohnecimd.protocols.iff.contents.formats import (
    TAG_GUID,
    ImaFormat,
    Mp3Format,
    OtherFormat,
    PcmFormat,
    WaveTag,
)
from ohnecimd.protocols.iff.contents.layouts import fraction
from ohnecimd.protocols.iff.contents.png import (
    Background,
    End,
    GreyBackground,
    GreyTransparency,
    InternationalText,
    JngHeader,
    MngHeader,
    PaletteBackground,
    RgbTransparency,
    Termination,
    Transparency,
)
from ohnecimd.protocols.iff.contents.riff import InfoText, PaletteData
from ohnecimd.protocols.iff.contents.svx import MaudHeader
from ohnecimd.protocols.iff.contents.wave import (
    CuePoint,
    CuePoints,
    FrameCount,
    Label,
    LabelledText,
    LoopKind,
    SampleLoop,
    Sampler,
    SamplerInstrument,
    WavePeaks,
)
from ohnecimd.protocols.iff.contents.webp import (
    AnimationFrame,
    FrameFlags,
)

PCM = struct.pack("<HHIIHH", 1, 2, 44100, 176400, 4, 16)
BMHD = struct.pack(">HHhhBBBBHBBhh", 32, 20, -1, 2, 4, 2, 1, 0, 3, 10, 11, 320, 200)


@pytest.mark.parametrize(
    ("place", "data", "content"),
    [
        (
            ("iff", b"ILBM", b"BMHD"),
            BMHD,
            BitmapHeader(32, 20, -1, 2, 4, 2, 1, 0, 3, 10, 11, 320, 200),
        ),
        (
            ("iff", b"AIFF", b"INST"),
            struct.pack(">6bh6H", 60, -50, 0, 127, 1, 127, -6, 1, 1, 2, 2, 3, 4),
            Instrument(
                *(60, -50, 0, 127, 1, 127, -6),
                Loop(PlayMode.FORWARD, 1, 2),
                Loop(PlayMode.BACK_AND_FORTH, 3, 4),
            ),
        ),
        (
            ("riff", b"WAVE", b"cue "),
            struct.pack("<III4sIII", 1, 7, 100, b"data", 0, 0, 100),
            CuePoints((CuePoint(7, 100, b"data", 0, 0, 100),)),
        ),
        (
            ("riff", b"WAVE", b"smpl"),
            struct.pack("<9I6I3s", 1, 2, 22675, 60, 0, 25, 0, 1, 3, 9, 1, 5, 50, 0, 0, b"abc"),
            Sampler(
                *(1, 2, 22675, 60, 0, 25, 0),
                (SampleLoop(9, LoopKind.BACK_AND_FORTH, 5, 50, 0, 0),),
                b"abc",
            ),
        ),
        (
            ("riff", b"WAVE", b"inst"),
            struct.pack("<Bbb4B", 60, -5, 3, 0, 127, 1, 127),
            SamplerInstrument(60, -5, 3, 0, 127, 1, 127),
        ),
        (
            ("riff", b"adtl", b"ltxt"),
            struct.pack("<II4s4H", 7, 10, b"scrp", 49, 7, 1, 1252) + b"hello\0",
            LabelledText(7, 10, b"scrp", 49, 7, 1, 1252, b"hello\0"),
        ),
        (
            ("riff", b"strl", b"indx"),
            struct.pack("<HBBI4s12xQII", 4, 0, 0, 1, b"00dc", 1 << 33, 100, 25) + bytes(16),
            SuperIndex(4, 0, 0, b"00dc", bytes(12), (PlaceOfIndex(1 << 33, 100, 25),), bytes(16)),
        ),
        (
            ("riff", b"movi", b"ix00"),
            struct.pack("<HBBI4sQIII", 2, 0, 1, 1, b"00dc", 1 << 33, 0, 8, 0x80000010),
            ChunkIndex(2, 0, 1, b"00dc", 1 << 33, 0, (Place(8, 0x80000010),)),
        ),
        (("riff", b"odml", b"dmlh"), struct.pack("<I244x", 99), ExtendedHeader(99, bytes(244))),
        (
            ("png", b"", b"iTXt"),
            b"Title\0\0\0de\0Titel\0Gr\xc3\xb6\xc3\x9fe",
            InternationalText("Title", 0, 0, "de", "Titel", "Größe".encode()),
        ),
        (("mng", b"", b"TERM"), b"\0", Termination(0)),
        (
            ("webp", b"WEBP", b"ANMF"),
            b"\1\0\0\2\0\0\x1f\0\0\x13\0\0\x64\0\0\3",
            AnimationFrame(2, 4, 32, 20, 100, FrameFlags.DISPOSE | FrameFlags.DO_NOT_BLEND),
        ),
    ],
    ids=lambda value: value[2].decode() if isinstance(value, tuple) else "",
)
def test_layouts_are_those_of_the_specifications(place, data, content):
    assert decode(*place, data) == content
    assert content.encode() == data


def test_extensions_depend_on_the_tag():
    head = struct.pack("<HIIHH", 1, 8000, 8000, 1, 4)
    ima = struct.pack("<H", WaveTag.IMA_ADPCM) + head
    mp3 = struct.pack("<H", WaveTag.MP3) + head + struct.pack("<HHIHHH", 12, 1, 2, 417, 1, 1393)
    unknown = struct.pack("<H", 0x4321) + head
    assert decode("riff", b"WAVE", b"fmt ", ima + b"\2\0\xf9\1").samples_per_block == 505
    assert isinstance(decode("riff", b"WAVE", b"fmt ", ima + b"\2\0\xf9\1"), ImaFormat)
    assert decode("riff", b"WAVE", b"fmt ", mp3).block_size == 417
    assert isinstance(decode("riff", b"WAVE", b"fmt ", mp3), Mp3Format)
    assert decode("riff", b"WAVE", b"fmt ", unknown + b"\3\0abc").extension == b"abc"
    assert decode("riff", b"WAVE", b"fmt ", unknown).tag == 0x4321


def test_a_format_without_the_extension_of_its_tag_is_still_a_format():
    ima = struct.pack("<HHIIHH", WaveTag.IMA_ADPCM, 1, 8000, 8000, 1, 4)
    for extension, rest in ((None, b""), (b"", b"\0\0")):
        form = decode("riff", b"WAVE", b"fmt ", ima + rest)
        assert isinstance(form, OtherFormat)
        assert (form.tag, form.rate, form.extension) == (WaveTag.IMA_ADPCM, 8000, extension)


def test_what_follows_a_plain_format_is_kept():
    form = decode("riff", b"WAVE", b"fmt ", PCM + b"\0\0\7")
    assert isinstance(form, PcmFormat)
    assert form.extra == b"\0\0\7"
    assert form.encode() == PCM + b"\0\0\7"


def test_extensions_that_tell_another_size_are_refused():
    data = struct.pack("<H", WaveTag.EXTENSIBLE) + PCM[2:] + struct.pack("<HHIH", 21, 16, 3, 1)
    with pytest.raises(Malformed, match=r"at byte 116 in ExtensibleFormat > extension_size: .* 22"):
        decode("riff", b"WAVE", b"fmt ", data + TAG_GUID, position=100)


def test_streams_have_formats_of_their_type():
    header = StreamHeader(b"auds").encode()
    remembered = {b"strh": decode("avi", b"strl", b"strh", header)}
    assert isinstance(decode("avi", b"strl", b"strf", PCM, before=remembered), PcmFormat)
    assert decode("avi", b"strl", b"strf", PCM) == StreamFormat(PCM)
    texts = {b"strh": StreamHeader(b"txts")}
    assert decode("avi", b"strl", b"strf", b"abc", before=texts) == StreamFormat(b"abc")


def test_stream_headers_may_lack_the_rectangle():
    whole = StreamHeader(b"vids", frame=Rectangle(0, 0, 4, 3)).encode()
    assert len(whole) == 56
    assert decode("avi", b"strl", b"strh", whole[:48]).frame is None
    assert StreamHeader(b"vids", scale=0, rate=5).frames_per_second == 0.0


def test_indexes_are_told_by_their_type():
    fields = struct.pack("<HBBI4sQIIII", 3, 1, 1, 1, b"00dc", 0, 0, 8, 16, 24)
    assert isinstance(decode("avi", b"movi", b"ix01", fields), FieldIndex)
    assert isinstance(decode("avi", b"strl", b"indx", fields), FieldIndex)
    strange = struct.pack("<HBBI4s", 3, 1, 0x80, 1, b"00dc") + b"data"
    assert isinstance(decode("avi", b"movi", b"ix01", strange), PartialIndex)
    content = decode("avi", b"strl", b"indx", strange)
    assert (type(content), content.data) == (Index, b"data")


def test_transparency_depends_on_the_colour_type():
    def transparency(colour_type, data):
        header = ImageHeader(1, 1, 8, colour_type)
        return decode("png", b"", b"tRNS", data, before={b"IHDR": header})

    assert transparency(ColourType.GREY, b"\0\7") == GreyTransparency(7)
    assert transparency(ColourType.RGB, b"\0\1\0\2\0\3") == RgbTransparency(1, 2, 3)
    assert transparency(ColourType.PALETTE, b"\0\xff") == Transparency(b"\0\xff")
    assert decode("png", b"", b"tRNS", b"\0\xff") == Transparency(b"\0\xff")


def test_background_depends_on_its_size():
    assert decode("png", b"", b"bKGD", b"\7") == PaletteBackground(7)
    assert decode("png", b"", b"bKGD", b"\1\0") == GreyBackground(256)
    assert decode("png", b"", b"bKGD", b"abc") == Background(b"abc")


# Where chunks are looked up


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        (("iff", b"AIFF", b"COMM"), Common),
        (("iff", b"AIFC", b"COMM"), CompressedCommon),
        (("iff", b"AIFC", b"SSND"), SoundData),
        (("iff", b"AIFF", b"PEAK"), None),
        (("iff", b"AIFC", b"PEAK"), Peaks),
        (("rf64", b"WAVE", b"PEAK"), WavePeaks),
        (("iff", b"MAUD", b"MHDR"), MaudHeader),
        (("mng", b"", b"MHDR"), MngHeader),
        (("png", b"", b"MHDR"), None),
        (("iff", b"AIFF", b"INST"), Instrument),
        (("riff", b"WAVE", b"inst"), SamplerInstrument),
        (("iff", b"XYZ ", b"NAME"), Name),
        (("iff", b"ILBM", b"ANNO"), Annotation),
        (("riff", b"WAVE", b"NAME"), None),
        (("riff", b"INFO", b"IXYZ"), InfoText),
        (("rifx", b"INFO", b"INAM"), InfoText),
        (("iff", b"INFO", b"INAM"), None),
        (("riff", b"WAVE", b"data"), None),
        (("riff", b"PAL ", b"data"), PaletteData),
        (("avi", b"movi", b"ix07"), PartialIndex),
        (("avi", b"rec ", b"ix07"), PartialIndex),
        (("avi", b"movi", b"00dc"), None),
        (("jng", b"", b"JHDR"), JngHeader),
        (("mng", b"", b"JHDR"), JngHeader),
        (("mng", b"", b"IHDR"), ImageHeader),
        (("jng", b"", b"IEND"), End),
        (("riff", b"adtl", b"labl"), Label),
    ],
    ids=str,
)
def test_the_place_tells_what_a_chunk_is(place, kind):
    assert find(*place) is kind


def test_nothing_is_known_of_a_chunk_in_no_table():
    assert decode("riff", b"WAVE", b"what", b"abc") is None
    with pytest.raises(ValueError, match="no dialect 'tar'"):
        find("tar", b"WAVE", b"fmt ")


def test_messages_without_variants_are_what_they_are():
    assert FrameCount.variant(b"C\0\0\0", "little", {}) is None
    assert FrameCount.variants is None


def test_fractions_are_made_of_integers():
    with pytest.raises(Misuse, match="f32 is no integer"):
        fraction(f32, 100)
