"""One step of the network: forward, backward, and the gradient of its weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kernels import source
from ...program import Op


class Layer:
    """One op: its formulas, and views of its weights and of their gradient."""

    def __init__(self, op: Op, dtype: np.dtype, weights: list[np.ndarray], gradients: list[np.ndarray]) -> None:
        formulas = source.on_arrays(dtype.type)  # type: ignore[arg-type]
        self.op = op
        self.f, self.f_slope = formulas[op.activation], formulas[f"{op.activation}_slope"]
        self.from_output = source.activation_table()[op.activation].from_output
        self.constants = [dtype.type(c) for c in op.constants]
        self.W: Any = weights.pop(0) if op.kind == "dense" else None
        self.DW: Any = gradients.pop(0) if op.kind == "dense" else None
        self.b: Any = weights.pop(0) if op.use_bias else None
        self.Db: Any = gradients.pop(0) if op.use_bias else None

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pre-activations and outputs."""
        z = x if self.W is None else x @ self.W
        if self.b is not None:
            z += self.b
        a = z if self.op.activation == "linear" else self.f(z, *self.constants)
        return z, a

    def through_activation(self, Da: np.ndarray, z: np.ndarray, a: np.ndarray) -> np.ndarray:
        """Dz of Da."""
        if self.op.activation == "linear":
            return Da
        return Da * self.f_slope(a if self.from_output else z, *self.constants)

    def learn(self, Dz: np.ndarray, x: np.ndarray, first: bool) -> None:
        """Gradient of the weights over these rows: set by the first block of a batch, added to by the others."""
        if self.W is not None:
            if first:
                np.matmul(x.T, Dz, out=self.DW)
            else:
                self.DW += x.T @ Dz
        if self.b is not None:
            self.Db[...] = Dz.sum(axis=0) + (0 if first else self.Db)

    def backward(self, Dz: np.ndarray) -> np.ndarray:
        """Da of the layer below."""
        return Dz if self.W is None else Dz @ self.W.T
