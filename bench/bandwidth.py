"""What one core of this machine can move at most: the triad ``a = b + s c`` over arrays that fit a level of memory."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from fastsgd.engines.memory import aligned
from fastsgd.engines.numba_llvm import I64, call, const, emit, tile_shape

MOST = 512 << 20  # bytes, of the arrays that shall be in memory
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


@cache
def _triad() -> Any:
    width = tile_shape(4).width
    vector = ir.VectorType(ir.FloatType(), width)

    @emit(types.float64, types.int64, types.int64, types.int64, types.int64)
    def triad(builder: Any, a: Any, b: Any, c: Any, n: Any) -> Any:
        before = builder.block
        loop, done = builder.append_basic_block("loop"), builder.append_basic_block("done")
        builder.branch(loop)
        builder.position_at_end(loop)
        i = builder.phi(I64)
        i.add_incoming(const(0), before)

        def place(array: Any) -> Any:
            return builder.inttoptr(builder.add(array, i), vector.as_pointer())

        factor = ir.Constant(vector, [0.5] * width)
        loaded = [builder.load(place(array), align=4 * width) for array in (b, c)]
        total = call(builder, f"llvm.fmuladd.v{width}f32", vector, loaded[1], factor, loaded[0])
        builder.store(total, place(a), align=4 * width)
        following = builder.add(i, const(4 * width))
        i.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, n), loop, done)
        builder.position_at_end(done)
        return ir.Constant(ir.DoubleType(), 0.0)

    @njit("void(int64, int64, int64, int64, int64)", nogil=True)
    def run(a, b, c, n, times):
        for _ in range(times):
            triad(a, b, c, n)

    return run


def bandwidth(size: int, seconds: float = 0.2) -> float:
    """Bytes a second that are read and written over three arrays of ``size`` bytes in all: the best of some runs."""
    n = max(size // 3 // 1024 * 1024, 1024)
    arrays = [aligned(n // 4, np.dtype(np.float32)) for _ in range(3)]
    addresses = [array.ctypes.data for array in arrays]
    run, times = _triad(), max(1, (4 << 20) // n)
    run(*addresses, n, 1)  # the system gives pages when they are first touched, which may take longer than all the rest
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until or best == float("inf"):
        begin = time.perf_counter()
        run(*addresses, n, times)
        best = min(best, time.perf_counter() - begin)
    return 3.0 * n * times / best


def levels() -> dict[str, int]:
    """Bytes that fit each level of the caches, as the system tells; of memory, what is measured there."""
    found = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}
    for index in sorted(CACHES.glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction" and size.endswith("K"):
            found[f"L{level}"] = int(size[:-1]) << 10
    return found | {"memory": MOST}


def bandwidths() -> dict[str, float]:
    """Bytes a second of one core by level."""
    sizes = levels()
    beyond = {"L1": 0, "L2": sizes["L1"], "L3": sizes["L2"]}
    found = {}
    for level, size in sizes.items():
        # Well inside a level, and well beyond the one before.
        found[level] = bandwidth(size if level == "memory" else min(max(size // 2, 4 * beyond[level]), 16 << 20))
    return found


if __name__ == "__main__":
    for name, rate in bandwidths().items():
        print(f"{name}: {rate / 1e9:.1f} GB/s a core")
