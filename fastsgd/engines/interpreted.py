"""The kernels as plain Python: thousands of times slower, and every line of them can be stepped through with pdb.

Not for use, but for understanding: ``compile(..., backend="interpreted")``. Multiply-adds are rounded once in float32
as in the compiled engines (nearly always), twice in float64.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..kernels import records
from ..kernels.source import text
from ..kernels.source.tables import ADDED
from ..program import Program
from . import processor
from .compiled import CompiledNetwork
from .layout import LayerRecord, PieceRecord, TaskRecord
from .library import Library
from .paths import COLUMNS, LANES, ONE, ROWS
from .workspace import SCRATCH

REACH = 1 << 30  # elements that a pointer can reach; a view reserves nothing
TILE_ROWS = 4
PLANE, CHUNK = records.CONSTANTS["PLANE"], records.CONSTANTS["CHUNK"]


def pointer(kind: Any) -> Callable[[int], np.ndarray]:
    return lambda address: np.ctypeslib.as_array(ctypes.cast(int(address), ctypes.POINTER(kind)), (REACH,))


def tile(rows: int) -> Callable[..., None]:
    """C (rows x TILE_ROWS) = first + A B, a number at a time in the order of k."""

    def run(A, ars, acs, run, jump, B, K, first, begin, C, width=32):
        assert ars in (1, 16, 32)  # the compiled tiles know no others
        for r in range(rows):
            c = C[r * width : r * width + TILE_ROWS]
            total = np.float64([0, 1, 1, 1, 0][begin]) * np.float64([first, first, c, first, first][begin][:TILE_ROWS])
            for k in range(K):
                product = np.float64(A[r * ars + k // run * jump + k % run * acs]) * np.float64(
                    B[k * width : k * width + TILE_ROWS]
                )
                total = np.float64((product + total).astype(C.dtype))
            if begin == 3:
                total = np.where(total < 0, 0.0, total)
            if begin == 4:
                total = total * (first[r * width : r * width + TILE_ROWS] > 0)
            c[:] = total

    return run


def narrow_tile(rows, *arguments):
    tile(rows)(*arguments)
    *_, C, width = arguments
    for r in range(rows * (width == 32)):
        C[32 * r + 16 : 32 * r + 16 + TILE_ROWS] = 0


def gradient_tile(x, stride, rows, d, g, width):
    for h in range(0, width, TILE_ROWS):
        tile(TILE_ROWS)(x, 1, stride, rows, 0, d[h:], rows, d, 0, g[h:], width)


def gemv(A, run, jump, B, K, first, C, width, relu):
    chains = [first[:TILE_ROWS].astype(np.float64), *np.zeros((3, TILE_ROWS))]
    for k in range(-(-K // 4) * 4):
        product = np.float64(A[k // run * jump + k % run]) * np.float64(B[k * width : k * width + TILE_ROWS])
        chains[k % 4] = np.float64((product + chains[k % 4]).astype(C.dtype))
    even, odd = (np.float64((chains[i] + chains[i + 2]).astype(C.dtype)) for i in (0, 1))
    C[:TILE_ROWS] = even + odd
    if relu:
        C[:TILE_ROWS] = np.where(C[:TILE_ROWS] < 0, 0, C[:TILE_ROWS])


def dots(X, width, jump, Y, skip, panels, out):
    lanes = np.zeros((16, 16))
    for p in range(panels):
        for j in range(0, width, 16):
            rows = np.stack([X[p * jump + r * width + j :][:16] for r in range(16)])
            lanes = np.float64((np.float64(rows) * Y[p * skip + j :][:16] + lanes).astype(out.dtype))
    for s in (8, 4, 2, 1):
        lanes = np.float64((lanes[:, :s] + lanes[:, s:]).astype(out.dtype))
    out[:16] = lanes[:, 0]


def dot(X, jump, Y, skip, panels, width):
    out = np.zeros(16, X.dtype)
    dots(X, width, jump, Y, skip, panels, out)
    return out[0]


def split(u, v, to):
    """Numbers rounded to bfloat16, what remains, and what remains then: pairs of u and v in a word.

    Parts that are subnormal, those of numbers below 1e-31, are 0 to the matrix unit; here they are not.
    """
    x, y = u[:16].copy(), v[:16].copy()
    for part in range(0, CHUNK, PLANE):
        low, high = (a.view(np.uint32) + np.uint32(0x8000) & np.uint32(0xFFFF0000) for a in (x, y))
        to[part : part + 16] = (low >> 16 | high).view(np.float32)
        x, y = x - low.view(np.float32), y - high.view(np.float32)


def unit_product(A, B, chunks, first, begin, C, halves):
    """C (32 x 32) = first + A B, rounded as the instruction does: lower halves, upper halves, their sum."""
    total = np.zeros((2, 16, 2, 16), np.float32)
    if begin:
        total += first[:32].reshape(2, 16) if begin == 1 else first[:1024].reshape(2, 16, 2, 16)
    for c in range(chunks):
        left, right = (
            np.stack([(words << 16).view(np.float32), (words & np.uint32(0xFFFF0000)).view(np.float32)])
            for words in (F[c * CHUNK : (c + 1) * CHUNK].view(np.uint32).reshape(3, 2, 16, 16) for F in (A, B))
        )  # upper or not, part, half, row, word
        for i, j in ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0), (0, 0)):
            sums = np.zeros((2, 2, 16, 2, 16))
            for k in range(16):
                product = np.float64(left[:, i, :, :, k, None, None]) * right[:, None, None, j, :, k]
                sums = np.float64((product + sums).astype(np.float32))
            total += (sums[0] + sums[1]).astype(np.float32)
    C[: 512 * halves] = total.ravel()[: 512 * halves]


def copy(to, source_row, n):
    to[:n] = source_row[:n]


def transpose(source_block, source_stride, to, to_stride):
    i = np.arange(16)
    to[to_stride * i[:, None] + i] = source_block[source_stride * i + i[:, None]]


def alone(waited):
    raise AssertionError("the interpreted engine has one thread only")


def names(dtype: np.dtype) -> dict[str, Any]:
    """Everything the kernels borrow, as Python."""
    real = dtype.type
    kind = ctypes.c_double if dtype == np.float64 else ctypes.c_float

    def offset(array, i):
        return array[i:]

    return {
        "real": real, "f8": np.float64, "i64": int, "DOUBLE": dtype == np.float64,
        "u64": lambda i: np.uint64(int(i) & (2**64 - 1)),
        "where": lambda c, a, b: a if c else b,
        "minimum": lambda a, b: a if a < b else b, "maximum": lambda a, b: a if a > b else b,
        "muladd": lambda a, b, c: real(float(a) * float(b) + float(c)),
        "narrow_tile": narrow_tile, "gradient_tile": gradient_tile, "gradient_full": gradient_tile,
        "gemv": gemv, "dots": dots, "dot": dot, "prefetch": lambda place: None, "prefetch_second": lambda place: None,
        "sqrt": np.sqrt, "floor": np.floor, "absolute": np.abs,
        "pow2": lambda n: real(np.ldexp(1.0, int(n))) if n == n else n,
        "exponent": lambda x: real(np.frexp(x)[1] - 1), "mantissa": lambda x: np.frexp(x)[0] * real(2),
        "task": lambda address: TaskRecord.from_address(int(address)),
        "layer": lambda t, l: LayerRecord.from_address(t.layers + l * ctypes.sizeof(LayerRecord)),
        "full_width": lambda: None, "short_loops": lambda: None,
        "piece": lambda t, i: PieceRecord.from_address(t.piece + i * ctypes.sizeof(PieceRecord)),
        **records.CONSTANTS,
        "to_reals": pointer(kind),
        "to_doubles": pointer(ctypes.c_double),
        "to_ints": pointer(ctypes.c_int64),
        "at": offset, "doubles_at": offset, "ints_at": offset,
        "ZERO": 0, "BIAS": 1, "ADD": 2, "BIAS_RELU": 3, "RELU_SLOPE": 4,
        "ROWS": ROWS, "ONE": ONE, "COLUMNS": COLUMNS, "LANES": LANES,
        "SPAN": TILE_ROWS, "TILE_ROWS": TILE_ROWS, "GRADIENT_ROWS": TILE_ROWS,
        "REAL_BYTES": dtype.itemsize, "SCRATCH": SCRATCH,
        "tile_full": tile(TILE_ROWS), "tile8": tile(8), "tile4": tile(4), "tile2": tile(2), "tile1": tile(1),
        "split": split, "unit_product": unit_product, "unit_on": lambda: None, "unit_off": lambda: None,
        "transpose": transpose, "copy": copy, "lay": copy,
        "load_acquire": alone, "store_release": alone, "relax": alone,
        "subnormals_off": lambda: 0, "subnormals_back": lambda mode: None,
    }  # fmt: skip


@cache
def library(dtype: np.dtype, unit: bool) -> Library:
    """Kernels by number instead of by address."""
    space: dict[str, Any] = {}

    def call(number: int, *arguments: Any) -> None:
        space[order[number - 1]](*arguments)

    def address(name: str) -> int:
        if name in ADDED and name not in order:
            text.define(ADDED[name].functions + ADDED[name].loops, space)
            order.append(name)
        return order.index(name) + 1

    def quietly(kernel: Callable[[int, int], None]) -> Callable[[int, int], None]:
        def run(address: int, me: int) -> None:
            with np.errstate(all="ignore"):  # C does not warn either; u64 arithmetic is meant to wrap
                kernel(address, me)

        return run

    space |= names(dtype) | {"call_activation": call, "call_product": call, "call_loss": call, "call_update": call}
    space |= {"call_settle": call, "call_finish": call, "call_descend": call}
    space |= {"call_rank": call, "call_block": call, "call_forward": call, "call_learn": call, "call_judge": call}
    space |= {"call_point": call, "call_line": call}
    text.load(space)
    order = [name for name, f in space.items() if callable(f)]
    return Library(address, lambda name: quietly(space[name]), unit and dtype == np.float32, threads=1)


class InterpretedEngine:
    """The kernels under the Python interpreter."""

    name = "interpreted"

    def __init__(self) -> None:
        self.unit = processor.unit_is_asked_for()  # which any processor can play

    def network(self, program: Program) -> CompiledNetwork:
        return CompiledNetwork(library(np.dtype(program.dtype), self.unit), program)
