"""A splitter of CIMD2 streams, byte by byte, by the sheet alone (its sections 1 and 2)."""

from __future__ import annotations

HEX = b"0123456789ABCDEFabcdef"
DIGITS = b"0123456789"


def split(data, limit=4096):
    """Return ``(kind, offset, octets)`` of all that is in a whole stream."""
    items, noise, noise_at, begun, begun_at, skips = [], b"", 0, b"", 0, False

    def tell_noise():
        for at in range(0, len(noise), limit):
            piece = noise[at : at + limit]
            if piece.strip(b"\r\n"):
                items.append(("noise", noise_at + at, piece))

    for at in range(len(data)):
        octet = data[at : at + 1]
        if octet == b"\x02":
            if begun:
                items.append(("cut-off", begun_at, begun))
            tell_noise()
            noise, begun, begun_at, skips = b"", octet, at, False
        elif begun:
            begun += octet
            if octet == b"\x03":
                kind = "malformed" if parts_of(begun) is None else "packet"
                items.append((kind, begun_at, begun))
                begun = b""
        elif not skips:
            if not noise:
                noise_at = at
            noise += octet
        if begun and len(begun) == limit:
            items.append(("too-long", begun_at, begun))
            begun, skips = b"", True
    if begun:
        items.append(("truncated", begun_at, begun))
    tell_noise()
    return items


def parts_of(octets):
    """Return operation, number, parameters, checksum, and if it is right; None if malformed."""
    if b"\t" not in octets:
        return None
    head, *middle, trailer = octets[1:-1].split(b"\t")
    digits = head[:2] + head[3:]
    if len(head) != 6 or head[2:3] != b":" or not all(each in DIGITS for each in digits):
        return None
    parameters = []
    for each in middle:
        if len(each) < 4 or each[3:4] != b":" or not all(digit in DIGITS for digit in each[:3]):
            return None
        if b"\x00" in each:
            return None
        parameters.append((each[:3], each[4:]))
    if not trailer:
        return int(head[:2]), int(head[3:]), parameters, None, None
    if len(trailer) != 2 or not all(digit in HEX for digit in trailer):
        return None
    total = 0
    for octet in octets[: len(octets) - 3]:
        total = (total + octet) % 256
    return int(head[:2]), int(head[3:]), parameters, trailer, int(trailer, 16) == total
