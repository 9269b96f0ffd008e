"""``ohnecimd talk``: a client that says lines and prints the answers.

What is said goes out in batches, and a batch waits for the answers to the one before it; so a
long input needs little memory, and neither side can wait for the other to take something.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Any

from ohnecimd import emit, protocol
from ohnecimd.cli.addresses import parse_address
from ohnecimd.cli.commands import Command, argument
from ohnecimd.cli.escapes import escape
from ohnecimd.cli.failures import BadUse, Failed, reason
from ohnecimd.cli.reading import events_of
from ohnecimd.cli.standard import Input, Output
from ohnecimd.errors import (
    QUOTED_BYTES,
    Closed,
    LocalProtocolError,
    NotAllowedNow,
    OhnecimdError,
    TooLong,
)
from ohnecimd.protocols.lines import read_line
from ohnecimd.transports import sockets

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from ohnecimd.cli.sides import Client
    from ohnecimd.separators import Separator
    from ohnecimd.steps import Steps

__all__ = ["COMMAND"]

TIMEOUT_S = 30.0
BATCH_LINES = 1024
NOBODY_THERE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 1e6:
        raise ValueError(f"bad timeout {text!r}: it is a number of seconds, more than 0")
    return seconds


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "address",
        metavar="ADDRESS",
        type=argument(parse_address),
        help="HOST:PORT, [IPv6]:PORT or unix:PATH",
    )
    parser.add_argument(
        "words",
        metavar="WORD",
        nargs="*",
        default=[],
        help="a line to say; none: the lines of standard input",
    )


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=argument(_timeout),
        help=f"how long to wait for a server that does nothing (default: {TIMEOUT_S:g})",
    )
    parser.add_argument(
        "--raw", action="store_true", help="print the bytes of answers as they are, not escaped"
    )


def _run(options: Namespace) -> int:
    side = options.side
    output = Output()
    batches = _words(options.words) if options.words else _lines(side.ends, options.limit)
    with _connected(options) as client:
        talk = _Talk(client, output, options)
        for lines in batches:
            if not talk.say(lines):
                break
    return 0


def _connected(options: Namespace) -> sockets.Client[Any]:
    place = options.address
    try:
        return sockets.connect(
            options.side.make(options),
            place.host,
            place.port,
            unix=place.unix,
            timeout_s=options.timeout,
        )
    except OSError as error:
        text = f"cannot connect to {place}: {reason(error)}"
        is_theirs = isinstance(error, (ConnectionError, TimeoutError))
        raise (Failed if is_theirs or error.errno in NOBODY_THERE else BadUse)(text) from error


def _words(words: Iterable[str]) -> Iterator[list[bytes]]:
    yield [os.fsencode(word) for word in words]


@protocol
def _reading(ends: Separator, limit: int) -> Steps[None]:
    """Emit the lines of standard input, one by one."""
    while (line := (yield from read_line(ends, limit=limit, take_unfinished=True))) is not None:
        yield from emit(line)


def _lines(ends: Separator, limit: int) -> Iterator[list[bytes]]:
    if sys.stdin is None:
        raise BadUse("standard input is closed, and there are no words")
    count = 0
    for lines in events_of(_reading(ends, limit), Input(sys.stdin.buffer, "standard input")):
        if isinstance(lines[0], TooLong):
            raise Failed(f"line {count + 1} of standard input has more than {limit} bytes")
        count += len(lines)
        for start in range(0, len(lines), BATCH_LINES):
            yield lines[start : start + BATCH_LINES]


class _Talk:
    """A conversation: lines are said, answers printed, and counted."""

    def __init__(self, client: sockets.Client[Any], output: Output, options: Namespace) -> None:
        self._client = client
        self._output = output
        self._side: Client = options.side
        self._is_raw: bool = options.raw
        self._timeout_s: float = options.timeout
        self._answered = 0

    def say(self, lines: list[bytes]) -> bool:
        """Say lines, and print the answers; False if that has ended the conversation."""
        with self._troubles():
            said, goes_on = self._queue(lines)
            with contextlib.suppress(OhnecimdError, ConnectionError):
                self._client.flush()  # what it fails with follows the answers before that
            while said:
                said -= self._print_answers(said)
        return goes_on

    def _queue(self, lines: list[bytes]) -> tuple[int, bool]:
        """Queue lines; tell how many answers they will get, and whether more can be said."""
        connection = self._client.connection
        for said, line in enumerate(lines):
            try:
                if not self._side.say(connection, line):
                    return said, False
            except NotAllowedNow:
                return said + 1, True  # it is over: the answers, or their lack, will tell
            except LocalProtocolError as error:
                raise BadUse(f"cannot say '{escape(line[:QUOTED_BYTES])}': {error}") from error
        return len(lines), True

    def _print_answers(self, wanted: int) -> int:
        """Wait for at least one answer, and print those that are there; tell how many."""
        answers: list[Any] = []
        try:
            answers.append(self._client.next_event())
            while len(answers) < wanted:
                answers.append(self._client.next_event(0))
        except TimeoutError:
            if not answers:
                raise
        finally:
            self._answered += len(answers)
            self._write(answers)
        return len(answers)

    def _write(self, answers: list[Any]) -> None:
        if self._is_raw:
            self._output.write(b"".join(map(self._side.unescaped, answers)))
        else:
            self._output.write("".join(f"{self._side.show(each).text}\n" for each in answers))

    @contextlib.contextmanager
    def _troubles(self) -> Iterator[None]:
        """Say what has gone wrong."""
        try:
            yield
        except Closed:
            place = f"line {self._answered + 1}"
            raise Failed(f"the server closed the connection without answering {place}") from None
        except OhnecimdError as error:
            raise Failed(f"bad answer to line {self._answered + 1}: {error}") from error
        except TimeoutError as error:
            raise Failed(f"no answer within {self._timeout_s:g} s") from error
        except OSError as error:
            raise Failed(f"the connection is lost: {reason(error)}") from error


COMMAND = Command(
    summary="say something to a server and print its answers",
    run=_run,
    add_arguments=_add_arguments,
    add_options=_add_options,
    defaults={"timeout": TIMEOUT_S, "raw": False},
    side=lambda protocol: protocol.client,
)
