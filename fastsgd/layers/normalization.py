"""Layers that give their inputs mean 0 and variance 1, and learn another scale and shift."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .. import constraints, initializers, regularizers
from ..arguments import flag, not_yet, number
from ..identifiers import serialized
from ..program import Op
from .base import Layer, weighed


class _Normalizing(Layer):
    """gamma and beta, and their settings."""

    step: str  # kind of its Op

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.regularizers = {"gamma": regularizers.get(gamma_regularizer), "beta": regularizers.get(beta_regularizer)}
        self.constraints = {"gamma": constraints.get(gamma_constraint), "beta": constraints.get(beta_constraint)}
        self._weighed(("gamma", "beta"))
        self.axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        if self.axis not in (-1, 1) or isinstance(self.axis, bool):
            raise ValueError(f"axis must be -1 or 1, the features, got {axis!r}")
        self.epsilon = number("epsilon", epsilon, 0)
        self.center, self.scale = flag("center", center), flag("scale", scale)
        self.initializers = {
            "gamma": initializers.chosen(gamma_initializer, "ones"),
            "beta": initializers.chosen(beta_initializer, "zeros"),
        }

    @property
    def gamma(self) -> np.ndarray | None:
        """A copy; None without one, or before there are weights."""
        return self._weight("gamma")

    @property
    def beta(self) -> np.ndarray | None:
        """A copy; None without one, or before there are weights."""
        return self._weight("beta")

    def op(self) -> Op:
        assert self.inputs is not None
        op = Op(
            self.step, self.inputs, self.inputs, use_bias=self.center, use_scale=self.scale,
            constants=self._constants(), trainable=self.trainable,
        )  # fmt: skip
        return replace(op, **self._weighed(tuple(op.weights)))

    def _weighed(self, parts: tuple[str, ...]) -> dict[str, Any]:
        return weighed((self.regularizers.get(part), self.constraints.get(part)) for part in parts)

    def _constants(self) -> tuple[float, ...]:
        return (self.epsilon,)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        return {} if self.inputs is None else self.op().weights

    def trained(self) -> tuple[bool, ...]:
        return () if self.inputs is None else self.op().trained

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        return [self.initializers[part].draw(shape, np.float64, rng) for part, shape in self.weight_shapes().items()]

    def get_config(self) -> dict[str, Any]:
        config = {"axis": self.axis, "epsilon": self.epsilon, "center": self.center, "scale": self.scale}
        made = {f"{part}_initializer": initializers.serialize(maker) for part, maker in self.initializers.items()}
        weighed = {
            f"{part}_{what}": None if item is None else serialized(item)
            for what, chosen in (("regularizer", self.regularizers), ("constraint", self.constraints))
            for part, item in chosen.items()
        }
        return {**super().get_config(), **config, **made, **weighed}


class LayerNormalization(_Normalizing):
    """Normalizes each row over its features: ``gamma (x - mean) / sqrt(variance + epsilon) + beta``.

    Ba, Kiros and Hinton, 2016. Weights: gamma (features,), beta (features,).

    Parameters
    ----------
    axis : int
        The features: -1 or 1.
    epsilon : float >= 0
    center, scale : bool
        Whether there is beta, and gamma.
    beta_initializer, gamma_initializer : str, Initializer or dict
    beta_regularizer, gamma_regularizer : str, Regularizer or dict, optional
    beta_constraint, gamma_constraint : str, Constraint or dict, optional
    name, input_shape, input_dim, trainable
        See :class:`Layer`.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind, or out of range.
    """

    step = "layer_norm"


class BatchNormalization(_Normalizing):
    """Normalizes each feature over the rows of the batch; in predictions by moving mean and variance.

    Ioffe and Szegedy, 2015. Weights: gamma, beta, moving_mean, moving_variance, each (features,); after each batch
    ``moving = momentum moving + (1 - momentum) batch's``, with the biased variance, as in Keras. A layer with
    ``trainable = False`` goes by its moving statistics in training, too. All rows of a batch are worked on at once:
    memory grows with ``batch_size``.

    Parameters
    ----------
    axis : int
        The features: -1 or 1.
    momentum : float in [0, 1]
        Of the moving statistics.
    moving_mean_initializer, moving_variance_initializer : str, Initializer or dict
    renorm, renorm_clipping, renorm_momentum, synchronized
        Not supported.
    others
        See :class:`LayerNormalization`.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind, or out of range.
    """

    step = "batch_norm"

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **settings: Any,
    ) -> None:
        not_yet(synchronized=synchronized or None, renorm=renorm or None, renorm_clipping=renorm_clipping)
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
            beta_constraint, gamma_constraint, **settings,
        )  # fmt: skip
        self.momentum = number("momentum", momentum, 0, 1)
        self.initializers |= {
            "moving_mean": initializers.chosen(moving_mean_initializer, "zeros"),
            "moving_variance": initializers.chosen(moving_variance_initializer, "ones"),
        }

    @property
    def moving_mean(self) -> np.ndarray | None:
        """A copy; None before there are weights."""
        return self._weight("moving_mean")

    @property
    def moving_variance(self) -> np.ndarray | None:
        """A copy; None before there are weights."""
        return self._weight("moving_variance")

    def _constants(self) -> tuple[float, ...]:
        return self.epsilon, self.momentum

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum}
