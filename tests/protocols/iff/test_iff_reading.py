"""Parsers of one's own, made of the steps of a `ChunkReader`."""

from __future__ import annotations

import struct
from functools import partial

import pytest
from samples import chunk, group, leaf, read, riff

from ohnecimd import expect, many, parse, protocol
from ohnecimd import read as read_bytes
from ohnecimd.errors import ChecksumMismatch, Malformed, TooLong, Truncated, UnexpectedMessage
from ohnecimd.protocols.iff.dialects import DIALECTS
from ohnecimd.protocols.iff.reading import ChunkReader
from ohnecimd.testing import check_cuts, check_eof

WAVE = ChunkReader("riff")
FORM = ChunkReader(DIALECTS["iff"])
PNG = ChunkReader("png")


def chunks_of(reader, limit=65536):
    found = []
    while (each := (yield from reader.next())) is not None:
        found.append((each.id, (yield from reader.read(each, limit))))
    return found


def chunks_in(reader, group_type, limit=65536):
    def inside():
        yield from expect(group_type)
        return (yield from chunks_of(reader, limit))

    return (yield from reader.inside((yield from reader.next()), inside))


def test_chunks_are_read_in_straight_lines():
    data = group(b"FORM", b"TEST", chunk(b"AAAA", b"abc"), chunk(b"BBBB"), chunk(b"CCCC", b"d"))
    whole = partial(chunks_in, FORM, b"TEST")
    assert parse(whole, data) == [(b"AAAA", b"abc"), (b"BBBB", b""), (b"CCCC", b"d")]
    check_cuts(protocol(whole), data)
    check_eof(protocol(whole), data)


def test_a_chunk_is_skipped_with_its_pad_byte_and_its_checksum():
    def second(reader):
        yield from reader.skip((yield from reader.next()))
        return (yield from reader.read((yield from reader.next())))

    assert parse(partial(second, WAVE), leaf(b"aaaa", b"abc") + leaf(b"bbbb", b"de")) == b"de"
    header, text = read("png-imagemagick.png")[8:33], read("made-private.png")[33:52]
    assert parse(partial(second, PNG), header + text) == text[8:-4]


def test_what_is_inside_may_be_any_parser():
    entries = many(partial(read_bytes, 4))

    def first():
        return (yield from WAVE.inside((yield from WAVE.next()), entries))

    assert parse(first, leaf(b"idx1", b"abcdefgh")) == [b"abcd", b"efgh"]
    entries = partial(read_bytes, 4)
    with pytest.raises(Malformed, match="at byte 12: read 4 of 6 bytes, expected to read all"):
        parse(first, leaf(b"idx1", b"abcdef"))


def test_checksums_are_right():
    png = read("made-private.png")

    def whole():
        yield from expect(png[:8])
        return (yield from chunks_of(PNG))

    assert [chunk_id for chunk_id, _ in parse(whole, png)] == [
        b"IHDR", b"prVt", b"IDAT", b"IDAT", b"IDAT", b"IEND",
    ]  # fmt: skip
    with pytest.raises(ChecksumMismatch, match="at byte 29: crc-mismatch"):
        parse(whole, png[:20] + b"\xff" + png[21:])

    def width():
        def inside():
            (found,) = struct.unpack(">I", (yield from read_bytes(13))[:4])
            return found

        yield from expect(png[:8])
        found = yield from PNG.inside((yield from PNG.next()), inside)
        return found, (yield from PNG.next()).id

    connection = protocol(width)()
    connection.send(png)
    assert connection.get_result() == (struct.unpack(">I", png[16:20])[0], b"prVt")


@pytest.mark.parametrize(
    ("reader", "data", "error", "text"),
    [
        (FORM, chunk(b"A\0AA"), Malformed, "at byte 0: bad-id: "),
        (FORM, chunk(b"FOR1"), UnexpectedMessage, "at byte 0: reserved-id: "),
        (FORM, b"AAAA\xff\xff\xff\xff", TooLong, "at byte 0: size-negative: "),
        (PNG, b"\xff\xff\xff\xffIDAT", TooLong, "at byte 0: size-over-limit: "),
        (FORM, chunk(b"AAAA", b"abc")[:-1] + b"x", Malformed, "at byte 11: nonzero-pad: "),
        (FORM, chunk(b"AAAA", b"x" * 9), TooLong, "at byte 0: 9 bytes of data, expected at most 8"),
        (FORM, b"AAA", Truncated, "at byte 3: expected 8 bytes"),
        (FORM, b"AAAA\0\0\0\5abc", Truncated, "at byte 11: expected 5 bytes"),
    ],
)
def test_what_is_wrong_is_raised(reader, data, error, text):
    with pytest.raises(error, match=text):
        parse(partial(chunks_of, reader, 8), data)


def test_pad_byte_may_be_left_out_at_the_end():
    assert parse(partial(chunks_of, WAVE), leaf(b"aaaa", b"abc")[:-1]) == [(b"aaaa", b"abc")]
    inner = riff(b"RIFF", b"TEST", leaf(b"aaaa", b"a")[:-1])
    assert parse(partial(chunks_in, WAVE, b"TEST"), inner) == [(b"aaaa", b"a")]


def test_no_chunk_is_nothing_to_be_inside_of():
    with pytest.raises(Truncated, match="at byte 0: truncated-header"):
        parse(partial(chunks_in, WAVE, b"TEST"), b"")
