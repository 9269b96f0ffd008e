"""A simulated center and its applications, in memory, on one fake clock."""

import datetime as dt

import pytest

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.events import Received, Stopped
from ohnecimd.protocols.cimd.messages import DeliverMessage, DeliverStatusReport
from ohnecimd.protocols.cimd.simulator import Fate, Simulator
from ohnecimd.testing import FakeClock, Pair

NOON = dt.datetime.fromisoformat("2026-11-20T12:00:00")


class World:
    """One simulator, and the pairs that it makes."""

    def __init__(self, *accounts, **options):
        self.clock = FakeClock()
        self.woken = []
        self.lines = []
        self.simulator = Simulator(accounts, now=self.now, clock=self.clock, **options)
        self.simulator.wake = self.woken.append

    def now(self):
        return NOON + dt.timedelta(seconds=self.clock.now)

    def connect(self, **options):
        """Connect an application."""
        line = Line(self, options)
        self.lines.append(line)
        return line

    def login(self, user="kannel", password="secret", window=None, subaddress=None, **options):
        """Connect an application, and log it in."""
        line = self.connect(window=window or 1, **options)
        line.app.login(user, password, window=window, subaddress=subaddress)
        self.run()
        return line

    def run(self):
        """Let everybody talk until nobody has anything to say."""
        said = -1
        while said != (said := sum(len(line.pair.transcript) for line in self.lines)):
            for line in self.lines:
                line.pair.run()

    def advance(self, seconds):
        """Let time pass for all."""
        self.run()
        connections = [each for line in self.lines for each in (line.app, line.center)]
        for _ in self.clock.stops(seconds, *connections):
            for each in connections:
                each.tick()
            self.run()


class Line:
    """An application, and the center's side of its connection."""

    def __init__(self, world, options):
        self.world = world
        self.app = Application(clock=world.clock, **options)
        self.center = world.simulator()
        self.pair = Pair(self.app, self.center, clock=world.clock)

    def ask(self, exchange):
        """Have something answered; return the answer, or raise what came instead."""
        self.world.run()
        return exchange.result()

    def _received(self, kind):
        messages = [each.message for each in self.pair.client_events if isinstance(each, Received)]
        return [each for each in messages if isinstance(each, kind)]

    @property
    def delivered(self):
        return self._received(DeliverMessage)

    @property
    def reports(self):
        return self._received(DeliverStatusReport)

    @property
    def is_over(self):
        return any(isinstance(each, Stopped) for each in self.pair.client_events)

    def lose(self):
        """Lose the connection."""
        self.center.close()
        self.app.close()
        self.world.run()


@pytest.fixture
def world():
    """Make a world; deliveries take one second unless it is said otherwise."""
    return lambda *accounts, **options: World(*accounts, **({"fate": Fate(delay_s=1.0)} | options))
