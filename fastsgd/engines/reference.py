"""The NumPy engine: the whole of training as in a textbook, one equation a line.

It is what the compiled engines are measured against and checked with. Its formulas come from the one source; the matrix
products and the loop are its own, so that a fault in either shows. Products are NumPy's: the bits of a row's output
may depend on the rows beside it.

::

    x (B, K) inputs    W (K, N), b (N,) weights    z = x W + b    a = f(z) outputs    L loss    Dz = dL/dz and so on
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np

from ..kernels import source
from ..program import Op, Program
from . import Diverged, Hyper

BLOCK = 4096  # rows worked on at once: bounds the memory of activations, whatever the batch
MOMENT = 0.03  # seconds of an `advance`
STEPS = 1024  # steps whose hyperparameters are asked for at once


# -- Order of rows
@cache
def _shuffle() -> dict[str, Callable[..., Any]]:
    return source.load({"__name__": __name__, "u64": np.uint64, "i64": np.int64}, ("shuffle",))


def row_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Rows 0..n-1 in the order of an epoch: ``permute`` of ``kernels/shuffle.py``, with its draws in whole arrays.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64.
    """
    one = np.ones(1, np.uint64)  # an array, as NumPy's scalars warn where they wrap around
    state = _shuffle()["epoch_state"](one * np.uint64(seed), one * np.uint64(epoch))
    order = array("q", bytes(8 * n))
    for start in range(0, n, 1 << 16):
        rows = np.arange(start, min(start + (1 << 16), n), dtype=np.uint64)
        for i, j in enumerate(_shuffle()["place"](state, rows).tolist(), start):
            order[i] = order[j]
            order[j] = i
    return np.frombuffer(order, np.int64)


# -- Layers
class _Layer:
    """One op: its formulas, and views of its weights and of their gradient."""

    def __init__(self, op: Op, dtype: np.dtype, weights: list[np.ndarray], gradients: list[np.ndarray]) -> None:
        formulas = source.on_arrays(dtype.type)  # type: ignore[arg-type]
        self.op = op
        self.f, self.f_slope = formulas[op.activation], formulas[f"{op.activation}_slope"]
        self.from_output = source.activation_table()[op.activation].from_output
        self.constants = [dtype.type(c) for c in op.constants]
        self.W: Any = weights.pop(0) if op.kind == "dense" else None
        self.DW: Any = gradients.pop(0) if op.kind == "dense" else None
        self.b: Any = weights.pop(0) if op.use_bias else None
        self.Db: Any = gradients.pop(0) if op.use_bias else None

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pre-activations and outputs."""
        z = x if self.W is None else x @ self.W
        if self.b is not None:
            z += self.b
        a = z if self.op.activation == "linear" else self.f(z, *self.constants)
        return z, a

    def through_activation(self, Da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
        """Dz of Da."""
        if self.op.activation == "linear":
            return Da
        return Da * self.f_slope(a if self.from_output else z, *self.constants)

    def learn(self, Dz: np.ndarray, x: np.ndarray, first: bool) -> None:
        """Gradient of the weights over these rows: set by the first block of a batch, added to by the others."""
        if self.W is not None:
            if first:
                np.matmul(x.T, Dz, out=self.DW)
            else:
                self.DW += x.T @ Dz
        if self.b is not None:
            self.Db[...] = Dz.sum(axis=0) + (0 if first else self.Db)

    def backward(self, Dz: np.ndarray) -> np.ndarray:
        """Da of the layer below."""
        return Dz if self.W is None else Dz @ self.W.T


def _views(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Consecutive pieces of a vector, in these shapes."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    return (
        [piece.reshape(shape) for piece, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)] if shapes else []
    )


# -- Network
class ReferenceNetwork:
    """See :class:`fastsgd.engines.Network`. All weights lie in one vector, and so do their gradients and memories."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.shapes = program.weight_shapes()
        size = sum(math.prod(shape) for shape in self.shapes)
        rule = source.update_table()[program.rule] if program.rule else None
        self.slots = {name: np.zeros(size, program.dtype) for name in (rule.slots if rule else "")}
        self.w = np.zeros(size, program.dtype)
        self.g = np.zeros(size, program.dtype)
        weights, gradients = _views(self.w, self.shapes), _views(self.g, self.shapes)
        self.layers = [_Layer(op, program.dtype, weights, gradients) for op in program.ops]
        formulas = source.on_arrays(program.dtype.type)  # type: ignore[arg-type]
        self.loss_constants = [program.dtype.type(c) for c in program.loss_constants]
        if program.loss:
            self.loss, self.loss_slope = formulas[program.loss], formulas[f"{program.loss}_slope"]
        self.numbers = rule.numbers if rule else ()
        self.rule = [
            (x, formulas[f"{program.rule}_{x}"], source.signatures("updates")[f"{program.rule}_{x}"])
            for x in (rule.assigns if rule else "")
        ]

    def get_weights(self) -> list[np.ndarray]:
        return [w.copy() for w in _views(self.w, self.shapes)]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        for old, new in zip(_views(self.w, self.shapes), weights, strict=True):
            old[...] = new

    def get_slots(self) -> list[list[np.ndarray]]:
        return [[v.copy() for v in _views(slot, self.shapes)] for slot in self.slots.values()]

    def set_slots(self, slots: Sequence[Sequence[np.ndarray]]) -> None:
        for slot, arrays in zip(self.slots.values(), slots, strict=True):
            for old, new in zip(_views(slot, self.shapes), arrays, strict=True):
                old[...] = new

    # -- One pass
    def forward(self, x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Inputs x, pre-activations z and outputs a of every layer."""
        tape = []
        for layer in self.layers:
            z, a = layer.forward(x)
            tape.append((x, z, a))
            x = a
        return tape

    def total_loss(self, p: np.ndarray, y: np.ndarray) -> float:
        """Sum over all elements."""
        return float(self.loss(p, y, *self.loss_constants).sum(dtype=np.float64))

    def backward(self, tape: list[tuple[np.ndarray, np.ndarray, np.ndarray]], Da: np.ndarray, first: bool) -> None:
        """Gradients of all weights, from dL/da of the last layer."""
        for layer, (x, z, a) in zip(reversed(self.layers), reversed(tape), strict=True):
            Dz = layer.through_activation(Da, z, a)
            layer.learn(Dz, x, first)
            if layer is not self.layers[0]:
                Da = layer.backward(Dz)

    def update(self, numbers: np.ndarray) -> None:
        """One step of the update rule on all weights."""
        values = dict(zip(self.numbers, numbers, strict=True), w=self.w, g=self.g, **self.slots)
        for x, formula, parameters in self.rule:
            values[x][...] = formula(*(values[p] for p in parameters))

    # -- All rows
    def predict(self, x: np.ndarray, threads: int = 1) -> np.ndarray:
        p = np.empty((len(x), self.program.outputs), self.program.dtype)
        with np.errstate(all="ignore"):
            for rows in (slice(i, i + BLOCK) for i in range(0, len(x), BLOCK)):
                p[rows] = self.forward(x[rows])[-1][-1]
        return p

    def evaluate(self, x: np.ndarray, y: np.ndarray, threads: int = 1) -> tuple[float, np.ndarray]:
        p = self.predict(x)
        with np.errstate(all="ignore"):
            total = sum(self.total_loss(p[i : i + BLOCK], y[i : i + BLOCK]) for i in range(0, len(x), BLOCK))
        return total / p.size, p

    def training(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        batch_size: int,
        hyper: Hyper,
        step: int,
        shuffle: bool,
        seed: int,
        first_epoch: int,
        threads: int = 1,
        keep_predictions: bool = False,
    ) -> ReferenceRun:
        predictions = np.zeros((len(x), self.program.outputs), self.program.dtype) if keep_predictions else None
        order = (lambda epoch: row_order(len(x), seed, first_epoch + epoch)) if shuffle else None
        return ReferenceRun(self, x, y, batch_size, hyper, step, order, predictions)


# -- Training
class ReferenceRun:
    """See :class:`fastsgd.engines.Run`."""

    def __init__(
        self,
        network: ReferenceNetwork,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int,
        hyper: Hyper,
        step: int,
        order_of: Callable[[int], np.ndarray] | None,
        predictions: np.ndarray | None,
    ) -> None:
        self.network, self.x, self.y = network, x, y
        self.batch_size, self.hyper, self.order_of = batch_size, hyper, order_of
        self.epoch, self.batch, self.step = 0, 0, step
        self.losses: list[float] = []
        self.running_loss = math.nan
        self.predictions = predictions
        self._batches = -(-len(x) // batch_size)  # of an epoch
        self._done = 0  # rows of the current batch whose gradient is in already
        self._batch_total = 0.0  # their losses
        self._total = 0.0  # losses of the whole batches of this epoch
        self._order: np.ndarray | None = None
        self._safe: tuple[list[np.ndarray], int] | None = None  # weights and memories after so many epochs, finite
        self._numbers = np.empty((0, 0))  # hyperparameters of the steps from _numbers_step on
        self._numbers_step = self._last_step = self._first_step = step

    def __enter__(self) -> ReferenceRun:
        return self

    def __exit__(self, *exc: object) -> None:
        if not any(exc) and self.step > self._first_step and not self._finite():
            last = (self.epoch, self.batch - 1) if self.batch else (self.epoch - 1, self._batches - 1)
            raise self._diverged(*last)

    def advance(self, epoch: int, batches: int | None = None) -> None:
        until = perf_counter() + MOMENT
        self._last_step = sys.maxsize if batches is None else self.step + batches
        self._numbers = self._numbers[:0]  # they may have been changed meanwhile
        with np.errstate(all="ignore"):
            while self.epoch < epoch and self.step < self._last_step:
                self._block()
                if perf_counter() > until:
                    break

    def _block(self) -> None:
        """The next rows of the batch: forward, loss, backward; after its last ones the update."""
        if self.batch == 0 and self._done == 0:
            self._begin_epoch()
        net, outputs = self.network, self.network.program.outputs
        start = self.batch * self.batch_size
        B = min(self.batch_size, len(self.x) - start)
        block = slice(start + self._done, start + min(self._done + BLOCK, B))
        rows = block if self._order is None else self._order[block]

        y = self.y[rows]
        tape = net.forward(self.x[rows])
        p = tape[-1][-1]
        total = net.total_loss(p, y)
        if not math.isfinite(total):
            raise self._diverged(self.epoch, self.batch)
        Dp = net.loss_slope(p, y, *net.loss_constants) * p.dtype.type(1 / (B * outputs))
        net.backward(tape, Dp, first=self._done == 0)

        if self.predictions is not None:
            self.predictions[rows] = p
        self._batch_total += total
        self._done += len(y)
        if self._done == B:
            net.update(self._hyper())
            self._finish_batch(start + B)

    def _begin_epoch(self) -> None:
        self._order = self.order_of(self.epoch) if self.order_of else None
        if self._safe is None or self._finite():
            self._safe = [a.copy() for a in self._state], self.epoch
        self._total = 0.0

    def _hyper(self) -> np.ndarray:
        """The update rule's numbers for this step."""
        if not 0 <= self.step - self._numbers_step < len(self._numbers):
            t = np.arange(self.step, min(self.step + STEPS, self._last_step), dtype=np.int64)
            self._numbers, self._numbers_step = self.hyper(t).astype(self.network.program.dtype), self.step
        return self._numbers[self.step - self._numbers_step]

    def _finish_batch(self, rows: int) -> None:
        """Count a batch, and the epoch if it was its last; ``rows`` of the epoch are done."""
        self._total += self._batch_total
        self.running_loss = self._total / (rows * self.network.program.outputs)
        self._done, self._batch_total = 0, 0.0
        self.step += 1
        self.batch += 1
        if rows == len(self.x):
            self.epoch, self.batch = self.epoch + 1, 0
            self.losses.append(self.running_loss)

    # -- Divergence: of the first batch whose loss is not finite, or of the last one if the weights end not finite
    @property
    def _state(self) -> list[np.ndarray]:
        """All that an update changes."""
        return [self.network.w, *self.network.slots.values()]

    def _finite(self) -> bool:
        return all(np.isfinite(a).all() for a in self._state)

    def _diverged(self, epoch: int, batch: int) -> Diverged:
        """The error, after everything has been put back to the end of the last epoch that ended finite."""
        assert self._safe is not None
        arrays, self.epoch = self._safe
        for now, safe in zip(self._state, arrays, strict=True):
            now[...] = safe
        self.step, self.batch, self._done, self._batch_total = self._first_step + self.epoch * self._batches, 0, 0, 0.0
        del self.losses[self.epoch :]
        return Diverged(epoch, batch)


class ReferenceEngine:
    """See :class:`fastsgd.engines.Engine`."""

    name = "numpy"

    def network(self, program: Program) -> ReferenceNetwork:
        return ReferenceNetwork(program)
