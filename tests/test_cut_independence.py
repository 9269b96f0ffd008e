"""Whatever is composed of primitives and combinators: how the bytes were cut changes nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ohneio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohnecimd import (
    at_eof,
    bounded,
    choice,
    commit,
    composable,
    emit,
    expect,
    get_input,
    label,
    limited,
    lookahead,
    many,
    optional,
    protocol,
    put,
    read,
    read_exactly,
    read_rest,
    read_struct,
    read_uint,
    read_until,
    read_upto,
    sep_by,
    skip,
    skip_upto,
    sleep,
    timeout,
    times,
    wait,
    wait_for,
    write,
)
from ohnecimd.testing import cut_at, cut_every, difference, name_of_cut, run

if TYPE_CHECKING:
    from ohnecimd import Steps

Recipe = tuple[Any, ...]
"""What to call, by name, and its arguments, which may be recipes: a parser that prints well."""


@composable
def emitting(parser: Any) -> Steps[Any]:
    """Tell every step, so that all of them count and not only the last."""
    result = yield from parser()
    yield from emit(result)
    return result


@composable
def in_sequence(*parsers: Any) -> Steps[list[Any]]:
    results = []
    for parser in parsers:
        results.append((yield from parser()))  # noqa: PERF401 - a comprehension cannot yield
    return results


def take_lines(separator: bytes, limit: int) -> Steps[int]:
    """Do as a hot loop does."""
    stream = yield from get_input()
    count = 0
    while not (is_over := stream.at_end()):
        if is_over is None or (line := stream.take_upto(separator, limit)) is None:
            yield from wait()
        else:
            yield from emit(line)
            count += 1
    return count


LEAVES: dict[str, Any] = {
    "at_eof": at_eof,
    "commit": commit,
    "expect": expect,
    "ohneio.read": ohneio.read,
    "ohneio.write": ohneio.write,
    "put": put,
    "read": read,
    "read_exactly": read_exactly,
    "read_rest": read_rest,
    "read_struct": read_struct,
    "read_uint": read_uint,
    "read_until": read_until,
    "read_upto": read_upto,
    "skip": skip,
    "skip_upto": skip_upto,
    "sleep": sleep,
    "take_lines": take_lines,
    "wait_for": wait_for,
    "write": write,
}
BRANCHES: dict[str, Any] = {
    "bounded": bounded,
    "choice": choice,
    "in_sequence": in_sequence,
    "label": label,
    "limited": limited,
    "lookahead": lookahead,
    "many": many,
    "optional": optional,
    "sep_by": sep_by,
    "timeout": timeout,
    "times": times,
}


def cook(recipe: Recipe) -> Any:
    """Make a parser of a recipe."""
    name, *arguments = recipe
    if name in LEAVES:
        return emitting(partial(LEAVES[name], *arguments))
    return BRANCHES[name](*(cook(each) if isinstance(each, tuple) else each for each in arguments))


def leaves(
    literals: st.SearchStrategy[bytes], sizes: st.SearchStrategy[int]
) -> st.SearchStrategy[Recipe]:
    separators = literals | st.lists(literals, min_size=1, max_size=3).map(tuple)
    limits = sizes.map(lambda size: size + 3)  # no separator is longer
    return st.one_of(
        st.tuples(st.sampled_from(["read_until", "wait_for"]), LITERALS),
        st.tuples(st.just("read"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["at_eof", "commit"])),
        st.tuples(st.sampled_from(["expect", "put", "write", "ohneio.write"]), literals),
        st.tuples(
            st.sampled_from(["read", "ohneio.read", "skip"]), sizes.map(lambda size: size or 1)
        ),
        st.tuples(st.sampled_from(["read_exactly", "read_rest"]), sizes),
        st.tuples(st.just("read_struct"), st.sampled_from([">H", "<BH", "3s"])),
        st.tuples(st.just("read_uint"), st.integers(1, 3)),
        st.tuples(st.sampled_from(["read_until", "read_upto", "wait_for"]), separators),
        st.tuples(st.sampled_from(["read_until", "read_upto", "wait_for"]), separators, limits),
        st.tuples(st.just("skip_upto"), separators),
        st.tuples(st.just("sleep"), st.integers(1, 3)),
        st.tuples(st.just("take_lines"), literals, limits),
    )


def recipes(
    literals: st.SearchStrategy[bytes], sizes: st.SearchStrategy[int]
) -> st.SearchStrategy[Recipe]:
    def branches(parts: st.SearchStrategy[Recipe]) -> st.SearchStrategy[Recipe]:
        some = st.lists(parts, min_size=1, max_size=4)
        return st.one_of(
            some.map(lambda each: ("in_sequence", *each)),
            some.map(lambda each: ("choice", *each)),
            st.tuples(st.sampled_from(["optional", "lookahead"]), parts),
            st.tuples(st.just("many"), parts, st.integers(0, 1), st.none() | st.integers(1, 3)),
            st.tuples(st.just("sep_by"), parts, parts),
            st.tuples(st.just("times"), parts, st.integers(0, 3)),
            st.tuples(st.sampled_from(["bounded", "limited"]), parts, sizes),
            st.tuples(st.just("label"), parts, st.sampled_from(["x", "y"])),
            st.tuples(st.just("timeout"), st.integers(1, 3), parts),
        )

    parts = st.recursive(leaves(literals, sizes), branches, max_leaves=6)
    return st.lists(parts, min_size=1, max_size=6).map(lambda each: ("in_sequence", *each))


# Few kinds of bytes, so that what is looked for is often there, or nearly.
LITERALS = st.sampled_from([b"a", b"b", b"\n", b"ab", b"aa", b"b\n", b"aab", b"\n\n", b"\r\n"])
TEXTS = st.lists(LITERALS, min_size=6, max_size=16).map(b"".join)


def assert_that_cutting_changes_nothing(
    recipe: Recipe, data: bytes, ways: list[list[bytes]]
) -> None:
    factory = protocol(cook(recipe))
    for eof, wakes in ((True, 2), (False, 0), (False, 3)):
        whole = run(factory, [data], eof=eof, wakes=wakes)
        for pieces in ways:
            for late in (False, True):
                outcome = run(factory, pieces, eof=eof, wakes=wakes, late=late)
                if outcome != whole:
                    pytest.fail(
                        f"{data} {name_of_cut(pieces)}, {eof=} {late=} {wakes=}\n"
                        f"{difference(whole, outcome, ('whole', 'cut'))}"
                    )


@given(
    recipe=recipes(LITERALS, st.integers(0, 9)),
    data=TEXTS | st.binary(max_size=24),
    places=st.lists(st.integers(0, 32), max_size=5),
)
@settings(
    max_examples=600, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
def test_composed_parsers_do_not_depend_on_cutting(recipe, data, places):
    places = [min(place, len(data)) for place in places]
    ways = [cut_every(data, 2), cut_at(data, places)]
    assert_that_cutting_changes_nothing(recipe, data, ways)
    # What is known after so many bytes is known then, not a byte later.
    for size in range(len(data) + 1):
        begun = data[:size]
        assert_that_cutting_changes_nothing(recipe, begun, [cut_every(begun, 1)])


# Around these sizes the engine changes the way in which it keeps input.
LARGE = st.sampled_from([1, 2, 500, 511, 513, 600, 4095, 4096, 4097, 9000, 65535, 65536, 70000])


@given(
    recipe=recipes(LITERALS, LARGE),
    runs=st.lists(st.tuples(LITERALS, st.sampled_from([1, 1, 200, 512, 2000, 30000]))),
    sizes=st.lists(LARGE, min_size=2, max_size=2),
    places=st.lists(st.integers(0, 70000), max_size=5),
)
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
def test_composed_parsers_do_not_depend_on_cutting_much_input(recipe, runs, sizes, places):
    data = b"".join(text * count for text, count in runs)[:70_000]
    places = [min(place, len(data)) for place in places]
    smallest = max(1, len(data) // 500)
    ways = [cut_at(data, places), *(cut_every(data, max(size, smallest)) for size in sizes)]
    assert_that_cutting_changes_nothing(recipe, data, ways)
