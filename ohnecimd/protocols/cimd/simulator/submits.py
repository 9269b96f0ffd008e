"""What a center checks before it takes a message, and the error with which it says no.

What can be seen in one parameter alone is seen when the packet is decoded; here are the checks of
how they go together. Section 15 of the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ohnecimd.errors import Malformed
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.simulator.accounts import is_number
from ohnecimd.protocols.cimd.text import DEFAULT, Charset, capacity_of, scheme_of
from ohnecimd.protocols.cimd.times import decode_period

if TYPE_CHECKING:
    import datetime as dt

    from ohnecimd.protocols.cimd.messages import SubmitMessage

__all__ = ["Times", "check_recipient", "check_submit", "times_of"]


@dataclass(frozen=True, slots=True)
class Times:
    """When a message is to be delivered first, and when it expires: seconds from now."""

    begins_s: float
    expires_s: float


def check_submit(
    message: SubmitMessage, *, max_recipients: int, is_strict: bool
) -> ErrorCode | None:
    """Return why a message cannot be taken, whoever it is for; None if it can.

    Args:
        message: that was submitted.
        max_recipients: of one message.
        is_strict: refuse text that has no meaning, too.
    """
    if not 1 <= len(message.destinations) <= max_recipients:
        return ErrorCode.DESTINATION_COUNT
    if message.user_data is not None and message.binary is not None:
        return ErrorCode.USER_DATA_COMBINATION
    if message.originator and not is_number(message.originator):
        return ErrorCode.ORIGINATOR
    return _check_contents(message, is_strict=is_strict)


def check_recipient(number: str) -> ErrorCode | None:
    """Return why a message cannot go to a number."""
    return None if is_number(number) else ErrorCode.DESTINATION_ADDRESS


UNSAID = -1


def times_of(message: SubmitMessage, now: dt.datetime, validity_s: float) -> Times | ErrorCode:
    """Return when a message begins and expires, or what is wrong with what it says about that.

    Args:
        message: that was submitted.
        now: the time at the center.
        validity_s: the validity period of messages that do not tell.
    """
    if message.validity_relative is not None and message.validity_absolute is not None:
        return ErrorCode.VALIDITY_PERIOD
    if message.first_delivery_relative is not None and message.first_delivery_absolute is not None:
        return ErrorCode.FIRST_DELIVERY
    expires_s = _seconds(message.validity_relative, message.validity_absolute, now, validity_s)
    begins_s = _seconds(message.first_delivery_relative, message.first_delivery_absolute, now, 0.0)
    if expires_s <= 0:
        return ErrorCode.VALIDITY_PERIOD
    if message.validity_relative in {None, UNSAID} and message.validity_absolute is None:
        expires_s += max(0.0, begins_s)
    if begins_s >= expires_s:
        return ErrorCode.FIRST_DELIVERY
    return Times(max(0.0, begins_s), expires_s)


def _seconds(
    relative: int | None, absolute: dt.datetime | None, now: dt.datetime, otherwise: float
) -> float:
    if absolute is not None:
        return (absolute - now).total_seconds()
    period = None if relative is None else decode_period(relative)
    return otherwise if period is None else period.total_seconds()


def _check_contents(message: SubmitMessage, *, is_strict: bool) -> ErrorCode | None:
    header = message.header or b""
    if header and len(header) != header[0] + 1:
        return ErrorCode.USER_DATA
    if message.binary is not None:
        fits = len(message.binary) <= capacity_of("8bit", len(header))
        return None if fits else ErrorCode.USER_DATA
    if message.user_data is None:
        return None
    if scheme_of(message.data_coding).charset is not Charset.DEFAULT:
        return ErrorCode.DATA_CODING
    try:
        codes = DEFAULT.codes_in(message.user_data, strict=is_strict)
        DEFAULT.text(codes, strict=is_strict)
    except Malformed:
        return ErrorCode.USER_DATA
    fits = len(codes) <= capacity_of("default", len(header))
    return None if fits else ErrorCode.USER_DATA
