"""Rows beside their targets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd.engines import neighbours as module
from fastsgd.engines import run
from fastsgd.engines.memory import LINE
from fastsgd.engines.neighbours import EPOCHS, MOST_LINES, neighbours


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
    if near is None:
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
    assert neighbours(x, y) is None
    monkeypatch.setattr(module, "MOST_MEMORY", 10 * LINE)
    assert neighbours(x, y) is not None

    def nothing_left(*_):
        raise MemoryError

    monkeypatch.setattr(module, "aligned", nothing_left)
    assert neighbours(x, y) is None


@pytest.mark.parametrize(("batch_size", "threads"), [(1, 1), (8, 2), (100, 1), (600, 2)])  # the last with lanes
@pytest.mark.parametrize("widths", [(13, 1), (5, 20, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_has_the_same_bits_with_them(trainer, compiled_engine, widths, batch_size, threads, dtype, monkeypatch):
    job = trainer(widths, dtype=dtype, rows=1300)
    job.x = job.x[::-1] / 4
    job.x.flags.writeable = False
    weights = job.y[:, 0] ** 2
    settings = {"batch_size": batch_size, "epochs": EPOCHS, "threads": threads, "weights": weights}
    expected = job.digest(compiled_engine, **settings)
    monkeypatch.setattr(run, "FAR", 1)
    assert job.digest(compiled_engine, **settings) == expected
    _, seen = job.run(compiled_engine, **settings)
    assert seen._t.x_stride * job.x.itemsize % 32 == 0 and seen._t.x != job.x.ctypes.data


def reads(run_, job):
    return run_._t.x == job.x.ctypes.data


def test_lanes_read_the_copy(trainer, compiled_engine, monkeypatch):
    """From the middle of a run on, when their addresses are known already."""
    job = trainer((13, 1), rows=1300)
    monkeypatch.setattr(run, "FAR", 1)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    with network.training(
        job.x, job.y, batch_size=600, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0, threads=2
    ) as one_by_one:
        for epoch in range(EPOCHS):
            while one_by_one.epoch <= epoch:
                one_by_one.advance(epoch + 1)
            read = {(m.task.x, m.task.x_stride, m.task.y, m.task.y_stride) for m in network._lanes._members}
            (x, y), item = one_by_one._rows, job.x.itemsize
            assert read == {(x.ctypes.data, x.strides[0] // item, y.ctypes.data, y.strides[0] // item)}
    assert not reads(one_by_one, job)


def test_a_copy_is_made_when_it_pays(trainer, compiled_engine, monkeypatch):
    job = trainer((13, 1), rows=100)
    monkeypatch.setattr(run, "FAR", 1)
    assert reads(job.run(compiled_engine, batch_size=8, epochs=EPOCHS - 1)[1], job)
    assert reads(job.run(compiled_engine, batch_size=8, epochs=EPOCHS, shuffle=False)[1], job)
    assert not reads(job.run(compiled_engine, batch_size=8, epochs=EPOCHS)[1], job)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    with network.training(
        job.x, job.y, batch_size=8, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0
    ) as one_by_one:
        seen = []
        for epoch in range(EPOCHS):
            while one_by_one.epoch <= epoch:
                one_by_one.advance(epoch + 1)
            seen.append(reads(one_by_one, job))
    assert seen == [True, True, False, False]
