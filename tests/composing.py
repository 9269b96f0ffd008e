"""Parsers that the tests compose with."""

from __future__ import annotations

from ohnecimd import composable
from ohnecimd.errors import Malformed


@composable
def sequence(*parsers):
    """Run one after the other; list the results."""
    results = []
    for parser in parsers:
        results.append((yield from parser()))  # noqa: PERF401 - a comprehension cannot yield
    return results


@composable
def failing_after(parser, error=Malformed, **facts):
    """Run a parser, and fail then."""
    yield from parser()
    raise error("no", **facts)
