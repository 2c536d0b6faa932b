"""Losses that fit a distribution: counts, quantiles, mean and variance, and how two distributions differ.

Shapes, dtypes and errors of the functions are those of :mod:`fastsgd.losses.regression`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import flag, number
from ..program import Op
from .arrays import blockwise, elementwise, pair, rowwise
from .base import SUM_OVER_BATCH_SIZE, FunctionLoss, ShareLoss, Terms
from .checks import at_least_0, blocks_of


# -- Functions ---------------------------------------------------------------------------------------------------------
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(y_pred - y_true log(y_pred + 1e-7))``: negative log-likelihood of counts but for a constant."""
    return elementwise("poisson", (), *pair(y_true, y_pred))


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``sum(y_true log(y_true / y_pred))``, both kept from 1e-7 to 1; also called kld."""
    return rowwise("kl_divergence", (), *pair(y_true, y_pred))


def quantile(y_true: ArrayLike, y_pred: ArrayLike, q: float | Sequence[float] = 0.5) -> Any:
    """``mean(max(q e, (q - 1) e))``, e = y_true - y_pred: the pinball loss, least where y_pred is the quantile q of y.

    Not in Keras; scikit-learn's ``mean_pinball_loss`` with ``alpha=q`` (Koenker and Bassett, 1978).

    Parameters
    ----------
    y_true : array_like, shape (n, d) or (n,)
    y_pred : array_like, shape (n, d); for several q (n, d len(q))
        All outputs' predictions for the first q, then those for the second, and so on.
    q : float or sequence of float
        Between 0 and 1, both excluded.
    """
    levels = levels_of(q)
    if isinstance(levels, tuple):
        return blockwise("quantiles", levels, len(levels), *pair(y_true, y_pred)) / len(levels)
    return elementwise("quantile", (levels,), *pair(y_true, y_pred))


def levels_of(q: Any) -> float | tuple[float, ...]:
    """One level, or several; TypeError, ValueError for anything that is not between 0 and 1."""
    if isinstance(q, (Sequence, np.ndarray)) and not isinstance(q, str) and np.ndim(q) == 1:
        if len(q) == 0:
            raise ValueError("q is empty; it must be a number or a list of numbers between 0 and 1")
        return tuple(_level(each) for each in q)
    return _level(q)


def _level(q: Any) -> float:
    level = number("q", q)
    if not 0 < level < 1:
        raise ValueError(f"q must be between 0 and 1, both excluded, got {q!r}")
    return level


def gaussian_nll(y_true: ArrayLike, y_pred: ArrayLike, full: bool = False, eps: float = 1e-6) -> Any:
    """``mean((log(v) + (y_true - m)^2 / v) / 2)``: negative log-likelihood of normal distributions.

    Nix and Weigend, 1994. Not in Keras; PyTorch's ``gaussian_nll_loss``, but for the logarithm.

    Parameters
    ----------
    y_true : array_like, shape (n, d) or (n,)
    y_pred : array_like, shape (n, 2 d)
        The means m, then the logarithms of the variances v.
    full : bool
        Add the constant, half the logarithm of 2 pi.
    eps : float > 0
        Smaller variances count as this one.
    """
    return blockwise("gaussian_nll", gaussian_constants(full, eps), 2, *pair(y_true, y_pred))


def gaussian_constants(full: bool, eps: float) -> tuple[float, ...]:
    if not number("eps", eps) > 0:
        raise ValueError(f"eps must be more than 0, got {eps!r}")
    return math.log(eps), 0.5 * math.log(2 * math.pi) if flag("full", full) else 0.0


# -- Classes -----------------------------------------------------------------------------------------------------------
class Poisson(FunctionLoss):
    """``mean(y_pred - y_true log(y_pred + 1e-7))``. Parameters: see :class:`~fastsgd.losses.MeanSquaredError`.

    Predictions have to be positive, as those of a last layer with softplus or exponential are; training wants targets
    of at least 0.
    """

    formula, function = "poisson", poisson

    def __init__(self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return at_least_0(y, name, self.name)


class KLDivergence(ShareLoss):
    """``sum(y_true log(y_true / y_pred))``, see :func:`kl_divergence`.

    Parameters: see :class:`~fastsgd.losses.MeanSquaredError`. Training wants targets from 0 to 1.
    """

    formula, function = "kl_divergence", kl_divergence

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)


class Quantile(FunctionLoss):
    """Pinball loss: predictions become the quantile ``q`` of the targets, see :func:`quantile`.

    Parameters
    ----------
    q : float or sequence of float
        Between 0 and 1, both excluded; 0.5 is the median. With several, a network needs so many outputs for each column
        of y: first all columns' for the first q, then all for the second. The loss is the mean over them.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        q is no such number.

    Examples
    --------
    ``Dense(2)`` as the last layer with ``Quantile([0.1, 0.9])`` and y of shape (n,) learns an interval of 80 %.
    """

    function, settings = quantile, ("q",)

    def __init__(
        self,
        q: float | Sequence[float] = 0.5,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "quantile",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        levels = levels_of(q)
        self.q = list(levels) if isinstance(levels, tuple) else levels
        self.formula = "quantiles" if isinstance(levels, tuple) else "quantile"
        self.constants = levels if isinstance(levels, tuple) else (levels,)
        self.takes = f"the loss takes a column for each {len(self.constants)} of them"

    def terms(self, outputs: int, last: Op) -> Terms:
        assert self.formula is not None
        columns = blocks_of(len(self.constants), outputs, repr(self))
        return Terms(self.formula, self.constants, targets=columns)


class GaussianNLL(FunctionLoss):
    """Negative log-likelihood of normal distributions, see :func:`gaussian_nll`.

    A network needs two outputs for each column of y: first the means of all, then the logarithms of their variances.
    The last layer must be linear.

    Parameters
    ----------
    full, eps
        See :func:`gaussian_nll`. Below eps the loss does not change with the variance, but its slope still does.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    takes = "the loss takes a column for each two of them, a mean and a log-variance"
    formula, function, settings = "gaussian_nll", gaussian_nll, ("full", "eps")

    def __init__(
        self,
        full: bool = False,
        eps: float = 1e-6,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "gaussian_nll",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.constants = gaussian_constants(full, eps)
        self.full, self.eps = bool(full), float(eps)

    def terms(self, outputs: int, last: Op) -> Terms:
        assert self.formula is not None
        columns = blocks_of(2, outputs, repr(self))
        return Terms(self.formula, self.constants, columns, columns)
