"""What the chunks of files hold: the samples, what is wrong with some, and how it is worded."""

from __future__ import annotations

import io
import re
import struct
import wave

import pytest
from samples import EXPECTED, WELL_FORMED, chunk, feed, group, leaf, nested, read, riff

from ohnecimd.errors import TooLong, Truncated
from ohnecimd.protocols.iff.contents import (
    BitmapHeader,
    BroadcastExtension,
    Canvas,
    Collector,
    ColourType,
    Common,
    Describer,
    ImageHeader,
    MainHeader,
    StreamHeader,
    Text,
    VideoFormat,
    VoiceHeader,
    WaveFormat,
    contents_of,
    decode,
    first,
    is_known,
    summary,
)
from ohnecimd.protocols.iff.contents.aiff import (
    ChannelPeak,
    Comment,
    Comments,
    CompressedCommon,
    FormatVersion,
    Marker,
    Markers,
    Name,
    Peaks,
    SoundData,
)
from ohnecimd.protocols.iff.contents.avi import (
    AviFlags,
    IndexFlags,
    OldIndex,
    OldIndexEntry,
    Rectangle,
    StreamFormat,
    VideoProperties,
)
from ohnecimd.protocols.iff.contents.formats import (
    TAG_GUID,
    AdpcmFormat,
    ExtensibleFormat,
    GsmFormat,
    OtherFormat,
    PcmFormat,
    Speakers,
    WaveTag,
)
from ohnecimd.protocols.iff.contents.ilbm import ColourMap, ViewMode, Viewport
from ohnecimd.protocols.iff.contents.png import (
    Density,
    DensityUnit,
    End,
    Gamma,
    JngColourType,
    JngHeader,
    MngHeader,
    Palette,
    PlainText,
    RgbBackground,
    Termination,
    WrittenAt,
)
from ohnecimd.protocols.iff.contents.riff import InfoText, PaletteData
from ohnecimd.protocols.iff.contents.svx import Channels, MaudHeader, VoiceChannels
from ohnecimd.protocols.iff.contents.wave import (
    CuePoint,
    CuePoints,
    DataSizes,
    FrameCount,
    Label,
    PeakEnvelope,
    SizeEntry,
    WavePeaks,
)
from ohnecimd.protocols.iff.contents.webp import (
    Animation,
    AnimationFrame,
    FrameFlags,
    LosslessImage,
    LossyImage,
    WebpFlags,
)
from ohnecimd.protocols.iff.events import ChunkStart, Data
from ohnecimd.protocols.iff.reader import decode as reader
from ohnecimd.protocols.iff.tree import read_tree
from ohnecimd.testing import cut_every

PCM = struct.pack("<HHIIHH", 1, 2, 44100, 176400, 4, 16)
BMHD = struct.pack(">HHhhBBBBHBBhh", 32, 20, -1, 2, 4, 2, 1, 0, 3, 10, 11, 320, 200)


def values_of(name):
    """Return what a sample holds, by class: of several of one class the first."""
    found = {}
    for each in contents_of(read(name)):
        assert each.error is None
        found.setdefault(type(each.content), each.content)
    return found


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("aiff-pcm16-stereo.aiff", Common, {"channels": 2, "frames": 33, "rate": 8000.0}),
        ("aiff-pcm8-odd.aiff", Common, {"frames": 67, "bits": 8}),
        ("aifc-sox.aifc", CompressedCommon, {"compression": b"NONE", "name": b"not compressed"}),
        ("aifc-float32-peak.aifc", Peaks, {"version": 1, "time": 0x6B0048C0}),
        ("aifc-ima.aifc", FormatVersion, {"version": 0xA2805140}),
        ("wav-float32-peak-sndfile.wav", WavePeaks, {"channels": (ChannelPeak(1.0, 41),)}),
        ("aiff-stdlib-marks.aiff", Markers, {"extra": None}),
        ("aiff-pcm16-stereo.aiff", SoundData, {"offset": 0, "block_size": 0}),
        ("8svx-mono-odd.8svx", VoiceHeader, {"one_shot_samples": 67, "rate": 8000}),
        ("8svx-stereo.8svx", VoiceChannels, {"channels": Channels.STEREO}),
        ("maud-mono.maud", MaudHeader, {"samples": 67, "clock": 8000, "divisor": 1, "bits": 16}),
        ("ilbm-16.ilbm", BitmapHeader, {"width": 32, "height": 20, "planes": 4}),
        ("ilbm-ham6.ilbm", Viewport, {"mode": ViewMode.HOLD_AND_MODIFY, "monitor": 0}),
        ("ilbm-7planes-lace.ilbm", Viewport, {"mode": ViewMode.LACE | ViewMode.HIRES}),
        ("wav-bext.wav", BroadcastExtension, {"description": b"A take", "originator": b"me"}),
        ("wav-bext.wav", BroadcastExtension, {"history": b"A=PCM,F=8000\0", "version": 1}),
        ("wav-peak-levl.wav", PeakEnvelope, {"count": 5, "channels": 1, "point_bytes": 2}),
        ("wav-gsm.wav", GsmFormat, {"samples_per_block": 320, "block_align": 65}),
        ("wav-ms-adpcm.wav", AdpcmFormat, {"samples_per_block": 500, "count": 7}),
        ("wav-float32-fact.wav", OtherFormat, {"tag": WaveTag.FLOAT, "extension": b""}),
        ("wav-float32-fact.wav", FrameCount, {"frames": 67}),
        ("wav-pcm24-odd-extensible.wav", ExtensibleFormat, {"valid_bits": 24, "guid": TAG_GUID}),
        ("rf64-sndfile.rf64", ExtensibleFormat, {"speakers": Speakers.FRONT_CENTER}),
        ("rf64-ffmpeg-odd.wav", DataSizes, {"data_size": 68, "frames": 67, "riff_size": 174}),
        ("made-ds64-table.rf64", DataSizes, {"table": (SizeEntry(b"big1", 6),)}),
        ("rifx-sndfile-odd.wav", PcmFormat, {"channels": 1, "rate": 8000, "bits": 24}),
        ("avi-mjpeg-pcm.avi", MainHeader, {"width": 32, "height": 24, "streams": 2}),
        ("avi-mjpeg-pcm.avi", StreamHeader, {"handler": b"MJPG", "frames_per_second": 5.0}),
        ("avi-mjpeg-pcm.avi", StreamHeader, {"frame": Rectangle(0, 0, 32, 24)}),
        ("avi-mjpeg-pcm.avi", VideoFormat, {"width": 32, "compression": b"MJPG", "bits": 24}),
        ("avi-mjpeg-pcm.avi", PcmFormat, {"rate": 8000, "bits": 8}),
        ("avi-mjpeg-pcm.avi", VideoProperties, {"x_aspect": 4, "y_aspect": 3, "count": 1}),
        ("avi-raw.avi", VideoFormat, {"height": -16}),
        ("made-palette.pal", PaletteData, {"version": 0x300}),
        ("webp-alpha.webp", Canvas, {"flags": WebpFlags.ALPHA, "width": 32, "height": 20}),
        ("webp-lossy.webp", LossyImage, {"width": 32, "height": 20}),
        ("made-unknown-chunk.webp", LosslessImage, {"width": 32, "height": 20, "has_alpha": False}),
        ("webp-anim-webpmux.webp", Animation, {"loops": 3, "alpha": 255}),
        ("webp-anim-ffmpeg.webp", AnimationFrame, {"width": 24, "duration": 500}),
        ("webp-anim-ffmpeg.webp", AnimationFrame, {"flags": FrameFlags.DO_NOT_BLEND}),
        ("png-imagemagick.png", ImageHeader, {"width": 32, "colour_type": ColourType.RGB}),
        ("png-imagemagick.png", Gamma, {"gamma": 0.45455}),
        ("png-imagemagick.png", PlainText, {"keyword": "comment", "text": "a note"}),
        ("png-imagemagick.png", RgbBackground, {"red": 255, "green": 255, "blue": 255}),
        ("png-imagemagick.png", WrittenAt, {"year": 2026, "month": 11, "day": 20}),
        ("png-ffmpeg-idat.png", Density, {"x": 1, "unit": DensityUnit.UNKNOWN}),
        ("mng-imagemagick.mng", MngHeader, {"width": 32, "height": 20, "simplicity": 1}),
        ("mng-imagemagick.mng", Termination, {"action": 3, "times": 0x7FFFFFFF}),
        ("mng-imagemagick.mng", ImageHeader, {"colour_type": ColourType.PALETTE, "bits": 4}),
        ("jng-imagemagick.jng", JngHeader, {"colour_type": JngColourType.COLOUR, "bits": 8}),
    ],
)
def test_samples_hold_what_their_makers_say(name, kind, values):
    content = values_of(name)[kind]
    assert {each: getattr(content, each) for each in values} == values


def test_lists_inside_chunks_have_all_their_items():
    assert values_of("aiff-stdlib-marks.aiff")[Markers].markers == (
        Marker(1, 0, b"begin"),
        Marker(2, 50, b"end!"),
    )
    assert values_of("aiff-pcm16-stereo.aiff")[Comments].comments == (
        Comment(0xE725F940, 0, b"Processed by SoX"),
    )
    assert len(values_of("ilbm-16.ilbm")[ColourMap].colours) == 16
    assert len(values_of("png-netpbm.png")[Palette].colours) == 16
    assert values_of("avi-mjpeg-pcm.avi")[OldIndex].entries == (
        OldIndexEntry(b"00dc", IndexFlags.KEY_FRAME, 4, 1260),
        OldIndexEntry(b"01wb", IndexFlags.KEY_FRAME, 1272, 1024),
        OldIndexEntry(b"00dc", IndexFlags.KEY_FRAME, 2304, 1250),
    )
    flags = AviFlags.HAS_INDEX | AviFlags.IS_INTERLEAVED | AviFlags.TRUST_CHUNK_TYPE
    assert values_of("avi-mjpeg-pcm.avi")[MainHeader].flags == flags


def test_texts_about_a_file_are_found_by_id():
    texts = {
        each.start.id: each.content.text
        for each in contents_of(read("wav-list-info-odd.wav"))
        if isinstance(each.content, Text)
    }
    assert texts == {b"IART": "Even", b"ICMT": "c", b"INAM": "Odd", b"ISFT": "Lavf59.27.100"}


LENGTHS = [
    (name, int(length))
    for name, record in EXPECTED.items()
    if record["class"] != "malformed"
    for length in re.findall(r"(\d+) samples", record.get("others", {}).get("ffprobe", ""))
]


@pytest.mark.parametrize(("name", "length"), LENGTHS)
def test_sound_is_as_long_as_other_programs_say(name, length):
    common = first(Common, read(name))
    if common is not None:
        assert common.frames == length
    else:
        data = read_tree(read(name)).find(b"RIFF", b"data")
        assert data.present // first(WaveFormat, read(name)).block_align == length


def is_plain_wave(data):
    return data[12:16] == b"fmt " and data[20:22] == b"\1\0"


PLAIN_WAVES = [
    name
    for name in WELL_FORMED
    if EXPECTED[name]["dialect"] == "riff" and is_plain_wave(read(name))
]


@pytest.mark.parametrize("name", PLAIN_WAVES)
def test_format_is_what_the_standard_library_reads(name):
    form = first(WaveFormat, read(name))
    with wave.open(io.BytesIO(read(name))) as sound:
        theirs = sound.getnchannels(), sound.getframerate(), sound.getsampwidth() * 8
    assert (form.channels, form.rate, form.bits) == theirs


# In the file


def test_a_wrong_chunk_spoils_nothing_but_itself():
    short, good = leaf(b"fmt ", PCM[:10]), leaf(b"fact", b"C\0\0\0")
    data = riff(b"RIFF", b"WAVE", short, good, leaf(b"data", b"ab"))
    assert read_tree(data).problems == []
    wrong, right = contents_of(data)
    assert (wrong.start.id, wrong.content) == (b"fmt ", None)
    assert isinstance(wrong.error, Truncated)
    assert str(wrong.error).startswith("at byte 30 in PcmFormat > byte_rate: expected 4 bytes")
    assert right.content == FrameCount(67)


def test_errors_inside_lists_name_the_item():
    marks = struct.pack(">HHIB", 2, 1, 0, 1) + b"a" + struct.pack(">HI", 2, 5)
    (found,) = contents_of(group(b"FORM", b"AIFF", chunk(b"MARK", marks)))
    assert found.error.path == ("Markers", "markers", "[1]", "name")
    assert found.error.position == 20 + len(marks)


def test_numbers_that_claim_too_much_cost_nothing():
    with pytest.raises(Truncated, match=r"CuePoints > points > \[0\] > id"):
        decode("riff", b"WAVE", b"cue ", b"\xff\xff\xff\xff")


def test_large_chunks_are_not_collected():
    data = riff(b"RIFF", b"INFO", leaf(b"INAM", bytes(100)), leaf(b"IART", bytes(50)))
    wrong, right = contents_of(data, limit_bytes=99)
    assert isinstance(wrong.error, TooLong)
    assert str(wrong.error) == "at byte 119: 100 bytes of InfoText, expected at most 99"
    assert right.content == InfoText(bytes(50))


def test_what_only_begins_with_a_message_may_be_of_any_size():
    data = group(b"FORM", b"AIFF", chunk(b"SSND", bytes(3) + b"\7" + bytes(5000)))
    (found,) = contents_of(data, limit_bytes=16)
    assert found.content == SoundData(7, 0)


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize(
    "name", ["avi-mjpeg-pcm.avi", "webp-anim-webpmux.webp", "mng-imagemagick.mng", "wav-bext.wav"]
)
def test_contents_are_the_same_however_the_file_is_cut(name, size):
    data = read(name)
    connection, collector = reader(wanted=is_known if size > 1 else True), Collector()
    for piece in cut_every(data, size):
        connection.send(piece)
        for event in connection.events():
            collector.append(event)
    connection.send_eof()
    for event in connection.events():
        collector.append(event)
    found = sorted(collector.found, key=lambda each: each.start.offset)
    assert found == contents_of(data)
    assert len(found) > 2


def test_chunks_whose_data_is_not_told_are_passed_over():
    connection, collector = reader(wanted=[b"fact"]), Collector()
    connection.send(read("wav-float32-fact.wav"))
    connection.send_eof()
    for event in connection.events():
        collector.append(event)
    assert [each.start.id for each in collector.found] == [b"fact"]


def test_groups_may_be_nested_as_deep_as_they_like():
    data = nested(10_000) + chunk(b"NAME", b"deep")
    assert contents_of(data, max_depth=20_000) == []


def test_the_first_of_a_kind_may_be_missing():
    assert first(ImageHeader, read("wav-bext.wav")) is None
    assert first(WaveFormat, read("wav-bext.wav")).rate == 8000


# Words


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"plain", "plain"),
        (b"zero\0", "zero"),
        (b"first\0second", "first"),
        ("Größe".encode(), "Größe"),
        ("Größe".encode("latin-1"), "Größe"),
    ],
)
def test_texts_are_read_as_utf8_if_they_can_be(octets, text):
    assert Name(octets).text == text
    assert Label(1, octets).text == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Common(1, 67, 8, 8000.0), "channels=1 frames=67 bits=8 rate=8000.0"),
        (
            PcmFormat(WaveTag.PCM, 2, 44100, 176400, 4, 16),
            "tag=PCM channels=2 rate=44100 byte_rate=176400 block_align=4 bits=16",
        ),
        (End(), ""),
        (Name(b"\x1b[0m\0"), r"text='\x1b[0m'"),
        (InfoText("Größe".encode()), r"text='Gr\xf6\xdfe'"),
        (Viewport(0, ViewMode.LACE | ViewMode.HIRES), "monitor=0 mode=LACE|HIRES"),
        (Viewport(1, 0x0010), "monitor=1 mode=16"),
        (Palette(()), "colours=[]"),
        (BroadcastExtension(description=b"x" * 60), f"description='{'x' * 48}'... 60 bytes"),
        (PlainText("Title", "y" * 60), f"keyword='Title' text='{'y' * 48}'... 60 characters"),
        (StreamFormat(bytes(4)), "data=4 zeros"),
        (StreamFormat(b"\0"), "data=1 zero"),
        (StreamFormat(b"\xff\0"), r"data=b'\xff\x00'"),
        (Canvas(WebpFlags(0), 1, 1), "flags=0 width=1 height=1"),
        (LossyImage(0x10, 0x4020, 20), "width=32 height=20"),
    ],
)
def test_summaries_are_one_line(content, text):
    assert summary(content) == text


def test_long_lists_are_cut_in_summaries():
    points = tuple(CuePoint(each, 0, b"data", 0, 0, 0) for each in range(6))
    assert summary(CuePoints(points)).endswith("(3 0 'data' 0 0 0) and 2 more]")


def test_describers_remember_what_chunks_depend_on():
    describe, said = Describer(), []
    say = None
    for event in feed([read("avi-mjpeg-pcm.avi")]):
        if isinstance(event, ChunkStart):
            say = describe("avi", event) if event.group == b"strl" else None
        elif isinstance(event, Data) and say is not None:
            said.append(say(event.data).split()[0])
    assert said == ["type='vids'", "header_size=40", "format=0", "type='auds'", "tag=PCM"]


def test_describers_say_what_is_wrong():
    (found,) = contents_of(group(b"FORM", b"AIFF", chunk(b"COMM", b"\0\1")))
    assert Describer()("iff", found.start)(b"\0\1") == str(found.error)
    assert Describer()("riff", found.start) is None
