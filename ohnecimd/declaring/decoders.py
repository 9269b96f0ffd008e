"""Writes the functions that decode messages of one class.

Neighbours of fixed size are one `struct`. What follows from other fields is verified at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ohnecimd.declaring.items import many_of, taker_of
from ohnecimd.declaring.kinds import REST, Fixed, Variable
from ohnecimd.declaring.layouts import members_of
from ohnecimd.declaring.sources import Place, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ohnecimd.declaring.items import Take
    from ohnecimd.declaring.layouts import Computed, Declaration, Field
    from ohnecimd.stream import ByteOrder

__all__ = ["Decoder"]


class Decoder(Source):
    """Writes one function that decodes.

    Args:
        declaration: of the message.
        order: the byte order.
        nested: gives what decodes messages of another class that are in this one.
    """

    def __init__(
        self, declaration: Declaration, order: ByteOrder, nested: Callable[[type], Take]
    ) -> None:
        super().__init__(declaration, order)
        self.names["make"] = declaration.message
        self._nested = nested
        self._fields = declaration.fields
        self._verified = [each for each in self._fields if self._is_verified(each)]
        self._covered = {
            name for each in self._verified if each.computed for name in each.computed.names
        }

    def write_decode(self) -> None:
        """Write ``decode(data, *, position=0, order=None)``: of all the data."""
        with (
            self.block("def decode(data, *, position=0, order=None):"),
            self.attempt("fail(data, position, order)"),
        ):
            runs = list(self.runs())
            if len(runs) == 1 and self.is_plain(self._fields[0]) and not self._covered:
                unpack = self.name("unpack", self.structure(runs[0]).unpack)
                items = f"{unpack}(data)"  # of whatever holds bytes
                if self._is_as_it_comes():
                    self.line(f"return make(*{items})")
                    return
                self.line(f"{_targets(runs[0])} = {items}")
                self._finish(self._fields)
            else:
                with self.block("if type(data) is not bytes:"):
                    self.line("data = as_bytes(data)")
                at = self._take_all(Place(""))
                self.require(f"{at} == len(data)")
            self._verify()
            self.line(f"return {self._made()}")

    def write_take(self) -> None:
        """Write ``take(data, start)``: of what begins there; gives the end too."""
        with self.block("def take(data, start):"):
            at = self._take_all(Place("start"))
            self._verify()
            self.line(f"return {self._made()}, {at}")

    def _is_as_it_comes(self) -> bool:
        """Whether the items of the struct are what the constructor takes."""
        return self.declaration.positional == tuple(each.name for each in self._fields) and not any(
            each.is_narrowed or each.options or each.kind.decode for each in self._fields
        )

    def _take_all(self, at: Place) -> Place:
        for run in self.runs():
            if len(run) == 1 and not self.is_plain(run[0]):
                at = self._take(run[0], at)
            else:
                at = self._take_run(run, at)
        return at

    def _take_run(self, run: list[Field], at: Place) -> Place:
        unpack = self.name("unpack", self.structure(run).unpack_from)
        self.line(f"{_targets(run)} = {unpack}(data, {at})")
        for each in run:
            after = at + self.structure([each]).size
            self._cover(each, at, after)
            at = after
        self._finish(run)
        return at

    def _take(self, each: Field, at: Place) -> Place:
        """Write how a field is taken that a struct does not hold."""
        after = Place(f"a_{each.name}")
        if each.is_optional:
            is_missing = f"{at} == len(data)"
            if each.begins:
                is_missing += f" or not data.startswith({self.name('tag', each.begins)}, {at})"
            with self.block(f"if {is_missing}:"):
                sizer = self.declaration.sizing.get(each.name)
                if sizer is not None and sizer.computed is not None:
                    self.require(f"v_{sizer.name} == {sizer.computed.plus}")
                self.line(f"v_{each.name} = None")
                self.line(f"{after} = {at}")
            with self.block("else:"):
                self._take_it(each, at, after)
        else:
            self._take_it(each, at, after)
        self._cover(each, at, after)
        return after

    def _take_it(self, each: Field, at: Place, after: Place) -> None:
        value = f"v_{each.name}"
        sizer = self.declaration.sizing.get(each.name)
        if sizer is not None and sizer.computed is not None:
            self._take_sized(each, at, after, f"v_{sizer.name} - {sizer.computed.plus}")
        elif each.kind is REST:
            self.line(f"{value} = data[{at}:]")
            self.line(f"{after} = len(data)")
        else:
            self.line(f"{value}, {after} = {self._taker(each)}(data, {at})")
            self.require(f"{at} <= {after} <= len(data)")
        self._finish([each])

    def _take_sized(self, each: Field, at: Place, after: Place, size: str) -> None:
        sizer = self.declaration.sizing[each.name]
        if sizer.computed is not None and sizer.computed.kind == "count" and each.listing:
            many = self.name("many", many_of(each.listing.item, self.order, self._nested))
            self.line(f"size = {size}")
            self.require("size >= 0")
            self.line(f"v_{each.name}, {after} = {many}(data, {at}, size)")
            return
        self.line(f"size = {size}")
        self.line(f"{after} = {at} + size")
        self.require(f"{at} <= {after} <= len(data)")
        piece = f"data[{at}:{after}]"
        if each.kind is REST:
            self.line(f"v_{each.name} = {piece}")
        else:
            self.line(f"v_{each.name}, end = {self._taker(each)}({piece}, 0)")
            self.require("end == size")

    def _taker(self, each: Field) -> str:
        """Return the name of what takes a field, of the data and a place."""
        kind, order = each.kind, self.order
        if each.listing is not None:
            return self.name("items", taker_of(each.listing, order, self._nested))
        if each.nested is not None:
            return self.name("message", self._nested(each.nested))
        if isinstance(kind, Variable):
            return self.name("value", lambda data, start: kind.decode(data, start, order))
        structure = self.structure([each])
        return self.name(
            "item",
            lambda data, start: (structure.unpack_from(data, start)[0], start + structure.size),
        )

    def _finish(self, fields: Iterable[Field]) -> None:
        """Write what makes values of items, and what checks them."""
        for each in fields:
            value, kind = f"v_{each.name}", each.kind
            if isinstance(kind, Fixed) and kind.decode is not None:
                decode = self.name("decode", kind.decode)
                self.line(f"{value} = {decode}({value}, {self.order_of(kind)})")
            if each.is_narrowed:
                is_integer = isinstance(kind, Fixed) and kind.decode is None
                self.require(self.test(each.domain, value, is_integer=is_integer))
            if each.computed is not None and each.computed.kind == "constant":
                wanted = each.raw(each.computed.compute(None))
                self.require(f"{value} == {self.name('constant', wanted)}")

    # What follows from other fields

    def _is_verified(self, each: Field) -> bool:
        """Whether a computed field has to be compared with what it is computed from."""
        computed = each.computed
        if computed is None or computed.kind == "constant":
            return False
        return not (computed.sizes_one and self.declaration.sizing.get(computed.names[0]) is each)

    def _cover(self, each: Field, start: Place, end: Place) -> None:
        if each.name in self._covered:
            self.line(f"p_{each.name} = data[{start}:{end}]")

    def _verify(self) -> None:
        for each in self._verified:
            if each.computed is not None:
                self.require(f"v_{each.name} == {self._wanted(each.computed)}")

    def _wanted(self, computed: Computed) -> str:
        if computed.kind == "count":
            return f"len(v_{computed.names[0]} or ()) + {computed.plus}"
        if computed.kind == "length":
            return " + ".join(f"len(p_{name})" for name in computed.names) + f" + {computed.plus}"
        parts = " + ".join(f"p_{name}" for name in computed.names)
        return f"{self.name('compute', computed.compute)}({parts})"

    # The message

    def _made(self) -> str:
        values = {each.name: self._member(each) for each in self.declaration.given}
        positional = self.declaration.positional
        arguments = [values.pop(name) for name in positional]
        arguments += [f"{name}={value}" for name, value in values.items()]
        return f"make({', '.join(arguments)})"

    def _member(self, each: Field) -> str:
        if each.options is None:
            return f"v_{each.name}"
        members: Any = members_of(each.options)
        return f"{self.name('members', members)}[v_{each.name}]"


def _targets(run: list[Field]) -> str:
    return "".join(f"v_{each.name}, " for each in run)
