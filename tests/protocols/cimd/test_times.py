"""Time stamps, and periods in one number."""

# ruff: noqa: DTZ001 - times of CIMD2 have no zone

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import FieldError, Malformed
from ohnecimd.protocols.cimd.times import (
    LONGEST_MINUTES,
    decode_period,
    decode_stamp,
    encode_period,
    encode_stamp,
    minutes_of,
)

TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31, 23, 59, 59))


def value_by_formula(minutes):
    """Return what section 12 computes."""
    if minutes <= 720:
        return max(0, math.ceil(minutes / 5) - 1)
    if minutes <= 1440:
        return 143 + math.ceil((minutes - 720) / 30)
    if minutes <= 43200:
        return 166 + max(2, math.ceil(minutes / 1440))
    return min(255, 192 + max(5, math.ceil(minutes / 10080)))


@pytest.mark.parametrize("value", range(256))
def test_every_period_has_its_number(value):
    assert encode_period(minutes_of(value)) == value
    assert encode_period(decode_period(value)) == value
    assert decode_period(value) == dt.timedelta(minutes=minutes_of(value))


def test_periods_grow_with_their_numbers():
    minutes = [minutes_of(value) for value in range(256)]
    assert minutes == sorted(set(minutes))
    assert (minutes[0], minutes[-1]) == (5, LONGEST_MINUTES)


@pytest.mark.parametrize(
    ("minutes", "value"),
    [(720, 143), (750, 144), (1440, 167), (2880, 168), (43200, 196), (50400, 197)],
)
def test_periods_seen_on_the_wire(minutes, value):
    assert encode_period(minutes) == value
    assert minutes_of(value) == minutes


def test_periods_at_the_bounds_of_the_table():
    values = {0: 5, 143: 12 * 60, 167: 24 * 60, 168: 2 * 1440, 196: 30 * 1440, 255: 63 * 10080}
    assert {value: minutes_of(value) for value in values} == values


@given(st.integers(0, LONGEST_MINUTES + 100))
def test_period_is_the_shortest_that_is_not_shorter(minutes):
    value = encode_period(minutes)
    assert value == value_by_formula(minutes)
    assert minutes_of(value) >= min(minutes, LONGEST_MINUTES)
    assert value == 0 or minutes_of(value - 1) < minutes


@pytest.mark.parametrize(
    ("seconds", "value"), [(0, 0), (1, 0), (300, 0), (301, 1), (43200, 143), (43201, 144)]
)
def test_parts_of_minutes_count_as_minutes(seconds, value):
    assert encode_period(dt.timedelta(seconds=seconds)) == value


def test_more_than_63_weeks_are_63_weeks():
    assert encode_period(dt.timedelta(days=1000)) == 255
    assert encode_period(10**12) == 255


def test_what_the_centre_does_by_itself_is_minus_one():
    assert (minutes_of(-1), decode_period(-1), encode_period(None)) == (None, None, -1)


@pytest.mark.parametrize("value", [-2, 256])
def test_numbers_that_are_no_periods_are_refused(value):
    for read in (minutes_of, decode_period):
        with pytest.raises(Malformed, match=rf"^expected -1\.\.255, found {value}$"):
            read(value)


def test_periods_of_less_than_nothing_are_refused():
    for period in (-1, dt.timedelta(minutes=-1)):
        with pytest.raises(FieldError, match=r"^in period: expected 0 minutes or more, found -1$"):
            encode_period(period)


@given(TIMES)
def test_stamps_come_back_in_whole_seconds(time):
    assert decode_stamp(encode_stamp(time)) == time.replace(microsecond=0)


def test_stamp_is_twelve_digits():
    time = dt.datetime(2026, 11, 20, 13, 15, 2)
    assert encode_stamp(time) == b"261120131502"
    assert decode_stamp(b"261120131502") == time
    assert decode_stamp(b"990101000000") == dt.datetime(2099, 1, 1)


@pytest.mark.parametrize(
    "stamp",
    [
        b"", b"26112013150", b"2611201315021", b"261320131502", b"260230131502", b"261120241502",
        b"2611 0131502", b"26112013150\xb2", b"-61120131502", b"2611201315+1", b"261120T31502",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(stamp):
    with pytest.raises(Malformed, match=r"^expected a time, yymmddhhmmss, found "):
        decode_stamp(stamp)


@pytest.mark.parametrize(
    "time",
    [
        dt.datetime(1999, 12, 31, 23, 59, 59),
        dt.datetime(2100, 1, 1),
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    ],
)
def test_times_that_no_stamp_can_hold_are_refused(time):
    with pytest.raises(FieldError, match=r"^in time: expected a time from 2000 to 2099, without"):
        encode_stamp(time)
