"""Rows and blocks of 16 as LLVM vector instructions: copied, turned over, multiplied; blocks.h says the same in C."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llvmlite import ir
from numba import types

from .numba_llvm import I32, I64, Shape, const, declared, emit
from .numba_tile import TileBuilder


def make_copy(shape: Shape, number: Any, reals: Any, *, whole_vectors: bool = False) -> Any:
    """n numbers from one place to another; what is left of a vector by a masked move, or with zeros behind it.

    ``copy`` and ``lay`` in blocks.h say the same in C.
    """
    W = shape.width
    V = ir.VectorType(number, W)
    align = 8 if isinstance(number, ir.DoubleType) else 4

    def first(b: Any, count: Any, width: int) -> tuple[Any, Any, str]:
        """A mask for so many of a vector, the vector's type, and its name."""
        spread = b.insert_element(ir.Constant(ir.VectorType(I64, width), ir.Undefined), count, ir.Constant(I32, 0))
        spread = b.shuffle_vector(spread, spread, ir.Constant(ir.VectorType(I32, width), [0] * width))
        left = b.icmp_signed("<", ir.Constant(ir.VectorType(I64, width), list(range(width))), spread)
        return left, ir.VectorType(number, width), f"v{width}f{8 * align}.p0v{width}f{8 * align}"

    def masked_load(b: Any, source: Any, mask: tuple[Any, Any, str]) -> Any:
        left, vector, kind = mask
        load = ir.FunctionType(vector, [vector.as_pointer(), I32, left.type, vector])
        place, zeros = b.bitcast(source, vector.as_pointer()), ir.Constant(vector, [0.0] * vector.count)
        return b.call(declared(b, load, f"llvm.masked.load.{kind}"), [place, ir.Constant(I32, align), left, zeros])

    def move(b: Any, to: Any, source: Any, n: Any) -> None:
        before = b.block
        check, whole, rest, part, done = (
            b.append_basic_block(name) for name in ("check", "whole", "rest", "part", "done")
        )
        count = b.and_(n, const(W - 1))  # of all rows of a loop, which need one mask then
        masks = {width: first(b, count, width) for width in ((W, W // 2) if whole_vectors else (W,))}
        b.branch(check)
        b.position_at_end(check)
        i = b.phi(I64)
        i.add_incoming(const(0), before)
        after = b.add(i, const(W))
        b.cbranch(b.icmp_signed("<=", after, n), whole, rest)

        def vectors(block: Any) -> tuple[Any, Any]:
            b.position_at_end(block)
            return tuple(b.bitcast(b.gep(p, [i]), V.as_pointer()) for p in (source, to))

        source_vector, to_vector = vectors(whole)
        b.store(b.load(source_vector, align=align), to_vector, align=align)
        i.add_incoming(after, whole)
        b.branch(check)
        b.position_at_end(rest)
        b.cbranch(b.icmp_signed("<", i, n), part, done)
        source_vector, to_vector = vectors(part)
        if whole_vectors:
            is_half = b.icmp_signed("<=", count, const(W // 2))
            with b.if_else(is_half) as (half, more):
                with half:
                    few = masked_load(b, source_vector, masks[W // 2])
                    zeros = ir.Constant(few.type, [0.0] * (W // 2))
                    padded = b.shuffle_vector(few, zeros, ir.Constant(ir.VectorType(I32, W), list(range(W))))
                    b.store(padded, to_vector, align=align)
                with more:
                    b.store(masked_load(b, source_vector, masks[W]), to_vector, align=align)
        else:
            values = masked_load(b, source_vector, masks[W])
            left, _, kind = masks[W]
            store = ir.FunctionType(ir.VoidType(), [V, V.as_pointer(), I32, left.type])
            b.call(declared(b, store, f"llvm.masked.store.{kind}"), [values, to_vector, ir.Constant(I32, align), left])
        b.branch(done)
        b.position_at_end(done)

    return emit(types.void, reals, reals, types.int64)(move)


def halves(s: int) -> tuple[Any, Any]:
    """Shuffles of two vectors of 16: of every 2 s elements, the first s of both, and the last s of both."""
    low = [16 + (i ^ s) if i & s else i for i in range(16)]
    high = [16 + i if i & s else i | s for i in range(16)]
    return tuple(ir.Constant(ir.VectorType(I32, 16), of) for of in (low, high))


def make_transpose(number: Any, reals: Any) -> Any:
    """16 x 16 numbers, rows `source_stride` and `to_stride` apart, turned over in four rounds of shuffles."""
    V = ir.VectorType(number, 16)

    def transpose(b, source, source_stride, to, to_stride):
        align = 8 if isinstance(number, ir.DoubleType) else 4

        def row(p, stride, r):
            return b.bitcast(b.gep(p, [b.mul(stride, const(r))]), V.as_pointer())

        rows = [b.load(row(source, source_stride, r), align=align) for r in range(16)]
        for s in (1, 2, 4, 8):
            low, high = halves(s)
            for r in range(16):
                if not r & s:
                    x, y = rows[r], rows[r | s]
                    rows[r], rows[r | s] = b.shuffle_vector(x, y, low), b.shuffle_vector(x, y, high)
        for r in range(16):
            b.store(rows[r], row(to, to_stride, r), align=align)

    return emit(types.void, reals, types.int64, reals, types.int64)(transpose)


def make_dot(shape: Shape, number: Any, suffix: str, reals: Any, scalar: Any) -> Any:
    """The dot product of two vectors in panels; ``dot`` in blocks.h says the same in C."""
    builder = TileBuilder(replace(shape, width=16), number, suffix)

    def dot(b: Any, X: Any, jump: Any, Y: Any, skip: Any, panels: Any, width: Any) -> Any:
        before = b.block
        outer, inner, end, done = (b.append_basic_block(n) for n in ["outer", "inner", "end", "done"])
        b.branch(outer)
        b.position_at_end(outer)  # one panel
        p, x0, y0, acc0 = b.phi(I64), b.phi(X.type), b.phi(Y.type), b.phi(builder.V)
        for phi, value in zip([p, x0, y0, acc0], [const(0), X, Y, ir.Constant(builder.V, [0.0] * 16)], strict=True):
            phi.add_incoming(value, before)
        b.branch(inner)
        b.position_at_end(inner)  # 16 columns of it
        j, acc = b.phi(I64), b.phi(builder.V)
        j.add_incoming(const(0), outer)
        acc.add_incoming(acc0, outer)
        new = builder.fma(b, builder.load(b, x0, j), builder.load(b, y0, j), acc)
        j1 = b.add(j, const(16))
        j.add_incoming(j1, inner)
        acc.add_incoming(new, inner)
        b.cbranch(b.icmp_signed("<", j1, width), inner, end)
        b.position_at_end(end)
        p1 = b.add(p, const(1))
        for phi, value in zip([p, x0, y0, acc0], [p1, b.gep(x0, [jump]), b.gep(y0, [skip]), new], strict=True):
            phi.add_incoming(value, end)
        b.cbranch(b.icmp_signed("<", p1, panels), outer, done)
        b.position_at_end(done)
        for s in (8, 4, 2, 1):
            other = ir.Constant(ir.VectorType(I32, 16), [i ^ s for i in range(16)])
            new = b.fadd(new, b.shuffle_vector(new, new, other))
        return b.extract_element(new, ir.Constant(I32, 0))

    return emit(scalar, reals, types.int64, reals, types.int64, types.int64, types.int64)(dot)


def make_dots(shape: Shape, number: Any, suffix: str, reals: Any) -> Any:
    """16 dot products of rows of panels with a vector in panels; ``dots`` in blocks.h says the same in C."""
    builder = TileBuilder(replace(shape, width=16), number, suffix)

    def dots(b: Any, X: Any, width: Any, jump: Any, Y: Any, skip: Any, panels: Any, out: Any) -> None:
        before = b.block
        outer, inner, end, done = (b.append_basic_block(n) for n in ["outer", "inner", "end", "done"])
        b.branch(outer)
        b.position_at_end(outer)  # one panel
        p, x0, y0 = b.phi(I64), b.phi(X.type), b.phi(Y.type)
        acc0 = [b.phi(builder.V) for _ in range(16)]
        zero = ir.Constant(builder.V, [0.0] * 16)
        for phi, value in zip([p, x0, y0, *acc0], [const(0), X, Y, *[zero] * 16], strict=True):
            phi.add_incoming(value, before)
        b.branch(inner)
        b.position_at_end(inner)  # 16 columns of it
        j, acc = b.phi(I64), [b.phi(builder.V) for _ in range(16)]
        for phi, value in zip([j, *acc], [const(0), *acc0], strict=True):
            phi.add_incoming(value, outer)
        y = builder.load(b, y0, j)
        rows = [builder.load(b, x0, b.add(b.mul(width, const(r)), j)) for r in range(16)]
        new = [builder.fma(b, x, y, a) for x, a in zip(rows, acc, strict=True)]
        j1 = b.add(j, const(16))
        for phi, value in zip([j, *acc], [j1, *new], strict=True):
            phi.add_incoming(value, inner)
        b.cbranch(b.icmp_signed("<", j1, width), inner, end)
        b.position_at_end(end)
        p1 = b.add(p, const(1))
        for phi, value in zip([p, x0, y0, *acc0], [p1, b.gep(x0, [jump]), b.gep(y0, [skip]), *new], strict=True):
            phi.add_incoming(value, end)
        b.cbranch(b.icmp_signed("<", p1, panels), outer, done)
        b.position_at_end(done)
        sums = new
        for s in (8, 4, 2, 1):  # lane l of the result: the sum of row l
            low, high = halves(s)
            pairs = zip(sums[:s], sums[s:], strict=True)
            sums = [b.fadd(b.shuffle_vector(u, v, low), b.shuffle_vector(u, v, high)) for u, v in pairs]
        builder.store(b, sums[0], out, const(0))

    return emit(types.void, reals, types.int64, types.int64, reals, types.int64, types.int64, reals)(dots)
