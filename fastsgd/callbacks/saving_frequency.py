"""When to save: after every epoch, or after so many batches."""

from __future__ import annotations

from typing import Any


class SavingFrequency:
    """Counts batches; the rules are Keras's.

    Parameters
    ----------
    save_freq : "epoch" or int
        After every epoch, or after so many batches, which may belong to several epochs.

    Raises
    ------
    ValueError
        Neither.
    """

    def __init__(self, save_freq: Any) -> None:
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not whole:
            raise ValueError(
                f"Unrecognized save_freq: {save_freq!r}. Expected save_freq are 'epoch' or integer values from 1 on"
            )
        self.save_freq = save_freq
        self._waiting = 0  # batches since the last time
        self._last: int | None = None  # the last batch, of its epoch

    @property
    def by_batches(self) -> bool:
        return self.save_freq != "epoch"

    def is_due(self, batch: int) -> bool:
        """To be asked after a batch (from 0, of its epoch), not necessarily after all: whether to save now."""
        new_epoch = self._last is None or batch <= self._last
        self._waiting += batch + 1 if new_epoch or self._last is None else batch - self._last
        self._last = batch
        if self._waiting < self.save_freq:
            return False
        self._waiting = 0
        return True
