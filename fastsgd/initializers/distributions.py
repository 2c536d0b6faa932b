"""Constants, and random numbers whose distribution does not depend on the layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arguments import number
from . import draws
from .base import Initializer, Shape


class Constant(Initializer):
    """The same value everywhere.

    Parameters
    ----------
    value : float or array_like
        An array is given as it is, or as often as it fits into the shape (broadcast).
    """

    def __init__(self, value: Any = 0.0) -> None:
        super().__init__()
        self.value = number("value", value) if np.ndim(value) == 0 else np.array(value, np.float64)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        try:
            return np.broadcast_to(np.asarray(self.value, np.float64), shape)
        except ValueError:
            raise ValueError(
                f"Expected `shape` to be {np.shape(self.value)}, that of the value. Received: {shape}"
            ) from None

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value.tolist() if isinstance(self.value, np.ndarray) else self.value}


class Zeros(Constant):
    """Zeros."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def get_config(self) -> dict[str, Any]:
        return {}


class Ones(Constant):
    """Ones."""

    def __init__(self) -> None:
        super().__init__(1.0)

    def get_config(self) -> dict[str, Any]:
        return {}


class Identity(Initializer):
    """The identity matrix times a number; a matrix that is not square has zeros outside the diagonal.

    Parameters
    ----------
    gain : float
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = number("gain", gain)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        if len(shape) != 2:
            raise ValueError(f"Identity needs a shape of two dimensions, got {shape}")
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


class RandomUniform(Initializer):
    """Uniform numbers from ``minval`` (included) to ``maxval`` (excluded).

    Parameters
    ----------
    minval, maxval : float
    seed : int, optional
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = number("minval", minval), number("maxval", maxval)
        if self.minval > self.maxval:
            raise ValueError(f"minval must not exceed maxval, got minval={minval!r}, maxval={maxval!r}")

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        return draws.uniform(rng, shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(Initializer):
    """Normal numbers.

    Parameters
    ----------
    mean : float
    stddev : float >= 0
    seed : int, optional
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = number("mean", mean), number("stddev", stddev, 0)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        return self.mean + self.stddev * draws.normal(rng, shape)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal numbers of those within two standard deviations; ``stddev`` is that of the whole distribution."""

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        return self.mean + self.stddev * draws.truncated_normal(rng, shape)


class Orthogonal(Initializer):
    """A random matrix with orthonormal columns, or rows if there are fewer of them (Saxe et al., 2014).

    Parameters
    ----------
    gain : float
        What the matrix is multiplied by.
    seed : int, optional
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = number("gain", gain)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs a shape of at least two dimensions, got {shape}")
        return self.gain * draws.orthogonal(rng, math.prod(shape[:-1]), shape[-1]).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed}
