"""Texts that are submitted: as many messages as they take, and one answer to all of them.

>>> [message.data_coding for message in messages_of(["+358401234567"], "Пр")]
[8]
>>> first, last = messages_of(["+358401234567"], "x" * 200, reference=7, originator="700")
>>> first.more_messages, first.header.hex(), last.more_messages, last.header.hex()
(True, '050003070201', None, '050003070202')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.protocols.cimd.messages import SubmitMessage, SubmitResponse
from ohnecimd.protocols.cimd.text.splitting import split

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from ohnecimd.protocols.cimd.exchanges import Exchange

__all__ = ["Submission", "Submitted", "messages_of"]

TEXT_OPTIONS = frozenset(split.__kwdefaults__ or ())
"""What `split` wants to know; all else is said in the messages."""


class Submitted(msgspec.Struct, frozen=True):
    """The answers to all parts of a text.

    Attributes:
        responses: one for each part, in order.
    """

    responses: tuple[SubmitResponse, ...]

    @property
    def destination(self) -> str | None:
        """The first recipient, if the SMSC repeats it."""
        return self.responses[0].destination

    @property
    def timestamp(self) -> dt.datetime | None:
        """The time stamp of the first part for the first recipient."""
        return self.responses[0].timestamp


class Submission:
    """A text on its way to phones.

    Attributes:
        parts: the exchanges of its messages, in order.
    """

    __slots__ = ("_callbacks", "_open", "parts")

    def __init__(self, parts: Sequence[Exchange[SubmitResponse]]) -> None:
        self.parts = tuple(parts)
        self._callbacks: list[Callable[[Submission], object]] = []
        self._open = len(self.parts)
        for part in self.parts:
            part.on_settled(self._note)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will become of any part."""
        return not self._open

    def result(self) -> Submitted:
        """Return the answers, if all parts are taken.

        Raises:
            Refused, Lost, RemoteProtocolError, NoResult: as `Exchange.result` of the first part
                that is not; other parts may have been taken.
        """
        return Submitted(tuple([part.result() for part in self.parts]))

    def on_settled(self, callback: Callable[[Submission], object]) -> None:
        """Have `callback` called with this once all parts are settled: at once if they are."""
        if self.is_settled:
            callback(self)
        else:
            self._callbacks.append(callback)

    def _note(self, _part: Exchange[SubmitResponse]) -> None:
        self._open -= 1
        if not self._open:
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback(self)

    def __repr__(self) -> str:
        states = ", ".join(str(part.state) for part in self.parts)
        return f"<Submission: {states}>"


def messages_of(
    destinations: Sequence[str],
    content: str | bytes,
    **options: Any,  # noqa: ANN401 - those of SubmitMessage and of split
) -> list[SubmitMessage]:
    """Return the messages that a text, or octets, become.

    All parts but the last say that there are more to come, unless there is a first delivery time.

    Args:
        destinations: the recipients.
        content: text, or octets.
        options: parameters of `SubmitMessage`, and what `split` takes.

    Raises:
        FieldError: the text does not fit the coding that is asked for.
    """
    of_text = {name: value for name, value in options.items() if name in TEXT_OPTIONS}
    of_message = {name: value for name, value in options.items() if name not in TEXT_OPTIONS}
    has_time = any(name.startswith("first_delivery") for name in of_message)
    messages = []
    for part in split(content, **of_text):
        said = dict(of_message)
        if part.number < part.total and not has_time:
            said.setdefault("more_messages", True)
        messages.append(
            SubmitMessage(
                tuple(destinations),
                data_coding=part.dcs or None,
                header=part.header,
                user_data=part.user_data,
                binary=part.user_data_binary,
                **said,
            )
        )
    return messages
