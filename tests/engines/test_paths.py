"""How steps are divided."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd.engines.paths import BLOCK, COLUMNS, LANES, LANES_MEMORY, LINEAR, NEAR, ONE, ROWS, Way, rows_near, way_of
from fastsgd.program import Finish, Op, Program

WIDTHS = st.lists(st.integers(1, 3000), min_size=2, max_size=4)


def dense(*widths, dtype="f4"):
    ops = tuple(Op("dense", k, n, True, "relu") for k, n in pairwise(widths))
    return Program(ops, np.dtype(dtype), "mse", (), "nesterov")


@pytest.mark.parametrize(
    ("widths", "batch", "dtype", "way"),
    [
        ((16, 64, 64, 1), 1, "f4", Way(ONE, 8)),
        ((16, 64, 64, 1), 255, "f4", Way(COLUMNS, 256)),
        ((16, 64, 64, 1), 256, "f4", Way(LANES, 128, 2)),
        ((8, 32, 32, 1), 255, "f4", Way(ROWS, 256)),
        ((8, 32, 32, 1), 300, "f4", Way(LANES, 160, 2)),
        ((64, 128, 128, 1), 256, "f4", Way(LANES, 128, 2)),
        ((64, 128, 128, 1), 256, "f8", Way(COLUMNS, 256)),
        ((784, 256, 10), 256, "f4", Way(COLUMNS, 256)),
        ((784, 256, 10), 511, "f4", Way(ROWS, 256)),
        ((784, 256, 10), 512, "f4", Way(LANES, 256, 2)),
        ((784, 256, 10), 767, "f4", Way(LANES, 192, 2)),
        ((784, 256, 10), 768, "f4", Way(LANES, 192, 4)),
        ((256, 512, 512, 10), 4096, "f4", Way(LANES, 256, 8)),
        ((256, 512, 512, 10), 4096, "f8", Way(LANES, 256, 4)),
        ((3000, 3000, 10), 4096, "f4", Way(ROWS, 256)),
        ((13, 1), 1, "f4", Way(ONE, 8)),
        ((13, 4), 255, "f8", Way(LINEAR, 256)),
        ((13, 5), 255, "f4", Way(ROWS, 256)),
        ((13, 1), 256, "f4", Way(LANES, 128, 2)),
        ((784, 1), 5, "f4", Way(LINEAR, 8)),
        ((784, 1), 6, "f4", Way(ROWS, 8)),
    ],
)
def test_the_way_of_a_batch(widths, batch, dtype, way):
    assert way_of(dense(*widths, dtype=dtype), batch) == way


@pytest.mark.parametrize("batch", [300, 4096])
def test_updates_from_whole_gradients_and_other_steps_go_without_lanes(batch):
    program = dense(16, 64, 64, 1)
    clipped = replace(program, finish=Finish(clip="clipnorm"))
    dropout = replace(program, ops=(Op("dropout", 16, 16, constants=(0.3,)), *program.ops))
    assert way_of(clipped, batch) == way_of(dropout, batch) == Way(ROWS, 256 if batch == 4096 else 152)


@given(WIDTHS, st.integers(1, 20_000), st.sampled_from(["f4", "f8"]))
def test_lanes_are_a_power_of_two_and_end_together(widths, batch, dtype):
    program = dense(*widths, dtype=dtype)
    way = way_of(program, batch)
    assert way.lanes in (1, 2, 4, 8)
    assert way.rows <= BLOCK
    assert (way.path == LANES) == (way.lanes > 1)
    if way.lanes > 1:
        weights = sum(k * n for k, n in pairwise(widths)) * program.dtype.itemsize
        rounds = -(-batch // (way.lanes * way.rows))
        assert batch >= BLOCK
        assert way.lanes * weights <= LANES_MEMORY
        assert rounds == -(-batch // (way.lanes * BLOCK))  # no more than the largest blocks would need
        assert rounds * way.lanes * way.rows < batch + rounds * way.lanes * 16  # and no lane has much less to do


@given(st.integers(1, BLOCK), st.integers(4, 1 << 22))
def test_rows_go_through_panels_in_even_parts_that_are_near(rows, row):
    part = rows_near(rows, row)
    parts = -(-rows // part)
    assert part % 12 == 0
    assert part * row <= NEAR + 12 * row
    assert parts <= -(-rows * row // NEAR)
