import itertools
import math
import ssl

import pytest

from ohnecimd.clients.cimd import Reconnect, Refused, spread
from ohnecimd.clients.cimd.reconnecting import is_passing
from ohnecimd.errors import Closed, Misuse
from ohnecimd.protocols.cimd.messages import Login
from ohnecimd.protocols.cimd.refusals import LoginRefusal


def test_delays_grow_up_to_a_limit_and_go_through_the_jitter():
    policy = Reconnect(first_s=1, growth=3, most_s=20, jitter=lambda s: -s)
    assert list(itertools.islice(policy.delays(), 5)) == [-1, -3, -9, -20, -20]


def test_attempts_are_counted():
    assert len(list(Reconnect(attempts=4).delays())) == 4


def test_the_usual_jitter_takes_between_half_the_delay_and_all_of_it():
    delays = [spread(8.0) for _ in range(200)]
    assert 4.0 <= min(delays) < max(delays) <= 8.0


@pytest.mark.parametrize(
    "options",
    [{"attempts": 0}, {"first_s": -1}, {"growth": 0.5}, {"first_s": math.inf}, {"most_s": -1}],
)
def test_a_policy_that_cannot_be_is_refused(options):
    with pytest.raises(Misuse):
        Reconnect(**options)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (Closed("gone"), True),
        (Refused(Login("u", "p"), LoginRefusal(102)), True),
        (Refused(Login("u", "p"), LoginRefusal(100)), False),
        (ssl.SSLCertVerificationError(), False),
        (RuntimeError(), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error, expected):
    assert is_passing(error) is expected


def test_only_a_policy_is_taken_for_one(connect):
    with pytest.raises(Misuse, match="reconnect is a Reconnect, or None, not True"):
        connect(reconnect=True)
