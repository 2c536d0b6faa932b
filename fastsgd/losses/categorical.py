"""Losses for one class of several: each a function of arrays, and a class with the same settings.

Shapes, dtypes and errors of the functions are those of :mod:`fastsgd.losses.regression`, but for what each says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import flag, number, whole
from ..program import Op
from .arrays import pair, real_array, rowwise
from .base import SUM_OVER_BATCH_SIZE, FunctionLoss, ShareLoss, Terms
from .checks import labels, smoothed


# -- Functions ---------------------------------------------------------------------------------------------------------
def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """``-sum(y_true log(y_pred))`` over the classes.

    Parameters
    ----------
    y_true : array_like
        1 for the true class and 0 for the others (one-hot), or probabilities.
    y_pred : array_like
        Probabilities, which are divided by their sum and then kept from 1e-7 to 1 - 1e-7; or logits.
    from_logits : bool
        Probabilities are the softmax of the predictions.
    label_smoothing : float in [0, 1]
        Targets are moved so far towards all classes alike.
    axis : int
        That of the classes.
    """
    true, pred = pair(y_true, y_pred)
    return rowwise(_formula(from_logits), (), _smoothed(true, label_smoothing, _one(axis)), pred, axis)


def _smoothed(y: np.ndarray, label_smoothing: float, axis: int = -1) -> np.ndarray:
    return smoothed(y, label_smoothing, 1 / y.shape[axis])


def _one(axis: Any) -> int:
    """An axis; TypeError for anything else than a whole number."""
    return whole("axis", axis, -64)


def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """:func:`categorical_crossentropy` of targets that are numbers of classes.

    Parameters
    ----------
    y_true : array_like
        Whole numbers from 0, in the shape of ``y_pred`` without its axis of classes, or with one of length 1.
    y_pred, from_logits, axis
        As for :func:`categorical_crossentropy`.
    ignore_class : int, optional
        Samples of this class, which may be any number, have the loss 0.

    Raises
    ------
    ValueError
        Shapes that do not fit, or a target that is no class.
    """
    pred = real_array("y_pred", y_pred)
    true = real_array("y_true", y_true, np.float64)
    classes = pred.shape[_one(axis)]
    if true.ndim == pred.ndim and true.shape[axis] == 1:
        true = true.squeeze(axis)
    moved = np.moveaxis(pred, axis, -1)
    if true.shape != moved.shape[:-1]:
        raise ValueError(
            f"y_true has shape {true.shape}, y_pred has shape {pred.shape}: there must be one class for {classes} "
            "probabilities"
        )
    ignored = np.zeros(true.shape, bool) if ignore_class is None else true == ignore_class
    numbers = labels(np.where(ignored, 0, true), classes, "y_true", "sparse_categorical_crossentropy")
    hot = (numbers[..., np.newaxis] == np.arange(classes)) & ~ignored[..., np.newaxis]
    return rowwise(_formula(from_logits), (), hot.astype(pred.dtype), moved)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """:func:`categorical_crossentropy` times ``alpha (1 - y_pred)^gamma`` class by class (Lin et al., 2017)."""
    true, pred = pair(y_true, y_pred)
    formula = "categorical_focal_crossentropy_logits" if from_logits else "categorical_focal_crossentropy"
    constants = number("alpha", alpha), number("gamma", gamma, 0)
    return rowwise(formula, constants, _smoothed(true, label_smoothing, _one(axis)), pred, axis)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """``max(0, 1 + max((1 - y_true) y_pred) - sum(y_true y_pred))``."""
    return rowwise("categorical_hinge", (), *pair(y_true, y_pred))


# -- Classes -----------------------------------------------------------------------------------------------------------
class _OneHot(ShareLoss):
    """Targets have a column for each class."""

    takes = "the loss takes one-hot rows; for numbers of classes take 'sparse_categorical_crossentropy'"


class CategoricalCrossentropy(_OneHot):
    """Cross-entropy of several classes, see :func:`categorical_crossentropy`.

    With a softmax at the end of the network it is learned on what goes into that, where nothing has to be clipped.

    Parameters
    ----------
    from_logits, label_smoothing, axis
        See :func:`categorical_crossentropy`; training wants the last axis.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    function: ClassVar[Callable[..., Any]] = categorical_crossentropy
    settings: ClassVar[tuple[str, ...]] = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.label_smoothing = number("label_smoothing", label_smoothing, 0, 1)
        self.axis = _one(axis)
        self.formula = _formula(self.from_logits)

    def terms(self, outputs: int, last: Op) -> Terms:
        return _terms(self.from_logits, last, labels=False)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return _smoothed(super().targets(y, outputs, name), self.label_smoothing)


def _formula(on_logits: bool) -> str:
    return "categorical_crossentropy_logits" if on_logits else "categorical_crossentropy"


def _terms(from_logits: bool, last: Op, *, labels: bool) -> Terms:
    on_logits = not from_logits and last.kind == "softmax"
    return Terms(_formula(from_logits or on_logits), (), 1, 1 if labels else None, labels, on_logits)


class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy of several classes given by their numbers, see :func:`sparse_categorical_crossentropy`.

    Parameters
    ----------
    from_logits, ignore_class, axis
        See :func:`sparse_categorical_crossentropy`. Training wants the last axis, and no ``ignore_class``: give such
        rows a ``sample_weight`` of 0. The mean is over the samples that are not ignored.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind.
    """

    takes = "the loss takes numbers of classes; for one-hot rows take 'categorical_crossentropy'"
    function, settings = sparse_categorical_crossentropy, ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.from_logits = flag("from_logits", from_logits)
        self.ignore_class = None if ignore_class is None else whole("ignore_class", ignore_class, -(2**62))
        self.axis = _one(axis)
        self.formula = _formula(self.from_logits) if ignore_class is None else None

    def _counted(self, y_true: np.ndarray) -> np.ndarray | None:
        return None if self.ignore_class is None else y_true != self.ignore_class

    def terms(self, outputs: int, last: Op) -> Terms:
        return _terms(self.from_logits, last, labels=True)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return labels(y, outputs, name, self.name)


class CategoricalFocalCrossentropy(CategoricalCrossentropy):
    """Cross-entropy that tells most of what is hard to tell, see :func:`categorical_focal_crossentropy`.

    Parameters
    ----------
    alpha, gamma, from_logits, label_smoothing, axis
        See :func:`categorical_focal_crossentropy`; training wants the last axis.
    reduction, name, dtype
        See :class:`~fastsgd.losses.base.Loss`.

    Raises
    ------
    TypeError, ValueError
        A setting of another kind or out of range.
    """

    function = categorical_focal_crossentropy
    settings = ("alpha", "gamma", *CategoricalCrossentropy.settings)

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = SUM_OVER_BATCH_SIZE,
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(from_logits, label_smoothing, axis, reduction, name, dtype)
        self.constants = self.alpha, self.gamma = number("alpha", alpha), number("gamma", gamma, 0)
        self.formula = "categorical_focal_crossentropy_logits" if self.from_logits else "categorical_focal_crossentropy"

    def terms(self, outputs: int, last: Op) -> Terms:
        return _OneHot.terms(self, outputs, last)


class CategoricalHinge(_OneHot):
    """``max(0, 1 + max((1 - y_true) y_pred) - sum(y_true y_pred))``.

    Parameters: see :class:`~fastsgd.losses.MeanSquaredError`.
    """

    formula, function = "categorical_hinge", categorical_hinge

    def __init__(
        self, reduction: str | None = SUM_OVER_BATCH_SIZE, name: str = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
