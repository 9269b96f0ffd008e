"""The two sides of a connection: what servers and what clients do with events and errors."""

from __future__ import annotations

import inspect
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from ohnecimd.connection import Connection
from ohnecimd.errors import Misuse, RemoteProtocolError, TimeoutExpired
from ohnecimd.transports.driver import LINGER_S, PIECE_BYTES, Driver, Phase
from ohnecimd.transports.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from ssl import SSLContext

    from ohnecimd.transports.listening import UnixPath

__all__ = ["EVENTS_KEPT", "ClientDriver", "Hooks", "ServerDriver", "Service", "guarded", "visit"]

C = TypeVar("C", bound=Connection[Any])
T = TypeVar("T")

EVENTS_KEPT = 65536  # so many may come while a client does nothing but send

log = logging.getLogger("ohnecimd.transports")


@dataclass(frozen=True, slots=True)
class Hooks(Generic[C]):
    """What an application wants to be called for; each gets the connection first."""

    on_event: Callable[[C, Any], object] | None = None
    on_error: Callable[[C, Exception], object] | None = None
    on_open: Callable[[C], object] | None = None
    on_close: Callable[[C], object] | None = None


@dataclass(frozen=True, slots=True)
class Service(Generic[C]):
    """What a server offers to whoever connects."""

    factory: Callable[[], C]
    hooks: Hooks[C]
    ssl: SSLContext | None = None

    def start(self) -> ServerDriver[C] | None:
        """Make a connection and a driver for it; None if that fails, which is logged."""
        try:
            tls = None if self.ssl is None else Tls(self.ssl, server_side=True)
            return ServerDriver(self.factory(), self.hooks, tls)
        except Exception:
            log.exception("no connection was made: %r failed", self.factory)
            return None


def guarded(function: Callable[..., T], *args: Any) -> T | None:  # noqa: ANN401 - any arguments
    """Call `function` where nobody could catch what it raises: that is logged."""
    try:
        return function(*args)
    except Exception:
        log.exception("%r failed", function)
        return None


def refuse(
    handling: Awaitable[object], why: str = "an async handler needs the asyncio transport"
) -> NoReturn:
    """Say that nobody can wait for an ``async`` handler here."""
    if inspect.iscoroutine(handling):
        handling.close()
    raise Misuse(why)


class ServerDriver(Driver[C]):
    """A connection that somebody has opened to us: events go to a handler, one by one.

    Args:
        connection: what is driven.
        hooks: what to call.
        tls: the session around it, if there is one.
    """

    __slots__ = ("_hooks", "hold")

    piece_bytes = PIECE_BYTES

    def __init__(self, connection: C, hooks: Hooks[C], tls: Tls | None = None) -> None:
        super().__init__(connection, tls)
        self._hooks = hooks
        self.hold: Callable[[Awaitable[object]], object] = refuse
        """Takes what an ``async`` handler returns, and calls `release` when that is done."""

    def open(self) -> None:
        """Say that the connection is there."""
        if self._hooks.on_open is not None:
            try:
                self._hooks.on_open(self.connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
                self._fail(error)

    def close(self) -> None:
        """Say that the socket has been closed."""
        if self._hooks.on_close is not None:
            guarded(self._hooks.on_close, self.connection)

    def release(self, error: Exception | None) -> None:
        """Go on: the handler that was held has returned, or failed."""
        self.is_held = False
        if error is not None and self.phase is Phase.TALKING:
            self._fail_handling(error)

    @property
    def wants_input(self) -> bool:
        """Whether to read from the peer: not while it does not take what it gets."""
        if self.phase is Phase.TALKING and self.outgoing and self.has_handshake:
            return False
        return super().wants_input

    def _hand_out(self) -> int:
        if not self.is_held and not self.events:
            self.events.extend(self._take_events())
        count = 0
        while self.events and not self.is_held and not self.has_talked:
            self._handle(self.events.popleft())
            count += 1
        return count

    def _handle(self, event: object) -> None:
        if self._hooks.on_event is None:
            return
        self.is_held = True
        try:
            result = self._hooks.on_event(self.connection, event)
            if result is not None and inspect.isawaitable(result):
                self.hold(result)
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            self._fail_handling(error)
        self.is_held = False

    def _fail_handling(self, error: Exception) -> None:
        self.events.clear()
        self._fail(error)

    def _report(self, error: Exception) -> None:
        if self._hooks.on_error is not None:
            guarded(self._hooks.on_error, self.connection, error)
        elif not (
            self._is_transport_failure or isinstance(error, (RemoteProtocolError, TimeoutExpired))
        ):
            log.error("%r failed", self.connection, exc_info=error)


class ClientDriver(Driver[C]):
    """A connection that we have opened: events go to a handler, or are kept until they are fetched.

    It reads while it sends: what it sends has been asked for, and lies in memory anyway.

    Args:
        connection: what is driven.
        tls: the session around it, if there is one.
        on_event: the handler, if there is one.
    """

    __slots__ = ("_on_event", "capacity")

    def __init__(
        self,
        connection: C,
        tls: Tls | None = None,
        on_event: Callable[[C, Any], object] | None = None,
    ) -> None:
        super().__init__(connection, tls)
        self._on_event = on_event
        self.capacity = 1
        """With so many events waiting to be fetched, the parser has to wait too."""

    def abandon(self) -> None:
        """Come to an end now: nothing more is sent."""
        self.lose(None)
        while not self.is_over:
            self.pump()

    def fetch(self) -> bool:
        """Tell whether there is something in `events`, or can be put there."""
        if not self.events and self._on_event is None:
            self.events.extend(self._take_events())
        return bool(self.events)

    def hang_up(self) -> None:
        """Give the parser up, and come to an end when all that is queued has been sent.

        A server that takes nothing of it is not waited for long.
        """
        self._run(self.connection.close)
        self._stall_s = LINGER_S
        if self._give_up_at is not None:
            self._give_up_at = min(self._give_up_at, time.monotonic() + LINGER_S)

    def _is_idle(self) -> bool:
        return len(self.events) < self.capacity and super()._is_idle()

    def _hand_out(self) -> int:
        if len(self.events) >= self.capacity:
            return 0
        events = self._take_events()
        if self._on_event is None:
            self.events.extend(events)
        else:
            self._handle(self._on_event, events)
        return len(events)

    def _handle(self, handler: Callable[[C, Any], object], events: list[Any]) -> None:
        try:
            for event in events:
                result = handler(self.connection, event)
                if result is not None and inspect.isawaitable(result):
                    refuse(result, "the handler of a client cannot be async")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            self._fail(error)

    def _end_talk(self) -> None:
        super()._end_talk()
        if self._on_event is not None:  # what came of the end itself
            self._hand_out()


def visit(
    factory: Callable[[], C],
    host: str,
    port: int,
    unix: UnixPath | None,
    ssl: SSLContext | None,
    server_hostname: str | None,
    on_event: Callable[[C, Any], object] | None,
) -> ClientDriver[C]:
    """Make a connection to a server, and a driver for it."""
    if unix is None and not port:
        raise Misuse("connect() needs the port of the server, or unix=PATH")
    tls = None
    if ssl is not None:
        name = server_hostname or (host if unix is None else None)
        tls = Tls(ssl, server_side=False, server_hostname=name)
    return ClientDriver(factory(), tls, on_event)
