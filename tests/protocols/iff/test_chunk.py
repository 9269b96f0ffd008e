"""The new `Chunk` beside the module that Python 3.13 removed: same calls, same answers."""

from __future__ import annotations

import io
import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import Malformed
from ohnecimd.protocols.iff.chunk import SKIP_BYTES, Chunk

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from chunk import Chunk as OldChunk
except ImportError:
    OldChunk = None

beside_the_old = pytest.mark.skipif(
    OldChunk is None, reason="Python 3.13 without standard-chunk has no module chunk"
)

DATA = Path(__file__).parents[2] / "data" / "chunks"
EXPECTED = json.loads((DATA / "expected.json").read_text())
GROUPS = {b"FORM", b"LIST", b"CAT ", b"PROP", b"RIFF", b"RIFX", b"RF64", b"BW64"}
NOT_WALKED = ("png", "mng", "jng")  # size before ID
TOO_DEEP = re.compile("bad-deep")  # a chunk in a chunk in a chunk recurses, the old one too
FILES = [
    name
    for name, record in EXPECTED.items()
    if record["dialect"] not in NOT_WALKED and not TOO_DEEP.match(name)
]
CUT_BYTES = 900  # files up to here are cut at every byte


class Stream:
    """A file that can only be read."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.read = self.file.read

    def left(self):
        return self.file.read()


class Sulking(Stream):
    """A file that tells, but does not seek, as a pipe opened for appending may."""

    def tell(self):
        return self.file.tell()

    def seek(self, *_):
        raise OSError("no")


class Seekable(io.BytesIO):
    def left(self):
        return self.read()


KINDS = [Seekable, Stream, Sulking]


def options_of(record):
    return {
        "bigendian": record["dialect"] in ("iff", "rifx"),
        "align": record["dialect"] != "ldo",
    }


def outcome(call, *args):
    """Give what a call returned, or the type of what it raised."""
    try:
        return call(*args)
    except Exception as error:  # noqa: BLE001 - which one is the question
        return type(error)


def walk(kind, file, options, seen):
    """Take the chunks of a file and of its groups, as programs that used the module do."""
    while True:
        try:
            chunk = kind(file, **options)
        except EOFError:
            return
        seen.append((chunk.getname(), chunk.getsize(), chunk.tell()))
        if chunk.getname() in GROUPS:
            seen.append(chunk.read(4))
            walk(kind, chunk, options, seen)
        elif len(seen) % 2:
            seen.append(chunk.read())
        chunk.skip()
        seen.append(chunk.tell())


def walked(kind, file, options):
    seen = []
    end = outcome(walk, kind, file, options, seen)
    return seen, end, file.left()


def assert_walks_are_the_same(data, options):
    for kind in KINDS:
        new = walked(Chunk, kind(data), options)
        assert new == walked(OldChunk, kind(data), options), kind.__name__


def names_in(tree):
    return [name for node in tree for name in (node["id"], *names_in(node.get("children", ())))]


# Beside the old module


@beside_the_old
@pytest.mark.parametrize("name", FILES)
def test_a_walk_of_a_file_finds_the_same(name):
    data = (DATA / "files" / name).read_bytes()
    for inclheader in (False, True):
        for swapped in (False, True):
            options = options_of(EXPECTED[name])
            options["bigendian"] ^= swapped
            if not (inclheader and has_short_size(data)):
                assert_walks_are_the_same(data, {**options, "inclheader": inclheader})
    assert_walks_are_the_same(data, {**options_of(EXPECTED[name]), "align": False})


def has_short_size(data):
    """Whether a walk that takes sizes to count headers might go back and never end."""
    return any(size in data for n in range(8) for size in (b"\0\0\0%c" % n, b"%c\0\0\0" % n))


@beside_the_old
@pytest.mark.parametrize("name", [each for each in FILES if EXPECTED[each]["bytes"] <= CUT_BYTES])
def test_a_walk_of_a_file_cut_anywhere_finds_the_same(name):
    data = (DATA / "files" / name).read_bytes()
    for end in range(len(data)):
        assert_walks_are_the_same(data[:end], options_of(EXPECTED[name]))


CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-2, 12)),
        st.tuples(st.just("read")),
        st.tuples(st.just("seek"), st.integers(-3, 12)),
        st.tuples(st.just("seek"), st.integers(-12, 12), st.integers(0, 2)),
        *(st.tuples(st.just(name)) for name in ("tell", "skip", "isatty", "getname", "getsize")),
        st.sampled_from([("close",), ("read", 0)]),
    ),
    max_size=12,
)
HEADS = st.builds(
    lambda name, size, order, rest: name + size.to_bytes(4, order) + rest,
    st.binary(min_size=4, max_size=4),
    st.integers(0, 20),
    st.sampled_from(["big", "little"]),
    st.binary(max_size=24),
)


@beside_the_old
@given(
    data=HEADS | st.binary(max_size=8),
    outside=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    inside=st.none() | st.tuples(st.booleans(), st.booleans(), st.booleans()),
    calls=CALLS,
    kind=st.sampled_from(KINDS),
)
def test_any_calls_are_answered_the_same(data, outside, inside, calls, kind):
    def answers(chunk_class):
        file = kind(data)
        chunks = []
        log = [outcome(lambda: chunks.append(chunk_class(file, *outside)))]
        if inside is not None and chunks:
            log.append(outcome(lambda: chunks.append(chunk_class(chunks[0], *inside))))
        for name, *args in calls:
            log.extend(outcome(getattr(each, name), *args) for each in reversed(chunks))
            log.extend((each.closed, each.size_read) for each in chunks)
        log.extend(sorted((key, str(vars(each)[key])) for key in STATE) for each in chunks)
        return log, file.left()

    assert answers(Chunk) == answers(OldChunk)


STATE = ("align", "closed", "chunkname", "chunksize", "size_read", "seekable")


@beside_the_old
def test_both_have_the_same_attributes_and_the_new_one_a_few_methods_more():
    data = b"abcd\0\0\0\1x\0"
    old, new = (kind(io.BytesIO(data)) for kind in (OldChunk, Chunk))
    assert vars(old).keys() == vars(new).keys()
    assert set(dir(new)) - set(dir(old)) == {"walk", "__enter__", "__exit__"}


# The recorded walks


@pytest.mark.parametrize("name", FILES)
def test_a_walk_ends_as_recorded(name):
    """Recorded with Python 3.11's module, so this holds where there is none too."""
    record = EXPECTED[name]
    seen, end, _ = walked(Chunk, Seekable((DATA / "files" / name).read_bytes()), options_of(record))
    found = [each[0].decode("latin-1") for each in seen if isinstance(each, tuple)]
    ended = "ok" if end is None else end.__name__
    if isinstance(record["chunks"], str):  # "not listed", for there are so many
        listed = ["RIFF", *["aaaa"] * 4000]
    else:
        listed = names_in(record["chunks"])
    note = record.get("stdlib_chunk", f"lists {len(listed)} of {len(listed)}, ends with ok")
    if match := re.fullmatch(r"ends with (\w+) after (\d+) headers", note):
        assert (ended, str(len(found))) == match.groups()
    else:
        count, total, how = re.fullmatch(r"lists (\d+) of (\d+), ends with (\w+)", note).groups()
        assert int(total) == len(listed)
        assert found[: int(count)] == listed[: int(count)]
        assert ended == how


# What the sheet of facts says of it


def chunk_of(data, size=None, kind=Seekable, **options):
    size = len(data) if size is None else size
    return Chunk(kind(b"abcd" + size.to_bytes(4, "big") + data), **options)


@pytest.mark.parametrize("size", range(8))
def test_less_than_a_header_is_the_end_of_the_file(size):
    with pytest.raises(EOFError, match=f"ends after {size} bytes of a header"):
        Chunk(io.BytesIO(b"abcd\0\0\0\0"[:size]))


def test_the_last_byte_of_an_odd_chunk_takes_the_padding_with_it():
    chunk = chunk_of(b"abc\0next", 3)
    assert (chunk.read(2), chunk.tell()) == (b"ab", 2)
    assert (chunk.read(9), chunk.tell()) == (b"c", 4)
    assert (chunk.read(), chunk.file.left()) == (b"", b"next")


def test_a_chunk_cannot_seek_behind_its_padding():
    chunk = chunk_of(b"abc\0", 3)
    chunk.read()
    with pytest.raises(RuntimeError, match="position 4 is not in the 3 bytes of the chunk"):
        chunk.seek(chunk.tell())
    chunk.seek(-1, 2)
    assert chunk.read() == b"c"


def test_a_stream_cannot_seek():
    with pytest.raises(OSError, match="cannot seek"):
        chunk_of(b"abcd", kind=Stream).seek(0)


def test_a_file_that_seeks_skips_behind_its_end_and_a_stream_does_not():
    chunk = chunk_of(b"abc", 9)
    chunk.skip()
    assert chunk.file.tell() == 8 + 10
    with pytest.raises(EOFError, match="ends after 3 of the 9 bytes of chunk b'abcd'"):
        chunk_of(b"abc", 9, kind=Stream).skip()


def test_a_closed_chunk_answers_two_questions_and_no_more():
    chunk = chunk_of(b"abc\0next", 3)
    chunk.close()
    chunk.close()
    assert (chunk.getname(), chunk.getsize(), chunk.file.left()) == (b"abcd", 3, b"next")
    for call in (chunk.read, chunk.tell, chunk.skip, chunk.isatty):
        with pytest.raises(ValueError, match="closed"):
            call()
    with pytest.raises(ValueError, match="closed"):
        chunk.seek(0)


def test_a_size_that_counts_less_than_the_header_goes_back():
    chunk = chunk_of(b"next", 0, inclheader=True)
    assert (chunk.getsize(), chunk.read()) == (-8, b"")
    chunk.skip()
    assert chunk.file.tell() == 0


def test_a_child_beyond_its_parent_is_read_to_the_parents_end():
    parent = chunk_of(b"kid \0\0\0\x09ab" + b"outside", 10)
    child = Chunk(parent)
    assert child.read() == b"ab"
    with pytest.raises(RuntimeError):
        child.skip()


# What is new


class Dripping:
    """An unbuffered file: a read may give less than was asked for."""

    def __init__(self, data, most):
        self.file = io.BytesIO(data)
        self.most = most

    def read(self, size):
        return self.file.read(min(size, self.most))


@pytest.mark.parametrize("most", range(1, 8))
def test_a_header_that_comes_in_pieces_is_read_whole(most):
    chunk = Chunk(Dripping(b"abcd\0\0\0\x02hi", most))
    assert (chunk.getname(), chunk.getsize()) == (b"abcd", 2)


def test_a_chunk_is_made_with_one_read():
    calls = []
    file = SimpleNamespace(read=lambda size: calls.append(size) or b"abcd\0\0\0\0")
    Chunk(file)
    assert calls == [8]


def test_a_stream_is_skipped_without_collecting_it():
    sizes = []
    head = io.BytesIO(b"abcd\x7f\xff\xff\xff")

    def read(size):
        sizes.append(size)
        return head.read(size) or bytes(size)

    Chunk(SimpleNamespace(read=read)).skip()
    assert max(sizes) <= SKIP_BYTES
    assert sum(sizes) == 8 + 2**31  # header, data and padding


def test_a_with_statement_closes_the_chunk_behind_its_end():
    with chunk_of(b"abc\0next", 3) as chunk:
        assert chunk.read(1) == b"a"
    assert chunk.closed
    assert chunk.file.left() == b"next"


def test_an_error_in_a_with_statement_is_not_hidden_by_one_of_closing():
    with pytest.raises(KeyError), chunk_of(b"abc", 9, kind=Stream) as chunk:
        raise KeyError
    assert chunk.closed
    assert chunk.file.left() == b"abc"


FORM = b"FORM\0\0\0\x19TEXT" + b"ONE \0\0\0\1a\0" + b"TWO \0\0\0\3xyz"


@pytest.mark.parametrize("kind", KINDS)
def test_walking_gives_every_chunk_read_or_not(kind):
    data = b"ONE \0\0\0\1a\0TWO \0\0\0\2bcTREE\0\0\0\0stray"
    assert [each.getname() for each in Chunk.walk(kind(data))] == [b"ONE ", b"TWO ", b"TREE"]
    assert [each.read(1) for each in Chunk.walk(kind(data))] == [b"a", b"b", b""]
    assert [each.read() for each in Chunk.walk(kind(data))] == [b"a", b"bc", b""]
    assert [each.close() for each in Chunk.walk(kind(data))] == [None] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_walking_in_a_chunk_ends_with_it_though_the_last_padding_is_not_counted(kind):
    form = Chunk(kind(FORM + b"\0after"))
    assert form.read(4) == b"TEXT"
    for does in (lambda each: each.getname(), Chunk.read):
        file = kind(FORM + b"\0after")
        form = Chunk(file)
        form.read(4)
        found = [does(each) for each in Chunk.walk(form)]
        assert found in ([b"ONE ", b"TWO "], [b"a", b"xyz"])
        form.skip()
        assert file.left() == b"after"


def test_walking_is_of_the_class_that_it_is_asked_of():
    class Mine(Chunk):
        pass

    assert {type(each) for each in Mine.walk(Seekable(b"abcd\0\0\0\0"))} == {Mine}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", range(8))
def test_walking_refuses_a_size_that_counts_less_than_the_header(kind, size):
    data = b"ONE \0\0\0\x09a\0" + b"TWO " + size.to_bytes(4, "big")
    chunks = Chunk.walk(kind(data), inclheader=True)
    assert next(chunks).getname() == b"ONE "
    with pytest.raises(Malformed, match=f"counts the header of 8 bytes and is {size}") as caught:
        next(chunks)
    assert caught.value.position == (None if kind is Stream else 14)


def test_a_stream_that_ends_in_a_chunk_ends_the_walk_with_an_error():
    chunks = Chunk.walk(Stream(b"ONE \0\0\0\3a"))
    assert next(chunks).getname() == b"ONE "
    with pytest.raises(EOFError):
        next(chunks)
