"""The rules of EA IFF 85 for what stands where; reader and writer are held to them elsewhere."""

from __future__ import annotations

import pytest

from ohnecimd.protocols.iff.placing import CAT, LIST, PROP, PROPS_KEPT, Members

FORM = b"FORM"


@pytest.mark.parametrize(
    ("group_id", "chunk_id", "is_group", "fault"),
    [
        (FORM, b"BODY", False, None),
        (FORM, FORM, True, None),
        (FORM, LIST, True, None),
        (FORM, PROP, True, "prop-outside-list"),
        (LIST, PROP, True, None),
        (LIST, FORM, True, None),
        (LIST, b"BODY", False, "leaf-in-cat-or-list"),
        (CAT, CAT, True, None),
        (CAT, PROP, True, "prop-outside-list"),
        (CAT, b"BODY", False, "leaf-in-cat-or-list"),
        (PROP, b"BODY", False, None),
        (PROP, FORM, True, "form-in-prop"),
        (PROP, PROP, True, "prop-outside-list"),
    ],
)
def test_what_may_stand_in_a_group_depends_on_both(group_id, chunk_id, is_group, fault):
    assert Members(group_id).fault_of(chunk_id, is_group=is_group) == fault


def test_props_come_before_all_else():
    members = Members(LIST)
    members.note(PROP, b"8SVX")
    members.note(PROP)  # its type is not known yet
    assert members.fault_of(PROP, is_group=True) is None
    members.note(FORM, b"8SVX")
    assert members.fault_of(PROP, is_group=True) == "prop-not-first"


def test_types_of_props_are_remembered_but_not_without_limit():
    members = Members(LIST)
    assert not members.has_prop(b"8SVX")
    for number in range(PROPS_KEPT + 1):
        members.note(PROP, b"%04d" % number)
    assert members.has_prop(b"%04d" % (PROPS_KEPT - 1))
    assert not members.has_prop(b"%04d" % PROPS_KEPT)
    members.note(FORM, b"8SVX")
    assert not members.has_prop(b"8SVX")
