"""How a step is divided: a function of shapes and batch size, and never of the number of threads."""

from __future__ import annotations

from typing import NamedTuple

from ..program import Op, Program
from .layout import ends_thin, round_up

NAMES = "rows", "one", "columns", "lanes", "linear"  # and their kernels
ROWS, ONE, COLUMNS, LANES, LINEAR = 0, 1, 2, 3, 4  # as in engine.h, where nobody asks for the last
ALONE = ONE, LINEAR  # whose steps one thread makes, many in a call
BLOCK = 256  # most rows of a block: their activations stay in the second-level cache
NEAR = 512 << 10  # bytes of a layer's inputs that stay in it, too, while they go from panel to panel of the weights
FAR = 2 << 20  # bytes that it does not hold
FARTHER = 8 << 20  # and bytes of which it holds little
SMALL = 128 << 10  # bytes of weights up to which a batch is divided into lanes from one full block on, not from two
LANE = 192  # least rows of a lane, where there are more than two
MOST_LANES = 8  # a gradient each, to be written and read: 16 took 1 to 2 % longer
LANES_MEMORY = 16 << 20  # bytes of weights, times lanes: a gradient each, which padding makes larger
UNIT_MEMORY = 64 << 20  # and where the matrix unit is used, which comes in lanes only
UNIT_WIDTH = 64  # least inputs and outputs of a layer whose products are the matrix unit's
UNIT_BATCH = 256  # and least rows of a batch: the weights are split anew for each
HALVES_BATCH = 8  # most rows of a batch whose deltas are summed by halves of a layer's outputs
HALVES_OUTPUTS = 32  # least outputs of such a layer, for each row
LINEAR_INPUTS = 4096  # rows times columns of a batch of a linear model up to which a second thread does not pay


class Way(NamedTuple):
    """A path, most rows of its blocks, its lanes, and whether wide layers' products are the matrix unit's."""

    path: int
    rows: int
    lanes: int = 1
    unit: bool = False


def way_of(program: Program, batch: int, unit: bool = False) -> Way:
    """The way of batches of so many rows, with a matrix unit or without."""
    if not program.is_plain:
        return Way(ROWS, round_up(batch, 8) if program.whole_batches else _block(batch, 1))
    if batch == 1 and not program.deferred:
        return Way(ONE, _block(batch, 1))
    if program.deferred:
        return Way(ROWS if batch > BLOCK or _widest(program) < 64 else COLUMNS, _block(batch, 1))
    if is_linear(program, batch):
        return Way(LINEAR, _block(batch, 1))
    weights = sum(op.inputs * op.outputs for op in program.ops if op.kind == "dense") * program.dtype.itemsize
    if unit and batch >= UNIT_BATCH and 2 * weights <= UNIT_MEMORY and any(map(by_unit, program.ops)):
        lanes = max(2, _lanes(batch, weights, UNIT_MEMORY))
        return Way(LANES, _block(batch, lanes), lanes, True)
    lanes = _lanes(batch, weights, LANES_MEMORY)
    if lanes > 1:
        return Way(LANES, _block(batch, lanes), lanes)
    return Way(COLUMNS if batch <= BLOCK and _widest(program) >= 64 else ROWS, _block(batch, 1))


def rows_near(rows: int, row: int) -> int:
    """Of a block of rows of so many bytes each, those that go from panel to panel together: even parts, of tiles."""
    parts = -(-rows * row // NEAR)
    return round_up(-(-rows // parts), 12)


def by_unit(op: Op) -> bool:
    """Whether a layer's products are the matrix unit's where that is used."""
    return op.kind == "dense" and op.inputs >= UNIT_WIDTH and op.outputs >= UNIT_WIDTH


def by_halves(op: Op, batch: int) -> bool:
    """Whether the deltas below a layer may be sums over halves of its panels, on the column path: see columns.py."""
    return batch <= HALVES_BATCH and op.outputs >= HALVES_OUTPUTS * batch


def is_linear(program: Program, batch: int) -> bool:
    """Whether a batch, of more than one row, is one of those small ones that linear.py among the kernels is for."""
    few = batch < BLOCK and batch * program.ops[0].inputs <= LINEAR_INPUTS
    return program.depth == 1 and few and ends_thin(program)


def _lanes(batch: int, weights: int, memory: int) -> int:
    """For weights of so many bytes: a power of two, so that of two threads or four none has more than another."""
    if batch < (BLOCK if weights <= SMALL else 2 * BLOCK):
        return 1
    most = min(MOST_LANES, max(2, batch // LANE), memory // max(1, weights))
    return 1 << max(1, most).bit_length() - 1


def _widest(program: Program) -> int:
    return max(op.outputs for op in program.ops)


def _block(batch: int, lanes: int) -> int:
    """Rows of a block: of lanes, such that all end together."""
    rounds = -(-batch // (lanes * BLOCK))
    return min(round_up(-(-batch // (lanes * rounds)), 8 if lanes == 1 else 16), BLOCK)
