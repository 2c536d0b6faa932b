"""What all layers share: names, shapes, weights by way of the model; and the layer that only says a shape."""

from __future__ import annotations

import math
import weakref
from collections.abc import Container, Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np

from ..arguments import flag, not_yet, whole
from ..constraints import Constraint
from ..identifiers import Configured
from ..names import snake
from ..program import Op
from ..regularizers import Regularizer
from .alone import OnArrays

DTYPES = "float32", "float64"


def features_of(name: str, shape: Any) -> int:
    """Number of features that a shape without its first axis, or a plain number, stands for.

    Raises
    ------
    TypeError, ValueError
        Another number of axes than one, or no whole number.
    """
    if isinstance(shape, Sequence) and not isinstance(shape, str):
        if len(shape) != 1:
            raise ValueError(f"{name} must have one axis, the features, as in (13,); got {tuple(shape)!r}")
        shape = shape[0]
    return whole(name, shape)


def next_name(kind: str, taken: Container[str]) -> str:
    """The kind of a layer as its name, with a number where that is taken."""
    candidates = (f"{kind}_{i}" if i else kind for i in count())
    return next(name for name in candidates if name not in taken)


class Layer(OnArrays, Configured):
    """Base of all layers.

    Parameters
    ----------
    name : str, optional
        Unique in a model; by default the class's name in lower case, and a number if the model has that already.
    input_shape : tuple of int, optional
        ``(features,)``, for the first layer of a model that is to be built at once.
    input_dim : int, optional
        The same as a number.
    trainable : bool
        False: training leaves the weights as they are. It may be set at any time, and counts from the next fit on.
    dtype : {None, "float32", "float64"}
        None, or that of the model, which ``compile(dtype=...)`` sets for all its layers.

    Attributes
    ----------
    inputs : int or None
        Features that come in, as far as they are known.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind, or out of range.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        dtype_name = None if dtype is None else str(getattr(dtype, "__name__", dtype))
        if dtype_name not in (None, *DTYPES):
            raise ValueError(
                f"dtype of a layer must be None, or that of the model, {' or '.join(map(repr, DTYPES))}, which is set "
                f"in compile(dtype=...); got {dtype!r}"
            )
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name of a layer must be text, got {name!r}")
        if input_shape is not None and input_dim is not None:
            raise ValueError(f"input_shape and input_dim say the same; got both, {input_shape!r} and {input_dim!r}")
        self.named = name is not None
        self.kind = snake(type(self).__name__)
        self.name = name or self.kind
        self.trainable = trainable
        self.given_dtype = dtype_name
        self.inputs: int | None = None
        if input_shape is not None:
            self.inputs = features_of("input_shape", input_shape)
        elif input_dim is not None:
            self.inputs = whole("input_dim", input_dim)
        self.given_inputs = self.inputs
        self._model: weakref.ref[Any] | None = None

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, trainable: bool) -> None:
        self._trainable = flag("trainable", trainable)

    # -- For the model
    def check_inputs(self, inputs: int | None) -> None:
        """ValueError if so many features (None: not known) cannot come in."""
        if inputs is not None and self.given_inputs not in (None, inputs):
            raise ValueError(
                f"layer {self.name!r} takes {self.given_inputs} features, shape (None, {self.given_inputs}), but gets "
                f"{inputs}, shape (None, {inputs})"
            )
        self.outputs(inputs)

    def check_dtype(self, dtype: str) -> None:
        """ValueError if a model of this dtype is none for the layer."""
        if self.given_dtype not in (None, dtype):
            raise ValueError(
                f"layer {self.name!r} has dtype={self.given_dtype!r}, its model {dtype!r}: the dtype is set in "
                f"compile(dtype={self.given_dtype!r}), for all layers"
            )

    def outputs(self, inputs: int | None) -> int | None:
        """Features that go out where so many come in; None: not known."""
        return inputs

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights by what they are, in order; none before ``inputs`` is known."""
        return {}

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Weights to begin with, float64; drawn from ``rng`` unless an initializer has a seed of its own."""
        return []

    def kept_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights that no engine has but the layer itself, by what they are."""
        return {}

    def kept(self) -> list[np.ndarray]:
        """Copies of these weights."""
        return []

    def keep(self, arrays: Sequence[np.ndarray]) -> None:
        """Take over arrays of these shapes."""

    def trained(self) -> tuple[bool, ...]:
        """For each of the weights of :meth:`weight_shapes`, whether training changes it."""
        return (self.trainable,) * len(self.weight_shapes())

    def parts(self) -> dict[str, tuple[int, ...]]:
        """Shapes of all weights, as :meth:`get_weights` returns them, by what they are."""
        return {**self.kept_shapes(), **self.weight_shapes()}

    def op(self) -> Op | None:
        """What an engine does for this layer; None: nothing."""
        return None

    def ops(self) -> tuple[Op, ...]:
        """The same of a layer that takes an engine several steps."""
        op = self.op()
        return () if op is None else (op,)

    @property
    def model(self) -> Any:
        """The model that the layer was added to (or the stack that a layer by itself has), or None."""
        return self._alone if self._model is None or self._alone else self._model()

    @model.setter
    def model(self, model: Any) -> None:
        self._model = None if model is None else weakref.ref(model)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}  # a copied model takes its copied layers as its own

    # -- For the user
    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """``(..., features)`` that go out where ``(..., features)`` come in."""
        return *input_shape[:-1], self.outputs(whole("input_shape[-1]", input_shape[-1]))

    def get_weights(self) -> list[np.ndarray]:
        """This layer's weights, copies: kernel (inputs, outputs), bias (outputs,); empty before the model is built."""
        return [] if self.model is None else self.model.layer_weights(self)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Give this layer weights of the shapes of :meth:`get_weights`.

        Raises
        ------
        ValueError
            There are no weights, as the layer is in no model and was not built, or the shapes differ.
        """
        if self.model is None:
            raise ValueError(f"layer {self.name!r} has no weights: it is in no model, and was not built")
        self.model.set_layer_weights(self, weights)

    def count_params(self) -> int:
        """Number of weights; 0 before the number of inputs is known."""
        return sum(math.prod(shape) for shape in self.parts().values())

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal layer, without weights."""
        config: dict[str, Any] = {"name": self.name} if self.trainable else {"name": self.name, "trainable": False}
        if self.given_dtype is not None:
            config["dtype"] = self.given_dtype
        return config if self.given_inputs is None else {**config, "input_dim": self.given_inputs}

    def _shown(self) -> list[str]:
        """What :func:`repr` tells of the settings; :meth:`get_config` has all of them."""
        return []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._shown())})"


def slice_of(layer: Layer, layers: Sequence[Layer]) -> slice:
    """Where a layer's weights stand among those of all."""
    start = sum(len(below.weight_shapes()) for below in layers[: layers.index(layer)])
    return slice(start, start + len(layer.weight_shapes()))


def weighed(chosen: Iterable[tuple[Regularizer | None, Constraint | None]]) -> dict[str, Any]:
    """What the engines know of the regularizers and constraints of an Op's weights: arguments of the Op."""
    pairs = list(chosen)
    penalties = tuple((0.0, 0.0) if regularizer is None else regularizer.factors() for regularizer, _ in pairs)
    limits = tuple(None if constraint is None else constraint.limits() for _, constraint in pairs)
    return {"penalties": penalties if any(map(any, penalties)) else (), "limits": limits if any(limits) else ()}


class InputLayer(Layer):
    """The number of features, as a layer.

    Parameters
    ----------
    shape : tuple of int
        ``(features,)``; ``input_shape`` is its old name.
    batch_size, dtype
        Keras's; accepted, without effect: batches are those of ``fit``, numbers of the model's dtype.
    sparse, ragged, input_tensor, optional
        Not supported.
    batch_shape : tuple, optional
        ``(None, features)``, instead of shape.
    name : str, optional

    Raises
    ------
    ValueError
        No shape, or not one axis.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: Any = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        *,
        input_shape: Any = None,
    ) -> None:
        not_yet(sparse=sparse or None, ragged=ragged or None, input_tensor=input_tensor, optional=optional or None)
        if batch_shape is not None and shape is None:
            shape = tuple(batch_shape)[1:]
        if (shape is None) == (input_shape is None):
            raise ValueError(f"shape must be given once, as in (13,); got shape={shape!r}, input_shape={input_shape!r}")
        super().__init__(name=name, input_shape=input_shape if shape is None else shape)

    def get_config(self) -> dict[str, Any]:
        return {"shape": (self.inputs,), "name": self.name}

    def _shown(self) -> list[str]:
        return [f"({self.inputs},)"]


def Input(
    shape: Any = None,
    batch_size: Any = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> InputLayer:
    """The first item of a model: ``Input((13,))`` or ``Input(shape=(13,))``. See :class:`InputLayer`."""
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
