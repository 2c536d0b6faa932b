"""What all learning rate schedules share, and what the optimizers ask of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...arguments import number, takes


class LearningRateSchedule:
    """Base of learning rate schedules: what the learning rate is at update t (from 0).

    A subclass overrides ``__call__``, as in Keras. Before every stretch of training it is asked for all updates of the
    stretch through :meth:`rates`, which a subclass may override to answer for a whole array at once.

    Examples
    --------
    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** (step // 1000)
    >>> Halving().rates(np.array([0, 999, 1000]))
    array([0.1 , 0.1 , 0.05])
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at an update.

        Parameters
        ----------
        step : int
            Updates done before it.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(self, step)")

    def rates(self, steps: np.ndarray) -> np.ndarray:
        """Learning rates at these updates: float64, of the shape (n,) of ``steps``."""
        return each(self, steps)

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal schedule."""
        raise NotImplementedError(f"{type(self).__name__} must override get_config() to be serializable")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        return cls(**config)


class Formula(LearningRateSchedule):
    """Base of schedules that are a formula: :meth:`formula` of float64 arrays of shape (n,).

    The parameters of the constructor are attributes of the same name; those are the config.
    """

    name: str

    def formula(self, t: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def __call__(self, step: Any) -> Any:
        """The learning rate after so many updates: a float, or a float64 array if ``step`` is an array."""
        t = np.asarray(step, np.float64)
        rates = self.formula(t.reshape(-1)).reshape(t.shape)  # NumPy's scalars have powers of their own, of other bits
        return rates if t.ndim else float(rates)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        return self.formula(steps.astype(np.float64))

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items() if k != "name")
        return f"{type(self).__name__}({settings})"


def each(function: Callable[[int], Any], steps: np.ndarray) -> np.ndarray:
    """A function of one update count, at each of these."""
    return np.array([float(function(t)) for t in steps.tolist()], np.float64)


def rates_of(schedule: Any, steps: np.ndarray) -> np.ndarray:
    """Learning rates of a schedule, or of a function of the update count.

    Parameters
    ----------
    schedule : LearningRateSchedule or callable
    steps : numpy.ndarray of int64, shape (n,)

    Returns
    -------
    numpy.ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        One that is negative or not finite, or another number of them.
    """
    if isinstance(schedule, LearningRateSchedule):
        rates = schedule.rates(steps)
    elif takes(schedule, 1):
        rates = each(schedule, steps)
    else:
        rates = np.full(steps.shape, float(schedule()))
    if rates.shape != steps.shape:
        raise ValueError(f"{schedule!r} gave rates of shape {rates.shape} for steps of shape {steps.shape}")
    bad = ~((rates >= 0) & (rates < np.inf))
    if bad.any():
        i = int(bad.argmax())
        raise ValueError(
            f"learning_rate at update {steps[i]} must be finite and at least 0, {schedule!r} gave {rates[i]}"
        )
    return rates


def positive(name: str, value: Any) -> Any:
    """``value`` as it is, if it is a number above 0.

    Raises
    ------
    TypeError, ValueError
        It is not.
    """
    if number(name, value) <= 0:
        raise ValueError(f"{name} must be > 0, got {value!r}")
    return value
