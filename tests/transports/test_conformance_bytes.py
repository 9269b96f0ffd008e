"""What every transport does with bytes, over real sockets."""

import os
import resource
import socket
import threading

import pytest
from parsers import MIB, count_bytes, echo, flood, one_line, polite, report, stubborn


def test_a_line_cut_in_pieces_is_one_line(serve, peer):
    client = peer(serve(echo))
    client.send(b"a li")
    client.send(b"ne\nand the nex")
    assert client.read(7) == b"a line\n"
    client.send(b"t\n")
    assert client.read(13) == b"and the next\n"


def test_bytes_may_come_one_by_one(serve, peer):
    client = peer(serve(echo))
    for byte in b"one by one\n":
        client.send(bytes([byte]))
    assert client.read(11) == b"one by one\n"


def test_the_empty_line_is_a_line(serve, peer):
    client = peer(serve(echo))
    client.send(b"\n")
    assert client.read(1) == b"\n"
    client.send(b"a\n\nb\n")
    assert client.read(5) == b"a\n\nb\n"


def test_several_lines_in_one_piece_are_all_answered(serve, peer):
    client = peer(serve(echo))
    lines = b"".join(b"line %d\n" % i for i in range(1000))
    client.send(lines)
    assert client.read(len(lines)) == lines


def test_a_server_may_speak_first(serve, peer):
    client = peer(serve(polite))
    assert client.read(6) == b"hello\n"
    client.send(b"x\n")
    assert client.read(2) == b"x\n"


def test_output_goes_out_whole_through_a_tiny_buffer(serve, peer):
    server = serve(lambda: flood(2))
    server.shrink_buffers(4096)
    client = peer(server, buffers=4096)
    client.send(b"\n")
    assert client.read_rest() == MIB * 2


def test_a_reader_that_takes_nothing_is_not_read_from_and_stops_nobody(serve, peer):
    server = serve(echo)
    server.shrink_buffers(65536)
    slow = peer(server, buffers=65536)
    data = (b"y" * 1023 + b"\n") * (10 << 10)
    taken = slow.write_until_blocked(data)
    assert taken < 2 << 20, f"{taken} bytes were buffered for a reader that takes nothing"
    other = peer(server)
    other.send(b"still there?\n")
    assert other.read(13) == b"still there?\n"

    rest = threading.Thread(target=slow.send, args=(data[taken:],))
    rest.start()
    assert slow.read(len(data)) == data
    rest.join()


def test_the_answer_comes_after_the_client_has_ended_its_output(serve, peer):
    client = peer(serve(report))
    client.send(b"last words\n")
    client.send_eof()
    assert client.read_rest() == b"ok\nbye\n"


def test_a_large_answer_comes_after_the_client_has_ended_its_output(serve, peer):
    client = peer(serve(count_bytes))
    lines = b"a line\n" * 500_000
    client.send(lines)
    client.send_eof()
    assert client.read_rest() == b"3500000\n" + b"x" * 3_500_000


def test_what_is_echoed_after_the_end_of_the_input_comes_whole(serve, peer):
    client = peer(serve(echo))
    lines = b"a line\n" * 20_000
    sender = threading.Thread(target=lambda: (client.send(lines), client.send_eof()))
    sender.start()
    assert client.read_rest() == lines
    sender.join()


def test_a_parser_that_waits_for_ever_ends_with_the_input(serve, peer):
    closed = threading.Event()
    client = peer(serve(stubborn, on_close=lambda _: closed.set()))
    client.send(b"anything\n")
    client.send_eof()
    assert client.read_rest() == b""
    assert closed.wait(5)


def test_input_that_nobody_reads_does_not_destroy_the_answer(serve, peer):
    client = peer(serve(one_line))
    client.send(b"first\n" + b"never read\n" * 50_000)
    assert client.read_rest() == b"got first\n"


def test_a_reset_ends_one_connection_and_no_other(serve_tcp, peer):
    errors = []
    failed = threading.Event()

    def on_error(connection, error):
        errors.append((connection, error))
        failed.set()

    server = serve_tcp(report, on_error=on_error)
    steady, other = peer(server), peer(server)
    steady.send(b"before\n")
    assert steady.read(3) == b"ok\n"
    other.send(b"x\n")
    assert other.read(3) == b"ok\n"
    other.send(b"in the midd")
    other.reset()
    assert failed.wait(5)
    steady.send(b"after\n")
    assert steady.read(3) == b"ok\n"
    ((_, error),) = errors
    assert isinstance(error, ConnectionResetError)


def test_a_reset_during_a_large_answer_ends_one_connection_and_no_other(serve_tcp, peer):
    closed = threading.Event()
    server = serve_tcp(lambda: flood(50), on_close=lambda _: closed.set())
    steady, other = peer(server), peer(server)
    other.send(b"\n")
    assert other.read(100_000) == MIB[:100_000]
    other.reset()
    assert closed.wait(5)
    steady.send(b"\n")
    assert steady.read(len(MIB)) == MIB


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} open files are allowed")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_five_hundred_connections_are_served_at_once(serve, peer):
    server = serve(echo)
    clients = [peer(server) for _ in range(500)]
    for i, client in enumerate(clients):
        client.send(b"I am %03d\n" % i)
    for i, client in enumerate(clients):
        assert client.read(9) == b"I am %03d\n" % i
    for client in clients:
        client.send_eof()
    assert all(client.read_rest() == b"" for client in clients)


def test_answers_are_not_held_back_to_be_joined(serve_tcp):
    options = []

    def on_open(_):
        links = list(server.server._links.values())
        link = links[0]
        endpoint = getattr(link, "endpoint", None) or link._transport.get_extra_info("socket")
        options.append(endpoint.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    server = serve_tcp(polite)
    with socket.create_connection(server.address.sockaddr, 5) as client:
        assert client.recv(6) == b"hello\n"
        server.call(on_open, None)
    assert options[0]


def test_clients_wait_while_there_are_no_more_files_to_be_opened(
    serve, peer, transport, monkeypatch
):
    monkeypatch.setattr(transport.transport, "UNABLE_S", 0.05)
    server = serve(polite)
    steady = peer(server)
    assert steady.read(6) == b"hello\n"
    waiting = socket.socket(steady.socket.family)
    waiting.settimeout(10)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    fill = [os.dup(0)]
    while fill[-1] < waiting.fileno():  # there are no gaps below
        fill.append(os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (fill[-1] + 1, hard))
    try:
        waiting.connect(server.address.sockaddr)
        for _ in range(10):
            steady.send(b"still here\n")
            assert steady.read(11) == b"still here\n"
        waiting.settimeout(0.1)
        with pytest.raises(TimeoutError):
            waiting.recv(6)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in fill:
            os.close(each)
    waiting.settimeout(10)
    assert waiting.recv(6) == b"hello\n"
    waiting.close()
