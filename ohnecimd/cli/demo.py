"""``ohnecimd demo``: what the toolkit is for, at work and checked.

One more scene joins with a module and a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.cli import demo_cimd, demo_lines, demo_messages
from ohnecimd.cli.commands import Command
from ohnecimd.cli.failures import Failed
from ohnecimd.cli.stage import stage_on
from ohnecimd.cli.standard import Output

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from ohnecimd.cli.stage import Outcome, Stage

__all__ = ["COMMAND", "SCENES"]

SCENES: tuple[Callable[[Stage], list[Outcome]], ...] = (
    demo_lines.play,
    demo_messages.play,
    demo_cimd.play,
)
"""Each shows something, and tells how it came out."""


def _run(_: Namespace) -> int:
    stage = stage_on(Output())
    outcomes = [outcome for play in SCENES for outcome in play(stage)]
    wrong = [outcome.run for outcome in outcomes if not outcome.is_right]
    if wrong:
        raise Failed(f"wrong answers: {', '.join(wrong)}")
    runs = ", ".join(outcome.run for outcome in outcomes)
    stage.title(f"{len(outcomes)} runs, all answers right: {runs}")
    return 0


COMMAND = Command(
    summary="show one parser without I/O and on three transports, messages declared once, and a "
    "text to a phone",
    run=_run,
)
