"""Random numbers whose variance suits the number of a layer's inputs and outputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arguments import number
from ..names import lookup
from . import draws
from .base import Initializer, Shape

TRUNCATED_SD = 0.87962566103423978  # standard deviation of a standard normal number cut off at -2 and 2


def fans(shape: Shape) -> tuple[int, int]:
    """Inputs and outputs of a weight array as Keras counts them: the last two dimensions, times all others."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class VarianceScaling(Initializer):
    """Random numbers of variance ``scale / n`` around 0.

    Parameters
    ----------
    scale : float > 0
    mode : {"fan_in", "fan_out", "fan_avg"}
        n is the number of inputs, of outputs, or the mean of the two; at least 1.
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        ``"normal"`` is the truncated one: cut off at two of the standard deviations that it has before.
    seed : int, optional
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        self.scale = number("scale", scale)
        if self.scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale!r}")
        self.mode = lookup("mode", mode, {m: m for m in ("fan_in", "fan_out", "fan_avg")})
        kinds = {d: d for d in ("truncated_normal", "untruncated_normal", "uniform")}
        self.distribution = lookup("distribution", distribution, kinds, {"normal": "truncated_normal"})

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        inputs, outputs = fans(shape)
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return draws.uniform(rng, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return math.sqrt(variance) * draws.normal(rng, shape)
        return math.sqrt(variance) / TRUNCATED_SD * draws.truncated_normal(rng, shape)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Named(VarianceScaling):
    """A variance scaling that has a name of its own; only the seed is left to choose."""

    settings: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.settings, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Named):
    """Uniform within sqrt(6 / (inputs + outputs)) of 0 (Glorot and Bengio, 2010)."""

    settings = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Named):
    """Truncated normal of variance 2 / (inputs + outputs) (Glorot and Bengio, 2010)."""

    settings = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Named):
    """Uniform within sqrt(6 / inputs) of 0 (He et al., 2015)."""

    settings = (2.0, "fan_in", "uniform")


class HeNormal(_Named):
    """Truncated normal of variance 2 / inputs (He et al., 2015)."""

    settings = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Named):
    """Uniform within sqrt(3 / inputs) of 0 (LeCun et al., 1998)."""

    settings = (1.0, "fan_in", "uniform")


class LecunNormal(_Named):
    """Truncated normal of variance 1 / inputs (LeCun et al., 1998)."""

    settings = (1.0, "fan_in", "truncated_normal")
