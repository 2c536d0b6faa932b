"""Adamax: Adam by the largest gradient instead of the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import number
from .base import Optimizer, Rate
from .settings import Setting, below_one, positive, power


class Adamax(Optimizer):
    """Steps by the mean of the gradients over the largest one, which fades.

    With gradient g, m and u (zero at first), n = t + 1 updates with this one (Kingma, Ba 2014)::

        m = m + (g - m) (1 - beta_1)
        u = max(beta_2 u, |g|)
        w = w - lr m / ((1 - beta_1**n) (u + epsilon))

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
        return "adamax"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        a = given["lr"] / (1 - power(self.beta_1, self.updates(t) + 1))
        return {**given, "a": a, "c1": 1 - self.beta_1, "beta_2": self.beta_2, "eps": positive(self.epsilon)}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
