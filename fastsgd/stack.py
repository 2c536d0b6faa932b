"""A stack of layers and its weights: all of a model that is there before it learns anything."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .arguments import whole
from .identifiers import serialized
from .layers import InputLayer, Layer, made
from .layers.base import features_of, next_name, slice_of
from .layers.preprocessing import Preprocessing
from .names import lookup
from .program import Op
from .stack_weights import NotReadyError, StackWeights
from .summary import table
from .weights import Weights

DTYPES = {name: np.dtype(name) for name in ("float32", "float64")}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


class Stack(StackWeights):
    """Layers one after the other, their weights, and the generator that these are drawn from.

    Parameters, attributes and errors: see :class:`fastsgd.models.Sequential`.
    """

    def __init__(self, layers: Sequence[Layer] | None = None, name: str | None = None, seed: int | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name of a model must be text, got {name!r}")
        self.name = name or "sequential"
        self.seed = None if seed is None else whole("seed", seed, 0)
        own = np.random.SeedSequence(self.seed)
        self._rng = np.random.Generator(np.random.PCG64(own))
        self.shuffle_seed = int(own.spawn(1)[0].generate_state(1, np.uint64)[0])
        self.layers: list[Layer] = []
        self.preprocessing: list[Preprocessing] = []  # first layers that rows go through before an engine
        self.inputs: int | None = None
        self._weights = Weights()
        self._dtype = DTYPES["float32"]
        if isinstance(layers, (Layer, str)) or not isinstance(layers, Iterable | None):
            raise TypeError(f"layers must be a list, as in Sequential([Dense(1)]), got {layers!r}")
        for layer in layers or ():
            self.add(layer)

    # -- Layers -------------------------------------------------------------------------------------------------------
    @property
    def outputs(self) -> int | None:
        """Features that go out, as far as they are known."""
        features = self.inputs
        for layer in self.layers:
            features = layer.outputs(features)
        return features

    @property
    def input_shape(self) -> tuple[None, int | None]:
        return None, self.inputs

    @property
    def output_shape(self) -> tuple[None, int | None]:
        return None, self.outputs

    @property
    def dtype(self) -> str:
        """Of the weights and of all arithmetic: "float32" or "float64"."""
        return NAMES[self._dtype]

    @property
    def built(self) -> bool:
        """Whether there are weights."""
        return self.inputs is not None and bool(self.layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this index (negative ones count from the top).

        Raises
        ------
        ValueError
            There is none, or neither or both were given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer wants a name or an index, got name={name!r}, index={index!r}")
        if name is not None:
            return lookup("layer", name, {layer.name: layer for layer in self.layers})
        assert index is not None
        if not -len(self.layers) <= index < len(self.layers):
            raise ValueError(f"there is no layer at index {index}, the model has {len(self.layers)}")
        return self.layers[index]

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """``(rows, features)`` that go out where ``(rows, features)`` come in."""
        features = input_shape[-1]
        for layer in self.layers:
            features = layer.outputs(features)
        return *input_shape[:-1], features

    def get_config(self) -> dict[str, Any]:
        """Name and layers, from which :meth:`from_config` makes an equal stack with weights of its own."""
        config: dict[str, Any] = {"name": self.name, "layers": [serialized(layer) for layer in self.layers]}
        return config | ({} if self.inputs is None else {"build_input_shape": (None, self.inputs)})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new stack of such layers."""
        stack = cls([made(layer) for layer in config["layers"]], name=config.get("name"))
        if config.get("build_input_shape"):
            stack.build(tuple(config["build_input_shape"]))
        return stack

    def add(self, layer: Layer) -> None:
        """Put a layer on top. Its weights are drawn as soon as the number of the model's inputs is known.

        Raises
        ------
        TypeError
            It is no layer.
        ValueError
            It belongs to a model already, its name is taken, it is an Input on top of others, or it wants another
            number of inputs than it gets.
        """
        if not isinstance(layer, Layer):
            raise TypeError(f"a model is made of layers, got {layer!r} of type {type(layer).__name__}")
        if isinstance(layer, InputLayer):
            if self.layers or self.inputs is not None:
                raise ValueError("an Input comes first in a model, and once")
            self.inputs = layer.given_inputs
            return
        if layer.model is not None:
            raise ValueError(f"layer {layer.name!r} belongs to a model; weights are not shared, make a new layer")
        layer.check_inputs(layer.given_inputs if self.outputs is None else self.outputs)
        layer.name = self._name_for(layer)
        layer.model = self
        if isinstance(layer, Preprocessing) and len(self.preprocessing) == len(self.layers):
            self.preprocessing.append(layer)
        self.layers.append(layer)
        if self.inputs is not None:
            self._draw([layer])
        elif len(self.layers) == 1 and layer.given_inputs is not None:
            self.build(layer.given_inputs)

    def pop(self) -> Layer:
        """Take the uppermost layer off and return it; its weights, and the optimizer's memories, are gone.

        Raises
        ------
        ValueError
            There is none.
        """
        if not self.layers:
            raise ValueError("there is no layer to take off")
        layer = self.layers[-1]
        keep = slice_of(layer, self.layers).start
        self.layers.pop()
        del self.preprocessing[len(self.layers) :]
        self._weights.cut(keep)
        layer.model, layer.inputs = None, layer.given_inputs
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Draw the weights, for inputs of this shape.

        Parameters
        ----------
        input_shape : tuple of int or int, optional
            ``(None, features)``, ``(features,)``, or the number of features; not needed where the layers say it.

        Raises
        ------
        NotReadyError
            No layers, or the number of features is not known.
        ValueError
            Another number of features than the layers say.
        """
        if not self.layers:
            raise NotReadyError("the model has no layers: add some")
        if input_shape is None:
            if self.inputs is None:
                raise NotReadyError("the number of features is not known: build((None, features))")
            return
        pair = isinstance(input_shape, Sequence) and len(input_shape) == 2
        features = features_of("input_shape", input_shape[1:] if pair else input_shape)
        if self.inputs is not None:
            if self.inputs != features:
                raise ValueError(f"the model takes {self.inputs} features, build got input_shape={input_shape!r}")
            return
        below: int | None = features
        for layer in self.layers:
            layer.check_inputs(below)
            below = layer.outputs(below)
        self.inputs = features
        self._draw(self.layers)

    def _name_for(self, layer: Layer) -> str:
        """A name that no other layer has."""
        taken = {other.name for other in self.layers}
        if layer.named:
            if layer.name in taken:
                raise ValueError(f"there is a layer {layer.name!r} already; names of layers must be unique in a model")
            return layer.name
        return next_name(layer.kind, taken)

    def _draw(self, layers: Sequence[Layer]) -> None:
        """Initial weights of layers on top of those that have theirs."""
        arrays: list[np.ndarray] = []
        features = self.inputs
        for layer in self.layers:
            assert features is not None
            if layer in layers:
                layer.inputs = features
                arrays += layer.initial_weights(self._rng)
            features = layer.outputs(features)
        self._weights.extend(arrays)

    def _ops(self) -> tuple[Op, ...]:
        """The steps of the network; an error, if the layers as they are now cannot make one."""
        self._check_dtype(self.dtype)
        ops = tuple(op for layer in self.layers for op in layer.ops())
        return ops or (Op("activation", self.inputs or 1, self.inputs or 1),)

    def _check_dtype(self, dtype: str) -> None:
        for layer in self.layers:
            layer.check_dtype(dtype)

    # -- As a whole ---------------------------------------------------------------------------------------------------
    def summary(self, print_fn: Callable[[str], Any] | None = None) -> None:
        """Show layers, shapes and numbers of weights.

        Parameters
        ----------
        print_fn : callable, optional
            Called with the whole text; by default ``print``.
        """
        (print_fn or print)(table(self))

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # a copy that shared weights or optimizer with this one would be a trap

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for layer in self.layers:
            layer.model = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {', '.join(map(repr, self.layers)) or 'no layers'}>"
