"""Where a training stands."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A point between two batches of a fit, from which it can go on.

    An epoch is a pass over all rows, or with ``steps_per_epoch`` so many batches of a pass that goes on in the next.

    Parameters
    ----------
    epoch : int
        From 0.
    begin : int
        Batch of the pass with which this epoch began.
    batch : int
        Batch of the pass with which to go on.
    loss_before, loss : float
        Mean losses of the pass before these two batches.
    """

    epoch: int = 0
    begin: int = 0
    batch: int = 0
    loss_before: float = 0.0
    loss: float = 0.0
