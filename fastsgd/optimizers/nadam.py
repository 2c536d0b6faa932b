"""Nadam: Adam that looks ahead as Nesterov's momentum does."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..arguments import number
from .base import Optimizer, Rate
from .settings import Setting, below_one, positive, power

FADED = 1024  # from here on .96**n is nothing beside 1


class Nadam(Optimizer):
    """Adam with Nesterov's momentum.

    With gradient g, moments m and s (zero at first), n = t + 1 updates with this one (Dozat 2016)::

        u(n) = beta_1 (1 - 0.96**n / 2),  P = u(1) u(2) ... u(n)
        m = m + (g - m) (1 - beta_1)
        s = s + (g**2 - s) (1 - beta_2)
        h = u(n + 1) m / (1 - P u(n + 1)) + (1 - u(n)) g / (1 - P)
        w = w - lr h / (sqrt(s / (1 - beta_2**n)) + epsilon)

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        0 or more.
    **options
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    beta_1 = Setting(below_one)
    beta_2 = Setting(below_one)
    epsilon = Setting(number, 0)

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

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

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@cache
def _fading() -> np.ndarray:
    """P / beta_1**n for n = 0 .. FADED."""
    return np.cumprod(1 - 0.5 * 0.96 ** np.arange(FADED + 1.0) * (np.arange(FADED + 1) > 0))
