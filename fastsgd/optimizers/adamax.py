"""Adamax: Adam by the largest gradient instead of the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from .moments import Moments
from .settings import positive, power


class Adamax(Moments):
    """Steps by the mean of the gradients over the largest one, which fades.

    With gradient g, m and u (zero at first), n = t + 1 updates with this one (Kingma, Ba 2014)::

        m = m + (g - m) (1 - beta_1)
        u = max(beta_2 u, |g|)
        w = w - lr m / ((1 - beta_1**n) (u + epsilon))

    Parameters and errors: see :class:`Adam`; there is no ``amsgrad``.
    """

    def formula(self) -> str:
        return "adamax"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        a = given["lr"] / (1 - power(self.beta_1, self.updates(t) + 1))
        return {**given, "a": a, "c1": 1 - self.beta_1, "beta_2": self.beta_2, "eps": positive(self.epsilon)}
