"""Send lines back, with asyncio: python examples/echo_asyncio.py [HOST] [PORT].

Try it with `nc 127.0.0.1 PORT`. Ctrl-C, or SIGTERM, ends it in order.
"""

import asyncio
import signal
import sys

from ohnecimd import Steps, at_eof, protocol, put, read_upto
from ohnecimd.transports.asyncio import serve


@protocol
def echo() -> Steps[None]:
    """The protocol: it knows no event loop."""
    while not (yield from at_eof()):
        line = yield from read_upto(b"\n")
        yield from put(line)


async def main(host: str = "127.0.0.1", port: str = "0") -> None:
    """Serve until a signal comes."""
    async with await serve(echo, host, int(port)) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        print("listening on", server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
