"""Layers: what the user writes down of a network. They hold settings; the weights are the model's.

Names, arguments and defaults are Keras 3's, and some old spellings of Keras 1 and 2.
"""

from __future__ import annotations

import math
import re
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import activations, initializers
from .arguments import whole
from .program import Op


def features_of(name: str, shape: Any) -> int:
    """Number of features that a shape without its first axis, or a plain number, stands for.

    Raises
    ------
    ValueError
        Another number of axes than one, or no whole number.
    """
    if isinstance(shape, Sequence) and not isinstance(shape, str):
        if len(shape) != 1:
            raise ValueError(f"{name} must have one axis, the features, as in (13,); got {tuple(shape)!r}")
        shape = shape[0]
    return whole(name, shape)


class Layer:
    """Base of all layers.

    Parameters
    ----------
    name : str, optional
        Unique in a model; by default the class's name in lower case, and a number if the model has that already.
    input_shape : tuple of int, optional
        ``(features,)``, for the first layer of a model that is to be built at once.
    input_dim : int, optional
        The same as a number.

    Attributes
    ----------
    inputs : int or None
        Features that come in, as far as they are known.

    Raises
    ------
    ValueError
        An argument out of range.
    """

    def __init__(self, *, name: str | None = None, input_shape: Any = None, input_dim: int | None = None) -> None:
        if name is not None and not isinstance(name, str):
            raise ValueError(f"name of a layer must be text, got {name!r}")
        if input_shape is not None and input_dim is not None:
            raise ValueError(f"input_shape and input_dim say the same; got both, {input_shape!r} and {input_dim!r}")
        self.named = name is not None
        self.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()
        self.name = name or self.kind
        self.inputs: int | None = None
        if input_shape is not None:
            self.inputs = features_of("input_shape", input_shape)
        elif input_dim is not None:
            self.inputs = whole("input_dim", input_dim)
        self.given_inputs = self.inputs
        self._model: weakref.ref[Any] | None = None

    # -- For the model
    def outputs(self, inputs: int | None) -> int | None:
        """Features that go out where so many come in; None: not known."""
        return inputs

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights by what they are, in order; none before ``inputs`` is known."""
        return {}

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Weights to begin with, float64; drawn from ``rng`` unless an initializer has a seed of its own."""
        return []

    def op(self) -> Op | None:
        """What an engine does for this layer; None: nothing."""
        return None

    @property
    def model(self) -> Any:
        """The model that the layer was added to, or None."""
        return None if self._model is None else self._model()

    @model.setter
    def model(self, model: Any) -> None:
        self._model = None if model is None else weakref.ref(model)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}  # a copied model takes its copied layers as its own

    # -- For the user
    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, int | None]:
        """``(rows, features)`` that go out where ``(rows, features)`` come in."""
        return input_shape[0], self.outputs(whole("input_shape[-1]", input_shape[-1]))

    def get_weights(self) -> list[np.ndarray]:
        """This layer's weights, copies: kernel (inputs, outputs), bias (outputs,); empty before the model is built."""
        return [] if self.model is None else self.model.layer_weights(self)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give this layer weights of the shapes of :meth:`get_weights`.

        Raises
        ------
        ValueError
            The layer is in no model, the model is not built, or the shapes differ.
        """
        if self.model is None:
            raise ValueError(f"layer {self.name!r} has no weights: it is in no model")
        self.model.set_layer_weights(self, weights)

    def count_params(self) -> int:
        """Number of weights; 0 before the number of inputs is known."""
        return sum(math.prod(shape) for shape in self.weight_shapes().values())

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal layer, without weights."""
        config: dict[str, Any] = {"name": self.name}
        return config if self.given_inputs is None else {**config, "input_dim": self.given_inputs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**config)

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({settings})"


class InputLayer(Layer):
    """The number of features, as a layer.

    Parameters
    ----------
    shape : tuple of int
        ``(features,)``; ``input_shape`` is its old name.
    name : str, optional

    Raises
    ------
    ValueError
        No shape, or not one axis.
    """

    def __init__(self, shape: Any = None, *, input_shape: Any = None, name: str | None = None) -> None:
        if (shape is None) == (input_shape is None):
            raise ValueError(f"shape must be given once, as in (13,); got shape={shape!r}, input_shape={input_shape!r}")
        super().__init__(name=name, input_shape=input_shape if shape is None else shape)

    def get_config(self) -> dict[str, Any]:
        return {"shape": (self.inputs,), "name": self.name}


def Input(shape: Any = None, *, name: str | None = None) -> InputLayer:
    """The first item of a model: ``Input((13,))`` or ``Input(shape=(13,))``. See :class:`InputLayer`."""
    return InputLayer(shape, name=name)


class _Activated(Layer):
    """A layer with an activation, which may be set anew; the engines know of it from the next fit on."""

    @property
    def activation(self) -> Any:
        """The function, see :func:`fastsgd.activations.get`."""
        return self._activation

    @activation.setter
    def activation(self, identifier: Any) -> None:
        self._activation = activations.get(identifier)
        self._formula = activations.formula(self._activation)


class Dense(_Activated):
    """``activation(x W + b)`` with weights W (inputs, units) and b (units,).

    Parameters
    ----------
    units : int
        Outputs; ``output_dim`` is its old name.
    activation : str, function or None
        See :mod:`fastsgd.activations`; None: linear.
    use_bias : bool
        ``bias`` is its old name.
    kernel_initializer : str, Initializer or dict
        By default "glorot_uniform". See :mod:`fastsgd.initializers`; ``init`` is its old name.
    bias_initializer : str, Initializer or dict
    name, input_shape, input_dim
        See :class:`Layer`.

    Raises
    ------
    ValueError, TypeError
        An argument out of range or of another kind, an unknown name, or an old and a new name together.
    """

    def __init__(
        self,
        units: int | None = None,
        activation: Any = None,
        use_bias: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = "zeros",
        *,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        output_dim: int | None = None,
        init: Any = None,
        bias: bool | None = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, input_dim=input_dim)
        self.units = whole("units", _renamed("units", units, "output_dim", output_dim))
        self.activation = activation
        use_bias = _renamed("use_bias", use_bias, "bias", bias)
        if not isinstance(use_bias, (bool, np.bool_, type(None))):
            raise TypeError(f"use_bias must be True or False, got {use_bias!r}")
        self.use_bias = use_bias is None or bool(use_bias)
        chosen = _renamed("kernel_initializer", kernel_initializer, "init", init)
        self.kernel_initializer = initializers.get(chosen)
        self.bias_initializer = initializers.get("zeros" if bias_initializer is None else bias_initializer)

    def outputs(self, inputs: int | None) -> int:
        return self.units

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        if self.inputs is None:
            return {}
        kernel: dict[str, tuple[int, ...]] = {"kernel": (self.inputs, self.units)}
        return kernel | {"bias": (self.units,)} if self.use_bias else kernel

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        makers = {"kernel": self.kernel_initializer, "bias": self.bias_initializer}
        return [makers[part].draw(shape, np.float64, rng) for part, shape in self.weight_shapes().items()]

    def op(self) -> Op:
        assert self.inputs is not None
        return Op("dense", self.inputs, self.units, self.use_bias, *self._formula)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }


class Activation(_Activated):
    """An activation as a layer of its own.

    Parameters
    ----------
    activation : str, function or None
        See :mod:`fastsgd.activations`.
    name, input_shape, input_dim
        See :class:`Layer`.

    Raises
    ------
    ValueError
        An unknown name.
    """

    def __init__(
        self, activation: Any, *, name: str | None = None, input_shape: Any = None, input_dim: int | None = None
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, input_dim=input_dim)
        self.activation = activation

    def op(self) -> Op:
        assert self.inputs is not None
        return Op("activation", self.inputs, self.inputs, False, *self._formula)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


def _renamed(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The one of two arguments that was given; ValueError if both were."""
    if value is not None and old_value is not None:
        raise ValueError(f"{old_name} is the old name of {name}: got both, {old_name}={old_value!r}, {name}={value!r}")
    return old_value if value is None else value
