"""Saving the model, or its weights, while it is trained."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy as np

from ..files import write_whole
from ..weight_files import check_name
from .base import Logs
from .monitor import MonitorCallback
from .saving_frequency import SavingFrequency


class ModelCheckpoint(MonitorCallback):
    """Save the model or its weights after epochs, or after so many batches. The rules are Keras 3's.

    A file is written beside its place first and then takes it, so that there is never a half-written one: whenever the
    process dies, the last checkpoint is there. A whole model is a pickle, to be loaded by ``pickle.load`` (only from
    those you trust); it goes on training bit for bit. Weights are arrays in an ``.npz`` file, for ``load_weights``.

    Parameters
    ----------
    filepath : path
        May have fields: ``"{epoch:02d}-{val_loss:.2f}.pkl"``; ``epoch`` and ``batch`` count from 1, the others are keys
        of the logs. Folders are made.
    monitor : str
        Key in the logs that says what is best.
    verbose : {0, 1}
        1: say so.
    save_best_only : bool
        Save only if the monitored number has become better. Epochs that ``validation_freq`` leaves out have none of
        validation: nothing is saved after them.
    save_weights_only : bool
    mode : {"auto", "min", "max"}
        What is better; "auto": less of a loss, and of a metric what it says itself.
    save_freq : "epoch" or int
        After every epoch, or after so many batches (which costs: training returns to Python after each of them).
    initial_value_threshold : float, optional
        What counts as the best value at first.

    Attributes
    ----------
    best : float or None
        The best value so far; it lives on in the next training.

    Raises
    ------
    ValueError
        An unknown mode or frequency; "auto" for a metric that does not tell; a name that says another format.
    KeyError
        In training: a field that the logs do not have.
    OSError
        In training: the file cannot be written.

    Warns
    -----
    UserWarning
        The logs have no such key: then it saves without knowing.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        check_name(self.filepath)
        self.verbose, self.save_best_only, self.save_weights_only = verbose, save_best_only, save_weights_only
        self._frequency = SavingFrequency(save_freq)
        self._epoch = 0
        if self._frequency.by_batches:
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    @property
    def save_freq(self) -> str | int:
        return self._frequency.save_freq

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._warned = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if not self._frequency.by_batches:
            self._save(epoch, None, logs or {})

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._frequency.is_due(batch):
            self._save(self._epoch, batch, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._path(epoch, batch, logs)
        if self.save_best_only and not self._is_best(epoch, logs, path):
            return
        if self.verbose and not self.save_best_only:
            print(f"\nEpoch {epoch + 1}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            write_whole(path, lambda file: pickle.dump(self.model, file))

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        fields: dict[str, Any] = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f"Failed to format this callback filepath: {self.filepath!r}. Reason: {error}; there are "
                f"{', '.join(fields)}"
            ) from None

    def _is_best(self, epoch: int, logs: Logs, path: str) -> bool:
        complaint = f"Can save best model only with {self.monitor} available."
        current, expected = self._monitored(epoch, logs, complaint)
        if current is None:
            return expected
        if np.ndim(current):
            raise ValueError(f"{self.monitor!r} must be one number to tell the best model by, got {current!r}")
        if self.monitor_op is None:
            self._set_monitor_op(logs)
        known = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            if self.verbose:
                print(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {known}")
            return False
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: {self.monitor} improved from {known} to {current:.5f}, saving model to {path}")
        self.best = current
        return True
