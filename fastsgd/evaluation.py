"""Loss and metrics of rows that nothing is learned from."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .backend import threads_for
from .callbacks import CallbackList
from .engines import Network
from .metrics import Report

Restore = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Rows:
    """Checked rows: x (n, inputs) and y (n, columns) as an engine reads them, and weights (n,) or None.

    ``truth`` are the targets as the user means them, where ``y`` is on another scale, or what the loss makes of them.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray | None = None
    truth: np.ndarray | None = None

    @property
    def targets(self) -> np.ndarray:
        """As the user means them."""
        return self.y if self.truth is None else self.truth

    def __len__(self) -> int:
        return len(self.x)

    def part(self, which: slice | np.ndarray) -> Rows:
        """These of the rows."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: array[which] for name, array in arrays.items() if array is not None})


def first_batches(name: str, rows: Rows, steps: int, batch_size: int) -> Rows:
    """The rows of the first batches; warns if there are fewer. ``name`` is what ``steps`` is called in the message."""
    if (steps - 1) * batch_size >= len(rows):
        warnings.warn(
            f"{name}={steps} batches of {batch_size} rows are more than there are: {len(rows)} rows", stacklevel=4
        )
    return rows.part(slice(0, steps * batch_size))


def evaluate(
    network: Network,
    rows: Rows,
    metrics: Report,
    threads: int | str,
    batch_size: int,
    callbacks: CallbackList,
    restored: Restore = np.asarray,
) -> dict[str, Any]:
    """Loss and metrics, by name; one pass over all rows unless a callback wants to see the batches.

    ``restored`` brings outputs to the user's units, in which the metrics are taken.
    """
    n = len(rows)
    size = batch_size if callbacks.overrides("on_test_batch_begin", "on_test_batch_end") else n
    count = threads_for(network.program, size, threads)
    total = 0.0
    penalty = network.program.penalty(network.get_weights()) if network.program.regularized else 0.0
    metrics.reset()
    callbacks.on_test_begin()
    logs: dict[str, Any] = {}
    for batch, start in enumerate(range(0, n, size)):
        part = rows if size >= n else rows.part(slice(start, start + size))
        callbacks.on_test_batch_begin(batch)
        loss, outputs = network.evaluate(part.x, part.y, count, part.weights)
        total += loss * len(part)
        metrics.update(part.targets, restored(outputs), part.weights)
        logs = {"loss": total / (start + len(part)) + penalty, **metrics.results()}
        callbacks.on_test_batch_end(batch, logs)
    callbacks.on_test_end(logs)
    return logs


def predict(
    network: Network, x: np.ndarray, threads: int | str, batch_size: int, callbacks: CallbackList, restored: Restore
) -> np.ndarray:
    """Outputs of rows in the user's units; one pass over all of them unless a callback wants to see the batches."""
    size = batch_size if callbacks.overrides("on_predict_batch_begin", "on_predict_batch_end") else len(x)
    count = threads_for(network.program, size, threads)
    outputs = np.empty((len(x), network.program.outputs), network.program.dtype)
    callbacks.on_predict_begin()
    for batch, start in enumerate(range(0, len(x), size)):
        callbacks.on_predict_batch_begin(batch)
        outputs[start : start + size] = restored(network.predict(x[start : start + size], count))
        callbacks.on_predict_batch_end(batch, {"outputs": outputs[start : start + size]})
    callbacks.on_predict_end()
    return outputs
