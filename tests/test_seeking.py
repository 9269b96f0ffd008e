"""Reading up to a separator: which one counts, how limits are kept, how searches go on."""

from __future__ import annotations

from functools import partial

import pytest
from every_cut import fate_of

from ohnecimd import (
    bounded,
    emit,
    get_input,
    label,
    parse,
    protocol,
    read,
    read_until,
    read_upto,
    skip,
    skip_upto,
    wait,
    wait_for,
    write,
)
from ohnecimd.errors import Misuse, TooLong, Truncated
from ohnecimd.testing import cut_every

SEEKING = [read_upto, read_until, wait_for]


@pytest.mark.parametrize(
    ("data", "sep", "line"),
    [
        (b"\nrest", b"\n", b"\n"),
        (b"abc\nrest", b"\n", b"abc\n"),
        (b"a\rb\r\nrest", b"\r\n", b"a\rb\r\n"),
        (b"\r\r\r\n", b"\r\n", b"\r\r\r\n"),
        (b"aaab", b"aab", b"aaab"),
        (b"aaa", b"aa", b"aa"),
        (b"a\r\n\r\r\n\r\nb", b"\r\n\r\n", b"a\r\n\r\r\n\r\n"),
        (b"one\r\ntwo\n", (b"\n", b"\r\n"), b"one\r\n"),
        (b"one\ntwo\r\n", (b"\r\n", b"\n"), b"one\n"),
        (b"xabcd", (b"abcd", b"bc"), b"xabc"),
        (b"xabd", (b"abcd", b"bd", b"xabd"), b"xabd"),
        (b"a.b*c", (b".*", b"*c", b"."), b"a."),
        (b"\xff\x00\xff\x00", b"\x00\xff", b"\xff\x00\xff"),
    ],
)
def test_separator_that_ends_first_counts(data, sep, line):
    assert fate_of(partial(read_upto, sep), data, eof=False) == (line, len(line))
    assert fate_of(partial(read_upto, sep), line, eof=False) == (line, len(line))
    found = fate_of(partial(wait_for, sep), data, eof=False)
    assert found[1] == 0
    until = fate_of(partial(read_until, sep), data, eof=False)
    assert until == (line[: found[0]], len(line))
    assert line[found[0] :] in (sep if isinstance(sep, tuple) else (sep,))


@pytest.mark.parametrize("seek", SEEKING)
def test_separator_is_waited_for(seek):
    assert fate_of(partial(seek, b"\r\n"), b"abc\r", eof=False) == ("waits", 0)


@pytest.mark.parametrize("seek", SEEKING)
@pytest.mark.parametrize("data", [b"", b"abc", b"abc\r"])
def test_end_before_the_separator_is_truncated(seek, data):
    text = (
        f"at byte {len(data)}: expected b'\\r\\n', "
        f"found the end of input after {len(data)} byte{'s' * (len(data) != 1)}"
    )
    assert fate_of(partial(seek, b"\r\n"), data) == ((Truncated, text, len(data), data), 0)


@pytest.mark.parametrize(
    ("parser", "fits", "over", "place"),
    [
        (partial(read_until, b"\n", 10), b"0123456789\n", b"0123456789x", 10),
        (partial(wait_for, b"\n", 10), b"0123456789\n", b"0123456789x", 10),
        (partial(read_upto, b"\n", 11), b"0123456789\n", b"0123456789x", 10),
        (partial(read_until, b"\r\n", 10), b"0123456789\r\n", b"0123456789x", 10),
        (partial(read_until, b"\r\n", 10), b"0123456789\r\n", b"0123456789\rx", 11),
        (partial(read_until, b"\r\n", 10), b"0123456789\r\n", b"0123456789\r\r\n", 11),
        (partial(read_upto, b"\r\n", 12), b"0123456789\r\n", b"0123456789\rx", 11),
        (partial(read_until, b"aab", 10), b"xxxxxxxxxxaab", b"xxxxxxxxxxaaab", 12),
        (partial(read_until, (b"\r\n", b"\n"), 10), b"0123456789\r\n", b"0123456789\r\r", 11),
        (partial(read_upto, (b"\r\n", b"\n"), 10), b"012345678\n", b"012345678\r\n", 9),
        (partial(read_until, b"\n", 0), b"\n", b"x", 0),
        (partial(read_upto, b"\n", 1), b"\n", b"x", 0),
        (partial(read_until, (b"cdefg", b"e"), 10), b"0123456789e", b"0123456789cdefg", 12),
    ],
)
def test_limit_is_exact_and_known_at_the_byte_that_settles_it(parser, fits, over, place):
    assert fate_of(parser, fits, eof=False)[0] != "waits"
    error, offset = fate_of(parser, over + b"more", eof=False)
    assert error[0] is TooLong
    assert error[2] == place
    assert error[1].startswith(f"at byte {place}: expected ")
    assert f" within {parser.args[1]} byte" in error[1]
    assert offset == 0
    assert fate_of(parser, over[: place + 1], eof=False)[0][0] is TooLong
    assert fate_of(parser, over[:place], eof=False)[0] == "waits"


@pytest.mark.parametrize("seek", SEEKING)
def test_limit_has_a_default_of_64_kib(seek):
    connection = protocol(seek)(b"\n")
    connection.send(bytes(65535))
    if seek is not read_upto:
        connection.send(bytes(1))
    assert not connection.closing
    with pytest.raises(TooLong, match=r"expected b'\\n' within 65536 bytes"):
        connection.send(bytes(1))


@pytest.mark.parametrize("seek", [read_until, wait_for])
def test_limit_is_checked_at_the_end_of_input(seek):
    """The CR might have begun a separator; the end tells that it is an eleventh byte."""
    error, offset = fate_of(partial(seek, b"\r\n", 10), b"0123456789\r")
    assert error[0] is TooLong
    assert error[2] == 10
    assert offset == 0


@pytest.mark.parametrize(
    "seek", [partial(read_until, b"\r\n", 10), partial(read_upto, b"\r\n", 12)]
)
def test_byte_that_settles_a_limit_is_the_same_where_the_end_is_known_already(seek):
    @protocol
    def held():
        yield from write(b"wait for me")
        yield from seek()

    data = b"0123456789\rx"
    connection = held()
    connection.send(data)
    connection.send_eof()
    with pytest.raises(TooLong, match=r"^at byte 11: "):
        connection.read()
    with pytest.raises(TooLong, match=r"^at byte 11: "):
        parse(bounded(seek, len(data)), data)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize(
    ("take", "limit"), [("take_upto", 5001), ("take_until", 5000), ("find", 5000)]
)
def test_limit_is_noticed_with_the_very_byte_that_breaks_it(take, limit, size):
    """Even after so many small pieces that they are put aside in several windows."""

    @protocol
    def hot():
        stream = yield from get_input()
        while getattr(stream, take)(b"\n", limit) is None:
            yield from wait()

    connection = hot()
    for piece in cut_every(bytes(5000), size):
        connection.send(piece)
    with pytest.raises(TooLong, match=r"^at byte 5000: "):
        connection.send(b"x")


def test_position_of_a_limit_is_right_after_megabytes():
    @protocol
    def conversation():
        yield from skip(5_000_000)
        yield from label(partial(read_until, b"\n", 10), "line")()

    for size in (1, 3, 1000):
        connection = conversation()
        for _ in range(5):
            connection.send(bytes(1_000_000))
        for piece in cut_every(b"0123456789", size):
            connection.send(piece)
        with pytest.raises(TooLong) as caught:
            connection.send(b"x" * size)
        assert str(caught.value) == (
            "at byte 5000010 in line: expected b'\\n' within 10 bytes, found b'0123456789x'"
        )


@pytest.mark.parametrize("seek", SEEKING)
@pytest.mark.parametrize("data", [b"", b"abc", b"abc\n", bytes(70_000)])
@pytest.mark.parametrize("sep", [b"", (), (b"",), "\n", 10, None, [b"\n"], bytearray(b"\n")])
def test_what_is_no_separator_is_refused_whatever_is_there(seek, data, sep):
    connection = protocol(seek)(sep)
    with pytest.raises(Misuse, match="a separator is bytes, or a tuple of bytes, and never empty"):
        connection.send(data)


@pytest.mark.parametrize(
    ("seek", "limit"), [(read_upto, 1), (read_upto, 0), (read_until, -1), (wait_for, -1)]
)
@pytest.mark.parametrize("data", [b"", b"\r\n", b"abc"])
def test_limit_that_leaves_no_place_for_the_separator_is_refused(seek, limit, data):
    connection = protocol(seek)(b"\r\n", limit)
    with pytest.raises(Misuse, match=f"a limit of {limit} byte"):
        connection.send(data)


def test_search_goes_on_where_it_stopped():
    """A separator cut at every place is found, after many searches in vain."""
    separator = b"--boundary--"
    data = b"--bound" * 50 + separator
    assert fate_of(partial(read_until, separator), data) == (b"--bound" * 50, len(data))


@pytest.mark.parametrize(("seek", "place"), [(read_upto, 53), (read_until, 54)])
def test_limit_may_become_smaller_among_lines_that_were_there_before(seek, place):
    @protocol
    def changing():
        for _ in range(10):
            yield from seek(b"\n", 10)
        yield from seek(b"\n", 4)

    connection = changing()
    with pytest.raises(TooLong, match=rf"^at byte {place}: expected b'\\n' within 4 bytes"):
        connection.send(b"line\n" * 10 + b"longer\n" + b"line\n" * 10)
    assert connection.offset == 50


@pytest.mark.parametrize("seek", [read_upto, read_until])
def test_limits_and_separators_may_change_from_line_to_line(seek):
    @protocol
    def changing():
        for _ in range(10):
            yield from seek(b"\n", 10)
        yield from emit((yield from seek(b";", 20)))
        yield from emit((yield from seek(b"\n", 20)))
        yield from emit((yield from read(3)))
        yield from emit((yield from seek(b"\n", 20)))
        yield from seek(b"\n", 3)

    for size in (1, 7, 1000):
        connection = changing()
        for piece in cut_every(b"line\n" * 11 + b"a;b\n" + b"line\n", size):
            connection.send(piece)
        kept = seek is read_upto
        with pytest.raises(TooLong, match=rf"at byte {66 if kept else 67}: .* within 3 bytes"):
            connection.send(b"longer")
        texts = [b"line\na;", b"b\n", b"lin", b"e\n"]
        assert connection.events() == [text if kept else text.rstrip(b";\n") for text in texts]


def test_another_separator_is_searched_from_the_front():
    @protocol
    def change_of_mind():
        stream = yield from get_input()
        while len(stream) < 6:
            stream.take_upto(b"\n")
            yield from wait()
        return (yield from read_upto(b";"))

    connection = change_of_mind()
    for piece in (b"a;", b"bc", b"de"):
        connection.send(piece)
    assert connection.get_result() == b"a;"


@pytest.mark.parametrize(
    ("data", "sep", "consumed"),
    [
        (b"abc\r\nrest", b"\r\n", 5),
        (b"abc\nrest", (b"\r\n", b"\n"), 4),
        (b"\r\r\nrest", b"\r\n", 3),
        (b"xaaab", b"aab", 5),
    ],
)
def test_skip_upto_drops_the_separator_too(data, sep, consumed):
    assert fate_of(partial(skip_upto, sep), data, eof=False) == (None, consumed)


def test_skip_upto_has_no_limit():
    connection = protocol(skip_upto)(b"\n")
    for _ in range(10):
        connection.send(bytes(100_000))
    connection.send(b"\nrest")
    assert connection.has_result
    assert connection.unread == b"rest"


def test_skip_upto_across_the_end_is_truncated():
    error, _ = fate_of(partial(skip_upto, b"\r\n"), b"abc\r")
    assert error[0] is Truncated
    assert error[2] == 4
