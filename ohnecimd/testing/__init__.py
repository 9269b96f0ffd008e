r"""Test a protocol without I/O: cuts, outcomes, checks, pairs, transcripts, a fake clock.

Nothing here needs pytest; `ohnecimd.testing.strategies` alone needs Hypothesis. Checks raise
`AssertionError` with a text for people. pytest finds the fixtures of
`ohnecimd.testing.pytest_plugin` by itself.

>>> from functools import partial
>>> from ohnecimd import many, protocol, read_until
>>> lines = protocol(many(partial(read_until, b"\n")))
>>> protocol_conforms(
...     lines,
...     examples=[b"Hello\n\nWorld\n"],
...     encode=lambda result: b"".join(line + b"\n" for line in result),
... )
"""

from ohnecimd.testing.checks import (
    check_cuts,
    check_eof,
    check_garbage,
    check_linear,
    check_round_trip,
    protocol_conforms,
)
from ohnecimd.testing.clock import FakeClock
from ohnecimd.testing.costs import Cost, measure
from ohnecimd.testing.cutting import cut_at, cut_every, cuts, name_of_cut
from ohnecimd.testing.noise import garbage
from ohnecimd.testing.outcomes import (
    NOTHING,
    Application,
    Factory,
    Failure,
    Outcome,
    difference,
    run,
)
from ohnecimd.testing.pairs import Pair, join
from ohnecimd.testing.playing import play, record
from ohnecimd.testing.transcripts import Entry, Transcript

__all__ = [
    "NOTHING",
    "Application",
    "Cost",
    "Entry",
    "Factory",
    "Failure",
    "FakeClock",
    "Outcome",
    "Pair",
    "Transcript",
    "check_cuts",
    "check_eof",
    "check_garbage",
    "check_linear",
    "check_round_trip",
    "cut_at",
    "cut_every",
    "cuts",
    "difference",
    "garbage",
    "join",
    "measure",
    "name_of_cut",
    "play",
    "protocol_conforms",
    "record",
    "run",
]
