r"""Septets: codes of 7 bits, packed 8 into 7 octets, from the lowest bit up.

::

    septets   gfedcba  nmlkjih ...              octets   hgfedcba  ..nmlkji ...

How many septets there are is not in the octets: seven bits left over may be a septet of zeros,
which is ``@``, or nothing. Behind a header, zero bits come first, up to a septet boundary counted
from the beginning of the header (`fill_bits`); some pack from bit 0 there all the same.

Strategy: blocks of septets become one integer, in which neighbours are moved together three times.

>>> pack(b"Hi").hex()
'c834'
>>> unpack(bytes.fromhex("c834"))
b'Hi'
"""

from __future__ import annotations

from ohnecimd.errors import FieldError

__all__ = ["fill_bits", "pack", "unpack"]

BLOCK = 256  # septets; a multiple of 8
BLOCK_OCTETS = BLOCK * 7 // 8

# Of lanes of 16, 32 and 64 bits: the lower half, the upper half, and the gap between them once
# each half is so many bits full.
STEPS = tuple(
    (
        int.from_bytes((b"\xff" * half + bytes(half)) * (BLOCK // half // 2), "little"),
        int.from_bytes((bytes(half) + b"\xff" * half) * (BLOCK // half // 2), "little"),
        half,
    )
    for half in (1, 2, 4)
)
FULL_STEPS = tuple(
    (
        sum((1 << 7 * half) - 1 << lane for lane in range(0, 8 * BLOCK, 16 * half)),
        sum((1 << 7 * half) - 1 << lane + 7 * half for lane in range(0, 8 * BLOCK, 16 * half)),
        half,
    )
    for half in (4, 2, 1)
)


def fill_bits(header_octets: int) -> int:
    """Return how many bits are left free behind a header, its length octet counted.

    >>> fill_bits(6)
    1
    """
    return -8 * header_octets % 7


def pack(septets: bytes, *, fill: int = 0) -> bytes:
    r"""Return septets as octets.

    Args:
        septets: a byte for each, 0..127.
        fill: zero bits before the first, 0..7.

    Raises:
        FieldError: there is a byte over 127.

    >>> pack(b"Hi", fill=1).hex()
    '9069'
    """
    if not septets.isascii():
        index = next(i for i, each in enumerate(septets) if each > 0x7F)
        raise FieldError(path=["septets", f"[{index}]"], expected="0..127", found=septets[index])
    packed = b"".join(
        _pack_block(septets[start : start + BLOCK]) for start in range(0, len(septets), BLOCK)
    )
    if not fill or not packed:
        return packed
    size = (7 * len(septets) + fill + 7) // 8
    return (int.from_bytes(packed, "little") << fill).to_bytes(size, "little")


def _pack_block(septets: bytes) -> bytes:
    number = int.from_bytes(septets, "little")
    for lower, upper, gap in STEPS:
        number = number & lower | (number & upper) >> gap
    octets = bytearray(number.to_bytes(-(-len(septets) // 8) * 8, "little"))
    del octets[7::8]
    return bytes(octets[: (7 * len(septets) + 7) // 8])


def unpack(
    octets: bytes, *, count: int | None = None, fill: int = 0, keep_last_zero: bool = False
) -> bytes:
    r"""Return the septets in octets.

    Args:
        octets: the septets, packed.
        count: how many there are; None: as many as there is room for.
        fill: bits before the first, 0..7.
        keep_last_zero: where `count` is None and the last seven bits are zeros, take them for a
            septet (``@``), and not for bits that were left over.

    Raises:
        FieldError: there is no room for so many.

    >>> seven, eight = pack(b"1234567"), pack(b"1234567\0")
    >>> seven == eight, unpack(eight), unpack(eight, count=8)
    (True, b'1234567', b'1234567\x00')
    """
    room = max(8 * len(octets) - fill, 0)
    most = room // 7
    if count is not None and not 0 <= count <= most:
        raise FieldError(path=["septets"], expected=f"0..{most}", found=count)
    if fill:
        octets = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    septets = b"".join(
        _unpack_block(octets[start : start + BLOCK_OCTETS])
        for start in range(0, len(octets), BLOCK_OCTETS)
    )
    if count is not None:
        return septets[:count]
    septets = septets[:most]
    is_left_over = room % 7 == 0 and not keep_last_zero
    return septets.removesuffix(b"\0") if is_left_over else septets


def _unpack_block(octets: bytes) -> bytes:
    lanes = -(-len(octets) // 7)
    octets = octets.ljust(7 * lanes, b"\0")
    spread = bytearray(8 * lanes)
    for place in range(7):
        spread[place::8] = octets[place::7]
    number = int.from_bytes(spread, "little")
    for lower, upper, gap in FULL_STEPS:
        number = number & lower | (number & upper) << gap
    return number.to_bytes(8 * lanes, "little")
