"""The tile against the machine's peak: forward products (rows x inputs x outputs) and gradients.

Run with ``pytest bench/test_tile.py``; the share of the peak is in the column of extra information
(``--benchmark-columns=min --benchmark-verbose``, or ``--benchmark-json``).
"""

import numpy as np
import pytest

from bench.kernel_calls import ENGINES, product
from bench.peak import peak_flops
from fastsgd.engines.layout import aligned

SHAPES = [(32, 64, 64), (96, 64, 64), (128, 128, 128), (256, 512, 512)]
WIDTH, TIMES = 32, 100
ZERO, BIAS = 0, 1


def panels(rows, columns, dtype):
    array = aligned(-(-columns // WIDTH) * rows * WIDTH, dtype)
    array[:] = 0.01
    return array


@pytest.mark.parametrize("direction", ["forward", "gradient"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tile(benchmark, engine, dtype, shape, direction):
    dtype = np.dtype(dtype)
    rows, inputs, outputs = shape
    pitch, item = rows + 1, dtype.itemsize
    A, B, C = panels(pitch, inputs, dtype), panels(inputs + 1, outputs, dtype), panels(pitch, outputs, dtype)
    run = product(engine, dtype)

    def forward():
        for p in range(outputs // WIDTH):
            w = B.ctypes.data + p * (inputs + 1) * WIDTH * item
            c = C.ctypes.data + p * pitch * WIDTH * item
            bias = w + inputs * WIDTH * item
            run(TIMES, A.ctypes.data, WIDTH, 1, WIDTH, pitch * WIDTH, w, inputs, bias, BIAS, c, rows, WIDTH)

    def gradient():
        for p in range(outputs // WIDTH):
            d = C.ctypes.data + p * pitch * WIDTH * item
            for k in range(0, inputs, WIDTH):
                a = A.ctypes.data + k * pitch * item
                g = B.ctypes.data + (p * (inputs + 1) + k) * WIDTH * item
                run(TIMES, a, 1, WIDTH, rows, 0, d, rows, g, ZERO, g, WIDTH, WIDTH)

    work = {"forward": forward, "gradient": gradient}[direction]
    work()
    benchmark.pedantic(work, rounds=30)
    flops = 2 * rows * inputs * outputs * TIMES / benchmark.stats.stats.min
    benchmark.extra_info["GFLOP/s"] = round(flops / 1e9, 1)
    benchmark.extra_info["share of peak"] = round(flops / peak_flops(dtype), 3)
