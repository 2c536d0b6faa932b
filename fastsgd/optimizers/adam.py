"""Adam, and AdamW: the same with decoupled weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import flag
from .base import Rate
from .moments import Moments
from .options import with_options
from .settings import Setting, positive, power


class Adam(Moments):
    """Steps by the mean of the gradients over the root of the mean of their squares.

    With gradient g, moments m and s (zero at first), n = t + 1 updates with this one (Kingma, Ba 2014)::

        m = m + (g - m) (1 - beta_1)
        s = s + (g**2 - s) (1 - beta_2)
        w = w - lr sqrt(1 - beta_2**n) / (1 - beta_1**n) m / (sqrt(s) + epsilon)

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        0 or more.
    amsgrad : bool
        Divide by the root of the largest s so far (Reddi et al. 2018).
    *options, **named
        See :class:`Optimizer`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.

    Examples
    --------
    >>> w = np.ones(2)
    >>> Adam(learning_rate=0.1).apply([np.array([1.0, -2.0])], [w])
    >>> w.round(6)
    array([0.9, 1.1])
    """

    amsgrad = Setting(flag)

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *options, **named)
        self.amsgrad = amsgrad

    def formula(self) -> str:
        return "amsgrad" if self.amsgrad else "adam"

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        n = self.updates(t) + 1
        return {
            **given,
            "a": given["lr"] * np.sqrt(1 - power(self.beta_2, n)) / (1 - power(self.beta_1, n)),
            "c1": 1 - self.beta_1,
            "c2": 1 - self.beta_2,
            "eps": positive(self.epsilon),
        }


class AdamW(Adam):
    """:class:`Adam` with decoupled weight decay: ``w = w - lr weight_decay w`` before each step.

    Loshchilov, Hutter 2019.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    weight_decay : float
        0 or more.
    beta_1, beta_2, epsilon, amsgrad, *options, **named
        See :class:`Adam`.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    @with_options
    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *options: Any,
        **named: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float; Adam goes without. Received: weight_decay=None")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *options, **named)
