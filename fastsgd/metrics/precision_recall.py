"""Precision and recall at thresholds, and the best of one where the other, or specificity, is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import whole
from .confusion import LOWEST, Confusion, are_even, parsed, share

Thresholds = float | Sequence[float] | None


class _AtThresholds(Confusion):
    """Precision or recall."""

    direction = "up"

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.init_thresholds = thresholds
        levels = parsed(thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(levels, name, dtype, top_k, class_id, are_even(levels))

    def result(self) -> float | np.ndarray:
        """A number, or one for every threshold; 0 where nothing was counted."""
        found, others = (getattr(self, name) for name in self.state)
        shares = share(found, found + others)
        return float(shares[0]) if len(self.thresholds) == 1 else shares

    def get_config(self) -> dict[str, Any]:
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(_AtThresholds):
    """Share of true positives in what is taken for positive.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]. A score is positive where it is greater. By default 0.5; with ``top_k`` every score among the k
        greatest is.
    top_k : int, optional
        Only the k greatest scores of a row can be positive.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    TypeError, ValueError
        An argument out of range; data without the column, or with fewer than k.

    Examples
    --------
    >>> round(Precision()([0, 1, 1, 1], [1, 0, 1, 1]), 6)
    0.666667
    """

    state = "true_positives", "false_positives"


class Recall(_AtThresholds):
    """Share of the positives that are found. Parameters and errors: see :class:`Precision`.

    Examples
    --------
    >>> round(Recall()([0, 1, 1, 1], [1, 0, 1, 1]), 6)
    0.666667
    """

    state = "true_positives", "false_negatives"


class _Constrained(Confusion):
    """The greatest of one share at thresholds where another one is at least a value."""

    direction = "up"
    state = "true_positives", "false_positives", "true_negatives", "false_negatives"
    constraint = ""  # name of the share, and of the argument

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        if not 0 <= value <= 1:
            raise ValueError(
                f"Argument `{self.constraint}` must be in the range [0, 1]. Received: {self.constraint}={value}"
            )
        if num_thresholds <= 0:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}"
            )
        self.value, self.num_thresholds = value, whole("num_thresholds", num_thresholds)
        levels = [0.5] if num_thresholds == 1 else [i / (num_thresholds - 1) for i in range(num_thresholds)]
        super().__init__(levels, name, dtype, class_id=class_id, clip=num_thresholds > 1)

    @property
    def _sensitivity(self) -> np.ndarray:
        return share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def _specificity(self) -> np.ndarray:
        return share(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def _precision(self) -> np.ndarray:
        return share(self.true_positives, self.true_positives + self.false_positives)

    def _best(self, constrained: np.ndarray, wanted: np.ndarray) -> float:
        return float(wanted[constrained >= self.value].max(initial=0.0))

    def get_config(self) -> dict[str, Any]:
        own = {self.constraint: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_Constrained):
    """The greatest sensitivity (recall) at a threshold where specificity, the recall of negatives, is good enough.

    Parameters
    ----------
    specificity : float in [0, 1]
        What is good enough.
    num_thresholds : int
        They divide [0, 1] evenly.
    class_id : int, optional
        Only this column counts.
    name, dtype
        See :class:`Metric`.

    Raises
    ------
    TypeError, ValueError
        An argument out of range.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    constraint = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> float:
        return self._best(self._specificity, self._sensitivity)


class SpecificityAtSensitivity(_Constrained):
    """The greatest specificity at a threshold where sensitivity is good enough.

    Parameters: ``sensitivity``, and as of :class:`SensitivityAtSpecificity`.

    Examples
    --------
    >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 6)
    0.666667
    """

    constraint = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> float:
        return self._best(self._sensitivity, self._specificity)


class PrecisionAtRecall(_Constrained):
    """The greatest precision at a threshold where recall is good enough.

    Parameters: ``recall``, and as of :class:`SensitivityAtSpecificity`.

    Examples
    --------
    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    constraint = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> float:
        return self._best(self._sensitivity, self._precision)


class RecallAtPrecision(_Constrained):
    """The greatest recall at a threshold where precision is good enough.

    Parameters: ``precision``, and as of :class:`SensitivityAtSpecificity`.

    Examples
    --------
    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.5
    """

    constraint = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> float:
        return self._best(self._precision, self._sensitivity)
