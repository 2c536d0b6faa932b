"""The tile as LLVM vector instructions; tile.h says the same in C."""

from __future__ import annotations

from itertools import product
from typing import Any

from llvmlite import ir
from numba import types

from .numba_llvm import I32, I64, Shape, ask_for, call, const, emit

ZERO, BIAS, ADD, BIAS_RELU, RELU_SLOPE = range(5)  # what its chains begin with
UNROLLED = 4  # columns of A at once where there is no rest: the end of 8 rounds is foreseen, that of 32 is not
STRIDES = (1, 16, 32)  # of the rows of A: constants in the code, which is faster


class TileBuilder:
    """Emits C (rows x vecs*width) = first + A B for one number of rows and of vectors.

    Parameters
    ----------
    shape : Shape
        Width of a vector, and whether multiply-add is fused.
    number : llvmlite type
        float or double.
    suffix : str
        ``"f32"`` or ``"f64"``, for the names of LLVM's intrinsics.
    """

    def __init__(self, shape: Shape, number: Any, suffix: str) -> None:
        self.shape, self.number, self.suffix = shape, number, suffix
        self.V = ir.VectorType(number, shape.width)
        self.align = 8 if suffix == "f64" else 4

    def load(self, b: Any, p: Any, i: Any) -> Any:
        return b.load(b.bitcast(b.gep(p, [i]), self.V.as_pointer()), align=self.align)

    def store(self, b: Any, v: Any, p: Any, i: Any) -> None:
        b.store(v, b.bitcast(b.gep(p, [i]), self.V.as_pointer()), align=self.align)

    def splat(self, b: Any, x: Any) -> Any:
        undefined = ir.Constant(self.V, ir.Undefined)
        lanes = ir.Constant(ir.VectorType(I32, self.shape.width), [0] * self.shape.width)
        return b.shuffle_vector(b.insert_element(undefined, x, ir.Constant(I32, 0)), undefined, lanes)

    def fma(self, b: Any, x: Any, y: Any, z: Any) -> Any:
        if not self.shape.fused:
            return b.fadd(b.fmul(x, y), z)
        return call(b, f"llvm.fma.v{self.shape.width}{self.suffix}", self.V, x, y, z)

    def emit(
        self, b: Any, rows: int, vecs: int, at_once: int, A: Any, ars: Any, acs: Any, run: Any, jump: Any, B: Any,
        K: Any, first: Any, begin: Any, C: Any, width: Any,
    ) -> None:  # fmt: skip
        W = self.shape.width
        cells = [(r, v) for r in range(rows) for v in range(vecs)]
        blocks = "bias other zero add outer inner end done"
        bias, other, zero, add, outer, inner, end, done = (b.append_basic_block(n) for n in blocks.split())
        with_bias = b.or_(b.icmp_signed("==", begin, const(BIAS)), b.icmp_signed("==", begin, const(BIAS_RELU)))
        b.cbranch(with_bias, bias, other)
        b.position_at_end(other)
        b.cbranch(b.icmp_signed("==", begin, const(ADD)), add, zero)
        start = {}
        b.position_at_end(bias)
        row = [self.load(b, first, const(W * v)) for v in range(vecs)]
        start[bias] = [row[v] for _, v in cells]
        b.branch(outer)
        b.position_at_end(zero)
        start[zero] = [ir.Constant(self.V, [0.0] * W)] * len(cells)
        b.branch(outer)
        b.position_at_end(add)
        start[add] = [self.load(b, C, b.add(b.mul(width, const(r)), const(W * v))) for r, v in cells]
        for r, v in cells:  # the next tile's lines
            if W * v * self.align % 64 == 0:
                ask_for(1)(b, b.gep(C, [b.add(b.mul(width, const(rows + r)), const(W * v))]))
        b.branch(outer)

        b.position_at_end(outer)  # one run of columns of A
        k0, a0, b0 = b.phi(I64), b.phi(A.type), b.phi(B.type)
        acc0 = [b.phi(self.V) for _ in cells]
        for block, values in start.items():
            k0.add_incoming(const(0), block)
            a0.add_incoming(A, block)
            b0.add_incoming(B, block)
            for phi, value in zip(acc0, values, strict=True):
                phi.add_incoming(value, block)
        k_end = b.add(k0, run)
        k_end = b.select(b.icmp_signed("<", k_end, K), k_end, K)
        b.branch(inner)

        b.position_at_end(inner)  # so many columns of A and rows of B at once
        k, a, bp = b.phi(I64), b.phi(A.type), b.phi(B.type)
        acc = [b.phi(self.V) for _ in cells]
        for phi, value in zip([k, a, bp, *acc], [k0, a0, b0, *acc0], strict=True):
            phi.add_incoming(value, outer)
        k1, a1, b1, new = b.add(k, const(at_once)), a, bp, acc
        for _ in range(at_once):
            Bs = [self.load(b, b1, const(W * v)) for v in range(vecs)]
            before, new = new, []
            for r in range(rows):
                x = self.splat(b, b.load(b.gep(a1, [b.mul(ars, const(r))])))
                new += [self.fma(b, x, Bs[v], before[vecs * r + v]) for v in range(vecs)]
            a1, b1 = b.gep(a1, [acs]), b.gep(b1, [width])
        for phi, value in zip([k, a, bp, *acc], [k1, a1, b1, *new], strict=True):
            phi.add_incoming(value, inner)
        b.cbranch(b.icmp_signed("<", k1, k_end), inner, end)

        b.position_at_end(end)
        for phi, value in zip([k0, a0, b0, *acc0], [k1, b.gep(a0, [jump]), b1, *new], strict=True):
            phi.add_incoming(value, end)
        b.cbranch(b.icmp_signed("<", k1, K), outer, done)
        b.position_at_end(done)
        self.finish(b, begin, first, [b.add(b.mul(width, const(r)), const(W * v)) for r, v in cells], new, C)

    def finish(self, b: Any, begin: Any, first: Any, places: list[Any], values: list[Any], C: Any) -> None:
        """Store the accumulators, after relu or its slope if `begin` says so."""
        zero, one = (ir.Constant(self.V, [x] * self.shape.width) for x in (0.0, 1.0))
        plain, relu, slope, end = (b.append_basic_block(n) for n in ["plain", "relu", "slope", "stored"])
        choice = b.switch(begin, plain)
        choice.add_case(const(BIAS_RELU), relu)
        choice.add_case(const(RELU_SLOPE), slope)

        def below(value: Any) -> Any:
            return b.select(b.fcmp_ordered("<", value, zero), zero, value)

        def stepped(value: Any, place: Any) -> Any:
            return b.fmul(value, b.select(b.fcmp_ordered(">", self.load(b, first, place), zero), one, zero))

        for block in (plain, relu, slope):
            b.position_at_end(block)
            for value, place in zip(values, places, strict=True):
                made = value if block is plain else below(value) if block is relu else stepped(value, place)
                self.store(b, made, C, place)
            b.branch(end)
        b.position_at_end(end)

    def emit_gemv(
        self, b: Any, vecs: int, A: Any, run: Any, jump: Any, B: Any, K: Any, first: Any, C: Any, width: Any, relu: Any
    ) -> None:
        """C (1 x vecs*width) = first + a B in four chains, k modulo 4; after relu if wanted."""
        W = self.shape.width
        cells = [(i, v) for i in range(4) for v in range(vecs)]
        zero = ir.Constant(self.V, [0.0] * W)
        before = b.block
        outer, inner, end, done = (b.append_basic_block(n) for n in ["outer", "inner", "end", "done"])
        start = [self.load(b, first, const(W * v)) if i == 0 else zero for i, v in cells]
        b.branch(outer)
        b.position_at_end(outer)
        k0, a0, b0 = b.phi(I64), b.phi(A.type), b.phi(B.type)
        acc0 = [b.phi(self.V) for _ in cells]
        for phi, value in zip([k0, a0, b0, *acc0], [const(0), A, B, *start], strict=True):
            phi.add_incoming(value, before)
        k_end = b.add(k0, run)
        k_end = b.select(b.icmp_signed("<", k_end, K), k_end, K)
        b.branch(inner)
        b.position_at_end(inner)
        k, a, bp = b.phi(I64), b.phi(A.type), b.phi(B.type)
        acc = [b.phi(self.V) for _ in cells]
        for phi, value in zip([k, a, bp, *acc], [k0, a0, b0, *acc0], strict=True):
            phi.add_incoming(value, outer)
        new = []
        for i, v in cells:
            row = b.add(b.mul(width, const(i)), const(W * v))
            x = self.splat(b, b.load(b.gep(a, [const(i)])))
            new.append(self.fma(b, x, self.load(b, bp, row), acc[vecs * i + v]))
        k1, a1, b1 = b.add(k, const(4)), b.gep(a, [const(4)]), b.gep(bp, [b.mul(width, const(4))])
        for phi, value in zip([k, a, bp, *acc], [k1, a1, b1, *new], strict=True):
            phi.add_incoming(value, inner)
        b.cbranch(b.icmp_signed("<", k1, k_end), inner, end)
        b.position_at_end(end)
        for phi, value in zip([k0, a0, b0, *acc0], [k1, b.gep(a0, [jump]), b1, *new], strict=True):
            phi.add_incoming(value, end)
        b.cbranch(b.icmp_signed("<", k1, K), outer, done)
        b.position_at_end(done)
        for v in range(vecs):
            even, odd = b.fadd(new[v], new[2 * vecs + v]), b.fadd(new[vecs + v], new[3 * vecs + v])
            total = b.fadd(even, odd)
            cut = b.select(b.fcmp_ordered("<", total, zero), zero, total)
            self.store(b, b.select(b.icmp_signed("!=", relu, const(0)), cut, total), C, const(W * v))


def make_tiles(shape: Shape, number: Any, suffix: str, reals: Any) -> dict[str, Any]:
    """The tiles of 1, 2, 4, 8 and all rows, each for the strides that panels can have (see ``fixed`` in tile.h)."""
    builder = TileBuilder(shape, number, suffix)
    span = shape.vecs * shape.width
    long = (1, 32) if suffix == "f32" else (1, 16, 32)  # strides of wide layers
    int64 = types.int64
    arguments = (reals, int64, int64, int64, int64, reals, int64, reals, int64, reals)

    def emit_strides(b: Any, rows: int, vecs: int, A: Any, ars: Any, acs: Any, *others: Any) -> None:
        run, _, _, K, *_ = others
        for stride in STRIDES:
            with b.if_then(b.icmp_signed("==", ars, const(stride))):
                operands: Any = (A, const(stride), acs if stride == 1 else const(1), *others)
                if rows < 4 or stride not in long:  # no long runs, or few: not worth the time to compile more
                    builder.emit(b, rows, vecs, 1, *operands)
                    continue
                rest = b.and_(b.or_(run, K), const(UNROLLED - 1))
                with b.if_else(b.icmp_signed("==", rest, const(0))) as (none, some):
                    with none:
                        builder.emit(b, rows, vecs, UNROLLED, *operands)
                    with some:
                        builder.emit(b, rows, vecs, 1, *operands)

    def make(rows: int) -> Any:
        def tile(b: Any, *operands: Any) -> None:
            emit_strides(b, rows, shape.vecs, *operands, const(32))

        return emit(types.void, *arguments)(tile)

    def narrow_tile(b: Any, rows: Any, *operands: Any) -> None:
        for n in sorted({1, 2, 4, 8, shape.rows}):
            if n <= shape.rows:
                with b.if_then(b.icmp_signed("==", rows, const(n))):
                    vecs = shape.vecs // 2 if span > 16 else shape.vecs
                    emit_strides(b, n, vecs, *operands)
                    *_, C, width = operands
                    with b.if_then(b.icmp_signed("==", width, const(32))):
                        zero = ir.Constant(builder.V, [0.0] * shape.width)
                        for r, v in product(range(n), range(vecs)):
                            builder.store(b, zero, C, const(32 * r + 16 + shape.width * v))

    def gemv(b: Any, *values: Any) -> None:
        *others, width, relu = values
        for columns in (16, 32):
            with b.if_then(b.icmp_signed("==", width, const(columns))):
                vecs = shape.vecs // 2 if columns < span else shape.vecs
                operands: Any = (*others, const(columns), relu)
                builder.emit_gemv(b, vecs, *operands)

    def make_gradient(rows: int) -> Any:
        def gradient(b: Any, x: Any, stride: Any, K: Any, d: Any, g: Any, width: Any) -> None:
            for columns in (16, 32):
                vecs = shape.vecs // 2 if columns < span else shape.vecs
                with b.if_then(b.icmp_signed("==", width, const(columns))):
                    for h in range(0, columns, vecs * shape.width):
                        D, G = b.gep(d, [const(h)]), b.gep(g, [const(h)])
                        operands: Any = (x, const(1), stride, K, const(0), D, K, D, const(ZERO), G, const(columns))
                        builder.emit(b, rows, vecs, 1, *operands)

        return emit(types.void, reals, int64, int64, reals, reals, int64)(gradient)

    full = make(shape.rows)
    narrow = emit(types.void, int64, *arguments, int64)(narrow_tile)
    one_row = emit(types.void, reals, int64, int64, reals, int64, reals, reals, int64, int64)(gemv)
    gradients = {"gradient_tile": make_gradient(shape.gradient_rows), "gradient_full": make_gradient(shape.rows)}
    few = {f"tile{n}": make(n) if n < shape.rows else full for n in (4, 8)}
    return {
        "gemv": one_row, "tile_full": full, "tile1": make(1), "tile2": make(2), "narrow_tile": narrow,
        **few, **gradients,
    }  # fmt: skip
