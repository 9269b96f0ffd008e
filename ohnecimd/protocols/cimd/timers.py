"""What a session has to do at certain times.

>>> timers = Timers()
>>> timer = timers.add(5.0, lambda: print("five"))
>>> timers.add(7.0, lambda: print("seven")).cancel()
>>> timers.deadline
5.0
>>> timers.run(9.0)
five
>>> timers.deadline is None
True
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Timer", "Timers"]


class Timer:
    """Something that is to be done once, at its deadline."""

    __slots__ = ("_count", "callback", "deadline")

    def __init__(self, deadline: float, count: int, callback: Callable[[], object]) -> None:
        self.deadline = deadline
        self.callback: Callable[[], object] | None = callback
        self._count = count

    def cancel(self) -> None:
        """Do not do it; if it has been done, this is nothing."""
        self.callback = None

    def __lt__(self, other: Timer) -> bool:
        return (self.deadline, self._count) < (other.deadline, other._count)


class Timers:
    """Timers in the order of their deadlines; of equal ones, of their making."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._count = 0

    def add(self, deadline: float, callback: Callable[[], object]) -> Timer:
        """Have `callback` called when the time has come."""
        self._count += 1
        timer = Timer(deadline, self._count, callback)
        heapq.heappush(self._heap, timer)
        return timer

    @property
    def deadline(self) -> float | None:
        """Of the first of them; None if there is none."""
        heap = self._heap
        while heap and heap[0].callback is None:
            heapq.heappop(heap)
        return heap[0].deadline if heap else None

    def run(self, now: float) -> None:
        """Do what is due; what is added meanwhile waits for the next time."""
        newest = self._count
        later = []
        while (deadline := self.deadline) is not None and deadline <= now:
            timer = heapq.heappop(self._heap)
            if timer._count > newest:  # noqa: SLF001 - of this module
                later.append(timer)
            elif timer.callback is not None:
                callback, timer.callback = timer.callback, None
                callback()
        for timer in later:
            heapq.heappush(self._heap, timer)

    def clear(self) -> None:
        """Forget them all."""
        self._heap.clear()
