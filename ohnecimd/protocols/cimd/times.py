"""Times of CIMD2: time stamps, and periods in one number; section 12.

::

    stamp       yymmddhhmmss                in the SMSC's local time; yy is 20yy
    period      0-143     5 minutes to 12 hours, in steps of 5 minutes
                144-167   to 24 hours, in steps of half an hour
                168-196   2 to 30 days
                197-255   5 to 63 weeks
                -1        what the SMSC does by itself: its default, or at once

>>> decode_stamp(b"261120131502"), decode_period(167)
(datetime.datetime(2026, 11, 20, 13, 15, 2), datetime.timedelta(days=1))
>>> encode_period(timedelta(hours=12, minutes=10))
144
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ohnecimd.errors import FieldError, Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "LONGEST_MINUTES",
    "decode_period",
    "decode_stamp",
    "encode_period",
    "encode_stamp",
    "minutes_of",
]

HOUR, DAY, WEEK = 60, 1440, 10080
UNSAID = -1
MIDNIGHT = b"24"  # some versions of Python take it for the next day

# From this value on: the minutes that it stands for, and those of each step.
STEPS = (
    (0, 5, 5),
    (144, 12 * HOUR + 30, 30),
    (168, 2 * DAY, DAY),
    (197, 5 * WEEK, WEEK),
)
LAST = 255
LONGEST_MINUTES = 63 * WEEK
"""As long as a period can be."""

DELIMITERS = b"-T:"


def _all_minutes() -> Iterator[int]:
    ends = [start for start, _, _ in STEPS[1:]] + [LAST + 1]
    for (start, minutes, step), end in zip(STEPS, ends, strict=True):
        yield from range(minutes, minutes + (end - start) * step, step)


MINUTES = tuple(_all_minutes())


def minutes_of(value: int) -> int | None:
    """Return how many minutes a relative time (050, 053) stands for; None for -1.

    Args:
        value: -1..255.

    Raises:
        Malformed: it is out of range.

    >>> [minutes_of(value) for value in (0, 143, 144, 167, 168, 196, 197, 255)]
    [5, 720, 750, 1440, 2880, 43200, 50400, 635040]
    """
    if value == UNSAID:
        return None
    if not 0 <= value <= LAST:
        raise Malformed(expected="-1..255", found=value)
    return MINUTES[value]


def decode_period(value: int) -> timedelta | None:
    """Return the period that a relative time (050, 053) stands for; None for -1.

    Raises:
        Malformed: it is out of range.
    """
    minutes = minutes_of(value)
    return None if minutes is None else timedelta(minutes=minutes)


def encode_period(period: timedelta | int | None) -> int:
    """Return the relative time (050, 053) of the shortest period that is not shorter.

    Args:
        period: a length of time, or minutes; more than 63 weeks are 63 weeks; None: -1.

    Raises:
        FieldError: it is less than nothing.

    >>> [encode_period(minutes) for minutes in (0, 721, 1441, 43201)]
    [0, 144, 168, 197]
    """
    if period is None:
        return UNSAID
    minutes = -(-period // timedelta(minutes=1)) if isinstance(period, timedelta) else period
    if minutes < 0:
        raise FieldError(path=["period"], expected="0 minutes or more", found=minutes)
    return min(bisect_left(MINUTES, minutes), LAST)


def decode_stamp(stamp: bytes) -> datetime:
    """Return the time of a stamp (060, 063, 051, 054, 501), without a zone.

    Raises:
        Malformed: it is no time.

    >>> decode_stamp(b"261331000000")
    Traceback (most recent call last):
    ohnecimd.errors.Malformed: expected a time, yymmddhhmmss, found b'261331000000'
    """
    if len(stamp) == 12 and stamp.isdigit() and stamp[6:8] != MIDNIGHT:
        digits = stamp.decode()
        try:
            return datetime.fromisoformat(f"20{digits[:6]}T{digits[6:]}")
        except ValueError:
            pass
    raise Malformed(expected="a time, yymmddhhmmss", found=stamp)


def encode_stamp(time: datetime) -> bytes:
    """Return the stamp of a time; parts of seconds are left out.

    Args:
        time: in the SMSC's local time, without a zone.

    Raises:
        FieldError: it has a zone, or is not within 2000 to 2099.

    >>> encode_stamp(datetime(2026, 11, 20, 13, 15, 2))
    b'261120131502'
    """
    if time.tzinfo is not None or not 2000 <= time.year <= 2099:
        raise FieldError(
            path=["time"], expected="a time from 2000 to 2099, without zone", found=str(time)
        )
    return time.isoformat().encode().translate(None, DELIMITERS)[2:14]
