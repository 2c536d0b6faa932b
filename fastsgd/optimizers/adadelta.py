"""Adadelta: steps as large as the last ones were."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting, positive


class Adadelta(Optimizer):
    """Steps by the gradient, by the root of the mean square of former steps over that of the gradients.

    With gradient g, mean squares s and u, zero at first (Zeiler 2012)::

        s = rho s + (1 - rho) g**2
        d = sqrt(u + epsilon) g / sqrt(s + epsilon)
        u = rho u + (1 - rho) d**2
        w = w - lr d

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        1 is what the original has.
    rho : float
        In [0, 1].
    epsilon : float
        0 or more; 0 would never begin.
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    rho = Setting(number, 0, 1)
    epsilon = Setting(number, 0)

    @with_options
    def __init__(
        self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7, *options: Any, **named: Any
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho, self.epsilon = rho, epsilon

    def formula(self) -> str:
        return "adadelta"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        return {**super().numbers(t), "rho": self.rho, "c": 1 - self.rho, "eps": positive(self.epsilon)}
