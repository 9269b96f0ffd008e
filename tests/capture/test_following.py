import pytest
from capture_files import RAW, Talk, pcap

from ohnecimd import emit, protocol, read_until, write
from ohnecimd.capture import (
    Direction,
    Ended,
    Follower,
    Gap,
    Heard,
    Opened,
    Reassembly,
    follow,
)
from ohnecimd.capture.streams import read_streams
from ohnecimd.errors import Malformed, Truncated
from ohnecimd.protocols.lines import Line, decode
from ohnecimd.testing import check_cuts, protocol_conforms


def events_in(data, *factories, **options):
    connection = follow(*factories, **options)
    connection.send(data)
    events = connection.events()
    connection.send_eof()
    return events + connection.events()


@protocol
def telling(*factories):
    """Emit what `follow` does as text: errors are equal only to themselves."""
    follower = Follower(*factories)
    yield from read_streams(Reassembly(), take=lambda event: map(repr, follower.take(event)))


def heard_in(talk, *factories):
    check_cuts(lambda: telling(*factories), talk.pcap(), limit=5)
    return [each for each in events_in(talk.pcap(), *factories) if type(each) is Heard]


def test_each_direction_has_a_connection_of_its_own():
    talk = Talk().handshake().c2s(b"one\ntw").s2c(b"O").c2s(b"o\n").s2c(b"K\n").goodbye()
    heard = heard_in(talk, decode)
    assert [(each.direction, each.event) for each in heard] == [
        (Direction.C2S, Line(b"one", 0)),
        (Direction.C2S, Line(b"two", 4)),
        (Direction.S2C, Line(b"OK", 0)),
    ]
    assert [each.time_ns % 10**9 for each in heard] == [4_000_000, 6_000_000, 7_000_000]
    assert {each.begin for each in heard} == {0}


def test_clients_and_servers_may_be_heard_by_different_protocols():
    talk = Talk().handshake().c2s(b"a,b,").s2c(b"c;")
    heard = heard_in(talk, lambda: decode(b","), lambda: decode(b";"))
    assert [each.event.text for each in heard] == [b"a", b"b", b"c"]


def test_the_other_events_are_handed_on():
    talk = Talk().handshake().c2s(b"one\n").goodbye()
    assert [type(each) for each in events_in(talk.pcap(), decode)] == [Opened, Heard, Ended, Ended]


def test_nothing_is_joined_across_a_gap():
    talk = Talk().handshake().c2s(b"one\nbeg").c2s(b"lost\n").c2s(b"in\nend\n")
    talk.lose(4)
    _, first, cut, gap, *rest = events_in(talk.pcap(), decode)
    assert first.event == Line(b"one", 0)
    assert isinstance(cut.event, Truncated)
    assert (type(gap), gap.offset, gap.size) == (Gap, 7, 5)
    assert [(each.event, each.begin) for each in rest[:2]] == [
        (Line(b"in", 0), 12),
        (Line(b"end", 3), 12),
    ]


def test_a_connection_that_has_ended_hears_no_more_until_a_gap():
    @protocol
    def one_line():
        yield from emit((yield from read_until(b"\n")))

    talk = Talk().handshake().c2s(b"one\ntwo\n").c2s(b"three\n").c2s(b"lost\n").c2s(b"four\n")
    talk.lose()
    talk.packets.pop(5)
    talk.c2s(b"five\n")
    assert [each.event for each in heard_in(talk, one_line)] == [b"one", b"five"]


def test_an_error_is_heard_after_what_was_emitted_before_it():
    @protocol
    def failing():
        yield from emit((yield from read_until(b"\n")))
        raise Malformed("no")

    talk = Talk().handshake().c2s(b"one\n").c2s(b"two\n")
    first, second = heard_in(talk, failing)
    assert first.event == b"one"
    assert str(second.event) == "at byte 4: no"


def test_an_error_is_heard_after_however_many_events():
    @protocol
    def failing():
        yield from read_until(b"\n")
        for number in range(3000):
            yield from emit(number)
        raise Malformed("no")

    talk = Talk().handshake().c2s(b"one\n").c2s(b"two\n")
    heard = [each.event for each in heard_in(talk, failing)]
    assert heard[:-1] == list(range(3000))
    assert str(heard[-1]) == "at byte 4: no"


def test_what_a_connection_says_is_thrown_away():
    @protocol
    def answering():
        while True:
            line = yield from read_until(b"\n")
            yield from write(line * 100_000)
            yield from emit(line)

    talk = Talk().handshake().c2s(b"one\n" * 20)
    heard = heard_in(talk, answering)
    assert [each.event for each in heard[:-1]] == [b"one"] * 20
    assert isinstance(heard[-1].event, Truncated)


def test_errors_that_are_none_of_ours_come_out():
    @protocol
    def broken():
        yield from read_until(b"\n")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        events_in(Talk().handshake().c2s(b"one\n").pcap(), broken)


def test_ports_select():
    first, second = Talk(sport=80).handshake().c2s(b"a\n"), Talk(cport=7).handshake().c2s(b"b\n")
    data = pcap(first.packets + second.packets, link=RAW)
    heard = [each for each in events_in(data, decode, ports={80}) if type(each) is Heard]
    assert [(each.stream, each.event.text) for each in heard] == [(0, b"a")]


def many_lines(size):
    talk = Talk().handshake()
    for _ in range(size // 200):
        talk.c2s(b"x" * 49 + b"\n" + b"y" * 49 + b"\n")
    return talk.pcap()


def test_it_conforms():
    talk = Talk().handshake().c2s(b"one\nt").s2c(b"yes\n").c2s(b"wo\n").goodbye()
    protocol_conforms(lambda: telling(decode), examples=[talk.pcap()], make_input=many_lines)
