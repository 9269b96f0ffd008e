"""What each of the 256 data coding schemes says."""

import pytest

from ohnecimd.errors import FieldError
from ohnecimd.protocols.cimd.text import (
    Charset,
    MessageClass,
    Waiting,
    WaitingKind,
    dcs_of,
    scheme_of,
)

DEFAULT, EIGHT_BIT, UCS2 = Charset
RESERVED = [
    *(dcs for dcs in range(128) if dcs >> 2 & 3 == 3),
    *range(0x80, 0xC0),
    *range(0xF8, 0x100),
]


def meaning(dcs):
    scheme = scheme_of(dcs)
    return {
        "charset": scheme.charset,
        "message_class": scheme.message_class,
        "is_compressed": scheme.is_compressed,
        "deletes": scheme.deletes,
        "waiting": scheme.waiting,
    }


@pytest.mark.parametrize("dcs", range(256))
def test_every_scheme_has_a_number_that_says_the_same(dcs):
    scheme = scheme_of(dcs)
    assert scheme.dcs == dcs
    again = dcs_of(**meaning(dcs))
    assert meaning(again) == meaning(dcs)
    assert again <= dcs
    assert not scheme_of(again).is_reserved


def test_reserved_schemes_are_those_of_the_default_alphabet():
    assert [dcs for dcs in range(256) if scheme_of(dcs).is_reserved] == RESERVED
    assert {scheme_of(dcs).charset for dcs in RESERVED} == {DEFAULT}


@pytest.mark.parametrize("dcs", [*range(4), *range(16, 20), *range(64, 68), *range(208, 224)])
def test_schemes_of_the_default_alphabet(dcs):
    assert scheme_of(dcs).charset is DEFAULT


def test_schemes_without_class():
    assert [scheme_of(dcs).charset for dcs in (0, 4, 8)] == [DEFAULT, EIGHT_BIT, UCS2]
    assert [dcs_of(charset) for charset in Charset] == [0, 4, 8]
    assert scheme_of(None) == scheme_of(0)


@pytest.mark.parametrize(
    ("first", "charset"),
    [(16, DEFAULT), (20, EIGHT_BIT), (24, UCS2), (240, DEFAULT), (244, EIGHT_BIT)],
)
def test_schemes_with_class(first, charset):
    schemes = [scheme_of(first + i) for i in range(4)]
    assert [each.message_class for each in schemes] == list(MessageClass)
    assert {each.charset for each in schemes} == {charset}


def test_class_is_the_lowest_scheme_that_has_it():
    assert dcs_of(message_class=MessageClass.FLASH) == 16
    assert dcs_of(EIGHT_BIT, message_class=2) == 22


def test_deleted_and_compressed_schemes():
    assert meaning(0x58) | {"deletes": False} == meaning(0x18)
    assert scheme_of(0x58).deletes
    assert scheme_of(0x20).is_compressed
    assert dcs_of(UCS2, deletes=True, is_compressed=True) == 0x68


@pytest.mark.parametrize(
    ("dcs", "charset", "waiting"),
    [
        (0xC0, DEFAULT, Waiting(WaitingKind.VOICE, is_active=False, is_stored=False)),
        (0xC9, DEFAULT, Waiting(WaitingKind.FAX, is_active=True, is_stored=False)),
        (0xDA, DEFAULT, Waiting(WaitingKind.EMAIL, is_active=True, is_stored=True)),
        (0xEB, UCS2, Waiting(WaitingKind.OTHER, is_active=True, is_stored=True)),
    ],
)
def test_message_waiting(dcs, charset, waiting):
    assert scheme_of(dcs).charset is charset
    assert scheme_of(dcs).waiting == waiting
    assert dcs_of(charset, waiting=waiting) == dcs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"charset": EIGHT_BIT, "waiting": Waiting()}, "EIGHT_BIT and stored"),
        ({"charset": UCS2, "waiting": Waiting(is_stored=False)}, "UCS2 and discarded"),
        ({"waiting": Waiting(), "message_class": 0}, "goes with no class"),
        ({"waiting": Waiting(), "deletes": True}, "goes with no class"),
        ({"message_class": 4}, r"in message class: expected 0\.\.3, found 4"),
    ],
)
def test_what_no_scheme_says_is_refused(arguments, message):
    with pytest.raises(FieldError, match=message):
        dcs_of(**arguments)


@pytest.mark.parametrize("dcs", [-1, 256])
def test_numbers_that_are_no_schemes_are_refused(dcs):
    with pytest.raises(FieldError, match=rf"expected 0\.\.255, found {dcs}"):
        scheme_of(dcs)
