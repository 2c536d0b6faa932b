"""Targets and predictions as arrays: of one dtype, of shapes that belong together; formulas of the kernels on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..kernels.source.arrays import on_arrays
from ..kernels.source.row_arrays import RowArrays


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
        raise ValueError(
            f"y_true has shape {y_true.shape}, y_pred has shape {y_pred.shape}: they must have the same shape"
        )
    return true, pred


def pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions as arrays: of float32 if the predictions are, else of float64."""
    pred = real_array("y_pred", y_pred)
    return real_array("y_true", y_true, pred.dtype), pred


def elementwise(
    formula: str, constants: tuple[float, ...], y_true: np.ndarray, y_pred: np.ndarray, axis: int = -1
) -> Any:
    """Mean over an axis of a formula of ``kernels/losses.py``, in the dtype of ``y_pred``."""
    true, pred = settled(y_true, y_pred)
    real: Any = pred.dtype.type
    with np.errstate(all="ignore"):  # a diverged model's predictions have a loss too: inf or NaN
        values = on_arrays(real)[formula](pred, true, *map(real, constants))
        if axis == -1 and values.ndim > 1 and values.shape[-1] == 1:
            return values[..., 0].copy()  # each its own mean, which NumPy would take 3 microseconds to find
        return values.mean(axis=axis)


def rowwise(loss: str, constants: tuple[float, ...], y_true: np.ndarray, y_pred: np.ndarray, axis: Any = -1) -> Any:
    """A loss of ``kernels/row_losses.py`` along an axis (several, or None: all), in the dtype of ``y_pred``."""
    true, pred = settled(y_true, y_pred)
    with np.errstate(all="ignore"):
        return RowArrays(loss, last(pred, axis), last(true, axis), constants).losses[()]


def last(array: np.ndarray, axis: Any) -> np.ndarray:
    """The array with this axis (these axes as one; None: all) behind the others."""
    if axis is None:
        return array.reshape(-1)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    moved = np.moveaxis(array, axes, range(-len(axes), 0))
    return moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)


def blockwise(loss: str, constants: tuple[float, ...], blocks: int, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
    """Likewise, where the last axis of ``y_pred`` is so many blocks of an output for each target; mean over targets.

    Raises
    ------
    ValueError
        Shapes that do not fit.
    """
    true = y_true[..., np.newaxis] if y_true.ndim == y_pred.ndim - 1 else y_true
    if true.ndim != y_pred.ndim or y_pred.shape != (*true.shape[:-1], blocks * true.shape[-1]):
        raise ValueError(
            f"y_true has shape {y_true.shape}, y_pred has shape {y_pred.shape}: there must be {blocks} predictions for "
            "each target"
        )
    with np.errstate(all="ignore"):
        return RowArrays(loss, y_pred, true, constants).losses / true.dtype.type(true.shape[-1])
