"""The tree of errors, and the one line that each of them is for people."""

from __future__ import annotations

import inspect
import pickle

import ohneio
import pytest

from ohnecimd import errors
from ohnecimd.errors import (
    ChecksumMismatch,
    Closed,
    FieldError,
    LocalProtocolError,
    Malformed,
    Misuse,
    NoResult,
    NotAllowedNow,
    OhnecimdError,
    ProtocolError,
    RemoteProtocolError,
    TimeoutExpired,
    TooLong,
    Truncated,
    UnexpectedMessage,
    UnknownMessage,
)

KINDS = [getattr(errors, name) for name in errors.__all__]


def parents_drawn_in_the_docstring():
    """Read the tree of the module's docstring: class name to name of its parent."""
    parents = {}
    nest: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        words = line.replace("│", " ").replace("├──", "   ").replace("└──", "   ").split()
        if not words or not hasattr(errors, words[0]):
            continue
        depth = line.index(words[0])
        while nest and nest[-1][0] >= depth:
            nest.pop()
        if nest:
            parents[words[0]] = nest[-1][1]
        nest.append((depth, words[0]))
    return parents


def test_tree_in_the_docstring_is_the_tree_of_the_classes():
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in KINDS}
    del real["OhnecimdError"]
    assert parents_drawn_in_the_docstring() == real


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_an_ohnecimd_error(kind):
    assert issubclass(kind, OhnecimdError)


@pytest.mark.parametrize(
    "kind",
    [ChecksumMismatch, Malformed, TooLong, Truncated, UnexpectedMessage, UnknownMessage],
)
def test_decoding_blames_the_peer(kind):
    assert issubclass(kind, RemoteProtocolError)
    assert not issubclass(kind, LocalProtocolError)


@pytest.mark.parametrize("kind", [FieldError, NotAllowedNow])
def test_encoding_blames_us(kind):
    assert issubclass(kind, LocalProtocolError)
    assert not issubclass(kind, RemoteProtocolError)


@pytest.mark.parametrize(
    ("kind", "familiar"),
    [
        (Truncated, EOFError),
        (NoResult, ohneio.NoResult),
        (Misuse, RuntimeError),
        (TimeoutExpired, TimeoutError),
    ],
)
def test_error_can_be_caught_by_its_familiar_name(kind, familiar):
    assert issubclass(kind, familiar)


@pytest.mark.parametrize("kind", [Closed, NoResult, Misuse])
def test_trouble_of_the_toolkit_is_no_trouble_of_the_protocol_or_the_transport(kind):
    assert not issubclass(kind, (ProtocolError, OSError))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, ProtocolError)])
def test_transport_errors_are_not_ours(kind):
    assert not issubclass(kind, OSError)


def test_error_reads_as_place_path_and_fault():
    error = Malformed(position=117, path=["packet", "parameter 033"], expected="TAB", found=b"\x03")
    assert str(error) == r"at byte 117 in packet > parameter 033: expected TAB, found b'\x03'"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "Malformed"),
        ({"message": "two heads"}, "two heads"),
        ({"message": "two heads", "position": 0}, "at byte 0: two heads"),
        ({"message": "two heads", "path": ["a", "b"]}, "in a > b: two heads"),
        ({"message": "two heads", "expected": "one", "found": b"2"}, "two heads"),
        ({"position": 3}, "at byte 3: Malformed"),
        ({"expected": "a digit"}, "expected a digit"),
        ({"expected": "a digit", "found": b""}, "expected a digit, found nothing"),
        ({"found": b"x"}, "found b'x'"),
        ({"expected": "1 or more", "found": 0}, "expected 1 or more, found 0"),
        ({"expected": "yes or no", "found": ""}, "expected yes or no, found ''"),
        ({"found": "caf\n"}, r"found 'caf\n'"),
        ({"found": 1.5}, "found 1.5"),
        ({"found": False}, "found False"),
        ({"found": (1, b"a")}, "found (1, b'a')"),
        ({"position": 5, "expected": "a digit"}, "at byte 5: expected a digit"),
    ],
)
def test_error_says_what_it_knows_and_nothing_else(facts, text):
    assert str(Malformed(**facts)) == text


def test_repr_of_an_error_shows_its_text():
    error = Malformed(position=5, expected="a digit", found=b"x")
    assert "Malformed" in repr(error)
    assert "at byte 5: expected a digit, found b'x'" in repr(error)


def test_error_quotes_at_most_32_bytes():
    error = Malformed(expected="less", found=bytes(1000))
    assert error.found == bytes(32)
    assert str(error) == f"expected less, found {bytes(32)!r}"


@pytest.mark.parametrize("found", [0, -7, "", "word" * 1000, ("a", 1), [1], 1.5, KeyError])
def test_error_keeps_other_values_as_they_are(found):
    assert Malformed(found=found).found is found
    assert Truncated(found=found, partial=b"abc").found is found


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ("a" * 126, "found '" + "a" * 126 + "'"),
        ("a" * 127, "found '" + "a" * 127 + "..."),
        (list(range(1000)), "found [0, 1, 2, 3, "),
        (1 << 20_000, "found an integer of 20001 bits"),
    ],
    ids=["text that fits", "text", "list", "integer"],
)
def test_error_shows_128_characters_of_other_values(found, text):
    error = Malformed(found=found)
    assert str(error).startswith(text)
    assert len(str(error)) <= len("found ") + 128 + len("...")


def test_error_is_one_line_whatever_the_repr_of_a_value():
    class Matrix:
        def __repr__(self):
            return "[1 0]\n[0 1]"

    assert str(Malformed(expected="less", found=Matrix())) == "expected less, found [1 0] [0 1]"


def test_error_is_one_line_whatever_the_peer_sent():
    error = Malformed(position=1, expected="text", found=b"\n\r\x1b[2J\x00\xff")
    assert str(error) == r"at byte 1: expected text, found b'\n\r\x1b[2J\x00\xff'"
    assert str(error).isprintable()


def test_error_copies_what_was_found():
    found = bytearray(b"abc")
    error = Malformed(found=found)
    found[:] = b"xyz"
    assert error.found == b"abc"
    assert type(error.found) is bytes


def test_error_keeps_the_protocols_own_answer():
    answer = object()
    assert Malformed(hint=answer).hint is answer
    assert Malformed().hint is None


def test_path_is_a_tuple_whatever_it_was_made_of():
    assert Malformed(path=iter(["a", "b"])).path == ("a", "b")


@pytest.mark.parametrize(
    ("partial", "text"),
    [
        (b"", "at byte 9: expected 4 bytes, found the end of input after 0 bytes"),
        (b"a", "at byte 9: expected 4 bytes, found the end of input after 1 byte"),
        (b"ab", "at byte 9: expected 4 bytes, found the end of input after 2 bytes"),
    ],
)
def test_truncated_says_how_much_there_was(partial, text):
    error = Truncated(position=9, expected="4 bytes", partial=partial)
    assert str(error) == text
    assert error.partial == partial


def test_truncated_keeps_every_byte_and_quotes_32():
    error = Truncated(partial=bytes(1000))
    assert error.partial == bytes(1000)
    assert error.found == bytes(32)
    assert str(error) == "found the end of input after 1000 bytes"


def test_truncated_may_have_found_something_else():
    assert Truncated(partial=b"abc", found=b"c").found == b"c"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, ProtocolError)])
def test_protocol_errors_take_the_same_facts(kind):
    error = kind("a fault", position=1, path=("p",), expected="this", found=b"that", hint=7)
    assert (error.message, error.position, error.path) == ("a fault", 1, ("p",))
    assert (error.expected, error.found, error.hint) == ("this", b"that", 7)
    assert str(error) == "at byte 1 in p: a fault"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, ProtocolError)])
def test_protocol_errors_survive_pickling(kind):
    error = kind(position=3, path=("p", "q"), expected="this", found=b"that")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == str(error)
    assert copy.path == error.path


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_explains_itself(kind):
    assert inspect.getdoc(kind)
