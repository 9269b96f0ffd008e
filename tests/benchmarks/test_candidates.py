"""All candidates of a row do the same, and one that does not is found before it is timed."""

from dataclasses import replace

import pytest

from .chunk_walkers import Data
from .chunks import CHUNKS
from .group import Effort
from .growth import GROWTH, grow
from .growth import ROWS as GROWTHS
from .memory import MEMORY, Zeros
from .message_codecs import CODERS, FIVE_FIELDS, Codec
from .messages import MESSAGES
from .packets import PACKETS, packets_of
from .race import Turn, WrongResult, measure
from .stream_readers import STREAM_READERS
from .streams import STREAMS
from .submits import CLIENTS, SUBMITS

LINES, FRAMES = STREAMS.rows[0], STREAMS.rows[-1]
NINE_BYTES = [
    replace(row, message_bytes=9, piece_bytes=4, messages=5, fewer={}) for row in STREAMS.rows
]


def installed(candidate):
    if not candidate.is_installed:
        pytest.skip(f"{candidate.module} is not installed")
    return candidate


def names_of(candidates):
    return [each.name for each in candidates]


@pytest.mark.parametrize("candidate", STREAM_READERS, ids=names_of(STREAM_READERS))
@pytest.mark.parametrize("piece_bytes", [1, 7, 64, 1 << 16])
@pytest.mark.parametrize("row", [LINES, FRAMES], ids=["lines", "frames"])
def test_stream_reader_reads_what_was_sent(candidate, piece_bytes, row):
    small = replace(row, message_bytes=20, piece_bytes=piece_bytes, messages=50, fewer={})
    turn = small.turn(installed(candidate), 1)
    if turn is None:
        assert (candidate.name, row.is_framed) == ("bytes.split", True)
    else:
        assert turn.items == 50


@pytest.mark.parametrize("candidate", CODERS, ids=names_of(CODERS))
@pytest.mark.parametrize("row", MESSAGES.rows, ids=MESSAGES.row_names)
def test_coder_decodes_and_encodes_the_same(candidate, row):
    assert row.turn(installed(candidate), 256).run() > 0


@pytest.mark.parametrize("candidate", CHUNKS.candidates, ids=names_of(CHUNKS.candidates))
@pytest.mark.parametrize("row", CHUNKS.rows, ids=CHUNKS.row_names)
@pytest.mark.parametrize(("smallest", "largest"), [(0, 9), (70_000, 70_001)])
def test_walker_finds_the_same_chunks(candidate, row, smallest, largest):
    small = replace(row, chunks=40, smallest=smallest, largest=largest)
    turn = small.turn(installed(candidate), 1)
    if turn is None:
        assert candidate.must_seek
        assert row.data is not Data.NONE or not row.can_seek
    else:
        assert turn.items % 40 == 0
        assert turn.run() > 0


def test_reader_that_reads_something_else_is_found_before_it_is_timed():
    def lie(_, keep):
        assert keep is not None, "it is being timed"
        keep(b"x")

    expected = (
        r"^liar read 1 messages of 1 bytes in the row '64-byte lines, .*', expected 4096 of 64"
    )
    with pytest.raises(WrongResult, match=expected):
        measure(LINES, [replace(STREAM_READERS[0], name="liar", lines=lie)], rounds=1)


@pytest.mark.parametrize("candidate", PACKETS.candidates, ids=names_of(PACKETS.candidates))
@pytest.mark.parametrize("row", PACKETS.rows, ids=PACKETS.row_names)
def test_candidates_make_the_same_of_packets(candidate, row):
    turn = replace(row, times=2).turn(candidate, 1)
    assert turn.items == 2 * len(packets_of(row.capture))
    assert turn.run() > 0


@pytest.mark.parametrize("row", PACKETS.rows, ids=PACKETS.row_names)
def test_candidate_that_makes_something_else_of_packets_is_found_before_it_is_timed(row):
    wrong = (3, 5, [], None)
    liar = replace(
        PACKETS.candidates[0],
        name="liar",
        decode=lambda _, keep: keep(wrong),
        encode=lambda _: b"\x0203:005\t\x03",
    )
    with pytest.raises(WrongResult, match=r"^liar makes something else of 'submit-basic, "):
        measure(row, [liar], rounds=1)


def test_every_message_that_is_measured_is_submitted():
    small = replace(SUBMITS, messages=30)
    for row in small.row_names:
        rates = small.measure(row, Effort(1))
        assert set(rates) == set(CLIENTS)
        assert min(rates.values()) > 0


@pytest.mark.parametrize(
    ("way", "row"), [("decode", MESSAGES.rows[0]), ("encode", MESSAGES.rows[1])]
)
def test_coder_that_does_something_else_is_found_before_it_is_timed(way, row):
    def lying(layout):
        honest = CODERS[3].codec(layout)
        assert isinstance(honest, Codec)
        return replace(honest, **{way: lambda _: honest.make(FIVE_FIELDS.example[::-1])})

    with pytest.raises(WrongResult, match=rf"^liar {way}s something else in '5 fields, {way}'$"):
        measure(row, [replace(CODERS[0], name="liar", codec=lying)], rounds=1)


@pytest.mark.parametrize("row", CHUNKS.rows[:4], ids=CHUNKS.row_names[:4])
def test_walker_that_finds_something_else_is_found_before_it_is_timed(row):
    def lie(_, data, keep):
        assert keep is not None, "it is being timed"
        keep(b"CHKa", 3, None if data is Data.NONE else bytes(3))

    liar = replace(CHUNKS.candidates[0], name="liar", walk=lie)
    with pytest.raises(WrongResult, match=r"^liar found 1 chunks in the row .* expected 2, or"):
        measure(replace(row, chunks=2), [liar], rounds=1)


def test_neighbouring_items_differ_so_that_a_repeated_one_is_noticed():
    first, second = LINES.expected(2)
    assert first != second
    first, second, *_ = MESSAGES.rows[0].expected()
    assert first != second
    first, second = CHUNKS.rows[-1].expected(2)
    assert first != second


def test_measuring_gives_a_time_for_each_installed_candidate_of_the_row():
    readers = {each.name for each in STREAM_READERS if each.is_installed}
    assert set(measure(NINE_BYTES[0], STREAM_READERS, rounds=1)) == readers
    assert set(measure(NINE_BYTES[-1], STREAM_READERS, rounds=1)) == readers - {"bytes.split"}


def test_candidate_that_is_not_installed_is_left_out():
    missing = replace(STREAM_READERS[0], name="other", module="no_such_module")
    assert set(measure(NINE_BYTES[0], [STREAM_READERS[0], missing], rounds=1)) == {"read_upto"}


def test_best_turn_counts_and_each_is_preceded_by_a_warm_up():
    calls = []
    seconds = iter([6.0, 4.0, 8.0])

    class Prepared(type(LINES)):
        def turn(self, *given):
            assert given == (STREAM_READERS[0], 3)
            return Turn(
                2, lambda: calls.append("run") or next(seconds), lambda: calls.append("warm up")
            )

    row = Prepared("a row", 1, 1, 1)
    times = measure(row, STREAM_READERS[:1], rounds=3, divisor=3)
    assert times == {"read_upto": 2.0}
    assert calls == ["warm up", "run"] * 3


@pytest.mark.parametrize("growth", GROWTHS, ids=GROWTH.row_names)
def test_growth_reads_all_of_its_work(growth):
    size, seconds, _ = grow(replace(growth, largest=200), rounds=1)
    assert size == 200
    assert seconds > 0


@pytest.mark.parametrize("row", MEMORY.row_names)
def test_memory_is_measured_while_all_of_the_file_passes(row):
    row = MEMORY.row_of(row)
    peak = row.peak(3_000_000)
    assert 10_000 < peak < 10_000_000


def test_file_of_zeros_is_a_wave_file():
    file = Zeros(12, chunk_bytes=6)
    whole = b"RIFF\x20\0\0\0WAVE" + 2 * (b"data\6\0\0\0" + bytes(6))
    assert b"".join(iter(lambda: file.read(7), b"")) == whole
