"""What is secret is shown nowhere: not by `repr`, not in errors, nor in what they were made of."""

from __future__ import annotations

from typing import Annotated, ClassVar

import pytest

from ohnecimd.domains import where
from ohnecimd.errors import FieldError, Malformed, ProtocolError, RemoteProtocolError, Truncated
from ohnecimd.fields import Variable, counted, prefixed, raw, text, u8, u32
from ohnecimd.messages import SECRET, Message, checksum_of, length_of, one_of, within


def error_of(message, data):
    with pytest.raises(RemoteProtocolError) as caught:
        message.decode(data)
    return caught.value


PASSWORD = "hunter2hunter2"


class Login(Message):
    user: Annotated[str, prefixed(u8, encoding="ascii")]
    password: Annotated[str, prefixed(u8, encoding="ascii"), SECRET]
    level: Annotated[u8, within(0, 5)] = 0


class Session(Message):
    login: Annotated[Login, where("of a guest", lambda login: login.user == "guest")]
    keys: Annotated[tuple[Annotated[bytes, raw(14), SECRET], ...], counted(u8)] = ()


class Locked(Message):
    size: ClassVar[Annotated[u8, length_of("password")]]
    password: Annotated[str, text("ascii"), SECRET, one_of("open", "sesame")]
    crc: ClassVar[Annotated[u32, checksum_of("password")]]


def everything_in(error):
    """All that an error, and what it was made of, would tell a log."""
    told = []
    while error is not None:
        told += [str(error), repr(error), repr(vars(error)), repr(error.args)]
        error = error.__cause__ or error.__context__
    return " ".join(told)


def is_told(error):
    told = everything_in(error)
    return any(
        PASSWORD[start : start + 4] in told or PASSWORD[start : start + 4].encode().hex() in told
        for start in range(len(PASSWORD) - 4)
    )


LOGIN = Login("ann", PASSWORD, 3).encode()
LOCKED = b"\x0e" + PASSWORD.encode() + bytes(4)


@pytest.mark.parametrize(
    ("message", "data", "text"),
    [
        (
            Login,
            LOGIN[:-4],
            "at byte 16 in Login > password: expected 14 bytes, found the end of input",
        ),
        (
            Login,
            b"\xfe" + LOGIN,
            "at byte 21 in Login > user: expected 254 bytes, found the end of input",
        ),
        (
            Login,
            LOGIN.replace(b"2h", b"\xffh"),
            "at byte 11 in Login > password: expected text in ASCII, 0..255 bytes",
        ),
        (Login, LOGIN[:-1] + b"\x09", "at byte 19 in Login > level: expected 0..5, found 9"),
        (
            Login,
            b"\1a\1b\0" + PASSWORD.encode(),
            "at byte 5 in Login: expected the end of the message, found 14 bytes more",
        ),
        (
            Session,
            LOGIN + b"\0",
            "at byte 0 in Session > login: expected Login, of a guest, found Login(user='ann'",
        ),
        (
            Session,
            Login("guest", "").encode() + b"\2" + PASSWORD.encode() * 2,
            None,
        ),
        (Session, LOGIN[:-4], "at byte 16 in Session > login > password: expected 14 bytes, foun"),
        (
            Session,
            Login("guest", "").encode() + b"\2" + PASSWORD.encode() + b"hunter2",
            "at byte 30 in Session > keys > [1]: expected 14 bytes, found the end of input",
        ),
        (Locked, LOCKED, "at byte 1 in Locked > password: expected 'open' or 'sesame'"),
        (Locked, b"\4open\0\0\0\0", "at byte 5 in Locked > crc: expected another checksum"),
    ],
)
def test_errors_of_the_peer_tell_no_secret(message, data, text):
    if text is None:
        assert PASSWORD not in repr(message.decode(data))
        return
    error = error_of(message, data)
    assert str(error).startswith(text)
    assert not is_told(error)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Login("ann", PASSWORD * 30), "in Login > password: expected text in ASCII, 0..255 bytes"),
        (Login("ann", PASSWORD + "é"), "in Login > password: expected text in ASCII, 0..255 bytes"),
        (Login("ann", PASSWORD.encode()), "in Login > password: expected text in ASCII, 0..255 b"),
        (Session(("ann", PASSWORD)), "in Session > login: expected Login, of a guest"),
        (Session(Login("ann", PASSWORD)), "in Session > login: expected Login, of a guest"),
        (Session(Login("guest", ""), (PASSWORD,)), "in Session > keys > [0]: expected 14 bytes"),
        (Session(Login("guest", ""), PASSWORD), "in Session > keys: expected 0..255 items, each"),
        (Locked(PASSWORD), "in Locked > password: expected 'open' or 'sesame'"),
    ],
)
def test_errors_of_ours_tell_no_secret(message, text):
    with pytest.raises(FieldError) as caught:
        message.encode()
    assert str(caught.value).startswith(text)
    assert not is_told(caught.value)
    assert PASSWORD not in repr(message) or isinstance(message, Session)


@pytest.mark.parametrize("error", [ValueError, Malformed, Truncated])
def test_not_even_a_type_of_ones_own_tells_a_secret(error):
    def fail(*_):
        raise error(f"wrong password {PASSWORD}")

    class Own(Message):
        it: Annotated[str, SECRET, Variable("own", where("any", bool), fail, fail, takes_all=True)]

    caught = error_of(Own, PASSWORD.encode())
    assert caught.path == ("Own", "it")
    assert not is_told(caught)
    with pytest.raises(ProtocolError) as failed:
        Own(PASSWORD).encode()
    assert not is_told(failed.value)


def test_fields_that_do_not_agree_tell_no_secret():
    class Proof(Message):
        password: Annotated[bytes, raw(3), SECRET]

        def __post_init__(self) -> None:
            if self.password != b"yes":
                raise ValueError(f"wrong: {self.password!r}")

    error = error_of(Proof, b"key")
    assert str(error) == "at byte 0 in Proof: expected fields that agree"
    assert (error.found, error.__cause__, error.__context__) == (None, None, None)
