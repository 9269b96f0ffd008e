"""Messages decoded and encoded with care: field by field, with names and places.

What `compiling` does fast is done again here when it fails, to say why; and here is known where
each field lies. Slow, and general: what a declaration means is what this module does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.kinds import UNFIT, decode_one, encode_one, take_bytes
from ohnecimd.declaring.layouts import found_instead
from ohnecimd.domains import Choice, Integers, Reals, plural
from ohnecimd.errors import (
    ChecksumMismatch,
    FieldError,
    Malformed,
    ProtocolError,
    RemoteProtocolError,
    Truncated,
)

if TYPE_CHECKING:
    from ohnecimd.declaring.layouts import Declaration, Field
    from ohnecimd.stream import ByteOrder

__all__ = ["Span", "dissect", "encode_carefully", "hush", "parts_of"]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a field lies.

    Args:
        start: of its first byte.
        end: of the byte after its last.
        path: names of messages and fields, from the outside in.
        value: what it holds; of a secret one, its stars.
        meaning: what the declaration says about it.
    """

    start: int
    end: int
    path: tuple[str, ...]
    value: object
    meaning: str = ""

    def moved(self, nbytes: int) -> Span:
        """Return the same so many bytes further on."""
        return replace(self, start=self.start + nbytes, end=self.end + nbytes)


STARS = "***"
"""What stands for a secret."""


def _name(error: ProtocolError, each: Field, name: str = "") -> None:
    """Put the field into the path of an error, and keep what is secret out of it."""
    if each.is_secret:
        is_of_item = each.listing is not None and error.path
        domain = each.listing.item.domain if each.listing and is_of_item else each.domain
        _reword(error, str(domain))
    if each.has_secret:
        hush(error)
    error.path = (name or each.name, *error.path)


def _reword(error: ProtocolError, expected: str) -> None:
    """Say nothing of what was found."""
    if isinstance(error, Truncated):
        expected = error.expected or "more"
        error.message = f"expected {expected}, found the end of input"
    else:
        error.message = f"expected {expected}"
    error.expected = expected


def hush(error: ProtocolError) -> None:
    """Take the bytes out of an error, which may be secret, and what it was made of."""
    if isinstance(error, Truncated):
        if not error.message:
            _reword(error, error.expected)
        error.partial = b""
    error.found = None
    error.args = (error.message,)
    error.__cause__ = error.__context__ = None


# Decoding


@dataclass(slots=True)
class _Dissection:
    """A message while it is taken apart."""

    declaration: Declaration
    data: bytes
    order: ByteOrder
    at: int
    spans: list[Span] | None
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, each: Field) -> None:
        """Decode the next field."""
        start = self.at
        if each.is_optional and self._is_missing(each):
            value: Any = None
        else:
            value, self.at = self._decode(each)
            each.require(value, self.data, start, self.at)
            self._require_constant(each, value, start)
        self.values[each.name] = value
        self.places[each.name] = start, self.at

    def _is_missing(self, each: Field) -> bool:
        return self.at == len(self.data) or not self.data.startswith(each.begins, self.at)

    def _decode(self, each: Field) -> tuple[Any, int]:
        sizer = self.declaration.sizing.get(each.name)
        if sizer is None or sizer.computed is None:
            return self._value(each, self.data, self.at, self.spans)
        size = self.values[sizer.name] - sizer.computed.plus
        if size < 0:
            raise Malformed(
                f"expected a {sizer.computed.kind} of at least {sizer.computed.plus} "
                f"in {sizer.name}, found {self.values[sizer.name]}",
                position=self.places[sizer.name][0],
            )
        if sizer.computed.kind == "count":
            return self._value(each, self.data, self.at, self.spans, size)
        return self._decode_sized(each, take_bytes(self.data, self.at, size))

    def _decode_sized(self, each: Field, piece: bytes) -> tuple[Any, int]:
        start = self.at
        inside: list[Span] | None = None if self.spans is None else []
        try:
            value, end = self._value(each, piece, 0, inside)
        except ProtocolError as error:
            error.position = start + (error.position or 0)
            raise
        finally:
            if self.spans is not None and inside is not None:
                self.spans += (span.moved(start) for span in inside)
        if end != len(piece):
            raise Malformed(
                f"expected the end of {each.name}, found {plural(len(piece) - end, 'byte')} more "
                f"that {self.declaration.sizing[each.name].name} counts",
                position=start + end,
                expected=f"the end of {each.name}",
                found=piece[end:],
            )
        return value, start + end

    def _value(
        self,
        each: Field,
        data: bytes,
        start: int,
        spans: list[Span] | None,
        count: int | None = None,
    ) -> tuple[Any, int]:
        if spans is not None and not each.is_secret:
            return _explained(each, (each.name,), (data, start, self.order), spans, count)
        if count is not None and each.listing is not None:
            value, end = each.listing.decode_items(data, start, self.order, count)
        else:
            value, end = decode_one(each.kind, data, start, self.order)
        if spans is not None:
            _note(spans, Span(start, end, (each.name,), STARS, each.meaning))
        return value, end

    def _require_constant(self, each: Field, value: object, start: int) -> None:
        if each.computed is not None and each.computed.kind == "constant":
            wanted = each.raw(each.computed.compute(None))
            if value != wanted:
                raise Malformed(
                    f"expected {wanted!r}{found_instead(value)}",
                    position=start,
                    expected=repr(wanted),
                    found=self.data[start : self.at],
                )

    def verify(self, each: Field) -> None:
        """Raise if a computed field is not what follows from the others."""
        computed = each.computed
        if computed is None or computed.kind == "constant":
            return
        wanted = computed.value(self.values, lambda name: self.data[slice(*self.places[name])])
        if self.values[each.name] == wanted:
            return
        start, end = self.places[each.name]
        kind = ChecksumMismatch if computed.kind == "checksum" else Malformed
        expected = f"a {computed.kind} of {wanted}"
        if any(self.declaration[name].has_secret for name in computed.names):
            raise kind(f"expected another {computed.kind}", position=start)
        raise kind(
            f"expected {expected}{found_instead(self.values[each.name])}",
            position=start,
            expected=expected,
            found=self.data[start:end],
        )


def _explained(
    each: Field,
    path: tuple[str, ...],
    place: tuple[bytes, int, ByteOrder],
    spans: list[Span],
    count: int | None = None,
) -> tuple[Any, int]:
    """Decode a value, and note where it lies, or what is in it."""
    data, start, order = place
    if each.inner is not None:
        inside: list[Span] = []
        try:
            return dissect(each.inner, data, start, order, inside)
        finally:
            spans += (replace(span, path=path + span.path) for span in inside)
    listing = each.listing
    if listing is None:
        value, end = decode_one(each.kind, data, start, order)
        _note(spans, Span(start, end, path, each.member(value), each.meaning))
        return value, end
    if count is None and listing.repeats.before is not None:
        count, after = decode_one(listing.repeats.before, data, start, order)
        _note(spans, Span(start, after, (*path, "number"), count))
        start = after
    if count is None:
        count = listing.repeats.times

    def take(number: int, at: int) -> tuple[Any, int]:
        name = f"{path[-1]}[{number}]"
        return _explained(listing.item, (*path[:-1], name), (data, at, order), spans)

    return listing.decode_items(data, start, order, count, take)


def _note(spans: list[Span], span: Span) -> None:
    if span.start < span.end:
        spans.append(span)


def dissect(
    declaration: Declaration,
    data: bytes,
    start: int,
    order: ByteOrder,
    spans: list[Span] | None = None,
) -> tuple[Any, int]:
    """Return the message that begins at a place, and where it ends.

    Args:
        declaration: of the message.
        data: where it lies.
        start: its place.
        order: its byte order.
        spans: gets the places of the fields; after an error, of those that could be read.

    Raises:
        RemoteProtocolError: it cannot be decoded; names the field, its place in `data`.
    """
    work = _Dissection(declaration, data, order, start, spans)
    at = None
    try:
        for at in declaration.fields:
            work.take(at)
        for at in declaration.fields:
            work.verify(at)
    except ProtocolError as error:
        if at is not None:
            _name(error, at)
        if declaration.has_secret:
            hush(error)
        raise
    members = {each.name: each.member(work.values[each.name]) for each in declaration.given}
    try:
        return declaration.make(members), work.at
    except ValueError as error:
        failure = _disagreeing(declaration, error, start, data[start : work.at])
    raise failure  # out here, where `error` is no part of it by itself


def _disagreeing(
    declaration: Declaration, error: ValueError, start: int, data: bytes
) -> RemoteProtocolError:
    """Return the error for fields that the class itself, in `__post_init__`, does not take."""
    words = "expected fields that agree"
    if declaration.has_secret:
        return Malformed(words, position=start)
    failure = Malformed(str(error) or words, position=start, found=data)
    failure.__cause__ = error
    return failure


# Encoding


def encode_carefully(declaration: Declaration, message: Any, order: ByteOrder) -> bytes:  # noqa: ANN401
    """Return the bytes of a message.

    Raises:
        FieldError: a value is none that its field can have; names the field.
    """
    return b"".join(parts_of(declaration, message, order)[1].values())


def parts_of(
    declaration: Declaration,
    message: Any,  # noqa: ANN401
    order: ByteOrder,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the value and the bytes of each field, computed ones too."""
    values: dict[str, Any] = {}
    parts: dict[str, bytes] = {}

    def octets(name: str) -> bytes:
        # A length may be asked for before what it counts is known, if that has a fixed size.
        return parts[name] if name in parts else bytes(declaration[name].size or 0)

    missing = ""
    at = None
    try:
        for at in declaration.given:
            value = values[at.name] = getattr(message, at.name)
            if value is None and at.is_optional:
                missing = missing if at.begins else at.name
            elif missing:
                raise FieldError(f"{missing}, which stands before it, is missing")
            parts[at.name] = _encode(at, value, order)
        for at in declaration.computed:
            if at.computed is not None:
                value = values[at.name] = at.computed.value(values, octets)
                parts[at.name] = _encode(at, value, order)
    except ProtocolError as error:
        if at is not None:
            _name(error, at)
        raise
    return values, {each.name: parts[each.name] for each in declaration.fields}


def _encode(each: Field, value: Any, order: ByteOrder) -> bytes:  # noqa: ANN401
    if value is None and each.is_optional:
        return b""
    if each.listing is not None and isinstance(value, tuple):
        octets = _encode_items(each, value, order)
    elif each.inner is not None and type(value) is each.nested:
        octets = encode_carefully(each.inner, value, order)
    else:
        octets = None
    if not each.holds(value):
        raise _unfit(each, value)
    if octets is not None:
        return octets
    try:
        return encode_one(each.kind, each.raw(value), order)
    except UNFIT as error:
        raise _unfit(each, value, f": {error}") from error


def _encode_items(each: Field, values: tuple[Any, ...], order: ByteOrder) -> bytes:
    listing = each.listing
    if listing is None:
        raise AssertionError
    least, most = listing.bounds
    if len(values) < least or (most is not None and len(values) > most):
        size = f"{least}" if least == most else f"at most {most}"
        raise FieldError(f"expected {size} items, found {len(values)}")
    octets = [listing.encode_count(len(values), order)]
    for number, value in enumerate(values):
        try:
            octets.append(_encode(listing.item, value, order))
            if not octets[-1]:
                raise FieldError("an item without bytes cannot be told from none")
        except ProtocolError as error:
            _name(error, listing.item, f"[{number}]")
            raise
    return b"".join(octets)


def _unfit(each: Field, value: object, why: str = "") -> FieldError:
    expected = _expected(each, value)
    why = why or _why_not(each, value)
    shown = "" if each.has_secret else f"{found_instead(value)}{why:.200}"
    return FieldError(f"expected {expected}{shown}", expected=expected)


def _expected(each: Field, value: object) -> str:
    """Return what a program could have given; names the kind of value where that was wrong."""
    domain = each.domain
    if isinstance(domain, Choice) and each.options is not None:
        return str(Choice(tuple(map(each.member, domain.values))))
    expected = str(domain)
    if each.listing is not None and not isinstance(value, tuple):
        expected = f"a tuple of {expected.removeprefix('any ')}"
    elif isinstance(domain.plain, Integers) and not hasattr(value, "__index__"):
        expected = f"an integer {expected}"
    return expected if each.options is None else f"{each.options.__name__} or {expected}"


def _why_not(each: Field, value: object) -> str:
    """Return what the domain does not say: that a number is too large for its bits."""
    kind, reals = each.kind, each.domain.plain
    if not isinstance(reals, Reals) or not isinstance(value, (int, float)):
        return ""
    if Reals(reals.bits).holds(value):
        return ""
    return f": too large for {kind.name} ({reals.bits} bits)"
