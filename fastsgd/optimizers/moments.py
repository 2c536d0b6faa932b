"""What Adam, Adamax and Nadam share: two memories that fade."""

from __future__ import annotations

from typing import Any

from ..arguments import number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting, below_one


class Moments(Optimizer):
    """Base of rules with a mean of the gradients and one of their sizes.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        In [0, 1): how much of the first and of the second memory is kept at an update.
    epsilon : float
        0 or more.
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    beta_1 = Setting(below_one)
    beta_2 = Setting(below_one)
    epsilon = Setting(number, 0)

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
