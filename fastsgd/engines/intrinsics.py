"""The LLVM behind the names that the kernels borrow when Numba compiles them; engine.h says the same in C."""

from __future__ import annotations

import ctypes
import platform
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import types

from ..kernels import records
from . import numba_unit
from .layout import LayerRecord, PieceRecord, TaskRecord
from .numba_blocks import make_copy, make_dot, make_dots, make_transpose
from .numba_llvm import AARCH64, I32, I64, X86, ask_for, at_address, call, called, const, emit, indexed, tile_shape
from .numba_tile import ADD, BIAS, BIAS_RELU, RELU_SLOPE, ZERO, make_tiles
from .paths import COLUMNS, LANES, ONE, ROWS
from .workspace import SCRATCH


def where(c, a, b):
    return a if c else b


def minimum(a, b):
    return a if a < b else b


def maximum(a, b):
    return a if a > b else b


# -- Threads
@emit(types.int64, types.int64)
def load_acquire(b, p):
    return b.load_atomic(b.inttoptr(p, I64.as_pointer()), "acquire", 8)


@emit(types.void, types.int64, types.int64)
def store_release(b, p, value):
    b.store_atomic(value, b.inttoptr(p, I64.as_pointer()), "release", 8)


@emit(types.void, types.int64)
def pause(b, _):
    if X86:
        call(b, "llvm.x86.sse2.pause", ir.VoidType())
    elif AARCH64:
        call(b, "llvm.aarch64.hint", ir.VoidType(), ir.Constant(I32, 1))


if platform.system() == "Windows":
    llvm.load_library_permanently("kernel32.dll")
    give_way = types.ExternalFunction("SwitchToThread", types.int32())
    sleep = types.ExternalFunction("Sleep", types.void(types.uint32))
    DOZE = 1
else:
    give_way = types.ExternalFunction("sched_yield", types.int32())
    sleep = types.ExternalFunction("usleep", types.int32(types.uint32))
    DOZE = 50


def relax(waited):
    if waited < 500:
        pause(waited)
    elif waited < 5000:
        give_way()
    else:
        sleep(np.uint32(DOZE))


# -- Vectors
@emit(types.void)
def full_width(b):
    """The function that calls it may use the widest vectors: LLVM stays at half of them on its own."""
    set.add(b.function.attributes, '"prefer-vector-width"="512"')  # llvmlite's own add knows a few attributes only


@emit(types.void)
def short_loops(b):
    """The function that calls it has inner loops of 16 and pointers that share no memory: LLVM makes vectors of them.

    It would unroll them first, into single numbers; it does not where size matters, nor checks whether arrays overlap.
    """
    set.add(b.function.attributes, '"prefer-vector-width"="512"')
    b.function.attributes.add("optsize")
    b.function.attributes.add("noinline")  # the caller's loops may be unrolled
    for argument in b.function.args[2:]:  # the first two are Numba's own
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")


# -- Subnormal numbers
@emit(types.int64)
def subnormals_off(b):
    if X86:
        slot = b.alloca(I32)
        raw = b.bitcast(slot, ir.IntType(8).as_pointer())
        call(b, "llvm.x86.sse.stmxcsr", ir.VoidType(), raw)
        mode = b.load(slot)
        b.store(b.or_(mode, ir.Constant(I32, 0x8040)), slot)
        call(b, "llvm.x86.sse.ldmxcsr", ir.VoidType(), raw)
        return b.zext(mode, I64)
    if AARCH64:
        mode = b.asm(ir.FunctionType(I64, []), "mrs $0, fpcr", "=r", [], True)
        b.asm(ir.FunctionType(ir.VoidType(), [I64]), "msr fpcr, $0", "r", [b.or_(mode, const(1 << 24))], True)
        return mode
    return const(0)


@emit(types.void, types.int64)
def subnormals_back(b, mode):
    if X86:
        slot = b.alloca(I32)
        b.store(b.trunc(mode, I32), slot)
        call(b, "llvm.x86.sse.ldmxcsr", ir.VoidType(), b.bitcast(slot, ir.IntType(8).as_pointer()))
    elif AARCH64:
        b.asm(ir.FunctionType(ir.VoidType(), [I64]), "msr fpcr, $0", "r", [mode], True)


def names(dtype: np.dtype) -> dict[str, Any]:
    """Everything the kernels borrow, for numbers of this dtype."""
    double = dtype == np.float64
    scalar = types.float64 if double else types.float32
    number, bits = (ir.DoubleType(), I64) if double else (ir.FloatType(), I32)
    suffix, mantissa_bits, bias = ("f64", 52, 1023) if double else ("f32", 23, 127)
    reals, doubles, ints = types.CPointer(scalar), types.CPointer(types.float64), types.CPointer(types.int64)
    shape = tile_shape(dtype.itemsize)
    shifter = 1.5 * 2.0**mantissa_bits

    def unary(name: str) -> Any:
        def build(b, x):
            return call(b, f"llvm.{name}.{suffix}", number, x)

        build.__name__ = name
        return emit(scalar, scalar)(build)

    @emit(scalar, scalar, scalar, scalar)
    def muladd(b, x, y, z):
        return call(b, f"llvm.fma.{suffix}", number, x, y, z) if shape.fused else b.fadd(b.fmul(x, y), z)

    @emit(scalar, scalar)
    def pow2(b, n):
        moved = b.fadd(n, ir.Constant(number, shifter + bias))
        return b.bitcast(b.shl(b.bitcast(moved, bits), ir.Constant(bits, mantissa_bits)), number)

    @emit(scalar, scalar)
    def exponent(b, x):
        one = ir.Constant(number, 2.0**mantissa_bits)
        field = b.ashr(b.bitcast(x, bits), ir.Constant(bits, mantissa_bits))
        moved = b.bitcast(b.or_(field, b.bitcast(one, bits)), number)
        return b.fsub(moved, ir.Constant(number, 2.0**mantissa_bits + bias))

    @emit(scalar, scalar)
    def mantissa(b, x):
        field = b.and_(b.bitcast(x, bits), ir.Constant(bits, (1 << mantissa_bits) - 1))
        return b.bitcast(b.or_(field, b.bitcast(ir.Constant(number, 1.0), bits)), number)

    layer_at, layer_size = at_address("layer_at", numba.from_dtype(np.dtype(LayerRecord))), ctypes.sizeof(LayerRecord)

    def layer(t, l):
        return layer_at(t.layers + l * layer_size)

    piece_at, piece_size = at_address("piece_at", numba.from_dtype(np.dtype(PieceRecord))), ctypes.sizeof(PieceRecord)

    def piece(t, i):
        return piece_at(t.piece + i * piece_size)

    return {
        **records.CONSTANTS,
        "real": dtype.type, "f8": np.float64, "i64": np.int64, "u64": np.uint64, "DOUBLE": double,
        "where": where, "minimum": minimum, "maximum": maximum, "muladd": muladd,
        "sqrt": unary("sqrt"), "floor": unary("floor"), "absolute": unary("fabs"),
        "pow2": pow2, "exponent": exponent, "mantissa": mantissa,
        "task": at_address("task", numba.from_dtype(np.dtype(TaskRecord))), "layer": layer, "piece": piece,
        "to_reals": at_address("to_reals", reals), "to_doubles": at_address("to_doubles", doubles),
        "to_ints": at_address("to_ints", ints),
        "at": indexed("at", reals), "doubles_at": indexed("doubles_at", doubles), "ints_at": indexed("ints_at", ints),
        "call_activation": called("call_activation", *arguments_of("activate", scalar)),
        "call_product": called("call_product", *arguments_of("product", scalar)),
        "call_loss": called("call_loss", *arguments_of("loss", scalar)),
        "call_point": called("call_point", *arguments_of("point", scalar)),
        "call_judge": called("call_judge", *arguments_of("judge", scalar)),
        "call_update": called("call_update", *arguments_of("update", scalar)),
        "call_block": called("call_block", *arguments_of("block", scalar)),
        "call_settle": called("call_settle", *arguments_of("settle", scalar)),
        "call_finish": called("call_finish", *arguments_of("finish", scalar)),
        "call_forward": called("call_forward", *arguments_of("forward", scalar)),
        "call_learn": called("call_learn", *arguments_of("learn", scalar)),
        "call_descend": called("call_descend", *arguments_of("descend", scalar)),
        "call_line": called("call_line", *arguments_of("line", scalar)),
        "call_rank": called("call_rank", *arguments_of("rank", scalar)),
        "ZERO": ZERO, "BIAS": BIAS, "ADD": ADD, "BIAS_RELU": BIAS_RELU, "RELU_SLOPE": RELU_SLOPE,
        "ROWS": ROWS, "ONE": ONE, "COLUMNS": COLUMNS, "LANES": LANES,
        "SPAN": shape.vecs * shape.width, "TILE_ROWS": shape.rows, "GRADIENT_ROWS": shape.gradient_rows,
        "REAL_BYTES": dtype.itemsize, "SCRATCH": SCRATCH,
        **make_tiles(shape, number, suffix, reals),
        "copy": make_copy(shape, number, reals),
        "lay": make_copy(shape, number, reals, whole_vectors=True),
        "transpose": make_transpose(number, reals),
        "dots": make_dots(shape, number, suffix, reals),
        "dot": make_dot(shape, number, suffix, reals, scalar),
        **numba_unit.names(reals),
        "prefetch": emit(types.void, reals)(ask_for(1)), "prefetch_second": emit(types.void, reals)(ask_for(2)),
        "full_width": full_width, "short_loops": short_loops,
        "load_acquire": load_acquire, "store_release": store_release, "relax": relax,
        "subnormals_off": subnormals_off, "subnormals_back": subnormals_back,
    }  # fmt: skip


def arguments_of(kernel: str, scalar: Any) -> tuple[Any, ...]:
    """Numba's types of the arguments of a kernel that is called by address.

    Parameters
    ----------
    kernel : str
        ``train`` or ``infer``; ``product``; a part of a path, such as ``block_...``; or a rendered loop, such as
        ``activate_...``.
    scalar : numba type
        float32 or float64.
    """
    reals, doubles, ints, n = (
        types.CPointer(scalar),
        types.CPointer(types.float64),
        types.CPointer(types.int64),
        types.int64,
    )
    elementwise = (reals, reals, n, reals)
    known = {
        "train": (n, n),
        "infer": (n, n),
        "product": (reals, n, n, n, n, reals, n, reals, n, reals, n, n),
        "activate": elementwise,
        "slope": elementwise,
        "apart": elementwise,
        "loss": (reals, reals, reals, ints, n, n, n, n, n, scalar, reals, doubles),
        "point": (reals, reals, reals, scalar, reals, doubles),
        "judge": (reals, reals, reals, n, n, n, scalar, reals, reals, doubles),
        "line": (reals, reals, reals, reals, reals, reals, n, reals),
        "rank": (reals, reals, reals, reals, reals, reals, n, n, reals),
        "descend": (reals, n, n, reals, reals, reals, reals, reals, reals, n, n, reals),
        "update": (reals, reals, reals, reals, reals, n, reals),
        "block": (n, ints, n, n, n, n, scalar, n, n, reals),
        "settle": (n, n, n, n, n, n, reals),
        "finish": (n, n, reals),
        "forward": (n, n, n, n, n),
        "learn": (n, n, n, n, n, n, n, reals),
    }
    return known[kernel.partition("_")[0]]
