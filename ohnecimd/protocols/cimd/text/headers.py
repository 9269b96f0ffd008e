r"""User data header (032): what stands before the text and tells phones what to do with it.

::

    header      length of the rest (u8) | element | element ...
    element     identifier (u8) | length of the data (u8) | data

Elements that the table does not know are kept as they are. 3GPP TS 23.040, section 9.2.3.24.

>>> header = Header.decode(bytes.fromhex("050003A10201"))
>>> header.elements
(Concatenated(reference=161, total=2, number=1),)
>>> header.encode().hex()
'050003a10201'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from ohnecimd.domains import where
from ohnecimd.fields import Variable, prefixed, u8, u16
from ohnecimd.messages import Message, length_of
from ohnecimd.protocols.cimd.text.schemes import WaitingKind
from ohnecimd.tables import Table, Unknown

if TYPE_CHECKING:
    from ohnecimd.stream import ByteOrder

__all__ = [
    "ELEMENTS",
    "Concatenated",
    "Concatenated16",
    "Concatenation",
    "Header",
    "PortAddresses",
    "Ports",
    "Ports8",
    "SpecialIndication",
]

ELEMENTS: Table[int] = Table("information elements")
"""The elements that have a meaning here."""

STORES = 0x80
KIND_BITS = 0x7F


class Concatenation(Message):
    """The message is a part of a longer one: what the elements that say so have in common."""

    if TYPE_CHECKING:
        reference: int
        total: int
        number: int

    @property
    def is_valid(self) -> bool:
        """Whether there is such a part; phones ignore the element otherwise."""
        return 1 <= self.number <= self.total


class PortAddresses(Message):
    """The message is for a program on the phone: what the elements with ports have in common."""

    if TYPE_CHECKING:
        destination: int
        source: int


@ELEMENTS.message(0x00)
class Concatenated(Concatenation):
    """A part of a longer message."""

    reference: Annotated[u8, "the same in all parts"]
    total: Annotated[u8, "how many parts there are"]
    number: Annotated[u8, "of this part, from 1 on"]


@ELEMENTS.message(0x01)
class SpecialIndication(Message):
    """So many messages wait for the subscriber."""

    indication: Annotated[u8, "80: store this message; the rest is the kind"]
    count: Annotated[u8, "how many; 0: the indicator goes off"]

    @property
    def is_stored(self) -> bool:
        """Whether the phone is to keep the message."""
        return bool(self.indication & STORES)

    @property
    def kind(self) -> WaitingKind | None:
        """What waits; None if it is something else than those of data coding schemes."""
        number = self.indication & KIND_BITS
        return WaitingKind(number) if number in tuple(WaitingKind) else None


@ELEMENTS.message(0x04)
class Ports8(PortAddresses):
    """The programs that the message is for and from; 240..255 are free to use."""

    destination: u8
    source: u8


@ELEMENTS.message(0x05)
class Ports(PortAddresses):
    """The programs that the message is for and from, as in TCP."""

    destination: u16
    source: u16


@ELEMENTS.message(0x08)
class Concatenated16(Concatenation):
    """A part of a longer message, with a reference of 16 bits."""

    reference: Annotated[u16, "the same in all parts"]
    total: Annotated[u8, "how many parts there are"]
    number: Annotated[u8, "of this part, from 1 on"]


class _Framed(Message):
    identifier: u8
    data: Annotated[bytes, prefixed(u8)]


def _decode(data: bytes, start: int, order: ByteOrder) -> tuple[Message, int]:
    framed, end = _Framed.decode_from(data, start, order)
    position = end - len(framed.data)
    return ELEMENTS.decode(framed.identifier, framed.data, position=position, order=order), end


def _encode(element: Message, order: ByteOrder) -> bytes:
    return _Framed(*ELEMENTS.encode(element, order=order)).encode(order=order)


def _is_element(value: object) -> bool:
    return isinstance(value, Unknown) or any(type(value) is row.message for row in ELEMENTS)


_ELEMENT = Variable("element", where("an information element", _is_element), _decode, _encode)


class Header(Message):
    """User data header, with its length octet."""

    length: ClassVar[Annotated[u8, length_of("elements")]]
    elements: Annotated[tuple[Annotated[Message, _ELEMENT], ...], "in any order"] = ()

    @property
    def concatenation(self) -> Concatenation | None:
        """The element that makes it a part of a longer message; of several valid ones, the last.

        >>> Header((Concatenated(7, 1, 2),)).concatenation is None  # part 2 of 1
        True
        """
        found = (each for each in reversed(self.elements) if isinstance(each, Concatenation))
        return next((each for each in found if each.is_valid), None)

    @property
    def ports(self) -> PortAddresses | None:
        """The element that has ports; of several, the last.

        >>> Header((Ports(5505, 5505),)).ports
        Ports(destination=5505, source=5505)
        """
        found = (each for each in reversed(self.elements) if isinstance(each, PortAddresses))
        return next(found, None)
