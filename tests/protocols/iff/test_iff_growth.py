"""RIFF that becomes RF64 or BW64 when it has grown, and stays RIFF when it has not."""

from __future__ import annotations

import io
import struct
import tracemalloc
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sinks import Sink, begun

from ohnecimd.errors import FieldError
from ohnecimd.protocols.iff.dialects import SIZE_UNKNOWN
from ohnecimd.protocols.iff.growth import LARGEST_SIZE, Growth
from ohnecimd.protocols.iff.tree import read_tree
from ohnecimd.protocols.iff.writer import Writer

WAVE = (b"RIFF", b"WAVE")
FMT = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
PIECE = bytes(1 << 24)


class SparseSink:
    """Keeps what is short, and only counts what is long: a sparse file."""

    def __init__(self):
        self.size = 0
        self.short = {}

    def write(self, piece):
        if len(piece) < 1000:
            self.short[self.size] = bytes(piece)
        self.size += len(piece)

    def patch(self, offset, data):
        start = max(each for each in self.short if each <= offset)
        old = self.short[start]
        assert offset + len(data) <= start + len(old), "a patch lies in one thing that was written"
        self.short[start] = old[: offset - start] + data + old[offset - start + len(data) :]

    def at(self, offset, nbytes):
        start = max(each for each in self.short if each <= offset)
        return self.short[start][offset - start :][:nbytes]


def sound_of(count, growth, **options):
    """Write so many pieces of 16 MiB as a sound."""
    writer = Writer("riff", growth=growth)
    writer.sample_count = count * len(PIECE)
    sink = SparseSink()
    sink.write(writer.begin(*WAVE))
    sink.write(writer.chunk(b"fmt ", FMT))
    sink.write(writer.begin(b"data", **options))
    for _ in range(count):
        sink.write(writer.data(PIECE))
    sink.write(writer.end())
    sink.write(writer.chunk(b"LAST", b"x"))
    sink.write(writer.end())
    sink.write(writer.finish())
    for patch in writer.patches():
        sink.patch(*patch)
    assert writer.offset == sink.size
    return sink


DATA_AT = 12 + 36 + 24


@pytest.mark.parametrize("to", [b"RF64", b"BW64"])
@pytest.mark.parametrize("is_told", [True, False])
def test_over_4_gib_it_turns(to, is_told):
    size = 320 * len(PIECE)
    options = {"size": size} if is_told else {}
    sink = sound_of(320, Growth(to), **options)
    assert sink.size == DATA_AT + 8 + size + 10 > 5 * 2**30
    assert sink.at(0, 12) == to + b"\xff\xff\xff\xffWAVE"
    assert sink.at(12, 36) == struct.pack("<4sIQQQI", b"ds64", 28, sink.size - 8, size, size, 0)
    assert sink.at(48, 8) == b"fmt \x10\0\0\0"
    assert sink.at(DATA_AT, 8) == b"data\xff\xff\xff\xff"
    assert sink.at(sink.size - 10, 10) == b"LAST\1\0\0\0x\0"


def test_up_to_4_gib_it_stays():
    sink = sound_of(255, Growth())
    size = 255 * len(PIECE)
    assert sink.at(0, 48) == (
        b"RIFF" + struct.pack("<I", sink.size - 8) + b"WAVEJUNK\x1c\0\0\0" + bytes(28)
    )
    assert sink.at(DATA_AT, 8) == b"data" + struct.pack("<I", size)


def test_without_growth_4_gib_are_the_end():
    writer = Writer("riff", can_seek=True)
    writer.begin(*WAVE)
    writer.begin(b"data")
    for _ in range(255):
        writer.data(PIECE)
    with pytest.raises(FieldError, match="in RIFF WAVE > data: size-over-limit") as caught:
        writer.data(PIECE)
    assert caught.value.position == writer.offset == 20 + 255 * len(PIECE)


def test_a_large_sound_takes_no_memory():
    sound_of(1, Growth())
    tracemalloc.start()
    try:
        sound_of(320, Growth())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


# The same with small limits, read again


def grown(limit, chunks, *, table_entries=0, to=b"RF64"):
    """Write chunks that turn a file into another over `limit` bytes."""
    writer, sink = begun("riff", WAVE, growth=Growth(to, table_entries=table_entries, limit=limit))
    for chunk_id, data in chunks:
        sink(writer.begin(chunk_id))
        sink(writer.data(data))
        sink(writer.end())
    sink(writer.end())
    return sink.finish()


@given(
    limit=st.integers(0, 100),
    sizes=st.lists(st.integers(0, 40), max_size=4),
    data_size=st.none() | st.integers(0, 60),
    to=st.sampled_from([b"RF64", b"BW64"]),
    spare=st.integers(0, 3),
)
def test_whatever_grows_is_read_as_it_was_written(limit, sizes, data_size, to, spare):
    chunks = [(b"ch%02d" % place, b"\x01" * size) for place, size in enumerate(sizes)]
    if data_size is not None:
        chunks.insert(len(chunks) // 2, (b"data", b"\x02" * data_size))
    data = grown(limit, chunks, table_entries=len(sizes) + spare, to=to)
    tree = read_tree(data, strict=True, keep_data=True)
    assert tree.problems == []
    (top,) = tree.chunks
    found = [(each.id, each.data) for each in top.children if each.id not in (b"JUNK", b"ds64")]
    assert found == chunks
    is_grown = len(data) - 8 > limit
    assert (top.id, top.type) == (to if is_grown else b"RIFF", b"WAVE")
    assert top.end == len(data)
    if is_grown:
        assert tree.sizes.riff_size == top.size_from_ds64 == len(data) - 8
        assert tree.sizes.data_size == (data_size or 0)
        for each in top.children:
            is_big = each.id == b"data" or len(each.data) + len(each.data) % 2 > limit
            if each.id.startswith((b"ch", b"data")):
                assert (each.size == SIZE_UNKNOWN) is is_big
    else:
        assert top.children[0].id == b"JUNK"
        assert top.children[0].size == 28 + 12 * (len(sizes) + spare)


def test_entries_that_are_not_used_become_filler():
    data = grown(20, [(b"big1", bytes(30)), (b"data", bytes(3))], table_entries=3)
    first, second, *_ = read_tree(data, strict=True, keep_data=True).chunks[0].children
    assert first.data == struct.pack("<QQQI4sQ", len(data) - 8, 3, 0, 1, b"big1", 30)
    assert (second.id, second.data) == (b"JUNK", bytes(2 * 12 - 8))


def test_groups_grow_too():
    writer, sink = begun("riff", WAVE, growth=Growth(limit=20, table_entries=1))
    sink(writer.begin(b"LIST", b"adtl"))
    for _ in range(3):
        sink(writer.chunk(b"note", b"1234"))
    sink(writer.end())
    sink(writer.end())
    data = sink.finish()
    tree = read_tree(data, strict=True)
    assert tree.sizes.table == ((b"LIST", 4 + 36),)
    assert [each.id for each in tree.chunks[0].children[-1].children] == [b"note"] * 3


def test_a_sound_that_has_not_grown_is_one_for_others():
    data = grown(LARGEST_SIZE, [(b"fmt ", FMT), (b"data", b"\x80" * 7)])
    with wave.open(io.BytesIO(data)) as file:
        assert file.readframes(7) == b"\x80" * 7


def refused(sink, call):
    before = sink.writer.offset
    with pytest.raises(FieldError) as caught:
        call()
    assert caught.value.hint == "size-over-limit"
    assert sink.writer.offset == before
    return str(caught.value)


def test_what_ds64_has_no_entry_for_is_refused_before_it_is_too_large():
    writer, sink = begun("riff", WAVE, growth=Growth(limit=20, table_entries=1))
    text = "chunk b'%s' grows over 20 bytes: ds64 has no entry for it"
    sink(writer.begin(b"big1"))
    sink(writer.data(bytes(20)))
    sink(writer.data(b"1"))
    sink(writer.end())
    assert refused(sink, lambda: writer.begin(b"big1", size=21)) == text % "big1"
    assert refused(sink, lambda: writer.chunk(b"big2", bytes(21))) == text % "big2"
    sink(writer.begin(b"big2"))
    assert refused(sink, lambda: writer.data(bytes(21))) == text % "big2"
    sink(writer.data(bytes(20)))
    sink(writer.end())
    sink(writer.begin(b"LIST", b"INFO"))
    assert refused(sink, lambda: writer.chunk(b"INAM", bytes(9))) == text % "LIST"
    sink(writer.chunk(b"INAM", bytes(8)))
    sink(writer.end())
    sink(writer.chunk(b"data", bytes(30)))
    assert refused(sink, lambda: writer.chunk(b"data", bytes(30))) == text % "data"
    sink(writer.chunk(b"data", bytes(10)))
    sink(writer.end())
    tree = read_tree(sink.finish(), strict=True)
    assert tree.sizes.table == ((b"big1", 21),)
    sizes = [each.size for each in tree.chunks[0].children]
    assert sizes == [40, SIZE_UNKNOWN, 20, 20, SIZE_UNKNOWN, 10]


def test_the_sizes_of_all_may_be_told_before():
    def write(**options):
        writer = Writer("riff", growth=Growth(limit=50))
        sink = Sink(writer)
        sink(writer.begin(*WAVE, **options))
        sink(writer.chunk(b"data", bytes(7)))
        sink(writer.end())
        return sink.finish()

    data = write()
    assert data[:4] == b"RF64"
    assert write(size=len(data) - 8) == data
    with pytest.raises(FieldError, match=r"no-type: .* \(39 bytes of at least 40\)"):
        write(size=39)


def test_a_size_over_4_gib_that_was_told_is_stated_nowhere_else():
    writer = Writer("riff", growth=Growth())
    assert writer.begin(*WAVE, size=2**33)[:8] == b"RIFF\xff\xff\xff\xff"
    assert writer.begin(b"data", size=2**32 - 1) == b"data\xff\xff\xff\xff"
    writer = Writer("riff", growth=Growth())
    writer.begin(*WAVE)
    assert writer.begin(b"data", size=2**32 - 2) == b"data\xfe\xff\xff\xff"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Growth(b"RIFF"), "a RIFF file grows to RF64 or BW64, not to b'RIFF'"),
        (lambda: Growth(table_entries=-1), "-1 entries cannot be reserved"),
        (lambda: Growth(limit=2**32 - 1), "the limit is 0 to 4294967294, not 4294967295"),
        (lambda: Writer("rifx", growth=Growth()), "no rifx grows to RF64, only riff"),
    ],
)
def test_growth_that_cannot_be_is_refused(make, text):
    with pytest.raises(FieldError) as caught:
        make()
    assert str(caught.value) == text


def test_more_samples_than_can_be_counted_are_refused():
    writer, _ = begun("riff", WAVE, growth=Growth(limit=0))
    writer.sample_count = 2**64
    with pytest.raises(FieldError, match="ds64 cannot hold 18446744073709551616 samples"):
        writer.end()
    writer.sample_count = 2**64 - 1
    assert writer.end() == b""
    assert len(writer.patches()) == 2
