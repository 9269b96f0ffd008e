"""``ohnecimd serve cimd`` in a process of its own: the SMSC that other programs talk to."""

import json
import sys
from dataclasses import dataclass

from programs import Program

LISTENING = "listening on 127.0.0.1:"


@dataclass(frozen=True)
class Seen:
    """A packet that went over the wire, as the simulator tells it."""

    connection: int
    from_application: bool
    operation: int
    number: int
    parameters: tuple  # of (number, value), in order
    is_sound: bool | None  # None: it has no checksum

    def get(self, number):
        return dict(reversed(self.parameters)).get(number)


def understood(line):
    """Make a packet of a line, if it is one; other events stay dictionaries, and text is text."""
    if not line.startswith("{"):
        return line
    event = json.loads(line)
    if event.get("event") != "packet":
        return event
    return Seen(
        event["connection"],
        event["direction"] == "c2s",
        event["operation"],
        event["number"],
        tuple((int(code), bytes.fromhex(value)) for code, value in event["parameters"]),
        event["checksum_ok"],
    )


class Smsc(Program):
    """A running simulator; `out` is the journal of its events."""

    def __init__(self, *options):
        command = (sys.executable, "-W", "error", "-m", "ohnecimd", "serve", "cimd")
        super().__init__(
            "serve cimd", *command, "--port", "0", "--json", *options, understand=understood
        )
        try:
            (first,) = self.out.wait_for(lambda line: str(line).startswith(LISTENING))
        except AssertionError as error:
            self.stop()
            raise AssertionError(f"{error}\n{self.log}") from None
        self.port = int(first.removeprefix(LISTENING))

    def inject(self, **message):
        """Let a phone send a message; ``sender`` is its number."""
        self.say(json.dumps({"from": message.pop("sender", "+358407654321"), **message}))

    def packets(self, operation, count=1, fits=lambda _: True, *, mark=0):
        """Wait for so many packets of an operation that fit; return them."""
        return self.out.wait_for(
            lambda seen: isinstance(seen, Seen) and seen.operation == operation and fits(seen),
            count=count,
            mark=mark,
        )

    def end(self):
        """Stop it; it ends in order, and has had nothing to say about itself."""
        assert (self.stop(), self.log.since()) == (0, [])
