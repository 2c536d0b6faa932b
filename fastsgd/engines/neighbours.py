"""Narrow rows of large data, each with its target beside it, from the beginning of a cache line on.

In random order a row comes from memory by itself. One of 13 floats lies on two lines as often as not, its target on
another: three lines, of which one would do. With a copy where each row has a line for itself, or half of one, a step of
13-1 takes 0.66 of its time at 1 row, 0.6 at 8 and 0.67 at 32 (13 MB; 0.85 with 2.5 MB, 0.5 with 50), 30-32-1 at 8 0.78,
8-32-32-1 at 8 0.9, at 32 0.96; from 256 rows on it would be 0.95 to 1.01. The copy takes some 40 ns a row, as long as
half an epoch of 13-1 at 8, so it is made for several epochs only.
"""

from __future__ import annotations

import numpy as np

from .memory import LINE, aligned

MOST_LINES = 4  # of a row: a wider one is more work than fetching
MOST_MEMORY = 512 << 20  # bytes of a copy
EPOCHS = 4  # to come, from which on a copy pays; or after half of them, if nobody can say


def neighbours(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The rows and their targets once more, side by side; None where that would not help, or takes too much memory.

    Parameters
    ----------
    x : ndarray, shape (rows, features)
        The numbers of a row stand side by side.
    y : ndarray, shape (rows,) or (rows, columns)
        Likewise; of the same dtype or another.
    """
    row, target = x[0].nbytes, y[0].nbytes
    begin = -(-row // y.itemsize) * y.itemsize
    lines = -(-row // LINE)
    size = lines * LINE
    while size // 2 >= begin + target and lines == 1:
        size //= 2
    if begin + target > size or lines > MOST_LINES or len(x) * size > MOST_MEMORY:
        return None
    try:
        room = aligned(len(x) * size, np.dtype(np.uint8))
    except MemoryError:
        return None
    near_x = np.ndarray(x.shape, x.dtype, room, 0, (size, *x.strides[1:]))
    near_y = np.ndarray(y.shape, y.dtype, room, begin, (size, *y.strides[1:]))
    near_x[:], near_y[:] = x, y
    return near_x, near_y
