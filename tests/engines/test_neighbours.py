"""Rows beside their targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsgd
from fastsgd.engines import neighbours as module
from fastsgd.engines import run
from fastsgd.engines.memory import LINE
from fastsgd.engines.neighbours import MOST_LINES, neighbours


def lines(array, i):
    begin = array.ctypes.data + i * array.strides[0]
    return {*range(begin // LINE, (begin + array[i].nbytes - 1) // LINE + 1)}


@given(
    st.integers(1, 70), st.integers(1, 5), st.integers(1, 40), st.sampled_from(["f4", "f8"]),
    st.sampled_from(["f4", "f8", "i8"]),
)  # fmt: skip
def test_the_same_numbers_on_as_few_lines_as_there_can_be(features, targets, rows, dtype, kind):
    x = np.arange(rows * (features + 3), dtype=dtype).reshape(rows, -1)[:, :features]
    y = np.arange(rows * targets, dtype=kind).reshape(rows, -1)
    least = -(-x[0].nbytes // LINE)
    near = neighbours(x, y)
    if near[0] is x:
        assert near[1] is y
        begin = -(-x[0].nbytes // y.itemsize) * y.itemsize
        assert begin + y[0].nbytes > least * LINE or least > MOST_LINES
        return
    near_x, near_y = near
    for a, b in zip(near, (x, y), strict=True):
        assert a.dtype == b.dtype and a.strides[1] == b.itemsize
        assert a.ctypes.data % a.itemsize == 0 and a.strides[0] % a.itemsize == 0
        np.testing.assert_array_equal(a, b)
    for i in range(rows):
        assert len(lines(near_x, i) | lines(near_y, i)) == least


def test_rows_narrower_than_a_line_share_it():
    x, y = np.ones((10, 3), np.float32), np.ones(10, np.float32)
    assert neighbours(x, y)[0].strides[0] == 16
    assert neighbours(np.ones((10, 4), np.float32), y)[0].strides[0] == 32


def test_no_copy_without_memory(monkeypatch):
    x, y = np.ones((10, 13), np.float32), np.ones((10, 1), np.float32)
    monkeypatch.setattr(module, "MOST_MEMORY", 10 * LINE - 1)
    assert neighbours(x, y)[0] is x
    monkeypatch.setattr(module, "MOST_MEMORY", 10 * LINE)
    assert neighbours(x, y)[0] is not x

    def nothing_left(*_):
        raise MemoryError

    monkeypatch.setattr(module, "aligned", nothing_left)
    assert neighbours(x, y)[0] is x


@pytest.mark.parametrize(("batch_size", "threads"), [(1, 1), (8, 2), (100, 1), (600, 2)])  # the last with lanes
@pytest.mark.parametrize("widths", [(13, 1), (5, 20, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_has_the_same_bits_with_them(trainer, compiled_engine, widths, batch_size, threads, dtype, monkeypatch):
    job = trainer(widths, dtype=dtype, rows=1300)
    job.x = job.x[::-1] / 4
    job.x.flags.writeable = False
    weights = job.y[:, 0] ** 2 if batch_size > 1 else None  # with them linear models have no path of their own at 1 row
    settings = {"batch_size": batch_size, "epochs": 2, "threads": threads, "weights": weights}
    expected = job.digest(compiled_engine, **settings)
    monkeypatch.setattr(run, "FAR", 1)
    monkeypatch.setattr(module, "PAYING", 1)
    assert job.digest(compiled_engine, **settings) == expected
    _, seen = job.run(compiled_engine, **settings)
    assert seen._t.x_stride * job.x.itemsize % 32 == 0 and seen._t.x != job.x.ctypes.data


def test_a_copy_is_made_when_it_pays(trainer, compiled_engine, monkeypatch):
    job = trainer((13, 1), rows=100)

    def reads_a_copy(**settings):
        _, seen = job.run(compiled_engine, batch_size=8, **settings)
        assert seen._t.x == seen._rows[0].ctypes.data and seen._t.y == seen._rows[1].ctypes.data
        return seen._t.x != job.x.ctypes.data

    monkeypatch.setattr(module, "PAYING", 3 * job.x.nbytes)
    assert not reads_a_copy(epochs=3)
    monkeypatch.setattr(run, "FAR", 1)
    assert reads_a_copy(epochs=3)
    assert not reads_a_copy(epochs=2)
    assert not reads_a_copy(epochs=3, shuffle=False)
    monkeypatch.setattr(module, "PAYING", 1)
    assert reads_a_copy(epochs=2)
    assert not reads_a_copy(epochs=1)
    monkeypatch.setattr(module, "MOST_FLOPS", 1)
    assert not reads_a_copy(epochs=2)


@pytest.mark.parametrize(("epochs", "steps", "planned"), [(7, None, 7), (7, 5, 4)])
def test_a_fit_tells_how_many_epochs_it_plans(epochs, steps, planned, monkeypatch):
    """Or passes over the rows that it begins, 10 steps each, where the steps of an epoch are set."""
    seen, begin = [], run.CompiledRun.__init__

    def look(self, *args, epochs, **settings):
        seen.append(epochs)
        begin(self, *args, epochs=epochs, **settings)

    monkeypatch.setattr(run.CompiledRun, "__init__", look)
    x = np.random.default_rng(0).normal(size=(80, 3))
    model = fastsgd.Sequential([fastsgd.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, 0], batch_size=8, epochs=epochs, steps_per_epoch=steps)
    assert seen == [planned]
