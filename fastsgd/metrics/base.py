"""What all metrics are made of: the base, the mean, and arrays in pairs and in blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..losses import real_array, same_rank, settled

BLOCK = 1 << 15  # elements worked on at once: half a MiB of temporaries, which stays in cache


def blocks(first: np.ndarray, *others: np.ndarray | None) -> Iterator[tuple[Any, ...]]:
    """Blocks of rows of arrays (None stays None) that have the same rows, in float64."""
    rows = max(1, BLOCK // max(1, int(np.prod(first.shape[1:]))))
    arrays = (first, *others)
    for start in range(0, len(first), rows):
        yield tuple(None if a is None else a[start : start + rows].astype(np.float64, copy=False) for a in arrays)


def pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions of one shape and any real dtype."""
    arrays = []
    for name, values in (("y_true", y_true), ("y_pred", y_pred)):
        array = np.asarray(values)
        arrays.append(array if array.dtype.kind in "biuf" else real_array(name, array))
        if array.ndim == 0:
            raise ValueError(f"{name} must have rows, got the single number {values!r}")
    return settled(*arrays)


class Metric:
    """Base of all metrics: gathers a state over batches and makes a number of it.

    Parameters
    ----------
    name : str, optional
        Key in histories and logs; by default the name of the class.
    dtype : optional
        Kept for Keras's configs; everything is computed in float64.

    Attributes
    ----------
    direction : {"down", "up", None}
        Which way is better; callbacks in mode "auto" ask.
    """

    direction: str | None = None

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or type(self).__name__
        self.dtype = dtype

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

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Average(Metric):
    """A metric that is the weighted mean ``sum(w * v) / sum(w)`` of something; 0 before there is any of it."""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype)
        self.total = self.count = 0.0

    def add(self, values: ArrayLike, sample_weight: ArrayLike | None) -> None:
        """Take in values of shape (n, ...), with weights of a shape that Keras broadcasts to theirs.

        Every row counts once (times its weight), with the mean of its values.
        """
        v = real_array("values", values, np.float64)
        count = float(len(v)) if v.ndim else 1.0
        if sample_weight is not None:
            v, w = same_rank(v, real_array("sample_weight", sample_weight, np.float64))
            v = v.mean(axis=tuple(range(w.ndim, v.ndim)))
            try:
                shared = np.broadcast_to(w, v.shape)
            except ValueError:
                raise ValueError(f"sample_weight has shape {w.shape}, the values have shape {v.shape}") from None
            v = v * shared
            count = float(shared.mean(axis=tuple(range(1, w.ndim))).sum())
        self.total += float(v.mean(axis=tuple(range(1, v.ndim))).sum())
        self.count += count

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        self.total = self.count = 0.0


class Mean(Average):
    """The (weighted) mean of values. Parameters: see :class:`Metric`."""

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in values of shape (n, ...) and weights of shape (n,), or what broadcasts to the values."""
        self.add(values, sample_weight)


class MeanMetricWrapper(Average):
    """The mean of what a function ``fn(y_true, y_pred)`` gives for every sample: any such function as a metric.

    Parameters
    ----------
    fn : callable
        Takes whole arrays of targets and predictions, returns values of shape (n,).
    name : str, optional
        By default the function's.
    dtype : optional
        See :class:`Metric`.
    **kwargs
        Passed to ``fn``.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None) or getattr(fn, "name", None) or type(fn).__name__, dtype)
        self.fn, self.kwargs = fn, kwargs

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        true, pred = same_rank(np.asarray(y_true), np.asarray(y_pred))
        self.add(self.fn(true, pred, **self.kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": self.fn, **self.kwargs}
