"""Nadam: Adam that looks ahead as Nesterov's momentum does."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .moments import Moments
from .settings import positive, power

FADED = 1024  # from here on .96**n is nothing beside 1


class Nadam(Moments):
    """Adam with Nesterov's momentum.

    With gradient g, moments m and s (zero at first), n = t + 1 updates with this one (Dozat 2016)::

        u(n) = beta_1 (1 - 0.96**n / 2),  P = u(1) u(2) ... u(n)
        m = m + (g - m) (1 - beta_1)
        s = s + (g**2 - s) (1 - beta_2)
        h = u(n + 1) m / (1 - P u(n + 1)) + (1 - u(n)) g / (1 - P)
        w = w - lr h / (sqrt(s / (1 - beta_2**n)) + epsilon)

    Parameters and errors: see :class:`Adam`; there is no ``amsgrad``.
    """

    def formula(self) -> str:
        return "nadam"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        n = self.updates(t) + 1
        u, next_u = (self.beta_1 * (1 - 0.5 * 0.96**k) for k in (n, n + 1.0))
        product = power(self.beta_1, n) * _fading()[np.minimum(n, FADED).astype(np.int64)]
        root = np.sqrt(1 - power(self.beta_2, n))  # of the correction of s, moved from under it
        return {
            **given,
            "a": given["lr"] * root * next_u / (1 - product * next_u),
            "b": given["lr"] * root * (1 - u) / (1 - product),
            "c1": 1 - self.beta_1,
            "c2": 1 - self.beta_2,
            "eps": np.maximum(self.epsilon * root, positive(0.0)),
        }


@cache
def _fading() -> np.ndarray:
    """P / beta_1**n for n = 0 .. FADED."""
    return np.cumprod(1 - 0.5 * 0.96 ** np.arange(FADED + 1.0) * (np.arange(FADED + 1) > 0))
