"""What an SMS Center answers and sends, as ``talk cimd`` prints it."""

from __future__ import annotations

import enum
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from ohnecimd.cli.cimd_showing import quoted
from ohnecimd.cli.escapes import printable
from ohnecimd.cli.sides import Shown
from ohnecimd.domains import plural
from ohnecimd.protocols.cimd.codes import text_of_error
from ohnecimd.protocols.cimd.events import Nacked, Received, Rejected, Stray
from ohnecimd.protocols.cimd.exchanges import ExchangeState, Lost, Refused
from ohnecimd.protocols.cimd.messages import (
    DeliverMessage,
    DeliverStatusReport,
    DeliveryResponse,
    EnquireResponse,
    GetResponse,
    SubmitResponse,
)
from ohnecimd.protocols.cimd.packets import Problem
from ohnecimd.protocols.cimd.text.reading import Reader, UserData

if TYPE_CHECKING:
    import datetime as dt

    from ohnecimd.protocols.cimd.exchanges import Exchange
    from ohnecimd.protocols.cimd.messages import Outcome
    from ohnecimd.protocols.cimd.roles import Response

__all__ = ["answer_to", "is_message", "show"]

READER = Reader()


# Answers


def answer_to(verb: str, exchange: Exchange[Any], part: int, parts: int) -> Shown:
    """Show what became of a request.

    Args:
        verb: of the command.
        exchange: the request; settled.
        part: which of the command's requests it is.
        parts: how many it has.
    """
    members: dict[str, object] = {"command": verb}
    if parts > 1:
        members |= {"part": part, "parts": parts}
    members |= {"number": exchange.number, "state": str(exchange.state)}
    text, more = _text_of(exchange)
    outcomes = getattr(exchange.response, "outcomes", ())
    has_failed = exchange.state is not ExchangeState.ANSWERED or any(
        each.error for each in outcomes
    )
    number = "" if exchange.number is None else f" {exchange.number:03}"
    of = f" (part {part} of {parts})" if parts > 1 else ""
    return Shown(
        "answer", printable(f"{verb}{number}{of}: {text}"), members | more, int(has_failed)
    )


def _text_of(exchange: Exchange[Any]) -> tuple[str, dict[str, object]]:
    error = exchange.error
    if error is None and exchange.response is not None:
        return _told(exchange.response)
    if isinstance(error, Refused):
        code = None if error.code is None else int(error.code)
        said = error.text or ("" if code is None else text_of_error(code))
        words = [] if code is None else [f"error {code}"]
        words += [said] if said else []
        text = ": ".join(["refused", ", ".join(words)] if words else ["refused"])
        return text, {"error": code, "text": error.text}
    if isinstance(error, Lost):
        text = "sent, and not answered" if error.was_sent else "not sent"
        return f"{text}: {error.reason}", {"message": error.reason}
    return f"bad answer: {error}", {"message": str(error)}


@singledispatch
def _told(response: Response) -> tuple[str, dict[str, object]]:  # noqa: ARG001 - it says no more
    """Return what a response says."""
    return "done", {}


@_told.register(SubmitResponse)
def _submitted(response: SubmitResponse) -> tuple[str, dict[str, object]]:
    if not response.outcomes:
        return "done", {"outcomes": []}
    texts = []
    members = []
    for outcome in response.outcomes:
        texts.append(_text_of_outcome(outcome))
        each: dict[str, object] = {"to": outcome.destination}
        if outcome.error:
            each |= {"error": int(outcome.error), "text": outcome.text}
        else:
            each["time"] = _iso(outcome.timestamp)
        members.append(each)
    return ", ".join(texts), {"outcomes": members}


def _text_of_outcome(outcome: Outcome) -> str:
    to = outcome.destination or "done"
    if outcome.error:
        said = outcome.text or text_of_error(int(outcome.error))
        return f"{to} refused: error {int(outcome.error)}, {said}"
    return to if outcome.timestamp is None else f"{to} {outcome.timestamp}"


@_told.register(EnquireResponse)
def _status(response: Any) -> tuple[str, dict[str, object]]:  # noqa: ANN401 - a report, too
    """Return what has become of a message."""
    text = _meaning(response.status)
    if response.status_error:
        text += f" ({_meaning(response.status_error)})"
    if response.discharge_time is not None:
        text += f" at {response.discharge_time}"
    return text, {
        "status": int(response.status),
        "status_error": None if response.status_error is None else int(response.status_error),
        "discharge_time": _iso(response.discharge_time),
    }


def _meaning(value: int) -> str:
    text: str = getattr(value, "text", "") if isinstance(value, enum.Enum) else ""
    return text or str(value)


@_told.register(DeliveryResponse)
def _waiting(response: DeliveryResponse) -> tuple[str, dict[str, object]]:
    count = response.count
    return "done" if count is None else f"{plural(count, 'message')} waiting", {"count": count}


@_told.register(GetResponse)
def _item(response: GetResponse) -> tuple[str, dict[str, object]]:
    if response.time is not None:
        return str(response.time), {"time": _iso(response.time)}
    others = [f"{each.number:03} {quoted(each.value)}" for each in response.others]
    return ", ".join(others) or "done", {
        "parameters": [[f"{each.number:03}", each.value.hex()] for each in response.others]
    }


def _iso(time: dt.datetime | None) -> str | None:
    return None if time is None else time.isoformat()


# What comes by itself


def is_message(event: object) -> bool:
    """Tell whether an event is a message from a phone, or a report."""
    return isinstance(event, Received)


def show(event: object) -> Shown:
    """Show an event of an `Application`; without a text if there is nothing to say about it."""
    if isinstance(event, Received):
        message = event.message
        if isinstance(message, DeliverMessage):
            return _delivery(event.number, message)
        if isinstance(message, DeliverStatusReport):
            return _report(event.number, message)
    if isinstance(event, Problem):
        return _odd(event.kind, event.message, {"offset": event.offset})
    if isinstance(event, (Rejected, Stray)):
        kind = "rejected" if isinstance(event, Rejected) else "stray"
        return _odd(kind, event.message, {"offset": event.packet.offset})
    if isinstance(event, Nacked):
        return Shown("nack", f"nack {event.number:03}", {"event": "nack", "number": event.number})
    return Shown("other", "", {})


def _odd(kind: str, message: str, more: dict[str, object]) -> Shown:
    members = {"event": "problem", "error": kind, **more, "message": message}
    return Shown("problem", printable(f"!{kind}: {message}"), members)


def _delivery(number: int, message: DeliverMessage) -> Shown:
    data = UserData(message.data_coding, message.header, message.user_data, message.binary)
    content = READER.read(data)
    header = READER.header_of(data)
    place = None if header is None else header.concatenation
    sender = message.alphanumeric_originator or message.originator
    members: dict[str, object] = {
        "event": "delivery",
        "number": number,
        "from": sender or None,
        "to": message.destination,
        "time": _iso(message.timestamp),
    }
    if isinstance(content, str):
        members["text"] = content
    else:
        members["data"] = content.hex()
    if message.data_coding is not None:
        members["dcs"] = message.data_coding
    if message.header is not None:
        members["header"] = message.header.hex()
    of = ""
    if place is not None:
        members |= {"part": place.number, "parts": place.total, "reference": place.reference}
        of = f" (part {place.number} of {place.total}, reference {place.reference})"
    at = "" if message.timestamp is None else f" at {message.timestamp}"
    said = quoted(content) if isinstance(content, str) else content.hex()
    text = f"from {sender or 'nobody'} to {message.destination}{at}{of}: "
    return Shown("delivery", f"delivery {number:03} {printable(text)}{said}", members)


def _report(number: int, message: DeliverStatusReport) -> Shown:
    status, more = _status(message)
    members = {
        "event": "report",
        "number": number,
        "to": message.destination,
        "time": _iso(message.timestamp),
        **more,
    }
    text = f"report {number:03} {message.destination} {message.timestamp}: {status}"
    return Shown("report", printable(text), members)
