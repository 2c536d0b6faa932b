"""Metrics of probabilities, counts and margins: the losses of these names, averaged over rows."""

from __future__ import annotations

from typing import Any

from ..losses import binary_crossentropy, hinge, poisson, squared_hinge
from .reduction import RowMean


class _Loss(RowMean):
    """A mean that is better the less it is."""

    direction = "down"


class Poisson(_Loss):
    """``mean(y_pred - y_true log(y_pred + 1e-7))``. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(Poisson()([[0, 1], [0, 0]], [[1, 1], [0, 0]]), 6)
    0.5
    """

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(_Loss):
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


class Hinge(_Loss):
    """``mean(max(1 - y_true y_pred, 0))`` for targets -1 and 1. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(Hinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    1.3
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(_Loss):
    """``mean(max(1 - y_true y_pred, 0)^2)`` for targets -1 and 1. Parameters: see :class:`Metric`.

    Examples
    --------
    >>> round(SquaredHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]), 6)
    1.86
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)
