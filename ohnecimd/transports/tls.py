"""TLS between a socket and a connection, without the socket.

Strategy. One `ssl.SSLObject` between two memory buffers serves every transport. So all of them
treat the end of the peer's output alike: it is announced inside TLS, ours may go on after it,
and an end that was not announced is an error, since anybody on the way could have made it.
"""

from __future__ import annotations

import contextlib
import ssl

__all__ = ["Tls"]

RECORDS_BYTES = 65536


class Tls:
    """One side of a TLS session: ciphertext to and from the peer, plain bytes to and from us.

    Args:
        context: holds certificates and rules.
        server_hostname: whom a client expects to meet; None makes it the server's side.
    """

    __slots__ = (
        "_ciphertext",
        "_incoming",
        "_session",
        "error",
        "has_ended",
        "is_ready",
        "peer_has_ended",
    )

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None = None,
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._ciphertext = ssl.MemoryBIO()
        self._session = context.wrap_bio(
            self._incoming,
            self._ciphertext,
            server_side=server_side,
            server_hostname=server_hostname,
        )
        self.is_ready = False
        """Whether the handshake is done: only then plain bytes can be sent."""
        self.has_ended = False
        """Whether the peer has been told that we send no more."""
        self.peer_has_ended = False
        """Whether the peer has told us that it sends no more."""
        self.error: ssl.SSLError | None = None
        """What has ended the session; an alert for the peer may still be in `ciphertext`."""
        if not server_side:
            self._shake_hands()

    def receive(self, data: bytes) -> bytes:
        """Take ciphertext from the peer, return the plain bytes in it; sets `error`.

        No data is the end of it, and an error unless the peer had announced it.
        """
        if not data and not self.peer_has_ended:
            self.error = self.error or ssl.SSLEOFError(
                ssl.SSL_ERROR_EOF, "the peer closed the connection without ending TLS"
            )
        self._incoming.write(data)
        if not self.is_ready and self.error is None:
            self._shake_hands()
        plain: list[bytes] = []
        try:
            while self.is_ready and (piece := self._session.read(RECORDS_BYTES)):
                plain.append(piece)
            self.peer_has_ended = self.is_ready
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.peer_has_ended = True
        except ssl.SSLError as error:
            self.error = error
        return b"".join(plain)

    def send(self, data: bytes) -> None:
        """Turn plain bytes into `ciphertext`, once `is_ready`; sets `error`."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._session.write(rest) :]
        except ssl.SSLError as error:
            self.error = error

    def end(self) -> None:
        """Announce in `ciphertext` that we send no more."""
        self.has_ended = True
        with contextlib.suppress(ssl.SSLError):  # it would like to wait for the peer's answer
            self._session.unwrap()

    def ciphertext(self) -> bytes:
        """Take what is to be sent to the peer."""
        return self._ciphertext.read()

    def _shake_hands(self) -> None:
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.error = error
        else:
            self.is_ready = True
