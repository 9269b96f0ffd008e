"""The command line: ``ohnecimd demo``, ``serve``, ``talk`` and ``decode``.

A command is a module here, and one line in `ohnecimd.cli.table`; what the commands know of a
protocol stands in `ohnecimd.cli.protocols`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.cli.failures import INTERRUPTED, OutputClosed, Stop
from ohnecimd.cli.standard import complain

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    0: done; 1: the job has failed; 2: it was not used right; 130: interrupted; 141: standard
    output was closed.

    Args:
        argv: the arguments after the name of the program; None for those of the process.
    """
    try:
        # Slow to import: here, an interrupt meanwhile is one as any other.
        from ohnecimd.cli.commands import parser_of  # noqa: PLC0415
        from ohnecimd.cli.protocols import PROTOCOLS  # noqa: PLC0415
        from ohnecimd.cli.table import COMMANDS  # noqa: PLC0415

        options = parser_of(COMMANDS, PROTOCOLS).parse_args(argv)
        return int(options.run(options))
    except OutputClosed as end:
        return end.status
    except Stop as end:
        complain(str(end))
        return end.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:  # of argparse, after help and version
        return int(end.code or 0)
