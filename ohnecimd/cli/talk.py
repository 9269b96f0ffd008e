"""``ohnecimd talk``: a client that says something and prints the answers.

A protocol brings the conversation, as `Client.converse`. Here is what any of them needs:
`add_words`, `connected`, `given`, `complaints`; and the conversation of protocols that are made of
lines, `LineByLine`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ohnecimd import emit, protocol
from ohnecimd.cli.addresses import parse_address
from ohnecimd.cli.commands import Command, argument, seconds
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
    from collections.abc import Callable, Iterable, Iterator

    from ohnecimd.separators import Separator
    from ohnecimd.steps import Steps

__all__ = ["COMMAND", "LineByLine", "add_words", "complaints", "connected", "given", "lines_of"]

TIMEOUT_S = 30.0
BATCH_LINES = 1024
NOBODY_THERE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "address",
        metavar="ADDRESS",
        type=argument(parse_address),
        help="HOST:PORT, [IPv6]:PORT or unix:PATH",
    )


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds("timeout"),
        help=f"how long to wait for a server that does nothing (default: {TIMEOUT_S:g})",
    )


def _run(options: Namespace) -> int:
    options.side.converse(options)
    return 0


# For conversations


def add_words(parser: ArgumentParser, metavar: str, what: str) -> None:
    """Have the user say something in words, or on standard input: `given` has it."""
    parser.add_argument(
        "words",
        metavar=metavar,
        nargs="*",
        default=[],
        help=f"{what}; none: the lines of standard input",
    )


def connected(
    options: Namespace, on_event: Callable[[Any, Any], object] | None = None
) -> sockets.Client[Any]:
    """Connect to the server that is meant; use it in a ``with``.

    Args:
        options: that were given.
        on_event: called with the connection and each event, as they come; None: they are kept.

    Raises:
        Failed: nobody is there.
        BadUse: nobody can be there.
    """
    place = options.address
    try:
        return sockets.connect(
            options.side.make(options),
            place.host,
            place.port,
            unix=place.unix or None,
            timeout_s=options.timeout,
            on_event=on_event,
        )
    except OSError as error:
        text = f"cannot connect to {place}: {reason(error)}"
        is_theirs = isinstance(error, (ConnectionError, TimeoutError))
        raise (Failed if is_theirs or error.errno in NOBODY_THERE else BadUse)(text) from error


def given(options: Namespace, ends: Separator, limit: int) -> Iterator[list[bytes]]:
    """Give what the user wants to say: all words, or lines of standard input as they come.

    Args:
        options: with the words.
        ends: what ends a line.
        limit: of a line in bytes.

    Raises:
        BadUse: there are no words, and standard input is closed.
        Failed: a line is too long, or standard input cannot be read.
    """
    return _words(options.words) if options.words else _lines(ends, limit)


def _words(words: Iterable[str]) -> Iterator[list[bytes]]:
    yield [os.fsencode(word) for word in words]


@protocol
def lines_of(ends: Separator, limit: int) -> Steps[None]:
    """Emit the lines of an input, one by one; the last may have no end.

    Args:
        ends: what ends a line.
        limit: of a line in bytes.
    """
    while (line := (yield from read_line(ends, limit=limit, take_unfinished=True))) is not None:
        yield from emit(line)


def _lines(ends: Separator, limit: int) -> Iterator[list[bytes]]:
    if sys.stdin is None:
        raise BadUse("standard input is closed, and there are no words")
    count = 0
    for lines in events_of(lines_of(ends, limit), Input(sys.stdin.buffer, "standard input")):
        if isinstance(lines[0], TooLong):
            raise Failed(f"line {count + 1} of standard input has more than {limit} bytes")
        count += len(lines)
        for start in range(0, len(lines), BATCH_LINES):
            yield lines[start : start + BATCH_LINES]


@contextlib.contextmanager
def complaints(options: Namespace, place: Callable[[], str]) -> Iterator[None]:
    """Make `Failed`, with a text for people, of what goes wrong with the connection.

    Args:
        options: that were given.
        place: names what the server was to answer.
    """
    try:
        yield
    except Closed:
        raise Failed(f"the server closed the connection without answering {place()}") from None
    except OhnecimdError as error:
        raise Failed(f"bad answer to {place()}: {error}") from error
    except TimeoutError as error:
        raise Failed(f"no answer within {options.timeout:g} s") from error
    except OSError as error:
        raise Failed(f"the connection is lost: {reason(error)}") from error


# The conversation of lines


@dataclass(frozen=True, slots=True)
class LineByLine:
    """A conversation in which lines are said, and each gets an answer.

    They go out in batches, and a batch waits for the answers to the one before it; so a long
    input needs little memory, and neither side can wait for the other to take something.

    Its options are `words`, `limit` and `raw`: see `add_options`.

    Args:
        say: queues one line in a connection; False if it ends the conversation, so that no answer
            comes. Raises `LocalProtocolError` where it cannot be said.
        ends: what ends a line of standard input.
        unescaped: an answer as bytes, for ``--raw``.
    """

    say: Callable[[Any, bytes], bool]
    ends: Separator
    unescaped: Callable[[Any], bytes]

    @staticmethod
    def add_options(parser: ArgumentParser) -> None:
        """Add what it looks at, but for `limit`."""
        add_words(parser, "WORD", "a line to say")
        parser.add_argument(
            "--raw",
            action="store_true",
            default=False,
            help="print the bytes of answers as they are, not escaped",
        )

    def __call__(self, options: Namespace) -> None:
        """Talk until the words, or standard input, or the conversation, are at an end."""
        output = Output()
        batches = given(options, self.ends, options.limit)
        with connected(options) as client:
            talk = _Talk(client, output, options)
            for lines in batches:
                if not talk.say(lines):
                    break


class _Talk:
    """Such a conversation with one server: says lines, prints answers, and counts them."""

    def __init__(self, client: sockets.Client[Any], output: Output, options: Namespace) -> None:
        self._client = client
        self._output = output
        self._options = options
        self._manner: LineByLine = options.side.converse
        self._answered = 0

    def say(self, lines: list[bytes]) -> bool:
        """Say lines, and print the answers; False if that has ended the conversation."""
        with complaints(self._options, lambda: f"line {self._answered + 1}"):
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
                if not self._manner.say(connection, line):
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
        if self._options.raw:
            self._output.write(b"".join(map(self._manner.unescaped, answers)))
        else:
            show = self._options.side.show
            self._output.write("".join(f"{show(each).text}\n" for each in answers))


COMMAND = Command(
    summary="say something to a server and print its answers",
    run=_run,
    add_arguments=_add_arguments,
    add_options=_add_options,
    defaults={"timeout": TIMEOUT_S},
    side=lambda protocol: protocol.client,
)
