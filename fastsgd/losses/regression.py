"""Losses for numbers: each a function of arrays, and a class with the same settings.

The functions give the loss of every sample, the mean over the last axis: shape (n,) for targets and predictions of
shape (n, outputs); a target of shape (n,) and a prediction of shape (n, 1) belong together. They compute in float32 if
``y_pred`` is float32, else in float64, and raise TypeError for anything but real numbers and ValueError for shapes
that differ. The classes reduce over the samples, see :class:`~fastsgd.losses.base.Loss`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import number
from .arrays import elementwise, pair
from .base import SUM_OVER_BATCH_SIZE, FunctionLoss
from .checks import at_least_0


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean((y_true - y_pred)^2)``; also called mse."""
    return elementwise("mse", (), *pair(y_true, y_pred))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(|y_true - y_pred|)``; also called mae."""
    return elementwise("mae", (), *pair(y_true, y_pred))


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))``; also called mape."""
    return elementwise("mape", (), *pair(y_true, y_pred))


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean((log(1 + y_true) - log(1 + y_pred))^2)``, both at least 1e-7 before; also called msle."""
    return elementwise("msle", (), *pair(y_true, y_pred))


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Any:
    """``mean(e^2 / 2 if |e| <= delta else delta |e| - delta^2 / 2)``, e = y_pred - y_true (Huber, 1964)."""
    return elementwise("huber", (number("delta", delta, 0),), *pair(y_true, y_pred))


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(log(cosh(y_pred - y_true)))``."""
    return elementwise("log_cosh", (), *pair(y_true, y_pred))


class MeanSquaredError(FunctionLoss):
    """``mean((y_true - y_pred)^2)``.

    Parameters
    ----------
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0], [1.0]], [[1.0], [1.0]])
    0.5
    """

    formula, function = "mse", mean_squared_error

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)


class MeanAbsoluteError(FunctionLoss):
    """``mean(|y_true - y_pred|)``. Parameters: see :class:`MeanSquaredError`."""

    formula, function = "mae", mean_absolute_error

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """``100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))``. Parameters: see :class:`MeanSquaredError`."""

    formula, function = "mape", mean_absolute_percentage_error

    def __init__(
        self,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """``mean((log(1 + y_true) - log(1 + y_pred))^2)``. Parameters: see :class:`MeanSquaredError`.

    Training wants targets of at least 0, as smaller ones would count as 0.
    """

    formula, function = "msle", mean_squared_logarithmic_error

    def __init__(
        self,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return at_least_0(y, name, self.name)


class Huber(FunctionLoss):
    """Squared error that becomes linear at ``delta``, see :func:`huber`.

    Parameters
    ----------
    delta : float >= 0
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        delta is no such number.
    """

    formula, function, settings = "huber", huber, ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.delta = number("delta", delta, 0)
        self.constants = (self.delta,)


class LogCosh(FunctionLoss):
    """``mean(log(cosh(y_pred - y_true)))``. Parameters: see :class:`MeanSquaredError`."""

    formula, function = "log_cosh", log_cosh

    def __init__(self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "log_cosh", dtype: Any = None) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
