"""Hypothesis strategies for messages, and for input that comes in pieces; needs Hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import reject
from hypothesis import strategies as st

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.errors import FieldError, Misuse
from ohnecimd.fields import encode_one
from ohnecimd.messages import Message
from ohnecimd.testing.cutting import cut_at
from ohnecimd.testing.values import of_field

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from ohnecimd.declaring.declarations import Declaration, Field
    from ohnecimd.tables import Table

__all__ = ["cut", "cuts_of", "messages", "messages_of", "pieces"]

M = TypeVar("M", bound=Message)

MAX_CUTS = 8


def cuts_of(data: bytes, *, max_cuts: int = MAX_CUTS) -> SearchStrategy[list[bytes]]:
    r"""Cut `data` in at most so many places, in every way; some pieces are empty.

    >>> from hypothesis import given, settings
    >>> @given(cuts_of(b"Hello\r\n"))
    ... def test(pieces):
    ...     assert b"".join(pieces) == b"Hello\r\n"
    >>> test()
    """
    places = st.lists(st.integers(0, len(data)), max_size=max_cuts)
    return places.map(lambda each: cut_at(data, each))


def cut(
    data: SearchStrategy[bytes], *, max_cuts: int = MAX_CUTS
) -> SearchStrategy[tuple[bytes, list[bytes]]]:
    """Give what `data` gives, and the same in pieces."""
    return data.flatmap(lambda each: st.tuples(st.just(each), cuts_of(each, max_cuts=max_cuts)))


def pieces(*, max_bytes: int = 64, alphabet: bytes = b"") -> SearchStrategy[list[bytes]]:
    """Give pieces of any input.

    Args:
        max_bytes: of the whole input.
        alphabet: the only bytes in it; empty: any. Few of them make what a parser looks for likely.
    """
    inputs = (
        st.lists(st.sampled_from(list(alphabet)), max_size=max_bytes).map(bytes)
        if alphabet
        else st.binary(max_size=max_bytes)
    )
    return inputs.flatmap(cuts_of)


def messages(message: type[M], /, **given: SearchStrategy[Any]) -> SearchStrategy[M]:
    """Give messages of a class that can be encoded, made of nothing but its declaration.

    All of its values occur: members of an enum and numbers that have none, optional fields that are
    missing, tuples of any size. Only `nan` does not, which is not even equal to itself. Values of
    field types of your own are found in their domain, or by their decoder.

    Args:
        message: the class.
        given: strategies for fields for which the declaration says too little, by name.

    >>> from hypothesis import given
    >>> from ohnecimd.fields import rest, u8
    >>> class Reading(Message):
    ...     sensor: u8
    ...     values: tuple[u8, ...]
    >>> @given(messages(Reading, sensor=st.just(7)))
    ... def test(reading):
    ...     assert Reading.decode(reading.encode()) == reading
    ...     assert reading.sensor == 7
    >>> test()
    """
    declaration = declaration_of(message)
    strange = sorted(given.keys() - {each.name for each in declaration.given})
    if strange:
        raise Misuse(f"{message.__name__} has no field {strange[0]!r} that can be given")
    values = {
        each.name: given[each.name] if each.name in given else of_field(each, declaration, messages)
        for each in declaration.given
    }

    @st.composite
    def made(draw: DrawFn) -> M:
        message: M = _drawn(draw, declaration, values)
        return message

    return made()


def _drawn(draw: DrawFn, declaration: Declaration, values: dict[str, SearchStrategy[Any]]) -> Any:  # noqa: ANN401
    drawn: dict[str, Any] = {}
    is_over = False
    for each in declaration.given:
        value = drawn[each.name] = None
        if each.is_optional and (is_over or not draw(st.booleans())):
            is_over = is_over or not each.begins
            continue
        value = draw(values[each.name])
        if each.is_optional and not each.begins and not _octets(each, value, declaration):
            is_over, value = True, None  # it would come back as missing
        drawn[each.name] = value
    message: Message = declaration.make(drawn)
    try:
        message.encode()
    except FieldError:  # such as a length that its field cannot hold
        return reject()
    return message


def _octets(field: Field, value: object, declaration: Declaration) -> bytes:
    return b"" if value is None else encode_one(field.kind, field.raw(value), declaration.order)


def messages_of(table: Table[Any], sender: str | None = None) -> SearchStrategy[Message]:
    """Give messages of all classes in a table.

    Args:
        table: of messages.
        sender: only what this one may send.

    >>> from hypothesis import given
    >>> from ohnecimd.fields import u8
    >>> from ohnecimd.tables import Table
    >>> table = Table("messages")
    >>> @table.message(1)
    ... class Reading(Message):
    ...     sensor: u8
    >>> @given(messages_of(table))
    ... def test(message):
    ...     assert table.decode(*table.encode(message)) == message
    >>> test()
    """
    rows = [row for row in table if sender is None or not row.sent_by or sender in row.sent_by]
    if not rows:
        raise Misuse(f"{table.name}: there is nothing that {sender or 'anybody'} may send")
    return st.one_of([messages(row.message) for row in rows])
