"""Validating, and saving, the moving averages of the weights instead of the weights."""

from __future__ import annotations

import numpy as np

from ..kernels.source.tables import AVERAGE
from .base import Callback, Logs


class SwapEMAWeights(Callback):
    """Put the optimizer's moving averages in the weights' places for validation, and the weights back after it.

    For optimizers of ``use_ema=True``. It changes nothing of what is learned. As in Keras, ``fit`` itself puts the
    averages in the weights' places when it ends.

    Parameters
    ----------
    swap_on_epoch : bool
        Also from the end of an epoch to the beginning of the next, so that a ModelCheckpoint that comes after this
        callback saves the averages (a BackupAndRestore has to come before it).

    Raises
    ------
    ValueError
        In training: the optimizer keeps no averages.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._weights: list[np.ndarray] | None = None  # while the averages are in their places

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._weights = None

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._weights = None  # those of the model are the averages now, for good

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._want(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._want(self.swap_on_epoch)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._want(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._want(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._want(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._want(False)

    def _want(self, averages: bool) -> None:
        """Have the averages in the weights' places, or not."""
        if averages == (self._weights is not None):
            return
        network = self.model._network()
        if self._weights is not None:
            network.set_weights(self._weights)
            self._weights = None
            return
        letters = network.program.memories
        if AVERAGE not in letters:
            raise ValueError("SwapEMAWeights must be used when `use_ema=True` is set on the optimizer")
        if self.model.optimizer.iterations:  # else there are none yet
            self._weights = network.get_weights()
            pairs = zip(self._weights, network.get_slots()[letters.index(AVERAGE)], strict=True)
            trained = network.program.trained()
            network.set_weights([b if moved else a for (a, b), moved in zip(pairs, trained, strict=True)])
