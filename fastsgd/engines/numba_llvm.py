"""What intrinsics are made with: functions of Numba whose body is LLVM code, written instruction by instruction."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

I32, I64 = ir.IntType(32), ir.IntType(64)
X86 = platform.machine().lower() in ("x86_64", "amd64")
AARCH64 = platform.machine().lower() in ("aarch64", "arm64")


def const(i: int) -> ir.Constant:
    return ir.Constant(I64, i)


def emit(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], Any]:
    """An intrinsic of this signature from a function (builder, *LLVM values) -> LLVM value or None."""

    def wrap(build: Callable[..., Any]) -> Any:
        names = ", ".join(f"a{i}" for i in range(len(arguments)))

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            value = build(builder, *values)
            return context.get_dummy_value() if value is None else value

        scope = {"signature": result(*arguments), "generate": generate}
        exec(f"def {build.__name__}(typing, {names}):\n    return signature, generate\n", scope)
        return intrinsic(scope[build.__name__])

    return wrap


def call(b: ir.IRBuilder, name: str, result: ir.Type, *values: ir.Value) -> ir.Value:
    """A call of what LLVM or C has under this name."""
    return b.call(declared(b, ir.FunctionType(result, [v.type for v in values]), name), values)


def declared(b: Any, kind: Any, name: str) -> Any:
    return cgutils.get_or_insert_function(b.module, kind, name)


def ask_for(level: int) -> Any:
    """What builds a prefetch of a line of memory, into the cache of this level."""

    def build(b: Any, place: Any) -> None:
        byte = b.bitcast(place, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [byte.type, I32, I32, I32])
        to_read, locality, data = (ir.Constant(I32, i) for i in (0, 4 - level, 1))
        b.call(declared(b, kind, "llvm.prefetch.p0i8"), [byte, to_read, locality, data])

    build.__name__ = f"ask_for_{level}"
    return build


@dataclass(frozen=True)
class Shape:
    """Numbers in a vector, rows and vectors of the tile, and whether multiply-add is one instruction; as in tile.h."""

    width: int
    rows: int
    vecs: int
    fused: bool

    @property
    def gradient_rows(self) -> int:
        return 4 if self.rows < 8 else 8


def tile_shape(itemsize: int) -> Shape:
    """The tile that fills the registers of the processor that Numba compiles for."""
    features = (numba.config.CPU_FEATURES or llvm.get_host_cpu_features().flatten()).split(",")
    if "+avx512f" in features and "+avx512dq" in features and "+avx512vl" in features:
        return Shape(64 // itemsize, 12, 2, True)
    if "+avx2" in features and "+fma" in features:
        return Shape(32 // itemsize, 6, 2, True)
    if AARCH64:
        return Shape(16 // itemsize, 6, 4, True)
    return Shape(16 // itemsize, 4, 2, False)


# -- Plain C pointers, without bounds or owners
def at_address(name: str, to: Any) -> Any:
    """address -> something that lies there"""

    def typed(typing, address):
        def generate(context, builder, signature, args):
            return builder.inttoptr(args[0], context.get_value_type(to))

        return to(types.int64), generate

    typed.__name__ = name
    return intrinsic(typed)


def indexed(name: str, pointer: Any) -> Any:
    """(pointer, i) -> pointer to its i-th element"""

    def build(b, array, i):
        return b.gep(array, [i])

    build.__name__ = name
    return emit(pointer, pointer, types.int64)(build)


def called(name: str, *arguments: Any) -> Any:
    """(address of a compiled function, *its arguments) -> nothing, as Numba's functions call each other.

    A wrapper for C between the two would hand a dozen arguments on through memory, in pairs that were stored one by
    one, for which a processor has to wait: linear models at batch 1 took 1.4 of the time.
    """

    def build(b, f, *values):
        kind = cpu_target.target_context.call_conv.get_function_type(types.void, arguments)
        own = [cgutils.alloca_once(b, pointer.pointee) for pointer in kind.args[: -len(values)]]  # result and exception
        b.call(b.inttoptr(f, kind.as_pointer()), [*own, *values])

    build.__name__ = name
    return emit(types.void, types.int64, *arguments)(build)
