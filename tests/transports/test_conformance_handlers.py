"""What every transport does with events, and with what applications say."""

import asyncio
import threading

import pytest
from parsers import MIB, Talk, echo, report
from running import OnAsyncio, OnGevent, OnSockets

from ohnecimd import emit, protocol, put, read_until
from ohnecimd.errors import Misuse, Truncated


def test_events_come_in_order_and_the_output_too(serve, peer):
    events = []
    client = peer(serve(report, on_event=lambda _, event: events.append(event)))
    lines = [b"%d" % i for i in range(3000)]
    client.send(b"\n".join(lines) + b"\n")
    client.send_eof()
    assert client.read_rest() == b"ok\n" * 3000 + b"bye\n"
    assert events == lines


def test_events_that_nobody_handles_stop_nothing(serve, peer):
    client = peer(serve(report))
    client.send(b"line\n" * 5000)
    client.send_eof()
    assert client.read_rest() == b"ok\n" * 5000 + b"bye\n"


def test_what_a_handler_says_goes_out_when_it_returns(serve, peer):
    client = peer(serve(Talk, on_event=lambda talk, line: talk.say(b"you: " + line)))
    client.send(b"one\ntwo\n")
    assert client.read(18) == b"you: one\nyou: two\n"


def test_a_handler_may_answer_a_client_that_has_ended_its_output(serve, peer):
    client = peer(serve(Talk, on_event=lambda talk, line: talk.say(line)))
    lines = b"".join(b"%d\n" % i for i in range(10_000))
    client.send(lines)
    client.send_eof()
    assert client.read_rest() == lines


def test_a_hook_may_say_something_when_a_client_comes(serve, peer):
    client = peer(serve(Talk, on_open=lambda talk: talk.say(b"welcome\n")))
    assert client.read(8) == b"welcome\n"


def test_a_handler_may_speak_to_other_clients(serve, peer):
    guests = []

    def on_event(guest, line):
        others = [each for each in guests if each is not guest]
        for each in others:
            each.say(line)
        server.server.flush(*others)

    server = serve(Talk, on_event=on_event, on_open=guests.append, on_close=guests.remove)
    clients = [peer(server) for _ in range(3)]
    server.wait_until(lambda: len(guests) == 3)
    clients[0].send(b"hello all\n")
    assert clients[1].read(10) == clients[2].read(10) == b"hello all\n"
    clients[1].send(b"hello you\n")
    assert clients[0].read(10) == clients[2].read(10) == b"hello you\n"


def test_the_application_may_speak_at_any_time_from_any_thread(serve, peer):
    guests = []
    server = serve(Talk, on_open=guests.append)
    client = peer(server)
    server.wait_until(lambda: guests)

    def announce():
        guests[0].say(b"the time is now\n")
        server.server.flush(guests[0])

    server.server.call_soon(announce)
    assert client.read(16) == b"the time is now\n"


def test_a_large_output_that_an_application_queues_goes_out_whole(serve, peer):
    client = peer(serve(Talk, on_event=lambda talk, _: talk.say(MIB * 3)), buffers=8192)
    client.send(b"go\n")
    client.send_eof()
    assert client.read_rest() == MIB * 3


def test_a_connection_that_is_over_can_be_flushed(serve, peer):
    guests = []
    closed = threading.Event()
    server = serve(Talk, on_open=guests.append, on_close=lambda _: closed.set())
    with peer(server):
        pass
    assert closed.wait(5)
    server.call(server.server.flush, guests[0])
    client = peer(server)
    client.send_eof()
    assert client.read_rest() == b""


def test_what_is_called_soon_and_fails_is_logged(serve, peer, caplog):
    server = serve(echo)
    server.server.call_soon(lambda: 1 // 0)
    server.call(int)
    client = peer(server)
    client.send(b"alive\n")
    assert client.read(6) == b"alive\n"
    (entry,) = caplog.records
    assert entry.exc_info[0] is ZeroDivisionError


def test_a_parser_that_emits_without_end_stops_nobody(serve, peer):
    counts = {}

    @protocol
    def babble():
        if (yield from read_until(b"\n")) == b"go":
            while True:
                yield from emit(b"bla")
        yield from put(b"quiet\n")

    def on_event(connection, _):
        counts[connection] = counts.get(connection, 0) + 1

    server = serve(babble, on_event=on_event)
    noisy, quiet = peer(server), peer(server)
    noisy.send(b"go\n")
    server.wait_until(lambda: counts)
    quiet.send(b"psst\n")
    assert quiet.read_rest() == b"quiet\n"


def test_a_parser_that_writes_without_end_stops_nobody(serve, peer):
    @protocol
    def pour():
        if (yield from read_until(b"\n")) == b"go":
            while True:
                yield from put(MIB)
        yield from put(b"quiet\n")

    server = serve(pour)
    noisy, quiet = peer(server), peer(server)
    noisy.send(b"go\n")
    reader = threading.Thread(target=lambda: noisy.read(100 << 20))
    reader.start()
    quiet.send(b"psst\n")
    assert quiet.read_rest() == b"quiet\n"
    reader.join()


def test_what_was_received_before_a_client_was_lost_is_handled(serve_tcp, peer):
    events = []
    closed = threading.Event()

    @protocol
    def confirm():
        while True:
            line = yield from read_until(b"\n")
            yield from put(b"ok " * 1000)
            yield from emit(line)

    server = serve_tcp(
        confirm,
        on_event=lambda _, event: events.append(event),
        on_close=lambda _: closed.set(),
        on_error=lambda *_: None,
    )
    client = peer(server, buffers=4096)
    client.send(b"".join(b"%d\n" % i for i in range(2000)))
    server.wait_until(lambda: events)
    client.reset()
    assert closed.wait(10)
    assert events == [b"%d" % i for i in range(len(events))]


class TestAsync:
    """asyncio's handlers may be coroutines."""

    def test_they_are_awaited_in_order_and_the_client_waits(self, peer):
        calls = []

        async def on_event(talk, line):
            calls.append((b"begin", line))
            await asyncio.sleep(0.001)
            talk.say(line)
            calls.append((b"end", line))

        server = OnAsyncio(Talk, {"on_event": on_event})
        client = peer(server)
        client.send(b"1\n2\n3\n")
        client.send_eof()
        assert client.read_rest() == b"1\n2\n3\n"
        server.stop(0)
        server.join()
        assert calls == [
            (when, line) for line in (b"1\n", b"2\n", b"3\n") for when in (b"begin", b"end")
        ]

    def test_one_that_fails_ends_its_connection_only(self, peer, caplog):
        async def on_event(talk, line):
            if line == b"boom\n":
                raise ValueError("the handler's own")
            talk.say(line)

        server = OnAsyncio(Talk, {"on_event": on_event})
        steady, client = peer(server), peer(server)
        client.send(b"fine\nboom\nnever\n")
        assert client.read_rest() == b"fine\n"
        steady.send(b"x\n")
        assert steady.read(2) == b"x\n"
        server.stop(0)
        server.join()
        (entry,) = caplog.records
        assert "the handler's own" in str(entry.exc_info[1])

    def test_flush_sends_what_was_said_while_it_goes_on(self, peer):
        may_end = asyncio.Event()

        async def on_event(talk, _):
            talk.say(b"one moment\n")
            server.server.flush(talk)
            await may_end.wait()
            talk.say(b"done\n")

        server = OnAsyncio(Talk, {"on_event": on_event})
        client = peer(server)
        client.send(b"work\n")
        assert client.read(11) == b"one moment\n"
        server.call(may_end.set)
        assert client.read(5) == b"done\n"
        server.stop(0)
        server.join()

    def test_stop_waits_for_it_and_then_cancels_it(self, peer):
        begun, fates = [], []

        async def on_event(talk, line):
            begun.append(line)
            try:
                await asyncio.sleep(0.05 if line == b"short\n" else 3600)
                talk.say(b"done\n")
                fates.append("done")
            except asyncio.CancelledError:
                fates.append("cancelled")
                raise

        server = OnAsyncio(Talk, {"on_event": on_event})
        short, long = peer(server), peer(server)
        short.send(b"short\n")
        long.send(b"long\n")
        server.wait_until(lambda: len(begun) == 2)
        server.stop(0.5)
        assert short.read_rest() == b"done\n"
        assert server.join() < 5
        assert long.read_rest() == b""
        assert fates == ["done", "cancelled"]


@pytest.mark.parametrize("transport", [OnSockets, OnGevent])
def test_an_async_handler_is_a_misuse_elsewhere(serve_tcp, peer):
    errors = []

    async def on_event(_, __):
        raise AssertionError

    server = serve_tcp(Talk, on_event=on_event, on_error=lambda _, error: errors.append(error))
    client = peer(server)
    client.send(b"line\n")
    assert client.read_rest() == b""
    (error,) = errors
    assert isinstance(error, Misuse)
    assert "asyncio" in str(error)


def test_an_error_hook_gets_what_the_log_would_not(serve, peer, caplog):
    errors = []
    server = serve(report, on_error=lambda _, error: errors.append(error))
    for words in (b"bug\n", b"unfinished"):
        client = peer(server)
        client.send(words)
        client.send_eof()
        client.read_rest()
        client.close()
    server.wait_until(lambda: len(errors) == 2)
    assert [type(each) for each in errors] == [ZeroDivisionError, Truncated]
    assert not caplog.records
