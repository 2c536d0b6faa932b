"""Layers that compute: Dense, and Activation."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from .. import activations, constraints, initializers, regularizers
from ..arguments import flag, whole
from ..identifiers import serialized
from ..program import Op
from .base import Layer, weighed

_op = lru_cache(maxsize=4096)(Op)  # every fit asks all layers, and equal programs compare faster if they are the same


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

    def _shown(self) -> list[str]:
        named = activations.serialize(self._activation)
        return [repr(named if isinstance(named, str) else named["class_name"])]

    def _step(self, kind: str, inputs: int, outputs: int, use_bias: bool) -> tuple[Op, ...]:
        """Op of this kind with the activation; behind it, if that is one of whole rows."""
        name, constants = self._formula
        if name in activations.OF_ROWS:
            if outputs == 1:
                warnings.warn(
                    f"layer {self.name!r}: {name} of a single feature is always {int(name == 'softmax')}, so that "
                    "nothing is learned; of two classes, one output with a sigmoid tells the probability of the second",
                    stacklevel=2,
                )
            own = (Op(kind, inputs, outputs, use_bias, trainable=self.trainable),) if kind == "dense" else ()
            return *own, Op(name, outputs, outputs)
        return (_op(kind, inputs, outputs, use_bias, name, constants, self.trainable),)


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
    kernel_regularizer, bias_regularizer, activity_regularizer : str, Regularizer or dict, optional
        See :mod:`fastsgd.regularizers`. That of the outputs counts as the mean over the rows.
    kernel_constraint, bias_constraint : str, Constraint or dict, optional
        See :mod:`fastsgd.constraints`.
    name, input_shape, input_dim, trainable, dtype
        See :class:`Layer`.

    Raises
    ------
    ValueError, TypeError
        An argument out of range or of another kind, an unknown name, or an old and a new name together.
    NotImplementedError
        An argument that is not supported yet.
    """

    def __init__(
        self,
        units: int | None = None,
        activation: Any = None,
        use_bias: bool | None = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        output_dim: int | None = None,
        init: Any = None,
        bias: bool | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, input_dim=input_dim, trainable=trainable, dtype=dtype)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        activity_op(self.activity_regularizer, 1)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._weighed()
        units = _renamed("units", units, "output_dim", output_dim)
        if units is None:
            raise TypeError("units is missing: the number of outputs, as in Dense(32)")
        self.units = whole("units", units)
        self.activation = activation
        use_bias = _renamed("use_bias", use_bias, "bias", bias)
        self.use_bias = use_bias is None or flag("use_bias", use_bias)
        chosen = _renamed("kernel_initializer", kernel_initializer, "init", init)
        self.kernel_initializer = initializers.chosen(chosen, "glorot_uniform")
        self.bias_initializer = initializers.chosen(bias_initializer, "zeros")

    @property
    def kernel(self) -> np.ndarray | None:
        """A copy of W; None before there are weights."""
        return self._weight("kernel")

    @property
    def bias(self) -> np.ndarray | None:
        """A copy of b; None without one, or before there are weights."""
        return self._weight("bias")

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

    def _shown(self) -> list[str]:
        return [str(self.units), *([] if self._formula.name == "linear" else super()._shown())]

    def ops(self) -> tuple[Op, ...]:
        assert self.inputs is not None
        ops = self._step("dense", self.inputs, self.units, self.use_bias)
        if weighed := self._weighed():
            ops = replace(ops[0], **weighed), *ops[1:]
        active = activity_op(self.activity_regularizer, self.units)
        return ops if active is None else (*ops, active)

    def _weighed(self) -> dict[str, Any]:
        kernel, bias = (self.kernel_regularizer, self.kernel_constraint), (self.bias_regularizer, self.bias_constraint)
        return {} if kernel == bias == (None, None) else weighed((kernel, bias))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            **{
                name: None if item is None else serialized(item)
                for name in (
                    "kernel_regularizer",
                    "bias_regularizer",
                    "activity_regularizer",
                    "kernel_constraint",
                    "bias_constraint",
                )
                for item in (getattr(self, name),)
            },
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

    def __init__(self, activation: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.activation = activation

    def ops(self) -> tuple[Op, ...]:
        assert self.inputs is not None
        return self._step("activation", self.inputs, self.inputs, False)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class ActivityRegularization(Layer):
    """Adds ``l1 sum |x| + l2 sum x**2`` to the loss, the mean over the rows; what goes through stays as it is.

    Parameters
    ----------
    l1, l2 : float
        0 or more.
    name, input_shape, input_dim
        See :class:`Layer`.

    Raises
    ------
    TypeError, ValueError
        Not such a number.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.activity_regularizer = regularizers.L1L2(l1, l2)

    def op(self) -> Op | None:
        assert self.inputs is not None
        return activity_op(self.activity_regularizer, self.inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.activity_regularizer.get_config()}


def activity_op(regularizer: regularizers.Regularizer | None, features: int) -> Op | None:
    """What an engine does for a regularizer of outputs; None: nothing."""
    if regularizer is None:
        return None
    factors = regularizer.factors()
    return Op("activity", features, features, constants=factors) if any(factors) else None


def _renamed(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The one of two arguments that was given; ValueError if both were."""
    if value is not None and old_value is not None:
        raise ValueError(f"{old_name} is the old name of {name}: got both, {old_name}={old_value!r}, {name}={value!r}")
    return old_value if value is None else value
