"""What to compute, as plain data: all that an engine knows of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .kernels.source.tables import AVERAGE, GATHERED, row_loss_table, update_table


@dataclass(frozen=True)
class Limits:
    """A constraint on an array of weights after each update.

    Parameters
    ----------
    kind : {"nonnegative", "norm"}
        Of the norms along the first axis, or the elements.
    low, high, rate : float
        Of norms: what they are brought between, or which part of the way there.
    """

    kind: str
    low: float = 0.0
    high: float = 0.0
    rate: float = 1.0


@dataclass(frozen=True)
class Op:
    """One step of the network.

    Parameters
    ----------
    kind : str
        "dense"; "activation", one that stands alone; "softmax", "log_softmax"; "layer_norm", "batch_norm"; "dropout",
        "alpha_dropout", "gaussian_dropout", "gaussian_noise"; "residual", the end of a residual block: its input plus
        what the block began with; "activity": its outputs add to the loss; "scaling": each feature is scaled by itself.
    inputs, outputs : int
        Features that come in and go out (equal but for "dense").
    use_bias : bool
        There is a bias, or of normalization beta.
    activation : str
        Name of a formula in ``kernels/activations.py``; for "dense" and "activation".
    constants : tuple of float
        The formula's parameters after the first, in its order. Normalization: epsilon, and momentum of the moving
        statistics. Dropout of all kinds: the rate; noise: the standard deviation. Activity: l1 and l2 of
        ``l1 sum |a| + l2 sum a**2``, of which the mean over the rows counts. Scaling: shifts, factors and summands of
        all features, ``(x - shift) factor + summand``.
    trainable : bool
        False: training leaves the weights as they are, and batch normalization goes by its moving statistics.
    use_scale : bool
        Normalization has gamma.
    block : int
        Steps of a residual block that come before its end.
    seed : int, optional
        Of the draws of dropout and noise; None: that of the training.
    penalties : tuple of (float, float)
        For each array of weights l1 and l2: ``l1 sum |w| + l2 sum w**2`` adds to the loss; empty: none.
    limits : tuple of Limits or None
        For each array of weights; empty: none.
    """

    kind: str
    inputs: int
    outputs: int
    use_bias: bool = False
    activation: str = "linear"
    constants: tuple[float, ...] = ()
    trainable: bool = True
    use_scale: bool = False
    block: int = 0
    seed: int | None = None
    penalties: tuple[tuple[float, float], ...] = ()
    limits: tuple[Limits | None, ...] = ()

    @property
    def is_plain(self) -> bool:
        """A dense layer or an activation."""
        return self.kind in ("dense", "activation")

    @property
    def weights(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights by name, in order."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.kind == "dense":
            shapes["kernel"] = self.inputs, self.outputs
            if self.use_bias:
                shapes["bias"] = (self.outputs,)
        elif self.kind in ("layer_norm", "batch_norm"):
            vector = (self.outputs,)
            shapes = {"gamma": vector} if self.use_scale else {}
            if self.use_bias:
                shapes["beta"] = vector
            if self.kind == "batch_norm":
                shapes |= {"moving_mean": vector, "moving_variance": vector}
        return shapes

    @property
    def trained(self) -> tuple[bool, ...]:
        """For each of the weights, whether the update rule changes it."""
        return tuple(self.trainable and not name.startswith("moving_") for name in self.weights)


@dataclass(frozen=True)
class Finish:
    """What an update does with whole gradients beside its rule: see ``kernels/finish.py``.

    Parameters
    ----------
    clip : one of records.CLIPS, or None
    gather : int
        Gradients whose mean makes an update.
    average : bool
        Keep a moving average of the weights.
    decays : tuple of bool
        For each array of ``weight_shapes()`` whether it decays; empty: the rule sees to it.
    """

    clip: str | None = None
    gather: int = 1
    average: bool = False
    decays: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Program:
    """A network with its loss and its update rule.

    Parameters
    ----------
    ops : tuple of Op
    dtype : numpy.dtype
        float32 or float64; of the weights and of every product.
    loss, rule : str or None
        Names of formulas in ``kernels/losses.py`` (or ``row_losses.py``) and ``kernels/updates.py``; None: the program
        only predicts.
    loss_constants : tuple of float
        The loss formula's parameters after ``p, y``.
    loss_elements : int, optional
        Losses of a row that are averaged; None: one for each output.
    targets : int, optional
        Columns of y; None: one for each output.
    labels : bool
        y holds numbers of classes, int64, shape (n, 1); a row loss takes them as 1 for that class, 0 for the others.
    on_logits : bool
        The loss takes what goes into the last activation, a sigmoid or a softmax, instead of what comes out of it.
    finish : Finish or None
        What updates do beside the rule.
    """

    ops: tuple[Op, ...]
    dtype: np.dtype
    loss: str | None = None
    loss_constants: tuple[float, ...] = ()
    rule: str | None = None
    loss_elements: int | None = None
    targets: int | None = None
    labels: bool = False
    on_logits: bool = False
    finish: Finish | None = None

    @cached_property
    def memories(self) -> str:
        """Letters of what an update keeps of each weight: the rule's slots, a moving average, a sum of gradients."""
        finish = self.finish or Finish()
        slots = update_table()[self.rule].slots if self.rule else ""
        return slots + AVERAGE * finish.average + GATHERED * (finish.gather > 1)

    @cached_property
    def deferred(self) -> bool:
        """Updates need whole gradients: they cannot be done tile by tile as gradients arise."""
        return bool(self.rule) and (
            self.finish is not None
            or self.regularized
            or any((op.weights and not op.trainable) or any(op.limits) for op in self.ops)
        )

    @cached_property
    def regularized(self) -> bool:
        """Weights add to the loss."""
        return any(op.trainable and any(map(any, op.penalties)) for op in self.ops)

    def penalty(self, weights: Sequence[np.ndarray]) -> float:
        """What the regularizers add to the loss, for arrays in the order of :meth:`weight_shapes`."""
        queue = iter(weights)
        total = 0.0
        for op in self.ops:
            arrays = [next(queue) for _ in op.weights]
            for w, (l1, l2) in zip(arrays, op.penalties if op.trainable else (), strict=False):
                w = w.astype(np.float64)
                total += l1 * float(np.abs(w).sum()) + l2 * float(np.square(w).sum())
        return total

    @property
    def inputs(self) -> int:
        return self.ops[0].inputs

    @property
    def outputs(self) -> int:
        return self.ops[-1].outputs

    @cached_property
    def has_head(self) -> bool:
        """The last step is a softmax that only predictions go through, as the loss takes what goes into it."""
        return self.on_logits and self.ops[-1].kind == "softmax" and len(self.ops) > 1

    @property
    def depth(self) -> int:
        """Steps that training goes through."""
        return len(self.ops) - self.has_head

    @cached_property
    def is_plain(self) -> bool:
        """Training goes through dense layers and activations only."""
        return all(op.is_plain for op in self.ops[: self.depth])

    @cached_property
    def costs_activity(self) -> bool:
        """Outputs of some step add to the loss."""
        return any(op.kind == "activity" for op in self.ops)

    @cached_property
    def whole_batches(self) -> bool:
        """Some step needs all rows of a batch at once, in training."""
        return any(op.kind == "batch_norm" and op.trainable for op in self.ops)

    @property
    def elements(self) -> int:
        """What a row's losses are divided by."""
        return self.loss_elements or self.outputs

    @cached_property
    def by_row(self) -> bool:
        """The loss is one of whole rows."""
        return self.loss in row_loss_table()

    @cached_property
    def products(self) -> int:
        """Multiplications of a row on its way through the dense layers."""
        return sum(op.inputs * op.outputs for op in self.ops if op.kind == "dense")

    @cached_property
    def flops_per_row(self) -> int:
        """Arithmetic of one row in training: three products a dense layer, and some for a number of any other."""
        return 6 * self.products + sum(50 * op.outputs for op in self.ops if op.kind != "dense")

    @cached_property
    def numbers_per_row(self) -> int:
        """Numbers that all steps put out for a row."""
        return sum(op.outputs for op in self.ops)

    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weight arrays in order, step by step: kernel (inputs, outputs), then bias (outputs,)."""
        return [shape for op in self.ops for shape in op.weights.values()]

    def trained(self) -> list[bool]:
        """For each of these arrays, whether the update rule changes it."""
        return [trained for op in self.ops for trained in op.trained]
