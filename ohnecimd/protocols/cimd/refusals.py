r"""The negative responses of CIMD2, one for each operation, under the codes of the positive ones.

A response is negative if it carries 900 with a value other than 0. Which codes an operation has
stands in section 15 of the facts, and in `ErrorCode`.

>>> from ohnecimd.protocols.cimd.codes import ErrorCode
>>> REFUSALS.encode(EnquireRefusal(ErrorCode.NOT_FOUND, "gone"))
(54, b'900:7\t901:gone\t')
"""

# pyright: reportIncompatibleMethodOverride=false
# The properties of Refusal are there for type checkers: fields of its subclasses stand for them.

from __future__ import annotations

from ohnecimd.protocols.cimd import parameters as of
from ohnecimd.protocols.cimd.messages import answer_in
from ohnecimd.protocols.cimd.roles import (
    ACTIVE,
    APPLICATION,
    BEFORE_LOGOUT,
    BOTH,
    CENTER,
    CONNECTED,
    LOGGED_IN,
    LOGGING_IN,
    LOGGING_OUT,
    Others,
    PlainRefusal,
    Refusal,
    Request,
)
from ohnecimd.tables import Table

__all__ = [
    "REFUSALS",
    "AliveRefusal",
    "CancelRefusal",
    "DeliverRefusal",
    "DeliveryRefusal",
    "EnquireRefusal",
    "GetRefusal",
    "LoginRefusal",
    "LogoutRefusal",
    "ReportRefusal",
    "SetRefusal",
    "SubmitRefusal",
    "SubmitReportRefusal",
    "refusal_of",
]

REFUSALS: Table[int] = Table("CIMD2 negative responses", state=CONNECTED)


@REFUSALS.message(51, sent_by=CENTER, when=LOGGING_IN, then=CONNECTED)
class LoginRefusal(PlainRefusal):
    """Not you, or not so: 1-10, 100-108. Login may be tried again."""


@REFUSALS.message(52, sent_by=CENTER, when=LOGGING_OUT, then=LOGGED_IN)
class LogoutRefusal(PlainRefusal):
    """Not now: 1-10."""


@REFUSALS.message(53, sent_by=CENTER, when=ACTIVE)
class SubmitRefusal(Refusal, kw_only=True):
    """The message is not taken: 1-10, 300-324."""

    destination: of.DestinationAddress | None = None
    error: of.ErrorCode
    text: of.ErrorText | None = None
    others: Others = ()


@REFUSALS.message(54, sent_by=CENTER, when=ACTIVE)
class EnquireRefusal(PlainRefusal):
    """Nobody knows: 1-10, 400, 401."""


@REFUSALS.message(55, sent_by=CENTER, when=ACTIVE)
class DeliveryRefusal(PlainRefusal):
    """There is none, or not for you: 1-10, 500-502."""


@REFUSALS.message(56, sent_by=CENTER, when=ACTIVE)
class CancelRefusal(PlainRefusal):
    """They cannot be cancelled: 1-10, 600-603."""


@REFUSALS.message(58, sent_by=CENTER, when=ACTIVE)
class SetRefusal(PlainRefusal):
    """It is not: 1-10, 800, 801."""


@REFUSALS.message(59, sent_by=CENTER, when=ACTIVE)
class GetRefusal(PlainRefusal):
    """There is no such item: 1-10, 900."""


@REFUSALS.message(63, sent_by=CENTER, when=ACTIVE)
class SubmitReportRefusal(PlainRefusal):
    """The report is not taken: 1-10."""


@REFUSALS.message(70, sent_by=APPLICATION, when=ACTIVE)
class DeliverRefusal(PlainRefusal):
    """It is not taken, which later releases allow: 700-730."""


@REFUSALS.message(73, sent_by=APPLICATION, when=ACTIVE)
class ReportRefusal(PlainRefusal):
    """It is not taken: 700-730."""


@REFUSALS.message(90, sent_by=BOTH, when=BEFORE_LOGOUT)
class AliveRefusal(PlainRefusal):
    """Not before login: 1."""


def refusal_of(request: type[Request]) -> type[Refusal]:
    """Return the class of the negative responses to a request.

    >>> from ohnecimd.protocols.cimd.messages import SubmitMessage
    >>> refusal_of(SubmitMessage).__name__
    'SubmitRefusal'
    """
    return answer_in(REFUSALS, request, Refusal)
