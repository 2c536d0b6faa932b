"""Schedules that fall: exponential, by pieces, polynomial, inverse to time. All are Keras 3's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arguments import flag, number
from .base import Formula, positive


class _ByRate(Formula):
    """A rate of decay for every so many updates."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool, name: str
    ) -> None:
        self.initial_learning_rate = number("initial_learning_rate", initial_learning_rate, 0)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.decay_rate = number("decay_rate", decay_rate, 0)
        self.staircase = flag("staircase", staircase)
        self.name = name

    def _done(self, t: np.ndarray) -> np.ndarray:
        """How many times ``decay_steps`` updates are done."""
        p = t / self.decay_steps
        return np.floor(p) if self.staircase else p


class ExponentialDecay(_ByRate):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Parameters
    ----------
    initial_learning_rate : float
        0 or more.
    decay_steps : int
        Updates that ``decay_rate`` is for; above 0.
    decay_rate : float
        0 or more.
    staircase : bool
        Round ``step / decay_steps`` down.
    name : str

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range.

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)(200)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def formula(self, t: np.ndarray) -> np.ndarray:
        return self.initial_learning_rate * self.decay_rate ** self._done(t)


class PiecewiseConstantDecay(Formula):
    """``values[0]`` up to and including update ``boundaries[0]``, ``values[1]`` up to ``boundaries[1]``, and so on.

    Parameters
    ----------
    boundaries : sequence of int
        Strictly increasing.
    values : sequence of float
        0 or more; one more than there are boundaries.
    name : str

    Raises
    ------
    TypeError, ValueError
        No numbers, out of range, or not as many as there must be.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        self.boundaries = [_plain(number(f"boundaries[{i}]", b), b) for i, b in enumerate(boundaries)]
        self.values = [_plain(number(f"values[{i}]", v, 0), v) for i, v in enumerate(values)]
        self.name = name
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values, got "
                f"{len(self.boundaries)} boundaries and {len(self.values)} values"
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(f"boundaries must increase strictly, got {self.boundaries}")

    def formula(self, t: np.ndarray) -> np.ndarray:
        return np.array(self.values, np.float64)[np.searchsorted(self.boundaries, t, side="left")]


class PolynomialDecay(Formula):
    """From ``initial_learning_rate`` to ``end_learning_rate`` within ``decay_steps`` updates, and on it stays there.

    ``(initial - end) * (1 - step / decay_steps) ** power + end``. With ``cycle`` it starts again from higher up: then
    ``decay_steps`` is its first multiple that is not below ``step``.

    Parameters
    ----------
    initial_learning_rate, end_learning_rate : float
        0 or more.
    decay_steps : int
        Above 0.
    power : float
        0 or more; 1 is a straight line.
    cycle : bool
    name : str

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = number("initial_learning_rate", initial_learning_rate, 0)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.end_learning_rate = number("end_learning_rate", end_learning_rate, 0)
        self.power = number("power", power, 0)
        self.cycle = flag("cycle", cycle)
        self.name = name

    def formula(self, t: np.ndarray) -> np.ndarray:
        if self.cycle:
            p = t / (self.decay_steps * np.maximum(np.ceil(t / self.decay_steps), 1.0))
        else:
            p = np.minimum(t, self.decay_steps) / self.decay_steps
        return (self.initial_learning_rate - self.end_learning_rate) * (1.0 - p) ** self.power + self.end_learning_rate


class InverseTimeDecay(_ByRate):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``; the old ``decay`` is this.

    Parameters and errors: see :class:`ExponentialDecay`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def formula(self, t: np.ndarray) -> np.ndarray:
        return self.initial_learning_rate / (1.0 + self.decay_rate * self._done(t))


def _plain(real: float, given: Any) -> float:
    """A whole number stays one in a config."""
    return int(real) if isinstance(given, int | np.integer) else real
