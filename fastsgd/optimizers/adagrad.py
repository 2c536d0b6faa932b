"""Adagrad: steps that shrink with all gradients so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting, positive


class Adagrad(Optimizer):
    """Steps by the gradient over the root of the sum of all squares so far.

    With gradient g (Duchi et al. 2011)::

        s = s + g**2
        w = w - lr g / sqrt(s + epsilon)

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    initial_accumulator_value : float
        What s begins with, 0 or more.
    epsilon : float
        0 or more.
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    initial_accumulator_value = Setting(number, 0)
    epsilon = Setting(number, 0)

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def formula(self) -> str:
        return "adagrad"

    def starts(self) -> dict[str, float]:
        return {"s": self.initial_accumulator_value}

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        return {**super().numbers(t), "eps": positive(self.epsilon)}
