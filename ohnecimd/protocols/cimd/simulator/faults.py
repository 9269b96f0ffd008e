"""Faults on demand, for those who test clients: an SMS Center that misbehaves, when it is told to.

A `Fault` says what goes wrong and with which packets: those of one operation, the Nth, every Nth,
each with a probability. Packets are counted for each fault and for the whole center. Several faults
work side by side; of two that want the same packet, the first wins.

>>> Fault.parse("delay=2.5:submit-message:every=3").kind
<FaultKind.DELAY: 'delay'>
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.protocols.cimd.codes import ErrorCode
from ohnecimd.protocols.cimd.messages import MESSAGES
from ohnecimd.protocols.cimd.packets import Packet  # noqa: TC001 - of a struct
from ohnecimd.protocols.cimd.roles import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


__all__ = ["REQUEST_KINDS", "Fault", "FaultKind", "Faults", "Misbehaved"]

RESPONSE = 50  # added to the operation of a request
MOST_SECONDS = 1e7
HIGHEST_CODE = 999


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    IGNORE = "ignore"
    """A request is overlooked: not done and not answered."""
    DROP = "drop"
    """A packet of the center is lost on its way: a request is done, and its answer never comes."""
    DELAY = "delay"
    """A request is done, and answered, so many seconds late: ``delay=SECONDS``."""
    REFUSE = "refuse"
    """A request is answered with an error, and not done: ``refuse=CODE``."""
    CHECKSUM = "checksum"
    """A packet of the center has a wrong checksum."""
    NACK = "nack"
    """A request is nacked with its own number, and not done; ``nack=NUMBER``: with that number."""
    GENERAL_ERROR = "98"
    """A request is answered with a general error, and not done: ``98=CODE``."""
    CUT = "cut"
    """A packet of the center goes out in single bytes."""
    NOISE = "noise"
    """Before a packet of the center stand bytes that are none: ``noise=TEXT``."""
    CLOSE = "close"
    """The connection is closed instead of doing what a request asks for."""


REQUEST_KINDS = frozenset(
    {
        FaultKind.IGNORE,
        FaultKind.DELAY,
        FaultKind.REFUSE,
        FaultKind.NACK,
        FaultKind.GENERAL_ERROR,
        FaultKind.CLOSE,
    }
)
"""Faults of requests that come in; the others are faults of packets that go out."""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _is_code(text: str) -> bool:
    return _is_number(text) and 0 < int(text) <= HIGHEST_CODE


def _is_packet_number(text: str) -> bool:
    return not text or (_is_number(text) and int(text) <= HIGHEST_CODE)


def _is_text(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _is_delay(text: str) -> bool:
    return 0 < _float(text) <= MOST_SECONDS


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


CODE = "an error code from 1 to 999"
VALUES: dict[FaultKind, tuple[str, str, Callable[[str], bool]]] = {
    FaultKind.DELAY: ("1", "a number of seconds, more than 0", _is_delay),
    FaultKind.REFUSE: (str(ErrorCode.CONGESTION.value), CODE, _is_code),
    FaultKind.NACK: ("", "a packet number from 0 to 999", _is_packet_number),
    FaultKind.GENERAL_ERROR: (str(ErrorCode.SYSTEM.value), CODE, _is_code),
    FaultKind.NOISE: ("noise", "printable ASCII", _is_text),
}
"""Of the kinds that take a value: the usual one, what it is in words, and what is right."""
WHICH = "they are an operation, nth=N, every=N, p=PROBABILITY or times=N"


@dataclass(slots=True)
class Fault:
    """One way to misbehave, and with which packets.

    Args:
        kind: see `FaultKind`.
        value: what the kind takes: seconds, a code, a text; "" is a usual one.
        operation: number of the request's operation, of whose packets it is about; None: of all.
        nth: only the Nth of these, counted from 1.
        every: only every Nth of these.
        probability: those with this probability, from 0 to 1.
        times: so often at most; None: for ever.

    Raises:
        ValueError: one of them cannot be.
    """

    kind: FaultKind
    value: str = ""
    operation: int | None = None
    nth: int | None = None
    every: int = 1
    probability: float = 1.0
    times: int | None = None
    seen: int = field(default=0, init=False)
    """How many packets there were that it is about."""
    done: int = field(default=0, init=False)
    """How often it has happened."""

    def __post_init__(self) -> None:
        if self.value and self.kind not in VALUES:
            raise ValueError(f"the fault {self.kind} takes no value")
        if self.kind in VALUES:
            usual, words, is_right = VALUES[self.kind]
            self.value = self.value or usual
            if not is_right(self.value):
                raise ValueError(
                    f"bad value {self.value!r} of the fault {self.kind}: it is {words}"
                )
        row = None if self.operation is None else MESSAGES.find(self.operation)
        if row is not None and self.kind in REQUEST_KINDS and APPLICATION not in row.sent_by:
            name = _name_of(row.name)
            raise ValueError(
                f"{name} is no request of applications, so {self.kind} cannot be its fault"
            )
        for number in (self.nth, self.every, self.times):
            if number is not None and number < 1:
                raise ValueError(f"bad number {number} in the fault {self.kind}: it is at least 1")
        if not 0 < self.probability <= 1:
            raise ValueError(
                f"bad probability {self.probability:g} in the fault {self.kind}: "
                "it is more than 0 and at most 1"
            )

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Return the fault that is written ``KIND[=VALUE][:WHICH]...``.

        Each WHICH is one of the name of an operation, such as ``submit-message``, or its two
        digits; ``nth=N``; ``every=N``; ``p=PROBABILITY``; ``times=N``.

        Raises:
            ValueError: none is.
        """
        head, *which = text.split(":")
        name, equals, value = head.partition("=")
        try:
            kind = FaultKind(name)
        except ValueError:
            raise ValueError(f"unknown fault {name!r}: there are {', '.join(FaultKind)}") from None
        if equals and not value:
            raise ValueError(f"no value in the fault {text!r}")
        narrowed: dict[str, Any] = dict(_which(each) for each in which)
        return cls(kind, value, **narrowed)

    @property
    def seconds(self) -> float:
        """The value as a time."""
        return float(self.value)

    @property
    def code(self) -> Any:  # noqa: ANN401 - a number where the code is unknown
        """The value as an error code."""
        try:
            return ErrorCode(int(self.value))
        except ValueError:
            return int(self.value)

    def meets(self, operation: int, random: Callable[[], float]) -> bool:
        """Tell whether it is meant for this packet, which is counted; `done` counts what happens.

        Args:
            operation: of the packet; that of a response counts as its request's.
            random: gives numbers from 0 to 1.
        """
        if self.operation is not None and self.operation not in {operation, operation - RESPONSE}:
            return False
        self.seen += 1
        if self.times is not None and self.done >= self.times:
            return False
        is_meant = self.seen % self.every == 0 if self.nth is None else self.seen == self.nth
        return is_meant and (self.probability >= 1 or random() < self.probability)


class Misbehaved(msgspec.Struct, frozen=True):
    """A fault has happened; an event of the connection.

    Attributes:
        kind: what went wrong.
        packet: the request that it was about, or the packet that should have gone out.
    """

    kind: FaultKind
    packet: Packet


class Faults:
    """The faults of one center, in order.

    Args:
        faults: to begin with.
        random: gives numbers from 0 to 1, for faults with a probability.

    Raises:
        ValueError: there is one with a probability, and no `random`.
    """

    def __init__(
        self, faults: Iterable[Fault | str] = (), random: Callable[[], float] | None = None
    ) -> None:
        self._random = random
        self._faults: list[Fault] = []
        for each in faults:
            self.add(each)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, fault: Fault | str) -> Fault:
        """Misbehave so from now on; `fault` may be written as `Fault.parse` takes it.

        Raises:
            ValueError: it is none, or has a probability, and there is no `random`.
        """
        fault = Fault.parse(fault) if isinstance(fault, str) else fault
        if fault.probability < 1 and self._random is None:
            raise ValueError("a fault with a probability needs a source of random numbers")
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Behave from now on."""
        self._faults.clear()

    def of_request(self, operation: int) -> Fault | None:
        """Return what happens to a request that has come in; None if nothing does."""
        found = self._meeting(operation, is_request=True)[:1]
        for fault in found:
            fault.done += 1
        return found[0] if found else None

    def of_output(self, operation: int) -> list[Fault]:
        """Return what happens to a packet that is to go out."""
        found = self._meeting(operation, is_request=False)
        for fault in found:
            fault.done += 1
        return found

    def _meeting(self, operation: int, *, is_request: bool) -> list[Fault]:
        random = self._random or (lambda: 0.0)
        return [
            fault
            for fault in self._faults
            if (fault.kind in REQUEST_KINDS) is is_request and fault.meets(operation, random)
        ]


def _which(text: str) -> tuple[str, int | float]:
    name, equals, value = text.partition("=")
    if not equals:
        return "operation", _operation(text)
    if name == "p":
        return "probability", _float(value) or 0.0
    if name not in {"nth", "every", "times"}:
        raise ValueError(f"bad packets {text!r}: {WHICH}")
    if not _is_number(value):
        raise ValueError(f"bad number {value!r} in {text!r}: it has at most 9 digits")
    return name, int(value)


def _operation(text: str) -> int:
    names = {_name_of(row.name): row.code for row in MESSAGES if row.code < RESPONSE}
    if text in names:
        return names[text]
    if len(text) == 2 and _is_number(text) and int(text) in names.values():
        return int(text)
    raise ValueError(f"bad packets {text!r}: {WHICH}; operations are {', '.join(names)}")


def _name_of(operation: str) -> str:
    """Return the name of a message class as one types it: ``submit-message``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()
