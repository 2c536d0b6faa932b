"""Loss and metrics of rows that nothing is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import metrics as metrics_module
from .backend import threads_for
from .callbacks import CallbackList
from .engines import Network
from .metrics import Metric


@dataclass(frozen=True)
class Rows:
    """Checked rows: x (n, inputs) and y (n, outputs) as an engine reads them."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def evaluate(
    network: Network,
    rows: Rows,
    metrics: Sequence[Metric],
    threads: int | str,
    batch_size: int,
    callbacks: CallbackList,
) -> dict[str, Any]:
    """Loss and metrics, by name; one pass over all rows unless a callback wants to see the batches."""
    n = len(rows)
    size = batch_size if callbacks.overrides("on_test_batch_begin", "on_test_batch_end") else n
    count = threads_for(network.program, size, threads, training=False)
    total = 0.0
    for metric in metrics:
        metric.reset_state()
    callbacks.on_test_begin()
    logs: dict[str, Any] = {}
    for batch, start in enumerate(range(0, n, size)):
        x, y = rows.x[start : start + size], rows.y[start : start + size]
        callbacks.on_test_batch_begin(batch)
        loss, outputs = network.evaluate(x, y, count)
        total += loss * len(x)
        for metric in metrics:
            metric.update_state(y, outputs)
        logs = {"loss": total / (start + len(x)), **metrics_module.results(metrics)}
        callbacks.on_test_batch_end(batch, logs)
    callbacks.on_test_end(logs)
    return logs


def predict(
    network: Network, x: np.ndarray, threads: int | str, batch_size: int, callbacks: CallbackList
) -> np.ndarray:
    """Outputs of rows; one pass over all of them unless a callback wants to see the batches."""
    size = batch_size if callbacks.overrides("on_predict_batch_begin", "on_predict_batch_end") else len(x)
    count = threads_for(network.program, size, threads, training=False)
    outputs = np.empty((len(x), network.program.outputs), network.program.dtype)
    callbacks.on_predict_begin()
    for batch, start in enumerate(range(0, len(x), size)):
        callbacks.on_predict_batch_begin(batch)
        outputs[start : start + size] = network.predict(x[start : start + size], count)
        callbacks.on_predict_batch_end(batch, {"outputs": outputs[start : start + size]})
    callbacks.on_predict_end()
    return outputs
