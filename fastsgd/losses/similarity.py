"""Losses that compare a row of predictions as a whole: its direction, its overlap with the targets.

Shapes, dtypes and errors of the functions are those of :mod:`fastsgd.losses.regression`, but for the axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from ..arguments import number
from .arrays import pair, rowwise
from .base import SUM_OVER_BATCH_SIZE, RowLoss, ShareLoss


# -- Functions ---------------------------------------------------------------------------------------------------------
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """``-sum(t p)`` of targets and predictions that are divided by their Euclidean norms: -1 is the same direction."""
    return rowwise("cosine_similarity", (), *pair(y_true, y_pred), axis)


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Any = None) -> Any:
    """``1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + 1e-7)`` along an axis, or several, or None: all."""
    return rowwise("dice", (), *pair(y_true, y_pred), axis)


def tversky(y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """``1 - s / (s + alpha sum((1 - y_pred) y_true) + beta sum(y_pred (1 - y_true)) + 1e-7)``, s = sum(y_true y_pred).

    Sums are along an axis, or several, or None: all.
    """
    return rowwise("tversky", (number("alpha", alpha), number("beta", beta)), *pair(y_true, y_pred), axis)


# -- Classes -----------------------------------------------------------------------------------------------------------
class CosineSimilarity(RowLoss):
    """Minus the cosine of the angle between targets and predictions, see :func:`cosine_similarity`.

    Parameters
    ----------
    axis : int
        That of the vectors; training wants the last.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.
    """

    formula, function, settings = "cosine_similarity", cosine_similarity, ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.axis = axis


class Dice(ShareLoss):
    """What two sets do not share, see :func:`dice`.

    Parameters
    ----------
    axis : int, tuple of int or None
        What one loss is taken over; training wants -1, a loss for each row.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.
    """

    function: ClassVar[Callable[..., Any]] = dice
    settings: ClassVar[tuple[str, ...]] = ("axis",)

    def __init__(
        self,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.axis = axis
        self.formula = "dice"


class Tversky(Dice):
    """:class:`Dice` with weights of what is missing and what is too much, see :func:`tversky`.

    Parameters
    ----------
    alpha, beta : float
    axis, reduction, name, dtype
        See :class:`Dice`.
    """

    function, settings = tversky, ("alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(reduction, name, axis, dtype)
        self.constants = self.alpha, self.beta = number("alpha", alpha), number("beta", beta)
        self.formula = "tversky"
