"""Counts of right and wrong answers of binary classification at thresholds.

Scores are sorted into the gaps between thresholds, so that the cost hardly depends on how many of these there are. A
score is positive where it is greater than the threshold, which is of the scores' dtype; NaN is never positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import whole
from .base import Metric, blocks, pair, row_weights

LOWEST = -1e10  # below any score; what a score outside the top k becomes
EPSILON = 1e-7  # Keras's


def parsed(thresholds: float | Sequence[float] | None, default: float) -> list[float]:
    """The thresholds as a list.

    Raises
    ------
    ValueError
        One is not in [0, 1], or there is none.
    """
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, (Sequence, np.ndarray)) else [thresholds]
    if bad := [t for t in listed if t is None or not 0 <= t <= 1]:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {bad}")
    if not listed:
        raise ValueError("thresholds must be at least one number, got an empty list")
    return [float(t) for t in listed]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether at least three thresholds divide [0, 1] evenly."""
    n = len(thresholds)
    return n > 2 and np.allclose(thresholds, np.arange(n) / (n - 1), atol=EPSILON)


def only_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Scores with all but the k greatest ones of a row (the first ones of equals) put to :data:`LOWEST`."""
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    kept = np.full_like(scores, LOWEST)
    np.put_along_axis(kept, best, np.take_along_axis(scores, best, axis=-1), axis=-1)
    return kept


def weights_of_elements(weight: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """Weights of rows (n,), (n, 1) or of elements as weights of elements.

    Raises
    ------
    ValueError
        They do not broadcast to the shape.
    """
    if weight is None:
        return None
    if weight.ndim > len(shape) and weight.shape[-1] == 1:
        weight = weight[..., 0]
    spread = weight.reshape(weight.shape + (1,) * (len(shape) - weight.ndim))
    try:
        return np.broadcast_to(spread, shape)
    except ValueError:
        raise ValueError(f"sample_weight has shape {weight.shape}, y_true has shape {shape}") from None


class Confusion(Metric):
    """Base of metrics made of true and false, positives and negatives at every threshold.

    Parameters
    ----------
    thresholds : list of float
        In any order.
    name, dtype
        See :class:`Metric`.
    top_k : int, optional
        Only the k greatest scores of a row can be positive.
    class_id : int, optional
        Only this column counts.
    clip : bool
        Scores are brought into [0, 1]; Keras does so where its thresholds divide it evenly.

    Attributes
    ----------
    true_positives, false_positives, true_negatives, false_negatives : numpy.ndarray
        Shape (thresholds,), float64; (thresholds, labels) where every column is counted for itself.
    """

    by_label = False

    def __init__(
        self,
        thresholds: list[float],
        name: str | None = None,
        dtype: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        clip: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.thresholds = thresholds
        self.top_k = None if top_k is None else whole("top_k", top_k)
        self.class_id = None if class_id is None else whole("class_id", class_id, 0)
        self._clip = clip
        self._levels = np.sort(np.array(thresholds, np.float64))
        self._places = np.argsort(np.argsort(thresholds, kind="stable"))  # of the thresholds among the levels
        self.reset_state()

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of the counts."""
        return (len(self.thresholds),)

    def reset_state(self) -> None:
        zeros = np.zeros(self._shape)
        self.true_positives, self.false_positives = zeros, zeros.copy()
        self.true_negatives, self.false_negatives = zeros.copy(), zeros.copy()

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets (0: negative, all else: positive) and scores of one shape."""
        true, pred = pair(y_true, y_pred)
        if self.top_k is not None and true.ndim == 1:  # of one row
            true, pred = true[None], pred[None]
        self._check(true, pred)
        for t, p, w in blocks(true, pred, row_weights(sample_weight, len(true))):
            scores = p if p.dtype.kind == "f" else p.astype(np.float64)
            if self.top_k is not None:
                scores = only_top_k(scores, self.top_k)
            if self.class_id is not None:
                t, scores = t[..., self.class_id, None], scores[..., self.class_id, None]
            self._count(t != 0, self._scores(scores), weights_of_elements(w, t.shape))

    def _check(self, true: np.ndarray, pred: np.ndarray) -> None:
        """ValueError for targets and predictions that have not the columns wanted."""
        if self.class_id is not None and pred.ndim == 1:
            raise ValueError(
                "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), found "
                f"shape: {pred.shape}"
            )
        if self.class_id is not None and self.class_id >= pred.shape[-1]:
            raise ValueError(f"class_id={self.class_id} is no column of y_pred, which has shape {pred.shape}")
        if self.top_k is not None and self.top_k > pred.shape[-1]:
            raise ValueError(f"top_k={self.top_k} wants at least that many columns, y_pred has shape {pred.shape}")

    def _scores(self, scores: np.ndarray) -> np.ndarray:
        return np.clip(scores, 0.0, 1.0) if self._clip else scores

    def _count(self, positive: np.ndarray, scores: np.ndarray, weight: np.ndarray | None) -> None:
        """Add a block: sort its scores into the gaps, then sum the gaps above and below every threshold."""
        gap = np.searchsorted(self._levels.astype(scores.dtype), scores)  # how many thresholds are less
        gap[np.isnan(scores)] = 0
        labels = scores.shape[-1] if self.by_label else 1
        cell = (gap * labels + np.arange(labels)) * 2 + positive
        cells = (len(self._levels) + 1) * labels * 2
        counts = np.bincount(cell.ravel(), None if weight is None else weight.ravel(), cells)
        table = counts.astype(np.float64, copy=False).reshape(-1, labels, 2)
        if not self.by_label:
            table = table[:, 0]
        above, below = table[::-1].cumsum(axis=0)[-2::-1][self._places], table.cumsum(axis=0)[:-1][self._places]
        self.true_positives = self.true_positives + above[..., 1]
        self.false_positives = self.false_positives + above[..., 0]
        self.true_negatives = self.true_negatives + below[..., 0]
        self.false_negatives = self.false_negatives + below[..., 1]


def share(part: Any, whole: Any) -> np.ndarray:
    """``part / whole``, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=np.asarray(whole) != 0)


class _Count(Confusion):
    """One of the four counts."""

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        self.init_thresholds = thresholds
        levels = parsed(thresholds, 0.5)
        super().__init__(levels, name, dtype, clip=are_even(levels))

    @property
    def accumulator(self) -> np.ndarray:
        """The count at every threshold."""
        return np.asarray(getattr(self, self.state[0]))

    def result(self) -> float | np.ndarray:
        """The count, or one for every threshold."""
        return float(self.accumulator[0]) if len(self.thresholds) == 1 else self.accumulator.copy()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """Positives found.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]; 0.5 by default. A score is positive where it is greater.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    ValueError
        A threshold out of range.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    2.0
    """

    state = ("true_positives",)


class FalsePositives(_Count):
    """Negatives taken for positives. Parameters: see :class:`TruePositives`.

    Examples
    --------
    >>> FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
    2.0
    """

    state = ("false_positives",)


class TrueNegatives(_Count):
    """Negatives found. Parameters: see :class:`TruePositives`.

    Examples
    --------
    >>> TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
    2.0
    """

    state = ("true_negatives",)


class FalseNegatives(_Count):
    """Positives taken for negatives. Parameters: see :class:`TruePositives`.

    Examples
    --------
    >>> FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0])
    2.0
    """

    state = ("false_negatives",)
