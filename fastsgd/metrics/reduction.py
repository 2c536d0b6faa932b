"""Metrics that are a mean or a sum over samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..losses import real_array, same_rank, settled
from .base import Metric, blocks, blocks64, row_weights, rows_of

Reduce = Callable[..., Any]


def samplewise(
    values: ArrayLike, sample_weight: ArrayLike | None, reduce: Reduce
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weighted values and weights, if there are some, of each sample: Keras 3's ``reduce_to_samplewise_values``.

    Parameters
    ----------
    values : array_like, shape (n, ...) or ()
    sample_weight : array_like, optional
        Of a shape that broadcasts to the values', once these are reduced to its rank.
    reduce : callable
        ``numpy.mean`` or ``numpy.sum``: what becomes of axes after the first.

    Raises
    ------
    ValueError
        The weights do not broadcast to the values.
    """
    v = real_array("values", values, np.float64)
    weight = None
    if sample_weight is not None:
        v, w = same_rank(v, real_array("sample_weight", sample_weight, np.float64))
        v = _reduced(v, w.ndim, reduce)
        try:
            shared = np.broadcast_to(w, v.shape)
        except ValueError:
            raise ValueError(f"sample_weight has shape {w.shape}, the values have shape {v.shape}") from None
        v = v * shared
        weight = reduce(shared, axis=tuple(range(1, w.ndim)))
    return _reduced(v, 1, reduce), weight


def _reduced(values: np.ndarray, first: int, reduce: Reduce) -> np.ndarray:
    """Over the axes from this one on; where there are none, NumPy would take 10 microseconds to find out."""
    return reduce(values, axis=tuple(range(first, values.ndim))) if values.ndim > first else values


def labels_and_scores(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n, ...), also where they come as (n, ..., 1), beside predictions (n, ..., classes)."""
    return (y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true), y_pred


class Average(Metric):
    """A metric that is the weighted mean ``sum(w * v) / sum(w)`` of something; 0 before there is any of it."""

    state = "total", "count"

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.count = 0.0

    def add(self, values: ArrayLike, sample_weight: ArrayLike | None) -> None:
        """Take in values of shape (n, ...), with weights of a shape that Keras broadcasts to theirs.

        Every row counts once (times its weight), with the mean of its values.
        """
        v, w = samplewise(values, sample_weight, np.mean)
        self.total += float(v.sum())
        self.count += v.size if w is None else float(w.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        self.total = self.count = 0.0


class Mean(Average):
    """The (weighted) mean of values. Parameters: see :class:`Metric`."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in values of shape (n, ...) and weights of shape (n,), or what broadcasts to the values."""
        self.add(values, sample_weight)


class Sum(Metric):
    """The (weighted) sum of values. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> Sum()([1, 3, 5, 7])
    16.0
    """

    state = ("total",)

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in values of shape (n, ...) and weights of shape (n,), or what broadcasts to the values."""
        self.total += float(samplewise(values, sample_weight, np.sum)[0].sum())

    def result(self) -> float:
        return self.total

    def reset_state(self) -> None:
        self.total = 0.0


class MeanMetricWrapper(Average):
    """The mean of what a function ``fn(y_true, y_pred)`` gives for every sample: any such function as a metric.

    Parameters
    ----------
    fn : callable
        Takes whole arrays of targets and predictions, returns values of shape (n,).
    name : str, optional
        By default the function's.
    dtype : optional
        See :class:`Metric`.
    **kwargs
        Passed to ``fn``.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None) or getattr(fn, "name", None) or type(fn).__name__, dtype)
        self.fn, self.kwargs = fn, kwargs

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        true, pred = same_rank(np.asarray(y_true), np.asarray(y_pred))
        self.add(self.fn(true, pred, **self.kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self.kwargs}


class RowMean(MeanMetricWrapper):
    """The mean of what a function gives for every row of its own, worked out block by block.

    Subclasses hand their function and its settings to :class:`MeanMetricWrapper`; a target of shape (n,) beside a
    prediction of shape (n,) is a column. The function gets float64, or the arrays as they are if it only compares.
    """

    compares = False

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        true, pred = self._paired(rows_of("y_true", y_true), rows_of("y_pred", y_pred))
        if true.ndim == pred.ndim == 1:
            true, pred = true[:, None], pred[:, None]
        if len(true) != len(pred):
            raise ValueError(f"y_true has {len(true)} rows, y_pred has {len(pred)}")
        with np.errstate(all="ignore"):  # a diverged model has metrics too: inf or NaN
            cut = blocks if self.compares else blocks64
            for t, p, w in cut(true, pred, row_weights(sample_weight, len(true))):
                self.add(self.fn(t, p, **self.kwargs), w)

    def _paired(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Targets and predictions of one shape; a metric of labels beside scores leaves them as they are."""
        return settled(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        return {**Metric.get_config(self), **self.kwargs}


class RowError(RowMean):
    """A mean that is better the less it is."""

    direction = "down"
