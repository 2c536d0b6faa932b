"""Activations whose elements depend on each other, along one axis of a NumPy array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .elementwise import Function, real_array, sigmoid


def softmax(x: ArrayLike, axis: int | tuple[int, ...] = -1) -> Any:
    """``exp(x) / sum(exp(x))`` along an axis (or several), stable at any x.

    Parameters
    ----------
    x : array_like
        Of one dimension at least.
    axis : int or tuple of int
        Along which the results sum to 1.

    Returns
    -------
    ndarray of float32 if x is one, otherwise of float64; of the shape of x.

    Raises
    ------
    TypeError
        x has no real numbers.
    ValueError
        x has no such axis.
    """
    with np.errstate(all="ignore"):
        e = np.exp(_from_largest(real_array(x), axis))
        return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x: ArrayLike, axis: int | tuple[int, ...] = -1) -> Any:
    """``log(softmax(x))``, as exact as x itself; shape, dtype and errors as for :func:`softmax`."""
    with np.errstate(all="ignore"):
        z = _from_largest(real_array(x), axis)
        return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _from_largest(z: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    if z.ndim == 0:
        raise ValueError("x must have at least one dimension, got a scalar")
    return z - z.max(axis=axis, keepdims=True) if z.size else z


def glu(x: ArrayLike, axis: int = -1) -> Any:
    """Gated linear unit (Dauphin et al., 2017): ``a sigmoid(b)`` of the two halves a, b of x along an axis.

    Raises
    ------
    TypeError
        x has no real numbers.
    ValueError
        x has no such axis, or an odd number of elements along it.
    """
    z = np.moveaxis(real_array(x), axis, -1)
    if z.shape[-1] % 2:
        raise ValueError(f"glu halves x along axis {axis}, got shape {np.shape(x)}")
    a, b = np.split(z, 2, axis=-1)
    return np.moveaxis(a * sigmoid(b), -1, axis)


def sparsemax(x: ArrayLike, axis: int = -1) -> Any:
    """Euclidean projection onto the probability simplex (Martins and Astudillo, 2016): ``max(x - tau, 0)``.

    tau is such that the results along the axis sum to 1 (in Keras 3.15 they do not). Shape, dtype and errors as
    for :func:`softmax`.
    """
    z = np.moveaxis(_from_largest(real_array(x), axis), axis, -1)
    if z.size == 0:
        return np.moveaxis(z.copy(), -1, axis)
    falling = -np.sort(-z, axis=-1)
    sums = np.cumsum(falling, axis=-1)
    k = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    support = np.maximum((1 + k * falling > sums).sum(axis=-1, keepdims=True), 1)
    tau = (np.take_along_axis(sums, support - 1, axis=-1) - 1) / support.astype(z.dtype)
    return np.moveaxis(np.maximum(z - tau, 0), -1, axis)


FUNCTIONS: dict[str, Function] = {f.__name__: f for f in (softmax, log_softmax, glu, sparsemax)}
