"""The tile against the machine's peak: forward products (rows x inputs x outputs) and gradients.

Run with ``pytest bench/test_tile.py``; the share of the peak is in the column of extra information
(``--benchmark-columns=min --benchmark-verbose``, or ``--benchmark-json``).
"""

import numpy as np
import pytest

from bench.kernel_calls import ENGINES, product
from bench.peak import peak_flops
from fastsgd.engines.layout import width_of
from fastsgd.engines.memory import aligned

SHAPES = [(32, 64, 64), (96, 64, 64), (128, 128, 128), (256, 512, 512)]
TIMES = 100
ZERO, BIAS = 0, 1


def panels(rows, columns, width, dtype):
    array = aligned(-(-columns // width) * rows * width, dtype)
    array[:] = 0.01
    return array


@pytest.mark.parametrize("direction", ["forward", "gradient"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tile(benchmark, engine, dtype, shape, direction):
    dtype = np.dtype(dtype)
    rows, inputs, outputs = shape
    width = width_of(outputs, dtype)
    pitch, item = rows + 1, dtype.itemsize
    sizes = (pitch, inputs), (inputs + 1, outputs), (pitch, outputs)
    A, B, C = (panels(*size, width, dtype) for size in sizes)
    run = product(engine, dtype, width)

    def forward():
        for p in range(outputs // width):
            w = B.ctypes.data + p * (inputs + 1) * width * item
            c = C.ctypes.data + p * pitch * width * item
            bias = w + inputs * width * item
            run(TIMES, A.ctypes.data, width, 1, width, pitch * width, w, inputs, bias, BIAS, c, rows, width)

    def gradient():
        for p in range(outputs // width):
            d = C.ctypes.data + p * pitch * width * item
            for k in range(0, inputs, width):
                a = A.ctypes.data + k * pitch * item
                g = B.ctypes.data + (p * (inputs + 1) + k) * width * item
                run(TIMES, a, 1, width, rows, 0, d, rows, g, ZERO, g, width, width)

    work = {"forward": forward, "gradient": gradient}[direction]
    work()
    benchmark.pedantic(work, rounds=30)
    flops = 2 * rows * inputs * outputs * TIMES / benchmark.stats.stats.min
    benchmark.extra_info["GFLOP/s"] = round(flops / 1e9, 1)
    benchmark.extra_info["share of peak"] = round(flops / peak_flops(dtype), 3)
