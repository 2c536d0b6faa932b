"""Row losses on NumPy arrays: the functions of ``row_losses.py``, evaluated on all rows and outputs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arrays import on_arrays
from .tables import LOWEST, row_loss_table


class RowArrays:
    """A row loss of these predictions.

    Parameters
    ----------
    name : str
        In ``row_losses.py``.
    p : ndarray, shape (..., outputs)
    y : ndarray, shape (..., targets)
        Of the same dtype; where there are fewer targets than outputs, they belong to each block of outputs.
    constants : sequence of float
        The loss's parameters; the last of them are the blocks' levels, if it wants such.
    """

    def __init__(self, name: str, p: np.ndarray, y: np.ndarray, constants: Sequence[float] = ()) -> None:
        loss = row_loss_table()[name]
        real: Any = p.dtype.type
        self._loss, self._formulas = loss, on_arrays(real)
        n, m = p.shape[-1], y.shape[-1]
        self._known: dict[str, Any] = {
            **dict(zip(loss.parameters, map(real, constants), strict=False)),
            "p": p,
            "y": y if n == m else np.concatenate([y] * (n // m), axis=-1),
            "other": np.roll(p, -m, axis=-1),
            "first": (np.arange(n) < m).astype(p.dtype),
            "level": np.repeat(np.array(constants[len(loss.parameters) :] or [0], p.dtype), m)[:n],
        }
        for step in loss.steps:
            self._known[step] = self._gathered(step) if loss.is_gathered(step) else self._at_once(step)

    def _at_once(self, step: str) -> Any:
        return self._formulas[f"{self._loss.name}_{step}"](*(self._known[k] for k in self._loss.arguments(step)))

    def _gathered(self, step: str) -> np.ndarray:
        """What a step makes of its beginning is an output's part: they are summed, or the largest is taken."""
        real = self._known["p"].dtype.type
        self._known[step] = real(LOWEST if step == "top" else 0)
        parts = np.broadcast_to(self._at_once(step), self._known["p"].shape)
        return parts.max(axis=-1, keepdims=True) if step == "top" else parts.sum(axis=-1, keepdims=True)

    @property
    def losses(self) -> np.ndarray:
        """Shape (...)."""
        return self._known["loss"][..., 0]

    @property
    def slopes(self) -> np.ndarray:
        """With respect to p, shape (..., outputs)."""
        return np.broadcast_to(self._at_once("slope"), self._known["p"].shape)
