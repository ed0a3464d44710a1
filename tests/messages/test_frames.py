"""Columns: little-endian on the wire whatever the machine, and read back without a copy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.messages.frames import pack, unpack


@pytest.mark.parametrize(
    "values, dtype, wire",
    [([1.0, -2.0], "<f4", "0000803f000000c0"), ([1, 258], "<u2", "01000201"), ([0, 255], "<u1", "00ff")],
)
def test_bytes_of_a_column(values, dtype, wire):
    assert pack(values, dtype).hex() == wire


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=20))
def test_read_back(values):
    column = unpack(pack(values))
    assert column.tolist() == values
    assert column.dtype == np.dtype("<f4")
    assert not column.flags.writeable


def test_a_strided_column_is_packed_in_order():
    assert unpack(pack(np.arange(10.0)[::2])).tolist() == [0, 2, 4, 6, 8]
