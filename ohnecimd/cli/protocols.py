"""The table of protocols.

One more joins with a module that makes `Protocol` rows, and with one line here; the commands
find everything else in the rows.
"""

from ohnecimd.cli import cimd, iff, ldo, lines
from ohnecimd.cli.sides import Protocol

__all__ = ["PROTOCOLS"]

PROTOCOLS: dict[str, Protocol] = {
    row.name: row for row in (*lines.ROWS, *ldo.ROWS, *iff.ROWS, *cimd.ROWS)
}
