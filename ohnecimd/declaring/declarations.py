"""What the annotations of a message say: one `Field` each, in the order of the bytes.

The only place that knows how annotations are written.
"""

from __future__ import annotations

import enum
import types
import typing
import zlib
from collections import ChainMap
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union, get_args, get_origin

from ohnecimd.declaring.checking import check
from ohnecimd.declaring.kinds import (
    FieldType,
    Fixed,
    Repeated,
    Variable,
    exactly,
    is_natural,
    require_order,
    size_of_type,
)
from ohnecimd.declaring.layouts import Computed, Declaration, Field, Listing
from ohnecimd.domains import (
    Characters,
    Choice,
    Domain,
    Integers,
    Items,
    Octets,
    Reals,
    Where,
    Within,
    shown,
)
from ohnecimd.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.stream import ByteOrder

__all__ = [
    "SECRET",
    "Computed",
    "Declaration",
    "Field",
    "Listing",
    "checksum_of",
    "constant",
    "count_of",
    "declaration_of",
    "length_of",
]


class _Mark(enum.Enum):
    SECRET = enum.auto()


SECRET = _Mark.SECRET
"""In `Annotated`: a value that `repr`, JSON and errors do not show."""


def length_of(*names: str, plus: int = 0) -> Computed:
    """Make a field the number of bytes of others.

    As in ``size: ClassVar[Annotated[u32, length_of("body")]]``.

    Args:
        names: of fields. If it is one that stands after this, it ends where this length says.
        plus: what the length counts besides them.
    """
    _require_field_names("length_of", names)
    return Computed("length", names, len, plus)


def count_of(name: str, *, plus: int = 0) -> Computed:
    """Make a field the number of items of a tuple, wherever that stands."""
    _require_field_names("count_of", (name,))
    return Computed("count", (name,), len, plus)


def checksum_of(*names: str, by: Callable[[bytes], Any] = zlib.crc32) -> Computed:
    """Make a field the checksum of other fields' bytes, one after another.

    Args:
        names: of fields.
        by: makes the checksum of bytes.
    """
    _require_field_names("checksum_of", names)
    if not callable(by):
        raise Misuse(f"checksum_of() takes a function that makes the checksum, not {shown(by)}")
    return Computed("checksum", names, by)


def _require_field_names(function: str, names: Iterable[object]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise Misuse(f"{function}() takes names of fields, not {shown(name)}")


def constant(value: object) -> Computed:
    """Make a field one that always has this value; anything else is `Malformed`.

    Bytes need no type: ``magic: ClassVar[Annotated[bytes, constant(b"RIFF")]]``.
    """
    return Computed("constant", (), lambda _: value)


def declaration_of(message: type) -> Declaration:
    """Return what the annotations of a message class say.

    Raises:
        Misuse: they say nothing that makes sense.
    """
    return _declaration(message, ())


def _declaration(message: Any, around: tuple[type, ...]) -> Declaration:  # noqa: ANN401
    found: Declaration | None = message.__dict__.get("__declaration__")
    if found is None:
        if message in around:
            raise Misuse(f"{message.__qualname__} contains itself: nothing would bound its depth")
        found = message.__declaration__ = _read(message, (*around, message))
    return found


def _read(message: Any, around: tuple[type, ...]) -> Declaration:  # noqa: ANN401 - a message class
    require_order(message.byteorder)
    hints: dict[str, Any] = {}
    for each in reversed(message.__mro__):
        if "__scope__" in each.__dict__:
            hints |= _hints_of(each)
    fields = []
    for name, hint in hints.items():
        place = f"{message.__qualname__}.{name}"
        plain, added = _unwrapped(hint)
        if get_origin(hint) is not ClassVar or _has(added, Computed):
            fields.append(_field(place, name, plain, added, around))
        elif _has(added, Fixed, Variable, Repeated):
            raise Misuse(
                f"{place} has a type of field, but nothing that computes it: add length_of, "
                "count_of, checksum_of or constant, or use a plain annotation"
            )
    declaration = Declaration(message, tuple(fields), message.byteorder)
    check(declaration)
    return declaration


def _hints_of(message: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the annotations of one class, without those of its bases."""
    scope = message.__scope__  # read before `__hints__`, and written after them: threads
    hints: dict[str, Any] | None = message.__dict__.get("__hints__")
    if hints is None:
        own = {"__annotations__": message.__annotations__, "__module__": message.__module__}
        names = ChainMap(scope or {}, message.__dict__)  # a field may be called as its type is
        try:
            hints = typing.get_type_hints(
                type(message.__name__, (), own), localns=names, include_extras=True
            )
        except NameError as error:
            raise Misuse(
                f"{message.__qualname__}: {error} where the message is declared: what its "
                "annotations name has to stand before it, or at the top of the module"
            ) from None
        except SyntaxError as error:
            raise Misuse(_unreadable(message) or f"{message.__qualname__}: {error}") from None
        message.__hints__ = hints
        message.__scope__ = None  # whatever else was in that function may go
    return hints


def _unreadable(message: Any) -> str:  # noqa: ANN401
    """Return what is wrong with an annotation that stands in quotes."""
    for name, hint in message.__annotations__.items():
        try:
            compile(hint if isinstance(hint, str) else "0", "annotation", "eval")
        except SyntaxError:
            return f"{message.__qualname__}.{name}: {shown(hint)} is no annotation"
    return ""


def _has(added: list[Any], *kinds: type) -> bool:
    return any(isinstance(each, kinds) for each in added)


def _unwrapped(hint: object) -> tuple[tuple[Any, ...], list[Any]]:
    """Return the plain types that an annotation allows, and what `Annotated` adds."""
    if get_origin(hint) is ClassVar:
        (hint,) = get_args(hint)
    added: list[Any] = []
    if get_origin(hint) is Annotated:
        hint, *more = get_args(hint)
        for each in more:
            added += get_args(each)[1:] if get_origin(each) is Annotated else [each]
    if get_origin(hint) not in (Union, types.UnionType):
        return (hint,), added
    plain: list[Any] = []
    inside: list[Any] = []
    for each in get_args(hint):
        inner, within_it = _unwrapped(each)
        plain += inner
        inside += within_it
    return tuple(plain), inside + added


def _field(
    place: str, name: str, plain: tuple[Any, ...], added: list[Any], around: tuple[type, ...]
) -> Field:
    options = [each for each in plain if isinstance(each, type) and issubclass(each, enum.Enum)]
    computed = next((each for each in added if isinstance(each, Computed)), None)
    kinds = [each for each in added if isinstance(each, (Fixed, Variable))]
    listing = inner = None
    _require_one_type(place, plain, added, kinds)
    if kinds:
        kind: FieldType = kinds[-1]
    elif items := [each for each in plain if get_origin(each) is tuple]:
        listing = _listing(place, items[0], added, around)
        kind = _kind_of_listing(listing)
    elif nested := [each for each in plain if hasattr(each, "__declaration__")]:
        inner = _nested(place, nested, around)
        kind = _kind_of_message(inner)
    else:
        kind = _kind_of_constant(place, computed)
    domain = kind.domain
    for each in added:
        if isinstance(each, Choice) and options:
            each = Choice(tuple(_value(value) for value in each.values))  # noqa: PLW2901
        if isinstance(each, (Within, Domain)):
            domain = _narrowed(place, domain, each)
    return Field(
        name,
        kind,
        domain,
        is_narrowed=domain is not kind.domain or _is_stricter(kind),
        options=options[0] if options else None,
        meaning=" ".join(each for each in added if isinstance(each, str)),
        is_secret=SECRET in added or (listing is not None and listing.item.is_secret),
        is_optional=type(None) in plain,
        computed=computed,
        listing=listing,
        nested=None if inner is None else inner.message,
        inner=inner,
    )


def _require_one_type(
    place: str, plain: tuple[Any, ...], added: list[Any], kinds: list[Any]
) -> None:
    """Raise `Misuse` if an annotation says more than once how the field lies in bytes."""
    repeats = [each for each in added if isinstance(each, Repeated)]
    is_tuple = any(each is tuple or get_origin(each) is tuple for each in plain)
    is_simple = bool(kinds) and isinstance(kinds[0].domain.plain, _SIMPLE)
    if repeats and not is_tuple:
        before, times = repeats[0].before, repeats[0].times
        instead = f"raw({times})" if before is None else f"prefixed({before.name})"
        raise Misuse(f"{place} is no tuple, so it has no items to count; for bytes use {instead}")
    if is_tuple and kinds and (repeats or is_simple):
        name = kinds[0].name
        raise Misuse(f"{place}: the type of the items goes inside the brackets: tuple[{name}, ...]")
    several = [each.name for each in kinds]
    if is_simple or not kinds:
        several += ["a tuple" for each in plain if get_origin(each) is tuple]
        several += [each.__name__ for each in plain if hasattr(each, "__declaration__")][:1]
    if len(several) > 1:
        types = " and ".join(several)
        raise Misuse(f"{place} has several types of field, {types}: it can have one")


_SIMPLE = (Characters, Integers, Octets, Reals)
"""Values that are neither tuples nor messages."""


def _narrowed(place: str, domain: Domain, by: Within | Domain) -> Domain:
    try:
        return domain & by
    except Misuse as error:
        raise Misuse(f"{place}: {error}") from None


def _is_stricter(kind: FieldType) -> bool:
    """Tell whether there are items, taken as they are, that are no values of the type."""
    if not isinstance(kind, Fixed) or kind.decode is not None or is_natural(kind):
        return False
    size = size_of_type(kind)
    return not kind.layout.endswith("s") or kind.domain != Octets(size or 0, size)


def _value(member: object) -> object:
    return member.value if isinstance(member, enum.Enum) else member


def _kind_of_constant(place: str, computed: Computed | None) -> FieldType:
    """Return the type of a constant that speaks for itself; there is no other."""
    if computed is not None and computed.kind == "constant":
        value = computed.compute(None)
        if isinstance(value, bytes):
            return exactly(len(value))
    raise Misuse(
        f"{place} has no type of field: annotate it with one of ohnecimd.fields, such as u16 "
        "or Annotated[bytes, raw(4)]"
    )


# Tuples, and messages in messages


def _listing(place: str, hint: object, added: list[Any], around: tuple[type, ...]) -> Listing:
    arguments = get_args(hint)
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise Misuse(f"{place}: a tuple is annotated as tuple[u16, ...], with three dots")
    item = _field(f"{place}[]", "", *_unwrapped(arguments[0]), around)
    if item.is_optional or item.computed is not None:
        raise Misuse(f"{place}: an item of a tuple can be neither missing nor computed")
    if item.takes_all:
        raise Misuse(f"{place}: no item can follow one that takes all that is left")
    if item.size == 0:
        raise Misuse(f"{place}: nobody can count items without bytes")
    repeats = [each for each in added if isinstance(each, Repeated)]
    return Listing(item, repeats[-1] if repeats else Repeated())


def _kind_of_listing(listing: Listing) -> Variable:
    return Variable(
        listing.name,
        Items(*listing.bounds, item=Where(str(listing.item.domain), listing.item.holds)),
        listing.decode,
        listing.encode,
        takes_all=listing.is_open and not listing.item.begins,
    )


def _nested(place: str, nested: list[Any], around: tuple[type, ...]) -> Declaration:
    if len(nested) > 1:
        raise Misuse(f"{place}: nothing tells which of {len(nested)} messages it is; see Table")
    inner, order = _declaration(nested[0], around), _order_of(around[-1])
    if _order_of(nested[0], default=order) != order:
        raise Misuse(
            f"{place}: {inner.message.__name__} is {inner.order}-endian, but here it would be "
            f"{order}-endian as all the rest; declare its fields with big() or little()"
        )
    return inner


def _order_of(message: Any, default: ByteOrder = "big") -> ByteOrder:  # noqa: ANN401
    """Return the byte order that a class, or one of its bases, was given."""
    named = next(each for each in message.__mro__ if "byteorder" in each.__dict__)
    order: ByteOrder = named.byteorder if hasattr(named.__base__, "byteorder") else default
    return order


def _kind_of_message(inner: Declaration) -> Variable:
    message: Any = inner.message
    name = message.__name__
    return Variable(
        name,
        Where(name, lambda value: type(value) is message),
        message.decode_from,
        lambda value, order: value.encode(order=order),
        takes_all=inner.takes_all,
    )
