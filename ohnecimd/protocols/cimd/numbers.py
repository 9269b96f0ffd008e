"""Packet numbers: odd for the requests of an application, even for those of an SMS Center.

Both go round: 255 is followed by 001, 254 by 000. Section 3 of the facts.

>>> after(255), after(254), steps_to(253, 3)
(1, 0, 3)
"""

from __future__ import annotations

__all__ = ["COUNT", "EVEN", "HIGHEST", "LOGIN", "ODD", "after", "is_among", "steps_to"]

HIGHEST = 255
COUNT = 128
"""How many numbers each side has."""
ODD, EVEN = 1, 0
"""The first numbers of an application and of an SMS Center; each stands for its sequence."""
LOGIN = 1
"""The number of a login, always."""


def after(number: int) -> int:
    """Return the number that comes after one."""
    return (number + 2) % (HIGHEST + 1)


def is_among(number: int, first: int) -> bool:
    """Tell whether a number is in the sequence that `first` is in, and legal at all."""
    return 0 <= number <= HIGHEST and (number - first) % 2 == 0


def steps_to(number: int, later: int) -> int:
    """Return how many steps after `number` another of the same sequence comes: 0..127."""
    return (later - number) % (HIGHEST + 1) // 2
