"""Hypothesis strategies for input that comes in pieces; this module needs Hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from ohnecimd.testing.cutting import cut_at

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["cut", "cuts_of", "pieces"]

MAX_CUTS = 8


def cuts_of(data: bytes, *, max_cuts: int = MAX_CUTS) -> SearchStrategy[list[bytes]]:
    r"""Cut `data` in at most so many places, in every way; some pieces are empty.

    >>> from hypothesis import given, settings
    >>> @given(cuts_of(b"Hello\r\n"))
    ... def test(pieces):
    ...     assert b"".join(pieces) == b"Hello\r\n"
    >>> test()
    """
    places = st.lists(st.integers(0, len(data)), max_size=max_cuts)
    return places.map(lambda each: cut_at(data, each))


def cut(
    data: SearchStrategy[bytes], *, max_cuts: int = MAX_CUTS
) -> SearchStrategy[tuple[bytes, list[bytes]]]:
    """Give what `data` gives, and the same in pieces."""
    return data.flatmap(lambda each: st.tuples(st.just(each), cuts_of(each, max_cuts=max_cuts)))


def pieces(*, max_bytes: int = 64, alphabet: bytes = b"") -> SearchStrategy[list[bytes]]:
    """Give pieces of any input.

    Args:
        max_bytes: of the whole input.
        alphabet: the only bytes in it; empty: any. Few of them make what a parser looks for likely.
    """
    inputs = (
        st.lists(st.sampled_from(list(alphabet)), max_size=max_bytes).map(bytes)
        if alphabet
        else st.binary(max_size=max_bytes)
    )
    return inputs.flatmap(cuts_of)
