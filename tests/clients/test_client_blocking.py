"""What only a client does that blocks."""

import select
import threading
import time

import gevent
import pytest

from ohnecimd.clients.cimd import Reconnect, blocking
from ohnecimd.clients.cimd import gevent as on_gevent
from ohnecimd.errors import Closed, Misuse

PATIENCE_S = 10.0


@pytest.fixture(params=[blocking, on_gevent], ids=["sockets", "gevent"])
def connected(request, smsc):
    with request.param.connect(
        smsc.host, smsc.port, user="kannel", password="secret", alive_s=0.02
    ) as client:
        yield client


def count_of(smsc, operation):
    return [packet.operation for _, packet in list(smsc.packets)].count(operation)


def test_it_works_as_long_as_wanted(connected, smsc):
    begin = time.monotonic()
    while count_of(smsc, 90) < 2:
        assert connected.work(0.05)
        assert time.monotonic() < begin + PATIENCE_S
    connected.close()
    assert not connected.work()


def test_it_can_be_waited_for_beside_others(connected, smsc):
    smsc.inject("16", "+35850", "Hi")
    readable, _, _ = select.select([connected], [], [], PATIENCE_S)
    assert readable == [connected]
    connected.work(0)
    assert connected.next_delivery(0).text == "Hi"
    connected.close()
    assert connected.fileno() == -1


def test_work_raises_what_the_connection_was_lost_for(connected, smsc):
    smsc.disconnect()
    with pytest.raises(Closed, match="end of input"):
        connected.work()


def test_delays_are_slept_through_the_library(smsc):
    """Other greenlets go on while one waits to connect again."""
    steps = []

    def count():
        while len(steps) < 3:
            steps.append(1)
            gevent.sleep(0)

    policy = Reconnect(attempts=2, first_s=0.05, jitter=lambda s: s)
    with on_gevent.connect(
        smsc.host, smsc.port, user="kannel", password="secret", reconnect=policy
    ) as client:
        smsc.disconnect()
        greenlet = gevent.spawn(count)
        while count_of(smsc, 1) < 2:
            client.work(0.01)
        assert greenlet.ready()
        assert client.alive()


def test_no_thread_is_left(smsc):
    before = threading.active_count()
    with blocking.connect(smsc.host, smsc.port, user="kannel", password="secret") as client:
        client.alive()
        assert threading.active_count() == before


def test_a_callback_cannot_close(connected, message):
    errand = connected.begin_submit(message())
    errand.on_settled(lambda _: connected.abort())
    connected.wait(errand)
    with pytest.raises(Misuse, match="a handler cannot wait for its own connection, nor close it"):
        connected.work()
    assert connected.state == "over"


def test_a_callback_may_ask(connected, message):
    more = []
    errand = connected.begin_submit(message())
    errand.on_settled(lambda _: more.append(connected.begin_submit(message())))
    connected.wait(errand)
    assert connected.wait(more[0], PATIENCE_S).timestamp is not None


def test_another_thread_is_told_that_the_client_is_in_use(connected, message):
    told = []

    def intrude():
        with pytest.raises(Misuse, match="this client is in use by another thread"):
            connected.work(0)
        told.append(True)

    def call(_):
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join(PATIENCE_S)

    errand = connected.begin_submit(message())
    errand.on_settled(call)
    assert connected.wait(errand, PATIENCE_S).timestamp is not None
    assert told == [True]
