"""Addresses, and sockets that listen at them."""

import os
import socket
from pathlib import Path

import pytest

from ohnecimd.transports.listening import Address, Listener, dial


def test_an_address_reads_like_what_one_types():
    assert str(Address("127.0.0.1", 7)) == "127.0.0.1:7"
    assert str(Address("fe80::1", 7)) == "[fe80::1]:7"
    assert str(Address(unix="/run/it")) == "unix:/run/it"


def test_an_address_gives_what_a_socket_connects_to():
    assert Address("127.0.0.1", 7).sockaddr == ("127.0.0.1", 7)
    assert Address(unix="/run/it").sockaddr == "/run/it"


def test_port_0_is_a_free_one():
    listener = Listener("127.0.0.1", 0, None, 5)
    with dial("127.0.0.1", listener.address.port, None, 5) as client:
        assert client.getpeername()[1] == listener.address.port
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert not client.getblocking()
    listener.close()


def test_an_empty_host_stands_for_all_addresses():
    listener = Listener("", 0, None, 5)
    assert listener.address.host in {"0.0.0.0", "::"}
    listener.close()


def test_a_name_that_is_none_is_an_os_error():
    with pytest.raises(OSError, match=r"."):
        Listener("no.such.host.invalid", 0, None, 5)


def test_an_address_of_another_machine_is_an_os_error():
    with pytest.raises(OSError, match="assign"):
        Listener("192.0.2.1", 0, None, 5)


def test_a_directory_that_is_missing_is_an_os_error(short_path):
    with pytest.raises(FileNotFoundError):
        Listener("", 0, short_path / "missing" / "s", 5)
    with pytest.raises(FileNotFoundError):
        dial("", 0, short_path / "missing", 5)


def test_a_listener_that_cannot_listen_closes_its_socket(monkeypatch, short_path):
    def fail(*_):
        raise OSError("no")

    path = short_path / "s"
    monkeypatch.setattr(socket.socket, "listen", fail)
    with pytest.raises(OSError, match="no"):
        Listener("", 0, path, 5)
    assert not path.exists()


def test_a_file_that_has_gone_already_is_no_trouble(short_path):
    listener = Listener("", 0, short_path / "s", 5)
    (short_path / "s").unlink()
    listener.close()
    assert not list(short_path.iterdir())


@pytest.mark.skipif(not Path("/proc/net/unix").exists(), reason="no abstract names here")
def test_a_name_without_a_file_is_possible_on_linux():
    name = f"\0ohnecimd-test-{os.getpid()}"
    listener = Listener("", 0, name, 5)
    with dial("", 0, name, 5) as client:
        assert client.getpeername() == name.encode()
    listener.close()


def test_machines_without_unix_sockets_say_so(monkeypatch):
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(OSError, match="not supported"):
        Listener("", 0, "path", 5)
