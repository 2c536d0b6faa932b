"""F scores: the weighted harmonic mean of precision and recall, class by class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .base import Metric, blocks, pair, row_weights
from .confusion import EPSILON, weights_of_elements

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """``(1 + beta^2) precision recall / (beta^2 precision + recall)``.

    Keras adds 1e-7 to every divisor, and so does this: a perfect score is a little below 1.

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}
        One score for every class, the score of all elements together, the mean over classes, or their mean weighted
        by how many rows are of the class.
    beta : float
        Weight of recall beside precision.
    threshold : float in (0, 1], optional
        A class is predicted where its score is greater; None: where its score is the greatest of the row.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    ValueError
        An argument out of range; targets and predictions that are not both of shape (n, classes).

    Examples
    --------
    >>> true, pred = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
    >>> FBetaScore(beta=2.0, threshold=0.5)(true, pred).round(4)
    array([0.3846, 0.9091, 0.8333])
    """

    direction = "up"
    state = "true_positives", "false_positives", "false_negatives", "intermediate_weights"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in AVERAGES:
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. "
                f"Received: average={average}"
            )
        for argument, value in (("beta", beta), ("threshold", threshold)):
            if not isinstance(value, float) and not (argument == "threshold" and value is None):
                raise ValueError(
                    f"Invalid `{argument}` argument value. It should be a Python float. "
                    f"Received: {argument}={value} of type '{type(value)}'"
                )
        if not beta > 0.0:
            raise ValueError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None and not 0.0 < threshold <= 1.0:
            raise ValueError(
                "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. "
                f"Received: threshold={threshold}"
            )
        self.average, self.beta, self.threshold = average, beta, threshold
        self.reset_state()

    def reset_state(self) -> None:
        self.true_positives: Any = 0.0
        self.false_positives: Any = 0.0
        self.false_negatives: Any = 0.0
        self.intermediate_weights: Any = 0.0

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in one-hot targets (or several labels a row) and scores, both (n, classes)."""
        if np.ndim(y_true) != 2 or np.ndim(y_pred) != 2:
            raise ValueError(
                f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={np.shape(y_pred)} and y_true.shape={np.shape(y_true)}."
            )
        true, pred = pair(y_true, y_pred)
        classes = np.shape(self.true_positives) or pred.shape[1:]
        if self.average != "micro" and pred.shape[1:] != classes:
            raise ValueError(f"y_pred has {pred.shape[1]} classes, those seen before had {classes[0]}")
        axis = None if self.average == "micro" else 0
        for t, p, w in blocks(true, pred, row_weights(sample_weight, len(true))):
            chosen = self._chosen(p)  # in the scores' own dtype
            w1: Any = 1.0 if w is None else weights_of_elements(w, t.shape)
            wt = w1 * t.astype(np.float64, copy=False)
            self.true_positives = self.true_positives + (chosen * wt).sum(axis=axis)
            self.false_positives = self.false_positives + (chosen * (w1 - wt)).sum(axis=axis)
            self.false_negatives = self.false_negatives + (~chosen * wt).sum(axis=axis)
            self.intermediate_weights = self.intermediate_weights + wt.sum(axis=axis)

    def _chosen(self, p: np.ndarray) -> np.ndarray:
        """Where a class is predicted."""
        if self.threshold is None:
            return (p >= p.max(axis=-1, keepdims=True)) & (np.abs(p) > 1e-9)
        return p > self.threshold

    def result(self) -> float | np.ndarray:
        """The score; shape (classes,) where average is None."""
        precision = self.true_positives / (self.true_positives + self.false_positives + EPSILON)
        recall = self.true_positives / (self.true_positives + self.false_negatives + EPSILON)
        mean = precision * recall / (self.beta**2 * precision + recall + EPSILON)
        score = np.asarray(mean * (1 + self.beta**2))
        if self.average is None:
            return score
        if self.average == "weighted":
            shares = self.intermediate_weights / (np.sum(self.intermediate_weights) + EPSILON)
            return float((score * shares).sum())
        return float(score.mean())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """:class:`FBetaScore` with beta 1: the harmonic mean of precision and recall.

    Parameters
    ----------
    average, threshold, name, dtype
        See :class:`FBetaScore`.

    Raises
    ------
    ValueError
        As :class:`FBetaScore`.

    Examples
    --------
    >>> true, pred = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
    >>> F1Score(threshold=0.5)(true, pred).round(4)
    array([0.5   , 0.8   , 0.6667])
    """

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
