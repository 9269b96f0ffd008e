"""Everything that can go wrong, as one tree.

::

    OhnecimdError
    ├── ProtocolError                 knows its place: position, path, expected, found, hint
    │   ├── RemoteProtocolError       the peer broke the rules
    │   │   ├── Malformed             these bytes cannot stand here
    │   │   ├── ChecksumMismatch      the bytes arrived changed
    │   │   ├── UnknownMessage        well-formed, but nobody knows it
    │   │   ├── TooLong               more than the limit allows
    │   │   ├── Truncated             the input ended too early (also an EOFError)
    │   │   └── UnexpectedMessage     known, but not now
    │   └── LocalProtocolError        we would break them
    │       ├── FieldError            a value that its field cannot hold
    │       └── NotAllowedNow         an action that this state does not allow
    ├── Closed                        the connection takes no more
    ├── NoResult                      the parser has not returned yet (also an ohneio.NoResult)
    ├── Misuse                        the toolkit was used against its rules (also a RuntimeError)
    └── TimeoutExpired                a time limit of the parser has passed (also a TimeoutError)

Trouble of the transport (``ConnectionError``, ``OSError``) is none of these and stays what it
is. Waiting for more bytes is never an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ohneio

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ChecksumMismatch",
    "Closed",
    "FieldError",
    "LocalProtocolError",
    "Malformed",
    "Misuse",
    "NoResult",
    "NotAllowedNow",
    "OhnecimdError",
    "ProtocolError",
    "RemoteProtocolError",
    "TimeoutExpired",
    "TooLong",
    "Truncated",
    "UnexpectedMessage",
    "UnknownMessage",
]

QUOTED_BYTES = 32  # how much of the peer's bytes an error repeats
QUOTED_CHARACTERS = 128  # how much of the repr of anything else; 32 bytes take no more


class OhnecimdError(Exception):
    """Whatever this library raises on purpose."""


class ProtocolError(OhnecimdError):
    r"""A rule of the protocol was broken; says where, and by what.

    Args:
        message: the fault in words; made from `expected` and `found` where it is empty.
        position: bytes from the beginning of the connection to the fault; where a parser leaves
            it out, the engine fills in the place where the parser stands.
        path: labels around the place, from the outside in.
        expected: what could have stood there, in words.
        found: what stood there: bytes, of which the first 32 are kept, or any other value.
        hint: the protocol's own answer to this fault, such as an error code.

    >>> print(Malformed(expected="1 or more", found=0))
    expected 1 or more, found 0
    >>> print(Malformed(position=117, path=["packet", "parameter 033"],
    ...                 expected="TAB", found=b"\x03"))
    at byte 117 in packet > parameter 033: expected TAB, found b'\x03'
    """

    def __init__(
        self,
        message: str = "",
        *,
        position: int | None = None,
        path: Iterable[str] = (),
        expected: str = "",
        found: object = None,
        hint: object = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.path = tuple(path)
        self.expected = expected
        self.found: object = (
            bytes(found[:QUOTED_BYTES])
            if isinstance(found, (bytes, bytearray, memoryview))
            else found
        )
        self.hint = hint

    def __str__(self) -> str:
        """One line: place, path and fault, the peer's bytes escaped."""
        place = [] if self.position is None else [f"at byte {self.position}"]
        if self.path:
            place.append("in " + " > ".join(self.path))
        fault = self.message or self._fault()
        return f"{' '.join(place)}: {fault}" if place else fault

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _fault(self) -> str:
        words = [f"expected {self.expected}"] if self.expected else []
        if self.found is not None:
            words.append(f"found {_shown(self.found)}")
        return ", ".join(words) or type(self).__name__


def _shown(found: object) -> str:
    if isinstance(found, bytes):
        return repr(found) if found else "nothing"
    if isinstance(found, int) and found.bit_length() > QUOTED_CHARACTERS:
        return f"an integer of {found.bit_length()} bits"  # Python refuses to print very long ones
    text = " ".join(repr(found).splitlines())
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[:QUOTED_CHARACTERS]}..."


class RemoteProtocolError(ProtocolError):
    """The peer broke the rules: bytes that came in are wrong."""


class Malformed(RemoteProtocolError):
    """Bytes that cannot stand where they stand."""


class ChecksumMismatch(RemoteProtocolError):
    """A checksum in the input does not agree with the bytes it covers."""


class UnknownMessage(RemoteProtocolError):
    """A well-formed message that the table does not know, where only known ones are taken."""


class TooLong(RemoteProtocolError):
    """More bytes than the limit allows; `position` is the byte that settled it."""


class Truncated(RemoteProtocolError, EOFError):
    """The input ended in the middle of something.

    `position` is the end of the input; `partial` holds what had come and is not consumed.
    """

    def __init__(
        self,
        message: str = "",
        *,
        position: int | None = None,
        path: Iterable[str] = (),
        expected: str = "",
        found: object = None,
        hint: object = None,
        partial: bytes = b"",
    ) -> None:
        super().__init__(
            message,
            position=position,
            path=path,
            expected=expected,
            found=partial if found is None else found,
            hint=hint,
        )
        self.partial = partial

    def _fault(self) -> str:
        words = f"expected {self.expected}, " if self.expected else ""
        count = len(self.partial)
        return f"{words}found the end of input after {count} byte{'' if count == 1 else 's'}"


class UnexpectedMessage(RemoteProtocolError):
    """A message that is known, but that the peer may not send in this state."""


class LocalProtocolError(ProtocolError):
    """We would break the rules: nothing has been sent."""


class FieldError(LocalProtocolError):
    """A value that its field cannot hold."""


class NotAllowedNow(LocalProtocolError):
    """An action that the state of the connection does not allow."""


class Closed(OhnecimdError):
    """The connection takes no more input: it failed, was closed, or its input has ended."""


class NoResult(OhnecimdError, ohneio.NoResult):  # type: ignore[misc] # ohneio has no types
    """The parser has not returned (yet)."""


class Misuse(OhnecimdError, RuntimeError):
    """The toolkit was used against its rules; the message says which."""


class TimeoutExpired(OhnecimdError, TimeoutError):
    """The time that a parser gave something has passed; `path` names it by the labels around."""

    def __init__(self, seconds: float, path: Iterable[str] = ()) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.path = tuple(path)

    def __str__(self) -> str:
        """One line: path and time."""
        place = f"in {' > '.join(self.path)}: " if self.path else ""
        return f"{place}not done within {self.seconds:g} s"
