"""What comes of a parser, which no cut of its input may change."""

from __future__ import annotations

from ohnecimd import protocol
from ohnecimd.errors import Malformed, TooLong, Truncated
from ohnecimd.testing import cuts, name_of_cut


def _run(parser, pieces, *, eof):
    """Give the connection, and the error or None."""
    connection = protocol(parser)()
    try:
        for piece in pieces:
            connection.send(piece)
        if eof:
            connection.send_eof()
        connection.read()
    except (Malformed, TooLong, Truncated) as error:
        return connection, error
    return connection, None


def _the_only_one(parser, data, describe, *, eof):
    """Give what `describe` makes of a connection and its error, the same for every cut."""
    outcomes = {}
    for pieces in cuts(data):
        outcome = describe(*_run(parser, pieces, eof=eof))
        outcomes.setdefault(repr(outcome), (outcome, []))[1].append(name_of_cut(pieces))
    assert len(outcomes) == 1, outcomes
    return next(iter(outcomes.values()))[0]


def outcome_of(parser, data, *, eof=True):
    """Give the result, or "waits", or the kind and text of the error."""

    def describe(connection, error):
        if error is not None:
            return f"{type(error).__name__} {error}", None
        if not connection.has_result:
            return "waits", None
        return connection.get_result(), (connection.offset, connection.unread)

    return _the_only_one(parser, data, describe, eof=eof)[0]


def fate_of(parser, data, *, eof=True):
    """Give the result, or "waits", or what the error says; and how much was consumed."""

    def describe(connection, error):
        if error is not None:
            outcome = (type(error), str(error), error.position, error.found)
        else:
            outcome = connection.get_result() if connection.has_result else "waits"
        return outcome, connection.offset

    return _the_only_one(parser, data, describe, eof=eof)


def begins_with(expected, outcome):
    """Compare results, or the beginning of the text of an error."""
    if isinstance(expected, str) and isinstance(outcome, str):
        return outcome.startswith(expected)
    return outcome == expected
