"""Whole epochs through ``fit``: every cell of the grid, three engines, both dtypes, one thread.

Run with ``pytest bench/test_epochs.py``, or a part of it: ``-k "cython and float32 and 8-32-32-1"``.
"""

import numpy as np
import pytest

import fastsgd
from bench.grid import LEARNING_RATE, MOMENTUM, cells

ENGINES = [name for name, entry in fastsgd.backends().items() if entry["available"]]
PYTHON_IS_SLOWER = {"numpy": 20}  # rows are cut by this factor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cell", cells(), ids=lambda cell: cell.name)
def test_epoch(benchmark, cell, engine, dtype):
    rows = max(cell.rows(milliseconds=10.0) // PYTHON_IS_SLOWER.get(engine, 1), cell.batch)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, cell.widths[0])).astype(dtype)
    y = rng.standard_normal((rows, cell.widths[-1])).astype(dtype)
    *hidden, outputs = cell.widths[1:]
    layers = [fastsgd.layers.Dense(n, activation="relu") for n in hidden]
    model = fastsgd.Sequential([*layers, fastsgd.layers.Dense(outputs)], seed=0)
    optimizer = fastsgd.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
    model.compile(optimizer, "mse", backend=engine, dtype=dtype, num_threads=1)
    model.fit(x, y, batch_size=cell.batch, verbose=0)
    benchmark.pedantic(model.fit, (x, y), {"batch_size": cell.batch, "verbose": 0}, rounds=5)
    steps = -(-rows // cell.batch)
    benchmark.extra_info["us per step"] = round(benchmark.stats.stats.min / steps * 1e6, 3)
