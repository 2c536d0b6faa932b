"""Regularizers: what the size of weights adds to the loss.

Each is a function of one array, as in Keras: ``L2(0.01)(w)``. A layer's ``kernel_regularizer`` and ``bias_regularizer``
add to the loss of every batch, and of validation, once; the engines know the slopes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import number
from .identifiers import Configured, instance, serialized

__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
    "orthogonal_regularizer", "serialize",
]  # fmt: skip


class Regularizer(Configured):
    """Base of regularizers: ``__call__`` gives the penalty of an array, ``get_config`` the settings."""

    def __call__(self, x: Any) -> Any:
        """The penalty of an array: a scalar of its dtype."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, x)")

    def factors(self) -> tuple[float, float]:
        """l1 and l2 of a penalty ``l1 sum |x| + l2 sum x**2``, which the engines know.

        Raises
        ------
        NotImplementedError
            It is another one.
        """
        raise NotImplementedError(f"{type(self).__name__} is for arrays; layers are trained with L1, L2 and L1L2 only")


class L1L2(Regularizer):
    """``l1 sum |x| + l2 sum x**2``; there is no half in it.

    Parameters
    ----------
    l1, l2 : float
        0 or more.

    Raises
    ------
    TypeError, ValueError
        Not such a number.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = number("l1", 0.0 if l1 is None else l1, 0)
        self.l2 = number("l2", 0.0 if l2 is None else l2, 0)

    def __call__(self, x: Any) -> Any:
        x = _real(x)
        l1, l2 = (x.dtype.type(factor) for factor in self.factors())
        return l1 * np.abs(x).sum() + l2 * np.square(x).sum()

    def factors(self) -> tuple[float, float]:
        return self.l1, self.l2


class L1(L1L2):
    """``l1 sum |x|``.

    Parameters
    ----------
    l1 : float
        0 or more.

    Raises
    ------
    TypeError, ValueError
        Not such a number.
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(0.01 if l1 is None else l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """``l2 sum x**2``; there is no half in it.

    Parameters
    ----------
    l2 : float
        0 or more.

    Raises
    ------
    TypeError, ValueError
        Not such a number.
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(0.0, 0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean of the sizes of the cosines between the rows, or the columns, of a matrix.

    For arrays only; no layer can be trained with it.

    Parameters
    ----------
    factor : float
        0 or more.
    mode : {"rows", "columns"}

    Raises
    ------
    TypeError, ValueError
        An argument that cannot be.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = number("factor", factor, 0)
        if mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
            )
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        x = _real(x)
        if x.ndim != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={x.shape}")
        rows = x if self.mode == "rows" else x.T
        units = rows / np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), x.dtype.type(1e-12))
        n = len(rows)
        pairs = np.abs(units @ units.T * (1 - np.eye(n, dtype=x.dtype))).sum()
        return x.dtype.type(self.factor * 0.5) * pairs / x.dtype.type(n * (n - 1.0) / 2.0)


def _real(x: Any) -> np.ndarray:
    x = np.asarray(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
CLASSES: dict[str, type[Regularizer]] = {made.__name__: made for made in (L1, L1L2, L2, OrthogonalRegularizer)}


def get(identifier: Any) -> Regularizer | None:
    """A regularizer by name (``"l2"``), dict or class; a regularizer is returned as it is, None as None.

    Raises
    ------
    ValueError
        Unknown name, or a setting out of range.
    TypeError
        None of these.
    """
    return None if identifier is None else deserialize(identifier)


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal regularizer."""
    return serialized(regularizer)


def deserialize(config: Any, custom_objects: dict[str, type[Regularizer]] | None = None) -> Regularizer:
    """The regularizer that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    return instance("regularizer", config, Regularizer, {**CLASSES, **(custom_objects or {})})
