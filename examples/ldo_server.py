"""Echo, wait and compute by the LDO chunk protocol: python examples/ldo_server.py [PATH].

It listens on a Unix socket at PATH, or without one at a free port of 127.0.0.1. Try it with
`ohnecimd talk ldo unix:PATH requestd:CMPU:OPER=+:OPND=3:OPND=4`. A request to shut down ends it
when the last client has gone; Ctrl-C, or SIGTERM, at once.
"""

import signal
import sys
from typing import Any

from ohnecimd import Connection
from ohnecimd.protocols.chunks import Chunk, Server
from ohnecimd.transports.sockets import serve


def main(path: str | None = None) -> None:
    """Serve until a request or a signal ends it."""
    ldo = Server(emits=True)
    clients: set[Connection[Any]] = set()

    def tell(_: Connection[Any], request: Chunk) -> None:
        print(request.id, request.contents)

    def leave(connection: Connection[Any]) -> None:
        clients.remove(connection)
        if ldo.is_shutting_down and not clients:
            server.stop()

    with serve(ldo, unix=path, on_open=clients.add, on_event=tell, on_close=leave) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        print("listening on", server.address, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
