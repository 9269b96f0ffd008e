"""The lives of submitted messages: what happens to them when, and what is reported of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from ohnecimd.protocols.cimd.messages import DeliverStatusReport
from ohnecimd.protocols.cimd.simulator.mail import Delivery
from ohnecimd.protocols.cimd.simulator.outcomes import is_reported

if TYPE_CHECKING:
    from collections.abc import Callable

    from ohnecimd.protocols.cimd.codes import StatusCode, StatusError
    from ohnecimd.protocols.cimd.simulator.mail import Seat
    from ohnecimd.protocols.cimd.simulator.outcomes import Step
    from ohnecimd.protocols.cimd.simulator.store import StoredMessage
    from ohnecimd.protocols.cimd.timers import Timers

__all__ = ["Lives"]


class Lives:
    """Lets messages live through their courses.

    Args:
        timers: what is to happen, and when.
        clock: of the timers.
        now: the time at the center.
        send: takes the reports.
    """

    def __init__(
        self,
        timers: Timers,
        clock: Callable[[], float],
        now: Callable[[], dt.datetime],
        send: Callable[[Delivery], object],
    ) -> None:
        self._timers = timers
        self._clock = clock
        self._now = now
        self._send = send

    def begin(self, message: StoredMessage, course: tuple[Step, ...], seat: Seat) -> None:
        """Have all of a course happen to a message, beginning now.

        Args:
            message: that was just submitted.
            course: what happens to it.
            seat: where it was submitted.
        """
        begun_at = self._clock()
        steps = iter(course)

        def plan() -> None:
            step = next(steps, None)
            if step is not None:
                due = begun_at + step.after_s
                self._timers.add(due, lambda: happen(step, due))

        def happen(step: Step, due: float) -> None:
            if not message.is_over:
                self.change(message, step.status, step.error, due=due, seat=seat)
                plan()

        plan()

    def change(
        self,
        message: StoredMessage,
        status: StatusCode,
        error: StatusError | None = None,
        *,
        due: float | None = None,
        seat: Seat | None = None,
    ) -> None:
        """Give a message a status, and report it if that is wanted.

        Args:
            message: that is not over.
            status: it gets.
            error: its status error, if there is one.
            due: when this happens, on the clock; None: now.
            seat: where the report had best go.
        """
        is_wanted = is_reported(status, message.reports, message.temporary_results)
        late_s = 0.0 if due is None else self._clock() - due
        at = self._now() - dt.timedelta(seconds=late_s)
        message.status = status
        message.status_error = error
        message.discharge_time = max(at.replace(microsecond=0), message.timestamp)
        message.history.append(status)
        if is_wanted:
            self._send(Delivery(message.account, report_of(message), seat=seat))


def report_of(message: StoredMessage) -> DeliverStatusReport:
    """Return what is to be told of a message as it is now."""
    return DeliverStatusReport(
        destination=message.destination,
        timestamp=message.timestamp,
        status=message.status,
        status_error=message.status_error,
        discharge_time=message.discharge_time,
    )
