"""What packets of CIMD2 look like, as text and as JSON."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from ohnecimd.cli.escapes import escape, printable
from ohnecimd.cli.sides import Shown, kind_of
from ohnecimd.declaring.dissecting import STARS
from ohnecimd.protocols.cimd.explaining import veiled
from ohnecimd.protocols.cimd.framing import Noise
from ohnecimd.protocols.cimd.packets import (
    Checksums,
    Packet,
    Problem,
    fault_in,
    hidden_anywhere,
)
from ohnecimd.protocols.cimd.parameters import hidden
from ohnecimd.protocols.cimd.wording import UNKNOWN, Said, missing_in, name_of, said_in

if TYPE_CHECKING:
    from ohnecimd.errors import RemoteProtocolError
    from ohnecimd.messages import Span

__all__ = ["Judged", "members_of", "quoted", "show", "text_of"]


class Judged(msgspec.Struct, frozen=True):
    """A packet, and what is wrong about its checksum."""

    packet: Packet
    error: RemoteProtocolError | None


def show(event: Packet | Judged | Noise | Problem, *, hides: bool = False) -> Shown:
    """Show what was found in a stream.

    Args:
        event: a packet, or what is none; of a packet that nobody has judged, the checksum may be
            missing, and may not be wrong.
        hides: passwords are hidden in JSON, too.
    """
    if isinstance(event, Packet):
        return show(Judged(event, fault_in(event, Checksums.ACCEPT)), hides=hides)
    if isinstance(event, Judged):
        text = text_of(event.packet)
        if event.error is not None:
            text += f" !{kind_of(event.error)}: {event.error.message}"
        members = members_of(event.packet, hides=hides)
        return Shown("packet", text, members, faults=int(event.error is not None))
    if isinstance(event, Noise):
        text = "".join(map(_text_of_noise, veiled(event.data, event.offset, ())))
        noise = hidden_anywhere(event.data) if hides else event.data
        members = {"offset": event.offset, "noise": noise.hex()}
        return Shown("noise", f"noise '{text}'", members)
    members = {"error": event.kind, "offset": event.offset, "message": printable(event.message)}
    return Shown("error", f"{event.kind}: {printable(event.message)}", members)


def members_of(packet: Packet, *, hides: bool = False) -> dict[str, object]:
    """Return a packet as it stands in JSON."""
    return {
        "offset": packet.offset,
        "operation": packet.operation,
        "name": name_of(packet.operation),
        "number": packet.number,
        "parameters": [
            [code.decode(), (hidden(int(code), value) if hides else value).hex()]
            for code, value in packet.pairs()
        ],
        "checksum": None if packet.checksum is None else packet.checksum.decode(),
        "checksum_ok": packet.checksum_ok,
    }


def text_of(packet: Packet) -> str:
    """Return a packet on one line, without what a terminal obeys."""
    head = f"{packet.operation:02}:{packet.number:03} {name_of(packet.operation)}"
    parts = [_text_of_said(said) for said in said_in(packet)]
    if missing := missing_in(packet):
        parts.append(f"!{missing}")
    return f"{head}: {', '.join(parts)}" if parts else head


def _text_of_said(said: Said) -> str:
    value = said.value
    if value is STARS:
        shown = STARS
    elif isinstance(value, (bytes, str)):
        shown = quoted(value)
    elif isinstance(value, dt.datetime):
        shown = str(value)
    else:
        shown = str(int(value)) if isinstance(value, int) else repr(value)
    mark = "!" if said.is_wrong else ""
    meaning = f" ({mark}{printable(said.meaning)})" if said.meaning else ""
    name = f"{said.number:03}" if said.name == UNKNOWN else said.name
    return f"{name} {shown}{meaning}"


def _text_of_noise(span: Span) -> str:
    return escape(span.value) if isinstance(span.value, bytes) else STARS


def quoted(value: bytes | str) -> str:
    r"""Return text, or octets, in quotes and without what a terminal obeys.

    >>> print(quoted("5 €\n"), quoted(b"\x00ok"))
    '5 €\n' '\x00ok'
    """
    return f"'{escape(value)}'" if isinstance(value, bytes) else printable(repr(value))
