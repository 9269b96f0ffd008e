"""Septets packed into octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.text import fill_bits, pack, unpack

SEPTETS = st.lists(st.integers(0, 127), max_size=600).map(bytes)


def packed_bit_by_bit(septets, fill):
    bits = "0" * fill + "".join(f"{each:07b}"[::-1] for each in septets)
    return bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))


@given(SEPTETS, st.integers(0, 7))
def test_packing_is_what_it_is_bit_by_bit(septets, fill):
    packed = pack(septets, fill=fill)
    assert packed == (packed_bit_by_bit(septets, fill) if septets else b"")
    assert unpack(packed, count=len(septets), fill=fill) == septets


@given(SEPTETS, st.integers(0, 7))
def test_septets_come_back_without_their_number_but_for_a_zero_at_the_end(septets, fill):
    kept = unpack(pack(septets, fill=fill), fill=fill, keep_last_zero=True)
    assert kept in (septets, septets + b"\0")
    found = unpack(pack(septets, fill=fill), fill=fill)
    assert found == septets or found + b"\0" == septets


@pytest.mark.parametrize("size", [1, 7, 8, 140, 223, 224, 225, 448, 10_000])
def test_blocks_fit_together(size):
    septets = bytes(i % 128 for i in range(size))
    assert pack(septets) == packed_bit_by_bit(septets, 0)
    assert unpack(pack(septets), count=size) == septets


def test_example_of_a_library():
    assert pack(b"Hi").hex().upper() == "C834"
    assert pack(b"hellohello").hex().upper() == "E8329BFD4697D9EC37"


def test_seven_bits_left_over_are_nothing_or_a_septet():
    seven = pack(b"1234567")
    assert len(seven) == 7
    assert unpack(seven) == b"1234567"
    assert unpack(seven, keep_last_zero=True) == b"1234567\0"
    assert unpack(seven, count=8) == b"1234567\0"
    assert unpack(pack(b"1234567\0a")) == b"1234567\0a"


@pytest.mark.parametrize(("header", "fill"), [(0, 0), (6, 1), (7, 0), (8, 6), (1, 6)])
def test_text_begins_at_a_septet_boundary_behind_the_header(header, fill):
    assert fill_bits(header) == fill
    assert (8 * header + fill) % 7 == 0


def test_nothing_is_packed_into_nothing():
    assert pack(b"", fill=5) == unpack(b"", fill=5) == b""


def test_bytes_that_are_no_septets_are_refused():
    with pytest.raises(FieldError, match=r"^in septets > \[1\]: expected 0\.\.127, found 200$"):
        pack(b"a\xc8")


@pytest.mark.parametrize("count", [-1, 3])
def test_more_septets_than_there_is_room_for_are_refused(count):
    with pytest.raises(FieldError, match=rf"^in septets: expected 0\.\.2, found {count}$"):
        unpack(b"\xc8\x34", count=count)
