"""A client of coroutines, on asyncio.

>>> from ohnecimd.testing.smsc import SmsCenter
>>> async def main(place):
...     async with await connect(**place, user="kannel", password="secret") as client:
...         return await client.submit_text("+358401234567", "Hello")
>>> with SmsCenter() as smsc:
...     asyncio.run(main({"host": smsc.host, "port": smsc.port})).destination
'+358401234567'

It works in the background: answers come, alives are sent, lost connections are made again while the
program awaits something else. Many requests at once are many tasks at once::

    sent = await asyncio.gather(*(client.submit_text(to, text) for to, text in messages))

They leave in the order in which they were asked, as many at a time as the window allows. A task
that waits for an answer may be cancelled: the request goes on, and nobody gets its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from ohnecimd.clients.cimd.agents import CLOSE_S, Agent, ClientOptions, no_login
from ohnecimd.errors import Closed, NotAllowedNow
from ohnecimd.protocols.cimd.application import CENTER_TIME
from ohnecimd.protocols.cimd.codes import DeliveryMode
from ohnecimd.protocols.cimd.events import CloseReason
from ohnecimd.protocols.cimd.exchanges import Lost
from ohnecimd.transports import asyncio as transport

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
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
        """Connects a session."""

        def __call__(
            self,
            factory: Callable[[], Application],
            *,
            timeout_s: float | None,
            on_event: Callable[[Application, Any], object],
        ) -> Awaitable[transport.Client[Application]]: ...


__all__ = ["Client", "connect"]

T = TypeVar("T")


async def connect(
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

    The arguments, and what is raised, are those of `ohnecimd.clients.cimd.blocking.connect`.
    """
    dial = partial(
        transport.connect,
        host=host,
        port=port,
        unix=unix,
        ssl=ssl,
        server_hostname=server_hostname,
    )
    client = Client(Agent(user, password, **options), dial, timeout_s)
    await client.begin_session()
    return client


class Client:
    """A session with an SMSC, and the next if it is lost; made by `connect`.

    Whatever waits takes no longer than the session allows for an answer, unless the client waits
    for another connection. All is to be used in the thread of the loop.
    """

    def __init__(self, agent: Agent, dial: Dial, timeout_s: float | None) -> None:
        self._agent = agent
        self._dial = dial
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._link: transport.Client[Application] | None = None
        self._life: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._lost = asyncio.Event()
        agent.push = self._push
        agent.on_news = self._note_news

    # To phones

    async def submit(self, message: SubmitMessage) -> SubmitResponse:
        """Send a message, and wait for the answer.

        Raises:
            Refused: the SMSC does not take it; `Refused.code` says why.
            Lost: there is no answer; `Lost.was_sent` says whether it may have been taken.
            FieldError: a value is none that its parameter can hold.
            Closed: the client is closed.
        """
        return await self.wait(self._agent.ask(message))

    async def submit_text(
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
        return await self.wait(self._agent.submit_text(destinations, content, **options))

    async def submit_all(self, messages: Iterable[SubmitMessage]) -> list[Errand[SubmitResponse]]:
        """Send messages, as many at once as the window allows, and wait for all answers.

        Returns:
            what became of each, in order; see `Errand.result`.

        Raises:
            FieldError, Closed: as `submit`; those before are sent nevertheless.
        """
        errands = self._agent.submit_all(messages)
        for each in errands:
            await self._settled(each)
        return errands

    # Questions

    async def enquire(self, destination: str, timestamp: dt.datetime) -> EnquireResponse:
        """Ask what has become of a message, named by recipient and time stamp."""
        return await self.wait(self._agent.enquire(destination, timestamp))

    async def cancel(
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
        return await self.wait(self._agent.cancel(destination, timestamp, mode))

    async def delivery_request(
        self, mode: DeliveryMode | int = DeliveryMode.ONE
    ) -> DeliveryResponse:
        """Ask for the messages from phones that wait, or for their number."""
        return await self.wait(self._agent.delivery_request(mode))

    async def get(self, item: int = CENTER_TIME) -> GetResponse:
        """Ask for an item: the time of the SMSC, since no other is defined."""
        return await self.wait(self._agent.get(item))

    async def set(self, password: str) -> SetResponse:
        """Change the password; the client logs in with the new one from then on."""
        return await self.wait(self._agent.set(password))

    async def alive(self) -> AliveResponse:
        """Ask whether the SMSC is there."""
        return await self.wait(self._agent.alive())

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

    async def wait(self, settling: Settling[T], timeout_s: float | None = None) -> T:
        """Wait for what `begin` and the others return, and return what came of it.

        Raises what went wrong, as `submit` does.

        Args:
            settling: an errand, or a submission.
            timeout_s: how long to wait; then it may be waited for again.

        Raises:
            TimeoutError: nothing came of it within that time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled(settling)
        except TimeoutError:
            if not settling.is_settled:
                raise TimeoutError(f"there is no answer within {timeout_s:g} s") from None
        return settling.result()

    # From phones

    async def next_delivery(self, timeout_s: float | None = None) -> Incoming:
        """Return the next message from a phone, or report.

        Args:
            timeout_s: how long to wait for it; 0 only looks.

        Raises:
            TimeoutError: there is none within that time.
            Closed: the client is closed, and nothing is left.

        Raises also what the connection was lost for, if it was lost for good.
        """
        agent, inbox = self._agent, self._agent.inbox
        until = math.inf if timeout_s is None else self._loop.time() + timeout_s
        while (found := inbox.take()) is None:
            if agent.is_over:
                agent.raise_end()
            left = max(0.0, until - self._loop.time())
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_finite(min(left, inbox.wake_in))):
                    await self._news.wait()
            if left == 0.0 and not len(inbox):
                raise TimeoutError(f"nothing came within {timeout_s:g} s")
        return found

    async def deliveries(self, timeout_s: float | None = None) -> AsyncIterator[Incoming]:
        """Give messages from phones and reports, until the client is closed.

        Args:
            timeout_s: end also when nothing has come for so long.

        Raises what the connection was lost for, if it was lost for good.
        """
        while True:
            try:
                found = await self.next_delivery(timeout_s)
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

    async def logout(self) -> LogoutResponse:
        """Log out when all that was asked is answered, and close; nothing may be asked any more.

        Raises:
            NotAllowedNow: nobody is logged in.
            Lost: the connection has ended without an answer.
        """
        exchange = self._agent.leave()
        if exchange is None:
            raise NotAllowedNow("nobody is logged in")
        await self._end(exchange, None)
        return exchange.result()

    async def close(self, timeout_s: float = CLOSE_S) -> None:
        """Log out when all that was asked is answered, and close; what is not answered is lost.

        Args:
            timeout_s: how long to wait for the answers.

        Closing a client that is closed does nothing.
        """
        if not self._agent.is_leaving:
            await self._end(self._agent.leave(), timeout_s)
        elif self._life is not None:
            await asyncio.wait([self._life])

    def abort(self) -> None:
        """Close now, without logging out; those who wait are told in the next turns of the loop."""
        self._agent.is_leaving = True
        if self._link is not None:
            self._link.abort()
        elif self._life is not None:
            self._life.cancel()
            self._agent.finish(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self.abort()
        await self.close()

    def __repr__(self) -> str:
        return f"<Client of {self._agent.user!r}, {self.state}>"

    # Inside

    async def begin_session(self) -> None:
        """Connect and log in for the first time; `connect` does it."""
        await self._open()
        self._life = self._loop.create_task(self._live())

    def _push(self) -> None:
        if self._link is not None:
            self._link.push()

    def _note_news(self) -> None:
        self._news.set()
        if self._agent.stopped is not None:
            self._lost.set()

    async def _settled(self, settling: Settling[Any]) -> None:
        """Wait until it is settled."""
        if settling.is_settled:
            return
        done = self._loop.create_future()

        def tell(_: object) -> None:
            if not done.done():
                done.set_result(None)

        settling.on_settled(tell)
        await done

    async def _end(
        self, exchange: Exchange[LogoutResponse] | None, timeout_s: float | None
    ) -> None:
        """Wait for the logout, if there is one, and for all to be over."""
        try:
            if exchange is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await self._settled(exchange)
        finally:
            if exchange is None or self._agent.stopped is None:
                self.abort()
        if self._life is not None:
            await asyncio.wait([self._life])

    async def _live(self) -> None:
        """Take care of connections that are lost."""
        agent = self._agent
        try:
            while not agent.is_over:
                await self._lost.wait()
                delay_s = await self._part()
                while delay_s is not None:
                    await asyncio.sleep(delay_s)
                    delay_s = await self._try_again()
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever, whatever it is
            if self._link is not None:
                self._link.abort()
            agent.finish(error)

    async def _try_again(self) -> float | None:
        """Connect again; if that fails, return how long to wait until the next time."""
        try:
            await self._open()
        except Exception as error:  # noqa: BLE001 - it is raised by whatever is called next
            return self._agent.fail(error)
        return None

    async def _part(self) -> float | None:
        """Give the connection up; return how long to wait before the next."""
        agent, link = self._agent, self._link
        if link is None:
            return None
        self._link = None
        try:
            if agent.stopped is None or agent.stopped.reason is not CloseReason.LOGGED_OUT:
                link.abort()
            await link.close()
        finally:
            link.abort()
            delay_s = agent.part(link.failure)
        return delay_s

    async def _open(self) -> None:
        """Connect, and log in."""
        agent = self._agent
        self._lost.clear()
        try:
            self._link = await self._dial(
                agent.make_session, timeout_s=self._timeout_s, on_event=agent.handle
            )
            exchange = agent.log_in()
            await self._await_login(exchange)
            exchange.result()
        except BaseException as error:
            link = self._link
            if link is not None:
                link.abort()
            failure = None if link is None else link.failure
            agent.part(failure)
            self._link = None
            if isinstance(error, Lost):
                raise error from failure
            raise

    async def _await_login(self, exchange: Exchange[LoginResponse]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._settled(exchange)
        except TimeoutError:
            raise no_login(self._timeout_s) from None


def _finite(seconds: float) -> float | None:
    return None if seconds == math.inf else seconds
