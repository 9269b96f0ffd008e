from __future__ import annotations

pytest_plugins = ["pytester"]

ECHO = """
import pytest
from ohnecimd import protocol, read_upto, sleep, write

@protocol
def echo():
    while True:
        yield from write((yield from read_upto(b"\\n")))
"""


def run(pytester, source, *args):
    pytester.makepyfile(ECHO + source)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *args)


def test_a_marked_test_runs_for_each_cut(pytester):
    result = run(
        pytester,
        """
@pytest.mark.cuts(b"abc\\n", limit=5)
def test_echo(pieces):
    connection = echo()
    for piece in pieces:
        connection.send(piece)
    assert connection.read() == b"abc\\n"
""",
        "-v",
    )
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["*test_echo?whole? PASSED*", "*test_echo?byte by byte? PASSED*"])


def test_a_marked_test_without_pieces_is_an_error(pytester):
    result = run(pytester, "@pytest.mark.cuts(b'abc')\ndef test_echo():\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a test marked `cuts` takes an argument `pieces`*"])


def test_marker_is_described(pytester):
    result = pytester.runpytest_inprocess("--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.cuts(data, ...): run the test once for each cut*"])


def test_fake_clock_is_a_fixture(pytester):
    result = run(
        pytester,
        """
def test_time(fake_clock):
    connection = protocol(lambda: sleep(3), clock=fake_clock)()
    connection.read()
    fake_clock.advance(3, connection)
    assert connection.has_result
""",
    )
    result.assert_outcomes(passed=1)


def test_transcripts_are_found_beside_the_test(pytester):
    for place in (".", "transcripts", "data"):
        folder = pytester.path / place
        folder.mkdir(exist_ok=True)
        (folder / f"in_{place.strip('.')}.txt").write_text("C: a\\n\nS: a\\n\n", encoding="utf-8")
    (pytester.path / "wrong.txt").write_text("C: a\\n\nS: b\\n\n", encoding="utf-8")
    result = run(
        pytester,
        """
@pytest.mark.parametrize(
    "name", ["in_.txt", "in_transcripts.txt", "in_data.txt", "wrong.txt", "none.txt"]
)
def test_echo(name, play_transcript):
    assert play_transcript(name, echo(), piece=1) == []
""",
    )
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: not as written in wrong.txt, from line 2 on",
            "E *1   C: a?n",
            "E *2 - S: b?n",
            "E *+ S: a?n",
            "E *FileNotFoundError: no transcript none.txt: looked for *",
        ]
    )


def test_outcomes_are_compared_readably(pytester):
    result = run(
        pytester,
        """
from ohnecimd.testing import run

def test_same():
    assert run(echo, [b"a\\n"], eof=False) == run(echo, [b"b\\n"], eof=False)

def test_other():
    assert 1 == 2
""",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["E *the outcomes differ", "E *output differs at byte 0:", "E *left *b'a*", "E *right*b'b*"]
    )


def test_plugin_loads_the_kit_only_when_it_is_used(pytester):
    done = pytester.runpython_c(
        "import sys, ohnecimd.testing.pytest_plugin\nprint('loaded', 'hypothesis' in sys.modules)"
    )
    done.stdout.fnmatch_lines(["loaded False"])
