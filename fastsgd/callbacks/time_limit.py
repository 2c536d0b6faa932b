"""Stopping after some time."""

from __future__ import annotations

from time import monotonic

from ..arguments import number
from .base import Callback, Logs


class TimeLimit(Callback):
    """Stop training after so many seconds, at the end of a batch.

    Time is looked at some 20 to 30 times a second, also within an epoch, and at least one batch is trained on. The
    epoch that is cut short is validated and logged as it stands. ``fit(max_seconds=...)`` is this.

    Parameters
    ----------
    seconds : float
        0 or more, from the beginning of the training.

    Attributes
    ----------
    stopped : bool
        It was the time that ended the last training.

    Raises
    ------
    TypeError, ValueError
        No number, or negative.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = number("seconds", seconds, 0)
        self.stopped = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.stopped = False
        self._until = monotonic() + self.seconds

    def on_moment(self, logs: Logs | None = None) -> None:
        if not self.stopped and monotonic() >= self._until:
            self.stopped = self.model.stop_training = True
