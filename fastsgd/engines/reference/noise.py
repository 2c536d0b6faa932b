"""Dropout and its relatives: a = x f + s with factors and summands that are drawn for every batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...kernels.source import text
from ...kernels.source.arrays import on_arrays
from .. import draws
from .layers import Layer, Moment


@cache
def _formulas(dtype: Any) -> dict[str, Callable[..., Any]]:
    names = {**on_arrays(dtype), "u64": np.uint64, "i64": np.int64}
    return text.load(names, ("shuffle", "noise"))


class Noise(Layer):
    """One of the kinds of ``draws.DRAWN``; outside of training it does nothing."""

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        if moment is None:
            return x, None
        formulas = _formulas(self.dtype.type)  # type: ignore[arg-type]
        one = np.ones((1, 1), np.uint64)  # arrays, as NumPy's scalars warn where they wrap around
        seed = one * np.uint64((moment.seed if self.op.seed is None else self.op.seed) % 2**64)
        state = formulas["draws_of_step"](seed, one * np.uint64(moment.update), one * np.uint64(self.number))
        places = moment.place + np.arange(len(x), dtype=np.uint64)[:, None]
        rows = formulas["draws_of_row"](state, places)
        features = np.arange(x.shape[1], dtype=np.uint64)[None, :]
        numbers = [self.dtype.type(c) for c in draws.constants(self.op)]
        if self.op.kind in ("dropout", "alpha_dropout"):
            f = formulas["dropout_factor"](rows, features, draws.limit(self.op), numbers[0])
            s = 0 if self.op.kind == "dropout" else np.where(f > 0, numbers[1], numbers[2])
            return x * f + s, f
        noise = numbers[0] * formulas["normal_draw"](rows, features)
        if self.op.kind == "gaussian_noise":
            return x + noise, None
        return x * (1 + noise), 1 + noise

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        return Da if kept is None else Da * kept
