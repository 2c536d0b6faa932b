"""Losses: how far predictions are from targets.

The values come from the formulas in ``kernels/losses.py``, which are those that the engines train with; here they are
evaluated on NumPy arrays, with Keras 3's call signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import absent
from .identifiers import instance, serialized
from .kernels import source
from .names import lookup

MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")
REDUCTIONS = (*MEANS, "sum", "none", None)


# -- Arrays in pairs ---------------------------------------------------------------------------------------------------
def real_array(name: str, values: ArrayLike, dtype: Any = None) -> np.ndarray:
    """``values`` as float32 (where they are float32 or float16 already) or float64, or of the wanted dtype.

    Raises
    ------
    TypeError
        They are no real numbers (complex, text, objects, dates).
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be real numbers, got an array of dtype {array.dtype}")
    if dtype is None:
        dtype = np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64
    return array.astype(dtype, copy=False)


def same_rank(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Arrays whose ranks differ by a last axis of length one, brought to one rank; others as they are.

    (n,) beside (n, 1) becomes (n, 1); any other (..., 1) loses its last axis: Keras 3's
    ``squeeze_or_expand_to_same_rank``.
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[:, None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[:, None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def settled(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions of one shape; (n,) and (n, 1) are the same thing, nothing is broadcast.

    Raises
    ------
    ValueError
        The shapes differ otherwise.
    """
    true, pred = same_rank(y_true, y_pred)
    if true.shape != pred.shape:
        raise ValueError(f"y_true has shape {y_true.shape}, y_pred has shape {y_pred.shape}: they must be equal")
    return true, pred


def _per_sample(formula: str, constants: tuple[float, ...], y_true: np.ndarray, y_pred: np.ndarray) -> Any:
    """Mean over the last axis of a formula of ``kernels/losses.py``, in the dtype of ``y_pred``."""
    true, pred = settled(y_true, y_pred)
    real: Any = pred.dtype.type
    with np.errstate(all="ignore"):  # a diverged model's predictions have a loss too: inf or NaN
        return source.on_arrays(real)[formula](pred, true, *map(real, constants)).mean(axis=-1)


# -- Classes -----------------------------------------------------------------------------------------------------------
class Loss:
    """Base of all losses. A subclass that overrides ``call(y_true, y_pred)`` can be used alone on arrays.

    Parameters
    ----------
    name : str, optional
        By default the name of the class.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None}
        What becomes of the losses of the samples: the mean over them (``"sum_over_batch_size"`` and ``"mean"``: the
        divisor is their number, not the sum of weights), their sum, the sum divided by the sum of weights, or nothing.
    dtype : {None, "float32", "float64"}
        Of the computation; None: float32 if the predictions are, else float64.

    Raises
    ------
    ValueError
        An unknown reduction or dtype.

    Attributes
    ----------
    formula : str or None
        Name of the function in ``kernels/losses.py`` that the engines train with; None: the loss is for arrays only.
    constants : tuple of float
        The formula's parameters after ``p, y``.
    """

    formula: str | None = None
    constants: tuple[float, ...] = ()

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. "
                f"Received: reduction={reduction!r}"
            )
        if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype of a loss must be None, float32 or float64, got {dtype!r}")
        self.name = name or type(self).__name__
        self.reduction = reduction
        self.dtype = None if dtype is None else np.dtype(dtype).name

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
        """Losses of the samples, shape (n,): what subclasses define."""
        raise NotImplementedError(f"{type(self).__name__} defines no call(y_true, y_pred)")

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """The loss of predictions.

        Parameters
        ----------
        y_true, y_pred : array_like, shape (n, outputs)
            A target of shape (n,) and a prediction of shape (n, 1) belong together.
        sample_weight : array_like, optional
            Scalar, or of a shape that broadcasts to that of the samples' losses, usually (n,).

        Returns
        -------
        float or numpy.ndarray
            The reduced loss; with reduction None the (weighted) losses of the samples, shape (n,).

        Raises
        ------
        TypeError
            Something else than real numbers.
        ValueError
            Shapes that do not fit.
        """
        pred = real_array("y_pred", y_pred, self.dtype)
        true = real_array("y_true", y_true, pred.dtype)
        if true.shape[:1] != pred.shape[:1]:
            raise ValueError(
                f"y_true has shape {true.shape}, y_pred has shape {pred.shape}: they must have the same rows"
            )
        values = np.asarray(self.call(*same_rank(true, pred)))
        weight = None
        if sample_weight is not None:
            values, weight = weighted(values, real_array("sample_weight", sample_weight, pred.dtype))
        if self.reduction in (None, "none"):
            return values if values.ndim else float(values)
        total = float(values.sum(dtype=np.float64))
        if self.reduction == "sum":
            return total
        count = float(values.size)
        if self.reduction == "mean_with_sample_weight" and weight is not None:
            count = float(weight.sum(dtype=np.float64))
        return total / count if count else 0.0

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(reduction={self.reduction!r})"


def weighted(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses times weights, and the weights; ValueError where the weights would make the losses more."""
    values, weight = same_rank(values, weight)
    try:
        fits = np.broadcast_shapes(values.shape, weight.shape) == values.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"sample_weight has shape {weight.shape}, the losses of the samples have shape {values.shape}")
    return values * weight, weight


class MeanSquaredError(Loss):
    """``mean((y_pred - y_true)^2)`` over outputs, then over samples.

    Parameters
    ----------
    reduction, dtype
        See :class:`Loss`.
    name : str

    Examples
    --------
    >>> MeanSquaredError()([[0.0], [1.0]], [[1.0], [1.0]])
    0.5
    """

    formula = "mse"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
        return _per_sample(self.formula, self.constants, y_true, y_pred)


# -- Functions ---------------------------------------------------------------------------------------------------------
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Squared error of every sample: the mean over the last axis, shape (n,) for (n, outputs).

    Computed in float32 if ``y_pred`` is float32, else in float64. Raises as :class:`Loss` does.
    """
    pred = real_array("y_pred", y_pred)
    return _per_sample("mse", (), real_array("y_true", y_true, pred.dtype), pred)


mse = mean_squared_error

CLASSES: dict[str, type[Loss]] = {"mean_squared_error": MeanSquaredError}
FUNCTIONS: dict[str, Callable[..., Any]] = {"mean_squared_error": mean_squared_error}
ALIASES = {"mse": "mean_squared_error"}


# -- Names -------------------------------------------------------------------------------------------------------------
def get(identifier: Any) -> Any:
    """A loss by name, as Keras 3 has it.

    Parameters
    ----------
    identifier : str, dict, Loss, function or None
        The name of a function (``"mse"``, ``"mean_squared_error"``) or of a class (``"MeanSquaredError"``), a dict
        ``{"class_name": ..., "config": ...}``, a loss or function (returned as it is), a class.

    Returns
    -------
    Loss, function or None

    Raises
    ------
    ValueError
        Unknown name.
    TypeError
        None of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier not in {cls.__name__ for cls in CLASSES.values()}:
        return lookup("loss", identifier, FUNCTIONS, ALIASES, absent.LOSSES)
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    return deserialize(identifier)


def serialize(loss: Loss) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal loss."""
    return serialized(loss)


def deserialize(config: Any) -> Loss:
    """The loss that :func:`serialize` made a dict of."""
    return instance("loss", config, Loss, CLASSES, ALIASES, absent.LOSSES)


def compiled(identifier: Any) -> Loss:
    """The loss to train with: what :func:`get` takes, and always a :class:`Loss` that has a formula.

    Raises
    ------
    TypeError
        A function or class of the user's own, which no engine can run.
    ValueError
        Unknown name, or a reduction that is not a mean.
    """
    loss = get(identifier)
    for name, function in FUNCTIONS.items():
        if loss is function:
            loss = deserialize(name)
    if getattr(loss, "formula", None) is None:
        raise TypeError(f"loss must be one of {', '.join(FUNCTIONS)} to be trained with; {identifier!r} has no formula")
    if loss.reduction not in MEANS:
        raise ValueError(f"loss must have a reduction of {MEANS} to be trained with, got {loss.reduction!r}")
    return loss


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.LOSSES, [cls.__name__ for cls in CLASSES.values()])
