"""Who sends what, and when: senders, states of a session, and the three kinds of messages."""

# pyright: reportIncompatibleMethodOverride=false
# The properties of Refusal are there for type checkers: fields of its subclasses stand for them.

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias

from ohnecimd.declaring.dissecting import STARS
from ohnecimd.domains import shown
from ohnecimd.messages import Message
from ohnecimd.protocols.cimd import parameters as of
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.parameters import Parameter

__all__ = [
    "ACTIVE",
    "APPLICATION",
    "BEFORE_LOGOUT",
    "BOTH",
    "CENTER",
    "CONNECTED",
    "LOGGED_IN",
    "LOGGED_OUT",
    "LOGGING_IN",
    "LOGGING_OUT",
    "Errors",
    "Others",
    "PlainRefusal",
    "Refusal",
    "Request",
    "Response",
    "Spare",
]

APPLICATION, CENTER = "application", "center"
BOTH = (APPLICATION, CENTER)

CONNECTED, LOGGING_IN, LOGGED_IN, LOGGING_OUT, LOGGED_OUT = (
    "connected",
    "logging in",
    "logged in",
    "logging out",
    "logged out",
)
ACTIVE = (LOGGED_IN, LOGGING_OUT)
BEFORE_LOGOUT = (CONNECTED, LOGGING_IN, LOGGED_IN, LOGGING_OUT)


Errors: TypeAlias = dict[str, ErrorCode]
Others: TypeAlias = Annotated[
    tuple[Parameter, ...], "parameters that the message does not have, as they came"
]


class Spare(Message):
    """A message of CIMD2; it shows the parameters that are there."""

    def __repr__(self) -> str:
        inner = ", ".join(
            f"{name}={value if value is STARS else shown(value)}"
            for name, value in self.__rich_repr__()
        )
        return f"{type(self).__name__}({inner})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in super().__rich_repr__() if value not in (None, ())]


class Request(Spare):
    """Something that is asked of the other side.

    Class variables: `errors` has the error code for each parameter that a server answers where it
    is missing or of no use, by the field's name; for others it is 2 or 8.
    """

    errors: ClassVar[Errors] = {}


class Response(Spare):
    """A positive answer."""


class Refusal(Spare):
    """A negative answer: `error` is its code, `text` perhaps more about it."""

    if TYPE_CHECKING:

        @property
        def error(self) -> ErrorCode | None:
            """What was wrong; a number if the code is unknown, None if nobody says."""

        @property
        def text(self) -> str | None:
            """The same in words; not to be parsed."""

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return isinstance(self.error, ErrorCode) and self.error.is_temporary


class PlainRefusal(Refusal):
    """A negative answer with nothing but the error."""

    error: of.ErrorCode
    text: of.ErrorText | None = None
    others: Others = ()
