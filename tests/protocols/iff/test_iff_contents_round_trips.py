"""Every message of every table comes back as it was: samples, made-up ones, and cut ones."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from hypothesis import HealthCheck, given, settings
from samples import EXPECTED, WELL_FORMED, read

from ohnecimd.declaring.declarations import declaration_of
from ohnecimd.errors import RemoteProtocolError
from ohnecimd.messages import Message, size_of
from ohnecimd.protocols.iff import contents
from ohnecimd.protocols.iff.contents import TABLES, ChunkTable, Content, contents_of
from ohnecimd.protocols.iff.contents.decoding import decode, head_bytes
from ohnecimd.protocols.iff.dialects import DIALECTS
from ohnecimd.tables import Table
from ohnecimd.testing.strategies import messages

MODULES = [
    importlib.import_module(each.name)
    for each in pkgutil.iter_modules(contents.__path__, f"{contents.__name__}.")
]
ALL_TABLES = {
    id(value): value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, Table)
}
CLASSES = sorted(
    {row.message for table in ALL_TABLES.values() for row in table}, key=lambda each: each.__name__
)


class Known:
    """A chunk of a sample whose contents are known."""

    def __init__(self, name, found):
        self.dialect = EXPECTED[name]["dialect"]
        self.start = found.start
        self.content = found.content
        first = found.start.data_offset
        size = head_bytes(type(found.content)) or found.start.length
        self.data = read(name)[first : first + size]
        self.order = DIALECTS[self.dialect].byteorder
        self.before = {}

    def decode(self, data, dialect=None):
        return decode(
            dialect or self.dialect,
            self.start.group,
            self.start.id,
            data,
            position=self.start.data_offset,
            before=self.before,
        )


def known_of(name):
    before, known = {}, []
    for found in contents_of(read(name)):
        assert found.error is None, found.error
        each = Known(name, found)
        each.before = dict(before)
        if found.content.is_remembered:
            before[found.start.id] = found.content
        known.append(each)
    return known


@pytest.mark.parametrize("name", WELL_FORMED)
def test_chunks_of_samples_encode_to_the_bytes_they_came_from(name):
    for each in known_of(name):
        assert each.content.encode(order=each.order) == each.data, each.content
        assert each.decode(each.data) == each.content


def test_samples_hold_many_kinds_of_chunks():
    kinds = {type(each.content) for name in WELL_FORMED for each in known_of(name)}
    assert len(kinds) > 45
    assert len(CLASSES) > len(kinds)


def fits(content, order, data):
    """Tell whether cut data is a message too: with less at its end, or without a last pad byte."""
    return content.encode(order=order) in (data, data + b"\0")


def check_error(error, start, end):
    """Raise AssertionError unless an error names message, field and byte."""
    message, field, *_ = error.path
    (kind,) = [each for each in CLASSES if each.__name__ == message]
    assert field in {each.name for each in declaration_of(kind).fields}
    assert start <= error.position <= end
    assert str(error).startswith(f"at byte {error.position} in {message} > {field}")


@pytest.mark.parametrize("name", WELL_FORMED)
def test_chunks_that_are_cut_name_the_field_and_the_byte(name):
    for each in known_of(name):
        for size in range(len(each.data)):
            try:
                content = each.decode(each.data[:size])
            except RemoteProtocolError as error:
                check_error(error, each.start.data_offset, each.start.data_offset + size)
            else:
                assert fits(content, each.order, each.data[:size])
                assert size_of(type(content)) != len(each.data)


@pytest.mark.parametrize(
    "name", [name for name in WELL_FORMED if EXPECTED[name]["dialect"] in ("riff", "avi")]
)
def test_rifx_holds_the_same_in_the_other_order(name):
    for each in known_of(name):
        turned = each.content.encode(order="big")
        assert each.decode(turned, "rifx") == each.content
        assert len(turned) == len(each.data)


@pytest.mark.parametrize("message", CLASSES, ids=lambda each: each.__name__)
def test_messages_come_back_as_they_were(message):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(messages(message))
    def test(content):
        for order in ("big", "little"):
            assert message.decode(content.encode(order=order), order=order) == content
        assert contents.summary(content).isascii()
        assert contents.summary(content).isprintable()

    test()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_rows_are_reached_by_their_codes(table):
    for row in table:
        code = row.code.replace(b"#", b"7").replace(b"????", b"IXYZ")
        for dialect in table.dialects:
            for group in table.groups:
                assert contents.find(dialect, group, code) is row.message


def test_no_table_is_forgotten():
    chunk_tables = {key for key, each in ALL_TABLES.items() if isinstance(each, ChunkTable)}
    assert chunk_tables == {id(each) for each in TABLES}
    variants = {id(each.variants) for each in CLASSES if each.variants is not None}
    assert chunk_tables | variants == set(ALL_TABLES)


def test_no_message_is_without_a_table():
    defined = {
        value
        for module in MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Content)
    }
    assert {each.__name__ for each in defined - {*CLASSES}} == {"Content", "Text", "WaveFormat"}


@pytest.mark.parametrize("message", CLASSES, ids=lambda each: each.__name__)
def test_messages_say_in_one_line_what_they_are(message):
    assert issubclass(message, Message)
    line, *more = message.__doc__.splitlines()
    assert line.endswith(".")
    assert not more
