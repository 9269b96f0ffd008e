from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.testing import strategies


@given(strategies.cuts_of(b"Hello\r\n", max_cuts=3))
def test_cuts_join_to_the_data(pieces):
    assert b"".join(pieces) == b"Hello\r\n"
    assert 1 <= len(pieces) <= 4


@given(strategies.cut(st.binary(max_size=20)))
def test_cut_gives_the_data_with_the_pieces(both):
    data, pieces = both
    assert b"".join(pieces) == data


@given(strategies.pieces(max_bytes=10, alphabet=b"a\n"))
def test_pieces_keep_to_the_alphabet_and_the_size(pieces):
    data = b"".join(pieces)
    assert len(data) <= 10
    assert set(data) <= set(b"a\n")


@given(strategies.pieces(max_bytes=5))
def test_pieces_of_any_bytes_keep_to_the_size(pieces):
    assert len(b"".join(pieces)) <= 5


def test_the_test_kit_imports_neither_hypothesis_nor_pytest():
    code = (
        "import sys, ohnecimd.testing\n"
        "print(sorted({'hypothesis', 'pytest', '_pytest'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
