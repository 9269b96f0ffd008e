import pytest

from ohnecimd.protocols.cimd.codes import Reports, StatusCode
from ohnecimd.protocols.cimd.simulator.outcomes import (
    DELAY_S,
    Ending,
    Fate,
    Rule,
    course,
    fate_of,
    is_reported,
)


def steps(fate, begins_s=0.0, expires_s=1000.0):
    happens = course(Fate.parse(fate), begins_s=begins_s, expires_s=expires_s)
    return [(step.after_s, step.status.name, step.error) for step in happens]


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        ("delivered:2", [(2, "DELIVERED", None)]),
        ("delivered:2:30", [(2, "DELIVERED", 30)]),
        ("failed:2", [(2, "FAILED", 1)]),
        ("failed:2:29", [(2, "FAILED", 29)]),
        ("expired:2", [(2, "EXPIRED", 29)]),
        ("deleted:2", [(2, "DELETED", None)]),
        ("retried:2", [(2, "NO_RESPONSE", 29), (4, "DELIVERED", None)]),
        ("no-response:2", [(2, "NO_RESPONSE", 60), (4, "LAST_NO_RESPONSE", 60)]),
        ("waiting:2", [(2, "IN_PROCESS", None), (1000, "EXPIRED", None)]),
    ],
)
def test_each_ending_has_its_course(fate, expected):
    assert steps(fate) == expected


def test_what_is_not_through_in_its_validity_period_expires():
    assert steps("delivered:5", expires_s=5) == [(5, "EXPIRED", None)]
    assert steps("retried:3", expires_s=5) == [(3, "NO_RESPONSE", 29), (5, "EXPIRED", 29)]
    assert steps("delivered:4.9", expires_s=5) == [(4.9, "DELIVERED", None)]


def test_a_delay_counts_from_the_first_delivery_time():
    assert steps("delivered:2", begins_s=60) == [(62, "DELIVERED", None)]
    assert steps("retried:2", begins_s=60) == [(62, "NO_RESPONSE", 29), (64, "DELIVERED", None)]


@pytest.mark.parametrize("ending", set(Ending) - {Ending.REFUSED})
@pytest.mark.parametrize("expires_s", [0.5, 1.0, 1.5, 2.0, 9.0])
def test_every_course_ends_once_and_in_order(ending, expires_s):
    happens = course(Fate(ending, 1.0), begins_s=0.0, expires_s=expires_s)
    assert [step.status.is_final for step in happens] == [False] * (len(happens) - 1) + [True]
    times = [step.after_s for step in happens]
    assert times == sorted(times)
    assert times[-1] <= expires_s


def test_a_fate_is_written_with_its_delay_and_error():
    assert Fate.parse("delivered") == Fate(Ending.DELIVERED, DELAY_S, None)
    assert Fate.parse("failed", 3.0) == Fate(Ending.FAILED, 3.0, None)
    assert Fate.parse("refused::10") == Fate(Ending.REFUSED, DELAY_S, 10)
    assert Fate.parse("failed:0") == Fate(Ending.FAILED, 0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown outcome '': there are delivered, failed, expired"),
        ("lost", "unknown outcome 'lost'"),
        ("failed:soon", "bad delay 'soon': it is a number of seconds"),
        ("failed:-1", "bad delay -1.0"),
        ("failed:nan", "bad delay nan"),
        ("failed:1e99", "bad delay 1e\\+99"),
        ("failed:1:x", "bad error 'x'"),
        ("failed:1:1000", "bad error '1000'"),
        ("refused:1:0", "bad error 0: it is a number from 1 to 999"),
        ("failed:1:2:3", "has more than OUTCOME:SECONDS:ERROR"),
    ],
)
def test_what_is_no_fate_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        Fate.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("+358", "bad rule '\\+358': it is PREFIX=OUTCOME"),
        ("x=failed", "bad prefix 'x'"),
        ("=failed", "bad prefix ''"),
        ("+358=lost", "unknown outcome 'lost'"),
    ],
)
def test_what_is_no_rule_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        Rule.parse(text)


def test_the_longest_prefix_decides():
    rules = tuple(map(Rule.parse, ("+=failed:1", "+358=expired:2", "+35840=deleted:3")))
    otherwise = Fate()
    assert fate_of("+46", rules, otherwise).ending is Ending.FAILED
    assert fate_of("+35899", rules, otherwise).ending is Ending.EXPIRED
    assert fate_of("+35840123", rules, otherwise).ending is Ending.DELETED
    assert fate_of("0401234", rules, otherwise) is otherwise


@pytest.mark.parametrize(
    ("status", "reports", "expected"),
    [
        (StatusCode.DELIVERED, 8, True),
        (StatusCode.DELIVERED, 255 - 8, False),
        (StatusCode.FAILED, 4, True),
        (StatusCode.EXPIRED, 2, True),
        (StatusCode.EXPIRED, 4, False),
        (StatusCode.CANCELLED, 16, True),
        (StatusCode.DELETED, 32, True),
        (StatusCode.LAST_NO_RESPONSE, 2, True),
        (StatusCode.LAST_NO_RESPONSE, 4, True),
        (StatusCode.LAST_NO_RESPONSE, 8, False),
        (StatusCode.NO_RESPONSE, 1, True),
        (StatusCode.NO_RESPONSE, 14, False),
        (StatusCode.IN_PROCESS, 1, True),
        (StatusCode.DELIVERED, 0, False),
    ],
)
def test_bits_say_what_is_reported(status, reports, expected):
    assert is_reported(status, Reports(reports), temporary_before=0) is expected


def test_the_first_temporary_result_has_a_bit_of_its_own():
    first = Reports.FIRST_TEMPORARY_RESULT
    assert is_reported(StatusCode.NO_RESPONSE, first, temporary_before=0)
    assert not is_reported(StatusCode.NO_RESPONSE, first, temporary_before=1)
    assert is_reported(StatusCode.NO_RESPONSE, first | Reports.TEMPORARY_ERROR, temporary_before=1)
    assert not is_reported(StatusCode.DELIVERED, first, temporary_before=0)
