"""When to try again: what a client does about a connection that is lost."""

from __future__ import annotations

import math
import random
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ohnecimd.errors import Closed, Misuse
from ohnecimd.protocols.cimd.exchanges import Lost, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Reconnect", "is_passing", "spread"]


def spread(delay_s: float) -> float:
    """Return a random time from half the delay to all of it, lest all clients come at once."""
    return random.uniform(delay_s / 2, delay_s)  # noqa: S311 - nobody gains from guessing it


@dataclass(frozen=True, kw_only=True)
class Reconnect:
    """Connect and log in again when the connection is lost, after delays that grow.

    A login that is refused is tried again only if the error is temporary; one that succeeds makes
    the delays begin anew. The first connection of a client is not tried again: ``connect`` raises.

    Requests that have not left are sent then, in the order in which they were asked. Of those that
    have left, nobody knows whether they were done; they are `Lost`.

    Args:
        attempts: so many in a row; None: any number.
        first_s: the first delay, in seconds.
        growth: each next is so many times as long ...
        most_s: ... but no longer than this.
        jitter: makes the time to wait of a delay; `spread`, or another function.
        resends_unanswered: send also those again that have left and are not answered; what they ask
            for may be done twice then, such as a message delivered twice.

    >>> policy = Reconnect(attempts=5, first_s=1, growth=3, most_s=20, jitter=lambda s: s)
    >>> list(policy.delays())
    [1, 3, 9, 20, 20]
    """

    attempts: int | None = None
    first_s: float = 1.0
    growth: float = 2.0
    most_s: float = 60.0
    jitter: Callable[[float], float] = spread
    resends_unanswered: bool = False

    def __post_init__(self) -> None:
        if self.attempts is not None and self.attempts < 1:
            raise Misuse(f"1 attempt or more, not {self.attempts}")
        if not (0 <= self.first_s < math.inf and 1 <= self.growth < math.inf and self.most_s >= 0):
            raise Misuse("delays of 0 s or more, and a growth of 1 or more")

    def delays(self) -> Iterator[float]:
        """Give the seconds to wait before each attempt."""
        delay = self.first_s
        count = 0
        while self.attempts is None or count < self.attempts:
            delay = min(delay, self.most_s)
            yield self.jitter(delay)
            delay *= self.growth
            count += 1


def is_passing(error: Exception) -> bool:
    """Tell whether what went wrong with a connection or a login may be right the next time."""
    if isinstance(error, Refused):
        return error.is_temporary
    if isinstance(error, ssl.SSLCertVerificationError):
        return False
    return isinstance(error, (OSError, Lost, Closed))
