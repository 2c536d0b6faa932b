"""What the rates of dropout and noise mean in numbers: for all engines."""

from __future__ import annotations

import math

from ..program import Op

DRAWN = ("dropout", "alpha_dropout", "gaussian_dropout", "gaussian_noise")
ALPHA = -1.7580993408473766  # what SELU tends to: minus its alpha times its scale (Klambauer et al., 2017)


def limit(op: Op) -> int:
    """Draws of 31 bits below it drop."""
    return round(op.constants[0] * 2**31) if op.kind in ("dropout", "alpha_dropout") else 0


def constants(op: Op) -> tuple[float, ...]:
    """What the kernels of ``noise.py`` want to know.

    dropout: the factor of what is kept. alpha_dropout: that, and what is added to what is kept and to what is dropped.
    gaussian_dropout, gaussian_noise: the standard deviation.
    """
    rate = op.constants[0]
    if op.kind == "dropout":
        return (1 / (1 - rate) if rate < 1 else 0.0,)
    if op.kind == "alpha_dropout":
        factor = ((1 - rate) * (1 + rate * ALPHA**2)) ** -0.5
        shift = -factor * ALPHA * rate
        return factor, shift, factor * ALPHA + shift
    return (math.sqrt(rate / (1 - rate)) if op.kind == "gaussian_dropout" else rate,)
