"""Constraints: what weights are brought back to after every update.

Each is a function of one array, as in Keras: ``MaxNorm(2)(w)``. The norms of a layer's kernel (inputs, units) are those
of its columns, the weights of one unit each; a bias has one norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arguments import number, whole
from .identifiers import Configured, instance, serialized
from .kernels.source.arrays import on_arrays
from .program import Limits

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
    "non_neg", "serialize", "unit_norm",
]  # fmt: skip
Axes = int | Sequence[int]


class Constraint(Configured):
    """Base of constraints: ``__call__`` gives what an array must be; by default what it is."""

    def __call__(self, w: Any) -> Any:
        """The array, constrained; of its shape and dtype."""
        return np.asarray(w)

    def limits(self) -> Limits | None:
        """What the engines are to do.

        Raises
        ------
        NotImplementedError
            They cannot: norms are not those along the first axis, or it is a class of your own.
        """
        if type(self) is Constraint:
            return None
        raise NotImplementedError(
            f"{type(self).__name__} is for arrays; layers take the constraints of this module only"
        )


class NonNeg(Constraint):
    """Negative elements become 0."""

    def __call__(self, w: Any) -> Any:
        w = np.asarray(w)
        return np.where(w < 0, w.dtype.type(0), w)

    def limits(self) -> Limits:
        return Limits("nonnegative")


class _Norms(Constraint):
    """Norms along ``axis`` within limits; as in Keras, a norm n becomes ``wanted n / (n + 1e-7)``."""

    axis: Any

    def _numbers(self) -> tuple[float, float, float]:
        """low, high and rate of ``norm_scale`` in kernels/updates.py."""
        raise NotImplementedError

    def __call__(self, w: Any) -> Any:
        w = np.asarray(w)
        w = w if w.dtype.kind == "f" else w.astype(np.float64)
        axis = tuple(self.axis) if isinstance(self.axis, Sequence) else self.axis
        norms = np.sqrt(np.square(w).sum(axis=axis, keepdims=True))
        real: Any = w.dtype.type
        return w * on_arrays(real)["norm_scale"](norms, *(real(limit) for limit in self._numbers()))

    def limits(self) -> Limits:
        if self.axis not in (0, [0], (0,)):
            raise NotImplementedError(
                f"the norms of a layer's weights are those along axis 0, {type(self).__name__} has axis={self.axis!r}"
            )
        return Limits("norm", *self._numbers())


class MaxNorm(_Norms):
    """Norms are at most ``max_value``.

    Parameters
    ----------
    max_value : float
        0 or more.
    axis : int or sequence of int

    Raises
    ------
    TypeError, ValueError
        An argument that cannot be.
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        number("max_value", max_value, 0)
        self.max_value, self.axis = max_value, _axes(axis)

    def _numbers(self) -> tuple[float, float, float]:
        return 0.0, float(self.max_value), 1.0


class UnitNorm(_Norms):
    """Norms are 1.

    Parameters
    ----------
    axis : int or sequence of int

    Raises
    ------
    TypeError, ValueError
        An argument that cannot be.
    """

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = _axes(axis)

    def _numbers(self) -> tuple[float, float, float]:
        return 1.0, 1.0, 1.0


class MinMaxNorm(_Norms):
    """Norms are between two values, or go the part ``rate`` of the way there after each update.

    Parameters
    ----------
    min_value, max_value : float
        0 or more; the first not above the second.
    rate : float
        In [0, 1].
    axis : int or sequence of int

    Raises
    ------
    TypeError, ValueError
        An argument that cannot be.
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0) -> None:
        number("rate", rate, 0, 1)
        if number("min_value", min_value, 0) > number("max_value", max_value, 0):
            raise ValueError(f"min_value must not be above max_value, got {min_value!r} and {max_value!r}")
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, _axes(axis)

    def _numbers(self) -> tuple[float, float, float]:
        return float(self.min_value), float(self.max_value), float(self.rate)


def _axes(axis: Any) -> Axes:
    """An axis or some, checked."""
    for one in axis if isinstance(axis, (list, tuple)) else [axis]:
        whole("axis", one, -64)
    return axis


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
CLASSES: dict[str, type[Constraint]] = {
    made.__name__: made for made in (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
}


def get(identifier: Any) -> Constraint | None:
    """A constraint by name (``"non_neg"``), dict or class; a constraint is returned as it is, None as None.

    Raises
    ------
    ValueError
        Unknown name, or a setting out of range.
    TypeError
        None of these.
    """
    return None if identifier is None else deserialize(identifier)


def serialize(constraint: Constraint) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal constraint."""
    return serialized(constraint)


def deserialize(config: Any, custom_objects: dict[str, type[Constraint]] | None = None) -> Constraint:
    """The constraint that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    return instance(
        "constraint",
        config,
        Constraint,
        {**CLASSES, **(custom_objects or {})},
        {"nonneg": "NonNeg", "maxnorm": "MaxNorm"},
    )
