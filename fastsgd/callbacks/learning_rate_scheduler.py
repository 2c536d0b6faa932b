"""A learning rate for every epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import takes
from .base import Callback, Logs


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch, to what a function of the epoch says.

    It logs the rate of every epoch as ``learning_rate``, which so comes into the history. A schedule by updates is
    given to the optimizer instead: see :mod:`fastsgd.optimizers.schedules`.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, rate)``, or of old ``schedule(epoch)``: epochs from 0, the present rate -> the new one, float.
    verbose : {0, 1}
        1: say so.

    Raises
    ------
    TypeError
        No function; in training, if the optimizer's learning rate is a schedule itself.
    ValueError
        In training, if the function returns no float, or a rate that cannot be.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"schedule must be a function of the epoch and the learning rate, got {schedule!r}")
        self.schedule, self.verbose = schedule, verbose
        self._takes_both = takes(schedule, 2, untold=False)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        arguments = (epoch, float(optimizer.learning_rate)) if self._takes_both else (epoch,)
        rate = self.schedule(*arguments)
        if not isinstance(rate, float | np.floating):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate!r}")
        optimizer.learning_rate = rate
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)
