"""LDO: every recorded conversation with the example server, replayed in every cut."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from ohnecimd.errors import OhnecimdError
from ohnecimd.protocols.chunks import Answer, CloseReason, Server, chunk_of
from ohnecimd.testing import FakeClock, cut_at, cut_every

FILE = Path(__file__).parents[1] / "data" / "chunks" / "ldo-conversations.json"
CONVERSATIONS = json.loads(FILE.read_text())
IDLE_S = 60
NO_RESULT = chunk_of(Answer(is_success=False)).encode()

# What the example server fails at: there is an answer here, and the connection lives on.
BETTER = {
    "cmpu-pow-overflow": NO_RESULT + b"NOOP\0\0\0\0",
    "idle-stuck": NO_RESULT,
}
REASONS = {
    "cmpu-pow-overflow": ["client-eof"],
    "idle-stuck": ["idle-timeout"],
    "dlay-inf": ["client-eof"],  # it is noticed here that nobody waits any more
}


def bytes_of(step):
    data = bytes.fromhex(step["hex"])
    more = step.get("then_repeat", {"hex": "", "times": 0})
    return data + bytes.fromhex(more["hex"]) * more["times"]


class Replay:
    """One conversation with a server of ours."""

    def __init__(self, record, cut):
        self.record = record
        self.cut = cut
        self.clock = FakeClock()
        self.server = Server(clock=self.clock)
        self.connections = {}
        self.said = {}
        self.reasons = []
        self.is_better = record["name"] in BETTER

    def run(self):
        start = IDLE_S if self.record["name"] == "idle-silent" else 0
        if start:
            self.connection(1)
        for step in self.record["steps"]:
            self.advance_to(start + step["t"])
            if step["dir"] == "c2s":
                self.act(step)
            elif not self.is_better:
                self.expect(step)
        return self

    def connection(self, number):
        if number not in self.connections:
            self.connections[number] = self.server()
            self.said[number] = b""
            self.take(number)
        return self.connections[number]

    def advance_to(self, now):
        while True:
            deadlines = [
                each.deadline for each in self.connections.values() if each.deadline is not None
            ]
            self.clock.now = min([now, *deadlines])
            for number, connection in self.connections.items():
                self.attempt(number, connection.tick)
            if self.clock.now == now:
                return

    def act(self, step):
        number = step["conn"]
        connection = self.connection(number)
        if self.record["ended_by"] == "client" and "idle-timeout" not in self.wanted_reasons:
            assert not connection.closing
        if "hex" in step:
            for piece in self.pieces(bytes_of(step)):
                if not connection.closing:
                    self.attempt(number, connection.send, piece)
        elif step["event"] == "reset":
            connection.close()
        elif not connection.closing:
            self.attempt(number, connection.send_eof)

    def pieces(self, data):
        if self.record["name"] != "idle-drip":
            yield from self.cut(data)
            return
        for each in cut_every(data, 2):  # the record has them joined
            yield each
            if self.clock.now < 75:
                self.advance_to(self.clock.now + 25)

    def attempt(self, number, call, *args):
        connection = self.connections[number]
        was_closing = connection.closing
        with contextlib.suppress(OhnecimdError):
            call(*args)
        self.take(number)
        if connection.closing and not was_closing:
            error = connection.error
            self.reasons.append(connection.get_result() if error is None else error.hint)

    def take(self, number):
        self.said[number] += self.connections[number].read()

    def expect(self, step):
        number = step["conn"]
        if "event" in step:
            assert self.connection(number).closing
            return
        steps = self.record["steps"]
        so_far = steps[: steps.index(step) + 1]
        expected = b"".join(
            bytes_of(each)
            for each in so_far
            if (each["conn"], each["dir"]) == (number, "s2c") and "hex" in each
        )
        assert self.said[number] == expected

    @property
    def wanted_reasons(self):
        return REASONS.get(self.record["name"], self.record["server_close_reasons"])

    @property
    def expected(self):
        """What connection 1 is told in all."""
        if self.is_better:
            return BETTER[self.record["name"]]
        return b"".join(
            bytes_of(each)
            for each in self.record["steps"]
            if (each["conn"], each["dir"]) == (1, "s2c") and "hex" in each
        )


def cuttings(record):
    """Give the ways to cut what the client says."""
    yield lambda data: [data]
    for size in (1, 2, 3, 5, 7, 8, 9, 4096):
        yield lambda data, size=size: cut_every(data, size)
    longest = max(
        [
            len(step["hex"]) // 2
            for step in record["steps"]
            if step["dir"] == "c2s" and "hex" in step
        ],
        default=0,
    )
    for place in range(1, min(longest, 80)):
        yield lambda data, place=place: cut_at(data, [min(place, len(data))])


@pytest.mark.parametrize("record", CONVERSATIONS, ids=lambda record: record["name"])
def test_the_server_says_what_the_example_server_said_in_every_cut(record):
    for cut in cuttings(record):
        replay = Replay(record, cut).run()
        assert replay.said.get(1, b"") == replay.expected
        if record["server_reply_hex"] is not None and not replay.is_better:
            assert replay.expected.hex() == record["server_reply_hex"]


@pytest.mark.parametrize("record", CONVERSATIONS, ids=lambda record: record["name"])
def test_the_server_ends_for_the_reason_that_was_recorded(record):
    for cut in cuttings(record):
        replay = Replay(record, cut).run()
        assert replay.reasons == replay.wanted_reasons
        assert set(replay.reasons) <= set(CloseReason)


def test_there_are_all_of_them():
    assert len(CONVERSATIONS) == 86
    assert BETTER.keys() <= {record["name"] for record in CONVERSATIONS}
