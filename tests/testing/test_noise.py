from __future__ import annotations

from ohnecimd.testing import garbage

EXAMPLES = [b"HELLO world\r\n", b"\x00\x05data!"]


def test_garbage_is_the_same_for_the_same_seed():
    assert list(garbage(EXAMPLES, seed=1)) == list(garbage(EXAMPLES, seed=1))
    assert list(garbage(EXAMPLES, seed=1)) != list(garbage(EXAMPLES, seed=2))


def test_garbage_holds_what_was_asked_for():
    assert len(list(garbage(EXAMPLES, count=77))) == 77
    assert len(list(garbage(count=30))) == 30


def test_garbage_holds_spoilt_examples_and_quite_other_bytes():
    some = list(garbage(EXAMPLES))
    assert sum(b"world" in each or b"HELLO" in each for each in some) > 30
    assert sum(not any(word in each for word in (b"wor", b"HELL", b"dat")) for each in some) > 30
    assert len(set(some)) > 150


def test_examples_may_be_empty():
    assert len(list(garbage([b""], count=100))) == 100
