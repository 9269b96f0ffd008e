r"""What the messages of CIMD2 say: text, octets and headers; nothing here does I/O.

A text becomes messages by `split`, with the coding that `choose` finds; `Reader` reads what a
message says, and `Joiner` puts the parts of long ones together. `DEFAULT` is the alphabet of user
data (033). Sections 10 and 11 of the specification's facts, and 3GPP TS 23.038 and 23.040.

>>> message, = split("5 € für Äpfel")
>>> message.dcs, message.user_data
(0, b'5 _XXe f_u"r _A"pfel')
>>> Reader().read(message)
'5 € für Äpfel'
"""

from ohnecimd.protocols.cimd.text.alphabet import DEFAULT, Alphabet
from ohnecimd.protocols.cimd.text.characters import (
    CHARACTERS,
    EXTENSION,
    LOOKALIKES,
    PRINTED_VARIANTS,
    Character,
)
from ohnecimd.protocols.cimd.text.choosing import Chosen, Coding, choose
from ohnecimd.protocols.cimd.text.headers import (
    ELEMENTS,
    Concatenated,
    Concatenated16,
    Concatenation,
    Header,
    PortAddresses,
    Ports,
    Ports8,
    SpecialIndication,
)
from ohnecimd.protocols.cimd.text.joining import Incomplete, Joined, Joiner, Reason
from ohnecimd.protocols.cimd.text.reading import Reader, UserData
from ohnecimd.protocols.cimd.text.schemes import (
    Charset,
    MessageClass,
    Scheme,
    Waiting,
    WaitingKind,
    dcs_of,
    scheme_of,
)
from ohnecimd.protocols.cimd.text.septets import fill_bits, pack, unpack
from ohnecimd.protocols.cimd.text.splitting import PARTS_MOST, Part, capacity_of, split

__all__ = [
    "CHARACTERS",
    "DEFAULT",
    "ELEMENTS",
    "EXTENSION",
    "LOOKALIKES",
    "PARTS_MOST",
    "PRINTED_VARIANTS",
    "Alphabet",
    "Character",
    "Charset",
    "Chosen",
    "Coding",
    "Concatenated",
    "Concatenated16",
    "Concatenation",
    "Header",
    "Incomplete",
    "Joined",
    "Joiner",
    "MessageClass",
    "Part",
    "PortAddresses",
    "Ports",
    "Ports8",
    "Reader",
    "Reason",
    "Scheme",
    "SpecialIndication",
    "UserData",
    "Waiting",
    "WaitingKind",
    "capacity_of",
    "choose",
    "dcs_of",
    "fill_bits",
    "pack",
    "scheme_of",
    "split",
    "unpack",
]
