"""The table of transports: how each runs a server until it is stopped.

One more joins with a row, and a function if it is served in another way than those here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ohnecimd.cli.failures import BadUse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TRANSPORTS", "Running", "Transport", "Wanted"]


class Running(Protocol):
    """A server of any transport."""

    @property
    def address(self) -> object:
        """Where it listens."""

    def stop(self) -> object:
        """Stop it in order."""

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:  # noqa: ANN401
        """Call a function where the server runs; from any thread, or a signal handler."""

    def flush(self, *connections: Any) -> None:  # noqa: ANN401
        """Send what verbs have queued on these, outside of their own handlers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A server that is wanted.

    Args:
        factory: makes its connections.
        options: what else ``serve`` of a transport takes.
        on_ready: gets the server when it listens.
    """

    factory: Callable[[], Any]
    on_ready: Callable[[Running], object]
    options: dict[str, Any] = field(default_factory=dict)


def _run_blocking(transport: Any, wanted: Wanted) -> None:  # noqa: ANN401 - a module
    server = transport.serve(wanted.factory, **wanted.options)
    wanted.on_ready(server)
    server.serve_forever()


def _run_asyncio(transport: Any, wanted: Wanted) -> None:  # noqa: ANN401
    import asyncio  # noqa: PLC0415 - slow to import

    async def run() -> None:
        server = await transport.serve(wanted.factory, **wanted.options)
        wanted.on_ready(server)
        await server.serve_forever()

    asyncio.run(run())


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport.

    Args:
        name: of its module, too.
        extra: what to install for it; None if nothing is needed.
    """

    name: str
    _run: Callable[[Any, Wanted], None]
    extra: str | None = None

    def run(self, wanted: Wanted) -> None:
        """Serve until the server is stopped.

        Raises:
            BadUse: its library is not installed.
            OSError: it cannot listen there.
        """
        self._run(self.load(), wanted)

    def load(self) -> object:
        """Import it; raises `BadUse` if its library is not installed."""
        try:
            return importlib.import_module(f"ohnecimd.transports.{self.name}")
        except ImportError as error:
            if self.extra is None:
                raise
            raise BadUse(
                f"the transport {self.name} is not installed: pip install 'ohnecimd[{self.extra}]'"
            ) from error


TRANSPORTS = {
    row.name: row
    for row in (
        Transport("sockets", _run_blocking),
        Transport("asyncio", _run_asyncio),
        Transport("gevent", _run_blocking, extra="gevent"),
    )
}
