"""What only coroutines can do."""

import asyncio

import pytest

from ohnecimd.clients.cimd import Lost, Reconnect, Refused
from ohnecimd.clients.cimd.agents import Agent
from ohnecimd.clients.cimd.asyncio import connect
from ohnecimd.errors import Closed

PATIENCE_S = 10.0


def run(smsc, act, **options):
    async def main():
        async with (
            asyncio.timeout(PATIENCE_S),
            await connect(
                smsc.host, smsc.port, user="kannel", password="secret", **options
            ) as client,
        ):
            return await act(client)

    return asyncio.run(main(), debug=False)


def test_many_tasks_submit_at_once_in_order(smsc, message):
    async def act(client):
        return await asyncio.gather(*(client.submit(message(str(i))) for i in range(1000)))

    answers = run(smsc, act, window=100)
    stamps = [each.timestamp for each in answers]
    assert stamps == sorted(stamps)
    assert [each.text for each in smsc.submitted] == [str(i) for i in range(1000)]


def test_a_task_that_is_cancelled_leaves_the_session_in_order(smsc, message):
    smsc.faults.add("delay=0.1:submit-message:nth=1")

    async def act(client):
        task = asyncio.create_task(client.submit(message("first")))
        others = [asyncio.create_task(client.submit(message(str(i)))) for i in range(3)]
        await asyncio.sleep(0)
        task.cancel()
        others[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await others[2]
        return client.ledger

    ledger = run(smsc, act)
    assert [each.text for each in smsc.submitted] == ["first", "0", "1", "2"]
    assert (ledger.answered_count, ledger.unanswered, ledger.unsent) == (5, (), ())


def test_a_login_that_is_cancelled_leaves_nothing(smsc):
    smsc.faults.add("ignore:login")

    async def main():
        task = asyncio.create_task(connect(smsc.host, smsc.port, user="kannel", password="secret"))
        await asyncio.to_thread(smsc.wait_for, lambda: smsc.packets)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_it_comes_back_in_the_background(smsc):
    async def act(client):
        smsc.disconnect()
        await asyncio.to_thread(smsc.wait_for, lambda: logins() == 2)
        assert len(client.ledgers) == 1
        await client.alive()

    def logins():
        return [packet.operation for _, packet in list(smsc.packets)].count(51)

    run(smsc, act, reconnect=Reconnect(first_s=0.0))


def test_an_alive_is_sent_in_the_background(smsc):
    async def act(client):
        def has_answered():
            return 90 in [packet.operation for _, packet in list(smsc.packets)]

        await asyncio.to_thread(smsc.wait_for, has_answered)

    run(smsc, act, alive_s=0.02)


def test_several_tasks_share_the_deliveries(smsc):
    for i in range(10):
        smsc.inject("16", "+35850", str(i))

    async def act(client):
        got = []

        async def take():
            async for delivery in client.deliveries():
                got.append(int(delivery.text))
                if len(got) == 10:
                    await client.close()

        await asyncio.gather(take(), take(), take())
        return got

    assert sorted(run(smsc, act)) == list(range(10))


def test_who_waits_for_a_delivery_is_told_of_the_end(smsc):
    async def act(client):
        waiting = asyncio.create_task(client.next_delivery())
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(Closed):
            await waiting

    run(smsc, act)


def test_a_refusal_in_a_gather_is_raised_there(smsc, message):
    smsc.faults.add("refuse=300:submit-message:nth=2")

    async def act(client):
        return await asyncio.gather(
            *(client.submit(message()) for _ in range(3)), return_exceptions=True
        )

    answers = run(smsc, act, window=3)
    assert isinstance(answers[1], Refused)
    assert answers[0].timestamp < answers[2].timestamp


def test_a_callback_may_close_at_once(smsc, message):
    async def act(client):
        one = client.begin_submit(message())
        two = client.begin_submit(message())
        one.on_settled(lambda _: client.abort())
        await client.wait(one)
        with pytest.raises(Lost, match="the client is closed"):
            await client.wait(two)
        return client.state

    assert run(smsc, act) == "over"


def test_two_may_close_at_a_time(smsc, message):
    smsc.faults.add("delay=0.05:submit-message")

    async def act(client):
        errand = client.begin_submit(message())
        await asyncio.gather(client.close(), client.close())
        return errand.state, client.state

    assert run(smsc, act) == ("answered", "over")
    assert smsc.packets[-1][1].operation == 52


def test_closing_may_be_cancelled_and_closes_at_once(smsc, message):
    smsc.faults.add("ignore:submit-message")

    async def act(client):
        errand = client.begin_submit(message())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.close(1000)
        with pytest.raises(Lost, match="the client is closed"):
            await client.wait(errand)

    run(smsc, act)


def test_an_error_of_ours_lets_nobody_wait(smsc, message, monkeypatch):
    def part(*_):
        raise RuntimeError("a bug")

    smsc.faults.add("ignore:submit-message")

    async def act(client):
        monkeypatch.setattr(Agent, "part", part)
        sent = asyncio.create_task(client.submit(message()))
        delivery = asyncio.create_task(client.next_delivery())
        await asyncio.to_thread(smsc.wait_for, lambda: 3 in operations())
        smsc.disconnect()
        with pytest.raises(Lost, match="was sent and not answered: a bug"):
            await sent
        with pytest.raises(RuntimeError, match="a bug"):
            await delivery
        with pytest.raises(Lost, match="never left: a bug"):
            await client.submit(message())

    def operations():
        return [packet.operation for _, packet in list(smsc.packets)]

    run(smsc, act, reconnect=Reconnect(first_s=0.0))
