"""An agent does no I/O: what clients can hardly bring about is tried here."""

import pytest

from ohnecimd.clients.cimd import Lost
from ohnecimd.clients.cimd.agents import Agent
from ohnecimd.errors import Misuse
from ohnecimd.protocols.cimd import encode
from ohnecimd.protocols.cimd.exchanges import Ledger
from ohnecimd.protocols.cimd.messages import DeliverMessage, LoginResponse


def logged_in(**options):
    agent = Agent("kannel", "secret", **options)
    session = agent.make_session()
    agent.log_in()
    session.read()
    session.send(encode(LoginResponse(), 1))
    return agent, session


def hand_out(agent, session):
    for event in session.events():
        agent.handle(session, event)


def test_there_is_nothing_before_the_first_session():
    agent = Agent("kannel", "secret")
    assert (agent.state, agent.ledger) == ("lost", Ledger())
    assert agent.part(None) is None
    assert agent.leave() is None


def test_nobody_logs_in_where_the_center_has_closed_already():
    agent = Agent("kannel", "secret")
    session = agent.make_session()
    session.send_eof()
    with pytest.raises(Lost, match="Login never left: the SMSC has closed the connection") as lost:
        agent.log_in()
    assert "secret" not in str(lost.value)


@pytest.mark.parametrize("answering", ["taken", "at once"])
def test_what_cannot_be_answered_any_more_is_not_given(answering):
    agent, session = logged_in(answering=answering)
    session.send(encode(DeliverMessage("16", user_data=b"Hi"), 0))
    events = session.events()
    if answering == "taken":
        for event in events:
            agent.handle(session, event)
    session.close()
    for event in events:
        agent.handle(session, event)
    assert agent.inbox.take() is None


def test_events_of_a_session_that_is_over_go_to_the_log_only():
    log = []
    agent, session = logged_in(on_event=log.append)
    session.close()
    hand_out(agent, session)
    agent.part(None)
    count = len(log)
    agent.handle(session, "late")
    assert log[count:] == ["late"]
    assert len(agent.inbox) == 0


def test_what_was_asked_before_a_login_leaves_with_it_in_order():
    agent = Agent("kannel", "secret", window=3, seals=False)
    errands = [agent.submit_text("+35840", each) for each in "abc"]
    session = agent.make_session()
    agent.log_in()
    session.read()
    session.send(encode(LoginResponse(), 1))
    sent = session.read()
    assert [sent.index(b"033:%c" % each) for each in b"abc"] == sorted(
        sent.index(b"033:%c" % each) for each in b"abc"
    )
    assert not any(each.is_settled for each in errands)


def test_options_are_checked_before_anything_is_connected():
    with pytest.raises(TypeError, match=r"connect\(\) got an unexpected keyword argument 'windw'"):
        Agent("kannel", "secret", windw=3)
    with pytest.raises(Misuse, match="a window is a number of requests, not '10'"):
        Agent("kannel", "secret", window="10")
