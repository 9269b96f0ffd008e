"""Messages from phones, as the center delivers them: coded, and in parts if they are long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohnecimd.errors import FieldError, RemoteProtocolError
from ohnecimd.protocols.cimd.messages import DeliverMessage
from ohnecimd.protocols.cimd.text import Charset, Coding, Header, dcs_of, scheme_of, split

if TYPE_CHECKING:
    import datetime as dt

    from ohnecimd.messages import Message

__all__ = ["messages_of"]

REFERENCES = 256
CODINGS = {
    Charset.DEFAULT: Coding.DEFAULT,
    Charset.EIGHT_BIT: Coding.EIGHT_BIT,
    Charset.UCS2: Coding.UCS2,
}


def messages_of(
    to: str,
    sender: str | None,
    content: str | bytes,
    *,
    coding: Coding | str | None = None,
    header: bytes = b"",
    data_coding: int | None = None,
    timestamp: dt.datetime,
    reference: int = 0,
) -> list[DeliverMessage]:
    r"""Return the messages that a text, or octets, from a phone become.

    Args:
        to: the number that it is sent to.
        sender: the number of the phone; None: it is not told.
        content: text, or octets.
        coding: of the text: ``default``, ``ucs2``, ``8bit`` or ``packed``; None: that of
            `data_coding`, or else the cheapest. Of octets it is what they are said to be.
        header: octets of a user data header, for each part.
        data_coding: the data coding scheme that is told; None: that of the coding.
        timestamp: when it was sent.
        reference: of the parts, if there are several.

    Raises:
        FieldError: the text does not fit the coding, or the header is none.

    >>> from datetime import datetime
    >>> messages_of("16700", None, b"\x01\x02", timestamp=datetime(2026, 11, 20))[0].binary
    b'\x01\x02'
    """
    if coding is not None and coding not in {each.value for each in Coding} | {*Coding}:
        names = ", ".join(each.value for each in Coding)
        raise FieldError(path=["coding"], expected=f"one of {names}", found=coding)
    if isinstance(content, bytes):
        if coding is not None and data_coding is None:
            data_coding = dcs_of(Coding(coding).charset)
        coding = None
    elif coding is None and data_coding is not None:
        coding = CODINGS[scheme_of(data_coding).charset]
    parts = split(
        content, coding=coding, reference=reference % REFERENCES, elements=_elements(header)
    )
    return [
        DeliverMessage(
            to,
            originator=sender,
            data_coding=(part.dcs if data_coding is None else data_coding) or None,
            header=part.header,
            user_data=part.user_data,
            binary=part.user_data_binary,
            timestamp=timestamp,
        )
        for part in parts
    ]


def _elements(header: bytes) -> tuple[Message, ...]:
    try:
        return Header.decode(header).elements if header else ()
    except RemoteProtocolError as error:
        raise FieldError(f"this is no user data header: {error}", found=header) from error
