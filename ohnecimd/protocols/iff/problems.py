"""What can be wrong with a file of the family: one table of problems, and the event that tells.

>>> print(Problem("crc-mismatch", 29).error())
at byte 29: crc-mismatch: the checksum of a chunk does not agree with its ID and data
"""

from __future__ import annotations

import msgspec

from ohnecimd.errors import (
    ChecksumMismatch,
    Malformed,
    RemoteProtocolError,
    TooLong,
    Truncated,
    UnexpectedMessage,
)

__all__ = ["PROBLEMS", "Problem", "ProblemKind"]


class ProblemKind(msgspec.Struct, frozen=True):
    """A row of the table of problems.

    Args:
        name: as in JSON.
        meaning: in words.
        error: what a strict reader raises.
        is_fatal: the group that it is about, or else in, cannot be read on: a tolerant reader
            steps over the rest of it, or of the input. It accepts all others.
    """

    name: str
    meaning: str
    error: type[RemoteProtocolError] = Malformed
    is_fatal: bool = False


_ROWS = (
    ProblemKind("empty", "there is no byte at all", Truncated, is_fatal=True),
    ProblemKind("ds64-missing", "the first chunk is not ds64"),
    ProblemKind("bad-id", "an ID has a byte that none may have", is_fatal=True),
    ProblemKind("id-leading-space", "an ID has a space before another character"),
    ProblemKind("bad-type", "a type that no group of this kind may have"),
    ProblemKind("bad-magic", "the input does not begin as its dialect does", is_fatal=True),
    ProblemKind("reserved-id", "a chunk has an ID that is reserved", UnexpectedMessage),
    ProblemKind("prop-outside-list", "a PROP stands elsewhere than in a LIST", UnexpectedMessage),
    ProblemKind("prop-not-first", "a PROP stands behind something else", UnexpectedMessage),
    ProblemKind("leaf-in-cat-or-list", "a plain chunk in a CAT or LIST", UnexpectedMessage),
    ProblemKind("form-in-prop", "a group stands in a PROP", UnexpectedMessage),
    ProblemKind("truncated-header", "the input ends within a header", Truncated, is_fatal=True),
    ProblemKind(
        "truncated-type", "the input ends before a group's type does", Truncated, is_fatal=True
    ),
    ProblemKind("truncated-data", "a size runs past the end of the input", Truncated),
    ProblemKind("missing-pad-at-end", "the input ends where a pad byte should be", Truncated),
    ProblemKind("child-beyond-parent", "a chunk runs past the end of the group around it"),
    ProblemKind("stray-bytes-in-parent", "a group ends with too few bytes for a header"),
    ProblemKind("size-negative", "a size is negative, as the signed number that it is", TooLong),
    ProblemKind("size-over-limit", "a size is over the limit", TooLong, is_fatal=True),
    ProblemKind("no-type", "a group is too small for its type", is_fatal=True),
    ProblemKind("prop-twice", "a LIST has two PROPs of one type", UnexpectedMessage),
    ProblemKind("pad-outside-parent", "the group around a chunk does not count its pad byte"),
    ProblemKind("nonzero-pad", "a pad byte is not 0"),
    ProblemKind("trailing-garbage", "bytes follow the end"),
    ProblemKind("ds64-short", "ds64 is too small for what it has to hold"),
    ProblemKind("ds64-table-beyond-chunk", "the table in ds64 runs past its end"),
    ProblemKind("ds64-table-too-long", "the table in ds64 has too many entries", TooLong),
    ProblemKind("bad-signature", "a byte of the signature is wrong", is_fatal=True),
    ProblemKind(
        "truncated-signature", "the input ends within the signature", Truncated, is_fatal=True
    ),
    ProblemKind(
        "truncated-crc", "the input ends before a chunk's checksum does", Truncated, is_fatal=True
    ),
    ProblemKind(
        "crc-mismatch",
        "the checksum of a chunk does not agree with its ID and data",
        ChecksumMismatch,
    ),
    ProblemKind("no-end-chunk", "the input ends before the last chunk", Truncated, is_fatal=True),
    ProblemKind("too-deep", "groups are nested deeper than the limit", TooLong, is_fatal=True),
)

PROBLEMS: dict[str, ProblemKind] = {row.name: row for row in _ROWS}
"""All problems by name; where several are at one byte, they are listed in this order."""

_RANKS = {name: rank for rank, name in enumerate(PROBLEMS)}


class Problem(msgspec.Struct, frozen=True):
    """Something is wrong, and a tolerant reader goes on.

    Args:
        kind: a name of `PROBLEMS`.
        offset: of the header of the chunk, or of the first byte that is wrong: the type, the pad
            byte, what is left over, the checksum, the letters of an ID where a size precedes them.
        note: what was found there, in words or as hexadecimal digits.
    """

    kind: str
    offset: int
    note: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        """The place of this problem among those of a file: by offset, then as in the table."""
        return self.offset, _RANKS[self.kind]

    def error(self, end: int | None = None) -> RemoteProtocolError:
        """Return what a strict reader raises; its `hint` is the kind.

        Args:
            end: of the input, if the problem is that it ends: the error is `Truncated` then, whose
                position is always the end; the text names the offset.
        """
        row = PROBLEMS[self.kind]
        text = f"{self.kind}: {row.meaning}{self._details}"
        if end is None:
            return row.error(text, position=self.offset, hint=self.kind)
        if end != self.offset:
            text = f"{text}, at byte {self.offset}"
        return Truncated(text, position=end, hint=self.kind)

    @property
    def _details(self) -> str:
        return f" ({self.note})" if self.note else ""
