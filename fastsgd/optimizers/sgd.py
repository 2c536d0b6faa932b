"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import flag, not_yet, number
from .base import DEFAULT_RATE, Optimizer, Rate


class SGD(Optimizer):
    """Gradient descent, with momentum or Nesterov's.

    With gradient g, velocity v (zero at first) and ``lr = learning_rate / (1 + decay * t)``::

        momentum 0:   w = w - lr g
        momentum mu:  v = mu v - lr g;  w = w + v
        nesterov:     v = mu v - lr g;  w = w + mu v - lr g

    These are Keras's; PyTorch's momentum equals it as long as lr is constant.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        0 or more, a schedule, or a function of the update count; ``lr`` is its old name.
    momentum : float
        In [0, 1].
    nesterov : bool
    decay : float
        Of Keras 1 and 2 (Keras 3 ignores it silently): the rate falls as above, t counting updates.
    name : str
    weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, gradient_accumulation_steps
        Not supported yet.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    NotImplementedError
        A setting that is not supported yet.

    Examples
    --------
    >>> w = np.ones(2)
    >>> SGD(learning_rate=0.5).apply([np.array([1.0, 2.0])], [w])
    >>> w
    array([0.5, 0. ])
    """

    def __init__(
        self,
        learning_rate: Rate = DEFAULT_RATE,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        decay: float = 0.0,
        lr: Rate | None = None,
        name: str = "SGD",
        weight_decay: Any = None,
        clipnorm: Any = None,
        clipvalue: Any = None,
        global_clipnorm: Any = None,
        use_ema: Any = None,
        gradient_accumulation_steps: Any = None,
    ) -> None:
        not_yet(weight_decay=weight_decay, use_ema=use_ema, gradient_accumulation_steps=gradient_accumulation_steps)
        not_yet(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        super().__init__(learning_rate, decay=decay, lr=lr, name=name)
        self.momentum = momentum
        self.nesterov = nesterov

    @property
    def momentum(self) -> float:
        return self._momentum

    @momentum.setter
    def momentum(self, value: float) -> None:
        self._momentum = number("momentum", value, 0, 1)

    @property
    def nesterov(self) -> bool:
        return self._nesterov

    @nesterov.setter
    def nesterov(self, value: bool) -> None:
        self._nesterov = flag("nesterov", value)

    @property
    def rule(self) -> str:
        if self.momentum == 0:
            return "sgd"
        return "nesterov" if self.nesterov else "momentum"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        return {**super().numbers(t), "mu": self.momentum}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
