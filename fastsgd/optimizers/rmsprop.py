"""RMSprop: steps by the root of a mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import flag, number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting, positive


class RMSprop(Optimizer):
    """Steps by the gradient over the root of the mean of its squares.

    With gradient g, mean square s, mean u and velocity v, zero at first (Hinton 2012)::

        s = rho s + (1 - rho) g**2
        centered: u = rho u + (1 - rho) g;  d = s - u**2 + epsilon;  else d = s + epsilon
        momentum 0:   w = w - lr g / sqrt(d)
        momentum mu:  v = mu v + lr g / sqrt(d);  w = w - v

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    rho, momentum : float
        In [0, 1].
    epsilon : float
        0 or more.
    centered : bool
        Divide by the root of the variance instead.
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    rho = Setting(number, 0, 1)
    momentum = Setting(number, 0, 1)
    epsilon = Setting(number, 0)
    centered = Setting(flag)

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def formula(self) -> str:
        return "rmsprop" + "_centered" * self.centered + "_momentum" * (self.momentum > 0)

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        return {**given, "rho": self.rho, "c": 1 - self.rho, "mu": self.momentum, "eps": positive(self.epsilon)}
