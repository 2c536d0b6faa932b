"""Activations as layers with settings of their own: Softmax, ReLU, LeakyReLU, ELU; and Flatten, which does nothing."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from .. import activations
from ..arguments import not_yet
from ..losses import real_array
from ..program import Op
from .base import Layer
from .dense import Activation


class _Named(Activation):
    """An activation whose settings are those of the layer."""

    function: Any
    settings: tuple[str, ...] = ()

    def __init__(self, *values: Any, **more: Any) -> None:
        self.chosen = dict(zip(self.settings, values, strict=True))
        super().__init__(functools.partial(type(self).function, **self.chosen), **more)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activation"]
        return {**config, **self.chosen}

    def _shown(self) -> list[str]:
        return [f"{name}={value!r}" for name, value in self.chosen.items()]


class Softmax(_Named):
    """``exp(x) / sum(exp(x))`` over the features.

    Parameters
    ----------
    axis : int
        The features: -1 or 1.
    name, input_shape, input_dim
        See :class:`Layer`.

    Raises
    ------
    ValueError
        Another axis.
    """

    function, settings = activations.softmax, ("axis",)

    def __init__(self, axis: int = -1, **more: Any) -> None:
        super().__init__(axis, **more)


class ReLU(_Named):
    """See :func:`fastsgd.activations.relu` for the settings, and :class:`Layer` for the others."""

    function, settings = activations.relu, ("max_value", "negative_slope", "threshold")

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **more: Any
    ) -> None:
        super().__init__(max_value, negative_slope, threshold, **more)


class LeakyReLU(_Named):
    """``x if x > 0 else negative_slope x``; ``alpha`` is the old name. The function's default is 0.2, the layer's 0.3.

    Raises
    ------
    ValueError
        The slope is not finite, or was given by both names.
    """

    function, settings = activations.leaky_relu, ("negative_slope",)

    def __init__(self, negative_slope: float | None = None, *, alpha: float | None = None, **more: Any) -> None:
        if negative_slope is not None and alpha is not None:
            raise ValueError(
                f"alpha is the old name of negative_slope: got both, alpha={alpha!r}, negative_slope={negative_slope!r}"
            )
        slope = alpha if negative_slope is None else negative_slope
        super().__init__(0.3 if slope is None else slope, **more)


class ELU(_Named):
    """See :func:`fastsgd.activations.elu` for alpha, and :class:`Layer` for the others."""

    function, settings = activations.elu, ("alpha",)

    def __init__(self, alpha: float = 1.0, **more: Any) -> None:
        super().__init__(alpha, **more)


class Flatten(Layer):
    """Rows as one axis of features, which in a model they are already: there it does nothing.

    Parameters
    ----------
    data_format
        Not supported, as there are no channels.
    name, input_shape, input_dim
        See :class:`Layer`.
    """

    def __init__(self, data_format: Any = None, **more: Any) -> None:
        not_yet(data_format=data_format)
        super().__init__(**more)

    def __call__(self, inputs: Any, training: bool = False) -> np.ndarray:
        """An array of shape (n, ...) as (n, features)."""
        array = real_array("inputs", inputs)
        return array.reshape(len(array), -1)

    def op(self) -> Op | None:
        return None
