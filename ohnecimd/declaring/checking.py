"""Which declarations make no sense, though each of their annotations does."""

from __future__ import annotations

import itertools
import keyword
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from ohnecimd.domains import Characters, Items, Octets, shown
from ohnecimd.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ohnecimd.declaring.layouts import Computed, Declaration, Field

__all__ = ["check", "require_names"]

VERBS = ("byteorder", "check", "decode", "decode_from", "encode", "to_json")
"""What a message has, and so no field can be called."""


def require_names(place: str, names: Iterable[str]) -> None:
    """Raise `Misuse` if a field cannot have one of these names."""
    for name in names:
        if name in VERBS:
            what = "an attribute" if name == "byteorder" else "a method"
            raise Misuse(f"{place}.{name}: a message has {what} of that name")
        if keyword.iskeyword(name):
            raise Misuse(f"{place}: {name!r} is no name of an attribute")


def check(declaration: Declaration) -> None:
    """Raise `Misuse` if the fields of a message cannot stand as they do."""
    name = declaration.message.__qualname__
    for each in declaration.fields:
        if each.computed is not None:
            _check_computed(f"{name}.{each.name}", declaration, each, each.computed)
    _check_defaults(name, declaration)
    for each in declaration.fields:
        if each.computed is not None and each not in declaration.computed:
            raise Misuse(f"{name}.{each.name} is computed from itself")
    for each, following in itertools.pairwise(declaration.fields):
        place = f"{name}.{following.name}"
        if each.takes_all and each.name not in declaration.sizing:
            raise Misuse(f"{place} cannot follow {each.name}, which takes all that is left")
        if each.is_optional and not each.begins and not following.is_optional:
            raise Misuse(f"{place} cannot follow {each.name}, which may be missing")
        repeats = each.listing is not None and each.listing.is_open and each.listing.item.begins
        mark = repeats or (each.is_optional and each.begins)
        item = following if following.listing is None else following.listing.item
        if mark and item.begins == mark:
            raise Misuse(f"{place} begins as {each.name} does: nothing tells them apart")


def _check_computed(place: str, declaration: Declaration, each: Field, computed: Computed) -> None:
    known = {field.name for field in declaration.fields}
    if each.name in declaration.positional or each.name in _struct_fields(declaration.message):
        raise Misuse(f"{place} is computed, so it is no part of the constructor: use ClassVar")
    if each.is_optional:
        raise Misuse(f"{place} is computed, and so cannot be missing")
    if strange := sorted(set(computed.names) - known):
        raise Misuse(f"{place} is computed from {strange[0]!r}: no such field")
    if computed.kind == "constant":
        value = each.raw(computed.compute(None))
        if not each.domain.holds(value):
            raise Misuse(f"{place} cannot be {shown(value)}: expected {each.domain}")
        return
    if not computed.names:
        raise Misuse(f"{place} is computed from no field")
    is_number = computed.kind != "checksum" or computed.compute is zlib.crc32
    if is_number and (each.nested or isinstance(each.domain.plain, (Characters, Items, Octets))):
        raise Misuse(f"{place} is a {computed.kind}, but {each.kind.name} holds no numbers")
    if computed.kind == "count":
        counted = declaration[computed.names[0]]
        if counted.listing is None or not counted.listing.is_open:
            raise Misuse(f"{place} counts {counted.name}, which is no tuple that needs a number")


def _check_defaults(name: str, declaration: Declaration) -> None:
    message: Any = declaration.message
    names, defaults = _struct_fields(message), message.__struct_defaults__
    for attribute, default in zip(reversed(names), reversed(defaults), strict=False):
        is_empty = getattr(default, "factory", None) in (bytearray, dict, list, set)
        value = default.factory() if is_empty else default
        if value is msgspec.NODEFAULT or (hasattr(value, "factory") and not is_empty):
            continue
        each = declaration[attribute]
        if not each.holds(value):
            found = "what it is" if each.has_secret else shown(value)
            raise Misuse(f"{name}.{attribute} cannot be {found} by default: expected {each.domain}")


def _struct_fields(message: Any) -> tuple[str, ...]:  # noqa: ANN401 - a message class
    names: tuple[str, ...] = message.__struct_fields__
    return names
