"""Stopping when a monitored number no longer gets better."""

from __future__ import annotations

from typing import Any

from ..arguments import whole
from .base import Logs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stop training when a monitored number has not become better for some epochs. The rules are Keras 3's.

    An epoch is an improvement if ``current + min_delta < best`` (for "max": ``current - min_delta > best``). Training
    stops after ``patience`` epochs in a row without one, never after the very first epoch.

    Parameters
    ----------
    monitor : str
        Key in the logs; ``"val_loss"`` needs validation data.
    min_delta : float
        A smaller change is no improvement.
    patience : int
        Epochs without improvement that are borne; 0 acts as 1.
    verbose : {0, 1}
        1: say so when it stops.
    mode : {"auto", "min", "max"}
        What is better; "auto": less of a loss, and of a metric what it says itself.
    baseline : float, optional
        Improvements that do not beat it too do not restart the waiting.
    restore_best_weights : bool
        At the end of training, stopped early or not, put back the weights of the best epoch.
    start_from_epoch : int
        Epochs before this one (from 0) are not looked at.

    Attributes
    ----------
    best, best_epoch, best_weights
        Of the epoch that was best; the weights only with ``restore_best_weights``.
    stopped_epoch : int
        The epoch after which it stopped; 0 if it did not.
    wait : int
        Epochs since the last improvement.

    Raises
    ------
    TypeError, ValueError
        An unknown mode, "auto" for a metric that does not tell, or an argument that is no number or out of range.

    Warns
    -----
    UserWarning
        Once a training, if the logs have no such key.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = whole("patience", patience, 0)
        self.start_from_epoch = whole("start_from_epoch", start_from_epoch, 0)
        self.verbose, self.baseline, self.restore_best_weights = verbose, baseline, restore_best_weights
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None
        self.best_weights: Any = None
        self._warned = False

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.monitor_op is None:
            self._set_monitor_op(logs or ())
        logs = logs or {}
        current, _ = self._monitored(
            epoch,
            logs,
            f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
            f"Available metrics are: {','.join(logs)}",
        )
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
