"""The weights of a stack of layers, all of them and layer by layer, as the user sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .given_weights import checked
from .layers import Layer
from .layers.base import slice_of
from .weights import Weights


class NotReadyError(RuntimeError, ValueError):
    """The model must be built or compiled first. (Keras raised RuntimeError once, and ValueError now.)"""


class StackWeights:
    """What a stack has to say of its weights.

    Attributes
    ----------
    layers : list of Layer
    """

    name: str
    layers: list[Layer]
    _weights: Weights
    _dtype: np.dtype

    @property
    def built(self) -> bool:
        """Whether there are weights."""
        raise NotImplementedError

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, layer by layer: kernel (inputs, outputs), bias (outputs,).

        Raises
        ------
        NotReadyError
            The model is not built.
        """
        self._need_weights()
        arrays = self._weights.get()
        return [w for layer in self.layers for w in self._own(arrays[slice_of(layer, self.layers)], layer)]

    def _own(self, arrays: Sequence[np.ndarray], layer: Layer) -> list[np.ndarray]:
        """All weights of a layer: those that it keeps itself, and those of the engine."""
        return [*layer.kept(), *(w.astype(self._dtype, copy=False) for w in arrays)]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give the model weights in the order and the shapes of :meth:`get_weights`; the optimizer's memories stay.

        Raises
        ------
        NotReadyError
            The model is not built.
        TypeError
            No real numbers.
        ValueError
            Too many, too few, or of other shapes; nothing has changed then.
        """
        self._need_weights()
        self._weights.set(checked(weights, self.layers)())

    def layer_weights(self, layer: Layer) -> list[np.ndarray]:
        """Copies of one layer's weights, none before it is built."""
        return self._own(self._weights.get()[slice_of(layer, self.layers)], layer)

    def set_layer_weights(self, layer: Layer, weights: Sequence[Any]) -> None:
        """As :meth:`set_weights`, for one layer."""
        self._need_weights()
        given = checked(weights, [layer])
        arrays = self._weights.get()
        arrays[slice_of(layer, self.layers)] = given()
        self._weights.set(arrays)

    @property
    def weights(self) -> list[np.ndarray]:
        """:meth:`get_weights`; an empty list before there are any."""
        return self.get_weights() if self.built else []

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Copies of those that training changes."""
        return [w for layer in self.layers for w in layer.trainable_weights] if self.built else []

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Copies of those that it does not."""
        return [w for layer in self.layers for w in layer.non_trainable_weights] if self.built else []

    variables, trainable_variables, non_trainable_variables = weights, trainable_weights, non_trainable_weights

    def count_params(self, trainable: bool | None = None) -> int:
        """Number of weights.

        Parameters
        ----------
        trainable : bool, optional
            Count only those that training changes, or only the others.

        Raises
        ------
        NotReadyError
            The model is not built.
        """
        self._need_weights()
        total = sum(layer.count_params() for layer in self.layers)
        if trainable is None:
            return total
        changed = sum(
            math.prod(shape)
            for layer in self.layers
            for shape, trained in zip(layer.weight_shapes().values(), layer.trained(), strict=True)
            if trained
        )
        return changed if trainable else total - changed

    def _need_weights(self) -> None:
        if not self.built:
            raise NotReadyError(
                f"the model {self.name!r} is not built, it has no weights yet: begin it with Input((features,)), "
                "call build((None, features)), or fit it"
            )
