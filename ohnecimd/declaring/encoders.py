"""Writes the functions that encode messages of one class.

Neighbours of fixed size are packed by one `struct`, constants among them; `struct` checks the
ranges that it knows. Bytes from which others are computed are made first, each for itself.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.items import giver_of
from ohnecimd.declaring.kinds import REST, Fixed, encode_one, is_natural
from ohnecimd.declaring.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ohnecimd.declaring.items import Give
    from ohnecimd.declaring.layouts import Computed, Declaration, Field
    from ohnecimd.stream import ByteOrder

__all__ = ["Encoder"]


class Encoder(Source):
    """Writes one function that encodes.

    Args:
        declaration: of the message.
        order: the byte order.
        nested: gives what encodes messages of another class that are in this one.
    """

    def __init__(
        self, declaration: Declaration, order: ByteOrder, nested: Callable[[type], Give]
    ) -> None:
        super().__init__(declaration, order)
        self._nested = nested
        self._needed = {
            name
            for each in declaration.computed
            if each.computed is not None
            for name in each.computed.names
            if each.computed.kind == "checksum"
            or (each.computed.kind == "length" and declaration[name].size is None)
        }
        self._items: dict[str, str] = {}  # of structs: what stands for each field

    def write_encode(self) -> None:
        """Write ``encode(self, *, order=None)``."""
        with self.block("def encode(self, *, order=None):"), self.attempt("fail(self, order)"):
            self._write()

    def write_give(self) -> None:
        """Write ``give(self)``."""
        with self.block("def give(self):"):
            self._write()

    def _write(self) -> None:
        before = None
        for each in self.declaration.given:
            self._give(each)
            if before is not None:
                self.require(f"v_{before} is not None or v_{each.name} is None")
            if each.is_optional and not each.begins:
                before = each.name
        for each in self.declaration.computed:
            if each.computed is not None:
                self._compute(each, each.computed)
        self.line(f"return {_joined(list(self._pieces()))}")

    def _give(self, each: Field) -> None:
        """Write how a value becomes an item of a struct, or bytes."""
        if self._is_as_it_is(each):
            self._items[each.name] = f"self.{each.name}"
            return
        self.line(f"v_{each.name} = self.{each.name}")
        if not each.is_optional:
            self._encode(each)
            return
        with self.block(f"if v_{each.name} is None:"):
            self.line(f"p_{each.name} = b''")
        with self.block("else:"):
            self._encode(each)

    def _is_as_it_is(self, each: Field) -> bool:
        """Whether `struct` takes the attribute and checks all that is to be checked."""
        return (
            isinstance(each.kind, Fixed)
            and is_natural(each.kind)
            and not each.is_narrowed
            and not self._is_part(each)
            and (each.options is None or issubclass(each.options, (int, float)))
        )

    def _is_part(self, each: Field) -> bool:
        """Whether its bytes are made alone."""
        return each.name in self._needed or not self.is_plain(each)

    def _encode(self, each: Field) -> None:
        value, part, kind = f"v_{each.name}", f"p_{each.name}", each.kind
        if each.options is not None:
            self.line(f"{value} = {self.name('raw', each.raw)}({value})")
        self._check(each)
        if each.listing is not None:
            give = self.name("items", giver_of(each.listing, self.order, self._nested))
            self.line(f"{part} = {give}({value})")
        elif each.nested is not None:
            self.line(f"{part} = {self.name('message', self._nested(each.nested))}({value})")
        elif kind is REST:
            self.line(f"{part} = {value}")
        elif isinstance(kind, Fixed):
            if kind.encode is not None:
                encode = self.name("encode", kind.encode)
                self.line(f"{value} = {encode}({value}, {self.order_of(kind)})")
            if self._is_part(each):
                pack = self.name("pack", self.structure([each]).pack)
                self.line(f"{part} = {pack}({value})")
            else:
                self._items[each.name] = value
        else:
            encode = self.name("encode", kind.encode)
            self.line(f"{part} = {encode}({value}, ORDER)")
            self.require(f"type({part}) is bytes")

    def _check(self, each: Field) -> None:
        """Write what checks a value, unless what encodes it does."""
        value, domain = f"v_{each.name}", each.domain
        if each.nested is not None:
            self.require(f"type({value}) is {self.name('kind', each.nested)}")
            if each.is_narrowed:
                self.require(self.test(domain, value))
        elif each.listing is not None:
            if each.is_narrowed:
                self.require(self.test(domain, value))
        elif not isinstance(each.kind, Fixed) or not is_natural(each.kind):
            self.require(self.test(domain, value))
        elif each.is_narrowed:
            self.require(self.test(domain, value, is_integer=True))

    def _compute(self, each: Field, computed: Computed) -> None:
        if computed.kind == "constant":
            self._give_constant(each, each.raw(computed.compute(None)))
            return
        self.line(f"v_{each.name} = {self._computed(computed)}")
        self._encode(each)

    def _give_constant(self, each: Field, value: Any) -> None:  # noqa: ANN401 - of any type
        kind = each.kind
        if self._is_part(each):
            part = encode_one(kind, value, self.order)
            self.line(f"p_{each.name} = {self.name('constant', part)}")
        elif isinstance(kind, Fixed):
            order = kind.order or self.order
            item = value if kind.encode is None else kind.encode(value, order)
            self._items[each.name] = self.name("constant", item)

    def _computed(self, computed: Computed) -> str:
        if computed.kind == "count":
            name = computed.names[0]
            return f"len(v_{name} or ()) + {computed.plus}"
        if computed.kind == "length":
            sizes = [self.declaration[name].size for name in computed.names]
            known = sum(size for size in sizes if size is not None) + computed.plus
            parts = [
                f"len(p_{name})"
                for name, size in zip(computed.names, sizes, strict=True)
                if size is None
            ]
            return " + ".join([*parts, str(known)])
        octets = " + ".join(f"p_{name}" for name in computed.names)
        return f"{self.name('compute', computed.compute)}({octets})"

    def _pieces(self) -> Iterator[str]:
        for run in self.runs():
            for is_part, group in itertools.groupby(run, self._is_part):
                some = list(group)
                if is_part:
                    yield from (f"p_{each.name}" for each in some)
                else:
                    pack = self.name("pack", self.structure(some).pack)
                    yield f"{pack}({', '.join(self._items[each.name] for each in some)})"


def _joined(pieces: list[str]) -> str:
    if len(pieces) > 2:
        return f"{b''!r}.join(({', '.join(pieces)}))"
    return " + ".join(pieces) or repr(b"")
