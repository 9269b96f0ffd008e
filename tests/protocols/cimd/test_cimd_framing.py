"""Streams of packets, and of what is none, beside a splitter written by the sheet alone."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples_cimd import EXAMPLES, GREETING, conversation, items_of
from splitter_cimd import parts_of, split

from ohnecimd import Connection, emit, get_input, protocol, wait
from ohnecimd.errors import ChecksumMismatch, Malformed, Misuse, TooLong, Truncated
from ohnecimd.protocols.cimd.framing import Noise, Reader, decode, read_packet
from ohnecimd.protocols.cimd.packets import Packet, Problem
from ohnecimd.testing import check_cuts, check_linear, measure, protocol_conforms
from ohnecimd.testing.strategies import cuts_of

ALIVE = b"\x0240:001\t3A\x03"
LOWER = b"\x0208:017\t011:n3wpass\te9\x03"
WRONG = b"\x0240:001\t3B\x03"
BARE = b"\x0202:023\t\x03"
SUBMIT = b"\x0203:003\t021:+358401234567\t023:700\t033:Hello\tE8\x03"
CONVERSATION = {
    way: b"".join(said for direction, said, _ in conversation() if direction == way)
    for way in ("c2s", "s2c")
}

FRAGMENTS = [
    ALIVE,
    LOWER,
    WRONG,
    BARE,
    SUBMIT,
    SUBMIT[:20],
    SUBMIT[:-1],
    SUBMIT[1:],
    b"\x0203:005\t033:a\x00b\t\x03",
    b"\x0203:005\t033:a\x02b\t\x03",
    b"\x0203:005\t033:x" * 3,
    b"\x0240:001\t033:" + b"y" * 30 + b"\t\x03",
    b"\x0240:1\t\x03",
    b"\x02\x03",
    b"\x02",
    b"\x03",
    b"\t",
    b"\x00",
    b"\r\n",
    b"\n",
    GREETING,
    b"noise",
]


def mutated(data, changes):
    for place, octet in changes:
        at = place % (len(data) + 1)
        data = data[:at] + octet + data[at + 1 :]
    return data


octets = st.sampled_from(
    [b"", b"\x02", b"\x03", b"\t", b"\x00", b"\n", b"a", b"0", b":", b"\x02\x02"]
)
clean = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=6), max_size=8).map(b"".join)
spoilt = st.builds(mutated, clean, st.lists(st.tuples(st.integers(0, 400), octets), max_size=4))
limits = st.sampled_from([1, 2, 9, 11, 12, 24, 54, 55, 4096])


def told(item):
    """What the splitter says of an item."""
    if isinstance(item, Packet):
        octets = item.encode()
        assert parts_of(octets) == (
            item.operation,
            item.number,
            item.pairs(),
            item.checksum,
            item.checksum_ok,
        )
        return "packet", item.offset, octets
    if isinstance(item, Noise):
        return "noise", item.offset, item.data
    return item.kind, item.offset, item.data


@given(clean | spoilt, limits)
def test_a_stream_falls_into_what_the_sheet_says(data, limit):
    assert [told(item) for item in items_of([data], limit=limit)] == split(data, limit)


@given((clean | spoilt).flatmap(lambda data: st.tuples(st.just(data), cuts_of(data))), limits)
def test_it_does_so_however_it_comes(data_and_pieces, limit):
    data, pieces = data_and_pieces
    assert items_of(pieces, limit=limit) == items_of([data], limit=limit)


@given(st.lists(st.sampled_from([b"\x02", b"\x03", b"a", b"\n", ALIVE]), max_size=12).map(b"".join))
def test_few_kinds_of_bytes_in_every_order(data):
    for limit in (1, 2, 3, 11, 12):
        assert [told(item) for item in items_of([data], limit=limit)] == split(data, limit)


@given(clean | spoilt)
def test_a_packet_after_any_trouble_is_found(data):
    rest = b"x" * 4096 + SUBMIT  # whatever was begun is too long, or noise
    *_, last = items_of([data + rest])
    assert (type(last), last.encode(), last.offset) == (Packet, SUBMIT, len(data) + 4096)


@given(clean | spoilt)
def test_nothing_but_line_ends_disappears(data):
    at = 0
    for item in items_of([data]):
        _, offset, octets = told(item)
        assert data[at:offset].strip(b"\r\n") == b""
        assert data[offset : offset + len(octets)] == octets
        at = offset + len(octets)
    assert data[at:].strip(b"\r\n") == b""


@given(clean | spoilt, limits)
def test_a_problem_says_where_it_is_and_what(data, limit):
    for item in items_of([data], limit=limit):
        if not isinstance(item, Problem):
            continue
        end = item.offset + len(item.data)
        if item.kind == "malformed":
            assert item.offset <= item.position < end
        else:
            assert item.position == end
        assert len(item.data) <= limit
        head = (item.data[1:3], item.data[3:4], item.data[4:7], item.data[7:8])
        is_header = head[0].isdigit() and head[2].isdigit() and (head[1], head[3]) == (b":", b"\t")
        if is_header and len(head[0] + head[2]) == 5:
            assert (item.operation, item.number) == (int(head[0]), int(head[2]))
        else:
            assert (item.operation, item.number) == (None, None)
        assert f"at byte {item.position} in packet" in item.message
        assert item.message == str(item.error())


@pytest.mark.parametrize(
    ("data", "kind", "error", "words"),
    [
        (b"\x0203:001\t033\t\x03", "malformed", Malformed, "three digits and ':'"),
        (b"\x0203:001\t033:a" + ALIVE, "cut-off", Malformed, "before the next STX"),
        (b"\x0203:001\t033:" + b"a" * 90, "too-long", TooLong, "within 64 bytes"),
        (b"\x0203:001\t033:a", "truncated", Truncated, "the end of input"),
    ],
)
def test_each_kind_of_problem_has_its_error(data, kind, error, words):
    problem = items_of([data], limit=64)[0]
    assert (problem.kind, problem.operation, problem.number) == (kind, 3, 1)
    assert isinstance(problem.error(), error)
    assert words in problem.message


# Limits


def test_a_packet_may_have_as_many_bytes_as_the_limit_says():
    size = len(SUBMIT)
    assert [told(item)[0] for item in items_of([SUBMIT], limit=size)] == ["packet"]
    (problem,) = items_of([SUBMIT], limit=size - 1)
    assert (problem.kind, problem.position, problem.data) == ("too-long", size - 1, SUBMIT[:-1])


def test_noise_before_a_packet_does_not_count_for_its_limit():
    for size in range(1, 60):
        items = items_of([b"x" * size + SUBMIT], limit=len(SUBMIT))
        assert [told(item)[0] for item in items[-1:]] == ["packet"]
        assert b"".join(item.data for item in items[:-1]) == b"x" * size


def test_after_a_packet_that_is_too_long_reading_goes_on_with_the_next_stx():
    data = b"\x0203:001\t033:" + b"a" * 5000 + b"\t\x03lost\r\n" + ALIVE + BARE
    long, *packets = items_of([data])
    assert (long.kind, len(long.data), long.operation, long.number) == ("too-long", 4096, 3, 1)
    assert [each.encode() for each in packets] == [ALIVE, BARE]


def test_after_packets_that_are_too_long_others_may_be_so_too():
    data = (b"\x0203:001\t" + b"a" * 200) * 3 + ALIVE
    items = items_of([data], limit=64)
    assert [told(item)[:2] for item in items] == [
        ("too-long", 0),
        ("too-long", 208),
        ("too-long", 416),
        ("packet", 624),
    ]


def test_noise_comes_in_pieces_no_longer_than_the_limit():
    items = items_of([b"y" * 1000 + ALIVE], limit=300)
    assert [(item.offset, len(item.data)) for item in items[:-1]] == [
        (0, 300),
        (300, 300),
        (600, 300),
        (900, 100),
    ]


def test_noise_is_told_before_the_packet_comes_once_there_is_enough():
    connection = decode(100)
    connection.send(b"x" * 100)
    assert connection.events() == [Noise(b"x" * 100, 0)]


@pytest.mark.parametrize("data", [b"\r\n", b"\n" * 5000, b"\r\n" * 5000 + ALIVE])
def test_line_ends_are_no_noise_however_many(data):
    assert [item for item in items_of([data], limit=64) if not isinstance(item, Packet)] == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_without_room_is_refused(limit):
    connection = decode(limit)
    with pytest.raises(Misuse, match=f"a limit of {limit}"):
        connection.send(ALIVE)


# The end of input


@pytest.mark.parametrize("data", [b"", b"\r\n", ALIVE, ALIVE + b"\r\n", ALIVE + b"bye"])
def test_the_end_of_input_between_packets_is_no_problem(data):
    assert not any(isinstance(item, Problem) for item in items_of([data]))


@pytest.mark.parametrize("size", range(1, len(SUBMIT)))
def test_the_end_of_input_within_a_packet_is_one(size):
    *_, problem = items_of([ALIVE + SUBMIT[:size]])
    assert (problem.kind, problem.offset, problem.data) == ("truncated", 11, SUBMIT[:size])
    assert problem.position == 11 + size


def test_packets_are_told_at_once():
    connection = decode()
    for at in range(len(ALIVE) - 1):
        connection.send(ALIVE[at : at + 1])
        assert connection.events() == []
    connection.send(ALIVE[-1:])
    assert len(connection.events()) == 1


# The house's checks


def test_it_keeps_what_every_protocol_owes():
    protocol_conforms(
        decode,
        examples=[
            CONVERSATION["c2s"],
            CONVERSATION["s2c"],
            GREETING + ALIVE + b"\r\n" + BARE,
            SUBMIT[:20] + ALIVE,
        ],
        make_input=lambda size: SUBMIT * (size // len(SUBMIT)),
    )


@pytest.mark.parametrize("limit", [1, 11, 40, 4096])
def test_cuts_change_nothing_in_a_stream_with_all_kinds_of_trouble(limit):
    check_cuts(partial(decode, limit), b"".join(FRAGMENTS), limit=60)


COSTLY = {
    "noise": lambda size: b"x" * size,
    "line ends": lambda size: b"\r\n" * (size // 2),
    "STX": lambda size: b"\x02" * size,
    "ETX": lambda size: b"\x03" * size,
    "STX and ETX": lambda size: b"\x02\x03" * (size // 2),
    "noise with ETX": lambda size: b"xx\x03" * (size // 3),
    "one packet": lambda size: b"\x0203:001\t033:" + b"x" * size,
    "a packet and noise": lambda size: b"\x0203:001\t" + b"x" * 100 + b"\x03" * size,
    "packets without ETX": lambda size: SUBMIT[:-1] * (size // len(SUBMIT)),
    "packets": lambda size: SUBMIT * (size // len(SUBMIT)),
    "TABs": lambda size: b"\x02" + b"\t" * size,
    "parameters": lambda size: b"\x0203:001\t" + b"033:\t" * (size // 5) + b"\x03",
    "many too long": lambda size: (b"\x02" + b"y" * 99) * (size // 100),
}


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.parametrize(
    ("limit", "sizes"), [(64, (1000, 4000)), (2048, (4096, 16384)), (1 << 20, (1000, 4000))]
)
def test_the_cost_grows_as_the_input_does(name, limit, sizes):
    check_linear(partial(decode, limit), COSTLY[name], sizes=sizes)


def test_an_etx_far_away_is_not_looked_for_again_and_again():
    for begins in (b"x" * 64, b"\x02" + b"x" * 63, b"\x02" + b"x" * 99):
        data = begins * (200_000 // len(begins)) + b"\x03"
        assert measure(partial(decode, 64), [data]).total < 20 * len(data)


@pytest.mark.parametrize("name", COSTLY)
def test_long_trouble_takes_little_memory(name):
    connection = decode()
    data = COSTLY[name](1 << 18)
    seen, most = 0, 0
    for at in range(0, len(data), 65536):
        connection.send(data[at : at + 65536])
        items = connection.events()
        seen += len(items)
        most = max([most, *(len(each.data) for each in items if not isinstance(each, Packet))])
    connection.send(ALIVE)
    connection.send_eof()
    assert most <= 4096
    assert seen + len(connection.events()) > 0


def test_a_megabyte_of_ends_costs_no_more_than_a_few_operations_each():
    data = b"\x03" * 20000
    cost = measure(decode, [data])
    assert cost.total < 20 * len(data)


# A reader in a protocol of one's own


def test_a_reader_gives_what_is_there_at_once():
    taken = []

    @protocol
    def greedy():
        reader = Reader((yield from get_input()))
        while not reader.is_over:
            while (item := reader.take()) is not None:
                taken.append(told(item)[0])
                if reader.is_over:
                    return
            yield from wait()

    connection = greedy()
    connection.send(b"hello" + ALIVE + BARE + SUBMIT[:9])
    assert taken == ["noise", "packet", "packet"]
    connection.send(SUBMIT[9:] + b"x" + ALIVE[:3] + ALIVE[:3])
    assert taken[3:] == ["packet"]
    connection.send_eof()
    assert taken[4:] == ["noise", "cut-off", "truncated"]


def packets_of(data, *, limit=4096):
    """Return what `read_packet` reads, one after another; at last the error, if there is one."""

    @protocol
    def reading():
        while (packet := (yield from read_packet(limit))) is not None:
            yield from emit(packet)

    connection = reading()
    assert isinstance(connection, Connection)
    try:
        connection.send(data)
        connection.send_eof()
    except (Malformed, TooLong, Truncated, ChecksumMismatch) as error:
        return [*connection.events(), error]
    return connection.events()


def test_single_packets_are_read_past_the_noise():
    found = packets_of(GREETING + ALIVE + b"\r\n" + LOWER + b"\x03x" + BARE + b"bye")
    assert [each.encode() for each in found] == [ALIVE, LOWER, BARE]


@pytest.mark.parametrize(
    ("data", "error", "position"),
    [
        (WRONG, ChecksumMismatch, 8),
        (b"\x0240:01\t\x03", Malformed, 4),
        (SUBMIT[:9] + ALIVE, Malformed, 9),
        (SUBMIT[:9], Truncated, 9),
        (b"\x02" + b"x" * 99, TooLong, 54),
    ],
)
def test_single_packets_are_refused_strictly(data, error, position):
    *before, caught = packets_of(ALIVE + b"\r\n" + data, limit=54)
    assert [each.encode() for each in before] == [ALIVE]
    assert type(caught) is error
    assert caught.position == 13 + position


def test_a_wrong_checksum_says_which_would_be_right():
    (error,) = packets_of(WRONG)
    assert str(error) == "at byte 8 in packet: expected the checksum b'3A', found b'3B'"


@pytest.mark.parametrize("data", EXAMPLES, ids=range(len(EXAMPLES)))
def test_real_streams_fall_into_what_the_sheet_says(data):
    assert [told(item) for item in items_of([data])] == split(data)
