"""Send lines back, with plain sockets: python examples/echo_sockets.py [HOST] [PORT].

Try it with `nc 127.0.0.1 PORT`. Ctrl-C, or SIGTERM, ends it in order.
"""

import signal
import sys

from ohnecimd import Steps, at_eof, protocol, put, read_upto
from ohnecimd.transports.sockets import serve


@protocol
def echo() -> Steps[None]:
    """The protocol: it knows no socket."""
    while not (yield from at_eof()):
        line = yield from read_upto(b"\n")
        yield from put(line)


def main(host: str = "127.0.0.1", port: str = "0") -> None:
    """Serve until a signal comes."""
    with serve(echo, host, int(port)) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop())
        print("listening on", server.address, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
