"""Peers that this project did not write; tests are skipped where one is missing, and name it."""

from contextlib import ExitStack

import kannel
import pytest
import tshark
from pairs import Pair


def need(peer):
    missing = peer.missing()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="session")
def dissect(tmp_path_factory):
    """Let tshark read packets of one side."""
    need(tshark)
    directory = tmp_path_factory.mktemp("tshark")
    return lambda packets, **options: tshark.dissect(directory, packets, **options)


@pytest.fixture(scope="module")
def join(tmp_path_factory):
    """Start pairs, each with options of its own; they end with the module."""
    need(kannel)
    directory = tmp_path_factory.mktemp("kannel")
    with ExitStack() as stack:
        yield lambda *options, **others: Pair(stack, directory, options, **others)
