"""Correlations of the outputs of a row with its targets, averaged over rows: Keras 3's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..losses import real_array, settled
from .confusion import EPSILON
from .reduction import RowMean


def _pair64(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    return settled(real_array("y_true", y_true, np.float64), real_array("y_pred", y_pred, np.float64))


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Cosine of the angle between targets and predictions of a row, shape (n,); 1 is best.

    The loss of this name has the opposite sign. Vectors shorter than 1e-6 count as if they had that length.
    """
    true, pred = _pair64(y_true, y_pred)
    lengths = [np.sqrt(np.maximum((v * v).sum(axis=axis), 1e-12)) for v in (true, pred)]
    return np.asarray((true * pred).sum(axis=axis) / (lengths[0] * lengths[1]))


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Pearson's correlation of targets and predictions of a row, shape (n,); NaN where either is constant."""
    true, pred = (v - v.mean(axis=axis, keepdims=True) for v in _pair64(y_true, y_pred))
    with np.errstate(invalid="ignore"):
        return np.asarray((true * pred).mean(axis=axis) / (true.std(axis=axis) * pred.std(axis=axis)))


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Lin's concordance correlation of targets and predictions of a row, shape (n,)."""
    true, pred = _pair64(y_true, y_pred)
    means = true.mean(axis=axis, keepdims=True), pred.mean(axis=axis, keepdims=True)
    covariance = (true - means[1]) * (pred - means[1])
    spread = true.var(axis=axis, keepdims=True) + pred.var(axis=axis, keepdims=True) + (means[0] - means[1]) ** 2
    return np.asarray((2 * covariance / (spread + EPSILON)).mean(axis=axis))


class _OfRows(RowMean):
    """A correlation."""

    direction = "up"


class CosineSimilarity(_OfRows):
    """Mean over rows of :func:`cosine_similarity`.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    axis : int
        Which one a vector lies along.

    Examples
    --------
    >>> round(CosineSimilarity()([[0.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]), 6)
    0.5
    """

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)
        self.axis = axis


class PearsonCorrelation(_OfRows):
    """Mean over rows of :func:`pearson_correlation`. Parameters: see :class:`CosineSimilarity`.

    Examples
    --------
    >>> round(PearsonCorrelation()([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]), 6)
    0.9967
    """

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(_OfRows):
    """Mean over rows of :func:`concordance_correlation`. Parameters: see :class:`CosineSimilarity`.

    Examples
    --------
    >>> round(ConcordanceCorrelation()([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]]), 6)
    0.981632
    """

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
