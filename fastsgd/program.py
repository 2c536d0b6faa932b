"""What to compute, as plain data: all that an engine knows of a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Op:
    """One step of the network.

    Parameters
    ----------
    kind : str
        "dense"; "activation", one that stands alone; "softmax", "log_softmax"; "layer_norm", "batch_norm"; "dropout",
        "alpha_dropout", "gaussian_dropout", "gaussian_noise"; "residual", the end of a residual block: its input plus
        what the block began with.
    inputs, outputs : int
        Features that come in and go out (equal but for "dense").
    use_bias : bool
        There is a bias, or of normalization beta.
    activation : str
        Name of a formula in ``kernels/activations.py``; for "dense" and "activation".
    constants : tuple of float
        The formula's parameters after the first, in its order. Normalization: epsilon, and momentum of the moving
        statistics. Dropout of all kinds: the rate; noise: the standard deviation.
    trainable : bool
        False: training leaves the weights as they are, and batch normalization goes by its moving statistics.
    use_scale : bool
        Normalization has gamma.
    block : int
        Steps of a residual block that come before its end.
    seed : int, optional
        Of the draws of dropout and noise; None: that of the training.
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

    @property
    def is_plain(self) -> bool:
        """Dense layers and activations only."""
        return all(op.is_plain for op in self.ops)

    @property
    def whole_batches(self) -> bool:
        """Some step needs all rows of a batch at once, in training."""
        return any(op.kind == "batch_norm" and op.trainable for op in self.ops)

    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the weight arrays in order, step by step: kernel (inputs, outputs), then bias (outputs,)."""
        return [shape for op in self.ops for shape in op.weights.values()]

    def trained(self) -> list[bool]:
        """For each of these arrays, whether the update rule changes it."""
        return [trained for op in self.ops for trained in op.trained]
