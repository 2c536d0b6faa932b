"""What a loss says of a network's outputs: its sum, and its slope."""

from __future__ import annotations

import numpy as np

from ...kernels.source.arrays import on_arrays
from ...kernels.source.row_arrays import RowArrays
from ...program import Program


class Judgement:
    """The loss of a program.

    Its methods take q, what the loss reads (the outputs, or what goes into the last activation), y and the rows'
    weights or None.
    """

    def __init__(self, program: Program) -> None:
        assert program.loss is not None
        self.program = program
        formulas = on_arrays(program.dtype.type)  # type: ignore[arg-type]
        if not program.by_row:
            self.loss, self.slope = formulas[program.loss], formulas[f"{program.loss}_slope"]
        self.constants = [program.dtype.type(c) for c in program.loss_constants]

    def total(self, q: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float:
        """Sum over all rows and outputs."""
        each = self._row(q, y).losses if self.program.by_row else self.loss(q, y, *self.constants)
        return float(_times(each, weights).sum(dtype=np.float64))

    def slopes(self, q: np.ndarray, y: np.ndarray, weights: np.ndarray | None, scale: np.floating) -> np.ndarray:
        """dL/dq, where L is ``scale`` times the sum."""
        each = self._row(q, y).slopes if self.program.by_row else self.slope(q, y, *self.constants)
        return _times(each * scale, weights)

    def _row(self, q: np.ndarray, y: np.ndarray) -> RowArrays:
        if self.program.labels:
            y = (y == np.arange(q.shape[1])).astype(q.dtype)
        assert self.program.loss is not None
        return RowArrays(self.program.loss, q, y, self.constants)


def _times(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Each row times its weight."""
    if weights is None:
        return values
    return values * (weights if values.ndim == 1 else weights[:, np.newaxis])
