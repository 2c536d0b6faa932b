"""Steps of the network: what each makes of its inputs, and of the slope of the loss at its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels.source.arrays import on_arrays
from ...kernels.source.tables import activation_table
from ...program import Op


@dataclass(frozen=True)
class Moment:
    """When rows pass: what the draws of dropout and noise depend on.

    Parameters
    ----------
    seed, update : int
        Of the run, and how many updates came before.
    place : int
        Of the first row in its batch.
    batch : int
        Rows of the batch.
    """

    seed: int
    update: int
    place: int
    batch: int


class Layer:
    """One step. By default it does nothing.

    Parameters
    ----------
    op : Op
    number : int
        Its place in the network.
    dtype : numpy.dtype
    weights, gradients : dict
        Views, by name.
    """

    def __init__(
        self,
        op: Op,
        number: int,
        dtype: np.dtype,
        weights: dict[str, np.ndarray],
        gradients: dict[str, np.ndarray],
    ) -> None:
        self.op, self.number, self.dtype = op, number, dtype
        self.weights, self.gradients = weights, gradients

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        """Outputs, and what :meth:`backward` wants to know; no moment: no training."""
        return x, None

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        """dL/dx (if there is something ``below`` that wants it) and the gradients of the weights, of dL/da.

        Gradients are set by the first block of a batch, added to by the others.
        """
        return Da

    def learn(self, name: str, gradient: np.ndarray, first: bool) -> None:
        """Gradient of a weight over a block of rows."""
        self.gradients[name][...] = gradient if first else self.gradients[name] + gradient


class Dense(Layer):
    """z = x W + b, a = f(z); without weights where an activation stands alone."""

    def __init__(self, op: Op, *more: Any) -> None:
        super().__init__(op, *more)
        formulas = on_arrays(self.dtype.type)  # type: ignore[arg-type]
        self.f, self.f_slope = formulas[op.activation], formulas[f"{op.activation}_slope"]
        self.from_output = activation_table()[op.activation].from_output
        self.constants = [self.dtype.type(c) for c in op.constants]

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        z = x @ self.weights["kernel"] if self.op.kind == "dense" else x
        if self.op.use_bias:
            z += self.weights["bias"]
        a = z if self.op.activation == "linear" else self.f(z, *self.constants)
        return a, (x, a if self.from_output else z)

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        x, seen = kept
        Dz = Da if self.op.activation == "linear" else Da * self.f_slope(seen, *self.constants)
        if self.op.kind == "activation":
            return Dz
        self.learn("kernel", x.T @ Dz, first)
        if self.op.use_bias:
            self.learn("bias", Dz.sum(axis=0), first)
        return Dz @ self.weights["kernel"].T if below else Dz


class Softmax(Layer):
    """a = exp(z) / sum of exp(z), over the outputs of a row."""

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        exp = on_arrays(self.dtype.type)["exp"]  # type: ignore[arg-type]
        e = exp(x - x.max(axis=1, keepdims=True))
        a = e / e.sum(axis=1, keepdims=True)
        return a, a

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        return kept * (Da - (Da * kept).sum(axis=1, keepdims=True))


class LogSoftmax(Layer):
    """a = z - log(sum of exp(z))."""

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        formulas = on_arrays(self.dtype.type)  # type: ignore[arg-type]
        lowered = x - x.max(axis=1, keepdims=True)
        e = formulas["exp"](lowered)
        total = e.sum(axis=1, keepdims=True)
        return lowered - formulas["log"](total), e / total

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        return Da - kept * Da.sum(axis=1, keepdims=True)


class Scaling(Layer):
    """a = (x - shift) factor + summand, each feature with its own."""

    def __init__(self, op: Op, *more: Any) -> None:
        super().__init__(op, *more)
        self.shift, self.factor, self.summand = np.array(op.constants, self.dtype).reshape(3, -1)

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        return (x - self.shift) * self.factor + self.summand, None

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        return Da * self.factor


class Activity(Layer):
    """Outputs add l1 sum |x| + l2 sum x**2 to the loss, the mean over the rows."""

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        return x, (x, moment.batch if moment else 1)

    def cost(self, kept: Any) -> float:
        """Sum over the rows."""
        l1, l2 = self.op.constants
        return l1 * float(np.abs(kept[0]).sum(dtype=np.float64)) + l2 * float((kept[0] ** 2).sum(dtype=np.float64))

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        x, batch = kept
        l1, l2 = (self.dtype.type(c) for c in self.op.constants)
        return Da + (l1 * np.sign(x) + 2 * l2 * x) * self.dtype.type(1 / batch)
