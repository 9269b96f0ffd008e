r"""CIMD2: how applications talk to a Nokia SMS centre, both sides, and a centre to try them on.

::

    <STX>ZZ:NNN<TAB>PPP:value<TAB>PPP:value<TAB>...CC<ETX>

    A: <STX>03:003<TAB>021:+358401234567<TAB>023:700<TAB>033:Hello<TAB>E8<ETX>
    S: <STX>53:003<TAB>021:+358401234567<TAB>060:261120131502<TAB>E2<ETX>

Both sides ask, and both answer; a response has the number of its request, and 50 more as its
operation. The published specification is incomplete, and its implementations disagree: which
reading was chosen, and which option chooses another, stands in the documentation.

>>> from ohnecimd.protocols.cimd.messages import SubmitMessage
>>> message = SubmitMessage(("+358401234567",), originator="700", user_data=b"Hello")
>>> encode(message, 3)
b'\x0203:003\t021:+358401234567\t023:700\t033:Hello\tE8\x03'
>>> message_of(packet_in(b"\x0253:003\t021:+358401234567\t060:261120131502\tE2\x03")).timestamp
datetime.datetime(2026, 11, 20, 13, 15, 2)
"""

from ohnecimd.protocols.cimd.application import Application
from ohnecimd.protocols.cimd.center import Center
from ohnecimd.protocols.cimd.decoding import Reading, message_of, read
from ohnecimd.protocols.cimd.encoding import encode, packet_of
from ohnecimd.protocols.cimd.events import (
    Answered,
    CloseReason,
    Denied,
    Nacked,
    Received,
    Rejected,
    Stopped,
    Stray,
    Traffic,
)
from ohnecimd.protocols.cimd.exchanges import Exchange, ExchangeState, Ledger, Lost, Refused
from ohnecimd.protocols.cimd.framing import Noise, Reader, decode, read_packet
from ohnecimd.protocols.cimd.messages import MESSAGES
from ohnecimd.protocols.cimd.packets import (
    LIMIT,
    Checksums,
    Packet,
    Problem,
    checksum_of,
    fault_of,
    packet_in,
)
from ohnecimd.protocols.cimd.parameters import PARAMETERS, Parameter
from ohnecimd.protocols.cimd.refusals import REFUSALS
from ohnecimd.protocols.cimd.sessions import Session
from ohnecimd.protocols.cimd.submissions import Submission, Submitted

__all__ = [
    "LIMIT",
    "MESSAGES",
    "PARAMETERS",
    "REFUSALS",
    "Answered",
    "Application",
    "Center",
    "Checksums",
    "CloseReason",
    "Denied",
    "Exchange",
    "ExchangeState",
    "Ledger",
    "Lost",
    "Nacked",
    "Noise",
    "Packet",
    "Parameter",
    "Problem",
    "Reader",
    "Reading",
    "Received",
    "Refused",
    "Rejected",
    "Session",
    "Stopped",
    "Stray",
    "Submission",
    "Submitted",
    "Traffic",
    "checksum_of",
    "decode",
    "encode",
    "fault_of",
    "message_of",
    "packet_in",
    "packet_of",
    "read",
    "read_packet",
]
