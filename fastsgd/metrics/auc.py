"""The area under a curve: by Keras's sum over thresholds, and exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import flag, whole
from .base import Metric, pair, row_weights
from .confusion import EPSILON, Confusion, are_even, share, weights_of_elements

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")


def chosen(argument: str, value: Any, known: Sequence[str]) -> str:
    """The known value that is meant, whatever its case.

    Raises
    ------
    ValueError
        There is none.
    """
    for name in known:
        if isinstance(value, str) and value.lower() == name.lower():
            return name
    raise ValueError(f'Invalid AUC {argument} value: "{value}". Expected values are {list(known)}')


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits, without overflow."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits < 0, small, 1.0) / (1.0 + small))


class AUC(Confusion):
    """Area under the ROC or precision-recall curve, through points at ``num_thresholds`` thresholds.

    Its error is that of the thresholds: scores should be spread over [0, 1]. :class:`ExactAUC` has no such error.

    Parameters
    ----------
    num_thresholds : int
        They divide [0, 1] evenly.
    curve : {"ROC", "PR", "PRGAIN"}
        True positive rate over false positive rate, precision over recall, or precision gain over recall gain (Flach
        and Kull, 2015).
    summation_method : {"interpolation", "majoring", "minoring"}
        What is summed between two points: trapezoids (for "PR" the interpolation of true positives by Davis and
        Goadrich, 2006), or rectangles of the greater or the lesser height.
    name, dtype
        See :class:`Metric`.
    thresholds : list of float, optional
        In [0, 1], instead of ``num_thresholds``; the ends are added.
    multi_label : bool
        Average the areas of the columns, instead of taking all elements for one curve.
    num_labels : int, optional
        Columns, if ``multi_label``; else those of the first batch.
    label_weights : list of float, optional
        Of the columns: in the average if ``multi_label``, else of the elements.
    from_logits : bool
        Predictions are logits.

    Raises
    ------
    TypeError, ValueError
        An argument out of range, or data with other columns.

    Examples
    --------
    >>> round(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]), 6)
    0.75
    """

    direction = "up"
    state = "true_positives", "false_positives", "true_negatives", "false_negatives"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        self.curve, self.summation_method = chosen("curve", curve, CURVES), summation_method
        self.summation_method = chosen("summation method", summation_method, SUMMATIONS)
        self._given = None if thresholds is None else sorted(float(t) for t in thresholds)
        if self._given is None:
            if num_thresholds <= 1:
                raise ValueError(
                    f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}"
                )
            n = whole("num_thresholds", num_thresholds)
            inner = [i / (n - 1) for i in range(1, n - 1)]
        else:
            inner = self._given
            if bad := [t for t in inner if not 0 <= t <= 1]:
                raise ValueError(f"Threshold values must be in [0, 1]. Received: {bad}")
        self.num_thresholds = len(inner) + 2
        self.by_label = self.multi_label = flag("multi_label", multi_label)
        if num_labels is not None and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        self.num_labels = None if num_labels is None else whole("num_labels", num_labels)
        self.label_weights = None if label_weights is None else np.array(label_weights, np.float64)
        self.from_logits = flag("from_logits", from_logits)
        self._labels = self.num_labels
        clip = self._given is None or are_even([0.0, *inner, 1.0])
        super().__init__([-EPSILON, *inner, 1.0 + EPSILON], name, dtype, clip=clip)

    @property
    def _shape(self) -> tuple[int, ...]:
        return (self.num_thresholds, self._labels or 1) if self.multi_label else (self.num_thresholds,)

    def _check(self, true: np.ndarray, pred: np.ndarray) -> None:
        if self.multi_label and pred.ndim != 2:
            raise ValueError(
                f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {pred.ndim}. "
                f"Full shape received for `y_pred`: {pred.shape}"
            )
        if self.multi_label:
            self._labels = self._labels or pred.shape[1]
            if pred.shape[1] != self._labels:
                raise ValueError(f"y_pred has {pred.shape[1]} columns, AUC has {self._labels} labels")
        columns = pred.shape[-1] if pred.ndim > 1 else 1
        if self.label_weights is not None and self.label_weights.shape != (columns,):
            raise ValueError(f"label_weights has shape {self.label_weights.shape}, y_pred has {columns} columns")

    def _scores(self, scores: np.ndarray) -> np.ndarray:
        return super()._scores(sigmoid(scores) if self.from_logits else scores)

    def _count(self, positive: np.ndarray, scores: np.ndarray, weight: np.ndarray | None) -> None:
        if self.label_weights is not None and not self.multi_label:
            weight = np.broadcast_to(self.label_weights, scores.shape) * (1.0 if weight is None else weight)
        super()._count(positive, scores, weight)

    def result(self) -> float:
        """The area; 0 before anything was taken in."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = self._interpolated_pr()
        else:
            x, y = self._points()
            heights = {
                "interpolation": (y[:-1] + y[1:]) / 2.0,
                "minoring": np.minimum(y[:-1], y[1:]),
                "majoring": np.maximum(y[:-1], y[1:]),
            }[self.summation_method]
            areas = ((x[:-1] - x[1:]) * heights).sum(axis=0)
        if self.multi_label and self.label_weights is not None:
            return float(share((areas * self.label_weights).sum(), self.label_weights.sum()))
        return float(areas.mean())

    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        """The curve's points x, y at the thresholds, from the right to the left."""
        tp, fp, fn, tn = self.true_positives, self.false_positives, self.false_negatives, self.true_negatives
        recall = share(tp, tp + fn)
        if self.curve == "ROC":
            return share(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, share(tp, tp + fp)
        odds = share(tp + fn, tn + fp)  # of a positive
        recall_gain = np.where(tp == 0, 0.0, 1.0 - odds * share(fn, tp))
        return np.maximum(recall_gain, 0.0), np.where(tp == 0, 1.0, 1.0 - odds * share(fp, tp))

    def _interpolated_pr(self) -> np.ndarray:
        """Area where true positives grow linearly with all positives P between two points: a + b ln(P0 / P1)."""
        tp, p = self.true_positives, self.true_positives + self.false_positives
        dtp, dp = tp[:-1] - tp[1:], p[:-1] - p[1:]
        slope = share(dtp, np.maximum(dp, 0))
        intercept = tp[1:] - slope * p[1:]
        both = (p[:-1] > 0) & (p[1:] > 0)
        ratio = np.divide(p[:-1], p[1:], out=np.ones(p[1:].shape), where=both)
        increments = slope * (dtp + intercept * np.log(ratio))
        return share(increments, np.maximum(tp[1:] + self.false_negatives[1:], 0)).sum(axis=0)

    def get_config(self) -> dict[str, Any]:
        own: dict[str, Any] = {
            "num_thresholds": self.num_thresholds, "curve": self.curve, "summation_method": self.summation_method,
            "multi_label": self.multi_label, "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }  # fmt: skip
        return {**super().get_config(), **own} | ({} if self._given is None else {"thresholds": self._given})


class ExactAUC(Metric):
    """Area under the ROC curve, or average precision, of the scores themselves, whatever their range.

    Every score is kept until :meth:`reset_state`: some 17 bytes an element, and a sort for the result.

    Parameters
    ----------
    curve : {"ROC", "PR"}
        "PR" is scikit-learn's ``average_precision_score``, the sum of ``(recall_i - recall_{i-1}) precision_i``.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    ValueError
        Another curve.

    Examples
    --------
    >>> ExactAUC()([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.75
    """

    direction = "up"

    def __init__(self, curve: str = "ROC", name: str | None = "auc", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.curve = chosen("curve", curve, CURVES[:2])
        self.reset_state()

    def reset_state(self) -> None:
        self._batches: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = []

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in targets (0: negative, all else: positive) and scores of one shape; all elements are one curve's."""
        true, pred = pair(y_true, y_pred)
        weight = weights_of_elements(row_weights(sample_weight, len(true)), true.shape)
        self._batches.append(((true != 0).ravel(), pred.ravel().copy(), None if weight is None else weight.ravel()))

    def result(self) -> float:
        """The area; NaN where there are no positives, no negatives ("ROC"), or scores that are NaN."""
        if not self._batches:
            return float("nan")
        positive = np.concatenate([batch[0] for batch in self._batches])
        scores = np.concatenate([batch[1] for batch in self._batches])
        weight = np.concatenate([np.ones(len(b[0])) if b[2] is None else b[2] for b in self._batches])
        if scores.dtype.kind == "f" and np.isnan(scores).any():
            return float("nan")
        order = np.argsort(scores)[::-1]
        ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # the last one of every score
        tp = np.append(0.0, (weight * positive)[order].cumsum()[ends])
        fp = np.append(0.0, (weight * ~positive)[order].cumsum()[ends])
        with np.errstate(invalid="ignore"):
            if self.curve == "ROC":
                return float((np.diff(fp) * (tp[:-1] + tp[1:])).sum() / (2.0 * tp[-1] * fp[-1]))
            return float((np.diff(tp) * share(tp[1:], tp[1:] + fp[1:])).sum() / tp[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "curve": self.curve}
