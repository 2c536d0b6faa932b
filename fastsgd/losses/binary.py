"""Losses for two classes, or for labels that are true or not: each a function of arrays, and a class.

Shapes, dtypes and errors of the functions are those of :mod:`fastsgd.losses.regression`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import flag, number
from ..program import Op
from .arrays import elementwise, pair
from .base import SUM_OVER_BATCH_SIZE, FunctionLoss, Terms
from .checks import probabilities, signs, smoothed


# -- Two classes -------------------------------------------------------------------------------------------------------
def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """``-mean(y_true log(y_pred) + (1 - y_true) log(1 - y_pred))``; also called bce.

    Parameters
    ----------
    y_true : array_like
        0 and 1, or probabilities.
    y_pred : array_like
        Probabilities, which are kept from 1e-7 to 1 - 1e-7; or logits.
    from_logits : bool
        The predictions are ``log(p / (1 - p))`` of a probability p.
    label_smoothing : float in [0, 1]
        Targets are moved so far towards 0.5.
    axis : int
        Which one the mean is taken over.
    """
    true, pred = pair(y_true, y_pred)
    true = smoothed(true, label_smoothing, 0.5)
    formula = "binary_crossentropy_logits" if from_logits else "binary_crossentropy"
    return elementwise(formula, (), true, pred, axis)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """:func:`binary_crossentropy` times ``(1 - q)^gamma``, q being the truth's probability (Lin et al., 2017).

    Parameters
    ----------
    apply_class_balancing : bool
        Weigh 1 by ``alpha`` and 0 by ``1 - alpha``.
    alpha, gamma : float
    y_true, y_pred, from_logits, label_smoothing, axis
        As for :func:`binary_crossentropy`.
    """
    true, pred = pair(y_true, y_pred)
    formula = "binary_focal_crossentropy_logits" if from_logits else "binary_focal_crossentropy"
    constants = focal_constants(apply_class_balancing, alpha, gamma)
    return elementwise(formula, constants, smoothed(true, label_smoothing, 0.5), pred, axis)


def focal_constants(apply_class_balancing: bool, alpha: float, gamma: float) -> tuple[float, ...]:
    """Exponent, and weights of ones and zeros."""
    one, power = number("alpha", alpha), number("gamma", gamma, 0)
    return (power, one, 1 - one) if flag("apply_class_balancing", apply_class_balancing) else (power, 1.0, 1.0)


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(max(1 - y_true y_pred, 0))``; targets are -1 and 1, or all 0 and 1, which are turned into those."""
    true, pred = pair(y_true, y_pred)
    return elementwise("hinge", (), signs(true), pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``mean(max(1 - y_true y_pred, 0)^2)``, see :func:`hinge`."""
    true, pred = pair(y_true, y_pred)
    return elementwise("squared_hinge", (), signs(true), pred)


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy of two classes, see :func:`binary_crossentropy`.

    With a last layer of activation sigmoid it is learned on the layer's logits, where nothing has to be clipped.

    Parameters
    ----------
    from_logits, label_smoothing, axis
        See :func:`binary_crossentropy`; training wants the last axis.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    function: ClassVar[Callable[..., Any]] = binary_crossentropy
    settings: ClassVar[tuple[str, ...]] = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0, 1)
        self.axis = axis
        self.formula = "binary_crossentropy_logits" if self.from_logits else "binary_crossentropy"

    def terms(self, outputs: int, last: Op) -> Terms:
        on_logits = not self.from_logits and last.activation == "sigmoid"
        if on_logits:
            return Terms("binary_crossentropy_logits", on_logits=True)
        return super().terms(outputs, last)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return smoothed(probabilities(y, name, self.name), self.label_smoothing, 0.5)


class BinaryFocalCrossentropy(BinaryCrossentropy):
    """Cross-entropy of two classes that tells most of what is hard to tell, see :func:`binary_focal_crossentropy`.

    Parameters
    ----------
    apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis
        See :func:`binary_focal_crossentropy`; training wants the last axis.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    function = binary_focal_crossentropy
    settings = ("apply_class_balancing", "alpha", "gamma", *BinaryCrossentropy.settings)

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.constants = focal_constants(apply_class_balancing, alpha, gamma)
        self.formula = "binary_focal_crossentropy_logits" if self.from_logits else "binary_focal_crossentropy"
        self.apply_class_balancing, self.alpha, self.gamma = bool(apply_class_balancing), float(alpha), float(gamma)

    def terms(self, outputs: int, last: Op) -> Terms:
        assert self.formula is not None
        return Terms(self.formula, self.constants)


class Hinge(FunctionLoss):
    """``mean(max(1 - y_true y_pred, 0))``. Parameters: see :class:`~fastsgd.losses.MeanSquaredError`.

    Targets are -1 and 1, or 0 and 1, which are turned into those.
    """

    formula, function = "hinge", hinge

    def __init__(self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        made = signs(y)
        wrong = np.abs(made) != 1
        if wrong.any():
            raise ValueError(f"{name} holds {y[wrong][0]:g}; the loss {self.name!r} takes -1 and 1, or 0 and 1")
        return made


class SquaredHinge(Hinge):
    """``mean(max(1 - y_true y_pred, 0)^2)``, see :class:`Hinge`."""

    formula, function = "squared_hinge", squared_hinge

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
