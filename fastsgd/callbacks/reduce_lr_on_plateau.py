"""Lowering the learning rate when a monitored number no longer gets better."""

from __future__ import annotations

from ..arguments import number, whole
from .base import Logs
from .monitor import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """Lower the learning rate when a monitored number has not become better for some epochs. The rules are Keras 3's.

    After ``patience`` epochs in a row without improvement the rate becomes ``max(factor * rate, min_lr)``. It logs the
    rate of every epoch as ``learning_rate``, which so comes into the history.

    Parameters
    ----------
    monitor : str
        Key in the logs; ``"val_loss"`` needs validation data.
    factor : float
        Below 1.
    patience : int
        Epochs without improvement that are borne.
    verbose : {0, 1}
        1: say so when the rate is lowered.
    mode : {"auto", "min", "max"}
        What is better; "auto": less of a loss, and of a metric what it says itself.
    min_delta : float
        A smaller change is no improvement.
    cooldown : int
        Epochs after a lowering in which the waiting does not begin.
    min_lr : float
        The rate is not lowered below this.
    **kwargs
        Nothing is made of these, as in Keras.

    Attributes
    ----------
    best : float
        The best value so far.
    wait, cooldown_counter : int
        Epochs since the last improvement, and those of the cooldown that are left.

    Raises
    ------
    TypeError, ValueError
        An argument out of range; "auto" for a metric that does not tell; in training, TypeError if the optimizer's
        learning rate is a schedule.

    Warns
    -----
    UserWarning
        Once a training, if the logs have no such key.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: object,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if number("factor", factor, 0) >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0, got factor={factor!r}")
        self.factor, self.min_lr = float(factor), number("min_lr", min_lr, 0)
        self.patience, self.cooldown = whole("patience", patience, 0), whole("cooldown", cooldown, 0)
        self.verbose = verbose
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best: float | None = None
        self.cooldown_counter = self.wait = 0
        self._warned = False

    def in_cooldown(self) -> bool:
        """Whether the last lowering was less than ``cooldown`` epochs ago."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        if self.monitor_op is None:
            self._set_monitor_op(logs)
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        current, _ = self._monitored(
            epoch,
            logs,
            f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
            f"Available metrics are: {','.join(logs)}.",
        )
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._lower(epoch)

    def _lower(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        old = float(optimizer.learning_rate)
        if old <= self.min_lr:
            return
        optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter, self.wait = self.cooldown, 0
