"""Metrics of probabilities, counts and margins: the losses of these names, averaged over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..losses import (
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from .base import row_weights, rows_of
from .reduction import RowError, labels_and_scores


class _Probabilities(RowError):
    """Of probabilities, which are clipped in the dtype they come in, as losses do it: nothing is cast."""

    compares = True


class Poisson(RowError):
    """``mean(y_pred - y_true log(y_pred + 1e-7))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(Poisson()([[0, 1], [0, 0]], [[1, 1], [0, 0]]), 6)
    0.5
    """

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(_Probabilities):
    """Cross-entropy of two classes.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
        Predictions are logits, not probabilities.
    label_smoothing : float in [0, 1]
        Targets are moved so far towards 0.5.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    0.814924
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(_Probabilities):
    """Cross-entropy of several classes and one-hot targets, or targets that are probabilities.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
        Predictions are logits, not probabilities.
    label_smoothing : float in [0, 1]
        Targets are moved so far towards equal probabilities.
    axis : int
        Of the classes.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]), 6)
    1.176939
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
        )
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(_Probabilities):
    """Cross-entropy of several classes and targets that are their numbers.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
        Predictions are logits, not probabilities.
    ignore_class : int, optional
        Rows of this label have no loss. As in Keras, the mean is over the others where there are weights, and else
        over all.
    axis : int
        Of the classes.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]), 6)
    1.176939
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis
        )
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def _paired(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return labels_and_scores(y_true, y_pred)

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        if self.ignore_class is not None and sample_weight is not None:
            labels = labels_and_scores(rows_of("y_true", y_true), rows_of("y_pred", y_pred))[0]
            counted = (labels != self.ignore_class).astype(np.float64)
            weight = row_weights(sample_weight, len(labels))
            assert weight is not None
            sample_weight = counted * weight.reshape(counted.shape)
        super().update_state(y_true, y_pred, sample_weight)


class KLDivergence(_Probabilities):
    """``sum(y_true log(y_true / y_pred))``, both from 1e-7 to 1. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(KLDivergence()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 5)
    0.45814
    """

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class CategoricalHinge(RowError):
    """``max(0, 1 + max((1 - y_true) y_pred) - sum(y_true y_pred))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    1.4
    """

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)


class Hinge(RowError):
    """``mean(max(1 - y_true y_pred, 0))`` for targets -1 and 1. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    1.3
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(RowError):
    """``mean(max(1 - y_true y_pred, 0)^2)`` for targets -1 and 1. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    1.86
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)
