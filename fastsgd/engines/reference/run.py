"""One stretch of training: epochs, batches, and what happens when the loss is no longer finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from .. import Diverged, Hyper
from .layers import Moment

if TYPE_CHECKING:
    from .network import ReferenceNetwork

BLOCK = 4096  # rows of a batch worked on at once: bounds the memory of activations
MOMENT = 0.03  # seconds of an `advance`
STEPS = 1024  # steps whose hyperparameters are asked for at once


class ReferenceRun:
    """See :class:`fastsgd.engines.Run`."""

    def __init__(
        self,
        network: ReferenceNetwork,
        x: np.ndarray,
        y: np.ndarray,
        batch_size: int,
        hyper: Hyper,
        step: int,
        seed: int,
        order_of: Callable[[int], np.ndarray] | None,
        predictions: np.ndarray | None,
        weights: np.ndarray | None,
    ) -> None:
        self.network, self.x, self.y, self.weights = network, x, y, weights
        self.batch_size, self.hyper, self.order_of = batch_size, hyper, order_of
        self.epoch, self.batch, self.step, self.seed = 0, 0, step, seed
        self.losses: list[float] = []
        self.running_loss = math.nan
        self.predictions = predictions
        self._batches = -(-len(x) // batch_size)  # of an epoch
        self._done = 0  # rows of the current batch whose gradient is in already
        self._batch_total = 0.0  # their losses
        self._total = 0.0  # losses of the whole batches of this epoch
        self._order: np.ndarray | None = None
        self._safe: tuple[list[np.ndarray], int, int, int] | None = None  # finite state; its epoch, batch and step
        self._numbers = np.empty((0, 0))  # hyperparameters of the steps from _numbers_step on
        self._numbers_step = self._last_step = self._first_step = step

    def skip(self, batches: int, loss: float) -> None:
        self.batch, self.running_loss = batches, loss
        self._begin_epoch()
        self._total = loss * (batches * self.batch_size * self.network.program.elements)

    def __enter__(self) -> ReferenceRun:
        return self

    def __exit__(self, *exc: object) -> None:
        if not any(exc) and self.step > self._first_step and not self._finite():
            last = (self.epoch, self.batch - 1) if self.batch else (self.epoch - 1, self._batches - 1)
            raise self._diverged(*last)

    def advance(self, epoch: int, batches: int | None = None) -> None:
        until = perf_counter() + MOMENT
        left = (epoch - self.epoch) * self._batches - self.batch
        self._last_step = self.step + (left if batches is None else min(left, batches))
        self._numbers = self._numbers[:0]  # they may have been changed meanwhile
        with np.errstate(all="ignore"):
            while self.step < self._last_step:
                self._block()
                if perf_counter() > until:
                    break

    def _block(self) -> None:
        """The next rows of the batch: forward, loss, backward; after its last ones the update."""
        if self.batch == 0 and self._done == 0:
            self._begin_epoch()
        net, elements = self.network, self.network.program.elements
        start = self.batch * self.batch_size
        B = min(self.batch_size, len(self.x) - start)
        most = B if net.program.whole_batches else BLOCK
        block = slice(start + self._done, start + min(self._done + most, B))
        rows = block if self._order is None else self._order[block]

        y, weights = self.y[rows], None if self.weights is None else self.weights[rows]
        p, q, tape = net.forward(self.x[rows], Moment(self.seed, self.step, self._done, B))
        total = net.judgement.total(q, y, weights) + net.activity(tape)
        if not math.isfinite(total):
            raise self._diverged(self.epoch, self.batch)
        Dq = net.judgement.slopes(q, y, weights, p.dtype.type(1 / (B * elements)))
        net.backward(tape, Dq, first=self._done == 0)

        if self.predictions is not None:
            self.predictions[rows] = p
        self._batch_total += total
        self._done += len(y)
        if self._done == B:
            self._batch_total += B * elements * net.penalty()
            net.update(self._hyper())
            self._finish_batch(start + B)

    def _begin_epoch(self) -> None:
        self._order = self.order_of(self.epoch) if self.order_of else None
        if self._safe is None or self._finite():
            self._safe = [a.copy() for a in self._state], self.epoch, self.batch, self.step
        self._total = 0.0

    def _hyper(self) -> np.ndarray:
        """The update rule's numbers for this step."""
        if not 0 <= self.step - self._numbers_step < len(self._numbers):
            t = np.arange(self.step, min(self.step + STEPS, self._last_step), dtype=np.int64)
            self._numbers, self._numbers_step = self.hyper(t).astype(self.network.program.dtype), self.step
        return self._numbers[self.step - self._numbers_step]

    def _finish_batch(self, rows: int) -> None:
        """Count a batch, and the epoch if it was its last; ``rows`` of the epoch are done."""
        self._total += self._batch_total
        self.running_loss = self._total / (rows * self.network.program.elements)
        self._done, self._batch_total = 0, 0.0
        self.step += 1
        self.batch += 1
        if rows == len(self.x):
            self.epoch, self.batch = self.epoch + 1, 0
            self.losses.append(self.running_loss)

    # -- Divergence: of the first batch whose loss is not finite, or of the last one if the weights end not finite
    @property
    def _state(self) -> list[np.ndarray]:
        """All that an update changes."""
        return [self.network.w, *self.network.slots.values()]

    def _finite(self) -> bool:
        return all(np.isfinite(a).all() for a in self._state)

    def _diverged(self, epoch: int, batch: int) -> Diverged:
        """The error, after everything has been put back to the end of the last epoch that ended finite."""
        assert self._safe is not None
        arrays, self.epoch, self.batch, self.step = self._safe
        for now, safe in zip(self._state, arrays, strict=True):
            now[...] = safe
        self._done, self._batch_total = 0, 0.0
        del self.losses[self.epoch :]
        return Diverged(epoch, batch)
