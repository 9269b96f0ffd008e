"""How connections and servers end, on every transport, over real sockets."""

import errno
import logging
import math
import os
import socket
import threading
import time
from functools import partial

import pytest
from parsers import MIB, Talk, echo, flood, hasty, late, polite, report
from running import Peer

from ohnecimd import protocol, put, read_upto, sleep
from ohnecimd.errors import Malformed, TimeoutExpired, Truncated
from ohnecimd.testing.clock import FakeClock


class Record:
    """Hooks that remember what they were called for."""

    def __init__(self):
        self.calls = []
        self.closed = threading.Event()
        self.hooks = {
            "on_open": lambda _: self.calls.append("open"),
            "on_event": lambda _, event: self.calls.append(event),
            "on_error": lambda _, error: self.calls.append(type(error)),
            "on_close": self._on_close,
        }

    def _on_close(self, _):
        self.calls.append("close")
        self.closed.set()

    def wait(self):
        assert self.closed.wait(10)
        return self.calls


@pytest.fixture
def record():
    return Record()


def test_a_protocol_error_comes_after_the_events_and_the_output_before_it_goes_out(
    serve, peer, record
):
    client = peer(serve(report, **record.hooks))
    client.send(b"one\ntwo\nbad\nthree\n")
    assert client.read_rest() == b"ok\nok\nno\n"
    client.close()
    assert record.wait() == ["open", b"one", b"two", Malformed, "close"]


def test_input_that_ends_in_the_middle_is_an_error(serve, peer, record):
    client = peer(serve(report, **record.hooks))
    client.send(b"one\ntw")
    client.send_eof()
    assert client.read_rest() == b"ok\n"
    client.close()
    assert record.wait() == ["open", b"one", Truncated, "close"]


def test_a_large_output_before_an_error_goes_out(serve, peer):
    @protocol
    def fail_late():
        yield from read_upto(b"\n")
        yield from put(MIB)
        raise Malformed("that was it")

    client = peer(serve(fail_late), buffers=8192)
    client.send(b"\n")
    assert client.read_rest() == MIB


def test_a_bug_in_a_parser_is_logged_and_ends_its_connection_only(serve, peer, caplog):
    server = serve(report)
    steady, client = peer(server), peer(server)
    client.send(b"bug\n")
    assert client.read_rest() == b"no\n"
    steady.send(b"x\n")
    assert steady.read(3) == b"ok\n"
    (entry,) = [each for each in caplog.records if each.name == "ohnecimd.transports"]
    assert entry.exc_info[0] is ZeroDivisionError
    assert entry.levelno == logging.ERROR


def test_errors_of_the_peer_are_not_logged(serve, peer, caplog):
    server = serve(report)
    client = peer(server)
    client.send(b"bad\n")
    assert client.read_rest() == b"no\n"
    assert not caplog.records


def test_a_factory_that_fails_ends_its_connection_only(serve, peer, caplog):
    faults = [OSError("no disk"), ValueError("no sense")]

    def factory():
        if faults:
            raise faults.pop()
        return echo()

    server = serve(factory, max_connections=1)
    assert peer(server).read_rest() == b""
    assert peer(server).read_rest() == b""
    client = peer(server)
    client.send(b"now\n")
    assert client.read(4) == b"now\n"
    assert [each.exc_info[0] for each in caplog.records] == [ValueError, OSError]


def test_a_handler_that_fails_ends_its_connection_only(serve, peer, caplog):
    def on_event(_, event):
        if event == b"boom":
            raise OSError("the handler's own")

    server = serve(report, on_event=on_event)
    steady, client = peer(server), peer(server)
    client.send(b"fine\nboom\nnever\n")
    assert client.read_rest().startswith(b"ok\nok\n")
    steady.send(b"x\n")
    assert steady.read(3) == b"ok\n"
    (entry,) = caplog.records
    assert "the handler's own" in str(entry.exc_info[1])


@pytest.mark.parametrize("hook", ["on_open", "on_close", "on_error"])
def test_a_hook_that_fails_does_not_end_the_server(serve, peer, caplog, hook):
    def fail(*_):
        failed.set()
        raise ValueError(hook)

    failed = threading.Event()
    server = serve(report, **{hook: fail})
    client = peer(server)
    client.send(b"bad\n")
    client.read_rest()
    client.close()
    assert failed.wait(5)
    running = peer(server)
    if hook != "on_open":
        running.send(b"x\n")
        assert running.read(3) == b"ok\n"
    else:
        assert running.read_rest() == b""
    server.wait_until(lambda: caplog.records)
    assert hook in {str(each.exc_info[1]) for each in caplog.records}


def test_a_deadline_that_expires_ends_the_connection(serve, peer, record):
    client = peer(serve(lambda: hasty(0.05), **record.hooks))
    assert client.read_rest() == b"quick!\n"
    client.close()
    assert record.wait() == ["open", TimeoutExpired, "close"]


def test_a_deadline_that_is_kept_does_no_harm(serve, peer):
    client = peer(serve(lambda: hasty(30)))
    assert client.read(7) == b"quick!\n"
    client.send(b"here\n")
    assert client.read_rest() == b""


def test_a_deadline_runs_while_the_peer_takes_nothing(serve, peer, record):
    @protocol
    def give_up():
        yield from read_upto(b"\n")
        yield from put(MIB * 8)
        yield from sleep(0.05)
        raise Malformed("nobody listens")

    client = peer(serve(give_up, **record.hooks), buffers=8192)
    client.send(b"\n")
    assert client.read_rest() == MIB * 8
    client.close()
    assert record.wait() == ["open", Malformed, "close"]


def test_a_parser_may_sleep(serve, peer):
    client = peer(serve(lambda: late(0.05)))
    begin = time.monotonic()
    client.send(b"zzz\n")
    assert client.read_rest() == b"zzz\n"
    assert 0.05 <= time.monotonic() - begin < 5


def test_a_parser_that_sleeps_ends_in_time_though_its_input_has_ended(serve, peer):
    client = peer(serve(lambda: late(0.05)))
    client.send(b"zzz\n")
    client.send_eof()
    assert client.read_rest() == b"zzz\n"


@pytest.mark.parametrize("seconds", [1e10, math.inf])
def test_a_parser_that_sleeps_for_ages_disturbs_nobody(serve, peer, seconds):
    @protocol
    def drowsy():
        line = yield from read_upto(b"\n")
        if line == b"sleep\n":
            yield from sleep(seconds)
        yield from put(line)

    opened = []
    server = serve(drowsy, on_open=opened.append)
    sleeper = peer(server)
    sleeper.send(b"sleep\n")
    server.wait_until(lambda: opened and opened[0].deadline is not None)
    other = peer(server)
    other.send(b"awake\n")
    assert other.read_rest() == b"awake\n"
    assert not server.call(lambda: opened[0].closing)
    server.stop(grace_s=0)
    assert sleeper.read_rest() == b""
    assert server.join() < 5


def test_deadlines_are_on_the_clock_of_the_connection(serve, peer):
    clock = FakeClock()
    opened = []
    factory = partial(protocol(late.__wrapped__, clock=clock), 1000)
    server = serve(factory, on_open=opened.append)
    client = peer(server)
    client.send(b"zzz\n")
    server.wait_until(lambda: opened and opened[0].deadline)
    server.call(clock.advance, 999)
    server.call(server.server.flush, opened[0])
    server.call(int)
    assert opened[0].deadline is not None
    server.call(clock.advance, 2)
    server.call(server.server.flush, opened[0])
    assert client.read_rest() == b"zzz\n"


def test_clients_beyond_the_limit_wait_until_another_leaves(serve, peer):
    server = serve(polite, max_connections=2)
    first, second = peer(server), peer(server)
    assert first.read(6) == second.read(6) == b"hello\n"
    third = peer(server)
    third.socket.settimeout(0.1)
    with pytest.raises(TimeoutError):
        third.read(6)
    third.socket.settimeout(10)
    second.send(b"still here\n")
    assert second.read(11) == b"still here\n"
    first.send_eof()
    assert third.read(6) == b"hello\n"


def test_stop_closes_idle_connections_at_once(serve, peer):
    server = serve(polite)
    client = peer(server)
    assert client.read(6) == b"hello\n"
    server.stop(30)
    assert client.read_rest() == b""
    client.close()
    assert server.join() < 5


def test_stop_lets_a_running_answer_finish(serve, peer):
    server = serve(lambda: flood(8))
    client = peer(server, buffers=65536)
    client.send(b"\n")
    assert client.read(1000) == MIB[:1000]
    server.stop(30)
    assert_refused(server, peer)
    assert len(client.read_rest()) == len(MIB) * 8 - 1000
    client.close()
    server.join()


def assert_refused(server, peer):
    """Wait until nobody is let in any more."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            with peer(server) as other:
                other.read_rest()
        except ConnectionResetError:
            pass  # it was in the backlog
        except (ConnectionRefusedError, FileNotFoundError):
            return
    pytest.fail("clients are let in")


def test_stop_lets_an_answer_finish_that_comes_within_the_grace_period(serve, peer):
    opened = []
    server = serve(lambda: late(0.2), on_open=opened.append)
    client = peer(server)
    client.send(b"zzz\n")
    server.wait_until(lambda: opened and opened[0].deadline)
    server.stop(30)
    assert client.read_rest() == b"zzz\n"


def test_stop_does_not_wait_for_a_deadline_beyond_the_grace_period(serve, peer):
    server = serve(lambda: hasty(3600))
    client = peer(server)
    assert client.read(7) == b"quick!\n"
    server.stop(30)
    assert client.read_rest() == b""
    client.close()
    assert server.join() < 5


def test_stop_closes_what_has_not_finished_in_time(serve, peer, record):
    server = serve(lambda: flood(64), **record.hooks)
    client = peer(server, buffers=65536)
    client.send(b"\n")
    assert client.read(1000) == MIB[:1000]
    server.stop(0.2)
    assert server.join() < 5
    client.close()
    assert record.wait() == ["open", "close"]


def test_stop_may_be_asked_twice_and_the_shorter_time_counts(serve, peer):
    server = serve(lambda: flood(64))
    client = peer(server, buffers=65536)
    client.send(b"\n")
    assert client.read(1000) == MIB[:1000]
    server.stop(30)
    server.stop(0.05)
    assert server.join() < 5


def test_a_connection_that_is_given_up_runs_the_finally_clauses_of_its_parser(serve, peer):
    ended = threading.Event()

    @protocol
    def careful():
        try:
            yield from put(b"in\n")
            yield from read_upto(b"\n")
        finally:
            ended.set()

    server = serve(careful)
    client = peer(server)
    assert client.read(3) == b"in\n"
    server.stop(0)
    assert ended.wait(5)


def test_a_port_in_use_is_an_os_error(serve_tcp):
    server = serve_tcp(echo)
    with pytest.raises(OSError, match="in use") as caught:
        serve_tcp(echo, port=server.address.port)
    assert caught.value.errno == errno.EADDRINUSE


def test_a_port_is_free_again_after_stop(serve_tcp, peer):
    first = serve_tcp(polite)
    client = peer(first)
    assert client.read(6) == b"hello\n"
    first.stop(0)
    first.join()
    second = serve_tcp(polite, port=first.address.port)
    assert peer(second).read(6) == b"hello\n"


def test_ipv6_is_served_where_there_is_some(serve_tcp, peer):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    server = serve_tcp(polite, host="::1")
    assert str(server.address) == f"[::1]:{server.address.port}"
    assert peer(server).read(6) == b"hello\n"
    with server.connect(Talk, host="::1", port=server.address.port) as client:
        assert client.next_event() == b"hello\n"


def test_a_file_that_nobody_listens_at_is_replaced(serve_tcp, peer, short_path):
    path = short_path / "stale"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(os.fspath(path))
    stale.close()
    server = serve_tcp(polite, unix=path)
    assert str(server.address) == f"unix:{path}"
    assert peer(server).read(6) == b"hello\n"


def test_a_link_to_nowhere_is_left_alone(serve_tcp, short_path):
    path = short_path / "link"
    path.symlink_to(short_path / "nowhere")
    with pytest.raises(OSError, match="in use"):
        serve_tcp(polite, unix=path)
    assert path.is_symlink()


def test_a_unix_socket_that_somebody_listens_at_is_in_use(serve_tcp, peer, short_path):
    path = short_path / "live"
    server = serve_tcp(polite, unix=path)
    with pytest.raises(OSError, match="in use") as caught:
        serve_tcp(polite, unix=path)
    assert caught.value.errno == errno.EADDRINUSE
    assert peer(server).read(6) == b"hello\n"


def test_a_file_that_is_no_socket_is_left_alone(serve_tcp, short_path):
    path = short_path / "file"
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        serve_tcp(polite, unix=path)
    assert path.read_text() == "precious"


def test_the_file_of_a_unix_socket_is_removed_at_stop(serve_tcp, short_path):
    path = short_path / "gone"
    server = serve_tcp(polite, unix=path)
    assert path.exists()
    server.stop(0)
    server.join()
    assert not path.exists()


def test_the_file_of_another_server_is_not_removed_at_stop(serve_tcp, short_path):
    path = short_path / "taken"
    server = serve_tcp(polite, unix=path)
    path.unlink()
    other = serve_tcp(polite, unix=path)
    server.stop(0)
    server.join()
    with Peer(other.address) as client:
        assert client.read(6) == b"hello\n"
