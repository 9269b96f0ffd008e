import pytest

from ohnecimd.cli.addresses import Address, parse_address, parse_host, parse_path, parse_port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:40231", Address("127.0.0.1", 40231)),
        ("localhost:1", Address("localhost", 1)),
        ("[::1]:65535", Address("::1", 65535)),
        ("unix:/run/echo", Address(unix="/run/echo")),
        ("unix:a:b", Address(unix="a:b")),
    ],
)
def test_an_address_reads_and_prints_the_same(text, address):
    assert parse_address(text) == address
    assert str(parse_address(text)) == text


@pytest.mark.parametrize("text", ["", "localhost", ":80", "::1:80", "[]:80", "[::1]", "a:b:80"])
def test_a_bad_address_tells_the_good_ones(text):
    with pytest.raises(ValueError) as caught:
        parse_address(text)
    assert str(caught.value) == (f"bad address {text!r}: it is HOST:PORT, [IPv6]:PORT or unix:PATH")


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "+1", "1.0", "http", "٣", "9" * 5000])
def test_a_bad_port_in_an_address_tells_the_range(text):
    with pytest.raises(ValueError) as caught:
        parse_address(f"localhost:{text}")
    assert str(caught.value) == f"bad port {text!r}: it is a number from 1 to 65535"


def test_port_0_is_good_to_listen_on():
    assert parse_port("0") == 0


@pytest.mark.parametrize("text", ["a..b", "x" * 64, "\udcff", "a\0b"])
def test_a_host_that_has_no_such_name_is_bad(text):
    with pytest.raises(ValueError) as caught:
        parse_host(text)
    assert str(caught.value) == f"bad host {text!r}"


@pytest.mark.parametrize("text", ["", "a\0b"])
def test_a_path_that_no_file_can_have_is_bad(text):
    with pytest.raises(ValueError) as caught:
        parse_path(text)
    assert str(caught.value) == f"bad path {text!r} of a Unix socket"


def test_what_a_terminal_obeys_is_not_printed_with_an_address():
    assert str(Address(unix="\x1b[2J")) == r"unix:\x1b[2J"
