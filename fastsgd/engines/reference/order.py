"""The order of an epoch's rows, drawn in whole arrays."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...kernels.source import text


@cache
def _shuffle() -> dict[str, Callable[..., Any]]:
    return text.load({"__name__": __name__, "u64": np.uint64, "i64": np.int64}, ("shuffle",))


def row_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Rows 0..n-1 in the order of an epoch: ``permute`` of ``kernels/shuffle.py``, with its draws in whole arrays.

    Returns
    -------
    numpy.ndarray
        Shape (n,), int64.
    """
    one = np.ones(1, np.uint64)  # an array, as NumPy's scalars warn where they wrap around
    state = _shuffle()["epoch_state"](one * np.uint64(seed), one * np.uint64(epoch))
    order = array("q", bytes(8 * n))
    for start in range(0, n, 1 << 16):
        rows = np.arange(start, min(start + (1 << 16), n), dtype=np.uint64)
        for i, j in enumerate(_shuffle()["place"](state, rows).tolist(), start):
            order[i] = order[j]
            order[j] = i
    return np.frombuffer(order, np.int64)
