"""The matrix unit in LLVM's words; matrix_unit.h says the same in C, and what it is about."""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types

from ..kernels import records
from .numba_llvm import I32, I64, const, emit
from .numba_tile import ADD, ZERO

llvm.initialize_native_asmparser()  # Numba does without one
PLANE = records.CONSTANTS["PLANE"]
VOID, BYTE = ir.VoidType(), ir.IntType(8)
LINE, ROW = 64, 128  # bytes from one row of a tile to the next: within a chunk, and in a panel
CONFIGURATION = [1, *[0] * 15, *[64, 0] * 8, *[0] * 16, *[16] * 8, *[0] * 8]  # eight tiles of 16 rows of 64 bytes


def assembly(b: Any, text: str, constraints: str = "", *values: Any, result: Any = VOID) -> Any:
    return b.asm(ir.FunctionType(result, [v.type for v in values]), text, constraints, values, True)


def unit_on(b: Any) -> None:
    kind = ir.ArrayType(BYTE, 64)
    room = b.alloca(kind)
    b.store(ir.Constant(kind, CONFIGURATION), room)
    assembly(b, "ldtilecfg ($0)", "r,~{memory}", room)


def unit_off(b: Any) -> None:
    assembly(b, "tilerelease")


def split(b: Any, u: Any, v: Any, to: Any) -> None:
    """The parts of 16 numbers at u, each in the lower half of a word, with those of 16 at v in the upper."""
    V, words = ir.VectorType(ir.FloatType(), 16), ir.VectorType(I32, 16)
    upper, half, places = (ir.Constant(words, [bits] * 16) for bits in (0xFFFF0000, 0x8000, 16))
    x, y = (b.load(b.bitcast(p, V.as_pointer()), align=4) for p in (u, v))
    for part in range(3):
        low, high = (b.and_(b.add(b.bitcast(z, words), half), upper) for z in (x, y))
        place = b.bitcast(b.gep(to, [const(PLANE * part)]), words.as_pointer())
        b.store(b.or_(b.lshr(low, places), high), place, align=4)
        x = b.fsub(x, b.bitcast(low, V))
        y = b.fsub(y, b.bitcast(high, V))


def unit_product(b: Any, A: Any, B: Any, chunks: Any, first: Any, begin: Any, C: Any, halves: Any) -> None:
    """C (32 x 32) = first + A B."""
    both = b.icmp_signed("==", halves, const(2))

    def places(verb: str, *pairs: tuple[int, int]) -> str:
        return "\n".join(verb.format(tile=tile, place=place) for tile, place in pairs)

    with b.if_else(b.icmp_signed("==", begin, const(ZERO))) as (nothing, something):
        with nothing:
            assembly(b, "\n".join(f"tilezero %tmm{i}" for i in range(4)))
        with something:
            take = "tileloadd {place}($0,$1,1), %tmm{tile}"
            apart = b.select(b.icmp_signed("==", begin, const(ADD)), const(ROW), const(0))
            assembly(b, places(take, (0, 0), (1, 64)), "r,r,~{memory}", first, apart)
            with b.if_then(both):
                lower = b.add(b.ptrtoint(first, I64), b.mul(apart, const(16)))
                assembly(b, places(take, (2, 0), (3, 64)), "r,r,~{memory}", lower, apart)

    def factor(operand: int, part: int, tile: int) -> str:
        load = f"tileloadd {{place}}(${operand},$6,1), %tmm{{tile}}"
        return places(load, (tile, 4 * PLANE * part), (tile + 1, 4 * PLANE * part + 1024))

    def left(part: int) -> str:
        return factor(0, part, 4)

    def right(part: int) -> str:
        return factor(1, part, 6)

    total = "\n".join(f"tdpbf16ps %tmm{6 + c}, %tmm{4 + r}, %tmm{2 * r + c}" for r in (0, 1) for c in (0, 1))
    steps = [left(0), right(2), total, right(1), total, left(1), total, right(0), total, left(2), total, left(0), total]
    loop = ["1:", *steps, f"add $${12 * PLANE}, $0", f"add $${12 * PLANE}, $1", "dec $2", "jnz 1b"]
    moved = ir.LiteralStructType([A.type, B.type, I64])
    ends = "=&r,=&r,=&r,0,1,2,r,~{memory},~{flags}"  # moved on while the last is still read
    assembly(b, "\n".join(loop), ends, A, B, chunks, const(LINE), result=moved)
    give = "tilestored %tmm{tile}, {place}($0,$1,1)"
    assembly(b, places(give, (0, 0), (1, 64)), "r,r,~{memory}", C, const(ROW))
    with b.if_then(both):
        assembly(b, places(give, (2, 16 * ROW), (3, 16 * ROW + 64)), "r,r,~{memory}", C, const(ROW))


def names(reals: Any) -> dict[str, Any]:
    """What the kernels borrow of it."""
    n = types.int64
    return {
        "unit_on": emit(types.void)(unit_on),
        "unit_off": emit(types.void)(unit_off),
        "split": emit(types.void, reals, reals, reals)(split),
        "unit_product": emit(types.void, reals, reals, n, reals, n, reals, n)(unit_product),
    }
