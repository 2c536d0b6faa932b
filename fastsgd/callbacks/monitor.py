"""Watching whether a number in the logs gets better."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..arguments import is_due, number
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
        self._warned = False

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

    def _monitored(self, epoch: int, logs: Logs, complaint: str) -> tuple[Any, bool]:
        """The monitored number, None where the logs have none, and whether it was to be expected there.

        ``val_`` ones are not after epochs that ``validation_freq`` leaves out. If it was, ``complaint`` is warned of,
        once a training.
        """
        current = logs.get(self.monitor)
        validated = is_due(epoch, (self.params or {}).get("validation_freq", 1))
        expected = validated or not self.monitor.startswith("val_")
        if current is None and expected and not self._warned:
            self._warned = True
            warnings.warn(complaint, stacklevel=3)
        return current, expected
