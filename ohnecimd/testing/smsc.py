"""A simulated SMS Center on a real port, in a thread: for tests of applications.

Its methods may be called from any thread. What waits for something waits for a limited time.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ohnecimd.protocols.cimd.events import Rejected, Stray, Traffic
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.packets import Problem
from ohnecimd.protocols.cimd.simulator import Fate, Simulator
from ohnecimd.transports import sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from ohnecimd.protocols.cimd.center import Center
    from ohnecimd.protocols.cimd.messages import DeliverMessage
    from ohnecimd.protocols.cimd.packets import Packet
    from ohnecimd.protocols.cimd.simulator import Account, Delivery, Faults, StoredMessage

__all__ = ["PATIENCE_S", "SmsCenter"]

T = TypeVar("T")

PATIENCE_S = 10.0
PAUSE_S = 0.05  # between looks at a condition that nothing announces


class SmsCenter:
    """A running `Simulator`: it listens on a free port of 127.0.0.1 until it is stopped.

    Messages are delivered without delay unless `fate` says something else.

    Args:
        accounts: who may log in: by default ``kannel`` with the password ``secret``.
        options: of the `Simulator`; the clocks are those of the system.

    >>> with SmsCenter() as smsc:
    ...     smsc.host, smsc.port > 0, smsc.submitted
    ('127.0.0.1', True, [])
    """

    def __init__(self, accounts: Iterable[Account | str] = (), **options: Any) -> None:  # noqa: ANN401
        self.packets: list[tuple[str, Packet]] = []
        """Every packet, with who has sent it, ``"application"`` or ``"center"``, in order."""
        self.trouble: list[Noise | Problem | Rejected | Stray] = []
        """What came and was no packet, or was refused before anybody looked at it."""
        self.errors: list[Exception] = []
        """What has failed in the center itself."""
        own = {"now": datetime.now, "clock": time.monotonic, "fate": Fate(delay_s=0.0)}
        given: dict[str, Any] = own | options
        self.simulator = Simulator(accounts, emits_traffic=True, **given)
        """What is run. Its methods belong to the center's thread: see `call`."""
        self._news = threading.Condition()
        self._server = sockets.serve(
            self.simulator, on_event=self._note, on_error=self._fail, on_close=self._tell
        )
        self.simulator.wake = self._server.flush
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._server.address.host

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.address.port

    @property
    def faults(self) -> Faults:
        """What goes wrong: ``smsc.faults.add("drop:submit-message:nth=2")``."""
        return self.simulator.faults

    @property
    def submitted(self) -> list[StoredMessage]:
        """The messages that were submitted, one for each destination, in order."""
        return self.call(lambda: self.simulator.submitted)

    @property
    def logged_in(self) -> list[str]:
        """The names of the accounts that are logged in, one for each connection."""
        return self.call(lambda: self.simulator.logged_in)

    def inject(
        self,
        to: str,
        sender: str | None,
        content: str | bytes = "",
        **how: Any,  # noqa: ANN401
    ) -> tuple[Delivery, ...]:
        """Send a message from a phone: `Simulator.inject`."""
        return self.call(self.simulator.inject, to, sender, content, **how)

    def deliver(self, account: str, message: DeliverMessage) -> Delivery:
        """Send a message that is ready to an account: `Simulator.deliver`."""
        return self.call(self.simulator.deliver, account, message)

    def delete(self, message: StoredMessage) -> None:
        """Delete a submitted message, as the operator does: `Simulator.delete`."""
        self.call(self.simulator.delete, message)

    def disconnect(self) -> None:
        """Close all connections: `Simulator.disconnect`."""
        self.call(self.simulator.disconnect)

    def wait_for(
        self, condition: Callable[[], T], timeout_s: float = PATIENCE_S, what: str = ""
    ) -> T:
        """Wait until a condition is true, which is looked at when something happens; return that.

        Raises:
            TimeoutError: it did not become true in time.
        """
        give_up_at = time.monotonic() + timeout_s
        while not (found := condition()):
            left_s = give_up_at - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{what or 'the condition'} did not come within {timeout_s:g} s")
            with self._news:
                self._news.wait(min(PAUSE_S, left_s))
        return found

    def wait_for_submitted(
        self, count: int = 1, timeout_s: float = PATIENCE_S
    ) -> list[StoredMessage]:
        """Wait until so many messages were submitted, and return all there are.

        Raises:
            TimeoutError: they were not in time.
        """
        return self.wait_for(
            lambda: found if len(found := self.submitted) >= count else [],
            timeout_s,
            f"{count} submitted message{'' if count == 1 else 's'}",
        )

    def call(self, function: Callable[..., T], *args: Any, **named: Any) -> T:  # noqa: ANN401
        """Call a function in the center's thread, and return what it returns, or raise that.

        Raises:
            TimeoutError: it was not called in time; the center may have been stopped.
        """
        if threading.current_thread() is self._thread:
            return function(*args, **named)
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function(*args, **named))
            except BaseException as error:  # noqa: BLE001 - it is raised by `result`
                future.set_exception(error)

        self._server.call_soon(run)
        return future.result(PATIENCE_S if self._thread.is_alive() else 0)

    def stop(self) -> None:
        """Close everything; more than once is nothing."""
        self._server.stop(0)
        self._thread.join(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # In the center's thread

    def _note(self, center: Center, event: object) -> None:
        if isinstance(event, Traffic):
            sender = "center" if event.is_ours else "application"
            self.packets.append((sender, event.packet))
        elif isinstance(event, (Noise, Problem, Rejected, Stray)):
            self.trouble.append(event)
        self._tell(center)

    def _fail(self, center: Center, error: Exception) -> None:
        if not isinstance(error, OSError):  # a client may break its connection off
            self.errors.append(error)
        self._tell(center)

    def _tell(self, _: Center) -> None:
        with self._news:
            self._news.notify_all()
