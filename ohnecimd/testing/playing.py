"""Plays transcripts against a connection, and writes them down."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from ohnecimd.testing.clock import FakeClock
from ohnecimd.testing.cutting import cut_every
from ohnecimd.testing.outcomes import Failure
from ohnecimd.testing.transcripts import Entry, Side, Transcript, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ohnecimd.connection import Connection

__all__ = ["play", "record"]

CONTEXT_LINES = 3


def play(
    transcript: Transcript | str,
    connection: Connection[Any],
    side: Side = "S",
    *,
    piece: int = 0,
    act: Callable[[str], object] | None = None,
) -> list[Any]:
    r"""Let `connection` play one side of a conversation, and check that it says what is written.

    The other side's lines are sent to it; after those that follow each other, its own lines have
    to be all that it says, its end or error included. Events are checked where the transcript has
    any. Time passes on a fake clock: that of the connection, or one that it is given.

    Args:
        transcript: the conversation, or its text.
        connection: has not been used yet.
        side: which one it plays.
        piece: cut what is sent to it into pieces of so many bytes; 0: a line at a time.
        act: called with the text of an ``A:`` line, to let the application do it.

    Returns:
        The events of the connection.

    Raises:
        AssertionError: it says something else; with a comparison of the lines.

    >>> from ohnecimd import protocol, read_upto, write
    >>> @protocol
    ... def shout():
    ...     while line := (yield from read_upto(b"\n")).upper():
    ...         yield from write(line)
    >>> play(r'''
    ... C: hello\n
    ... S: Hello\n
    ... ''', shout())
    Traceback (most recent call last):
    AssertionError: not as written in transcript, from line 3 on
       2   C: hello\n
       3 - S: Hello\n
         + S: HELLO\n
    """
    if isinstance(transcript, str):
        transcript = Transcript.parse(transcript)
    player = _Player(connection, side, piece, act)
    has_events = any(entry.kind == "event" for entry in transcript)
    before: list[Entry] = []
    for stimuli, expected in _turns(transcript, side):
        before += stimuli
        actual = player.turn(stimuli)
        wanted = sorted(expected, key=_rank)
        said = [each for each in actual if has_events or each.kind != "event"]
        if not _agree(wanted, said):
            report = _report(transcript, before, wanted, _align(wanted, said, side))
            raise AssertionError(report) from connection.error
        before += expected
    return player.events


def record(
    connection: Connection[Any],
    pieces: Iterable[bytes],
    side: Side = "S",
    *,
    eof: bool = False,
) -> Transcript:
    r"""Send the pieces to `connection`, and write down what it says and emits.

    >>> from ohnecimd import protocol, read_until, write
    >>> @protocol
    ... def greet():
    ...     yield from write(b"Hello " + (yield from read_until(b"\n")))
    >>> print(record(greet(), [b"World\n"]), end="")
    C: World\n
    S: Hello World
    S: <end>
    """
    other: Side = "C" if side == "S" else "S"
    said = [Entry("bytes", other, piece) for piece in pieces if piece]
    player = _Player(connection, side, 0, None)
    transcript = Transcript(player.turn([]))
    for entry in [*said, Entry("end", other)] if eof else said:
        if entry.kind == "bytes":
            transcript.add_bytes(other, entry.data)
        else:
            transcript.entries.append(entry)
        transcript.entries += player.turn([entry])
    return transcript


class _Player:
    """Does to a connection what the lines say."""

    def __init__(
        self,
        connection: Connection[Any],
        side: Side,
        piece: int,
        act: Callable[[str], object] | None,
    ) -> None:
        self.connection = connection
        self.side: Side = side
        self.piece = piece
        self.act = act
        self.clock = connection.clock if isinstance(connection.clock, FakeClock) else FakeClock()
        self.clock.attach(connection)
        self.events: list[Any] = []
        self.has_ended = False
        self._output = bytearray()

    def turn(self, stimuli: list[Entry]) -> list[Entry]:
        """Do what the entries say, and return what comes of it as entries."""
        known = len(self.events)
        self._output.clear()
        try:
            self._take()
            for entry in stimuli:
                self._do(entry)
        except Exception as error:
            if error is not self.connection.error:
                raise
            self._take()
        said = [Entry("bytes", self.side, line) for line in lines_of(bytes(self._output))]
        said += (Entry("event", text=repr(event)) for event in self.events[known:])
        if self.connection.closing and not self.has_ended:
            self.has_ended = True
            failure = self.connection.error
            said.append(
                Entry("end", self.side)
                if failure is None
                else Entry("error", self.side, text=str(Failure.of(failure)))
            )
        return said

    def _do(self, entry: Entry) -> None:
        connection = self.connection
        if entry.kind == "action":
            if self.act is None:
                raise ValueError(f"nobody can act: play() was given no `act` for {entry.text!r}")
            self.act(entry.text)
        elif entry.kind == "time":
            for _ in self.clock.stops(entry.seconds, connection):
                connection.tick()
                self._take()
        elif connection.error is not None:
            return  # who has failed does not listen any more
        elif entry.kind == "end":
            connection.send_eof()
        else:
            for piece in cut_every(entry.data, self.piece or len(entry.data) or 1):
                connection.send(piece)
                self._take()
        self._take()

    def _take(self) -> None:
        while True:
            output = self.connection.read()
            self._output += output
            events = self.connection.events()
            self.events += events
            if not output and not events:
                return


def _turns(transcript: Transcript, side: Side) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """Give what is done to the connection, and what has to come of it, by turns."""
    stimuli: list[Entry] = []
    expected: list[Entry] = []
    for entry in transcript:
        if entry.kind == "event" or entry.side == side:
            expected.append(entry)
            continue
        if expected or (entry is transcript.entries[0]):
            yield stimuli, expected
            stimuli, expected = [], []
        stimuli.append(entry)
    yield stimuli, expected


def _rank(entry: Entry) -> int:
    """Order what has no order among itself: bytes, events, the end."""
    return ("bytes", "event", "end", "error").index(entry.kind)


def _agree(expected: list[Entry], actual: list[Entry]) -> bool:
    if _bytes_of(expected) != _bytes_of(actual):
        return False
    wanted = [entry for entry in expected if entry.kind != "bytes"]
    others = [entry for entry in actual if entry.kind != "bytes"]
    return len(wanted) == len(others) and all(map(_is_met, wanted, others))


def _is_met(wanted: Entry, entry: Entry) -> bool:
    if wanted.kind == entry.kind == "error":
        return wanted.text in ("", entry.text)
    return wanted == entry


def _bytes_of(entries: list[Entry]) -> bytes:
    return b"".join(entry.data for entry in entries if entry.kind == "bytes")


def _align(expected: list[Entry], actual: list[Entry], side: Side) -> list[Entry]:
    """Cut the actual bytes as the expected ones are cut, as far as they are the same."""
    data = _bytes_of(actual)
    aligned: list[Entry] = []
    for entry in expected:
        if entry.kind == "bytes" and data.startswith(entry.data):
            aligned.append(entry)
            data = data[len(entry.data) :]
        elif entry.kind == "bytes":
            break
    aligned += (Entry("bytes", side, line) for line in lines_of(data))
    return aligned + [entry for entry in actual if entry.kind != "bytes"]


def _report(
    transcript: Transcript, before: list[Entry], expected: list[Entry], actual: list[Entry]
) -> str:
    """Show both, line by line, and the lines before."""
    rows: list[str] = [f"{each.number:4}   {each}" for each in before[-CONTEXT_LINES:]]
    first = 0
    wanted, said = [str(each) for each in expected], [str(each) for each in actual]
    matcher = SequenceMatcher(None, wanted, said, autojunk=False)
    for what, start, stop, from_, to in matcher.get_opcodes():
        if what == "equal":
            rows += (f"{each.number:4}   {each}" for each in expected[start:stop])
            continue
        first = first or next((each.number for each in expected[start:stop]), 0)
        rows += (f"{each.number:4} - {each}" for each in expected[start:stop])
        rows += (f"     + {line}" for line in said[from_:to])
    after = max((each.number for each in (*before, *expected)), default=0)
    place = f"from line {first} on" if first else f"after line {after}"
    return "\n".join([f"not as written in {transcript.name}, {place}", *rows])
