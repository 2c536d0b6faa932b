"""What to compute, as plain data: all that an engine knows of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Op:
    """One step of the network: a dense layer, or an activation that stands alone.

    Parameters
    ----------
    kind : {"dense", "activation"}
    inputs, outputs : int
        Features that come in and go out (equal for an activation).
    use_bias : bool
    activation : str
        Name of a formula in ``kernels/activations.py``.
    constants : tuple of float
        The formula's parameters after the first, in its order.
    trainable : bool
        False: training leaves the weights as they are.
    """

    kind: str
    inputs: int
    outputs: int
    use_bias: bool = False
    activation: str = "linear"
    constants: tuple[float, ...] = ()
    trainable: bool = True


@dataclass(frozen=True)
class Program:
    """A network with its loss and its update rule.

    Parameters
    ----------
    ops : tuple of Op
    dtype : numpy.dtype
        float32 or float64; of the weights and of every product.
    loss, rule : str or None
        Names of formulas in ``kernels/losses.py`` and ``kernels/updates.py``; None: the program only predicts.
    loss_constants : tuple of float
        The loss formula's parameters after ``p, y``.
    """

    ops: tuple[Op, ...]
    dtype: np.dtype
    loss: str | None = None
    loss_constants: tuple[float, ...] = ()
    rule: str | None = None

    @property
    def inputs(self) -> int:
        return self.ops[0].inputs

    @property
    def outputs(self) -> int:
        return self.ops[-1].outputs

    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weight arrays in order: kernel (inputs, outputs), then bias (outputs,), layer by layer."""
        shapes: list[tuple[int, ...]] = []
        for op in self.ops:
            if op.kind == "dense":
                shapes.append((op.inputs, op.outputs))
                if op.use_bias:
                    shapes.append((op.outputs,))
        return shapes
