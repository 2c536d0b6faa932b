"""Metrics of regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..losses import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    real_array,
)
from .base import Metric, blocks64, pair
from .reduction import RowError


class MeanSquaredError(RowError):
    """``mean((y_pred - y_true)^2)``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    0.25
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class RootMeanSquaredError(RowError):
    """``sqrt(mean((y_pred - y_true)^2))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> RootMeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    0.5
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)

    def result(self) -> float:
        return float(np.sqrt(super().result()))


class MeanAbsoluteError(RowError):
    """``mean(|y_pred - y_true|)``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> MeanAbsoluteError()([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    0.25
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(RowError):
    """``100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(MeanAbsolutePercentageError()([[2, 1], [4, 5]], [[1, 1], [4, 5]]), 6)
    12.5
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(RowError):
    """``mean((log(1 + y_true) - log(1 + y_pred))^2)``, both at least 1e-7. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[0, 1], [0, 0]], [[1, 1], [0, 0]]), 6)
    0.120113
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class LogCoshError(RowError):
    """``mean(log(cosh(y_pred - y_true)))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(LogCoshError()([[0, 1], [0, 0]], [[1, 1], [0, 0]]), 6)
    0.108445
    """

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


class R2Score(Metric):
    """Coefficient of determination, ``1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2)``.

    1 is perfect, 0 is as good as the mean of the targets. An output whose targets are all equal scores 0, or 1 where
    it is predicted exactly (as in scikit-learn; Keras 3 gives NaN for the latter).

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How the scores of several outputs become one number; None: they don't.
    num_regressors : int
        Number of features, for the adjusted score ``1 - (1 - R2) (n - 1) / (n - num_regressors - 1)``; 0: the plain
        one. n is the number of rows whose weight is not zero.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    ValueError
        An argument out of range.
    """

    direction = "up"
    state = "sum", "squared_sum", "residual", "count", "num_samples"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {known}. "
                f"Received: class_aggregation={class_aggregation!r}"
            )
        if num_regressors < 0:
            raise ValueError(
                f"Invalid value for argument `num_regressors`. Expected a value >= 0. "
                f"Received: num_regressors={num_regressors!r}"
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.reset_state()

    def reset_state(self) -> None:
        self.num_samples = 0
        # Sums are of y_true - shift, the shift being the first row ever seen: no cancellation where the targets' mean
        # is large beside their spread, and exactly zero spread where they are all equal.
        self.shift: np.ndarray | None = None
        self.sum: Any = 0.0
        self.squared_sum: Any = 0.0
        self.residual: Any = 0.0
        self.count: Any = 0.0

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        true, pred = pair(y_true, y_pred)
        if true.ndim != 2:
            raise ValueError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={np.shape(y_pred)} and y_true.shape={np.shape(y_true)}."
            )
        weight = np.ones(()) if sample_weight is None else real_array("sample_weight", sample_weight, np.float64)
        try:
            weight = np.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, true.shape)
        except ValueError:
            raise ValueError(f"sample_weight has shape {weight.shape}, y_true has shape {true.shape}") from None
        if self.shift is None and len(true):
            self.shift = true[0].astype(np.float64)
        if self.shift is not None and self.shift.shape != true.shape[1:]:
            raise ValueError(f"y_true has {true.shape[1]} outputs, those seen before had {len(self.shift)}")
        with np.errstate(all="ignore"):
            for t, p, w in blocks64(true, pred, weight):
                d = t - self.shift
                self.sum += (w * d).sum(axis=0)
                self.squared_sum += (w * d * d).sum(axis=0)
                self.residual += (w * (t - p) ** 2).sum(axis=0)
                self.count += w.sum(axis=0)
                self.num_samples += int((w != 0.0).any(axis=1).sum())

    def result(self) -> float | np.ndarray:
        """The score; shape (outputs,) where class_aggregation is None. NaN before anything was taken in."""
        if self.shift is None:
            return float("nan")
        with np.errstate(all="ignore"):
            spread = self.squared_sum - self.sum * (self.sum / self.count)
            scores = 1.0 - self.residual / spread
            scores = np.where(spread == 0.0, np.where(self.residual == 0.0, 1.0, 0.0), scores)
            score: Any = scores
            if self.class_aggregation == "uniform_average":
                score = scores.mean()
            elif self.class_aggregation == "variance_weighted_average":
                score = (spread * scores).sum() / spread.sum()
        if self.num_regressors:
            free = self.num_samples - self.num_regressors - 1
            if free > 0:
                score = 1.0 - (1.0 - score) * (self.num_samples - 1) / free
            else:
                warnings.warn(
                    f"adjusted R2 of {self.num_samples} samples and {self.num_regressors} regressors does not exist: "
                    "this is the plain R2",
                    stacklevel=2,
                )
        return score if self.class_aggregation is None else float(score)

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}
