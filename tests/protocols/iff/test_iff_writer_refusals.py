"""What the writer refuses, with which words, and that a refusal changes nothing."""

from __future__ import annotations

import re
import struct

import pytest
from sinks import FORM, RIFF, Sink, begun

from ohnecimd.errors import FieldError, NotAllowedNow
from ohnecimd.protocols.iff.dialects import DIALECTS, SIZE_UNKNOWN
from ohnecimd.protocols.iff.encoding import encode
from ohnecimd.protocols.iff.problems import PROBLEMS
from ohnecimd.protocols.iff.writer import Writer

LIST = (b"LIST", b"TEST")
CAT = (b"CAT ", b"TEST")
PROP = (b"PROP", b"TEST")
TOPS = {"iff": [FORM], "riff": [RIFF], "webp": [(b"RIFF", b"WEBP")], "png": []}
ILLEGAL, NOT_NOW = FieldError, NotAllowedNow
UNKNOWN = SIZE_UNKNOWN

# dialect, groups that are open, method and arguments; then kind of problem or type of error, text
REFUSED = """
riff RIFF     | chunk b"abc"                | ILLEGAL             | an ID is 4 bytes, not b'abc'
riff RIFF     | chunk "abcd"                | ILLEGAL             | an ID is 4 bytes, not 'abcd'
riff RIFF     | chunk b"ab\\0d"             | bad-id              | (b'ab\\x00d')
iff FORM      | begin b"ab\\xe4d"           | bad-id              | in FORM TEST: bad-id: an ID
iff FORM      | chunk b" abc"               | id-leading-space    | (b' abc')
png -         | chunk b"AB1D"               | bad-id              | (b'AB1D')
iff FORM      | chunk b"FOR1"               | reserved-id         | (b'FOR1')
iff FORM      | chunk b"LIS9"               | reserved-id         | (b'LIS9')
iff -         | begin b"FORM",b"test"       | bad-type            | in FORM test: bad-type: a type
iff -         | begin b"FORM",b"CAT\\x20"   | bad-type            | (b'CAT ')
iff -         | begin b"FORM",b"\\x20"*4    | bad-type            | : a type that no group of
riff -        | begin b"RIFF",b"\\0abc"     | bad-type            | in RIFF '\\x00abc': bad-type
riff -        | begin b"RIFF",b"WAV"        | ILLEGAL             | a type is 4 bytes, not b'WAV'
riff -        | begin b"RIFF",b""           | ILLEGAL             | a type is 4 bytes, not b''
webp -        | begin b"RIFF",b"WAVE"       | bad-type            | (webp is not WAVE)
iff -         | begin b"FORM"               | no-type             | in FORM: no-type: a group is
riff RIFF     | chunk b"LIST",b"INFO"       | no-type             | in RIFF TEST > LIST: no-type
riff RIFF     | begin b"fmt\\x20",b"WAVE"   | ILLEGAL             | > fmt WAVE: fmt is no group
riff -        | chunk b"data",b"x"          | bad-magic           | (b'data')
iff -         | begin *PROP                 | bad-magic           | (b'PROP')
riff RIFF     | begin *RIFF                 | ILLEGAL             | the top group stands nowhere
iff CAT       | chunk b"NAME"               | leaf-in-cat-or-list | at byte 12 in CAT TEST > NAME:
iff LIST      | begin b"NAME"               | leaf-in-cat-or-list | at byte 12 in LIST TEST >
iff FORM      | begin *PROP                 | prop-outside-list   | elsewhere than in a LIST
iff CAT       | begin *PROP                 | prop-outside-list   | elsewhere than in a LIST
iff LIST,PROP | begin *FORM                 | form-in-prop        | in LIST TEST > PROP TEST >
iff LIST,PROP | begin *LIST                 | form-in-prop        | a group stands in a PROP
riff -        | end                         | NOT_NOW             | at byte 0: no chunk is open
riff -        | data b"x"                   | NOT_NOW             | at byte 0: no chunk is open
riff RIFF     | data b"x"                   | NOT_NOW             | data belongs in a chunk: begin
riff RIFF     | finish                      | NOT_NOW             | at byte 12 in RIFF TEST: it
iff -         | finish                      | NOT_NOW             | at byte 0: nothing has been
riff RIFF     | begin b"data",size=-1       | size-negative       | (-1 bytes of at least 0)
riff -        | begin *RIFF,size=2**32      | size-over-limit     | (4294967296 bytes of at most
iff -         | begin *FORM,size=2**31      | size-over-limit     | of at most 2147483647)
iff FORM      | begin b"BODY",size=2**31    | size-over-limit     | of at most 2147483647)
iff FORM      | begin b"BODY",size=2**31-1  | size-over-limit     | in FORM TEST > BODY: size-over
png -         | begin b"IDAT",size=2**31    | size-over-limit     | of at most 2147483647)
webp -        | begin b"RIFF",b"WEBP",size=2**32-8 | size-over-limit     | of at most 4294967286)
riff -        | begin b"RIFF",b"WEBP",size=2**32-8 | size-over-limit     | of at most 4294967286)
riff -        | begin *RIFF,size=3          | no-type             | (3 bytes of at least 4)
riff -        | begin *RIFF,size=5          | ILLEGAL             | groups have no odd size such
iff -         | begin *FORM,size=UNKNOWN    | size-over-limit     | (4294967295 bytes of at most
webp -        | begin b"RIFF",b"WEBP",size=UNKNOWN | size-over-limit     | (4294967295 bytes of at
png -         | begin b"IDAT",size=UNKNOWN  | size-over-limit     | (4294967295 bytes of at most
riff RIFF     | begin b"data",size=UNKNOWN  | ILLEGAL             | around it is not of unknown
"""
ROWS = [re.split(r" *\| *", line) for line in REFUSED.strip().splitlines()]


def wound_up(sink, groups, dialect):
    """Go on with what is legal, to the end, and give the whole file."""
    writer = sink.writer
    if not groups:
        groups = TOPS[dialect]
        for group in groups:
            sink(writer.begin(*group))
    if not groups or groups[-1][0] in (b"RIFF", b"FORM", b"PROP"):
        sink(writer.chunk(b"GOOD", b"x"))
    for _ in groups:
        sink(writer.end())
    return sink.finish()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:2]))
def test_it_is_refused_and_that_changes_nothing(row):
    place, call, why, text = row
    dialect, names = place.split()
    method, _, arguments = call.partition(" ")
    groups = [] if names == "-" else [globals()[name] for name in names.split(",")]
    writer, sink = begun(dialect, *groups)
    with pytest.raises((FieldError, NotAllowedNow)) as caught:
        eval(f"writer.{method}({arguments})", globals(), {"writer": writer})
    error = caught.value
    assert text in str(error)
    if why in PROBLEMS:
        assert (type(error), error.hint) == (FieldError, why)
    else:
        assert (type(error), error.hint) == (globals()[why], None)
    assert error.position == writer.offset == len(sink.bytes)
    assert wound_up(sink, groups, dialect) == wound_up(begun(dialect, *groups)[1], groups, dialect)


def refuses(writer, call, text, kind=FieldError):
    """Check that a call is refused, with this text, and leaves the writer where it was."""
    before = writer.offset
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert text in str(caught.value)
    assert writer.offset == before


def test_props_come_first_and_once_for_a_type():
    writer, sink = begun("iff", LIST)
    for each in (b"ONE ", b"TWO "):
        sink(writer.begin(b"PROP", each))
        sink(writer.end())
    refuses(writer, lambda: writer.begin(b"PROP", b"ONE "), "prop-twice")
    sink(writer.begin(*FORM))
    sink(writer.end())
    refuses(writer, lambda: writer.begin(b"PROP", b"NEW "), "prop-not-first")
    sink(writer.end())
    assert sink.finish().count(b"PROP") == 2


def test_a_chunk_is_ended_before_the_next_begins():
    writer, _ = begun("riff", RIFF)
    writer.begin(b"data")
    refuses(writer, lambda: writer.chunk(b"more"), "> data > more: a chunk is open", NOT_NOW)
    refuses(writer, lambda: writer.begin(*LIST), "> LIST TEST: a chunk is open", NOT_NOW)


def test_what_is_over_takes_nothing_more():
    writer, sink = begun("riff", RIFF)
    sink(writer.end())
    refuses(writer, writer.end, "no chunk is open", NOT_NOW)
    refuses(writer, lambda: writer.begin(*RIFF), "in RIFF TEST: the top group has ended", NOT_NOW)
    sink(writer.finish())
    for call in (
        writer.end,
        writer.finish,
        lambda: writer.chunk(b"more"),
        lambda: writer.data(b""),
    ):
        refuses(writer, call, "at byte 12: all is finished", NOT_NOW)


def test_a_size_that_was_given_is_kept_to():
    writer, sink = begun("riff", RIFF, can_seek=False, size=20)
    sink(writer.begin(b"data", size=7))
    sink(writer.data(b"1234"))
    refuses(
        writer, lambda: writer.data(b"5678"), "in RIFF TEST > data: 8 bytes of data, expected 7"
    )
    refuses(writer, writer.end, "in RIFF TEST > data: 4 bytes of data, expected 7")
    sink(writer.data(b"567"))
    sink(writer.end())
    sink(writer.end())
    assert sink.finish() == b"RIFF\x14\0\0\0TESTdata\7\0\0\x001234567\0"
    assert writer.patches() == []


def test_the_size_of_a_group_is_kept_to():
    writer, sink = begun("riff", RIFF, can_seek=False, size=24)
    text = "in RIFF TEST > data: child-beyond-parent: a chunk runs past the end of the group around"
    refuses(writer, lambda: writer.begin(b"data", size=13), text)
    refuses(writer, lambda: writer.chunk(b"data", bytes(13)), text)
    sink(writer.chunk(b"data", bytes(3)))
    refuses(writer, lambda: writer.chunk(b"data", b"1"), "child-beyond-parent")
    refuses(writer, lambda: writer.begin(*LIST, size=4), "child-beyond-parent")
    refuses(writer, writer.end, "in RIFF TEST: 16 bytes of data, expected 24")
    sink(writer.chunk(b"more"))
    sink(writer.end())
    assert len(sink.finish()) == 32


def test_an_open_chunk_does_not_leave_its_group_not_even_with_its_padding():
    writer, _ = begun("riff", RIFF, size=4 + 8 + 5 + 1)
    writer.begin(b"data")
    refuses(writer, lambda: writer.data(bytes(7)), "> data: child-beyond-parent: a chunk r")
    writer.data(bytes(5))
    writer.end()
    writer.end()
    writer, _ = begun("riff", RIFF, size=4 + 12 + 8)
    writer.begin(*LIST)
    refuses(writer, lambda: writer.chunk(b"data", b"x"), "child-beyond-parent")
    refuses(writer, lambda: writer.begin(*LIST), "child-beyond-parent")


def test_the_padding_of_a_chunk_stays_in_a_frame_of_odd_size():
    writer, _ = begun("webp", (b"RIFF", b"WEBP"))
    writer.begin(b"ANMF", size=16 + 8 + 3)
    writer.data(bytes(16))
    refuses(writer, lambda: writer.begin(b"VP8 ", size=3), "> VP8: child-beyond-parent")
    writer.begin(b"VP8 ")
    refuses(writer, lambda: writer.data(b"123"), "> VP8: child-beyond-parent")
    writer.data(b"12")


@pytest.mark.parametrize(
    ("top", "most"),
    [(FORM, 2**31 - 2), (RIFF, 2**32 - 2), ((b"RIFF", b"WEBP"), 2**32 - 10)],
)
def test_no_size_grows_over_the_limit_of_the_dialect(top, most):
    """The same piece is given again and again, and nobody keeps it."""
    piece = memoryview(bytes(1 << 26))
    writer, _ = begun("iff" if top is FORM else "riff", top)
    writer.begin(b"BODY")
    while (left := most + 8 - writer.offset) >= len(piece):
        writer.data(piece)
    refuses(writer, lambda: writer.data(piece[: left + 1]), "size-over-limit")
    writer.data(piece[:left])
    writer.end()
    writer.end()
    writer.finish()
    assert [int.from_bytes(each.data, writer.dialect.byteorder) for each in writer.patches()] == [
        most - 12,
        most,
    ]


def test_without_a_sink_that_seeks_sizes_are_given_before():
    for dialect, top in (("iff", FORM), ("riff", RIFF), ("rifx", (b"RIFX", b"TEST"))):
        refuses(
            writer := Writer(dialect),
            lambda writer=writer, top=top: writer.begin(*top),
            "TEST: say its size: nothing can seek",
            NOT_NOW,
        )
    png = Writer("png")
    refuses(png, lambda: png.begin(b"IDAT"), "in IDAT: say its size: nothing can seek", NOT_NOW)
    assert png.begin(b"IDAT", size=1).endswith(b"\0\0\0\1IDAT")


# Streams of unknown size


def test_a_sound_of_unknown_size_can_be_streamed():
    writer = Writer("riff")
    sink = Sink(writer)
    sink(writer.begin(b"RIFF", b"WAVE", size=SIZE_UNKNOWN))
    sink(writer.chunk(b"fmt ", bytes(16)))
    refuses(writer, lambda: writer.begin(b"fact", size=SIZE_UNKNOWN), "cannot be of unknown size")
    assert writer.has_unknown_sizes
    sink(writer.begin(b"data", size=SIZE_UNKNOWN))
    sink(writer.data(b"abc"))
    assert sink(writer.end()) is None
    follows = "nothing can follow a chunk of unknown size"
    refuses(writer, lambda: writer.chunk(b"LIST"), "no-type")
    refuses(writer, lambda: writer.chunk(b"more"), follows, NOT_NOW)
    refuses(writer, lambda: writer.chunk(b"fmt ", b""), follows, NOT_NOW)
    sink(writer.end())
    data = sink.finish()
    assert data == (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + bytes(16) + b"data\xff\xff\xff\xffabc"
    )  # no padding: it would be a sample
    assert writer.patches() == []


def test_a_stream_may_be_longer_than_any_size():
    writer = Writer("riff")
    writer.begin(b"RIFF", b"WAVE", size=SIZE_UNKNOWN)
    writer.begin(b"data", size=SIZE_UNKNOWN)
    piece = bytes(1 << 26)
    for _ in range(65):
        writer.data(piece)
    assert (writer.end(), writer.end(), writer.finish()) == (b"", b"", b"")
    assert writer.offset == 20 + 65 * len(piece) > 2**32


def test_an_avi_of_unknown_size_can_be_streamed():
    writer = Writer("avi")
    sink = Sink(writer)
    sink(writer.begin(b"RIFF", b"AVI ", size=SIZE_UNKNOWN))
    sink(writer.begin(b"LIST", b"movi", size=SIZE_UNKNOWN))
    sink(writer.chunk(b"00dc", b"abc"))
    sink(writer.begin(b"LIST", b"rec ", size=14))
    sink(writer.chunk(b"00dc", b"d"))
    sink(writer.end())
    sink(writer.end())
    refuses(
        writer, lambda: writer.chunk(b"idx1"), "in RIFF AVI > idx1: nothing can follow a", NOT_NOW
    )
    sink(writer.end())
    refuses(writer, lambda: writer.begin(b"RIFF", b"AVIX", size=4), "nothing can follow a", NOT_NOW)
    assert sink.finish().startswith(b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffmovi00dc\3")


# RF64 with sizes that are known before

RF64 = (b"RF64", b"WAVE")


def ds64(riff_size, data_size, *table):
    entries = b"".join(struct.pack("<4sQ", *row) for row in table)
    return struct.pack("<QQQI", riff_size, data_size, 0, len(table)) + entries


def test_rf64_takes_its_sizes_from_ds64():
    writer = Writer("rf64")
    sink = Sink(writer)
    sink(writer.begin(*RF64))
    refuses(writer, lambda: writer.chunk(b"fmt "), "in RF64 WAVE > fmt: ds64-missing")
    refuses(writer, lambda: writer.begin(b"ds64", size=28), "written whole, with chunk()", NOT_NOW)
    refuses(writer, writer.end, "in RF64 WAVE: ds64-missing")
    refuses(writer, lambda: writer.chunk(b"ds64", bytes(27)), "27 bytes, expected at least 28")
    refuses(writer, lambda: writer.chunk(b"ds64", bytes(27) + b"\1"), "16777216 in 28 bytes")
    refuses(writer, lambda: writer.chunk(b"ds64", ds64(39, 0)), "cannot say that all is 39 bytes")
    size = 4 + (8 + 40) + (8 + 3 + 1) + (8 + 2) + (8 + 1 + 1)
    sink(writer.chunk(b"ds64", ds64(size, 3, (b"big1", 2))))
    sink(writer.begin(b"data"))
    sink(writer.data(b"abc"))
    refuses(writer, lambda: writer.data(b"d"), "in RF64 WAVE > data: 4 bytes of data, expected 3")
    sink(writer.end())
    sink(writer.chunk(b"big1", b"12"))
    refuses(writer, writer.end, f"in RF64 WAVE: {size - 10} bytes of data, expected {size}")
    sink(writer.chunk(b"big1", b"x"))  # another one: its own size counts
    sink(writer.end())
    data = sink.finish()
    assert data[60:] == b"data" + b"\xff" * 4 + b"abc\0big1" + b"\xff" * 4 + b"12big1\1\0\0\0x\0"
    refuses(other := Writer("rf64"), lambda: other.begin(*RF64, size=40), "its size stands in ds64")


def test_rf64_states_no_size_of_its_own_that_would_mean_another():
    writer = Writer("rf64")
    writer.begin(*RF64)
    writer.chunk(b"ds64", ds64(2**34, 0))
    refuses(writer, lambda: writer.begin(b"axml", size=2**32 - 1), "of at most 4294967294)")
    refuses(writer, lambda: writer.begin(b"axml"), "say its size: nothing can seek", NOT_NOW)
    assert writer.begin(b"axml", size=2**32 - 2) == b"axml\xfe\xff\xff\xff"


def test_the_sizes_of_all_dialects_are_refused_by_their_own_limits():
    for name, dialect in DIALECTS.items():
        if dialect.has_ds64 or dialect.signature:
            continue
        top = min(dialect.top)
        kind = next(iter(dialect.types), b"TEST")
        most = dialect.max_top_size & ~1
        assert len(Writer(name).begin(top, kind, size=most)) == 12
        refuses(
            writer := Writer(name),
            lambda writer=writer, top=top, kind=kind, most=most: writer.begin(
                top, kind, size=most + 2
            ),
            "size-over-limit",
        )


def test_errors_of_whole_files_say_where():
    with pytest.raises(FieldError) as caught:
        encode("riff", (*RIFF, [(b"LIST", b"INFO", [(b"a\tb ", b"")])]))
    assert str(caught.value) == (
        "at byte 24 in RIFF TEST > LIST INFO: bad-id: an ID has a byte that none may have "
        r"(b'a\tb ')"
    )
