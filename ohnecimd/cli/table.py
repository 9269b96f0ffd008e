"""The table of commands.

One more joins with a module here, and with one line in `COMMANDS`.
"""

from ohnecimd.cli import decode, demo, explain, serve, talk
from ohnecimd.cli.commands import Command

__all__ = ["COMMANDS"]

COMMANDS: dict[str, Command] = {
    "demo": demo.COMMAND,
    "serve": serve.COMMAND,
    "talk": talk.COMMAND,
    "decode": decode.COMMAND,
    "explain": explain.COMMAND,
}
