"""Data coding schemes (030): alphabet, class, and what else a number from 0 to 255 says.

::

    00cm aakk   c compressed, m: kk is a class, aa 0 default alphabet, 1 8-bit, 2 UCS-2
    01cm aakk   the same, to be deleted once it has been read
    1100 s0kk   message waiting: s on or off, kk voice, fax, e-mail, other; discard the message
    1101 s0kk   the same, store the message
    1110 s0kk   the same, store the message, in UCS-2
    1111 0akk   a 0 default alphabet, 1 8-bit; kk is a class

All else is reserved, and taken as the default alphabet. Section 11; 3GPP TS 23.038.

>>> scheme_of(24).charset, scheme_of(24).message_class
(<Charset.UCS2: 2>, <MessageClass.FLASH: 0>)
>>> dcs_of(Charset.UCS2, message_class=MessageClass.FLASH)
24
"""

from __future__ import annotations

import enum

import msgspec

from ohnecimd.errors import FieldError

__all__ = [
    "Charset",
    "MessageClass",
    "Scheme",
    "Waiting",
    "WaitingKind",
    "dcs_of",
    "scheme_of",
]


class Charset(enum.Enum):
    """What user data is made of."""

    DEFAULT = 0
    EIGHT_BIT = 1
    UCS2 = 2


class MessageClass(enum.IntEnum):
    """Where a phone puts a message."""

    FLASH = 0
    PHONE = 1  # ME
    SIM = 2
    EQUIPMENT = 3  # TE


class WaitingKind(enum.IntEnum):
    """What waits for the subscriber."""

    VOICE = 0
    FAX = 1
    EMAIL = 2
    OTHER = 3


class Waiting(msgspec.Struct, frozen=True):
    """Message waiting: switches an indicator of the phone on or off.

    Args:
        kind: which one.
        is_active: on or off.
        is_stored: the phone keeps the message; else it may throw it away.
    """

    kind: WaitingKind = WaitingKind.VOICE
    is_active: bool = True
    is_stored: bool = True


class Scheme(msgspec.Struct, frozen=True):
    """What a data coding scheme says.

    Args:
        dcs: its number.
        charset: of the user data.
        message_class: None: it has none.
        is_compressed: the text is compressed, so that only phones can read it.
        deletes: the phone deletes the message once it has been read.
        waiting: an indicator that it switches.
        is_reserved: nobody knows what it says; taken as the default alphabet.
    """

    dcs: int
    charset: Charset = Charset.DEFAULT
    message_class: MessageClass | None = None
    is_compressed: bool = False
    deletes: bool = False
    waiting: Waiting | None = None
    is_reserved: bool = False


COMPRESSED, HAS_CLASS, DELETES = 0x20, 0x10, 0x40
GENERAL, DISCARD, STORE, STORE_UCS2, CLASS = 0x00, 0xC0, 0xD0, 0xE0, 0xF0
ACTIVE = 0x08


def _read(dcs: int) -> Scheme:
    group = dcs & 0xF0
    low = dcs & 0x03
    if dcs < 0x80:
        alphabet = dcs >> 2 & 0x03
        is_reserved = alphabet == 3
        return Scheme(
            dcs,
            charset=Charset.DEFAULT if is_reserved else Charset(alphabet),
            message_class=MessageClass(low) if dcs & HAS_CLASS else None,
            is_compressed=bool(dcs & COMPRESSED),
            deletes=bool(dcs & DELETES),
            is_reserved=is_reserved,
        )
    if group in (DISCARD, STORE, STORE_UCS2):
        return Scheme(
            dcs,
            charset=Charset.UCS2 if group == STORE_UCS2 else Charset.DEFAULT,
            waiting=Waiting(WaitingKind(low), bool(dcs & ACTIVE), group != DISCARD),
        )
    if group == CLASS and not dcs & 0x08:
        return Scheme(
            dcs,
            charset=Charset.EIGHT_BIT if dcs & 0x04 else Charset.DEFAULT,
            message_class=MessageClass(low),
        )
    return Scheme(dcs, is_reserved=True)


_SCHEMES = tuple(map(_read, range(256)))


def scheme_of(dcs: int | None) -> Scheme:
    """Return what a data coding scheme says.

    Args:
        dcs: 0..255; None: the parameter is not there, which means 0.

    Raises:
        FieldError: it is out of range.

    >>> scheme_of(0xC9).waiting
    Waiting(kind=<WaitingKind.FAX: 1>, is_active=True, is_stored=False)
    >>> scheme_of(0x8F).is_reserved
    True
    """
    if dcs is None:
        dcs = 0
    if not 0 <= dcs <= 255:
        raise FieldError(path=["data coding scheme"], expected="0..255", found=dcs)
    return _SCHEMES[dcs]


def dcs_of(
    charset: Charset = Charset.DEFAULT,
    *,
    message_class: MessageClass | int | None = None,
    is_compressed: bool = False,
    deletes: bool = False,
    waiting: Waiting | None = None,
) -> int:
    """Return the data coding scheme that says all this; of several, the lowest.

    Args:
        charset: of the user data.
        message_class: None: it has none.
        is_compressed: the text is compressed.
        deletes: the phone shall delete the message once it has been read.
        waiting: an indicator to be switched.

    Raises:
        FieldError: no scheme says all this.

    >>> dcs_of(waiting=Waiting(WaitingKind.EMAIL))
    218
    """
    if message_class is not None and message_class not in tuple(MessageClass):
        raise FieldError(path=["message class"], expected="0..3", found=message_class)
    if waiting is None:
        return (
            charset.value << 2
            | (0 if message_class is None else HAS_CLASS | message_class)
            | (COMPRESSED if is_compressed else 0)
            | (DELETES if deletes else 0)
        )
    if message_class is not None or is_compressed or deletes:
        raise FieldError("message waiting goes with no class, compression or deletion")
    if charset is Charset.DEFAULT:
        group = STORE if waiting.is_stored else DISCARD
    elif charset is Charset.UCS2 and waiting.is_stored:
        group = STORE_UCS2
    else:
        stored = "stored" if waiting.is_stored else "discarded"
        raise FieldError(f"no message waiting scheme is {charset.name} and {stored}")
    return group | (ACTIVE if waiting.is_active else 0) | waiting.kind
