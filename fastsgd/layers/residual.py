"""Skip connections: a block of layers whose inputs are added to its outputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..identifiers import serialized
from ..program import Op
from .base import InputLayer, Layer, next_name, slice_of
from .preprocessing import Preprocessing


class Residual(Layer):
    """``x + F(x)``, with F the layers of a list, one after the other (He et al., 2016).

    Parameters
    ----------
    layers : sequence of Layer
        As many features go out of the last as come into the first. They may be residual blocks themselves.
    name, input_shape, input_dim, trainable
        See :class:`Layer`; not trainable: none of the layers is.

    Attributes
    ----------
    layers : list of Layer

    Raises
    ------
    TypeError
        Something that is no layer.
    ValueError
        No layers, a layer that belongs to a model, or numbers of features that do not fit.

    Examples
    --------
    >>> from fastsgd.layers import Dense, LayerNormalization
    >>> block = Residual([LayerNormalization(), Dense(64, "relu"), Dense(16)], input_dim=16)
    """

    def __init__(self, layers: Sequence[Layer], **settings: Any) -> None:
        if isinstance(layers, (Layer, str)) or not isinstance(layers, Sequence):
            raise TypeError(f"layers must be a list, as in Residual([Dense(8)]), got {layers!r}")
        self.layers: list[Layer] = []
        super().__init__(**settings)
        for layer in layers:
            self._add(layer)
        if not self.layers:
            raise ValueError("layers of a residual block must be one at least, got none")
        self.outputs(self.inputs)
        self.inputs = self.inputs

    def _add(self, layer: Any) -> None:
        if not isinstance(layer, Layer) or isinstance(layer, InputLayer):
            raise TypeError(f"a residual block is made of layers, got {layer!r} of type {type(layer).__name__}")
        if isinstance(layer, Preprocessing):
            raise TypeError(
                f"layer {layer.name!r} cannot stand in a residual block: put it before the block, or behind it"
            )
        if layer.model is not None:
            raise ValueError(f"layer {layer.name!r} belongs to a model; weights are not shared, make a new layer")
        taken = {other.name for other in self.layers}
        if layer.named and layer.name in taken:
            raise ValueError(f"there is a layer {layer.name!r} already; names must be unique in a residual block")
        layer.name = layer.name if layer.named else next_name(layer.kind, taken)
        layer.model = self
        self.layers.append(layer)

    # -- Shapes
    @property
    def inputs(self) -> int | None:
        """Features that come in, as far as they are known; the layers are told."""
        return self._inputs

    @inputs.setter
    def inputs(self, inputs: int | None) -> None:
        self._inputs = inputs
        for layer in self.layers:
            layer.inputs = layer.given_inputs if inputs is None else inputs
            inputs = layer.outputs(layer.inputs)

    def outputs(self, inputs: int | None) -> int | None:
        features = inputs
        for layer in self.layers:
            layer.check_inputs(features)
            features = layer.outputs(features)
        if None not in (inputs, features) and features != inputs:
            raise ValueError(
                f"layer {self.name!r} adds its inputs to its outputs, but (None, {inputs}) comes in and "
                f"(None, {features}) goes out of its last layer, {self.layers[-1].name!r}"
            )
        return inputs if features is None else features

    def check_dtype(self, dtype: str) -> None:
        super().check_dtype(dtype)
        for layer in self.layers:
            layer.check_dtype(dtype)

    # -- Weights
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            f"{part} of {layer.name}": shape for layer in self.layers for part, shape in layer.weight_shapes().items()
        }

    def trained(self) -> tuple[bool, ...]:
        return tuple(trained and self.trainable for layer in self.layers for trained in layer.trained())

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        return [array for layer in self.layers for array in layer.initial_weights(rng)]

    @property
    def built(self) -> bool:
        """Whether there are weights."""
        return self.model is not None and self.model.built

    def layer_weights(self, layer: Layer) -> list[np.ndarray]:
        """Copies of the weights of one of the layers, none before the model is built."""
        return self.get_weights()[slice_of(layer, self.layers)]

    def set_layer_weights(self, layer: Layer, weights: Sequence[Any]) -> None:
        """Give one of the layers weights."""
        wanted = len(layer.weight_shapes())
        if len(weights) != wanted:
            raise ValueError(f"weights has {len(weights)} arrays, layer {layer.name!r} has {wanted}")
        arrays = self.get_weights()
        arrays[slice_of(layer, self.layers)] = weights
        self.set_weights(arrays)

    # -- For the engines
    def ops(self) -> tuple[Op, ...]:
        assert self.inputs is not None
        inner = [op for layer in self.layers for op in layer.ops()] or [Op("activation", self.inputs, self.inputs)]
        if not self.trainable:
            inner = [dataclasses.replace(op, trainable=False) for op in inner]
        return *inner, Op("residual", self.inputs, self.inputs, block=len(inner))

    # -- As a whole
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layers": [serialized(layer) for layer in self.layers]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Residual:
        from . import made  # all layers, of which this is one

        return cls(**{**config, "layers": [made(layer) for layer in config["layers"]]})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for layer in self.layers:
            layer.model = self

    def _shown(self) -> list[str]:
        return [repr(self.layers)]
