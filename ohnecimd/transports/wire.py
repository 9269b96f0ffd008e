"""A driver on a socket that does not block: what can be done now is done, and the rest is said."""

from __future__ import annotations

import contextlib
import socket
from typing import Any, Generic, TypeVar

from ohnecimd.transports.driver import PIECE_BYTES, ROUNDS, Driver

__all__ = ["Wire"]

D = TypeVar("D", bound=Driver[Any])


class Wire(Generic[D]):
    """One driver and its socket.

    Args:
        endpoint: a connected socket that does not block, of any library.
        driver: what to do with it.
    """

    __slots__ = ("driver", "endpoint")

    def __init__(self, endpoint: socket.socket, driver: D) -> None:
        self.endpoint = endpoint
        self.driver = driver

    @property
    def wants_reading(self) -> bool:
        """Whether to wait until there is something to read."""
        return self.driver.wants_input

    @property
    def wants_writing(self) -> bool:
        """Whether to wait until something can be written."""
        return bool(self.driver.outgoing)

    def step(self) -> bool:
        """Read a piece, run the parser, send what can be sent; tell whether bytes have moved."""
        has_read = self.driver.wants_input and self._receive()
        return self.push() or has_read

    def push(self) -> bool:
        """Run the parser, send what can be sent; tell whether bytes have moved."""
        driver = self.driver
        has_sent = False
        for _ in range(ROUNDS):
            driver.pump()
            if not driver.outgoing:
                break
            has_sent = self._send() or has_sent
            if driver.outgoing:
                break
        else:
            driver.pump()
        if driver.wants_shutdown:
            with contextlib.suppress(OSError):  # the peer has gone: reading will tell
                self.endpoint.shutdown(socket.SHUT_WR)
            driver.has_shut_down = True
        return has_sent

    def close(self) -> None:
        """Close the socket."""
        self.endpoint.close()

    def _receive(self) -> bool:
        try:
            data = self.endpoint.recv(PIECE_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self.driver.lose(error)
        else:
            self.driver.receive(data)
        return True

    def _send(self) -> bool:
        driver = self.driver
        try:
            driver.sent(self.endpoint.send(driver.outgoing))
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            driver.lose(error)
        return True
