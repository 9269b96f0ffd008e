"""Parts put together: order, repeats, limits and time."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohnecimd.errors import Misuse, RemoteProtocolError
from ohnecimd.protocols.cimd.text import (
    Concatenated,
    Header,
    Incomplete,
    Joined,
    Joiner,
    Reader,
    Reason,
    UserData,
    split,
)

LONG = "one two three four five six seven eight nine ten " * 7


def parts_of(text=LONG, reference=1):
    return split(text, reference=reference)


def part_with(total, number, text=b"x", reference=1):
    header = Header((Concatenated(reference, total, number),)).encode()
    return UserData(header=header, user_data=text)


@given(st.data())
def test_messages_of_several_senders_come_out_whole_however_they_are_mixed(data):
    texts = {
        (sender, reference): f"{sender}{reference} " * 60 for sender in "ab" for reference in (1, 2)
    }
    waiting = [
        (sender, part)
        for (sender, reference), text in texts.items()
        for part in parts_of(text, reference)
    ]
    joiner = Joiner()
    outcomes = []
    for sender, part in data.draw(st.permutations(waiting)):
        outcomes += joiner.add(part, sender=sender, now=0.0)
    assert sorted(each.content for each in outcomes) == sorted(texts.values())
    assert all(each.content.startswith(each.sender) for each in outcomes)
    assert len(joiner) == 0
    assert joiner.deadline is None


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.binary(max_size=1)), max_size=40)
)
def test_nothing_is_lost(arrivals):
    joiner = Joiner(limit=2, timeout_s=5.0)
    sent, outcomes = [], []
    for now, (total, number, text) in enumerate(arrivals):
        part = part_with(total, number, text)
        sent.append(part)
        outcomes += joiner.add(part, now=float(now), item=now)
        assert len(joiner) <= 2
    outcomes += joiner.end()
    come_out = [item for outcome in outcomes for item in outcome.items]
    assert len(come_out) == len(set(come_out))
    for now, part in enumerate(sent):  # each came out, or another with its contents did
        assert now in come_out or any(sent[item] == part for item in come_out)


def test_message_that_is_no_part_comes_out_at_once():
    joiner = Joiner()
    part = UserData(user_data=b"Hello")
    (outcome,) = joiner.add(part, sender="+358", destination="16700", now=0.0, item="packet")
    assert outcome == Joined("Hello", "+358", "16700", (part,), ("packet",))
    assert len(joiner) == 0


@pytest.mark.parametrize("number", [0, 3])
def test_part_that_cannot_be_is_a_message_by_itself(number):
    (outcome,) = Joiner().add(part_with(2, number), now=0.0)
    assert outcome.content == "x"


def test_one_part_of_one_is_a_message():
    (outcome,) = Joiner().add(part_with(1, 1), now=0.0)
    assert outcome.content == "x"


def test_parts_and_items_come_out_in_the_order_of_their_numbers():
    joiner, parts = Joiner(), parts_of()
    assert len(parts) == 3
    assert [joiner.add(parts[i], now=0.0, item=i) for i in (2, 0)] == [[], []]
    (outcome,) = joiner.add(parts[1], now=0.0, item=1)
    assert outcome.parts == tuple(parts)
    assert outcome.items == (0, 1, 2)


def test_same_part_once_more_changes_nothing():
    joiner, parts = Joiner(), parts_of()
    for part in (parts[0], parts[1], parts[0]):
        assert joiner.add(part, now=0.0) == []
    plain = UserData(*(getattr(parts[1], name) for name in UserData.__struct_fields__))
    assert joiner.add(plain, now=0.0) == []
    assert joiner.add(parts[2], now=0.0)[0].content == LONG


def test_part_with_another_content_begins_anew():
    joiner = Joiner()
    joiner.add(part_with(2, 1, b"old"), sender="a", now=0.0, item="first")
    (given_up,) = joiner.add(part_with(2, 1, b"new"), sender="a", now=1.0)
    assert given_up == Incomplete(
        Reason.ANEW, "a", None, 1, 2, {1: part_with(2, 1, b"old")}, ("first",)
    )
    assert joiner.add(part_with(2, 2, b" text"), sender="a", now=1.0)[0].content == "new text"


@pytest.mark.parametrize(
    ("change", "addresses"),
    [
        ({}, {"sender": "b"}),
        ({}, {"destination": "b"}),
        ({"reference": 2}, {}),
        ({"total": 3}, {}),
    ],
)
def test_parts_belong_together_only_if_all_that_tells_is_the_same(change, addresses):
    joiner = Joiner()
    assert joiner.add(part_with(2, 1), now=0.0) == []
    assert joiner.add(part_with(**{"total": 2, "number": 2, **change}), now=0.0, **addresses) == []
    assert len(joiner) == 2


def test_references_of_8_and_of_16_bits_are_different():
    joiner = Joiner()
    short = split(LONG, reference=1)
    long = split(LONG, reference=1, has_long_reference=True)
    for pair in zip(short[:2], long[:2], strict=True):
        for part in pair:
            assert joiner.add(part, now=0.0) == []
    assert joiner.add(short[2], now=0.0)[0].content == LONG
    assert joiner.add(long[2], now=0.0)[0].content == LONG


def test_message_waits_until_its_deadline_counted_from_its_first_part():
    joiner = Joiner(timeout_s=10.0)
    joiner.add(part_with(3, 2), sender="a", now=100.0)
    joiner.add(part_with(3, 1), sender="b", now=104.0)
    joiner.add(part_with(3, 3), sender="a", now=108.0)
    assert joiner.deadline == 110.0
    assert joiner.expire(109.9) == []
    (given_up,) = joiner.expire(110.0)
    assert (given_up.reason, given_up.sender, list(given_up.parts)) == (Reason.TIME, "a", [2, 3])
    assert joiner.deadline == 114.0
    late = joiner.add(UserData(user_data=b"other"), now=200.0)
    assert [type(each) for each in late] == [Incomplete, Joined]
    assert late[0].sender == "b"
    assert joiner.deadline is None


def test_oldest_is_given_up_when_too_many_wait():
    joiner = Joiner(limit=2)
    for reference in (1, 2):
        assert joiner.add(part_with(2, 1, reference=reference), now=0.0) == []
    (given_up,) = joiner.add(part_with(2, 1, reference=3), now=0.0)
    assert (given_up.reason, given_up.reference, given_up.total) == (Reason.LIMIT, 1, 2)
    assert len(joiner) == 2


def test_what_waits_comes_out_at_the_end():
    joiner = Joiner()
    joiner.add(part_with(2, 2), now=0.0)
    (given_up,) = joiner.end()
    assert given_up.reason is Reason.END
    assert joiner.end() == []


def test_character_that_was_cut_in_two_is_whole_again():
    joiner = Joiner(Reader(strict=True))
    smile = "😀".encode("utf-16-be")
    for number, octets in ((1, smile[:2]), (2, smile[2:])):
        header = Header((Concatenated(1, 2, number),)).encode()
        outcomes = joiner.add(UserData(8, header, None, octets), now=0.0)
    assert outcomes[0].content == "😀"


def test_strict_reader_refuses_a_part_and_keeps_the_others():
    joiner = Joiner(Reader(strict=True), timeout_s=10.0)
    joiner.add(part_with(2, 1), now=0.0)
    for wrong in (part_with(2, 2, b"a_b"), UserData(header=b"\x09", user_data=b"a")):
        with pytest.raises(RemoteProtocolError):
            joiner.add(wrong, now=20.0)
    assert len(joiner) == 1
    assert [each.reason for each in joiner.expire(20.0)] == [Reason.TIME]


def test_parts_that_say_nothing_together_come_out_with_the_error():
    joiner = Joiner(Reader(strict=True))
    joiner.add(part_with(2, 1), now=0.0)
    (given_up,) = joiner.add(part_with(2, 2, b"ab_XX"), now=0.0)
    assert given_up.reason is Reason.UNREADABLE
    assert "an escape at the end" in str(given_up.error)
    assert len(given_up.parts) == 2
    assert len(joiner) == 0


def test_lenient_reader_takes_a_message_with_a_broken_header_as_it_is():
    (outcome,) = Joiner().add(UserData(header=b"\x09", user_data=b"a"), now=0.0)
    assert outcome.content == "a"


@pytest.mark.parametrize("options", [{"limit": 0}, {"timeout_s": -1.0}])
def test_limits_that_make_no_sense_are_refused(options):
    with pytest.raises(Misuse, match="a limit of 1 or more"):
        Joiner(**options)


def test_outcomes_cannot_be_changed():
    (outcome,) = Joiner().add(UserData(user_data=b"a"), now=0.0)
    with pytest.raises(AttributeError):
        outcome.content = "b"
    assert msgspec.structs.replace(outcome, content="b").content == "b"
