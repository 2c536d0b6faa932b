"""Losses for classes: each a function of arrays, and a class with the same settings.

Shapes, dtypes and errors of the functions are those of :mod:`fastsgd.losses.regression`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import flag, number
from .arrays import elementwise, pair
from .base import FunctionLoss

SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


# -- Two classes -------------------------------------------------------------------------------------------------------
def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """``-mean(y_true log(y_pred) + (1 - y_true) log(1 - y_pred))``; also called bce.

    Parameters
    ----------
    y_true : array_like
        0 and 1, or probabilities.
    y_pred : array_like
        Probabilities, which are kept from 1e-7 to 1 - 1e-7; or logits.
    from_logits : bool
        The predictions are ``log(p / (1 - p))`` of a probability p.
    label_smoothing : float in [0, 1]
        Targets are moved so far towards 0.5.
    axis : int
        Which one the mean is taken over.
    """
    true, pred = pair(y_true, y_pred)
    true = smoothed(true, label_smoothing, 0.5)
    formula = "binary_crossentropy_logits" if from_logits else "binary_crossentropy"
    return elementwise(formula, (), true, pred, axis)


def smoothed(y: np.ndarray, label_smoothing: float, towards: float) -> np.ndarray:
    """Targets moved a part of the way."""
    part = number("label_smoothing", label_smoothing, 0, 1)
    return y * y.dtype.type(1 - part) + y.dtype.type(part * towards) if part else y


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(max(1 - y_true y_pred, 0))``; targets are -1 and 1, or all 0 and 1, which are turned into those."""
    true, pred = pair(y_true, y_pred)
    return elementwise("hinge", (), signs(true), pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(max(1 - y_true y_pred, 0)^2)``, see :func:`hinge`."""
    true, pred = pair(y_true, y_pred)
    return elementwise("squared_hinge", (), signs(true), pred)


def signs(y: np.ndarray) -> np.ndarray:
    """Targets of 0 and 1 only as -1 and 1, others as they are."""
    return 2 * y - 1 if ((y == 0) | (y == 1)).all() else y


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of two classes, see :func:`binary_crossentropy`.

    With a last layer of activation sigmoid it is learned on the layer's logits, where nothing has to be clipped.

    Parameters
    ----------
    from_logits, label_smoothing, axis
        See :func:`binary_crossentropy`; training wants the last axis.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    function, settings = binary_crossentropy, ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0, 1)
        self.axis = axis

    @property
    def formula(self) -> str:  # type: ignore[override]
        return "binary_crossentropy_logits" if self.from_logits else "binary_crossentropy"

    def targets(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        return smoothed(probabilities(y, name, self.name), self.label_smoothing, 0.5)


def probabilities(y: np.ndarray, name: str, loss: str) -> np.ndarray:
    """Targets as they are; ValueError if they are outside [0, 1]."""
    least, most = y.min(), y.max()
    if least < 0 or most > 1:
        worst = least if least < 0 else most
        raise ValueError(f"{name} holds {worst:g}; the loss {loss!r} takes targets from 0 to 1")
    return y


class Hinge(FunctionLoss):
    """``mean(max(1 - y_true y_pred, 0))``. Parameters: see :class:`~fastsgd.losses.MeanSquaredError`.

    Targets are -1 and 1, or 0 and 1, which are turned into those.
    """

    formula, function = "hinge", hinge

    def __init__(self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def targets(self, y: np.ndarray, name: str = "y") -> np.ndarray:
        made = signs(y)
        wrong = np.abs(made) != 1
        if wrong.any():
            raise ValueError(f"{name} holds {y[wrong][0]:g}; the loss {self.name!r} takes -1 and 1, or 0 and 1")
        return made


class SquaredHinge(Hinge):
    """``mean(max(1 - y_true y_pred, 0)^2)``, see :class:`Hinge`."""

    formula, function = "squared_hinge", squared_hinge

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
