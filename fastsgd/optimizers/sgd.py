"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import flag, number
from .base import Optimizer, Rate
from .options import with_options
from .settings import Setting, one_of


class SGD(Optimizer):
    """Gradient descent, with momentum or Nesterov's.

    With gradient g, velocity v (zero at first) and the learning rate lr of the update::

        momentum 0:   w = w - lr g
        momentum mu:  v = mu v - lr g;  w = w + v
        nesterov:     v = mu v - lr g;  w = w + mu v - lr g

    These are Keras's. PyTorch's, ``momentum_style="torch"``, equal them as long as lr is constant::

        momentum mu:  v = mu v + g;  w = w - lr v
        nesterov:     v = mu v + g;  w = w - lr (g + mu v)

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        0 or more, a schedule, or a function of the update count; ``lr`` is its old name.
    momentum : float
        In [0, 1].
    nesterov : bool
    momentum_style : {"keras", "torch"}
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.

    Examples
    --------
    >>> w = np.ones(2)
    >>> SGD(learning_rate=0.5).apply([np.array([1.0, 2.0])], [w])
    >>> w
    array([0.5, 0. ])
    """

    momentum = Setting(number, 0, 1)
    nesterov = Setting(flag)
    momentum_style = Setting(one_of, ("keras", "torch"))

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *options: Any,
        momentum_style: str = "keras",
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, *options, **named)
        self.momentum, self.nesterov, self.momentum_style = momentum, nesterov, momentum_style

    def formula(self) -> str:
        if self.momentum == 0:
            return "sgd"
        return "torch_" * (self.momentum_style == "torch") + ("nesterov" if self.nesterov else "momentum")

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        return {**super().numbers(t), "mu": self.momentum}
