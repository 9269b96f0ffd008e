"""Reference of messages, made of their declarations: reStructuredText, line by line.

Nothing about a message is written down here: `declaration_of` says what its fields are, a `Table`
who sends it and when. `directives.py` puts this into pages.
"""

from __future__ import annotations

import enum
import inspect
import re
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.declaring.kinds import Fixed, size_of_type
from ohnecimd.domains import Integers, Reals

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from ohnecimd.declaring.layouts import Computed, Declaration, Field
    from ohnecimd.messages import Message
    from ohnecimd.protocols.cimd.parameters import ParameterType
    from ohnecimd.tables import Row, Table

INDENT = "   "
FIELD_HEADS = ("Offset", "Bytes", "Field", "Type", "Values", "Meaning")
CODE_HEADS = ("Number", "Member", "Meaning")
PARAMETER_HEADS = ("Number", "Name", "Type", "Values")
ROW_HEADS = ("Code", "Message", "Sent by", "When", "Then")


def lines_of_table(
    table: Table[Any], module: str = "", described: Container[str] = ()
) -> Iterator[str]:
    """Give an overview of a table, and then each of its messages.

    Args:
        table: of messages.
        module: that offers them, if it is a package of the modules where they were written.
        described: places of messages that another table has too; to them there is only a link.
    """
    rows = [
        (
            _code(row.code),
            f":py:class:`~{place_of(row.message, module)}`",
            _names(row.sent_by),
            _names(row.when),
            "" if row.then is None else _literal(row.then),
        )
        for row in table
    ]
    yield from _list_table(ROW_HEADS, rows)
    if table.state is not None:
        yield from ["", f"A conversation begins in the state {_literal(table.state)}."]
    for row in table:
        if place_of(row.message, module) not in described:
            yield from ["", *lines_of_message(row.message, module, row)]


def lines_of_message(
    message: type[Message], module: str = "", row: Row[Any] | None = None
) -> Iterator[str]:
    """Give the description of a message class; other pages can link to it.

    Args:
        message: the class.
        module: that offers it, if it is a package of the module where it was written.
        row: of its table.
    """
    place = place_of(message, module)
    yield f".. py:class:: {message.__qualname__}{_signature(message)}"
    yield f"{INDENT}:module: {place.removesuffix(f'.{message.__qualname__}')}"
    docstring = inspect.cleandoc(message.__dict__.get("__doc__") or "")
    for lines in ([_sentence(row)] if row else [], docstring.splitlines(), _about_fields(message)):
        yield ""
        yield from (f"{INDENT}{line}" if line else "" for line in lines)


def lines_of_codes(options: type[enum.Enum], module: str) -> Iterator[str]:
    """Give the description of an enum, with what the text of each member says."""
    yield f".. py:class:: {options.__qualname__}"
    yield f"{INDENT}:module: {module}"
    rows = [
        (str(each.value), _literal(str(each.name)), _plain(getattr(each, "text", "")))
        for each in options
    ]
    docstring = inspect.cleandoc(options.__doc__ or "")
    for lines in (docstring.splitlines(), _list_table(CODE_HEADS, rows)):
        yield ""
        yield from (f"{INDENT}{line}" if line else "" for line in lines)


def lines_of_parameters(parameters: Mapping[int, ParameterType]) -> Iterator[str]:
    """Give a row for each parameter of CIMD2: number, name, type, and values."""
    rows = []
    for each in parameters.values():
        number, _, name = each.name.partition(" ")
        taken = "" if each.accepted is each.domain else f"; taken: {each.accepted}"
        secret = "; secret: never shown" if each.is_secret else ""
        rows.append((number, name, each.wire, _plain(f"{each.domain}{taken}{secret}")))
    yield from _list_table(PARAMETER_HEADS, rows)


def place_of(message: type[Message], module: str = "") -> str:
    """Return the dotted name by which pages link to a message; see `lines_of_message`."""
    is_offered = bool(module) and f"{message.__module__}.".startswith(f"{module}.")
    return f"{module if is_offered else message.__module__}.{message.__qualname__}"


def _about_fields(message: type[Message]) -> Iterator[str]:
    """Give size and byte order of a message, and the table of its fields."""
    declaration = declaration_of(message)
    if not declaration.fields:
        yield "It has no fields."
        return
    size = "Varying size" if declaration.size is None else _bytes(declaration.size)
    yield f"{size}, {declaration.order}-endian." if _has_order(declaration) else f"{size}."
    yield ""
    yield from _list_table(FIELD_HEADS, _rows_of_fields(declaration))


# Fields


def _rows_of_fields(
    declaration: Declaration, prefix: str = "", offset: int | None = 0
) -> Iterator[tuple[str, ...]]:
    """Give a row for each field; those of messages inside come after theirs."""
    for each in declaration.fields:
        yield (
            "" if offset is None else str(offset),
            _size(each),
            _literal(prefix + each.name),
            _kind(each),
            _values(each),
            _plain(each.meaning),
        )
        item = _item(each)
        if item.nested is not None:
            start = offset if item is each else None
            dots = "." if item is each else "[]."
            yield from _rows_of_fields(
                declaration_of(item.nested), f"{prefix}{each.name}{dots}", start
            )
        offset = None if offset is None or each.size is None else offset + each.size


def _item(field: Field) -> Field:
    """Return what a tuple consists of; a field that is none is itself."""
    return field if field.listing is None else field.listing.item


def _size(field: Field) -> str:
    if field.size is not None:
        return str(field.size)
    size = size_of_type(field.kind)
    return f"0 or {size}" if field.is_optional and size is not None else "varies"


def _kind(field: Field) -> str:
    options = _item(field).options
    return _plain(field.kind.name) + (f", {_literal(options.__name__)}" if options else "")


def _values(field: Field) -> str:
    """Say which values there are, and what else is to be known of them."""
    facts = []
    if field.computed is not None:
        facts.append(_computed(field.computed))
    elif field.listing is not None or (field.nested is None and field.options is None):
        facts.append(_domain(field))
    if _item(field).options is not None:
        facts.append(_members(_item(field)))
    if field.is_optional:
        facts.append("may be missing")
    if field.is_secret:
        facts.append("secret: never shown")
    return "; ".join(facts)


def _computed(computed: Computed) -> str:
    if computed.kind == "constant":
        return f"always {_literal(repr(_value(computed.compute(None))))}"
    kind = "number of items" if computed.kind == "count" else computed.kind
    names = ", ".join(map(_literal, computed.names))
    by = getattr(computed.compute, "__name__", "") if computed.kind == "checksum" else ""
    how = f" by {_literal(by)}" if by.isidentifier() else ""
    more = f", plus {computed.plus}" if computed.plus else ""
    return f"computed: {kind} of {names}{how}{more}"


def _members(field: Field) -> str:
    """Name the members of an enum, and say what becomes of other values."""
    options = field.options or ()
    known = [f"{_literal(_number(each))} {_plain(each.name)}" for each in options]
    others = f"only {_domain(field)}" if field.is_narrowed else "others stay as they are"
    return f"{', '.join(known)}; {others}"


def _number(member: enum.Enum) -> str:
    return f"0x{member.value:x}" if isinstance(member, enum.Flag) else repr(member.value)


def _has_order(declaration: Declaration) -> bool:
    """Tell whether there are numbers to which the byte order of the message applies."""
    return any(_is_ordered(_item(each)) for each in declaration.fields)


def _is_ordered(field: Field) -> bool:
    if field.nested is not None:
        return _has_order(declaration_of(field.nested))
    kind = field.kind
    if not isinstance(kind, Fixed) or kind.order is not None or size_of_type(kind) == 1:
        return False
    return isinstance(kind.domain, (Integers, Reals))


# Words


def _sentence(row: Row[Any]) -> str:
    """Say what a table knows of a message."""
    facts = [f"Code {_code(row.code)}"]
    if row.sent_by:
        facts.append(f"sent by {_names(row.sent_by)}")
    if row.when:
        facts.append(f"when {_names(row.when)}")
    if row.then is not None:
        facts.append(f"then {_literal(row.then)}")
    return f"{', '.join(facts)}."


def _signature(message: type[Message]) -> str:
    """Return what the constructor takes: the fields that are not computed."""
    names, defaults = message.__struct_fields__, message.__struct_defaults__
    required = len(names) - len(defaults)
    optional = zip(names[required:], defaults, strict=True)
    shown = [*names[:required], *(f"{name}={_default(value)}" for name, value in optional)]
    return f"({', '.join(shown)})"


def _default(value: object) -> str:
    if isinstance(value, bytes) and len(value) > 4 and not any(value):
        return f"bytes({len(value)})"
    return re.sub(r"<([\w.]+): [^>]*>", r"\1", repr(value))  # members of enums


def _domain(field: Field) -> str:
    text = str(field.domain)
    return _literal(text) if "'" in text else _plain(text)  # quotes would become typographic


def _value(value: object) -> object:
    return value.value if isinstance(value, enum.Enum) else value


def _code(code: object) -> str:
    return _literal(repr(_value(code)))


def _names(names: Iterable[str]) -> str:
    *others, last = [_literal(name) for name in sorted(names)] or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"


def _literal(text: str) -> str:
    return f"``{text}``"


def _plain(text: str) -> str:
    """Return text in which nothing is markup."""
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def _list_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Give a table without the columns that are empty."""
    rows = list(rows)
    used = [place for place in range(len(heads)) if any(row[place] for row in rows)]
    yield from [".. list-table::", f"{INDENT}:header-rows: 1", f"{INDENT}:widths: auto", ""]
    for row in [heads, *rows]:
        for place in used:
            bullet = "* -" if place == used[0] else "  -"
            yield f"{INDENT}{bullet} {row[place]}".rstrip()
