"""Narrow rows of large data, each with its target beside it, from the beginning of a cache line on.

In random order a row comes from memory by itself. One of 13 floats lies on two lines as often as not, its target on
another: three lines, of which one would do. With a copy where each row has a line for itself, or a part of one, a step
of 13-1 at 8 to 4096 rows takes 0.86 to 0.94 of its time with 2.5 MB, 0.73 to 0.85 with 13, 0.41 to 0.60 with 50, at 1
row 0.97, 0.93 and 0.86; 30-32-1 at 8 rows 0.77, 8-32-32-1 at 32 0.95. The copy takes 8 to 14 ns a row, and an epoch is
shorter by 1 ns a row with 2.5 MB, by 2 with 13, by up to 20 with 50: so it is made for several epochs, the more the
fewer the rows.
"""

from __future__ import annotations

import numpy as np

from .memory import LINE, aligned

MOST_LINES = 4  # of a row: a wider one is more work than fetching
MOST_MEMORY = 256 << 20  # bytes of a copy
PAYING = 64 << 20  # bytes of rows, of all epochs together, from which on a copy is worth its time
MOST_FLOPS = 30_000  # of a row: in larger networks the way to it is not felt


def pays(size: int, epochs: int, flops: int) -> bool:
    """Whether there should be a copy of so many bytes of rows, for networks of so many operations a row."""
    return epochs > 1 and size * epochs >= PAYING and flops <= MOST_FLOPS


def neighbours(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows and their targets once more, side by side; they themselves where that would not help, or take too much.

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
        return x, y
    try:
        room = aligned(len(x) * size, np.dtype(np.uint8))
    except MemoryError:
        return x, y
    near_x = np.ndarray(x.shape, x.dtype, room, 0, (size, *x.strides[1:]))
    near_y = np.ndarray(y.shape, y.dtype, room, begin, (size, *y.strides[1:]))
    near_x[:], near_y[:] = x, y
    return near_x, near_y
