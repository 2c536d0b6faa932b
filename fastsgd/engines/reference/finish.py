"""What becomes of whole gradients in one update: gathered, clipped, decay, the rule, averages, constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels.source.arrays import on_arrays, update_arrays
from ...kernels.source.tables import AVERAGE, GATHERED, Rule
from ...program import Limits


@dataclass
class Variable:
    """One array of weights, and what belongs to it; arrays of one shape and dtype.

    Attributes
    ----------
    w : numpy.ndarray
        Updated in place, as its slots are.
    g : numpy.ndarray or None
        Its gradient; None: only averages and constraints are due.
    slots : dict of numpy.ndarray
        Memories by letter.
    decays : bool
        Weight decay that is not in the rule applies.
    constraint : callable, optional
        w -> what it must be.
    """

    w: np.ndarray
    g: np.ndarray | None
    slots: dict[str, np.ndarray]
    decays: bool = False
    constraint: Callable[[np.ndarray], np.ndarray] | None = None


def finish(rule: Rule, numbers: dict[str, float], variables: Sequence[Variable], clip: str | None = None) -> None:
    """One update.

    Parameters
    ----------
    rule : Rule
        If it has no decay in it, that is done for the variables that want it.
    numbers : dict
        Those of the rule and of ``records.FINISH``, by name.
    variables : sequence of Variable
    clip : one of records.CLIPS, optional
    """
    moving = [v for v in variables if v.g is not None]
    gradients = [_gathered(v, numbers) for v in moving]
    if numbers["now"]:
        own = {name: numbers[name] for name in rule.numbers}
        for v, g in zip(moving, clipped(gradients, clip, numbers.get("limit", 0.0)), strict=True):
            if v.decays and "decay" not in rule.numbers:
                v.w -= v.w * v.w.dtype.type(numbers["decay"])
            update_arrays(rule, own, {"w": v.w, "g": g, **v.slots})
    for v in variables:
        if AVERAGE in v.slots:
            average, keep = v.slots[AVERAGE], v.w.dtype.type(numbers["keep"])
            average[...] = keep * average + (1 - keep) * v.w
            if numbers["overwrite"]:
                v.w[...] = average
        if v.constraint is not None:
            v.w[...] = v.constraint(v.w)


def _gathered(v: Variable, numbers: dict[str, float]) -> np.ndarray:
    """The gradient to update with: the mean of those since the last update, which begin anew then."""
    assert v.g is not None
    if GATHERED not in v.slots:
        return v.g
    total = v.slots[GATHERED]
    total += v.g
    if not numbers["now"]:
        return total
    mean = total * total.dtype.type(numbers["part"])
    total[...] = 0
    return mean


def clipped(gradients: Sequence[np.ndarray], clip: str | None, limit: float) -> list[np.ndarray]:
    """Gradients within the limit, the norm of each or of all, or their elements."""
    if clip is None:
        return list(gradients)
    if clip == "clipvalue":
        return [np.clip(g, -g.dtype.type(limit), g.dtype.type(limit)) for g in gradients]
    squares = [float(np.square(g, dtype=np.float64).sum()) for g in gradients]
    norms = np.sqrt([sum(squares)] * len(squares) if clip == "global_clipnorm" else squares)
    return [g * g.dtype.type(limit / max(norm, limit)) for g, norm in zip(gradients, norms, strict=True)]


# -- Of layers
def penalty_slope(w: np.ndarray, l1: float, l2: float) -> np.ndarray:
    """Gradient of ``l1 sum |w| + l2 sum w**2``."""
    real = w.dtype.type
    return real(l1) * np.sign(w) + real(2 * l2) * w


def limited(limits: Limits, w: np.ndarray) -> np.ndarray:
    """Weights within their limits."""
    real: Any = w.dtype.type
    if limits.kind == "nonnegative":
        return np.where(w < 0, real(0), w)
    norms = np.sqrt(np.square(w).sum(axis=0, keepdims=True))
    numbers = (real(limits.low), real(limits.high), real(limits.rate))
    return w * on_arrays(real)["norm_scale"](norms, *numbers)
