"""Plain arrays go into panels and come back; padding is zero and stays zero."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd.engines.layout import THIN, Layout, round_up
from fastsgd.program import Op, Program

sizes = st.lists(st.sampled_from([1, 2, 15, 16, 17, 31, 32, 33, 64, 70, 260]), min_size=2, max_size=4)
DTYPES = st.sampled_from([np.float32, np.float64])


def program_of(widths, dtype=np.float32, bias=True):
    ops = tuple(Op("dense", k, n, bias, "linear") for k, n in pairwise(widths))
    return Program(ops, np.dtype(dtype), "mse", (), "nesterov")


def arrays_of(program, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(program.dtype) for shape in program.weight_shapes()]


@given(sizes, st.booleans(), DTYPES)
def test_round_trip(widths, bias, dtype):
    program = program_of(widths, dtype, bias=bias)
    layout = Layout(program)
    for bank in (0, 1):
        arrays = arrays_of(program, bank)
        layout.put(bank, arrays)
        for put, got in zip(arrays, layout.get(bank), strict=True):
            np.testing.assert_array_equal(put, got)


def turn_all(layout):
    layout.turn(frozenset(i for i, place in enumerate(layout.places) if place.WT is not None))


@given(sizes, DTYPES)
def test_transposed_copy_holds_the_kernel(widths, dtype):
    program = program_of(widths, dtype)
    layout = Layout(program)
    arrays = arrays_of(program)
    layout.put(0, arrays)
    turn_all(layout)
    kept = [(place, kernel) for place, kernel in zip(layout.places[1:], arrays[2::2], strict=True) if not place.thin]
    assert len(kept) == len(widths) - 2 - (widths[-1] <= THIN and len(widths) > 2)
    for place, kernel in kept:
        width = place.source_width
        rows = round_up(place.op.outputs, 16)
        panels = layout.turned[place.WT :][: rows * round_up(place.op.inputs, width)].reshape(-1, rows, width)
        turned = panels.transpose(1, 0, 2).reshape(rows, -1)
        np.testing.assert_array_equal(turned[: place.op.outputs, : place.op.inputs], kernel.T)
        assert not turned[place.op.outputs :].any()
        assert not turned[:, place.op.inputs :].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu"])
@pytest.mark.parametrize("batch_size", [7, 300])  # updated by tile, and by lanes
def test_training_leaves_the_padding_zero(compiled_engine, batch_size, activation, dtype):
    """Of a panel of one column (33 of 64), too, whose second half no product computes."""
    ops = (Op("dense", 5, 17, True, activation), Op("dense", 17, 33, True, activation), Op("dense", 33, 3, True))
    program = Program(ops, np.dtype(dtype), "mse", (), "nesterov")
    network = compiled_engine.network(program)
    arrays = [a * 0.1 for a in arrays_of(program)]
    network.set_weights(arrays)
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((300, 5), dtype), rng.standard_normal((300, 3), dtype)
    with network.training(
        x,
        y,
        batch_size=batch_size,
        hyper=lambda t: np.tile([[0.01, 0.9]], (len(t), 1)),
        step=0,
        shuffle=True,
        seed=1,
        first_epoch=0,
    ) as run:
        while run.epoch < 3:
            run.advance(3)
    layout = network.layout
    for bank in (0, 1):
        clean = Layout(program)
        clean.put(0, layout.get(bank))
        np.testing.assert_array_equal(clean.banks[0], layout.banks[bank])
    clean.put(0, layout.get(0))
    turn_all(clean)
    np.testing.assert_array_equal(clean.turned, layout.turned)


@pytest.mark.parametrize("shape", [(9, 39), (9, 41), (9, 64), (8, 40)])
def test_a_kernel_of_another_shape_is_refused(shape):
    layout = Layout(program_of([9, 40, 5]))
    arrays = arrays_of(layout.program)
    with pytest.raises(AssertionError):
        layout.put(0, [np.ones(shape), *arrays[1:]])
