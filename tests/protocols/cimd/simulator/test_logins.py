from datetime import datetime

import pytest

from ohnecimd.errors import Misuse
from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.exchanges import Refused
from ohnecimd.protocols.cimd.messages import Set, SubmitMessage
from ohnecimd.protocols.cimd.parameters import Parameter
from ohnecimd.protocols.cimd.simulator import Account, Simulator

NOON = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - local time of the SMSC


def refused(line, exchange):
    with pytest.raises(Refused) as caught:
        line.ask(exchange)
    return caught.value.code


def test_the_account_of_a_user_may_log_in(world):
    here = world(Account("news", "s3cret"), Account("shop", "open"))
    here.login("shop", "open")
    assert here.simulator.logged_in == ["shop"]
    assert here.simulator.accounts.find("shop").address == "17"


@pytest.mark.parametrize(("user", "password"), [("news", "secret"), ("nobody", "s3cret")])
def test_others_may_not_and_may_try_again(world, user, password):
    line = world(Account("news", "s3cret")).connect()
    assert refused(line, line.app.login(user, password)) == ErrorCode.INVALID_LOGIN
    line.ask(line.app.login("news", "s3cret"))
    assert not line.is_over


def test_a_center_may_close_after_some_attempts(world):
    line = world(login_attempts=2).connect()
    for _ in range(2):
        assert refused(line, line.app.login("kannel", "x")) == ErrorCode.INVALID_LOGIN
    line.world.advance(1)
    assert line.is_over


@pytest.mark.parametrize(
    ("limit", "asked", "code"),
    [(10, 11, ErrorCode.WINDOW_SIZE), (0, 2, ErrorCode.WINDOWING_DISABLED)],
)
def test_a_window_over_the_limit_is_refused(world, limit, asked, code):
    line = world(Account("news", "s3cret", window=limit)).connect(window=asked)
    assert refused(line, line.app.login("news", "s3cret", window=asked)) == code


def test_only_so_many_may_use_one_account(world):
    here = world(Account("news", "s3cret", max_sessions=1), Account("shop", "open"))
    first = here.login("news", "s3cret")
    second = here.connect()
    assert refused(second, second.app.login("news", "s3cret")) == ErrorCode.TOO_MANY_USERS
    here.login("shop", "open")
    first.lose()
    second.ask(second.app.login("news", "s3cret"))


def test_a_logout_makes_room_for_another(world):
    here = world(Account("news", "s3cret", max_sessions=1))
    first = here.login("news", "s3cret")
    first.ask(first.app.logout())
    here.login("news", "s3cret")
    assert here.simulator.logged_in == ["news"]


def test_a_subaddress_is_used_once_at_a_time(world):
    here = world()
    here.login(subaddress=1)
    here.login(subaddress=2)
    third = here.connect()
    assert refused(third, third.app.login("kannel", "secret", subaddress=1)) == ErrorCode.SUBADDRESS


def test_the_password_can_be_changed(world):
    here = world()
    line = here.login()
    line.ask(line.app.set(password="n3wpass"))
    late = here.connect()
    assert refused(late, late.app.login("kannel", "secret")) == ErrorCode.INVALID_LOGIN
    late.ask(late.app.login("kannel", "n3wpass"))
    shown = repr(here.simulator.accounts.find("kannel")) + repr(late.pair.client_events)
    assert "n3wpass" not in shown


@pytest.mark.parametrize("code", [ErrorCode.PASSWORD_CHANGE, ErrorCode.PASSWORD_FORBIDDEN])
def test_a_change_of_the_password_may_be_refused(world, code):
    line = world(Account("news", "s3cret", password_changes=code)).login("news", "s3cret")
    assert refused(line, line.app.set(password="other")) == code


def test_an_empty_password_is_none(world):
    line = world().login()
    assert refused(line, line.app.ask(Set(password=""))) == ErrorCode.PASSWORD_CHANGE


def test_nothing_but_the_password_can_be_set(world):
    line = world().login()
    assert refused(line, line.app.ask(Set())) == ErrorCode.SYNTAX
    strange = Set(others=(Parameter(19, b"5"),))
    assert refused(line, line.app.ask(strange)) == ErrorCode.UNSUPPORTED_PARAMETER


def test_the_time_can_be_got_and_nothing_else(world):
    line = world().login()
    line.world.advance(5.75)
    assert str(line.ask(line.app.get()).time) == "2026-11-20 12:00:05"
    assert refused(line, line.app.get(502)) == ErrorCode.UNSUPPORTED_ITEM


def test_a_strict_center_refuses_parameters_that_do_not_belong(world):
    strange = Parameter(77, b"x")
    lenient, strict = world().login(), world(is_strict=True).login()
    assert lenient.ask(lenient.app.ask(_submit(strange))).timestamp
    assert refused(strict, strict.app.ask(_submit(strange))) == ErrorCode.UNSUPPORTED_PARAMETER


def _submit(*others):
    return SubmitMessage(("+358",), user_data=b"Hi", others=others)


def test_what_a_simulator_is_made_of_may_be_written_as_on_the_command_line():
    simulator = Simulator(
        ["news:s3cret"],
        now=lambda: NOON,
        clock=lambda: 0.0,
        fate="failed:2",
        rules=["+999=refused"],
    )
    assert [each.name for each in simulator.accounts] == ["news"]
    with pytest.raises(Misuse, match="7 is no Rule, and no text for one"):
        Simulator(now=lambda: NOON, clock=lambda: 0.0, rules=[7])
