"""What messages say, read strictly and leniently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import Malformed, RemoteProtocolError
from ohnecimd.protocols.cimd.text import DEFAULT, PRINTED_VARIANTS, Reader, UserData

LENIENT, STRICT = Reader(), Reader(strict=True)
VALUES = st.none() | st.binary(max_size=20)


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (UserData(), ""),
        (UserData(user_data=b""), ""),
        (UserData(dcs=4), b""),
        (UserData(dcs=8), ""),
        (UserData(dcs=0, user_data=b"caf_e'"), "café"),
        (UserData(dcs=0, user_data=b"caf\xe9"), "café"),
        (UserData(dcs=16, user_data=b"Flash!"), "Flash!"),
        (UserData(dcs=0xC8, user_data=b"voice"), "voice"),
        (UserData(dcs=0, user_data_binary=bytes.fromhex("C834")), "Hi"),
        (UserData(dcs=8, user_data_binary=bytes.fromhex("041F0440")), "Пр"),
        (UserData(dcs=8, user_data_binary=bytes.fromhex("D83DDE00")), "😀"),
        (UserData(dcs=0xE8, user_data_binary=bytes.fromhex("041F")), "П"),
        (UserData(dcs=245, user_data_binary=b"\x00\xff"), b"\x00\xff"),
        (UserData(dcs=0x20, user_data_binary=b"\x00\xff"), b"\x00\xff"),
        (UserData(dcs=0x8F, user_data=b"reserved"), "reserved"),
    ],
)
def test_what_is_right_reads_the_same_strictly_and_leniently(data, content):
    assert STRICT.read(data) == LENIENT.read(data) == content


@pytest.mark.parametrize(
    ("data", "content", "hint"),
    [
        (UserData(user_data=b"a", user_data_binary=b""), "a", 303),
        (UserData(user_data=b"", user_data_binary=b"\xc8\x34"), "Hi", 303),
        (UserData(user_data=b"a", user_data_binary=b"\xc8\x34"), "a", 303),
        (UserData(dcs=8, user_data=b"a", user_data_binary=b"\x04\x1f"), "П", 303),
        (UserData(dcs=4, user_data=b"", user_data_binary=b""), "", 303),
        (UserData(dcs=8, user_data=b'a_a"'), "aä", 304),
        (UserData(dcs=4, user_data=b"a"), "a", 304),
        (UserData(dcs=256, user_data=b"a"), "a", 304),
        (UserData(dcs=-1, user_data=b"a"), "a", 304),
        (UserData(dcs=8, user_data_binary=b"\x04\x1f\x04"), "П\ufffd", 302),
        (UserData(dcs=8, user_data_binary=b"\xd8\x3d\x00\x41"), "\ufffdA", 302),
        (UserData(user_data=b"a_b"), "a_b", 302),
        (UserData(user_data=b"a\xe2"), "a?", 302),
        (UserData(user_data=b"a_XX"), "a ", 302),
    ],
)
def test_what_is_wrong_is_read_leniently_and_refused_strictly(data, content, hint):
    assert LENIENT.read(data) == content
    with pytest.raises(Malformed) as caught:
        STRICT.read(data)
    assert caught.value.hint == hint
    assert str(caught.value)


def strictly(data):
    """Return the contents, or the fault."""
    try:
        STRICT.header_of(data)
        return STRICT.read(data)
    except RemoteProtocolError as error:
        return error


@given(st.none() | st.integers(0, 255), VALUES, VALUES, VALUES)
def test_anything_can_be_read_leniently_and_else_is_refused_with_a_hint(dcs, header, text, binary):
    data = UserData(dcs, header, text, binary)
    content = LENIENT.read(data)
    assert isinstance(content, (str, bytes))
    LENIENT.header_of(data)
    found = strictly(data)
    assert found == content or found.hint in (302, 303, 304)


def test_place_of_what_is_wrong_is_told():
    with pytest.raises(
        Malformed, match=r"^at byte 2: expected a character in UTF-16, found b'\\xd8"
    ):
        STRICT.read(UserData(dcs=8, user_data_binary=b"\0A\xd8\x3d\0A"))


def test_header_is_read_if_it_is_right():
    right, wrong = UserData(header=b"\x03\x70\x01a"), UserData(header=b"\x04\x70\x01a")
    assert LENIENT.header_of(right) == STRICT.header_of(right)
    assert LENIENT.header_of(UserData()) is LENIENT.header_of(wrong) is None
    with pytest.raises(RemoteProtocolError, match=r"^at byte 4 in Header > elements") as caught:
        STRICT.header_of(wrong)
    assert caught.value.hint == 303


def test_septets_begin_at_a_boundary_or_at_bit_0():
    header = bytes.fromhex("050003A10101")
    at_boundary = UserData(0, header, None, bytes.fromhex("9069"))
    at_bit_0 = UserData(0, header, None, bytes.fromhex("C834"))
    assert LENIENT.read(at_boundary) == Reader(packed_from_bit_0=True).read(at_bit_0) == "Hi"


def test_last_zero_septet_is_nothing_unless_asked_for():
    data = UserData(user_data_binary=bytes.fromhex("31D98C56B3DD00"))
    assert LENIENT.read(data) == "1234567"
    assert Reader(keep_last_zero=True).read(data) == "1234567@"


def test_alphabet_and_low_line_are_options():
    reader = Reader(alphabet=DEFAULT.accepting(PRINTED_VARIANTS), low_line="§")
    assert reader.read(UserData(user_data=b"_a0_")) == "@§"


@pytest.mark.parametrize(
    "halves",
    [
        [UserData(user_data=b"5 _XX"), UserData(user_data=b"e")],
        [UserData(8, None, None, b"\x005\x00 \x20"), UserData(8, None, None, b"\xac")],
        [UserData(0, None, None, b"\x35\xd0\x06"), UserData(user_data=b"e")],
        [UserData(dcs=0, user_data=b"5 "), UserData(8, None, None, b"\x20\xac")],
    ],
)
def test_parts_are_read_together_where_a_character_was_cut(halves):
    assert LENIENT.read_all(halves) == "5 €"
    assert STRICT.read_all(halves) == "5 €"


def test_parts_that_are_octets_are_octets():
    parts = [UserData(4, None, None, b"\xff"), UserData(245, None, None, b"\x00")]
    assert STRICT.read_all(parts) == b"\xff\x00"
    assert STRICT.read_all([]) == ""


def test_parts_that_are_text_and_octets_are_text_leniently():
    parts = [UserData(user_data=b"a"), UserData(4, None, None, b"\xe9")]
    assert LENIENT.read_all(parts) == "aé"
    with pytest.raises(Malformed, match="parts are text and octets") as caught:
        STRICT.read_all(parts)
    assert caught.value.hint == 304
