"""A relay between two programs, which keeps what each of them says."""

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

from journal import PATIENCE_S

HOST = "127.0.0.1"
PIECE = 65536


@dataclass
class Said:
    """What both sides said in one connection, so far."""

    application: bytearray = field(default_factory=bytearray)
    center: bytearray = field(default_factory=bytearray)


class Wiretap(ThreadingTCPServer):
    """Takes applications at its own `port`, and passes on what they say to the center at another.

    `said` has an entry for each connection, in the order in which they came.
    """

    daemon_threads = False

    def __init__(self, center_port):
        super().__init__((HOST, 0), Relay)
        self.connect_to(center_port)
        self.said = []
        self.sockets = []
        self._serving = Thread(target=partial(self.serve_forever, poll_interval=0.05))
        self._serving.start()

    @property
    def port(self):
        return self.server_address[1]

    def connect_to(self, center_port):
        self.center = (HOST, center_port)

    def stop(self):
        self.shutdown()
        for each in self.sockets:
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._serving.join(PATIENCE_S)


class Relay(BaseRequestHandler):
    def handle(self):
        try:
            center = socket.create_connection(self.server.center, PATIENCE_S)
        except ConnectionRefusedError:
            return
        with center:
            center.settimeout(None)
            self.server.sockets += (self.request, center)
            said = Said()
            self.server.said.append(said)
            answering = Thread(target=pass_on, args=(center, self.request, said.center))
            answering.start()
            pass_on(self.request, center, said.application)
            answering.join()


def pass_on(source, target, said):
    """Pass on all that comes from one side, and then the end."""
    with suppress(OSError):  # one of the two has gone
        while data := source.recv(PIECE):
            said += data
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
