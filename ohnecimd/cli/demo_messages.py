"""The scene of the demo in which messages are declared, explained, spoilt, and exchanged."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Annotated, ClassVar

from ohnecimd.cli.dump import text_of
from ohnecimd.cli.stage import Outcome
from ohnecimd.errors import ChecksumMismatch, ProtocolError
from ohnecimd.fields import f32, text, u8, u16
from ohnecimd.messages import Message, checksum_of, explain, length_of, within
from ohnecimd.protocols.chunks import Answer, Client, Server

if TYPE_CHECKING:
    from ohnecimd.cli.stage import Stage

__all__ = ["Reading", "play"]


class Reading(Message):
    """What a thermometer says."""

    sensor: u16
    celsius: Annotated[f32, within(-90, 60)]
    size: ClassVar[Annotated[u8, length_of("note")]]
    note: Annotated[str, text("ascii")]
    crc: ClassVar[Annotated[u16, checksum_of("note", by=lambda note: sum(note) % 65536)]]


READING = Reading(7, 21.5, "by the window")
SPOILT_BYTE = 9
SUM = Answer(is_success=True, value=7.0)


def play(stage: Stage) -> list[Outcome]:
    """Show it all."""
    return [
        Outcome("messages", _declare(stage) and _spoil(stage)),
        Outcome("LDO", _exchange(stage)),
    ]


def _declare(stage: Stage) -> bool:
    stage.title("A message: its annotations say all there is to say")
    with contextlib.suppress(OSError):  # where modules have no source
        stage.code(inspect.getsource(Reading))
    data = READING.encode()
    stage.title("Its bytes, and what each of them is")
    spans, _ = explain(Reading, data)
    for line in text_of(data, spans):
        stage.say(f"    {line}")
    decoded = Reading.decode(data)
    stage.say(f"    {decoded!r}")
    if decoded != READING:
        stage.wrong(f"expected {READING!r}")
    return decoded == READING


def _spoil(stage: Stage) -> bool:
    stage.title("One byte spoilt on the way")
    data = bytearray(READING.encode())
    data[SPOILT_BYTE] ^= 1
    try:
        decoded = Reading.decode(data)
    except ProtocolError as error:
        stage.say(f"    {type(error).__name__}: {error}")
        if isinstance(error, ChecksumMismatch):
            return True
    else:
        stage.say(f"    {decoded!r}")
    stage.wrong("expected a ChecksumMismatch")
    return False


def _exchange(stage: Stage) -> bool:
    stage.title("A protocol on such messages: what is 3 + 4? Client and server, without I/O")
    client, server = Client(), Server()()
    client.compute("+", 3, 4)
    request = client.read()
    server.send(request)
    reply = server.read()
    stage.step(request, (), reply)
    try:
        client.send(reply)
    except ProtocolError as error:
        stage.wrong(str(error))
        return False
    answers = client.events()
    for answer in answers:
        stage.say(f"    {answer!r}")
    if answers != [SUM]:
        stage.wrong(f"expected {SUM!r}")
        return False
    return True
