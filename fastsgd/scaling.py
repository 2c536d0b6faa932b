"""Means and variances of columns, and rows that are brought to another scale: all in float64, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

CHUNK = 1 << 15  # elements worked on at once: they stay in cache

Step = Callable[[np.ndarray], np.ndarray]  # of a chunk in float64


def chunks(rows: np.ndarray, steps: Iterable[Step] = ()) -> Iterator[np.ndarray]:
    """The rows in float64, some at a time, after these steps."""
    steps = tuple(steps)
    size = max(1, CHUNK // max(1, rows.shape[1]))
    for start in range(0, len(rows), size):
        chunk = rows[start : start + size].astype(np.float64)
        for step in steps:
            chunk = step(chunk)
        yield chunk


def transformed(rows: np.ndarray, steps: Iterable[Step], dtype: np.dtype) -> np.ndarray:
    """New rows of a dtype, C-contiguous: these after the steps, which keep the number of columns."""
    result = np.empty(rows.shape, dtype)
    start = 0
    with np.errstate(all="ignore"):  # what does not fit the dtype is found by check_finite
        for chunk in chunks(rows, steps):
            result[start : start + len(chunk)] = chunk
            start += len(chunk)
    return result


class Moments:
    """Mean and variance of each column of rows that come in any number of parts.

    One pass over memory. Within a chunk both are taken from the first row on, so that nothing cancels and a constant
    column has variance 0 exactly; chunks are merged by Chan, Golub and LeVeque's formula (1979).

    Attributes
    ----------
    count : int
        Rows so far.
    mean : numpy.ndarray
        Shape (columns,).
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = np.zeros(0)
        self._squares = np.zeros(0)  # sum of squared distances from the mean
        self._grain = 0.0  # relative distance of neighbouring numbers of the rows' dtype

    def add(self, rows: np.ndarray, steps: Iterable[Step] = ()) -> None:
        """Take in rows (n, columns) of any real dtype, after these steps."""
        self._grain = max(self._grain, float(np.finfo(rows.dtype).eps) if rows.dtype.kind == "f" else 0.0, 2e-16)
        for chunk in chunks(rows, steps):
            first = chunk[0]
            distance = chunk - first
            mean = distance.mean(axis=0)
            squares = ((distance - mean) ** 2).sum(axis=0)
            if self.count == 0:
                self.count, self.mean, self._squares = len(chunk), first + mean, squares
                continue
            total = self.count + len(chunk)
            apart = first + mean - self.mean
            self.mean = self.mean + apart * (len(chunk) / total)
            self._squares = self._squares + squares + apart**2 * (self.count * len(chunk) / total)
            self.count = total

    @property
    def variance(self) -> np.ndarray:
        """Shape (columns,): the mean squared distance from the mean; 0 where it is below what the dtype resolves."""
        found = self._squares / max(1, self.count)
        return np.where(found <= (self._grain * self.mean) ** 2, 0.0, found)


@dataclass(frozen=True)
class Standard:
    """The scale on which columns have mean 0 and variance 1; columns of variance 0 are only shifted.

    Parameters
    ----------
    mean, variance : numpy.ndarray
        Shape (columns,) or (1,), float64.
    """

    mean: np.ndarray
    variance: np.ndarray

    @property
    def deviation(self) -> np.ndarray:
        return np.where(self.variance == 0.0, 1.0, np.sqrt(self.variance))

    def to(self, rows: np.ndarray) -> np.ndarray:
        """Onto the scale."""
        return (rows - self.mean) / self.deviation

    def back(self, rows: np.ndarray) -> np.ndarray:
        """And off it."""
        return rows * self.deviation + self.mean
