"""Random numbers whose variance suits the number of a layer's inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import number, whole
from ..names import lookup
from . import draws
from .base import Initializer, Shape

TRUNCATED_SD = 0.87962566103423978  # standard deviation of a standard normal number cut off at -2 and 2


Axes = Sequence[int] | None


def fans(shape: Shape, input_axes: Axes = None, output_axes: Axes = None) -> tuple[int, int]:
    """Inputs and outputs of a weight array as Keras counts them.

    Those of the axes, where both are given; else the last two dimensions, times all others.
    """
    if input_axes is not None and output_axes is not None:
        for name, axes in (("input_axes", input_axes), ("output_axes", output_axes)):
            if not all(-len(shape) <= axis < len(shape) for axis in axes):
                raise ValueError(f"{name} must be axes of shape {shape}, got {list(axes)}")
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
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
    input_axes, output_axes : sequence of int, optional
        Axes of the array whose lengths, multiplied, are the numbers of inputs and of outputs. One without the other has
        no effect, as in Keras.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        super().__init__(seed)
        self.scale = number("scale", scale)
        if self.scale <= 0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale!r}")
        self.mode = lookup("mode", mode, {m: m for m in ("fan_in", "fan_out", "fan_avg")})
        kinds = {d: d for d in ("truncated_normal", "untruncated_normal", "uniform")}
        self.distribution = lookup("distribution", distribution, kinds, {"normal": "truncated_normal"})
        self.input_axes, self.output_axes = _axes("input_axes", input_axes), _axes("output_axes", output_axes)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        inputs, outputs = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return draws.uniform(rng, shape, -limit, limit)
        if self.distribution == "untruncated_normal":
            return math.sqrt(variance) * draws.normal(rng, shape)
        return math.sqrt(variance) / TRUNCATED_SD * draws.truncated_normal(rng, shape)

    def get_config(self) -> dict[str, Any]:
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**own, **super().get_config(), "input_axes": self.input_axes, "output_axes": self.output_axes}

    def __repr__(self) -> str:
        shown = {k: v for k, v in self.get_config().items() if v is not None or not k.endswith("_axes")}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in shown.items())})"


class _Named(VarianceScaling):
    """A variance scaling that has a name of its own; only seed and axes are left to choose."""

    settings: tuple[float, str, str]

    def __init__(self, seed: int | None = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(*self.settings, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "input_axes": self.input_axes, "output_axes": self.output_axes}


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


def _axes(name: str, axes: Any) -> list[int] | None:
    if axes is None:
        return None
    if not isinstance(axes, Sequence) or isinstance(axes, str):
        raise TypeError(f"{name} must be a list of axes, got {axes!r}")
    return [whole(name, axis, -64) for axis in axes]
