"""Metrics of classification: how often predictions are right.

Formulas are Keras 3's; which of two equal scores is the greater one is settled in favour of the first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import whole
from ..losses import same_rank
from .base import rows_of
from .reduction import RowMean, labels_and_scores


# -- Functions
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """1.0 where predictions equal targets, 0.0 elsewhere; of the targets' shape."""
    true, pred = same_rank(rows_of("y_true", y_true), rows_of("y_pred", y_pred))
    return np.asarray(true == pred, np.float64)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> np.ndarray:
    """1.0 where targets, 0 or 1, equal ``y_pred > threshold``, 0.0 elsewhere; of the targets' shape."""
    true, pred = same_rank(rows_of("y_true", y_true), rows_of("y_pred", y_pred))
    return np.asarray(true == (pred > threshold), np.float64)


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """1.0 where scores and one-hot targets are greatest for the same class, shape (n,) for (n, classes)."""
    return np.asarray(rows_of("y_true", y_true).argmax(axis=-1) == rows_of("y_pred", y_pred).argmax(axis=-1), float)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """1.0 where the score of the label's class is greatest; labels (n,) or (n, 1) beside scores (n, classes)."""
    labels, pred = _labels_and_scores(y_true, y_pred)
    return np.asarray(labels == pred.argmax(axis=-1), np.float64)


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> np.ndarray:
    """1.0 where the class of a one-hot target is among the k greatest scores, shape (n,) for (n, classes)."""
    return _in_top_k(rows_of("y_true", y_true).argmax(axis=-1), rows_of("y_pred", y_pred), k)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> np.ndarray:
    """1.0 where the label is among the k greatest scores; labels (n,) or (n, 1) beside scores (n, classes).

    With ``from_sorted_ids`` the predictions are labels, the most likely first.
    """
    labels, pred = _labels_and_scores(y_true, y_pred)
    if from_sorted_ids:
        return np.asarray((labels[..., None] == pred[..., :k]).any(axis=-1), np.float64)
    return _in_top_k(labels, pred, k)


def accuracy_by_shape(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """What "accuracy" means: that of one output, of labels (n,) or (n, 1) beside several, or of one-hot targets."""
    true, pred = rows_of("y_true", y_true), rows_of("y_pred", y_pred)
    if pred.ndim == 1 or pred.shape[-1] == 1:
        return binary_accuracy(true, pred)
    if true.ndim < pred.ndim or true.shape[-1] == 1:
        return sparse_categorical_accuracy(true, pred)
    return categorical_accuracy(true, pred)


def _labels_and_scores(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n, ...) and scores (n, ..., classes); ValueError for others, which would be broadcast."""
    true, pred = rows_of("y_true", y_true), rows_of("y_pred", y_pred)
    labels, _ = labels_and_scores(true, pred)
    if labels.shape != pred.shape[:-1]:
        raise ValueError(f"y_true has shape {true.shape}, y_pred has shape {pred.shape}: scores want one label a row")
    return labels, pred


def _in_top_k(labels: np.ndarray, scores: np.ndarray, k: int) -> np.ndarray:
    """Fewer than k scores are greater than the label's; a label's score that is NaN is the least of all."""
    place = labels.astype(np.intp)
    known = (place >= 0) & (place < scores.shape[-1])
    own = np.take_along_axis(scores, np.where(known, place, 0)[..., None], axis=-1)
    greater = (scores > np.where(np.isnan(own), -np.inf, own)).sum(axis=-1)
    return np.asarray(known & (greater < k), np.float64)


# -- Classes
class _Share(RowMean):
    """How often something is right."""

    direction = "up"
    compares = True


class Accuracy(_Share):
    """How often predictions equal targets. Parameters: see :class:`Metric`.

    The string ``"accuracy"`` in ``compile`` is :class:`BinaryAccuracy` for one output,
    :class:`SparseCategoricalAccuracy` for labels beside several outputs, and else :class:`CategoricalAccuracy`.

    Examples
    --------
    >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
    0.75
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(_Share):
    """How often ``y_pred > threshold`` equals targets of 0 and 1.

    Logits are compared with the threshold as they are: give 0.0 for them.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    threshold : float

    Raises
    ------
    ValueError
        A threshold that is no number.

    Examples
    --------
    >>> BinaryAccuracy()([1, 1, 0, 0], [0.98, 1, 0, 0.6])
    0.75
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is None or np.isnan(threshold):
            raise ValueError(f"threshold must be a number, got {threshold!r}")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(_Share):
    """How often the greatest score is that of the class of a one-hot target. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class _OfLabels(_Share):
    """A share of labels beside scores."""

    def _paired(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return labels_and_scores(y_true, y_pred)


class SparseCategoricalAccuracy(_OfLabels):
    """How often the greatest score is that of the label's class. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
    0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class AccuracyByShape(_OfLabels):
    """What the string ``"accuracy"`` means in ``compile``: see :class:`Accuracy`."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy_by_shape, name, dtype)

    def _paired(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return y_true, y_pred


class TopKCategoricalAccuracy(_Share):
    """How often the class of a one-hot target is among the k greatest scores.

    Parameters
    ----------
    k : int
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    TypeError, ValueError
        k is not a whole number from 1 on.

    Examples
    --------
    >>> TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=whole("k", k))
        self.k = k


class SparseTopKCategoricalAccuracy(_OfLabels):
    """How often the label is among the k greatest scores.

    Parameters
    ----------
    k : int
    name, dtype
        See :class:`Metric`.
    from_sorted_ids : bool
        Predictions are labels, the most likely first, instead of scores of all classes.

    Raises
    ------
    TypeError, ValueError
        k is not a whole number from 1 on.

    Examples
    --------
    >>> SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
    0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=whole("k", k), from_sorted_ids=from_sorted_ids
        )
        self.k, self.from_sorted_ids = k, from_sorted_ids
