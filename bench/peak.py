"""What one core of this machine can do at most: fused multiply-adds on registers, nothing loaded, nothing stored."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from fastsgd.engines.numba_llvm import I32, I64, call, const, emit, tile_shape

CHAINS = 24  # independent, which hides the latency of an FMA (4 cycles on two ports)


@cache
def _kernel(itemsize: int) -> Any:
    shape = tile_shape(itemsize)
    number = ir.DoubleType() if itemsize == 8 else ir.FloatType()
    vector = ir.VectorType(number, shape.width)
    name = f"llvm.fma.v{shape.width}f{8 * itemsize}"

    @emit(types.float64, types.int64)
    def chains(b: Any, n: Any) -> Any:
        before = b.block
        loop, done = b.append_basic_block("loop"), b.append_basic_block("done")
        b.branch(loop)
        b.position_at_end(loop)
        i = b.phi(I64)
        i.add_incoming(const(0), before)
        sums = [b.phi(vector) for _ in range(CHAINS)]
        factor = ir.Constant(vector, [0.999] * shape.width)
        new = []
        for k, chain in enumerate(sums):
            chain.add_incoming(ir.Constant(vector, [float(k)] * shape.width), before)
            new.append(
                call(b, name, vector, chain, factor, factor) if shape.fused else b.fadd(b.fmul(chain, factor), factor)
            )
        for chain, value in zip(sums, new, strict=True):
            chain.add_incoming(value, loop)
        following = b.add(i, const(1))
        i.add_incoming(following, loop)
        b.cbranch(b.icmp_signed("<", following, n), loop, done)
        b.position_at_end(done)
        total = new[0]
        for value in new[1:]:
            total = b.fadd(total, value)
        first = b.extract_element(total, ir.Constant(I32, 0))
        return first if itemsize == 8 else b.fpext(first, ir.DoubleType())

    @njit("float64(int64)", nogil=True)
    def run(n):
        return chains(n)

    return run


def peak_flops(dtype: Any = np.float32, repeats: int = 20) -> float:
    """Floating-point operations per second of one core: the best of some short runs."""
    itemsize = np.dtype(dtype).itemsize
    run, n = _kernel(itemsize), 20_000
    run(n)
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        run(n)
        best = min(best, time.perf_counter() - begin)
    return 2.0 * CHAINS * tile_shape(itemsize).width * n / best


if __name__ == "__main__":
    for kind in (np.float32, np.float64):
        print(f"{np.dtype(kind).name}: {peak_flops(kind) / 1e9:.1f} GFLOP/s a core")
