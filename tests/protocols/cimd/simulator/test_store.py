import datetime as dt

from ohnecimd.protocols.cimd.codes import Reports, StatusCode
from ohnecimd.protocols.cimd.messages import SubmitMessage
from ohnecimd.protocols.cimd.simulator.store import Store, StoredMessage

NOON = dt.datetime.fromisoformat("2026-11-20T12:00:00.999999")
SECOND = dt.timedelta(seconds=1)


def added(store, destination, now=NOON, account="news"):
    stamp = store.stamp(destination, now)
    message = SubmitMessage((destination,))
    store.add(StoredMessage(account, destination, stamp, message, "16", Reports(0)))
    return stamp


def test_stamps_have_whole_seconds():
    assert Store().stamp("1", NOON) == NOON.replace(microsecond=0)


def test_messages_to_one_destination_have_different_stamps():
    store = Store()
    stamps = [store.stamp("1", NOON) for _ in range(5)]
    assert stamps == [stamps[0] + number * SECOND for number in range(5)]
    assert store.stamp("1", NOON + 2 * SECOND) == stamps[-1] + SECOND
    assert store.stamp("1", NOON + 60 * SECOND) == stamps[0] + 60 * SECOND


def test_messages_to_others_have_the_time_as_their_stamp():
    store = Store()
    assert store.stamp("1", NOON) == store.stamp("2", NOON)


def test_a_clock_that_goes_back_makes_no_stamp_twice():
    store = Store()
    first = store.stamp("1", NOON)
    assert store.stamp("1", NOON - 3600 * SECOND) == first + SECOND


def test_messages_are_found_by_destination_and_stamp_and_by_nobody_else():
    store = Store()
    stamp = added(store, "1")
    assert store.find("news", "1", stamp).timestamp == stamp
    assert store.find("shop", "1", stamp) is None
    assert store.find("news", "2", stamp) is None
    assert store.find("news", "1", stamp + SECOND) is None
    assert store.find("news", "1", None) is None


def test_the_messages_of_an_account_that_are_not_over_are_found():
    store = Store()
    for destination in ("1", "2", "1"):
        added(store, destination)
    added(store, "1", account="shop")
    assert [each.destination for each in store.of("news")] == ["1", "2", "1"]
    assert [each.destination for each in store.of("news", "1")] == ["1", "1"]
    next(iter(store)).status = StatusCode.DELIVERED
    assert len(store.of("news")) == 2


def test_old_messages_are_forgotten():
    store = Store(kept=3)
    stamps = [added(store, "1"), *(added(store, str(number)) for number in range(2, 6))]
    assert [each.destination for each in store] == ["3", "4", "5"]
    assert store.find("news", "1", stamps[0]) is None
    assert len(store) == 3
