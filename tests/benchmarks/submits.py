"""Messages submitted by a client to the simulator, over a socket of the loopback interface.

The simulator runs in a process of its own, `center`, as an SMS Center does: what is measured is the
slower of the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ohnecimd.clients.cimd import asyncio as coroutines
from ohnecimd.clients.cimd import blocking
from ohnecimd.protocols.cimd.messages import SubmitMessage

from .group import Group, Reach, ratio_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .group import Effort

__all__ = ["ASYNCIO", "BLOCKING", "CLIENTS", "SUBMITS", "Submits"]

ASYNCIO, BLOCKING = "asyncio", "blocking"
WINDOWS = (1, 10, 100)
MESSAGES = 2000  # in a turn
ROUNDS_AT_MOST = 5
GAIN = 1.2  # from a window of 1 to one of 100: without it, something waits that need not
PATIENCE_S = 60.0
USER = {"user": "kannel", "password": "secret", "timeout_s": PATIENCE_S}

Rates = dict[str, float]  # submits a second, for each client


def submit_with_asyncio(port: int, window: int, messages: Sequence[SubmitMessage]) -> float:
    """Submit messages, each in a task of its own; return the seconds from the first to the last."""

    async def act() -> float:
        async with await coroutines.connect(port=port, window=window, **USER) as client:
            start = perf_counter()
            await asyncio.gather(*map(client.submit, messages))
            return perf_counter() - start

    return asyncio.run(act())


def submit_blocking(port: int, window: int, messages: Sequence[SubmitMessage]) -> float:
    """Submit messages with `submit_all`; return the seconds from the first to the last."""
    with blocking.connect(port=port, window=window, **USER) as client:
        start = perf_counter()
        errands = client.submit_all(messages)
        elapsed = perf_counter() - start
    for each in errands:
        each.result()
    return elapsed


CLIENTS: dict[str, Callable[[int, int, Sequence[SubmitMessage]], float]] = {
    ASYNCIO: submit_with_asyncio,
    BLOCKING: submit_blocking,
}


@contextlib.contextmanager
def simulator() -> Iterator[int]:
    """Let a simulator run in a process of its own; give the port."""
    process = subprocess.Popen(
        [sys.executable, "-P", Path(__file__).with_name("center.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(PATIENCE_S)
        process.stdout.close()


@dataclass(frozen=True)
class Submits(Group[Rates]):
    """Submits a second, for each window and client."""

    name: str = "submits"
    messages: int = MESSAGES

    @property
    def row_names(self) -> list[str]:
        return [f"window {window}" for window in WINDOWS]

    def measure(self, row_name: str, effort: Effort) -> Rates:
        window = int(row_name.removeprefix("window "))
        count = max(window, self.messages // effort.divisor)
        messages = [SubmitMessage(("+358401234567",), user_data=b"Hello")] * count
        rates: Rates = {}
        with simulator() as port:
            for _ in range(min(effort.rounds, ROUNDS_AT_MOST)):
                for name, submit in CLIENTS.items():
                    rates[name] = max(rates.get(name, 0.0), count / submit(port, window, messages))
        return rates

    def cells(self, results: Mapping[str, Rates]) -> list[list[str]]:
        head = ["submits a second", *CLIENTS]
        rows = [
            [row, *(f"{rates[name]:,.0f}" for name in CLIENTS)] for row, rates in results.items()
        ]
        return [head, *rows]

    def as_json(self, results: Mapping[str, Rates]) -> list[dict[str, Any]]:
        return [{"row": row, "submits_a_second": rates} for row, rates in results.items()]

    def reaches(self, results: Mapping[str, Rates]) -> list[Reach]:
        first, last = self.row_names[0], self.row_names[-1]
        return [
            Reach(
                f"submits, {name}: {last} / {first}",
                ratio_of({row: rates[name] for row, rates in results.items()}, last, first),
                GAIN,
                is_floor=True,
            )
            for name in CLIENTS
            if {first, last} <= results.keys()
        ]


SUBMITS = Submits()
