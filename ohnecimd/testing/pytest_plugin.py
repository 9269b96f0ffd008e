"""The pytest plugin: fixtures, markers, and readable comparisons of outcomes.

It is loaded wherever this package is installed, and imports the test kit only when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ohnecimd.connection import Connection
    from ohnecimd.testing.clock import FakeClock
    from ohnecimd.testing.smsc import SmsCenter
    from ohnecimd.testing.transcripts import Side

SMSC_MARKER = "smsc(accounts, ...): what the fixture `smsc` makes its center with"
CUTS_MARKER = "cuts(data, ...): run the test once for each cut of `data`, given as `pieces`"


def pytest_configure(config: pytest.Config) -> None:
    """Announce the markers."""
    config.addinivalue_line("markers", CUTS_MARKER)
    config.addinivalue_line("markers", SMSC_MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test with the marker its `pieces`."""
    marker = metafunc.definition.get_closest_marker("cuts")
    if marker is None:
        return
    from ohnecimd.testing.cutting import cuts, name_of_cut  # noqa: PLC0415 - only when used

    if "pieces" not in metafunc.fixturenames:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: a test marked `cuts` takes an argument `pieces`"
        )
    ways = list(cuts(*marker.args, **marker.kwargs))
    metafunc.parametrize("pieces", ways, ids=[name_of_cut(each) for each in ways])


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain ``assert outcome == other``."""
    from ohnecimd.testing.outcomes import Outcome, difference  # noqa: PLC0415 - only when used

    if op == "==" and isinstance(left, Outcome) and isinstance(right, Outcome):
        return ["the outcomes differ", *difference(left, right, ("left", "right")).splitlines()]
    return None


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands at 0 until the test moves it."""
    from ohnecimd.testing.clock import FakeClock  # noqa: PLC0415 - only when used

    return FakeClock()


@pytest.fixture
def smsc(request: pytest.FixtureRequest) -> Iterator[SmsCenter]:
    """A simulated SMS Center for CIMD2 that listens on ``smsc.host`` and ``smsc.port``.

    ``@pytest.mark.smsc(...)`` gives it the arguments of `SmsCenter`. What fails in it fails the
    test.
    """
    from ohnecimd.testing.smsc import SmsCenter  # noqa: PLC0415 - only when used

    marker = request.node.get_closest_marker("smsc")
    center = SmsCenter() if marker is None else SmsCenter(*marker.args, **marker.kwargs)
    with center:
        yield center
    if center.errors:
        raise center.errors[0]


@pytest.fixture
def play_transcript(request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """Play a transcript file against a connection: `ohnecimd.testing.play` with a file name.

    The file is looked for beside the test module, then in ``transcripts`` and ``data`` there.
    """
    from ohnecimd.testing.playing import play  # noqa: PLC0415 - only when used
    from ohnecimd.testing.transcripts import Transcript  # noqa: PLC0415

    beside = request.path.parent

    def play_file(
        name: str,
        connection: Connection[Any],
        side: Side = "S",
        *,
        piece: int = 0,
        act: Callable[[str], object] | None = None,
    ) -> list[Any]:
        places = [beside / name, beside / "transcripts" / name, beside / "data" / name]
        path = next((each for each in places if each.is_file()), None)
        if path is None:
            looked = ", ".join(str(each) for each in places)
            raise FileNotFoundError(f"no transcript {name}: looked for {looked}")
        transcript = Transcript.parse(path.read_text(encoding="utf-8"), name=name)
        return play(transcript, connection, side, piece=piece, act=act)

    return play_file
