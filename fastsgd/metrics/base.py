"""What all metrics are made of: the base, and arrays in pairs and in blocks of rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..identifiers import Configured
from ..losses import real_array, settled

BLOCK = 1 << 15  # elements worked on at once: half a MiB of temporaries, which stays in cache


def blocks(*arrays: np.ndarray | None) -> Iterator[tuple[Any, ...]]:
    """Blocks of rows of arrays (None stays None, the first is one) that have the same rows."""
    first = arrays[0]
    assert first is not None
    n = len(first)
    widest = max(a.size for a in arrays if a is not None)
    rows = n if widest <= BLOCK else max(1, BLOCK * n // widest)
    for start in range(0, n, rows or 1):
        yield arrays if rows == n else tuple(None if a is None else a[start : start + rows] for a in arrays)


def blocks64(*arrays: np.ndarray | None) -> Iterator[tuple[Any, ...]]:
    """:func:`blocks` in float64."""
    for block in blocks(*arrays):
        yield tuple(None if a is None else a.astype(np.float64, copy=False) for a in block)


def rows_of(name: str, values: ArrayLike) -> np.ndarray:
    """An array that has rows, of any real dtype."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        array = real_array(name, array)
    if array.ndim == 0:
        raise ValueError(f"{name} must have rows, got the single number {values!r}")
    return array


def pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions of one shape and any real dtype."""
    return settled(rows_of("y_true", y_true), rows_of("y_pred", y_pred))


def row_weights(sample_weight: ArrayLike | None, rows: int) -> np.ndarray | None:
    """Weights with one entry, or one array, for every row; a single one is for all of them.

    Raises
    ------
    ValueError
        Another number of rows.
    """
    if sample_weight is None:
        return None
    weight = real_array("sample_weight", sample_weight, np.float64)
    if weight.ndim and len(weight) == rows:
        return weight
    if weight.ndim and len(weight) != 1:
        raise ValueError(f"sample_weight has {len(weight)} rows, y_true has {rows}")
    return np.broadcast_to(weight, (rows, *weight.shape[1:]))


def snake(name: str) -> str:
    """``"true_positives"`` of ``"TruePositives"``, ``"auc"`` of ``"AUC"``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Metric(Configured):
    """Base of all metrics: gathers a state over batches and makes a number of it.

    Parameters
    ----------
    dtype : optional
        Kept for Keras's configs; everything is computed in float64.
    name : str, optional
        Key in histories and logs; by default the name of the class in lower case, ``"my_metric"`` for ``MyMetric``.

    Attributes
    ----------
    direction : {"down", "up", None}
        Which way is better; callbacks in mode "auto" ask.
    state : tuple of str
        Names of the attributes that hold what was taken in; :attr:`variables` shows them.
    """

    direction: str | None = None
    state: tuple[str, ...] = ()

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or snake(type(self).__name__)
        self._dtype = dtype

    @property
    def dtype(self) -> Any:
        return self._dtype

    @property
    def variables(self) -> list[np.ndarray]:
        """What was taken in, as copies of the state's arrays."""
        return [np.array(getattr(self, name)) for name in self.state]

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch: ``y_true`` and ``y_pred`` of shape (n, outputs), ``sample_weight`` of shape (n,) or None."""
        raise NotImplementedError(f"{type(self).__name__} defines no update_state(y_true, y_pred, sample_weight)")

    def result(self) -> Any:
        """The metric over everything taken in since the last :meth:`reset_state`."""
        raise NotImplementedError(f"{type(self).__name__} defines no result()")

    def reset_state(self) -> None:
        """Forget everything taken in."""
        raise NotImplementedError(f"{type(self).__name__} defines no reset_state()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal metric (without its state)."""
        return {"name": self.name, "dtype": self.dtype}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
