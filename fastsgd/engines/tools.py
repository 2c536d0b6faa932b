"""What a run works with: lent to it by the workshop, told of its rows, bound to its weights."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .lanes import Lanes
from .layout import Layout
from .memory import address_of
from .paths import LANES
from .workspace import Workspace


class Tools(NamedTuple):
    """A workspace, and lanes where the last path had some."""

    work: Workspace
    lanes: Lanes | None

    def take_job(
        self, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, predictions: np.ndarray | None,
        order: np.ndarray, batch_size: int,
    ) -> None:  # fmt: skip
        """Begin anew, with these rows in this order, which the caller has to hold."""
        self.work.reset()
        t = self.work.task
        t.x, t.x_stride = address_of(x), x.strides[0] // x.itemsize
        t.y, t.y_stride = address_of(y), y.strides[0] // y.itemsize
        t.weights = 0 if weights is None else address_of(weights)
        t.predictions = 0 if predictions is None else address_of(predictions)
        t.order, t.samples, t.batch = address_of(order), len(x), batch_size

    def take_path(self, path: int, layout: Layout) -> None:
        """Of the job's batches, after :meth:`take_job`."""
        self.work.take_path(path)
        if path == LANES:
            assert self.lanes is not None
            self.lanes.share(layout)

    def meet(self, threads: int, layout: Layout) -> None:
        """From now on so many threads share the work; between two calls of the kernel."""
        self.work.meet(threads)
        if self.lanes is not None and self.work.task.path == LANES:
            self.lanes.brief(layout, threads)

    def undo(self, layout: Layout) -> None:
        """Put the weights back that were saved, and forget whatever was not finite."""
        layout.restore(self.work.snapshot)
        self.work.clear()
        if self.lanes is not None:
            self.lanes.clear()
        self.work.task.done = self.work.task.failed = 0
