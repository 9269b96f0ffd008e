"""A client that blocks, on plain sockets.

>>> from ohnecimd.testing.smsc import SmsCenter
>>> with SmsCenter() as smsc:
...     with connect(smsc.host, smsc.port, user="kannel", password="secret") as client:
...         client.submit_text("+358401234567", "Hello").destination
'+358401234567'

The client works while one of its methods runs, and only then: between calls no bytes move, nothing
is answered, and no alive is sent. A program that does other things for long calls `Client.work`
now and then. All calls have to come from one thread.
"""

from __future__ import annotations

import contextlib
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from ohnecimd.clients.cimd.agents import CLOSE_S, Agent, ClientOptions, no_login
from ohnecimd.errors import Closed, NotAllowedNow
from ohnecimd.protocols.cimd.application import CENTER_TIME
from ohnecimd.protocols.cimd.codes import DeliveryMode
from ohnecimd.protocols.cimd.events import CloseReason
from ohnecimd.protocols.cimd.exchanges import Lost
from ohnecimd.transports import sockets

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from ssl import SSLContext
    from types import TracebackType
    from typing import Protocol, Self

    from ohnecimd.clients.cimd.errands import Errand, Settling
    from ohnecimd.clients.cimd.incoming import Incoming
    from ohnecimd.protocols.cimd.application import Application
    from ohnecimd.protocols.cimd.codes import CancelMode
    from ohnecimd.protocols.cimd.exchanges import Exchange, Ledger
    from ohnecimd.protocols.cimd.messages import (
        AliveResponse,
        CancelResponse,
        DeliveryResponse,
        EnquireResponse,
        GetResponse,
        LoginResponse,
        LogoutResponse,
        SetResponse,
        SubmitMessage,
        SubmitResponse,
    )
    from ohnecimd.protocols.cimd.roles import Request
    from ohnecimd.protocols.cimd.submissions import Submission, Submitted
    from ohnecimd.tables import Unknown
    from ohnecimd.transports.listening import UnixPath

    class Dial(Protocol):
        """Connects a session, by some transport."""

        def __call__(
            self,
            factory: Callable[[], Application],
            *,
            timeout_s: float | None,
            on_event: Callable[[Application, Any], object],
        ) -> sockets.Client[Application]: ...


__all__ = ["Client", "connect"]

T = TypeVar("T")


def connect(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    user: str,
    password: str,
    unix: UnixPath | None = None,
    ssl: SSLContext | None = None,
    server_hostname: str | None = None,
    timeout_s: float | None = None,
    **options: Unpack[ClientOptions],
) -> Client:
    """Connect to an SMSC and log in.

    Args:
        host: name or address of the SMSC.
        port: where it listens.
        user: at most 32 characters.
        password: likewise; it is shown nowhere.
        unix: the path of a Unix socket instead.
        ssl: makes it TLS.
        server_hostname: whom the certificate has to name: the host, if it is left out.
        timeout_s: how long the connection may take, and then the login; None: any time, and as long
            as an answer may take.
        options: see `ClientOptions`.

    Raises:
        Refused: the login is refused.
        OSError: nobody listens there, or the certificate is not trusted.
        TimeoutError: nobody answers.
        Lost: the connection has ended before the login was answered.
        FieldError: user, password or an option is none that its parameter can hold.
    """
    dial = partial(
        sockets.connect,
        host=host,
        port=port,
        unix=unix,
        ssl=ssl,
        server_hostname=server_hostname,
    )
    return Client(Agent(user, password, **options), dial, time.sleep, timeout_s)


class Client:
    """A session with an SMSC, and the next if it is lost; made by `connect`.

    Whatever waits takes no longer than the session allows for an answer, unless the client waits
    for another connection; where there is a `timeout_s`, no longer than that.
    """

    def __init__(
        self,
        agent: Agent,
        dial: Dial,
        sleep: Callable[[float], object],
        timeout_s: float | None,
    ) -> None:
        self._agent = agent
        self._dial = dial
        self._sleep = sleep
        self._timeout_s = timeout_s
        self._link: sockets.Client[Application] | None = None
        self._try_at = 0.0  # if there is no link
        agent.push = self._push
        self._open()

    # To phones

    def submit(self, message: SubmitMessage) -> SubmitResponse:
        """Send a message, and wait for the answer.

        Raises:
            Refused: the SMSC does not take it; `Refused.code` says why.
            Lost: there is no answer; `Lost.was_sent` says whether it may have been taken.
            FieldError: a value is none that its parameter can hold.
            Closed: the client is closed.
        """
        return self.wait(self.begin_submit(message))

    def submit_text(
        self,
        destinations: str | Sequence[str],
        content: str | bytes,
        **options: Any,  # noqa: ANN401 - those of SubmitMessage and of split
    ) -> Submitted:
        """Send a text, or octets, in as many messages as it takes, and wait for all answers.

        Args:
            destinations: the recipient, or several.
            content: text, or octets.
            options: parameters of `SubmitMessage`, such as ``originator`` and ``reports``, and
                what `ohnecimd.protocols.cimd.text.split` takes, such as ``coding``.

        Raises as `submit`, what is wrong with the first part that is not taken; others may be.
        """
        return self.wait(self.begin_submit_text(destinations, content, **options))

    def submit_all(self, messages: Iterable[SubmitMessage]) -> list[Errand[SubmitResponse]]:
        """Send messages, as many at once as the window allows, and wait for all answers.

        Returns:
            what became of each, in order; see `Errand.result`.

        Raises:
            FieldError, Closed: as `submit`; those before are sent nevertheless.
        """
        errands = self._agent.submit_all(messages)
        for each in errands:
            self._attend(lambda each=each: each.is_settled)  # type: ignore[misc]
        return errands

    # Questions

    def enquire(self, destination: str, timestamp: dt.datetime) -> EnquireResponse:
        """Ask what has become of a message, named by recipient and time stamp."""
        return self.wait(self._agent.enquire(destination, timestamp))

    def cancel(
        self,
        destination: str | None = None,
        timestamp: dt.datetime | None = None,
        *,
        mode: CancelMode | None = None,
    ) -> CancelResponse:
        """Have messages not delivered: one, all to a destination, or all of this user.

        Args:
            destination: whose messages; None: everybody's.
            timestamp: of the one message that is meant; None: all.
            mode: if it is not the one that follows from these.
        """
        return self.wait(self._agent.cancel(destination, timestamp, mode))

    def delivery_request(self, mode: DeliveryMode | int = DeliveryMode.ONE) -> DeliveryResponse:
        """Ask for the messages from phones that wait, or for their number."""
        return self.wait(self._agent.delivery_request(mode))

    def get(self, item: int = CENTER_TIME) -> GetResponse:
        """Ask for an item: the time of the SMSC, since no other is defined."""
        return self.wait(self._agent.get(item))

    def set(self, password: str) -> SetResponse:
        """Change the password; the client logs in with the new one from then on."""
        return self.wait(self._agent.set(password))

    def alive(self) -> AliveResponse:
        """Ask whether the SMSC is there."""
        return self.wait(self._agent.alive())

    # Many at once

    def begin(self, request: Request | Unknown) -> Errand[Any]:
        """Ask anything, and do not wait; raises as `submit` does, but for what the answer is."""
        return self._agent.ask(request)

    def begin_submit(self, message: SubmitMessage) -> Errand[SubmitResponse]:
        """Send a message, and do not wait."""
        return self._agent.ask(message)

    def begin_submit_text(
        self,
        destinations: str | Sequence[str],
        content: str | bytes,
        **options: Any,  # noqa: ANN401 - as for submit_text
    ) -> Submission:
        """Send a text as `submit_text` does, and do not wait."""
        return self._agent.submit_text(destinations, content, **options)

    def wait(self, settling: Settling[T], timeout_s: float | None = None) -> T:
        """Wait for what `begin` and the others return, and return what came of it.

        Raises what went wrong, as `submit` does.

        Args:
            settling: an errand, or a submission.
            timeout_s: how long to wait; then it may be waited for again.

        Raises:
            TimeoutError: nothing came of it within that time.
        """
        patience = math.inf if timeout_s is None else timeout_s
        if not self._attend(lambda: settling.is_settled, patience):
            raise TimeoutError(f"there is no answer within {timeout_s:g} s")
        return settling.result()

    # From phones

    def next_delivery(self, timeout_s: float | None = None) -> Incoming:
        """Return the next message from a phone, or report.

        Args:
            timeout_s: how long to wait for it; 0 only looks.

        Raises:
            TimeoutError: there is none within that time.
            Closed: the client is closed, and nothing is left.

        Raises also what the connection was lost for, if it was lost for good.
        """
        inbox = self._agent.inbox
        until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while (found := inbox.take()) is None:
            if self._agent.is_over:
                self._agent.raise_end()
            left = max(0.0, until - time.monotonic())
            has_come = self._attend(lambda: len(inbox) > 0, min(left, inbox.wake_in))
            if left == 0.0 and not has_come:
                raise TimeoutError(f"nothing came within {timeout_s:g} s")
        return found

    def deliveries(self, timeout_s: float | None = None) -> Iterator[Incoming]:
        """Give messages from phones and reports, until the client is closed.

        Args:
            timeout_s: end also when nothing has come for so long.

        Raises what the connection was lost for, if it was lost for good.
        """
        while True:
            try:
                found = self.next_delivery(timeout_s)
            except (TimeoutError, Closed) as error:
                if error is self._agent.error:
                    raise
                return
            yield found

    # The connection

    @property
    def state(self) -> str:
        """How things stand: ``logged in``, ``lost``, ``over`` or another state of the session."""
        return self._agent.state

    @property
    def ledger(self) -> Ledger:
        """What became of all requests on the connection at hand."""
        return self._agent.ledger

    @property
    def ledgers(self) -> list[Ledger]:
        """The same of the last connections that were lost, at most 8."""
        return list(self._agent.ledgers)

    def fileno(self) -> int:
        """Return the number of the socket, for those who wait for others too; -1: there is none."""
        return -1 if self._link is None else self._link.fileno()

    def work(self, timeout_s: float | None = None) -> bool:
        """Do what is to be done: send, answer, say that we are alive, connect again.

        Args:
            timeout_s: how long; 0: what can be done at once; None: until the client is over.

        Returns:
            False once the client is closed.

        Raises what the connection was lost for, if it was lost for good.
        """
        self._attend(lambda: False, math.inf if timeout_s is None else timeout_s)
        if self._agent.error is not None:
            raise self._agent.error
        return not self._agent.is_over

    def logout(self) -> LogoutResponse:
        """Log out when all that was asked is answered, and close; nothing may be asked any more.

        Raises:
            NotAllowedNow: nobody is logged in.
            Lost: the connection has ended without an answer.
        """
        exchange = self._agent.leave()
        if exchange is None:
            raise NotAllowedNow("nobody is logged in")
        self._attend(lambda: exchange.is_settled)
        self.close()
        return exchange.result()

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Log out when all that was asked is answered, and close; what is not answered is lost.

        Args:
            timeout_s: how long to wait for the answers.

        Closing a client that is closed does nothing.
        """
        try:
            exchange = None if self._agent.is_leaving else self._agent.leave()
            if exchange is not None:
                self._attend(lambda: exchange.is_settled, timeout_s)
        finally:
            self.abort()

    def abort(self) -> None:
        """Close now, without logging out.

        Raises:
            Misuse: from within a callback.
        """
        if self._link is not None:
            self._link.abort()
        self._agent.is_leaving = True
        self._part()
        self._agent.finish(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()

    def __repr__(self) -> str:
        return f"<Client of {self._agent.user!r}, {self.state}>"

    # Inside

    def _push(self) -> None:
        if self._link is not None:
            self._link.push()

    def _attend(self, is_done: Callable[[], bool], timeout_s: float = math.inf) -> bool:
        """Work until something is the case, the time is over, or the client; tell whether it is."""
        until = time.monotonic() + timeout_s
        while not is_done() and not self._agent.is_over:
            left = max(0.0, until - time.monotonic())
            if self._link is None:
                self._come_back(left)
            else:
                self._work(self._link, is_done, left)
            if left == 0.0:
                break
        return is_done()

    def _work(
        self, link: sockets.Client[Application], is_done: Callable[[], bool], timeout_s: float
    ) -> None:
        agent = self._agent
        with contextlib.suppress(TimeoutError):
            link.wait_until(lambda: is_done() or agent.stopped is not None, timeout_s)
        if agent.stopped is not None:
            self._part()

    def _part(self) -> None:
        """Give the connection up."""
        agent, link = self._agent, self._link
        if link is None:
            return
        self._link = None
        if agent.stopped is not None and agent.stopped.reason is CloseReason.LOGGED_OUT:
            link.close()
        else:
            link.abort()
        self._plan(agent.part(link.failure))

    def _plan(self, delay_s: float | None) -> None:
        self._try_at = math.inf if delay_s is None else time.monotonic() + delay_s

    def _come_back(self, timeout_s: float) -> None:
        """Connect again, when it is time to."""
        wait_s = self._try_at - time.monotonic()
        if wait_s > 0:
            self._sleep(min(wait_s, timeout_s))
            return
        try:
            self._open()
        except Exception as error:  # noqa: BLE001 - it is raised by whatever is called next
            self._plan(self._agent.fail(error))

    def _open(self) -> None:
        """Connect, and log in."""
        agent = self._agent
        link = None
        try:
            link = self._link = self._dial(
                agent.make_session, timeout_s=self._timeout_s, on_event=agent.handle
            )
            exchange = agent.log_in()
            self._await_login(link, exchange)
            exchange.result()
        except BaseException as error:
            if link is not None:
                link.abort()
            failure = None if link is None else link.failure
            agent.part(failure)
            self._link = None
            if isinstance(error, Lost):
                raise error from failure
            raise

    def _await_login(
        self, link: sockets.Client[Application], exchange: Exchange[LoginResponse]
    ) -> None:
        patience = math.inf if self._timeout_s is None else self._timeout_s
        try:
            link.wait_until(lambda: exchange.is_settled, patience)
        except TimeoutError:
            if link.failure is not None:  # the system's own
                raise
            raise no_login(self._timeout_s) from None
