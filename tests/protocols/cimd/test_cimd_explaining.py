"""Every byte of a conversation has a name, whatever the bytes are, and no password is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples_cimd import EXAMPLES, IDS, conversation, plain

from ohnecimd.declaring.dissecting import STARS
from ohnecimd.errors import ProtocolError
from ohnecimd.protocols.cimd.explaining import explain
from ohnecimd.protocols.cimd.packets import Checksums

PIECES = [
    b"\x0240:001\t3A\x03",
    b"\x0201:001\t010:news\t011:s3cret\t019:10\t2F\x03",
    b"\x0203:003\t021:1\t033:\t\x03",
    b"\x0203:003\t021:1\t011:s3",
    b"011:s3cret\t",
    b"\x02",
    b"\x03",
    b"\t",
    b"\r\n",
    b"Welcome",
    b"\x02x\x03",
    b"\x00",
]


def split(data, **options):
    """Return the spans and the errors."""
    found = list(explain(data, **options))
    spans = [each for each in found if not isinstance(each, ProtocolError)]
    return spans, [each for each in found if isinstance(each, ProtocolError)]


def assert_covered(data, spans):
    at = 0
    for span in spans:
        assert span.start == at
        assert span.start < span.end
        at = span.end
    assert at == len(data)


def named(spans, *path):
    return [each for each in spans if each.path[-len(path) :] == path]


@pytest.mark.parametrize("data", EXAMPLES, ids=IDS)
def test_every_byte_of_a_capture_has_one_name(data):
    spans, errors = split(data)
    assert_covered(data, spans)
    assert errors == []


def test_every_byte_of_the_conversation_of_the_sheet_has_one_name():
    for direction, wrong in (("c2s", 1), ("s2c", 0)):
        data = b"".join(said for way, said, _ in conversation() if way == direction)
        spans, errors = split(data)
        assert_covered(data, spans)
        assert len(errors) == wrong
        assert all(b"s3cret" not in each.value for each in spans if isinstance(each.value, bytes))


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=12))
def test_bytes_of_any_kind_are_covered_in_order_and_show_no_password(pieces):
    data = b"".join(pieces)
    found = list(explain(data, limit=60))
    spans = [each for each in found if not isinstance(each, ProtocolError)]
    assert_covered(data, spans)
    places = [each.position if isinstance(each, ProtocolError) else each.start for each in found]
    assert places == sorted(places)
    assert not any("s3cret" in repr(each.value) for each in spans)


def test_what_a_packet_is_made_of_is_named():
    spans, errors = split(plain("<STX>03:005<TAB>021:+358<TAB>061:4<TAB>777:x<TAB><ETX>"))
    assert errors == []
    title = "submit message 005"
    assert [(each.path, each.value, each.meaning) for each in spans] == [
        ((title, "STX"), None, ""),
        ((title, "operation"), 3, ""),
        ((title, "number"), 5, ""),
        ((title, "parameter"), 21, "destination address"),
        ((title, "destination address"), "+358", ""),
        ((title, "TAB"), None, ""),
        ((title, "parameter"), 61, "status code"),
        ((title, "status code"), 4, "Delivery successful"),
        ((title, "TAB"), None, ""),
        ((title, "parameter"), 777, "unknown"),
        ((title, "unknown"), b"x", ""),
        ((title, "TAB"), None, ""),
        ((title, "ETX"), None, ""),
    ]


def test_values_are_those_of_the_wire_not_of_python():
    spans, _ = split(
        plain("<STX>03:005<TAB>044:1<TAB>056:14<TAB>060:261120131502<TAB>021:1<TAB><ETX>")
    )
    for name, value, kind in (
        ("more messages to send", 1, int),
        ("status report request", 14, int),
        ("service centre time stamp", "2026-11-20 13:15:02", str),
    ):
        (span,) = named(spans, name)
        assert span.value == value
        assert type(span.value) is kind


def test_an_empty_value_has_no_line_of_its_own():
    spans, _ = split(plain("<STX>20:000<TAB>023:<TAB>021:1<TAB><ETX>"))
    assert named(spans, "originating address") == []
    assert len(named(spans, "TAB")) == 2


def test_operations_that_nobody_knows_have_their_code():
    spans, _ = split(plain("<STX>07:021<TAB>3F<ETX>"))
    assert spans[0].path == ("operation 07 021", "STX")


def test_what_a_packet_lacks_stands_beside_its_operation():
    spans, errors = split(plain("<STX>03:005<TAB><ETX>"))
    assert named(spans, "operation")[0].meaning == "parameter 021 is missing"
    assert errors == []


@pytest.mark.parametrize(
    ("checksum", "checksums", "meaning", "fault"),
    [
        (b"3A", Checksums.DEMAND, "right", None),
        (b"3a", Checksums.ACCEPT, "right", None),
        (b"3B", Checksums.ACCEPT, "wrong: it is 3A", "expected the checksum b'3A', found b'3B'"),
        (b"3B", Checksums.IGNORE, "wrong: it is 3A", None),
        (b"", Checksums.ACCEPT, None, None),
        (b"", Checksums.DEMAND, None, "expected a checksum, found none"),
    ],
)
def test_checksums_are_right_wrong_or_missing(checksum, checksums, meaning, fault):
    spans, errors = split(b"\x0240:001\t" + checksum + b"\x03", checksums=checksums)
    assert [each.meaning for each in named(spans, "checksum")] == [meaning] * bool(checksum)
    wanted = [] if fault is None else [f"at byte 8 in packet: {fault}"]
    assert [str(each) for each in errors] == wanted


def test_what_stands_between_packets_is_named():
    data = b"Hello\n" + PIECES[0] + b"\r\n" + PIECES[0]
    spans, errors = split(data)
    assert errors == []
    assert [each.value for each in named(spans, "noise")] == [b"Hello\n"]
    assert [each.value for each in named(spans, "line end")] == [b"\r\n"]


@pytest.mark.parametrize(
    ("data", "place", "fault"),
    [
        (b"\x0203:003\t02x:1\t\x03", 8, "expected a parameter of three digits and ':'"),
        (b"\x02oops\x03", 1, "expected an operation of two digits"),
        (b"\x0203:003\t021:1\t\x0240:001\t\x03", 14, "expected ETX before the next STX"),
        (b"\x0203:003\t021:1", 13, "expected ETX, found the end of input"),
        (b"\x0203:003\t033:" + b"x" * 60 + b"\t\x03", 60, "expected ETX within 60 bytes"),
        (b"\x0203:003\t021:1\tZZ\x03", 14, "expected a checksum of two hexadecimal digits"),
        (b"\x0203:003\t033:a\x00b\t\x03", 13, "expected no reserved byte in a value"),
    ],
)
def test_what_is_no_packet_is_named_as_far_as_it_goes(data, place, fault):
    spans, errors = split(data, limit=60)
    assert_covered(data, spans)
    assert [each.position for each in errors] == [place]
    assert fault in str(errors[0])
    assert all(each.start >= place for each in spans if each.path[-1] in {"unreadable", "dropped"})


@pytest.mark.parametrize(
    "data",
    [
        b"\x0201:001\t010:news\t011:s3cret\t\x03",
        b"\x0201:001\t010:news\t011:s3cret\x03",
        b"\x0201:001\t010:news\t011:s3cret\t\x00\x03",
        b"\x0201:001\t011:s3\x00cret\t\x03",
        b"\x0201:001\t011:s3cret",
        b"\x0201:001\t011:s3cret\t\x0201:001\t\x03",
        b"1:001\t010:news\t011:s3cret\t\x03",
        b"011:s3cret",
        b"\x0208:017\t011:s3cret\tE9\x03",
        b"\x02xx:017\t011:s3cret\tE9\x03",
    ],
)
def test_passwords_are_stars_wherever_they_stand(data):
    spans, _ = split(data)
    assert_covered(data, spans)
    hidden = {at for each in spans if each.value is STARS for at in range(each.start, each.end)}
    start = data.index(b"s3")
    assert set(range(start, data.index(b"ret") + 3)) <= hidden
    assert not any(b"cret" in each.value for each in spans if isinstance(each.value, bytes))


def test_any_buffer_will_do():
    assert list(explain(memoryview(PIECES[0]))) == list(explain(PIECES[0]))
    assert list(explain(b"")) == []


def test_a_long_stream_is_explained_as_it_goes():
    found = explain(PIECES[0] * 100_000)
    assert next(found).path == ("alive 001", "STX")
