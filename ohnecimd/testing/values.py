"""Hypothesis strategies for the values of fields, made of their declarations; needs Hypothesis."""

from __future__ import annotations

import string
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import reject
from hypothesis import strategies as st

from ohnecimd.declaring.kinds import UNFIT, natural_domain, struct_of
from ohnecimd.domains import (
    Characters,
    Choice,
    Converted,
    Integers,
    Items,
    Octets,
    Reals,
    Where,
    Within,
)
from ohnecimd.errors import Misuse, ProtocolError
from ohnecimd.fields import Fixed, decode_one, encode_one, size_of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

    from ohnecimd.declaring.declarations import Declaration, Field
    from ohnecimd.domains import Domain
    from ohnecimd.fields import FieldType
    from ohnecimd.stream import ByteOrder

__all__ = ["of_domain", "of_field"]

MOST_BYTES = 32  # of a value that may have any size
MOST_ITEMS = 5

FAILURES = (*UNFIT, Misuse, ProtocolError)

# For conditions on values of an unknown type: those types of which one value fulfils it.
KINDS: list[tuple[SearchStrategy[Any], tuple[object, ...]]] = [
    (st.booleans(), (False, True)),
    (st.integers(-1000, 1000), (0, 1, 2, -1)),
    (st.floats(allow_nan=False), (0.0, 0.5, -1.5)),
    (st.complex_numbers(allow_nan=False), (1j,)),
    (st.text(max_size=MOST_BYTES), ("", "a", "1")),
    (st.binary(max_size=MOST_BYTES), (b"", b"a", b"1")),
    (st.tuples(), ((),)),
]


def of_field(
    field: Field, declaration: Declaration, nested: Callable[[Any], SearchStrategy[Any]]
) -> SearchStrategy[Any]:
    """Give values that a field can have, as the message holds them.

    Args:
        field: of a message.
        declaration: of that message.
        nested: makes messages of a class.
    """
    domain = _bounded(field, declaration)
    values: SearchStrategy[Any]
    if field.nested is not None:
        values = nested(field.nested)
    elif field.listing is not None:
        item = of_field(field.listing.item, declaration, nested)
        values = _tuples(item, domain)
    else:
        values = _of_type(field.kind, domain, declaration.order).map(field.member)
        if field.options is not None:
            known = [each for each in field.options if domain.holds(each.value)]
            values = st.sampled_from(known) | values if known else values
    if field.nested is not None or field.listing is not None:
        return values.filter(field.holds)
    return values


def _bounded(field: Field, declaration: Declaration) -> Domain:
    """Return the domain of a field, as far as a length before it can tell its size."""
    sizer = declaration.sizing.get(field.name)
    if sizer is None or sizer.computed is None or not isinstance(sizer.domain, Integers):
        return field.domain
    sizes = isinstance(_inmost(field.domain), (Octets, Characters))
    if sizer.computed.kind == "length" and not sizes:
        return field.domain  # the message as a whole will be tried
    return field.domain & Within(None, sizer.domain.high - sizer.computed.plus)


def _inmost(domain: Domain) -> Domain:
    while isinstance(domain, (Where, Converted)) and domain.domain is not None:
        domain = domain.domain
    return domain


def _tuples(item: SearchStrategy[Any], domain: Domain) -> SearchStrategy[tuple[Any, ...]]:
    bounds = _inmost(domain)
    least, most = (bounds.least, bounds.most) if isinstance(bounds, Items) else (0, None)
    lists = st.lists(item, min_size=least, max_size=_most(least, most, MOST_ITEMS))
    return lists.map(tuple)


def _most(least: int, most: int | None, enough: int) -> int:
    return least + enough if most is None else min(most, least + enough)


def _of_type(kind: FieldType, domain: Domain, order: ByteOrder) -> SearchStrategy[Any]:
    """Give values of a domain that a type can encode, as they come back from there."""
    likely = of_domain(domain)
    others = _decoded(kind, order)

    def fit(value: object) -> Iterator[object]:
        try:
            value, _ = decode_one(kind, encode_one(kind, value, order), 0, order)
        except FAILURES:
            return
        if domain.holds(value) and value == value:  # noqa: PLR0124 - no nan: it is never equal
            yield value

    @st.composite
    def values(draw: DrawFn) -> object:
        for source in (likely, others):
            if source is not None:
                for value in fit(draw(source)):
                    return value
        return reject()

    return values()


def of_domain(domain: Domain) -> SearchStrategy[Any] | None:
    """Give values of a domain, or None: there is no telling which they are."""
    if isinstance(domain, Integers):
        return st.integers(domain.low, domain.high)
    if isinstance(domain, Reals):
        return _reals(domain)
    if isinstance(domain, Octets):
        return _octets(domain)
    if isinstance(domain, Characters):
        return _characters(domain)
    if isinstance(domain, Choice):
        return st.sampled_from(domain.values)
    if isinstance(domain, Converted):
        return _made(domain)
    if isinstance(domain, Where) and domain.pattern is not None:
        return st.from_regex(domain.pattern, fullmatch=True).filter(domain.holds)
    if isinstance(domain, Where) and domain.domain is not None:
        values = of_domain(domain.domain)
        return None if values is None else values.filter(domain.holds)
    found = [values for values, samples in KINDS if any(map(domain.holds, samples))]
    return st.one_of(found).filter(domain.holds) if found else None


def _reals(domain: Reals) -> SearchStrategy[float]:
    if domain.low is None and domain.high is None:
        return st.floats(width=domain.bits, allow_nan=False)  # type: ignore[arg-type] # 16, 32, 64
    return st.floats(domain.low, domain.high, allow_nan=False)


def _octets(domain: Octets) -> SearchStrategy[bytes]:
    least, most = domain.least, _most(domain.least, domain.most, MOST_BYTES)
    if not domain.without:
        return st.binary(min_size=least, max_size=most)
    allowed = [each for each in range(256) if each not in domain.without]
    return st.lists(st.sampled_from(allowed), min_size=least, max_size=most).map(bytes)


def _characters(domain: Characters) -> SearchStrategy[str]:
    mark, one = (len(text.encode(domain.encoding)) for text in ("", "a"))
    unit = one - mark
    most = _most(domain.least, domain.most, MOST_BYTES)
    plain = st.text(
        [each for each in string.printable if each not in domain.without],
        min_size=max(0, -(-(domain.least - mark) // unit)),
        max_size=max(0, (most - mark) // unit),
    )
    fullest = max(0, (most - mark) // 4)
    if domain.least > fullest:
        return plain.filter(domain.holds)
    letters = st.characters(codec=domain.encoding, exclude_characters=domain.without)
    return (st.text(letters, min_size=domain.least, max_size=fullest) | plain).filter(domain.holds)


def _made(domain: Converted) -> SearchStrategy[Any] | None:
    values = of_domain(domain.source)
    if values is None:
        return of_domain(domain.domain)

    def make(value: object) -> Any:  # noqa: ANN401
        try:
            return domain.make(value)
        except FAILURES:
            return reject()

    return values.map(make).filter(domain.holds)


def _decoded(kind: FieldType, order: ByteOrder) -> SearchStrategy[Any] | None:
    """Give what a type makes of what can stand there; None in place of what is no value."""
    if isinstance(kind, Fixed):
        return None if kind.decode is None else _items(kind).map(partial(_value, kind, order))
    return st.binary(max_size=MOST_BYTES).map(partial(_value, kind, order))


def _items(kind: Fixed) -> SearchStrategy[bytes]:
    """Give the bytes of items of a `struct`."""
    size = size_of_type(kind)
    domain = natural_domain(kind.layout)
    items = None if domain is None else of_domain(domain)
    if items is None:
        return st.binary(min_size=size or 0, max_size=size)
    return items.map(struct_of(kind.layout, kind.order or "big").pack)


def _value(kind: FieldType, order: ByteOrder, data: bytes) -> object:
    try:
        return decode_one(kind, data, 0, order)[0]
    except FAILURES:
        return None
