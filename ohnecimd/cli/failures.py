"""What a command stops with, and how the troubles of the system read in one line."""

from __future__ import annotations

import errno
import os
import socket

__all__ = ["CLOSED_PIPE", "INTERRUPTED", "BadUse", "Failed", "OutputClosed", "Stop", "reason"]

INTERRUPTED = 130  # 128 + SIGINT, as shells count
CLOSED_PIPE = 141  # 128 + SIGPIPE


class Stop(Exception):
    """The command ends here, with this exit status and this line on standard error."""

    status = 1


class BadUse(Stop):
    """The command cannot be run as it was given."""

    status = 2


class Failed(Stop):
    """The command was run and has failed."""


class OutputClosed(Stop):
    """Nobody reads standard output any more; there is nothing to say about it."""

    status = CLOSED_PIPE


def reason(error: OSError) -> str:
    """Say in words what the system has refused."""
    if isinstance(error, socket.gaierror):
        return "the name of the host is not known"
    if error.errno in {errno.ETIMEDOUT, None} and isinstance(error, TimeoutError):
        return "no answer in time"
    if error.errno is None:
        return str(error)
    return os.strerror(error.errno).lower()
