"""Runs the examples in the docstrings of every module."""

import doctest
import importlib
import pkgutil

import pytest

import ohnecimd

MODULES = [
    "ohnecimd",
    *(found.name for found in pkgutil.walk_packages(ohnecimd.__path__, "ohnecimd.")),
]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples_in_docstrings_work(name):
    if name.endswith(".gevent"):
        pytest.importorskip("gevent")
    failures, _ = doctest.testmod(importlib.import_module(name))
    assert not failures
