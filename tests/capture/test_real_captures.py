"""Captures of real programs, beside independent listings and readers of what is in them."""

import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from capture_files import RAW, Talk, pcap, pcapng

from ohnecimd.capture import Data, Gap, Opened, follow, packets, streams
from ohnecimd.capture.frames import FIN, segment_in
from ohnecimd.connection import protocol
from ohnecimd.primitives import emit, read_upto
from ohnecimd.testing import check_cuts

CAPTURES = sorted((Path(__file__).parents[1] / "data" / "cimd").glob("*.pcap"))
TSHARK = shutil.which("tshark")
SECONDS = 60


def names(path):
    return path.stem


def events_in(data, factory=streams):
    connection = factory()
    connection.send(data)
    connection.send_eof()
    return connection.events()


def listed(capture):
    return json.loads(capture.with_suffix(".json").read_text(encoding="utf-8"))["listing"]


@protocol
def cut_at_etx():
    r"""Emit what lies between STX and ETX, and what lies before an STX."""
    while True:
        piece = yield from read_upto((b"\x02", b"\x03"))
        if piece.endswith(b"\x03"):
            yield from emit(b"\x02" + piece)
        elif piece != b"\x02":
            yield from emit(piece[:-1])


def test_there_are_captures():
    assert len(CAPTURES) == 5


@pytest.mark.parametrize("capture", CAPTURES, ids=names)
def test_packets_between_stx_and_etx_are_those_of_the_listing(capture):
    found = []
    first_ns = events_in(capture.read_bytes(), packets)[0].time_ns
    for each in events_in(capture.read_bytes(), lambda: follow(cut_at_etx)):
        event = getattr(each, "event", None)
        if isinstance(event, bytes):
            seconds = (each.time_ns - first_ns) / 10**9
            found.append((each.stream, str(each.direction), event.hex(), seconds))
    listing = listed(capture)
    assert [each[:3] for each in found] == [
        (each["stream"], each["dir"], each.get("raw") or each["noise"]) for each in listing
    ]
    times = [
        (each[3], told["t"]) for each, told in zip(found, listing, strict=True) if "raw" in told
    ]
    assert all(ours == pytest.approx(theirs, abs=2e-6) for ours, theirs in times)


@pytest.mark.parametrize("capture", CAPTURES, ids=names)
def test_captures_give_the_same_however_they_are_cut(capture):
    check_cuts(streams, capture.read_bytes(), limit=20)


@pytest.mark.parametrize("capture", CAPTURES, ids=names)
def test_segments_are_those_that_dpkt_finds(capture):
    dpkt = pytest.importorskip("dpkt", reason="dpkt is not installed")
    data = capture.read_bytes()
    theirs = []
    for time, frame in dpkt.pcap.Reader(io.BytesIO(data)):
        internet = dpkt.ethernet.Ethernet(frame).data
        theirs.append((float(time), internet.src, internet.data.seq, internet.data.data))
    ours = []
    for packet in events_in(data, packets):
        segment = segment_in(packet)
        ours.append((packet.time_ns / 10**9, segment.source, segment.sequence, segment.data))
    assert ours == [(pytest.approx(each[0], abs=1e-5), *each[1:]) for each in theirs]


def tshark(path, *options):
    command = [TSHARK, "-n", "-r", str(path), *options]
    done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
    return done.stdout.decode()


def bytes_of(events):
    """The bytes of each direction of each stream."""
    found = {}
    for each in events:
        if isinstance(each, Opened):
            found[each.stream, "c2s"] = found[each.stream, "s2c"] = b""
        elif isinstance(each, Data):
            found[each.stream, str(each.direction)] += each.data
    return found


def bytes_in_tshark(path, count):
    """The same by tshark: it indents what the second to speak has sent."""
    found = {}
    for stream in range(count):
        text = tshark(path, "-q", "-z", f"follow,tcp,raw,{stream}")
        lines = text.partition("Node 1:")[2].splitlines()[1:-1]
        nodes = [b"", b""]
        for line in lines:
            nodes[line.startswith("\t")] += bytes.fromhex(line.strip())
        found[stream, "c2s"], found[stream, "s2c"] = nodes
    return found


def hard_talk():
    """Lost, late, repeated and overlapping packets of several connections."""
    first = Talk(seqs=(2**32 - 5, 9)).handshake().c2s(b"Hello ").c2s(b"World")
    late = first.lose(3)
    first.late(late).again(3).s2c(b"yes").c2s(b"!").s2c(b" indeed").goodbye()
    second = Talk(cport=50001).handshake().c2s(b"abc")
    second.packet("c2s", 1002, 5001, 24, b"bcdef")
    third = Talk(seqs=(70, 80)).handshake().c2s(b"the same ports again").goodbye()
    third.packet("c2s", 70, 81, FIN | 16)
    return first.packets + second.packets + third.packets


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_streams_are_those_that_tshark_follows(tmp_path, make):
    path = tmp_path / "hard"
    path.write_bytes(make(hard_talk(), link=RAW))
    events = events_in(path.read_bytes())
    assert not any(isinstance(each, Gap) for each in events)
    ours = bytes_of(events)
    assert ours[0, "c2s"] == b"Hello World!"
    assert ours == bytes_in_tshark(path, 3)


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("capture", CAPTURES, ids=names)
def test_real_streams_are_those_that_tshark_follows(capture):
    ours = bytes_of(events_in(capture.read_bytes()))
    assert ours == bytes_in_tshark(capture, len(ours) // 2)


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_streams_are_numbered_as_tshark_does(tmp_path):
    path = tmp_path / "hard"
    path.write_bytes(pcap(hard_talk(), link=RAW))
    numbers = [int(each) for each in tshark(path, "-T", "fields", "-e", "tcp.stream").split()]
    opened = [each.stream for each in events_in(path.read_bytes()) if isinstance(each, Opened)]
    assert opened == list(dict.fromkeys(numbers)) == [0, 1, 2]
