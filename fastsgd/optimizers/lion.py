"""Lion: steps of one size."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting


class Lion(Optimizer):
    """Steps of one size, in the direction of a mean of the gradients.

    With gradient g and momentum m, zero at first (Chen et al. 2023)::

        w = w - lr sign(beta_1 m + (1 - beta_1) g)
        m = beta_2 m + (1 - beta_2) g

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1 : float
        In (0, 1].
    beta_2 : float
        In [0, 1].
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    beta_1 = Setting(number, 2.0**-1022, 1)
    beta_2 = Setting(number, 0, 1)

    @with_options
    def __init__(
        self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, *options: Any, **named: Any
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def formula(self) -> str:
        return "lion"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        return {
            **super().numbers(t),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "c1": 1 - self.beta_1,
            "c2": 1 - self.beta_2,
        }
