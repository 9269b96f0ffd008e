"""Which chunks of EA IFF 85 may stand where: rules that readers and writers keep alike.

::

    FORM  chunks, FORM, LIST, CAT        LIST  PROPs, one for each type; then FORM, LIST, CAT
    PROP  chunks                         CAT   FORM, LIST, CAT
"""

from __future__ import annotations

__all__ = ["CAT", "LIST", "PROP", "Members"]

CAT, LIST, PROP = b"CAT ", b"LIST", b"PROP"
PROPS_KEPT = 4096  # types of PROPs that are kept, to see whether one comes twice


class Members:
    """What has come in one group so far, as far as it says what may come next.

    >>> members = Members(LIST)
    >>> members.note(PROP, b"8SVX")
    >>> members.has_prop(b"8SVX"), members.fault_of(PROP, is_group=True)
    (True, None)
    >>> members.note(b"FORM")
    >>> members.fault_of(PROP, is_group=True)
    'prop-not-first'
    """

    __slots__ = ("_group_id", "_is_past_props", "_props")

    def __init__(self, group_id: bytes) -> None:
        self._group_id = group_id
        self._is_past_props = False
        self._props: set[bytes] | None = None  # most groups have none

    @property
    def are_groups(self) -> bool:
        """Whether plain chunks may not stand here."""
        return self._group_id in (CAT, LIST)

    def fault_of(self, chunk_id: bytes, *, is_group: bool) -> str | None:
        """Name the problem that a chunk has because it stands here; None if it has none."""
        if chunk_id == PROP:
            if self._group_id != LIST:
                return "prop-outside-list"
            return "prop-not-first" if self._is_past_props else None
        if self._group_id == PROP and is_group:
            return "form-in-prop"
        return "leaf-in-cat-or-list" if self.are_groups and not is_group else None

    def has_prop(self, prop_type: bytes) -> bool:
        """Tell whether a PROP of this type has come."""
        return self._props is not None and prop_type in self._props

    def note(self, chunk_id: bytes, prop_type: bytes | None = None) -> None:
        """Remember that such a chunk has come; the type is that of a PROP, if it is known."""
        if chunk_id != PROP:
            self._is_past_props = True
        elif prop_type is not None:
            self._props = self._props or set()
            if len(self._props) < PROPS_KEPT:
                self._props.add(prop_type)
