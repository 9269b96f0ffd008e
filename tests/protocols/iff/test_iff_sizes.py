"""The sizes in ds64: what walks look at, what writers write and what users get are one layout."""

from __future__ import annotations

import pytest

from ohnecimd.protocols.iff.contents.wave import DataSizes
from ohnecimd.protocols.iff.growth import ds64_data, sizes_in
from ohnecimd.protocols.iff.sizes import by_id, sizes_of


@pytest.mark.parametrize("table", [{}, {b"big1": 6}, {b"big1": 1 << 40, b"LIST": 3}])
def test_walk_and_writer_and_message_agree_on_the_layout(table):
    data = ds64_data(1 << 41, 1 << 33, 7, table)
    sizes, message = sizes_of(12, data), DataSizes.decode(data)
    assert message.encode() == data
    assert (sizes.riff_size, sizes.data_size, sizes.sample_count) == (1 << 41, 1 << 33, 7)
    assert (message.riff_size, message.data_size, message.frames) == (1 << 41, 1 << 33, 7)
    assert sizes.table == tuple((each.id, each.size) for each in message.table)
    assert sizes_in(data) == (1 << 41, by_id(sizes)) == (1 << 41, {b"data": 1 << 33} | table)
