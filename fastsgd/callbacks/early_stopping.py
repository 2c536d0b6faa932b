"""Stopping when a monitored number no longer gets better."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..arguments import is_due, number, whole
from .base import Callback, Logs


class MonitorCallback(Callback):
    """Base of callbacks that watch whether a number in the logs gets better.

    Parameters
    ----------
    monitor : str
        Key in the logs.
    mode : {"auto", "min", "max"}
        What is better; "auto": less of a loss, and of a metric what it says itself.
    baseline : float, optional
        What counts as the best value at first.
    min_delta : float
        A smaller change is no improvement.

    Raises
    ------
    TypeError, ValueError
        An unknown mode, or a min_delta that is no number.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
        self.monitor, self.mode = monitor, mode
        self.best = baseline
        self.min_delta = abs(number("min_delta", min_delta))
        self.monitor_op: Callable[[Any, Any], Any] | None = None

    def _set_monitor_op(self, available: Iterable[str] = ()) -> None:
        """Settle what is better: before the first comparison, when the model's metrics are known."""
        direction = {"min": "down", "max": "up"}.get(self.mode)
        if direction is None:
            metric = self.monitor.removeprefix("val_")
            known = {m.name: m.direction for m in getattr(self.model, "metrics", None) or () if hasattr(m, "direction")}
            direction = "down" if metric == "loss" else known.get(metric)
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether {self.monitor!r} should rise or fall: pass mode='min' "
                f"or 'max'. Available: {', '.join(available)}"
            )
        self.monitor_op = np.less if direction == "down" else np.greater
        if direction == "down":
            self.min_delta *= -1

    def _is_improvement(self, value: float, reference: float | None) -> bool:
        assert self.monitor_op is not None
        return reference is None or bool(self.monitor_op(value - self.min_delta, reference))


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
        current = self._monitored(epoch, logs or {})
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

    def _monitored(self, epoch: int, logs: Logs) -> float | None:
        """The monitored number; None where the logs have none, of which a warning tells once."""
        current = logs.get(self.monitor)
        validated = is_due(epoch, (self.params or {}).get("validation_freq", 1))
        if current is None and (validated or not self.monitor.startswith("val_")) and not self._warned:
            self._warned = True
            warnings.warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}",
                stacklevel=2,
            )
        return current
