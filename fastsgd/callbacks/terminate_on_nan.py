"""An orderly end where the loss is no longer finite."""

from __future__ import annotations

import math

from .base import Callback, Logs, default


class TerminateOnNaN(Callback):
    """End the training in order where the loss becomes NaN or infinite, instead of raising DivergenceError.

    As in Keras, the epoch comes into the history with this loss and ``on_train_end`` of all callbacks is called. The
    weights are put back to those of the last epoch that ended with finite ones. It costs nothing: the engines look at
    every batch in any case.

    Parameters
    ----------
    raise_error : bool
        Raise RuntimeError instead, before ``on_train_end`` of any callback.

    Raises
    ------
    RuntimeError
        In training, if asked to.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    @default  # so that no batch is called for it: fit calls it where an engine found a loss that is not finite
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
