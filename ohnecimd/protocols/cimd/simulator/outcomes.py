"""What becomes of a message that was submitted: one course of events for each kind of ending.

Simulated phones are as reliable as a test wants them. A `Fate` says how a message ends, when, and
with which status error; it holds for all messages, or, in a `Rule`, for those to certain numbers.
A message that is not through when its validity period ends expires then, whatever its fate is.

>>> Fate.parse("failed:2:29")
Fate(ending=<Ending.FAILED: 'failed'>, delay_s=2.0, error=29)
>>> for step in course(Fate(Ending.RETRIED, 5.0), begins_s=0.0, expires_s=3600.0):
...     print(step.after_s, step.status.name, step.error)
5.0 NO_RESPONSE 29
10.0 DELIVERED None
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from ohnecimd.protocols.cimd.codes import ErrorCode, Reports, StatusCode, StatusError
from ohnecimd.protocols.cimd.simulator.accounts import is_number

__all__ = ["DELAY_S", "Ending", "Fate", "Rule", "Step", "course", "fate_of", "is_reported"]

DELAY_S = 0.1
MOST_SECONDS = 1e7
HIGHEST_ERROR = 999


class Ending(enum.StrEnum):
    """How a message ends."""

    DELIVERED = "delivered"
    """The phone gets it."""
    FAILED = "failed"
    """It cannot be delivered."""
    EXPIRED = "expired"
    """Its validity period is over, after the delay at the latest."""
    DELETED = "deleted"
    """The operator deletes it."""
    RETRIED = "retried"
    """There is no response at first: a temporary error; as long again, and the phone gets it."""
    NO_RESPONSE = "no-response"
    """There is no response, and once more, and then no more attempt."""
    WAITING = "waiting"
    """It stays in process until it expires."""
    REFUSED = "refused"
    """The submit is answered with an error; that is the error code, not a status error."""


ERRORS = {
    Ending.FAILED: StatusError.UNKNOWN_SUBSCRIBER,
    Ending.EXPIRED: StatusError.ABSENT_SUBSCRIBER,
    Ending.RETRIED: StatusError.ABSENT_SUBSCRIBER,
    Ending.NO_RESPONSE: StatusError.NO_PAGING_RESPONSE,
    Ending.REFUSED: ErrorCode.DESTINATION_ADDRESS,
}
"""The errors, where a fate does not tell any."""
FIRST_AND_LAST = {
    Ending.DELIVERED: StatusCode.DELIVERED,
    Ending.FAILED: StatusCode.FAILED,
    Ending.EXPIRED: StatusCode.EXPIRED,
    Ending.DELETED: StatusCode.DELETED,
}
"""What happens to a message, where that is only one thing."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How a message ends, and when.

    Args:
        ending: see `Ending`.
        delay_s: how long it takes, or one attempt of several, from the first delivery time on.
        error: the status error (062); of a refused one the error code (900). None: a usual one.

    Raises:
        ValueError: a number that cannot be.
    """

    ending: Ending = Ending.DELIVERED
    delay_s: float = DELAY_S
    error: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.delay_s <= MOST_SECONDS:
            raise ValueError(f"bad delay {self.delay_s}: it is a number of seconds, 0 or more")
        lowest = 1 if self.ending is Ending.REFUSED else 0
        if self.error is not None and not lowest <= self.error <= HIGHEST_ERROR:
            raise ValueError(f"bad error {self.error}: it is a number from {lowest} to 999")

    @classmethod
    def parse(cls, text: str, delay_s: float = DELAY_S) -> Fate:
        """Return the fate that is written ``OUTCOME[:SECONDS[:ERROR]]``.

        Args:
            text: what is written.
            delay_s: where it does not tell.

        Raises:
            ValueError: none is.
        """
        name, *numbers = text.split(":")
        try:
            ending = Ending(name)
        except ValueError:
            raise ValueError(f"unknown outcome {name!r}: there are {', '.join(Ending)}") from None
        if len(numbers) > 2:
            raise ValueError(f"the outcome {text!r} has more than OUTCOME:SECONDS:ERROR")
        delay, error = (*numbers, "", "")[:2]
        return cls(
            ending,
            _seconds(delay) if delay else delay_s,
            _number(error) if error else None,
        )

    @property
    def cause(self) -> Any:  # noqa: ANN401 - a number where the meaning is unknown
        """The status error, or the `ErrorCode` of a refused one; None where there is none."""
        if self.error is None:
            return ERRORS.get(self.ending)
        kind = ErrorCode if self.ending is Ending.REFUSED else StatusError
        try:
            return kind(self.error)
        except ValueError:
            return self.error


@dataclass(frozen=True, slots=True)
class Rule:
    """The fate of messages to numbers that begin with a prefix.

    Raises:
        ValueError: no number begins so.
    """

    prefix: str
    fate: Fate

    def __post_init__(self) -> None:
        if not (self.prefix == "+" or is_number(self.prefix)):
            raise ValueError(f"bad prefix {self.prefix!r}: it is the beginning of a phone number")

    @classmethod
    def parse(cls, text: str, delay_s: float = DELAY_S) -> Rule:
        """Return the rule that is written ``PREFIX=OUTCOME[:SECONDS[:ERROR]]``.

        Raises:
            ValueError: none is.
        """
        prefix, equals, fate = text.partition("=")
        if not equals:
            raise ValueError(f"bad rule {text!r}: it is PREFIX=OUTCOME[:SECONDS[:ERROR]]")
        return cls(prefix, Fate.parse(fate, delay_s))


def fate_of(number: str, rules: tuple[Rule, ...], otherwise: Fate) -> Fate:
    """Return the fate of a message to this number: of the rules, that with the longest prefix."""
    fitting = [rule for rule in rules if number.startswith(rule.prefix)]
    return max(fitting, key=lambda rule: len(rule.prefix)).fate if fitting else otherwise


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to a message: seconds after it was submitted, its status from then."""

    after_s: float
    status: StatusCode
    error: StatusError | None = None


def course(fate: Fate, *, begins_s: float, expires_s: float) -> tuple[Step, ...]:
    """Return what happens to a message, in order; the last has a final status.

    Args:
        fate: of the message.
        begins_s: when it is to be delivered first, in seconds after it was submitted.
        expires_s: when its validity period ends.
    """
    first = begins_s + fate.delay_s
    steps = _steps(fate.ending, first, first + fate.delay_s, fate.cause)
    happens = tuple(step for step in steps if step.after_s < expires_s)
    if happens and happens[-1].status.is_final:
        return happens
    return (*happens, Step(max(expires_s, begins_s), StatusCode.EXPIRED, fate.cause))


def _steps(ending: Ending, first: float, second: float, error: Any) -> tuple[Step, ...]:  # noqa: ANN401
    """Return what would happen to a message that never expires."""
    if ending in FIRST_AND_LAST:
        return (Step(first, FIRST_AND_LAST[ending], error),)
    if ending is Ending.WAITING:
        return (Step(first, StatusCode.IN_PROCESS, error),)
    no_response = Step(first, StatusCode.NO_RESPONSE, error)
    if ending is Ending.RETRIED:
        return (no_response, Step(second, StatusCode.DELIVERED))
    return (no_response, Step(second, StatusCode.LAST_NO_RESPONSE, error))


def is_reported(status: StatusCode, reports: Reports, temporary_before: int) -> bool:
    """Tell whether a status is one that was asked to be reported.

    Args:
        status: what has become of the message.
        reports: what was asked for (056).
        temporary_before: how many temporary results it has had before.
    """
    if not status.is_final and Reports.FIRST_TEMPORARY_RESULT in reports and not temporary_before:
        return True
    return bool(status.report & reports)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"bad delay {text!r}: it is a number of seconds") from None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3):
        raise ValueError(f"bad error {text!r}: it is a number of at most 3 digits")
    return int(text)
