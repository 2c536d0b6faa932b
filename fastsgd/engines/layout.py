"""Where the numbers of a program lie: weight panels and their banks, and how plain arrays go in and out of them.

A dense layer of K inputs and N outputs is cut into panels of 32 columns, or 16 if N <= 16, or in float64 N >= 256. (A
tile of float64 is two vectors wide; where it leaves out two more of each row, half of the first-level cache's sets
hold nothing, which matters to wide layers: 32 take up to 1.05 times as long. In narrow ones they take 0.87 to 1.00,
being half as many.) A panel holds `height` rows of weights (K rounded up to 16) and the bias as one more row; all
padding of weights is zero and stays zero. One bank holds the panels of all layers; the memories of the optimizer and
the gradient are further banks of the same form, so that one offset leads from a weight to all that belongs to it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..kernels import records
from ..program import Op, Program
from .finite import total_is_finite
from .memory import LINE, address_of, aligned

THIN = 4  # most outputs of a last layer that is kept transposed
NORMALIZATIONS = ("layer_norm", "batch_norm")
VECTORS = ("gamma", "beta", "moving_mean", "moving_variance")  # of normalization, as they lie
WIDE = 256  # columns from which panels of float64 are narrow
C_TYPES: dict[str, Any] = {"i64": ctypes.c_int64, "f8": ctypes.c_double}


class LayerRecord(ctypes.Structure):
    """One step of the network, as the kernels see it."""

    _fields_ = tuple((name, C_TYPES[kind]) for name, kind in records.LAYER.items())


class PieceRecord(ctypes.Structure):
    """Weights that are updated in one go from their whole gradient, as the kernels see them."""

    _fields_ = tuple((name, C_TYPES[kind]) for name, kind in records.PIECE.items())


class TaskRecord(ctypes.Structure):
    """One job, as the kernels see it."""

    _fields_ = tuple((name, C_TYPES[kind]) for name, kind in records.TASK.items())


def round_up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def width_of(columns: int, dtype: np.dtype) -> int:
    """Columns of a panel for a matrix of so many columns."""
    return 16 if columns <= 16 or (dtype.itemsize == 8 and columns >= WIDE) else 32


def ends_thin(program: Program) -> bool:
    """Whether the last step that training goes through is a dense layer that is kept transposed."""
    last = program.ops[program.depth - 1]
    return last.kind == "dense" and last.outputs <= THIN


@dataclass
class Place:
    """Where one op's weights stand: offsets in elements from the beginning of a bank, and of the transposed copies."""

    op: Op
    width: int
    panels: int
    height: int
    source_width: int
    turned: int
    thin: bool
    W: int = 0
    WT: int | None = None

    @property
    def source_panels(self) -> int:
        return -(-self.op.inputs // self.source_width)

    @property
    def size(self) -> int:
        if self.thin:
            return self.source_panels * self.op.outputs * self.source_width + 16
        if self.op.kind != "dense":
            return len(VECTORS) * self.panels * self.width
        return self.panels * (self.height + 1) * self.width

    def put(self, bank: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        """Write plain arrays into the panels of a bank."""
        if self.op.kind == "dense":
            self._put_dense(bank, arrays["kernel"], arrays.get("bias"))
            return
        for name, array in arrays.items():
            self.vector(bank, name)[:] = array

    def vector(self, bank: np.ndarray, name: str) -> np.ndarray:
        """A weight of normalization in a bank, as it lies there."""
        begin = self.W + VECTORS.index(name) * self.panels * self.width
        return bank[begin : begin + self.op.outputs]

    def _put_dense(self, bank: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None) -> None:
        """Kernel (K, N) and bias (N,)."""
        if self.thin:
            turned = np.zeros((self.source_panels * self.source_width, self.op.outputs), bank.dtype)
            turned[: self.op.inputs] = kernel
            cut = turned.reshape(self.source_panels, self.source_width, -1).transpose(0, 2, 1)
            bank[self.W : self.W + cut.size] = cut.ravel()
            biases = bank[self.W + cut.size : self.W + self.size]
            biases[:] = 0
            if bias is not None:
                biases[: self.op.outputs] = bias
            return
        assert kernel.shape == (self.op.inputs, self.op.outputs)
        panels = bank[self.W : self.W + self.size].reshape(self.panels, self.height + 1, self.width)
        panels[:] = 0
        for p, panel in enumerate(panels):
            columns = slice(p * self.width, min((p + 1) * self.width, self.op.outputs))
            n = columns.stop - columns.start
            panel[: self.op.inputs, :n] = kernel[:, columns]
            if bias is not None:
                panel[-1, :n] = bias[columns]

    def get(self, bank: np.ndarray) -> list[np.ndarray]:
        """Read them back, as copies."""
        if self.op.kind != "dense":
            return [self.vector(bank, name).copy() for name in self.op.weights]
        if self.thin:
            biases = bank[self.W + self.size - 16 :][: self.op.outputs].copy()
            cut = bank[self.W : self.W + self.size - 16].reshape(self.source_panels, self.op.outputs, self.source_width)
            kernel = cut.transpose(0, 2, 1).reshape(-1, self.op.outputs)[: self.op.inputs].copy()
            return [kernel, biases] if self.op.use_bias else [kernel]
        panels = bank[self.W : self.W + self.size].reshape(self.panels, self.height + 1, self.width)
        padded = panels.transpose(1, 0, 2).reshape(self.height + 1, -1)
        kernel = padded[: self.op.inputs, : self.op.outputs].copy()
        return [kernel, padded[-1, : self.op.outputs].copy()] if self.op.use_bias else [kernel]

    def put_turned(self, turned: np.ndarray, kernel: np.ndarray) -> None:
        """Write the transposed copy: panels of source_width columns over the inputs, `turned` rows."""
        assert self.WT is not None
        panels = self.source_panels
        padded = np.zeros((self.turned, panels * self.source_width), turned.dtype)
        padded[: self.op.outputs, : self.op.inputs] = kernel.T
        cut = padded.reshape(self.turned, panels, self.source_width).transpose(1, 0, 2)
        turned[self.WT : self.WT + padded.size] = cut.ravel()


class Layout:
    """The memory of a program's weights: banks of panels, and transposed copies of the layers that pass deltas down.

    Attributes
    ----------
    places : list of Place
        One for each op (an activation that stands alone has no weights, but a place in the row of panels).
    banks : ndarray, shape (1 + slots + 1, bank)
        Weights, the optimizer's memories, and the gradient.
    addresses : list of (int, int)
        Of each place's weights, and of its transposed copy: 0 if it needs none.
    copied : frozenset of int
        The places whose transposed copies are those of the weights.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.slots = len(program.memories)
        self.places: list[Place] = []
        top = turned_top = 0
        for i, op in enumerate(program.ops):
            width = width_of(op.outputs, program.dtype)
            place = Place(
                op=op, width=width, panels=-(-op.outputs // width), height=round_up(op.inputs, 16),
                source_width=width_of(op.inputs, program.dtype), turned=round_up(op.outputs, 16),
                thin=i >= program.depth - 1 and ends_thin(program),
            )  # fmt: skip
            if op.kind in ("dense", *NORMALIZATIONS):
                place.W, top = top, top + round_up(place.size, 16) + 16
                if op.kind == "dense" and i > 0 and not place.thin:
                    place.WT = turned_top
                    turned_top += place.turned * round_up(op.inputs, place.source_width) + 16 * LINE
            self.places.append(place)
        self.bank = (
            round_up(top + 16 * 32, 1024) + 80 * 4
        )  # not a multiple of a page: banks must not meet in the same cache sets
        self._memory = aligned((self.slots + 2) * self.bank, program.dtype)
        self.banks = self._memory.reshape(self.slots + 2, self.bank)
        self.turned = aligned(turned_top, program.dtype)
        begin, copies = address_of(self.banks), address_of(self.turned)
        self.addresses = [
            (begin + place.W * self.banks.itemsize, 0 if place.WT is None else copies + place.WT * self.turned.itemsize)
            for place in self.places
        ]
        self.copied: frozenset[int] = frozenset()
        for place in self.places:
            if place.op.kind in NORMALIZATIONS:  # where there is no gamma, it is 1 all the same
                place.vector(self.banks[0], "gamma")[:] = 1

    def get(self, bank: int) -> list[np.ndarray]:
        """The arrays of a bank, in the order of ``program.weight_shapes()``."""
        return [array for place in self.places if place.op.weights for array in place.get(self.banks[bank])]

    def put(self, bank: int, arrays: Sequence[np.ndarray]) -> None:
        """Fill a bank."""
        queue = iter(arrays)
        for place in self.places:
            place.put(self.banks[bank], {name: next(queue) for name in place.op.weights})
        self.copied = frozenset()

    def turn(self, kept: frozenset[int]) -> None:
        """Make the transposed copies of these places, if they are not; what comes keeps them, and no others."""
        for i in kept - self.copied:
            self.places[i].put_turned(self.turned, self.places[i].get(self.banks[0])[0])
        self.copied = kept

    def save(self, copy: np.ndarray) -> None:
        """Everything that a step changes into a copy of all banks but the last."""
        copy[...] = self.banks[:-1]

    def restore(self, copy: np.ndarray) -> None:
        """Back to what was saved."""
        self.banks[:-1] = copy
        self.banks[-1] = 0  # clipping by a norm that is NaN reaches the padding of gradients, too
        self.copied = frozenset()

    def finite(self) -> bool:
        return total_is_finite(self.banks[:-1]) or bool(np.isfinite(self.banks[:-1]).all())
