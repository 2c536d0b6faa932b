"""How long the epochs take."""

from __future__ import annotations

from time import perf_counter

from .base import Callback, Logs


class Timer(Callback):
    """Measure the epochs of a training, from ``on_epoch_begin`` to ``on_epoch_end``: with validation.

    ``fit(record="epoch_time")`` writes the time of training alone into the history.

    Attributes
    ----------
    epoch_times : list of float
        Seconds of every epoch of the last training.
    total_time : float
        Seconds of the last training as a whole, once it has ended.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch_times: list[float] = []
        self.total_time = 0.0
        self._began = self._epoch_began = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch_times, self.total_time, self._began = [], 0.0, perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_began = perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch_times.append(perf_counter() - self._epoch_began)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.total_time = perf_counter() - self._began
