"""What is raised when training comes to numbers that are not finite."""

from __future__ import annotations

from typing import Any


class DivergenceError(ArithmeticError):
    """Training came to a loss that is NaN or infinite, or ended with such weights.

    The model has the weights of the last epoch that ended with finite ones, and its history ends with that epoch.

    Attributes
    ----------
    epoch, batch : int
        The first batch whose loss is not finite, or the very last one; both from 1, the epoch as it is shown and
        counted by ``initial_epoch``.
    """

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(
            f"training diverged: loss or weights are not finite in epoch {epoch}, batch {batch}. Try a smaller "
            "learning_rate, and inputs and targets scaled to about 1. The model keeps the weights of the last finite "
            "epoch"
        )
        self.epoch, self.batch = epoch, batch

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.epoch, self.batch)
