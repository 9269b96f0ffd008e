"""A simulated SMS Center as a process: says its port, and ends with its standard input."""

# ruff: noqa: T201 - a command

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime

from ohnecimd.protocols.cimd.simulator import Simulator
from ohnecimd.transports import sockets


def main() -> None:
    """Serve until standard input ends."""
    with sockets.serve(Simulator(now=datetime.now, clock=time.monotonic)) as server:
        print(server.address.port, flush=True)

        def wait_for_end() -> None:
            sys.stdin.read()
            server.stop(0)

        threading.Thread(target=wait_for_end, daemon=True).start()
        server.serve_forever()


if __name__ == "__main__":
    main()
