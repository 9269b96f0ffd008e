import random

import pytest
from capture_files import ACK, CPORT, FIN, PSH, RAW, RST, SPORT, SYN, Talk, ethernet, ip4, pcap, tcp

from ohnecimd.capture import (
    Data,
    Direction,
    Ended,
    EndReason,
    Gap,
    GapReason,
    Opened,
    Problem,
    streams,
)
from ohnecimd.errors import Truncated
from ohnecimd.testing import check_cuts, protocol_conforms, run

MIB = 1 << 20


def events_in(data, **options):
    connection = streams(**options)
    connection.send(data)
    events = connection.events()
    connection.send_eof()
    return events + connection.events()


def story(events):
    """What happened, briefly: in order, without times."""
    lines = []
    for each in events:
        match each:
            case Opened():
                lines.append(f"{each.stream} {each.client} > {each.server}")
            case Data():
                lines.append(f"{each.stream} {each.direction} {each.offset} {each.data.decode()}")
            case Gap():
                place = f"{each.stream} {each.direction} {each.offset}"
                lines.append(f"{place} -{each.size} {each.reason}")
            case Ended():
                lines.append(f"{each.stream} {each.direction} {each.offset} {each.reason}")
            case Problem():
                lines.append(f"{each.kind} {each.offset}")
    return lines


def told(talk, **options):
    """The story of a conversation, without that it was opened."""
    data = talk.pcap()
    check_cuts(lambda: streams(**options), data, limit=10)
    return story(events_in(data, **options))[1:]


OPENED = f"10.0.0.1:{CPORT} > 10.0.0.2:{SPORT}"


def test_a_conversation_from_the_handshake_to_the_end():
    talk = Talk().handshake().c2s(b"Hello").s2c(b"Hi").c2s(b"Bye").goodbye()
    assert story(events_in(talk.pcap())) == [
        f"0 {OPENED}",
        "0 c2s 0 Hello",
        "0 s2c 0 Hi",
        "0 c2s 5 Bye",
        "0 c2s 8 fin",
        "0 s2c 2 fin",
    ]


def test_events_have_the_time_of_the_packet_that_completes_them():
    talk = Talk().handshake().c2s(b"one").c2s(b"two")
    lost = talk.lose(3)
    talk.late(lost)
    found = [each for each in events_in(talk.pcap()) if isinstance(each, Data)]
    assert [(each.data, each.time_ns % 10**9) for each in found] == [
        (b"one", 6_000_000),
        (b"two", 6_000_000),
    ]


def test_the_first_event_tells_who_talks_to_whom():
    (opened, *_) = events_in(Talk().handshake().pcap())
    assert (opened.has_handshake, opened.time_ns % 10**9) == (True, 1_000_000)


def test_segments_may_come_in_any_order_and_more_than_once():
    text = "the quick brown fox jumps over the lazy dog"
    chance = random.Random(7)
    for _ in range(50):
        talk = Talk().handshake()
        for place in range(0, len(text), 3):
            talk.c2s(text[place : place + 3].encode())
        first, rest = talk.packets[:3], talk.packets[3:]
        rest += chance.choices(rest, k=5)
        chance.shuffle(rest)
        talk.packets = first + rest
        events = events_in(talk.pcap())
        assert b"".join(each.data for each in events if isinstance(each, Data)) == text.encode()
        assert story(events)[-2:] == [f"0 c2s {len(text)} capture", "0 s2c 0 capture"]


def test_what_was_captured_first_counts_where_packets_overlap():
    talk = Talk().handshake()
    talk.packet("c2s", 1005, 5001, ACK, b"EFG")
    talk.packet("c2s", 1003, 5001, ACK, b"cdefghi")
    talk.packet("c2s", 1001, 5001, ACK, b"ABCDEFGHIJK")
    assert told(talk)[:5] == [
        "0 c2s 0 AB",
        "0 c2s 2 cd",
        "0 c2s 4 EFG",
        "0 c2s 7 hi",
        "0 c2s 9 JK",
    ]


def test_what_comes_again_with_more_behind_it_is_trimmed():
    talk = Talk().handshake().c2s(b"abc")
    talk.packet("c2s", 1001, 5001, ACK, b"xxxdef")
    talk.packet("c2s", 1002, 5001, ACK, b"yy")
    assert told(talk)[:2] == ["0 c2s 0 abc", "0 c2s 3 def"]


def test_sequence_numbers_wrap():
    talk = Talk(seqs=(2**32 - 4, 2**32 - 1)).handshake()
    talk.c2s(b"abcdef").s2c(b"xyz").c2s(b"ghi")
    lost = talk.lose(3)
    talk.late(lost).goodbye()
    assert told(talk) == [
        "0 s2c 0 xyz",
        "0 c2s 0 abcdef",
        "0 c2s 6 ghi",
        "0 c2s 9 fin",
        "0 s2c 3 fin",
    ]


@pytest.mark.parametrize("probe", [b"", b"\0"])
def test_probes_that_keep_the_connection_alive_are_no_data(probe):
    talk = Talk().handshake().c2s(b"abc")
    talk.packet("c2s", 1003, 5001, ACK, probe).packet("s2c", 5001, 1004, ACK).c2s(b"def")
    talk.packet("s2c", 5000, 1007, ACK, probe).s2c(b"xyz")
    assert told(talk)[:3] == ["0 c2s 0 abc", "0 c2s 3 def", "0 s2c 0 xyz"]


def test_a_probe_may_come_first():
    talk = Talk(seqs=(1001, 5001))
    talk.packet("c2s", 1000, 5001, ACK).packet("s2c", 5001, 1001, ACK).c2s(b"abc")
    assert told(talk)[0] == "0 c2s 0 abc"


# Bytes that are missing


def test_missing_bytes_are_a_gap_at_the_end_of_the_capture():
    talk = Talk().handshake().c2s(b"one").c2s(b"two").c2s(b"three")
    talk.lose(4)
    assert told(talk) == [
        "0 c2s 0 one",
        "0 c2s 3 -3 lost",
        "0 c2s 6 three",
        "0 c2s 11 capture",
        "0 s2c 0 capture",
    ]


def test_a_gap_tells_its_size_in_words():
    assert str(Gap(0, Direction.C2S, 1, 5, GapReason.LOST, None)) == (
        "1 byte is missing from the capture (lost)"
    )
    assert str(Gap(0, Direction.C2S, 2, 5, GapReason.CUT, None)) == (
        "2 bytes are missing from the capture (cut)"
    )


def test_missing_bytes_are_a_gap_a_second_after_they_were_acknowledged():
    talk = Talk().handshake().c2s(b"one").c2s(b"two")
    talk.lose(3)
    talk.s2c(b"ok").wait(0.9).s2c(b"...").wait(0.1).s2c(b"fine").c2s(b"six")
    assert told(talk)[:6] == [
        "0 s2c 0 ok",
        "0 s2c 2 ...",
        "0 c2s 0 -3 lost",
        "0 c2s 3 two",
        "0 s2c 5 fine",
        "0 c2s 6 six",
    ]


def test_missing_bytes_are_awaited_while_they_are_not_acknowledged():
    talk = Talk().handshake().c2s(b"one").c2s(b"two")
    lost = talk.lose(3)
    talk.wait(100).packet("s2c", 5001, 1001, ACK).wait(100).packet("s2c", 5001, 1001, ACK)
    talk.late(lost)
    assert told(talk)[:2] == ["0 c2s 0 one", "0 c2s 3 two"]


def test_missing_bytes_are_a_gap_when_much_waits_behind_acknowledged_ones():
    talk = Talk().handshake().c2s(b"one")
    talk.lose()
    for _ in range(66):
        talk.c2s(b"x" * 1000)
    talk.s2c(b"ok").c2s(b"end")
    found = events_in(talk.pcap())
    gap = next(number for number, each in enumerate(found) if isinstance(each, Gap))
    assert (found[gap].offset, found[gap].size) == (0, 3)
    assert isinstance(found[-5], Data)
    assert found[-4].data == b"ok"
    assert found[-3].data == b"end"


def test_what_waits_is_limited_and_nothing_that_came_is_dropped():
    talk = Talk().handshake().c2s(b"one")
    talk.lose()
    for _ in range(50):
        talk.c2s(b"x" * 936)
    found = events_in(talk.pcap(), held_bytes=10_000)
    assert [each.offset for each in found if isinstance(each, Gap)] == [0]
    assert [each.offset for each in found if isinstance(each, Data)] == [
        3 + 936 * number for number in range(50)
    ]
    assert found.index(next(each for each in found if isinstance(each, Gap))) == 1


def test_many_small_pieces_count_more_than_their_bytes():
    talk = Talk().handshake()
    for number in range(200):
        talk.packet("c2s", 1003 + 2 * number, 5001, ACK, b"x")
    found = events_in(talk.pcap(), held_bytes=65 * 100)
    assert sum(isinstance(each, Gap) for each in found) == 200
    assert sum(isinstance(each, Data) for each in found) == 200
    times = [each.time_ns for each in found if isinstance(each, Gap)]
    assert times[0] < times[98] < times[99] == times[-1]


def test_bytes_that_were_acknowledged_but_never_captured_are_a_gap():
    talk = Talk().handshake().c2s(b"one").c2s(b"lost")
    talk.lose()
    talk.s2c(b"ok")
    assert told(talk)[2:] == ["0 c2s 3 -4 lost", "0 c2s 7 capture", "0 s2c 2 capture"]


def test_bytes_missing_before_the_end_of_a_direction_are_a_gap():
    talk = Talk().handshake().c2s(b"one").c2s(b"two").goodbye()
    talk.lose(4)
    assert told(talk) == ["0 c2s 0 one", "0 s2c 0 fin", "0 c2s 3 -3 lost", "0 c2s 6 fin"]


def test_what_was_cut_off_is_a_gap_at_once():
    talk = Talk().handshake().c2s(b"0123456789").c2s(b"abc").s2c(b"ok")
    data = talk.pcap(snaplen=44)
    assert story(events_in(data))[1:6] == [
        "0 c2s 0 0123",
        "0 c2s 4 -6 cut",
        "0 c2s 10 abc",
        "0 s2c 0 ok",
        "0 c2s 13 capture",
    ]
    assert story(events_in(talk.pcap(snaplen=40)))[1:4] == [
        "0 c2s 0 -10 cut",
        "0 c2s 10 -3 cut",
        "0 s2c 0 -2 cut",
    ]


def test_what_was_cut_off_before_its_time_is_a_gap_in_its_place():
    talk = Talk().handshake().c2s(b"012").c2s(b"abcdef")
    first = talk.lose(3)
    talk.late(first)
    assert story(events_in(talk.pcap(snaplen=44)))[1:4] == [
        "0 c2s 0 012",
        "0 c2s 3 abcd",
        "0 c2s 7 -2 cut",
    ]


# How it begins and ends


def test_a_capture_may_begin_in_the_middle():
    talk = Talk().handshake().c2s(b"one").c2s(b"two").s2c(b"ok")
    talk.packets = talk.packets[4:]
    found = events_in(talk.pcap())
    assert not found[0].has_handshake
    assert story(found)[:3] == [f"0 {OPENED}", "0 c2s 0 two", "0 s2c 0 ok"]


@pytest.mark.parametrize(
    ("cport", "sport", "first", "client"),
    [(50000, 99, "c2s", 50000), (50000, 99, "s2c", 50000), (99, 99, "s2c", 99)],
)
def test_without_a_handshake_the_lower_port_is_the_server(cport, sport, first, client):
    talk = Talk(cport=cport, sport=sport).say(first, b"a")
    (opened, data, *_) = events_in(talk.pcap())
    assert opened.client.port == client
    assert data.direction == ("s2c" if first == "s2c" and cport != sport else "c2s")


def test_ports_that_are_asked_for_tell_the_server():
    talk = Talk(cport=99, sport=50000).c2s(b"a")
    assert events_in(talk.pcap())[0].server.port == 99
    assert events_in(talk.pcap(), ports={50000})[0].server.port == 50000


def test_an_answer_to_the_first_packet_tells_the_client_too():
    talk = Talk(cport=99, sport=50000).handshake().c2s(b"a")
    talk.lose(0)
    opened = events_in(talk.pcap())[0]
    assert (opened.client.port, opened.has_handshake) == (99, True)


def test_ports_select_and_numbers_stay():
    first, second = Talk(sport=80).handshake().c2s(b"GET"), Talk(cport=50001).handshake()
    second.c2s(b"one")
    data = pcap(first.packets + second.packets, link=RAW)
    assert story(events_in(data, ports={SPORT})) == [
        f"1 10.0.0.1:50001 > 10.0.0.2:{SPORT}",
        "1 c2s 0 one",
        "1 c2s 3 capture",
        "1 s2c 0 capture",
    ]


def test_data_may_come_with_the_first_packet():
    talk = Talk().c2s(b"early", SYN).s2c(b"", SYN | ACK)
    talk.seqs["c2s"] = 1006
    talk.c2s(b" bird")
    assert told(talk)[:2] == ["0 c2s 0 early", "0 c2s 5  bird"]


def test_a_first_packet_that_is_repeated_opens_nothing_new():
    talk = Talk().c2s(flags=SYN).again(0).s2c(flags=SYN | ACK).again(2).c2s(b"a")
    assert told(talk)[0] == "0 c2s 0 a"
    assert sum(isinstance(each, Opened) for each in events_in(talk.pcap())) == 1


def test_a_reset_ends_the_direction_of_its_sender():
    talk = Talk().handshake().c2s(b"one").s2c(b"", RST | ACK).c2s(b"two")
    assert told(talk) == [
        "0 c2s 0 one",
        "0 s2c 0 reset",
        "0 c2s 3 two",
        "0 c2s 6 capture",
    ]


def test_what_comes_after_the_end_is_not_told():
    talk = Talk().handshake().c2s(b"one").goodbye().c2s(b"more")
    assert told(talk) == ["0 c2s 0 one", "0 c2s 3 fin", "0 s2c 0 fin"]


def test_data_behind_the_end_does_not_count():
    talk = Talk().handshake().c2s(b"one")
    talk.packet("c2s", 1004 + 3, 5001, FIN | ACK).packet("c2s", 1004, 5001, ACK, b"two&more")
    assert told(talk)[:3] == ["0 c2s 0 one", "0 c2s 3 two", "0 c2s 6 fin"]


@pytest.mark.parametrize("ends", [True, False])
def test_ports_that_are_used_again_are_another_stream(ends):
    talk = Talk().handshake().c2s(b"one")
    if ends:
        talk.goodbye()
    talk.seqs = {"c2s": 777_000, "s2c": 999_000}
    talk.handshake().c2s(b"two")
    lines = story(events_in(talk.pcap()))
    ended = ["0 c2s 3 fin", "0 s2c 0 fin"] if ends else ["0 c2s 3 reused", "0 s2c 0 reused"]
    assert lines == [
        f"0 {OPENED}",
        "0 c2s 0 one",
        *ended,
        f"1 {OPENED}",
        "1 c2s 0 two",
        "1 c2s 3 capture",
        "1 s2c 0 capture",
    ]


def test_the_stream_that_was_silent_longest_is_forgotten():
    talks = [Talk(cport=port).handshake().c2s(b"%d" % port) for port in (50001, 50002, 50003)]
    packets = talks[0].packets + talks[1].packets + talks[0].c2s(b"!").packets[-1:]
    data = pcap(packets + talks[2].packets + talks[1].c2s(b"?").packets[-1:], link=RAW)
    lines = story(events_in(data, most_streams=2))
    assert "1 c2s 5 forgotten" in lines
    assert lines.index("1 c2s 5 forgotten") < lines.index("2 c2s 0 50003")
    assert "0 c2s 6 forgotten" in lines
    assert "3 c2s 0 ?" in lines


def test_a_port_may_talk_to_itself():
    packet = ip4(tcp(5, 5, 1, 0, ACK, b"abc"), b"\x7f\0\0\1", b"\x7f\0\0\1")
    lines = story(events_in(pcap([(0, packet)], link=RAW), most_streams=1))
    assert lines[0] == "0 127.0.0.1:5 > 127.0.0.1:5"
    assert sorted(lines[1:])[1:] == ["0 s2c 0 abc", "0 s2c 3 capture"]


# Trouble


def test_a_segment_far_ahead_of_any_window_is_a_problem():
    talk = Talk().handshake().c2s(b"abc")
    talk.packet("c2s", 1004 + 2**30 + 1, 5001, PSH | ACK, b"stray").c2s(b"def")
    lines = told(talk)
    assert lines[1].startswith("stray-segment ")
    assert lines[2] == "0 c2s 3 def"


def test_link_types_that_are_not_known_are_told_once():
    events = events_in(pcap([(0, b"abc"), (0, b"def")], link=105))
    assert events == [
        Problem("unknown-link-type", 40, "packet 1 has the link type 105, not known here")
    ]


def test_a_packet_that_cannot_be_read_does_not_stop_the_others():
    talk = Talk().handshake().c2s(b"one").c2s(b"two")
    packets = [(at, ethernet(data)) for at, data in talk.packets]
    packets[3] = (0.1, packets[3][1][:16] + b"\0\1" + packets[3][1][18:])
    lines = story(events_in(pcap(packets)))
    assert lines[1].startswith("malformed-packet ")
    assert lines[2:4] == ["0 c2s 0 -3 lost", "0 c2s 3 two"]


def test_what_was_found_before_an_error_of_the_capture_is_told():
    talk = Talk().handshake().c2s(b"one").c2s(b"two").c2s(b"three")
    talk.lose(4)
    outcome = run(streams, [talk.pcap() + b"abc"])
    assert outcome.failure.kind is Truncated
    assert story(outcome.events)[1:4] == ["0 c2s 0 one", "0 c2s 3 -3 lost", "0 c2s 6 three"]


def big_pcap(size):
    talk = Talk().handshake()
    for _ in range(size // 1100):
        talk.c2s(b"x" * 1000)
    return talk.pcap()


def reordered(size):
    """Pairs of packets in the wrong order, and again and again."""
    talk = Talk().handshake()
    for _ in range(size // 330):
        talk.c2s(b"x" * 50).c2s(b"y" * 50).late(talk.lose(-2)).again(-1)
    return talk.pcap()


@pytest.mark.parametrize("make_input", [big_pcap, reordered])
def test_it_conforms(make_input):
    talk = Talk().handshake().c2s(b"one").s2c(b"two").c2s(b"three").goodbye()
    protocol_conforms(streams, examples=[talk.pcap(), talk.pcap(snaplen=42)], make_input=make_input)


def test_any_spoilt_capture_fails_in_order_or_not_at_all():
    chance = random.Random(3)
    talk = Talk().handshake().c2s(b"one" * 9).s2c(b"two" * 9).c2s(b"three" * 9).goodbye()
    data = talk.pcap()
    for _ in range(2000):
        spoilt = bytearray(data)
        for _ in range(chance.choice([1, 3, 10])):
            spoilt[chance.randrange(24, len(spoilt))] = chance.choice([0, 1, 127, 255])
        outcome = run(streams, [bytes(spoilt)])
        assert outcome.state in ("returned", "failed")
        assert outcome.failure is None or outcome.failure.kind.__module__ == "ohnecimd.errors"
        for way in Direction:
            offset = 0
            for each in outcome.events:
                if isinstance(each, (Data, Gap)) and (each.stream, each.direction) == (0, way):
                    assert each.offset == offset
                    offset += each.size if isinstance(each, Gap) else len(each.data)


def test_ends_are_told_once_for_each_direction():
    talk = Talk().handshake().goodbye().again(-3).again(-3)
    ends = [each for each in events_in(talk.pcap()) if isinstance(each, Ended)]
    assert [(each.direction, each.reason) for each in ends] == [
        (Direction.C2S, EndReason.FIN),
        (Direction.S2C, EndReason.FIN),
    ]
