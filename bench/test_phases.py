"""Each phase of a step alone, on one block of rows: gather, forward, backward, learn (gradient and update)."""

from itertools import pairwise

import numpy as np
import pytest

from bench.grid import NETS
from bench.kernel_calls import ENGINES, PHASES, library, phase
from fastsgd.engines.layout import Layout, round_up
from fastsgd.engines.paths import ROWS
from fastsgd.engines.workspace import Workspace
from fastsgd.program import Op, Program

TIMES = 50


@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("rows", [1, 32, 256])
@pytest.mark.parametrize("net", NETS, ids=str)
@pytest.mark.parametrize("engine", ENGINES)
def test_phase(benchmark, engine, net, rows, name):
    widths = tuple(int(n) for n in str(net).split("-")) if isinstance(net, str) else tuple(net)
    dtype = np.dtype(np.float32)
    last = len(widths) - 2
    ops = tuple(Op("dense", k, n, True, "relu" if i < last else "linear") for i, (k, n) in enumerate(pairwise(widths)))
    program = Program(ops, dtype, "mse", (), "nesterov")
    layout = Layout(program)
    work = Workspace(layout, library(engine, dtype).address, round_up(rows, 8))
    work.task.batch = rows
    work.take_path(ROWS)
    work.reset()
    work.meet(1)
    x = np.random.default_rng(0).standard_normal((rows, widths[0])).astype(dtype)
    order, hyper = np.arange(rows), np.array([1e-3, 0.9], dtype)
    work.task.x, work.task.x_stride = x.ctypes.data, widths[0]
    arguments = {
        "gather": (0, order.ctypes.data, 0, 0, rows, 0, 0),
        "forward": (0, 0, rows),
        "backward": (0, rows),
        "learn": (0, rows, 0, 1, hyper.ctypes.data),
    }[name]
    run = phase(engine, dtype, name)
    run(TIMES, work.address, *arguments)
    benchmark.pedantic(run, args=(TIMES, work.address, *arguments), rounds=20)
    benchmark.extra_info["us"] = round(benchmark.stats.stats.min / TIMES * 1e6, 3)
