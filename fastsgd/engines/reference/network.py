"""The weights of a program, forward and backward through all its layers, and one step of its update rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...kernels import records
from ...kernels.source.arrays import update_arrays
from ...kernels.source.tables import update_table
from ...program import Finish, Op, Program
from .. import Hyper, draws
from .finish import Variable, finish, limited, penalty_slope
from .judgement import Judgement
from .layers import Activity, Dense, Layer, LogSoftmax, Moment, Scaling, Softmax
from .noise import Noise
from .normalization import BatchNorm, LayerNorm
from .order import row_order
from .run import ReferenceRun

KINDS: dict[str, type[Layer]] = {
    "dense": Dense, "activation": Dense, "softmax": Softmax, "log_softmax": LogSoftmax,
    "layer_norm": LayerNorm, "batch_norm": BatchNorm, **dict.fromkeys(draws.DRAWN, Noise),
    "residual": Layer, "activity": Activity, "scaling": Scaling,
}  # fmt: skip
BLOCK = 4096  # rows predicted at once: bounds the memory of activations


def views(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Consecutive pieces of a vector, in these shapes."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])
    return (
        [piece.reshape(shape) for piece, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)] if shapes else []
    )


def _cut(below: tuple[Op, ...], last: Op) -> tuple[Op, ...]:
    """The last activation as a step of its own, as the loss reads what goes into it."""
    if last.kind != "dense":
        return (*below, last)
    activation = Op("activation", last.outputs, last.outputs, activation=last.activation, constants=last.constants)
    return (*below, replace(last, activation="linear", constants=()), activation)


class ReferenceNetwork:
    """See :class:`fastsgd.engines.Network`. All weights lie in one vector, and so do their gradients and memories."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.shapes = program.weight_shapes()
        size = sum(math.prod(shape) for shape in self.shapes)
        rule = update_table()[program.rule] if program.rule else None
        self.slots = {name: np.zeros(size, program.dtype) for name in program.memories}
        self.w = np.zeros(size, program.dtype)
        self.g = np.zeros(size, program.dtype)
        ops = _cut(program.ops[:-1], program.ops[-1]) if program.on_logits else program.ops
        weights, gradients = iter(views(self.w, self.shapes)), iter(views(self.g, self.shapes))
        self.layers = [
            KINDS[op.kind](
                op,
                number,
                program.dtype,
                {name: next(weights) for name in op.weights},
                {name: next(gradients) for name in op.weights},
            )
            for number, op in enumerate(ops)
        ]
        self.judged = len(ops) - program.on_logits  # layers before what the loss reads
        if program.loss:
            self.judgement = Judgement(program)
        self.rule = rule

    def get_weights(self) -> list[np.ndarray]:
        return [w.copy() for w in views(self.w, self.shapes)]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        for old, new in zip(views(self.w, self.shapes), weights, strict=True):
            old[...] = new

    def get_slots(self) -> list[list[np.ndarray]]:
        return [[v.copy() for v in views(slot, self.shapes)] for slot in self.slots.values()]

    def set_slots(self, slots: Sequence[Sequence[np.ndarray]]) -> None:
        for slot, arrays in zip(self.slots.values(), slots, strict=True):
            for old, new in zip(views(slot, self.shapes), arrays, strict=True):
                old[...] = new

    # -- One pass
    def forward(self, x: np.ndarray, moment: Moment | None = None) -> tuple[np.ndarray, np.ndarray, list[Any]]:
        """Outputs, what the loss reads, and what each layer keeps for :meth:`backward`; no moment: no training."""
        inputs, tape = [x], []
        for layer in self.layers:
            x, kept = layer.forward(x, moment)
            if layer.op.kind == "residual":
                x = x + inputs[layer.number - layer.op.block]
            inputs.append(x)
            tape.append(kept)
        return x, inputs[self.judged], tape

    def activity(self, tape: list[Any]) -> float:
        """What regularizers of activity add to the losses of these rows, in all."""
        costs = (layer.cost(kept) for layer, kept in zip(self.layers, tape, strict=True) if isinstance(layer, Activity))
        return self.program.elements * sum(costs)

    def backward(self, tape: list[Any], Dp: np.ndarray, first: bool) -> None:
        """Gradients of all weights, from the slope of the loss at what it reads."""
        extra: dict[int, np.ndarray] = {}  # slopes at the inputs of layers that residual blocks begin with
        for layer, kept in zip(reversed(self.layers[: self.judged]), reversed(tape[: self.judged]), strict=True):
            i = layer.number
            if layer.op.kind == "residual":
                extra[i - layer.op.block] = extra.get(i - layer.op.block, 0) + Dp
            Dp = layer.backward(Dp, kept, first, below=i > 0)
            if i in extra and i > 0:
                Dp = Dp + extra.pop(i)

    def update(self, numbers: np.ndarray) -> None:
        """One step of the update rule on all weights."""
        assert self.rule is not None
        values = {"now": 1.0, **dict(zip(self.rule.numbers + records.FINISH, numbers, strict=False))}
        if self.program.deferred or not all(self.program.trained()):
            self._finish(values)
        else:
            update_arrays(self.rule, values, {"w": self.w, "g": self.g, **self.slots})

    def _finish(self, numbers: dict[str, float]) -> None:
        """The update of one array of weights after the other, from its whole gradient."""
        assert self.rule is not None
        options = self.program.finish or Finish()
        parts = {name: iter(views(slot, self.shapes)) for name, slot in self.slots.items()}
        decays = iter(options.decays)
        variables = []
        for layer in self.layers:
            for i, (name, trained) in enumerate(zip(layer.op.weights, layer.op.trained, strict=True)):
                w, g = layer.weights[name], layer.gradients[name]
                slots, decay = {letter: next(part) for letter, part in parts.items()}, next(decays, False)
                if not trained:
                    continue
                if layer.op.penalties:
                    g += penalty_slope(w, *layer.op.penalties[i])
                limits = layer.op.limits[i] if layer.op.limits else None
                variables.append(Variable(w, g, slots, decay, None if limits is None else partial(limited, limits)))
        finish(self.rule, numbers, variables, options.clip)

    def penalty(self) -> float:
        """What the regularizers add to the loss."""
        return self.program.penalty(views(self.w, self.shapes))

    # -- All rows
    def predict(self, x: np.ndarray, threads: int = 1) -> np.ndarray:
        p = np.empty((len(x), self.program.outputs), self.program.dtype)
        with np.errstate(all="ignore"):
            for rows in (slice(i, i + BLOCK) for i in range(0, len(x), BLOCK)):
                p[rows] = self.forward(x[rows])[0]
        return p

    def evaluate(
        self, x: np.ndarray, y: np.ndarray, threads: int = 1, weights: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        p = np.empty((len(x), self.program.outputs), self.program.dtype)
        total = 0.0
        with np.errstate(all="ignore"):
            for rows in (slice(i, i + BLOCK) for i in range(0, len(x), BLOCK)):
                p[rows], q, tape = self.forward(x[rows])
                total += self.judgement.total(q, y[rows], None if weights is None else weights[rows])
                total += self.activity(tape)
        return total / (len(x) * self.program.elements), p

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
        epochs: int = 1,
        threads: int = 1,
        most_threads: int = 0,
        keep_predictions: bool = False,
        weights: np.ndarray | None = None,
    ) -> ReferenceRun:
        predictions = np.zeros((len(x), self.program.outputs), self.program.dtype) if keep_predictions else None
        order = (lambda epoch: row_order(len(x), seed, first_epoch + epoch)) if shuffle else None
        return ReferenceRun(self, x, y, batch_size, hyper, step, seed, order, predictions, weights)
